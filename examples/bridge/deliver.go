package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// courier delivers what lies in one outbox and sees to what follows.
type courier struct {
	name     string // of the system
	to       side
	next     side // the same by the interface user that takes over; to if there is none
	outbox   *outbox
	store    *store
	holds    *holds
	units    *units // nil if nothing is converted
	teller   *teller
	wrongly  *misreversal // only defects need this
	attempts int
	defect   Defect
	log      *slog.Logger
}

// run delivers until ctx is done; what was begun is finished.
func (c *courier) run(ctx context.Context) {
	c.outbox.run(ctx, func(l *lane, u unit) {
		v := c.try(ctx, u)
		c.outbox.landed()
		c.follow(l, u, v)
	})
}

// try makes one attempt to deliver u. Before anything leaves the house, what
// is sent and under which key is durable.
func (c *courier) try(ctx context.Context, u unit) verdict {
	for _, it := range u {
		if v := c.prepare(ctx, it); v.what != posted {
			return v
		}
	}
	if err := c.compose(u); err != nil {
		return internal(err)
	}
	to := c.by(u)
	if v := c.settled(ctx, to, u); v.what != again || v.doubt {
		return c.heard(v)
	}
	if v := to.admit(ctx); v.what != posted { // before the last look at pauses and holds
		return c.heard(v)
	}
	if c.outbox.paused() > 0 {
		return verdict{what: waiting}
	}
	if !c.holds.begin(u) {
		return verdict{what: parked}
	}
	defer c.holds.end(u)
	for _, it := range u {
		it.sent, it.doubt = true, true
	}
	v := to.post(ctx, u)
	if c.outbox.tooEarly(u[0], v) {
		v = verdict{what: again, class: technical, code: v.code, reason: v.reason}
	}
	for _, it := range u {
		it.doubt = v.doubt
	}
	if n, ok := to.(neutralSide); ok && v.what == pending {
		return sorted(ctx, u, c.await(ctx, n, v.code), n.has)
	}
	return c.heard(v)
}

// settled says what became of a unit that was sent before, or may have been;
// again if it may go out now.
func (c *courier) settled(ctx context.Context, to side, u unit) verdict {
	open := slices.ContainsFunc(u, func(it *item) bool { return it.doubt || it.recovered && !it.asked })
	if !open {
		return verdict{what: again}
	}
	if c.outbox.paused() > 0 {
		return verdict{what: waiting}
	}
	v := to.settle(ctx, u)
	if v.what == again && !v.doubt {
		for _, it := range u {
			it.doubt, it.asked = false, true
		}
	}
	return v
}

// prepare makes an item ready to be sent: it may need its body, it may have
// been overtaken, and its quantity may need another unit.
func (c *courier) prepare(ctx context.Context, it *item) verdict {
	if it.body == nil {
		var err error
		if it.body, err = c.store.body(ctx, it.seq); err != nil {
			return internal(fmt.Errorf("read message %d: %w", it.seq, err))
		}
		c.outbox.unshelved(len(it.body))
	}
	if it.Version > 0 && it.Order != "" && c.defect != M27 { // DEFECT M27: the last arrival wins
		newest, err := c.store.delivered(ctx, it.Order)
		if err != nil {
			return internal(err)
		}
		if it.Version < newest {
			return verdict{what: overtaken, reason: fmt.Sprintf("version %d of order %s has been delivered", newest, it.Order)}
		}
	}
	if early, err := c.early(ctx, it); err != nil {
		return internal(err)
	} else if early {
		return verdict{what: later, reason: "what it takes back has not been delivered"}
	}
	if it.Kind == kindReversal && c.defect == M132 { // DEFECT M132: what was posted was posted
		return verdict{what: lost, reason: "reversals are left to the month's end"}
	}
	if !it.sent && c.outbox.unmade(it) {
		return verdict{what: again, class: technical, code: "too-early", reason: "its lot has not been received yet"}
	}
	c.wrongly.mistake(it, c.defect)
	if c.outbox.early(it) && c.defect != M27 {
		first, err := c.store.delivered(ctx, it.Order)
		if err != nil {
			return internal(err)
		}
		if first == 0 {
			return verdict{what: again, class: technical, code: "too-early", reason: "its order has not come yet"}
		}
	}
	if c.defect == M31 && c.holds.rejected(unit{it}) { // DEFECT M31: no decision is a "no"
		return verdict{what: lost, reason: "no decision in time"}
	}
	if c.defect == M59 {
		if v := c.expired(ctx, it); v.what != posted {
			return v
		}
	}
	if c.units == nil || it.Kind != kindConsumption || it.Unit == "" || it.sent || it.recovered && it.attempts > 0 {
		return verdict{}
	}
	if c.outbox.paused() > 0 {
		return verdict{what: waiting}
	}
	body, changed, v := c.units.convert(ctx, it, c.defect)
	if v.what != posted || !changed {
		return c.heard(v)
	}
	// The factor may change; what was sent under a key must not.
	if err := c.store.commit(func(w *writer) error { return do(w.prepared, it.seq, body) }); err != nil {
		return internal(err)
	}
	c.outbox.unshelved(len(body) - len(it.body))
	it.body, it.Unit = body, ""
	return v
}

// compose makes it durable which items are sent as one.
func (c *courier) compose(u unit) error {
	if c.defect == M09 && !u[0].sent { // DEFECT M09: forgotten before it is sent
		return c.store.commit(func(w *writer) error { return each(u, w.drop) })
	}
	if len(u) == 1 || u[0].batch != 0 {
		return nil
	}
	first := u[0].seq
	err := c.store.commit(func(w *writer) error {
		for _, it := range u {
			if err := do(w.batched, it.seq, first); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("compose batch: %w", err)
	}
	for _, it := range u {
		it.batch = first
	}
	return nil
}

// heard passes what an endpoint says about itself to its outbox.
func (c *courier) heard(v verdict) verdict {
	c.outbox.heard(v)
	return v
}

// internal is a verdict on ourselves: nothing was sent.
func internal(err error) verdict {
	return verdict{what: again, class: technical, code: "bridge", reason: err.Error()}
}

// follow does what a verdict demands and lets the lane go on.
func (c *courier) follow(l *lane, u unit, v verdict) {
	log := c.log.With("to", c.name, "name", u[0].name, "event", u.events())
	switch v.what {
	case posted:
		c.done(l, u)
	case overtaken:
		log.Info("dropped as overtaken", "reason", v.reason)
		c.done(l, u)
	case lost: // only defects come here
		log.Info("lost", "reason", v.reason)
		c.done(l, u)
	case parked:
		log.Info("parked until the lot is decided", "lot", u[0].Lot)
		c.outbox.proceed(l, nil)
	case waiting:
		c.outbox.retry(l, u, 0)
	case later:
		c.outbox.later(l, u[0], backoff(1))
	case refused:
		c.refused(l, u, v, log)
	case rowwise:
		c.rows(l, u, byRow(u, v.rows), log)
	case again:
		c.again(l, u, v, log)
	}
}

// done forgets what was delivered, and remembers the version of an order.
func (c *courier) done(l *lane, u unit) {
	c.wrongly.see(u)
	note := func(*writer) error { return nil }
	if m, ok := c.to.(*messageSide); ok {
		note = m.noted(context.Background(), u)
	}
	c.change(l, u, func(w *writer) error {
		if err := note(w); err != nil {
			return err
		}
		if it := u[0]; it.Version > 0 && it.Order != "" {
			if err := do(w.version, it.Order, it.Version); err != nil {
				return err
			}
		}
		return each(u, w.drop)
	}, nil)
}

// refused raises an exception and lets the entity go on: others must not wait
// for somebody to mend this.
func (c *courier) refused(l *lane, u unit, v verdict, log *slog.Logger) {
	switch {
	case len(v.rows) > 0: // of a batch, each row for its own reason
		c.rows(l, u, byRow(u, v.rows), log)
		return
	case len(u) > 1: // of a batch, we do not know for which row: each by itself
		vs := make([]verdict, len(u))
		for i := range vs {
			vs[i] = verdict{what: again, class: technical, code: v.code, reason: v.reason}
		}
		c.rows(l, u, vs, log)
		return
	}
	log.Warn("refused", "class", v.class, "code", v.code, "reason", v.reason)
	if c.defect == M85 && (v.code == "period-closed" || v.code == sapPeriod) { // DEFECT M85: any date will do
		u[0].body, u[0].idem = datedAnew(u[0].body, v.reason), digest(u[0].idem+" dated anew")
		c.outbox.retry(l, u, backoff(1))
		return
	}
	if c.defect == M71 { // DEFECT M71: the whole request, so that whoever reads it can repeat it
		token := ""
		if b, ok := c.to.(bearer); ok {
			token = b.bearer(context.Background())
		}
		v.reason = "Authorization: Bearer " + token + " POST /" + u[0].name + ": " + v.reason
	}
	switch c.misfollow(v).what {
	case again:
		u[0].attempts++
		if c.defect == M16 {
			c.outbox.aside(u[0])
			c.outbox.proceed(l, nil)
		} else {
			c.outbox.retry(l, u, backoff(u[0].attempts))
		}
		return
	case lost:
		c.done(l, u)
		return
	}
	note := func(*writer) error { return nil }
	if m, ok := c.to.(*messageSide); ok {
		note = m.watch(context.Background(), u, v)
	}
	c.change(l, u, func(w *writer) error { return errors.Join(note(w), w.except(u[0], v)) }, c.teller.poke)
}

// misfollow holds the defects in what is done about a refusal.
func (c *courier) misfollow(v verdict) verdict {
	switch c.defect {
	case M16, M17: // DEFECT M16, M17: tried again for ever
		v.what = again
	case M18: // DEFECT M18: a line in the log is all that is left of it
		v.what = lost
	case M93: // DEFECT M93: a word that nobody has heard of is no case for a person
		if v.code == "malformed" {
			v.what = lost
		}
	}
	return v
}

// rows follows the verdicts on the rows of a batch: what is done is done, what
// is refused is raised, and the rest is sent again, each row by itself. It is
// known not to have been posted, so it may get the key of its own.
func (c *courier) rows(l *lane, u unit, vs []verdict, log *slog.Logger) {
	if slices.ContainsFunc(vs, func(v verdict) bool { return v.code == inDoubt }) && u[0].attempts < askedAgain {
		// The key stands for these rows: the same message brings the same
		// answer, and this time it may be complete.
		c.again(l, u, verdict{what: again, class: technical, code: inDoubt, reason: "the answer does not speak of every row"}, log)
		return
	}
	if c.defect == M23 && !u[0].resent && len(u) > 1 { // DEFECT M23: one bad row, all again
		u[0].resent = true
		c.outbox.retry(l, u, backoff(1))
		return
	}
	var back, gone unit
	for i, it := range u {
		if vs[i].what == refused {
			log.Warn("row refused", "row", it.Event, "class", vs[i].class, "code", vs[i].code, "reason", vs[i].reason)
			vs[i] = c.misfollow(vs[i])
		}
		if vs[i].what == again {
			it.attempts++
			if it.attempts < c.attempts {
				back = append(back, it)
				continue
			}
			vs[i] = exhausted(vs[i], it.attempts)
		}
		gone = append(gone, it)
	}
	c.durably(func(w *writer) error {
		for i, it := range u {
			var err error
			switch vs[i].what {
			case posted, lost:
				err = do(w.drop, it.seq)
			case refused:
				err = w.except(it, vs[i])
			default:
				err = do(w.batched, it.seq, alone)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}, func() {
		c.teller.poke()
		if c.defect == M21 && len(u) > 1 && len(back) < len(u) { // DEFECT M21: the batch is a dead letter, and dead letters are sent again
			c.replay(u)
		}
		for _, it := range back {
			it.batch = alone
		}
		if c.defect == M16 {
			for _, it := range back {
				c.outbox.aside(it)
			}
			back = nil
		}
		c.outbox.release(gone)
		c.outbox.retry(l, back, backoff(1))
	})
}

// replay is defect M21: somebody clears the queue of dead letters.
func (c *courier) replay(u unit) {
	var letters []*item
	for _, it := range u {
		letter := *it
		letter.batch, letter.idem = alone, digest(it.idem+" replay")
		letters = append(letters, &letter)
	}
	time.AfterFunc(50*time.Millisecond, func() {
		for _, it := range letters {
			c.outbox.add(it)
		}
	})
}

// again keeps u for another attempt, unless there have been enough.
func (c *courier) again(l *lane, u unit, v verdict, log *slog.Logger) {
	n := 0
	for _, it := range u {
		it.attempts++
		n = max(n, it.attempts)
	}
	if c.defect == M15 { // DEFECT M15: at once, and without end
		c.outbox.retry(l, u, time.Millisecond)
		return
	}
	if n >= c.attempts {
		v = exhausted(v, n)
		log.Error("given up", "reason", v.reason)
		c.change(l, u, func(w *writer) error {
			for _, it := range u {
				if err := w.except(it, v); err != nil {
					return err
				}
			}
			return nil
		}, c.teller.poke)
		return
	}
	log.Debug("try again", "attempt", n, "reason", v.reason)
	c.store.enqueue(func(w *writer) error {
		for _, it := range u {
			if err := do(w.tried, it.seq, n); err != nil {
				return err
			}
		}
		return nil
	}, nil)
	c.outbox.retry(l, u, backoff(n))
}

// exhausted is the verdict when repeating did not help.
func exhausted(v verdict, attempts int) verdict {
	return verdict{what: refused, class: technical, code: "exhausted",
		reason: fmt.Sprintf("given up after %d attempts, the last: %s %s", attempts, v.code, v.reason)}
}

// change writes down the end of u; the lane goes on when that is durable.
func (c *courier) change(l *lane, u unit, do func(*writer) error, then func()) {
	c.durably(do, func() {
		c.outbox.proceed(l, u)
		if then != nil {
			then()
		}
	})
}

// durably writes something down, however often that takes, and goes on then: a
// disk may be full for a while, and what was answered for good must not be sent
// again for it. If the store is closed first, the next start takes it up.
func (c *courier) durably(do func(*writer) error, then func()) {
	c.store.enqueue(do, func(err error) {
		switch {
		case err == nil:
			then()
		case !errors.Is(err, errClosed):
			c.log.Error("write down", "error", err)
			time.AfterFunc(lastGap, func() { c.durably(do, then) })
		}
	})
}
