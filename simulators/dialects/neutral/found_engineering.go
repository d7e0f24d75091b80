package neutral

import (
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// billJSON is a bill of material: what "for" of an item needs.
type billJSON struct {
	ID         plant.ItemID    `json:"id"` // of the item
	Revision   string          `json:"revision,omitempty"`
	For        plant.Decimal   `json:"for"`
	Unit       plant.Unit      `json:"unit"`
	Components []componentJSON `json:"components"`
	Version    int             `json:"version,omitempty"` // in lists, of what changed in the run
	Changed    time.Time       `json:"changed,omitzero"`  // likewise
}

type componentJSON struct {
	Material  plant.ItemID      `json:"material"`
	Operation plant.OperationID `json:"operation"`
	Quantity  plant.Decimal     `json:"quantity"`
	Unit      plant.Unit        `json:"unit"`
}

func billView(b simulators.BillState) billJSON {
	v := billJSON{ID: b.Bill.Item, Revision: b.Bill.Revision, For: b.Bill.For.Amount, Unit: b.Bill.For.Unit, Components: []componentJSON{}, Version: b.Version, Changed: b.Changed}
	for _, c := range b.Bill.Components {
		v.Components = append(v.Components, componentJSON{c.Material, c.Operation, c.Quantity.Amount, c.Quantity.Unit})
	}
	return v
}

// routingJSON is the standard routing of an item. Times are ISO 8601.
type routingJSON struct {
	ID         plant.ItemID `json:"id"` // of the item
	Revision   string       `json:"revision,omitempty"`
	Operations []stepJSON   `json:"operations"`
	Version    int          `json:"version,omitempty"`
	Changed    time.Time    `json:"changed,omitzero"`
}

type stepJSON struct {
	ID          plant.OperationID  `json:"id"`
	Description string             `json:"description,omitempty"`
	WorkCenter  plant.WorkCenterID `json:"workCenter"`
	Setup       string             `json:"setup,omitempty"`
	Cycle       string             `json:"cycle,omitempty"`
	Inspect     bool               `json:"inspect,omitempty"`
}

func routingView(r simulators.RoutingState) routingJSON {
	v := routingJSON{ID: r.Routing.Item, Revision: r.Routing.Revision, Operations: []stepJSON{}, Version: r.Version, Changed: r.Changed}
	for _, o := range r.Routing.Operations {
		step := stepJSON{ID: o.ID, Description: o.Description, WorkCenter: o.WorkCenter, Inspect: o.Inspect}
		if o.Setup > 0 {
			step.Setup = duration(o.Setup)
		}
		if o.Cycle > 0 {
			step.Cycle = duration(o.Cycle)
		}
		v.Operations = append(v.Operations, step)
	}
	return v
}

type centerJSON struct {
	ID          plant.WorkCenterID `json:"id"`
	Description string             `json:"description,omitempty"`
	Manual      bool               `json:"manual"`
	Machines    []plant.MachineID  `json:"machines"`
	Efficiency  int                `json:"efficiency,omitempty"` // percent
	Version     int                `json:"version,omitempty"`
	Changed     time.Time          `json:"changed,omitzero"`
}

func centerView(c simulators.CenterState) centerJSON {
	w := c.WorkCenter
	return centerJSON{w.ID, w.Description, w.Manual, append([]plant.MachineID{}, w.Machines...), w.Efficiency, c.Version, c.Changed}
}

// calendarJSON says when a site works: no shifts mean always. Times are those
// of the clocks of its zone, and a shift whose end is not after its start ends
// on the next day.
type calendarJSON struct {
	ID      string      `json:"id"`
	Zone    string      `json:"zone"`
	Shifts  []shiftJSON `json:"shifts"`
	Version int         `json:"version,omitempty"`
	Changed time.Time   `json:"changed,omitzero"`
}

type shiftJSON struct {
	Name  string         `json:"name"`
	Start plant.WallTime `json:"start"`
	End   plant.WallTime `json:"end"`
	Days  []string       `json:"days"` // on which it starts: "Mon"
}

func calendarView(f simulators.CalendarState) calendarJSON {
	c := f.Calendar
	v := calendarJSON{ID: c.ID, Zone: c.Zone, Shifts: []shiftJSON{}, Version: f.Version, Changed: f.Changed}
	for _, s := range c.Shifts {
		v.Shifts = append(v.Shifts, shiftJSON{s.Name, s.Start, s.End, s.Weekdays()})
	}
	return v
}
