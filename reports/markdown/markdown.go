// Package markdown writes the summary that CI hosts show beside a job: the
// verdict, the scenarios, the findings that matter most, with their journeys
// as diagrams the host draws.
//
// It knows nothing of CI hosts but their limits: a summary stays below
// [MostBytes] and there are at most [MostAnnotations]. What the SUT sent stands
// in code, so that it links to nobody and formats nothing.
package markdown

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/coverage"
	"github.com/andon-rig/andon/reports/text"
)

// MostBytes is how long a summary gets. Hosts cut off or refuse what is longer
// than a MiB for a whole job; this leaves room for the others.
const MostBytes = 200 << 10

// Bounds of a summary. What is left out is counted.
const (
	mostScenarios = 100
	mostFindings  = 10
	mostJourneys  = 5
	mostColumns   = 5 // scenarios in the table of figures
	mostIdle      = 20
	ending        = 2 << 10 // bytes kept for what is said of what was left out
)

// A Reporter writes the summary.
type Reporter struct{}

var _ reports.Reporter = Reporter{}

// Report implements [reports.Reporter].
func (Reporter) Report(w io.Writer, g reports.Gate) error {
	s := &summary{}
	s.head(g)
	s.scenarios(g)
	s.findings(g)
	s.figures(g)
	s.coverage(g)
	s.foot(g)
	if _, err := io.WriteString(w, s.String()); err != nil {
		return fmt.Errorf("write Markdown report: %w", err)
	}
	return nil
}

// summary is one being written. It takes whole blocks only.
type summary struct{ strings.Builder }

// add appends a block if it fits and reports whether it did.
func (s *summary) add(format string, args ...any) bool {
	block := fmt.Sprintf(format, args...)
	if s.Len()+len(block) > MostBytes-ending {
		return false
	}
	s.WriteString(block)
	return true
}

func (s *summary) head(g reports.Gate) {
	s.add("## %s Andon: %s\n\n%s\n\n", text.Sign(g.Verdict), g.Verdict, g.Sentence())
	n := g.Count()
	var tallies []string
	for _, v := range []evidence.Verdict{evidence.Violated, evidence.Inconclusive, evidence.Vacuous, evidence.Holds} {
		if n[v] > 0 {
			tallies = append(tallies, fmt.Sprintf("%s %d %s", text.Sign(v), n[v], v))
		}
	}
	about := strings.Join(tallies, " · ")
	if g.Seed != 0 {
		about += fmt.Sprintf(" · seed %d", g.Seed)
	}
	about += fmt.Sprintf(" · %.1f s · exit %d", g.Wall.Seconds(), g.Exit)
	if g.Defect != "" {
		about += " · planted defect " + code(g.Defect, 20)
	}
	s.add("%s\n\n", strings.TrimPrefix(about, " · "))
	for i, note := range g.Notes {
		if i < mostIdle {
			s.add("> %s\n\n", code(note, 300))
		}
	}
}

// scenarios is a table of all of them, those that do not hold first.
func (s *summary) scenarios(g reports.Gate) {
	if len(g.Scenarios) == 0 {
		return
	}
	ss := slices.Clone(g.Scenarios)
	slices.SortStableFunc(ss, func(a, b reports.Scenario) int { return int(b.Verdict - a.Verdict) })
	s.add("| | Scenario | What came of it | Facts | Effects | Faults struck | Time |\n|---|---|---|--:|--:|--:|--:|\n")
	for i, one := range ss {
		came := "everything held"
		if outcome := one.Outcome(); outcome != "" {
			came = code(outcome, 160)
		}
		row := fmt.Sprintf("| %s | **%s** %s | %s | %d | %d | %s | %.1f s |\n", text.Sign(one.Verdict), code(one.ID, 40), code(one.Title, 90), came,
			one.Facts, one.Effects, struck(one), one.Wall.Seconds())
		if i == mostScenarios || !s.add("%s", row) {
			s.add("\n%d more scenarios are not shown.\n", len(ss)-i)
			break
		}
	}
	s.add("\n")
}

// struck says how often faults struck, and which never did.
func struck(s reports.Scenario) string {
	said := fmt.Sprintf("%d×", s.Struck())
	for _, f := range s.Faults {
		if f.Struck == 0 {
			said += " " + code(f.ID, 30) + " never"
		}
	}
	return said
}

// told is a trouble of one scenario.
type told struct {
	scenario reports.Scenario
	explain.Trouble
}

// ranked lists the troubles of a gate, worst first.
func ranked(g reports.Gate) (all []told) {
	for _, s := range g.Scenarios {
		for _, t := range explain.Troubles(s.Open()) {
			all = append(all, told{s, t})
		}
	}
	slices.SortStableFunc(all, func(a, b told) int { return int(b.Findings[0].Verdict - a.Findings[0].Verdict) })
	return all
}

func (s *summary) findings(g reports.Gate) {
	all := ranked(g)
	if len(all) == 0 {
		return
	}
	s.add("### Findings\n\n")
	shown, drawn := 0, map[string]bool{}
	for _, t := range all {
		if shown == mostFindings || !s.add("%s", finding(t)) {
			break
		}
		shown++
		m := explain.DetailOf(t.Findings[0]).Mermaid
		if m != "" && !drawn[m] && len(drawn) < mostJourneys {
			drawn[m] = s.add("<details><summary>Journey of the message</summary>\n\n```mermaid\n%s```\n\n</details>\n\n", m)
		}
	}
	if left := len(all) - shown; left > 0 {
		s.add("%d more kinds of findings stand in the report and in the evidence.\n\n", left)
	}
}

// finding tells one kind of findings by its first.
func finding(t told) string {
	f := t.Findings[0]
	var b strings.Builder
	fmt.Fprintf(&b, "#### %s %s %s in %s", text.Sign(f.Verdict), code(f.Oracle, 40), code(f.ID, 8), code(t.scenario.ID, 40))
	if t.Count > 1 {
		fmt.Fprintf(&b, ", %d times", t.Count)
	}
	b.WriteString("\n\n```text\n")
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-9s %s\n", name, explain.Clean(value, 600))
		}
	}
	line("about", f.Keys.String())
	line("expected", f.Expected)
	line("got", f.Got)
	if f.Class == "" {
		line("why", f.Text)
	} else {
		line("cause", strings.TrimSpace(strings.ToUpper(string(f.Class))+" "+f.Text))
	}
	d := explain.DetailOf(f)
	line("clues", strings.Join(d.Clues, ", "))
	if len(d.Similar) > 0 {
		line("similar", d.Similar[0].String())
		line("remedy", d.Similar[0].Remedy)
	}
	var shows []string
	for _, s := range t.ShowsAs {
		shows = append(shows, s.String())
	}
	line("shows as", strings.Join(shows, ", "))
	line("serves", strings.Join(f.Requirements, " "))
	line("replay", f.Replay)
	b.WriteString("```\n\n")
	return b.String()
}

// figures shows one measure of each figure for the scenarios that matter most.
func (s *summary) figures(g reports.Gate) {
	var ss []reports.Scenario
	for _, one := range g.Scenarios {
		if one.Figures != nil && len(one.Figures.KPIs) > 0 {
			ss = append(ss, one)
		}
	}
	if len(ss) == 0 {
		return
	}
	slices.SortStableFunc(ss, func(a, b reports.Scenario) int { return int(b.Verdict - a.Verdict) })
	left := max(0, len(ss)-mostColumns)
	ss = ss[:len(ss)-left]
	head, rule := "| Figure | Measure | Clock |", "|---|---|---|"
	for _, one := range ss {
		head, rule = head+" "+code(one.ID, 24)+" |", rule+"--:|"
	}
	part := &summary{} // all of it or nothing, so that what is opened is closed
	part.add("<details><summary>Figures</summary>\n\n%s\n%s\n", head, rule)
	for i, row := range ss[0].Figures.KPIs {
		measure, clock, cells, some := "", "", "", false
		for _, one := range ss {
			cell := "–"
			if m, ok := one.Figures.KPIs[i].Headline(); ok {
				cell = m.Value.String()
				if some && m.Name != measure {
					cell += " " + m.Name
				} else {
					measure, clock = m.Name, m.Value.Clock()
				}
				some = true
			}
			cells += " " + code(cell, 60) + " |"
		}
		if some {
			part.add("| %s %s | %s | %s |%s\n", row.ID, row.Name, code(measure, 60), clock, cells)
		}
	}
	part.add("\n")
	if left > 0 {
		part.add("%d more scenarios have figures in the report.\n\n", left)
	}
	part.add("</details>\n\n")
	s.add("%s", part)
}

// coverage says what was exercised, and what was not.
func (s *summary) coverage(g reports.Gate) {
	c := g.Coverage(nil)
	if c.Runs == 0 {
		return
	}
	part := &summary{}
	part.add("<details><summary>Coverage: %d of %d requirements exercised</summary>\n\n| Group | | Exercised | Named | Not looked at |\n|---|---|--:|--:|--:|\n",
		c.Count("", coverage.Exercised), len(c.Rows))
	for _, group := range coverage.Groups() {
		part.add("| %s | %s | %d | %d | %d |\n", group.Name, group.Title, c.Count(group.Name, coverage.Exercised), c.Count(group.Name, coverage.Named), c.Count(group.Name, coverage.Untouched))
	}
	part.add("\n</details>\n\n")
	s.add("%s", part)
	var idle []string
	for _, one := range g.Scenarios {
		if one.Verdict == evidence.Vacuous {
			idle = append(idle, code(one.ID, 40)+" did not exercise what it is about")
		}
		for _, f := range one.Faults {
			if f.Struck == 0 {
				idle = append(idle, fmt.Sprintf("fault %s of %s never struck", code(f.ID, 40), code(one.ID, 40)))
			}
		}
	}
	if len(idle) > 0 {
		s.add("**Not exercised**\n\n")
	}
	for i, line := range idle {
		if i == mostIdle {
			s.add("- … and %d more\n", len(idle)-i)
			break
		}
		s.add("- %s\n", line)
	}
}

func (s *summary) foot(g reports.Gate) {
	if g.Bundle != "" {
		fmt.Fprintf(s, "\nEvidence in %s\n", code(g.Bundle, 200))
	}
}

// code writes what others chose as a span of code: no link, no mention, no
// mark-up, and no end of a table's cell.
func code(s string, width int) string {
	s = strings.NewReplacer("`", "ʼ", "|", "¦").Replace(explain.Clean(s, width))
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return "`" + s + "`"
}
