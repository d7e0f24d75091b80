package main

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
)

// A dialect that is added is measured, or it is said why not; a reason for
// being slow is of one that is there.
func TestPostingsOfEachDialect(t *testing.T) {
	known := map[string]bool{}
	for _, p := range catalog.Standard().Dialects {
		known[p.Name] = true
		rate, err := postingRate(p.New())
		if err != nil {
			if !strings.Contains(err.Error(), "confirmation") {
				t.Errorf("%s: %v", p.Name, err)
			}
			continue
		}
		if rate <= 0 {
			t.Errorf("%s: %v postings a second", p.Name, rate)
		}
	}
	for name := range slow {
		if !known[name] {
			t.Errorf("%s is slow for a reason, and there is no such dialect", name)
		}
	}
	if _, err := postingRate(neutral.Dialect{}); err != nil {
		t.Error(err)
	}
}
