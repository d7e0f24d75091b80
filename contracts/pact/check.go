package pact

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

var (
	_ contracts.Checker  = (*Document)(nil)
	_ contracts.Measurer = (*Document)(nil)
)

// Check implements [contracts.Checker].
//
// Of calls, the interactions count whose request is the one that was made: the
// response must be that of one of them. Provider states are not known on the
// wire, so that several may fit. A request that none declares is not covered.
// Of announcements, one of the messages must be the one that was made. Where
// the pact has several, one that says another value than a message has word for
// word is another message, and not covered if it is none of them.
func (d *Document) Check(x contracts.Exchange) (found []contracts.Breach, covered bool) {
	fits, nearest := d.candidates(x)
	if len(fits) == 0 {
		return nearest, nearest != nil
	}
	if x.FromConsumer && x.Reply == nil {
		return nil, true
	}
	var best []contracts.Breach
	for i, in := range fits {
		bad := in.answer(x)
		if len(bad) == 0 {
			return nil, true
		}
		if i == 0 || unclear(bad) && !unclear(best) || unclear(bad) == unclear(best) && len(bad) < len(best) {
			best = bad
		}
	}
	return best, true
}

// unclear reports whether none of what is wrong is known to be.
func unclear(bad []contracts.Breach) bool {
	return !slices.ContainsFunc(bad, func(b contracts.Breach) bool { return !b.Unclear })
}

// candidates are the interactions that x may be. If it is none of the messages
// that are announced, nearest says what is wrong by the one that it is most
// like; and if it cannot be told whether it is one, why not.
func (d *Document) candidates(x contracts.Exchange) (fits []*Interaction, nearest []contracts.Breach) {
	asked, several := once(seen(x.Request)), d.find().async > 1
	least := -1
	var perhaps []contracts.Breach
	for _, in := range d.possible(x.Request.Path, x.FromConsumer) {
		var bad []mismatch
		switch {
		case x.FromConsumer && in.Kind == HTTP:
			bad = request(in.Request, asked)
		case x.FromConsumer && in.Kind == Sync:
			bad = message(in.Request, asked)
		case !x.FromConsumer && in.Kind == Async:
			bad = message(in.Response, asked)
		default:
			continue
		}
		if len(bad) == 0 {
			fits = append(fits, in)
			continue
		}
		if told := in.breaches(bad, false); perhaps == nil && unclear(told) {
			perhaps = told
		}
		if !x.FromConsumer && (least < 0 || len(bad) < least) && (!several || !another(bad)) {
			least, nearest = len(bad), in.breaches(bad, false)
		}
	}
	switch {
	case len(fits) > 0:
		nearest = nil
	case perhaps != nil:
		nearest = perhaps
	}
	return fits, nearest
}

// another reports whether a message says another text where exactly one is
// relied on: "closed" where it would be "released".
func another(bad []mismatch) bool {
	return slices.ContainsFunc(bad, func(m mismatch) bool {
		return !m.unknown && strings.HasPrefix(m.at, "$") && strings.HasPrefix(m.want, `"`) && strings.HasPrefix(m.got, `"`)
	})
}

// once reads a JSON body, so that comparing it with many interactions does not.
func once(a actual) actual {
	if a.Body.Presence == Present && isJSON(a.Body.ContentType) {
		if v, err := valueOf(a.Body); err == nil && v != nil {
			a.Body.JSON, a.Body.IsJSON = v, true
		}
	}
	return a
}

// answer says what is wrong with the reply of x, if in is what was asked.
func (in *Interaction) answer(x contracts.Exchange) []contracts.Breach {
	if in.Kind == Async {
		return nil
	}
	if x.Reply == nil {
		return nil
	}
	if in.Kind == Sync {
		return in.breaches(message(in.Response, seen(*x.Reply)), true)
	}
	return in.breaches(response(in.Response, seen(*x.Reply)), true)
}

func (in *Interaction) breaches(bad []mismatch, reply bool) (found []contracts.Breach) {
	for _, m := range bad {
		want := m.want
		if m.unknown {
			want = "what can be told"
		}
		found = append(found, contracts.Breach{Reply: reply, Path: m.at, Want: want, Got: m.got, Place: in.Place, Unclear: m.unknown})
	}
	return found
}

// Parts implements [contracts.Measurer]: the descriptions of the interactions.
func (d *Document) Parts() []string {
	var all []string
	for _, in := range d.Interactions {
		all = append(all, in.Name())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Used implements [contracts.Measurer].
func (d *Document) Used(x contracts.Exchange) []string {
	fits, _ := d.candidates(x)
	var all []string
	for _, in := range fits {
		if len(in.answer(x)) == 0 {
			all = append(all, in.Name())
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Name is the description with its states, which together tell interactions
// apart.
func (in *Interaction) Name() string {
	if len(in.States) == 0 {
		return in.Description
	}
	var states []string
	for _, s := range in.States {
		states = append(states, s.Name)
	}
	return in.Description + " (" + strings.Join(states, ", ") + ")"
}

// ErrCannotTell says that a verdict could not be reached.
var ErrCannotTell = errCannotTell

// Judge holds a reply against this interaction alone, as a verifier does that
// has made its request. An error that is [ErrCannotTell] is no verdict.
func (in *Interaction) Judge(reply contracts.Part) ([]contracts.Breach, error) {
	var bad []mismatch
	switch in.Kind {
	case HTTP:
		bad = response(in.Response, seen(reply))
	default:
		bad = message(in.Response, seen(reply))
	}
	if _, err := verdict(bad); err != nil && errors.Is(err, errCannotTell) {
		return nil, fmt.Errorf("%s: %w", in.Name(), err)
	}
	return in.breaches(bad, true), nil
}
