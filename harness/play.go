package harness

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
)

// play lets the plant produce and the scenario's timeline unfold until neither
// has anything more to do. Plant time jumps from one thing that is due to the
// next, when the SUT has come to rest or patience with it has run out.
func (p *Plan) play(ctx context.Context) error {
	t := scenarios.NewTimeline(p.Scenario, p.instant())
	p.narrowed = newNarrowed(p.Scenario.Given.Only)
	for _, f := range p.Faults {
		if f.always {
			if err := p.arm(ctx, f.ID); err != nil {
				return err
			}
		}
	}
	if err := p.act(ctx, t, t.Due(p.instant())); err != nil {
		return err
	}
	for ctx.Err() == nil {
		next, due := p.nextDue(t)
		if !due {
			if !p.awaitWall(ctx, t) {
				break
			}
			if err := p.act(ctx, t, t.Due(p.instant())); err != nil {
				return err
			}
			continue
		}
		p.pace(ctx, next)
		p.clock.set(next)
		if err := p.act(ctx, t, t.Due(p.instant())); err != nil {
			return err
		}
		if at, ok := p.Floor.Next(); ok && !at.After(next) {
			if err := p.happen(ctx, t, p.Floor.Advance(p.narrowed.view(p.view()))); err != nil {
				return err
			}
		}
	}
	p.progress.remember() // also what was given up on the way
	last := lastPatience
	last.quiet, last.most = last.quiet+p.Settle.Lag, min(last.most+p.Settle.Lag, p.Settle.Max)
	last.follow = followUp * p.Settle.Quiet
	if !p.progress.await(ctx, last) {
		p.progress.giveUp()
	}
	ending := t.End(p.instant()) // what waits for run.end is not left over
	for _, left := range t.Left() {
		p.step("not reached", left)
	}
	for order, why := range p.Floor.Waiting() {
		p.Journal.Append(evidence.Step{Name: "plant waits", Text: why, Args: map[string]string{"order": string(order)}})
	}
	return p.act(context.WithoutCancel(ctx), t, ending)
}

func (p *Plan) instant() scenarios.Instant {
	return scenarios.Instant{Plant: p.clock.Now(), Wall: p.Journal.Now()}
}

// nextDue is the plant time at which the plant or the scenario goes on.
func (p *Plan) nextDue(t *scenarios.Timeline) (time.Time, bool) {
	next, due := p.Floor.Next()
	if at, ok := t.NextAt(); ok && (!due || at.Before(next)) {
		next, due = at, true
	}
	if now := p.clock.Now(); due && next.Before(now) {
		next = now
	}
	return next, due
}

// awaitWall waits for what the scenario has due by wall time; false if there
// is nothing.
func (p *Plan) awaitWall(ctx context.Context, t *scenarios.Timeline) bool {
	at, ok := t.NextWall()
	if !ok {
		return false
	}
	return pause(ctx, max(at-p.Journal.Now(), time.Millisecond))
}

// Patience with a SUT before plant time goes on without it.
var (
	// usually it has long been at rest; who is slower than this is overtaken
	// by events, as in a real plant.
	usualPatience = patience{quiet: 500 * time.Millisecond, most: 2 * time.Second}
	// before everything is healed: what was put off for a second, by a
	// Retry-After or a redelivery, is still to meet the faults, or which of the
	// last facts they strike would be a matter of luck. So is what has to wait
	// until the SUT, which was killed in the middle of it, knows what became of
	// a posting.
	lastPatience = patience{quiet: 2500 * time.Millisecond, most: 10 * time.Second}
	// while the way is cut nothing can arrive, and production goes on.
	cutPatience = patience{quiet: 40 * time.Millisecond, most: 40 * time.Millisecond}
	// a SUT that was killed is started again at once; production waits a
	// little, or it would all be over before the SUT is back.
	deadPatience = patience{quiet: 250 * time.Millisecond, most: 250 * time.Millisecond}
)

// pace waits until plant time may move to next.
func (p *Plan) pace(ctx context.Context, next time.Time) {
	switch p.Scenario.Time.Mode {
	case scenarios.Burst:
		return
	case scenarios.Paced:
		factor := p.Scenario.Time.Factor
		if factor <= 0 {
			factor = 1
		}
		pause(ctx, time.Duration(float64(next.Sub(p.clock.Now()))/factor))
		return
	}
	if !p.progress.await(ctx, p.patience()) {
		p.progress.giveUp()
	}
}

func (p *Plan) patience() patience {
	if alive, _ := p.sut().Alive(); !alive {
		return deadPatience
	}
	if p.cut() {
		return cutPatience
	}
	return p.progress.trust(usualPatience, p.Settle.Lag)
}

// cut reports whether a fault now keeps everything on some way from arriving.
func (p *Plan) cut() bool {
	var armed []string
	for _, l := range p.Links {
		armed = append(armed, l.Armed()...)
	}
	for _, rd := range p.roads {
		armed = append(armed, rd.Armed()...)
	}
	return slices.ContainsFunc(p.known(), func(f *PlannedFault) bool {
		b, ok := f.rule.Fault.(chaos.Blocker)
		return ok && b.Blocks() && len(f.rule.Within) == 0 && slices.Contains(armed, f.ID)
	})
}

// view is what the shop floor sees of the MES.
func (p *Plan) view() plant.View {
	for _, e := range p.Endpoints {
		if v, ok := e.System.(plant.View); ok {
			return v
		}
	}
	return allDispatched{}
}

// allDispatched is the view of a plant whose rig has no MES.
type allDispatched struct{}

func (allDispatched) Dispatched(plant.OrderID) (int, bool)         { return 1, true }
func (allDispatched) Quantity(plant.OrderID) (plant.Decimal, bool) { return 0, false }
func (allDispatched) Usable(plant.LotID) bool                      { return true }

// happen makes events true: first in the journal, then for the systems that
// notice them, then for the scenario.
func (p *Plan) happen(ctx context.Context, t *scenarios.Timeline, events []plant.Event) error {
	for _, e := range events {
		p.Ordinals.Add(e.Fact) // also of what nobody notices: the third confirmation stays the third
		p.bounds.see(e)
		if p.narrowed.noticed(e) {
			if err := p.notice(e); err != nil {
				return err
			}
		}
		if err := p.act(ctx, t, t.See(e, p.instant())); err != nil {
			return err
		}
		if err := p.happen(ctx, t, p.follow(e)); err != nil {
			return err
		}
	}
	return nil
}

// notice writes an event down and tells the systems.
func (p *Plan) notice(e plant.Event) error {
	source, sink := p.flow(e.Fact.Kind())
	if slices.Contains(plant.Records(), e.Fact.Kind()) {
		if p.told == nil {
			p.told = map[plant.EventID]bool{}
		}
		p.told[e.ID] = true
	}
	p.Journal.Append(evidence.Truth{Event: e, Source: source, Sink: sink})
	for _, ep := range p.Endpoints {
		if err := ep.Notice(e); err != nil {
			return fmt.Errorf("%s announces %s: %w", ep.Name, e.ID, err)
		}
	}
	return nil
}

// publish announces master data once more. What has happened before does not
// happen again: it is only told to whoever announces it, record by record or as
// extracts of all there are.
func (p *Plan) publish(ctx context.Context, t *scenarios.Timeline, events []plant.Event) error {
	for _, ep := range p.Endpoints {
		ep.Gather(events)
	}
	if err := p.tell(ctx, t, events); err != nil {
		return err
	}
	for _, ep := range p.Endpoints {
		if err := ep.Extract(p.clock.Now()); err != nil {
			return fmt.Errorf("%s publishes: %w", ep.Name, err)
		}
	}
	return nil
}

// tell tells what is published.
func (p *Plan) tell(ctx context.Context, t *scenarios.Timeline, events []plant.Event) error {
	for _, e := range events {
		if !p.told[e.ID] {
			if err := p.happen(ctx, t, []plant.Event{e}); err != nil {
				return err
			}
			continue
		}
		for _, ep := range p.Endpoints {
			if err := ep.Notice(e); err != nil {
				return fmt.Errorf("%s announces %s: %w", ep.Name, e.ID, err)
			}
		}
	}
	return nil
}

// follow is what happens at the systems themselves because of e.
func (p *Plan) follow(e plant.Event) (events []plant.Event) {
	if !p.counts {
		return nil
	}
	for _, ep := range p.Endpoints {
		if s, ok := ep.System.(simulators.Source); ok {
			events = append(events, s.Follow(e)...)
		}
	}
	return events
}

func (p *Plan) flow(k plant.Kind) (from, to string) {
	for _, f := range p.Evidence.Flows {
		if f.Kind == k {
			return f.From, f.To
		}
	}
	return "", ""
}

// act carries out actions of the scenario.
func (p *Plan) act(ctx context.Context, t *scenarios.Timeline, actions []scenarios.Action) error {
	for _, a := range actions {
		p.Journal.Append(evidence.Step{Name: scenarios.StepName(a.Do), Ref: a.As, Args: a.Args()})
		if err := p.do(ctx, t, a); err != nil {
			return fmt.Errorf("%s: %s: %w", a.Pos, a.Do, err)
		}
	}
	return nil
}

func (p *Plan) do(ctx context.Context, t *scenarios.Timeline, a scenarios.Action) error {
	if a.IsPlants() {
		todo := a.Plant()
		todo.At = p.clock.Now()
		events, err := p.Floor.Do(todo)
		if err != nil {
			return err
		}
		if a.Do == scenarios.DoPublish {
			return p.publish(ctx, t, events)
		}
		return p.happen(ctx, t, events)
	}
	switch a.Do {
	case scenarios.DoArm:
		p.bounds.open(a.Fault)
		return p.arm(ctx, a.Fault)
	case scenarios.DoClose:
		p.bounds.close(a.Fault)
	case scenarios.DoPhase:
		p.bounds.enter(a.As)
	case scenarios.DoHeal:
		p.heal(a.Fault)
	case scenarios.DoShip:
		return p.ship(a)
	case scenarios.DoClosePeriod:
		return p.closePeriod()
	case scenarios.DoRecall:
		return p.recall(a)
	case scenarios.DoKill, scenarios.DoRestart:
		return p.process(ctx, a.Do)
	case scenarios.DoFreeze, scenarios.DoCutover:
		return p.cutOver(ctx, a)
	case scenarios.DoLock, scenarios.DoUnlock:
		return p.lock(a)
	case scenarios.DoRequeue, scenarios.DoTakeOut:
		return p.failed(a)
	case scenarios.DoPolicy:
		e, err := p.endpoint(a.At)
		if err != nil {
			return err
		}
		e.ChangePolicy(func(to *simulators.Policy) { *to = a.Set.Apply(*to) })
	}
	return nil
}

func (p *Plan) endpoint(name string) (*endpoint.Endpoint, error) {
	systems := map[string]string{}
	for at, e := range p.Evidence.Endpoints {
		systems[at] = e.System
	}
	meant := scenarios.Meant(name, systems)
	for _, e := range p.Endpoints {
		if e.Name == meant {
			return e, nil
		}
	}
	return nil, fmt.Errorf("there is no endpoint %q in this rig", name)
}

// process ends or starts the SUT because the scenario says so.
func (p *Plan) process(ctx context.Context, do string) error {
	b, ok := p.sut().(sut.Breaker)
	if !ok {
		return sut.ErrNotOurs
	}
	if do == scenarios.DoKill {
		p.step("sut.kill", "")
		return b.Kill(ctx)
	}
	err := b.Restart(ctx, false)
	if err == nil {
		p.step("sut.start", "again")
	}
	return err
}

// lock has somebody open or close an order in a system.
func (p *Plan) lock(a scenarios.Action) error {
	e, err := p.endpoint(a.At)
	if err != nil {
		return err
	}
	s, ok := e.System.(interface {
		Lock(plant.OrderID, bool) error
	})
	if !ok {
		return fmt.Errorf("the system behind %s cannot lock orders", a.At)
	}
	return s.Lock(a.Order, a.Do == scenarios.DoLock)
}

// failed has a person see to messages that have failed for good in the queue of
// a system.
func (p *Plan) failed(a scenarios.Action) error {
	e, err := p.endpoint(a.At)
	if err != nil {
		return err
	}
	see, word := e.Requeue, "requeued"
	if a.Do == scenarios.DoTakeOut {
		see, word = e.Cancel, "taken out"
	}
	ids := e.Failed(string(a.Order))
	for _, id := range ids {
		if err := see(id); err != nil {
			return err
		}
	}
	p.step(word, fmt.Sprintf("%d failed messages at %s", len(ids), e.Name))
	return nil
}

// ship asks the ERP to ship goods, which it must refuse for a held lot.
func (p *Plan) ship(a scenarios.Action) error {
	for _, e := range p.Endpoints {
		if p.Evidence.Endpoints[e.Name].System != "erp" {
			continue
		}
		lot, _ := e.System.State("lot", string(a.Lot)).(plant.Lot)
		p.ships++
		amount := a.Quantity
		if amount == 0 {
			amount = plant.One
		}
		unit := plant.Unit("")
		for _, i := range p.Evidence.Items {
			if i.ID == lot.Material {
				unit = i.Unit
			}
		}
		f := plant.Shipped{Lot: a.Lot, Material: lot.Material, Counter: p.ships, Quantity: plant.Quantity{Amount: amount, Unit: unit}}
		ev := plant.Event{ID: plant.EventID(plant.Natural(f)), At: p.clock.Now(), Fact: f}
		answer := e.System.Handle(simulators.Ask{Claims: []plant.Event{ev}, Now: p.clock.Now()}, func(post simulators.Posting) {
			p.Journal.Append(evidence.Effect{Endpoint: e.Name, Posting: post})
		})
		p.Journal.Append(evidence.Probe{Endpoint: e.Name, Name: "ship", Keys: f.Keys(), Result: endpoint.Meaning(answer), Ref: a.As})
		return nil
	}
	return fmt.Errorf("this rig has no ERP to ship from")
}
