package harness

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// everywhere is the entry of attribution that holds for every endpoint that
// has none of its own.
const everywhere = "key"

// checkAttribution finds mistakes in where messages name their facts.
func (f *File) checkAttribution() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(f.Attribution)) {
		if _, known := f.Endpoints[name]; !known && name != everywhere {
			names := append(slices.Sorted(maps.Keys(f.Endpoints)), everywhere)
			errs = append(errs, f.Pos.Errorf("attribution names the endpoint %q, which is not there", name).
				WithHint("%s", yamlfile.OneOf(name, names)))
			continue
		}
		if _, err := evidence.ParsePlace(f.Attribution[name]); err != nil {
			errs = append(errs, f.Pos.Errorf("attribution.%s: %v", name, err))
		}
	}
	return errors.Join(errs...)
}

// attribution returns how a message of an endpoint is asked for the facts it
// names; nil if the rig file does not say.
func attribution(rules map[string]string, endpoint string) func(simulators.Message) []plant.EventID {
	rule := cmp.Or(rules[endpoint], rules[everywhere])
	place, err := evidence.ParsePlace(rule)
	if rule == "" || err != nil { // a mistake was told when the file was read
		return nil
	}
	return func(m simulators.Message) (ids []plant.EventID) {
		for _, ref := range place.In(m) {
			ids = append(ids, plant.EventID(ref))
		}
		return ids
	}
}
