package harness

import (
	"net/netip"
	"regexp"

	"github.com/andon-rig/andon/chaos/nameserver"
)

// name starts a name server that knows the endpoints which have a host.
func (r *Rig) name() error {
	hosts := map[string]nameserver.Host{}
	for _, name := range r.setup.File.endpointNames() {
		spec := r.setup.File.Endpoints[name]
		if spec.Host == "" {
			continue
		}
		hosts[spec.Host] = nameserver.Host{Endpoint: name, Address: addressOf(spec.Listen)}
	}
	if len(hosts) == 0 {
		return nil
	}
	if r.setup.World != nil { // in memory nobody asks
		r.Vars["andon.dns"] = ""
		return nil
	}
	s, err := nameserver.New(nameserver.Config{Hosts: hosts, Seed: r.setup.Seed, Journal: r.Plan.Journal})
	if err != nil {
		return err
	}
	r.closed = append(r.closed, s.Close)
	r.Plan.serve = append(r.Plan.serve, s.Serve)
	r.Plan.names, r.Vars["andon.dns"] = s, s.Addr()
	return nil
}

// addressOf is where who listens there is reached on this machine.
func addressOf(listen string) netip.Addr {
	if at, err := netip.ParseAddrPort(listen); err == nil && !at.Addr().IsUnspecified() {
		return at.Addr()
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

// label is a part of a name between dots.
const label = `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`

// named is a name of two labels at least, the last of which is no number.
var named = regexp.MustCompile(`^(` + label + `\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

func hostname(s string) bool { return len(s) <= 253 && named.MatchString(s) }
