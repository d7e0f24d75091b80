package oracles

import (
	"fmt"

	"github.com/andon-rig/andon/evidence"
)

// mostListed is how many findings of one rule are listed one by one; the
// others are counted under the last of them.
const mostListed = 20

// report gathers the findings of one oracle.
type report struct {
	h       *evidence.History
	info    Info
	settled bool
	why     string // it is not settled
	judged  int    // how often what the oracle protects was at stake

	found  []evidence.Finding
	listed map[string]int // by rule
	last   map[string]int // index of the last finding of a rule

	open      *evidence.Finding // first thing that may only be missing because the run was not finished
	openCount int
}

func newReport(h *evidence.History, info Info) *report {
	r := &report{h: h, info: info, listed: map[string]int{}, last: map[string]int{}}
	r.settled, r.why = h.Settled()
	return r
}

// violated adds a finding that something is wrong beyond doubt.
func (r *report) violated(f evidence.Finding) { r.add(evidence.Violated, f, mostListed) }

// folded adds a finding of which only the first is listed, because another
// oracle names each.
func (r *report) folded(f evidence.Finding) { r.add(evidence.Violated, f, 1) }

// inconclusive adds a finding that the evidence does not decide.
func (r *report) inconclusive(f evidence.Finding) { r.add(evidence.Inconclusive, f, 3) }

// missing adds a finding about something absent: wrong beyond doubt if the run
// had come to rest, undecided otherwise. Fold lists only the first.
func (r *report) missing(f evidence.Finding, fold bool) {
	if r.settled {
		if fold {
			r.folded(f)
			return
		}
		r.violated(f)
		return
	}
	if r.openCount++; r.open == nil {
		r.open = &f
	}
}

func (r *report) add(v evidence.Verdict, f evidence.Finding, most int) {
	rule := f.Rule + "/" + v.String()
	if r.listed[rule] >= most {
		i := r.last[rule]
		r.found[i].Count = max(r.found[i].Count, 1) + 1
		return
	}
	r.listed[rule]++
	r.last[rule] = len(r.found)
	r.found = append(r.found, r.sign(v, f))
}

func (r *report) sign(v evidence.Verdict, f evidence.Finding) evidence.Finding {
	f.Oracle, f.ID, f.Verdict, f.Requirements = r.info.Name, r.info.ID, v, r.info.Requirements
	return f
}

// bare is a finding about the run as a whole.
func (r *report) bare(v evidence.Verdict, text string) evidence.Finding {
	return r.sign(v, evidence.Finding{Text: text})
}

// findings closes the report: at least one finding, and none that says more
// than the journal shows.
func (r *report) findings(holds, idle string) []evidence.Finding {
	if r.open != nil {
		f := r.sign(evidence.Inconclusive, *r.open)
		f.Text = fmt.Sprintf("cannot be decided: %s", r.why)
		f.Count = r.openCount
		f.Rule, f.Class = "not-settled", ""
		r.found = append(r.found, f)
	}
	if ok, why := r.h.Whole(); !ok && evidence.Worst(r.found) < evidence.Inconclusive {
		return append(r.found, r.bare(evidence.Inconclusive, why))
	}
	if len(r.found) > 0 {
		return r.found
	}
	if r.judged == 0 {
		f := r.bare(evidence.Vacuous, idle)
		f.Rule = evidence.RuleIdle
		return []evidence.Finding{f}
	}
	return []evidence.Finding{r.bare(evidence.Holds, fmt.Sprintf(holds, r.judged))}
}
