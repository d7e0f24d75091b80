package xsd

import (
	"slices"
	"strings"
)

// complexType fills t.
func (c *compiler) complexType(u *unit, n *node, t *typ) {
	t.abstract, t.mixed = c.flag(n, "abstract"), c.flag(n, "mixed")
	t.block = u.block
	if b, there := n.attrs["block"]; there {
		t.block = blocked(b)
	}
	body := only(n, "simpleContent", "complexContent")
	if body == nil {
		t.content = c.content(u, n, t.part)
		t.attrs, _, t.wildcard = c.uses(u, n, t.part)
		return
	}
	d := only(body, "restriction", "extension")
	if d == nil || len(n.kids) > 1 {
		c.fail(body, "", "xs:%s needs one restriction or extension, and nothing beside it", body.local)
		return
	}
	if d.attrs["base"] == "" {
		c.fail(d, "", "xs:%s needs a base", d.local)
		return
	}
	t.base = c.base(u, d, "base")
	if d.local == "extension" {
		t.method = byExtension
	}
	if _, there := body.attrs["mixed"]; there {
		t.mixed = c.flag(body, "mixed")
	}
	if body.local == "simpleContent" {
		c.simpleContent(u, d, t)
	} else {
		c.complexContent(u, d, t)
	}
	c.derivedUses(u, d, t)
}

func (c *compiler) simpleContent(u *unit, d *node, t *typ) {
	if t.base.simple == nil {
		c.fail(d, "", "simple content needs a base with simple content; %s has none", t.base.part)
		t.simple = builtins()[name{nsSchema, "anySimpleType"}].simple
		return
	}
	if only(d, "group", "choice", "sequence", "all") != nil {
		c.fail(d, "", "simple content has no elements")
	}
	t.simple = t.base.simple
	if t.method == byRestriction {
		if !t.base.complex {
			c.fail(d, "extend it", "the base %s is a simple type, which complex content cannot restrict", t.base.part)
		}
		t.simple = c.restrict(u, d, t.base.simple, t.part)
	}
}

func (c *compiler) complexContent(u *unit, d *node, t *typ) {
	if !t.base.complex || t.base.simple != nil {
		c.fail(d, "", "complex content needs a base with complex content; %s has none", t.base.part)
		return
	}
	own := c.content(u, d, t.part)
	if t.method == byRestriction {
		t.content = own
		return
	}
	t.mixed = t.mixed || own == nil && t.base.mixed
	switch base := t.base.content; {
	case base == nil:
		t.content = own
	case own == nil:
		t.content = base
	case base.kind == allParticle || own.kind == allParticle:
		c.fail(d, "use a sequence", "xs:all cannot be extended")
	default:
		t.content = &particle{kind: sequenceParticle, min: 1, max: 1, kids: []*particle{base, own}, place: d.place}
	}
}

// derivedUses joins the attributes of a type and its base.
func (c *compiler) derivedUses(u *unit, d *node, t *typ) {
	attrs, prohibited, wild := c.uses(u, d, t.part)
	t.attrs, t.wildcard = attrs, wild
	for _, a := range t.base.attrs {
		if !slices.Contains(prohibited, a.name) && t.attribute(a.name) == nil {
			t.attrs = append(t.attrs, a)
		}
	}
	if t.method == byExtension && t.base.wildcard != nil {
		if wild == nil {
			t.wildcard = t.base.wildcard
		} else {
			both := *wild
			both.also = t.base.wildcard
			t.wildcard = &both
		}
	}
}

// uses are the attributes that a node lists, directly or by groups.
func (c *compiler) uses(u *unit, n *node, part string) (attrs []*attribute, prohibited []name, wild *wildcard) {
	add := func(k *node, a *attribute) {
		if slices.ContainsFunc(attrs, func(o *attribute) bool { return o.name == a.name }) {
			c.fail(k, "", "attribute %s stands here a second time", a.name.local)
			return
		}
		attrs = append(attrs, a)
	}
	for _, k := range n.kids {
		switch k.local {
		case "attribute":
			if a := c.attribute(u, k, part); a != nil && k.attrs["use"] == "prohibited" {
				prohibited = append(prohibited, a.name)
			} else if a != nil {
				add(k, a)
			}
		case "attributeGroup":
			nm, ok := c.resolve(u, k, k.attrs["ref"])
			if !ok {
				continue
			}
			g := c.attributeGroup(nm, k)
			for _, a := range g.attrs {
				add(k, a)
			}
			if g.wildcard != nil && wild != nil {
				c.fail(k, "keep one anyAttribute", "attributes of any name are let through twice")
			} else if g.wildcard != nil {
				wild = g.wildcard
			}
		case "anyAttribute":
			if wild != nil {
				c.fail(k, "keep one anyAttribute", "attributes of any name are let through twice")
			}
			wild = c.wildcard(u, k)
		}
	}
	return attrs, prohibited, wild
}

// An attributeGroup is what a named group of attributes lists.
type attributeGroup struct {
	attrs    []*attribute
	wildcard *wildcard
}

// attributeGroup is a named group; one that contains itself is refused.
func (c *compiler) attributeGroup(nm name, at *node) attributeGroup {
	if g, done := c.attrGroups[nm]; done {
		return g
	}
	d, there := c.components["attributeGroup"][nm]
	key := name{"attributeGroup " + nm.space, nm.local}
	switch {
	case !there:
		c.fail(at, "", "attributeGroup %s is not defined", nm)
		return attributeGroup{}
	case c.inGroup[key]:
		c.fail(at, "", "attributeGroup %s contains itself", nm)
		return attributeGroup{}
	}
	c.inGroup[key] = true
	attrs, _, wild := c.uses(d.u, d.n, nm.local)
	delete(c.inGroup, key)
	g := attributeGroup{attrs, wild}
	c.attrGroups[nm] = g
	return g
}

// attribute is an attribute where it is used.
func (c *compiler) attribute(u *unit, n *node, part string) *attribute {
	a := &attribute{place: n.place}
	if ref, there := n.attrs["ref"]; there {
		nm, ok := c.resolve(u, n, ref)
		if !ok {
			return nil
		}
		*a = *c.globalAttribute(nm, n)
		a.place = n.place
	} else {
		a.name.local = n.attrs["name"]
		if form := n.attrs["form"]; form == "qualified" || form == "" && u.attributes {
			a.name.space = u.target
		}
		if a.name.local == "" {
			c.fail(n, "", "the attribute has no name")
			return nil
		}
		c.declareAttribute(u, n, a, part)
	}
	switch use := n.attrs["use"]; use {
	case "", "optional", "prohibited":
	case "required":
		a.required = true
	default:
		c.fail(n, "", "use is optional, required or prohibited, not %q", use)
	}
	if v, has, fixed := c.given(n); has {
		a.value, a.hasDefault, a.fixed = v, has, fixed
		c.later = append(c.later, func() { c.fits(n, a.simple, v) })
	}
	return a
}

// declareAttribute finds the type of an attribute.
func (c *compiler) declareAttribute(u *unit, n *node, a *attribute, part string) {
	a.simple = builtins()[name{nsSchema, "anySimpleType"}].simple
	if own := only(n, "simpleType"); own != nil {
		a.simple, _ = c.simpleType(u, own, part+"/@"+a.name.local)
		return
	}
	if n.attrs["type"] == "" {
		return
	}
	t := c.base(u, n, "type")
	if t.complex || t.simple == nil {
		c.fail(n, "", "the type of an attribute must be simple; %s is not", t.part)
		return
	}
	a.simple = t.simple
}

func (c *compiler) globalAttribute(nm name, at *node) *attribute {
	if a := c.set.attributes[nm]; a != nil {
		return a
	}
	a := &attribute{name: nm, place: at.place, simple: builtins()[name{nsSchema, "anySimpleType"}].simple}
	if nm.space == nsXML { // xml:lang, xml:space, xml:base
		return a
	}
	c.set.attributes[nm] = a
	d, ok := c.components["attribute"][nm]
	if !ok {
		c.fail(at, "", "attribute %s is not defined", nm)
		return a
	}
	a.place = d.n.place
	c.declareAttribute(d.u, d.n, a, nm.local)
	if v, has, fixed := c.given(d.n); has {
		a.value, a.hasDefault, a.fixed = v, has, fixed
		c.later = append(c.later, func() { c.fits(d.n, a.simple, v) })
	}
	return a
}

func (c *compiler) wildcard(u *unit, n *node) *wildcard {
	w := &wildcard{place: n.place}
	switch p := n.attrs["processContents"]; p {
	case "", "strict":
	case "lax":
		w.process = lax
	case "skip":
		w.process = skip
	default:
		c.fail(n, "", "processContents is strict, lax or skip, not %q", p)
	}
	switch spaces := n.attrs["namespace"]; spaces {
	case "", "##any":
		w.any = true
	case "##other":
		w.other, w.spaces = true, []string{u.target}
	default:
		for _, s := range strings.Fields(spaces) {
			switch s {
			case "##targetNamespace":
				s = u.target
			case "##local":
				s = ""
			}
			w.spaces = append(w.spaces, s)
		}
	}
	return w
}

// content is the particle of a type, nil if it has none or an empty one.
func (c *compiler) content(u *unit, n *node, part string) *particle {
	var found *particle
	seen := false
	for i, k := range n.kids {
		switch k.local {
		case "group", "choice", "sequence", "all":
			if seen || i > 0 && n.local != "complexType" && n.local != "extension" && n.local != "restriction" {
				c.fail(k, "", "only one of group, choice, sequence and all can stand here")
			}
			seen = true
			if len(k.kids) > 0 || k.local == "group" || k.local == "choice" && k.attrs["minOccurs"] != "0" {
				found = c.particle(u, k, part, 0)
			}
		}
	}
	return found
}

// particle is nil if it may never stand.
func (c *compiler) particle(u *unit, n *node, part string, depth int) *particle {
	p := &particle{place: n.place}
	p.min, p.max = c.occurs(n)
	if p.max == 0 {
		return nil
	}
	switch n.local {
	case "element":
		p.element = c.local(u, n, part)
		return p
	case "any":
		p.kind, p.wildcard = anyParticle, c.wildcard(u, n)
		return p
	case "group":
		nm, ok := c.resolve(u, n, n.attrs["ref"])
		if !ok {
			return nil
		}
		g := c.group(nm, n)
		if g == nil {
			return nil
		}
		p.kind, p.kids = sequenceParticle, []*particle{g}
		if g.kind == allParticle && p.min <= 1 && p.max == 1 {
			both := *g
			both.min = min(g.min, p.min)
			return &both
		}
		return p
	case "sequence":
		p.kind = sequenceParticle
	case "choice":
		p.kind = choiceParticle
	case "all":
		p.kind = allParticle
		if p.max != 1 || depth > 0 {
			c.fail(n, "", "xs:all stands alone and once")
		}
	}
	for _, k := range n.kids {
		if kid := c.particle(u, k, part, depth+1); kid != nil {
			if p.kind == allParticle && kid.max != 1 {
				c.fail(k, "", "an element of xs:all stands once at most")
			}
			if kid.kind == allParticle {
				c.fail(k, "", "xs:all stands alone and once")
			}
			p.kids = append(p.kids, kid)
		}
	}
	return p
}

// group is the content of a named group, nil if it has none or contains itself.
func (c *compiler) group(nm name, at *node) *particle {
	if g, done := c.groups[nm]; done {
		return g
	}
	key := name{"group " + nm.space, nm.local}
	d, ok := c.components["group"][nm]
	switch {
	case !ok:
		c.fail(at, "", "group %s is not defined", nm)
		return nil
	case c.inGroup[key]:
		c.fail(at, "", "group %s contains itself", nm)
		return nil
	}
	c.inGroup[key] = true
	g := c.content(d.u, d.n, nm.local)
	delete(c.inGroup, key)
	c.groups[nm] = g
	return g
}

// local is an element inside of a type.
func (c *compiler) local(u *unit, n *node, part string) *element {
	if ref, there := n.attrs["ref"]; there {
		nm, ok := c.resolve(u, n, ref)
		if !ok {
			return &element{typ: anyType(), place: n.place}
		}
		if n.attrs["name"] != "" || n.attrs["type"] != "" {
			c.fail(n, "", "an element either refers to another or has a name")
		}
		return c.global(nm, n)
	}
	e := &element{name: name{local: n.attrs["name"]}}
	if e.name.local == "" {
		c.fail(n, "", "the element has neither name nor ref")
	}
	if form := n.attrs["form"]; form == "qualified" || form == "" && u.elements {
		e.name.space = u.target
	}
	c.declare(u, n, e, part+"/"+e.name.local)
	return e
}
