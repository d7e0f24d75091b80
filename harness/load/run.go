package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/internal/cputime"
)

// A Build is the integration under test.
type Build interface {
	// Start brings it up. It is told where the simulated systems listen; "" if
	// nobody listens. It returns where confirmations are announced to it.
	Start(ctx context.Context, systems string) (webhook string, err error)
	// Stop takes it down. Stopping twice is no error.
	Stop(ctx context.Context) error
	// Alive reports whether it is there; if not, why.
	Alive() (bool, string)
	// Usage is what all its processes take up; false if that is not known.
	Usage() (sut.Usage, bool)
}

// Based is a [Build] of which is known below which path it looks for the ERP,
// such as /erp. Then nothing is taken elsewhere; else the end of a path decides.
type Based interface {
	ERPBase() string
}

// Config is a load.
type Config struct {
	Build    Build
	Wording  *Wording
	Workload string  // for people
	Plant    string  // likewise: whose confirmations are sent; "" if a user has worded them
	Shape    *Shape  // nil for a closed workload
	Search   *Search // instead of a shape; nil if nothing is looked for
	// MostConnections is how far a search goes if more connections help.
	MostConnections int
	Emit            EmitConfig
	Listen          string        // where the ERP listens; "" if no postings are expected
	Token           string        // that the ERP asks for; "" for none
	Dir             string        // of the evidence
	Drain           time.Duration // how long the build may take to post what it has taken
	Quiet           time.Duration // how long nothing must come before all is posted
	Pacing          time.Duration // p99 of our own lateness beyond which we are the limit
	Gates           []Gate
	Faults          []Fault        // that strike meanwhile
	Soak            bool           // memory must not grow while confirmations are sent
	See             func(Progress) // called twice a second; may be nil
	Watch           func(*Live)    // called before anything begins; may be nil
	Fleet           *Fleet         // agents that send; nil if this process does
}

// expected is how many confirmations may be posted.
func (c *Config) expected() uint64 {
	if c.Listen == "" {
		return 0
	}
	return c.Emit.Most
}

// Progress is how a load gets on.
type Progress struct {
	At                  time.Duration
	Sent, Taken, Posted int64
	Failed              int64
	Draining            bool
}

// run is a load while it goes on.
type run struct {
	start   time.Time
	wording *Wording
	ledger  *Ledger
	meter   *Meter
	journal *Journal
	via     string // the protocol of the broker between us and the build; "" for none
	keys    *keyTable
	doors   *doors // where postings come in; nil if they do elsewhere
	in      Received
	out     Sent
	flows   [flowKinds]flowCounters    // where there are several
	faults  *troubles                  // nil if there are none
	trouble atomic.Pointer[erpTrouble] // that is there now; nil for none
	entry   string                     // where to connect instead of at the build; "" for there
	busy    string                     // how busy the machine was while sending, if it had no time left
	examples
	doubled     atomic.Int64 // confirmations applied once more
	alterations atomic.Int64 // and posted with another content
	taken       atomic.Int64 // confirmations that were taken
	applied     atomic.Int64 // and that were posted, each once
	lastPost    atomic.Int64 // when, after the start
}

// hlogFile has the histograms of each second, for tools that read HDR logs.
const hlogFile = "latency.hlog"

// Run carries out a load and judges it. An error is trouble of the rig or the
// machine, not a verdict.
func Run(ctx context.Context, c Config) (_ *Result, err error) {
	j, err := CreateJournal(c.Dir)
	if err != nil {
		return nil, err
	}
	hlog, err := os.Create(filepath.Join(c.Dir, hlogFile))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create histogram log: %w", err), j.Close())
	}
	r := &run{start: time.Now(), wording: c.Wording, ledger: NewLedger(c.expected(), c.Wording.rows()), meter: NewMeter(runtime.GOMAXPROCS(0), hlog, c.Wording.Mix()), journal: j, keys: newKeyTable()}
	r.faults = r.troubles(&c)
	live := r.live(&c)
	if c.Watch != nil {
		c.Watch(live)
	}
	res := &Result{Schema: resultSchema, Workload: c.Workload, Plant: c.Plant, Dir: c.Dir, Offered: c.Shape != nil}
	played := r.play(ctx, &c, res)
	err = errors.Join(played, r.meter.Close(), hlog.Close(), j.Close())
	if err != nil {
		return nil, err
	}
	err = r.conclude(&c, res)
	live.result.Store(res)
	return res, err
}

// play starts the build, loads it, and waits until it has come to rest.
func (r *run) play(ctx context.Context, c *Config, res *Result) (err error) {
	systems := ""
	if c.Listen != "" {
		res.ERP, res.Questions = c.erp(), c.questions()
		erp, at, err := r.faults.open(r, c)
		if err != nil {
			return err
		}
		defer func() { _ = erp.Close() }()
		r.doors, systems = erp.doors, at
	}
	defer func() { err = errors.Join(err, r.faults.close()) }()
	closeDesk, err := r.desk(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeDesk()) }()
	stop := func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		return c.Build.Stop(ctx)
	}
	webhook, err := c.Build.Start(ctx, systems)
	if err != nil {
		return errors.Join(err, stop())
	}
	if err := r.faults.breakable(c.Build); err != nil {
		return errors.Join(err, stop())
	}
	e, err := r.sender(c, webhook)
	if err != nil {
		return errors.Join(err, stop())
	}
	watch, done := r.watch(c, res)
	before := cputime.Used()
	idle, _, known := machineIdle()
	began := time.Now()
	if c.Search != nil {
		err = r.search(ctx, c, res, webhook)
	} else {
		err = e.emit(ctx, res)
	}
	if after, _, ok := machineIdle(); ok && known {
		r.busy = busyMachine((after-idle).Seconds()/time.Since(began).Seconds(), float64(runtime.NumCPU()))
	}
	r.faults.healAll()
	if err == nil {
		watch.Store(true)
		r.settle(ctx, c, res)
	}
	res.rig(before, cputime.Used(), r)
	done()
	if ok, why := c.Build.Alive(); !ok {
		res.Died = cmp.Or(why, "it has ended")
	}
	res.Broken = r.faults.trouble()
	res.Interrupted = ctx.Err() != nil
	return errors.Join(err, stop())
}

// lasts is how long sending may take at most.
func (c *Config) lasts() time.Duration {
	switch {
	case c.Search != nil:
		return c.Search.Within + time.Minute
	case c.Shape != nil:
		return c.Shape.Length()
	}
	return c.Emit.Until
}

// A sender sends the workload, and returns when nothing more is sent.
type sender interface {
	emit(ctx context.Context, res *Result) error
}

// sender prepares what sends to webhook.
func (r *run) sender(c *Config, webhook string) (sender, error) {
	if c.Fleet != nil {
		return r.fleet(c, webhook)
	}
	s, _, err := r.local(c, webhook)
	return s, err
}

// local prepares what sends to webhook from here, and says what of it can be
// appointed: when it starts, and with which confirmation.
func (r *run) local(c *Config, webhook string) (sender, *emitter, error) {
	u, err := url.Parse(webhook)
	if err == nil && (u.Scheme == schemeMQTT || u.Scheme == schemeNATS) {
		p, err := r.publisher(c, u)
		if err != nil {
			return nil, nil, err
		}
		return p, p.emitter, nil
	}
	e, err := r.emitter(c, webhook)
	return e, e, err
}

// enter has a relay stand before the address where the build is told, if a fault
// strikes there.
func (r *run) enter(addr string) (err error) {
	if r.entry == "" {
		r.entry, err = r.faults.road("mes", "", addr)
	}
	return err
}

// way is where agents find webhook.
func (r *run) way(webhook string) (string, error) {
	u, err := url.Parse(webhook)
	if err != nil || !r.faults.needsRoad("mes") {
		return webhook, nil // what is wrong with it, agents say
	}
	if err := r.enter(u.Host); err != nil {
		return "", err
	}
	u.Host = r.entry
	return u.String(), nil
}

// emitter prepares what sends to webhook from here.
func (r *run) emitter(c *Config, webhook string) (*emitter, error) {
	u, err := url.Parse(webhook)
	if err != nil || u.Scheme != schemeHTTP && u.Scheme != schemeHTTPS || u.Host == "" {
		return nil, fmt.Errorf("%q is no address of http, https, mqtt or nats; the fast path speaks HTTP/1.1, MQTT 5 and NATS", webhook)
	}
	addr := u.Host
	if u.Port() == "" {
		addr = net.JoinHostPort(u.Hostname(), map[string]string{schemeHTTP: "80", schemeHTTPS: "443"}[u.Scheme])
	}
	if err := r.enter(addr); err != nil {
		return nil, err
	}
	target := func(path string) string {
		if path == "" {
			return u.RequestURI()
		}
		to := *u
		to.Path = cmp.Or(u.Path, "/") // else there would be no slash before the name
		return to.JoinPath(path).RequestURI()
	}
	e := &emitter{run: r, wording: r.wording.withHead(u.Host, target), addr: r.entry, shape: c.Shape, cfg: c.Emit, out: &r.out}
	e.secured(u)
	probe, err := e.dial(context.Background())
	if err != nil {
		return nil, fmt.Errorf("%s: %w; is it running?", webhook, err)
	}
	return e, probe.Close()
}

// emit sends the workload.
func (e *emitter) emit(ctx context.Context, res *Result) (err error) {
	began := e.zero()
	if e.shape == nil {
		e.cfg.Until += time.Duration(began)
		if err := e.closed(ctx); err != nil {
			return err
		}
		res.Pacer = "none: each connection sends when it was answered"
	} else {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)) // the pacing thread never waits for a turn
		if res.Pacer, err = e.open(ctx); err != nil {
			return err
		}
	}
	res.Scheduled = uint64(e.out.First.Load())
	if e.shape != nil {
		res.Scheduled = e.shape.Number()
	}
	if res.Sending = time.Duration(e.now() - began); e.shape != nil {
		res.Sending = max(res.Sending, e.shape.Length()) // the last is due a little earlier
	}
	return nil
}

// watch samples backlog and memory and tells how it goes; done ends it.
func (r *run) watch(c *Config, res *Result) (draining *atomic.Bool, done func()) {
	draining = &atomic.Bool{}
	end, ended := make(chan struct{}), make(chan struct{})
	gauge := &usageGauge{build: c.Build, start: r.start}
	gauge.look()
	var own memoryGauge
	go func() {
		defer close(ended)
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-end:
				gauge.look()
				res.Build = gauge.usage(r.out.First.Load())
				res.soaked(c, own.seen, r.faults.absences())
				return
			case <-tick.C:
			}
			taken, applied := r.taken.Load(), r.applied.Load()
			if c.Listen != "" {
				res.Backlog.Most = max(res.Backlog.Most, taken-applied)
			}
			gauge.look()
			if c.Soak && !draining.Load() {
				own.look(time.Since(r.start), r.keys)
			}
			r.ledger.Settle(int64(time.Since(r.start)))
			r.keys.forget(int64(time.Since(r.start)))
			if c.See != nil && n%2 == 1 {
				c.See(Progress{At: time.Since(r.start), Sent: r.out.First.Load(), Taken: taken, Posted: applied, Failed: r.out.GivenUp.Load(), Draining: draining.Load()})
			}
		}
	}()
	var once sync.Once
	return draining, func() { once.Do(func() { close(end); <-ended }) }
}

// settle waits until everything taken is posted, or nothing comes any more; and
// then for a while, as what is posted twice may come late.
func (r *run) settle(ctx context.Context, c *Config, res *Result) {
	if c.Listen == "" {
		return
	}
	began := time.Since(r.start)
	res.Backlog.AtEnd = max(0, r.taken.Load()-r.applied.Load())
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for full := time.Duration(0); ; {
		now := time.Since(r.start)
		silent := now - max(time.Duration(r.lastPost.Load()), began)
		switch {
		case r.applied.Load() >= r.taken.Load() && full == 0:
			full = now
			res.Backlog.Drain = max(0, time.Duration(r.lastPost.Load())-began)
		case full > 0 && silent >= min(c.Quiet, 500*time.Millisecond):
			return
		case full == 0 && silent >= c.Quiet:
			res.Backlog.Drain = max(0, time.Duration(r.lastPost.Load())-began)
			return
		case now-began >= c.Drain:
			res.Backlog.Drain, res.Backlog.Unfinished = now-began, full == 0
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			res.Backlog.Unfinished = full == 0
			return
		}
	}
}

// conclude reads the evidence and judges.
func (r *run) conclude(c *Config, res *Result) error {
	res.fill(r)
	if c.Listen != "" {
		began, cpu, memory := time.Now(), cputime.Used(), peakMemory()
		e, err := Judge(c.Dir, res.Scheduled, r.wording)
		if err != nil {
			return err
		}
		res.Judging, res.JudgingCPU = time.Since(began), cputime.Used()-cpu
		res.RigMemory += peakMemory() - memory
		if onlyLost := e.Doubled.Count+e.Altered.Count+e.Invented.Count == 0; res.Backlog.Unfinished && onlyLost && e.Lost.Count > 0 {
			e.doubtful("postings still came when waiting ended")
		}
		if d, ok := c.Build.(dropper); ok && e.Lost.Count > 0 && d.Dropped() > 0 && e.Doubled.Count+e.Altered.Count+e.Invented.Count == 0 {
			e.doubtful(fmt.Sprintf("our own broker has dropped %d messages, as the build was too far behind", d.Dropped()))
		}
		e.Altered.Texts = append(r.altered, e.Altered.Texts...)
		e.Altered.Texts = e.Altered.Texts[:min(len(e.Altered.Texts), mostExamples)]
		e.Invented.Texts = append(e.Invented.Texts, r.strange...)
		res.Exactly = &e
	}
	res.flows(r)
	res.limits(r, c)
	res.gates(r, c)
	res.verdict(r)
	return nil
}
