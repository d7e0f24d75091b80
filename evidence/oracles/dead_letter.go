package oracles

import (
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

var deadLetterInfo = Info{
	Name: "dead-letter", ID: "O11",
	Doc:          "a fact refused for good is not reported once with the right class, or something is reported that is not so",
	Requirements: []string{"CTL-02", "CTL-11", "EXC-01", "EXC-02", "EXC-03"},
}

// DeadLetter judges the exceptions the SUT reports: one for each fact that was
// refused for good or made invalid, with the class that says whose turn it is,
// and none for facts that are posted, were valid or never happened.
func DeadLetter() evidence.Judge {
	return oracle{deadLetterInfo, deadLetter, "%d exceptions were reported as they should be", "nothing was refused and no exception reported"}
}

func deadLetter(r *report) {
	m, c := newValidIssues(r.h), newCalendar(r.h.Plan)
	for _, f := range r.h.Facts {
		if !judged(f) {
			continue
		}
		t, no := refusal(f)
		if len(f.Surfaces) > 0 {
			r.judged++
			if expires, wrongly := m.wronglyRefused(f); wrongly {
				validReported(r, c, f, expires)
				continue
			}
			if m.standing(f) {
				reversalReported(r, f)
				continue
			}
			if m.unreached(f) {
				unaskedReported(r, f)
				continue
			}
			reported(r, f, t, no)
			continue
		}
		if f.Posted > 0 || f.Superseded || f.Forgotten || (t == nil && !f.Invalid) || !responsible(f, t) {
			continue
		}
		r.judged++
		unreported(r, f, t, no)
	}
	for _, s := range r.h.Strays {
		r.judged++
		stray(r, s)
	}
}

// validReported is an exception of data quality about an issue that was valid,
// and that the SUT has not even tried to post.
func validReported(r *report, c *calendar, f *evidence.FactView, expires time.Time) {
	v := about(f)
	v.Expected = c.goodUntil(f, expires)
	v.Got = fmt.Sprintf("an exception of class %s (%s), and no attempt to post it", f.Surfaces[0].Class, f.Surfaces[0].Reason)
	v.Class, v.Rule, v.Confidence = evidence.CauseClass(simulators.DataQuality), "valid-and-reported", "high"
	if atEdge(f.Event.At, expires) { // time-semantics names each
		v.Text = "named fact by fact by time-semantics"
		r.folded(v)
		return
	}
	r.violated(v)
}

// reversalReported is an exception about a reversal that nothing stood in the way
// of, and that the SUT has not even tried to post.
func reversalReported(r *report, f *evidence.FactView) {
	v, s := about(f), f.Surfaces[0]
	v.Expected = fmt.Sprintf("the %s posted: what it takes back is in %s", naming(f.Event.Fact), f.Sink)
	v.Got = fmt.Sprintf("an exception of class %s (%s), and no attempt to post it", orNone(s.Class), s.Reason)
	v.Class, v.Rule, v.Confidence = evidence.CauseClass(simulators.DataQuality), "valid-and-reported", "high"
	r.violated(v)
}

// unaskedReported is an exception that says the fact was refused, by a SUT that
// could not ask whether it would be.
func unaskedReported(r *report, f *evidence.FactView) {
	v, s := about(f), f.Surfaces[0]
	v.Expected = fmt.Sprintf("the %s posted when %s can be reached again, or reported as technical", naming(f.Event.Fact), f.Sink)
	v.Got = fmt.Sprintf("an exception of class %s (%s), and no attempt that reached %s", orNone(s.Class), s.Reason, f.Sink)
	v.Class, v.Rule, v.Confidence = evidence.CauseTechnical, "unreached-and-refused", "medium"
	r.violated(v)
}

// responsible reports whether the SUT took the fact over, so that telling
// somebody about its refusal is its business: it accepted it, or tried to post
// it without having accepted it.
func responsible(f *evidence.FactView, t *evidence.AttemptView) bool {
	return f.AcceptedBy != nil || (t != nil && f.Status != evidence.MustNot)
}

// unreported is a refused or invalid fact without an exception.
func unreported(r *report, f *evidence.FactView, t *evidence.AttemptView, no simulators.Result) {
	class := no.Class
	if f.Invalid {
		class = simulators.DataQuality
	}
	v := about(f)
	v.Expected = fmt.Sprintf("one exception of class %s for the %s", class, naming(f.Event.Fact))
	v.Got = "none"
	v.Class, v.Confidence, v.Rule = evidence.CauseClass(class), "high", "refused-and-not-reported"
	if t != nil {
		v.Text = fmt.Sprintf("%s refused it: %s", f.Sink, answered(t))
	}
	switch {
	case !r.h.Plan.Delivers.Exceptions:
		v.Text = noChannel
		r.inconclusive(v)
	case f.Status == evidence.Must: // no-silent-drop names each
		v.Text += "; named fact by fact by no-silent-drop"
		r.missing(v, true)
	case f.Status == evidence.MustNot:
		r.missing(v, false)
	}
}

// reported judges the exceptions about one fact.
func reported(r *report, f *evidence.FactView, t *evidence.AttemptView, no simulators.Result) {
	var open []*evidence.SurfaceView
	closed, nameless := false, false
	for _, s := range f.Surfaces {
		switch {
		case s.Closed:
			closed = true
		case s.By == evidence.ByLikeness && nameless: // nobody can tell that a garbled message was there before
		default:
			open = append(open, s)
			nameless = nameless || s.By == evidence.ByLikeness
		}
	}
	first := f.Surfaces[0]
	v := about(f)
	v.Confidence = "high"
	if first.By != evidence.ByReference {
		v.Confidence = "medium"
	}
	if len(open) > 1 && r.h.Survived(open[0].At, open[len(open)-1].At) {
		w := v
		w.Expected, w.Got = fmt.Sprintf("one exception for the %s", naming(f.Event.Fact)), fmt.Sprintf("%d exceptions", len(open))
		w.Class, w.Rule = evidence.CauseTechnical, "reported-twice"
		r.violated(w)
	}
	if f.Posted > 0 {
		if !closed && !inDoubt(r.h, f) {
			v.Expected = "no open exception for a fact that is posted"
			v.Got = fmt.Sprintf("a %s exception (%s) beside %s", first.Class, first.Reason, documents(f.Effects))
			v.Class, v.Rule = evidence.CauseTechnical, "reported-though-posted"
			v.Text = "whoever works off the exception will post it a second time"
			r.missing(v, false)
		}
		return
	}
	want, why := properClass(f, t, no)
	if want == simulators.DataQuality && first.Class == simulators.Business && checkedLater(f, t) {
		want = "" // the sink may have had a reason of its own, and said so where it was asked
	}
	if want != "" && first.Class != want {
		v.Expected = fmt.Sprintf("an exception of class %s for the %s: %s", want, naming(f.Event.Fact), why)
		v.Got = fmt.Sprintf("class %s (%s)", orNone(first.Class), first.Reason)
		v.Class, v.Rule = evidence.CauseClass(want), "wrong-class"
		r.violated(v)
		return
	}
	gaveUp(r, v, f, first, t)
}

// properClass is what an exception about f must be called; "" if any class may
// be right.
func properClass(f *evidence.FactView, t *evidence.AttemptView, no simulators.Result) (simulators.Class, string) {
	switch {
	case t != nil && no.Class != "" && t.Garbled:
		return "", ""
	case t != nil && no.Class != "":
		return no.Class, fmt.Sprintf("%s refused it with %s", f.Sink, answered(t))
	case f.Invalid:
		return simulators.DataQuality, "the data is invalid"
	}
	sent := own(f)
	for _, t := range sent {
		if !transient(heard(t, f).Outcome) || t.Garbled {
			return "", ""
		}
	}
	if len(sent) == 0 {
		return "", ""
	}
	return simulators.Technical, fmt.Sprintf("%s never refused it, the last answer was %s", f.Sink, answered(sent[len(sent)-1]))
}

// checkedLater reports whether the sink took f and said nothing against it
// there and then: what an operation ends with is told to who asks about it, and
// the posting's answer does not show it.
func checkedLater(f *evidence.FactView, refused *evidence.AttemptView) bool {
	return refused == nil && slices.ContainsFunc(own(f), func(t *evidence.AttemptView) bool {
		return heard(t, f).Outcome == simulators.Accepted
	})
}

// gaveUp judges technical exceptions: they may only come after repetition.
func gaveUp(r *report, v evidence.Finding, f *evidence.FactView, s *evidence.SurfaceView, t *evidence.AttemptView) {
	sent := own(f)
	if t != nil || s.Class != simulators.Technical || len(sent) != 1 || f.Invalid {
		return
	}
	o := heard(sent[0], f).Outcome
	doubtful := o == simulators.Unknown && r.h.Plan.Delivers.Posting != evidence.ExactlyOnce && r.h.Plan.Delivers.Posting != ""
	if !transient(o) || doubtful {
		return
	}
	v.Expected = fmt.Sprintf("the %s tried again after %s, which is no final answer", naming(f.Event.Fact), answered(sent[0]))
	v.Got = "given up and reported after one attempt"
	v.Class, v.Rule = evidence.CauseTechnical, "given-up-too-soon"
	r.violated(v)
}

// stray judges an exception that belongs to no fact. One that names nothing at
// all is an alarm, not a dead letter.
func stray(r *report, s *evidence.SurfaceView) {
	if s.Kind == "" && s.Reference == "" {
		return
	}
	r.violated(evidence.Finding{
		Keys: s.Keys, Expected: "exceptions only about facts",
		Got:   fmt.Sprintf("a %s exception about %s %s %s (%s)", orNone(s.Class), s.Kind, s.Reference, s.Keys, s.Reason),
		Class: evidence.CauseTechnical, Rule: "reported-without-fact", Confidence: "high", Evidence: []uint64{s.Seq},
	})
}

func orNone(c simulators.Class) string {
	if c == "" {
		return "none"
	}
	return string(c)
}
