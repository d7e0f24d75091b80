package suite

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/text"
	"github.com/andon-rig/andon/scenarios"
)

// An Outcome is one run and what the judges made of it.
type Outcome struct {
	reports.Scenario
	unknown bool // inconclusive and vacuous are allowed
}

// String tells the outcome as `andon gate` does.
func (o Outcome) String() string {
	var b strings.Builder
	g := reports.Gate{Verdict: o.Verdict, Seed: o.Seed, Wall: o.Wall, Bundle: o.Bundle, Scenarios: []reports.Scenario{o.Scenario}, Exit: harness.ExitOf(o.Verdict, o.unknown)}
	if err := (text.Reporter{}).Report(&b, g); err != nil {
		return err.Error()
	}
	return b.String()
}

// ViolatedBy lists the oracles that blame the SUT.
func (o Outcome) ViolatedBy() (oracles []string) {
	for _, f := range o.Findings {
		if f.Verdict == evidence.Violated && !slices.Contains(oracles, f.Oracle) {
			oracles = append(oracles, f.Oracle)
		}
	}
	return oracles
}

// held reports whether the run is good enough for its suite.
func (o Outcome) held() bool {
	return o.Error == "" && (o.Verdict == evidence.Holds || (o.unknown && o.Verdict < evidence.Violated))
}

// why says in a few lines why the run is not good enough; the report entry has
// the rest.
func (o Outcome) why() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is %s at seed %d", o.ID, o.Verdict, o.Seed)
	if o.Error != "" {
		fmt.Fprintf(&b, ": %s", o.Error)
	}
	for i, f := range o.Open() {
		if i == 5 {
			fmt.Fprintf(&b, "\n  … %d more", len(o.Open())-i)
			break
		}
		fmt.Fprintf(&b, "\n  %s", strings.Join(strings.Fields(fmt.Sprintf("%s %s %s", f.Verdict, f.Oracle, f.Keys)), " "))
		if f.Expected != "" {
			fmt.Fprintf(&b, ": expected %s, got %s", f.Expected, f.Got)
		} else if f.Text != "" {
			fmt.Fprintf(&b, ": %s", f.Text)
		}
	}
	if o.Bundle != "" {
		fmt.Fprintf(&b, "\n  evidence in %s", o.Bundle)
	}
	return b.String()
}

// run plays s against a rig of its own and enters the outcome into the report
// of the current spec. Trouble of the rig or a mistake in a file fails the
// spec at once: it is no verdict on the SUT, neither way.
func (c config) run(ctx context.Context, s story) Outcome {
	ginkgo.GinkgoHelper()
	o, err := c.options(s)
	if err != nil {
		ginkgo.Fail(err.Error())
	}
	g, err := harness.Gate(ctx, o)
	if err != nil {
		ginkgo.Fail(err.Error())
	}
	if len(g.Scenarios) == 0 {
		ginkgo.Fail(strings.Join(append([]string{"nothing was run"}, g.Notes...), ": "))
	}
	out := Outcome{g.Scenarios[0], c.allowUnknown}
	ginkgo.AddReportEntry(fmt.Sprintf("andon %s: %s", out.ID, out.Verdict), entry{out.ID, out.Verdict, out.Seed, out.Bundle, out.ViolatedBy(), out.String()},
		ginkgo.ReportEntryVisibilityFailureOrVerbose)
	if out.Error != "" {
		ginkgo.Fail(out.why())
	}
	return out
}

// entry is an outcome in Ginkgo's reports.
type entry struct {
	Scenario string           `json:"scenario"`
	Verdict  evidence.Verdict `json:"verdict"`
	Seed     uint64           `json:"seed"`
	Bundle   string           `json:"bundle"`
	Oracles  []string         `json:"oracles,omitempty"` // that blame the SUT
	Report   string           `json:"report"`
}

// String is what people read.
func (e entry) String() string { return e.Report }

// options prepares a gate of one scenario.
func (c config) options(s story) (harness.GateOptions, error) {
	if c.source == nil {
		if err := c.read(); err != nil {
			return harness.GateOptions{}, err
		}
	}
	file, err := harness.ParseFile(c.name(), c.source) // once more: changes must not meet in parallel or repeated specs
	if err != nil {
		return harness.GateOptions{}, err
	}
	source := c.source
	for _, change := range c.change {
		change(&file)
	}
	if err := file.Refuse([]scenarios.Scenario{s.scenario}); err != nil && !c.force {
		return harness.GateOptions{}, fmt.Errorf("%w; or play it all the same with suite.Force()", err)
	}
	if len(c.change) > 0 {
		if source, err = yamlfile.Encode(file); err != nil { // what is kept is what was run
			return harness.GateOptions{}, fmt.Errorf("keep the changed rig: %w", err)
		}
	}
	if p := file.SUT.Process; c.rig == "" && p != nil && slices.Contains(p.Command, "${andon.self}") {
		return harness.GateOptions{}, fmt.Errorf("the bundled rig starts andon itself, which a test binary is not: give the suite a rig file, or set sut.process.command with suite.Change")
	}
	run := runName(s.scenario, cmp.Or(c.seed, &s.scenario.Seed))
	out, run, err := c.folder(run)
	if err != nil {
		return harness.GateOptions{}, err
	}
	o := harness.GateOptions{
		Catalog: c.catalog, File: file, Path: c.rig, Source: source, Scenarios: []scenarios.Scenario{s.scenario}, RunName: run,
		Seed: c.seed, Pilots: c.pilots, Defect: c.defect, Lanes: 1, Out: out, Version: version(), Command: os.Args, AllowUnknown: c.allowUnknown,
	}
	if s.text != nil {
		o.Texts = map[string][]byte{s.scenario.Metadata.Of: s.text}
	}
	return o, nil
}

// folder makes room for the bundle of a run. One that nobody asked to keep is
// removed again if its spec succeeds.
func (c config) folder(run string) (dir, name string, err error) {
	if c.bundles == "" {
		if dir, err = os.MkdirTemp("", "andon-suite-*"); err != nil {
			return "", "", fmt.Errorf("make a folder for the evidence: %w", err)
		}
		ginkgo.DeferCleanup(func() error {
			if ginkgo.CurrentSpecReport().Failed() {
				return nil
			}
			return os.RemoveAll(dir)
		})
		return dir, run, nil
	}
	dir = filepath.Join(c.bundles, fmt.Sprintf("process-%d", ginkgo.GinkgoParallelProcess()))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", "", fmt.Errorf("make a folder for the evidence: %w", err)
	}
	name = run
	for n := 2; ; n++ { // an earlier attempt, another spec or yesterday's suite: evidence is never overwritten
		if _, err := os.Lstat(filepath.Join(dir, name)); os.IsNotExist(err) {
			return dir, name, nil
		}
		name = fmt.Sprintf("%s-again-%d", run, n)
	}
}

// runName names a run after what is run.
func runName(s scenarios.Scenario, seed *uint64) string {
	return fmt.Sprintf("%s-%d", s.Metadata.ID, *seed)
}

// name is what errors call the rig file.
func (c config) name() string { return cmp.Or(c.rig, "bundled rig") }

// version is that of this module in the suite's binary.
func version() string {
	const module = "github.com/andon-rig/andon"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "suite"
	}
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path == module && m.Version != "" {
			return m.Version
		}
	}
	return "suite"
}
