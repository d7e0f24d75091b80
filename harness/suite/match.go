package suite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onsi/gomega/types"

	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
)

// Hold succeeds if an [Outcome] holds: everything that had to be shown was
// shown, and no oracle found anything. It is not the opposite of
// [BeViolatedBy]: a run that has shown nothing satisfies neither.
func Hold() types.GomegaMatcher {
	return &matcher{
		match:   func(o Outcome) (bool, error) { return o.held(), nil },
		failure: func(o Outcome) string { return "expected the run to hold, but " + o.why() },
		negated: func(o Outcome) string {
			return fmt.Sprintf("expected %s not to hold, but it does, at seed %d", o.ID, o.Seed)
		},
	}
}

// BeViolatedBy succeeds if this oracle blames the SUT, as in
// Expect(run).To(BeViolatedBy("exactly-once")). Others may blame it too.
func BeViolatedBy(oracle string) types.GomegaMatcher {
	return &matcher{
		match: func(o Outcome) (bool, error) {
			if known := oracleNames(); !slices.Contains(known, oracle) {
				return false, fmt.Errorf("there is no oracle %q; %s", oracle, yamlfile.OneOf(oracle, known))
			}
			return slices.Contains(o.ViolatedBy(), oracle), nil
		},
		failure: func(o Outcome) string {
			who := "nobody blames the SUT"
			if by := o.ViolatedBy(); len(by) > 0 {
				who = "only " + strings.Join(by, ", ") + " blame the SUT"
			}
			return fmt.Sprintf("expected %s to be violated by %s, but %s\n%s", o.ID, oracle, who, o.why())
		},
		negated: func(o Outcome) string { return fmt.Sprintf("expected %s not to blame the SUT\n%s", oracle, o.why()) },
	}
}

// oracleNames are the oracles a run is judged by, and the judge of the
// scenario's own expectations.
func oracleNames() []string {
	names := []string{scenarios.JudgeName}
	for _, i := range oracles.All() {
		names = append(names, i.Name)
	}
	return names
}

// matcher asks one question about an Outcome.
type matcher struct {
	match            func(Outcome) (bool, error)
	failure, negated func(Outcome) string
}

// Match implements [types.GomegaMatcher].
func (m *matcher) Match(actual any) (bool, error) {
	o, ok := actual.(Outcome)
	if !ok {
		return false, fmt.Errorf("a suite.Outcome is expected here, not a %T: pass what Run returns", actual)
	}
	return m.match(o)
}

// FailureMessage implements [types.GomegaMatcher].
func (m *matcher) FailureMessage(actual any) string { return m.failure(actual.(Outcome)) }

// NegatedFailureMessage implements [types.GomegaMatcher].
func (m *matcher) NegatedFailureMessage(actual any) string { return m.negated(actual.(Outcome)) }
