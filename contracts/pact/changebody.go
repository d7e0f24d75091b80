package pact

import (
	"bytes"
	"net/url"
	"reflect"

	"github.com/andon-rig/andon/contracts"
)

// body compares bodies, structure by structure where they are JSON.
func (c *partDiffer) body() {
	was, is := c.old.Body, c.next.Body
	p, q := was.pointer, is.pointer
	switch {
	case was.Presence != Present && is.Presence != Present:
		c.bodyless(p, q)
		return
	case was.Presence == Missing: // of which nothing was said
		c.come("BODY", "body", p, q, clip(string(is.Bytes)), contracts.Dangerous)
		return
	case was.Presence != Present:
		c.note(contracts.Breaking, "BODY_ADDED", "body", p, q, "is there now, as %s, and there was to be none", clip(string(is.Bytes)))
		return
	case is.Presence == Missing:
		c.gone("BODY", "body", p, q, clip(string(was.Bytes)))
		return
	case is.Presence != Present:
		c.note(contracts.Breaking, "BODY_REMOVED", "body", p, q, "is to be none now, and was %s", clip(string(was.Bytes)))
		return
	}
	a, b := typeOf(was), typeOf(is)
	if x, y := c.old.Rules.content(), c.next.Rules.content(); x != nil || y != nil || !sameMedia(a, b) {
		c.contents(x, y, a, b)
		return
	}
	c.compared(a)
}

// compared compares bodies of one type.
func (c *partDiffer) compared(media string) {
	was, is := c.old.Body, c.next.Body
	w := walker{partDiffer: c, was: comparison{rules: c.old.Rules.Body}, is: comparison{rules: c.next.Rules.Body}, text: !isJSON(media)}
	root := []step{{root: true}}
	var err1, err2 error
	switch {
	case isJSON(media):
		var v, u any
		v, err1 = valueOf(was)
		if u, err2 = valueOf(is); err1 == nil && err2 == nil {
			w.value(root, v, u)
		}
	case isXML(media):
		var v, u *element
		v, err1 = parseXML(was.Bytes)
		if u, err2 = parseXML(is.Bytes); err1 == nil && err2 == nil {
			w.was.rules, w.is.rules, w.whole = byNames(w.was.rules), byNames(w.is.rules), true
			w.element(append(root, step{name: v.name}), v, u)
		}
	case sameMedia(media, "application/x-www-form-urlencoded"):
		var v, u url.Values
		v, err1 = url.ParseQuery(string(was.Bytes))
		if u, err2 = url.ParseQuery(string(is.Bytes)); err1 == nil && err2 == nil {
			w.value(root, fields(v), fields(u))
		}
	default:
		w.scalar(root, string(was.Bytes), string(is.Bytes))
	}
	if err1 != nil || err2 != nil {
		c.opaque()
	}
}

// bodyless compares parts of which neither has a body.
func (c *partDiffer) bodyless(p, q string) {
	was, is := c.old.Body.Presence, c.next.Body.Presence
	switch {
	case (was == Missing) == (is == Missing):
	case was == Missing && !c.ask:
		c.note(contracts.Breaking, "BODY_CHANGED", "body", p, q, "is to be none now, and nothing was said of it")
	case is == Missing && !c.ask:
		c.note(contracts.Safe, "BODY_REMOVED", "body", p, q, "is not relied on any more")
	}
}

// contents compares bodies of which only the kind of content counts, or whose
// kind has changed.
func (c *partDiffer) contents(x, y *Matcher, a, b string) {
	if x != nil {
		a = x.Value
	}
	if y != nil {
		b = y.Value
	}
	p, q := c.old.Body.pointer, c.next.Body.pointer
	switch {
	case !sameMedia(a, b):
		c.note(contracts.Breaking, "CONTENT_TYPE_CHANGED", "body", p, q, "is of type %s and was of type %s", b, a)
	case x != nil && y == nil && c.ask, x == nil && y != nil && !c.ask:
		c.note(contracts.Safe, map[bool]string{true: "TIGHTENED", false: "LOOSENED"}[c.ask], "body", p, q, "counts by its type %s only in one of the pacts", a)
	case x != nil && y == nil:
		c.note(contracts.Breaking, "TIGHTENED", "body", p, q, "counted by its type %s only, and does by what is in it now", a)
	case y != nil && x == nil:
		c.note(contracts.Dangerous, "LOOSENED", "body", p, q, "counts by its type %s only; the provider may meet what it was not asked to take", a)
	}
}

// opaque compares bodies that cannot be read as what they say they are.
func (c *partDiffer) opaque() {
	if bytes.Equal(c.old.Body.Bytes, c.next.Body.Bytes) && reflect.DeepEqual(c.old.Rules.Body, c.next.Rules.Body) {
		return
	}
	c.note(contracts.Dangerous, contracts.CannotTell, "body", c.old.Body.pointer, c.next.Body.pointer, "has changed, and is not %s to be compared by", typeOf(c.next.Body))
}
