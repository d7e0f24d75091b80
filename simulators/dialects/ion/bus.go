package ion

import (
	"slices"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var _ simulators.Switch = Dialect{}

// Point implements [simulators.Switch].
func (d Dialect) Point() string { return d.Settings.logicalID() }

// Addressee implements [simulators.Switch]. lid://default leaves it to the document
// flows, which lead each document to the system whose facts it tells of.
func (d Dialect) Addressee(m simulators.Message) (point string, kinds []plant.Kind) {
	at, ok := d.resourceAt(m.Name)
	if !ok || at.what != "message" {
		return "", nil
	}
	p, _, err := unpack(at.layout, at.version, m)
	switch {
	case err != nil:
		return "", nil // which the service itself will say
	case p.ToLogicalID != "" && p.ToLogicalID != toDefault:
		return p.ToLogicalID, nil
	}
	verb, noun, _ := strings.Cut(p.DocumentName, ".")
	for _, n := range d.Settings.product().nouns {
		if n.verb == verb && n.name == noun && !slices.Contains(kinds, n.kind) {
			kinds = append(kinds, n.kind)
		}
	}
	return "", kinds
}
