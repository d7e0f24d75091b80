package scenarios

import (
	"cmp"
	"slices"
)

// customary are the names that ready-made scenarios give endpoints, and the
// systems they mean.
var customary = map[string]string{"erp": "erp", "mes": "mes", "machines": "machine"}

// Meant returns the endpoint that a scenario means by a name, given the system
// behind each endpoint of the rig: the one of that name, else the only one with
// the system that is customarily called so. A rig may call its ERP what it
// likes and plays ready-made scenarios all the same.
func Meant(name string, systems map[string]string) string {
	if _, there := systems[name]; there || customary[name] == "" {
		return name
	}
	only := ""
	for endpoint, system := range systems {
		if system != customary[name] {
			continue
		}
		if only != "" {
			return name // two of them: which is meant is not known
		}
		only = endpoint
	}
	return cmp.Or(only, name)
}

// EndpointNames lists what a scenario may call the endpoints of a rig.
func EndpointNames(systems map[string]string) []string {
	names := []string{}
	for name := range systems {
		names = append(names, name)
	}
	for name := range customary {
		if Meant(name, systems) != name {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
