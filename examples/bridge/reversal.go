package bridge

import (
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// A reversal takes back what was reported before. It makes sense only behind
// that: one that overtakes its original on the way here waits for it, beside the
// others of its order.

const kindReversal = "reversal"

// reversalPatience is how long a reversal waits for an original of which nothing
// has come. Those of reports from before the bridge never come.
const reversalPatience = 5 * time.Second

// early reports whether the original of a reversal is still to be delivered, or
// may yet come.
func (c *courier) early(ctx context.Context, it *item) (bool, error) {
	if it.Kind != kindReversal || it.Original == "" {
		return false, nil
	}
	if it.seen.IsZero() {
		it.seen = time.Now()
	}
	waits, taken, err := c.store.known(ctx, it.to, it.Original)
	return waits || !taken && time.Since(it.seen) < reversalPatience, err
}

// known says whether an event was taken, and whether it still waits to be
// delivered.
func (s *store) known(ctx context.Context, to, event string) (waits, taken bool, err error) {
	err = s.read(ctx, func(scan func(...any) error) error { return scan(&waits, &taken) },
		`SELECT EXISTS (SELECT 1 FROM outbox WHERE dest = ?1 AND event = ?2), EXISTS (SELECT 1 FROM inbox WHERE event = ?1 || ' ' || ?2)`, to, event)
	return waits, taken, err
}

// misreversal is the memory of defects in reversals: what was delivered. The sound
// bridge has none.
type misreversal struct {
	mu     sync.Mutex // guards what follows
	newest map[string]item
	before map[string]item // of the same order and kind
	bodies map[string]item // by event
}

func newMisreversal(d Defect) *misreversal {
	switch d {
	case M130, M131, M133:
		return &misreversal{newest: map[string]item{}, before: map[string]item{}, bodies: map[string]item{}}
	}
	return nil
}

// see remembers what was delivered.
func (m *misreversal) see(u unit) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, it := range u {
		k := it.Kind + " " + it.Order
		m.before[k], m.newest[k], m.bodies[it.Event] = m.newest[k], *it, *it
	}
}

// mistake makes of a reversal what the defect does.
func (m *misreversal) mistake(it *item, d Defect) {
	if m == nil || it.Kind != kindReversal || it.mistaken {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	k := it.Of + " " + it.Order
	switch {
	case d == M131: // DEFECT M131: minus so many is the same, and needs no document
		o, known := m.bodies[it.Original]
		if !known {
			return
		}
		it.name, it.Material, it.Lot = o.name, o.Material, o.Lot
		it.body, it.mistaken = negated(o.body, o.Event, it.Event), true
	case d == M133: // DEFECT M133: the last document of the order will be the one
		m.point(it, m.newest[k])
	case d == M130 && it.sent: // DEFECT M130: not answered is not done, and the last one that stands is looked for anew
		o := m.newest[k]
		if o.Event == it.Original {
			o = m.before[k]
		}
		m.point(it, o)
		it.doubt, it.idem = false, digest(it.idem+" again")
	}
}

// point makes a reversal one of o.
func (m *misreversal) point(it *item, o item) {
	if o.Event == "" || o.Event == it.Original {
		return
	}
	it.mistaken, it.Original, it.Operation, it.Counter = true, o.Event, o.Operation, o.Counter
	it.body = pointed(it.body, o.facts)
}

var quantityText = regexp.MustCompile(`("QuantityString"\s*:\s*")([0-9.]+")`)

// negated is a report with its quantities below zero, under another name.
func negated(body []byte, was, is string) []byte {
	old, _ := json.Marshal(was) // strings cannot fail
	now, _ := json.Marshal(is)
	body = regexp.MustCompile(regexp.QuoteMeta(string(old))).ReplaceAllLiteral(body, now)
	return quantityText.ReplaceAll(body, []byte("${1}-${2}"))
}

// pointed is a reversal that names another original.
func pointed(body []byte, f facts) []byte {
	var tree any
	if json.Unmarshal(body, &tree) != nil {
		return body
	}
	walk(tree, func(name string, v any) {
		list, _ := v.([]any)
		switch {
		case name == "OperationsSegmentID" && len(list) == 1:
			list[0] = f.Operation
		case name == "SegmentData":
			for _, p := range list {
				point(p, f)
			}
		}
	})
	b, err := json.Marshal(tree)
	if err != nil {
		return body
	}
	return b
}

func point(property any, f facts) {
	p, _ := property.(map[string]any)
	values, _ := p["Value"].([]any)
	if len(values) != 1 {
		return
	}
	v, _ := values[0].(map[string]any)
	switch p["ID"] {
	case "Counter":
		v["ValueString"] = strconv.Itoa(f.Counter)
	case "Reference":
		v["ValueString"] = f.Event
	}
}
