package reports

import (
	"fmt"
	"strings"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
)

// Sentence says what the verdict means for a release.
func (g Gate) Sentence() string {
	n, total := g.Count(), len(g.Scenarios)
	switch {
	case total == 0:
		return "Nothing was run, so nothing is known."
	case g.Verdict == evidence.Violated:
		return fmt.Sprintf("Do not release: %s of %d broke a promise.", plural(n[evidence.Violated], "scenario"), total)
	case g.Verdict == evidence.Inconclusive:
		return fmt.Sprintf("Nothing was shown to be broken, but %s of %d could not be decided.", plural(n[evidence.Inconclusive], "scenario"), total)
	case g.Verdict == evidence.Vacuous:
		return fmt.Sprintf("Nothing was shown to be broken, but %s of %d did not exercise what it is about.", plural(n[evidence.Vacuous], "scenario"), total)
	case total == 1:
		return "The scenario held: the books show what happened in the plant."
	}
	return fmt.Sprintf("All %d scenarios held: the books show what happened in the plant.", total)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Outcome says in a line what keeps the scenario from holding: its own error,
// or its worst troubles, each once, as "2× exactly-once (O1), recovery (O13)";
// nothing if it holds.
func (s Scenario) Outcome() string {
	if s.Error != "" {
		return s.Error
	}
	open := s.Open()
	var names []string
	count := map[string]int{}
	for _, t := range explain.Troubles(open) {
		f := t.Findings[0]
		if f.Verdict != open[0].Verdict { // the lesser ones stand below
			continue
		}
		name := fmt.Sprintf("%s (%s)", f.Oracle, f.ID)
		if count[name] == 0 {
			names = append(names, name)
		}
		count[name] += t.Count
	}
	for i, n := range names {
		if count[n] > 1 {
			names[i] = fmt.Sprintf("%d× %s", count[n], n)
		}
	}
	return strings.Join(names, ", ")
}
