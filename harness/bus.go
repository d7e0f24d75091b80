package harness

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
)

// inOrder names the endpoints, those that are behind the messaging service of
// another after all others.
func (f File) inOrder() []string {
	names := f.endpointNames()
	slices.SortStableFunc(names, func(a, b string) int {
		return cmp.Compare(min(1, len(f.Endpoints[a].Bus)), min(1, len(f.Endpoints[b].Bus)))
	})
	return names
}

// checkBuses refuses an endpoint that is behind a messaging service which there
// is not, or which it could not be behind.
func (f File) checkBuses() error {
	if at := f.SUT.Delivers.Exceptions.Bus; at != "" {
		if !f.switches(at) {
			return f.SUT.Delivers.Pos.Errorf("sut.delivers.exceptions.bus: %q is no endpoint with a messaging service, by which others could be told; infor-ion/v3 has one", at)
		}
		if f.SUT.Delivers.Exceptions.HTTP != "" {
			return f.SUT.Delivers.Pos.Errorf("sut.delivers.exceptions says http and bus: what is told twice is reported twice")
		}
	}
	for _, name := range f.endpointNames() {
		e := f.Endpoints[name]
		if e.Bus == "" {
			continue
		}
		if why := f.offBus(name, e); why != "" {
			return e.Pos.Errorf("endpoints.%s.bus: %s", name, why)
		}
	}
	return nil
}

// switches reports whether an endpoint has a messaging service of its own.
func (f File) switches(name string) bool {
	spec, known := f.Endpoints[name]
	found, ok := catalog.Find(catalog.Standard().Dialects, spec.language())
	if !known || !ok || spec.Bus != "" {
		return false
	}
	_, is := found.New().(simulators.Switch)
	return is
}

// told writes into the journal what the SUT tells an endpoint by the messaging
// service that its rig names; what comes by another is for nobody.
func (r *Rig) told(name string, spec EndpointSpec) func(simulators.Failure) {
	if at := r.setup.File.SUT.Delivers.Exceptions.Bus; at == "" || at != cmp.Or(spec.Bus, name) {
		return nil
	}
	return func(f simulators.Failure) {
		reason := f.Text
		if f.Code != "" {
			reason = f.Code + ": " + reason
		}
		r.Plan.Journal.Append(evidence.Surface{Class: f.Class, Reference: string(f.Reference), Reason: clip(reason)})
	}
}

// offBus says why an endpoint cannot be on the bus that it names; "" if it can.
func (f File) offBus(name string, e EndpointSpec) string {
	bus, known := f.Endpoints[e.Bus]
	dialect := e.language()
	found, ok := catalog.Find(catalog.Standard().Dialects, dialect)
	switch {
	case !known || e.Bus == name || bus.Bus != "":
		return fmt.Sprintf("%q is no endpoint with a messaging service of its own", e.Bus)
	case !ok:
		return "" // told when the rig is built
	case bus.language() != dialect:
		return fmt.Sprintf("%s speaks %s and %s speaks %s: one messaging service speaks one dialect", name, dialect, e.Bus, bus.language())
	case cmp.Or(e.Transport, "http") != "http" || cmp.Or(bus.Transport, "http") != "http":
		return "a messaging service is called over http"
	case e.Listen != "" || e.TLS != "" || e.Host != "":
		return fmt.Sprintf("listen, tls and host are said of %s, where the messaging service is", e.Bus)
	}
	if _, ok := found.New().(simulators.Switch); !ok {
		return dialect + " has no messaging service with several systems behind it; infor-ion/v3 has"
	}
	return ""
}

// busOf is the endpoint whose messaging service one is behind; nil if it has its
// own.
func (r *Rig) busOf(spec EndpointSpec) *endpoint.Endpoint {
	for _, e := range r.Plan.Endpoints {
		if spec.Bus != "" && e.Name == spec.Bus {
			return e
		}
	}
	return nil
}

// taken are the kinds of facts that go into the books of a system.
func taken(system string) map[plant.Kind]bool {
	all := map[plant.Kind]bool{}
	for _, way := range ways {
		if way[1] == system {
			maps.Copy(all, kinds(announced[way[0]]))
		}
	}
	return all
}

// ride tells the SUT of an endpoint on a bus what it is told of the bus, and that
// credentials of that are good there.
func (r *Rig) ride(name, bus string) {
	r.vault.mu.Lock()
	r.vault.gates[name] = bus
	r.vault.mu.Unlock()
	for _, v := range r.Vars.Names() {
		if rest, ok := strings.CutPrefix(v, bus+"."); ok {
			r.Vars[name+"."+rest] = r.Vars[v]
		}
	}
}
