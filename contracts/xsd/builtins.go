package xsd

import (
	"math/big"
	"sync"
)

// anyType is the type that all others come from.
var anyType = sync.OnceValue(func() *typ {
	all := &wildcard{any: true, process: lax}
	t := &typ{name: name{nsSchema, "anyType"}, part: "anyType", complex: true, mixed: true, wildcard: all}
	t.content = &particle{kind: anyParticle, min: 0, max: unbounded, wildcard: all}
	t.program, _ = newProgram(t.content, 10)
	return t
})

// builtins are the types of XML Schema that are supported.
var builtins = sync.OnceValue(func() map[name]*typ {
	all := map[name]*typ{{nsSchema, "anyType"}: anyType()}
	add := func(local string, base *typ, s simple) *typ {
		s.name, s.part = name{nsSchema, local}, local
		t := &typ{name: s.name, part: local, base: base, method: byRestriction, simple: &s}
		all[s.name] = t
		return t
	}
	from := func(local, base, spoken string, narrow func(*simple)) {
		b := all[name{nsSchema, base}]
		s := *b.simple
		if spoken != "" {
			s.spoken = spoken
		}
		narrow(&s)
		add(local, b, s)
	}
	text := add("anySimpleType", anyType(), simple{spoken: "text"})
	for _, p := range primitives {
		add(p.name, text, simple{primitive: p, white: p.space, spoken: p.spoken, cost: 1})
	}
	from("normalizedString", "string", "", func(s *simple) { s.white = replace })
	from("token", "normalizedString", "", func(s *simple) { s.white = collapse })
	from("language", "token", "a language such as en", matches(`[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*`))
	from("Name", "token", "a name", own(nameText))
	from("NCName", "Name", "a name without colon", own(ncNameText))
	from("NMTOKEN", "token", "a word", own(nmtokenText))
	add("NMTOKENS", text, simple{item: all[name{nsSchema, "NMTOKEN"}].simple, white: collapse, spoken: "words", cost: 1, minLength: &limit{n: 1}})
	from("integer", "decimal", "a whole number", matches(`[\-+]?[0-9]+`))
	for _, i := range []struct{ name, base, low, high string }{
		{"nonPositiveInteger", "integer", "", "0"}, {"negativeInteger", "nonPositiveInteger", "", "-1"},
		{"long", "integer", "-9223372036854775808", "9223372036854775807"}, {"int", "long", "-2147483648", "2147483647"},
		{"short", "int", "-32768", "32767"}, {"byte", "short", "-128", "127"},
		{"nonNegativeInteger", "integer", "0", ""}, {"positiveInteger", "nonNegativeInteger", "1", ""},
		{"unsignedLong", "nonNegativeInteger", "0", "18446744073709551615"}, {"unsignedInt", "unsignedLong", "0", "4294967295"},
		{"unsignedShort", "unsignedInt", "0", "65535"}, {"unsignedByte", "unsignedShort", "0", "255"},
	} {
		from(i.name, i.base, "", func(s *simple) {
			if i.low != "" {
				s.minInclusive = numberBound(i.low)
			}
			if i.high != "" {
				s.maxInclusive = numberBound(i.high)
			}
			if i.name == "unsignedLong" {
				matches(`[0-9]+`)(s) // not even -0
			}
		})
	}
	return all
})

// matches adds an expression of XML Schema.
func matches(expr string) func(*simple) {
	p, err := newPattern(expr)
	if err != nil {
		panic("xsd: " + expr + ": " + err.Error())
	}
	p.known = true
	return func(s *simple) { s.patterns = append(s.patterns[:len(s.patterns):len(s.patterns)], []*pattern{p}) }
}

// own adds an expression of Go.
func own(expr string) func(*simple) {
	read := matching(expr)
	return func(s *simple) {
		p := *s.primitive
		p.parse = read
		s.primitive = &p
	}
}

func numberBound(text string) *bound {
	n, _ := new(big.Rat).SetString(text)
	return &bound{value: value{number: n}, text: text}
}
