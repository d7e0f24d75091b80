package erp_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
)

const (
	clerks = 16
	rounds = 200
)

func manyOrders(n int, set ...func(*erp.Options)) (*erp.ERP, []plant.OrderID) {
	m := master()
	m.Lots[0].Quantity, m.Lots[1].Quantity = plant.Whole(1_000_000), plant.Whole(1_000_000)
	e := erp.New(m, set...)
	var ids []plant.OrderID
	for i := range n {
		id := plant.OrderID(fmt.Sprintf("47%06d", i))
		o := order(id)
		o.Quantity = plant.Of(1_000_000, "EA")
		e.Notice(event(plant.OrderReleased{Order: o}, day(6)))
		ids = append(ids, id)
	}
	return e, ids
}

// TestManyClerks lets 16 goroutines post to 8 orders and two shared lots at
// once, row by row and in atomic batches that reach over two orders in either
// direction, while others lock, hold, decide, ask and change master data. The
// sums must be exact and each order's books in the order of their postings.
func TestManyClerks(t *testing.T) {
	for _, atomic := range []bool{false, true} {
		t.Run(fmt.Sprint("atomic ", atomic), func(t *testing.T) {
			e, ids := manyOrders(8, func(o *erp.Options) { o.Atomic = atomic })
			told := tellTogether(e, ids)
			for i, id := range ids {
				s := e.State("order", string(id)).(simulators.OrderState)
				want := plant.Whole(clerks / 8 * rounds * 3 * 2) // of two orders each, three pieces a time
				if got := s.Confirmed["0010"].Yield; got != want {
					t.Errorf("order %s: yield %s, want %s", id, got, want)
				}
				if got, want := fmt.Sprint(listed(e, id)), fmt.Sprint(told[i]); got != want {
					t.Errorf("order %s: the books are not in the order of their postings", id)
				}
			}
			used := plant.Whole(clerks * rounds).Add(plant.Whole(clerks*rounds) / 1000)
			left := e.State("lot", "S-1").(plant.Lot).Quantity.Add(e.State("lot", "S-2").(plant.Lot).Quantity)
			if want := plant.Whole(2_000_000).Sub(used); left != want {
				t.Errorf("stock %s, want %s", left, want)
			}
		})
	}
}

// tellTogether returns the documents posted to each order as post heard them.
func tellTogether(e *erp.ERP, ids []plant.OrderID) [][]string {
	var mu sync.Mutex // guards told
	told := make([][]string, len(ids))
	place := map[plant.OrderID]int{}
	for i, id := range ids {
		place[id] = i
	}
	post := func(p simulators.Posting) {
		mu.Lock()
		defer mu.Unlock()
		if i, ok := place[p.Claim.Fact.Keys().Order]; ok {
			told[i] = append(told[i], p.Doc)
		}
	}
	var wg sync.WaitGroup
	for clerk := range clerks {
		wg.Go(func() {
			a, b := ids[clerk%8], ids[(clerk+7)%8]
			for n := range rounds {
				facts := []plant.Fact{
					plant.Confirmed{Order: a, Operation: "0010", Counter: clerk*rounds + n, Yield: plant.Of(3, "EA")},
					plant.Consumed{Order: b, Operation: "0010", Counter: clerk*rounds + n, Material: "STEEL", Lot: "S-1", Quantity: plant.Of(1, "KG")},
					plant.Confirmed{Order: b, Operation: "0010", Counter: clerk*rounds + n, Yield: plant.Of(3, "EA")},
					plant.Consumed{Order: a, Operation: "0010", Counter: clerk*rounds + n, Material: "STEEL", Lot: "S-2", Quantity: plant.Of(1, "G")},
				}
				ask := simulators.Ask{Now: day(10), Batch: true}
				for _, f := range facts {
					ask.Claims = append(ask.Claims, event(f, day(9)))
				}
				e.Handle(ask, post)
				disturb(e, clerk, n, a, post)
			}
		})
	}
	wg.Wait()
	return told
}

// disturb does beside the postings what must not change their sums.
func disturb(e *erp.ERP, clerk, n int, id plant.OrderID, post func(simulators.Posting)) {
	c := plant.CaseID(fmt.Sprint(clerk, "/", n))
	switch n % 8 {
	case 0:
		e.Handle(simulators.Ask{Claims: []plant.Event{event(plant.LotHeld{Lot: "F-1", Case: c, Order: id}, day(9))}}, post)
	case 1:
		e.Notice(event(plant.LotDecided{Lot: "F-1", Case: c, Decision: plant.DecideRelease}, day(9)))
	case 2:
		e.State("stock", "")
		e.State("genealogy", "")
	case 3:
		e.Handle(simulators.Ask{Query: &simulators.Query{Object: "orders"}}, nil)
	case 4:
		e.Notice(event(plant.ItemChanged{Item: plant.Item{ID: "NEW", Unit: "EA"}, Version: n}, day(9)))
	case 5:
		e.Notice(event(plant.OrderChanged{Order: id, Version: n, Quantity: plant.Of(1_000_000, "EA")}, day(9)))
	}
}

// TestOneOrderDoesNotWaitForAnother posts to a second order from within the
// posting of a first; if books were serial as a whole, this would never end.
func TestOneOrderDoesNotWaitForAnother(t *testing.T) {
	e, ids := manyOrders(2)
	other := make(chan struct{})
	e.Handle(simulators.Ask{Claims: []plant.Event{event(plant.OperationStarted{Order: ids[0], Operation: "0010"}, day(9))}}, func(simulators.Posting) {
		go func() {
			defer close(other)
			e.Handle(simulators.Ask{Claims: []plant.Event{event(plant.OperationStarted{Order: ids[1], Operation: "0010"}, day(9))}}, func(simulators.Posting) {})
		}()
		<-other
	})
}

func BenchmarkConfirmation(b *testing.B) {
	e, ids := manyOrders(1000)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		a := simulators.Ask{Now: day(10), Claims: []plant.Event{{ID: "confirmation", At: day(9),
			Fact: plant.Confirmed{Order: ids[n%len(ids)], Operation: "0010", Counter: n, Yield: plant.Of(1, "EA")}}}}
		e.Handle(a, func(simulators.Posting) {})
	}
}

// BenchmarkConfirmationNatural is the same with repetitions looked up and a
// reference of its own for each claim.
func BenchmarkConfirmationNatural(b *testing.B) {
	e, ids := manyOrders(1000, func(o *erp.Options) { o.NaturalKey = true })
	asks := make([]simulators.Ask, 1<<16)
	n := 0
	for b.Loop() {
		if n%len(asks) == 0 {
			b.StopTimer()
			for i := range asks {
				asks[i] = simulators.Ask{Now: day(10), Claims: []plant.Event{event(plant.Confirmed{Order: ids[(n+i)%len(ids)], Operation: "0010", Counter: n + i, Yield: plant.Of(1, "EA")}, day(9))}}
			}
			b.StartTimer()
		}
		if a := e.Handle(asks[n%len(asks)], func(simulators.Posting) {}); a.Rows[0].Refusal != nil {
			b.Fatal(a.Rows[0].Refusal)
		}
		n++
	}
}

func BenchmarkConsumptionParallel(b *testing.B) {
	e, ids := manyOrders(1000, func(o *erp.Options) { o.Negative = true })
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for n := 0; pb.Next(); n++ {
			a := simulators.Ask{Now: day(10), Claims: []plant.Event{{At: day(9),
				Fact: plant.Consumed{Order: ids[n%len(ids)], Operation: "0010", Counter: n, Material: "STEEL", Lot: "S-1", Quantity: plant.Of(1, "G")}}}}
			e.Handle(a, func(simulators.Posting) {})
		}
	})
}
