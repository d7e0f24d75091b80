// Package machine plays machines that count pieces: raw counters that only a
// reader who knows their width and their resets can make quantities of, and
// states that change for a reason or for none.
//
// It knows nothing of orders beyond what makes its counters turn.
package machine

import (
	"sync"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/books"
)

// Options are what differs from one machine to another.
type Options struct {
	// WorkCenter limits it to the machines of one work center; empty means
	// all work centers that have machines.
	WorkCenter plant.WorkCenterID
	// Bits is the width of the counters; New sets 16. At most 62.
	Bits int
	// ResetEvery makes a counter start again from 0 before every n-th
	// reading, as after a power cycle; 0 means never.
	ResetEvery int
	// Worn has counters stand a few pieces before they roll over, as one of a
	// machine that has run for years may, instead of at 0.
	Worn bool
	// Stops has the machine stand still now and then while it works.
	Stops bool
}

// Machine is the counting machines of a plant. It is safe for concurrent use.
type Machine struct {
	options Options
	centers map[plant.WorkCenterID][]plant.MachineID // read only

	mu       sync.Mutex // guards what the counters show
	counters map[plant.MachineID]*Counter
}

// Counter is what one machine shows.
type Counter struct {
	Machine  plant.MachineID `json:"machine"`
	Count    int64           `json:"count"`    // what the counter shows
	Resets   int             `json:"resets"`   // how often it was set back to 0
	Readings int             `json:"readings"` // how often it was read
	Changes  int             `json:"changes"`  // how often the state changed
	State    string          `json:"state"`    // MTConnect execution
	Total    int64           `json:"total"`    // pieces since the beginning; nobody can read that off
	part     plant.Decimal   // of a piece, not counted yet
	last     time.Time       // of its last change: a machine does one thing after the other
}

var (
	_ simulators.System = (*Machine)(nil)
	_ simulators.Source = (*Machine)(nil)
)

// New returns the machines of m; set may change how they count.
func New(m plant.Master, set ...func(*Options)) *Machine {
	c := &Machine{options: Options{Bits: 16}, centers: map[plant.WorkCenterID][]plant.MachineID{}, counters: map[plant.MachineID]*Counter{}}
	for _, s := range set {
		s(&c.options)
	}
	c.options.Bits = min(max(c.options.Bits, 1), 62)
	for _, w := range m.WorkCenters {
		if w.Manual || (c.options.WorkCenter != "" && c.options.WorkCenter != w.ID) {
			continue
		}
		c.centers[w.ID] = w.Machines
		for _, id := range w.Machines {
			c.counters[id] = &Counter{Machine: id, Count: c.opening(id), State: "READY"}
		}
	}
	return c
}

// size is how many values a counter can show.
func (m *Machine) size() int64 { return int64(1) << m.options.Bits }

// opening is where a counter stands before anything is made.
func (m *Machine) opening(id plant.MachineID) int64 {
	if !m.options.Worn {
		return 0
	}
	return max(m.size()-1-int64(books.Spread(string(id), 20)), 0)
}

// Follow implements [simulators.Source]: a confirmation on a work center shows
// what one of its machines did meanwhile. It became active, stood still if it
// did, counted all pieces, good or bad, and was ready again.
func (m *Machine) Follow(e plant.Event) []plant.Event {
	f, ok := e.Fact.(plant.Confirmed)
	machines := m.centers[f.WorkCenter]
	if !ok || len(machines) == 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.counters[pick(machines, f)]
	start, end := c.span(f, e.At)
	var events []plant.Event
	if c.Readings == 0 {
		events = append(events, m.read(c, start))
	}
	events = append(events, c.change("ACTIVE", start))
	if m.options.Stops {
		if from, to, ok := longest(e.ID, start, end); ok {
			events = append(events, c.change("INTERRUPTED", from), c.change("ACTIVE", to))
		}
	}
	events = append(events, m.count(c, f.Yield.Amount.Add(f.Scrap.Amount).Add(f.Rework.Amount), end)...)
	return append(events, c.change("READY", end))
}

// span is when the machine worked: as the booking says, as far as that can be.
// People book late, and write down times at which the machine did something
// else.
func (c *Counter) span(f plant.Confirmed, booked time.Time) (start, end time.Time) {
	start, end = f.Start, f.End
	if end.IsZero() || end.After(booked) {
		end = booked
	}
	if end.Before(c.last) {
		end = c.last
	}
	if start.IsZero() || start.After(end) {
		start = end
	}
	if start.Before(c.last) {
		start = c.last
	}
	return start, end
}

// Notice implements [simulators.System]: machines announce what they show.
func (m *Machine) Notice(e plant.Event) []plant.Event {
	switch e.Fact.(type) {
	case plant.MachineCounted, plant.MachineChanged:
	default:
		return nil
	}
	if m.counters[e.Fact.Keys().Machine] == nil { // the map itself never changes
		return nil
	}
	return []plant.Event{e}
}

// pick chooses the machine an operation of an order runs on, always the same.
func pick(machines []plant.MachineID, f plant.Confirmed) plant.MachineID {
	return machines[books.Spread(string(f.Order)+"/"+string(f.Operation), len(machines))]
}

// count adds pieces and reads the counter. A counter that is read so rarely
// that it could have gone round unnoticed would tell nothing, so many pieces
// take several readings.
func (m *Machine) count(c *Counter, pieces plant.Decimal, at time.Time) []plant.Event {
	pieces = max(pieces, 0).Add(c.part)
	whole := int64(pieces / plant.One)
	c.part = pieces % plant.One
	c.Total += whole
	most := max(m.size()/2, 1)
	var events []plant.Event
	for first := true; first || whole > 0; first = false {
		step := min(whole, most)
		whole -= step
		if n := m.options.ResetEvery; n > 0 && (c.Readings+1)%n == 0 {
			c.Count = 0
			c.Resets++
		}
		c.Count = (c.Count + step) % m.size()
		events = append(events, m.read(c, at))
	}
	return events
}

// read is a reading of the counter.
func (m *Machine) read(c *Counter, at time.Time) plant.Event {
	c.Readings++
	c.last = at
	return event(at, plant.MachineCounted{Machine: c.Machine, Counter: c.Readings, Count: c.Count, Modulo: m.size(), Resets: c.Resets})
}

func (c *Counter) change(state string, at time.Time) plant.Event {
	c.State, c.last = state, at
	c.Changes++
	return event(at, plant.MachineChanged{Machine: c.Machine, Counter: c.Changes, State: state})
}

func event(at time.Time, f plant.Fact) plant.Event {
	return plant.Event{ID: plant.EventID(plant.Natural(f)), At: at, Fact: f}
}

// Handle refuses everything: a counting machine takes no orders.
func (m *Machine) Handle(a simulators.Ask, _ func(simulators.Posting)) simulators.Answer {
	if a.Query != nil {
		return simulators.Answer{Refusal: books.Refuse(books.QueryUnknown, "a counting machine answers no questions")}
	}
	return simulators.Answer{Refusal: books.Refuse(books.KindNotTaken, "a counting machine takes no messages")}
}

// State returns the Counter of a "machine", or nil.
func (m *Machine) State(object, id string) any {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.counters[plant.MachineID(id)]; c != nil && object == "machine" {
		return *c
	}
	return nil
}
