package oracles

import (
	"fmt"
	"slices"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

var noSilentDropInfo = Info{
	Name: "no-silent-drop", ID: "O12",
	Doc:          "the SUT accepted a fact that is neither in the books nor reported as an exception",
	Requirements: []string{"CTL-05", "CTL-06", "FLT-11", "FLT-12", "KPI-15"},
}

// NoSilentDrop judges that what the SUT accepted is posted or reported.
func NoSilentDrop() evidence.Judge {
	return oracle{noSilentDropInfo, noSilentDrop, "all %d facts the SUT accepted are posted or reported", "the SUT accepted no fact that must be posted"}
}

func noSilentDrop(r *report) {
	blank := unread(r.h)
	for _, f := range r.h.Facts {
		if !judged(f) || f.Status != evidence.Must {
			continue
		}
		r.judged++
		if gone(f) && f.Unclear != "" {
			u := about(f)
			u.Expected, u.Got = fmt.Sprintf("the %s posted in %s or reported as an exception", naming(f.Event.Fact), f.Sink), "postings of which it may be part"
			u.Text, u.Rule = f.Unclear, "two-explanations"
			r.inconclusive(u)
			continue
		}
		if !lost(f) {
			continue
		}
		v := about(f)
		v.Expected = fmt.Sprintf("the %s, %s, posted in %s or reported as an exception", naming(f.Event.Fact), truth(f), f.Sink)
		v.Confidence = "high"
		v.Rule, v.Class, v.Got = whyLost(r.h, f, blank[f.Sink])
		if v.Rule == "refused-unread" {
			v.Evidence = few(append(v.Evidence, seqsOf(blank[f.Sink])...))
		}
		if v.Rule == "refused-and-dropped" && !r.h.Plan.Delivers.Exceptions {
			v.Text = noChannel
			r.inconclusive(v)
			continue
		}
		r.missing(v, false)
	}
}

// unread lists by endpoint the messages of the SUT that were refused without
// being read, such as one that is larger than the endpoint takes: nobody knows
// what they were about.
func unread(h *evidence.History) map[string][]*evidence.AttemptView {
	out := map[string][]*evidence.AttemptView{}
	for _, t := range h.Attempts {
		if len(t.Claims) == 0 && !t.Copy && t.Verb != "get" && t.Acted.Outcome == simulators.Refused {
			out[t.Endpoint] = append(out[t.Endpoint], t)
		}
	}
	return out
}

// whyLost says how far a lost fact came. Blank are the messages to its sink of
// which nobody knows what they were about.
func whyLost(h *evidence.History, f *evidence.FactView, blank []*evidence.AttemptView) (rule string, class evidence.CauseClass, got string) {
	sent := own(f)
	if len(sent) == 0 {
		later := slices.IndexFunc(blank, func(t *evidence.AttemptView) bool { return t.End >= f.Accepted })
		if later >= 0 {
			n, last := len(blank)-later, blank[len(blank)-1]
			return "refused-unread", evidence.CauseClass(last.Heard.Class), fmt.Sprintf("accepted by the SUT (try %d) and in no message that %s could read; after that it refused %s unread, the last with %s",
				f.AcceptedBy.Attempt, f.Sink, times(n, "message", "messages"), answered(last))
		}
		got = fmt.Sprintf("accepted by the SUT (try %d) and never sent to %s", f.AcceptedBy.Attempt, f.Sink)
		if !h.Survived(f.Accepted, h.Last()) {
			return "lost-in-restart", evidence.CauseTechnical, got + "; the SUT's process ended after that"
		}
		return "never-sent", evidence.CauseTechnical, got
	}
	last := sent[len(sent)-1]
	r := heard(last, f)
	got = fmt.Sprintf("%s to %s, the last answered %s, and nothing after that", times(len(sent), "try", "tries"), f.Sink, answered(last))
	switch {
	case r.Outcome == simulators.Refused:
		return "refused-and-dropped", evidence.CauseClass(r.Class), got
	case r.Outcome.Took():
		return "acknowledged-but-not-posted", evidence.CauseBusiness, got + "; it was accepted there and failed later, unnoticed"
	}
	return "given-up-silently", evidence.CauseTechnical, got
}
