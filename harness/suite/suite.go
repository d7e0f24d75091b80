// Package suite is the Ginkgo face of Andon: it turns a rig file and scenarios
// into specs, so that an integration team's own suite says which trouble its
// build must survive.
//
// It only declares and reports. What a run is stands in package harness, what
// a scenario may say in package scenarios.
//
//	var _ = suite.DescribePack("andon.yaml", "smoke")
//	var _ = suite.DescribeScenarios("andon.yaml", "scenarios/*.yaml", Label("nightly"))
//
//	var _ = It("survives lost answers", func(ctx SpecContext) {
//		run := suite.Scenario("CNF-02").Seed(7).Run(ctx, "andon.yaml")
//		Expect(run).To(suite.Hold())
//	}, SpecTimeout(time.Minute))
//
// Every run has a rig, ports and a bundle of its own, so the processes of
// `ginkgo -p` do not meet. Specs against a SUT that is already running are
// Serial, because there is only one of it.
package suite

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/scenarios"
)

// DescribeScenarios declares a container with one spec for each scenario in
// the files. rig is the path of a rig file, "" stands for the bundled rig.
// Among args, strings are patterns of scenario files, [Option]s say how to run
// them, and anything else goes to Ginkgo: labels, Serial, FlakeAttempts.
//
// A mistake in a file, and a pattern that no file matches, is a failing spec.
func DescribeScenarios(rig string, args ...any) bool {
	patterns, options, decorators := sorted(args)
	found, err := load(patterns)
	return describe("scenarios "+strings.Join(patterns, " "), rig, found, err, options, decorators)
}

// DescribePack declares a container with one spec for each scenario of a pack
// of the library, such as "smoke". See [DescribeScenarios] for rig and args.
func DescribePack(rig, pack string, args ...any) bool {
	patterns, options, decorators := sorted(args)
	found, err := inPack(pack)
	if len(patterns) > 0 {
		err = fmt.Errorf("DescribePack takes no files, but was given %q: use DescribeScenarios for those", patterns)
	}
	return describe("pack "+pack, rig, found, err, options, decorators)
}

// A story is a scenario and the text it was read from.
type story struct {
	scenario scenarios.Scenario
	text     []byte
	pack     bool // it came with a pack, which is for any rig
}

// sorted tells apart what [DescribeScenarios] takes.
func sorted(args []any) (patterns []string, options []Option, decorators []any) {
	for _, a := range args {
		switch a := a.(type) {
		case string:
			patterns = append(patterns, a)
		case Option:
			options = append(options, a)
		case []Option:
			options = append(options, a...)
		default:
			decorators = append(decorators, a)
		}
	}
	return patterns, options, decorators
}

// load reads the files that match any of patterns.
func load(patterns []string) ([]story, error) {
	if len(patterns) == 0 {
		return nil, fmt.Errorf("no scenario files are named: give patterns such as \"scenarios/*.yaml\"")
	}
	var all []story
	for _, p := range patterns {
		files, err := filepath.Glob(p)
		if err != nil {
			return nil, fmt.Errorf("scenario files %q: %w", p, err)
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("no file matches %q; paths are relative to the folder of the suite", p)
		}
		for _, f := range files {
			found, err := loadFile(f)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
	}
	return all, nil
}

func loadFile(path string) ([]story, error) {
	ss, err := scenarios.Load(path)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all []story
	for _, s := range ss {
		all = append(all, story{scenario: s, text: text})
	}
	return all, nil
}

func inPack(pack string) ([]story, error) {
	ss, err := scenarios.Pack(pack)
	if err != nil {
		return nil, err
	}
	var all []story
	for _, s := range ss {
		all = append(all, story{scenario: s, pack: true})
	}
	return all, nil
}

// describe declares the container. It must be called by the functions that
// suites call, so that Ginkgo points at the suite and not at us.
func describe(title, rig string, stories []story, err error, options []Option, decorators []any) bool {
	where := types.NewCodeLocation(2)
	c := newConfig(rig, options)
	if err == nil {
		err = c.read()
	}
	body := func() {
		if err != nil {
			broken(where, err)
			return
		}
		for _, s := range stories {
			c.spec(where, s)
		}
	}
	return ginkgo.Describe(title, append([]any{where, body}, decorators...)...)
}

// broken declares a spec that tells why there are no others.
func broken(where types.CodeLocation, err error) {
	ginkgo.It("reads its files", where, func() { ginkgo.Fail(err.Error()) })
}

// spec declares the spec of one scenario: it must hold.
func (c config) spec(where types.CodeLocation, s story, decorators ...any) {
	m := s.scenario.Metadata
	args := []any{where, ginkgo.Label(labels(m)...), ginkgo.SpecTimeout(c.timeout), func(ctx ginkgo.SpecContext) {
		if lack := c.file.Lacks(s.scenario); lack != "" && s.pack {
			ginkgo.Skip(lack) // asked for by name it fails: see config.options
		}
		run := c.run(ctx, s)
		if !run.held() {
			ginkgo.Fail(run.why())
		}
	}}
	if c.file.SUT.External != nil {
		args = append(args, ginkgo.Serial)
	}
	ginkgo.It(m.ID+" "+m.Title, append(args, decorators...)...)
}

// notInLabel is what Ginkgo's label filters give a meaning of their own.
var notInLabel = regexp.MustCompile(`[&|!,()/:]+`)

// labels are those of the scenario, its id and the requirements it serves.
func labels(m scenarios.Metadata) []string {
	all := append([]string{m.ID}, m.Labels...)
	for _, r := range m.Requirements {
		all = append(all, string(r))
	}
	for i := range all {
		all[i] = strings.Trim(notInLabel.ReplaceAllString(all[i], "-"), "- ")
	}
	return all
}

// read reads the rig file, so that mistakes show before anything runs.
func (c *config) read() (err error) {
	if c.rig == "" {
		c.source = harness.BundledSource
	} else if c.source, err = os.ReadFile(c.rig); err != nil {
		return fmt.Errorf("rig file: %w; paths are relative to the folder of the suite", err)
	}
	c.file, err = harness.ParseFile(c.name(), c.source)
	return err
}
