package main

import (
	"fmt"
	"slices"

	"github.com/andon-rig/andon/examples/bridge"
	"github.com/andon-rig/andon/scenarios"
)

// elsewhere names, for defects that no scenario of the pack smoke can show,
// ready-made scenarios that do. They are played besides the pack, against that
// defect only.
var elsewhere = map[bridge.Defect][]string{
	bridge.M60: {"MDM-09"}, // smoke shows it to field-fidelity, and is too fast for bounded-staleness
	bridge.M81: {"LAB-01"},
}

// scenariosFor returns the pack and what besides it is to show d.
func (m *measure) scenariosFor(d bridge.Defect) ([]scenarios.Scenario, error) {
	all := slices.Clone(m.pack)
	if m.options.scenarios != "" {
		return all, nil // the user has chosen
	}
	for _, id := range elsewhere[d] {
		found, err := scenarios.Find(id)
		if err != nil {
			return nil, fmt.Errorf("scenario that shows %s: %w", d, err)
		}
		for _, s := range found {
			if !slices.ContainsFunc(all, func(p scenarios.Scenario) bool { return p.Metadata.ID == s.Metadata.ID }) {
				all = append(all, s)
			}
		}
	}
	return all, nil
}
