package cmd

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/explore"
	"github.com/andon-rig/andon/harness/trial"
	"github.com/andon-rig/andon/scenarios"
)

// exploreVersion names the form of what explore --json prints.
const exploreVersion = "andon.explore/v1"

// exploreBases are explored unless scenarios are named: one with plain
// execution, one with quality cases.
var exploreBases = []string{"EXE-01", "QUA-02"}

type exploreFlags struct {
	rig, pack, out, defect string
	scenarios              []string
	seed                   uint64
	seeded                 bool
	budget                 time.Duration
	runs, lanes            int
	json, quiet            bool
}

func newExplore(w World) *cobra.Command {
	var f exploreFlags
	c := &cobra.Command{
		Use:   "explore [scenario.yaml ...]",
		Short: "look for trouble that the integration build does not survive",
		Long: "Plays scenarios without their own faults and adds trouble systematically: each fault at each kind of message, at\n" +
			"its first, middle and last occurrence, before and after it is applied; then two faults that touch different\n" +
			"supports of one effect; then random campaigns until the time is up. Every run starts the SUT afresh. The first\n" +
			"run that fails in a way of its own is kept as a bundle, for andon replay and andon shrink.\n\n" +
			"Exit status: 0 nothing was violated, 1 something was, 2 mistake in a file or flag, 3 trouble of the rig,\n" +
			"4 no fault ever struck, 130 interrupted.",
		Example: "  andon explore --budget 10m\n  andon explore --rig andon.yaml --scenario EXE-01 --budget 30m --lanes 2 --json\n" +
			"  andon explore --defect M05 --runs 200",
		RunE: func(c *cobra.Command, args []string) error {
			f.seeded = c.Flags().Changed("seed")
			return runExplore(c.Context(), w, f, args)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.rig, "rig", "", "rig `file` (default: "+defaultRig+" if it is there, else the bundled build)")
	flags.StringVar(&f.pack, "pack", "", "`name` of a pack of ready-made scenarios to build on")
	flags.StringSliceVar(&f.scenarios, "scenario", nil, "`id` of a ready-made scenario to build on; may be repeated (default "+strings.Join(exploreBases, ", ")+")")
	flags.DurationVar(&f.budget, "budget", 10*time.Minute, "wall `time` after which no run begins; 0 means no bound")
	flags.IntVar(&f.runs, "runs", 0, "how `many` runs at most; 0 means any number")
	flags.Uint64Var(&f.seed, "seed", 0, "decides what is tried, and the plant (default: each scenario has its own)")
	flags.IntVar(&f.lanes, "lanes", 1, "how `many` runs side by side, each with its own SUT")
	flags.StringVar(&f.out, "out", "", "`folder` for what is found (default andon-runs/<time>)")
	flags.StringVar(&f.defect, "defect", "", "`id` of a defect to plant into the bundled build")
	flags.BoolVar(&f.json, "json", false, "print one JSON object instead of text")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no progress")
	return c
}

func runExplore(ctx context.Context, w World, f exploreFlags, files []string) error {
	x, err := f.exploration(w, files)
	if err != nil {
		return err
	}
	if !f.quiet {
		x.See = f.progress(w.Stderr)
	}
	result, err := x.Do(ctx)
	if err != nil {
		return ofMachine(err)
	}
	return f.tell(w, result)
}

// exploration turns flags into what is explored.
func (f *exploreFlags) exploration(w World, files []string) (*explore.Exploration, error) {
	if f.budget < 0 || f.runs < 0 || (f.budget == 0 && f.runs == 0) {
		return nil, usage("give --budget or --runs, above 0: random campaigns have no end of their own")
	}
	if f.pack == "" && len(files)+len(f.scenarios) == 0 {
		f.scenarios = exploreBases
	}
	o, err := gateOptions(w, gateFlags{rig: f.rig, pack: f.pack, scenarios: f.scenarios, seed: f.seed, seeded: f.seeded, lanes: f.lanes, out: f.out, defect: f.defect, force: true}, files) // forced: faults of its own take the place of theirs
	if err != nil {
		return nil, &harness.PlanError{Err: err}
	}
	if err := o.Check(); err != nil {
		return nil, ofMachine(err)
	}
	if err := o.File.Fresh(); err != nil {
		return nil, err
	}
	f.out = o.Out
	bases := slices.Clone(o.Scenarios)
	for i := range bases {
		if f.seeded {
			bases[i].Seed = f.seed
		}
	}
	possible, _ := o.File.Feasible(w.Catalog.Faults)
	bench := &trial.Bench{Keep: true, Setup: harness.Setup{Catalog: o.Catalog, File: o.File, Path: o.Path, Source: o.Source,
		Defect: o.Defect, Out: o.Out, Self: o.Self, Version: o.Version, Command: o.Command}}
	return &explore.Exploration{
		Runner: bench, Try: bench.Try, Lanes: f.lanes, Bases: bases, Faults: possible, Processes: o.File.SUT.External == nil,
		Seed: cmp.Or(f.seed, bases[0].Seed), Wall: f.budget, Runs: f.runs,
	}, nil
}

// progress prints a line for each finding, and now and then one that all is
// well.
func (f *exploreFlags) progress(out io.Writer) func(explore.Progress) {
	began, last, stage := time.Now(), time.Now(), explore.Stage("")
	return func(p explore.Progress) {
		now := time.Now()
		if p.Stage != stage || now.Sub(last) > 10*time.Second {
			stage, last = p.Stage, now
			fmt.Fprintf(out, "%6s  run %-5d %-7s %s\n", now.Sub(began).Round(time.Second), p.Run, p.Stage, clip(p.Name))
		}
		for _, s := range p.New {
			fmt.Fprintf(out, "%6s  run %-5d ✗ %s: %s\n", now.Sub(began).Round(time.Second), p.Run, s, clip(p.Name))
		}
		if p.Err != nil {
			fmt.Fprintf(out, "%6s  run %-5d no judgement: %s\n", now.Sub(began).Round(time.Second), p.Run, printable(p.Err.Error()))
		}
	}
}

func clip(text string) string {
	const most = 120
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// exploreReport is what explore --json prints.
type exploreReport struct {
	Schema      string                `json:"schema"`
	Andon       string                `json:"andon"`
	Seed        uint64                `json:"seed"`
	Runs        map[explore.Stage]int `json:"runs"`
	NotReached  map[explore.Stage]int `json:"notReached"`
	Found       []foundReport         `json:"found"`
	Grid        []fieldReport         `json:"grid"`
	Impossible  []string              `json:"impossible"`
	Broken      []string              `json:"broken,omitempty"`
	Millis      int64                 `json:"wallMillis"`
	Interrupted bool                  `json:"interrupted,omitempty"`
}

type foundReport struct {
	Signature trial.Signature  `json:"signature"`
	Finding   evidence.Finding `json:"finding"`
	Stage     explore.Stage    `json:"stage"`
	Schedule  string           `json:"schedule"`
	Run       int              `json:"run"`
	Times     int              `json:"times"`
	Bundle    string           `json:"bundle"`
	File      string           `json:"file"`
	Shrink    string           `json:"shrink"`
}

type fieldReport struct {
	Fault      string             `json:"fault"`
	Form       string             `json:"form,omitempty"`
	Target     explore.Target     `json:"target"`
	Occurrence string             `json:"occurrence"`
	State      explore.FieldState `json:"state"`
	Found      []trial.Signature  `json:"found,omitempty"`
}

// tell keeps what was found and says it.
func (f *exploreFlags) tell(w World, r explore.Result) error {
	told := exploreReport{Schema: exploreVersion, Andon: version(), Seed: r.Seed, Runs: r.Runs, NotReached: r.Left, Found: []foundReport{}, Grid: []fieldReport{},
		Impossible: r.Impossible, Broken: r.Broken, Millis: r.Wall.Milliseconds(), Interrupted: r.Interrupted}
	for i, one := range r.Found {
		file := filepath.Join(f.out, fmt.Sprintf("found-%02d.yaml", i+1))
		if err := writeSchedule(file, one.Scenario); err != nil {
			return &rigError{err}
		}
		told.Found = append(told.Found, foundReport{one.Signature, one.Finding, one.Stage, one.Name, one.Run, one.Times, one.Bundle, file,
			fmt.Sprintf("andon shrink %s --oracle %s", one.Bundle, one.Signature.Oracle)})
	}
	for _, c := range r.Grid {
		told.Grid = append(told.Grid, fieldReport{c.Cell.Variant.Fault, c.Cell.Variant.Form, c.Cell.Target, c.Cell.Occurrence, c.State, c.Found})
	}
	b, err := json.MarshalIndent(told, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(f.out, "explore.json"), append(b, '\n'), 0o644)
	}
	if err != nil {
		return &rigError{fmt.Errorf("write explore.json: %w", err)}
	}
	if f.json {
		if _, err := w.Stdout.Write(append(b, '\n')); err != nil {
			return &rigError{err}
		}
	} else {
		told.text(w.Stdout, f.out)
	}
	return told.exit()
}

func (told exploreReport) exit() error {
	struck := told.Runs[explore.Pairs] > 0 || told.Runs[explore.Swarm] > 0
	for _, c := range told.Grid {
		struck = struck || c.State == explore.Struck
	}
	switch {
	case told.Interrupted:
		return exit(harness.ExitInterrupted)
	case len(told.Found) > 0:
		return exit(harness.ExitViolated)
	case !struck:
		return exit(harness.ExitUnknown)
	}
	return nil
}

// writeSchedule writes a schedule that can be gated by itself.
func writeSchedule(file string, s scenarios.Scenario) error {
	b, err := scenarios.Text(s)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, b, 0o644); err != nil {
		return fmt.Errorf("write schedule: %w", err)
	}
	return nil
}

// text tells people.
func (told exploreReport) text(out io.Writer, dir string) {
	for _, f := range told.Found {
		fmt.Fprintf(out, "✗ %s  (%s, %s)\n", f.Signature, f.Finding.ID, plural(f.Times, "run"))
		fmt.Fprintf(out, "  about      %s\n  expected   %s\n  got        %s\n", f.Finding.Keys, printable(f.Finding.Expected), printable(f.Finding.Got))
		fmt.Fprintf(out, "  first in   run %d, %s: %s\n  schedule   %s\n  replay     andon replay %s\n  shrink     %s\n\n", f.Run, f.Stage, f.Schedule, f.File, f.Bundle, f.Shrink)
	}
	told.grid(out)
	runs := 0
	var stages []string
	for _, s := range []explore.Stage{explore.Plain, explore.Singles, explore.Pairs, explore.Swarm} {
		runs += told.Runs[s]
		text := fmt.Sprintf("%s %d", s, told.Runs[s])
		if n := told.NotReached[s]; n > 0 {
			text += fmt.Sprintf(" of %d", told.Runs[s]+n)
		}
		stages = append(stages, text)
	}
	for _, text := range told.Broken {
		fmt.Fprintln(out, "no judgement:", printable(text))
	}
	fmt.Fprintf(out, "%s in %s (%s), seed %d: %s\n", plural(runs, "run"), (time.Duration(told.Millis) * time.Millisecond).Round(time.Second), strings.Join(stages, ", "), told.Seed, ways(len(told.Found))+among(len(told.Found)))
	fmt.Fprintf(out, "grid, findings and schedules are in %s\n", dir)
	if told.Interrupted {
		fmt.Fprintln(out, "interrupted: what was not reached is in explore.json")
	}
}

// among warns that nothing found is not nothing there.
func among(found int) string {
	if found == 0 {
		return "; what was not reached or did not strike has shown nothing"
	}
	return ""
}

// grid prints, for each fault, how much of what it could strike was tried.
func (told exploreReport) grid(out io.Writer) {
	type row struct {
		fault                          string
		struck, missed, left, fails, n int
	}
	var rows []row
	for _, c := range told.Grid {
		name := strings.TrimSpace(c.Fault + " " + c.Form)
		i := slices.IndexFunc(rows, func(r row) bool { return r.fault == name })
		if i < 0 {
			i = len(rows)
			rows = append(rows, row{fault: name})
		}
		r := &rows[i]
		r.n++
		switch c.State {
		case explore.Struck:
			r.struck++
		case explore.NotTried:
			r.left++
		default:
			r.missed++
		}
		if len(c.Found) > 0 {
			r.fails++
		}
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(out, "%-38s %8s %8s %8s %8s %8s\n", "single faults", "fields", "struck", "missed", "not yet", "failed")
	for _, r := range rows {
		fmt.Fprintf(out, "%-38s %8d %8d %8d %8d %8d\n", r.fault, r.n, r.struck, r.missed, r.left, r.fails)
	}
	fmt.Fprintf(out, "%d combinations of fault and message cannot be\n\n", len(told.Impossible))
}

func ways(n int) string {
	if n == 1 {
		return "1 way to fail"
	}
	return fmt.Sprintf("%d ways to fail", n)
}
