package suite

import (
	"slices"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/scenarios"
)

// Finished gives tests the scenario that a Builder builds.
func (b Builder) Finished() (scenarios.Scenario, error) {
	s, err := b.finished()
	return s.scenario, err
}

// Load gives tests what [DescribeScenarios] would declare specs for.
func Load(rig string, patterns ...string) (titles []string, err error) {
	found, err := load(patterns)
	if err != nil {
		return nil, err
	}
	c := newConfig(rig, nil)
	for _, s := range found {
		titles = append(titles, s.scenario.Metadata.ID)
	}
	return titles, c.read()
}

// Prepare gives tests what a run of b would be made of.
func Prepare(rig string, b Builder, options ...Option) (harness.GateOptions, error) {
	s, err := b.finished()
	if err != nil {
		return harness.GateOptions{}, err
	}
	return newConfig(rig, slices.Concat(b.options, options)).options(s)
}

// Labels gives tests the labels of a scenario.
func Labels(m scenarios.Metadata) []string { return labels(m) }
