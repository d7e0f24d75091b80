package cputime

import (
	"runtime"
	"testing"
	"time"
)

// TestUsed: it grows with work, and not with waiting.
func TestUsed(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "plan9" {
		if got := Used(); got != 0 {
			t.Errorf("this system tells nothing, and %s was used", got)
		}
		return
	}
	before, n := Used(), 0
	for limit := time.Now().Add(time.Minute); Used() == before; n++ {
		if time.Now().After(limit) {
			t.Fatal("nothing was used in a minute of work")
		}
	}
	if after := Used(); after < before {
		t.Errorf("%s after %s and %d rounds", after, before, n)
	}
}
