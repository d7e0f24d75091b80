package harness

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/rewording"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	httptransport "github.com/andon-rig/andon/simulators/transports/http"
)

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
	for _, name := range r.setup.File.inOrder() {
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
	dialect, ok := catalog.Find(r.setup.Catalog.Dialects, spec.language())
	if !ok {
		return fmt.Errorf("dialect: %s", yamlfile.OneOf(spec.Dialect, catalog.Names(r.setup.Catalog.Dialects)))
	}
	system, ok := catalog.Find(r.setup.Catalog.Systems, spec.System)
	if !ok {
		return fmt.Errorf("system: %s", yamlfile.OneOf(spec.System, catalog.Names(r.setup.Catalog.Systems)))
	}
	d, err := configured(dialect.New(), spec)
	if err != nil {
		return err
	}
	policy := spec.Policy.Apply(d.Policy())
	for said, p := range r.setup.Scenario.Given.Endpoints {
		if said != name && scenarios.Meant(said, r.setup.File.systems()) == name {
			policy = p.Apply(policy)
		}
	}
	if p, ok := r.setup.Scenario.Given.Endpoints[name]; ok {
		policy = p.Apply(policy)
	}
	to, err := r.Vars.Expand(r.setup.File.SUT.Receives[name])
	if err != nil {
		return fmt.Errorf("sut.receives.%s: %w", name, err)
	}
	client, secret := "andon-"+name, rand.Text()
	account := simulators.Credentials{Client: client, Secret: secret, Account: client + "#service", Password: rand.Text()}
	transport, push, err := r.transport(transportSpec{name, spec, d, to, policy, client, secret})
	if err != nil {
		return err
	}
	if r.setup.World == nil {
		policy.Share = shareOf(spec)
	}
	link := r.link(name)
	link.Address, link.Held = address(transport, push, r.setup.World != nil), r.held(name, d)
	line := simulators.Line(link)
	if r.rules != nil {
		line = telling{link, r.rules, name, link.Address}
	}
	if r.setup.World != nil {
		line, policy.Parallel = turns{line, r.setup.World, name}, 1
	}
	route, others := r.waysOf(name)
	e := endpoint.New(endpoint.Config{
		Name: name, System: system.New(r.master, policy), Dialect: d, Transport: transport, Line: line, Policy: policy, Push: push,
		Client: client, Secret: secret, Account: account.Account, Password: account.Password, Route: route, Ways: others, Plant: r.Plan.clock.Now, Sends: sends(spec, r.setup.File.carried()),
		Bus: r.busOf(spec), Takes: taken(spec.System),
		OnPosting: func(id uint64, p simulators.Posting) {
			r.Plan.Journal.Append(evidence.Effect{Attempt: id, Endpoint: name, Posting: p})
		},
		OnFeed:    link.Fetched,
		OnKept:    link.Told,
		OnFailure: r.told(name, spec),
		OnToken:   func(token string) { r.issued(name, token) },
		Attribute: attribution(r.setup.File.Attribution, name),
	})
	link.Encode, link.Refuse, link.Drift = e.Encode, e.Refuse, rewording.Of(d)
	if at := cmp.Or(spec.Bus, name); r.Plan.roadTo(at, chaos.BySUT) != nil {
		link.Riders, link.Conns = r.riders(at), r.Plan.roadTo(at, chaos.BySUT)
	}
	r.Plan.Endpoints = append(r.Plan.Endpoints, e)
	r.Plan.serve = append(r.Plan.serve, e.Run)
	r.Plan.Evidence.Endpoints[name] = evidence.Endpoint{System: spec.System, Dialect: dialect.Name, Transport: cmp.Or(spec.Transport, "http"), Policy: policy, Mishaps: r.setup.File.mishaps(name)}
	r.Vars[name+".dialect"] = dialect.Name
	if spec.Bus != "" {
		r.ride(name, spec.Bus)
		return nil
	}
	base := r.seenAt(name, transport.URL())
	r.Vars[name+".url"], r.Vars[name+".token"] = base, base+"/oauth/token"
	r.Vars[name+".client"], r.Vars[name+".secret"] = client, secret
	if err := r.granted(name, d, base, account); err != nil {
		return err
	}
	if r.Bundle != nil {
		if err := r.Bundle.Redact(name+".secret", secret); err != nil {
			return err
		}
	}
	return r.secretOf(name, secret)
}

// address says by which method and where messages of an endpoint go. What came
// over HTTP says so itself. Announcements are pushed, or kept for the SUT; in
// memory everything is as over HTTP.
func address(t simulators.Transport, push, memory bool) func(simulators.Message, simulators.Direction) (method, path string) {
	broker := simulators.Addresser(nil)
	if e, ok := t.(events); ok {
		broker, _ = e.broker.(simulators.Addresser)
	}
	return func(m simulators.Message, dir simulators.Direction) (string, string) {
		switch {
		case m.Method != "":
			return m.Method, "/" + m.Name
		case dir == simulators.ToSUT && broker != nil:
			return "", broker.Address(m)
		case dir == simulators.ToSUT && push, memory:
			return strings.ToUpper(cmp.Or(m.Verb, "post")), "/" + m.Name
		}
		return "", m.Name
	}
}

// transportSpec is what a transport is opened for.
type transportSpec struct {
	name           string
	spec           EndpointSpec
	dialect        simulators.Dialect
	to             string // where webhooks go
	policy         simulators.Policy
	client, secret string
}

// transport opens what moves an endpoint's messages, and says whether it can
// push announcements: over HTTP to a webhook, over a broker always.
func (r *Rig) transport(s transportSpec) (simulators.Transport, bool, error) {
	switch {
	case r.setup.World != nil:
		return r.setup.World.Transport(s.name), true, nil
	case s.spec.Transport == "tables":
		t, err := r.tables(s)
		return t, false, err
	case shareOf(s.spec) != simulators.ShareNone:
		t, err := r.share(s)
		return t, false, err
	}
	h, err := r.httpAt(s.name, s.spec, s.to, httptransport.Config{MaxBody: s.policy.MaxBody, Keep: kept(s.policy), KeepAll: r.rules != nil})
	if err != nil {
		return nil, false, err
	}
	if s.spec.Transport == "" || s.spec.Transport == "http" {
		return h, s.to != "", nil
	}
	b, err := r.over(s.name, s.spec, s.policy)
	if err != nil {
		return nil, false, err
	}
	return events{Transport: h, broker: b}, true, nil
}

// kept are the headers that a policy needs besides those of every interface.
func kept(p simulators.Policy) []string {
	if p.Session == simulators.SessionCSRF {
		return []string{"Cookie"}
	}
	return nil
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

// sends are the kinds of facts that an endpoint announces; nil means all.
func sends(spec EndpointSpec, flows []plant.Kind) map[plant.Kind]bool {
	set := kinds(flows)
	if len(spec.Lists) == 0 {
		return set
	}
	if set == nil {
		set = kinds(announced[spec.System])
	}
	for _, k := range spec.Lists {
		delete(set, k)
	}
	return set
}

// announced says which system announces a kind of fact.
var announced = map[string][]plant.Kind{
	"erp": {plant.KindOrderReleased, plant.KindOrderChanged, plant.KindOrderCancelled, plant.KindLotDecided, plant.KindItemChanged, plant.KindBillChanged, plant.KindRoutingChanged,
		plant.KindCenterChanged, plant.KindCalendarChanged},
	"mes": {plant.KindOperationStarted, plant.KindConfirmation, plant.KindConsumption, plant.KindScrap, plant.KindRework,
		plant.KindReceipt, plant.KindReversal, plant.KindLotHeld, plant.KindInspection},
	"machine": {plant.KindMachineCount, plant.KindMachineState},
}

// ways say whose facts go into whose books. Telemetry stays below the ERP.
var ways = [][2]string{{"erp", "mes"}, {"mes", "erp"}, {"machine", "mes"}}

// flows says which facts must go from where to where.
func (r *Rig) flows() {
	wanted := kinds(r.setup.File.carried())
	byName := func(system string) string {
		for _, e := range r.Plan.Endpoints {
			if r.Plan.Evidence.Endpoints[e.Name].System == system {
				return e.Name
			}
		}
		return ""
	}
	for _, way := range ways {
		from, source, sink := way[0], byName(way[0]), byName(way[1])
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
	x := &exceptions{transport: t, journal: r.Plan.Journal, link: r.link(exceptionsLink)}
	r.Plan.serve = append(r.Plan.serve, x.run)
	r.Vars["andon.exceptions"] = t.URL() + "/exceptions"
	return nil
}
