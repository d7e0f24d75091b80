package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/internal/cputime"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
)

// postings is how many confirmations each dialect posts in a round.
const postings = 4000

// slow says why a dialect posts less than a quarter of what the neutral one
// does, for those that do.
var slow = map[string]string{
	"infor-ion/v3": answeredByBOD,
	"infor-ion/v2": answeredByBOD,
}

const answeredByBOD = "a second document, worded, packed in parts and journaled as an announcement, answers each; for it the first, of 3 KB, is taken apart once more"

// dialects prints how many confirmations a second pass an endpoint in each
// dialect: decoded, held against idempotency and rules, posted, journaled on
// disk and answered, without a transport; where that is accepted first and posted
// later, until the last is posted. Rounds are interleaved, and each
// dialect stands beside neutral/v1 in the same run. Seconds are those of
// processor time, collecting garbage included.
func dialects(o options) error {
	parts := catalog.Standard().Dialects
	rates, refusals := map[string][]float64{}, map[string]error{}
	for range o.rounds {
		for _, p := range parts {
			if refusals[p.Name] != nil {
				continue
			}
			rate, err := postingRate(p.New())
			if err != nil {
				refusals[p.Name] = err
				continue
			}
			rates[p.Name] = append(rates[p.Name], rate)
		}
	}
	base := middle(rates["neutral/v1"])
	if base == 0 {
		return fmt.Errorf("neutral/v1: %w", refusals["neutral/v1"])
	}
	for _, p := range parts {
		if err := refusals[p.Name]; err != nil {
			fmt.Printf("%-56s not measured: %v\n", "confirmations/s, "+p.Name, err)
			continue
		}
		rate, target := middle(rates[p.Name]), "≥ 0.25 or a reason; peer is neutral/v1"
		if rate < base/4 {
			if slow[p.Name] == "" {
				target = "MISSED: ≥ 0.25 or a reason"
			} else {
				target = "< 0.25: " + slow[p.Name]
			}
		}
		row("confirmations/s, "+p.Name, strconv.Itoa(int(rate)), strconv.Itoa(int(base)), rate/base, target)
	}
	return nil
}

func middle(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}

// postingRate posts confirmations to a new ERP that speaks d, as a build that
// only forwards would word them, and returns how many a second were posted. Such
// a build is faster than a lock that outlives the posting: it waits and posts
// again.
func postingRate(d simulators.Dialect) (float64, error) {
	f, err := os.CreateTemp("", "andon-bench-*.jsonl")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	var posted atomic.Int64
	e := newERPOf(d, evidence.NewJournal(f), nil, &posted)
	var all []simulators.Message
	for n := range postings {
		ms, err := d.Encode(confirmed(n))
		if err != nil || len(ms) != 1 {
			return 0, fmt.Errorf("%d messages for a confirmation: %w", len(ms), err)
		}
		ms[0].Events = nil // whoever posts tells only what is on the wire
		if ms[0].Header["Content-Type"] == "application/json" {
			ms[0].Header["Idempotency-Key"] = ms[0].Key
		}
		all = append(all, ms[0])
	}
	began := cputime.Used()
	for _, m := range all {
		if err := posting(e, m); err != nil {
			return 0, err
		}
	}
	for late := time.Now().Add(time.Minute); posted.Load() < postings; time.Sleep(time.Millisecond) { // hardly of processor time
		if time.Now().After(late) {
			return 0, fmt.Errorf("%d of %d confirmations were posted", posted.Load(), postings)
		}
	}
	took := cputime.Used() - began
	if took <= 0 {
		return 0, errors.New("this system does not tell processor time")
	}
	return postings / took.Seconds(), nil
}

// posting has e take m, as soon as what it posts to is not locked.
func posting(e *endpoint.Endpoint, m simulators.Message) error {
	for {
		reply, err := e.Receive(context.Background(), m)
		switch o := reply.Result.Outcome; {
		case err == nil && (o == simulators.Applied || o == simulators.Accepted):
			return nil
		case err == nil && o == simulators.Locked:
			time.Sleep(e.PolicyNow().Delay) // all orders are free again, and most are posted to without a lock
		default:
			return fmt.Errorf("a confirmation as it is announced was answered %q %s %s", o, reply.Result.Code, reply.Result.Text)
		}
	}
}

// confirmed is the nth confirmation, spread over the orders of the ERP.
func confirmed(n int) plant.Event {
	at := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Second)
	f := plant.Confirmed{Order: orderID(n % orderCount), Operation: "0010", Counter: n/orderCount + 1, WorkCenter: "W", Yield: plant.Of(12, "EA"), Start: at.Add(-time.Minute), End: at}
	return plant.Event{ID: plant.EventID(plant.Natural(f)), At: at, Fact: f}
}
