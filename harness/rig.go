package harness

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/harness/sut/external"
	"github.com/andon-rig/andon/harness/sut/process"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	httptransport "github.com/andon-rig/andon/simulators/transports/http"
	"github.com/andon-rig/andon/simulators/transports/nats"
)

// Setup is what a rig is built from.
type Setup struct {
	Catalog  catalog.Catalog
	File     File
	Path     string // of the rig file; "" for the bundled rig
	Source   []byte // of the rig file
	Scenario scenarios.Scenario
	Text     []byte // of the scenario file
	Seed     uint64
	Run      string   // names the run and its bundle
	Range    string   // begins the number ranges of orders and lots; "" means the plant's own
	Pilots   []string // faults armed besides the scenario's
	Defect   string   // planted into the bundled build
	Out      string   // folder of bundles
	Self     string   // path of the andon program
	Version  string
	Command  []string // that started all this, for replay
	World    World    // nil is the machine Andon runs on
}

// A Rig is a plan with its ports bound and its bundle open.
type Rig struct {
	Plan   *Plan
	Bundle *bundle.Writer
	Vars   Vars
	Notes  []string // what the report should say of the rig

	setup  Setup
	master plant.Master
	ids    atomic.Uint64
	state  string // the SUT's directory
	closed []func() error
}

// Build makes a rig. What it has opened is released by Close, also if it
// returns an error.
func Build(s Setup) (r *Rig, err error) {
	r = &Rig{setup: s, Vars: Vars{"run.id": s.Run, "andon.self": s.Self}, Plan: &Plan{Scenario: s.Scenario, Settle: s.File.settle(), clock: &plantClock{}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	for _, build := range []func() error{r.floor, r.names, r.openBundle, r.endpoints, r.exceptions, r.faults, r.driver, r.judges, r.keepPlan} {
		if err := build(); err != nil {
			return r, err
		}
	}
	return r, nil
}

// Close releases what Build has opened.
func (r *Rig) Close() error {
	var errs []error
	for _, c := range slices.Backward(r.closed) {
		errs = append(errs, c())
	}
	r.closed = nil
	return errors.Join(errs...)
}

// floor builds the plant: the rig's, as the scenario changes it.
func (r *Rig) floor() error {
	spec, sc := r.setup.File.Plant, r.setup.Scenario
	cfg := sc.PlantConfig(plant.Config{Profile: spec.Profile, Zone: spec.Zone, Orders: spec.Orders, Shift: 8 * time.Hour})
	cfg.Seed, cfg.Run = r.setup.Seed, r.setup.Range
	if err := r.trace(&cfg); err != nil {
		return err
	}
	zone, err := time.LoadLocation(cmp.Or(cfg.Zone, "Europe/Berlin"))
	if err != nil {
		return fmt.Errorf("plant zone %q: %w", cfg.Zone, err)
	}
	if cfg.Trace == nil {
		cfg.Start = sc.Time.Anchor.Start(time.Now(), zone, cfg.Shift)
	}
	f, err := plant.New(cfg)
	if err != nil {
		return err
	}
	r.Plan.Floor, r.master = f, f.Master()
	r.Plan.clock.set(f.Now())
	return nil
}

// trace reads the user's own event log, if the rig has one. It is the plant
// then, whatever profile a scenario was written for.
func (r *Rig) trace(cfg *plant.Config) error {
	t := r.setup.File.Plant.Trace
	if t == nil {
		return nil
	}
	trace, dirty, err := LoadTrace(*t)
	if err != nil {
		return err
	}
	cfg.Trace, cfg.Orders = trace, 0 // a scenario's number of orders is about profiles: a log is replayed whole
	r.Notes = append(r.Notes, fmt.Sprintf("trace %s: %d rows, %d clean, %d used although suspicious, %d left out; andon check lists the %d dirty ones",
		t.CSV, trace.Rows, trace.Clean, trace.Used, trace.LeftOut, len(dirty)))
	return nil
}

// LoadTrace reads a user's event log and reports its dirty rows.
func LoadTrace(t TraceSpec) (*plant.Trace, []plant.DirtyRow, error) {
	f, err := os.Open(t.CSV)
	if err != nil {
		return nil, nil, fmt.Errorf("plant.trace.csv: %w; the path is relative to where andon runs", err)
	}
	defer f.Close()
	trace, dirty, err := plant.ReadTrace(f, plant.TraceConfig{CSV: t.CSV, Columns: t.Columns, Zone: t.Zone, Delimiter: t.Delimiter, DateLayout: t.Date, Decimal: t.Decimal, Resources: t.Resources})
	if err != nil {
		return nil, dirty, fmt.Errorf("plant.trace.csv %s: %w", t.CSV, err)
	}
	return trace, dirty, nil
}

// names fills in what journals and judges know of the plan.
func (r *Rig) names() error {
	s, sc := r.setup, r.setup.Scenario
	r.Plan.Evidence = evidence.Plan{
		Andon: s.Version, Run: s.Run, Scenario: sc.Metadata.ID, Title: sc.Metadata.Title, Seed: s.Seed, Rig: s.Path, Defect: s.Defect,
		Site: r.master.Site, Zone: r.master.Zone, Items: r.master.Items, Lots: r.master.Lots, Floor: sc.Floor, Waived: sc.Waived(),
		Endpoints: map[string]evidence.Endpoint{}, Attribution: s.File.Attribution,
		Delivers: evidence.Delivers{
			Posting:     cmp.Or(s.File.SUT.Delivers.Posting, evidence.ExactlyOnce),
			Exceptions:  s.File.SUT.Delivers.Exceptions.HTTP != "",
			GraceMillis: int(s.File.SUT.Delivers.HoldGrace.D / time.Millisecond),
		},
	}
	for _, q := range sc.Metadata.Requirements {
		r.Plan.Evidence.Requirements = append(r.Plan.Evidence.Requirements, string(q))
	}
	r.Plan.Evidence.Expect = sc.ExpectJSON()
	return nil
}

// openBundle creates the run's folder; the plan is written there once it is
// complete, as the journal's first record.
func (r *Rig) openBundle() error {
	if r.setup.Out == "" {
		r.Plan.Journal = evidence.NewJournal(nil)
	} else {
		w, err := bundle.Create(r.setup.Out, bundle.Inputs{Plan: r.Plan.Evidence, Command: r.setup.Command, Rig: r.setup.Source, Scenario: r.setup.Text})
		if err != nil {
			return err
		}
		r.Bundle = w
		r.closed = append(r.closed, w.Close)
		r.Plan.Journal = evidence.NewJournal(w.Journal())
	}
	r.Plan.Journal.PlantClock(r.Plan.clock.Now)
	r.Plan.Ordinals = chaos.NewOrdinals()
	r.Plan.moments = chaos.NewMoments(r.Plan.Journal)
	state, err := os.MkdirTemp("", "andon-state-*")
	if err != nil {
		return fmt.Errorf("make a state directory for the SUT: %w", err)
	}
	r.state, r.Vars["andon.state"] = state, state
	r.closed = append(r.closed, func() error { return os.RemoveAll(state) })
	return nil
}

// link makes the road between an endpoint and the SUT.
func (r *Rig) link(name string) *chaos.Link {
	l := &chaos.Link{Name: name, Journal: r.Plan.Journal, Seed: r.setup.Seed, Ordinals: r.Plan.Ordinals, IDs: &r.ids, Moments: r.Plan.moments}
	if r.Bundle != nil {
		l.Store = r.Bundle.Store
	}
	r.Plan.Links = append(r.Plan.Links, l)
	return l
}

// endpoints builds every simulated interface of the rig file.
func (r *Rig) endpoints() error {
	if err := r.brokers(); err != nil {
		return err
	}
	for _, name := range r.setup.File.endpointNames() {
		if r.setup.File.Endpoints[name].Broker != "" {
			continue
		}
		if err := r.endpoint(name, r.setup.File.Endpoints[name]); err != nil {
			return fmt.Errorf("endpoints.%s: %w", name, err)
		}
	}
	r.flows()
	return nil
}

func (r *Rig) endpoint(name string, spec EndpointSpec) error {
	dialect, ok := catalog.Find(r.setup.Catalog.Dialects, cmp.Or(spec.Dialect, "neutral/v1"))
	if !ok {
		return fmt.Errorf("dialect: %s", yamlfile.OneOf(spec.Dialect, catalog.Names(r.setup.Catalog.Dialects)))
	}
	system, ok := catalog.Find(r.setup.Catalog.Systems, spec.System)
	if !ok {
		return fmt.Errorf("system: %s", yamlfile.OneOf(spec.System, catalog.Names(r.setup.Catalog.Systems)))
	}
	d := dialect.New()
	policy, err := spec.Policy.apply(d.Policy())
	if err != nil {
		return err
	}
	if p, ok := r.setup.Scenario.Given.Endpoints[name]; ok {
		policy = p.Apply(policy)
	}
	to, err := r.Vars.Expand(r.setup.File.SUT.Receives[name])
	if err != nil {
		return fmt.Errorf("sut.receives.%s: %w", name, err)
	}
	transport, push, err := r.transport(name, spec, to, policy)
	if err != nil {
		return err
	}
	link := r.link(name)
	line := simulators.Line(link)
	if r.setup.World != nil {
		line, policy.Parallel = turns{link, r.setup.World, name}, 1
	}
	client, secret := "andon-"+name, rand.Text()
	e := endpoint.New(endpoint.Config{
		Name: name, System: system.New(r.master, policy), Dialect: d, Transport: transport, Line: line, Policy: policy, Push: push,
		Client: client, Secret: secret, Plant: r.Plan.clock.Now, Sends: kinds(r.setup.File.Flows),
		OnPosting: func(id uint64, p simulators.Posting) {
			r.Plan.Journal.Append(evidence.Effect{Attempt: id, Endpoint: name, Posting: p})
		},
		OnFeed:    r.feedOffers(name),
		Attribute: attribution(r.setup.File.Attribution, name),
	})
	link.Encode, link.Refuse = e.Encode, e.Refuse
	r.Plan.Endpoints = append(r.Plan.Endpoints, e)
	r.Plan.serve = append(r.Plan.serve, e.Run)
	r.Plan.Evidence.Endpoints[name] = evidence.Endpoint{System: spec.System, Dialect: dialect.Name, Transport: cmp.Or(spec.Transport, "http"), Policy: policy}
	r.Vars[name+".url"], r.Vars[name+".token"] = transport.URL(), transport.URL()+"/oauth/token"
	r.Vars[name+".client"], r.Vars[name+".secret"] = client, secret
	if r.Bundle != nil {
		return r.Bundle.Redact(name+".secret", secret)
	}
	return nil
}

// transport opens what moves an endpoint's messages, and says whether it can
// push announcements: over HTTP to a webhook, over a broker always.
func (r *Rig) transport(name string, spec EndpointSpec, to string, policy simulators.Policy) (simulators.Transport, bool, error) {
	if r.setup.World != nil {
		return r.setup.World.Transport(name), true, nil
	}
	h, err := httptransport.New(httptransport.Config{Listen: spec.Listen, To: to, MaxBody: policy.MaxBody})
	if err != nil {
		return nil, false, err
	}
	r.closed = append(r.closed, h.Close)
	if spec.Transport != "nats" {
		return h, to != "", nil
	}
	if r.Vars["events.url"] == "" {
		return nil, false, spec.Pos.Errorf("transport nats needs an event broker").WithHint("add endpoints.events: {broker: nats}")
	}
	n, err := nats.New(context.Background(), nats.Config{URL: r.Vars["events.url"], Endpoint: name})
	if err != nil {
		return nil, false, err
	}
	r.closed = append(r.closed, n.Close)
	return events{Transport: h, broker: n}, true, nil
}

// events announces over a broker and answers requests there and over HTTP.
type events struct {
	simulators.Transport
	broker *nats.Transport
}

// Send implements [simulators.Transport].
func (e events) Send(ctx context.Context, m simulators.Message) (simulators.Message, error) {
	return e.broker.Send(ctx, m)
}

// Serve implements [simulators.Transport].
func (e events) Serve(ctx context.Context, receive simulators.Receiver) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- e.broker.Serve(ctx, receive) }()
	err := e.Transport.Serve(ctx, receive)
	stop()
	return errors.Join(err, <-done)
}

// brokers starts the event brokers of the rig file, or finds the user's own.
func (r *Rig) brokers() error {
	for _, name := range r.setup.File.endpointNames() {
		spec := r.setup.File.Endpoints[name]
		if spec.Broker == "" {
			continue
		}
		r.Vars[name+".url"] = spec.URL
		if spec.URL == "" {
			dir, err := os.MkdirTemp("", "andon-nats-*")
			if err != nil {
				return fmt.Errorf("make a directory for the event broker: %w", err)
			}
			r.closed = append(r.closed, func() error { return os.RemoveAll(dir) })
			b, err := nats.StartBroker(nats.Address{}, dir)
			if err != nil {
				return fmt.Errorf("endpoints.%s: %w", name, err)
			}
			r.closed = append(r.closed, b.Close)
			r.Vars[name+".url"] = b.URL()
		}
		r.Vars["events.url"] = r.Vars[name+".url"]
	}
	return nil
}

// feedOffers writes down what a SUT that polls was given, and what it has
// taken by coming back for more.
func (r *Rig) feedOffers(name string) func([]simulators.Message, bool) {
	return func(ms []simulators.Message, taken bool) {
		outcome := simulators.Unknown
		if taken {
			outcome = simulators.Accepted
		}
		now := r.Plan.Journal.Now()
		for _, m := range ms {
			var facts []plant.EventID
			for _, e := range m.Events {
				facts = append(facts, e.ID)
			}
			r.Plan.Journal.Append(evidence.Offer{ID: r.ids.Add(1), Endpoint: name, Name: m.Name, Key: m.Key, Facts: facts, Attempt: 1,
				Start: now, End: now, Result: simulators.Result{Outcome: outcome, Text: "polled"}})
		}
	}
}

func kinds(list []plant.Kind) map[plant.Kind]bool {
	if len(list) == 0 {
		return nil
	}
	set := map[plant.Kind]bool{}
	for _, k := range list {
		set[k] = true
	}
	return set
}

// announced says which system announces a kind of fact.
var announced = map[string][]plant.Kind{
	"erp": {plant.KindOrderReleased, plant.KindOrderChanged, plant.KindOrderCancelled, plant.KindLotDecided, plant.KindItemChanged},
	"mes": {plant.KindOperationStarted, plant.KindConfirmation, plant.KindConsumption, plant.KindScrap, plant.KindRework,
		plant.KindReceipt, plant.KindLotHeld, plant.KindInspection},
}

// flows says which facts must go from where to where.
func (r *Rig) flows() {
	wanted := kinds(r.setup.File.Flows)
	byName := func(system string) string {
		for _, e := range r.Plan.Endpoints {
			if r.Plan.Evidence.Endpoints[e.Name].System == system {
				return e.Name
			}
		}
		return ""
	}
	for from, to := range map[string]string{"erp": "mes", "mes": "erp"} {
		source, sink := byName(from), byName(to)
		if source == "" || sink == "" {
			continue
		}
		for _, k := range announced[from] {
			if wanted == nil || wanted[k] {
				r.Plan.Evidence.Flows = append(r.Plan.Evidence.Flows, evidence.Flow{Kind: k, From: source, To: sink})
			}
		}
	}
	slices.SortFunc(r.Plan.Evidence.Flows, func(a, b evidence.Flow) int { return cmp.Compare(a.Kind, b.Kind) })
}

// exceptions opens the worklist to which the SUT reports.
func (r *Rig) exceptions() error {
	var t simulators.Transport
	var err error
	if w := r.setup.World; w != nil {
		t = w.Transport("exceptions")
	} else if t, err = httptransport.New(httptransport.Config{MaxBody: 1 << 20}); err != nil {
		return err
	}
	x := &exceptions{transport: t, journal: r.Plan.Journal, link: r.link("exceptions")}
	r.Plan.serve = append(r.Plan.serve, x.run)
	r.Vars["andon.exceptions"] = t.URL() + "/exceptions"
	return nil
}

// driver prepares the SUT.
func (r *Rig) driver() (err error) {
	spec := r.setup.File.SUT
	ready := sut.Ready{Within: spec.Ready.Within.D}
	if ready.HTTP, err = r.Vars.Expand(spec.Ready.HTTP); err != nil {
		return fmt.Errorf("sut.ready.http: %w", err)
	}
	if r.Plan.Env, err = r.Vars.ExpandAll(spec.Env); err != nil {
		return fmt.Errorf("sut.env.%w", err)
	}
	if r.setup.Defect != "" {
		r.Plan.Env["DEFECT"] = r.setup.Defect
	}
	if w := r.setup.World; w != nil {
		r.Plan.Driver, r.Plan.turn = w.Driver(), func() { w.Turn("plant") }
		return nil
	}
	if spec.External != nil {
		r.Plan.Driver, err = external.New(external.Config{Ready: ready, TestSystem: spec.External.TestSystem})
		return err
	}
	command := make([]string, len(spec.Process.Command))
	for i, c := range spec.Process.Command {
		if command[i], err = r.Vars.Expand(c); err != nil {
			return fmt.Errorf("sut.process.command: %w", err)
		}
	}
	dir, err := r.Vars.Expand(spec.Process.Dir)
	if err != nil {
		return fmt.Errorf("sut.process.dir: %w", err)
	}
	var log io.Writer
	if r.Bundle != nil {
		log = r.Bundle.Log()
	}
	r.Plan.Driver, err = process.New(process.Config{Command: command, Dir: dir, Ready: ready, Log: log})
	return err
}

// judges chooses who judges: every oracle, and the scenario's expectations.
func (r *Rig) judges() (err error) {
	r.Plan.Judges, err = Judges(r.Plan.Evidence)
	return err
}

// Judges returns who judges a run with this plan.
func Judges(p evidence.Plan) ([]evidence.Judge, error) {
	js := oracles.Standard()
	if len(p.Expect) == 0 {
		return js, nil
	}
	e, err := scenarios.ExpectationsFrom(p.Expect)
	if err != nil {
		return nil, fmt.Errorf("read the scenario's expectations: %w", err)
	}
	return append(js, e), nil
}

// keepPlan writes the plan into the bundle, now that it is complete.
func (r *Rig) keepPlan() error {
	if r.Bundle == nil {
		return nil
	}
	return r.Bundle.WritePlan(r.Plan.Evidence, r.setup.Command)
}

// RunAndKeep carries out the rig's plan and keeps the judgement in its bundle.
func (r *Rig) RunAndKeep(ctx context.Context) ([]evidence.Finding, error) {
	findings, err := Run(ctx, r.Plan)
	if err != nil {
		return findings, err
	}
	path := ""
	if r.Bundle != nil {
		path = r.Bundle.Path()
	}
	findings = explain.New(evidence.NewHistory(r.Plan.Journal.Records()), path).All(findings)
	if r.Bundle == nil {
		return findings, nil
	}
	return findings, r.Bundle.WriteFindings(findings)
}

// attribution returns the rig file's rule for where a message of an endpoint
// names its fact; nil if there is none.
func attribution(rules map[string]string, endpoint string) func(simulators.Message) plant.EventID {
	rule := cmp.Or(rules[endpoint], rules["key"])
	if rule == "" {
		return nil
	}
	return func(m simulators.Message) plant.EventID { return plant.EventID(extract(rule, m)) }
}

// extract reads header['NAME'] or body.path.to.field from a message.
func extract(rule string, m simulators.Message) string {
	if name, ok := strings.CutPrefix(rule, "header['"); ok {
		return m.Header[strings.TrimSuffix(name, "']")]
	}
	return bodyField(m.Body, strings.TrimPrefix(rule, "body."))
}
