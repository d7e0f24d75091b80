// Package memory is a machine in memory: it runs a whole rig — plant, systems,
// endpoints, links, faults, judges — around a build that is a Go value, without
// network, files of its own or processes. Inside a testing/synctest bubble a
// run takes milliseconds, and one seed gives one journal, to the nanosecond.
//
// It repeats because nobody acts at the same instant as somebody else: each
// actor has a phase of its own within every step of the clock, and the bubble's
// clock moves only when all have come to rest. Only what one actor causes
// happens within an instant, and that is a sequence.
package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/files"
)

// A Build is an integration build in memory. It stands between the endpoints
// erp and mes and speaks their dialect, neutral/v1 unless told otherwise.
type Build interface {
	// Receive takes what an endpoint announces and returns the HTTP status of
	// its answer. It must not block, and may be called by several at once.
	Receive(endpoint string, m simulators.Message) (status int)
	// Work posts to an endpoint until ctx is done. It is called once for each
	// endpoint and may post from that goroutine only: then the build acts as
	// one actor on each road.
	Work(ctx context.Context, endpoint string, post Post)
}

// Post sends a message to an endpoint, or to "exceptions", and waits for the
// answer. An error means that there was none: whether the message took effect
// cannot be told.
type Post func(ctx context.Context, to string, m simulators.Message) (Reply, error)

// A Reply is what a build hears, as over HTTP.
type Reply struct {
	Status int
	Header map[string]string
	Body   []byte
}

// file is the rig, with the dialect of its systems. Roads in memory have no
// thieves, so nobody authenticates.
const file = `apiVersion: andon/v1
kind: Rig
sut: {external: {testSystem: true}, delivers: {posting: exactly-once, exceptions: {http: "memory"}}}
endpoints:
  erp: {system: erp, dialect: %[1]s, transport: %[2]s%[3]s, policy: {auth: none, dedupe: by-key}}
  mes: {system: mes, dialect: %[1]s, transport: %[2]s%[3]s, policy: {auth: none, dedupe: by-key}}
`

// Setup returns what [harness.Build] makes a rig in memory of.
func Setup(s scenarios.Scenario, seed uint64, b Build) (harness.Setup, error) {
	return SetupIn("neutral/v1", s, seed, b)
}

// SetupIn is [Setup] of systems that both speak dialect, as the build must.
func SetupIn(dialect string, s scenarios.Scenario, seed uint64, b Build) (harness.Setup, error) {
	transport, format := "http", ""
	if d, ok := catalog.Find(catalog.Standard().Dialects, dialect); ok {
		switch d.New().(type) { // as a rig file must say; in memory nobody keeps files or rows
		case simulators.Tabular:
			transport = "tables"
		case files.Dialect:
			transport = "files"
		case simulators.Prober: // a build in memory answers with a status, and could not say what it speaks
			format = ", format: {probe: skipped}"
		}
	}
	f, err := harness.ParseFile("rig in memory", fmt.Appendf(nil, file, dialect, transport, format))
	return harness.Setup{
		Catalog: catalog.Standard(), File: f, Path: "memory", Scenario: s, Seed: seed, Run: "memory", Version: "memory", World: New(b),
	}, err
}

// World is the machine.
type World struct {
	build Build
	began time.Time

	mu    sync.Mutex // guards what follows
	phase map[string]time.Duration
	roads map[string]*road
}

var _ harness.World = (*World)(nil)

// New returns a machine on which b runs.
func New(b Build) *World {
	return &World{build: b, began: time.Now(), phase: map[string]time.Duration{}, roads: map[string]*road{}}
}

// Every actor acts once in each step of the clock at most, a few phases apart:
// delays that the rig adds are multiples of a step and keep it in its phase.
const (
	step  = 100 * time.Microsecond
	apart = time.Microsecond
)

// Turn implements [harness.World].
func (w *World) Turn(actor string) {
	now := time.Since(w.began)
	time.Sleep(now.Truncate(step) + step + w.phaseOf(actor) - now)
}

// phaseOf gives every actor a phase. The actors are those of a rig being
// built, which one goroutine does, so they are the same in every run.
func (w *World) phaseOf(actor string) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.phase[actor]; !known {
		w.phase[actor] = time.Duration(len(w.phase)+1) * apart
	}
	return w.phase[actor]
}

// Transport implements [harness.World].
func (w *World) Transport(endpoint string) simulators.Transport {
	w.phaseOf(endpoint)
	w.phaseOf(builds(endpoint))
	r := &road{endpoint: endpoint, build: w.build, open: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.roads[endpoint] = r
	return r
}

// Driver implements [harness.World].
func (w *World) Driver() sut.Driver {
	w.phaseOf("plant")
	return &driver{w: w}
}

// builds names the build's actor on the road to an endpoint.
func builds(endpoint string) string { return "build to " + endpoint }

// road joins an endpoint and the build.
type road struct {
	endpoint string
	build    Build
	open     chan struct{} // closed once receive is set
	receive  simulators.Receiver
}

// URL implements [simulators.Transport].
func (r *road) URL() string { return "memory:" + r.endpoint }

// Send implements [simulators.Transport].
func (r *road) Send(_ context.Context, m simulators.Message) (simulators.Message, error) {
	res := simulators.Result{Status: r.build.Receive(r.endpoint, m)}
	switch {
	case res.Status/100 == 2:
		res.Outcome = simulators.Accepted
	case res.Status == 429:
		res.Outcome = simulators.Throttled
	case res.Status == 503:
		res.Outcome = simulators.Unavailable
	case res.Status/100 == 4:
		res.Outcome, res.Class = simulators.Refused, simulators.DataQuality
	default:
		res.Outcome = simulators.Unknown
	}
	return simulators.Message{Result: res}, nil
}

// Serve implements [simulators.Transport].
func (r *road) Serve(ctx context.Context, receive simulators.Receiver) error {
	r.receive = receive
	close(r.open)
	<-ctx.Done()
	return nil
}

// errReset is what a build meets whose connection breaks.
var errReset = errors.New("connection reset")

// post carries a message of the build to the endpoint.
func (r *road) post(ctx context.Context, m simulators.Message) (Reply, error) {
	select {
	case <-r.open:
	case <-ctx.Done():
		return Reply{}, ctx.Err()
	}
	reply, err := r.receive(ctx, m)
	var lost *simulators.LostError
	switch {
	case err == nil:
		return Reply{reply.Result.Status, reply.Header, reply.Body}, nil
	case !errors.As(err, &lost):
		return Reply{}, err
	case lost.Symptom == simulators.Hang:
		<-ctx.Done()
		return Reply{}, ctx.Err()
	case lost.Symptom == simulators.Gateway:
		return Reply{Status: 502}, nil
	}
	return Reply{}, errReset
}

// driver runs the build.
type driver struct {
	w      *World
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// Start implements [sut.Driver].
func (d *driver) Start(ctx context.Context, _ map[string]string) error {
	ctx, d.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for name := range d.w.roads {
		if name == "exceptions" {
			continue
		}
		d.wg.Go(func() { d.w.build.Work(ctx, name, d.post(name)) })
	}
	return nil
}

// post is the way out of the build's goroutine for one endpoint.
func (d *driver) post(endpoint string) Post {
	return func(ctx context.Context, to string, m simulators.Message) (Reply, error) {
		road := d.w.roads[to]
		if road == nil {
			return Reply{}, fmt.Errorf("there is no endpoint %q", to)
		}
		d.w.Turn(builds(endpoint))
		m.Verb = cmp.Or(m.Verb, "post")
		return road.post(ctx, m)
	}
}

// Stop implements [sut.Driver].
func (d *driver) Stop(context.Context) error {
	if d.cancel != nil {
		d.cancel()
	}
	d.wg.Wait()
	return nil
}

// Alive implements [sut.Driver].
func (d *driver) Alive() (bool, string) { return true, "" }
