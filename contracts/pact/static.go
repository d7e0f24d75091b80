package pact

import (
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

var _ contracts.Relier = (*Document)(nil)

// Unmet implements [contracts.Relier] against any document that can judge
// exchanges: each interaction is put before it as the exchange that the
// consumer wrote down. A request that the provider does not take, or an answer
// that it does not give, is unmet; so is a field that the consumer relies on
// and the provider does not declare, however open its schema is.
func (d *Document) Unmet(provider contracts.Document) ([]contracts.Change, error) {
	checker, ok := provider.(contracts.Checker)
	if !ok {
		return nil, fmt.Errorf("a pact cannot be held against a document in format %s", provider.Format())
	}
	var found []contracts.Change
	for _, in := range d.Interactions {
		found = append(found, in.unmet(checker)...)
	}
	contracts.SortChanges(found)
	return found, nil
}

func (in *Interaction) unmet(provider contracts.Checker) (found []contracts.Change) {
	x := in.example()
	breaches, covered := provider.Check(x)
	if !covered {
		return []contracts.Change{{
			Type: "NOT_PROVIDED", Path: in.Name(), Severity: contracts.Breaking, Before: in.Place,
			Message: fmt.Sprintf("The provider does not promise what %q asks for (%s).", in.Name(), in.asks()),
		}}
	}
	for _, b := range breaches {
		kind, what := "REQUEST_REFUSED", "sends"
		if b.Reply || in.Kind == Async {
			if lacking(b) {
				continue
			}
			kind, what = "ANSWER_NOT_PROMISED", "relies on"
		}
		found = append(found, contracts.Change{
			Type: kind, Path: b.Path, Severity: contracts.Breaking, Before: in.Place, After: b.Place,
			Message: fmt.Sprintf("%q %s %s as %s, and the provider promises %s.", in.Name(), what, b.Path, b.Got, b.Want),
		})
	}
	w, ok := provider.(contracts.Watcher)
	if !ok {
		return found
	}
	for _, drift := range w.Undeclared(x) {
		if drift.Kind == "type" || drift.Kind == "null" {
			continue // told above, with what is promised instead
		}
		found = append(found, contracts.Change{
			Type: "UNDECLARED", Path: drift.Path, Severity: contracts.Breaking, Before: in.Place,
			Message: fmt.Sprintf("%q names %s, which the provider does not declare.", in.Name(), drift.Path),
		})
	}
	return found
}

// lacking reports whether all that is wrong is that something is not there. Of
// what a provider sends, a consumer writes down what it relies on, which need
// not be all there is.
func lacking(b contracts.Breach) bool {
	return b.Got == "nothing" || b.Got == "none" || strings.HasPrefix(b.Want, "missing propert")
}

// asks says in short what an interaction is about.
func (in *Interaction) asks() string {
	if in.Kind == HTTP {
		return fmt.Sprintf("%s %s, answered %d", in.Request.Method, in.Request.Path, in.Response.Status)
	}
	return "a message"
}

// Uses implements [contracts.Relier].
func (d *Document) Uses(provider contracts.Document) []string {
	m, ok := provider.(contracts.Measurer)
	if !ok {
		return nil
	}
	var all []string
	for _, in := range d.Interactions {
		all = append(all, m.Used(in.example())...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// example is the exchange as the consumer wrote it down.
func (in *Interaction) example() contracts.Exchange {
	if in.Kind == Async {
		return contracts.Exchange{Request: in.Response.example()}
	}
	reply := in.Response.example()
	x := contracts.Exchange{FromConsumer: true, Request: in.Request.example(), Reply: &reply}
	if in.Kind == Sync {
		x.Reply.Status = 200
	}
	return x
}

// Exchange is the part as it crosses the wire, if it is as the example says.
func (p Part) Exchange() contracts.Part { return p.example() }

func (p Part) example() contracts.Part {
	out := contracts.Part{Method: p.Method, Path: p.Path, Query: p.Query, Status: p.Status, Headers: map[string][]string{}}
	for k, v := range p.Headers {
		out.Headers[canonical(k)] = v
	}
	for _, k := range []string{"Topic", "Destination", "Subject", "Routingkey", "Name"} {
		if v := out.Header(k); out.Path == "" && v != "" {
			out.Path = v // messages say in their metadata where they go
		}
	}
	if p.Body.Presence == Present {
		out.Body = p.Body.Bytes
		if out.Header("Content-Type") == "" && p.Body.ContentType != "" {
			out.Headers["Content-Type"] = []string{p.Body.ContentType}
		}
	}
	return out
}

// canonical spells the name of a header as [contracts.Part] has it.
func canonical(name string) string {
	b := []byte(name)
	up := true
	for i, c := range b {
		switch {
		case up && c >= 'a' && c <= 'z':
			b[i] = c - 'a' + 'A'
		case !up && c >= 'A' && c <= 'Z':
			b[i] = c - 'A' + 'a'
		}
		up = c == '-'
	}
	if string(b) == "Contenttype" {
		return "Content-Type" // as metadata of messages spells it
	}
	return string(b)
}
