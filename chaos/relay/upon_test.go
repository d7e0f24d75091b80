package relay_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/andon-rig/andon/chaos/faults"
)

// committed is what PostgreSQL says when COMMIT is done.
const committed = "C\x00\x00\x00\x0bCOMMIT\x00"

// TestCommitUnheard: what is said before a COMMIT is done gets through, and of
// its answer nothing; it does not matter in how many pieces that comes.
func TestCommitUnheard(t *testing.T) {
	for name, pieces := range map[string][]string{
		"alone":              {committed},
		"behind others":      {"C\x00\x00\x00\x0fINSERT 0 1\x00" + committed + "Z\x00\x00\x00\x05I"},
		"in pieces":          {"T" + committed[:4], committed[4:]},
		"behind a beginning": {"C\x00\x00\x00\x0b", committed},
	} {
		t.Run(name, func(t *testing.T) {
			b := serve(t, echo(t))
			c := b.dial()
			says(t, c, "C\x00\x00\x00\x0aBEGIN\x00")
			b.arm(&faults.CommitUnheard{})
			said := strings.Join(pieces, "")
			heard := ""
			for i, piece := range pieces {
				if _, err := c.Write([]byte(piece)); err != nil {
					t.Fatal(err)
				}
				if i < len(pieces)-1 { // so that it is a piece of its own
					got, err := hear(c, len(piece), 10*time.Second)
					if err != nil {
						t.Fatal(err)
					}
					heard += got
				}
			}
			rest, err := hear(c, len(said)-len(heard), 10*time.Second)
			heard += rest
			if !errors.Is(err, syscall.ECONNRESET) || strings.Contains(heard, committed) || !strings.HasPrefix(said, heard) {
				t.Errorf("heard %q, then %v", heard, err)
			}
			b.struck(1)
			if d := b.strikes()[0]; !strings.Contains(d.What, "commit") {
				t.Errorf("the journal says %+v", d)
			}
			b.Heal("F")
			says(t, b.dial(), committed)
		})
	}
}

// TestCommitUnheardIsBounded: as many as wanted are heard first, on each
// connection, and one that may strike once strikes one connection.
func TestCommitUnheardIsBounded(t *testing.T) {
	b := serve(t, echo(t))
	b.arm(&faults.CommitUnheard{Spare: 2}, once)
	c := b.dial()
	says(t, c, committed)
	says(t, c, committed[:6])
	says(t, c, committed[6:])
	if _, err := c.Write([]byte(committed)); err != nil {
		t.Fatal(err)
	}
	if got, err := hear(c, len(committed), 10*time.Second); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the third: %q, %v", got, err)
	}
	other := b.dial()
	for range 4 {
		says(t, other, committed)
	}
	b.struck(1)
}
