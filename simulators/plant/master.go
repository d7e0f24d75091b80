package plant

import "time"

// Order is a production order as the ERP releases it: what to make, how much,
// by which routing and from which components, frozen at one revision.
type Order struct {
	ID         OrderID     `json:"id"`
	Item       ItemID      `json:"item"`
	Revision   string      `json:"revision"` // of item, bill of material and routing
	Quantity   Quantity    `json:"quantity"`
	Start      time.Time   `json:"start,omitzero"` // scheduled, plant time
	Due        time.Time   `json:"due,omitzero"`
	Priority   int         `json:"priority,omitempty"`
	Lot        LotID       `json:"lot,omitempty"` // lot its goods are received under
	Operations []Operation `json:"operations"`
	Components []Component `json:"components,omitempty"`
}

// Operation is one step of a routing.
type Operation struct {
	ID          OperationID   `json:"id"`
	Description string        `json:"description,omitempty"`
	WorkCenter  WorkCenterID  `json:"workCenter"`
	Setup       time.Duration `json:"setup,omitempty"`
	Cycle       time.Duration `json:"cycle,omitempty"` // planned time per piece
	Inspect     bool          `json:"inspect,omitempty"`
}

// Component is one line of a bill of material: Quantity is what the whole
// order needs at Operation.
type Component struct {
	Material  ItemID      `json:"material"`
	Operation OperationID `json:"operation"`
	Quantity  Quantity    `json:"quantity"`
}

// Item is a material definition.
type Item struct {
	ID          ItemID    `json:"id"`
	Description string    `json:"description,omitempty"`
	Revision    string    `json:"revision,omitempty"`
	Unit        Unit      `json:"unit"`            // base unit, in which stock is kept
	Units       []AltUnit `json:"units,omitempty"` // alternatives
	Decimals    int       `json:"decimals"`        // how finely it is measured, 0 to 6
	Lots        bool      `json:"lots,omitempty"`  // kept by lot
	Serials     bool      `json:"serials,omitempty"`
	Retired     bool      `json:"retired,omitempty"` // no order may be made of it any more
}

// AltUnit is an alternative unit of an item: 1 of it is Factor base units.
type AltUnit struct {
	Unit   Unit   `json:"unit"`
	Factor Factor `json:"factor"`
}

// Factor returns how many base units one of u is; false if i has no such unit.
func (i Item) Factor(u Unit) (Factor, bool) {
	if u == i.Unit {
		return Factor{1, 1}, true
	}
	for _, a := range i.Units {
		if a.Unit == u {
			return a.Factor, true
		}
	}
	return Factor{}, false
}

// LotStatus says what may be done with a lot.
type LotStatus string

// Statuses of a lot.
const (
	LotUnrestricted LotStatus = "unrestricted"
	LotBlocked      LotStatus = "blocked" // by a quality case
	LotScrapped     LotStatus = "scrapped"
)

// Lot is a quantity of one material that is traced together.
type Lot struct {
	ID       LotID     `json:"id"`
	Material ItemID    `json:"material"`
	Status   LotStatus `json:"status"`
	Quantity Decimal   `json:"quantity"`         // in base units
	Expires  time.Time `json:"expires,omitzero"` // the first moment it may not be used
}

// WorkCenter is a place where operations are done.
type WorkCenter struct {
	ID          WorkCenterID `json:"id"`
	Description string       `json:"description,omitempty"`
	Machines    []MachineID  `json:"machines,omitempty"`
	Manual      bool         `json:"manual,omitempty"`
	// Efficiency is how much of the standard pace is reached, in percent, as
	// planning reckons; 0 means not said. The floor works at its own.
	Efficiency int `json:"efficiency,omitempty"`
}

// Person works in the plant.
type Person struct {
	ID   PersonID `json:"id"`
	Name string   `json:"name"`
}

// Master is what ERP and MES know before a run begins: master data, opening
// stock and the orders that are already under way.
type Master struct {
	Site        string       `json:"site"`
	Zone        string       `json:"zone"` // IANA name
	Shifts      []Shift      `json:"shifts,omitempty"`
	Items       []Item       `json:"items"`
	Bills       []Bill       `json:"bills,omitempty"`    // of the items that are made here
	Routings    []Routing    `json:"routings,omitempty"` // likewise
	WorkCenters []WorkCenter `json:"workCenters"`
	People      []Person     `json:"people"`
	Reasons     []string     `json:"reasons"` // codes for scrap and rework
	Lots        []Lot        `json:"lots"`
	// Open orders were released before the run and are known to both systems.
	Open []Order `json:"open,omitempty"`
	// Opening tells how far the open orders are: one entry for each of their
	// operations that was begun.
	Opening []Progress `json:"opening,omitempty"`
	// PeriodOpens is the start of the open posting period: nothing may be
	// posted on an earlier instant.
	PeriodOpens time.Time `json:"periodOpens,omitzero"`
}

// Item returns the definition of id.
func (m *Master) Item(id ItemID) (Item, bool) {
	for _, i := range m.Items {
		if i.ID == id {
			return i, true
		}
	}
	return Item{}, false
}

// Progress is how far one operation of an open order was before the run began,
// in both systems' books. Lots in [Master] are net of what was consumed.
type Progress struct {
	Order     OrderID     `json:"order"`
	Operation OperationID `json:"operation"`
	// Confirmations is the last counter used; further ones follow on it.
	Confirmations int        `json:"confirmations,omitempty"`
	Yield         Quantity   `json:"yield"`
	Scrap         Quantity   `json:"scrap,omitzero"`
	Final         bool       `json:"final,omitempty"`
	Consumed      []Consumed `json:"consumed,omitempty"`
}
