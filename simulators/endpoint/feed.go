package endpoint

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/andon-rig/andon/simulators"
)

// feed keeps announcements for a SUT that polls. Each crosses the line on its
// way into the log, in the order in which they were announced; what is held up
// there comes later, and what is in sequence with it waits for it. A reader has
// taken what lies before the cursor it comes back with.
type feed struct {
	e *Endpoint

	mu    sync.Mutex // guards what follows
	log   []simulators.Message
	taken int
	left  int                  // announcements that are not in the log yet
	lanes map[string]*upcoming // entities of which one is held up
}

// upcoming is what waits for the announcement of its entity that is held up.
type upcoming struct{ queue []simulators.Message }

func newFeed(e *Endpoint) *feed { return &feed{e: e, lanes: map[string]*upcoming{}} }

// put announces m. The context of what is held up is the line's own.
func (f *feed) put(m simulators.Message) error {
	m.Kept = true
	ordered := f.e.PolicyNow().Ordering != simulators.OrderNone && m.Entity != ""
	f.mu.Lock()
	f.left++
	if !ordered {
		f.mu.Unlock()
		return f.cross(m, nil)
	}
	if l := f.lanes[m.Entity]; l != nil {
		l.queue = append(l.queue, m)
		f.mu.Unlock()
		return nil
	}
	l := &upcoming{queue: []simulators.Message{m}}
	f.lanes[m.Entity] = l
	f.mu.Unlock()
	return f.drain(m.Entity, l)
}

// drain announces what waits in l, until one is held up again or none is left.
func (f *feed) drain(entity string, l *upcoming) error {
	for {
		f.mu.Lock()
		if len(l.queue) == 0 {
			delete(f.lanes, entity)
			f.mu.Unlock()
			return nil
		}
		m := l.queue[0]
		l.queue = l.queue[1:]
		f.mu.Unlock()
		w := &waiting{feed: f, entity: entity, lane: l}
		if err := f.cross(m, w); err != nil {
			return err
		}
		if !w.passed() {
			return nil // it goes on when this one has arrived
		}
	}
}

// cross takes m over the line into the log; w, if any, learns when others may
// follow.
func (f *feed) cross(m simulators.Message, w *waiting) error {
	m.Release = func() {
		if w != nil {
			w.pass()
		}
	}
	_, err := f.e.Line.Carry(context.Background(), m, simulators.ToSUT, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
		release := m.Release // a copy has none
		m.Release = nil
		f.mu.Lock()
		f.log = append(f.log, m)
		if release != nil {
			f.left--
		}
		f.mu.Unlock()
		if err := f.keep(ctx, m); err != nil {
			return simulators.Message{}, err
		}
		if release != nil {
			release()
		}
		return simulators.Message{}, nil
	})
	if err != nil {
		return fmt.Errorf("put %s into the feed: %w", m.Key, err)
	}
	return nil
}

// keep hands m to a transport that has a place of its own for what the SUT
// fetches.
func (f *feed) keep(ctx context.Context, m simulators.Message) error {
	k, ok := f.e.Transport.(simulators.Keeper)
	if !ok {
		return nil
	}
	return k.Keep(ctx, m, func(r simulators.Result) {
		if r.Outcome != simulators.Unknown {
			f.mu.Lock()
			f.taken++
			f.mu.Unlock()
		}
		f.e.OnKept(m, r)
	})
}

// waiting is an announcement of which its entity's next one must know when it
// may follow: when the line says so, or when this one is in the log.
type waiting struct {
	feed   *feed
	entity string
	lane   *upcoming

	mu   sync.Mutex // guards what follows
	free bool       // others may follow
	left bool       // drain has left the lane to pass
}

// passed reports whether the next may follow now; if not, pass will see to it.
func (w *waiting) passed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = !w.free
	return w.free
}

// pass lets the next of the entity follow.
func (w *waiting) pass() {
	w.mu.Lock()
	goOn := w.left && !w.free
	w.free = true
	w.mu.Unlock()
	if goOn {
		if err := w.feed.drain(w.entity, w.lane); err != nil {
			w.feed.e.Log.Error("announce what waited", "entity", w.entity, "error", err)
		}
	}
}

// untaken is how many announcements the SUT has not taken.
func (f *feed) untaken() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.left + len(f.log) - f.taken
}

// read answers "after" and "limit" with a page, what it serves, and what the
// reader has taken by asking so.
func (f *feed) read(where map[string]string) (a simulators.Answer, served, taken []simulators.Message) {
	after, err := strconv.Atoi(orZero(where["after"]))
	limit, lerr := strconv.Atoi(orZero(where["limit"]))
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil || lerr != nil || after < 0 || limit < 0 || after > len(f.log) {
		return simulators.Answer{Refusal: &simulators.Refusal{Class: simulators.DataQuality, Code: "cursor-unknown",
			Text: "after must be a cursor of this feed and limit a number"}}, nil, nil
	}
	if limit == 0 || limit > 500 {
		limit = 100
	}
	if after > f.taken {
		taken = f.log[f.taken:after:after]
		f.taken = after
	}
	end := min(after+limit, len(f.log))
	served = f.log[after:end:end]
	a.Cursor = strconv.Itoa(end)
	a.Found = make([]any, len(served))
	for i, m := range served {
		a.Found[i] = m
	}
	return a, served, taken
}

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}
