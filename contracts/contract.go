package contracts

import (
	"fmt"
	"path"
	"slices"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/yamlfile"
)

// A Contract is one interface of a provider: its documents at each version,
// and what each consumer at each of its versions relies on.
type Contract struct {
	Provider, Name string
	Folder         string // as the book's folder knows it
	File           ContractFile
	Versions       []Half // of the provider, in the book's order
	Released       []Half // what was recorded of Versions when they were released
	Consumers      []Half
}

// ID names the contract for people: "erp-orders/orders-api".
func (c *Contract) ID() string { return c.Provider + "/" + c.Name }

// A Half is one document of a contract.
type Half struct {
	Party, Version string
	Folder         string
	Format         Format
	Document       Document
	Digest         string // of its files
	Files          []File // as they were read; not to be changed
}

// ID names the half for people: "erp-orders 2.0".
func (h Half) ID() string { return h.Party + " " + h.Version }

// ContractFile is the file contract.yaml, which says how an interface is
// spoken and where its version is told.
type ContractFile struct {
	// APIVersion is andon/v1.
	APIVersion string `yaml:"apiVersion" jsonschema:"required,enum=andon/v1"`
	// Kind is Contract.
	Kind string `yaml:"kind" jsonschema:"required,enum=Contract"`
	// Format of the provider's documents; without one it is told from the files.
	Format yamlfile.Word `yaml:"format"`
	// Mode says which way versions must stay compatible.
	Mode Mode `yaml:"mode" jsonschema:"enum=backward,enum=forward,enum=full"`
	// Transitive holds a version against all earlier ones that are not retired, not only the last.
	Transitive bool `yaml:"transitive"`
	// Told are the places where an exchange says its version. They must agree.
	Told []Told `yaml:"told"`
	// Flow says how the interface is used.
	Flow Flow `yaml:"flow"`

	Pos yamlfile.Pos
}

// Told is one place where the version is told. Exactly one key is given.
type Told struct {
	// URL is a pattern of the path with {version} in it: "/v{version}".
	URL string `yaml:"url"`
	// Header names a header.
	Header string `yaml:"header"`
	// MediaType names a parameter of the content type, or is "suffix" for application/vnd.x.v2+json.
	MediaType string `yaml:"media-type"`
	// Query names a parameter of the URL.
	Query string `yaml:"query"`
	// Topic is the number of the topic's segment, from 1.
	Topic int `yaml:"topic"`
	// XMLAttribute names an attribute of the root element.
	XMLAttribute string `yaml:"xml-attribute"`
	// XMLNamespace is the root element's namespace with {version} in it.
	XMLNamespace string `yaml:"xml-namespace"`
	// DataSchema is a CloudEvents dataschema with {version} in it.
	DataSchema string `yaml:"dataschema"`
	// Field is a path into a JSON body: "$.version".
	Field string `yaml:"field"`
	// Optional says that an exchange may leave it out.
	Optional bool `yaml:"optional"`
	// Reply says that the answer tells it. Otherwise the request does, and the
	// answer may in its stead.
	Reply bool `yaml:"reply"`

	Pos yamlfile.Pos
}

// Flow says how an interface is used; judges of effects read it.
type Flow struct {
	// Direction says who begins: from-consumer for calls, from-provider for announcements.
	Direction string `yaml:"direction" jsonschema:"enum=from-consumer,enum=from-provider"`
	// Covers are the resources, topics or files of the flow, with * for anything.
	Covers []string `yaml:"covers"`
	// Trigger is what starts an exchange, for people: "each confirmation".
	Trigger string `yaml:"trigger"`
	// Cadence is how often at least, if it is periodic.
	Cadence yamlfile.Duration `yaml:"cadence"`
	// Errors says what happens to what is refused, for people.
	Errors string `yaml:"errors"`
	// IdempotencyKey says where a repetition is told by: "header['Idempotency-Key']".
	IdempotencyKey string `yaml:"idempotency-key"`
	// OrderingKey says what must be kept in sequence: "$.order".
	OrderingKey string `yaml:"ordering-key"`

	Pos yamlfile.Pos
}

// Directions of a flow.
const (
	FromConsumer = "from-consumer"
	FromProvider = "from-provider"
)

// Covered reports whether the flow covers what is called name.
func (f Flow) Covered(name string) bool {
	return slices.ContainsFunc(f.Covers, func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return ok && err == nil
	})
}

// Place is where the flow stands in its file.
func (f Flow) Place() Place { return placeAt(f.Pos) }

// Half returns the provider's document at version, or nil.
func (c *Contract) Half(version string) *Half {
	for i := range c.Versions {
		if c.Versions[i].Version == version {
			return &c.Versions[i]
		}
	}
	return nil
}

// check holds the contract's file against itself.
func (f ContractFile) check() (ps Problems) {
	for _, t := range f.Told {
		if n := len(t.given()); n != 1 {
			ps = append(ps, at(t.Pos, "names %d places at once", n).hint("give each place an item of its own, with exactly one of url, header, media-type, query, topic, xml-attribute, xml-namespace, dataschema, field"))
		}
		for _, p := range []struct{ key, pattern string }{{"url", t.URL}, {"xml-namespace", t.XMLNamespace}, {"dataschema", t.DataSchema}} {
			if p.pattern != "" && !hasVersion(p.pattern) {
				ps = append(ps, at(t.Pos, "%s %q does not say where the version is", p.key, p.pattern).hint(`put {version} there: "/v{version}"`))
			}
		}
	}
	for _, t := range f.Told {
		if t.Reply && !t.Answers() {
			ps = append(ps, at(t.Pos, "%s is no place in an answer", t).hint("leave out reply: true, or name a header, media-type, xml-attribute, xml-namespace, dataschema or field"))
		}
	}
	for _, k := range []struct{ key, place string }{{"idempotency-key", f.Flow.IdempotencyKey}, {"ordering-key", f.Flow.OrderingKey}} {
		if _, err := evidence.ParsePlace(k.place); k.place != "" && err != nil {
			ps = append(ps, at(f.Flow.Pos, "%s %v", k.key, err))
		}
		if k.place != "" && f.Flow.Direction == "" {
			ps = append(ps, at(f.Flow.Pos, "there is an %s and it is not said who begins", k.key).hint("direction: from-consumer or direction: from-provider"))
		}
	}
	for _, p := range f.Flow.Covers {
		if _, err := path.Match(p, ""); err != nil {
			ps = append(ps, at(f.Pos, "covers %q: %v", p, err))
		}
	}
	return ps
}

// Place is where t stands in its file.
func (t Told) Place() Place { return placeAt(t.Pos) }

// given are the places that t names.
func (t Told) given() (all []string) {
	for _, one := range []struct{ name, value string }{
		{"url", t.URL}, {"header", t.Header}, {"media-type", t.MediaType}, {"query", t.Query}, {"xml-attribute", t.XMLAttribute},
		{"xml-namespace", t.XMLNamespace}, {"dataschema", t.DataSchema}, {"field", t.Field},
	} {
		if one.value != "" {
			all = append(all, one.name+" "+one.value)
		}
	}
	if t.Topic != 0 {
		all = append(all, fmt.Sprintf("topic segment %d", t.Topic))
	}
	return all
}

// String names the place for people: "header X-API-Version".
func (t Told) String() string {
	if g := t.given(); len(g) > 0 {
		return g[0]
	}
	return "nowhere"
}
