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
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
)

// gateFlags are what can differ from gate to gate.
type gateFlags struct {
	rig       string
	erp       string
	pack      string
	scenarios []string
	seed      uint64
	seeded    bool // a seed was given
	faults    []string
	lanes     int
	out       string
	defect    string
	unknown   bool
	force     bool // scenarios asked for by name are played whatever the rig lacks
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
			"  andon gate --scenario CNF-02 --seed 7 --fault duplicate-messages\n  andon gate --defect M01 --json\n  andon gate --erp files/v1",
		RunE: func(c *cobra.Command, args []string) error {
			f.seeded = c.Flags().Changed("seed")
			return runGate(c.Context(), w, f, args)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.rig, "rig", "", "rig `file` (default: "+defaultRig+" if it is there, else the bundled build)")
	flags.StringVar(&f.erp, "erp", "", "gate the bundled build at an ERP that speaks this `dialect`: "+strings.Join(harness.BundledERPs(), ", "))
	flags.StringVar(&f.pack, "pack", "", "`name` of a pack of ready-made scenarios: "+strings.Join(scenarios.Packs(), ", ")+" (default smoke, unless scenarios are named)")
	flags.StringSliceVar(&f.scenarios, "scenario", nil, "`id` of a ready-made scenario, as listed by andon list scenarios; may be repeated")
	flags.Uint64Var(&f.seed, "seed", 0, "seed for every scenario (default: each has its own)")
	flags.StringSliceVar(&f.faults, "fault", nil, "also arm a pilot fault (`name`): "+strings.Join(pilotNames(), ", ")+"; may be repeated")
	flags.IntVar(&f.lanes, "lanes", 1, "how `many` scenarios run side by side, each with its own SUT")
	flags.StringVar(&f.out, "out", "", "`folder` for evidence and reports (default andon-runs/<time>)")
	flags.StringVar(&f.defect, "defect", "", "`id` of a defect to plant into the bundled build, as listed by andon list defects")
	f.outFlags.add(c)
	flags.BoolVar(&f.unknown, "allow-unknown", false, "inconclusive and not exercised count as success")
	flags.BoolVar(&f.force, "force", false, "play scenarios that are asked for by name or file also if the rig lacks something for them")
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
		return ofMachine(err)
	}
	if err := keep(w, g); err != nil {
		return err
	}
	if g.Bundle != "" {
		g.Page = filepath.Join(g.Bundle, reportHTML)
	}
	f.shown = true
	return tell(w, f.outFlags, g)
}

// gateOptions turns flags into what the harness needs.
func gateOptions(w World, f gateFlags, files []string) (o harness.GateOptions, err error) {
	o = harness.GateOptions{Catalog: w.Catalog, Pilots: f.faults, Lanes: f.lanes, Out: f.out, Version: version(),
		Command: append([]string{"andon"}, w.Args...), AllowUnknown: f.unknown, Texts: map[string][]byte{}}
	if f.seeded {
		o.Seed = &f.seed
	}
	if o.Out == "" {
		o.Out = freshOut(time.Now())
	}
	if o.Self, err = self(); err != nil {
		return o, err
	}
	if err := f.chooseRig(w, &o); err != nil {
		return o, err
	}
	if o.Defect, err = f.plantable(w, o.File, o.Path); err != nil {
		return o, err
	}
	if err := errors.Join(f.pilots(w), f.lanesFit(o.File), f.writable(o.Out)); err != nil {
		return o, err
	}
	return o, chooseScenarios(&o, f, files)
}

// chooseRig loads the rig file, or that of the bundled build at the ERP that is
// asked for, or at which the defect shows.
func (f gateFlags) chooseRig(w World, o *harness.GateOptions) (err error) {
	erp := f.erp
	if erp == "" && f.rig == "" {
		for _, d := range w.Defects {
			if strings.EqualFold(d.ID, f.defect) {
				erp = d.ERP
			}
		}
	}
	switch {
	case erp == "":
		o.File, o.Path, o.Source, err = loadRig(f.rig)
		return err
	case f.rig != "":
		return fmt.Errorf("--erp is about the bundled build; with the rig file %s, write endpoints: {erp: {dialect: %s}} there", f.rig, erp)
	}
	o.File, o.Source, err = harness.BundledWith(erp)
	if err == nil && erp != harness.BundledERPs()[0] {
		o.Notes = append(o.Notes, "the bundled build, at an ERP that speaks "+erp)
	}
	return err
}

// plantable returns the defect that is to be planted, as it is spelled.
func (f gateFlags) plantable(w World, file harness.File, rig string) (string, error) {
	if f.defect == "" {
		return "", nil
	}
	var ids []string
	for _, d := range w.Defects {
		if d.WhyNot != "" {
			if strings.EqualFold(d.ID, f.defect) {
				return "", fmt.Errorf("defect %s (%s) cannot be planted: %s", d.ID, d.Name, d.WhyNot)
			}
			continue
		}
		if strings.EqualFold(d.ID, f.defect) {
			if !file.RunsBundled() {
				return "", fmt.Errorf("--defect plants a defect into the bundled build; the rig file %s runs another one", rig)
			}
			return d.ID, nil
		}
		ids = append(ids, d.ID)
	}
	return "", fmt.Errorf("unknown defect %q; %s; andon list defects says what they do", f.defect, yamlfile.OneOf(f.defect, ids))
}

// pilots refuses names that arm nothing.
func (f gateFlags) pilots(w World) error {
	for _, name := range f.faults {
		switch {
		case slices.Contains(pilotNames(), name):
		case slices.Contains(w.Catalog.FaultNames(), name):
			return fmt.Errorf("--fault %s: it needs settings and stands under faults: of a scenario file; --fault takes %s", name, strings.Join(pilotNames(), ", "))
		default:
			return fmt.Errorf("--fault: unknown pilot fault %q; %s", name, yamlfile.OneOf(name, pilotNames()))
		}
	}
	return nil
}

// lanesFit refuses lanes that would get in each other's way.
func (f gateFlags) lanesFit(rig harness.File) error {
	switch {
	case f.lanes < 1:
		return fmt.Errorf("--lanes is %d; at least one lane is needed", f.lanes)
	case f.lanes == 1:
		return nil
	case rig.SUT.External != nil:
		return errors.New("--lanes needs a SUT for each lane, and this rig has one that runs already; leave --lanes out")
	}
	for name, e := range rig.Endpoints {
		if e.Listen != "" {
			return fmt.Errorf("--lanes needs an address for each lane, and endpoints.%s always listens on %s; leave listen or --lanes out", name, e.Listen)
		}
	}
	return nil
}

// writable finds out before a long run that its results could not be written.
func (f gateFlags) writable(out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	for _, file := range f.files() {
		if file.path == "" {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(file.path), 0o755); err != nil {
			return fmt.Errorf("%s: %w", file.flag, err)
		}
		if info, err := os.Stat(file.path); err == nil && info.IsDir() {
			return fmt.Errorf("%s: %s is a folder; name a file in it", file.flag, file.path)
		}
	}
	return nil
}

// freshOut names a folder that is not there yet.
func freshOut(now time.Time) string {
	out := filepath.Join("andon-runs", now.Format("20060102-150405"))
	for n, dir := 2, out; ; n++ {
		if _, err := os.Lstat(dir); err != nil {
			return dir
		}
		dir = fmt.Sprintf("%s-%d", out, n)
	}
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
	var errs []error
	for _, path := range files {
		ss, err := scenarios.Load(path)
		if err != nil {
			errs = append(errs, notAFile(path, err))
			continue
		}
		b, err := scenarioText(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		o.Texts[ss[0].Metadata.Of] = b
		ss, err = f.playable(o, ss)
		errs = append(errs, err)
		o.Scenarios = append(o.Scenarios, ss...)
	}
	for _, id := range f.scenarios {
		ss, err := scenarios.Find(id)
		errs = append(errs, err)
		ss, err = f.playable(o, ss)
		errs = append(errs, err, addReadyMade(o, ss))
	}
	if f.pack == "" && len(files)+len(f.scenarios) == 0 {
		f.pack = "smoke"
	}
	if f.pack != "" {
		ss, err := scenarios.Pack(f.pack)
		ss, left := o.File.Fit(ss)
		o.Notes = append(o.Notes, left...)
		errs = append(errs, err, addReadyMade(o, ss))
		o.Pack = f.pack
	}
	return errors.Join(append(errs, distinct(o.Scenarios))...)
}

// playable refuses scenarios that are asked for and that the rig lacks something
// for. Of several variants those that can be played are, and the others are noted.
func (f gateFlags) playable(o *harness.GateOptions, asked []scenarios.Scenario) ([]scenarios.Scenario, error) {
	if f.force {
		return asked, nil
	}
	fit, left := o.File.Fit(asked)
	if len(fit) == 0 && len(left) > 0 {
		return nil, fmt.Errorf("%w; or play it all the same with --force", o.File.Refuse(asked))
	}
	o.Notes = append(o.Notes, left...)
	return fit, nil
}

// scenarioText is what the bundle keeps of a scenario file: enough to run it
// again.
func scenarioText(path string) ([]byte, error) {
	if b, err := scenarios.Flatten(path); b != nil || err != nil {
		return b, err
	}
	return os.ReadFile(path)
}

// addReadyMade adds scenarios of the library with their texts.
func addReadyMade(o *harness.GateOptions, ss []scenarios.Scenario) error {
	for _, s := range ss {
		b, err := fs.ReadFile(scenarios.Library(), s.Pos.File)
		if err != nil {
			return fmt.Errorf("read scenario %s: %w", s.Metadata.ID, err)
		}
		o.Texts[s.Metadata.Of] = b
	}
	o.Scenarios = append(o.Scenarios, ss...)
	return nil
}

// notAFile helps a user who names a ready-made scenario as if it were a file.
func notAFile(name string, err error) error {
	if found, e := scenarios.Find(name); e == nil && len(found) > 0 {
		return fmt.Errorf("%s is a ready-made scenario and not a file: write --scenario %s", name, name)
	}
	return err
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
