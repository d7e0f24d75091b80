package scenarios

import (
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

func newBooks(lots []plant.Lot) *books {
	b := &books{Orders: map[string]*orderView{}, Lots: map[string]*lotView{}}
	for _, l := range lots {
		v := b.lot(l.ID, l.Material)
		v.Status = string(l.Status)
	}
	return b
}

func (b *books) order(id plant.OrderID) *orderView {
	if id == "" {
		return &orderView{Operations: map[string]*operationView{}} // of no order: written to and forgotten
	}
	o := b.Orders[string(id)]
	if o == nil {
		o = &orderView{ID: string(id), Operations: map[string]*operationView{}}
		b.Orders[o.ID] = o
	}
	return o
}

func (b *books) lot(id plant.LotID, material plant.ItemID) *lotView {
	if id == "" {
		return &lotView{}
	}
	l := b.Lots[string(id)]
	if l == nil {
		l = &lotView{ID: string(id), Material: string(material), Status: string(plant.LotUnrestricted)}
		b.Lots[l.ID] = l
	}
	return l
}

func (o *orderView) operation(id plant.OperationID) *operationView {
	p := o.Operations[string(id)]
	if p == nil {
		p = &operationView{ID: string(id)}
		o.Operations[p.ID] = p
	}
	return p
}

// apply enters an event into the books. Quantities are turned into base units
// by base, so that two sides that use different units compare equal.
func (b *books) apply(e plant.Event, base func(plant.ItemID, plant.Quantity) plant.Decimal) {
	switch f := e.Fact.(type) {
	case plant.OrderReleased:
		o := b.order(f.Order.ID)
		o.Item, o.Lot, o.Version = string(f.Order.Item), string(f.Order.Lot), max(o.Version, 1)
		o.Quantity, o.Priority = base(f.Order.Item, f.Order.Quantity), int64(f.Order.Priority)
	case plant.OrderChanged:
		o := b.order(f.Order)
		o.Version = max(o.Version, int64(f.Version))
		o.Quantity, o.Priority = base(plant.ItemID(o.Item), f.Quantity), int64(f.Priority)
	case plant.OrderCancelled:
		o := b.order(f.Order)
		o.Version, o.Cancelled = max(o.Version, int64(f.Version)), true
	case plant.OperationStarted:
		o := b.order(f.Order)
		o.Started, o.operation(f.Operation).Started = true, true
	case plant.Confirmed:
		b.confirm(f)
		b.add(f, base)
	case plant.Consumed:
		b.order(f.Order).Consumptions++
		b.add(f, base)
	case plant.Scrapped, plant.Received:
		b.add(f, base)
	case plant.Reversed:
		b.takeBack(f, base)
	case plant.LotHeld:
		l := b.lot(f.Lot, f.Material)
		l.Status, l.Case = string(plant.LotBlocked), string(f.Case)
	case plant.LotDecided:
		b.decide(f)
	case plant.Shipped:
		l := b.lot(f.Lot, f.Material)
		l.Shipped = l.Shipped.Add(base(f.Material, f.Quantity))
	}
}

func (b *books) confirm(f plant.Confirmed) {
	o := b.order(f.Order)
	p := o.operation(f.Operation)
	o.Confirmations++
	p.Confirmations++
	p.Final = p.Final || f.Final
}

// add adds the quantities of a report to those of its order and lot.
func (b *books) add(fact plant.Fact, base func(plant.ItemID, plant.Quantity) plant.Decimal) {
	switch f := fact.(type) {
	case plant.Confirmed:
		o := b.order(f.Order)
		p, item := o.operation(f.Operation), plant.ItemID(o.Item)
		yield, scrap, rework := base(item, f.Yield), base(item, f.Scrap), base(item, f.Rework)
		o.Yield, p.Yield = o.Yield.Add(yield), p.Yield.Add(yield)
		o.Scrap, p.Scrap = o.Scrap.Add(scrap), p.Scrap.Add(scrap)
		o.Rework, p.Rework = o.Rework.Add(rework), p.Rework.Add(rework)
	case plant.Consumed:
		l := b.lot(f.Lot, f.Material)
		l.Consumed = l.Consumed.Add(base(f.Material, f.Quantity))
	case plant.Scrapped:
		l := b.lot(f.Lot, f.Material)
		l.Consumed = l.Consumed.Add(base(f.Material, f.Quantity))
	case plant.Received:
		q := base(f.Material, f.Quantity)
		o, l := b.order(f.Order), b.lot(f.Lot, f.Material)
		o.Received, l.Received = o.Received.Add(q), l.Received.Add(q)
	}
}

// takeBack undoes what a report has changed, but for how many there were: both
// documents stay.
func (b *books) takeBack(r plant.Reversed, base func(plant.ItemID, plant.Quantity) plant.Decimal) {
	b.add(r.Original.Fact, func(item plant.ItemID, q plant.Quantity) plant.Decimal { return base(item, q).Times(-1) })
	if f, ok := r.Original.Fact.(plant.Confirmed); ok {
		p := b.order(f.Order).operation(f.Operation)
		p.Final = p.Final && !f.Final
	}
}

func (b *books) decide(f plant.LotDecided) {
	l := b.lot(f.Lot, f.Material)
	l.Decision = string(f.Decision)
	switch {
	case f.Decision.Lifts():
		l.Status = string(plant.LotUnrestricted)
	case f.Decision == plant.DecideScrap:
		l.Status = string(plant.LotScrapped)
	}
}

// world is all that expressions see, folded from the journal.
type world struct {
	truth      *books
	systems    map[string]*books   // by endpoint
	erp, mes   string              // names of the endpoints that erp and mes stand for
	called     map[string][]string // by endpoint: the names under which it is counted
	none       *books              // what a system the rig does not have shows
	exceptions []*exceptionView
	probes     map[string]*probeView
	refs       map[string]*refView
	count      countView

	items   map[plant.ItemID]plant.Item
	changed map[string]uint64   // by variable: when it last changed
	touched map[string][]uint64 // by order or lot: records about it, latest last
}

func newWorld(p evidence.Plan) *world {
	w := &world{
		truth: newBooks(p.Lots), systems: map[string]*books{}, none: newBooks(nil),
		probes: map[string]*probeView{}, refs: map[string]*refView{},
		items: map[plant.ItemID]plant.Item{}, changed: map[string]uint64{}, touched: map[string][]uint64{},
		count: countView{
			Truth: map[string]int64{}, Posted: map[string]map[string]int64{}, Attempts: map[string]int64{}, Refused: map[string]int64{},
			Throttled: map[string]int64{}, Offers: map[string]int64{}, Strikes: map[string]int64{}, Exceptions: map[string]int64{},
		},
	}
	for _, i := range p.Items {
		w.items[i.ID] = i
	}
	w.called = calledIn(p)
	for name, e := range p.Endpoints {
		w.systems[name] = newBooks(p.Lots)
		switch {
		case e.System == "erp" && (w.erp == "" || name < w.erp):
			w.erp = name
		case e.System == "mes" && (w.mes == "" || name < w.mes):
			w.mes = name
		}
	}
	return w
}

// calledIn tells under which names the endpoints of a run are spoken of.
func calledIn(p evidence.Plan) map[string][]string {
	systems, called := map[string]string{}, map[string][]string{}
	for name, e := range p.Endpoints {
		systems[name] = e.System
	}
	for _, name := range EndpointNames(systems) {
		at := Meant(name, systems)
		called[at] = append(called[at], name)
	}
	return called
}

// add counts one at an endpoint.
func (w *world) add(to map[string]int64, endpoint string) {
	names := w.called[endpoint]
	if len(names) == 0 {
		names = []string{endpoint}
	}
	for _, name := range names {
		to[name]++
	}
}

func (w *world) books(endpoint string) *books {
	if b := w.systems[endpoint]; b != nil {
		return b
	}
	return w.none
}

// base turns q into the item's base unit; what is not known stays as it is.
func (w *world) base(id plant.ItemID, q plant.Quantity) plant.Decimal {
	item, ok := w.items[id]
	if !ok {
		return q.Amount
	}
	f, ok := item.Factor(q.Unit)
	if !ok {
		return q.Amount
	}
	d, _, err := f.Apply(q.Amount)
	if err != nil {
		return q.Amount
	}
	return d
}

// see folds one record and notes which variables it changed.
func (w *world) see(r evidence.Record) {
	switch b := r.Body.(type) {
	case evidence.Truth:
		w.seeTruth(r.Seq, b)
	case evidence.Effect:
		w.seeEffect(r.Seq, b)
	case evidence.Offer:
		w.add(w.count.Offers, b.Endpoint)
		w.mark(r.Seq, "count")
	case evidence.Attempt:
		w.seeAttempt(r.Seq, b)
	case evidence.Surface:
		k := b.Keys
		w.exceptions = append(w.exceptions, &exceptionView{
			Class: string(b.Class), Kind: string(b.Kind), Order: string(k.Order), Operation: string(k.Operation), Counter: int64(k.Counter),
			Material: string(k.Material), Lot: string(k.Lot), Case: string(k.Case), Reference: b.Reference, Reason: b.Reason, Closed: b.Closed,
		})
		w.count.Exceptions[string(b.Class)]++
		w.mark(r.Seq, "exceptions", "count")
		w.touch(r.Seq, k)
	case evidence.Disturbance:
		if b.Phase == evidence.Struck {
			w.count.Strikes[b.Fault]++
			w.mark(r.Seq, "count")
		}
	case evidence.Probe:
		name := b.Ref
		if name == "" {
			name = b.Name
		}
		w.probes[name] = &probeView{
			Name: b.Name, At: b.Endpoint, Outcome: string(b.Result.Outcome), Code: b.Result.Code, Order: string(b.Keys.Order), Lot: string(b.Keys.Lot),
			Lots: names(b.Lots), Missed: names(b.Missed), Extra: names(b.Extra),
		}
		w.mark(r.Seq, "probes")
		w.touch(r.Seq, b.Keys)
	case evidence.Step:
		if b.Ref != "" {
			w.seeRef(b)
			w.mark(r.Seq, "refs")
		}
	}
}

func names(lots []plant.LotID) []string {
	all := make([]string, len(lots))
	for i, l := range lots {
		all[i] = string(l)
	}
	return all
}

func (w *world) seeTruth(seq uint64, b evidence.Truth) {
	if b.Event.Fact == nil {
		return
	}
	w.truth.apply(b.Event, w.base)
	w.count.Truth[string(b.Event.Fact.Kind())]++
	w.mark(seq, "truth", "count")
	if own := w.systems[b.Source]; own != nil { // what a system announces it knows by itself
		own.apply(b.Event, w.base)
		w.markSystem(seq, b.Source)
	}
	w.touch(seq, b.Event.Fact.Keys())
}

func (w *world) seeEffect(seq uint64, b evidence.Effect) {
	claim := b.Posting.Claim
	if claim.Fact == nil {
		return
	}
	w.books(b.Endpoint).apply(claim, w.base)
	by := w.count.Posted[b.Endpoint]
	if by == nil {
		by = map[string]int64{}
		w.count.Posted[b.Endpoint] = by
		for _, name := range w.called[b.Endpoint] {
			w.count.Posted[name] = by
		}
	}
	by[string(claim.Fact.Kind())]++
	w.mark(seq, "count")
	w.markSystem(seq, b.Endpoint)
	w.touch(seq, claim.Fact.Keys())
}

func (w *world) seeAttempt(seq uint64, b evidence.Attempt) {
	w.add(w.count.Attempts, b.Endpoint)
	switch b.Acted.Outcome {
	case "refused", "locked", "unauthorized":
		w.add(w.count.Refused, b.Endpoint)
	case "throttled":
		w.add(w.count.Throttled, b.Endpoint)
	}
	w.mark(seq, "count")
}

// seeRef keeps what the first step of a name acted on; later ones of the same
// step add what was not known.
func (w *world) seeRef(b evidence.Step) {
	v := w.refs[b.Ref]
	if v == nil {
		v = &refView{}
		w.refs[b.Ref] = v
	}
	for name, field := range map[string]*string{
		"order": &v.Order, "lot": &v.Lot, "case": &v.Case, "material": &v.Material, "decision": &v.Decision, "reason": &v.Reason, "at": &v.At,
	} {
		if *field == "" {
			*field = b.Args[name]
		}
	}
}

func (w *world) mark(seq uint64, variables ...string) {
	for _, v := range variables {
		w.changed[v] = seq
	}
}

func (w *world) markSystem(seq uint64, endpoint string) {
	switch endpoint {
	case w.erp:
		w.changed["erp"] = seq
	case w.mes:
		w.changed["mes"] = seq
	}
	w.changed["systems"] = seq
}

// touch notes that a record was about an order or lot, keeping the latest few.
func (w *world) touch(seq uint64, k plant.Keys) {
	for _, id := range []string{string(k.Order), string(k.Lot)} {
		if id == "" {
			continue
		}
		t := append(w.touched[id], seq)
		if len(t) > 8 {
			t = t[1:]
		}
		w.touched[id] = t
	}
}
