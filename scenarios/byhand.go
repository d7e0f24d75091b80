package scenarios

import (
	"errors"
	"fmt"

	"github.com/andon-rig/andon/internal/yamlfile"
)

// ParseFaults reads faults that a person arms in a run that is under way: one,
// a list, or a mapping with a list of faults, as YAML or JSON, in the words of
// a scenario's faults. Those without an id are given one. known are those that
// there are already, which the new ones may depend on. Mistakes read as in a
// file called name.
func ParseFaults(name string, b []byte, known []Fault) (list []Fault, err error) {
	n, err := yamlfile.Parse(name, b)
	if err != nil {
		return nil, err
	}
	items := []yamlfile.Node{n}
	switch {
	case n.Kind() == yamlfile.List:
		items = n.Items()
	case n.Kind() == yamlfile.Map && len(n.Keys()) == 1 && !n.Get("faults").IsZero():
		items = n.Get("faults").Items()
	case n.Kind() != yamlfile.Map:
		return nil, n.Errorf("a fault is expected here, not %s", n.Kind()).WithHint("{fault: lose, at: erp, hits: {fact: confirmation}}")
	}
	if len(items) == 0 {
		return nil, n.Errorf("there is no fault to arm").WithHint("{fault: lose, at: erp, hits: {fact: confirmation}}")
	}
	all := known
	for _, item := range items {
		f, err := parseFault(item, all)
		if err != nil {
			return nil, err
		}
		list, all = append(list, f), append(all[:len(all):len(all)], f)
	}
	var p problems
	(&Scenario{Faults: all}).checkFaults(&p, nil)
	return list, errors.Join(p...)
}

func parseFault(n yamlfile.Node, known []Fault) (f Fault, err error) {
	if n.Kind() == yamlfile.Map && n.Get("id").IsZero() {
		id, err := yamlfile.Of(n.Pos(), freshID(known))
		if err != nil {
			return f, err
		}
		n = n.With("id", id)
	}
	if err := n.Decode(&f); err != nil {
		return f, err
	}
	if w := f.During; !w.From.IsZero() || !w.To.IsZero() {
		return f, w.Pos.Errorf("a fault that is armed by hand is armed now").WithHint("leave during out; give for, or heal it by hand")
	}
	return f, nil
}

// freshID is an id that none of known has.
func freshID(known []Fault) string {
	for n := len(known) + 1; ; n++ {
		id, taken := fmt.Sprintf("hand-%d", n), false
		for _, f := range known {
			taken = taken || f.ID == id
		}
		if !taken {
			return id
		}
	}
}

// FaultText writes a fault as a file has it.
func FaultText(f Fault) (string, error) {
	n, err := yamlfile.Of(yamlfile.Pos{}, f)
	if err != nil {
		return "", fmt.Errorf("write fault %s: %w", f.ID, err)
	}
	return string(yamlfile.Pretty(n)), nil
}
