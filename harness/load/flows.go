package load

import (
	"errors"
	"fmt"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Mixed has w say messages of several flows of its story, as d words them.
func (w *Wording) Mixed(d simulators.Dialect, m Mix, now time.Time) error {
	if err := m.sane(); err != nil {
		return err
	}
	if w.story == nil {
		return errors.New("a body of yours is of one flow, and there is no mix of it")
	}
	if err := w.story.has(m); err != nil {
		return err
	}
	for _, share := range m {
		flow := share.Flow.number()
		if flow == ofConfirmations {
			continue
		}
		f, err := w.spoken(d, flow, now)
		if err != nil {
			return err
		}
		for i := range f.shapes {
			f.shapes[i].rows = nil // there are no batches of a mix
		}
		w.flows[flow] = f
	}
	w.turns = m.turns()
	return nil
}

// Mix is what w is mixed of; nil if all are confirmations.
func (w *Wording) Mix() Mix {
	if w.turns == nil {
		return nil
	}
	return w.turns.mix
}

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
func (w *Wording) reading(flow int) func(body []byte) ([]statement, error) { return w.flows[flow].read }

// fact is message seq as the plant has it.
func (w *Wording) fact(seq uint64) plant.Fact {
	m := w.made(seq)
	return w.story.fact(m.flow, int(m.place), int(m.counter))
}

// kind is the kind of fact that message seq states; "" if a user has worded it.
func (w *Wording) kind(seq uint64) plant.Kind {
	if w.story == nil {
		return ""
	}
	return w.fact(seq).Kind()
}

// same reports whether two facts state the same. Those of a load can be compared;
// what others make of them may be of a kind that cannot. A quantity may be said in
// the unit in which stock is kept.
func (s *Story) same(got, want plant.Fact) bool {
	switch got := got.(type) {
	case plant.Confirmed:
		return plant.Fact(got) == want
	case plant.Consumed:
		w, ok := want.(plant.Consumed)
		got.Quantity, w.Quantity = s.base(got.Material, got.Quantity), s.base(w.Material, w.Quantity)
		return ok && got == w
	case plant.Scrapped:
		w, ok := want.(plant.Scrapped)
		got.Quantity, w.Quantity = s.base(got.Material, got.Quantity), s.base(w.Material, w.Quantity)
		return ok && got == w
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
