// Package journaltest writes journals by hand, for tests of whoever reads
// them: oracles, explanations, reports.
//
// A [Run] is told what happened, one call a record or two, and keeps the time:
// ten milliseconds of wall time and a second of plant time pass with each
// record.
package journaltest

import (
	"fmt"
	"hash/fnv"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Run is a journal being written.
type Run struct {
	Plan    evidence.Plan
	records []evidence.Record
	wall    time.Duration
	plant   time.Time
	id      uint64
	doc     int
	tries   map[string]int
	way     string // by which the SUT posts
}

// New begins a journal of a plant with an ERP that honours idempotency keys
// and an MES: confirmations, consumptions, scrap, receipts, holds and starts
// go to the ERP; orders, their changes, decisions and items to the MES.
func New() *Run {
	p := evidence.Plan{
		Run: "run-1", Scenario: "TST-01", Breaches: true, Zone: "Europe/Berlin", Shifts: shifts(), PeriodOpens: time.Date(2026, 2, 1, 0, 0, 0, 0, Zone()),
		Endpoints: map[string]evidence.Endpoint{
			"erp": {System: "erp", Dialect: "neutral/v1", Transport: "http", Policy: simulators.Policy{Dedupe: simulators.DedupeKey, Auth: simulators.AuthOAuth2}},
			"mes": {System: "mes", Dialect: "neutral/v1", Transport: "http", Policy: simulators.Policy{Dedupe: simulators.DedupeKey}},
		},
		Delivers: evidence.Delivers{Posting: evidence.ExactlyOnce, Exceptions: true},
		Items: []plant.Item{
			{ID: "000BOX", Revision: "B", Unit: "EA", Decimals: 3, Units: []plant.AltUnit{{Unit: "CAR", Factor: plant.Factor{Num: 12, Den: 1}}}},
			{ID: "000PLATE", Unit: "KG", Decimals: 3, Lots: true, Units: []plant.AltUnit{{Unit: "G", Factor: plant.Factor{Num: 1, Den: 1000}}}},
		},
		Lots: []plant.Lot{{ID: "L-7", Material: "000PLATE", Status: plant.LotUnrestricted, Quantity: plant.Whole(1000)}, {ID: "L-8", Material: "000PLATE", Status: plant.LotUnrestricted, Quantity: plant.Whole(50)}},
	}
	for _, k := range []plant.Kind{plant.KindConfirmation, plant.KindConsumption, plant.KindScrap, plant.KindRework, plant.KindReceipt, plant.KindLotHeld, plant.KindOperationStarted, plant.KindInspection} {
		p.Flows = append(p.Flows, evidence.Flow{Kind: k, From: "mes", To: "erp"})
	}
	for _, k := range []plant.Kind{plant.KindOrderReleased, plant.KindOrderChanged, plant.KindOrderCancelled, plant.KindLotDecided, plant.KindItemChanged, plant.KindBillChanged, plant.KindRoutingChanged, plant.KindCenterChanged, plant.KindCalendarChanged} {
		p.Flows = append(p.Flows, evidence.Flow{Kind: k, From: "erp", To: "mes"})
	}
	return &Run{Plan: p, plant: time.Date(2026, 3, 2, 13, 41, 0, 0, Zone()), tries: map[string]int{}}
}

// Zone is the zone of the plant.
func Zone() *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err) // zone data is embedded by package plant
	}
	return zone
}

// shifts are those of the plant: early until 14:00, late until 22:00, and a
// night shift from Sunday on.
func shifts() []plant.Shift {
	week := []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	return []plant.Shift{
		{Name: "early", Start: 6 * 60, End: 14 * 60, Days: week},
		{Name: "late", Start: 14 * 60, End: 22 * 60, Days: week},
		{Name: "night", Start: 22 * 60, End: 6 * 60, Days: append([]time.Weekday{time.Sunday}, week...)},
	}
}

// At sets the clock of the plant.
func (r *Run) At(t time.Time) { r.plant = t.In(Zone()) }

// Add writes any record.
func (r *Run) Add(b evidence.Body) uint64 {
	r.wall += 10 * time.Millisecond
	r.plant = r.plant.Add(time.Second)
	seq := uint64(len(r.records) + 2) // the opening is written at the end, when the plan is known
	r.records = append(r.records, evidence.Record{Seq: seq, At: r.wall, Plant: r.plant, Body: b})
	return seq
}

// Wait lets wall time pass.
func (r *Run) Wait(d time.Duration) { r.wall += d }

// Now is the wall time since the run began.
func (r *Run) Now() time.Duration { return r.wall }

// Truth lets a fact happen; source and sink are those of its flow.
func (r *Run) Truth(f plant.Fact) plant.Event {
	t := evidence.Truth{Event: plant.Event{ID: plant.EventID(plant.Natural(f)), At: r.plant, Fact: f}}
	for _, w := range r.Plan.Flows {
		if w.Kind == f.Kind() {
			t.Source, t.Sink = w.From, w.To
		}
	}
	r.Add(t)
	return t.Event
}

// Offer hands facts to the SUT in one message with this outcome.
func (r *Run) Offer(outcome simulators.Outcome, es ...plant.Event) {
	r.Reply(simulators.Result{Outcome: outcome}, es...)
}

// Reply hands facts to the SUT in one message that is answered like this.
func (r *Run) Reply(result simulators.Result, es ...plant.Event) {
	r.id++
	o := evidence.Offer{ID: r.id, Endpoint: r.sourceOf(es[0]), Key: plant.Natural(es[0].Fact), Start: r.wall, Result: result}
	r.tries["offer "+o.Key]++
	o.Attempt = r.tries["offer "+o.Key]
	for _, e := range es {
		o.Facts = append(o.Facts, e.ID)
	}
	r.wall += 5 * time.Millisecond
	o.End = r.wall
	r.Add(o)
}

// Happen lets a fact happen and the SUT take it.
func (r *Run) Happen(f plant.Fact) plant.Event {
	e := r.Truth(f)
	r.Offer(simulators.Applied, e)
	return e
}

// Sending is one message of the SUT. The zero value of each field means what
// a sound SUT and an ERP in good health would do.
type Sending struct {
	Endpoint string            // the sink of the first claim
	Key      string            // its reference; "-" means none
	Digest   string            // derived from the claims
	Acted    simulators.Result // applied
	Heard    simulators.Result // Acted
	Garbled  bool
	Lasts    time.Duration // 5 ms
	Faults   []string
	CopyOf   int // the try of which it is a copy made by a fault; the SUT hears nothing of it
	Base     plant.Quantity
	Docs     int // how many documents each claim leaves; 1
	Breach   string
	Route    string
	Held     *evidence.Held
}

// Send writes what became of a message with these claims: the effects of
// applied ones, then the attempt.
func (r *Run) Send(s Sending, claims ...plant.Event) uint64 {
	r.id++
	id := r.id
	r.fill(&s, claims)
	start := r.wall
	for i, c := range claims {
		outcome := s.Acted.Outcome
		if len(s.Acted.Items) == len(claims) {
			outcome = s.Acted.Items[i].Outcome
		}
		for range s.Docs {
			if outcome == simulators.Applied {
				r.doc++
				r.Add(evidence.Effect{Attempt: id, Endpoint: s.Endpoint, Posting: simulators.Posting{
					Doc: fmt.Sprintf("50%08d", r.doc), Claim: c, Base: s.Base, At: r.plant}})
			}
		}
	}
	key := plant.Natural(claims[0].Fact)
	for _, c := range claims[1:] {
		key += " + " + plant.Natural(c.Fact)
	}
	try := s.CopyOf
	if try == 0 {
		r.tries[s.Endpoint+key]++
		try = r.tries[s.Endpoint+key]
	}
	r.wall += s.Lasts
	end := r.wall
	return r.Add(evidence.Attempt{
		ID: id, Endpoint: s.Endpoint, Verb: "post", Name: string(claims[0].Fact.Kind()), Key: key, IdemKey: s.Key, Claims: claims,
		Attempt: try, Copy: s.CopyOf != 0, Start: start, End: end, Acted: s.Acted, Heard: s.Heard, Garbled: s.Garbled, Digest: s.Digest, Faults: s.Faults,
		Breach: s.Breach, Route: s.Route, Held: s.Held,
	})
}

func (r *Run) fill(s *Sending, claims []plant.Event) {
	if s.Route == "" {
		s.Route = r.way
	}
	if s.Endpoint == "" {
		s.Endpoint = r.sinkOf(claims[0])
	}
	switch s.Key {
	case "":
		s.Key = string(claims[0].ID)
	case "-":
		s.Key = ""
	}
	if s.Digest == "" {
		h := fnv.New64a()
		fmt.Fprint(h, claims)
		s.Digest = fmt.Sprintf("%016x", h.Sum64())
	}
	if s.Acted.Outcome == "" {
		s.Acted.Outcome = simulators.Applied
	}
	if s.CopyOf != 0 {
		s.Heard = simulators.Result{Outcome: simulators.Unknown}
	}
	if s.Heard.Outcome == "" {
		s.Heard = s.Acted
	}
	if s.Lasts == 0 {
		s.Lasts = 5 * time.Millisecond
	}
	if s.Docs == 0 {
		s.Docs = 1
	}
}

// Post has the SUT post claims as a sound one would.
func (r *Run) Post(claims ...plant.Event) { r.Send(Sending{}, claims...) }

// Do lets a fact happen, the SUT take it and post it.
func (r *Run) Do(f plant.Fact) plant.Event {
	e := r.Happen(f)
	r.Post(e)
	return e
}

// Self has a system change its books by itself, as a shipment does.
func (r *Run) Self(endpoint string, f plant.Fact) plant.Event {
	e := plant.Event{ID: plant.EventID(plant.Natural(f)), At: r.plant, Fact: f}
	r.Add(evidence.Truth{Event: e})
	r.doc++
	r.Add(evidence.Effect{Endpoint: endpoint, Posting: simulators.Posting{Doc: fmt.Sprintf("49%08d", r.doc), Claim: e, At: r.plant}})
	return e
}

// Token has the SUT obtain a token.
func (r *Run) Token(endpoint string) {
	r.id++
	start := r.wall
	r.wall += 2 * time.Millisecond
	ok := simulators.Result{Outcome: simulators.Answered, Status: 200}
	r.Add(evidence.Attempt{ID: r.id, Endpoint: endpoint, Verb: "post", Name: "oauth/token", Key: "token/" + endpoint, Start: start, End: r.wall, Acted: ok, Heard: ok})
}

// List has the SUT read a page of a list that tells of these changes, and hear
// an answer of this outcome. It returns the number of the question.
func (r *Run) List(heard simulators.Outcome, told ...plant.Event) uint64 {
	return r.Rounded(0, heard, told...)
}

// Rounded is List with times that are rounded down to whole multiples of d.
func (r *Run) Rounded(d time.Duration, heard simulators.Outcome, told ...plant.Event) uint64 {
	r.id++
	start := r.wall
	r.wall += 2 * time.Millisecond
	a := evidence.Attempt{ID: r.id, Endpoint: r.sourceOf(told[0]), Verb: "get", Name: "items", Key: "get items", Attempt: 1, Rounded: d, Start: start, End: r.wall,
		Acted: simulators.Result{Outcome: simulators.Answered, Status: 200}, Heard: simulators.Result{Outcome: heard}}
	for _, e := range told {
		a.Told = append(a.Told, e.ID)
	}
	r.Add(a)
	return a.ID
}

// Surface has the SUT report an exception about e.
func (r *Run) Surface(e plant.Event, c simulators.Class) {
	r.Add(evidence.Surface{Class: c, Kind: e.Fact.Kind(), Keys: e.Fact.Keys(), Reference: string(e.ID), Reason: "reported by the SUT"})
}

// Fault plans and arms a fault.
func (r *Run) Fault(id, kind, at string) {
	r.Plan.Faults = append(r.Plan.Faults, evidence.PlannedFault{ID: id, Kind: kind, At: at, Reproducible: true})
	r.Add(evidence.Disturbance{Fault: id, Kind: kind, Phase: evidence.Armed, At: at})
}

// Strike has a fault touch a message about e; what says how.
func (r *Run) Strike(id, kind, at string, e plant.Event, what string) {
	r.Add(evidence.Disturbance{Fault: id, Kind: kind, Phase: evidence.Struck, At: at, Facts: []plant.EventID{e.ID}, Key: plant.Natural(e.Fact), Attempt: 1, What: what})
}

// Spoil has a data fault make e invalid on its way to the SUT.
func (r *Run) Spoil(id, kind, at string, e plant.Event) {
	r.Add(evidence.Disturbance{Fault: id, Kind: kind, Phase: evidence.Struck, At: at, Facts: []plant.EventID{e.ID}, Key: plant.Natural(e.Fact), Attempt: 1, What: "altered", Invalid: true})
}

// SpoilAs is Spoil by a fault that changes what e says.
func (r *Run) SpoilAs(id, kind, at string, e, wrong plant.Event) {
	r.Add(evidence.Disturbance{Fault: id, Kind: kind, Phase: evidence.Struck, At: at, Facts: []plant.EventID{e.ID}, Key: plant.Natural(e.Fact), Attempt: 1, What: "altered", Invalid: true, Wrong: &wrong})
}

// Heal ends a fault.
func (r *Run) Heal(id, kind, at string) {
	r.Add(evidence.Disturbance{Fault: id, Kind: kind, Phase: evidence.Healed, At: at})
}

// Step notes a phase of the run or of the SUT's process.
func (r *Run) Step(name string) { r.Add(evidence.Step{Name: name}) }

// Records ends the journal, at rest, and returns it.
func (r *Run) Records() []evidence.Record { return r.Ended(evidence.End{Quiet: true}) }

// Ended ends the journal as told and returns it.
func (r *Run) Ended(end evidence.End) []evidence.Record {
	out := []evidence.Record{{Seq: 1, Body: evidence.Begin{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Plan: r.Plan}}}
	out = append(out, r.records...)
	last := out[len(out)-1]
	return append(out, evidence.Record{Seq: last.Seq + 1, At: r.wall + time.Millisecond, Plant: last.Plant, Body: end})
}

// History ends the journal, at rest, and returns it ready for judging.
func (r *Run) History() *evidence.History { return evidence.NewHistory(r.Records()) }

func (r *Run) sinkOf(e plant.Event) string {
	for _, f := range r.Plan.Flows {
		if f.Kind == e.Fact.Kind() {
			return f.To
		}
	}
	return "erp"
}

func (r *Run) sourceOf(e plant.Event) string {
	for _, f := range r.Plan.Flows {
		if f.Kind == e.Fact.Kind() {
			return f.From
		}
	}
	return "mes"
}

// Qty is a quantity for tests.
func Qty(amount string, unit plant.Unit) plant.Quantity {
	return plant.Quantity{Amount: plant.MustDecimal(amount), Unit: unit}
}

// Order is the order the facts below are about.
const Order plant.OrderID = "000004711"

// Confirmed is the n-th confirmation of operation 0010.
func Confirmed(n int, yield string) plant.Confirmed {
	return plant.Confirmed{Order: Order, Operation: "0010", Counter: n, WorkCenter: "WC-1", Operator: "P-1", Yield: Qty(yield, "EA")}
}

// Consumed is the n-th issue of plate from lot L-7 to operation 0010.
func Consumed(n int, amount string, unit plant.Unit) plant.Consumed {
	return plant.Consumed{Order: Order, Operation: "0010", Counter: n, Material: "000PLATE", Lot: "L-7", Quantity: Qty(amount, unit)}
}

// Released is the release of the order.
func Released() plant.OrderReleased {
	return plant.OrderReleased{Order: plant.Order{ID: Order, Item: "000BOX", Revision: "B", Quantity: Qty("100", "EA"),
		Operations: []plant.Operation{{ID: "0010", WorkCenter: "WC-1"}, {ID: "0020", WorkCenter: "WC-2"}},
		Components: []plant.Component{{Material: "000PLATE", Operation: "0010", Quantity: Qty("250", "KG")}}}}
}

// Changed is version v of the order.
func Changed(v int, quantity string) plant.OrderChanged {
	return plant.OrderChanged{Order: Order, Version: v, Quantity: Qty(quantity, "EA"), Priority: v}
}

// Held puts a lot on hold.
func Held(lot plant.LotID, c plant.CaseID) plant.LotHeld {
	return plant.LotHeld{Lot: lot, Material: "000PLATE", Case: c, Reason: "surface cracks"}
}

// Decided ends a case.
func Decided(lot plant.LotID, c plant.CaseID, d plant.Decision) plant.LotDecided {
	return plant.LotDecided{Lot: lot, Material: "000PLATE", Case: c, Decision: d}
}

// Shipped takes goods of a lot out of the ERP's stock.
func Shipped(lot plant.LotID) plant.Shipped {
	return plant.Shipped{Lot: lot, Material: "000PLATE", Counter: 1, Quantity: Qty("5", "KG")}
}

// Shift is a journal of a sound SUT in which something of everything happens:
// orders and changes, starts, confirmations in two units, consumption, scrap,
// receipt, hold and decision, a lost reply, throttling, an invalid lot, a
// partly posted batch, tokens, a new version of a material, hours worked, and
// a second order made from the goods of the first.
func Shift() *Run {
	r := New()
	r.HandOut()
	r.Plan.Hygiene.Demanded = true
	r.CutOver("file", "api", "do cutover")
	r.By("file")
	r.Watch(26, nil) // a long baseline: nothing else in the shift takes so long
	r.Step("play")
	r.Token("erp")
	r.Do(Released())
	r.Do(Changed(2, "90"))
	r.Do(plant.OperationStarted{Order: Order, Operation: "0010", WorkCenter: "WC-1", Operator: "P-1"})
	for i, q := range []string{"5.013", "7.041", "0", "3.207"} {
		r.Do(Confirmed(i+1, q))
	}
	r.Do(Consumed(1, "12.5", "KG"))
	r.Do(Consumed(2, "750", "G"))
	r.Do(plant.Scrapped{Order: Order, Operation: "0010", Counter: 1, Material: "000PLATE", Lot: "L-7", Quantity: Qty("0.25", "KG"), Reason: "BROKEN"})
	r.lostReply()
	r.throttled()
	r.Step("do cutover")
	r.By("api")
	r.invalidLot()
	r.batch()
	r.Do(Used(Next, "000PLATE", "L-8", "3", "KG"))
	r.Do(Held("L-8", "Q-1"))
	r.Do(Decided("L-8", "Q-1", plant.DecideRelease))
	r.Do(plant.Received{Order: Order, Counter: 1, Material: "000BOX", Lot: "FG-1", Quantity: Qty("15.261", "EA"), Serials: []plant.SerialID{"S-1", "S-2"}})
	r.Self("erp", Shipped("L-8"))
	r.morrow()
	r.Step("heal")
	r.Step("settle")
	r.Wait(time.Second)
	r.closing("erp", stock("000PLATE", "L-7", "986.5"), stock("000PLATE", "L-8", "42"))
	r.closing("mes", stock("000PLATE", "L-7", "984.75"), stock("000PLATE", "L-8", "47"))
	r.ShowOEE("mes", "WC-2")
	return r
}

// Books has a system show its order and stock at the end.
func (r *Run) Books(endpoint string, o evidence.OrderBook, stock ...evidence.StockBook) {
	o.Order, o.Item = Order, "000BOX"
	r.Add(evidence.Snapshot{Endpoint: endpoint, Orders: []evidence.OrderBook{o}, Stock: stock})
}

func stock(material plant.ItemID, lot plant.LotID, quantity string) evidence.StockBook {
	return evidence.StockBook{Material: material, Lot: lot, Status: plant.LotUnrestricted, Quantity: plant.MustDecimal(quantity)}
}

func (r *Run) lostReply() {
	r.Fault("ack-lost", "ambiguous-commit", "erp")
	e := r.Happen(Confirmed(5, "2.119"))
	r.Strike("ack-lost", "ambiguous-commit", "erp", e, "acted, reply lost (reset)")
	r.Send(Sending{Heard: simulators.Result{Outcome: simulators.Unknown}, Faults: []string{"ack-lost"}}, e)
	r.Wait(100 * time.Millisecond)
	r.Send(Sending{Acted: simulators.Result{Outcome: simulators.Repeated, Status: 200}}, e)
	r.Heal("ack-lost", "ambiguous-commit", "erp")
}

func (r *Run) throttled() {
	r.Fault("busy", "throttle", "erp")
	e := r.Happen(Confirmed(6, "4.403"))
	r.Strike("busy", "throttle", "erp", e, "answered 429")
	r.Send(Sending{Acted: simulators.Result{Outcome: simulators.Undelivered}, Faults: []string{"busy"},
		Heard: simulators.Result{Outcome: simulators.Throttled, Status: 429, RetryAfter: time.Second, Class: simulators.Technical}}, e)
	r.Wait(1100 * time.Millisecond)
	r.Post(e)
	r.Heal("busy", "throttle", "erp")
}

func (r *Run) invalidLot() {
	r.Fault("bad-lot", "invalid-lot", "mes")
	e := r.Truth(Consumed(3, "1.75", "KG"))
	r.Spoil("bad-lot", "invalid-lot", "mes", e)
	r.Offer(simulators.Applied, e)
	claim := e
	bad := Consumed(3, "1.75", "KG")
	bad.Lot = "NO-SUCH-LOT"
	claim.Fact = bad
	no := simulators.Result{Outcome: simulators.Refused, Class: simulators.DataQuality, Code: "lot-unknown", Status: 422}
	r.Send(Sending{Acted: no}, claim)
	r.Surface(e, simulators.DataQuality)
	r.Heal("bad-lot", "invalid-lot", "mes")
}

func (r *Run) batch() {
	a, b := r.Happen(Confirmed(7, "6.301")), r.Happen(Confirmed(8, "1.877"))
	ok, locked := simulators.Result{Outcome: simulators.Applied, Status: 201}, simulators.Result{Outcome: simulators.Locked, Status: 423, Class: simulators.Technical}
	r.Send(Sending{Key: "batch-1", Acted: simulators.Result{Outcome: simulators.Partly, Status: 207, Items: []simulators.Result{ok, locked}}}, a, b)
	r.Wait(50 * time.Millisecond)
	r.Send(Sending{Key: "row-8"}, b)
}
