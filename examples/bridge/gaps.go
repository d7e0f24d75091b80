package bridge

import (
	"context"
	"fmt"
	"time"
)

// gaps closes gaps in what machines report. A reading waits for the one before,
// which may have been refused, or may have come under another machine's name:
// then it never comes. After a while the pieces are counted from the last
// reading there is; nothing is lost by that, since counters only add up. Should
// the missing one come after all, it adds nothing.
type gaps struct {
	inbox *inbox
	since map[place]time.Time // when each that waits was first seen
}

// place is where a reading stands in what its machine reports.
type place struct {
	machine string
	counter int
}

// gapPatience is how long a reading waits for the one before.
const gapPatience = 2 * time.Second

// run looks for gaps until ctx is done.
func (g *gaps) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := g.look(ctx); err != nil && ctx.Err() == nil {
			g.inbox.log.Error("look for gaps in machine counts", "error", err)
		}
		sleep(ctx, gapPatience/16)
	}
}

func (g *gaps) look(ctx context.Context) error {
	waiting, err := g.inbox.store.waitingReadings(ctx)
	if err != nil {
		return err
	}
	before := g.since
	g.since = map[place]time.Time{}
	closed := map[string]bool{} // what follows may not have to wait any more
	for _, p := range waiting {
		at, seen := before[p]
		if !seen {
			at = time.Now()
		}
		g.since[p] = at
		if closed[p.machine] || time.Since(at) < gapPatience {
			continue
		}
		g.inbox.log.Info("a reading is missing", "machine", p.machine, "before", p.counter)
		if err := g.close(p); err != nil {
			return err
		}
		closed[p.machine] = true
	}
	return nil
}

// close lets a reading, and what has waited for it, go on without the one
// before.
func (g *gaps) close(p place) error {
	t := taking{inbox: g.inbox}
	done := make(chan error, 1)
	g.inbox.store.enqueue(func(w *writer) error {
		t.fresh = nil
		it, err := w.unparked(p.machine, p.counter)
		if err != nil || it == nil { // the one before has come meanwhile
			return err
		}
		ready, err := w.count(it, true, g.inbox.defect)
		if err != nil {
			return err
		}
		for _, it := range ready {
			if err := w.add(it); err != nil {
				return err
			}
		}
		t.fresh = ready
		return nil
	}, func(err error) {
		if err == nil {
			t.route()
		}
		done <- err
	})
	return <-done
}

// waitingReadings lists the readings that wait for one before, in their order.
func (s *store) waitingReadings(ctx context.Context) (list []place, err error) {
	err = s.read(ctx, func(scan func(...any) error) error {
		var p place
		if err := scan(&p.machine, &p.counter); err != nil {
			return fmt.Errorf("read waiting counts: %w", err)
		}
		list = append(list, p)
		return nil
	}, `SELECT machine, counter FROM readings ORDER BY machine, counter`)
	return list, err
}
