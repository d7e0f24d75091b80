package oracles

import (
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

var noPhantomInfo = Info{
	Name: "no-phantom", ID: "O2",
	Doc:          "the books show something that never happened",
	Requirements: []string{"CTL-20", "CTL-13", "UP-02"},
}

// NoPhantom judges that every posting the SUT caused belongs to a fact. What a
// system books by itself is none of the SUT's.
func NoPhantom() evidence.Judge {
	return oracle{noPhantomInfo, noPhantom, "all %d postings belong to facts", "the SUT posted nothing"}
}

func noPhantom(r *report) {
	for _, e := range r.h.Effects {
		if e.Effect.Attempt != 0 {
			r.judged++
		}
	}
	for _, e := range r.h.Unclear {
		u := evidence.Finding{Rule: "two-explanations", Text: e.Unclear, Keys: e.Posting.Claim.Fact.Keys(), Evidence: few([]uint64{e.Seq})}
		u.Expected, u.Got = "postings that can be told apart", document(e)+": "+naming(e.Posting.Claim.Fact)
		r.inconclusive(u)
	}
	for _, e := range r.h.Phantoms {
		f := evidence.Finding{Class: evidence.CauseTechnical, Rule: "phantom", Confidence: "high"}
		claim := e.Posting.Claim
		seqs := []uint64{e.Seq}
		if e.Cause != nil {
			seqs = append(seqs, e.Cause.Seq)
		}
		f.Expected = "no such posting in " + e.Endpoint
		f.Got = document(e) + ": " + naming(claim.Fact)
		if claim.Fact != nil {
			f.Keys = claim.Fact.Keys()
		}
		f.Text = "no fact of the plant has this reference, business key or quantity"
		if g := elsewhere(r.h, e); g != nil {
			f.Rule, f.Text = explainElsewhere(e, g)
			f.Fact = g.Event.ID
			seqs = append(seqs, g.Seq)
		} else if e.Near != nil {
			f.Text += "; nearest is " + naming(e.Near.Fact.Event.Fact) + ", which is posted already: " + e.Near.Field + " is " + e.Near.Got + " instead of " + e.Near.Want
			seqs = append(seqs, e.Near.Fact.Seq)
		}
		f.Evidence = few(seqs)
		r.violated(f)
	}
}

// elsewhere finds the fact a phantom names but does not belong to.
func elsewhere(h *evidence.History, e *evidence.EffectView) *evidence.FactView {
	if f := h.Fact(e.Posting.Claim.ID); f != nil {
		return f
	}
	if e.Posting.Claim.Fact == nil {
		return nil
	}
	return h.Fact(plant.EventID(plant.Natural(e.Posting.Claim.Fact)))
}

func explainElsewhere(e *evidence.EffectView, f *evidence.FactView) (rule, text string) {
	switch {
	case e.Seq < f.Seq:
		return "posted-before-it-happened", "the " + naming(f.Event.Fact) + " had not happened yet when this was posted"
	case e.Posting.Claim.Fact == nil:
		return "posted-without-content", "it carries the reference of the " + naming(f.Event.Fact) + " and says nothing"
	case e.Posting.Claim.Fact.Kind() != f.Event.Fact.Kind():
		return "posted-as-another-kind", "it carries the reference of the " + naming(f.Event.Fact) + " but is a " + string(e.Posting.Claim.Fact.Kind())
	case f.Sink == "":
		return "telemetry-in-books", "facts of this kind have no business in " + e.Endpoint
	}
	return "posted-in-the-wrong-system", "the " + naming(f.Event.Fact) + " belongs into the books of " + f.Sink
}
