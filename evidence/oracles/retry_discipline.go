package oracles

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var retryInfo = Info{
	Name: "retry-discipline", ID: "O10",
	Doc: "the SUT repeats too often or too fast, repeats what was refused for good, " +
		"or uses idempotency keys so that they protect nothing",
	Requirements: []string{"CTL-04", "CTL-01", "EXC-01", "EXC-02"},
}

// RetryDiscipline judges how the SUT repeats itself. Copies that our own
// faults made are not its doing. Gaps run from the end of one attempt to the
// start of the next; one immediate repetition is tolerated, and so is any
// after a token was refused.
func RetryDiscipline() evidence.Judge {
	return oracle{retryInfo, retryDiscipline, "%d repeated postings kept the rules", "the SUT never had to repeat a posting"}
}

// Bounds where the plan sets none.
const (
	defaultMaxAttempts = 50
	defaultMinGap      = 10 * time.Millisecond
)

type retries struct {
	*report
	most   int
	gap    time.Duration
	strict bool // the plan states the gap
	news   map[string][]time.Duration
	named  map[string]bool // facts whose keys were named already
	// unclear is when it is unclear what the SUT heard, by endpoint.
	unclear map[string][]evidence.Interval
}

func retryDiscipline(r *report) {
	x := &retries{report: r, most: r.h.Plan.Retry.MaxAttempts, gap: time.Duration(r.h.Plan.Retry.MinGap) * time.Millisecond, named: map[string]bool{}}
	x.strict = x.gap > 0
	if x.most == 0 {
		x.most = defaultMaxAttempts
	}
	if x.gap == 0 {
		x.gap = defaultMinGap
	}
	for _, f := range r.h.Facts {
		if sent := own(f); len(sent) > 1 { // words only where there is something to judge
			x.series(about(f), f, sent)
		}
	}
	for _, s := range nameless(r.h) {
		x.series(evidence.Finding{Keys: claimedKeys(s[0]), Evidence: seqsOf(s)}, nil, s)
	}
	x.keys()
}

// nameless groups the attempts that belong to no fact by their own key.
func nameless(h *evidence.History) [][]*evidence.AttemptView {
	type place struct{ endpoint, key string }
	index := map[place]int{}
	var out [][]*evidence.AttemptView
	for _, t := range h.Attempts {
		if len(t.Claims) == 0 || t.Copy || slices.ContainsFunc(t.Facts, func(f *evidence.FactView) bool { return f != nil && f.Sink == t.Endpoint }) {
			continue
		}
		p := place{t.Endpoint, t.Key}
		i, ok := index[p]
		if !ok {
			i = len(out)
			index[p] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], t)
	}
	return out
}

// series judges the attempts for one fact (nil if they name none).
func (x *retries) series(v evidence.Finding, f *evidence.FactView, sent []*evidence.AttemptView) {
	if len(sent) < 2 {
		return
	}
	x.judged += len(sent) - 1
	if !slices.IsSortedFunc(sent, byStart) {
		sent = slices.Clone(sent)
		slices.SortStableFunc(sent, byStart)
	}
	v.Class, v.Confidence = evidence.CauseTechnical, "high"
	what := naming(sent[0].Claims[0].Fact)
	if f != nil {
		what = naming(f.Event.Fact)
	}
	if len(sent) > x.most {
		w := v
		w.Expected = fmt.Sprintf("at most %d attempts for the %s", x.most, what)
		w.Got = fmt.Sprintf("%d attempts within %s", len(sent), span(sent[len(sent)-1].End-sent[0].Start))
		w.Rule, w.Evidence = "too-many-attempts", seqsOf(sent)
		x.violated(w)
	}
	x.gaps(v, what, sent)
	x.refused(v, what, f, sent)
	x.protection(v, what, f, sent)
}

// unclearAt is [unclearTimes], found once for each endpoint.
func (x *retries) unclearAt(endpoint string) []evidence.Interval {
	if _, known := x.unclear[endpoint]; !known {
		if x.unclear == nil {
			x.unclear = map[string][]evidence.Interval{}
		}
		x.unclear[endpoint] = unclearTimes(x.h, endpoint)
	}
	return x.unclear[endpoint]
}

func byStart(a, b *evidence.AttemptView) int { return cmp.Compare(a.Start, b.Start) }

func (x *retries) gaps(v evidence.Finding, what string, sent []*evidence.AttemptView) {
	short := 0
	var first int
	for i := 1; i < len(sent); i++ {
		o := sent[i-1].Heard.Outcome
		if gap := sent[i].Start - sent[i-1].End; gap < 0 || gap >= x.gap || !transient(o) || o == simulators.Unauthorized {
			continue
		}
		if amid(x.unclearAt(sent[i].Endpoint), sent[i].Start) {
			continue // it may have been on its way for long
		}
		if short++; first == 0 {
			first = i
		}
	}
	if short == 0 || (short == 1 && !x.strict) {
		return
	}
	v.Expected = fmt.Sprintf("at least %s between attempts for the %s", span(x.gap), what)
	v.Got = fmt.Sprintf("%d of %d repetitions came sooner, the first %s after %s", short, len(sent)-1,
		span(sent[first].Start-sent[first-1].End), answered(sent[first-1]))
	v.Rule, v.Evidence = "retried-without-pause", seqsOf(sent[first-1:])
	x.violated(v)
}

// refused judges repetitions of the same payload after a definitive refusal,
// if nothing that concerns the fact has happened since the latest one: news
// excuses one repetition, not all that follow.
func (x *retries) refused(v evidence.Finding, what string, f *evidence.FactView, sent []*evidence.AttemptView) {
	var no *evidence.AttemptView
	blind := 0
	for _, t := range sent {
		if no != nil && t.Start > no.End && t.Digest == no.Digest && !x.happened(t, no.Start, t.Start) && !x.h.Forgot(no.End, t.Start) {
			blind++
		}
		if r := t.Heard; r.Outcome == simulators.Refused && !known(r) && x.h.Survived(t.Start, t.End+noting) && !amid(x.unclearAt(t.Endpoint), t.Start) {
			no = t // and not one that the SUT did not live to note, or may not have heard
		}
	}
	if blind <= 1 {
		return
	}
	v.Expected = fmt.Sprintf("the %s, refused by %s (%s), not sent again unchanged", what, no.Endpoint, answered(no))
	v.Got = fmt.Sprintf("sent again unchanged %d times", blind)
	v.Rule, v.Evidence = "refused-and-repeated", seqsOf(sent)
	v.Class = evidence.CauseTechnical
	if f != nil && len(f.Surfaces) == 0 {
		v.Text = "and never reported as an exception"
	}
	x.violated(v)
}

// happened reports whether anything became true or known about the entities of
// t in a stretch of time, which may have made a repetition worth while.
func (x *retries) happened(t *evidence.AttemptView, from, to time.Duration) bool {
	if x.news == nil {
		x.news = map[string][]time.Duration{}
		for _, f := range x.h.Facts {
			switch f.Event.Fact.Kind() {
			case plant.KindLotDecided, plant.KindItemChanged, plant.KindBillChanged, plant.KindRoutingChanged, plant.KindCenterChanged, plant.KindCalendarChanged, plant.KindOrderReleased, plant.KindOrderChanged, plant.KindReceipt:
				for _, e := range entities(f.Event.Fact.Keys()) {
					x.news[e] = append(x.news[e], became(f)...)
				}
			}
		}
		for _, at := range x.news {
			slices.Sort(at)
		}
	}
	for _, c := range t.Claims {
		if c.Fact == nil {
			continue
		}
		for _, e := range entities(c.Fact.Keys()) {
			at := x.news[e]
			if i, _ := slices.BinarySearch(at, from); i < len(at) && at[i] <= to {
				return true
			}
		}
	}
	return false
}

// became lists when f became true, known to the SUT, and true in the books:
// each of them may be what a repetition was waiting for.
func became(f *evidence.FactView) []time.Duration {
	at := []time.Duration{f.At}
	if f.AcceptedBy != nil {
		at = append(at, f.Accepted)
	}
	if len(f.Effects) > 0 {
		at = append(at, f.Effects[0].At)
	}
	return at
}

func entities(k plant.Keys) (out []string) {
	for _, e := range []string{string(k.Order), string(k.Lot), string(k.WorkCenter), k.Calendar, string(k.Material)} {
		if e != "" {
			out = append(out, e)
		}
	}
	return out
}

// protection judges idempotency keys between attempts for one fact, and that a
// build that promised to stop in doubt does.
func (x *retries) protection(v evidence.Finding, what string, f *evidence.FactView, sent []*evidence.AttemptView) {
	keyed := x.h.Plan.Endpoints[sent[0].Endpoint].Policy.Capability() == simulators.K1IdempotencyKey
	for i := 1; i < len(sent); i++ {
		was, is := sent[i-1], sent[i]
		if len(was.Claims) > 1 || len(is.Claims) > 1 || is.Start < was.End || parts(was, is) {
			continue
		}
		w := v
		w.Evidence = few([]uint64{was.Seq, is.Seq})
		if f != nil {
			w.Evidence = few([]uint64{f.Seq, was.Seq, is.Seq})
		}
		switch o := was.Heard.Outcome; {
		case was.IdemKey != "" && is.IdemKey != "" && was.IdemKey != is.IdemKey && (transient(o) || o.Took()):
			w.Expected = fmt.Sprintf("one idempotency key for every attempt of the %s", what)
			w.Got = fmt.Sprintf("%q, and after %s %q", was.IdemKey, answered(was), is.IdemKey)
			w.Rule = "key-changed"
		case keyed && is.IdemKey == "" && o == simulators.Unknown:
			w.Expected = fmt.Sprintf("the %s repeated under an idempotency key: the first attempt was not answered and may have been posted", what)
			w.Got = "a repetition without a key"
			w.Rule = "retry-without-key"
		case x.h.Plan.Delivers.Posting == evidence.StopInDoubt && o == simulators.Unknown:
			w.Expected = fmt.Sprintf("no further attempt for the %s: the build promises to stop in doubt", what)
			w.Got = "an attempt after one that was not answered"
			w.Rule = "went-on-in-doubt"
		default:
			continue
		}
		x.violated(w)
		return
	}
}

// parts reports whether two attempts posted different parts of a fact: the
// later one is then no repetition.
func parts(was, is *evidence.AttemptView) bool {
	part := func(t *evidence.AttemptView) bool {
		return slices.ContainsFunc(t.Effects, func(e *evidence.EffectView) bool { return e.Part })
	}
	return part(was) && part(is) && was.Digest != is.Digest
}

// keys judges that one key stands for one fact, or one batch of facts, and one
// payload.
func (x *retries) keys() {
	type place struct{ endpoint, key string }
	first := make(map[place]*evidence.AttemptView, len(x.h.Attempts))
	for _, t := range x.h.Attempts {
		if t.IdemKey == "" || len(t.Claims) == 0 || t.Copy || len(t.Faults) > 0 && t.Acted.Outcome == simulators.Undelivered {
			continue
		}
		p := place{t.Endpoint, t.IdemKey}
		was, seen := first[p]
		if !seen {
			first[p] = t
			continue
		}
		x.judged++
		if x.named[t.Endpoint+" "+t.IdemKey] {
			continue
		}
		v := evidence.Finding{Class: evidence.CauseTechnical, Confidence: "high", Keys: claimedKeys(t), Evidence: few([]uint64{was.Seq, t.Seq})}
		if f := t.Facts[0]; f != nil {
			v.Fact = f.Event.ID
		}
		switch {
		case apart(was, t):
			v.Expected = "an idempotency key of its own for each fact"
			v.Got = fmt.Sprintf("key %q for the %s and for the %s", t.IdemKey, carried(was), carried(t))
			v.Rule = "key-shared"
		case t.Digest != "" && was.Digest != "" && t.Digest != was.Digest && !altered(was) && !altered(t):
			v.Expected = fmt.Sprintf("the same payload whenever key %q is used", t.IdemKey)
			v.Got = fmt.Sprintf("payload %s, then %s", was.Digest, t.Digest)
			v.Rule = "payload-changed-under-key"
		default:
			continue
		}
		x.named[t.Endpoint+" "+t.IdemKey] = true
		x.violated(v)
	}
}

// apart reports whether two attempts are about different facts altogether.
func apart(was, is *evidence.AttemptView) bool {
	return len(was.Facts) > 0 && len(is.Facts) > 0 && !slices.Contains(was.Facts, nil) && !slices.Contains(is.Facts, nil) &&
		!slices.ContainsFunc(is.Facts, func(f *evidence.FactView) bool { return slices.Contains(was.Facts, f) })
}

// carried names what an attempt carried: a fact, or a batch by its first.
func carried(t *evidence.AttemptView) string {
	s := naming(t.Facts[0].Event.Fact)
	if n := len(t.Facts) - 1; n > 0 {
		s += fmt.Sprintf(" with %d more in a batch", n)
	}
	return s
}

// altered reports whether a fault may have changed the payload of t.
func altered(t *evidence.AttemptView) bool { return len(t.Faults) > 0 }

func seqsOf(ts []*evidence.AttemptView) []uint64 {
	var seqs []uint64
	for _, t := range ts[:min(len(ts), 9)] {
		seqs = append(seqs, t.Seq)
	}
	return few(append(seqs, ts[len(ts)-1].Seq))
}

// claimedKeys are the entities a message is about.
func claimedKeys(t *evidence.AttemptView) plant.Keys {
	if len(t.Claims) == 0 || t.Claims[0].Fact == nil {
		return plant.Keys{}
	}
	return t.Claims[0].Fact.Keys()
}
