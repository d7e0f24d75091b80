package ion

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators/plant"
)

// productFile is products.yaml.
type productFile struct {
	// Sources are the public pages that name documents.
	Sources map[string]string `yaml:"sources"`
	// Products, those first that others take nouns of.
	Products []productSpec `yaml:"products" jsonschema:"required"`
}

// productSpec is a product as the file has it.
type productSpec struct {
	Name  string              `yaml:"name" jsonschema:"required"`
	About string              `yaml:"about"`
	As    map[string][]string `yaml:"as"`
	Also  []string            `yaml:"also"`
	Nouns []nounSpec          `yaml:"nouns"`
	Pos   yamlfile.Pos
}

// nounSpec is a noun as the file has it, and a rig file under nouns.
type nounSpec struct {
	Fact     yamlfile.Word `yaml:"fact" jsonschema:"required"`
	Document yamlfile.Word `yaml:"document" jsonschema:"required"`
	Action   string        `yaml:"action" jsonschema:"required"`
	Named    string        `yaml:"named"`
	Taken    bool          `yaml:"taken"`
	Words    yamlfile.Node `yaml:"words"`
	Says     yamlfile.Node `yaml:"says" jsonschema:"required"`
	Lists    []listSpec    `yaml:"lists"`
	Pos      yamlfile.Pos
}

// listSpec is an element that is repeated.
type listSpec struct {
	Record  yamlfile.Word `yaml:"record" jsonschema:"required"`
	Element string        `yaml:"element" jsonschema:"required"`
	Says    yamlfile.Node `yaml:"says" jsonschema:"required"`
	Pos     yamlfile.Pos
}

// readProducts reads the file of products. It goes on after a mistake and
// returns all it found.
func readProducts(name string, b []byte) (all map[string]*product, names []string, err error) {
	root, err := yamlfile.Parse(name, b)
	if err != nil {
		return nil, nil, err
	}
	var f productFile
	if err := root.Decode(&f); err != nil {
		return nil, nil, err
	}
	all = map[string]*product{}
	var bad []error
	for _, spec := range f.Products {
		if all[spec.Name] != nil {
			bad = append(bad, spec.Pos.Errorf("there is a product %q already", spec.Name))
			continue
		}
		p, err := spec.read(all, f.Sources)
		bad = append(bad, err)
		all[spec.Name], names = p, append(names, spec.Name)
	}
	return all, names, errors.Join(bad...)
}

// read makes a product of what the file says of it; others are those before it.
func (s productSpec) read(others map[string]*product, sources map[string]string) (*product, error) {
	p := &product{name: s.Name, also: s.Also}
	var bad []error
	for _, from := range slices.Sorted(maps.Keys(s.As)) {
		if others[from] == nil {
			bad = append(bad, s.Pos.Errorf("product %s takes nouns of %q, and no product before it is called so", s.Name, from))
			continue
		}
		for _, kind := range s.As[from] {
			if n := others[from].noun(plant.Kind(kind)); n != nil {
				p.nouns = append(p.nouns, n)
				continue
			}
			bad = append(bad, s.Pos.Errorf("product %s takes %q of %s, which has no noun for it", s.Name, kind, from))
		}
	}
	for _, spec := range s.Nouns {
		n, err := spec.read()
		bad = append(bad, err)
		if n == nil {
			continue
		}
		bad = append(bad, spec.sourced(sources), spec.alone(p, n))
		p.nouns = append(p.nouns, n)
	}
	for _, name := range s.Also {
		if verb, of, ok := strings.Cut(name, "."); !ok || of == "" || !tells(verb) {
			bad = append(bad, s.Pos.Errorf("also: %q is not a document such as Sync.Personnel", name))
		} else if slices.ContainsFunc(p.nouns, func(n *noun) bool { return n.document() == name }) {
			bad = append(bad, s.Pos.Errorf("also: %s is among the nouns", name))
		}
	}
	return p, errors.Join(bad...)
}

// readNouns reads nouns that a rig file has instead of a product's.
func readNouns(name string, list yamlfile.Node) (*product, error) {
	var specs []nounSpec
	if err := list.Decode(&specs); err != nil {
		return nil, err
	}
	p := &product{name: name}
	var bad []error
	for _, spec := range specs {
		n, err := spec.read()
		bad = append(bad, err)
		if n != nil {
			bad = append(bad, spec.alone(p, n))
			p.nouns = append(p.nouns, n)
		}
	}
	return p, errors.Join(bad...)
}

// tells reports whether a verb tells of something.
func tells(verb string) bool { return verb == "Sync" || verb == "Process" }

// sourced refuses a document of which it is not said where its name is from.
func (s nounSpec) sourced(sources map[string]string) error {
	if s.Named == "ours" || slices.ContainsFunc(slices.Collect(maps.Keys(sources)), func(key string) bool { return strings.HasPrefix(s.Named, key) }) {
		return nil
	}
	return s.Pos.Errorf("named: %q begins with no key of sources, and is not \"ours\"", s.Named).WithHint("say where the name of %s is public, one of %s", s.Document.S, strings.Join(slices.Sorted(maps.Keys(sources)), ", "))
}

// alone refuses a second noun for a kind of fact, and one that nothing tells from
// another of its name.
func (s nounSpec) alone(p *product, n *noun) error {
	for _, o := range p.nouns {
		switch {
		case o.kind == n.kind && o.taken == n.taken:
			return s.Pos.Errorf("%s has a noun already: %s.%s", n.kind, o.verb, o.name)
		case o.verb == n.verb && o.name == n.name && strings.EqualFold(o.action, n.action) && slices.EqualFunc(o.marks, n.marks, mark.equal):
			return s.Pos.Errorf("nothing tells %s from %s: both are %s.%s with %s and the same words", n.kind, o.kind, n.verb, n.name, n.action)
		}
	}
	return nil
}

func (m mark) equal(o mark) bool { return m.word == o.word && slices.Equal(m.path, o.path) }

// read makes a noun of what the file says of it; nil if it is none.
func (s nounSpec) read() (*noun, error) {
	kinds := make([]string, 0, len(records))
	for _, k := range slices.Sorted(maps.Keys(records)) {
		kinds = append(kinds, string(k))
	}
	if err := yamlfile.Choice(s.Fact.Pos, "fact", s.Fact.S, kinds); err != nil {
		return nil, err
	}
	verb, name, ok := strings.Cut(s.Document.S, ".")
	if !ok || name == "" || !tells(verb) {
		return nil, s.Document.Pos.Errorf("document: %q is not Sync.Noun or Process.Noun", s.Document.S)
	}
	n := &noun{kind: plant.Kind(s.Fact.S), verb: verb, name: name, action: s.Action, taken: s.Taken, named: s.Named}
	n.record = records[n.kind]
	var bad []error
	for path, word := range s.Words.Entries() {
		if word.Kind() != yamlfile.Text {
			bad = append(bad, word.Errorf("words: %s must be a word", path))
			continue
		}
		n.marks = append(n.marks, mark{strings.Split(path, "/"), word.Text()})
	}
	bad = append(bad, n.group.says(s.Says))
	for _, l := range s.Lists {
		g := &group{record: l.Record.S, path: strings.Split(l.Element, "/")}
		if columnsOf(g.record) == nil {
			bad = append(bad, l.Record.Pos.Errorf("there are no records %q", g.record))
			continue
		}
		bad = append(bad, g.says(l.Says))
		n.below = append(n.below, g)
	}
	return n, errors.Join(bad...)
}

// says notes where the statements of a record stand.
func (g *group) says(all yamlfile.Node) error {
	columns := columnsOf(g.record)
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	var bad []error
	for name, where := range all.Entries() {
		if err := yamlfile.Choice(all.KeyPos(name), "statement of a record "+g.record, name, names); err != nil {
			bad = append(bad, err)
			continue
		}
		path, attr, marked := strings.Cut(where.Text(), "@")
		if where.Kind() != yamlfile.Text || path == "" || marked && attr == "" || slices.Contains(strings.Split(path, "/"), "") {
			bad = append(bad, where.Errorf("%s: %q is not a place such as Element/Path or Element/Path@attribute", name, where.Text()))
			continue
		}
		g.add(name, where.Text())
	}
	return errors.Join(bad...)
}
