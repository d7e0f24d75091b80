package ion

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators"
)

// Settings are what differs from one tenant to another. The zero value of each
// means what is said of it.
type Settings struct {
	// Tenant is PLANTSIM_TST.
	Tenant string `yaml:"tenant"`
	// Entity is the accounting entity of the system's documents: PLANT10.
	Entity string `yaml:"accounting-entity"`
	// Location of the system's documents: PLANT10.
	Location string `yaml:"location"`
	// LogicalID names the connection point of the system: lid://plantsim.erp.alpha.
	LogicalID string `yaml:"logical-id"`
	// Partner is the logical ID by which the SUT must come; any if it is not said.
	Partner string `yaml:"partner"`
	// Environment is Test.
	Environment string `yaml:"environment"`
	// Layout of a message on the wire: multipart, mime (v3) or json (v2).
	Layout Layout `yaml:"layout" jsonschema:"enum=multipart,enum=mime,enum=json"`
	// Product has the nouns: generic.
	Product string `yaml:"product" jsonschema:"enum=generic,enum=csi,enum=m3"`
	// Nouns replaces or adds nouns of the product, in the form of its file.
	Nouns yamlfile.Node `yaml:"nouns"`
	// Routing says what happens to a document of another accounting entity: return.
	Routing Routing `yaml:"routing-error" jsonschema:"enum=return,enum=ignore"`
	// Connection is whether the SUT's connection point is active: active.
	Connection Connection `yaml:"connection" jsonschema:"enum=active,enum=inactive"`
	// ConfirmBOD says where a ConfirmBOD goes: desk.
	ConfirmBOD Confirmation `yaml:"confirm-bod" jsonschema:"enum=desk,enum=delivered"`
	// FirstLoad is how all records of master data are published: sync.
	FirstLoad Load `yaml:"first-load" jsonschema:"enum=sync,enum=show"`
	// LoadNouns are as many as one document of a first load has: 100.
	LoadNouns int `yaml:"load-nouns" jsonschema:"minimum=1"`
	// Probe is whether the SUT's own service is asked before it is sent anything: asked.
	Probe Probing `yaml:"probe" jsonschema:"enum=asked,enum=skipped"`

	merged *product // Product with Nouns; nil until it is validated
}

// Layout of a message on the wire.
type Layout string

// Layouts.
const (
	Multipart Layout = "multipart" // …/multipartMessage: two parts, parameters and payload
	MIME      Layout = "mime"      // v3 …/message/multipart: the payload, and parameters in the query
	JSON      Layout = "json"      // v2 …/message: parameters with the document in them
)

// Routing is what happens to a document that is of another accounting entity.
type Routing string

// Ways to treat it.
const (
	RoutingReturn Routing = "return" // it is rejected
	RoutingIgnore Routing = "ignore" // it is forgotten, and nobody hears of it
)

// Connection is the state of a connection point.
type Connection string

// States of a connection point.
const (
	Active   Connection = "active"
	Inactive Connection = "inactive" // what is sent is refused with 412
)

// Confirmation is where ConfirmBODs go.
type Confirmation string

// Places where ConfirmBODs go.
const (
	ToDesk    Confirmation = "desk"      // people find them in the ION Desk; the sender hears nothing
	Delivered Confirmation = "delivered" // to the sender as well
)

// Probing is whether an application is asked before it is sent anything.
type Probing string

// Ways to begin.
const (
	ProbeAsked   Probing = "asked"
	ProbeSkipped Probing = "skipped"
)

const toDefault = "lid://default"

func (s Settings) tenant() string    { return cmp.Or(s.Tenant, "PLANTSIM_TST") }
func (s Settings) entity() string    { return cmp.Or(s.Entity, "PLANT10") }
func (s Settings) location() string  { return cmp.Or(s.Location, "PLANT10") }
func (s Settings) logicalID() string { return cmp.Or(s.LogicalID, "lid://plantsim.erp.alpha") }

// component is the kind of application in a logical ID: lid://tenant.kind.name.
func (s Settings) component() string {
	if parts := strings.Split(strings.TrimPrefix(s.logicalID(), "lid://"), "."); len(parts) == 3 {
		return parts[1]
	}
	return "andon"
}

func (s Settings) environment() string { return cmp.Or(s.Environment, "Test") }

func (s Settings) product() *product {
	if s.merged != nil {
		return s.merged
	}
	return products[cmp.Or(s.Product, "generic")]
}

// Configure implements [simulators.Configurable]: a rig file gives the
// settings under format.
func (d Dialect) Configure(decode func(any) error) (simulators.Dialect, error) {
	if err := decode(&d.Settings); err != nil {
		return nil, err
	}
	if err := d.validate(); err != nil {
		return nil, err
	}
	if !d.Settings.Nouns.IsZero() {
		more, err := readNouns(d.Settings.product().name, d.Settings.Nouns)
		if err != nil {
			return nil, err
		}
		d.Settings.merged = d.Settings.product().with(more)
	}
	if d.Settings.FirstLoad == LoadShow {
		return loader{d}, nil
	}
	return d, nil
}

// validate names words that are not in the table.
func (d Dialect) validate() error {
	s := d.Settings
	layouts := []string{string(Multipart), string(MIME)}
	if d.version() == V2 {
		layouts = []string{string(Multipart), string(JSON)}
	}
	var bad []error
	for _, w := range []struct {
		name, got string
		allowed   []string
	}{
		{"layout", string(s.Layout), layouts},
		{"product", s.Product, productNames},
		{"routing-error", string(s.Routing), []string{string(RoutingReturn), string(RoutingIgnore)}},
		{"connection", string(s.Connection), []string{string(Active), string(Inactive)}},
		{"confirm-bod", string(s.ConfirmBOD), []string{string(ToDesk), string(Delivered)}},
		{"first-load", string(s.FirstLoad), []string{string(LoadSync), string(LoadShow)}},
		{"probe", string(s.Probe), []string{string(ProbeAsked), string(ProbeSkipped)}},
	} {
		if w.got != "" && !slices.Contains(w.allowed, w.got) {
			bad = append(bad, fmt.Errorf("%s: %q is not one of %q", w.name, w.got, w.allowed))
		}
	}
	for name, id := range map[string]string{"logical-id": s.LogicalID, "partner": s.Partner} {
		if id != "" && !strings.HasPrefix(id, "lid://") {
			bad = append(bad, fmt.Errorf("%s: %q is not a logical ID such as lid://plantsim.erp.alpha", name, id))
		}
	}
	switch {
	case s.LoadNouns < 0:
		bad = append(bad, fmt.Errorf("load-nouns: a document has at least 1, not %d", s.LoadNouns))
	case s.LoadNouns > 0 && s.FirstLoad != LoadShow:
		bad = append(bad, fmt.Errorf("load-nouns: is of documents of a load, and there are none without first-load: show"))
	}
	if strings.ContainsAny(s.Tenant, "/?#%:& ") {
		bad = append(bad, fmt.Errorf("tenant: %q cannot be part of a URL", s.Tenant))
	}
	return errors.Join(bad...)
}
