package harness

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/sut"
)

// A breakage is how a fault of the SUT's process is carried out.
type breakage struct {
	needs sut.Ability
	// strike does it. It must return soon, since the message that set it off
	// waits for it: what takes its time, it does in p.broken. Undo is called once,
	// when the fault's time is over or it is healed; nil if there is nothing to undo.
	strike func(p *Plan, ctx context.Context, f chaos.ProcessFault) (undo func(context.Context), err error)
}

// breakages are all that can be done to a SUT.
var breakages = map[string]breakage{
	chaos.Kill:     {sut.Killing, (*Plan).kill},
	chaos.Restart:  {sut.Killing, (*Plan).restart},
	chaos.Pause:    {sut.Pausing, (*Plan).freeze},
	chaos.Detach:   {sut.Detaching, (*Plan).detach},
	chaos.Bound:    {sut.LimitingMemory, (*Plan).bound},
	chaos.FillDisk: {sut.Killing, (*Plan).fillDisk},
	chaos.Double:   {sut.Killing, (*Plan).double},
	chaos.Upgrade:  {sut.Killing, (*Plan).upgrade},
	chaos.Restore:  {sut.Killing, (*Plan).restore},
	chaos.SetClock: {sut.SettingClock, (*Plan).setClock},
	chaos.Shape:    {sut.Shaping, (*Plan).shape},
}

// standing is what was done to the SUT and is still to be undone.
type standing struct {
	mu      sync.Mutex // guards what follows
	list    []*undoing
	trouble []error // of the rig, in doing or undoing it
}

// err is what went wrong, if the run was not called off meanwhile.
func (s *standing) err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.trouble...)
}

// undoing is one of them.
type undoing struct {
	fault string
	once  sync.Once
	do    func(context.Context)
	over  chan struct{} // closed when it was undone
}

// undo does it, unless that was done.
func (u *undoing) undo(ctx context.Context) {
	u.once.Do(func() {
		u.do(ctx)
		close(u.over)
	})
}

// breakSUT does to the SUT what a process fault says. It returns as soon as
// the message that set it off may go on.
func (p *Plan) breakSUT(ctx context.Context, id string, f chaos.ProcessFault) {
	b, ok := breakages[f.Do]
	if !ok {
		p.note(fmt.Errorf("nobody knows how to %s a SUT", f.Do))
		return
	}
	undo, err := b.strike(p, ctx, f)
	if errors.Is(err, sut.ErrNotRunning) { // another fault has been faster
		p.step("spared", "the SUT is down: there is nothing to "+f.Do)
		return
	}
	p.note(err)
	if undo == nil {
		return
	}
	u := &undoing{fault: id, do: undo, over: make(chan struct{})}
	p.standing.mu.Lock()
	p.standing.list = append(p.standing.list, u)
	p.standing.mu.Unlock()
	if f.For <= 0 {
		return
	}
	p.broken.Go(func() {
		t := time.NewTimer(f.For)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		case <-u.over:
		}
		u.undo(context.WithoutCancel(ctx))
	})
}

// undo undoes what a fault has done to the SUT; "" means all of them.
func (p *Plan) undo(ctx context.Context, id string) {
	p.standing.mu.Lock()
	var todo []*undoing
	for _, u := range p.standing.list {
		if id == "" || u.fault == id {
			todo = append(todo, u)
		}
	}
	p.standing.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	for _, u := range todo {
		u.undo(ctx)
	}
}

// kill ends the SUT as a power cut would, and has it come back by itself.
func (p *Plan) kill(ctx context.Context, f chaos.ProcessFault) (func(context.Context), error) {
	b, ok := p.sut().(sut.Breaker)
	if !ok {
		return nil, sut.ErrNotOurs // the plan was refused for it
	}
	p.step("sut.kill", "")
	err := b.Kill(ctx)
	p.broken.Go(func() {
		p.living.Lock()
		defer p.living.Unlock()
		p.comeBack(ctx, f.Down)
	})
	return nil, err
}

// restart asks the SUT to stop and starts it again.
func (p *Plan) restart(ctx context.Context, f chaos.ProcessFault) (func(context.Context), error) {
	p.broken.Go(func() {
		p.living.Lock()
		defer p.living.Unlock()
		p.stop(ctx, "asked to stop")
		p.comeBack(ctx, f.Down)
	})
	return nil, nil
}

// stop asks the SUT to stop and waits until it has; p.living is held.
func (p *Plan) stop(ctx context.Context, why string) {
	p.step("sut.stop", why)
	if e, ok := p.sut().(sut.Ender); ok {
		p.note(e.End(ctx))
		return
	}
	p.note(p.sut().Stop(ctx))
}

// comeBack starts a SUT again that has been down for so long; p.living is held.
func (p *Plan) comeBack(ctx context.Context, down time.Duration) {
	if !pause(ctx, down) {
		return
	}
	if b, ok := p.sut().(sut.Breaker); ok {
		p.note(b.Restart(ctx, false))
		p.step("sut.start", "again")
	}
}

func (p *Plan) freeze(ctx context.Context, _ chaos.ProcessFault) (func(context.Context), error) {
	d, ok := p.sut().(sut.Pauser)
	if !ok {
		return nil, sut.ErrNotOurs
	}
	p.step("sut.pause", "")
	return func(ctx context.Context) {
		p.note(d.Resume(ctx))
		p.step("sut.resume", "")
	}, d.Pause(ctx)
}

func (p *Plan) detach(ctx context.Context, _ chaos.ProcessFault) (func(context.Context), error) {
	d, ok := p.sut().(sut.Detacher)
	if !ok {
		return nil, sut.ErrNotOurs
	}
	p.step("sut.detach", "")
	return func(ctx context.Context) {
		p.note(d.Attach(ctx))
		p.step("sut.attach", "")
	}, d.Detach(ctx)
}

// watchEvery is how often a SUT is looked at that the kernel may kill.
const watchEvery = 20 * time.Millisecond

// bound gives the SUT no more memory and, as an orchestrator does, starts it
// again when it was killed for it.
func (p *Plan) bound(ctx context.Context, f chaos.ProcessFault) (func(context.Context), error) {
	d, ok := p.sut().(sut.MemoryLimiter)
	if !ok {
		return nil, sut.ErrNotOurs
	}
	if err := d.LimitMemory(ctx, f.Bytes); err != nil {
		return nil, err
	}
	p.step("sut.bound", "its memory")
	over, lifted := context.WithCancel(ctx)
	p.broken.Go(func() {
		for pause(over, watchEvery) {
			p.revive(ctx, f.Down)
		}
		p.revive(ctx, f.Down) // killed in the last moment
	})
	return func(ctx context.Context) {
		p.note(d.UnlimitMemory(ctx))
		p.step("sut.unbound", "")
		lifted()
	}, nil
}

// revive starts the SUT again if it has ended by itself.
func (p *Plan) revive(ctx context.Context, down time.Duration) {
	p.living.Lock() // who is being restarted is down for a reason
	defer p.living.Unlock()
	if alive, why := p.sut().Alive(); !alive && ctx.Err() == nil {
		p.step("sut.exit", why)
		p.comeBack(ctx, down)
	}
}

func (p *Plan) setClock(ctx context.Context, f chaos.ProcessFault) (func(context.Context), error) {
	d, ok := p.sut().(sut.ClockSetter)
	if !ok {
		return nil, sut.ErrNotOurs
	}
	p.step("sut.clock", "moved by "+f.Offset.String())
	return func(ctx context.Context) {
		p.note(d.SetClock(ctx, 0))
		p.step("sut.clock", "put right")
	}, d.SetClock(ctx, int(f.Offset/time.Second))
}

func (p *Plan) shape(ctx context.Context, f chaos.ProcessFault) (func(context.Context), error) {
	d, ok := p.sut().(sut.Shaper)
	if !ok {
		return nil, sut.ErrNotOurs
	}
	p.step("sut.shape", fmt.Sprint(f.Packets))
	return func(ctx context.Context) {
		p.note(d.Unshape(ctx))
		p.step("sut.unshape", "")
	}, d.Shape(ctx, f.Packets...)
}

// double starts a second instance beside the first.
func (p *Plan) double(ctx context.Context, _ chaos.ProcessFault) (func(context.Context), error) {
	two, err := p.build(variant{second: true})
	if err != nil {
		return nil, err
	}
	started := make(chan struct{})
	p.broken.Go(func() {
		defer close(started)
		p.second(ctx, two)
	})
	return func(ctx context.Context) {
		<-started
		p.dismiss(ctx, two)
	}, nil
}

// second starts another instance.
func (p *Plan) second(ctx context.Context, i instance) {
	p.step("sut.second", "a second instance starts")
	if err := i.driver.Start(ctx, i.env); err != nil {
		p.step("sut.second", "it did not get ready: "+err.Error())
	}
}

// dismiss ends the second instance.
func (p *Plan) dismiss(ctx context.Context, i instance) {
	if err := i.driver.Stop(ctx); err != nil {
		p.step("sut.single", "the second instance does not end: "+err.Error())
		return
	}
	p.step("sut.single", "the second instance has ended")
}

// upgrade puts this build in the place of the one before.
func (p *Plan) upgrade(ctx context.Context, f chaos.ProcessFault) (func(context.Context), error) {
	done := make(chan struct{})
	p.broken.Go(func() {
		defer close(done)
		p.roll(ctx, f.Down, false)
	})
	if !f.Back {
		return nil, nil
	}
	return func(ctx context.Context) {
		<-done
		p.roll(ctx, f.Down, true)
	}, nil
}

// roll starts the other build beside the one that runs, on the same state, for
// so long; then the one that runs is asked to stop and the other takes its
// address.
func (p *Plan) roll(ctx context.Context, both time.Duration, previous bool) {
	beside, err := p.build(variant{second: true, previous: previous})
	next, nerr := p.build(variant{previous: previous})
	if err := errors.Join(err, nerr); err != nil {
		p.note(err)
		return
	}
	p.living.Lock()
	defer p.living.Unlock()
	p.second(ctx, beside)
	pause(ctx, both)
	p.step("sut.stop", "makes room for the other build")
	p.note(p.sut().Stop(ctx))
	p.replaced.Store(&next.driver)
	p.note(next.driver.Start(ctx, next.env))
	p.step("sut.start", map[bool]string{false: "upgraded to this build", true: "rolled back to the build before"}[previous])
	p.dismiss(ctx, beside)
}

// restore brings back the state of the moment at which the fault was armed.
func (p *Plan) restore(ctx context.Context, f chaos.ProcessFault) (func(context.Context), error) {
	p.broken.Go(func() {
		p.living.Lock()
		defer p.living.Unlock()
		p.stop(ctx, "its state is going to be replaced")
		p.note(p.state.restore())
		p.Journal.Append(evidence.Step{Name: evidence.StepRestore, Text: "the state of an earlier moment", Args: map[string]string{evidence.ArgBackup: p.state.taken.String()}})
		p.comeBack(ctx, f.Down)
	})
	return nil, nil
}

// backUp keeps the SUT's state as it is now. Where it can be, the SUT is frozen
// meanwhile, so that the copy is what a snapshot of the disk would be.
func (p *Plan) backUp(ctx context.Context) error {
	if d, ok := p.sut().(sut.Pauser); ok {
		if alive, _ := d.Alive(); alive && d.Pause(ctx) == nil {
			defer func() { p.note(d.Resume(context.WithoutCancel(ctx))) }()
		}
	}
	p.step("sut.backup", "")
	return p.state.backUp(p.Journal.Now())
}

func (p *Plan) fillDisk(context.Context, chaos.ProcessFault) (func(context.Context), error) {
	p.step("sut.disk", "full")
	return func(context.Context) {
		p.note(p.state.empty())
		p.step("sut.disk", "has room again")
	}, p.state.fill()
}
