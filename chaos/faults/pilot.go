package faults

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A PilotRule is a rule of one of the troubles that pilots are told to
// rehearse. The harness arms it, with an instance of its own, at each endpoint
// whose system is System.
type PilotRule struct {
	System string // "erp" or "mes"
	Rule   chaos.Rule
}

// PilotNames lists the troubles that pilots are told to rehearse.
func PilotNames() []string {
	return []string{"network-loss", "duplicate-messages", "invalid-lot", "api-throttling", "delayed-approval"}
}

// Pilot returns the rules of one of [PilotNames]. They strike every n-th fact
// and not by chance, so that a short run is exercised too, and end by
// themselves, so that they need no place in a timeline.
func Pilot(name string) ([]PilotRule, error) {
	switch name {
	case "network-loss":
		return pilotNetworkLoss(), nil
	case "duplicate-messages":
		return pilotDuplicates(), nil
	case "invalid-lot":
		return []PilotRule{{"mes", chaos.Rule{ID: "pilot-invalid-lot", Kind: "invalid-lot", Fault: &InvalidLot{Variant: AnyVariant},
			Direction: simulators.ToSUT, Fact: plant.KindConsumption, Every: 3, Per: perRun}}}, nil
	case "api-throttling":
		return pilotThrottling(), nil
	case "delayed-approval":
		return []PilotRule{{"erp", chaos.Rule{ID: "pilot-delayed-approval", Kind: "delayed-approval", Fault: &DelayedApproval{For: Wall(3 * time.Second)},
			Direction: simulators.ToSUT, Fact: plant.KindLotDecided, Attempts: 1}}}, nil
	}
	if i := slices.IndexFunc(PilotNames(), func(n string) bool { return strings.Contains(n, name) || strings.Contains(name, n) }); i >= 0 && name != "" {
		return nil, fmt.Errorf("there is no pilot fault %q; did you mean %q? There are %s", name, PilotNames()[i], strings.Join(PilotNames(), ", "))
	}
	return nil, fmt.Errorf("there is no pilot fault %q; there are %s", name, strings.Join(PilotNames(), ", "))
}

const perRun = "run"

// pilotNetworkLoss cuts the line to the ERP for two seconds and, as a line
// that fails does, loses some replies of what had arrived.
func pilotNetworkLoss() []PilotRule {
	return []PilotRule{
		{"erp", chaos.Rule{ID: "pilot-network-cut", Kind: "network-loss",
			Fault: &NetworkLoss{Symptom: simulators.Reset, Skip: 3, For: Wall(2 * time.Second)}}},
		{"erp", chaos.Rule{ID: "pilot-replies-lost", Kind: "ambiguous-commit",
			Fault:     &AmbiguousCommit{Symptom: simulators.Reset, Latency: Wall(20 * time.Millisecond)},
			Direction: simulators.FromSUT, Every: 4, Per: perRun, Attempts: 1, Writes: true}},
	}
}

// pilotDuplicates has what both systems announce arrive twice, side by side
// and later. What the SUT sends is left alone: an endpoint without protection
// would post our own copies.
func pilotDuplicates() (rules []PilotRule) {
	for _, system := range []string{"erp", "mes"} {
		rules = append(rules,
			PilotRule{system, chaos.Rule{ID: "pilot-duplicate-at-once-" + system, Kind: "duplicate", Fault: &Duplicate{Copies: 1},
				Direction: simulators.ToSUT, Every: 3, Per: perRun, Attempts: 1}},
			PilotRule{system, chaos.Rule{ID: "pilot-duplicate-later-" + system, Kind: "duplicate", Fault: &Duplicate{Copies: 1, Later: Wall(2 * time.Second)},
				Direction: simulators.ToSUT, Every: 5, Per: perRun, Attempts: 1}})
	}
	return rules
}

// pilotThrottling has the ERP turn away every second fact of the most frequent
// kinds once, each kind in another form of Retry-After.
func pilotThrottling() []PilotRule {
	rule := func(fact plant.Kind, form simulators.RetryAfter) PilotRule {
		return PilotRule{"erp", chaos.Rule{ID: "pilot-throttle-" + string(fact), Kind: "throttle",
			Fault:     &Throttle{RetryAfter: form, After: Wall(time.Second), Attempts: 1, Per: PerAll},
			Direction: simulators.FromSUT, Fact: fact, Every: 2, Per: perRun, Writes: true}}
	}
	return []PilotRule{
		rule(plant.KindConfirmation, simulators.RetrySeconds),
		rule(plant.KindConsumption, simulators.RetryDate),
		rule(plant.KindOperationStarted, simulators.RetryMissing),
	}
}
