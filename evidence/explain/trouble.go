package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/evidence"
)

// A Trouble is what a reader should be told once: the findings of one oracle
// by one rule that stand for themselves, and what is folded under them.
type Trouble struct {
	Findings []evidence.Finding // of one oracle, verdict, rule and class; the first is the example
	Count    int                // how many findings they stand for
	ShowsAs  []ShowsAs          // by oracle, in the order of the catalogue
}

// ShowsAs counts what one oracle found of the same trouble.
type ShowsAs struct {
	Oracle string // "conservation"
	Number string // "O4"
	Count  int
}

// String is the count as reports write it: "11× conservation (O4)".
func (s ShowsAs) String() string {
	if s.Count == 1 {
		return fmt.Sprintf("%s (%s)", s.Oracle, s.Number)
	}
	return fmt.Sprintf("%d× %s (%s)", s.Count, s.Oracle, s.Number)
}

// Troubles sums findings of one run up for readers: what follows from another
// of them is counted with that. Findings that were never explained stand for
// themselves. The order is that of the findings.
func Troubles(findings []evidence.Finding) (troubles []Trouble) {
	details := make([]Detail, len(findings))
	here := map[string]bool{}
	for i, f := range findings {
		details[i] = DetailOf(f)
		here[details[i].ID] = true
	}
	for i, f := range findings {
		if c := details[i].Cause; c != nil && here[c.ID] {
			continue
		}
		t := slices.IndexFunc(troubles, func(t Trouble) bool {
			g := t.Findings[0]
			return g.Oracle == f.Oracle && g.Verdict == f.Verdict && g.Rule == f.Rule && g.Class == f.Class
		})
		if t < 0 {
			t, troubles = len(troubles), append(troubles, Trouble{})
		}
		troubles[t].add(f, details[i])
	}
	for _, t := range troubles {
		slices.SortStableFunc(t.ShowsAs, func(a, b ShowsAs) int { return cmp.Compare(a.rank(), b.rank()) })
	}
	return troubles
}

// rank orders oracles by number, with the scenario's expectations at the end.
func (s ShowsAs) rank() int {
	n, err := strconv.Atoi(strings.TrimPrefix(s.Number, "O"))
	if err != nil {
		return 1 << 20
	}
	return n
}

func (t *Trouble) add(f evidence.Finding, d Detail) {
	t.Findings = append(t.Findings, f)
	t.Count += max(f.Count, 1)
	for _, c := range d.Consequences {
		i := slices.IndexFunc(t.ShowsAs, func(s ShowsAs) bool { return s.Oracle == c.Oracle })
		if i < 0 {
			i, t.ShowsAs = len(t.ShowsAs), append(t.ShowsAs, ShowsAs{c.Oracle, c.Number, 0})
		}
		t.ShowsAs[i].Count += c.Count
		if n := t.ShowsAs[i].Number; n != c.Number && !slices.Contains(strings.Split(n, " "), c.Number) {
			t.ShowsAs[i].Number += " " + c.Number // several expectations
		}
	}
}
