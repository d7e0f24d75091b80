package mes

import (
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/books"
)

// Machine is what the books of the MES say of a machine. State returns it.
type Machine struct {
	Machine  plant.MachineID `json:"machine"`
	Count    int64           `json:"count"`    // what the counter showed last
	Readings int             `json:"readings"` // number of the newest reading
	Pieces   plant.Decimal   `json:"pieces"`   // made since the first reading
	State    string          `json:"state"`    // MTConnect execution; "" if nobody has said
	Changes  int             `json:"changes"`  // number of the newest change of state
	last     plant.MachineCounted
}

// read books a reading. A sender that says how many pieces it makes of it is
// believed; for others the MES looks at its newest reading, knows of rollover
// and resets, and counts nothing for a reading that was overtaken: the newer
// one has counted its pieces.
func (t teller) read(f plant.MachineCounted) (plant.Quantity, *simulators.Refusal) {
	m, refusal := t.machine(f.Machine)
	if refusal != nil {
		return plant.Quantity{}, refusal
	}
	pieces := f.Pieces
	if pieces == (plant.Quantity{}) {
		pieces = plant.Quantity{Amount: plant.Whole(m.since(f)), Unit: "EA"}
	}
	m.Pieces = m.Pieces.Add(pieces.Amount)
	if f.Counter > m.last.Counter {
		m.last, m.Count, m.Readings = f, f.Count, f.Counter
	}
	return pieces, nil
}

// since is how many pieces f adds to what is known.
func (m *Machine) since(f plant.MachineCounted) int64 {
	switch {
	case m.last.Counter == 0 || f.Counter < m.last.Counter:
		return 0
	case f.Modulo == 0 && f.Count < m.last.Count: // who does not say how far it counts is taken to have begun again
		return f.Count
	}
	return f.Since(m.last)
}

// turn books a change of state; one that was overtaken changes nothing.
func (t teller) turn(f plant.MachineChanged) *simulators.Refusal {
	m, refusal := t.machine(f.Machine)
	if refusal == nil && f.Counter > m.Changes {
		m.State, m.Changes = f.State, f.Counter
	}
	return refusal
}

func (t teller) machine(id plant.MachineID) (*Machine, *simulators.Refusal) {
	if m := t.machines.Get(id); m != nil {
		return m, nil
	}
	return nil, books.Refuse(books.MachineUnknown, "machine %q is not known", id)
}

func (m *Machine) clone() *Machine {
	c := *m
	return &c
}
