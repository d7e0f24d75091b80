package pact

import (
	"fmt"

	"github.com/andon-rig/andon/contracts"
)

// overlap names interactions that ask the same in the same states and expect
// another answer: a provider can keep one of them and not the other.
func (d *Document) overlap() (ps contracts.Problems) {
	seen := map[string]*Interaction{}
	for _, in := range d.Interactions {
		if in.Kind != HTTP {
			continue
		}
		key := asks(in.Request) + fmt.Sprintf(" %v", in.States)
		before := seen[key]
		if before == nil {
			seen[key] = in
			continue
		}
		if before.Description != in.Description && answers(before.Response) != answers(in.Response) {
			ps = append(ps, contracts.Problem{
				Place: in.Place,
				Text:  fmt.Sprintf("%q asks the same as %q at %s, in the same states, and expects another answer", in.Description, before.Description, before.Place),
				Hint:  "give them provider states that tell them apart",
			})
		}
	}
	return ps
}

// asks is all that a request says, to compare it. Maps are printed in the order
// of their keys.
func asks(p Part) string {
	return fmt.Sprintf("%s %q %q %q %q %v", p.Method, p.Path, p.Query, p.Headers, p.Body.Bytes, p.Rules)
}

func answers(p Part) string {
	return fmt.Sprintf("%d %q %q %v", p.Status, p.Headers, p.Body.Bytes, p.Rules)
}
