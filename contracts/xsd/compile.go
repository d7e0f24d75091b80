package xsd

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

// maxProgram bounds the content model of one type, and maxPrograms all of a
// version.
const (
	maxProgram  = 20_000
	maxPrograms = 2_000_000
	maxTypes    = 1_000 // tried for one text, by unions in unions
)

// A component is a global definition that has a name.
type component struct {
	u *unit
	n *node
}

// A compiler turns nodes into declarations.
type compiler struct {
	set        *schemas
	components map[string]map[name]component // by kind
	pending    map[*typ]func()               // how to fill a type
	filling    map[*typ]bool
	queue      []*typ
	later      []func()
	groups     map[name]*particle
	attrGroups map[name]attributeGroup
	inGroup    map[name]bool // groups under way, by kind and name
	problems   contracts.Problems
}

func (c *compiler) fail(n *node, hint, format string, args ...any) {
	c.problems = append(c.problems, contracts.Problem{Place: n.place, Text: fmt.Sprintf(format, args...), Hint: hint})
}

// kinds are the spaces of names.
var kinds = map[string]string{"element": "element", "attribute": "attribute", "simpleType": "type", "complexType": "type", "group": "group", "attributeGroup": "attributeGroup"}

func compile(units []*unit) (*schemas, contracts.Problems) {
	c := &compiler{
		set:        &schemas{elements: map[name]*element{}, types: map[name]*typ{}, attributes: map[name]*attribute{}, spaces: map[string]bool{}},
		components: map[string]map[name]component{}, pending: map[*typ]func(){}, filling: map[*typ]bool{}, groups: map[name]*particle{}, attrGroups: map[name]attributeGroup{}, inGroup: map[name]bool{},
	}
	for _, u := range units {
		c.set.spaces[u.target] = true
		c.register(u)
	}
	for _, u := range units {
		for _, k := range u.root.kids {
			nm := name{u.target, k.attrs["name"]}
			if kind := kinds[k.local]; kind == "" || c.components[kind][nm].n != k {
				continue
			}
			switch k.local {
			case "element":
				c.global(nm, k)
			case "attribute":
				c.globalAttribute(nm, k)
			case "simpleType", "complexType":
				c.typ(nm, k)
			case "group":
				c.group(nm, k)
			case "attributeGroup":
				c.attributeGroup(nm, k)
			}
		}
	}
	c.drain()
	return c.set, c.problems
}

// register makes the names of a file known.
func (c *compiler) register(u *unit) {
	for _, k := range u.root.kids {
		kind := kinds[k.local]
		if kind == "" {
			continue
		}
		if k.attrs["name"] == "" {
			c.fail(k, "", "xs:%s has no name", k.local)
			continue
		}
		nm := name{u.target, k.attrs["name"]}
		if c.components[kind] == nil {
			c.components[kind] = map[name]component{}
		}
		if before, twice := c.components[kind][nm]; twice {
			c.fail(k, "", "%s %s is defined a second time; the first is at %s", kind, nm.local, before.n.place)
			continue
		}
		c.components[kind][nm] = component{u, k}
	}
}

// drain fills all types and builds their programs.
func (c *compiler) drain() {
	var all []*typ
	for len(c.queue) > 0 {
		t := c.queue[0]
		c.queue = c.queue[1:]
		c.fill(t)
		all = append(all, t)
	}
	for _, f := range c.later {
		f()
	}
	left := maxPrograms
	for _, t := range all {
		if t.content == nil || len(c.problems) > 0 {
			continue
		}
		p, ok := newProgram(t.content, min(maxProgram, left))
		if !ok {
			c.problems = append(c.problems, contracts.Problem{Place: t.place, Text: fmt.Sprintf("the content of %s is larger than %d steps when its groups are put in", t.part, maxProgram)})
			return
		}
		t.program = p
		left -= len(p.code)
	}
}

// fill compiles the body of a type, once.
func (c *compiler) fill(t *typ) {
	if f := c.pending[t]; f != nil {
		delete(c.pending, t)
		c.filling[t] = true
		f()
		delete(c.filling, t)
	}
}

// resolve reads a qualified name.
func (c *compiler) resolve(u *unit, n *node, text string) (name, bool) {
	prefix, local, both := strings.Cut(text, ":")
	if !both {
		prefix, local = "", text
	}
	space, known := n.scope.find(prefix)
	if !known {
		c.fail(n, "", "prefix %q is not declared", prefix)
		return name{}, false
	}
	if space == "" && u.adopted {
		space = u.target
	}
	return name{space, local}, true
}

// typ is a type by its name, perhaps not filled yet.
func (c *compiler) typ(nm name, at *node) *typ {
	if t := builtins()[nm]; t != nil {
		return t
	}
	if t := c.set.types[nm]; t != nil {
		return t
	}
	d, ok := c.components["type"][nm]
	if !ok {
		hint := ""
		if nm.space == nsSchema {
			hint = "types that name or refer to other elements (ID, IDREF, ENTITY, NOTATION) are not supported"
		}
		c.fail(at, hint, "type %s is not defined", nm)
		return anyType()
	}
	t := c.promise(d.u, d.n, nm.local)
	t.name = nm
	c.set.types[nm] = t
	return t
}

// promise is a type that is filled later.
func (c *compiler) promise(u *unit, n *node, part string) *typ {
	t := &typ{part: part, place: n.place, complex: n.local == "complexType", base: anyType(), method: byRestriction}
	c.pending[t] = func() {
		if n.local == "simpleType" {
			t.simple, t.base = c.simpleType(u, n, part)
			t.simple.name = t.name
		} else {
			c.complexType(u, n, t)
		}
	}
	c.queue = append(c.queue, t)
	return t
}

// base is the type that another comes from, filled.
func (c *compiler) base(u *unit, n *node, attribute string) *typ {
	nm, ok := c.resolve(u, n, n.attrs[attribute])
	if !ok {
		return anyType()
	}
	return c.filled(c.typ(nm, n), n)
}

func (c *compiler) filled(t *typ, at *node) *typ {
	if c.filling[t] {
		c.fail(at, "", "type %s comes from itself", t.part)
		return anyType()
	}
	c.fill(t)
	return t
}

// global is a global element.
func (c *compiler) global(nm name, at *node) *element {
	if e := c.set.elements[nm]; e != nil {
		return e
	}
	d, ok := c.components["element"][nm]
	if !ok {
		c.fail(at, "", "element %s is not defined", nm)
		return &element{name: nm, typ: anyType(), place: at.place}
	}
	e := &element{name: nm, global: true}
	c.set.elements[nm] = e
	c.declare(d.u, d.n, e, nm.local)
	return e
}

// declare takes what an element says of itself.
func (c *compiler) declare(u *unit, n *node, e *element, part string) {
	e.place = n.place
	e.nillable, e.abstract = c.flag(n, "nillable"), c.flag(n, "abstract")
	e.block = u.block
	if b, there := n.attrs["block"]; there {
		e.block = blocked(b)
	}
	e.typ = anyType()
	own := only(n, "simpleType", "complexType")
	text, named := n.attrs["type"]
	switch {
	case named && own != nil:
		c.fail(n, "", "element %s has a type and names another", e.name.local)
	case own != nil:
		e.typ = c.promise(u, own, part)
	case named:
		if nm, ok := c.resolve(u, n, text); ok {
			e.typ = c.typ(nm, n)
		}
	}
	e.value, e.hasDefault, e.fixed = c.given(n)
	if e.hasDefault {
		c.later = append(c.later, func() { c.fits(n, e.typ.simple, e.value) })
	}
}

// given is the default or fixed value of an element or attribute.
func (c *compiler) given(n *node) (value string, has, fixed bool) {
	d, hasDefault := n.attrs["default"]
	f, hasFixed := n.attrs["fixed"]
	if hasDefault && hasFixed {
		c.fail(n, "", "a value is either default or fixed")
	}
	if hasFixed {
		return f, true, true
	}
	return d, hasDefault, false
}

// fits refuses a default that is no value of its type.
func (c *compiler) fits(n *node, s *simple, text string) {
	if s == nil {
		return // mixed content
	}
	if _, _, no := s.read(text, n.scope); no != nil {
		c.fail(n, "", "its value %q is not %s", text, no.want)
	}
}

func (c *compiler) flag(n *node, attribute string) bool {
	switch n.attrs[attribute] {
	case "", "false", "0":
		return false
	case "true", "1":
		return true
	}
	c.fail(n, "", "%s is true or false, not %q", attribute, n.attrs[attribute])
	return false
}

// only is the first child of some kinds.
func only(n *node, locals ...string) *node {
	for _, k := range n.kids {
		for _, l := range locals {
			if k.local == l {
				return k
			}
		}
	}
	return nil
}

// occurs reads how often something may stand.
func (c *compiler) occurs(n *node) (low, high int) {
	read := func(attribute string) int {
		s, there := n.attrs[attribute]
		if !there {
			return 1
		}
		if s == "unbounded" && attribute == "maxOccurs" {
			return unbounded
		}
		i, err := strconv.ParseUint(s, 10, 31)
		if err != nil && strings.Trim(s, "0123456789") == "" && len(s) > 0 {
			return 1<<31 - 1
		}
		if err != nil {
			c.fail(n, "", "%s is a count, not %q", attribute, s)
		}
		return int(i)
	}
	low, high = read("minOccurs"), read("maxOccurs")
	if high != unbounded && low > high {
		c.fail(n, "", "minOccurs %d is more than maxOccurs %d", low, high)
	}
	return low, high
}
