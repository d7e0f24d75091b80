package html

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/kpi"
	"github.com/andon-rig/andon/reports/coverage"
	"github.com/andon-rig/andon/reports/html/svg"
)

// glance is one figure of each row and scenario.
type glance struct {
	Runs []*run
	Rows []glanceRow
}

type glanceRow struct {
	kpi.Row
	Measure string // what the cells show
	Clock   string
	Cells   []glanceCell
}

// glanceCell is empty where the scenario has no figure.
type glanceCell struct {
	Text, Full string
	Bad        bool // it should be zero and is not
}

// shouldBeZero are the figures that count what must not happen.
var shouldBeZero = []string{"K8", "K9", "K10", "K11", "K14", "K17"}

func glanceOf(runs []*run) (g glance) {
	for _, r := range runs {
		if len(r.Rows) > 0 {
			g.Runs = append(g.Runs, r)
		}
	}
	if len(g.Runs) == 0 {
		return g
	}
	for i, row := range g.Runs[0].Rows {
		line := glanceRow{Row: row}
		some := false
		for _, r := range g.Runs {
			var cell glanceCell
			if m, ok := r.Rows[i].Headline(); ok {
				cell = cellFor(row.ID, m)
				if some && m.Name != line.Measure {
					cell.Text += " " + m.Name
				} else {
					line.Measure, line.Clock = m.Name, m.Value.Clock()
				}
				some = true
			}
			line.Cells = append(line.Cells, cell)
		}
		if some {
			g.Rows = append(g.Rows, line)
		}
	}
	return g
}

// cellFor shows a measure in as little room as it needs.
func cellFor(id string, m kpi.Measure) glanceCell {
	c := glanceCell{Text: m.Value.String(), Full: m.Name + ": " + m.Value.String()}
	switch v := m.Value.(type) {
	case kpi.Share:
		c.Text, _, _ = strings.Cut(c.Text, " (")
	case kpi.Count:
		c.Bad = v > 0 && slices.Contains(shouldBeZero, id)
	}
	if c.Bad {
		c.Text = "✗ " + c.Text
	}
	return c
}

// drawBar draws how many scenarios ended with each verdict.
func drawBar(ts []tally, total int) template.HTML {
	if total == 0 {
		return ""
	}
	d := svg.New("bar", "Scenarios by verdict", 400, 12)
	x := 0.0
	for _, t := range ts {
		w := 400 * float64(t.N) / float64(total)
		if t.N > 0 {
			d.Rect(x, 0, max(w-2, 1), 12, "v-"+t.Name, fmt.Sprintf("%d %s", t.N, t.Name), "rx", "3")
		}
		x += w
	}
	return template.HTML(d.String()) // written by package svg, which escapes
}

// cover is the coverage of requirements as it is shown.
type cover struct {
	coverage.Coverage
	Groups []coverGroup
	Grid   []gridRow
	Total  int
}

type coverGroup struct {
	coverage.Group
	Rows                 []coverage.Row
	Exercised, Named, No int
	Bar                  template.HTML
}

// gridRow is a flow, or what is no message, against the kinds of faults.
type gridRow struct {
	Name  string
	Facts int
	Cells []gridCell
}

type gridCell struct {
	Text, Class, Title string
}

func coverOf(c coverage.Coverage) cover {
	out := cover{Coverage: c, Total: len(c.Rows)}
	for _, g := range coverage.Groups() {
		cg := coverGroup{Group: g, Rows: c.In(g.Name), Exercised: c.Count(g.Name, coverage.Exercised), Named: c.Count(g.Name, coverage.Named), No: c.Count(g.Name, coverage.Untouched)}
		cg.Bar = drawShares(cg)
		out.Groups = append(out.Groups, cg)
	}
	most := 1
	for _, s := range c.Cells {
		most = max(most, s.Times)
	}
	for _, f := range c.Flows {
		row := gridRow{Name: fmt.Sprintf("%s, %s → %s", f.Kind, f.From, f.To), Facts: f.Facts}
		for _, fault := range c.Faults {
			row.Cells = append(row.Cells, cellOf(c, string(f.Kind), c.Struck(f.Kind, fault), fault, most))
		}
		out.Grid = append(out.Grid, row)
	}
	other := gridRow{Name: "the SUT's process, or no message"}
	for _, fault := range c.Faults {
		other.Cells = append(other.Cells, cellOf(c, "what is no message", c.Struck("", fault), fault, most))
	}
	if len(out.Grid) > 0 {
		out.Grid = append(out.Grid, other)
	}
	return out
}

func cellOf(c coverage.Coverage, what string, n int, fault string, most int) gridCell {
	switch {
	case n > 0:
		level := 1
		for m := most; m > n && level < 4; m /= 4 {
			level++
		}
		return gridCell{strconv.Itoa(n), fmt.Sprintf("struck level-%d", level), fmt.Sprintf("%s struck %s %d×", fault, what, n)}
	case c.Armed(fault):
		return gridCell{"·", "armed-only", fmt.Sprintf("%s was armed and never struck %s", fault, what)}
	}
	return gridCell{"", "", fmt.Sprintf("%s was not part of these runs", fault)}
}

func drawShares(g coverGroup) template.HTML {
	d := svg.New("bar", fmt.Sprintf("%d exercised, %d named, %d not looked at", g.Exercised, g.Named, g.No), 120, 10)
	x, total := 0.0, float64(max(len(g.Rows), 1))
	for _, part := range []struct {
		n     int
		class string
	}{{g.Exercised, "c-exercised"}, {g.Named, "c-named"}, {g.No, "c-no"}} {
		w := 120 * float64(part.n) / total
		if part.n > 0 {
			d.Rect(x, 0, max(w-1, 1), 10, part.class, "")
		}
		x += w
	}
	return template.HTML(d.String()) // written by package svg, which escapes
}

// notExercised lists what these runs have not looked at: as much part of a
// verdict as what they have.
func notExercised(runs []*run, c coverage.Coverage) (lists []idle) {
	var verdicts, unstruck []pair
	for _, r := range runs {
		switch {
		case r.Error != "":
			verdicts = append(verdicts, pair{r.ID, "no verdict on the SUT: " + r.Error})
		case r.Scenario.Verdict == evidence.Vacuous:
			verdicts = append(verdicts, pair{r.ID, "it did not exercise what it is about"})
		}
		for _, f := range r.Unstruck {
			unstruck = append(unstruck, pair{r.ID, "fault " + f + " never struck"})
		}
	}
	lists = append(lists, idle{"Scenarios that showed nothing", verdicts}, idle{"Faults that never struck", unstruck})
	lists = append(lists, idle{"Oracles with nothing to judge in any run", idleJudges(runs)}, idle{"Figures without data in any run", idleFigures(runs)})
	var faults []pair
	for _, f := range c.Faults {
		if !c.Armed(f) {
			faults = append(faults, pair{f, "no scenario here arms it"})
		}
	}
	lists = append(lists, idle{"Kinds of faults that were not armed", faults})
	var kept []idle
	for _, l := range lists {
		if len(l.Items) > 0 {
			kept = append(kept, l)
		}
	}
	return kept
}

func idleJudges(runs []*run) (items []pair) {
	busy, seen := map[string]bool{}, map[string]string{}
	var order []string
	for _, r := range runs {
		for _, j := range r.Judges {
			if _, known := seen[j.Oracle]; !known {
				order = append(order, j.Oracle)
			}
			seen[j.Oracle] = j.Text
		}
		for _, f := range r.Findings {
			judged := f.Rule != evidence.RuleWaived && (f.Verdict == evidence.Holds || f.Verdict == evidence.Violated)
			busy[f.Oracle] = busy[f.Oracle] || judged
		}
	}
	for _, name := range order {
		if !busy[name] {
			items = append(items, pair{name, seen[name]})
		}
	}
	return items
}

func idleFigures(runs []*run) (items []pair) {
	var rows []kpi.Row
	for _, r := range runs {
		for i, row := range r.Rows {
			if i >= len(rows) {
				rows = append(rows, row)
			} else if row.Exercised() {
				rows[i] = row
			}
		}
	}
	for _, row := range rows {
		if !row.Exercised() {
			items = append(items, pair{row.ID + " " + row.Name, row.Missing})
		}
	}
	return items
}
