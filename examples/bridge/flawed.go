package bridge

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"
)

// flawedInbox holds the defects in taking messages that need a memory of their
// own. The sound bridge has none of it.
type flawedInbox struct {
	inbox  *inbox
	defect Defect

	mu      sync.Mutex         // guards what follows
	known   map[string]bool    // M05: events taken since the start
	counter int64              // M05: keys given since the start
	open    map[string]bool    // M28: orders released and not yet received from
	issued  map[string][]*item // M49: what was issued, by order and operation
	revised map[string]string  // M60: revisions by material, as first seen
	latest  map[string]*item   // M82: the last confirmation of each order
	made    map[string]bool    // M83, M84: lots that were received
	oldest  map[string]string  // M84: the first of them, by material
	counted map[string]int     // M141: the newest version of any document of a material

	buffer chan late // M08, M10
	done   chan struct{}
}

// late is a message that has been acknowledged and is stored afterwards.
type late struct {
	items []*item
	extra func(*writer) error
	at    time.Time
}

// flaw returns nil unless the defect needs it.
func flaw(i *inbox, d Defect) *flawedInbox {
	switch d {
	case M05, M08, M10, M28, M31, M04, M38, M49, M50, M60, M82, M83, M84, M141, M142, M144, M145:
		return &flawedInbox{inbox: i, defect: d, known: map[string]bool{}, open: map[string]bool{}, issued: map[string][]*item{}, revised: map[string]string{}, latest: map[string]*item{}, made: map[string]bool{}, oldest: map[string]string{}, counted: map[string]int{}, counter: time.Now().UnixNano(),
			buffer: make(chan late, 1<<16), done: make(chan struct{})}
	}
	return nil
}

func (f *flawedInbox) accept(ctx context.Context, items []*item, extra func(*writer) error) error {
	switch f.defect {
	case M04:
		for _, it := range items {
			it.idem = digest(it.to + " " + it.Order + " " + it.name) // DEFECT M04: too coarse a key
		}
	case M08, M10:
		wait := 150 * time.Millisecond // DEFECT M08: acknowledged now, stored then
		if f.defect == M10 {
			wait = 250 * time.Millisecond
		}
		f.buffer <- late{items, extra, time.Now().Add(wait)}
		return nil
	case M31:
		items = slices.DeleteFunc(items, func(it *item) bool {
			return it.Kind == kindDecided && f.inbox.holds.late(it.Lot) // DEFECT M31: the decision has been taken for us
		})
	case M28:
		items = slices.DeleteFunc(items, func(it *item) bool {
			return it.Kind == kindHeld && !f.isOpen(it.Order) // DEFECT M28: "not our order any more"
		})
	case M38:
		items = slices.DeleteFunc(items, func(it *item) bool { return it.Kind == kindItem && retired.Match(it.body) }) // DEFECT M38: there is no word for it
	case M49:
		items = f.backflush(items)
	case M50:
		items = slices.DeleteFunc(items, func(it *item) bool { return it.Kind == "rework" }) // DEFECT M50: "not for the ERP"
	case M60:
		f.cached(items)
	case M82:
		items = f.complete(items)
	case M83, M84:
		items = f.levelled(items)
	case M141:
		items = slices.DeleteFunc(items, f.had)
	case M142:
		f.perPiece(items)
	case M144:
		items = slices.DeleteFunc(items, f.hasIt)
	case M145:
		dayLate(items)
	}
	return f.inbox.take(ctx, items, extra)
}

var (
	retired  = regexp.MustCompile(`"ID"\s*:\s*"Retired"\s*,\s*"Value"\s*:\s*\[[^\]]*"ValueString"\s*:\s*"true"`)
	revision = regexp.MustCompile(`"ID"\s*:\s*"Revision"\s*,\s*"Value"\s*:\s*\[\s*\{\s*"ValueString"\s*:\s*"([^"]*)"`)
	counter  = regexp.MustCompile(`("ID"\s*:\s*"Counter"\s*,\s*"Value"\s*:\s*\[\s*\{\s*"ValueString"\s*:\s*")([0-9]+)`)
	amount   = regexp.MustCompile(`"QuantityString"\s*:\s*"([^"]*)"`)
	product  = regexp.MustCompile(`"ID"\s*:\s*"product"\s*,\s*"MaterialDefinitionID"\s*:\s*\[\s*"([^"]*)"`)
)

// cached is defect M60: the bill of material of a product is read once, with
// its first order.
func (f *flawedInbox) cached(items []*item) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, it := range items {
		made, said := product.FindSubmatch(it.body), revision.FindSubmatchIndex(it.body)
		if it.Kind != kindReleased || made == nil || said == nil {
			continue
		}
		first, known := f.revised[string(made[1])]
		if !known {
			f.revised[string(made[1])] = string(it.body[said[2]:said[3]])
			continue
		}
		it.body = slices.Concat(it.body[:said[2]], []byte(first), it.body[said[3]:]) // DEFECT M60: what was true then
	}
}

// backflush is defect M49: at the final confirmation of an operation all its
// components are posted, whether or not somebody has issued them.
func (f *flawedInbox) backflush(items []*item) []*item {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, it := range items {
		place := it.Order + " " + it.Operation
		switch {
		case it.Kind == kindConsumption && !slices.ContainsFunc(f.issued[place], func(c *item) bool { return c.Event == it.Event }):
			kept := *it // before anybody else works on it
			f.issued[place] = append(f.issued[place], &kept)
		case it.Kind == "confirmation" && bytes.Contains(it.body, []byte(`"Completed"`)):
			for _, c := range f.issued[place] {
				again := *c
				again.Event = "backflush/" + c.Event
				again.idem = digest(c.to + " " + again.Event)
				again.body = counter.ReplaceAll(bytes.ReplaceAll(c.body, []byte(c.Event), []byte(again.Event)), []byte("${1}1000$2")) // numbers of its own
				items = append(items, &again)                                                                                         // DEFECT M49: the components again
			}
			delete(f.issued, place)
		}
	}
	return items
}

// complete is defect M82: before goods are received they must be confirmed, so
// whatever is received is confirmed once more by default.
func (f *flawedInbox) complete(items []*item) []*item {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, it := range items {
		last, said := f.latest[it.Order], amount.FindSubmatch(it.body)
		switch {
		case it.Kind == "confirmation":
			kept := *it // before anybody else works on it
			f.latest[it.Order] = &kept
		case it.Kind == kindReceipt && last != nil && said != nil:
			extra := *last
			extra.Event = "default/" + it.Event
			extra.idem = digest(extra.to + " " + extra.Event)
			body := counter.ReplaceAll(bytes.ReplaceAll(last.body, []byte(last.Event), []byte(extra.Event)), []byte("${1}9${2}")) // a number of its own
			body, err := editMaterials(body, quantities(func(string) string { return string(said[1]) }))
			if err != nil {
				continue
			}
			extra.body = body
			items = append(items, &extra) // DEFECT M82: nobody has reported that
		}
	}
	return items
}

// levelled holds defects M83 and M84, which only see one level: what the plant
// has made itself is not looked at like what it has bought.
func (f *flawedInbox) levelled(items []*item) []*item {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(items, func(it *item) bool {
		switch {
		case it.Kind == kindReceipt:
			f.made[it.Lot] = true
			if f.oldest[it.Material] == "" {
				f.oldest[it.Material] = it.Lot
			}
		case it.Kind == kindConsumption && f.made[it.Lot] && f.defect == M83:
			return true // DEFECT M83: "from our own stock into our own stock"
		case it.Kind == kindConsumption && f.made[it.Lot]:
			scanned, first := it.Lot, f.oldest[it.Material]
			body, err := editMaterials(it.body, codes(func(id string) string {
				if id == scanned {
					return first // DEFECT M84: first in, first out, whatever was scanned
				}
				return id
			}))
			if err == nil {
				it.body, it.Lot = body, first
			}
		}
		return false
	})
}

// run stores late messages until ctx is done.
func (f *flawedInbox) run(ctx context.Context) {
	defer close(f.done)
	for {
		select {
		case m := <-f.buffer:
			if f.defect == M10 {
				sleep(ctx, time.Until(m.at))
				if ctx.Err() != nil {
					return // DEFECT M10: what is in the buffer stays there
				}
			} else {
				sleep(context.WithoutCancel(ctx), time.Until(m.at))
			}
			if err := f.inbox.take(context.WithoutCancel(ctx), m.items, m.extra); err != nil {
				f.inbox.log.Error("take message late", "error", err)
			}
		case <-ctx.Done():
			if f.defect == M10 || len(f.buffer) == 0 {
				return
			}
		}
	}
}

// know is the memory of defect M05, which also numbers keys anew.
func (f *flawedInbox) know(it *item) (fresh bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known[it.Event] {
		return false
	}
	f.known[it.Event] = true
	f.counter++
	it.idem = digest(fmt.Sprint(it.to, f.counter)) // DEFECT M05: says nothing about the event
	return true
}

// see follows what was taken.
func (f *flawedInbox) see(it *item) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch it.Kind {
	case kindReleased:
		f.open[it.Order] = true
	case kindReceipt:
		delete(f.open, it.Order)
	case kindHeld:
		if f.defect == M31 {
			time.AfterFunc(250*time.Millisecond, func() { f.giveUp(it.Lot) })
		}
	}
}

// giveUp is defect M31: what waits for a decision is taken to be rejected.
func (f *flawedInbox) giveUp(lot string) {
	for _, u := range f.inbox.holds.expire(lot) { // DEFECT M31: no decision is a "no"
		f.inbox.store.enqueue(func(w *writer) error { return each(u, w.drop) }, nil)
	}
}

func (f *flawedInbox) isOpen(order string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return order != "" && f.open[order]
}
