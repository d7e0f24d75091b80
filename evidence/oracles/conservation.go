package oracles

import (
	"fmt"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var conservationInfo = Info{
	Name: "conservation", ID: "O4",
	Doc:          "quantities in the books do not add up to what happened, or more of a lot was used than there was",
	Requirements: []string{"CTL-20", "KPI-04", "KPI-16", "UP-02", "UP-04", "UP-08"},
}

// Conservation judges sums: per order, operation, material and lot the books
// must lie between what must be there and what may be there besides, and no
// lot may be overdrawn. Differences that single facts named by other oracles
// explain to the last digit are told in one finding.
func Conservation() evidence.Judge {
	return oracle{conservationInfo, conservation, "quantities of all %d accounts add up", "no quantity had to reach any books"}
}

// account is what is added up together.
type account struct {
	sink      string
	bucket    string // "yield", "scrap", "rework", "consumption", "scrap of material", "receipt", "pieces counted"
	order     plant.OrderID
	operation plant.OperationID
	material  plant.ItemID
	lot       plant.LotID
	machine   plant.MachineID
	unit      plant.Unit
}

func (a account) keys() plant.Keys {
	return plant.Keys{Order: a.order, Operation: a.operation, Material: a.material, Lot: a.lot, Machine: a.machine}
}

func (a account) String() string {
	return a.bucket + " of " + a.keys().String()
}

type balance struct {
	low, high, books plant.Decimal
	lost, twice      plant.Decimal // what named facts explain
	slack            plant.Decimal // last digits that units which do not divide leave open
	facts            int
	open             bool // nobody can say what must be there
	evidence         []uint64
	first            *evidence.FactView
}

type ledger struct {
	r     *report
	m     *evidence.Measure
	order []account
	by    map[account]*balance
	since map[*evidence.FactView]plant.Decimal // pieces between a reading and the one before
}

func conservation(r *report) {
	l := &ledger{r: r, m: evidence.NewMeasure(r.h), by: map[account]*balance{}, since: map[*evidence.FactView]plant.Decimal{}}
	for _, f := range r.h.Facts {
		if judged(f) {
			l.expect(f)
		}
	}
	l.counters()
	for _, e := range r.h.Effects {
		if e.Effect.Attempt != 0 {
			l.book(e)
		}
	}
	l.compare()
	l.overdrawn()
}

func (l *ledger) at(a account) *balance {
	b := l.by[a]
	if b == nil {
		b = &balance{}
		l.by[a] = b
		l.order = append(l.order, a)
	}
	return b
}

// movement is a quantity that goes into one account.
type movement struct {
	account
	amount  plant.Decimal
	rounded bool // the unit does not divide
}

// movements splits a fact or claim into what it adds to accounts, in base
// units. The buffer is reused.
func (l *ledger) movements(buf []movement, sink string, f plant.Fact, item plant.ItemID) []movement {
	add := func(bucket string, k plant.Keys, q plant.Quantity) {
		if q.Amount == 0 || l.m.Redefined(item) {
			return
		}
		q, exact := l.m.Base(item, q)
		buf = append(buf, movement{account{sink, bucket, k.Order, k.Operation, k.Material, k.Lot, "", q.Unit}, q.Amount, !exact})
	}
	switch b := f.(type) {
	case plant.Confirmed:
		k := plant.Keys{Order: b.Order, Operation: b.Operation}
		add("yield", k, b.Yield)
		add("scrap", k, b.Scrap)
		add("rework", k, b.Rework)
	case plant.Reworked:
		add("rework order", plant.Keys{Order: b.Order, Operation: b.Operation}, b.Quantity)
	case plant.Consumed:
		add("consumption", plant.Keys{Order: b.Order, Operation: b.Operation, Material: b.Material, Lot: b.Lot}, b.Quantity)
	case plant.Scrapped:
		add("scrap of material", plant.Keys{Order: b.Order, Operation: b.Operation, Material: b.Material, Lot: b.Lot}, b.Quantity)
	case plant.Received:
		add("receipt", plant.Keys{Order: b.Order, Material: b.Material, Lot: b.Lot}, b.Quantity)
	case plant.Reversed:
		if b.Original.Fact == nil {
			break
		}
		n := len(buf)
		buf = l.movements(buf, sink, b.Original.Fact, item)
		for i := n; i < len(buf); i++ {
			buf[i].amount = -buf[i].amount
		}
	}
	return buf
}

// expect adds what f must and may bring to the books.
func (l *ledger) expect(f *evidence.FactView) {
	var buf [4]movement
	for _, m := range l.movements(buf[:0], f.Sink, f.Event.Fact, l.m.Item(f.Event.Fact)) {
		b := l.at(m.account)
		if m.rounded {
			b.slack++
		}
		b.facts++
		if b.first == nil {
			b.first = f
			b.note(f)
		}
		n, a := int64(postings(l.r.h, f)), allowed(l.r.h, f)
		if n >= 1 && int64(f.Posted) > n { // copies of ours
			b.high = b.high.Add(m.amount.Times(int64(f.Posted) - n))
		}
		low, high := int64(0), int64(a.max) // may be there, or was reported instead
		if f.Status == evidence.Must && a.min == 1 && len(f.Surfaces) == 0 {
			low = 1
		}
		if m.amount < 0 {
			low, high = high, low
		}
		b.low, b.high = b.low.Add(m.amount.Times(low)), b.high.Add(m.amount.Times(high))
		switch {
		case lost(f):
			b.lost = b.lost.Add(m.amount)
			b.note(f)
		case n > int64(a.max):
			b.twice = b.twice.Add(m.amount.Times(n - int64(a.max)))
			b.note(f)
		}
	}
}

func (b *balance) note(f *evidence.FactView) {
	if len(b.evidence) < 6 {
		b.evidence = append(b.evidence, f.Seq)
	}
}

// book adds what e shows. A phantom explains itself.
func (l *ledger) book(e *evidence.EffectView) {
	var buf [4]movement
	claim := e.Posting.Claim.Fact
	if claim == nil {
		return
	}
	item := l.m.Item(claim)
	if len(e.Facts) > 0 {
		item = l.m.Item(e.Facts[0].Event.Fact)
		if !judged(e.Facts[0]) {
			return
		}
	}
	if r, ok := claim.(plant.MachineCounted); ok {
		l.count(e, r)
		return
	}
	for i, m := range l.movements(buf[:0], e.Endpoint, claim, item) {
		if i == 0 && e.Posting.Base.Unit != "" && e.Posting.Base.Unit == m.unit && sameUse(claim) {
			m.amount = e.Posting.Base.Amount.Times(sign(m.amount))
		}
		b := l.at(m.account)
		if m.rounded {
			b.slack++
		}
		b.books = b.books.Add(m.amount)
		if len(e.Facts) == 0 {
			b.twice = b.twice.Add(m.amount)
		}
		if len(b.evidence) < 6 {
			b.evidence = append(b.evidence, e.Seq)
		}
	}
}

// sameUse reports whether the books' base quantity is the first movement of
// the claim.
func sameUse(f plant.Fact) bool {
	if r, ok := f.(plant.Reversed); ok {
		f = r.Original.Fact
	}
	c, ok := f.(plant.Confirmed)
	return !ok || c.Yield.Amount != 0
}

// compare holds each account against its bounds. What is too little may still
// come while the run has not settled; what is too much stays.
func (l *ledger) compare() {
	explained, excess := 0, false
	var first *evidence.Finding
	for _, a := range l.order {
		b := l.by[a]
		if b.open {
			continue
		}
		l.r.judged++
		if b.books >= b.low-b.slack && b.books <= b.high+b.slack {
			continue
		}
		f := l.finding(a, b)
		switch {
		case b.explained():
			if explained++; first == nil || (b.books > b.high && !excess) {
				excess = b.books > b.high
				f.Text = "fully explained by the facts that exactly-once, no-phantom and no-silent-drop name"
				f.Rule, f.Class = "explained-elsewhere", evidence.CauseTechnical // messages were lost or doubled, not mistaken
				first = &f
			}
		case b.books < b.low:
			l.r.missing(f, false)
		default:
			l.r.violated(f)
		}
	}
	if first == nil {
		return
	}
	if explained > 1 {
		first.Count = explained
	}
	if l.r.settled || excess {
		l.r.violated(*first)
	} else {
		l.r.missing(*first, true)
	}
}

// explained reports whether the books would be within their bounds if nothing
// had been lost or doubled. Between the bounds any sum will do: which of the
// facts that may be there are, is open.
func (b *balance) explained() bool {
	without := b.books.Add(b.lost).Sub(b.twice)
	return without >= b.low-b.slack && without <= b.high+b.slack
}

func (l *ledger) finding(a account, b *balance) evidence.Finding {
	f := evidence.Finding{
		Keys:     a.keys(),
		Expected: fmt.Sprintf("%s in %s: %s", a, a.sink, bounds(b, a.unit)),
		Got:      fmt.Sprintf("%s %s", b.books, a.unit),
		Class:    evidence.CauseDataQuality, Rule: "sum-differs", Confidence: "high", Evidence: few(b.evidence),
	}
	near := b.low
	if b.books > b.high {
		near = b.high
	}
	f.Text = fmt.Sprintf("off by %s %s over %s", b.books.Sub(near), a.unit, times(b.facts, "fact", "facts"))
	if b.first != nil && b.facts == 1 {
		f.Fact = b.first.Event.ID
	}
	return f
}

func bounds(b *balance, unit plant.Unit) string {
	if b.low == b.high {
		return fmt.Sprintf("%s %s", b.low, unit)
	}
	return fmt.Sprintf("between %s and %s %s", b.low, b.high, unit)
}

// overdrawn finds lots of which the books have given out more than they had,
// although the plant did not.
func (l *ledger) overdrawn() {
	stock, truthStock := map[plant.LotID]plant.Decimal{}, map[plant.LotID]plant.Decimal{}
	known := map[plant.LotID]plant.Lot{}
	for _, lot := range l.r.h.Plan.Lots {
		stock[lot.ID], truthStock[lot.ID], known[lot.ID] = lot.Quantity, lot.Quantity, lot
	}
	if len(known) == 0 {
		return
	}
	for _, f := range l.r.h.Facts {
		move(l.m, truthStock, f.Event.Fact, 1)
	}
	used := map[plant.LotID][]uint64{}
	for _, e := range l.r.h.Effects {
		if l.r.h.Plan.Endpoints[e.Endpoint].System != "erp" {
			continue
		}
		if lot := move(l.m, stock, e.Posting.Claim.Fact, 1); lot != "" {
			used[lot] = append(used[lot], e.Seq)
		}
	}
	for _, lot := range l.r.h.Plan.Lots {
		if have := stock[lot.ID]; have < 0 && truthStock[lot.ID] >= 0 {
			l.r.violated(evidence.Finding{
				Keys:     plant.Keys{Lot: lot.ID, Material: lot.Material},
				Expected: fmt.Sprintf("no more given out of lot %s than its %s", lot.ID, lot.Quantity),
				Got:      fmt.Sprintf("%s too much", -have),
				Class:    evidence.CauseClass(simulators.Business), Rule: "lot-overdrawn", Confidence: "high", Evidence: few(lastOf(used[lot.ID])),
			})
		}
	}
}

func lastOf(seqs []uint64) []uint64 { return seqs[max(0, len(seqs)-10):] }

// move applies a fact to the stock of its lot and names the lot.
func move(m *evidence.Measure, stock map[plant.LotID]plant.Decimal, f plant.Fact, sign int64) plant.LotID {
	if f == nil {
		return ""
	}
	if r, ok := f.(plant.Reversed); ok {
		return move(m, stock, r.Original.Fact, -sign)
	}
	switch f.Kind() {
	case plant.KindReceipt:
	case plant.KindConsumption, plant.KindScrap, plant.KindShipment:
		sign = -sign
	default:
		return ""
	}
	lot := f.Keys().Lot
	if _, known := stock[lot]; !known {
		return ""
	}
	q, _ := m.Of(f)
	stock[lot] = stock[lot].Add(q.Amount.Times(sign))
	return lot
}
