package xsd

import (
	"github.com/andon-rig/andon/contracts"
)

// unbounded is how often something may stand without a limit.
const unbounded = -1

// derivation says how a type comes from its base.
type derivation int

const (
	byRestriction derivation = 1 << iota
	byExtension
)

// A typ is a simple or complex type.
type typ struct {
	name   name   // zero of an anonymous type
	part   string // what its parts are called by
	place  contracts.Place
	base   *typ // nil of xs:anyType
	method derivation

	simple  *simple // of the text; nil of complex content
	complex bool    // has attributes

	attrs    []*attribute // in the order of their declaration
	wildcard *wildcard    // for attributes; nil for none
	mixed    bool
	content  *particle // of complex content; nil for none
	program  *program  // of content

	abstract bool
	block    derivation
}

// derivesFrom reports whether t is base or comes from it in ways that are not
// blocked.
func (t *typ) derivesFrom(base *typ, blocked derivation) bool {
	for ; t != nil; t = t.base {
		if t == base {
			return true
		}
		if t.method&blocked != 0 {
			return false
		}
	}
	return false
}

// attribute finds a declared attribute.
func (t *typ) attribute(n name) *attribute {
	for _, a := range t.attrs {
		if a.name == n {
			return a
		}
	}
	return nil
}

// An element is a declaration of one.
type element struct {
	name               name
	typ                *typ
	global             bool
	abstract, nillable bool
	block              derivation
	value              string // default or fixed
	hasDefault, fixed  bool
	place              contracts.Place
}

// An attribute is a declaration of one and how it is used.
type attribute struct {
	name              name
	simple            *simple
	required          bool
	value             string
	hasDefault, fixed bool
	place             contracts.Place
}

// processing says what happens to what a wildcard lets through.
type processing int

const (
	strict processing = iota
	lax
	skip
)

// A wildcard lets names through that are not declared.
type wildcard struct {
	any     bool     // any namespace
	other   bool     // any but those listed, and not none
	spaces  []string // "" is no namespace
	process processing
	also    *wildcard // what the base of a type lets through as well
	place   contracts.Place
}

// admits reports whether a name of a namespace is let through.
func (w *wildcard) admits(space string) bool {
	for ; w != nil; w = w.also {
		listed := false
		for _, s := range w.spaces {
			listed = listed || s == space
		}
		if w.any || w.other && !listed && space != "" || !w.other && listed {
			return true
		}
	}
	return false
}

// particleKind says what a particle is made of.
type particleKind int

const (
	elementParticle particleKind = iota
	anyParticle
	sequenceParticle
	choiceParticle
	allParticle
)

// A particle is a piece of a content model, with how often it may stand.
type particle struct {
	kind     particleKind
	min, max int
	element  *element
	wildcard *wildcard
	kids     []*particle
	place    contracts.Place
}

// A schemas is all that the files of a version define.
type schemas struct {
	elements   map[name]*element
	types      map[name]*typ
	attributes map[name]*attribute
	spaces     map[string]bool // target namespaces
	files      []string
}
