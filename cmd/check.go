package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators/plant"
)

func newCheck(w World) *cobra.Command {
	var rig string
	var env, asJSON bool
	c := &cobra.Command{
		Use:   "check [file.yaml ...]",
		Short: "read rig and scenario files and say what is wrong with them",
		Long: "Reads the rig file and the scenario files that are named, looks up everything they name and tries every rig that\n" +
			"a run would build, without starting the build under test. A rig whose plant is an event log has its dirty rows listed.\n\n" +
			"Exit status: 0 nothing wrong, 2 mistakes, 3 trouble of this machine, such as a port in use.",
		Example: "  andon check\n  andon check scenarios/*.yaml --rig andon.yaml\n  andon check --env",
		RunE: func(_ *cobra.Command, args []string) error {
			r := &checking{world: w, rigPath: rig}
			r.check(args)
			if asJSON {
				return r.json(env)
			}
			return r.text(env)
		},
	}
	c.Flags().StringVar(&rig, "rig", "", "rig file (default: "+defaultRig+" if it is there, else the bundled rig)")
	c.Flags().BoolVar(&env, "env", false, "print what the rig provides to the build under test")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON instead of text")
	return c
}

// checking is what one check has found.
type checking struct {
	world    World
	rigPath  string
	rig      harness.GateOptions
	ok       []string // what is fine
	problems []error
	machine  error // trouble that is not in the files
	trace    *plant.Trace
	dirty    []plant.DirtyRow
	provided []harness.Provided
	env      map[string]string
}

// check reads everything that can be read, whatever else is wrong.
func (r *checking) check(files []string) {
	files = slices.DeleteFunc(slices.Clone(files), func(path string) bool {
		if r.rigPath != "" || !isRig(path) {
			return false
		}
		r.rigPath = path // a rig file among the files is what it is
		return true
	})
	r.rig = harness.GateOptions{Catalog: r.world.Catalog, Version: version()}
	var err error
	r.rig.File, r.rig.Path, r.rig.Source, err = loadRig(r.rigPath)
	rigOK := r.note(err)
	if self, err := self(); r.note(err) {
		r.rig.Self = self
	}
	for _, path := range files {
		ss, err := scenarios.Load(path)
		if r.note(err) {
			r.rig.Scenarios = append(r.rig.Scenarios, ss...)
			r.ok = append(r.ok, fmt.Sprintf("%s: %s", path, counted(ss)))
		}
	}
	r.note(distinct(r.rig.Scenarios))
	if !rigOK {
		r.unresolved()
		return
	}
	r.readTrace()
	if len(r.problems) > 0 {
		r.unresolved()
		return
	}
	r.build()
}

// unresolved checks the names in scenarios although there is no rig to try
// them with.
func (r *checking) unresolved() {
	known := scenarios.Known{Faults: r.world.Catalog.FaultNames(), Oracles: r.world.Catalog.OracleNames()}
	for i := range r.rig.Scenarios {
		r.note(r.rig.Scenarios[i].Resolve(known))
	}
}

// build tries the rig with every scenario, or with none if none is given.
func (r *checking) build() {
	if len(r.rig.Scenarios) == 0 {
		r.rig.Scenarios = []scenarios.Scenario{harness.PlainScenario()}
	}
	err := r.rig.Check()
	if err == nil {
		name := cmp.Or(r.rig.Path, "bundled rig")
		r.ok = append([]string{name + ": " + r.rig.File.Summary()}, r.ok...)
		for _, c := range r.rig.File.Customs() {
			r.ok = append(r.ok, "note: "+c)
		}
		for _, d := range r.rig.Doubts {
			r.ok = append(r.ok, "note: "+d)
		}
		r.provided, r.env, err = r.rig.Provides()
	}
	var plan *harness.PlanError
	if errors.As(err, &plan) {
		r.note(plan.Err)
	} else {
		r.machine = err
	}
}

// readTrace reads the event log that is the rig's plant, if it has one.
func (r *checking) readTrace() {
	spec := r.rig.File.Plant.Trace
	if spec == nil {
		return
	}
	var err error
	r.trace, r.dirty, err = harness.LoadTrace(*spec)
	r.note(err)
}

// note keeps err if it is one, and reports whether it is none.
func (r *checking) note(err error) bool {
	if err != nil {
		r.problems = append(r.problems, each(err)...)
	}
	return err == nil
}

// isRig reports whether path holds a rig, whatever else is wrong with it.
func isRig(path string) bool {
	n, err := yamlfile.ReadFile(path)
	return err == nil && n.Get("kind").Text() == "Rig"
}

func counted(ss []scenarios.Scenario) string {
	if len(ss) == 1 {
		return "scenario " + ss[0].Metadata.ID
	}
	return fmt.Sprintf("%d scenarios, %s to %s", len(ss), ss[0].Metadata.ID, ss[len(ss)-1].Metadata.ID)
}

// text tells people, mistakes on stderr as a compiler would.
func (r *checking) text(env bool) error {
	for _, p := range r.problems {
		fmt.Fprintln(r.world.Stderr, p)
	}
	if r.trace != nil || len(r.dirty) > 0 {
		r.tellTrace()
	}
	if n := len(r.problems); n > 0 {
		return exit(r.summary(n))
	}
	if r.machine != nil {
		return &rigError{r.machine}
	}
	for _, line := range r.ok {
		fmt.Fprintln(r.world.Stdout, line)
	}
	if env {
		return tellEnv(r.world.Stdout, r.provided, r.env)
	}
	return nil
}

func (r *checking) summary(n int) int {
	s := "s"
	if n == 1 {
		s = ""
	}
	fmt.Fprintf(r.world.Stderr, "andon: %d mistake%s\n", n, s)
	return harness.ExitUsage
}

// tellTrace lists the rows of the event log that are not as they should be,
// and what became of all of them.
func (r *checking) tellTrace() {
	for _, d := range r.dirty {
		fmt.Fprintf(r.world.Stdout, "%s:%d: %s: %s\n", r.rig.File.Plant.Trace.CSV, d.Line, d.Severity, strings.Join(d.Reasons, "; "))
	}
	if t := r.trace; t != nil {
		fmt.Fprintf(r.world.Stdout, "%s: %d rows: %d clean, %d dirty and used, %d left out; %d orders from %s to %s\n", r.rig.File.Plant.Trace.CSV,
			t.Rows, t.Clean, t.Used, t.LeftOut, t.Orders(), t.Begin.Format("2006-01-02 15:04"), t.End.Format("2006-01-02 15:04"))
	}
}

// tellEnv lists what the rig provides and what the build is told of it.
func tellEnv(w io.Writer, provided []harness.Provided, env map[string]string) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "\nFOR USE IN THE RIG FILE\tWHAT\tFOR EXAMPLE")
	for _, p := range provided {
		fmt.Fprintf(t, "${%s}\t%s\t%s\n", p.Name, p.Means, p.Example)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(env) == 0 {
		_, err := fmt.Fprintln(w, "\nsut.env is empty: the build is told nothing of the rig")
		return err
	}
	names := make([]string, 0, len(env))
	for name := range env {
		names = append(names, name)
	}
	slices.Sort(names)
	t = tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "\nENVIRONMENT OF THE BUILD\tFOR EXAMPLE")
	for _, name := range names {
		fmt.Fprintf(t, "%s\t%s\n", name, env[name])
	}
	return t.Flush()
}

// problem is a mistake as programs see it.
type problem struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Text   string `json:"text"`
	Hint   string `json:"hint,omitempty"`
}

// json tells programs.
func (r *checking) json(env bool) error {
	out := struct {
		Schema   string             `json:"schema"`
		OK       bool               `json:"ok"`
		Problems []problem          `json:"problems"`
		Machine  string             `json:"machine,omitempty"` // trouble that is not in the files
		Trace    *plant.Trace       `json:"trace,omitempty"`
		Dirty    []plant.DirtyRow   `json:"dirty,omitempty"`
		Provides []harness.Provided `json:"provides,omitempty"`
		Env      map[string]string  `json:"env,omitempty"`
	}{Schema: "andon.check/v1", OK: len(r.problems) == 0 && r.machine == nil, Problems: []problem{}, Trace: r.trace, Dirty: r.dirty}
	for _, p := range r.problems {
		out.Problems = append(out.Problems, problemOf(p))
	}
	if r.machine != nil {
		out.Machine = r.machine.Error()
	}
	if env {
		out.Provides, out.Env = r.provided, r.env
	}
	if err := writeJSON(r.world.Stdout, out); err != nil {
		return &rigError{err}
	}
	switch {
	case len(r.problems) > 0:
		return exit(harness.ExitUsage)
	case r.machine != nil:
		return exit(harness.ExitRig)
	}
	return nil
}

func problemOf(err error) problem {
	var e *yamlfile.Error
	if errors.As(err, &e) {
		return problem{e.Pos.File, e.Pos.Line, e.Pos.Column, e.Text, e.Hint}
	}
	return problem{Text: err.Error()}
}

// self is the path of this program, which the bundled rig starts again.
func self() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", &rigError{fmt.Errorf("find the andon program: %w", err)}
	}
	return path, nil
}

// usage is a mistake on the command line.
func usage(format string, args ...any) error {
	return &harness.PlanError{Err: fmt.Errorf(format, args...)}
}
