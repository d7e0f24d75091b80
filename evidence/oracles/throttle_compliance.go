package oracles

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

var throttleInfo = Info{
	Name: "throttle-compliance", ID: "O9",
	Doc:          "the SUT called an endpoint that had told it to wait (429 or 503 with Retry-After) before the time was over",
	Requirements: []string{"CTL-15", "FLT-04", "FLT-06", "PAT-01"},
}

// ThrottleCompliance judges that a SUT that was told to wait does. The duty
// begins when the reply was delivered, holds for the endpoint and ends with
// the SUT's process.
func ThrottleCompliance() evidence.Judge {
	return oracle{throttleInfo, throttleCompliance, "all %d requests to wait were honoured", "no endpoint told the SUT to wait"}
}

// Tolerances of the throttling oracle.
const (
	crossed       = 250 * time.Millisecond // after the reply: requests of others that were on their way, on a busy machine
	heardIt       = 5 * time.Millisecond   // after the reply: what was told to wait itself has crossed nothing
	earlySlack    = 20 * time.Millisecond  // before the end: timers and clocks
	httpDateSlack = time.Second            // an HTTP date has no fractions of a second
	absurd        = time.Hour              // longer, and to wait is no more a duty than to ask again carefully
)

func throttleCompliance(r *report) {
	byEndpoint := map[string][]*evidence.AttemptView{}
	var order []string
	for _, t := range r.h.Attempts {
		if t.Copy || t.Name == tokenPath {
			continue
		}
		if byEndpoint[t.Endpoint] == nil {
			order = append(order, t.Endpoint)
		}
		byEndpoint[t.Endpoint] = append(byEndpoint[t.Endpoint], t)
	}
	for _, name := range order {
		throttled(r, name, byEndpoint[name])
	}
}

// duty is a stretch of time in which an endpoint must not be called.
type duty struct {
	by    *evidence.AttemptView
	until time.Duration
	early int
	first *evidence.AttemptView
}

func throttled(r *report, endpoint string, attempts []*evidence.AttemptView) {
	var duties []*duty
	unclear := unclearTimes(r.h, endpoint)
	for _, t := range attempts { // ordered by End
		if d, ok := told(r.h, t); ok && !amid(unclear, t.Start) {
			r.judged++
			duties = append(duties, &duty{by: t, until: t.End + d})
		}
	}
	if len(duties) == 0 {
		return
	}
	calls := slices.Clone(attempts)
	slices.SortStableFunc(calls, func(a, b *evidence.AttemptView) int { return cmp.Compare(a.Start, b.Start) })
	w := watch{duties: duties, named: map[string]*duty{}, own: map[string]*duty{}}
	for _, c := range calls {
		d := w.broken(c)
		if d == nil || !r.h.Survived(d.by.End, c.Start) || amid(unclear, c.Start) {
			continue
		}
		if d.early++; d.first == nil {
			d.first = c
		}
	}
	for _, d := range duties {
		if d.early > 0 {
			r.violated(tooEarly(endpoint, d))
		}
	}
}

// watch follows the duties of an endpoint through the calls to it.
type watch struct {
	duties []*duty // by the end of the attempt that was told to wait

	all   int              // how many of them everybody must know by now
	last  *duty            // the one of those that lasts longest
	named map[string]*duty // likewise, of those that concern messages of one name

	each int              // how many of them the message itself must know by now
	own  map[string]*duty // the last one told to a posting, by its key
}

// broken returns the duty that a call disregards, nil if none. Calls come by
// their beginning.
func (w *watch) broken(c *evidence.AttemptView) *duty {
	for w.all < len(w.duties) && w.duties[w.all].by.End+crossed < c.Start {
		switch d := w.duties[w.all]; {
		case d.by.Heard.Scope == simulators.ScopeName:
			if was := w.named[d.by.Name]; was == nil || d.until > was.until {
				w.named[d.by.Name] = d
			}
		case w.last == nil || d.until > w.last.until:
			w.last = d
		}
		w.all++
	}
	for w.each < len(w.duties) && w.duties[w.each].by.End+heardIt < c.Start {
		if d := w.duties[w.each]; len(d.by.Claims) > 0 {
			w.own[d.by.Key] = d
		}
		w.each++
	}
	if w.last != nil && c.Start < w.last.until {
		return w.last
	}
	if d := w.named[c.Name]; d != nil && c.Start < d.until {
		return d
	}
	if d := w.own[c.Key]; d != nil && len(c.Claims) > 0 && c.Start < d.until {
		return d
	}
	return nil
}

// told is how long a reply obliges the SUT to wait, less tolerances.
func told(h *evidence.History, t *evidence.AttemptView) (time.Duration, bool) {
	o := t.Heard.Outcome
	if (o != simulators.Throttled && o != simulators.Unavailable) || t.Heard.RetryAfter <= 0 {
		return 0, false
	}
	d := t.Heard.RetryAfter
	if d > absurd {
		d = time.Second // how long it waits is up to the SUT, as long as it waits
	}
	if d >= time.Second {
		d = d.Truncate(time.Second) // what a header can say
	}
	if asDate(h, t) {
		d -= httpDateSlack
	}
	return d - earlySlack, true
}

// asDate reports whether the wait was, or may have been, told as an HTTP date.
// Where the reply does not say, the quota in the plan does, unless a fault
// answered in its place or the scenario has changed the policy.
func asDate(h *evidence.History, t *evidence.AttemptView) bool {
	if form := t.Heard.RetryForm; form != "" {
		return form == simulators.RetryDate
	}
	if len(t.Faults) > 0 || h.Plan.Endpoints[t.Endpoint].Policy.Quota.RetryAfter == simulators.RetryDate {
		return true
	}
	for _, s := range h.Steps {
		if s.Name == "do policy" && s.At <= t.End && (s.Args["at"] == "" || s.Args["at"] == t.Endpoint) {
			return true
		}
	}
	return false
}

func tooEarly(endpoint string, d *duty) evidence.Finding {
	v := evidence.Finding{
		Keys:     claimedKeys(d.by),
		Expected: fmt.Sprintf("no request to %s for %s after its %s", endpoint, span(d.by.Heard.RetryAfter), answered(d.by)),
		Got:      fmt.Sprintf("%s %s; the first came %s after the reply", times(d.early, "request", "requests"), "before that", span(d.first.Start-d.by.End)),
		Class:    evidence.CauseTechnical, Rule: "retry-after-ignored", Confidence: "high",
		Evidence: few([]uint64{d.by.Seq, d.first.Seq}),
	}
	if len(d.by.Facts) > 0 && d.by.Facts[0] != nil {
		v.Fact = d.by.Facts[0].Event.ID
	}
	return v
}
