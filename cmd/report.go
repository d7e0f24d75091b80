package cmd

import (
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/reports"
)

func newReport(w World) *cobra.Command {
	var f outFlags
	c := &cobra.Command{
		Use:   "report <bundle or gate folder> ...",
		Short: "report stored runs: text, HTML, Markdown, JSON, JUnit",
		Long: "Reports what was found when the runs were judged, from their bundles alone, and prints it as text. A run that\n" +
			"was never judged is judged now; andon judge judges all of them again. Unless --html says otherwise, the HTML\n" +
			"report is written as " + reportHTML + " into the folder, if one folder was named.\n\n" +
			"Exit status: 0 reported, whatever the verdict, which gate and judge exit with; 2 nothing to report there; 3 trouble of the machine.",
		Example: "  andon report andon-runs/20261120-140000\n  andon report andon-runs/20261120-140000/CNF-02-4711 --html cnf-02.html --markdown summary.md",
		Args:    atLeastOne("name a bundle or the folder of a gate, as gate prints them"),
		RunE: func(c *cobra.Command, args []string) error {
			g, err := stored(args)
			if err != nil {
				return err
			}
			if f.html == "" && len(args) == 1 {
				f.html = filepath.Join(folderOf(args[0]), reportHTML)
			}
			g.Page = f.html
			err = tell(w, f, g)
			if code := exit(0); errors.As(err, &code) {
				return nil // the verdict is not this command's
			}
			return err
		},
	}
	f.addFiles(c)
	c.Flags().BoolVar(&f.json, "json", false, "print one JSON object instead of text")
	c.Flags().BoolVar(&f.plain, "plain", false, "no colour")
	return c
}

// folderOf is the folder of a bundle whose journal was named.
func folderOf(path string) string {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return filepath.Dir(path)
	}
	return path
}

// stored reads what was found in the runs at paths.
func stored(paths []string) (reports.Gate, error) {
	g := reports.Gate{Andon: version()}
	exits := []int{}
	for _, path := range paths {
		bundles, err := harness.OpenStored(path)
		index, indexed := readIndex(path)
		if err != nil && !indexed {
			return g, err
		}
		if indexed {
			exits = append(exits, index.Exit)
			g.Notes = append(g.Notes, index.Notes...)
		}
		if err := addStored(&g, bundles, index); err != nil {
			return g, err
		}
	}
	if len(paths) == 1 {
		g.Bundle = paths[0]
	}
	g.Exit = harness.ExitOf(g.Verdict, false)
	if len(exits) == 1 && len(paths) == 1 {
		g.Exit = exits[0]
	}
	return g, nil
}

// index is what gate.json says of a gate besides its runs.
type index struct {
	Exit      int
	Notes     []string
	Wall      int64 `json:"wall_ms"`
	Rig       string
	Defect    string
	Scenarios []indexed
}

// indexed is a scenario as gate.json lists it.
type indexed struct {
	ID, Title, Pack, Bundle, Error string
	Seed                           uint64
	Wall                           int64 `json:"wall_ms"`
	Notes                          []string
}

// readIndex reads the gate.json of a gate's folder; false if it has none that
// can be read.
func readIndex(path string) (i index, ok bool) {
	b, err := os.ReadFile(filepath.Join(path, reportJSON))
	return i, err == nil && json.Unmarshal(b, &i) == nil
}

// addStored adds the runs of one path: those its gate lists, in its order and
// also if they left no bundle, or, if it is no gate's, all there are.
func addStored(g *reports.Gate, bundles []*bundle.Bundle, i index) error {
	g.Rig, g.Defect = cmp.Or(g.Rig, i.Rig), cmp.Or(g.Defect, i.Defect)
	before := g.Wall
	for _, listed := range i.Scenarios {
		at := slices.IndexFunc(bundles, func(b *bundle.Bundle) bool {
			return listed.Bundle != "" && filepath.Base(b.Path) == filepath.Base(listed.Bundle)
		})
		if at < 0 {
			s := reports.Scenario{ID: listed.ID, Title: listed.Title, Pack: listed.Pack, Seed: listed.Seed, Verdict: evidence.Inconclusive, Error: listed.Error,
				Wall: time.Duration(listed.Wall) * time.Millisecond}
			s.Error = cmp.Or(s.Error, "its bundle "+listed.Bundle+" is not there any more")
			addScenario(g, s)
			continue
		}
		b := bundles[at]
		bundles = slices.Delete(slices.Clone(bundles), at, at+1)
		s, err := storedScenario(b)
		if err != nil {
			return err
		}
		s.Pack, s.Error = listed.Pack, cmp.Or(s.Error, listed.Error)
		s.Wall = cmp.Or(time.Duration(listed.Wall)*time.Millisecond, s.Wall)
		addScenario(g, s)
	}
	if len(i.Scenarios) > 0 {
		for _, b := range bundles {
			g.Notes = append(g.Notes, filepath.Base(b.Path)+" is no run of this gate and not part of this report")
		}
		bundles = nil
	}
	for _, b := range bundles {
		s, err := storedScenario(b)
		if err != nil {
			return err
		}
		g.Rig, g.Defect = cmp.Or(g.Rig, b.Plan.Rig), cmp.Or(g.Defect, b.Plan.Defect)
		addScenario(g, s)
	}
	if i.Wall > 0 {
		g.Wall = before + time.Duration(i.Wall)*time.Millisecond // lanes run side by side
	}
	return nil
}

func addScenario(g *reports.Gate, s reports.Scenario) {
	if len(g.Scenarios) == 0 {
		g.Seed = s.Seed
	} else if g.Seed != s.Seed {
		g.Seed = 0 // they have different ones
	}
	g.Scenarios = append(g.Scenarios, s)
	g.Verdict = max(g.Verdict, s.Verdict)
	g.Wall += s.Wall
}

// storedScenario is a run as it was judged when it was made. One that was
// never judged, or whose evidence is not what it was, is judged now.
func storedScenario(b *bundle.Bundle) (reports.Scenario, error) {
	judged := b.Verdict != nil && (len(b.Findings) > 0 || b.Verdict.Exit == harness.ExitRig)
	damaged := b.Cut != nil || len(b.Damage) > 0
	if !judged || (damaged && b.Verdict.Exit != harness.ExitRig) {
		s, err := harness.JudgeStored(b)
		if err == nil && !judged {
			s.Notes = append(s.Notes, "it was never judged: this is what this version finds")
		} else if err == nil {
			s.Notes = append(s.Notes, "its evidence is damaged: this is what this version finds in what is left")
		}
		return s, err
	}
	s := reports.Scenario{ID: b.Plan.Scenario, Title: b.Plan.Title, Bundle: b.Path, Seed: b.Plan.Seed, Requirements: b.Plan.Requirements,
		Verdict: b.Verdict.Verdict, Findings: b.Findings}
	harness.Summarise(&s, b.Records)
	if n := len(b.Records); n > 0 {
		s.Wall = b.Records[n-1].At
	}
	if b.Verdict.Exit == harness.ExitRig {
		s.Error = cmp.Or(b.Verdict.Text, "the rig failed")
		s.Verdict = max(s.Verdict, evidence.Inconclusive)
	}
	s.Notes = append(s.Notes, b.Problems()...)
	return s, nil
}
