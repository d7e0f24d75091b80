package harness

import (
	"errors"
	"fmt"
	"slices"
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

// remedy says which rigs of the bundled build have what f lacks for s.
func (f File) remedy(s scenarios.Scenario) string {
	var at []string
	for _, e := range bundledERPs {
		if rig, _, err := BundledWith(e.dialect); err == nil && rig.Lacks(s) == "" {
			at = append(at, e.dialect)
		}
	}
	switch {
	case len(at) == 0:
		return "no rig that comes with andon has it by itself: a rig file of your own must say it"
	case slices.Equal(at, BundledERPs()):
		return "the rig of the bundled build has it"
	case len(at) == 1:
		return fmt.Sprintf("the bundled build has it with --erp %s", at[0])
	}
	return fmt.Sprintf("the bundled build has it with --erp %s or %s", strings.Join(at[:len(at)-1], ", "), at[len(at)-1])
}
