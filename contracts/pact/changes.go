package pact

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/source"
)

// Changes implements [contracts.Differ]: what a provider who keeps the old pact
// would have to do besides to keep the new one. A pact says who reads and who
// writes, so that mode makes no difference.
//
// Of an answer or a message of the provider the consumer demands more (breaking)
// or less (safe). A request that the old pact does not take is breaking; one
// that it takes, by rules that now let other values through as well, dangerous.
func (Format) Changes(before, after contracts.Document, _ contracts.Mode) ([]contracts.Change, error) {
	a, ok1 := before.(*Document)
	b, ok2 := after.(*Document)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("changes are told of two pacts")
	}
	d := &differ{old: newPlaces(a), next: newPlaces(b)}
	d.parties(a, b)
	pairs := pair(a, b)
	for _, p := range pairs {
		switch {
		case p.new == nil:
			d.note(contracts.Safe, "INTERACTION_REMOVED", p.old.Name(), p.old.Place, contracts.Place{}, "%q is not relied on any more.", p.old.Name())
		case p.old == nil:
			d.added(a, p.new)
		default:
			d.both(p.old, p.new)
		}
	}
	contracts.SortChanges(d.found)
	return d.found, nil
}

// A differ collects what changes from one pact to the next.
type differ struct {
	old, next places
	found     []contracts.Change
}

func (d *differ) note(s contracts.Severity, kind, path string, before, after contracts.Place, format string, args ...any) {
	d.found = append(d.found, contracts.Change{Type: kind, Path: path, Severity: s, Message: fmt.Sprintf(format, args...), Before: before, After: after})
}

func (d *differ) parties(a, b *Document) {
	for _, p := range []struct{ kind, role, was, is string }{{"CONSUMER_CHANGED", "consumer", a.Consumer, b.Consumer}, {"PROVIDER_CHANGED", "provider", a.Provider, b.Provider}} {
		if p.was != p.is {
			d.note(contracts.Dangerous, p.kind, p.role, d.old.first("/"+p.role), d.next.first("/"+p.role), "The %s is %s and was %s; are these two versions of one pact?", p.role, p.is, p.was)
		}
	}
}

// places says where values of a pact stand. Its files are read again for that,
// as a document that judges exchanges has no use for it.
type places struct {
	d     *Document
	trees map[string]*source.Tree
}

func newPlaces(d *Document) places { return places{d, map[string]*source.Tree{}} }

func (p places) at(file, pointer string) contracts.Place {
	t := p.trees[file]
	if t == nil {
		for _, f := range p.d.files {
			if f.Name == file {
				t, _ = source.Read(f) // it was read before
			}
		}
		p.trees[file] = t
	}
	if t == nil {
		return contracts.Place{File: file}
	}
	return t.Place(pointer)
}

// first is a place in the first file.
func (p places) first(pointer string) contracts.Place {
	if len(p.d.files) == 0 {
		return contracts.Place{}
	}
	return p.at(p.d.files[0].Name, pointer)
}

// of is a place within an interaction.
func (p places) of(in *Interaction, pointer string) contracts.Place {
	return p.at(in.Place.File, in.pointer+pointer)
}

// A twosome is an interaction of both pacts, or of one of them.
type twosome struct{ old, new *Interaction }

// pair finds the interactions of a in b: by description and states, then by
// description alone, then calls by states, method and path.
func pair(a, b *Document) (pairs []twosome) {
	left, right := slices.Clone(a.Interactions), slices.Clone(b.Interactions)
	for _, key := range []func(*Interaction) string{
		func(in *Interaction) string { return fmt.Sprintf("%s %q %v", in.Kind, in.Description, in.States) },
		func(in *Interaction) string { return fmt.Sprintf("%s %q %q", in.Kind, in.Description, stateNames(in)) },
		func(in *Interaction) string { return fmt.Sprintf("%s %q", in.Kind, in.Description) },
		func(in *Interaction) string {
			if in.Kind != HTTP {
				return ""
			}
			return fmt.Sprintf("%s %s %q", in.Request.Method, in.Request.Path, stateNames(in))
		},
	} {
		waiting := map[string][]*Interaction{}
		for _, in := range right {
			waiting[key(in)] = append(waiting[key(in)], in)
		}
		taken := map[*Interaction]bool{}
		left = slices.DeleteFunc(left, func(in *Interaction) bool {
			k := key(in)
			if k == "" || len(waiting[k]) == 0 {
				return false
			}
			pairs = append(pairs, twosome{in, waiting[k][0]})
			taken[waiting[k][0]] = true
			waiting[k] = waiting[k][1:]
			return true
		})
		right = slices.DeleteFunc(right, func(in *Interaction) bool { return taken[in] })
	}
	for _, in := range left {
		pairs = append(pairs, twosome{old: in})
	}
	for _, in := range right {
		pairs = append(pairs, twosome{new: in})
	}
	return pairs
}

func stateNames(in *Interaction) (names []string) {
	for _, s := range in.States {
		names = append(names, s.Name)
	}
	return names
}

// added tells of an interaction that the old pact does not have. One that asks
// what another asks already, and relies on no more, costs the provider nothing.
func (d *differ) added(a *Document, in *Interaction) {
	s, why := contracts.Breaking, "is relied on now, and the old pact did not ask for it"
	switch {
	case in.Pending:
		s, why = contracts.Safe, "was added, pending: it counts for nothing yet"
	case in.Kind == HTTP:
		for _, o := range a.possible(in.Request.Path, true) {
			if o.Kind == HTTP && !o.Pending && slices.Equal(stateNames(o), stateNames(in)) && d.within(o, in) {
				s, why = contracts.Safe, fmt.Sprintf("was added, and relies on nothing beyond %q", o.Name())
			}
		}
	}
	d.note(s, "INTERACTION_ADDED", in.Name(), contracts.Place{}, in.Place, "%q %s.", in.Name(), why)
}

// within reports whether who keeps o keeps in as well.
func (d *differ) within(o, in *Interaction) bool {
	one := &differ{old: d.old, next: d.next}
	one.content(o, in)
	return contracts.Worst(one.found) == contracts.Safe
}

// both compares an interaction of the old pact with the same one of the new.
func (d *differ) both(o, in *Interaction) {
	before := len(d.found)
	d.states(o, in)
	if o.Description != in.Description {
		d.note(contracts.Safe, "DESCRIPTION_CHANGED", o.Name(), d.old.of(o, "/description"), d.next.of(in, "/description"), "%q is described as %q now.", o.Description, in.Description)
	}
	d.content(o, in)
	switch {
	case in.Pending: // it is made and told, and counts for nothing
		for i := range d.found[before:] {
			d.found[before+i].Severity = contracts.Safe
		}
		if !o.Pending {
			d.note(contracts.Safe, "PENDING_ADDED", o.Name(), o.Place, d.next.of(in, "/pending"), "%q is pending now, and counts for nothing.", in.Name())
		}
	case o.Pending:
		d.note(contracts.Breaking, "PENDING_REMOVED", o.Name(), d.old.of(o, "/pending"), in.Place, "%q is not pending any more, and counts.", in.Name())
	}
}

func (d *differ) states(o, in *Interaction) {
	at, to := d.old.of(o, "/providerStates"), d.next.of(in, "/providerStates")
	if was, is := stateNames(o), stateNames(in); !slices.Equal(was, is) {
		d.note(contracts.Breaking, "STATE_CHANGED", o.Name(), at, to, "%q is asked for in other provider states: %s instead of %s.", in.Description, list(is), list(was))
		return
	}
	if !slices.EqualFunc(o.States, in.States, func(a, b State) bool { return sameParams(a.Params, b.Params) }) {
		d.note(contracts.Dangerous, "STATE_PARAMS_CHANGED", o.Name(), at, to, "%q sets its provider states with other parameters, on which the callback of the provider may depend.", in.Description)
	}
}

func sameParams(a, b map[string]any) bool {
	return len(a) == 0 && len(b) == 0 || equal(a, b)
}

func list(names []string) string { return cmp.Or(show2(names), "none") }

// content compares what is asked and what is answered.
func (d *differ) content(o, in *Interaction) {
	c := partDiffer{d: d, o: o, in: in}
	switch in.Kind {
	case HTTP:
		c.named("request", "/request", "/request", o.Request, in.Request).asked(true)
		c.named("response", "/response", "/response", o.Response, in.Response).answered()
	case Async:
		c.named("message", "", "", o.Response, in.Response).answered()
	case Sync:
		c.named("request", "/request", "/request", o.Request, in.Request).asked(false)
		was, is := append([]Part{o.Response}, o.More...), append([]Part{in.Response}, in.More...)
		for i := range min(len(was), len(is)) {
			p := fmt.Sprintf("/response/%d", i)
			c.named(strings.TrimSuffix(fmt.Sprintf("response %d", i+1), " 1"), p, p, was[i], is[i]).answered()
		}
		if len(was) != len(is) {
			s := contracts.Safe
			if len(is) > len(was) {
				s = contracts.Breaking
			}
			d.note(s, "RESPONSES_CHANGED", o.Name(), d.old.of(o, "/response"), d.next.of(in, "/response"), "%q is answered by %d messages, and was by %d.", in.Name(), len(is), len(was))
		}
	}
}
