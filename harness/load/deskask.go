package load

import (
	"cmp"
	"reflect"
	"slices"
	"sync"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/books"
)

// answer answers a question of the build.
func (b *ledgerBooks) answer(q simulators.Query) simulators.Answer {
	id := cmp.Or(q.Where["id"], q.Where[q.Object])
	found := func(one any) simulators.Answer { return simulators.Answer{Found: []any{one}} }
	switch q.Object {
	case "postings":
		return books.Page(q, b.postings(q), func(p simulators.Posting) string { return p.Doc })
	case "order":
		if o := b.State("order", id); o != nil {
			return found(o)
		}
		return simulators.Answer{Refusal: books.Refuse(books.OrderUnknown, "order %q is not known", id)}
	case "orders":
		return books.Page(q, b.run.wording.story.orderStates(), func(o simulators.OrderState) string { return string(o.Order.ID) })
	case "item":
		if i, ok := b.run.wording.story.items[plant.ItemID(id)]; ok {
			return found(simulators.ItemState{Item: i})
		}
		return simulators.Answer{Refusal: books.Refuse(books.ItemUnknown, "item %q is not known", id)}
	case "items":
		return books.Page(q, b.run.wording.story.itemStates(), func(i simulators.ItemState) string { return string(i.Item.ID) })
	case "lot":
		return simulators.Answer{Refusal: books.Refuse(books.LotUnknown, "lot %q is not known", id)}
	}
	return simulators.Answer{Refusal: books.Refuse(books.QueryUnknown, "a load has no list of %q", q.Object)}
}

// postings are those with a reference: that of the MES, or one that the build has
// given.
func (b *ledgerBooks) postings(q simulators.Query) []simulators.Posting {
	w, ref := b.run.wording, plant.EventID(q.Where["reference"])
	seq, ours := w.keys.Seq([]byte(ref))
	if !ours {
		seq, ours = b.refs.find(ref)
	}
	if !ours || !b.run.ledger.Posted(seq) {
		return nil
	}
	p := simulators.Posting{Doc: document(seq), Claim: plant.Event{ID: plant.EventID(w.keyText(seq)), At: b.run.start, Fact: w.fact(seq)}}
	if string(ref) != string(p.Claim.ID) {
		p.Alias = ref
	}
	return []simulators.Posting{p}
}

// orderStates are the orders of the story, as an ERP shows them.
func (s *Story) orderStates() []simulators.OrderState {
	all := make([]simulators.OrderState, len(s.orders))
	for i, o := range s.orders {
		all[i] = simulators.OrderState{State: "Running", Order: o}
	}
	return all
}

// itemStates are its items.
func (s *Story) itemStates() []simulators.ItemState {
	var all []simulators.ItemState
	for _, i := range s.items {
		all = append(all, simulators.ItemState{Item: i})
	}
	slices.SortFunc(all, func(a, b simulators.ItemState) int { return cmp.Compare(a.Item.ID, b.Item.ID) })
	return all
}

// numbered finds the number of the message that states a fact by its business key:
// order and counter. Holds have none.
func (w *Wording) numbered(f plant.Fact) (seq uint64, ok bool) {
	flow := ofConfirmations
	switch f.(type) {
	case plant.Confirmed:
	case plant.Consumed:
		flow = ofConsumptions
	case plant.Scrapped:
		flow = ofScraps
	default:
		return 0, false
	}
	nth, known := w.story.place(flow, f.Keys())
	switch {
	case !known:
		return 0, false
	case w.turns == nil:
		return nth, flow == ofConfirmations
	case w.turns.each[flow] == 0:
		return 0, false
	}
	return w.turns.number(flow, nth), true
}

// number is the message that is the nth of a flow, from 0.
func (t *turns) number(flow int, nth uint64) uint64 {
	seq := nth / t.each[flow] * t.round
	for left := nth % t.each[flow]; ; seq++ {
		if i := seq % t.round; int(t.whose[i]) == flow {
			if left == 0 {
				return seq
			}
			left--
		}
	}
}

// sameAs reports whether two facts of any kind state the same; instants are the
// same wherever they were written down.
func sameAs(a, b plant.Fact) bool { return reflect.DeepEqual(inUTC(a), inUTC(b)) }

// inUTC is a fact whose instants are written in UTC.
func inUTC(f plant.Fact) plant.Fact {
	c, ok := f.(plant.Confirmed)
	if !ok {
		return f
	}
	c.Start, c.End = c.Start.UTC(), c.End.UTC()
	return c
}

// references are what a build has called its postings besides, for as long as
// keys are kept.
type references struct {
	mu       sync.Mutex // guards what follows
	now, old map[plant.EventID]uint64
	turned   int64
}

func (r *references) note(ref plant.EventID, seq uint64, now int64) {
	if ref == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now == nil || now-r.turned > int64(keysKept) {
		r.old, r.now, r.turned = r.now, map[plant.EventID]uint64{}, now
	}
	r.now[ref] = seq
}

func (r *references) find(ref plant.EventID) (seq uint64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if seq, ok = r.now[ref]; !ok {
		seq, ok = r.old[ref]
	}
	return seq, ok
}
