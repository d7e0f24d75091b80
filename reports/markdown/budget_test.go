package markdown

import (
	"strings"
	"testing"
)

// A summary takes whole blocks, and keeps room for its last words.
func TestBudget(t *testing.T) {
	s := &summary{}
	block := strings.Repeat("x", 10_000)
	n := 0
	for s.add("%s", block) {
		n++
	}
	if s.Len() != n*len(block) || s.Len() > MostBytes-ending {
		t.Errorf("%d blocks make %d bytes of %d", n, s.Len(), MostBytes-ending)
	}
	if n == 0 || s.add("%s", block) || !s.add("small") {
		t.Errorf("after %d blocks, room is not kept as it should be", n)
	}
}
