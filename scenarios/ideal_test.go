package scenarios

import (
	"slices"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/machine"
)

// An ideal run plays a scenario on a real plant whose two systems learn of
// everything at once, as if a perfect integration stood between them, and
// writes the journal of it. It is how scenarios are tested without one.
type ideal struct {
	t        *testing.T
	s        Scenario
	floor    plant.Floor
	line     *Timeline
	start    time.Time
	now      Instant
	records  []evidence.Record
	mes      map[plant.OrderID]plant.Decimal
	blocked  map[plant.LotID]bool
	waiting  []string // faults that have not struck yet
	left     []string
	lose     func(plant.Event) bool // facts that never reach the other system
	attempts bool
	machines *machine.Machine // nil if they are not read
}

func (r *ideal) Dispatched(id plant.OrderID) (int, bool) { _, ok := r.mes[id]; return 1, ok }
func (r *ideal) Quantity(id plant.OrderID) (plant.Decimal, bool) {
	q, ok := r.mes[id]
	return q, ok
}
func (r *ideal) Usable(id plant.LotID) bool { return !r.blocked[id] }

// playIdeal plays s; lose names facts the integration loses, nil none.
func playIdeal(t *testing.T, s Scenario, lose func(plant.Event) bool) *ideal {
	t.Helper()
	start := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	cfg := s.PlantConfig(plant.Config{Start: start, Shift: 8 * time.Hour, Run: "4711"})
	counts := cfg.Counts
	cfg.Counts = false // the machines count
	floor, err := plant.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := &ideal{t: t, s: s, floor: floor, start: start, mes: map[plant.OrderID]plant.Decimal{}, blocked: map[plant.LotID]bool{}, lose: lose}
	for _, o := range floor.Master().Open {
		r.mes[o.ID] = o.Quantity.Amount
	}
	r.now = Instant{Plant: start}
	m := floor.Master()
	if counts {
		r.machines = machine.New(m)
	}
	r.write(evidence.Begin{Plan: evidence.Plan{Items: m.Items, Lots: m.Lots, Expect: s.ExpectJSON(), Endpoints: map[string]evidence.Endpoint{
		"erp": {System: "erp"}, "mes": {System: "mes"}, "machines": {System: "machine"},
	}}})
	r.write(evidence.Step{Name: "play"})
	r.line = NewTimeline(s, r.now)
	r.play()
	r.write(evidence.Step{Name: "heal"})
	r.write(evidence.End{Quiet: true})
	return r
}

func (r *ideal) play() {
	r.act(r.line.Due(r.now))
	for {
		next, ok := r.floor.Next()
		if at, due := r.line.NextAt(); due && (!ok || at.Before(next)) {
			next, ok = at, true
		}
		if !ok {
			wall, due := r.line.NextWall()
			if !due {
				break
			}
			r.now.Wall = max(r.now.Wall, wall)
			r.act(r.line.Due(r.now))
			continue
		}
		if next.After(r.now.Plant) {
			r.now.Plant = next
		}
		r.now.Wall += 10 * time.Millisecond
		r.act(r.line.Due(r.now))
		if at, due := r.floor.Next(); due && !at.After(r.now.Plant) {
			r.happen(r.floor.Advance(r))
		}
	}
	ending := r.line.End(r.now)
	r.left = r.line.Left()
	r.act(ending)
}

func (r *ideal) write(b evidence.Body) {
	r.records = append(r.records, evidence.Record{Seq: uint64(len(r.records) + 1), At: r.now.Wall, Plant: r.now.Plant, Body: b})
}

var flows = map[plant.Kind][2]string{
	plant.KindOrderReleased: {"erp", "mes"}, plant.KindOrderChanged: {"erp", "mes"}, plant.KindOrderCancelled: {"erp", "mes"},
	plant.KindLotDecided: {"erp", "mes"}, plant.KindItemChanged: {"erp", "mes"}, plant.KindBillChanged: {"erp", "mes"}, plant.KindRoutingChanged: {"erp", "mes"}, plant.KindCenterChanged: {"erp", "mes"}, plant.KindCalendarChanged: {"erp", "mes"}, plant.KindShipment: {"erp", ""},
	plant.KindMachineCount: {"machines", "mes"}, plant.KindMachineState: {"machines", "mes"},
}

func (r *ideal) happen(events []plant.Event) {
	for _, e := range events {
		way, ok := flows[e.Fact.Kind()]
		if !ok {
			way = [2]string{"mes", "erp"}
		}
		r.write(evidence.Truth{Event: e, Source: way[0], Sink: way[1]})
		if r.lose == nil || !r.lose(e) {
			r.arrive(e, way[1])
		}
		for _, id := range r.waiting {
			r.write(evidence.Disturbance{Fault: id, Phase: evidence.Struck})
			r.write(evidence.Surface{Class: simulators.DataQuality, Kind: plant.KindConsumption, Keys: plant.Keys{Lot: "X-1"}})
		}
		r.waiting = nil
		r.act(r.line.See(e, r.now))
		if r.machines != nil {
			r.happen(r.machines.Follow(e))
		}
	}
}

func (r *ideal) arrive(e plant.Event, sink string) {
	switch f := e.Fact.(type) {
	case plant.OrderReleased:
		r.mes[f.Order.ID] = f.Order.Quantity.Amount
	case plant.LotHeld:
		r.blocked[f.Lot] = true
	case plant.LotDecided:
		r.blocked[f.Lot] = !f.Decision.Lifts()
	}
	if sink == "" {
		return
	}
	if !r.attempts { // as if the endpoint had refused, then throttled, once
		r.attempts = true
		r.write(evidence.Attempt{Endpoint: "erp", Acted: simulators.Result{Outcome: simulators.Locked}})
		r.write(evidence.Attempt{Endpoint: "erp", Acted: simulators.Result{Outcome: simulators.Throttled}})
	}
	r.write(evidence.Effect{Endpoint: sink, Posting: simulators.Posting{Claim: e}})
}

func (r *ideal) act(actions []Action) {
	for _, a := range actions {
		r.write(evidence.Step{Name: "do " + a.Do, Ref: a.As, Args: a.Args()})
		switch {
		case a.IsPlants():
			events, err := r.floor.Do(a.Plant())
			if err != nil {
				r.t.Fatalf("%s: %v", a.Pos, err)
			}
			r.happen(events)
		case a.Do == DoArm:
			r.waiting = append(r.waiting, a.Fault)
		case a.Do == DoRecall:
			r.write(evidence.Probe{Endpoint: "erp", Name: "recall", Ref: a.As, Keys: plant.Keys{Lot: a.Lot}, Lots: []plant.LotID{"SEMI", "FINISHED", "ALSO"}})
		case a.Do == DoShip:
			outcome := simulators.Applied
			if r.blocked[a.Lot] {
				outcome = simulators.Refused
			}
			r.write(evidence.Probe{Endpoint: "erp", Name: "ship", Ref: a.As, Keys: plant.Keys{Lot: a.Lot}, Result: simulators.Result{Outcome: outcome}})
		}
	}
}

func (r *ideal) judge() []evidence.Finding {
	r.t.Helper()
	j, err := ExpectationsFrom(r.s.ExpectJSON())
	if err != nil {
		r.t.Fatal(err)
	}
	return j.Judge(evidence.NewHistory(r.records))
}

// A scenario of the library must be playable, reach its floor, have every
// step happen, and be met by an integration without fault, at its own seed and
// at others.
func TestLibraryIsMetByAnIdealIntegration(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		for _, seed := range []uint64{0, 1, 2, 3, 99} {
			own := seed == 0
			if !own {
				s.Seed = seed
			}
			r := playIdeal(t, s, nil)
			if len(r.left) > 0 {
				t.Errorf("%s seed %d: steps that never happened: %q", s.Metadata.ID, s.Seed, r.left)
			}
			for kind, want := range s.Floor {
				if got := countKind(r.records, kind); got < want {
					t.Errorf("%s seed %d: floor of %s is %d, only %d happened", s.Metadata.ID, s.Seed, kind, want, got)
				}
			}
			for _, f := range r.judge() {
				if f.Verdict != evidence.Holds {
					t.Errorf("%s seed %d %s: %s: %s\n%s\n%s", s.Metadata.ID, s.Seed, f.ID, f.Verdict, f.Expected, f.Got, f.Text)
				}
			}
			if own {
				t.Logf("%s: %d records, %d confirmations", s.Metadata.ID, len(r.records), countKind(r.records, plant.KindConfirmation))
			}
		}
	}
}

func countKind(records []evidence.Record, k plant.Kind) (n int) {
	for _, r := range records {
		if t, ok := r.Body.(evidence.Truth); ok && t.Event.Fact.Kind() == k {
			n++
		}
	}
	return n
}

// An integration that loses what a scenario is about must break one of the
// scenario's own expectations, where it has expectations about that.
func TestLibraryBlamesALossyIntegration(t *testing.T) {
	for id, kind := range map[string]plant.Kind{
		"ORD-01": plant.KindOrderReleased, "ORD-02": plant.KindOrderReleased, "EXE-01": plant.KindOperationStarted,
		"CNF-01": plant.KindConfirmation, "CNF-02": plant.KindConfirmation, "CNF-03": plant.KindConfirmation, "LOT-01": plant.KindConfirmation,
		"QUA-01": plant.KindLotHeld, "QUA-02": plant.KindLotDecided, "NET-01": plant.KindConfirmation, "NET-03": plant.KindConfirmation,
		"THR-01": plant.KindConfirmation, "DUP-01": plant.KindConfirmation, "DUP-06": plant.KindConfirmation, "SEC-01": plant.KindConfirmation,
		"CNF-07": plant.KindMachineState, "MCH-01": plant.KindMachineCount,
	} {
		found, err := Find(id)
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		r := playIdeal(t, found[0], func(e plant.Event) bool {
			if e.Fact.Kind() == kind {
				seen++
			}
			c, isConfirmation := e.Fact.(plant.Confirmed)
			worth := !isConfirmation || c.Yield.Amount > 0
			return e.Fact.Kind() == kind && worth && (kind != plant.KindConfirmation || seen >= 4)
		})
		if !slices.ContainsFunc(r.judge(), func(f evidence.Finding) bool { return f.Verdict == evidence.Violated }) {
			t.Errorf("%s: %s lost and nothing violated: %+v", id, kind, r.judge())
		}
	}
}
