package endpoint

import (
	"slices"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// join puts e behind the messaging service of another endpoint: that one's
// gateway lets the SUT in, and hands on what is for e.
func (e *Endpoint) join(bus *Endpoint) {
	e.tokens, e.quota = bus.tokens, bus.quota
	bus.behind = append(bus.behind, e)
}

// addressee is the endpoint that a message of the SUT is for: of those behind
// this messaging service the one that it names, or that takes the facts which it
// tells of; otherwise e.
func (e *Endpoint) addressee(m simulators.Message) *Endpoint {
	d, ok := e.Dialect.(simulators.Switch)
	if len(e.behind) == 0 || !ok || m.Name == e.tokenAt || m.Unread != nil {
		return e
	}
	point, kinds := d.Addressee(m)
	for _, to := range e.behind {
		if s, ok := to.Dialect.(simulators.Switch); ok && (point != "" && point == s.Point() || point == "" && to.takes(kinds)) {
			return to
		}
	}
	return e
}

// takes reports whether facts of one of these kinds go into these books.
func (e *Endpoint) takes(kinds []plant.Kind) bool {
	return slices.ContainsFunc(kinds, func(k plant.Kind) bool { return e.Takes[k] })
}
