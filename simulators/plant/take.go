package plant

import (
	"cmp"
	"time"
)

// take does one step and tells what happened.
func (j *job) take(h step, v View) []Event {
	s, o := j.shop, &j.spec.order
	switch h.do {
	case stepStart:
		return []Event{j.start(h, v)}
	case stepRow:
		return j.confirm(h, v)
	case stepTwin:
		return j.repeat()
	case stepBook, stepBookAtEndOfShift:
		return j.book()
	case stepUse:
		return []Event{j.issue(h.use)}
	case stepSendBack:
		op := o.Operations[j.op].ID
		return []Event{s.event(Reworked{o.ID, op, j.count(KindRework, op), Quantity{h.row.sentBack, o.Quantity.Unit}, h.row.reason})}
	case stepInspect:
		f := h.result
		f.Order, f.Operation, f.Material, f.Lot = o.ID, o.Operations[j.op].ID, o.Item, j.lot
		f.Counter = j.count(KindInspection, f.Operation)
		return []Event{s.event(f)}
	case stepHold:
		if s.holds[j.lot] != nil {
			return nil // somebody was faster
		}
		e := s.place(j.lot, o.Item, o.ID, CaseID("QC-"+string(j.lot)), j.plans[j.op].reason)
		s.decideLater(s.holds[j.lot])
		return []Event{e}
	case stepReceive:
		return []Event{j.receive(h.part)}
	}
	return nil
}

// start begins an operation, with the quantity that the MES shows.
func (j *job) start(h step, v View) Event {
	o := &j.spec.order
	f := OperationStarted{Order: o.ID}
	if j.plans == nil {
		j.op = h.op
		f.Operator = h.row.operator
	} else {
		want, ok := v.Quantity(o.ID)
		if !ok || want <= 0 {
			want = j.want
		}
		j.draw()
		j.begin(want)
		f.Operator = j.plans[j.op].rows[0].operator
	}
	f.Operation, f.WorkCenter = o.Operations[j.op].ID, cmp.Or(h.center, o.Operations[j.op].WorkCenter)
	return j.shop.event(f)
}

// issue takes material from a lot, into the product or onto the floor.
func (j *job) issue(u use) Event {
	o := &j.spec.order
	op := o.Operations[j.op].ID
	if u.broken {
		return j.shop.event(Scrapped{o.ID, op, j.count(KindScrap, op), u.material, u.lot, u.quantity, u.reason})
	}
	return j.shop.event(Consumed{o.ID, op, j.count(KindConsumption, op), u.material, u.lot, u.quantity})
}

// confirm books one row, at once or later with the others.
func (j *job) confirm(h step, v View) []Event {
	s, o := j.shop, &j.spec.order
	if j.plans == nil {
		j.op = h.op
	} else if want, ok := v.Quantity(o.ID); ok && want > 0 && want != j.want {
		j.amend(&h.row, want)
	}
	j.twin(&h.row)
	r := h.row
	unit := o.Quantity.Unit
	op := o.Operations[j.op]
	f := Confirmed{
		Order: o.ID, Operation: op.ID, Counter: j.count(KindConfirmation, op.ID), WorkCenter: cmp.Or(h.center, op.WorkCenter), Operator: r.operator,
		Yield: Quantity{r.yield, unit}, Reason: r.reason, Final: r.final,
	}
	if r.scrap > 0 {
		f.Scrap = Quantity{r.scrap, unit}
	}
	if r.rework > 0 {
		f.Rework = Quantity{r.rework, unit}
	}
	if f.Scrap.Amount == 0 && f.Rework.Amount == 0 && r.sentBack == 0 {
		f.Reason = ""
	}
	f.Start, f.End = s.typed(r, s.at(j.since), s.Now())
	f.Labor = max(time.Duration(float64(r.length)*j.pace).Truncate(time.Second), time.Second)
	if r.hour {
		f.Labor = time.Hour
	}
	if !h.start.IsZero() {
		f.Start, f.End, f.Labor = h.start, h.end, h.end.Sub(h.start)
	}
	j.yields += r.yield
	j.scraps += r.scrap
	j.marks = append(j.marks, r.yield)
	j.booked = append(j.booked, booking{f, r.lazy && !r.hour})
	events := s.count(o, j.op, r.yield+r.scrap)
	if j.plans != nil && j.plans[j.op].mode != bookAtOnce {
		return events
	}
	return append(events, j.book()...)
}

// book announces what was done and not yet booked.
func (j *job) book() []Event {
	var events []Event
	for _, b := range j.booked {
		f := b.Confirmed
		if at := j.shop.Now().Truncate(time.Minute); b.lazy && len(j.booked) > 1 && at.After(f.Start) {
			f.End = at
		}
		j.last = f
		events = append(events, j.shop.event(f))
	}
	j.booked = j.booked[:0]
	return events
}

// typed is what people enter as start and end of a row.
func (s *shop) typed(r row, start, end time.Time) (time.Time, time.Time) {
	switch {
	case r.hour:
		from := midnight(end)
		if from.Add(time.Hour).After(end) {
			from = midnight(end.AddDate(0, 0, -1))
		}
		return from, from.Add(time.Hour)
	case r.midnight:
		return midnight(end), end
	case r.round:
		return start.Truncate(5 * time.Minute), end.Truncate(5 * time.Minute)
	}
	return start, end
}

// amend fits the rest of an operation to a quantity that changed while it was
// under way. What is made stays made.
func (j *job) amend(head *row, want Decimal) {
	rows := []*row{head}
	for i := range j.queue {
		if j.queue[i].do == stepRow {
			rows = append(rows, &j.queue[i].row)
		}
	}
	input := min(j.yielded, want)
	if j.op == 0 {
		input = want
	}
	left := max(0, input-j.yields-j.scraps)
	var carrying []*row
	for _, r := range rows {
		if r.yield > 0 {
			carrying = append(carrying, r)
		}
		*r = row{operator: r.operator, length: r.length, round: r.round, midnight: r.midnight, hour: r.hour, final: r.final}
	}
	if len(carrying) == 0 {
		carrying = rows[len(rows)-1:]
	}
	luck := newStream(j.shop.cfg.Seed, j.spec.key, "amend to "+want.String())
	var parts []int64
	for range 32 {
		parts = split(luck, int64(left/One), len(carrying))
		all := append([]Decimal{}, j.marks...)
		for _, p := range parts {
			all = append(all, Whole(p))
		}
		if UniqueSums(all) {
			break
		}
	}
	for i, p := range parts {
		carrying[i].yield = Whole(p)
	}
	j.want = want
}

// twin turns a row into two that look alike and a rest, if a scenario asked
// for that.
func (j *job) twin(r *row) {
	half := r.yield / (2 * One) * One
	if half == 0 || r.twin {
		return
	}
	for i, order := range j.shop.twins {
		if order != "" && order != j.order {
			continue
		}
		j.shop.twins = append(j.shop.twins[:i:i], j.shop.twins[i+1:]...)
		rest := *r
		rest.yield -= 2 * half
		rest.length, rest.twin = time.Minute, true
		*r = row{yield: half, operator: r.operator, length: r.length, twin: true}
		twins := []step{{do: stepTwin, gap: 20 * time.Second}}
		if rest.yield > 0 || rest.scrap > 0 || rest.rework > 0 || rest.final {
			twins = append(twins, step{do: stepRow, after: time.Minute, row: rest, op: j.op})
		}
		j.queue = append(twins, j.queue...)
		return
	}
}

// repeat books the second of two twins.
func (j *job) repeat() []Event {
	f, lazy := j.last, false
	if n := len(j.booked); n > 0 {
		f, lazy = j.booked[n-1].Confirmed, j.booked[n-1].lazy
	}
	f.Counter = j.count(KindConfirmation, f.Operation)
	j.yields += f.Yield.Amount
	j.marks = append(j.marks, f.Yield.Amount)
	if len(j.booked) > 0 {
		j.booked = append(j.booked, booking{f, lazy})
		return j.shop.count(&j.spec.order, j.op, f.Yield.Amount)
	}
	return append(j.shop.count(&j.spec.order, j.op, f.Yield.Amount), j.shop.event(f))
}

// receive puts finished goods into stock.
func (j *job) receive(part Decimal) Event {
	s, o := j.shop, &j.spec.order
	f := Received{Order: o.ID, Counter: j.count(KindReceipt, ""), Material: o.Item, Lot: j.lot, Quantity: Quantity{part, o.Quantity.Unit}}
	if j.spec.product != nil && j.spec.product.Serials {
		for range int(part / One) {
			f.Serials = append(f.Serials, serial(j.spec.serial+j.serials))
			j.serials++
		}
	}
	g := s.goods[j.lot]
	if g == nil {
		g = &goods{material: o.Item}
		s.goods[j.lot] = g
	}
	g.received += part
	return s.event(f)
}

// pretend lets the first rows of an operation happen before the run: it counts
// on, and tells what the books hold of it.
func (j *job) pretend(op, rows int) Progress {
	o := &j.spec.order
	id := o.Operations[op].ID
	p := Progress{Order: o.ID, Operation: id, Yield: Quantity{Unit: o.Quantity.Unit}, Scrap: Quantity{Unit: o.Quantity.Unit}}
	for _, r := range j.plans[op].rows[:rows] {
		p.Confirmations = j.count(KindConfirmation, id)
		p.Yield.Amount += r.yield
		p.Scrap.Amount += r.scrap
		p.Final = r.final
	}
	for _, u := range j.plans[op].uses {
		if u.broken {
			continue
		}
		p.Consumed = append(p.Consumed, Consumed{o.ID, id, j.count(KindConsumption, id), u.material, u.lot, u.quantity})
	}
	return p
}
