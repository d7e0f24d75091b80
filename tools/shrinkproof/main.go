// Command shrinkproof shows what andon shrink makes of planted defects: it
// gates the bundled build with each, shrinks what was found, and prints how
// large the smallest schedule is, how often it fails and what that took.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/harness/shrink"
	"github.com/andon-rig/andon/scenarios"
)

// What a shrunk schedule of a single cause may be at most.
const (
	mostFaults = 2
	mostOrders = 3
	leastRate  = 0.9
	mostRuns   = 60
)

// A proof is a defect, how it is brought to light and what is to be left.
type proof struct {
	defect   string
	scenario string   // ready-made, or one of the files beside this one
	oracle   string   // whose finding is shrunk
	causes   []string // kinds of the faults that must be left, all of them; nil means any
}

// proofs lists the defects of single cause and, last, one of two.
var proofs = []proof{
	{"M01", "CNF-02", "exactly-once", []string{"ambiguous-commit"}},
	{"M02", "CNF-02", "exactly-once", []string{"ambiguous-commit"}},
	{"M08", "killed.yaml", "no-silent-drop", []string{"sut-kill"}},
	{"M11", "throttled.yaml", "dead-letter", []string{"throttle"}},
	{"M12", "throttled.yaml", "throttle-compliance", []string{"throttle"}},
	{"M13", "NET-02", "throttle-compliance", []string{"outage"}},
	{"M16", "badlots.yaml", "retry-discipline", []string{"invalid-lot"}},
	{"M17", "badlots.yaml", "retry-discipline", []string{"invalid-lot"}},
	{"M18", "badlots.yaml", "dead-letter", []string{"invalid-lot"}},
	{"M22", "badlots.yaml", "batch-items", []string{"invalid-lot"}},
	{"M23", "badlots.yaml", "batch-items", []string{"invalid-lot"}},
	{"M24", "CNF-09", "no-silent-drop", []string{"lying-success"}},
	{"M27", "ORD-06", "order-causality", []string{"reorder"}},
	{"M31", "QUA-02", "no-silent-drop", []string{"delayed-approval"}},
	{"M57", "SEC-01", "no-silent-drop", []string{"stale-token"}},
	{"M05", "NET-03", "exactly-once", []string{"duplicate", "sut-kill"}},
}

func main() {
	defects := flag.String("defects", "", "comma-separated ids; all if empty")
	wall := flag.Duration("wall", 3*time.Minute, "wall time that each may take")
	runs := flag.Int("runs", mostRuns, "runs that each may take")
	lanes := flag.Int("lanes", 2, "runs of one defect side by side")
	beside := flag.Int("beside", 2, "defects side by side; most of the time is spent waiting")
	dir := flag.String("work", "tools/shrinkproof", "`folder` of the scenario files")
	verbose := flag.Bool("v", false, "print the steps and the schedule of each")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, *defects, options{*runs, *lanes, max(1, *beside), *wall, *dir, *verbose})
	if err != nil {
		fmt.Fprintln(os.Stderr, "shrinkproof:", err)
		os.Exit(3)
	}
	if !ok {
		os.Exit(1)
	}
}

type options struct {
	runs, lanes, beside int
	wall                time.Duration
	dir                 string
	verbose             bool
}

// run shrinks each defect and reports whether all stayed within the bounds.
func run(ctx context.Context, defects string, o options) (bool, error) {
	todo, err := chosen(defects)
	if err != nil {
		return false, err
	}
	tmp, err := os.MkdirTemp("", "andon-shrinkproof-*")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(tmp)
	self := filepath.Join(tmp, "andon")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", self, ".").CombinedOutput(); err != nil {
		return false, fmt.Errorf("build andon: %w\n%s", err, out)
	}
	fmt.Printf("%-6s %-15s %-20s %-42s %6s %5s %9s %6s %7s\n", "defect", "scenario", "oracle", "left", "orders", "facts", "rate", "runs", "wall")
	began := time.Now()
	bad := side(o.beside, todo, func(p proof) bool {
		line, ok := p.show(ctx, o, self, tmp)
		fmt.Println(line)
		return ok
	})
	fmt.Printf("%d defects in %s, %d out of bounds\n", len(todo), time.Since(began).Round(time.Second), bad)
	return bad == 0, ctx.Err()
}

// chosen lists the proofs of some defects, or all.
func chosen(defects string) (list []proof, err error) {
	if defects == "" {
		return proofs, nil
	}
	for _, id := range strings.Split(defects, ",") {
		i := slices.IndexFunc(proofs, func(p proof) bool { return p.defect == id })
		if i < 0 {
			return nil, fmt.Errorf("-defects: %q is none of those that are shrunk here", id)
		}
		list = append(list, proofs[i])
	}
	return list, nil
}

// side does so many of list side by side, and returns how many were not good.
func side(n int, list []proof, do func(proof) bool) (bad int) {
	var wg sync.WaitGroup
	var mu sync.Mutex // guards next and bad
	next := 0
	for range n {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= len(list) {
					return
				}
				if ok := do(list[i]); !ok {
					mu.Lock()
					bad++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return bad
}

// show gates one defect, shrinks what was found and says whether the result is
// within the bounds. That one cannot be shown is no reason to show no other.
func (p proof) show(ctx context.Context, o options, self, tmp string) (string, bool) {
	stored, err := p.gate(ctx, o, self, filepath.Join(tmp, p.defect))
	if err != nil {
		return p.not(err)
	}
	r, err := shrink.FromStored(stored, p.oracle)
	if err != nil {
		return p.not(err)
	}
	r.Lanes, r.Budget = o.lanes, shrink.Budget{Runs: o.runs, Wall: o.wall}
	result, err := r.Do(ctx)
	if err != nil {
		return p.not(err)
	}
	problems := p.problems(result)
	line := fmt.Sprintf("%-6s %-15s %-20s %-42s %6d %5d %9s %6d %7s", p.defect, p.scenario, p.oracle, p.left(result),
		result.Orders, result.Facts, fmt.Sprintf("%d/%d", result.Certificate.Rate.Hits, result.Certificate.Rate.Runs), result.Runs, result.Wall.Round(100*time.Millisecond))
	if len(problems) > 0 {
		line += "  ✗ " + strings.Join(problems, "; ")
	}
	if o.verbose {
		line += "\n" + details(result)
	}
	return line, len(problems) == 0
}

// not says why there is nothing to show.
func (p proof) not(err error) (string, bool) {
	return fmt.Sprintf("%-6s %-15s ✗ %v", p.defect, p.scenario, err), false
}

// gate runs the scenario with the defect planted, and opens its bundle.
func (p proof) gate(ctx context.Context, o options, self, out string) (*harness.Replay, error) {
	f, err := harness.Bundled()
	if err != nil {
		return nil, err
	}
	g := harness.GateOptions{Catalog: catalog.Standard(), File: f, Source: harness.BundledSource, Self: self, Version: "shrinkproof", Out: out, Defect: p.defect, Texts: map[string][]byte{}}
	if strings.HasSuffix(p.scenario, ".yaml") {
		g.Scenarios, err = scenarios.Load(filepath.Join(o.dir, p.scenario))
	} else {
		g.Scenarios, err = scenarios.Find(p.scenario)
	}
	if err != nil {
		return nil, err
	}
	for _, s := range g.Scenarios {
		if g.Texts[s.Metadata.Of], err = scenarios.Text(s); err != nil {
			return nil, err
		}
	}
	report, err := harness.Gate(ctx, g)
	if err != nil {
		return nil, err
	}
	for _, s := range report.Scenarios {
		if s.Error != "" {
			return nil, errors.New(s.Error)
		}
	}
	bundles, err := harness.OpenStored(out)
	if err != nil {
		return nil, err
	}
	return harness.NewReplay(bundles[0], harness.GateOptions{Catalog: g.Catalog, Self: self, Version: g.Version})
}

// left names what remains of the schedule.
func (p proof) left(r shrink.Result) string {
	var kinds []string
	for _, f := range r.Scenario.Faults {
		kind := f.Fault.S
		if n := len(f.Hits.Strikes); n != 1 {
			kind += fmt.Sprintf(" ×%d", n)
		}
		kinds = append(kinds, kind)
	}
	if len(kinds) == 0 {
		return string(r.Outcome)
	}
	return strings.Join(kinds, " + ")
}

// problems lists where the result is out of bounds.
func (p proof) problems(r shrink.Result) (list []string) {
	say := func(bad bool, format string, args ...any) {
		if bad {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	strikes := r.Strikes
	for _, f := range r.Scenario.Faults {
		if len(f.Hits.Strikes) == 0 {
			strikes++
		}
	}
	say(r.Outcome == shrink.NotReproduced, "not reproduced")
	say(strikes > max(mostFaults, len(p.causes)), "%d faults or strikes", strikes)
	say(r.Orders > mostOrders, "%d orders", r.Orders)
	say(r.Certificate.Rate.Runs == 0 || r.Certificate.Rate.Share() < leastRate, "reproduces in %d of %d runs", r.Certificate.Rate.Hits, r.Certificate.Rate.Runs)
	say(r.Runs > mostRuns, "%d runs", r.Runs)
	say(len(r.Evidence) > 10, "%d records of evidence", len(r.Evidence))
	for _, kind := range p.causes {
		there := slices.ContainsFunc(r.Scenario.Faults, func(f scenarios.Fault) bool { return f.Fault.S == kind })
		say(!there, "%s is not among what is left", kind)
	}
	return list
}

func details(r shrink.Result) string {
	var b strings.Builder
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "    %-13s %3d  %-12s %s\n", s.Name, s.Runs, s.State, s.Text)
	}
	for _, l := range r.Certificate.Each {
		fmt.Fprintf(&b, "    without %s: %d of %d\n", l.Without, l.Rate.Hits, l.Rate.Runs)
	}
	text, err := r.File("andon gate …")
	if err != nil {
		return b.String() + err.Error()
	}
	return b.String() + string(text)
}
