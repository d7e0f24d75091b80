package load

import (
	"bytes"
	"testing"
	"time"
)

// Parts have every confirmation of a plan once, say it as the plan does, and when
// the plan does.
func TestParts(t *testing.T) {
	shape, err := ParseShape("ramp:900", 100, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	w := neutralWording(t)
	for _, of := range []uint64{1, 3, 4, 499, 600} {
		seen := make([]int, shape.Number())
		for at := range of {
			p := part{at, of}
			s, v := shape.of(p), w.of(p)
			for n := range s.Number() {
				seq := p.number(n)
				seen[seq]++
				if s.Due(n) != shape.Due(seq) || v.says(n) != w.says(seq) || !bytes.Equal(v.Append(nil, n), w.Append(nil, seq)) {
					t.Fatalf("confirmation %d of part %d of %d is not number %d of the plan", n, at, of, seq)
				}
			}
		}
		for seq, n := range seen {
			if n != 1 {
				t.Fatalf("in %d parts number %d is %d times", of, seq, n)
			}
		}
	}
}
