package oracles

import (
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

// allowance says how often a fact may be in the books of its sink.
type allowance struct {
	min, max int
	// surfaced is true if what departs from once must be reported by the SUT.
	surfaced bool
	// undecidable says why no build could have done what this one promises.
	undecidable string
}

// allowed derives from status, sink and promise what may be demanded for f.
func allowed(h *evidence.History, f *evidence.FactView) allowance {
	switch f.Status {
	case evidence.MustNot:
		return allowance{0, 0, false, ""}
	case evidence.May:
		return weaken(h, f, allowance{0, 1, false, ""})
	}
	if unheard(h, f) {
		return weaken(h, f, allowance{0, 1, false, ""})
	}
	return weaken(h, f, allowance{1, 1, false, ""})
}

// noChannel says why a refusal that is reported nowhere decides nothing.
const noChannel = "the build declares no exception channel (delivers.exceptions), so nobody outside can tell whether the refusal was noticed"

// unheard reports whether f was refused for good at last, and the build has
// nowhere to say so.
func unheard(h *evidence.History, f *evidence.FactView) bool {
	if h.Plan.Delivers.Exceptions {
		return false
	}
	sent := own(f)
	if len(sent) == 0 {
		return false
	}
	r := heard(sent[len(sent)-1], f)
	return r.Outcome == simulators.Refused && !known(r)
}

// weaken allows for a reply that was lost where that excuses the SUT: because
// it promised no more, or because the sink helps nobody (K4).
func weaken(h *evidence.History, f *evidence.FactView, a allowance) allowance {
	helpless := h.Plan.Endpoints[f.Sink].Policy.Capability() == simulators.K4None
	promise := h.Plan.Delivers.Posting
	if promise == "" {
		promise = evidence.ExactlyOnce
	}
	if (!helpless && promise == evidence.ExactlyOnce) || !inDoubt(h, f) {
		return a
	}
	a.surfaced = true
	switch promise {
	case evidence.AtLeastOnceSurface:
		a.max = max(2, len(f.Effects))
	case evidence.AtMostOnceSurface, evidence.StopInDoubt:
		a.min = 0
	default:
		a.min, a.max = 0, max(2, len(f.Effects))
		a.undecidable = "a reply was lost and " + f.Sink + " offers neither idempotency key, business key nor lookup (K4): " +
			"no build can post exactly once here; let delivers.posting say what this one does instead"
	}
	return a
}

// noting is what a SUT may take to note a reply.
const noting = 250 * time.Millisecond

// inDoubt reports whether the SUT could not know whether an attempt for f was
// done: no reply reached it, or it was killed before it could note one.
func inDoubt(h *evidence.History, f *evidence.FactView) bool {
	for _, t := range f.Attempts {
		if t.Copy {
			continue
		}
		if t.Heard.Outcome == simulators.Unknown || !h.Survived(t.Start, t.End+noting) {
			return true
		}
	}
	return false
}

// postings counts how often f is in the books by the SUT's doing: what a copy
// that our own fault made posted into a sink without protection is not its
// fault.
func postings(h *evidence.History, f *evidence.FactView) int {
	n := f.Posted
	if n < 2 || h.Plan.Endpoints[f.Sink].Policy.Capability() != simulators.K4None {
		return n
	}
	for _, e := range f.Effects {
		if e.Cause != nil && e.Cause.Copy && !e.Part {
			n--
		}
	}
	return max(n, 1)
}

// judged reports whether the books of some system must answer for f.
func judged(f *evidence.FactView) bool { return f.Sink != "" }

// lost reports whether f must be in the books or reported, and is neither.
func lost(f *evidence.FactView) bool { return gone(f) && f.Unclear == "" }

// gone reports whether nothing shows that f is in the books or reported, though
// it must be.
func gone(f *evidence.FactView) bool {
	return judged(f) && f.Status == evidence.Must && f.Posted == 0 && len(f.Surfaces) == 0
}

// own are the attempts the SUT itself made for f, without copies of ours.
func own(f *evidence.FactView) []*evidence.AttemptView {
	for i, t := range f.Attempts {
		if !t.Copy {
			continue
		}
		kept := append([]*evidence.AttemptView(nil), f.Attempts[:i]...)
		for _, t := range f.Attempts[i+1:] {
			if !t.Copy {
				kept = append(kept, t)
			}
		}
		return kept
	}
	return f.Attempts
}

// transient reports whether an answer leaves open whether a repetition helps.
func transient(o simulators.Outcome) bool {
	switch o {
	case simulators.Locked, simulators.Throttled, simulators.Unauthorized, simulators.Unavailable, simulators.Unknown:
		return true
	}
	return false
}

// known reports whether a refusal only says that the fact is posted already.
func known(r simulators.Result) bool {
	return r.Code == "already-posted" || r.Code == "document-reversed"
}

// heard is what the SUT was told about f in attempt t: of a batch, the answer
// to its row.
func heard(t *evidence.AttemptView, f *evidence.FactView) simulators.Result {
	if len(t.Heard.Items) == len(t.Facts) {
		for i, g := range t.Facts {
			if g == f {
				return t.Heard.Items[i]
			}
		}
	}
	return t.Heard
}

// refusal is the last definitive refusal the SUT heard for f, nil if none.
func refusal(f *evidence.FactView) (*evidence.AttemptView, simulators.Result) {
	for i := len(f.Attempts) - 1; i >= 0; i-- {
		t := f.Attempts[i]
		if r := heard(t, f); !t.Copy && r.Outcome == simulators.Refused && !known(r) {
			return t, r
		}
	}
	return nil, simulators.Result{}
}
