package kpi

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// dispatch is K1.
func dispatch(r *reading) ([]Measure, string) {
	var ts times[Wall]
	released, missing := 0, 0
	for _, f := range r.due() {
		if f.Event.Fact.Kind() != plant.KindOrderReleased {
			continue
		}
		released++
		if e := firstPosting(f); e != nil {
			ts = append(ts, Wall(e.At-f.At))
		} else if f.Status == evidence.Must {
			missing++
			r.name(f)
		}
	}
	if released == 0 {
		return nil, "no order was released through the SUT"
	}
	return append(ts.ranks(""), Measure{"released and never dispatched", Count(missing), released}), ""
}

// success is K2.
func success(r *reading) ([]Measure, string) {
	first, ever, tries, tried := Share{}, Share{}, 0, 0
	for _, f := range r.accepted() {
		sent := own(f)
		first.Of++
		if len(sent) > 0 {
			tried++
			tries += len(sent)
		}
		if f.Posted == 0 {
			continue
		}
		ever.N++
		if len(sent) > 0 && heard(sent[0], f).Took() {
			first.N++
		}
	}
	if first.Of == 0 {
		return nil, "the SUT accepted no fact that must be posted"
	}
	ever.Of = first.Of
	ms := []Measure{{"at the first try", first, first.Of}, {"at last", ever, ever.Of}}
	if tried > 0 {
		ms = append(ms, Measure{"tries per fact", NewRatio(int64(tries), int64(tried)), tried})
	}
	return ms, ""
}

// visible is within which plant time a fact should show in the ERP; wall time,
// where plant time jumps.
const visible = Plant(15 * time.Minute)

// visibility is K6.
func visibility(r *reading) ([]Measure, string) {
	var ts times[Plant]
	var ws times[Wall]
	var in Share
	for _, f := range r.accepted() {
		switch f.Event.Fact.Kind() {
		case plant.KindOperationStarted, plant.KindConfirmation, plant.KindReceipt:
		default:
			continue
		}
		in.Of++
		if r.h.Plan.Pacing.Jumps() {
			if e := firstPosting(f); e != nil {
				d := Wall(e.At - f.At)
				ws = append(ws, d)
				if d <= Wall(visible) {
					in.N++
				}
			}
		} else if d, ok := lag(f); ok {
			ts = append(ts, d)
			if d <= visible {
				in.N++
			}
		}
	}
	if in.Of == 0 {
		return nil, "no start, confirmation or receipt had to reach the ERP"
	}
	ms := append(ts.ranks("behind "), ws.ranks("behind ")...)
	ms = append(ms, Measure{"shown within 15 min", in, in.Of})
	if in.N < in.Of || len(ws) > 0 {
		return ms, r.pace()
	}
	return ms, ""
}

// duplicates is K9.
func duplicates(r *reading) ([]Measure, string) {
	facts, surplus, n := 0, 0, 0
	for _, f := range r.due() {
		p := r.postings(f)
		n += min(p, 1)
		if p > 1 {
			facts++
			surplus += p - 1
			r.name(f)
		}
	}
	if n == 0 {
		return nil, "no fact is in any books"
	}
	return []Measure{{"facts posted more than once", Count(facts), n}, {"postings too many", Count(surplus), 0}}, ""
}

// lost is K10.
func lost(r *reading) ([]Measure, string) {
	n, owed := 0, 0
	for _, f := range r.accepted() {
		n++
		if f.Posted == 0 && len(f.Surfaces) == 0 {
			owed++
			r.name(f)
		}
	}
	if n == 0 {
		return nil, "the SUT accepted no fact that must be posted"
	}
	if ok, why := r.h.Settled(); !ok {
		return []Measure{{"not posted yet", Count(owed), n}}, "what is still owed may have come later: " + why
	}
	return []Measure{{"neither posted nor reported", Count(owed), n}}, ""
}

// throughput is K12. The limit that a load test searches is not in it.
func throughput(r *reading) ([]Measure, string) {
	const limit = "the sustained limit at a p95 target needs a load run"
	from, _ := r.h.Phase("play")
	to, ok := r.h.Phase("heal")
	if !ok {
		to = r.h.Last()
	}
	var ts times[Wall]
	var at []time.Duration
	played := 0
	for _, f := range r.due() {
		e := firstPosting(f)
		if e == nil {
			continue
		}
		ts, at = append(ts, Wall(e.At-f.At)), append(at, e.At)
		if e.At >= from && e.At <= to {
			played++
		}
	}
	if len(ts) == 0 {
		return nil, "no fact is in any books"
	}
	ms := ts.ranks("from fact to posting, ")
	if ms1 := int64((to - from) / time.Millisecond); ms1 > 0 {
		ms = append(ms, Measure{"per second while the plant played", NewRatio(int64(played)*1000, ms1), played})
	}
	return append(ms, Measure{"in the busiest second", Count(busiest(at)), len(at)}), limit
}

// busiest is how many of at lie within one second, at most.
func busiest(at []time.Duration) (most int) {
	slices.Sort(at)
	first := 0
	for i, t := range at {
		for t-at[first] >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// goodput is K18.
func goodput(r *reading) ([]Measure, string) {
	calls := slices.Clone(r.h.Attempts)
	slices.SortStableFunc(calls, func(a, b *evidence.AttemptView) int { return cmp.Compare(a.Start, b.Start) })
	refused, until, good := 0, time.Duration(-1), Share{}
	for _, t := range calls {
		throttled := t.Heard.Outcome == simulators.Throttled
		if throttled {
			refused++
			until = max(until, t.End+t.Heard.RetryAfter)
		}
		if t.Start > until || t.Copy || len(t.Claims) == 0 {
			continue
		}
		good.Of++
		if t.Acted.Outcome == simulators.Applied {
			good.N++
		}
	}
	if refused == 0 {
		return nil, "nothing the SUT sent was throttled"
	}
	ms := []Measure{{"requests that posted", good, good.Of}, {"requests throttled", Count(refused), 0}}
	early, judged := r.violations("O9")
	if !judged {
		return ms, "no reply told the SUT how long to wait, or O9 did not judge"
	}
	return append(ms, Measure{"waits not kept (O9)", Count(early), 0}), ""
}

// security is K19.
func security(r *reading) ([]Measure, string) {
	authenticated := false
	for _, e := range r.h.Plan.Endpoints {
		authenticated = authenticated || e.Policy.Auth == simulators.AuthOAuth2
	}
	refused, tokens := 0, 0
	for _, t := range r.h.Attempts {
		switch {
		case t.Heard.Outcome == simulators.Unauthorized:
			refused++
		case t.Name == "oauth/token" && t.Heard.Outcome.Took():
			tokens++
		}
	}
	if !authenticated && refused == 0 {
		return nil, "no endpoint of the rig asks who the SUT is"
	}
	ms := []Measure{{"requests without a valid token", Count(refused), len(r.h.Attempts)}, {"tokens fetched", Count(tokens), 0}}
	for _, id := range []string{"O14", "O23"} {
		if n, judged := r.violations(id); judged {
			ms = append(ms, Measure{fmt.Sprintf("violations (%s)", id), Count(n), 0})
		}
	}
	return ms, ""
}
