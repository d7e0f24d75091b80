package bridge

import (
	"context"
	"sync"
	"time"
)

// holds knows which lots wait for a quality decision. From the moment a hold
// is acknowledged nothing is posted any more that uses the lot or puts it into
// stock: it is parked until the decision comes, however late. The lot may be
// usable again then, and what happened on the floor has happened.
type holds struct {
	defect Defect

	mu     sync.Mutex                 // guards what follows
	cases  map[string]map[string]bool // open cases by lot
	parked map[string][]unit          // by one lot that holds them
	flying map[string]int             // postings under way by lot
	quiet  chan struct{}              // closed and replaced when a posting lands
	// only defect M31 needs this: lots whose decision is taken to be "no"
	expired map[string]bool
}

func newHolds(d Defect) *holds {
	return &holds{defect: d, cases: map[string]map[string]bool{}, parked: map[string][]unit{}, flying: map[string]int{},
		quiet: make(chan struct{}), expired: map[string]bool{}}
}

// bound reports whether a fact must not be posted while its lot is held.
func (f facts) bound() bool {
	return f.Lot != "" && (f.Kind == kindConsumption || f.Kind == kindReceipt)
}

// open notes a hold.
func (h *holds) open(lot, quality string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cases[lot] == nil {
		h.cases[lot] = map[string]bool{}
	}
	h.cases[lot][quality] = true
}

// decide notes the end of a case ("" ends all) and returns what was parked for
// the lot if nothing holds it any more.
func (h *holds) decide(lot, quality string) (free []unit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.cases[lot], quality)
	if quality == "" || len(h.cases[lot]) == 0 {
		delete(h.cases, lot)
		free = h.parked[lot]
		delete(h.parked, lot)
	}
	return free
}

// held reports whether an item has to wait for a decision.
func (h *holds) held(it *item) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.blocks(it)
}

// blocks is held with h.mu held.
func (h *holds) blocks(it *item) bool { return it.bound() && len(h.cases[it.Lot]) > 0 }

// park keeps u if one of its lots is held, and reports whether it did.
func (h *holds) park(u unit) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.keep(u)
}

// keep is park with h.mu held.
func (h *holds) keep(u unit) bool {
	for _, it := range u {
		if h.blocks(it) && !h.expired[it.Lot] {
			h.parked[it.Lot] = append(h.parked[it.Lot], u)
			return true
		}
	}
	return false
}

// begin is called at the last moment before u is sent. It reports false, and
// parks u, if a hold has come meanwhile.
func (h *holds) begin(u unit) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.keep(u) {
		return false
	}
	for _, it := range u {
		if it.bound() {
			h.flying[it.Lot]++
		}
	}
	return true
}

// end is called when the reply to u has come, or never will.
func (h *holds) end(u unit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, it := range u {
		if !it.bound() {
			continue
		}
		if h.flying[it.Lot]--; h.flying[it.Lot] == 0 {
			delete(h.flying, it.Lot)
		}
	}
	close(h.quiet)
	h.quiet = make(chan struct{})
}

// settle waits until no posting of the lot is under way. Only then is a hold
// acknowledged, so that its sender can rely on it.
func (h *holds) settle(ctx context.Context, lot string, limit time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		h.mu.Lock()
		busy, quiet := h.flying[lot] > 0, h.quiet
		h.mu.Unlock()
		if !busy {
			return
		}
		select {
		case <-quiet:
		case <-ctx.Done():
			return
		}
	}
}

// expire is what defect M31 does when it has waited long enough.
func (h *holds) expire(lot string) (given []unit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	given = h.parked[lot]
	delete(h.parked, lot)
	if len(h.cases[lot]) > 0 {
		h.expired[lot] = true
	}
	return given
}

// rejected reports whether defect M31 has given the unit up.
func (h *holds) rejected(u unit) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, it := range u {
		if h.blocks(it) && h.expired[it.Lot] {
			return true
		}
	}
	return false
}

// late reports whether defect M31 has stopped to wait for a decision.
func (h *holds) late(lot string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.expired[lot]
}

// waiting is the number of items that wait for a decision.
func (h *holds) waiting() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, us := range h.parked {
		for _, u := range us {
			n += len(u)
		}
	}
	return n
}
