package harness

import (
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// undated are dialects in which not every posting is booked with the date that it
// bears, so that a late one counts for the period in which it came.
var undated = []string{"d365/v1"}

// lacksDates says at which endpoint postings cannot be of the period of their facts,
// which s is about if a month ends in it; "" if there is none.
func (f File) lacksDates(s scenarios.Scenario) string {
	if f.Plant.Trace != nil || !slices.ContainsFunc(s.Expect.Always, func(w yamlfile.Word) bool { return w.S == "time-semantics" }) {
		return ""
	}
	cfg := s.PlantConfig(plant.Config{Profile: f.Plant.Profile, Zone: f.Plant.Zone, Shift: usualShift})
	at, err := zoneOf(cfg)
	if err != nil {
		return "" // told when the rig is built
	}
	from := s.Time.Anchor.Start(time.Now(), at, cfg.Shift)
	if from.Month() == from.Add(cfg.Shift).Month() {
		return ""
	}
	for _, name := range f.endpointNames() {
		if dialect := f.Endpoints[name].language(); slices.Contains(undated, dialect) {
			return fmt.Sprintf("%s was not run: it posts in one month what happened in another, and in %s, which %s speaks, not every posting is booked with its date", s.Metadata.ID, dialect, name)
		}
	}
	return ""
}

// mute are dialects in which the SUT cannot find out what became of a posting that
// was only accepted: nothing tells it, and there is nothing to ask.
var mute = []string{"files/v1", "sap-s4/v2"}

// lacksOutcome says at which endpoint s has postings only accepted where the SUT
// cannot find out what became of them; "" if there is none.
func (f File) lacksOutcome(s scenarios.Scenario) string {
	for _, name := range f.endpointNames() {
		dialect := f.Endpoints[name].language()
		if p, ok := s.Given.Endpoints[name]; ok && slices.Contains(mute, dialect) && p.Apply(simulators.Policy{}).Accept == simulators.AcceptQueued {
			return fmt.Sprintf("%s was not run: %s only accepts postings in it, and in %s nothing tells the SUT what became of them", s.Metadata.ID, name, dialect)
		}
	}
	return ""
}
