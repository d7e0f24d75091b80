package oracles_test

import (
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
)

// TestASoundShiftIsGreen: every oracle has something to judge in the shift and
// finds nothing wrong.
func TestASoundShiftIsGreen(t *testing.T) {
	found := oracles.JudgeAll(journaltest.Shift().History(), oracles.Standard())
	for _, f := range found {
		if f.Verdict != evidence.Holds {
			t.Errorf("%s %s %s: expected %q got %q text %q", f.ID, f.Verdict, f.Rule, f.Expected, f.Got, f.Text)
		}
	}
	if len(found) != len(oracles.All()) {
		t.Errorf("%d findings of %d oracles", len(found), len(oracles.All()))
	}
	if w := evidence.Worst(found); w != evidence.Holds {
		t.Errorf("the run is %s", w)
	}
}
