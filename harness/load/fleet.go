package load

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/harness/load/fleet"
)

// Fleet has a load sent by agents, each with a part of the confirmations. The
// ERP stays here, and so does the judgement: what agents know comes as reports.
type Fleet struct {
	Local   int           // agents that are started on this machine
	Remote  int           // agents that others start, here or elsewhere
	Parts   int           // into how many the plan is cut; 0 means one for each agent
	URL     string        // of a NATS server with JetStream; "" starts one
	Listen  string        // where the one that is started listens; "" is a free port of the loopback interface
	Command []string      // that starts an agent; it finds the server's address in [FleetURL]
	Within  time.Duration // until all agents must be there; 0 means 30 s
	Say     func(string)  // tells people where agents join; may be nil

	lead    time.Duration // from when all are ready to the start; 0 means a second
	sailing func(*convoy) // called when the start has been told; may be nil
}

// FleetURL is the environment variable in which agents that are started here find
// the server.
const FleetURL = "ANDON_NATS"

// FleetResult is what agents have done.
type FleetResult struct {
	Agents []AgentResult `json:"agents"`
	// Bound is by how much the clock of an agent may have differed from ours: what
	// is measured from one to the other, as e2e is, may be wrong by that.
	Bound time.Duration `json:"clock_bound_ns"`
	Parts []PartResult  `json:"parts"`
}

// AgentResult is what one agent has done.
type AgentResult struct {
	Name   string        `json:"name"` // host/pid
	Parts  []int         `json:"parts"`
	Bound  time.Duration `json:"clock_bound_ns"`
	CPU    time.Duration `json:"cpu_ns,omitempty"` // not known of one that is gone
	Memory int64         `json:"memory_bytes,omitempty"`
	Gone   string        `json:"gone,omitempty"` // why it was not there to the end
}

// PartResult is what became of one part of the plan: messages Part, Part+Of,
// Part+2·Of and so on.
type PartResult struct {
	Part      int      `json:"part"`
	Of        int      `json:"of"`
	Rows      uint64   `json:"rows"`   // confirmations in a message
	Agents    []string `json:"agents"` // that had it, one after the other
	Outcome   string   `json:"outcome"`
	Numbers   uint64   `json:"numbers"`                     // confirmations in it
	Reported  uint64   `json:"reported"`                    // of which an agent has told what became of their sending
	InDoubt   []Span   `json:"in_doubt,omitempty"`          // may have been sent by an agent that is gone
	NeverSent []Span   `json:"never_sent,omitempty"`        // fell due when it was gone
	Unmetered uint64   `json:"latencies_missing,omitempty"` // reported without its latencies
}

// Outcomes of a part.
const (
	PartWhole = "whole"      // one agent has sent it
	PartTaken = "taken over" // another has sent the rest
	PartLost  = "lost"       // nobody has sent the rest
)

// A Span is confirmations First, First+Step, … up to and with Last.
type Span struct {
	First uint64 `json:"first"`
	Last  uint64 `json:"last"`
	Step  uint64 `json:"step"`
}

// Count is how many confirmations the span has.
func (s Span) Count() uint64 { return (s.Last-s.First)/max(s.Step, 1) + 1 }

func (s Span) String() string {
	switch {
	case s.First == s.Last:
		return fmt.Sprint(s.First)
	case s.Step <= 1:
		return fmt.Sprintf("%d to %d", s.First, s.Last)
	}
	return fmt.Sprintf("%d, %d, … %d", s.First, s.First+s.Step, s.Last)
}

func spans(all []Span) (count uint64, text string) {
	var parts []string
	for i, s := range all {
		count += s.Count()
		if i < mostExamples {
			parts = append(parts, s.String())
		}
	}
	if n := len(all) - mostExamples; n > 0 {
		parts = append(parts, fmt.Sprintf("and %d more spans", n))
	}
	return count, strings.Join(parts, "; ")
}

// convoy is a fleet at work: the sender of a load whose agents send.
type convoy struct {
	*Fleet
	run     *run
	cfg     *Config
	webhook string
	server  *fleet.Server // nil if the server is another's
	hub     *fleet.Hub
	merged  *merger

	mu       sync.Mutex // guards what follows
	parts    []*partState
	children map[string]*child // by the name of the agent
	start    int64             // 0 until it is known
	over     string            // why agents must stop
	unable   []string          // what agents could not do
}

// partState is what is known of a part and of who has it.
type partState struct {
	part
	holder  string
	attempt int
	ready   bool
	heard   int64  // when its holder was heard last
	gone    string // why its holder is not there any more; "" if it is
	goneAt  int64
	done    bool
	tries   map[int]*attempt
	seen    []uint64 // a bit for each confirmation of the part of which a record has come
	numbers uint64
}

// attempt is an agent's try at a part.
type attempt struct {
	agent  string
	from   uint64 // where in the part it began
	gone   string
	goneAt int64
	sent   map[string]int64 // what it has told of its sendings
	firsts int64            // confirmations that it has reported as sent for the first time
	meted  int64            // of which it has told the waiting
	bound  time.Duration
	final  *finalReport
}

// fleet prepares agents: it starts or joins the server and starts those of this
// machine.
func (r *run) fleet(c *Config, webhook string) (sender, error) {
	if c.Shape == nil {
		return nil, errors.New("agents need an open workload: in a closed one nobody knows when a confirmation was due")
	}
	webhook, err := r.way(webhook)
	if err != nil {
		return nil, err
	}
	f := &convoy{Fleet: c.Fleet, run: r, cfg: c, webhook: webhook, children: map[string]*child{}}
	n := cmp.Or(f.Parts, f.Local+f.Remote)
	if messages := (c.Shape.Number() + c.Wording.rows() - 1) / c.Wording.rows(); n < 1 || uint64(n) > messages {
		return nil, fmt.Errorf("%d parts of %d confirmations in %d messages: there must be at least one agent, and one message for each part", n, c.Shape.Number(), messages)
	}
	for at := range uint64(n) {
		p := part{at, uint64(n), c.Wording.rows()}
		count := p.count(c.Shape.Number())
		f.parts = append(f.parts, &partState{part: p, tries: map[int]*attempt{}, numbers: count, seen: make([]uint64, (count+63)/64)})
	}
	f.merged = newMerger(f)
	return f, nil
}

// emit implements [sender].
func (f *convoy) emit(ctx context.Context, res *Result) (err error) {
	if err := f.open(ctx); err != nil {
		return errors.Join(err, f.close())
	}
	defer func() { err = errors.Join(err, f.close()) }()
	reading, stop := context.WithCancel(context.WithoutCancel(ctx))
	read := make(chan error, 1)
	go func() { read <- f.hub.Reports(reading, f.merged.take) }()
	defer stop()
	if err = f.gather(ctx); err == nil {
		err = f.sail(ctx, res)
	}
	if err == nil {
		err = f.rest(ctx)
	}
	stop()
	if err = errors.Join(err, <-read); err != nil {
		return err
	}
	f.conclude(res)
	return nil
}

// open starts all that agents need, and agents.
func (f *convoy) open(ctx context.Context) (err error) {
	url := f.URL
	if url == "" {
		if f.server, err = fleet.StartServer(f.Listen); err != nil {
			return err
		}
		url = f.server.URL()
	}
	f.hub, err = fleet.OpenHub(ctx, url, strings.ToLower(rand.Text()), f.now, f.heard)
	if err != nil {
		return err
	}
	works, err := pieces(f.cfg, f.webhook, len(f.parts))
	if err != nil {
		return err
	}
	if err := f.hub.Offer(ctx, works); err != nil {
		return err
	}
	for range f.Local {
		if err := f.launch(url); err != nil {
			return err
		}
	}
	if f.Say != nil && f.Remote > 0 {
		f.Say(fmt.Sprintf("waiting for %d agents; start them with: andon agent --nats %s", f.Remote, url))
	}
	return nil
}

// close ends what open began.
func (f *convoy) close() (err error) {
	f.stop("the run is over")
	if f.hub != nil {
		err = f.hub.Close()
	}
	f.dismiss()
	if f.server != nil {
		err = errors.Join(err, f.server.Close())
	}
	return err
}

func (f *convoy) now() int64 { return int64(time.Since(f.run.start)) }

func (f *convoy) stop(why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over = cmp.Or(f.over, why)
}

// heard answers an agent.
func (f *convoy) heard(b fleet.Beat) fleet.Order {
	f.mu.Lock()
	defer f.mu.Unlock()
	if b.Piece < 0 || b.Piece >= len(f.parts) {
		return fleet.Order{Stop: "there is no such piece"}
	}
	p, now := f.parts[b.Piece], f.now()
	switch {
	case p.done && b.Attempt != p.attempt:
		return fleet.Order{Stop: "it has been done"}
	case f.over != "" && !p.done:
		return fleet.Order{Stop: f.over}
	case b.Attempt < p.attempt:
		return fleet.Order{Stop: "it went to " + p.holder + ", as nothing was heard for " + fleet.Lease.String()}
	case b.State == fleet.Unable:
		f.unable = append(f.unable, b.Agent+": "+b.Why)
		p.lose("it is unable: "+b.Why, now)
		return fleet.Order{}
	case b.Attempt > p.attempt:
		if p.holder != "" {
			p.lose("nothing was heard of it for "+fleet.Lease.String(), now)
		}
		p.give(b, f.from(p, now))
	}
	p.heard, p.ready, p.gone = now, true, ""
	a := p.tries[b.Attempt]
	a.gone = ""
	a.bound = max(a.bound, b.Bound)
	f.count(a, b.Progress)
	return fleet.Order{Start: f.start, From: a.from}
}

// give notes that an agent has the part now.
func (p *partState) give(b fleet.Beat, from uint64) {
	p.holder, p.attempt = b.Agent, b.Attempt
	p.tries[b.Attempt] = &attempt{agent: b.Agent, from: from, sent: map[string]int64{}}
}

// lose notes that the part's holder is gone.
func (p *partState) lose(why string, now int64) {
	p.ready = false
	if p.gone != "" || p.done {
		return
	}
	p.gone, p.goneAt = why, now
	if a := p.tries[p.attempt]; a != nil && a.gone == "" {
		a.gone, a.goneAt = why, now
	}
}

// from is where who takes a part now has to begin: a moment ahead, and what was
// before is another's.
func (f *convoy) from(p *partState, now int64) uint64 {
	if f.start == 0 {
		return 0
	}
	s := f.cfg.Shape.of(p.part)
	soon := now - f.start + int64(time.Second)
	return p.whole(uint64(sort.Search(int(p.numbers), func(i int) bool { return int64(s.Due(uint64(i))) > soon })))
}

// due is when a confirmation is due after the start: with the last of its message.
func (f *convoy) due(seq uint64) int64 {
	rows := f.run.wording.rows()
	return int64(f.cfg.Shape.Due(min(seq-seq%rows+rows, f.cfg.Shape.Number()) - 1))
}

// count adds what an agent tells of its sendings to that of all.
func (f *convoy) count(a *attempt, progress json.RawMessage) {
	told := map[string]int64{}
	if len(progress) == 0 || json.Unmarshal(progress, &told) != nil {
		return
	}
	f.run.out.add(told, a.sent)
	a.sent = told
}

// gather waits until every part has an agent that is ready.
func (f *convoy) gather(ctx context.Context) error {
	within := cmp.Or(f.Within, 30*time.Second)
	limit := time.NewTimer(within)
	defer limit.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		ready, why := f.ready()
		switch {
		case ready == len(f.parts):
			return nil
		case f.hopeless():
			return fmt.Errorf("agents cannot send this load%s", why)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil // interrupted: nothing is sent
		case <-limit.C:
			return fmt.Errorf("%d of %d agents are ready after %s%s; start more with andon agent, or wait longer with --agents-within", ready, len(f.parts), within, why)
		}
	}
}

// hopeless reports whether as many have been unable as there are agents.
func (f *convoy) hopeless() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.unable) > 0 && len(f.unable) >= f.Local+f.Remote
}

func (f *convoy) ready() (n int, why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.census()
	for _, p := range f.parts {
		if p.ready {
			n++
		}
	}
	if len(f.unable) > 0 {
		why = " (" + f.unable[len(f.unable)-1] + ")"
	}
	return n, why
}

// census looks for agents that are gone; f.mu is held.
func (f *convoy) census() {
	now := f.now()
	for _, p := range f.parts {
		if p.holder == "" || p.gone != "" || p.done {
			continue
		}
		if c := f.children[p.holder]; c != nil && c.ended.Load() {
			p.lose(c.why(), now)
		} else if now-p.heard > int64(fleet.Lease) {
			p.lose("nothing was heard of it for "+fleet.Lease.String(), now)
		}
	}
}

// sail has all begin at once, and waits until all have ended or are gone.
func (f *convoy) sail(ctx context.Context, res *Result) error {
	start := f.now() + int64(cmp.Or(f.lead, time.Second))
	f.mu.Lock()
	f.start = start
	f.mu.Unlock()
	if f.sailing != nil {
		f.sailing(f)
	}
	heralded := make(chan struct{})
	go func() {
		defer close(heralded)
		f.herald(ctx, start)
	}()
	res.Scheduled, res.Sending = f.cfg.Shape.Number(), f.cfg.Shape.Length()
	res.Pacer = "agents"
	end := start + int64(f.cfg.Shape.Length())
	last := end + int64(f.cfg.Emit.GiveUp+f.cfg.Emit.Timeout+2*fleet.Lease)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for begun := false; !f.ended(end) && f.now() < last; {
		if !begun && f.now() >= start {
			begun = true
			f.run.faults.begin()
		}
		if ctx.Err() != nil {
			f.stop("the run was interrupted")
		}
		<-tick.C
	}
	<-heralded
	return nil
}

// herald tells the ledger of what will be due soon: postings may come before
// anybody has reported that it was sent.
func (f *convoy) herald(ctx context.Context, start int64) {
	const ahead = int64(2 * time.Second)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for n := uint64(0); n < f.cfg.Shape.Number() && ctx.Err() == nil; <-tick.C {
		for soon := f.now() + ahead; n < f.cfg.Shape.Number(); n++ {
			due := start + f.due(n)
			if due > soon {
				break
			}
			f.run.ledger.Start(n, due)
		}
	}
}

// ended reports whether nothing more is sent: every part is done, or its agent is
// gone and there is nothing left to take over or nobody who does.
func (f *convoy) ended(end int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.census()
	now := f.now()
	for _, p := range f.parts {
		switch {
		case p.done:
		case p.gone == "":
			return false
		case f.over == "" && now < end && now-p.goneAt < int64(fleet.Lease+2*time.Second):
			return false
		}
	}
	return true
}

// rest waits until all reports that there are have been read.
func (f *convoy) rest(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	written, err := f.hub.Written(ctx)
	if err != nil {
		return err
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for f.merged.place.Load() < written {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("read reports of agents: %d of %d were read within 30 s", f.merged.place.Load(), written)
		}
	}
	return nil
}

// launch starts an agent on this machine.
func (f *convoy) launch(url string) error {
	c, err := launch(f.Command, append(os.Environ(), FleetURL+"="+url))
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.children[c.name] = c
	return nil
}

// dismiss ends the agents of this machine.
func (f *convoy) dismiss() {
	f.mu.Lock()
	children := f.children
	f.mu.Unlock()
	for _, c := range children {
		c.dismiss()
	}
}
