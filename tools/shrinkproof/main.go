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

// What a shrunk schedule of a single cause may be at most, and how many defects
// have to show it: a search among builds that do not fail each time misses one
// now and then.
const (
	mostFaults  = 2
	mostOrders  = 3
	leastRate   = 0.9
	mostRuns    = 60
	leastProven = 10
)

// A proof is a defect, how it is brought to light and what is to be left.
type proof struct {
	defect   string
	scenario string   // ready-made, or one of the files beside this one
	oracle   string   // whose finding is shrunk
	causes   []string // kinds of the faults that must be left, all of them; nil means any
}

// proofs lists the defects of single cause and one of two, those first that
// take longest: two are shrunk side by side.
var proofs = []proof{
	{"M17", "badlots.yaml", "retry-discipline", []string{"invalid-lot"}},
	{"M08", "killed.yaml", "no-silent-drop", []string{"sut-kill"}},
	{"M16", "badlots.yaml", "retry-discipline", []string{"invalid-lot"}},
	{"M22", "badlots.yaml", "batch-items", []string{"invalid-lot"}},
	{"M31", "QUA-02", "no-silent-drop", []string{"delayed-approval"}},
	{"M23", "badlots.yaml", "batch-items", []string{"invalid-lot"}},
	{"M24", "CNF-09", "no-silent-drop", []string{"lying-success"}},
	{"M18", "badlots.yaml", "dead-letter", []string{"invalid-lot"}},
	{"M57", "SEC-01", "no-silent-drop", []string{"stale-token"}},
	{"M13", "NET-02", "throttle-compliance", []string{"outage"}},
	{"M05", "forgotten.yaml", "exactly-once", []string{"duplicate", "sut-kill"}},
	{"M27", "ORD-06", "order-causality", []string{"reorder"}},
	{"M12", "throttled.yaml", "throttle-compliance", []string{"throttle"}},
	{"M01", "CNF-02", "exactly-once", []string{"ambiguous-commit"}},
	{"M02", "CNF-02", "exactly-once", []string{"ambiguous-commit"}},
	{"M11", "throttled.yaml", "dead-letter", []string{"throttle"}},
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

// run shrinks each defect and reports whether that is proof enough: see
// [tally.enough].
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
	var t tally
	side(o.beside, todo, func(p proof) {
		line, ok := p.show(ctx, o, self, tmp)
		fmt.Println(line)
		t.count(p, ok)
	})
	fmt.Printf("%s\nin %s, %d side by side with %d lanes each\n", &t, time.Since(began).Round(time.Second), o.beside, o.lanes)
	return t.enough(len(todo) < len(proofs)), ctx.Err()
}

// tally counts what was shown.
type tally struct {
	mu              sync.Mutex // guards what follows
	single, several []string   // within the bounds, by how many causes there are
	missed          []string
	missedSeveral   bool
}

func (t *tally) count(p proof, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case !ok:
		t.missed = append(t.missed, p.defect)
		t.missedSeveral = t.missedSeveral || len(p.causes) > 1
	case len(p.causes) > 1:
		t.several = append(t.several, p.defect)
	default:
		t.single = append(t.single, p.defect)
	}
}

// enough reports whether ten single-cause defects stayed within the bounds, and
// of each with several causes all were found. Of some that were chosen all must.
func (t *tally) enough(chosen bool) bool {
	if chosen {
		return len(t.missed) == 0
	}
	return len(t.single) >= leastProven && len(t.several) > 0 && !t.missedSeveral
}

func (t *tally) String() string {
	text := fmt.Sprintf("within the bounds: %d defects of a single cause (%d are needed), and of %d with two causes both found", len(t.single), leastProven, len(t.several))
	if len(t.missed) > 0 {
		slices.Sort(t.missed)
		text += fmt.Sprintf("\nout of bounds: %s, as said above", strings.Join(t.missed, ", "))
	}
	return text
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

// side does so many of list side by side.
func side(n int, list []proof, do func(proof)) {
	var wg sync.WaitGroup
	todo := make(chan proof)
	for range n {
		wg.Go(func() {
			for p := range todo {
				do(p)
			}
		})
	}
	for _, p := range list {
		todo <- p
	}
	close(todo)
	wg.Wait()
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

// problems lists where the result is out of bounds. Of several causes it is
// asked that they are found, not how little happens beside them.
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
	single := len(p.causes) < 2
	say(single && r.Orders > mostOrders, "%d orders", r.Orders)
	say(r.Certificate.Rate.Runs == 0 || single && r.Certificate.Rate.Share() < leastRate, "reproduces in %d of %d runs", r.Certificate.Rate.Hits, r.Certificate.Rate.Runs)
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
