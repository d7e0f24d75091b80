package erp_test

import (
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
)

// TestReversedDocumentsAreShown: both documents stay, and who asks for the first
// sees which took it back.
func TestReversedDocumentsAreShown(t *testing.T) {
	e := newERP()
	for _, f := range []plant.Fact{confirmed(1, 5), confirmed(2, 7), reversed(confirmed(1, 5))} {
		tell(e, f)
	}
	ask := func(name, value string) []simulators.Posting {
		t.Helper()
		a := e.Handle(simulators.Ask{Query: &simulators.Query{Object: "postings", Where: map[string]string{name: value}}}, nil)
		var all []simulators.Posting
		for _, f := range a.Found {
			all = append(all, f.(simulators.Posting))
		}
		return all
	}
	for name, value := range map[string]string{"document": "5000000001", "reference": plant.Natural(confirmed(1, 5))} {
		if got := ask(name, value); len(got) != 1 || got[0].Reversed != "5800000001" {
			t.Errorf("by %s: %+v", name, got)
		}
	}
	if got := ask("document", "5000000002"); len(got) != 1 || got[0].Reversed != "" {
		t.Errorf("the second: %+v", got)
	}
	got := ask("order", "4711")
	if len(got) != 3 {
		t.Fatalf("%d documents, want 3", len(got))
	}
	r, ok := got[2].Claim.Fact.(plant.Reversed)
	if !ok || r.Document != "5000000001" || plant.Natural(r.Original.Fact) != plant.Natural(confirmed(1, 5)) {
		t.Errorf("the reversal says %+v", got[2])
	}
	if row, _ := tell(e, reversed(confirmed(1, 5))); !row.Known || row.Doc != "5800000001" {
		t.Errorf("a repetition is told %+v, want the document of the first", row)
	}
}

// TestReversalsAreAtomic: of a batch of which a row is bad nothing is taken back,
// and one document not twice.
func TestReversalsAreAtomic(t *testing.T) {
	e := newERP(func(o *erp.Options) { o.Atomic = true })
	tell(e, consumed("S-1", "3", "KG"))
	before := dump(e)
	for name, rows := range map[string][]plant.Fact{
		"bad row": {reversed(consumed("S-1", "3", "KG")), confirmed(1, -1)},
		"twice":   {reversed(consumed("S-1", "3", "KG")), plant.Reversed{Document: "4900000001"}},
	} {
		got, posted := tellAll(e, rows...)
		if got[0].Refusal == nil || got[1].Refusal == nil || len(posted) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
		if after := dump(e); after != before {
			t.Errorf("%s changed the books from\n%s\nto\n%s", name, before, after)
		}
	}
	if got, posted := tellAll(e, reversed(consumed("S-1", "3", "KG")), confirmed(1, 1)); got[0].Refusal != nil || len(posted) != 2 {
		t.Errorf("a good batch: %+v", got)
	}
}
