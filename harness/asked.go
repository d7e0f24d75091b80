package harness

import (
	"errors"
	"fmt"
	"strings"

	"github.com/andon-rig/andon/scenarios"
)

// Refuse says of each scenario that somebody asks for by name what the rig lacks
// for it, and where the bundled build has it; nil if nothing is lacking. Played all
// the same, such a scenario ends with a verdict on the rig, or with none.
func (f File) Refuse(asked []scenarios.Scenario) error {
	var all []error
	for _, s := range asked {
		lack := f.Lacks(s)
		if lack == "" {
			continue
		}
		id := s.Metadata.ID
		all = append(all, fmt.Errorf("%s cannot be played at this rig: %s; %s", id, strings.TrimPrefix(lack, id+" was not run: "), f.remedy(s)))
	}
	return errors.Join(all...)
}

// rigsFor are rig files for scenarios that need more than another ERP, or show more
// there.
var rigsFor = map[string]string{
	"BRK-01": "examples/bridge/mqtt.yaml", "BRK-02": "examples/bridge/nats.yaml", "BRK-03": "examples/bridge/nats.yaml",
	"MDM-10": "examples/bridge/lists.yaml", "MDM-13": "examples/bridge/lists.yaml", "NET-07": "examples/bridge/secured.yaml",
}

// remedy says which rigs of the bundled build have what f lacks for s.
func (f File) remedy(s scenarios.Scenario) string {
	var at []string
	for _, e := range bundledERPs {
		if rig, _, err := BundledWith(e.dialect); err == nil && rig.Lacks(s) == "" {
			at = append(at, "--erp "+e.dialect)
		}
	}
	file := rigsFor[s.Metadata.Of]
	switch {
	case file != "":
		at = append(at, "--rig "+file)
	case len(at) == 0:
		return "no rig that comes with andon has it by itself: a rig file of your own must say it"
	case len(at) == len(bundledERPs):
		return "the rig of the bundled build has it"
	}
	said := at[len(at)-1]
	if len(at) > 1 {
		said = strings.Join(at[:len(at)-1], ", ") + " or " + said
	}
	return "the bundled build has it with " + said
}
