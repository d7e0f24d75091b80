package harness

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// An Interface is how an endpoint of a rig file speaks, for who plays it by
// itself and not in a run.
type Interface struct {
	Name    string // of the endpoint
	Dialect string // as the catalog calls it
	Speaks  simulators.Dialect
	Policy  simulators.Policy
	// Attribute finds the references that a message carries; nil if the rig file
	// does not say where.
	Attribute func(simulators.Message) []plant.EventID
	Headers   []string // that its transport hands on
	TLS       string   // "", [TLSServer] or [TLSMutual]
}

// Interface returns how the endpoint called name speaks.
func (f File) Interface(c catalog.Catalog, name string) (Interface, error) {
	spec := f.Endpoints[name]
	i := Interface{Name: name, Dialect: spec.language(), Attribute: attribution(f.Attribution, name)}
	part, ok := catalog.Find(c.Dialects, i.Dialect)
	if !ok {
		return i, spec.Pos.Errorf("endpoints.%s: dialect: %s", name, yamlfile.OneOf(i.Dialect, catalog.Names(c.Dialects)))
	}
	d, err := configured(part.New(), spec)
	if err != nil {
		return i, fmt.Errorf("endpoints.%s: %w", name, err)
	}
	i.Speaks, i.Policy = d, spec.Policy.Apply(d.Policy())
	i.Headers, i.TLS = kept(i.Policy), spec.TLS
	return i, nil
}

// Granted tells v how the SUT comes by a token at the endpoint called name, which
// is at base, where a gateway issues it in a way of its own. It puts the file that
// the gateway's administrator would hand out into dir, and returns its path; "" if
// there is none.
func Granted(v Vars, name string, d simulators.Dialect, base string, c simulators.Credentials, dir string) (file string, err error) {
	issuer, ok := d.(simulators.TokenIssuer)
	if !ok {
		return "", nil
	}
	v[name+".token"] = base + "/" + issuer.TokenPath()
	if issuer.Grant() != simulators.GrantPassword {
		return "", nil
	}
	v[name+".account"], v[name+".password"] = c.Account, c.Password
	g, ok := d.(simulators.Granter)
	if !ok {
		return "", nil
	}
	ending, body := g.Credentials(base, c)
	file = filepath.Join(dir, name+"."+ending)
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return "", fmt.Errorf("write a file of credentials: %w", err)
	}
	v[name+"."+ending] = file
	return file, nil
}
