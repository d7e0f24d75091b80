package xsd

import (
	"strconv"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

// simpleType reads a definition and says what it comes from.
func (c *compiler) simpleType(u *unit, n *node, part string) (*simple, *typ) {
	text := builtins()[name{nsSchema, "anySimpleType"}]
	d := only(n, "restriction", "list", "union")
	if d == nil || len(n.kids) != 1 {
		c.fail(n, "", "a simple type is one restriction, list or union")
		return copyOf(text.simple), text
	}
	switch d.local {
	case "list":
		item := c.member(u, d, "itemType", part)
		s := &simple{part: part, place: n.place, item: item, white: collapse, spoken: "a list", cost: item.cost}
		if item.item != nil {
			c.fail(d, "", "a list of lists cannot be read")
		}
		return s, text
	case "union":
		return c.unionType(u, d, part), text
	}
	if own := only(d, "simpleType"); own != nil {
		s, _ := c.simpleType(u, own, part)
		return c.restrict(u, d, s, part), text
	}
	if d.attrs["base"] == "" {
		c.fail(d, "", "xs:restriction needs a base")
		return copyOf(text.simple), text
	}
	base := c.base(u, d, "base")
	if base.complex || base.simple == nil {
		c.fail(d, "", "the base of a simple type must be simple; %s is not", base.part)
		return copyOf(text.simple), text
	}
	return c.restrict(u, d, base.simple, part), base
}

func copyOf(s *simple) *simple { t := *s; return &t }

// member is a type that an attribute names or a child is.
func (c *compiler) member(u *unit, n *node, attribute, part string) *simple {
	text := builtins()[name{nsSchema, "anySimpleType"}].simple
	if own := only(n, "simpleType"); own != nil {
		s, _ := c.simpleType(u, own, part)
		return s
	}
	if n.attrs[attribute] == "" {
		c.fail(n, "", "xs:%s needs %s", n.local, attribute)
		return text
	}
	t := c.base(u, n, attribute)
	if t.simple == nil || t.complex {
		c.fail(n, "", "%s must be simple; %s is not", attribute, t.part)
		return text
	}
	return t.simple
}

func (c *compiler) unionType(u *unit, n *node, part string) *simple {
	s := &simple{part: part, place: n.place, white: collapse, spoken: "one of several types"}
	for _, text := range strings.Fields(n.attrs["memberTypes"]) {
		nm, ok := c.resolve(u, n, text)
		if !ok {
			continue
		}
		t := c.filled(c.typ(nm, n), n)
		if t.complex || t.simple == nil {
			c.fail(n, "", "a member of a union must be simple; %s is not", t.part)
			continue
		}
		s.members = append(s.members, t.simple)
	}
	for _, k := range n.kids {
		if k.local == "simpleType" {
			m, _ := c.simpleType(u, k, part)
			s.members = append(s.members, m)
		}
	}
	s.white = preserve // each member has its own way
	for _, m := range s.members {
		s.cost += m.cost
	}
	if len(s.members) == 0 {
		c.fail(n, "", "the union has no members")
		s.members = []*simple{builtins()[name{nsSchema, "anySimpleType"}].simple}
	}
	if s.cost > maxTypes {
		c.fail(n, "", "the union has more than %d members, with those of its members", maxTypes)
	}
	return s
}

// restrict is base with the facets of a restriction.
func (c *compiler) restrict(u *unit, n *node, base *simple, part string) *simple {
	s := copyOf(base)
	if own := only(n, "simpleType"); own != nil && n.attrs["base"] != "" {
		s, _ = c.simpleType(u, own, part)
		base = copyOf(s)
	}
	s.part, s.place, s.name = part, n.place, name{}
	var step []*pattern
	var values []enumerated
	for _, k := range n.kids {
		text := k.attrs["value"]
		switch k.local {
		case "pattern":
			p, err := newPattern(text)
			if err != nil {
				c.fail(k, "", "pattern %q %v", text, err)
				continue
			}
			step = append(step, p)
			s.patternPlace = k.place
		case "enumeration":
			v, _, no := base.read(text, k.scope)
			if no != nil {
				c.fail(k, "", "value %q is not %s, as the base demands", text, no.want)
				continue
			}
			values = append(values, enumerated{v.canon, base.white.on(text), k.place})
		case "whiteSpace":
			c.whiteSpace(k, s)
		case "length", "minLength", "maxLength", "totalDigits", "fractionDigits":
			c.limit(k, s, base)
		case "minInclusive", "minExclusive", "maxInclusive", "maxExclusive":
			c.bound(k, s, base)
		}
	}
	if step != nil {
		s.patterns = append(s.patterns[:len(s.patterns):len(s.patterns)], step)
	}
	if values != nil {
		s.values = values
	}
	return s
}

func (c *compiler) whiteSpace(k *node, s *simple) {
	for i, w := range whiteSpaceNames {
		if w != k.attrs["value"] {
			continue
		}
		if whiteSpace(i) < s.white || s.primitive == nil || !s.primitive.lengths {
			c.fail(k, "", "white space cannot be %s where the base has %s", w, whiteSpaceNames[s.white])
		}
		s.white = whiteSpace(i)
		return
	}
	c.fail(k, "", "white space is preserve, replace or collapse, not %q", k.attrs["value"])
}

func (c *compiler) limit(k *node, s, base *simple) {
	i, err := strconv.ParseUint(k.attrs["value"], 10, 31)
	if err != nil {
		c.fail(k, "", "%s is a count, not %q", k.local, k.attrs["value"])
		return
	}
	n := int(i)
	isDigits := strings.HasSuffix(k.local, "Digits")
	if isDigits && (base.primitive == nil || base.primitive.name != "decimal") || !isDigits && base.item == nil && (base.primitive == nil || !base.primitive.lengths) {
		c.fail(k, "", "%s means nothing for %s", k.local, base.spoken)
		return
	}
	loose := func(own *limit, looser bool) bool { return own != nil && looser }
	target := map[string]**limit{"length": &s.length, "minLength": &s.minLength, "maxLength": &s.maxLength, "totalDigits": &s.totalDigits, "fractionDigits": &s.fractionDigits}[k.local]
	was := *target
	if was != nil && (k.local == "length" && loose(was, n != was.n) || k.local == "minLength" && loose(was, n < was.n) || k.local != "length" && k.local != "minLength" && loose(was, n > was.n)) {
		c.fail(k, "", "%s %d is looser than the base, which has %d", k.local, n, was.n)
	}
	*target = &limit{n, k.place}
	if s.minLength != nil && s.maxLength != nil && s.minLength.n > s.maxLength.n {
		c.fail(k, "", "minLength %d is more than maxLength %d", s.minLength.n, s.maxLength.n)
	}
}

func (c *compiler) bound(k *node, s, base *simple) {
	text := k.attrs["value"]
	if base.primitive == nil || !base.primitive.ordered {
		c.fail(k, "", "%s of %s cannot be told", k.local, base.spoken)
		return
	}
	v, ok := base.primitive.parse(base.white.on(text), k.scope)
	if !ok {
		c.fail(k, "", "%s %q is not %s", k.local, text, base.spoken)
		return
	}
	if no := base.bounds(v); no != nil && strings.HasSuffix(k.local, "Inclusive") {
		c.fail(k, "", "%s %s is looser than the base, which demands %s", k.local, text, no.want)
	}
	b := &bound{value: v, text: text, place: k.place}
	switch k.local {
	case "minInclusive":
		s.minInclusive, s.minExclusive = b, nil
	case "minExclusive":
		s.minExclusive, s.minInclusive = b, nil
	case "maxInclusive":
		s.maxInclusive, s.maxExclusive = b, nil
	case "maxExclusive":
		s.maxExclusive, s.maxInclusive = b, nil
	}
	low, high := firstBound(s.minInclusive, s.minExclusive), firstBound(s.maxInclusive, s.maxExclusive)
	if low != nil && high != nil {
		if order, known := compare(low.value, high.value); known && order > 0 {
			c.problems = append(c.problems, contracts.Problem{Place: k.place, Text: "the lower bound " + low.text + " is above the upper bound " + high.text})
		}
	}
}

func firstBound(a, b *bound) *bound {
	if a != nil {
		return a
	}
	return b
}
