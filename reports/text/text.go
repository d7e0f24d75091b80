// Package text tells people at a terminal or in a CI log what a gate found.
//
// It knows nothing of terminals: whether to colour is asked of its user.
package text

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/reports"
)

// columns is what a line of ours takes at most.
const columns = explain.Columns

// lineColumns is what the line of a scenario takes.
const lineColumns = 95

// mostReason is how much of a reason is told: an expectation's is the whole
// expression with all its values.
const mostReason = 260

// mostFindings is how many kinds of findings of a scenario are told.
const mostFindings = 8

// A Reporter writes text for people.
type Reporter struct {
	Color bool // with ANSI colours; the caller looks at NO_COLOR and the terminal
	Brief bool // no journeys
	// Seen leaves out the lines of scenarios of which nothing more is to be
	// said: live progress has shown them on the same terminal.
	Seen bool
}

var _ reports.Reporter = Reporter{}

// Report implements [reports.Reporter].
func (r Reporter) Report(w io.Writer, g reports.Gate) error {
	p := &printer{Reporter: r, w: bufio.NewWriter(w)}
	for _, s := range g.Scenarios {
		if !r.Seen || len(s.Notes) > 0 || slices.ContainsFunc(s.Faults, func(f reports.Fault) bool { return f.Struck == 0 }) {
			p.scenario(s)
		}
	}
	for _, s := range g.Scenarios {
		p.findings(s)
	}
	p.summary(g)
	return p.w.Flush()
}

// Sign is the sign of a verdict: ✓ holds, ✗ violated, ? inconclusive, ○ vacuous.
func Sign(v evidence.Verdict) string {
	switch v {
	case evidence.Holds:
		return "✓"
	case evidence.Vacuous:
		return "○"
	case evidence.Inconclusive:
		return "?"
	}
	return "✗"
}

// Color returns the ANSI sequence verdicts are shown in.
func Color(v evidence.Verdict) string {
	switch v {
	case evidence.Holds:
		return "\x1b[32m"
	case evidence.Violated:
		return "\x1b[31m"
	}
	return "\x1b[33m"
}

// Line is a scenario in one line of this width: what it was, how much it
// moved or what came of it, how long it took.
func Line(s reports.Scenario, width int) string {
	said := fmt.Sprintf("%d facts  %d effects", s.Facts, s.Effects)
	if n := s.Struck(); n > 0 {
		said += fmt.Sprintf("  faults struck %d×", n)
	}
	if outcome := s.Outcome(); outcome != "" {
		said = outcome
	}
	room := max(width-8-7-3, 20) // beside id and time, and between them
	title := min(room*2/5, 34)
	return fmt.Sprintf("%-8s %s %s %7s", explain.Clean(s.ID, 12), pad(s.Title, title), pad(said, room-title), seconds(s.Wall))
}

// pad makes s exactly n columns wide.
func pad(s string, n int) string {
	s = explain.Clean(s, n)
	return s + strings.Repeat(" ", n-explain.Width(s))
}

type printer struct {
	Reporter
	w     *bufio.Writer
	drawn []string          // journeys of the scenario, without their verdicts
	told  map[string]string // troubles, by what tells them apart: where they were met first
}

func (p *printer) scenario(s reports.Scenario) {
	p.printf(" %s %s\n", p.sign(s.Verdict), Line(s, lineColumns))
	for _, f := range s.Faults {
		if f.Struck == 0 {
			p.printf("     fault %s (%s) never struck\n", explain.Clean(f.ID, 30), explain.Clean(f.Kind, 30))
		}
	}
	for _, n := range s.Notes {
		p.printf("     %s\n", explain.Clean(n, columns-5))
	}
}

func (p *printer) findings(s reports.Scenario) {
	open := s.Open()
	p.drawn = nil
	if s.Error != "" {
		p.printf("\n%s %s  no verdict on the SUT: %s\n", p.sign(s.Verdict), explain.Clean(s.ID, 16), explain.Clean(s.Error, 400))
	}
	troubles := explain.Troubles(open)
	for i, t := range troubles {
		if i == mostFindings {
			p.printf("\n  … %d more kinds of findings of %s in %s\n", len(troubles)-i, explain.Clean(s.ID, 16), cmp.Or(s.Bundle, "its bundle"))
			break
		}
		p.trouble(s, t)
	}
}

// likeness tells troubles of different scenarios apart.
func likeness(t explain.Trouble) string {
	f := t.Findings[0]
	return fmt.Sprint(f.Oracle, f.Verdict, f.Rule, f.Class)
}

// trouble tells a trouble: in full where it is met first, in one paragraph in
// each scenario after that.
func (p *printer) trouble(s reports.Scenario, t explain.Trouble) {
	f := t.Findings[0]
	first, again := p.told[likeness(t)]
	if !again || f.Verdict != evidence.Violated {
		if p.told == nil {
			p.told = map[string]string{}
		}
		p.told[likeness(t)] = s.ID
		p.finding(s, t)
		return
	}
	p.head(s, f)
	p.field("again", fmt.Sprintf("as in %s: %s, %d times", explain.Clean(first, 16), f.Rule, t.Count))
	p.field("got", f.Got)
	p.field("shows as", shows(t))
	p.field("replay", f.Replay)
}

// shows lists what else a trouble shows as.
func shows(t explain.Trouble) string {
	var parts []string
	for _, s := range t.ShowsAs {
		parts = append(parts, s.String())
	}
	return strings.Join(parts, ", ")
}

// others says how many findings are like the first, and which.
func others(g []evidence.Finding) string {
	n := -1
	var names []string
	for _, f := range g {
		n += max(f.Count, 1)
		keys := f.Keys.String()
		if keys != "" && keys != g[0].Keys.String() && len(names) < 4 && !slices.Contains(names, keys) {
			names = append(names, keys)
		}
	}
	switch {
	case n == 0:
		return ""
	case len(names) == 0:
		return fmt.Sprintf("%d more like it", n)
	case len(names) < n:
		names = append(names, "…")
	}
	return fmt.Sprintf("%d more like it: %s", n, strings.Join(names, ", "))
}

// head begins a finding: where it is, what is protected, about what.
func (p *printer) head(s reports.Scenario, f evidence.Finding) {
	head := fmt.Sprintf(" %s  %s %s", explain.Clean(s.ID, 16), explain.Clean(f.Oracle, 40), explain.Clean(f.ID, 8))
	if f.Verdict != evidence.Violated {
		head += "     " + f.Verdict.String()
	}
	if keys := f.Keys.String(); keys != "" {
		head += "     " + keys
	}
	p.printf("\n%s%s\n", p.sign(f.Verdict), explain.Clean(head, columns-1))
}

// finding tells the first finding of a trouble: rule and keys, what should be
// and what is, why, how it went, what else it shows as and how to see it again.
func (p *printer) finding(s reports.Scenario, t explain.Trouble) {
	f := t.Findings[0]
	d := explain.DetailOf(f)
	p.head(s, f)
	p.field("expected", f.Expected)
	p.field("got", f.Got)
	p.field("cause", cause(f))
	if f.Class == "" {
		p.field("why", f.Text)
	}
	p.field("", strings.Join(d.Clues, ", "))
	p.similar(d.Similar)
	for i, n := range d.NearMisses {
		p.field([]string{"or", ""}[min(i, 1)], n)
	}
	p.field("also", others(t.Findings))
	p.field("shows as", shows(t))
	p.field("serves", strings.Join(f.Requirements, " "))
	p.draw(f)
	p.field("replay", f.Replay)
	p.field("only it", d.ReplayKey)
	p.field("shrink", d.Shrink)
}

// similar names the patterns a finding looks like, and the remedy for the
// likest.
func (p *printer) similar(patterns []explain.Likeness) {
	if len(patterns) == 0 {
		return
	}
	var names []string
	for _, l := range patterns {
		names = append(names, l.String())
	}
	p.field("similar", strings.Join(names, "; or "))
	p.field("remedy", patterns[0].Remedy)
}

// draw shows the journey of a finding, once if several findings share it.
func (p *printer) draw(f evidence.Finding) {
	if f.Journey == "" || p.Brief {
		return
	}
	same := strings.NewReplacer("VIOLATION "+f.ID, "", "UNDECIDED "+f.ID, "").Replace(f.Journey)
	if slices.Contains(p.drawn, same) {
		p.field("journey", "as above")
		return
	}
	p.drawn = append(p.drawn, same)
	p.printf("\n")
	for line := range strings.Lines(f.Journey) {
		p.printf("%s", p.journey(line))
	}
	p.printf("\n")
}

// cause says class, reason and how sure it is.
func cause(f evidence.Finding) string {
	if f.Class == "" {
		return ""
	}
	text := strings.ToUpper(string(f.Class))
	if f.Text != "" {
		text += " – " + explain.Clean(f.Text, mostReason)
	}
	if f.Rule != "" {
		text += fmt.Sprintf("   (%s", f.Rule)
		if f.Confidence != "" {
			text += ", confidence " + f.Confidence
		}
		text += ")"
	}
	return text
}

// field writes one labelled line, folded at blanks.
func (p *printer) field(name, value string) {
	if value == "" {
		return
	}
	for i, line := range fold(explain.Clean(value, 600), columns-13) {
		if i > 0 {
			name = ""
		}
		p.printf("  %-9s %s\n", name, line)
	}
}

// breakAt is where to break a word that is longer than a line: behind the last
// dot or slash of what has room, as in paths, or else in the middle.
func breakAt(word []rune, room, width int) int {
	for i := min(room, len(word)) - 1; i > 0; i-- {
		if word[i] == '.' || word[i] == '/' {
			return i + 1
		}
	}
	return width / 2
}

// fold breaks text at blanks so that no line is longer than width.
func fold(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		for explain.Width(word) > width {
			rs := []rune(word)
			at := breakAt(rs, width-explain.Width(line)-1, width)
			lines, line, word = append(lines, strings.TrimSpace(line+" "+string(rs[:at]))), "", string(rs[at:])
		}
		if line != "" && explain.Width(line)+1+explain.Width(word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}

func (p *printer) summary(g reports.Gate) {
	p.printf("\n%s\n", strings.Repeat("─", 77))
	n := g.Count()
	var parts []string
	for _, v := range []evidence.Verdict{evidence.Violated, evidence.Inconclusive, evidence.Vacuous, evidence.Holds} {
		if n[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[v], v))
		}
	}
	if len(parts) == 0 {
		parts = []string{"nothing was run"}
	}
	seed := ""
	if g.Seed != 0 { // else each scenario has its own
		seed = fmt.Sprintf("seed %d   ", g.Seed)
	}
	p.printf(" %s %s   %s of %d   %s%s   exit %d\n", p.sign(g.Verdict), p.colored(g.Verdict, strings.ToUpper(g.Verdict.String())),
		strings.Join(parts, " · "), len(g.Scenarios), seed, seconds(g.Wall), g.Exit)
	p.printf(" %s\n", sums(g))
	if g.Defect != "" {
		p.printf(" the bundled build ran with defect %s\n", explain.Clean(g.Defect, 20))
	}
	for _, note := range g.Notes {
		p.printf(" %s\n", explain.Clean(note, columns-1))
	}
	if g.Bundle != "" {
		p.printf(" evidence in %s\n", explain.Clean(g.Bundle, 200))
	}
	if g.Page != "" {
		p.printf(" report in %s\n", explain.Clean(g.Page, 200))
	}
}

// sums adds up what was moved.
func sums(g reports.Gate) string {
	facts, effects, exceptions, struck := 0, 0, 0, 0
	for _, s := range g.Scenarios {
		facts, effects, exceptions, struck = facts+s.Facts, effects+s.Effects, exceptions+s.Exceptions, struck+s.Struck()
	}
	return fmt.Sprintf("facts %d · effects %d · exceptions %d · faults struck %d×", facts, effects, exceptions, struck)
}

// journey colours the marks of one line of a diagram.
func (p *printer) journey(line string) string {
	if !p.Color {
		return line
	}
	for mark, color := range map[string]string{"◀── VIOLATION": "\x1b[31m", "◀── FAULT": "\x1b[33m", "◀── UNDECIDED": "\x1b[33m"} {
		if i := strings.Index(line, mark); i >= 0 {
			return line[:i] + color + strings.TrimSuffix(line[i:], "\n") + "\x1b[0m\n"
		}
	}
	return line
}

func (p *printer) sign(v evidence.Verdict) string { return p.colored(v, Sign(v)) }

func (p *printer) colored(v evidence.Verdict, s string) string {
	if !p.Color {
		return s
	}
	return Color(v) + s + "\x1b[0m"
}

// printf writes; what goes wrong is told by the last Flush.
func (p *printer) printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
