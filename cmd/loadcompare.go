package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/load"
)

// compareFlags are those of a comparison, besides those of its loads.
type compareFlags struct {
	loadFlags
	rounds int
	margin float64
}

func newLoadCompare(w World) *cobra.Command {
	var f compareFlags
	f.stories = map[string]*load.Story{}
	c := &cobra.Command{
		Use:   "compare A B",
		Short: "load two builds in turn, and say whether B differs from A",
		Long: "Each round is four runs, ABBA or BAAB, each of a build that is freshly started, so that what the machine does meanwhile\n" +
			"hits both alike. What is compared: e2e.p50, e2e.p99, processor time of the build, and of closed workloads the throughput.\n" +
			"For each the ratio of B to A is told with an interval, and whether B is better, worse, the same within --margin, or\n" +
			"whether these rounds cannot tell. Two builds that are the same are told apart in at most 5 % of comparisons.\n\n" +
			"A and B are rig files, \"bundled\", or \"bundled:ID\" with a defect of that id.\n\n" +
			"Exit status: 0 better or the same, 1 worse, or a build loses or doubles confirmations, 2 mistake in a file or flag,\n" +
			"3 generator-limited or trouble of the machine, 4 undecidable (--allow-unknown turns 4 into 0), 130 interrupted.",
		Example: "  andon load compare old/andon.yaml new/andon.yaml --rate 500 --duration 2s\n" +
			"  andon load compare bundled bundled --rounds 8 --duration 1s",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage("two builds are compared, each a rig file or \"bundled\"; got %d", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			f.given = c.Flags().Changed
			return f.run(c.Context(), w, args[0], args[1])
		},
	}
	flags := c.Flags()
	f.workloadFlags(flags)
	addPlan(c)
	flags.IntVar(&f.rounds, "rounds", 24, "how `many` rounds of four runs; if all is decided after half of them, the rest is left out")
	flags.Float64Var(&f.margin, "margin", 0.05, "`share` below which a difference does not matter")
	flags.Lookup("duration").DefValue, f.duration = "2s", 2*time.Second
	return c
}

func (f *compareFlags) run(ctx context.Context, w World, a, b string) error {
	if f.rounds < load.LeastRounds || f.rounds > 1000 || !(f.margin > 0 && f.margin < 1) {
		return usage("--rounds is %d and --margin %v; fewer than %d rounds cannot tell anything, and a margin is a share such as 0.05", f.rounds, f.margin, load.LeastRounds)
	}
	f.out = cmp.Or(f.out, freshOut(time.Now()))
	builds := map[string]string{"A": a, "B": b}
	var loads [2]load.Config
	for i, name := range []string{a, b} { // mistakes before the first run
		c, err := f.of(w, name, f.out, io.Discard)
		if err != nil {
			return &harness.PlanError{Err: fmt.Errorf("%s: %w", name, err)}
		}
		loads[i] = c
	}
	if !loads[0].Wording.TellsAs(loads[1].Wording) {
		return usage("A and B would be sent different things, and a difference between them would say nothing of the builds: the plant of A, %s, is %s; that of B, %s, is %s. Write the same plant into both rig files; --seed and --orders are for both",
			a, loads[0].Plant, b, loads[1].Plant)
	}
	c := load.Comparison{Rounds: f.rounds, Margin: f.margin, Run: func(ctx context.Context, build string, n int) (*load.Result, error) {
		return f.once(ctx, w, builds[build], filepath.Join(f.out, fmt.Sprintf("%03d-%s", n, build)))
	}}
	if !f.quiet {
		c.See = func(build string, round int, r *load.Result) { tellCompared(w.Stderr, build, round, r) }
	}
	got, err := c.Compare(ctx)
	if err != nil {
		return ofMachine(err)
	}
	return f.tell(w, got, a, b)
}

// of turns the name of a build into a load of it.
func (f *compareFlags) of(w World, name, out string, log io.Writer) (load.Config, error) {
	g := f.loadFlags
	g.out = out
	if id, ours := strings.CutPrefix(name, "bundled"); ours && (id == "" || id[0] == ':') {
		g.bundled, g.defect = true, strings.TrimPrefix(id, ":")
	} else {
		g.rig = name
	}
	return g.config(w, log)
}

// once loads a build.
func (f *compareFlags) once(ctx context.Context, w World, name, out string) (*load.Result, error) {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(out, "sut.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	c, err := f.of(w, name, out, log)
	if err != nil {
		return nil, err
	}
	res, err := load.Run(ctx, c)
	if err != nil {
		return nil, err
	}
	return res, keepLoad(filepath.Join(out, loadJSON), res)
}

// tell prints a comparison and chooses the exit status.
func (f *compareFlags) tell(w World, c *load.Compared, a, b string) error {
	file, err := os.Create(filepath.Join(f.out, "compare.json"))
	if err != nil {
		return ofMachine(err)
	}
	err = errors.Join(writeJSON(file, c), file.Close())
	if f.json {
		err = errors.Join(err, writeJSON(w.Stdout, c))
	} else {
		err = errors.Join(err, tellComparison(w.Stdout, c, a, b, f.out))
	}
	switch {
	case err != nil:
		return ofMachine(err)
	case c.Exit == harness.ExitUnknown && f.unknown, c.Exit == 0:
		return nil
	}
	return exit(c.Exit)
}

func tellCompared(w io.Writer, build string, round int, r *load.Result) {
	line := fmt.Sprintf("round %2d  %s  %-17s", round, build, r.Verdict)
	if q, ok := r.Latency["e2e"]; ok {
		line += fmt.Sprintf("  e2e p50 %-10s p99 %-10s", dur(q.P50), dur(q.P99))
	}
	if r.Build != nil {
		line += fmt.Sprintf("  %.1f CPU-s per million", r.Build.CPUPerMillion)
	}
	fmt.Fprintln(w, line)
}

// tellComparison prints a comparison for people.
func tellComparison(out io.Writer, c *load.Compared, a, b, dir string) error {
	var t strings.Builder
	fmt.Fprintf(&t, "compare %s: B %s against A %s, %s\n", strings.ToUpper(cmp.Or(c.Outcome, "interrupted")), b, a, c.Workload)
	for _, why := range c.Why {
		fmt.Fprintf(&t, "  ! %s\n", why)
	}
	tab := tabwriter.NewWriter(&t, 0, 8, 2, ' ', 0)
	if len(c.Figures) > 0 {
		fmt.Fprintf(tab, "  figure\tA\tB\tratio\tsomewhere in\t\n")
	}
	for _, f := range c.Figures {
		fmt.Fprintf(tab, "  %s\t%.4g %s\t%.4g\t%.3f\t%.3f to %.3f\t%s\n", f.Name, f.A, f.Unit, f.B, f.Ratio, f.Low, f.High, f.Verdict)
	}
	_ = tab.Flush() // into memory
	fmt.Fprintf(&t, "  rounds     %d of four runs each; a difference below %.3g %% does not matter\n", c.Rounds, c.Margin*100)
	fmt.Fprintf(&t, "  evidence   %s\n", dir)
	_, err := io.WriteString(out, t.String())
	return err
}

// riggedFile is the rig of a load, and where it stands; "" if that is nowhere.
type riggedFile struct {
	file harness.File
	path string
}

// rigged is the rig of a load; of a build that runs already, only its plant counts,
// which is that of the bundled rig.
func (f *loadFlags) rigged() (r riggedFile, err error) {
	if f.bundled || f.url != "" {
		r.file, err = harness.Bundled()
		return r, err
	}
	r.file, r.path, _, err = loadRig(f.rig)
	return r, err
}
