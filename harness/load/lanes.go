package load

import (
	"context"
	"io"
	"sync"
	"time"
)

// byTimers says how sendings are paced where nothing better is to be had.
const byTimers = "timers of the Go runtime, ±1 ms"

// converse sends over goroutines, one for each connection. It is how workloads run
// where the system has no epoll.
func (e *emitter) converse(ctx context.Context) {
	e.run.faults.begin()
	e.began = e.zero()
	var wg sync.WaitGroup
	for i := range e.cfg.Connections {
		e.lanes = append(e.lanes, e.newLane(i))
	}
	for _, l := range e.lanes {
		wg.Go(func() {
			e.work(ctx, l)
			l.w.flush()
		})
	}
	ended := make(chan struct{})
	watch := make(chan struct{})
	go func() {
		defer close(watch)
		e.watchdog(ctx, ended)
	}()
	wg.Wait()
	close(ended)
	<-watch
	e.abandon()
}

// watchdog ends connections whose oldest answer is overdue: cheaper than a
// deadline for each.
func (e *emitter) watchdog(ctx context.Context, ended chan struct{}) {
	tick := time.NewTicker(max(e.cfg.Timeout/20, 5*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
		}
		now := e.now()
		for _, l := range e.lanes {
			if s := l.since.Load(); s != 0 && (now-s > int64(e.cfg.Timeout) || ctx.Err() != nil) {
				l.mu.Lock()
				if l.conn != nil {
					_ = l.conn.SetDeadline(time.Unix(1, 0))
				}
				l.mu.Unlock()
			}
		}
	}
}

// work is the life of a lane.
func (e *emitter) work(ctx context.Context, l *lane) {
	defer e.hangUp(l)
	for first := true; ; first = false {
		more, due := e.fill(ctx, l)
		if !more {
			return
		}
		if len(l.flight) == 0 {
			e.sleep(ctx, due)
			continue
		}
		if l.conn == nil && !e.connect(ctx, l, first) {
			e.lost(l, io.EOF, e.now())
			continue
		}
		if err := e.exchange(l); err != nil {
			e.lost(l, err, e.now())
			e.hangUp(l)
		}
		if now := e.now(); e.cfg.Flush > 0 && now-l.wrote > int64(e.cfg.Flush) {
			l.w.flush()
			l.wrote = now
		}
	}
}

// fill begins as many sendings as may be under way. If there is none yet, due
// is when to look again. More is false when there will be none.
func (e *emitter) fill(ctx context.Context, l *lane) (more bool, due int64) {
	now := e.now()
	end := int64(e.cfg.Until)
	if e.shape != nil {
		end = e.began + int64(e.shape.Length())
	}
	if ctx.Err() != nil || now > end+int64(e.cfg.GiveUp) {
		return false, 0
	}
	for len(l.flight) < e.cfg.Depth {
		if f, ok := e.retries.take(now); ok {
			f.sent = now
			e.begin(l, f)
			continue
		}
		f, ok := e.fresh(ctx, &now, len(l.flight) > 0)
		if !ok {
			break
		}
		e.begin(l, f)
	}
	if len(l.flight) > 0 {
		return true, 0
	}
	return e.retries.n.Load() > 0, now + int64(5*time.Millisecond)
}

// fresh takes the next confirmation that was never sent. An open one is waited
// for, unless others wait already to be written.
func (e *emitter) fresh(ctx context.Context, now *int64, hurry bool) (f flight, ok bool) {
	if e.shape == nil {
		if *now >= int64(e.cfg.Until) {
			return f, false
		}
		seq := e.next.Add(e.wording.rows()) - e.wording.rows()
		return flight{seq: seq, due: *now, sent: *now, try: 1}, seq < e.cfg.Most
	}
	for {
		seq := e.next.Load()
		if seq >= e.cfg.Most {
			return f, false
		}
		due := e.began + e.due(seq)
		if hurry && due > *now {
			return f, false
		}
		if !e.next.CompareAndSwap(seq, seq+e.wording.rows()) {
			continue
		}
		if free := *now; due > free { // this lane was free when it fell due
			e.sleep(ctx, due)
			*now = e.now()
			e.pace(seq, due, due, *now)
		} else {
			e.pace(seq, due, free, *now)
		}
		return flight{seq: seq, due: due, sent: *now, try: 1}, true
	}
}

// pace notes how late a message was sent that was due and for which a
// connection was free at these times.
func (e *emitter) pace(seq uint64, due, free, now int64) {
	n := int64(e.rows(seq))
	if free > due {
		e.out.Queued.Add(n)
	}
	e.run.meter.shard(0).sent(now, now-due, now-max(due, free), n)
}

// sleep returns at a time of the run's clock, or when ctx ends.
func (e *emitter) sleep(ctx context.Context, until int64) {
	t := time.NewTimer(time.Duration(until - e.now()))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func (e *emitter) connect(ctx context.Context, l *lane, first bool) bool {
	c, err := e.dial(ctx)
	if err != nil {
		e.sleep(ctx, e.now()+int64(100*time.Millisecond))
		return false
	}
	if !first {
		e.out.Reconnects.Add(1)
	}
	l.mu.Lock()
	l.conn = c
	l.mu.Unlock()
	now := e.now() // what waited for the connection has not been sent before
	for i := range l.flight {
		l.flight[i].sent = now
	}
	return true
}

func (e *emitter) hangUp(l *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
}

// exchange writes what has begun and reads all answers.
func (e *emitter) exchange(l *lane) error {
	l.since.Store(l.flight[0].sent)
	_, err := l.conn.Write(l.out)
	l.out = l.out[:0]
	if err != nil {
		return err
	}
	for len(l.flight) > 0 {
		n, err := l.conn.Read(l.in[l.n:])
		l.n += n
		now := e.now()
		if perr := e.parse(l, err != nil && isEnd(err), now); perr != nil {
			return perr
		}
		if err != nil {
			return err
		}
	}
	l.since.Store(0)
	return nil
}

func isEnd(err error) bool { return err == io.EOF }
