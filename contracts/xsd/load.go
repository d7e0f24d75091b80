package xsd

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

// maxNodes bounds the elements of all files of a version.
const maxNodes = 500_000

// A node is an element of a schema's file.
type node struct {
	local string // in the namespace of XML Schema
	attrs map[string]string
	scope *scope
	kids  []*node
	place contracts.Place
}

// A unit is one file, as seen from one target namespace: a file without one
// belongs to whoever includes it.
type unit struct {
	file       string
	target     string
	root       *node
	adopted    bool // it has no target namespace of its own
	elements   bool // local elements are qualified
	attributes bool
	block      derivation
}

// shape says what may stand in an element of a schema: attributes (* may be
// "name*" for required) and children.
type shape struct{ attrs, kids string }

const (
	particles = "annotation element group choice sequence any"
	contents  = "annotation group choice sequence all"
	attrUses  = " attribute attributeGroup anyAttribute"
)

var shapes = map[string]shape{
	"schema":         {"targetNamespace version elementFormDefault attributeFormDefault blockDefault finalDefault", "annotation include import simpleType complexType group attributeGroup element attribute"},
	"include":        {"schemaLocation*", "annotation"},
	"import":         {"namespace schemaLocation", "annotation"},
	"element":        {"name ref type minOccurs maxOccurs nillable abstract default fixed form block final", "annotation simpleType complexType"},
	"attribute":      {"name ref type use default fixed form", "annotation simpleType"},
	"complexType":    {"name mixed abstract block final", contents + " simpleContent complexContent" + attrUses},
	"simpleContent":  {"", "annotation restriction extension"},
	"complexContent": {"mixed", "annotation restriction extension"},
	"extension":      {"base*", contents + attrUses},
	"restriction":    {"base", contents + attrUses + " simpleType " + facetNames},
	"sequence":       {"minOccurs maxOccurs", particles},
	"choice":         {"minOccurs maxOccurs", particles},
	"all":            {"minOccurs maxOccurs", "annotation element"},
	"group":          {"name ref minOccurs maxOccurs", "annotation choice sequence all"},
	"attributeGroup": {"name ref", "annotation" + attrUses},
	"any":            {"namespace processContents minOccurs maxOccurs", "annotation"},
	"anyAttribute":   {"namespace processContents", "annotation"},
	"simpleType":     {"name final", "annotation restriction list union"},
	"list":           {"itemType", "annotation simpleType"},
	"union":          {"memberTypes", "annotation simpleType"},
	"annotation":     {},
}

const facetNames = "length minLength maxLength pattern enumeration whiteSpace minInclusive minExclusive maxInclusive maxExclusive totalDigits fractionDigits"

// shapeOf is what may stand in an element, and whether it is known.
func shapeOf(local string) (shape, bool) {
	if s, ok := shapes[local]; ok {
		return s, true
	}
	return shape{"value* fixed", "annotation"}, slices.Contains(strings.Fields(facetNames), local)
}

// refused are constructs that are known and not supported, with a remedy.
var refused = map[string]string{
	"redefine": "keep the changed definition in a file of its own",
	"key":      "uniqueness is not checked by schema here", "keyref": "uniqueness is not checked by schema here", "unique": "uniqueness is not checked by schema here",
	"notation": "leave it out", "assert": "it belongs to XSD 1.1; XSD 1.0 is read", "alternative": "it belongs to XSD 1.1; XSD 1.0 is read",
	"override": "it belongs to XSD 1.1; XSD 1.0 is read", "openContent": "it belongs to XSD 1.1; XSD 1.0 is read", "defaultOpenContent": "it belongs to XSD 1.1; XSD 1.0 is read",
	"substitutionGroup": "list the elements in a choice",
}

// A loader reads files and follows their includes.
type loader struct {
	files    map[string]*unit    // by name below the folder, as they are read first
	units    map[[2]string]*unit // by name and namespace
	order    []*unit
	nodes    int
	problems contracts.Problems
}

func (l *loader) fail(at contracts.Place, hint, format string, args ...any) {
	l.problems = append(l.problems, contracts.Problem{Place: at, Text: fmt.Sprintf(format, args...), Hint: hint})
}

// load reads all files. One without a target namespace that another includes
// is only read as a part of that one.
func load(files []contracts.File) ([]*unit, contracts.Problems) {
	l := &loader{files: map[string]*unit{}, units: map[[2]string]*unit{}}
	folder := contracts.CommonFolder(files)
	var names []string
	for _, f := range files {
		if strings.ToLower(path.Ext(f.Name)) != ".xsd" && !says.Match(f.Data[:min(len(f.Data), 4096)]) {
			continue // notes and examples
		}
		n := path.Clean(strings.TrimPrefix(f.Name, folder))
		root := l.read(f)
		if root == nil {
			continue
		}
		l.files[n] = &unit{file: n, root: root, target: root.attrs["targetNamespace"]}
		names = append(names, n)
	}
	if len(l.problems) > 0 {
		return nil, l.problems
	}
	adopted := map[string]bool{}
	for _, n := range names {
		for _, k := range l.files[n].root.kids {
			if to := locate(n, k); k.local == "include" && l.files[n].target != "" && l.files[to] != nil && l.files[to].target == "" {
				adopted[to] = true
			}
		}
	}
	for _, n := range names {
		if !adopted[n] {
			l.visit(n, l.files[n].target)
		}
	}
	return l.order, l.problems
}

// locate is the file that an include or import of the file n names.
func locate(n string, k *node) string {
	return path.Join(path.Dir(n), k.attrs["schemaLocation"])
}

// visit adds a file for a namespace, and what it includes. It follows no
// circle twice.
func (l *loader) visit(file, target string) {
	key := [2]string{file, target}
	if l.units[key] != nil {
		return
	}
	f := l.files[file]
	u := &unit{file: file, root: f.root, target: target, adopted: f.target == "" && target != ""}
	u.elements = f.root.attrs["elementFormDefault"] == "qualified"
	u.attributes = f.root.attrs["attributeFormDefault"] == "qualified"
	u.block = blocked(f.root.attrs["blockDefault"])
	l.units[key] = u
	l.order = append(l.order, u)
	for _, k := range f.root.kids {
		if k.local != "include" && k.local != "import" {
			continue
		}
		location := k.attrs["schemaLocation"]
		if location == "" {
			continue // an import of what is known otherwise
		}
		to := l.files[locate(file, k)]
		switch {
		case strings.Contains(location, "://") && k.local == "import" && k.attrs["namespace"] == nsXML:
			continue // xml:lang and its like are known
		case strings.Contains(location, "://"):
			l.fail(k.place, "keep a copy beside this file", "refers to %q; references out of the contract are not followed", location)
		case to == nil:
			l.fail(k.place, "put it there, or name the folder that has both", "refers to %q, which is not among the files of this version", location)
		case k.local == "include" && to.target != "" && to.target != target:
			l.fail(k.place, "import it", "includes %q, whose target namespace is another: %s", location, to.target)
		case k.local == "import" && to.target != k.attrs["namespace"]:
			l.fail(k.place, "", "imports %q as namespace %q, but that file is for %q", location, k.attrs["namespace"], to.target)
		case k.local == "import" && to.target == target:
			l.fail(k.place, "include it", "imports %q, which has the same target namespace", location)
		case k.local == "include":
			l.visit(to.file, target)
		default:
			l.visit(to.file, to.target)
		}
	}
}

// read reads one file and refuses what is not supported; nil if it cannot.
func (l *loader) read(f contracts.File) *node {
	r := newXMLReader(f.Data)
	var open []*node
	var root *node
	for {
		e, err := r.next()
		switch {
		case errors.Is(err, io.EOF):
			return root
		case err != nil:
			var no *notXML
			if errors.As(err, &no) {
				l.fail(contracts.Place{File: f.Name, Line: no.at.line, Column: no.at.column}, "", "%s", no.text)
			}
			return nil
		}
		switch e.kind {
		case start:
			if len(open) > 0 && open[len(open)-1].local == "annotation" {
				open = append(open, open[len(open)-1]) // what it says is for people
				continue
			}
			n := l.node(f.Name, e)
			if l.nodes++; l.nodes > maxNodes {
				l.fail(n.place, "", "the version has more than %d declarations", maxNodes)
				return nil
			}
			if len(open) == 0 {
				root = n
				if n.local != "schema" {
					l.fail(n.place, "it should begin with a schema element of "+nsSchema, "is no XML Schema")
					return nil
				}
			} else {
				l.child(open[len(open)-1], n)
			}
			open = append(open, n)
		case end:
			open = open[:len(open)-1]
		}
	}
}

// node takes an element and refuses attributes that say what is not known.
func (l *loader) node(file string, e event) *node {
	n := &node{local: e.name.local, attrs: map[string]string{}, scope: e.scope, place: contracts.Place{File: file, Line: e.at.line, Column: e.at.column}}
	if e.name.space != nsSchema {
		n.local = e.name.String()
	}
	s, known := shapeOf(n.local)
	for _, a := range e.attrs {
		switch {
		case a.name.space != "" && a.name.space != nsSchema: // for other tools
		case a.name.local == "id":
		case known && n.local != "annotation" && !strings.Contains(" "+strings.ReplaceAll(s.attrs, "*", "")+" ", " "+a.name.local+" "):
			l.fail(n.place, refused[a.name.local], "attribute %s of xs:%s is not supported", a.name.local, n.local)
		default:
			n.attrs[a.name.local] = a.value
		}
	}
	for _, a := range strings.Fields(s.attrs) {
		if a, needed := strings.CutSuffix(a, "*"); needed {
			if _, there := n.attrs[a]; !there {
				l.fail(n.place, "", "xs:%s needs the attribute %s", n.local, a)
			}
		}
	}
	return n
}

// child puts n below its parent, or refuses it.
func (l *loader) child(parent, n *node) {
	s, _ := shapeOf(parent.local)
	if !slices.Contains(strings.Fields(s.kids), n.local) {
		_, known := shapeOf(n.local)
		switch {
		case refused[n.local] != "":
			l.fail(n.place, refused[n.local], "xs:%s is not supported", n.local)
		case known:
			l.fail(n.place, "", "xs:%s cannot stand in xs:%s", n.local, parent.local)
		default:
			l.fail(n.place, "", "element %s is not supported in a schema", n.local)
		}
		return
	}
	if n.local != "annotation" {
		parent.kids = append(parent.kids, n)
	}
}

// blocked reads the values of block.
func blocked(s string) (d derivation) {
	for _, w := range strings.Fields(s) {
		switch w {
		case "#all":
			return byRestriction | byExtension
		case "restriction":
			d |= byRestriction
		case "extension":
			d |= byExtension
		}
	}
	return d
}
