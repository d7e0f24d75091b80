package suite

import "github.com/andon-rig/andon/scenarios"

// Finished gives tests the scenario that a Builder builds.
func (b Builder) Finished() (scenarios.Scenario, error) {
	s, err := b.finished()
	return s.scenario, err
}
