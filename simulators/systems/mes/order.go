package mes

import (
	"slices"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// state is where an order stands. It only moves forward.
type state int

const (
	ready state = iota
	running
	completed // the last operation is finally confirmed
	cancelled
)

// String spells a state as B2MML does.
func (s state) String() string { return [...]string{"Ready", "Running", "Completed", "Cancelled"}[s] }

// order is an order as the MES has it, with what it has reported of it. Sums
// are in base units of its item.
type order struct {
	header   plant.Order
	version  int
	state    state
	sums     []simulators.OperationSum // by place in the routing
	received plant.Decimal
}

func newOrder(header plant.Order) *order {
	return &order{header: header, version: 1, sums: make([]simulators.OperationSum, len(header.Operations))}
}

func (o *order) operation(id plant.OperationID) int {
	return slices.IndexFunc(o.header.Operations, func(op plant.Operation) bool { return op.ID == id })
}

func (o *order) begin() { o.state = max(o.state, running) }

// produced is how many pieces exist in some state of work: what the operation
// that is furthest ahead has yielded.
func (o *order) produced() plant.Decimal {
	most := o.received
	for _, s := range o.sums {
		most = max(most, s.Yield)
	}
	return most
}

func (o *order) clone() *order {
	c := *o
	c.sums = slices.Clone(o.sums)
	return &c
}

func (o *order) view() simulators.OrderState {
	s := simulators.OrderState{Order: o.header, Version: o.version, State: o.state.String(), Received: o.received}
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
