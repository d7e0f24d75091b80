package main

import (
	"slices"

	"github.com/andon-rig/andon/examples/bridge"
	"github.com/andon-rig/andon/scenarios"
)

// elsewhere names, for defects that no scenario of the pack smoke can show, or
// not to each intended oracle, the scenarios of the library that do. They come
// first of the rest of the library.
var elsewhere = map[bridge.Defect][]string{
	bridge.M60: {"MDM-09"}, // smoke shows it to field-fidelity, and is too fast for bounded-staleness
	bridge.M65: {"NET-12"},
	bridge.M66: {"CUT-01"},
	bridge.M68: {"NET-05"},
	bridge.M81: {"LAB-01"},
	bridge.M83: {"LOT-02", "LOT-03"},
	bridge.M84: {"LOT-02", "LOT-03"},
	bridge.M85: {"MEC-04"},
}

// restFor returns the rest of the library: what is meant to show d, and the
// others.
func (m *measure) restFor(d bridge.Defect) (meant, others []scenarios.Scenario) {
	for _, s := range m.rest {
		if slices.Contains(elsewhere[d], s.Metadata.Of) {
			meant = append(meant, s)
			continue
		}
		others = append(others, s)
	}
	return meant, others
}
