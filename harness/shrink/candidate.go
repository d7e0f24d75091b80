package shrink

import (
	"slices"

	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
)

// faulty is s with other faults. Steps arm and heal only faults that are there
// and have no strikes of their own; faults with strikes are in force all the
// time and wait for them.
func faulty(s scenarios.Scenario, faults []scenarios.Fault) scenarios.Scenario {
	faults = standing(faults)
	s.Faults = slices.Clone(faults)
	armed := func(id string) bool {
		return slices.ContainsFunc(faults, func(f scenarios.Fault) bool { return f.ID == id && len(f.Hits.Strikes) == 0 })
	}
	var steps []scenarios.Step
	for _, st := range s.When {
		if st, ok := disarmed(st, armed); ok {
			steps = append(steps, st)
		}
	}
	return stepped(s, steps)
}

// standing is faults without those that wait for one that is not among them,
// as they would never strike. A fault whose strikes are named waits for nothing.
func standing(faults []scenarios.Fault) []scenarios.Fault {
	there := func(id string) bool {
		return id == "" || slices.ContainsFunc(faults, func(f scenarios.Fault) bool { return f.ID == id })
	}
	left := slices.DeleteFunc(slices.Clone(faults), func(f scenarios.Fault) bool {
		return !there(f.Hits.StruckBy.S) || (f.After != nil && !there(f.After.Fault.S)) || (f.While != nil && !there(f.While.Fault.S))
	})
	if len(left) == len(faults) {
		return left
	}
	return standing(left) // others may wait for those
}

// stepped is s with other steps.
func stepped(s scenarios.Scenario, steps []scenarios.Step) scenarios.Scenario {
	of := s.Metadata.Of
	s.When = steps
	s, _ = scenarios.New(s) // reads the steps anew; what was possible with more of them is possible with fewer
	s.Metadata.Of = of
	return s
}

// disarmed is a step without the arming and healing of faults that are not
// armed by steps; false if nothing is left of it.
func disarmed(st scenarios.Step, armed func(id string) bool) (scenarios.Step, bool) {
	if st.Do.IsZero() {
		return st, true
	}
	if st.Do.Kind() == yamlfile.Text {
		if !gone(st.Do.Text(), st.Args, armed) {
			return st, true
		}
		st.Do, st.Args = scenarios.Do{}, yamlfile.Node{}
		return st, st.As != ""
	}
	var left []yamlfile.Node
	for _, item := range st.Do.Items() {
		name, args := item.Text(), yamlfile.Node{}
		if item.Kind() == yamlfile.Map {
			name = item.Keys()[0]
			args = item.Get(name)
		}
		if !gone(name, args, armed) {
			left = append(left, item)
		}
	}
	if len(left) == len(st.Do.Items()) {
		return st, true
	}
	if st.Do = (scenarios.Do{}); len(left) > 0 {
		st.Do.Node = yamlfile.Node{}.Append(left...)
	}
	return st, len(left) > 0 || st.As != ""
}

// gone reports whether an action arms or heals a fault that steps do not arm.
func gone(action string, args yamlfile.Node, armed func(id string) bool) bool {
	id := args.Get("fault").Text()
	return (action == scenarios.DoArm || action == scenarios.DoHeal) && id != "" && !armed(id)
}

// narrowed is s with nothing happening but facts.
func narrowed(s scenarios.Scenario, facts []string) scenarios.Scenario {
	s.Given.Only = scenarios.Only{Facts: facts}
	return s
}
