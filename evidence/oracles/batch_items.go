package oracles

import (
	"fmt"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

var batchInfo = Info{
	Name: "batch-items", ID: "O15",
	Doc:          "a row reported failed was neither sent again nor reported, or a row reported good was sent again under another key",
	Requirements: []string{"EXC-05", "FLT-22", "PAT-04"},
}

// BatchItems judges that the SUT reads the answer to a batch row by row.
func BatchItems() evidence.Judge {
	return oracle{batchInfo, batchItems, "all %d rows of partly posted batches were dealt with", "no batch was posted partly"}
}

func batchItems(r *report) {
	for _, t := range r.h.Attempts {
		items := t.Heard.Items
		if t.Copy || len(items) == 0 || t.Heard.Outcome != simulators.Partly {
			continue
		}
		if len(items) != len(t.Facts) {
			r.judged++
			r.inconclusive(evidence.Finding{
				Keys: claimedKeys(t), Class: evidence.CauseRig, Rule: "rows-do-not-match", Evidence: []uint64{t.Seq},
				Text: fmt.Sprintf("the answer has %d rows for %d claims", len(items), len(t.Facts)),
			})
			continue
		}
		for i, f := range t.Facts {
			if f == nil {
				continue
			}
			r.judged++
			if items[i].Outcome.Took() {
				rowRepeated(r, t, f)
			} else if !known(items[i]) {
				rowForgotten(r, t, f, items[i])
			}
		}
	}
}

// later is the first attempt of the SUT for f that began after t had ended.
func later(t *evidence.AttemptView, f *evidence.FactView) *evidence.AttemptView {
	for _, o := range f.Attempts {
		if !o.Copy && o.Start > t.End {
			return o
		}
	}
	return nil
}

func rowForgotten(r *report, t *evidence.AttemptView, f *evidence.FactView, item simulators.Result) {
	if later(t, f) != nil || len(f.Surfaces) > 0 || f.Posted > 0 || f.Superseded {
		return
	}
	v := about(f)
	v.Expected = fmt.Sprintf("the %s, one row of %d, sent again or reported after %s %s", naming(f.Event.Fact), len(t.Facts), item.Outcome, item.Code)
	v.Got = "neither: the batch as a whole was taken for posted"
	v.Class, v.Rule, v.Confidence = evidence.CauseTechnical, "failed-row-forgotten", "high"
	v.Evidence = few([]uint64{f.Seq, t.Seq})
	if unheard(r.h, f) {
		v.Text = noChannel
		r.inconclusive(v)
		return
	}
	r.missing(v, false)
}

func rowRepeated(r *report, t *evidence.AttemptView, f *evidence.FactView) {
	o := later(t, f)
	if o == nil || (t.IdemKey != "" && o.IdemKey == t.IdemKey) {
		return
	}
	v := about(f)
	v.Expected = fmt.Sprintf("the %s, reported as posted in a batch of %d, not sent again", naming(f.Event.Fact), len(t.Facts))
	v.Got = fmt.Sprintf("sent again in a batch of %d under another key", len(o.Facts))
	if o.IdemKey == "" {
		v.Got = fmt.Sprintf("sent again in a batch of %d without a key", len(o.Facts))
	}
	v.Class, v.Rule, v.Confidence = evidence.CauseTechnical, "good-row-repeated", "high"
	v.Evidence = few([]uint64{f.Seq, t.Seq, o.Seq})
	r.violated(v)
}
