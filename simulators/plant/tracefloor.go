package plant

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// newTraceFloor builds the plant that replays a log: its orders are released
// when their first row begins, and every row is confirmed when it ended.
//
// Times move to Config.Start if that is set, and shrink if the log is longer
// than Config.Shift, or by Config.Speed. Order numbers are as recorded, behind
// Config.Run and a dash if that is set.
func newTraceFloor(c Config) (*shop, error) {
	t := c.Trace
	if len(t.orders) == 0 {
		return nil, fmt.Errorf("plant: trace %s holds no orders", t.Name)
	}
	prefix := ""
	if c.Run != "" {
		prefix = c.Run + "-"
	}
	c, scale := squeeze(c, t)
	profile := &Profile{Name: "trace", Zone: t.zone.String(), Quantity: FixedValue(1)}
	c, zone, err := c.withDefaults(profile)
	if err != nil {
		return nil, err
	}
	s := &shop{
		cfg: c, profile: profile, zone: zone, hours: ShiftCalendar{Zone: zone}, now: c.Start.UnixNano(), end: c.Start.Add(c.Shift).UnixNano(),
		shelves: map[ItemID]*shelf{}, jobs: map[OrderID]*job{}, holds: map[LotID]*hold{}, goods: map[LotID]*goods{}, readings: map[MachineID]*reading{},
	}
	s.patience = s.end
	s.scale = func(at time.Time) int64 {
		return s.cfg.Start.Add(time.Minute + time.Duration(float64(at.Sub(t.Begin))*scale).Truncate(time.Second)).UnixNano()
	}
	for _, o := range t.orders {
		s.specs = append(s.specs, s.recorded(o, prefix))
	}
	s.describe(t)
	if !c.Manual {
		s.planRelease()
	}
	return s, nil
}

// squeeze fills in what c leaves open from the trace, and tells how much
// shorter times become.
func squeeze(c Config, t *Trace) (Config, float64) {
	scale, span := 1.0, max(t.End.Sub(t.Begin), time.Minute)
	switch {
	case c.Speed > 0:
		scale = 1 / c.Speed
	case c.Shift > 0:
		scale = min(1, 0.9*float64(c.Shift)/float64(span))
	}
	if c.Shift == 0 {
		c.Shift = time.Duration(float64(span)*scale) + time.Hour
	}
	if c.Start.IsZero() {
		c.Start = t.Begin.Add(-time.Minute)
	}
	if c.Orders == 0 || c.Orders > len(t.orders) {
		c.Orders = len(t.orders)
	}
	return c, scale
}

// recorded makes an order of what a log says about it.
func (s *shop) recorded(o *traceOrder, prefix string) *spec {
	sp := &spec{key: "trace/" + string(o.id), recorded: o}
	sp.order = Order{ID: OrderID(prefix) + o.id, Item: cmp.Or(o.item, "TRACE-ITEM"), Revision: "A", Quantity: Quantity{o.quantity, o.unit}}
	for _, r := range o.rows {
		id := OperationID(r.operation)
		if !slices.ContainsFunc(sp.order.Operations, func(op Operation) bool { return op.ID == id }) {
			sp.order.Operations = append(sp.order.Operations, Operation{ID: id, WorkCenter: cmp.Or(WorkCenterID(r.center), WorkCenterID(r.operation))})
		}
	}
	return sp
}

// describe collects the master data that a log mentions.
func (s *shop) describe(t *Trace) {
	m := &s.master
	m.Site, m.Zone = cmp.Or(t.Name, "trace"), s.cfg.Zone
	m.PeriodOpens = midnight(s.cfg.Start.AddDate(0, 0, 1-s.cfg.Start.Day()))
	items, centers, people, reasons := map[ItemID]int{}, map[WorkCenterID]bool{}, map[PersonID]bool{}, map[string]bool{}
	for i, o := range t.orders {
		order := s.specs[i].order
		at, ok := items[order.Item]
		if !ok {
			at = len(m.Items)
			items[order.Item] = at
			m.Items = append(m.Items, Item{ID: order.Item, Revision: "A", Unit: o.unit})
		} else if known := &m.Items[at]; known.Unit != o.unit && !slices.ContainsFunc(known.Units, func(u AltUnit) bool { return u.Unit == o.unit }) {
			known.Units = append(known.Units, AltUnit{o.unit, Factor{1, 1}}) // the log does not say how they convert
		}
		for _, op := range order.Operations {
			if !centers[op.WorkCenter] {
				centers[op.WorkCenter] = true
				m.WorkCenters = append(m.WorkCenters, WorkCenter{ID: op.WorkCenter})
			}
		}
		for _, r := range o.rows {
			for m.Items[at].Decimals < decimals && (r.good%grain(m.Items[at].Decimals) != 0 || r.rejected%grain(m.Items[at].Decimals) != 0) {
				m.Items[at].Decimals++
			}
			if r.operator != "" && !people[r.operator] {
				people[r.operator] = true
				m.People = append(m.People, Person{ID: r.operator})
			}
			if r.reason != "" && !reasons[r.reason] {
				reasons[r.reason] = true
				m.Reasons = append(m.Reasons, r.reason)
			}
			if id := WorkCenterID(r.center); id != "" && !centers[id] {
				centers[id] = true
				m.WorkCenters = append(m.WorkCenters, WorkCenter{ID: id})
			}
		}
	}
}

// replay queues the rows of a recorded order.
func (j *job) replay() {
	type moment struct {
		at int64
		step
	}
	s, rows := j.shop, j.spec.recorded.rows
	var moments []moment
	begun, last := map[int]int{}, map[int]int{}
	for _, r := range rows {
		op := slices.IndexFunc(j.spec.order.Operations, func(o Operation) bool { return o.ID == OperationID(r.operation) })
		center := WorkCenterID(r.center)
		start := s.scale(r.start)
		done := row{yield: r.good, scrap: r.rejected, operator: r.operator, reason: r.reason}
		if at, ok := begun[op]; !ok {
			begun[op] = len(moments)
			moments = append(moments, moment{start, step{do: stepStart, op: op, row: done, center: center}})
		} else if start < moments[at].at {
			moments[at].at = start
		}
		last[op] = len(moments)
		moments = append(moments, moment{s.scale(r.end), step{do: stepRow, op: op, row: done, center: center, start: s.at(start), end: s.at(s.scale(r.end))}})
	}
	for _, at := range last {
		moments[at].row.final = true
	}
	slices.SortStableFunc(moments, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	now := s.now
	for _, m := range moments {
		m.gap = time.Duration(max(m.at-now, 0))
		now = max(now, m.at)
		j.queue = append(j.queue, m.step)
	}
}
