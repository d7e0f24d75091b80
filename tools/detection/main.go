// Command detection proves what the gate detects and what it does not: it
// plants every defect into the bundled build, gates it, and prints which oracle
// spoke. It also gates the sound build at random seeds and counts false alarms.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/andon-rig/andon/examples/bridge"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/scenarios"
)

type options struct {
	defects    string
	scenarios  string
	pack       string
	reps       int
	rest       bool
	shrink     int
	sound      int
	campaign   int
	keep       string
	lanes      int
	seed       uint64
	builds     string
	canaries   bool
	surfaces   bool
	everywhere bool
	dialects   bool
	erps       string
	write      string
	verbose    bool
}

func main() {
	var o options
	flag.StringVar(&o.defects, "defects", "", "comma-separated ids; all if empty, none if \"-\"")
	flag.StringVar(&o.scenarios, "scenarios", "", "comma-separated ids; the pack if empty")
	flag.StringVar(&o.pack, "pack", "smoke", "pack of scenarios")
	flag.IntVar(&o.reps, "reps", 1, "how often each defect meets each scenario, each time at another seed")
	flag.BoolVar(&o.rest, "rest", true, "also run the rest of the library with each defect, until it shows there; with sound builds all of it")
	flag.IntVar(&o.shrink, "shrink", 40, "runs in which one failing run of each defect is made small; 0 for none")
	flag.IntVar(&o.sound, "sound", 300, "randomised runs of each sound build")
	flag.IntVar(&o.campaign, "campaign", 300, "runs of each sound build under random schedules from all faults")
	flag.StringVar(&o.keep, "keep", "", "`folder` for bundles of campaign runs that were violated and, with -everywhere, of all that neither hold nor are vacuous")
	flag.StringVar(&o.builds, "build", "bridge:every,poller", "comma-separated sound builds: bridge, poller, bridge:RIG with a dialect of its ERP, container or a rig file of examples/bridge, such as bridge:files/v1 and bridge:mqtt, and bridge:every, whose campaign is at all of these")
	flag.BoolVar(&o.canaries, "canaries", false, "only show that each oracle still speaks, and that one round of the sound builds holds")
	flag.BoolVar(&o.surfaces, "surfaces", false, "only plant the defects at the ERP of each dialect that the bundled build has a side for")
	flag.BoolVar(&o.everywhere, "everywhere", false, "only play every scenario with the sound build at the ERP of each dialect that it has a side for")
	flag.BoolVar(&o.dialects, "dialects", false, "only show that at the ERP of each other dialect the sound build still holds in a few scenarios, and that a few defects are blamed")
	flag.StringVar(&o.erps, "erp", "", "with -surfaces, -everywhere and -dialects, comma-separated dialects; all if empty")
	flag.IntVar(&o.lanes, "lanes", 6, "runs side by side; most of a run is spent waiting")
	flag.Uint64Var(&o.seed, "seed", 20261120, "from which the seeds of all runs derive")
	flag.StringVar(&o.write, "write", "", "also write what was found to this Markdown `file`")
	flag.BoolVar(&o.verbose, "v", false, "print each run")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "detection:", err)
		code = 3
	}
	os.Exit(code)
}

// run measures, prints and returns the exit status: 1 if a defect escaped its
// intended oracles or a sound run was blamed.
func run(ctx context.Context, o options) (int, error) {
	dir, err := os.MkdirTemp("", "andon-detection-*")
	if err != nil {
		return 3, err
	}
	defer os.RemoveAll(dir)
	m, err := prepare(ctx, o, dir)
	if err != nil {
		return 3, err
	}
	switch {
	case o.surfaces:
		return m.surfacesPage(ctx)
	case o.everywhere:
		return m.everywhere(ctx)
	case o.dialects:
		return m.dialects(ctx)
	}
	var t table
	silent := 0
	if o.canaries {
		if silent, err = m.sing(ctx); err != nil {
			return 3, err
		}
		o.defects, o.campaign = "-", 0
	}
	began := time.Now()
	for _, d := range chosen(o.defects) {
		row, err := m.defect(ctx, d)
		if err != nil {
			return 3, err
		}
		t.rows = append(t.rows, row)
		fmt.Println(row.line())
	}
	if o.shrink > 0 {
		m.shrinkAll(ctx, t.rows)
	}
	for _, b := range m.builds {
		if o.sound == 0 {
			break
		}
		s, err := m.soundRuns(ctx, b, o.sound)
		if err != nil {
			return 3, err
		}
		t.sound = append(t.sound, s)
	}
	for _, b := range m.builds {
		if o.campaign == 0 {
			break
		}
		c, err := m.campaign(ctx, b, o.campaign, o.keep)
		if err != nil {
			return 3, err
		}
		t.campaigns = append(t.campaigns, c)
	}
	t.took, t.pack, t.rest = time.Since(began), len(m.pack), len(m.rest)
	t.known = m.base.Catalog.FaultNames()
	t.summary(os.Stdout)
	if o.write != "" {
		page := t.markdown(o)
		if len(t.rows)+len(t.sound) == 0 {
			page = t.campaignPage(o)
		}
		if err := os.WriteFile(o.write, []byte(page), 0o644); err != nil {
			return 3, fmt.Errorf("write %s: %w", o.write, err)
		}
	}
	if silent > 0 || t.escaped() > 0 || t.blamed() > 0 {
		return 1, nil
	}
	return 0, nil
}

// prepare makes the builds and reads the scenarios. Defects are planted into
// the bridge, whether or not its sound runs are asked for.
func prepare(ctx context.Context, o options, dir string) (*measure, error) {
	f, err := bundled(ctx, dir)
	if err != nil {
		return nil, err
	}
	m := &measure{options: o, dir: dir, base: harness.GateOptions{Catalog: catalog.Standard(), File: f, Source: harness.BundledSource,
		Self: f.SUT.Process.Command[0], Lanes: o.lanes, Version: "detection", Texts: map[string][]byte{}}}
	if err := m.choose(o); err != nil {
		return nil, err
	}
	if (o.sound > 0 || o.campaign > 0) && !o.surfaces && !o.everywhere && !o.dialects {
		if m.builds, err = builds(ctx, o.builds, dir); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// choose reads the scenarios: those that are named, or the pack and, unless it
// is not wanted, the rest of the library that the rig can play.
func (m *measure) choose(o options) (err error) {
	if o.scenarios != "" {
		for _, id := range strings.Split(o.scenarios, ",") {
			ss, err := scenarios.Find(id)
			if err != nil {
				return err
			}
			m.pack = append(m.pack, ss...)
		}
		return m.texts()
	}
	if m.pack, err = scenarios.Pack(o.pack); err != nil {
		return err
	}
	if o.rest {
		all, err := scenarios.All()
		if err != nil {
			return err
		}
		m.library = slices.DeleteFunc(all, func(s scenarios.Scenario) bool {
			return slices.ContainsFunc(m.pack, func(p scenarios.Scenario) bool { return p.Metadata.ID == s.Metadata.ID })
		})
		m.rest, _ = m.base.File.Fit(m.library)
	}
	return m.texts()
}

// texts reads the files of the scenarios, for bundles to keep.
func (m *measure) texts() (err error) {
	for _, s := range slices.Concat(m.pack, m.library) {
		if m.base.Texts[s.Metadata.Of], err = scenarios.Text(s); err != nil {
			return err
		}
	}
	return nil
}

func chosen(ids string) (ds []bridge.DefectInfo) {
	for _, d := range bridge.Defects() {
		if _, out := outOfReach[d.ID]; ids == "" && !out || strings.Contains(","+ids+",", ","+string(d.ID)+",") {
			ds = append(ds, d)
		}
	}
	return ds
}
