package pact

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/source"
)

// A partDiffer compares one side of an interaction with what it was.
type partDiffer struct {
	d         *differ
	o, in     *Interaction
	side      string // "request", "response", "message"
	from, to  string // pointers to it within the interaction
	old, next Part
	ask       bool // the consumer writes it
	strict    bool // what is not expected must not be there
	message   bool // what would be headers is metadata
}

func (c partDiffer) named(side, from, to string, was, is Part) *partDiffer {
	c.side, c.from, c.to, c.old, c.next = side, from, to, was, is
	c.message = c.in.Kind != HTTP
	return &c
}

// asked compares what the consumer sends. The provider took what the old pact
// lets through.
func (c *partDiffer) asked(http bool) {
	c.ask, c.strict = true, http
	if http {
		c.demands("METHOD", "method", "/method", demandOf(c.old.Rules.Method, c.old.Method), demandOf(c.next.Rules.Method, c.next.Method))
		c.demands("PATH", "path", "/path", demandOf(c.old.Rules.Path, c.old.Path), demandOf(c.next.Rules.Path, c.next.Path))
		c.values("QUERY", "query", "/query", c.old.Query, c.next.Query, c.old.Rules.Query, c.next.Rules.Query)
	}
	c.headers()
	c.body()
	c.generated()
}

// answered compares what the consumer demands of an answer or a message.
func (c *partDiffer) answered() {
	if c.in.Kind == HTTP {
		c.status()
	}
	c.headers()
	c.body()
	c.generated()
}

// demandOf is what is asked of a text that has no place of its own.
func demandOf(rules []Rule, example string) demand {
	d := demand{example: example, text: true}
	if len(rules) > 0 {
		d.rule = &rules[0]
	}
	return d
}

// note tells of a place in the part; where is as breaches write it.
func (c *partDiffer) note(s contracts.Severity, kind, where, was, is string, format string, args ...any) {
	what := fmt.Sprintf("%s %s", c.side, where)
	before, after := c.d.old.at(c.o.Place.File, was), c.d.next.at(c.in.Place.File, is)
	c.d.note(s, kind, c.o.Name()+" > "+what, before, after, "%s", capital(fmt.Sprintf("%s of %q ", what, c.in.Name())+fmt.Sprintf(format, args...)+"."))
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// within are the pointers to one place in both files.
func (c *partDiffer) within(pointer string) (was, is string) {
	return c.o.pointer + c.from + pointer, c.in.pointer + c.to + pointer
}

// demands compares what is asked of a text.
func (c *partDiffer) demands(what, where, pointer string, was, is demand) {
	p, q := c.within(pointer)
	c.compare(what, where, p, q, was, is)
}

// compare tells how what is asked of a value has changed. Of an answer, all
// that the provider could answer must still do; of a request, all that the
// consumer now sends must have been taken.
func (c *partDiffer) compare(what, where, p, q string, was, is demand) {
	writer, reader := was, is
	if c.ask {
		writer, reader = is, was
	}
	changed := fmt.Sprintf("is %s and was %s", is, was)
	forth, back := writer.implies(reader), reader.implies(writer)
	admitted, known := reader.admits(writer.example)
	kinds := [2]string{"LOOSENED", "TIGHTENED"}
	if c.ask {
		kinds = [2]string{"TIGHTENED", "LOOSENED"}
	}
	if what != "" {
		what += "_"
	}
	switch {
	case forth == yes && back == yes:
		if !equal(was.example, is.example) {
			c.note(contracts.Safe, what+"EXAMPLE_CHANGED", where, p, q, "has another example, %s instead of %s, which the rule lets through", show1(is.example), show1(was.example))
		}
	case forth == yes:
		c.note(contracts.Safe, what+kinds[0], where, p, q, "%s", changed)
	case was.rule == nil && is.rule == nil, kind(was.example) != kind(is.example) && known && !admitted:
		c.note(contracts.Breaking, what+"CHANGED", where, p, q, "%s", changed)
	case forth == unsure && (admitted || !known):
		c.note(contracts.Dangerous, contracts.CannotTell, where, p, q, "%s; nobody can say whether one is within the other", changed)
	case c.ask && admitted:
		c.note(contracts.Dangerous, what+kinds[1], where, p, q, "%s; the provider may meet what it was not asked to take", changed)
	default:
		c.note(contracts.Breaking, what+kinds[1], where, p, q, "%s", changed)
	}
}

// gone and come tell of something that only one of the pacts has. free says
// that the old pact lets more through than it names.
func (c *partDiffer) gone(what, where, p, q string, example any) {
	if c.ask {
		c.note(contracts.Breaking, what+"_REMOVED", where, p, q, "is not sent any more; it was %s", show1(example))
		return
	}
	c.note(contracts.Safe, what+"_REMOVED", where, p, q, "is not relied on any more")
}

func (c *partDiffer) come(what, where, p, q string, example any, free contracts.Severity) {
	if c.ask {
		c.note(free, what+"_ADDED", where, p, q, "is sent now, as %s, and was not", show1(example))
		return
	}
	c.note(contracts.Breaking, what+"_ADDED", where, p, q, "is relied on now, as %s", show1(example))
}

// status compares by all that there are.
func (c *partDiffer) status() {
	p, q := c.within("/status")
	more, less := 0, 0
	for s := 100; s < 600; s++ {
		was, is := len(status(c.old, actual{Status: s})) == 0, len(status(c.next, actual{Status: s})) == 0
		switch {
		case was && !is:
			less++
		case is && !was:
			more++
		}
	}
	switch {
	case less > 0:
		c.note(contracts.Breaking, "STATUS_CHANGED", "status", p, q, "is %s and was %s", statusOf(c.next), statusOf(c.old))
	case more > 0:
		c.note(contracts.Safe, "STATUS_LOOSENED", "status", p, q, "is %s and was %s", statusOf(c.next), statusOf(c.old))
	}
}

func statusOf(p Part) string {
	if len(p.Rules.Status) > 0 && len(p.Rules.Status[0].Matchers) > 0 {
		return show1(p.Rules.Status[0].Matchers[0].Status)
	}
	if p.Status == 0 {
		return "any"
	}
	return strconv.Itoa(p.Status)
}

func (c *partDiffer) headers() {
	was, is := c.old.Headers, c.next.Headers
	if c.message {
		c.values("METADATA", "metadata", "/metadata", was, is, c.old.Rules.Metadata, c.next.Rules.Metadata)
		return
	}
	c.values("HEADER", "header", "/headers", was, is, c.old.Rules.Header, c.next.Rules.Header)
}

// values compares named texts: headers and metadata without regard to case, of
// which an exchange may have more, and parameters, of which it may not.
func (c *partDiffer) values(what, where, pointer string, was, is map[string][]string, wasRules, isRules []Rule) {
	for _, name := range sortedKeys(was) {
		if c.message && isContentType(name) {
			continue // told with the contents
		}
		p, q := c.within(pointer + "/" + source.Escape(name))
		values, ok := lookup(is, name)
		if what == "QUERY" {
			values, ok = is[name]
		}
		at := where + " " + name
		if !ok {
			c.gone(what, at, p, q, strings.Join(was[name], ", "))
			continue
		}
		a, b := valueDemand(wasRules, name, was[name]), valueDemand(isRules, name, values)
		if a.rule == nil && b.rule == nil && c.sameValues(what, name, values) {
			continue
		}
		c.compare(what, at, p, q, a, b)
	}
	for _, name := range sortedKeys(is) {
		_, ok := lookup(was, name)
		free := contracts.Safe
		if what == "QUERY" {
			_, ok = was[name]
			free = contracts.Breaking
		}
		if !ok && !(c.message && isContentType(name)) {
			p, q := c.within(pointer + "/" + source.Escape(name))
			c.come(what, where+" "+name, p, q, strings.Join(is[name], ", "), free)
		}
	}
}

// sameValues reports whether a header or parameter without rules asks for the
// same as before, however it is written.
func (c *partDiffer) sameValues(what, name string, values []string) bool {
	if what == "HEADER" {
		return len(header(c.old, name, "", values)) == 0 && len(header(Part{Headers: map[string][]string{name: values}}, name, "", c.old.values(name))) == 0
	}
	return strings.Join(c.old.Query[name], "\x00") == strings.Join(values, "\x00") && what == "QUERY"
}

func (p Part) values(name string) []string {
	v, _ := lookup(p.Headers, name)
	return v
}

// valueDemand is what is asked of a header, parameter or metadata.
func valueDemand(rules []Rule, name string, values []string) demand {
	d := demand{example: strings.Join(values, "&"), text: true}
	for i := range rules {
		if len(rules[i].At) > 0 && strings.EqualFold(rules[i].At[0].name, name) {
			d.rule = &rules[i]
		}
	}
	return d
}

// generated tells of values that are made when the pact is replayed.
func (c *partDiffer) generated() {
	for _, g := range []struct {
		where   string
		was, is []Generator
	}{
		{"path", c.old.Generators.Path, c.next.Generators.Path}, {"query", c.old.Generators.Query, c.next.Generators.Query},
		{"header", c.old.Generators.Header, c.next.Generators.Header}, {"metadata", c.old.Generators.Metadata, c.next.Generators.Metadata},
		{"body", c.old.Generators.Body, c.next.Generators.Body},
	} {
		if !reflect.DeepEqual(g.was, g.is) {
			p, q := c.within("/generators")
			c.note(contracts.Dangerous, "GENERATOR_CHANGED", g.where, p, q, "has values that are made otherwise when the pact is replayed")
		}
	}
}
