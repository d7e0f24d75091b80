package main

import (
	"testing"

	"github.com/andon-rig/andon/harness/catalog"
)

// A dialect that is added is measured; a reason for being slow is of one that
// is there.
func TestPostingsOfEachDialect(t *testing.T) {
	known := map[string]bool{}
	for _, p := range catalog.Standard().Dialects {
		known[p.Name] = true
		rate, err := postingRate(p.New())
		if err != nil || rate <= 0 {
			t.Errorf("%s: %v postings a second, %v", p.Name, rate, err)
		}
	}
	for name := range slow {
		if !known[name] {
			t.Errorf("%s is slow for a reason, and there is no such dialect", name)
		}
	}
}
