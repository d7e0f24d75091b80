package plant

import (
	"fmt"
	"time"
)

// Do lets something happen now. Where an action needs an order, lot or case
// and names none, the plant takes the one that matters most: the oldest order
// under way, the next lot to be used, the oldest open case.
//
//	release-orders  Count             releases the next orders
//	change-order    Order, Quantity, Priority
//	cancel-order    Order
//	place-hold      Lot or Order, Case, Reason
//	decide          Lot or Case, Decision (use-as-is)
//	ship            Lot, Quantity     takes goods out; all there are by default
//	change-item     Item, Retire      the next revision, or none any more; of what
//	                                  is made next by default
//	change-bom      Item, Component, Quantity, For  what one piece needs of a
//	                                  component, a tenth more by default; For has
//	                                  the bill speak of so many pieces
//	change-routing  Item, Operation, Cycle  the standard time of an operation, a
//	                                  tenth more by default
//	change-work-center  WorkCenter, Efficiency  how much of the standard pace is
//	                                  reckoned with, a tenth less by default; of the
//	                                  first operation of what is made next
//	change-calendar Shift, Day        a shift is worked on one more weekday, or no
//	                                  more on one; the first shift by default, on
//	                                  the first day on which it is not
//	publish         Of                all master data is told once more, as it is, or
//	                                  the kinds named: every record at its version,
//	                                  and at its first if it was never told
//	confirm-twins   Order, Count      arms: the next confirmation of at least two
//	                                  pieces is made as two that look alike and
//	                                  follow within a minute, and a rest
//	mistype         Kind, Order, Count  arms: the next report of that kind, of more
//	                                  than one, says one too few, and is taken back
//	                                  and made anew a quarter of an hour later
func (s *shop) Do(a Action) ([]Event, error) {
	if next, ok := s.calendar.next(); a.At.After(s.Now()) {
		if s.now = a.At.UnixNano(); ok {
			s.now = min(s.now, next)
		}
	}
	events, err := s.do(a)
	if err != nil {
		return nil, fmt.Errorf("plant: %s: %w", clip(a.Do), err)
	}
	s.revive()
	return events, nil
}

func (s *shop) do(a Action) ([]Event, error) {
	switch a.Do {
	case "release-orders":
		return s.releaseOrders(a)
	case "change-order":
		return s.changeOrder(a)
	case "cancel-order":
		return s.cancelOrder(a)
	case "change-item":
		return s.changeItem(a)
	case "change-bom":
		return s.changeBill(a)
	case "change-routing":
		return s.changeRouting(a)
	case "change-work-center":
		return s.changeCenter(a)
	case "change-calendar":
		return s.changeCalendar(a)
	case "publish":
		return s.publish(a)
	case "place-hold":
		return s.placeHold(a)
	case "decide":
		return s.decide(a)
	case "ship":
		return s.ship(a)
	case "mistype":
		return s.mistype(a)
	case "confirm-twins":
		if _, err := s.running(a.Order); a.Order != "" && err != nil {
			return nil, err
		}
		for range max(a.Count, 1) {
			s.twins = append(s.twins, a.Order)
		}
		return nil, nil
	}
	return nil, fmt.Errorf("unknown action; known are release-orders, change-order, cancel-order, change-item, change-bom, change-routing, change-work-center, change-calendar, publish, place-hold, decide, ship, confirm-twins, mistype")
}

// revive lets orders that had given up look again: an action may have helped.
func (s *shop) revive() {
	s.patience = max(s.patience, s.now+int64(s.cfg.Shift)/8)
	for _, j := range s.line {
		if !j.done && j.entry == nil && len(j.queue) > 0 {
			j.gap = 0
			j.entry = s.calendar.add(s.now+int64(time.Minute), 1, j.run)
		}
	}
}

func (s *shop) releaseOrders(a Action) ([]Event, error) {
	n := max(a.Count, 1)
	if left := len(s.specs) - s.released; n > left {
		return nil, fmt.Errorf("%d orders asked for, %d are planned: say plant.orders: %d or more", n, left, s.released+n)
	}
	if !s.cfg.Manual && s.released < s.cfg.Orders {
		s.cfg.Orders = min(s.cfg.Orders+n, len(s.specs)) // the calendar goes on behind them
	}
	events := make([]Event, 0, n)
	for range n {
		events = append(events, s.release())
	}
	return events, nil
}

// running finds an order that is not finished; without a name the oldest.
func (s *shop) running(id OrderID) (*job, error) {
	if id == "" {
		for _, j := range s.line {
			if !j.done && !j.cancelled {
				return j, nil
			}
		}
		return nil, fmt.Errorf("no order is under way")
	}
	j := s.jobs[id]
	switch {
	case j == nil:
		return nil, fmt.Errorf("order %s is not released", clip(string(id)))
	case j.done:
		return nil, fmt.Errorf("order %s is finished", id)
	}
	return j, nil
}

func (s *shop) changeOrder(a Action) ([]Event, error) {
	j, err := s.running(a.Order)
	if err != nil {
		return nil, err
	}
	if a.Quantity < 0 || a.Quantity%One != 0 || (a.Quantity == 0 && a.Priority == 0) {
		return nil, fmt.Errorf("order %s: needs a whole positive quantity or a priority, not %s", j.order, a.Quantity)
	}
	if a.Quantity > 0 {
		j.quantity = a.Quantity
	}
	if a.Priority > 0 {
		j.priority = a.Priority
	}
	j.version++
	o := &j.spec.order
	return []Event{s.event(OrderChanged{j.order, j.version, Quantity{j.quantity, o.Quantity.Unit}, o.Due, j.priority})}, nil
}

func (s *shop) cancelOrder(a Action) ([]Event, error) {
	j, err := s.running(a.Order)
	if err != nil {
		return nil, err
	}
	j.version++
	j.cancelled = true
	return []Event{s.event(OrderCancelled{j.order, j.version})}, nil
}

func (s *shop) placeHold(a Action) ([]Event, error) {
	lot := a.Lot
	if lot == "" {
		var err error
		if lot, err = s.lotThatMatters(a.Order); err != nil {
			return nil, err
		}
	}
	if h := s.holds[lot]; h != nil && !h.decided {
		return nil, fmt.Errorf("lot %s is already on hold, case %s", lot, h.id)
	}
	material, order, ok := s.whose(lot)
	if !ok {
		return nil, fmt.Errorf("unknown lot %s", clip(string(lot)))
	}
	id := a.Case
	if id == "" {
		id = CaseID(fmt.Sprintf("QC-%s-%04d", s.cfg.Run, len(s.cases)+1))
	}
	reason := a.Reason
	if reason == "" {
		reason = "suspected deviation"
	}
	return []Event{s.place(lot, material, order, id, reason)}, nil
}

// lotThatMatters is the own lot of the named order; without a name it is the
// next lot that any order under way will use, else the oldest order's own.
func (s *shop) lotThatMatters(order OrderID) (LotID, error) {
	if order != "" {
		j, err := s.running(order)
		if err != nil {
			return "", err
		}
		return j.lot, nil
	}
	for _, j := range s.line {
		if j.done || j.cancelled || j.plans == nil {
			continue
		}
		for _, h := range j.queue {
			if h.do == stepUse && s.holds[h.use.lot] == nil {
				return h.use.lot, nil
			}
		}
		for op := max(j.op, 0); op < len(j.plans); op++ {
			if j.queue[0].do != stepStart && op == j.op {
				continue
			}
			for _, u := range j.plans[op].uses {
				if s.holds[u.lot] == nil {
					return u.lot, nil
				}
			}
		}
	}
	j, err := s.running("")
	if err != nil {
		return "", err
	}
	return j.lot, nil
}

// whose tells what a lot is made of and which order made it, if one did.
func (s *shop) whose(lot LotID) (ItemID, OrderID, bool) {
	for _, l := range s.master.Lots {
		if l.ID == lot {
			return l.Material, "", true
		}
	}
	for _, j := range s.line {
		if lot != "" && j.lot == lot {
			return j.spec.order.Item, j.order, true
		}
	}
	return "", "", false
}

func (s *shop) decide(a Action) ([]Event, error) {
	d := a.Decision
	switch d {
	case "":
		d = DecideUseAsIs
	case DecideRelease, DecideUseAsIs, DecideScrap, DecideToRework:
	default:
		return nil, fmt.Errorf("unknown decision %q; known are release, use-as-is, scrap, rework", clip(string(d)))
	}
	for _, h := range s.cases {
		if !h.decided && (a.Case == "" || h.id == a.Case) && (a.Lot == "" || h.lot == a.Lot) {
			return []Event{s.settle(h, d)}, nil
		}
	}
	return nil, fmt.Errorf("no open case %s on lot %s", clip(string(a.Case)), clip(string(a.Lot)))
}

func (s *shop) ship(a Action) ([]Event, error) {
	lot := a.Lot
	if lot == "" {
		for _, j := range s.line {
			if g := s.goods[j.lot]; g != nil && g.received > g.shipped {
				lot = j.lot
				break
			}
		}
	}
	g := s.goods[lot]
	if g == nil {
		return nil, fmt.Errorf("nothing of lot %q is in stock", clip(string(lot)))
	}
	n := a.Quantity
	if n == 0 {
		n = g.received - g.shipped
	}
	if n <= 0 || n > g.received-g.shipped {
		return nil, fmt.Errorf("lot %s: %s asked for, %s in stock", lot, n, g.received-g.shipped)
	}
	g.shipped += n
	g.shipments++
	item, _ := s.master.Item(g.material)
	return []Event{s.event(Shipped{lot, g.material, g.shipments, Quantity{n, item.Unit}})}, nil
}
