package memory_test

import (
	"testing"

	"github.com/andon-rig/andon/evidence"
)

// TestTheBooksConverge holds what a sound and a careless build leave in the
// books against what happened, as the rig reads them at the end.
func TestTheBooksConverge(t *testing.T) {
	for _, careful := range []bool{true, false} {
		records, findings := play(t, troubled, 1007, careful)
		read := 0
		for _, r := range records {
			if s, ok := r.Body.(evidence.Snapshot); ok && len(s.Orders) > 0 && len(s.Stock) > 0 {
				read++
			}
		}
		if read != 2 {
			t.Errorf("careful %v: the books of %d systems were read, not of ERP and MES", careful, read)
		}
		for _, f := range findings {
			switch f.Oracle {
			case "convergence":
				if sound := f.Verdict == evidence.Holds; sound != careful || (!careful && f.Rule != "differs-by-named-facts") {
					t.Errorf("careful %v: %s %s: %s / %s", careful, f.Verdict, f.Rule, f.Expected, f.Got)
				}
			case "contract-conformance", "secrets":
				if f.Verdict != evidence.Holds {
					t.Errorf("careful %v: %+v", careful, f)
				}
			}
		}
	}
}
