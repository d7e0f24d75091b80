package plant

import (
	"fmt"
	"slices"
	"time"
)

// shop is the floor of a profile or of a trace.
type shop struct {
	cfg      Config
	profile  *Profile
	zone     *time.Location
	hours    ShiftCalendar
	calendar calendar
	now      int64
	end      int64 // of the run
	patience int64 // until when orders wait
	master   Master

	products []Product
	shelves  map[ItemID]*shelf
	semis    []ProfileMaterial // products that others use
	pieces   map[ItemID]int    // planned so far, for serials
	specs    []*spec
	released int
	line     []*job // in the order of release
	jobs     map[OrderID]*job
	holds    map[LotID]*hold
	expiring map[LotID]time.Time // lots that expire in the run
	cases    []*hold
	goods    map[LotID]*goods
	makers   map[LotID]OrderID // of lots that orders of the run make for others
	readings map[MachineID]*reading
	scale    func(time.Time) int64   // recorded time to plant time, of a trace
	changed  map[ItemID]*ItemChanged // definitions that were changed in the run
	bills    map[ItemID]*BillChanged // likewise
	routings map[ItemID]*RoutingChanged
	centers  map[WorkCenterID]*CenterChanged
	records  map[record]Event // the newest change of each
	worked   *CalendarChanged // the hours of the site that are announced
	twins    []OrderID        // confirm these twice; empty means whichever is next
	mistakes []mistake        // to come
}

var _ Floor = (*shop)(nil)

// hold is a quality case on a lot.
type hold struct {
	id       CaseID
	lot      LotID
	material ItemID
	decided  bool
	decision Decision
}

// goods are finished goods of one lot.
type goods struct {
	material          ItemID
	received, shipped Decimal
	taken             Decimal // by orders that use it
	shipments         int
}

// reading is what the piece counter of a machine shows.
type reading struct {
	number int
	count  int64
}

// Master is what ERP and MES know before the run begins.
func (s *shop) Master() Master {
	m := s.master
	m.Items, m.WorkCenters, m.People = slices.Clone(m.Items), slices.Clone(m.WorkCenters), slices.Clone(m.People)
	m.Reasons, m.Lots, m.Opening = slices.Clone(m.Reasons), slices.Clone(m.Lots), slices.Clone(m.Opening)
	m.Bills, m.Routings = slices.Clone(m.Bills), slices.Clone(m.Routings)
	m.Open = slices.Clone(m.Open)
	for i := range m.Open {
		m.Open[i] = cloneOrder(m.Open[i])
	}
	return m
}

func cloneOrder(o Order) Order {
	o.Operations, o.Components = slices.Clone(o.Operations), slices.Clone(o.Components)
	return o
}

// Now is the plant time of the last event.
func (s *shop) Now() time.Time { return s.at(s.now) }

func (s *shop) at(ns int64) time.Time { return time.Unix(0, ns).In(s.zone) }

// Next is when something is due next.
func (s *shop) Next() (time.Time, bool) {
	at, ok := s.calendar.next()
	return s.at(at), ok
}

// Advance moves to Next and lets everything due there happen. Looking again
// whether an order can go on is something due, too, so that it may well return
// no events.
func (s *shop) Advance(v View) []Event {
	at, ok := s.calendar.next()
	if !ok {
		return nil
	}
	s.now = at
	var events []Event
	for {
		events = append(events, s.calendar.pop().run(v)...)
		if next, ok := s.calendar.next(); !ok || next > at {
			return events
		}
	}
}

// Waiting lists the orders that cannot go on, with the reason.
func (s *shop) Waiting() map[OrderID]string {
	waiting := map[OrderID]string{}
	for _, j := range s.line {
		if j.waits != "" && !j.cancelled && !(j.done && s.scrapped(j.lot)) {
			waiting[j.order] = j.waits
		}
	}
	return waiting
}

func (s *shop) scrapped(lot LotID) bool {
	h := s.holds[lot]
	return h != nil && h.decided && !h.decision.Lifts()
}

func (s *shop) event(f Fact) Event {
	e := Event{EventID(Natural(f)), s.Now(), f}
	if id, ok := recordOf(f); ok {
		if s.records == nil {
			s.records = map[record]Event{}
		}
		s.records[id] = e
	}
	return e
}

// present is when somebody is there to begin: now, or when the next shift
// starts. Shifts are kept only at recorded speed.
func (s *shop) present(from int64) int64 {
	if s.cfg.Speed != 1 {
		return from
	}
	span, ok := s.hours.At(s.at(from))
	if !ok {
		return from
	}
	return max(from, span.Start.UnixNano())
}

// work is when work of length d that begins now is done.
func (s *shop) work(from int64, d time.Duration) int64 {
	if s.cfg.Speed != 1 {
		return from + int64(d)
	}
	return s.hours.Add(s.at(from), d).UnixNano()
}

// endOfShift is when those who book at the end of their shift next do so:
// early minutes before it ends. In a run faster than recorded that is every
// sixteenth of it.
func (s *shop) endOfShift(from int64, early int) int64 {
	if s.cfg.Speed == 1 {
		before := time.Duration(early) * time.Minute
		if span, ok := s.hours.At(s.at(from).Add(before)); ok {
			return max(span.End.Add(-before).UnixNano(), from)
		}
	}
	round := int64((s.cfg.Shift / 16).Truncate(time.Second))
	begin := s.cfg.Start.UnixNano()
	if round <= 0 || from < begin {
		return from + 1
	}
	return begin + ((from-begin)/round+1)*round
}

func (s *shop) due(from int64) time.Time {
	if s.cfg.Speed > 0 {
		return s.at(from).AddDate(0, 0, 14)
	}
	return s.at(max(s.end, from))
}

// planRelease enters the release of the next order into the calendar.
func (s *shop) planRelease() {
	if s.released >= s.cfg.Orders {
		return
	}
	if s.scale != nil {
		s.releaseAt(max(s.scale(s.specs[s.released].recorded.begin())-int64(time.Minute), s.now))
		return
	}
	p := s.profile
	luck := newStream(s.cfg.Seed, s.specs[s.released].key, "release")
	gap := minutes(p.Every.draw(luck, s.released))
	if s.cfg.Every > 0 {
		gap = time.Duration(float64(gap) * float64(s.cfg.Every) / float64(minutes(p.Every.mean())))
	}
	at := s.now + int64(max(gap.Truncate(time.Second), time.Second))
	if s.cfg.Speed == 0 {
		at = max(min(at, s.end-int64(s.cfg.Shift)/8), s.now+int64(time.Second))
	} else if at > s.end {
		return
	}
	s.releaseAt(at)
}

func (s *shop) releaseAt(at int64) {
	s.calendar.add(at, 0, func(View) []Event {
		e := s.release()
		s.planRelease()
		return []Event{e}
	})
}

// release hands the next order to the shop floor.
func (s *shop) release() Event {
	sp := s.specs[s.released]
	s.released++
	sp.order.Start, sp.order.Due = s.Now(), s.due(s.now)
	s.revised(&sp.order)
	s.engineered(sp)
	j := s.newJob(sp)
	if sp.recorded != nil {
		j.replay()
	} else {
		j.plan()
		j.enter()
		j.fit()
	}
	j.schedule(s.now + int64(time.Minute))
	return s.event(OrderReleased{cloneOrder(sp.order)})
}

// place puts a lot on hold.
func (s *shop) place(lot LotID, material ItemID, order OrderID, id CaseID, reason string) Event {
	h := &hold{id: id, lot: lot, material: material}
	s.holds[lot] = h
	s.cases = append(s.cases, h)
	return s.event(LotHeld{Lot: lot, Material: material, Order: order, Case: id, Reason: reason})
}

// settle ends a case.
func (s *shop) settle(h *hold, d Decision) Event {
	h.decided, h.decision = true, d
	return s.event(LotDecided{Lot: h.lot, Material: h.material, Case: h.id, Decision: d})
}

// decideLater enters the decision of a case that an inspection opened.
func (s *shop) decideLater(h *hold) {
	if s.cfg.DecisionDelay < 0 {
		return
	}
	luck := newStream(s.cfg.Seed, string(h.lot[max(0, len(h.lot)-7):]), "decision")
	decision := DecideUseAsIs
	if choices := s.profile.Inspection.Decisions; len(choices) > 0 {
		decision = choices[luck.below(len(choices))]
	}
	s.calendar.add(s.now+int64(s.cfg.DecisionDelay), 0, func(View) []Event {
		if h.decided {
			return nil
		}
		return []Event{s.settle(h, decision)}
	})
}

// count reads the piece counter of a machine after pieces were made on it.
func (s *shop) count(order *Order, op int, pieces Decimal) []Event {
	if !s.cfg.Counts || pieces == 0 {
		return nil
	}
	c := s.profile.center(order.Operations[op].WorkCenter)
	if c == nil || c.Manual || len(c.Machines) == 0 {
		return nil
	}
	id := c.Machines[newStream(s.cfg.Seed, string(order.Lot), "machine "+fmt.Sprint(op)).below(len(c.Machines))]
	r := s.readings[id]
	if r == nil {
		r = &reading{count: int64(newStream(s.cfg.Seed, string(id), "counter").below(90_000))}
		s.readings[id] = r
	}
	r.number++
	r.count += int64(pieces / One)
	return []Event{s.event(MachineCounted{Machine: id, Counter: r.number, Count: r.count})}
}
