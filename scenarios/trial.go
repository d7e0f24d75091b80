package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

// instant is a point of the run on both clocks.
type instant struct {
	at    time.Duration
	plant time.Time
	seq   uint64
}

// clock knows when what was.
type clock struct {
	now     instant
	moments map[string]instant
}

// see moves to r, and notes the named moment it is, if it is one.
func (c *clock) see(r evidence.Record) {
	c.now.at, c.now.seq = r.At, r.Seq
	if r.Plant.After(c.now.plant) {
		c.now.plant = r.Plant
	}
	step, ok := r.Body.(evidence.Step)
	if !ok {
		return
	}
	names := []string{step.Ref}
	switch step.Name {
	case "play":
		names = append(names, RunStart)
	case "heal":
		names = append(names, RunEnd)
	}
	for _, name := range names {
		if _, known := c.moments[name]; name != "" && !known {
			c.moments[name] = c.now
		}
	}
}

// reached reports whether m has come, and when its reference was.
func (c *clock) reached(m moment) (instant, bool) {
	from, ok := c.moments[m.Ref]
	return from, ok && !c.before(from, m.Delay)
}

// before reports whether less than d has passed since from.
func (c *clock) before(from instant, d span) bool {
	if d.Domain == "plant" {
		return c.now.plant.Before(from.plant.Add(d.D))
	}
	return c.now.at < from.at+d.D
}

// trial is one expectation on its way through the journal.
type trial struct {
	x expectation
	p *program
	w *world
	c *clock

	budget uint64 // for all evaluations

	open    bool
	from    instant // when it opened
	closed  bool
	held    bool    // eventually: it became true; never: it became true, too
	when    instant // when it closed
	seen    uint64  // latest change that was evaluated
	rounds  int     // evaluations made
	spent   uint64  // what they cost
	last    bool    // what the latest gave
	lastErr error
	why     *explanation
}

// before decides what ends before r is taken in.
func (t *trial) before(r evidence.Record) {
	if t.closed || !t.open || t.x.Form != formEventually {
		return
	}
	if t.over() {
		t.close()
	}
}

// over reports whether the time of an eventually has run out.
func (t *trial) over() bool {
	d := t.x.Within
	if d.Domain == "plant" {
		return t.c.now.plant.After(t.from.plant.Add(d.D))
	}
	return t.c.now.at > t.from.at+d.D
}

// close ends the trial as it stands, with the reasons of this moment.
func (t *trial) close() {
	t.closed, t.when = true, t.c.now
	if t.why == nil {
		t.why = t.p.explain(t.w)
	}
}

// after evaluates what r may have changed.
func (t *trial) after(r evidence.Record) {
	if t.closed || t.x.Form == formAtEnd {
		return
	}
	if !t.open {
		if _, ok := t.c.reached(t.x.From); !ok {
			return
		}
		t.open, t.from = true, t.c.now
	}
	if t.x.Form == formNever {
		if _, done := t.c.reached(t.x.To); done && t.x.To.Ref != RunEnd {
			t.closed, t.when = true, t.c.now
			return
		}
	}
	if t.rounds > 0 && !t.changed() {
		return
	}
	switch t.evaluate(); {
	case t.last:
		t.held = true
		t.close()
	case t.lastErr != nil && !errors.Is(t.lastErr, errMissing):
		t.closed, t.when = true, t.c.now // it will not get better
	}
}

// changed reports whether a variable of the expression has changed since it
// was evaluated.
func (t *trial) changed() bool {
	return slices.ContainsFunc(t.p.reads, func(v string) bool { return t.w.changed[v] > t.seen })
}

func (t *trial) evaluate() {
	t.rounds++
	t.seen = t.c.now.seq
	var cost uint64
	t.last, cost, t.lastErr = t.p.eval(t.w.vars())
	if t.spent += cost; t.spent > t.budget && t.lastErr == nil && !t.last {
		t.lastErr = fmt.Errorf("%d evaluations have cost more than %d steps", t.rounds, t.budget)
	}
}

// finding says how the trial ended.
func (t *trial) finding(end *evidence.End) evidence.Finding {
	f := evidence.Finding{Expected: t.expected()}
	if t.x.Form == formAtEnd && !t.closed {
		t.open, t.from = true, t.c.now
		t.evaluate()
	}
	var broken *evidence.Finding
	if t.lastErr != nil && !errors.Is(t.lastErr, errMissing) {
		broken = &evidence.Finding{
			Expected: f.Expected, Verdict: evidence.Inconclusive, Class: evidence.CauseRig,
			Text: fmt.Sprintf("%s: the expression could not be evaluated: %s", t.x.Pos, t.lastErr),
		}
	}
	switch {
	case !t.open:
		return vacuous(f, "%s: %s never happened", t.x.Pos, t.x.From)
	case t.x.Form == formNever && t.held:
		return t.violated(f, "it became true")
	case broken != nil:
		return *broken
	case t.x.Form == formNever && end == nil && !t.closed:
		return inconclusive(f, "%s: the journal is cut; it had not become true until then", t.x.Pos)
	case t.x.Form == formNever:
		return holds(f, "%s: never true in %d looks", t.x.Pos, t.rounds)
	case t.held || (t.x.Form == formAtEnd && t.last):
		return t.kept(f, end)
	case t.unmet() != "":
		return vacuous(f, "%s: speaks of %s, which never happened", t.x.Pos, t.unmet())
	case t.closed:
		return t.violated(f, "it did not become true in time")
	case end == nil:
		return inconclusive(f, "%s: the journal is cut before it could become true", t.x.Pos)
	case end.Reason != "":
		return inconclusive(f, "%s: the run ended early: %s", t.x.Pos, end.Reason)
	case t.x.Form == formEventually && !end.Quiet:
		return inconclusive(f, "%s: the run ended while there was still time", t.x.Pos)
	}
	return t.violated(f, "it was not true when the run ended")
}

// unmet names a step that the expression speaks of and that never happened,
// if that is why there is no answer: what did not happen shows nothing.
func (t *trial) unmet() string {
	if !errors.Is(t.lastErr, errMissing) {
		return ""
	}
	for _, name := range refsOf(t.p.ast) {
		if _, happened := t.c.moments[name]; !happened {
			return name
		}
	}
	return ""
}

// kept is the finding of an expectation that was met.
func (t *trial) kept(f evidence.Finding, end *evidence.End) evidence.Finding {
	if t.x.Form == formAtEnd && end == nil {
		return inconclusive(f, "%s: the journal is cut; it held until then", t.x.Pos)
	}
	if t.why == nil {
		t.why = t.p.explain(t.w)
	}
	if empty := t.why.empty(); empty != "" {
		return vacuous(f, "%s: holds because there is nothing in %s", t.x.Pos, empty)
	}
	if t.x.Form == formAtEnd {
		return holds(f, "%s: true at the end", t.x.Pos)
	}
	f.Evidence = []uint64{t.when.seq}
	return holds(f, "%s: true after %s wall", t.x.Pos, (t.when.at - t.from.at).Round(time.Millisecond))
}

// violated is the finding of an expectation that was not met.
func (t *trial) violated(f evidence.Finding, how string) evidence.Finding {
	if t.why == nil {
		t.when = t.c.now
		t.why = t.p.explain(t.w)
	}
	f.Verdict, f.Class = evidence.Violated, evidence.CauseBusiness
	f.Got = how
	if leaves := t.why.leaves(); leaves != "" {
		f.Got += ": " + leaves
	}
	f.Text = fmt.Sprintf("%s\n%s", t.x.Pos, t.why.tree())
	f.Rule = "expectation " + string(t.x.Form)
	f.Keys = t.why.keys(t.w)
	f.Evidence = t.evidence(f.Keys)
	f.Extra = t.why.json()
	return f
}

// evidence picks the records that show it: where its time began, what last
// happened to the entity in question, and the moment it was decided.
func (t *trial) evidence(k plant.Keys) []uint64 {
	var seqs []uint64
	for _, id := range []string{string(k.Order), string(k.Lot)} {
		if id != "" {
			seqs = append(seqs, t.w.touched[id]...)
		}
	}
	if len(seqs) == 0 {
		for _, v := range t.p.reads {
			if seq := t.w.changed[v]; seq > 0 {
				seqs = append(seqs, seq)
			}
		}
	}
	slices.Sort(seqs)
	if len(seqs) > 8 {
		seqs = seqs[len(seqs)-8:]
	}
	for _, seq := range []uint64{t.from.seq, t.when.seq} {
		if seq > 0 {
			seqs = append(seqs, seq)
		}
	}
	slices.Sort(seqs)
	return slices.Compact(seqs)
}

// expected words the expectation.
func (t *trial) expected() string {
	s := t.x.That
	switch t.x.Form {
	case formEventually:
		s = fmt.Sprintf("within %s of %s: %s", t.x.Within, t.x.From, s)
	case formNever:
		s = "never: " + s
	default:
		s = "at the end: " + s
	}
	if t.x.Means != "" {
		s = t.x.Means + " (" + s + ")"
	}
	return s
}

func holds(f evidence.Finding, format string, args ...any) evidence.Finding {
	f.Verdict, f.Text = evidence.Holds, fmt.Sprintf(format, args...)
	return f
}

func vacuous(f evidence.Finding, format string, args ...any) evidence.Finding {
	f.Verdict, f.Text = evidence.Vacuous, fmt.Sprintf(format, args...)
	return f
}

func inconclusive(f evidence.Finding, format string, args ...any) evidence.Finding {
	f.Verdict, f.Text = evidence.Inconclusive, fmt.Sprintf(format, args...)
	return f
}
