package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/scenarios"
)

// gateFlags are what can differ from gate to gate.
type gateFlags struct {
	rig       string
	pack      string
	scenarios []string
	seed      int64
	faults    []string
	lanes     int
	out       string
	defect    string
	unknown   bool
	outFlags
}

// defaultRig is the rig file that is used if it is there.
const defaultRig = "andon.yaml"

func newGate(w World) *cobra.Command {
	var f gateFlags
	c := &cobra.Command{
		Use:   "gate [scenario.yaml ...]",
		Short: "run scenarios against the integration build and say whether it may be released",
		Long: "Starts the integration build under test for each scenario, drives a simulated plant through it while faults strike,\n" +
			"waits until it has come to rest and judges what the books show. Without a rig file it gates the bundled build.\n\n" +
			"Exit status: 0 all hold, 1 violated, 2 mistake in a file or flag, 3 trouble of the rig, 4 nothing violated but\n" +
			"something inconclusive or not exercised (--allow-unknown turns 4 into 0), 130 interrupted.",
		Example: "  andon gate\n  andon gate --rig andon.yaml --pack smoke --junit report.xml\n" +
			"  andon gate --scenario CNF-02 --seed 7 --fault duplicate-messages\n  andon gate --defect M01 --json",
		RunE: func(c *cobra.Command, args []string) error { return runGate(c.Context(), w, f, args) },
	}
	flags := c.Flags()
	flags.StringVar(&f.rig, "rig", "", "rig file (default: "+defaultRig+" if it is there, else the bundled build)")
	flags.StringVar(&f.pack, "pack", "", "pack of ready-made scenarios: "+strings.Join(scenarios.Packs(), ", ")+" (default smoke, unless scenarios are named)")
	flags.StringSliceVar(&f.scenarios, "scenario", nil, "id of a ready-made scenario, as `andon list scenarios` shows them; may be repeated")
	flags.Int64Var(&f.seed, "seed", -1, "seed for every scenario instead of its own")
	flags.StringSliceVar(&f.faults, "fault", nil, "also arm a pilot fault: network-loss, duplicate-messages, invalid-lot, api-throttling, delayed-approval")
	flags.IntVar(&f.lanes, "lanes", 1, "how many scenarios run side by side, each with its own SUT")
	flags.StringVar(&f.out, "out", "", "folder for evidence and reports (default andon-runs/<time>)")
	flags.StringVar(&f.defect, "defect", "", "plant a defect into the bundled build: M01, M02, …")
	f.outFlags.add(c)
	flags.BoolVar(&f.unknown, "allow-unknown", false, "inconclusive and not exercised count as success")
	return c
}

func runGate(ctx context.Context, w World, f gateFlags, files []string) error {
	o, err := gateOptions(w, f, files)
	if err != nil {
		return &harness.PlanError{Err: err}
	}
	watch, done := progress(w, f.outFlags, len(o.Scenarios))
	o.See = watch
	g, err := harness.Gate(ctx, o)
	done()
	if err != nil {
		return err
	}
	if err := keep(g); err != nil {
		return err
	}
	return tell(w, f.outFlags, g)
}

// gateOptions turns flags into what the harness needs.
func gateOptions(w World, f gateFlags, files []string) (harness.GateOptions, error) {
	o := harness.GateOptions{Catalog: w.Catalog, Pilots: f.faults, Defect: f.defect, Lanes: f.lanes, Out: f.out, Version: version(),
		Command: append([]string{"andon"}, w.Args...), AllowUnknown: f.unknown, Texts: map[string][]byte{}}
	if f.seed >= 0 {
		seed := uint64(f.seed)
		o.Seed = &seed
	}
	if f.lanes < 1 {
		return o, fmt.Errorf("--lanes is %d; at least one lane is needed", f.lanes)
	}
	if o.Out == "" {
		o.Out = filepath.Join("andon-runs", time.Now().Format("20060102-150405"))
	}
	self, err := os.Executable()
	if err != nil {
		return o, fmt.Errorf("find the andon program: %w", err)
	}
	o.Self = self
	if o.File, o.Path, o.Source, err = loadRig(f.rig); err != nil {
		return o, err
	}
	if f.defect != "" && o.Path != "" {
		return o, errors.New("--defect plants a defect into the bundled build; it cannot be used with a rig file of your own")
	}
	return o, chooseScenarios(&o, f, files)
}

// loadRig reads the rig file that was named, or the default one if it is
// there, or the bundled one.
func loadRig(path string) (harness.File, string, []byte, error) {
	if path == "" {
		if _, err := os.Stat(defaultRig); errors.Is(err, fs.ErrNotExist) {
			f, err := harness.Bundled()
			return f, "", harness.BundledSource, err
		}
		path = defaultRig
	}
	f, err := harness.LoadFile(path)
	if err != nil {
		return f, path, nil, err
	}
	b, err := os.ReadFile(path)
	return f, path, b, err
}

// chooseScenarios collects files, ready-made scenarios by id, and a pack.
func chooseScenarios(o *harness.GateOptions, f gateFlags, files []string) error {
	for _, path := range files {
		ss, err := scenarios.Load(path)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, s := range ss {
			o.Texts[s.Metadata.Of] = b
		}
		o.Scenarios = append(o.Scenarios, ss...)
	}
	for _, id := range f.scenarios {
		ss, err := scenarios.Find(id)
		if err != nil {
			return err
		}
		o.Scenarios = append(o.Scenarios, ss...)
	}
	if f.pack == "" && len(o.Scenarios) == 0 {
		f.pack = "smoke"
	}
	if f.pack != "" {
		ss, err := scenarios.Pack(f.pack)
		if err != nil {
			return err
		}
		o.Pack = f.pack
		o.Scenarios = append(o.Scenarios, ss...)
	}
	return distinct(o.Scenarios)
}

// distinct refuses two scenarios with one id, whose bundles would collide.
func distinct(ss []scenarios.Scenario) error {
	seen := []string{}
	for _, s := range ss {
		if slices.Contains(seen, s.Metadata.ID) {
			return fmt.Errorf("scenario %s was chosen twice", s.Metadata.ID)
		}
		seen = append(seen, s.Metadata.ID)
	}
	return nil
}
