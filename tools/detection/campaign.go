package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/explore"
	"github.com/andon-rig/andon/harness/shrink"
	"github.com/andon-rig/andon/harness/trial"
)

// campaign is what became of random trouble around a sound build: each run is
// one scenario at one random seed, without faults of its own, under a schedule
// drawn from every fault of the catalog that the rig can host.
type campaign struct {
	build    string
	plain    int // runs without trouble, which say what there is to strike
	runs     int
	verdicts map[evidence.Verdict]int
	struck   map[string]int // runs in which a fault did strike, by kind
	drawn    map[string]int // runs in which it was armed
	alarms   []string
	unknown  []string
	unable   []string          // forms of faults that a rig cannot carry out, and why
	why      map[string]string // by fault why no rig can host it; "" if one can
}

func (c *campaign) blamed() int { return c.verdicts[evidence.Violated] }

// campaign makes n runs under random trouble of a sound build, a share of them
// at each of its rigs. What is violated leaves its bundle in keep, if that is
// not empty.
func (m *measure) campaign(ctx context.Context, b build, n int, keep string) (*campaign, error) {
	out := &campaign{build: b.name, verdicts: map[evidence.Verdict]int{}, struck: map[string]int{}, drawn: map[string]int{}, why: map[string]string{}}
	led := map[string]int{}
	rigs := append([]build{b}, b.also...)
	for i, share := range shares(n, len(b.also)) {
		if share == 0 {
			continue
		}
		if err := m.campaignAt(ctx, rigs[i], share, keep, led, out); err != nil {
			return out, fmt.Errorf("campaign at %s: %w", rigs[i].name, err)
		}
	}
	return out, nil
}

// folder is the name of a rig as that of a folder.
func folder(rig string) string { return strings.NewReplacer(":", "-", "/", "-").Replace(rig) }

// shares divides n runs: two parts for the usual rig, one for each of the others.
func shares(n, others int) []int {
	list := make([]int, others+1)
	part := n / (others + 2)
	for i := range others {
		list[i+1] = part
	}
	list[0] = n - part*others
	return list
}

// campaignAt makes n of the runs at one rig; led says in how many schedules each
// fault was drawn so far.
func (m *measure) campaignAt(ctx context.Context, b build, n int, keep string, led map[string]int, out *campaign) error {
	pack, _ := b.file.Fit(m.pack)
	pack = pack[:min(len(pack), n)]
	if keep != "" {
		keep = filepath.Join(keep, folder(b.name)) // runs of two rigs may have one name
	}
	setup := harness.Setup{Catalog: m.base.Catalog, File: b.file, Self: m.base.Self, Version: m.base.Version, Out: keep}
	possible, left := b.file.Feasible(m.base.Catalog.Faults)
	for i := range left { // where this run has put its builds is nobody's business
		left[i] = strings.ReplaceAll(left[i], m.dir+string(filepath.Separator), "")
	}
	out.leave(m.base.Catalog.Faults, possible, left)
	bench := &trial.Bench{Setup: setup, Keep: keep != ""}
	lanes := m.options.lanes
	if b.file.SUT.Container != nil {
		lanes = min(lanes, 2) // an engine starts and stops one at a time
	}
	x := &explore.Exploration{
		Runner: bench, Try: bench.Try, Lanes: lanes, Bases: pack, Faults: possible, Drawn: led,
		Processes: b.file.SUT.External == nil, Seed: m.options.seed, Runs: n + len(pack), Only: []explore.Stage{explore.Swarm},
	}
	x.See = func(p explore.Progress) {
		verdict := out.see(p)
		if m.options.verbose {
			fmt.Printf("  %s %4d %-7s %-14s seed %-10d %-12s %v %v: %s\n", b.name, p.Run, p.Stage, p.Scenario.Metadata.ID, p.Scenario.Seed, verdict, p.New, p.Err, p.Name)
		}
	}
	r, err := x.Do(ctx)
	out.unable = append(out.unable, byReason(b.name, r.Unable)...)
	return err
}

// leave notes which faults a rig can host, and why it cannot host the others.
func (c *campaign) leave(all, possible []faults.Info, why []string) {
	for _, i := range all {
		if slices.ContainsFunc(possible, func(p faults.Info) bool { return p.Name == i.Name }) {
			c.hosted(i.Name)
		}
	}
	for _, line := range why {
		name, reason, _ := strings.Cut(line, ": ")
		if _, seen := c.why[name]; !seen {
			c.why[name] = reason
		}
	}
}

// byReason groups what a rig cannot carry out by what it lacks.
func byReason(rig string, unable []string) (list []string) {
	forms := map[string][]string{}
	var reasons []string
	for _, line := range unable {
		form, reason, _ := strings.Cut(line, ": ")
		if forms[reason] == nil {
			reasons = append(reasons, reason)
		}
		forms[reason] = append(forms[reason], form)
	}
	for _, reason := range reasons {
		list = append(list, fmt.Sprintf("at %s %s: %s", rig, strings.Join(forms[reason], ", "), reason))
	}
	return list
}

// hosted notes that a rig can host the fault.
func (c *campaign) hosted(name string) { c.why[name] = "" }

// nowhere are the faults that no rig could host, and why.
func (c *campaign) nowhere() (list []string) {
	for name, reason := range c.why {
		if reason != "" {
			list = append(list, name+": "+reason)
		}
	}
	slices.Sort(list)
	return list
}

// idle are the faults of known that a rig could host and that never struck.
func (c *campaign) idle(known []string) (list []string) {
	for _, name := range known {
		if reason, seen := c.why[name]; seen && reason == "" && c.struck[name] == 0 {
			list = append(list, name)
		}
	}
	return list
}

// see counts a run and says what it came to.
func (c *campaign) see(p explore.Progress) evidence.Verdict {
	if p.Stage != explore.Swarm {
		c.plain++
		return p.Verdict
	}
	c.runs++
	where := fmt.Sprintf("%s seed %d (%s)", p.Scenario.Metadata.ID, p.Scenario.Seed, p.Name)
	if p.Err != nil {
		c.verdicts[evidence.Inconclusive]++
		c.unknown = append(c.unknown, fmt.Sprintf("%s: %v", where, p.Err))
		return evidence.Inconclusive
	}
	drawn, struck := map[string]bool{}, map[string]bool{}
	for _, f := range p.Scenario.Faults {
		drawn[f.Fault.S] = true
		if p.Struck[f.ID] > 0 {
			struck[f.Fault.S] = true
		}
	}
	for kind := range drawn {
		c.drawn[kind]++
	}
	for kind := range struck {
		c.struck[kind]++
	}
	v := c.judge(p, where, len(struck) > 0)
	c.verdicts[v]++
	return v
}

// judge is the verdict of a run: as a gate's, except that of several random
// faults not each has to strike. If none did, the run has shown nothing.
func (c *campaign) judge(p explore.Progress, where string, struck bool) evidence.Verdict {
	worst := evidence.Holds
	for _, f := range p.Findings {
		line := fmt.Sprintf("%s: %s %s %s: expected %s, got %s %s", where, f.Verdict, f.Oracle, f.Keys, f.Expected, f.Got, f.Text)
		switch f.Verdict {
		case evidence.Violated:
			c.alarms = append(c.alarms, line)
		case evidence.Inconclusive:
			c.unknown = append(c.unknown, line)
		default:
			continue
		}
		worst = max(worst, f.Verdict)
	}
	if worst == evidence.Holds && !struck {
		worst = evidence.Vacuous
	}
	return worst
}

// String says what became of the runs in one line.
func (c *campaign) String() string {
	_, high := shrink.Rate{Hits: c.blamed(), Runs: c.runs}.Wilson()
	return fmt.Sprintf("%d campaign runs of the sound %s (scenario × seed × random schedule from all faults): %d violated, %d inconclusive, %d vacuous (no fault struck), %d hold; "+
		"the share of false alarms is below %.1f %% at 95 %%", c.runs, c.build, c.verdicts[evidence.Violated], c.verdicts[evidence.Inconclusive], c.verdicts[evidence.Vacuous],
		c.verdicts[evidence.Holds], 100*high)
}

// faults says in how many runs each fault struck, of those it was drawn for.
func (c *campaign) faults(known []string) (list []string) {
	for _, name := range known {
		list = append(list, fmt.Sprintf("%s %d/%d", name, c.struck[name], c.drawn[name]))
	}
	return list
}

// tell prints a campaign with what was not well.
func (c *campaign) tell(w io.Writer, known []string) {
	fmt.Fprintf(w, "%s\n  struck in so many of the runs it was drawn for: %v\n", c, c.faults(known))
	for _, line := range append(slices.Clone(c.alarms), c.unknown...) {
		fmt.Fprintln(w, "  "+line)
	}
	for _, line := range c.missing(known) {
		fmt.Fprintln(w, "  "+line)
	}
}

// missing says which faults took no part.
func (c *campaign) missing(known []string) (list []string) {
	for _, line := range c.nowhere() {
		list = append(list, "not in the draw at any rig: "+line)
	}
	if idle := c.idle(known); len(idle) > 0 {
		list = append(list, "struck in no run: "+strings.Join(idle, ", "))
	}
	for _, line := range c.unable {
		list = append(list, "not drawn: "+line)
	}
	return list
}
