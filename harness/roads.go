package harness

import (
	"context"
	"errors"
	"net"
	"net/url"
	"slices"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/chaos/relay"
	"github.com/andon-rig/andon/scenarios"
	httptransport "github.com/andon-rig/andon/simulators/transports/http"
	"github.com/andon-rig/andon/simulators/transports/tables"
)

// A road is a relay in front of an address: of an endpoint, for the SUT's
// connections, or of the SUT, for ours. There is one only where a fault of the
// scenario strikes connections: without it nothing stands in between.
type road struct {
	*relay.Relay
	name   string // of the endpoint
	opened chaos.Side
}

// wired reports whether a fault of the scenario strikes connections at the
// endpoint called name that are opened by side, or one may be armed by hand.
func (r *Rig) wired(name string, side chaos.Side) bool {
	if r.setup.ByHand {
		return true
	}
	for _, f := range r.setup.Scenario.Faults {
		t, ok := r.connTrouble(f)
		if at := scenarios.Meant(f.At.S, r.setup.File.systems()); ok && (at == "" || at == "sut" || at == name) && opens(t, side) {
			return true
		}
	}
	return false
}

// connTrouble is what f does to connections; false if it is no such fault.
// What is wrong with it is told when the faults are built.
func (r *Rig) connTrouble(f scenarios.Fault) (t chaos.Trouble, ok bool) {
	i := slices.IndexFunc(r.setup.Catalog.Faults, func(i faults.Info) bool { return i.Name == f.Fault.S })
	if i < 0 {
		return t, false
	}
	fault := r.setup.Catalog.Faults[i].New()
	if !f.With.IsZero() && f.With.Decode(fault) != nil {
		return t, false
	}
	c, ok := fault.(chaos.ConnFault)
	if !ok {
		return t, false
	}
	return c.Trouble(), true
}

// opens reports whether t is about connections that side opens.
func opens(t chaos.Trouble, side chaos.Side) bool {
	return slices.Contains(t.Opened, side) || len(t.Opened) == 0 && side == chaos.BySUT
}

// road builds a relay to upstream and has it serve with the rest.
func (r *Rig) road(name, listen, upstream string, opened chaos.Side) (*road, error) {
	c := relay.Config{Name: name, Listen: listen, Upstream: upstream, Opened: opened, Seed: r.setup.Seed, Journal: r.Plan.Journal}
	if opened == chaos.BySUT {
		c.Riders = r.riders(name)
	}
	made, err := relay.New(c)
	if err != nil {
		return nil, err
	}
	r.closed = append(r.closed, made.Close)
	r.Plan.serve = append(r.Plan.serve, made.Serve)
	rd := &road{made, name, opened}
	r.Plan.roads = append(r.Plan.roads, rd)
	return rd, nil
}

// riders is what the road and the link of an endpoint share.
func (r *Rig) riders(name string) *chaos.Riders {
	if r.aboard == nil {
		r.aboard = map[string]*chaos.Riders{}
	}
	if r.aboard[name] == nil {
		r.aboard[name] = new(chaos.Riders)
	}
	return r.aboard[name]
}

// httpAt opens an endpoint's transport, behind relays where faults need them.
func (r *Rig) httpAt(name string, spec EndpointSpec, to string, c httptransport.Config) (*httptransport.Transport, error) {
	secured, err := r.tlsOf(name, spec)
	if err != nil {
		return nil, err
	}
	c.Listen, c.To, c.TLS = spec.Listen, to, secured
	front := r.wired(name, chaos.BySUT)
	if front {
		c.Listen = ""
	}
	if to != "" && r.wired(name, chaos.ByRig) {
		dial, err := r.outward(name, to)
		if err != nil {
			return nil, err
		}
		c.Dial = dial
	}
	h, err := httptransport.New(c)
	if err != nil {
		return nil, err
	}
	r.closed = append(r.closed, h.Close)
	if !front {
		return h, nil
	}
	at, err := url.Parse(h.URL())
	if err != nil {
		return nil, err
	}
	_, err = r.road(name, spec.Listen, at.Host, chaos.BySUT)
	return h, err
}

// outward has our announcements go to the SUT by a relay. They are addressed
// as before: only the connections lead elsewhere.
func (r *Rig) outward(name, to string) (httptransport.Dial, error) {
	at, err := url.Parse(to)
	if err != nil {
		return nil, err
	}
	port := at.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[at.Scheme]
	}
	rd, err := r.road(name, "", net.JoinHostPort(at.Hostname(), port), chaos.ByRig)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, rd.Addr())
	}, nil
}

// seenAt is the URL by which the SUT reaches an endpoint whose transport is at
// plain: that of the relay in front of it, if there is one, by the endpoint's
// name, if it has one.
func (r *Rig) seenAt(name, plain string) string {
	at, err := url.Parse(plain)
	if err != nil || r.setup.World != nil {
		return plain
	}
	rd := r.Plan.roadTo(name, chaos.BySUT)
	switch {
	case rd != nil && r.setup.File.Endpoints[name].Transport == "tables":
		return tables.Via(plain, rd.Addr())
	case rd != nil:
		at.Host = rd.Addr()
	}
	if host := r.setup.File.Endpoints[name].Host; host != "" {
		at.Host = net.JoinHostPort(host, at.Port())
	}
	return at.String()
}

// roadTo is the relay of an endpoint; nil if there is none.
func (p *Plan) roadTo(name string, opened chaos.Side) *road {
	for _, rd := range p.roads {
		if rd.name == name && rd.opened == opened {
			return rd
		}
	}
	return nil
}

// armConns puts a fault of connections in force: at the relays, and on the
// links as well if it is limited to messages.
func (p *Plan) armConns(f *PlannedFault) error {
	t := f.rule.Fault.(chaos.ConnFault).Trouble()
	for _, l := range f.links {
		for _, rd := range p.roads {
			if rd.name != l.Name || !opens(t, rd.opened) {
				continue
			}
			rule := f.rule
			if err := rd.Arm(&rule); err != nil {
				return err
			}
		}
		if t.Names.Answer != chaos.AnswerTrue {
			rule := f.rule
			p.names.Arm(&rule, l.Name)
		}
		if f.rule.ByMessage() {
			rule := f.rule
			l.Arm(&rule)
		}
	}
	return nil
}

// connsPossible refuses a fault of connections that this rig cannot carry out.
func (r *Rig) connsPossible(p *PlannedFault, c chaos.ConnFault) error {
	t := c.Trouble()
	if err := p.rule.ValidateConn(t); err != nil {
		return err
	}
	if r.setup.World != nil {
		return errNoSockets
	}
	if err := r.setup.File.connsFeasible(t); err != nil {
		return err
	}
	asked := len(p.links)
	p.links = slices.DeleteFunc(p.links, func(l *chaos.Link) bool { return !r.setup.File.takes(t, l.Name) })
	if asked > 0 && len(p.links) == 0 {
		return errNotThere
	}
	for _, l := range p.links {
		for _, side := range []chaos.Side{chaos.BySUT, chaos.ByRig} {
			if opens(t, side) && r.Plan.roadTo(l.Name, side) != nil {
				return nil
			}
		}
	}
	return errNoRoad
}

var (
	errNoSockets = errors.New("it strikes connections, and a rig in memory has none")
	errNotThere  = errors.New("the endpoint it names has no tls, or no host, that it needs")
	errNoRoad    = errors.New("there is no connection it could strike: opened: by-rig needs an endpoint that announces to a webhook, under sut.receives; a folder has no connections, and of an SFTP server's nobody can tell which carries what, so hits finds nothing there")
)
