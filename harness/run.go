// Package harness puts a run together, carries it out and takes it apart
// again. It is the one place where plant, systems, links, scenario, SUT and
// judges meet.
package harness

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/nameserver"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Plan is everything a run needs, with every name resolved and every port
// bound. A mode is a way of making plans, not another way of running them.
type Plan struct {
	Evidence  evidence.Plan // what the journal says of the plan
	Scenario  scenarios.Scenario
	Journal   *evidence.Journal
	Floor     plant.Floor
	Endpoints []*endpoint.Endpoint
	Links     []*chaos.Link
	Ordinals  *chaos.Ordinals
	Faults    []*PlannedFault
	Driver    sut.Driver
	Env       map[string]string // what the SUT is told about the rig
	Judges    []evidence.Judge
	Settle    Settle

	serve    []func(context.Context) error // endpoints, exceptions, brokers
	moments  *chaos.Moments
	bounds   *bounds // of faults in the plant's history
	roads    []*road
	names    *nameserver.Server // nil if no endpoint has a name
	clock    *plantClock
	progress *progress
	session  *Session               // that decides when the play is over; nil if the scenario does
	mu       sync.Mutex             // guards Faults while the plant plays
	counts   bool                   // machines are read
	open     []plant.Order          // under way when the run begins
	narrowed *narrowed              // to what the scenario says happens
	ships    int                    // probes so far
	told     map[plant.EventID]bool // changes of master data that have happened
	broken   sync.WaitGroup         // what is being done to the SUT
	living   sync.Mutex             // held by whoever ends and starts the SUT
	standing standing               // what was done to the SUT and is to be undone
	replaced atomic.Pointer[sut.Driver]
	build    func(variant) (instance, error) // makes another instance of the SUT; nil if there can be none
	state    *stateDir                       // of the SUT
	lag      func() int                      // messages that wait at the broker for the SUT; nil if that does not tell
	turn     func()                          // returns when it is the plant's turn; nil for always

	changeover *changeover // nil if the rig has one way into the books only
}

// Run carries out p and returns what the judges found, worst first. Everything
// else there is to know is in the journal, which is complete before anything
// is judged. An error means that the rig could not do its work; it is never a
// verdict on the SUT.
func Run(ctx context.Context, p *Plan) (findings []evidence.Finding, err error) {
	p.Journal.Append(evidence.Begin{Wall: time.Now(), Plan: p.Evidence})
	stopServing := p.startServing(ctx)
	defer func() { err = errors.Join(err, stopServing()) }()

	if err := p.state.open(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.state.close()) }()
	p.step("sut.start", "")
	if err := p.Driver.Start(ctx, p.Env); err != nil {
		return nil, fmt.Errorf("start SUT: %w", err)
	}
	defer func() { err = errors.Join(err, p.stopSUT(ctx)) }()
	stopSampling := p.sample(ctx)
	defer stopSampling()

	p.step("baseline", "opening stock, open orders and books as planned")
	p.progress = newProgress(p.Journal, p.Endpoints, p.Links)
	p.progress.lag = p.lag
	p.progress.turn = p.turn
	p.step("play", p.Scenario.Metadata.Title)
	playing, over := p.session.playing(ctx)
	playErr := p.play(playing)
	over()
	p.step("heal", "")
	p.heal("")
	p.broken.Wait()
	p.undo(ctx, "") // what struck while the others were healed
	p.step("settle", "")
	quiet, reason := p.settle(ctx, playErr)
	p.snapshots()
	stopSampling()
	p.Journal.Append(evidence.End{Quiet: quiet, Reason: reason})
	if err := p.Journal.Flush(); err != nil {
		return nil, fmt.Errorf("save evidence: %w", err)
	}
	if playErr != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("play %s: %w", p.Scenario.Metadata.ID, playErr)
	}
	if err := p.standing.err(); err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("break the SUT: %w", err)
	}
	return Judge(p.Journal.Records(), p.Judges), nil
}

// Judge judges the records of a run. It is a pure function, so that a stored
// run can be judged again by newer judges.
func Judge(records []evidence.Record, judges []evidence.Judge) []evidence.Finding {
	return oracles.JudgeAll(evidence.NewHistory(records), judges)
}

// startServing has every endpoint answer from now on; what it returns ends
// that and waits until all have ended.
func (p *Plan) startServing(ctx context.Context) (stop func() error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	errs := make([]error, len(p.serve))
	for i, serve := range p.serve {
		wg.Go(func() { errs[i] = serve(ctx) })
	}
	return func() error {
		cancel() // first, so that nothing is announced any more
		for _, l := range p.Links {
			l.Close()
		}
		wg.Wait()
		for _, l := range p.Links {
			errs = append(errs, l.Err())
		}
		return errors.Join(errs...)
	}
}

// settle waits until the SUT has come to rest.
func (p *Plan) settle(ctx context.Context, playErr error) (quiet bool, reason string) {
	if ctx.Err() != nil {
		return false, "the run was interrupted"
	}
	if playErr != nil {
		return false, "the scenario could not be played to its end: " + playErr.Error()
	}
	if alive, why := p.sut().Alive(); !alive {
		p.step("sut.exit", why)
	}
	return p.progress.rest(ctx, p.Settle)
}

// stopSUT takes the SUT down even if the run was interrupted.
func (p *Plan) stopSUT(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if err := p.sut().Stop(ctx); err != nil {
		return fmt.Errorf("stop SUT: %w", err)
	}
	return nil
}

// sut is the build that has the SUT's address now.
func (p *Plan) sut() sut.Driver {
	if d := p.replaced.Load(); d != nil {
		return *d
	}
	return p.Driver
}

func (p *Plan) step(name, text string) {
	p.Journal.Append(evidence.Step{Name: name, Text: text})
}

// plantClock is the plant time now, as all endpoints and records see it.
type plantClock struct {
	mu  sync.RWMutex // guards now
	now time.Time
}

func (c *plantClock) Now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.now
}

func (c *plantClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}
