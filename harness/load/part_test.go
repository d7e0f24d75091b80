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
	for _, cut := range [][2]uint64{{1, 1}, {3, 1}, {4, 1}, {499, 1}, {600, 1}, {1, 16}, {3, 16}, {4, 7}, {2, 100}, {3, 256}, {5, 256}} {
		of, rows := cut[0], cut[1]
		seen := make([]int, shape.Number())
		for at := range of {
			p := part{at, of, rows}
			s, v := shape.of(p), w.of(p)
			for n := range s.Number() {
				seq := p.number(n)
				seen[seq]++
				if n%rows > 0 && of > 1 && (seq != p.number(n-1)+1 || seq/rows != p.number(n-1)/rows) {
					t.Fatalf("confirmations %d and %d of part %d of %d are not of one message", n-1, n, at, of)
				}
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
