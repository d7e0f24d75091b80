package journaltest

import (
	"fmt"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Busy is a journal of about n records of a sound SUT, written fast: orders with
// forty confirmations and consumptions each, some repeated after a lost reply, and
// what the books and the process showed at the end. Bare leaves references and
// counters out of what the SUT sends.
func Busy(n int, bare bool) []evidence.Record {
	b := &busyPlant{at: time.Millisecond, bare: bare, records: make([]evidence.Record, 0, n+16)}
	e := evidence.Endpoint{System: "erp", Policy: simulators.Policy{Dedupe: simulators.DedupeKey}}
	b.add(evidence.Begin{Plan: evidence.Plan{
		Breaches:  true,
		Endpoints: map[string]evidence.Endpoint{"erp": e, "mes": {System: "mes"}},
		Delivers:  evidence.Delivers{Posting: evidence.ExactlyOnce, Exceptions: true},
		Items:     []plant.Item{{ID: "PART", Unit: "EA"}, {ID: "PLATE", Unit: "KG", Units: []plant.AltUnit{{Unit: "G", Factor: plant.Factor{Num: 1, Den: 1000}}}}},
	}})
	for i := 0; len(b.records) < n; i++ {
		order := plant.OrderID(fmt.Sprintf("%012d", i/40))
		if i%2 == 0 {
			b.one(i, plant.Confirmed{Order: order, Operation: "0010", Counter: i%40 + 1, WorkCenter: "WC-1", Operator: "P-1",
				Yield: plant.Quantity{Amount: plant.Decimal(5_000_000 + int64(i%40)*int64(i%40)*1_003_000), Unit: "EA"}, Start: b.now(), End: b.now()})
		} else {
			b.one(i, plant.Consumed{Order: order, Operation: "0010", Counter: i%40 + 1, Material: "PLATE", Lot: "L-7",
				Quantity: plant.Quantity{Amount: plant.Decimal(2_000_000 + int64(i%40)*int64(i%40)*17_000), Unit: "KG"}})
		}
	}
	b.add(b.books())
	for range 60 {
		b.at += time.Second
		b.add(evidence.Sample{Of: "sut", Memory: 64 << 20, Files: 20, Threads: 9})
	}
	b.add(evidence.End{Quiet: true})
	return b.records
}

type busyPlant struct {
	records []evidence.Record
	at      time.Duration
	id      uint64
	bare    bool
}

// books shows what the ERP has of the first orders, as a rig reads it.
func (b *busyPlant) books() evidence.Snapshot {
	s := evidence.Snapshot{Endpoint: "erp"}
	at, stock := map[plant.OrderID]int{}, evidence.StockBook{Material: "PLATE", Lot: "L-7"}
	for _, r := range b.records {
		e, _ := r.Body.(evidence.Effect)
		if used, ok := e.Posting.Claim.Fact.(plant.Consumed); ok {
			stock.Quantity = stock.Quantity.Sub(used.Quantity.Amount)
		}
		c, ok := e.Posting.Claim.Fact.(plant.Confirmed)
		if !ok {
			continue
		}
		i, known := at[c.Order]
		if !known {
			if len(s.Orders) == 5000 {
				s.Left++
				continue
			}
			i = len(s.Orders)
			at[c.Order] = i
			s.Orders = append(s.Orders, evidence.OrderBook{Order: c.Order, Item: "PART", Confirmed: map[plant.OperationID]simulators.OperationSum{}})
		}
		sum := s.Orders[i].Confirmed[c.Operation]
		sum.Yield = sum.Yield.Add(c.Yield.Amount)
		s.Orders[i].Confirmed[c.Operation] = sum
	}
	s.Stock = []evidence.StockBook{stock}
	return s
}

func (b *busyPlant) now() time.Time { return time.Unix(1_770_000_000, 0).UTC().Add(b.at) }

func (b *busyPlant) add(body evidence.Body) {
	b.at += 100 * time.Microsecond
	b.records = append(b.records, evidence.Record{Seq: uint64(len(b.records) + 1), At: b.at, Plant: b.now(), Body: body})
}

// one writes the life of one fact.
func (b *busyPlant) one(i int, f plant.Fact) {
	e := plant.Event{ID: plant.EventID(plant.Natural(f)), At: b.now(), Fact: f}
	b.add(evidence.Truth{Event: e, Source: "mes", Sink: "erp"})
	b.id++
	b.add(evidence.Offer{ID: b.id, Endpoint: "mes", Name: "confirmations", Key: string(e.ID), Facts: []plant.EventID{e.ID}, Attempt: 1,
		Start: b.at, End: b.at, Result: simulators.Result{Outcome: simulators.Accepted, Status: 202}})
	claim := e
	if c, ok := f.(plant.Confirmed); ok && b.bare {
		c.Counter = 0
		claim = plant.Event{At: e.At, Fact: c}
	}
	b.id++
	attempt := evidence.Attempt{ID: b.id, Endpoint: "erp", Verb: "post", Name: "confirmations", Key: string(e.ID), IdemKey: string(e.ID), Claims: []plant.Event{claim},
		Attempt: 1, Start: b.at, Digest: string(e.ID), Acted: simulators.Result{Outcome: simulators.Applied, Status: 201}}
	attempt.Heard = attempt.Acted
	b.add(evidence.Effect{Attempt: b.id, Endpoint: "erp", Posting: simulators.Posting{Doc: "5000000001", Claim: claim}})
	if i%10 != 0 {
		attempt.End = b.at
		b.add(attempt)
		return
	}
	attempt.Heard, attempt.End, attempt.Faults = simulators.Result{Outcome: simulators.Unknown}, b.at, []string{"f"}
	b.add(attempt)
	b.add(evidence.Disturbance{Fault: "f", Kind: "ambiguous-commit", Phase: evidence.Struck, At: "erp", Message: b.id, Facts: []plant.EventID{e.ID}})
	b.at += 20 * time.Millisecond
	b.id++
	again := attempt
	again.ID, again.Attempt, again.Start, again.End, again.Faults = b.id, 2, b.at, b.at, nil
	again.Acted = simulators.Result{Outcome: simulators.Repeated, Status: 200}
	again.Heard = again.Acted
	b.add(again)
}
