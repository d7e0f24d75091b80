package harness

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/scenarios"
)

// A Session is a run that goes on until somebody stops it, and in which faults
// are armed and healed by hand. It may be used by several goroutines.
type Session struct {
	rig   *Rig
	began time.Time
	quit  chan struct{}
	stop  sync.Once

	mu     sync.Mutex // guards what follows
	faults []scenarios.Fault
	timers map[string]*time.Timer // that heal by themselves
	arm    func(id string) error  // while the plant plays; nil before and after
}

// newSession makes the run of r one that goes on until it is stopped.
func newSession(r *Rig) *Session {
	s := &Session{rig: r, began: time.Now(), quit: make(chan struct{}), faults: slices.Clone(r.setup.Scenario.Faults), timers: map[string]*time.Timer{}}
	r.Plan.session = s
	return s
}

// Stop ends the session: the plant stands still, faults heal, the SUT is given
// time to settle, and what happened is judged.
func (s *Session) Stop() { s.stop.Do(func() { close(s.quit) }) }

// playing returns the context of the play, which ends when the session is
// stopped, and what to do when the play is over.
func (s *Session) playing(ctx context.Context) (context.Context, func()) {
	if s == nil {
		return ctx, func() {}
	}
	play, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	s.arm = func(id string) error { return s.rig.Plan.arm(play, id) }
	s.mu.Unlock()
	go func() {
		select {
		case <-s.quit:
			cancel()
		case <-play.Done():
		}
	}()
	return play, func() {
		<-play.Done() // the plant may have nothing more to do; people may
		s.mu.Lock()
		defer s.mu.Unlock()
		s.arm = nil
		for _, t := range s.timers {
			t.Stop()
		}
		cancel()
	}
}

// Arm arms the faults that text describes, in the words of a scenario's faults,
// and returns their ids. An error is a mistake in text, worded as for a file.
func (s *Session) Arm(text []byte) (ids []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.arm == nil {
		return nil, ErrNotPlaying
	}
	list, err := scenarios.ParseFaults("request", text, s.faults)
	if err != nil {
		return nil, err
	}
	planned := make([]*PlannedFault, len(list))
	for i, f := range list {
		if planned[i], err = s.plan(f); err != nil {
			return nil, err
		}
	}
	for i, f := range list {
		if err := s.begin(f, planned[i]); err != nil {
			return ids, err
		}
		ids = append(ids, f.ID)
	}
	return ids, nil
}

// plan looks up what f names; nothing has changed if it returns an error.
func (s *Session) plan(f scenarios.Fault) (*PlannedFault, error) {
	p, err := s.rig.scenarioFault(f)
	if err != nil {
		return nil, err
	}
	if pf, ok := p.rule.Fault.(chaos.Process); ok && slices.Contains([]string{chaos.FillDisk, chaos.Upgrade}, pf.Process().Do) {
		return nil, f.Pos.Errorf("fault %s: %s has to be prepared before the SUT starts", f.ID, p.Info.Name).WithHint("name it in the scenario that is served, and arm it by a step")
	}
	return p, nil
}

func (s *Session) begin(f scenarios.Fault, p *PlannedFault) error {
	text, err := scenarios.FaultText(f)
	if err != nil {
		return err
	}
	plan := s.rig.Plan
	plan.add(p)
	plan.Journal.Append(evidence.Step{Name: "arm by hand", Ref: f.ID, Text: text, Args: map[string]string{"fault": f.ID}})
	if err := s.arm(f.ID); err != nil {
		return fmt.Errorf("arm %s: %w", f.ID, err)
	}
	s.faults = append(s.faults, f)
	if !f.For.IsZero() {
		s.timers[f.ID] = time.AfterFunc(s.wall(f.For), func() { s.Heal(f.ID) })
	}
	return nil
}

// wall is how long d takes on the wall at the pace of the session.
func (s *Session) wall(d yamlfile.Duration) time.Duration {
	if d.Domain == yamlfile.WallTime {
		return d.D
	}
	return time.Duration(float64(d.D) / max(s.rig.Plan.Scenario.Time.Factor, 1))
}

// Heal heals a fault, or all if id is ""; it reports how many were armed.
func (s *Session) Heal(id string) (healed int) {
	plan := s.rig.Plan
	for _, f := range plan.armedFaults() {
		if id == "" || f == id {
			plan.Journal.Append(evidence.Step{Name: "heal by hand", Args: map[string]string{"fault": f}})
			plan.heal(f)
			healed++
		}
	}
	return healed
}

// ErrNotPlaying says that faults cannot be armed yet or any more.
var ErrNotPlaying = fmt.Errorf("the plant is not playing: the SUT is still starting, or the session is coming to its end")

// Status is how a session stands.
type Status struct {
	Schema    string            `json:"schema"` // andon.session/v1
	Run       string            `json:"run"`
	Playing   bool              `json:"playing"`
	Plant     time.Time         `json:"plantTime"`
	Seconds   float64           `json:"wallSeconds"`
	SUT       string            `json:"sut"` // "alive", or why not
	Endpoints map[string]string `json:"endpoints"`
	Facts     int               `json:"facts"`
	Effects   int               `json:"effects"`
	Surfaced  int               `json:"exceptions"`
	Faults    []FaultStatus     `json:"faults"`
}

// FaultStatus is how a fault stands.
type FaultStatus struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind"`
	At     []string `json:"at"`
	Armed  bool     `json:"armed"`
	Struck int      `json:"struck"`
	Last   []Strike `json:"last,omitempty"` // the latest strikes, at most five
}

// Strike is one disturbance.
type Strike struct {
	At      string `json:"at"`
	Key     string `json:"key"`
	Attempt int    `json:"attempt"`
	What    string `json:"what"`
}

// statusVersion names the form of a status.
const statusVersion = "andon.session/v1"

// Truths are the facts of the plant so far, in their
// order.
func (s *Session) Truths() (all []evidence.Truth) {
	for _, r := range s.rig.Plan.Journal.Records() {
		if t, ok := r.Body.(evidence.Truth); ok {
			all = append(all, t)
		}
	}
	return all
}

// Status says how the session stands, as the journal has it.
func (s *Session) Status() Status {
	s.mu.Lock()
	playing := s.arm != nil
	s.mu.Unlock()
	plan := s.rig.Plan
	records := plan.Journal.Records()
	told := &reports.Scenario{}
	Summarise(told, records)
	st := Status{
		Schema: statusVersion, Run: s.rig.setup.Run, Playing: playing, Plant: plan.clock.Now(), Seconds: time.Since(s.began).Seconds(), SUT: "alive",
		Endpoints: map[string]string{}, Facts: told.Facts, Effects: told.Effects, Surfaced: told.Exceptions, Faults: []FaultStatus{},
	}
	if alive, why := plan.sut().Alive(); !alive {
		st.SUT = why
	}
	for _, e := range plan.Endpoints {
		st.Endpoints[e.Name] = s.rig.Vars[e.Name+".url"]
	}
	armed := plan.armedFaults()
	for _, f := range told.Faults {
		st.Faults = append(st.Faults, FaultStatus{ID: f.ID, Kind: f.Kind, At: []string{}, Armed: slices.Contains(armed, f.ID), Struck: f.Struck})
	}
	st.strikes(records)
	return st
}

// strikes fills in where faults act and what they did last.
func (st *Status) strikes(records []evidence.Record) {
	for _, r := range records {
		d, ok := r.Body.(evidence.Disturbance)
		if !ok {
			continue
		}
		i := slices.IndexFunc(st.Faults, func(f FaultStatus) bool { return f.ID == d.Fault })
		if i < 0 {
			continue
		}
		f := &st.Faults[i]
		if d.At != "" && !slices.Contains(f.At, d.At) {
			f.At = append(f.At, d.At)
		}
		if d.Phase == evidence.Struck {
			f.Last = append(f.Last, Strike{d.At, d.Key, d.Attempt, d.What})
			f.Last = f.Last[max(0, len(f.Last)-5):]
		}
	}
}

// Serve plays the only scenario of o until ctx ends or the session is stopped
// otherwise, and returns what there is to report. begun is told of the session
// and what the SUT is told of the rig, before the SUT starts. Ending it is no
// interruption: faults heal, the run settles and is judged.
func (o *GateOptions) Serve(ctx context.Context, begun func(*Session, map[string]string) error) (reports.Gate, error) {
	began := time.Now()
	if err := o.Check(); err != nil {
		return reports.Gate{Verdict: evidence.Inconclusive, Exit: exitFor(err)}, err
	}
	s, err := o.run(context.WithoutCancel(ctx), 0, func(Progress) {}, func(r *Rig) (func(), error) {
		session := newSession(r)
		stop := context.AfterFunc(ctx, session.Stop)
		return func() { stop() }, begun(session, r.Plan.Env)
	})
	if s == nil || (err != nil && s.Error == "") {
		return reports.Gate{Verdict: evidence.Inconclusive, Exit: ExitRig}, err
	}
	return o.report(context.WithoutCancel(ctx), []*reports.Scenario{s}, time.Since(began)), nil
}
