package load

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Story is what the MES of a plant has to announce: the plant is played ahead,
// in its own time, and what happens in it is told by flow, in the order in which
// it happened. A load tells the story again and again: in each round counters go
// on where the last has ended. It does not change, and may be shared.
type Story struct {
	// Told says which plant it is and what happens in it.
	Told string

	facts   [flowKinds][]plant.Fact
	steps   [flowKinds][]int // by how much the counter of each is higher in the next round
	orders  []plant.Order
	items   map[plant.ItemID]plant.Item
	counted map[counting]*counted
}

// counting is what facts are counted by.
type counting struct {
	flow      int
	order     plant.OrderID
	operation plant.OperationID
}

// counted are the facts of one counter, one after another.
type counted struct {
	from  int   // the first has this number
	facts []int // places in the story
}

// MostOrders is how many orders a story has at most.
const MostOrders = 2000

// mostMoments bounds how often a plant is asked what is next; one that waits for
// something that never comes ends somewhere.
const mostMoments = 50_000_000

// PlayRig plays the plant of a rig file for so many orders; of a recorded log no
// more than it has. Seed is that of the plant.
func PlayRig(f harness.File, seed uint64, orders int) (*Story, error) {
	c := plant.Config{Profile: f.Plant.Profile, Zone: f.Plant.Zone, Seed: seed, Orders: orders, Open: -1}
	told := fmt.Sprintf("%s, seed %d", cmp.Or(f.Plant.Profile, "machine-shop"), seed)
	if t := f.Plant.Trace; t != nil {
		trace, _, err := harness.LoadTrace(*t)
		if err != nil {
			return nil, err
		}
		c.Trace, told = trace, "trace "+t.CSV
	}
	return Play(c, told)
}

// Play plays a plant ahead. Told says which it is.
func Play(c plant.Config, told string) (*Story, error) {
	if c.Orders < 1 || c.Orders > MostOrders {
		return nil, fmt.Errorf("%d orders: a load is about 1 to %d of them", c.Orders, MostOrders)
	}
	floor, err := plant.New(c)
	if err != nil {
		return nil, err
	}
	m := floor.Master()
	s := &Story{items: map[plant.ItemID]plant.Item{}, counted: map[counting]*counted{}, orders: slices.Clone(m.Open)}
	for _, i := range m.Items {
		s.items[i.ID] = i
	}
	quality := onHold{}
	for range mostMoments {
		if _, ok := floor.Next(); !ok {
			break
		}
		for _, e := range floor.Advance(quality) {
			quality.see(e.Fact)
			s.happened(e.Fact)
		}
	}
	if len(s.facts[ofConfirmations]) == 0 {
		return nil, fmt.Errorf("nothing is confirmed in the plant (%s)", told)
	}
	s.unheld()
	if err := s.count(); err != nil {
		return nil, fmt.Errorf("%s: %w", told, err)
	}
	s.Told = fmt.Sprintf("%s, %d orders", told, len(s.orders))
	for flow, facts := range s.facts {
		s.Told += fmt.Sprintf(", %d %s", len(facts), Flows[flow])
	}
	return s, nil
}

// TellsAs reports whether both say the same of the same plant.
func (w *Wording) TellsAs(o *Wording) bool {
	return w.story == o.story || w.story != nil && o.story != nil && reflect.DeepEqual(w.story.facts, o.story.facts)
}

// happened adds what the MES announces of a fact, if that is of a flow.
func (s *Story) happened(f plant.Fact) {
	switch f := f.(type) {
	case plant.OrderReleased:
		s.orders = append(s.orders, f.Order)
	case plant.Confirmed:
		s.facts[ofConfirmations] = append(s.facts[ofConfirmations], timeless(f))
	case plant.Consumed:
		s.facts[ofConsumptions] = append(s.facts[ofConsumptions], f)
	case plant.Scrapped:
		s.facts[ofScraps] = append(s.facts[ofScraps], f)
	case plant.LotHeld:
		s.facts[ofHolds] = append(s.facts[ofHolds], f)
	}
}

// timeless is a confirmation without its times, which are not those of the load.
// One that states nothing else keeps its hours, or it would state nothing.
func timeless(f plant.Confirmed) plant.Confirmed {
	f.Start, f.End = time.Time{}, time.Time{}
	if f.Yield.Amount != 0 || f.Scrap.Amount != 0 || f.Rework.Amount != 0 {
		f.Labor = 0
	}
	return f
}

// unheld leaves out holds of lots that the plant takes from again once somebody
// has decided on them: in a load nobody does, and a build may rightly wait.
func (s *Story) unheld() {
	taken := map[plant.LotID]bool{}
	for _, flow := range []int{ofConsumptions, ofScraps} {
		for _, f := range s.facts[flow] {
			taken[f.Keys().Lot] = true
		}
	}
	s.facts[ofHolds] = slices.DeleteFunc(s.facts[ofHolds], func(f plant.Fact) bool { return taken[f.Keys().Lot] })
}

// count finds out how counters go on.
func (s *Story) count() error {
	for flow, facts := range s.facts {
		s.steps[flow] = make([]int, len(facts))
		for i, f := range facts {
			k := f.Keys()
			if flow == ofHolds { // cases are numbered by the round
				s.steps[flow][i] = 1
				continue
			}
			by := counting{flow, k.Order, k.Operation}
			c := s.counted[by]
			if c == nil {
				c = &counted{from: k.Counter}
				s.counted[by] = c
			}
			if k.Counter != c.from+len(c.facts) {
				return fmt.Errorf("a %s of order %s operation %s has counter %d, and not %d", f.Kind(), k.Order, k.Operation, k.Counter, c.from+len(c.facts))
			}
			c.facts = append(c.facts, i)
		}
	}
	for by, c := range s.counted {
		for _, i := range c.facts {
			s.steps[by.flow][i] = len(c.facts)
		}
	}
	return nil
}

// counter is the number of a fact in the first round.
func (s *Story) counter(flow, i int) int {
	if flow == ofHolds {
		return 1
	}
	return s.facts[flow][i].Keys().Counter
}

// fact is fact i of a flow when its counter is at n.
func (s *Story) fact(flow, i, n int) plant.Fact {
	switch f := s.facts[flow][i].(type) {
	case plant.Confirmed:
		f.Counter = n
		return f
	case plant.Consumed:
		f.Counter = n
		return f
	case plant.Scrapped:
		f.Counter = n
		return f
	case plant.LotHeld:
		f.Case = plant.CaseID(fmt.Sprintf("%s-%d", f.Case, n))
		return f
	}
	return nil
}

// place is where in a flow, told again and again, the fact with these keys is;
// false if the story has no such fact.
func (s *Story) place(flow int, k plant.Keys) (nth uint64, ok bool) {
	c := s.counted[counting{flow, k.Order, k.Operation}]
	if c == nil || k.Counter < c.from {
		return 0, false
	}
	n := k.Counter - c.from
	return uint64(n/len(c.facts))*uint64(len(s.facts[flow])) + uint64(c.facts[n%len(c.facts)]), true
}

// has refuses a mix with flows of which nothing is in the story.
func (s *Story) has(m Mix) error {
	var bad []error
	for _, share := range m {
		if len(s.facts[share.Flow.number()]) == 0 {
			bad = append(bad, fmt.Errorf("the plant has no %s in it (%s); leave them out of the mix, or have more orders played", share.Flow, s.Told))
		}
	}
	return errors.Join(bad...)
}

// base is a quantity of an item in the unit in which its stock is kept, where that
// can be said exactly.
func (s *Story) base(item plant.ItemID, q plant.Quantity) plant.Quantity {
	i, ok := s.items[item]
	if !ok || q.Unit == i.Unit {
		return q
	}
	f, ok := i.Factor(q.Unit)
	if !ok {
		return q
	}
	amount, exact, err := f.Apply(q.Amount)
	if err != nil || !exact {
		return q
	}
	return plant.Quantity{Amount: amount, Unit: i.Unit}
}

// onHold is what the floor sees of a MES that dispatches all orders and lets no lot
// be used while it is on hold.
type onHold map[plant.LotID]bool

var _ plant.View = onHold{}

// Dispatched implements [plant.View].
func (onHold) Dispatched(plant.OrderID) (version int, ok bool) { return 1, true }

// Quantity implements [plant.View].
func (onHold) Quantity(plant.OrderID) (plant.Decimal, bool) { return 0, false }

// Usable implements [plant.View].
func (h onHold) Usable(l plant.LotID) bool { return !h[l] }

func (h onHold) see(f plant.Fact) {
	switch f := f.(type) {
	case plant.LotHeld:
		h[f.Lot] = true
	case plant.LotDecided:
		if f.Decision.Lifts() {
			delete(h, f.Lot)
		}
	}
}
