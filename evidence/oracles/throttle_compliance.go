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
	inFlight      = 5 * time.Millisecond  // after the reply: requests that crossed it
	earlySlack    = 20 * time.Millisecond // before the end: timers and clocks
	httpDateSlack = time.Second           // an HTTP date has no fractions of a second
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
	by          *evidence.AttemptView
	from, until time.Duration
	early       int
	first       *evidence.AttemptView
}

func throttled(r *report, endpoint string, attempts []*evidence.AttemptView) {
	var duties []*duty
	for _, t := range attempts { // ordered by End
		if d, ok := told(r.h, t); ok {
			r.judged++
			duties = append(duties, &duty{by: t, from: t.End + inFlight, until: t.End + d})
		}
	}
	if len(duties) == 0 {
		return
	}
	calls := slices.Clone(attempts)
	slices.SortStableFunc(calls, func(a, b *evidence.AttemptView) int { return cmp.Compare(a.Start, b.Start) })
	next := 0
	var force *duty // the duty that lasts longest of those that have begun
	for _, c := range calls {
		for next < len(duties) && duties[next].from < c.Start {
			if force == nil || duties[next].until > force.until {
				force = duties[next]
			}
			next++
		}
		if force == nil || c.Start >= force.until || !r.h.Survived(force.by.End, c.Start) {
			continue
		}
		if force.early++; force.first == nil {
			force.first = c
		}
	}
	for _, d := range duties {
		if d.early > 0 {
			r.violated(tooEarly(endpoint, d))
		}
	}
}

// told is how long a reply obliges the SUT to wait, less tolerances.
func told(h *evidence.History, t *evidence.AttemptView) (time.Duration, bool) {
	o := t.Heard.Outcome
	if (o != simulators.Throttled && o != simulators.Unavailable) || t.Heard.RetryAfter <= 0 {
		return 0, false
	}
	d := t.Heard.RetryAfter
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
