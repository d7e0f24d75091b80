package load

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// lotIssues is how many issues to its operation a lot lasts.
const lotIssues = 8

// Mixed has w say messages of several flows, as d words them. Each order has a
// component and a lot of it in use, which lasts for eight issues; scrap is of the
// lot that was issued last; a hold is of a lot that the order has made, and each
// of another one.
func (w *Wording) Mixed(d simulators.Dialect, m Mix, now time.Time) error {
	if err := m.sane(); err != nil {
		return err
	}
	if w.seed == 0 {
		return errors.New("a body of yours is of one flow, and there is no mix of it")
	}
	others := make([]words, flowKinds-1)
	for i := range others {
		o := &others[i]
		for digits := 1; digits <= mostDigits; digits++ {
			path, v, err := flowSpecimen(i+1, digits).word(d, now)
			if err != nil {
				return err
			}
			v.rows = nil // there are no batches of a mix
			o.path, o.vary = path, append(o.vary, v)
			if i+1 == ofHolds { // which have no counter
				break
			}
		}
		o.read = w.reader(d, o.path)
	}
	w.turns, w.others = m.turns(), others
	return nil
}

// Mix is what w is mixed of; nil if all are confirmations.
func (w *Wording) Mix() Mix {
	if w.turns == nil {
		return nil
	}
	return w.turns.mix
}

// Values of specimens besides those of a confirmation.
const (
	specimenItem   = "RM-987"
	specimenMakes  = "ITEM-987"
	specimenLot    = "LOT-987-12345678"
	specimenMade   = "FG-987-12345678"
	specimenCase   = "QC-987-12345678"
	specimenReason = "component damaged at fitting"
	specimenDefect = "diameter out of tolerance, lot blocked until inspected"
)

// flowSpecimen is the specimen of a flow that is not confirmations.
func flowSpecimen(flow, digits int) specimen {
	counter := counterOf(digits)
	find := []sought{
		{fieldKey, specimenKey, 0, keyLen, 1},
		{fieldOrder, specimenOrder, 7, 3, 1},
	}
	counted := []sought{
		{fieldOrder, specimenItem, 3, 3, 1},
		{fieldOrder, specimenLot, 4, 3, 1},
		{fieldLot, specimenLot, 8, 8, 1},
		{fieldOperation, `"` + specimenOp + `"`, 1, 4, 1},
		{fieldCounter, `"` + strconv.Itoa(counter) + `"`, 1, digits, 1},
	}
	switch flow {
	case ofConsumptions:
		return specimen{plant.Consumed{Order: specimenOrder, Operation: specimenOp, Counter: counter, Material: specimenItem, Lot: specimenLot, Quantity: plant.Of(specimenYield, "EA")},
			append(append(find, counted...), sought{fieldYield, `"` + strconv.Itoa(specimenYield) + `"`, 1, 3, 1})}
	case ofScraps:
		return specimen{plant.Scrapped{Order: specimenOrder, Operation: specimenOp, Counter: counter, Material: specimenItem, Lot: specimenLot,
			Quantity: plant.Of(specimenScrap, "EA"), Reason: specimenReason},
			append(append(find, counted...), sought{fieldYield, `"` + strconv.Itoa(specimenScrap) + `"`, 1, 1, 1})}
	}
	return specimen{plant.LotHeld{Lot: specimenMade, Material: specimenMakes, Order: specimenOrder, Case: specimenCase, Reason: specimenDefect},
		append(find, sought{fieldOrder, specimenMakes, 5, 3, 1}, sought{fieldOrder, specimenMade, 3, 3, 1}, sought{fieldLot, specimenMade, 7, 8, 1},
			sought{fieldOrder, specimenCase, 3, 3, 1}, sought{fieldCase, specimenCase, 7, 8, 1})}
}

// mixed is what message seq of a mix is about.
func (w *Wording) mixed(seq uint64) made {
	flow, nth := w.turns.turn(seq)
	if flow == ofConfirmations {
		return w.confirms(seq, nth)
	}
	r := mix(seq ^ w.seed)
	m := made{flow: flow, order: nth % w.orders, counter: nth/w.orders + 1}
	switch flow {
	case ofConsumptions:
		m.yield, m.lot = 100+r%900, lotOf(m.counter)
	case ofScraps:
		issues := uint64(1) // of the order, until now
		if n := w.turns.until(seq, ofConsumptions); n > m.order {
			issues = (n-1-m.order)/w.orders + 1
		}
		m.yield, m.lot = 1+r%9, lotOf(issues)
	case ofHolds:
		m.lot = m.counter
	}
	return m
}

// lotOf is the lot of an order's n-th issue, from 1.
func lotOf(n uint64) uint64 { return (n-1)/lotIssues + 1 }

// flow is the number of message seq's flow.
func (w *Wording) flow(seq uint64) int {
	if w.turns == nil {
		return ofConfirmations
	}
	flow, _ := w.turns.turn(seq)
	return flow
}

// own is the flow of the message that is number n of w's part.
func (w *Wording) own(n uint64) int { return w.flow(w.part.number(n)) }

// reading reads what is posted as messages of a flow.
func (w *Wording) reading(flow int) func(body []byte) ([]statement, error) {
	if flow == ofConfirmations {
		return w.read
	}
	return w.others[flow-1].read
}

// fact is message seq as the plant has it.
func (w *Wording) fact(seq uint64) plant.Fact {
	m := w.made(seq)
	order, operation := plant.OrderID(fmt.Sprintf("4799000%03d", m.order+1)), plant.OperationID(fmt.Sprintf("00%d0", m.order%3+1))
	item, lot := plant.ItemID(fmt.Sprintf("RM-%03d", m.order+1)), plant.LotID(fmt.Sprintf("LOT-%03d-%08d", m.order+1, m.lot))
	quantity := plant.Of(int64(m.yield), "EA")
	switch m.flow {
	case ofConsumptions:
		return plant.Consumed{Order: order, Operation: operation, Counter: int(m.counter), Material: item, Lot: lot, Quantity: quantity}
	case ofScraps:
		return plant.Scrapped{Order: order, Operation: operation, Counter: int(m.counter), Material: item, Lot: lot, Quantity: quantity, Reason: specimenReason}
	case ofHolds:
		return plant.LotHeld{Lot: plant.LotID(fmt.Sprintf("FG-%03d-%08d", m.order+1, m.lot)), Material: plant.ItemID(fmt.Sprintf("ITEM-%03d", m.order+1)), Order: order,
			Case: plant.CaseID(fmt.Sprintf("QC-%03d-%08d", m.order+1, m.counter)), Reason: specimenDefect}
	}
	return confirmation(m)
}

// kind is the kind of fact that message seq states; "" if a user has worded it.
func (w *Wording) kind(seq uint64) plant.Kind {
	if w.seed == 0 {
		return ""
	}
	return w.fact(seq).Kind()
}

// sameFact reports whether two facts state the same. Those of a load can be
// compared; what others make of them may be of a kind that cannot.
func sameFact(got, want plant.Fact) bool {
	switch got := got.(type) {
	case plant.Confirmed:
		return plant.Fact(got) == want
	case plant.Consumed:
		return plant.Fact(got) == want
	case plant.Scrapped:
		return plant.Fact(got) == want
	case plant.LotHeld:
		return plant.Fact(got) == want
	}
	return false
}

// tellFact says what a fact of a load is about; "" if it is none.
func tellFact(f plant.Fact) string {
	switch f := f.(type) {
	case plant.Confirmed:
		return tell(f)
	case plant.Consumed:
		return fmt.Sprintf("order %s operation %s counter %d: %s of %s lot %s consumed", f.Order, f.Operation, f.Counter, f.Quantity, f.Material, f.Lot)
	case plant.Scrapped:
		return fmt.Sprintf("order %s operation %s counter %d: %s of %s lot %s scrapped: %s", f.Order, f.Operation, f.Counter, f.Quantity, f.Material, f.Lot, f.Reason)
	case plant.LotHeld:
		return fmt.Sprintf("lot %s of %s made by order %s held for case %s: %s", f.Lot, f.Material, f.Order, f.Case, f.Reason)
	}
	return ""
}
