package html

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/evidence/kpi"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/coverage"
	"github.com/andon-rig/andon/reports/text"
)

// Bounds that keep a page readable, and below the size that people send
// around. What is left out is counted.
const (
	mostGroups   = 12        // kinds of findings told per scenario
	mostOthers   = 40        // findings named beside the one that is told
	mostJourneys = 1_200_000 // bytes of drawn journeys on a page
	mostDetailed = 40        // scenarios with a timeline and figures, the worst of all
)

// page is what the template shows.
type page struct {
	Verdict  verdict
	Sentence string
	Facts    []pair // about the gate
	Notes    []string
	Tallies  []tally
	Bar      template.HTML
	Runs     []*run
	Findings int
	Glance   glance
	Coverage cover
	Idle     []idle
}

// verdict is a verdict as it is shown: never by colour alone.
type verdict struct{ Name, Sign string }

func verdictOf(v evidence.Verdict) verdict { return verdict{v.String(), text.Sign(v)} }

type pair struct{ Name, Value string }

type tally struct {
	verdict
	N int
}

// run is one scenario.
type run struct {
	reports.Scenario
	V        verdict
	Anchor   string
	Short    string // what came of it, in a line
	Took     string
	Unstruck []string // faults that never struck
	Groups   []*group
	Left     int // kinds of findings not told
	Timeline template.HTML
	Rows     []kpi.Row
	Judges   []judge
	Brief    bool // without timeline and figures: there are too many scenarios
}

type judge struct {
	evidence.Finding
	V verdict
}

// group is a trouble: findings that are alike, told by the first of them.
type group struct {
	evidence.Finding
	V       verdict
	Anchor  string
	Run     *run
	Cause   string
	Detail  explain.Detail
	Serves  []coverage.Requirement
	More    int      // findings like it
	Others  []string // what they are about
	ShowsAs []explain.ShowsAs
	Journey template.HTML
	As      string // anchor of the finding that shows the same journey
	NoRoom  bool
}

// idle is a list of what was not exercised.
type idle struct {
	Title string
	Items []pair
}

func newPage(g reports.Gate, faults []string) *page {
	p := &page{Verdict: verdictOf(g.Verdict), Sentence: g.Sentence(), Notes: g.Notes, Facts: about(g)}
	n := g.Count()
	for _, v := range []evidence.Verdict{evidence.Violated, evidence.Inconclusive, evidence.Vacuous, evidence.Holds} {
		p.Tallies = append(p.Tallies, tally{verdictOf(v), n[v]})
	}
	p.Bar = drawBar(p.Tallies, len(g.Scenarios))
	d := &drawer{room: mostJourneys}
	detailed := worst(g.Scenarios, mostDetailed)
	for i, s := range g.Scenarios {
		r := newRun(s, i, d)
		if detailed[i] {
			r.detail()
		} else {
			r.Brief = true
		}
		p.Runs = append(p.Runs, r)
		p.Findings += len(r.Groups)
	}
	p.Glance = glanceOf(p.Runs)
	c := g.Coverage(faults)
	p.Coverage = coverOf(c)
	p.Idle = notExercised(p.Runs, c)
	return p
}

// about lists what the gate was.
func about(g reports.Gate) []pair {
	seed := "each scenario its own"
	if g.Seed != 0 {
		seed = fmt.Sprint(g.Seed)
	}
	facts, effects, exceptions, struck := 0, 0, 0, 0
	for _, s := range g.Scenarios {
		facts, effects, exceptions, struck = facts+s.Facts, effects+s.Effects, exceptions+s.Exceptions, struck+s.Struck()
	}
	ps := []pair{{"rig", cmp.Or(g.Rig, "the bundled integration")}}
	if g.Defect != "" {
		ps = append(ps, pair{"planted defect", g.Defect})
	}
	return append(ps, pair{"seed", seed}, pair{"wall time", took(g.Wall)}, pair{"facts", fmt.Sprint(facts)}, pair{"effects", fmt.Sprint(effects)},
		pair{"exceptions", fmt.Sprint(exceptions)}, pair{"faults struck", fmt.Sprintf("%d×", struck)}, pair{"exit status", fmt.Sprint(g.Exit)},
		pair{"andon", cmp.Or(g.Andon, "unknown")}, pair{"evidence", cmp.Or(g.Bundle, "none kept")})
}

func took(d time.Duration) string { return kpi.Wall(d).String() }

func newRun(s reports.Scenario, i int, d *drawer) *run {
	r := &run{Scenario: s, V: verdictOf(s.Verdict), Anchor: fmt.Sprintf("run-%d", i+1), Took: took(s.Wall)}
	troubles := explain.Troubles(s.Open())
	r.Short = s.Outcome()
	if s.Error != "" {
		r.Short = "no verdict on the SUT: " + s.Error
	}
	for _, f := range s.Faults {
		if f.Struck == 0 {
			r.Unstruck = append(r.Unstruck, f.ID)
		}
	}
	if len(troubles) > mostGroups {
		r.Left, troubles = len(troubles)-mostGroups, troubles[:mostGroups]
	}
	for n, t := range troubles {
		r.Groups = append(r.Groups, newGroup(r, t, fmt.Sprintf("%s-%d", r.Anchor, n+1), d))
	}
	for _, f := range s.Oracles() {
		j := judge{f, verdictOf(f.Verdict)}
		if waived(s, f.Oracle) {
			j.V = verdict{"waived", "–"}
		}
		r.Judges = append(r.Judges, j)
	}
	return r
}

// detail adds what takes most room.
func (r *run) detail() {
	if r.Figures != nil {
		r.Timeline = drawTimeline(r.Figures.Timeline, "Timeline of "+explain.Clean(r.ID, 40)+": faults, time from fact to books, backlog and messages over wall time")
		r.Rows = r.Figures.KPIs
	}
}

// worst picks so many scenarios, those that do not hold first.
func worst(ss []reports.Scenario, most int) map[int]bool {
	order := make([]int, len(ss))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(ss[b].Verdict - ss[a].Verdict) })
	picked := map[int]bool{}
	for _, i := range order[:min(most, len(order))] {
		picked[i] = true
	}
	return picked
}

// waived reports whether the scenario does without the oracle, whose finding
// then says nothing of the SUT.
func waived(s reports.Scenario, oracle string) bool {
	return slices.ContainsFunc(s.Findings, func(f evidence.Finding) bool { return f.Oracle == oracle && f.Rule == evidence.RuleWaived })
}

func newGroup(r *run, t explain.Trouble, anchor string, d *drawer) *group {
	f := t.Findings[0]
	g := &group{Finding: f, V: verdictOf(f.Verdict), Anchor: anchor, Run: r, Detail: explain.DetailOf(f), More: t.Count - 1, ShowsAs: t.ShowsAs}
	for _, o := range t.Findings {
		if keys := o.Keys.String(); keys != "" && keys != f.Keys.String() && !slices.Contains(g.Others, keys) && len(g.Others) < mostOthers {
			g.Others = append(g.Others, keys)
		}
	}
	for _, id := range f.Requirements {
		g.Serves = append(g.Serves, coverage.Requirement{ID: id, Title: coverage.Title(id)})
	}
	g.Cause = f.Text
	d.journey(g)
	return g
}

// drawer draws journeys, each once, as long as there is room.
type drawer struct {
	room  int
	drawn map[string]string // text of a journey without its verdict -> anchor
}

func (d *drawer) journey(g *group) {
	j := g.Detail.Journey
	if j == nil || len(j.Hops) == 0 {
		return
	}
	same := g.Run.Anchor + strings.NewReplacer("VIOLATION "+g.ID, "", "UNDECIDED "+g.ID, "").Replace(j.Text())
	if at := d.drawn[same]; at != "" {
		g.As = at
		return
	}
	drawing := j.SVG("Journey of " + cmp.Or(g.Keys.String(), g.Oracle))
	if len(drawing) > d.room {
		g.NoRoom = true
		return
	}
	d.room -= len(drawing)
	if d.drawn == nil {
		d.drawn = map[string]string{}
	}
	d.drawn[same] = g.Anchor
	g.Journey = template.HTML(drawing) // written by package explain, which escapes
}
