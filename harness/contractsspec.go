package harness

import (
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/internal/yamlfile"
)

// ContractsSpec names the book by which every exchange is judged. It is the
// path of book.yaml, or a mapping if there is more to say. The path is relative
// to where andon runs.
type ContractsSpec struct {
	// Book is the path of book.yaml.
	Book string
	// Environment is the one that this rig stands for. Parties without a version run
	// in those that the book says run there.
	Environment string
	// Today judges as on that day; the day of the run if left out.
	Today contracts.Date

	Pos yamlfile.Pos
}

// contractsLong is the long form.
type contractsLong struct {
	Book        string         `yaml:"book" jsonschema:"required"`
	Environment string         `yaml:"environment"`
	Today       contracts.Date `yaml:"today"`
}

// IsZero reports whether the rig names no book.
func (s ContractsSpec) IsZero() bool { return s.Book == "" }

// UnmarshalNode implements [yamlfile.Unmarshaler].
func (s *ContractsSpec) UnmarshalNode(n yamlfile.Node) error {
	s.Pos = n.Pos()
	switch n.Kind() {
	case yamlfile.Text:
		s.Book = n.Text()
		return nil
	case yamlfile.Map:
		var long contractsLong
		err := n.Decode(&long)
		s.Book, s.Environment, s.Today = long.Book, long.Environment, long.Today
		return err
	}
	return n.Errorf("the path of a book is expected here, not %s", n.Kind()).WithHint("contracts: contracts/book.yaml, or contracts: {book: contracts/book.yaml, environment: plant1}")
}

// JSONSchema describes the two forms to editors.
func (ContractsSpec) JSONSchema() *jsonschema.Schema {
	text := func(says string) *jsonschema.Schema { return &jsonschema.Schema{Type: "string", Description: says} }
	p := jsonschema.NewProperties()
	p.Set("book", text("Path of book.yaml."))
	p.Set("environment", text("The environment of the book that this rig stands for. Parties without a version run in those that the book says run there."))
	p.Set("today", &jsonschema.Schema{Type: "string", Format: "date", Description: "Judges as on that day; the day of the run if left out."})
	return &jsonschema.Schema{
		OneOf: []*jsonschema.Schema{
			text("Path of book.yaml."),
			{Type: "object", Properties: p, Required: []string{"book"}, AdditionalProperties: jsonschema.FalseSchema},
		},
		Description: "The book of contracts by which every exchange is judged.",
	}
}

// checkContracts says what is wrong with how the rig names parties.
func (f *File) checkContracts() error {
	named := f.SUT.Party.S != ""
	var first yamlfile.Word
	for _, name := range f.endpointNames() {
		if e := f.Endpoints[name]; e.Party.S != "" && first.S == "" {
			first = e.Party
		}
	}
	switch {
	case f.Contracts.IsZero() && named:
		return f.SUT.Party.Pos.Errorf("sut.party is a party of a book, and the rig names none").WithHint("contracts: contracts/book.yaml")
	case f.Contracts.IsZero() && first.S != "":
		return first.Pos.Errorf("%q is a party of a book, and the rig names none", first.S).WithHint("contracts: contracts/book.yaml")
	case f.Contracts.IsZero():
		return nil
	case !named:
		return f.Contracts.Pos.Errorf("the rig does not say which party of the book the SUT is").WithHint("sut: {party: mes-bridge, version: \"3.2\"}")
	case first.S == "":
		return f.Contracts.Pos.Errorf("no endpoint is a party of the book, so that nothing would be judged").WithHint("endpoints: {%s: {party: erp-orders, version: \"2.0\"}}", strings.Join(f.endpointNames()[:1], ""))
	}
	return nil
}

// versionsOf are the versions in which a party of the book runs here: the one
// that the rig names, or those in its environment.
func versionsOf(b *contracts.Book, party, version yamlfile.Word, spec ContractsSpec) ([]string, error) {
	p := b.Party(party.S)
	if p == nil {
		var names []string
		for _, one := range b.File.Parties {
			names = append(names, one.Name)
		}
		return nil, party.Pos.Errorf("there is no party %q in %s", party.S, spec.Book).WithHint("%s", yamlfile.OneOf(party.S, names))
	}
	var all []string
	for _, v := range p.Versions {
		all = append(all, v.Version)
	}
	if version.S != "" {
		if !slices.Contains(all, version.S) {
			return nil, version.Pos.Errorf("there is no version %q of %s in %s", version.S, party.S, spec.Book).WithHint("%s", yamlfile.OneOf(version.S, all))
		}
		return []string{version.S}, nil
	}
	if spec.Environment == "" {
		return nil, party.Pos.Errorf("which version of %s is it?", party.S).WithHint("add version: %q, or an environment under contracts", all[max(0, len(all)-1)])
	}
	var running []string
	for _, v := range p.In(spec.Environment) {
		running = append(running, v.Version)
	}
	if len(running) == 0 {
		return nil, party.Pos.Errorf("no version of %s runs in %s", party.S, spec.Environment).WithHint("add version: %q, or runs-in: [%s] in %s", all[max(0, len(all)-1)], spec.Environment, spec.Book)
	}
	return running, nil
}
