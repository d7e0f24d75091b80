package faults_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/race"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// TestWholeCatalogRepeats runs every fault of the catalog that calls itself
// reproducible some times at one seed, with 1, 4 and 16 workers that send the
// same facts in any order, and compares which (fact, attempt) pairs it struck.
// Faults of the process are told which fact to wait for. A fault added to the
// catalog is in it at once.
func TestWholeCatalogRepeats(t *testing.T) {
	for _, info := range faults.All() {
		process, isProcess := info.New().(chaos.Process)
		if !info.Reproducible && !isProcess {
			continue // it says so itself, and reports do
		}
		t.Run(info.Name, func(t *testing.T) {
			want, runs := "", race.Rounds(20, 4)
			for run := range runs {
				rule := &chaos.Rule{ID: "F", Kind: info.Name, P: 0.5, Attempts: info.Attempts}
				if isProcess {
					rule = &chaos.Rule{ID: "F", Kind: info.Name, Fact: plant.KindConfirmation, Entity: "order-2", Nth: 3, Strikes: []chaos.Strike{{Key: "*", Attempt: 1}}}
				}
				got := ""
				synctest.Test(t, func(t *testing.T) {
					got = struckPairs(t, info, rule, process, []int{1, 4, 16}[run%3], rand.New(rand.NewPCG(uint64(run), 1)))
				})
				if run == 0 {
					want = got
				}
				if got != want {
					t.Fatalf("run %d struck\n%s\nand the first\n%s", run, got, want)
				}
			}
			if want == "" {
				t.Error("struck nothing: give the traffic what the fault needs")
			}
			t.Logf("%d runs struck the same %d pairs", runs, strings.Count(want, "\n")+1)
		})
	}
}

// struckPairs sends facts both ways across a link, each until it took effect
// or five times, and lists what the fault struck.
func struckPairs(t *testing.T, info faults.Info, rule *chaos.Rule, process chaos.Process, workers int, order *rand.Rand) string {
	t.Helper()
	j := evidence.NewJournal(nil)
	l := &chaos.Link{
		Name: "erp", Journal: j, Seed: 4711, Ordinals: chaos.NewOrdinals(), IDs: &atomic.Uint64{}, Moments: chaos.NewMoments(j),
		Encode: func(e plant.Event) ([]simulators.Message, error) {
			return []simulators.Message{{Body: []byte(plant.Natural(e.Fact))}}, nil
		},
		Drift: func(m simulators.Message, d chaos.Drift) (simulators.Message, bool) {
			m.Body = []byte(d)
			return m, true
		},
	}
	rule.Fault = info.New()
	if k, ok := rule.Fault.(chaos.Informed); ok {
		k.Inform(plantData())
	}
	var all []crossing
	for _, e := range traffic() {
		l.Ordinals.Add(e.Fact)
		all = append(all, crossing{said(e), simulators.ToSUT}, crossing{said(e), simulators.FromSUT})
	}
	all = append(all, lists()...)
	for _, m := range exports() {
		all = append(all, crossing{m, simulators.ToSUT})
	}
	if process != nil {
		l.Moments.Upon(rule, process.Process(), func(chaos.Passage) {})
	} else {
		l.Arm(rule)
	}
	order.Shuffle(len(all), func(a, b int) { all[a], all[b] = all[b], all[a] })
	work := make(chan crossing)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for c := range work {
				send(t, l, c)
			}
		})
	}
	for _, c := range all {
		work <- c
	}
	close(work)
	wg.Wait()
	l.Wait()
	var pairs []string
	for _, r := range j.Records() {
		if d, ok := r.Body.(evidence.Disturbance); ok && d.Phase == evidence.Struck {
			pairs = append(pairs, fmt.Sprintf("%v %s attempt %d", d.Facts, d.Key, d.Attempt))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "\n")
}

// send repeats a message until it took effect, five times at most. A sender
// whose connection hangs gives up after two seconds.
func send(t *testing.T, l *chaos.Link, c crossing) {
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		reply, err := l.Carry(ctx, c.m, c.dir, func(context.Context, simulators.Message) (simulators.Message, error) {
			return simulators.Message{Result: simulators.Result{Outcome: simulators.Applied, Status: 201}, Body: []byte(`{"doc":"1"}`)}, nil
		})
		cancel()
		if err == nil && reply.Result.Outcome.Took() {
			return
		}
	}
}

// A crossing is a message and its way.
type crossing struct {
	m   simulators.Message
	dir simulators.Direction
}

// said is a message that states one fact.
func said(e plant.Event) simulators.Message {
	return simulators.Message{
		Verb: "post", Name: string(e.Fact.Kind()), Key: plant.Natural(e.Fact), Entity: e.Fact.Keys().Entity(), Events: []plant.Event{e},
		Body: []byte(`{"quantity":"1"}`), Header: map[string]string{"Authorization": "Bearer t", "Idempotency-Key": plant.Natural(e.Fact), "Content-Type": "application/json"},
	}
}

// lists is what the SUT sends and asks besides single facts: batches of facts
// that cross in no other way, and pages of lists.
func lists() (all []crossing) {
	for n := range 12 {
		batch := said(event(plant.Consumed{Order: "batched", Operation: "0010", Counter: 2*n + 1, Material: "STEEL", Lot: "L1", Quantity: plant.Of(1, "KG")}))
		batch.Events = append(batch.Events, event(plant.Consumed{Order: "batched", Operation: "0010", Counter: 2*n + 2, Material: "STEEL", Lot: "L1", Quantity: plant.Of(1, "KG")}))
		offset := fmt.Sprint(2 * n)
		page := simulators.Message{Verb: "get", Name: "items", Key: "get items", Params: map[string]string{"offset": offset},
			Asks: &simulators.Query{Object: "items", Where: map[string]string{"offset": offset}}}
		all = append(all, crossing{batch, simulators.FromSUT}, crossing{page, simulators.FromSUT})
	}
	return all
}

// exports are announcements that are not sent but left in a share.
func exports() (all []simulators.Message) {
	for n := range 12 {
		m := said(event(plant.OrderReleased{Order: plant.Order{ID: plant.OrderID(fmt.Sprint("exported-", n)), Item: "STEEL"}}))
		b := said(event(plant.BillChanged{Bill: plant.Bill{Item: plant.ItemID(fmt.Sprint("exported-", n)), For: plant.Of(1, "EA")}, Version: n + 1}))
		for _, m := range []simulators.Message{m, b} {
			m.Kept, m.Body = true, []byte("HDR;Ä\r\n")
			all = append(all, m)
		}
	}
	return all
}

// traffic is what the plant says: each kind of fact, of a few orders.
func traffic() (events []plant.Event) {
	for o := range 4 {
		id := plant.OrderID(fmt.Sprint("order-", o))
		for n := range 8 {
			for _, f := range []plant.Fact{
				plant.Confirmed{Order: id, Operation: "0010", Counter: n + 1, Yield: plant.Of(int64(n+1), "EA")},
				plant.Consumed{Order: id, Operation: "0010", Counter: n + 1, Material: "STEEL", Lot: "L1", Quantity: plant.Of(1, "KG")},
				plant.LotDecided{Lot: plant.LotID(fmt.Sprint("L", o, n)), Case: plant.CaseID(fmt.Sprint("Q", o, n)), Decision: plant.DecideRelease},
				plant.Scrapped{Order: id, Operation: "0010", Counter: n + 1, Material: "STEEL", Lot: "L1", Quantity: plant.Of(1, "KG"), Reason: "bent"},
				plant.Received{Order: id, Counter: n + 1, Material: "PUMP", Lot: "P-1", Quantity: plant.Of(2, "EA"), Serials: []plant.SerialID{"1", "2"}},
				plant.MachineCounted{Machine: plant.MachineID(fmt.Sprint("M", o)), Counter: n + 1, Count: int64(n)},
				plant.ItemChanged{Item: plant.Item{ID: plant.ItemID(fmt.Sprint("M", o)), Unit: "EA"}, Version: n + 1},
			} {
				e := event(f)
				e.At = monday.Add(time.Duration(len(events)) * time.Minute)
				events = append(events, e)
			}
		}
	}
	return events
}

// plantData is what faults that know the plant are told.
func plantData() plant.Master {
	return plant.Master{Lots: []plant.Lot{
		{ID: "L1", Material: "STEEL"}, {ID: "L-OLD", Material: "STEEL", Expires: monday.AddDate(-1, 0, 0)}, {ID: "L-OTHER", Material: "BRASS"},
	}}
}

// TestArrivalOrderShows: the comparison notices a rule that depends on who
// comes first.
func TestArrivalOrderShows(t *testing.T) {
	info, _ := faults.Find("lose")
	seen := map[string]bool{}
	for run := range 20 {
		synctest.Test(t, func(t *testing.T) {
			seen[struckPairs(t, info, &chaos.Rule{ID: "F", Max: 3}, nil, 4, rand.New(rand.NewPCG(uint64(run), 1)))] = true
		})
	}
	if len(seen) < 2 {
		t.Error("three strikes in all were the same three in 20 orders of arrival: the comparison cannot fail")
	}
}
