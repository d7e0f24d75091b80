package pact

import (
	"slices"

	"github.com/andon-rig/andon/contracts"
)

// Near is an interaction that a request is not, with what keeps it from being
// that one.
type Near struct {
	Interaction *Interaction
	Breaches    []contracts.Breach
}

// Asked returns the interactions over HTTP whose request p is. If it is none,
// near are those that it is most like, the most similar first, at most three.
func (d *Document) Asked(p contracts.Part) (fits []*Interaction, near []Near) {
	for _, in := range d.Interactions {
		if in.Kind != HTTP {
			continue
		}
		bad := request(in.Request, seen(p))
		if len(bad) == 0 {
			fits = append(fits, in)
			continue
		}
		near = append(near, Near{in, in.breaches(bad, false)})
	}
	if len(fits) > 0 {
		return fits, nil
	}
	// Another path weighs more than anything in the body.
	slices.SortStableFunc(near, func(a, b Near) int { return a.distance() - b.distance() })
	return nil, near[:min(len(near), 3)]
}

func (n Near) distance() (sum int) {
	for _, b := range n.Breaches {
		switch b.Path {
		case "path":
			sum += 100
		case "method":
			sum += 50
		}
		sum++
	}
	return sum
}
