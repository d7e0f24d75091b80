package erp

import (
	"math"
	"slices"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/books"
)

// state is where an order stands. It only moves forward, but for a confirmation
// that is taken back.
type state int

const (
	ready state = iota
	running
	completed // the last operation is finally confirmed
	closed
	cancelled
)

// String spells a state as B2MML does.
func (s state) String() string {
	return [...]string{"Ready", "Running", "Completed", "Closed", "Cancelled"}[s]
}

// order is one entry of the order book. All quantities are in base units of
// its item.
type order struct {
	header   plant.Order
	version  int
	state    state
	locked   bool
	changed  time.Time     // last
	quantity plant.Decimal // the header's, in base units; 0 if it has no conversion
	sums     []simulators.OperationSum
	done     []inspections // by operation, as sums
	received plant.Decimal
	used     []flow   // what was issued to it
	made     []flow   // what was received from it
	reversed []string // documents that were taken back
}

// inspections counts the results of an operation.
type inspections struct{ passed, failed int }

// flow is a quantity of one lot that went into or came out of an order.
type flow struct {
	material plant.ItemID
	lot      plant.LotID
	quantity plant.Decimal
}

func newOrder(items *books.Items, header plant.Order) *order {
	o := &order{header: header, version: 1, sums: make([]simulators.OperationSum, len(header.Operations)), done: make([]inspections, len(header.Operations))}
	o.measure(items)
	return o
}

// measure notes the order quantity in base units.
func (o *order) measure(items *books.Items) {
	o.quantity = 0
	if base, refusal := items.Base(o.header.Item, o.header.Quantity); refusal == nil {
		o.quantity = base.Amount
	}
}

func (o *order) change(items *books.Items, f plant.OrderChanged) {
	o.header.Quantity, o.header.Due, o.header.Priority = f.Quantity, f.Due, f.Priority
	o.measure(items)
}

// touch notes when something about the order was changed.
func (o *order) touch(at time.Time) {
	if at.After(o.changed) {
		o.changed = at
	}
}

// operation returns the place of id in the routing, -1 if it is not there.
func (o *order) operation(id plant.OperationID) int {
	for i := range o.header.Operations {
		if o.header.Operations[i].ID == id {
			return i
		}
	}
	return -1
}

// begin notes that something has been done for the order.
func (o *order) begin() { o.state = max(o.state, running) }

// limit is the most that tolerance percent allow; false if there is no limit.
func (o *order) limit(percent int) (plant.Decimal, bool) {
	if percent < 0 || o.quantity <= 0 {
		return 0, false
	}
	extra := o.quantity.Times(int64(percent))
	if extra == math.MaxInt64 {
		return 0, false
	}
	return o.quantity.Add(extra / 100), true
}

// clone returns a copy that shares nothing that changes with o.
func (o *order) clone() *order {
	c := *o
	c.sums, c.done = slices.Clone(o.sums), slices.Clone(o.done)
	c.used, c.made, c.reversed = slices.Clone(o.used), slices.Clone(o.made), slices.Clone(o.reversed)
	return &c
}

// view is the order as others see it.
func (o *order) view() simulators.OrderState {
	s := simulators.OrderState{Order: o.header, Version: o.version, State: o.state.String(), Received: o.received, Changed: o.changed}
	for i, sum := range o.sums {
		if sum == (simulators.OperationSum{}) {
			continue
		}
		if s.Confirmed == nil {
			s.Confirmed = map[plant.OperationID]simulators.OperationSum{}
		}
		s.Confirmed[o.header.Operations[i].ID] = sum
	}
	return s
}

// addFlow adds a quantity to its lot's line.
func addFlow(flows []flow, material plant.ItemID, lot plant.LotID, q plant.Decimal) []flow {
	for i := range flows {
		if flows[i].material == material && flows[i].lot == lot {
			flows[i].quantity = flows[i].quantity.Add(q)
			return flows
		}
	}
	return append(flows, flow{material, lot, q})
}
