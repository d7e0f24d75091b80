package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/shrink"
	"github.com/andon-rig/andon/harness/trial"
)

// shrinkVersion names the form of what shrink --json prints.
const shrinkVersion = "andon.shrink/v1"

type shrinkFlags struct {
	oracle string
	runs   int
	budget time.Duration
	lanes  int
	json   bool
	quiet  bool
}

func newShrink(w World) *cobra.Command {
	var f shrinkFlags
	c := &cobra.Command{
		Use:   "shrink <bundle>",
		Short: "find the smallest schedule that still fails like a stored run",
		Long: "Runs a stored run that violated something again and again, each time with less: fewer faults, each striking at\n" +
			"one named message, simpler settings, fewer orders and facts. Writes the smallest schedule that fails in the same\n" +
			"way as a scenario file beside the bundle, with a certificate of how often it fails and that nothing in it can be\n" +
			"left out. Every run starts the SUT afresh. Ctrl-C or a spent budget ends the search with the best so far.\n\n" +
			"Exit status: 0 a schedule that fails was written, 2 mistake in a flag or nothing to shrink, 3 trouble of the rig,\n" +
			"4 it did not fail again, 130 interrupted.",
		Example: "  andon shrink andon-runs/20261120-140000/CNF-02-4711\n" +
			"  andon shrink andon-runs/20261120-140000/CNF-02-4711 --oracle retry-discipline --runs 120 --lanes 2\n" +
			"  andon shrink andon-runs/20261120-140000/CNF-02-4711 --budget 3m --json",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("shrink takes one bundle: the folder of a run, as gate prints them")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return runShrink(c.Context(), w, f, args[0]) },
	}
	flags := c.Flags()
	flags.StringVar(&f.oracle, "oracle", "", "`name` of the oracle whose finding is to be shrunk (default: that of the worst finding)")
	flags.IntVar(&f.runs, "runs", 60, "how `many` runs it may take, certificate included; 0 means any number")
	flags.DurationVar(&f.budget, "budget", 0, "how much wall `time` it may take, such as 5m; none means any")
	flags.IntVar(&f.lanes, "lanes", 2, "how `many` runs side by side, each with its own SUT, where several are needed anyway")
	flags.BoolVar(&f.json, "json", false, "print one JSON object instead of text")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no progress")
	return c
}

func (f shrinkFlags) check() error {
	switch {
	case f.runs < 0 || f.budget < 0:
		return usage("--runs and --budget cannot be negative")
	case f.runs > 0 && f.runs < 4:
		return usage("--runs %d is too few: it takes four to see that a run fails again", f.runs)
	case f.lanes < 1:
		return usage("--lanes is %d; at least one lane is needed", f.lanes)
	}
	return nil
}

func runShrink(ctx context.Context, w World, f shrinkFlags, path string) error {
	if err := f.check(); err != nil {
		return err
	}
	stored, err := openReplay(w, path, false)
	if err != nil {
		return err
	}
	r, err := shrink.FromStored(stored, f.oracle)
	if err != nil {
		return err
	}
	for _, text := range stored.Warnings {
		fmt.Fprintln(w.Stderr, "andon: note:", text)
	}
	if err := lanesFor(f.lanes, stored.Options.File); err != nil {
		f.lanes = 1 // a rig with one address for all has one lane
	}
	r.Lanes, r.Budget = f.lanes, shrink.Budget{Runs: f.runs, Wall: f.budget}
	if !f.quiet {
		r.See = shrinkProgress(w.Stderr)
	}
	result, err := r.Do(ctx)
	if err != nil {
		return ofMachine(err)
	}
	return f.tell(w, stored, result)
}

// lanesFor refuses lanes that would get in each other's way.
func lanesFor(lanes int, rig harness.File) error {
	return gateFlags{lanes: lanes}.lanesFit(rig)
}

// shrinkProgress prints a line for each step, and for each schedule that is
// smaller than all before.
func shrinkProgress(out io.Writer) func(shrink.Progress) {
	step, size := "", ""
	return func(p shrink.Progress) {
		if p.Step != step {
			step = p.Step
			fmt.Fprintf(out, "%4d runs  %s\n", p.Runs, step)
		}
		now := schedule(p.Faults, p.Strikes, 0, p.Facts)
		if now != size && size != "" {
			fmt.Fprintf(out, "%4d runs    %s\n", p.Runs, now)
		}
		size = now
	}
}

// schedule says how large a schedule is.
func schedule(faults, strikes, orders, facts int) string {
	text := plural(faults, "fault")
	if strikes > 0 {
		text += " at " + plural(strikes, "message")
	}
	if orders > 0 {
		text += ", " + plural(orders, "order")
	}
	if facts > 0 {
		text += ", " + plural(facts, "fact")
	}
	return text
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// tell writes the schedule beside the bundle and says what became of it.
func (f shrinkFlags) tell(w World, stored *harness.Replay, r shrink.Result) error {
	told := shrinkReport{
		Schema: shrinkVersion, Andon: version(), Bundle: stored.Bundle.Path, Outcome: r.Outcome, Signature: r.Signature, Finding: r.Finding,
		Evidence: r.Evidence, Sliced: r.Sliced, Reproduces: r.Reproduces, Steps: r.Steps, Runs: r.Runs, Millis: r.Wall.Milliseconds(), Interrupted: r.Interrupted,
	}
	if r.Outcome == shrink.Shrunk || r.Outcome == shrink.NoFaultNeeded {
		if err := told.keep(stored, r); err != nil {
			return &rigError{err}
		}
	}
	if f.json {
		if err := writeJSON(w.Stdout, told); err != nil {
			return err
		}
	} else {
		told.text(w.Stdout, r)
	}
	switch {
	case r.Interrupted:
		return exit(harness.ExitInterrupted)
	case told.Schedule == nil:
		return exit(harness.ExitUnknown)
	}
	return nil
}

// shrinkReport is what shrink --json prints.
type shrinkReport struct {
	Schema      string           `json:"schema"`
	Andon       string           `json:"andon"`
	Bundle      string           `json:"bundle"`
	Outcome     shrink.Outcome   `json:"outcome"`
	Signature   trial.Signature  `json:"signature"`
	Finding     evidence.Finding `json:"finding"`
	Evidence    []uint64         `json:"evidence"`
	Sliced      bool             `json:"sliced"`
	Reproduces  shrink.Rate      `json:"reproduces"`
	Schedule    *scheduleReport  `json:"schedule,omitempty"`
	Steps       []shrink.Step    `json:"steps"`
	Runs        int              `json:"runs"`
	Millis      int64            `json:"wallMillis"`
	Interrupted bool             `json:"interrupted,omitempty"`
}

// scheduleReport is the smallest schedule.
type scheduleReport struct {
	File    string        `json:"file"`
	Run     string        `json:"run"`
	Faults  int           `json:"faults"`
	Strikes int           `json:"strikes"`
	Orders  int           `json:"orders"`
	Facts   int           `json:"facts"`
	Rate    shrink.Rate   `json:"rate"`
	Low     float64       `json:"low"`  // of the 95 % interval
	High    float64       `json:"high"` //
	Each    []shrink.Left `json:"each,omitempty"`
	Minimal bool          `json:"minimal"`
}

// keep writes the schedule and the report beside the bundle.
func (told *shrinkReport) keep(stored *harness.Replay, r shrink.Result) error {
	file, err := freshFile(filepath.Clean(stored.Bundle.Path), ".min", ".yaml")
	if err != nil {
		return err
	}
	low, high := r.Certificate.Rate.Wilson()
	told.Schedule = &scheduleReport{
		File: file, Run: gateCommand(stored, file), Faults: r.Faults, Strikes: r.Strikes, Orders: r.Orders, Facts: r.Facts,
		Rate: r.Certificate.Rate, Low: low, High: high, Each: r.Certificate.Each, Minimal: r.Certificate.Minimal(),
	}
	text, err := r.File(told.Schedule.Run)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return fmt.Errorf("write the smallest schedule: %w", err)
	}
	b, err := json.MarshalIndent(told, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the certificate: %w", err)
	}
	if err := os.WriteFile(strings.TrimSuffix(file, ".yaml")+".json", append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the certificate: %w", err)
	}
	return nil
}

// freshFile is a name that is not taken: BASE.min.yaml, BASE.min-2.yaml, …
func freshFile(base, what, ext string) (string, error) {
	for n := 1; ; n++ {
		name := base + what + ext
		if n > 1 {
			name = fmt.Sprintf("%s%s-%d%s", base, what, n, ext)
		}
		_, err := os.Lstat(name)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return name, nil
		case err != nil:
			return "", err
		}
	}
}

// gateCommand runs a scenario file on the rig of a stored run.
func gateCommand(stored *harness.Replay, file string) string {
	words := []string{"andon", "gate", file}
	if path := stored.Options.Path; path != "" {
		words = append(words, "--rig", path)
	}
	if d := stored.Options.Defect; d != "" {
		words = append(words, "--defect", d)
	}
	for i, word := range words {
		if strings.ContainsAny(word, " \t\"'$`\\&;()<>|*?[]#~") {
			words[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// text tells people.
func (told *shrinkReport) text(out io.Writer, r shrink.Result) {
	fmt.Fprintf(out, "%s: %s\n", told.Signature, told.Outcome)
	if s := told.Schedule; s != nil {
		f := r.Shown
		fmt.Fprintf(out, "  expected     %s\n  got          %s\n", printable(f.Expected), printable(f.Got))
		fmt.Fprintf(out, "  schedule     %s\n", schedule(s.Faults, s.Strikes, s.Orders, s.Facts))
		fmt.Fprintf(out, "  certificate  fails in %d of %d runs (95 %%: %.2f to %.2f)\n", s.Rate.Hits, s.Rate.Runs, s.Low, s.High)
		for _, l := range s.Each {
			fmt.Fprintf(out, "               without %s: %d of %d\n", l.Without, l.Rate.Hits, l.Rate.Runs)
		}
	}
	fmt.Fprintf(out, "  evidence     records %s of the original run\n", numbers(told.Evidence))
	fmt.Fprintf(out, "  steps        %s in %s\n", plural(told.Runs, "run"), r.Wall.Round(100*time.Millisecond))
	for _, s := range told.Steps {
		fmt.Fprintf(out, "    %-13s %3d  %-12s %s\n", s.Name, s.Runs, s.State, s.Text)
	}
	if s := told.Schedule; s != nil {
		fmt.Fprintf(out, "  written      %s\n  run it       %s\n", s.File, s.Run)
	}
	if told.Interrupted {
		fmt.Fprintln(out, "  interrupted: the best so far is not the smallest there may be")
	}
}

// numbers lists sequence numbers.
func numbers(list []uint64) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = fmt.Sprint(n)
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, " ")
}
