package scenarios

import (
	"fmt"
	"strings"

	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators/plant"
)

// New completes a scenario that was built in Go rather than read from a file.
// It refuses what a file would be refused for.
func New(s Scenario) (Scenario, error) {
	s.APIVersion, s.Kind, s.Metadata.Of = APIVersion, KindScenario, s.Metadata.ID
	return s, s.check()
}

// Text writes s as a file that Load reads, so that what was built in Go can be
// kept beside its evidence and run again.
func Text(s Scenario) ([]byte, error) {
	n, err := yamlfile.Of(yamlfile.Pos{}, s)
	if err != nil {
		return nil, fmt.Errorf("write scenario %s: %w", s.Metadata.ID, err)
	}
	return yamlfile.Pretty(n), nil
}

// Acts returns what a step does, for scenarios built in Go: each of list is an
// action and its arguments.
func Acts(pos yamlfile.Pos, list ...map[string]any) (Do, error) {
	n, err := yamlfile.Of(pos, list)
	return Do{n}, err
}

// MarshalNode implements [yamlfile.Marshaler].
func (m Moment) MarshalNode() (any, error) {
	switch {
	case m.Delay.IsZero():
		return m.Ref, nil
	case m.Ref == RunStart:
		return m.Delay, nil
	}
	return map[string]any{"ref": m.Ref, "delay": m.Delay}, nil
}

// MarshalNode implements [yamlfile.Marshaler].
func (a Anchor) MarshalNode() (any, error) { return strings.TrimSuffix(a.Word+":"+a.At, ":"), nil }

// MarshalNode implements [yamlfile.Marshaler].
func (a Amount) MarshalNode() (any, error) { return plant.Decimal(a).String(), nil }

// MarshalNode implements [yamlfile.Marshaler].
func (e Expr) MarshalNode() (any, error) { return e.Source, nil }

// MarshalNode implements [yamlfile.Marshaler].
func (t Target) MarshalNode() (any, error) {
	switch {
	case t.Ref != "":
		return map[string]string{"ref": t.Ref + "." + t.Field}, nil
	case t.Nth > 0:
		return map[string]int{"nth": t.Nth}, nil
	}
	return t.ID, nil
}

// MarshalNode implements [yamlfile.Marshaler].
func (w Waiver) MarshalNode() (any, error) { return map[string]string{w.Name: w.Reason}, nil }

// MarshalNode implements [yamlfile.Marshaler].
func (q Quota) MarshalNode() (any, error) {
	return quotaForm{q.Rate, yamlfile.Wall(q.Window), q.SlowAfter, yamlfile.Wall(q.Slow), q.RetryAfter, q.Others, q.Priority}, nil
}

// MarshalNode implements [yamlfile.Marshaler].
func (d Do) MarshalNode() (any, error) { return d.Node, nil }
