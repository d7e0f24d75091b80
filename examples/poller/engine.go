package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// engine is the only one who writes to the database. Feeds and senders hand it
// their changes; it writes down all that are there in one transaction, claims
// what is due in the same one, and only then lets anything leave the house.
type engine struct {
	db       *sql.DB
	systems  map[string]*system
	worklist *worklist
	parallel int // postings under way for each system
	idle     time.Duration
	log      *slog.Logger

	changes  chan change
	underway map[string]posting // by key
	unacked  []change           // pages with holds that wait for postings under way
	telling  int                // reports under way
}

// work is what leaves the house once the transaction that claimed it is over.
type work struct {
	postings []posting
	reports  []fact
}

// change is something to write down. Then is called when it is on disk and
// nothing is under way any more that takes from one of the lots.
type change struct {
	apply func(tx) error
	lots  []string
	then  func()
}

func newEngine(db *sql.DB, log *slog.Logger, w *worklist, systems ...*system) *engine {
	e := &engine{db: db, worklist: w, parallel: 8, idle: 50 * time.Millisecond, log: log,
		systems: map[string]*system{}, changes: make(chan change), underway: map[string]posting{}}
	for _, s := range systems {
		e.systems[s.name] = s
	}
	return e
}

// run works until ctx is done and what is under way has ended.
func (e *engine) run(ctx context.Context) error {
	var pollers sync.WaitGroup
	defer pollers.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, s := range e.systems {
		pollers.Go(func() { e.poll(ctx, s) })
	}
	var todo []change
	next, fails := time.Duration(0), 0
	for {
		todo = append(todo, e.gather(ctx, next)...)
		if ctx.Err() != nil && len(todo) == 0 && !e.busy() {
			return nil
		}
		var claimed work
		var err error
		last := context.WithoutCancel(ctx) // what is under way when we are told to stop ends properly
		if claimed, next, err = e.commit(last, todo, ctx.Err() != nil); err != nil {
			// A disk can be full for a while. Nothing of this was written, nothing
			// is acknowledged or sent, and all of it can be tried again.
			if fails++; ctx.Err() != nil && fails > lastTries {
				return fmt.Errorf("write down: %w", err)
			}
			e.log.Error("write down", "err", err, "changes", len(todo))
			next = backoff(fails, time.Second)
			continue
		}
		fails = 0
		for _, p := range claimed.postings {
			e.underway[p.key] = p
			go e.send(last, p)
		}
		for _, f := range claimed.reports {
			e.telling++
			go e.tell(last, f)
		}
		e.acknowledge(todo)
		todo = nil
	}
}

// lastTries is how often in a row writing may fail before a poller that was
// told to stop does so. What was under way is then asked for at the next start.
const lastTries = 6

func (e *engine) busy() bool { return len(e.underway) > 0 || e.telling > 0 }

// gather waits for a change, or for the time something is due, and takes along
// what else there is.
func (e *engine) gather(ctx context.Context, next time.Duration) []change {
	timer := time.NewTimer(next)
	defer timer.Stop()
	var todo []change
	stop := ctx.Done()
	if e.busy() {
		stop = nil
	}
	select {
	case c := <-e.changes:
		todo = append(todo, c)
	case <-timer.C:
	case <-stop:
	}
	for len(todo) < 64 {
		select {
		case c := <-e.changes:
			todo = append(todo, c)
		default:
			return todo
		}
	}
	return todo
}

// commit is one transaction: changes in, claims out. It also says when there
// will be something to do.
func (e *engine) commit(ctx context.Context, todo []change, stopping bool) (claimed work, next time.Duration, err error) {
	raw, err := e.db.BeginTx(ctx, nil)
	if err != nil {
		return claimed, 0, err
	}
	defer raw.Rollback() // does nothing after Commit
	t := tx{raw, ctx, time.Now().UnixNano()}
	for _, c := range todo {
		if err := c.apply(t); err != nil {
			return claimed, 0, err
		}
	}
	if !stopping {
		if claimed.postings, err = e.claim(t); err != nil {
			return claimed, 0, err
		}
		if claimed.reports, err = e.worklist.claim(t); err != nil {
			return claimed, 0, err
		}
	}
	due, err := t.number(`SELECT MIN(due) FROM fact WHERE state IN ('new', 'sent') AND due > ?`, t.now)
	if err != nil {
		return claimed, 0, err
	}
	next = 100 * time.Millisecond
	if due > 0 {
		next = min(next, time.Duration(due-t.now))
	}
	return claimed, next, raw.Commit()
}

func (e *engine) claim(t tx) ([]posting, error) {
	if err := t.wake(`due > 0 AND due <= ?`, t.now); err != nil {
		return nil, err
	}
	var out []posting
	for name, s := range e.systems {
		if s.gate.wait() > 0 || s.gate.down() {
			continue
		}
		busy := 0
		for _, p := range e.underway {
			if p.target == name {
				busy++
			}
		}
		ps, err := t.claim(name, e.parallel-busy)
		if err != nil {
			return nil, err
		}
		out = append(out, ps...)
	}
	return out, nil
}

func (e *engine) send(ctx context.Context, p posting) {
	fates := e.systems[p.target].deliver(ctx, p)
	if fates[0].state != "done" {
		e.log.Info("not posted", "system", p.target, "event", p.facts[0].ref, "state", fates[0].state, "reason", fates[0].reason)
	}
	e.changes <- change{
		apply: func(t tx) error { return t.settle(p, fates) },
		then:  func() { delete(e.underway, p.key) },
	}
}

func (e *engine) tell(ctx context.Context, f fact) {
	heard, wait := e.worklist.send(ctx, f)
	e.changes <- change{
		apply: func(t tx) error {
			return t.do(`UPDATE fact SET told = ?, due = ? WHERE id = ?`, heard, t.now+int64(wait), f.id)
		},
		then: func() { e.telling-- },
	}
}

// acknowledge tells whose changes are on disk. A page with a hold is
// acknowledged only when the hold is in force, that is when nothing that takes
// from the lot is under way.
func (e *engine) acknowledge(todo []change) {
	for _, c := range todo {
		if len(c.lots) == 0 {
			c.then()
		}
	}
	e.unacked = append(e.unacked, slices.DeleteFunc(todo, func(c change) bool { return len(c.lots) == 0 })...)
	e.unacked = slices.DeleteFunc(e.unacked, func(c change) bool {
		if e.inUse(c.lots) {
			return false
		}
		c.then()
		return true
	})
}

func (e *engine) inUse(lots []string) bool {
	for _, p := range e.underway {
		if p.touches(lots) {
			return true
		}
	}
	return false
}

// submit hands a change to the engine and waits until it is done. It is false
// if the engine has stopped.
func (e *engine) submit(ctx context.Context, c change) bool {
	done := make(chan struct{})
	c.then = func() { close(done) }
	select {
	case e.changes <- c:
	case <-ctx.Done():
		return false
	}
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// poll reads the feed of s, page by page. Coming back for the next page says
// that this one was taken, so it waits for the engine.
func (e *engine) poll(ctx context.Context, s *system) {
	var cursor string
	err := e.db.QueryRowContext(ctx, `SELECT cursor FROM feed WHERE system = ?`, s.name).Scan(&cursor)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		e.log.Error("read cursor", "system", s.name, "err", err)
	}
	empty, caught := 0, false
	for ctx.Err() == nil {
		entries, next, err := s.page(ctx, cursor)
		if err != nil {
			pause(ctx, max(pauseAfter(err, 0), s.gate.wait()))
			continue
		}
		if len(entries) == 0 {
			cursor, caught = next, true
			empty++
			pause(ctx, e.idle<<min(empty-1, 2))
			continue
		}
		empty = 0
		facts, lots := e.stage(s.name, entries)
		if !caught { // what is in the feed since the last life may have been posted by one that is forgotten
			doubt(facts)
		}
		if e.submit(ctx, change{apply: func(t tx) error { return t.take(s.name, next, facts) }, lots: lots}) {
			cursor = next
		}
	}
}

// stage reads a page. What cannot be read is a matter for a person, not a
// reason to stop: it is staged as dead.
func (e *engine) stage(system string, entries []entry) (facts []fact, holds []string) {
	for _, m := range entries {
		fs, err := split(system, m)
		if err != nil {
			ref := first(m.Event, m.ID)
			e.log.Warn("unreadable message", "system", system, "event", ref, "err", err)
			fs = []fact{{source: system, ref: ref, name: m.Name, kind: first(flows[m.Name].kind, m.Name), lane: "unreadable/" + ref,
				body: m.Body, state: "dead", class: "data-quality", reason: err.Error()}}
		}
		facts = append(facts, fs...)
		for _, f := range fs {
			if f.name == "holds" && f.lot != "" {
				holds = append(holds, f.lot)
			}
		}
	}
	return facts, holds
}

// doubt has each fact that is to be posted asked for first.
func doubt(facts []fact) {
	for i := range facts {
		if facts[i].state == "" {
			facts[i].state, facts[i].doubt = "sent", caution
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
