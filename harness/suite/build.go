package suite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Builder is a scenario in the making: ready-made ([Scenario], [File]) or new
// ([New]). Its methods return a changed copy, so one Builder may be the root of
// many scenarios. Mistakes are kept until it is run, and then all told with
// the line of Go they stand in.
type Builder struct {
	s       scenarios.Scenario
	text    []byte // of the file, as long as nothing is changed
	options []Option
	errs    []error
}

// New begins a scenario with a title; its id is made from it.
func New(title string) Builder {
	return Builder{s: scenarios.Scenario{
		Metadata: scenarios.Metadata{ID: idFrom(title), Title: title}, Seed: 1, Pos: here(),
	}}
}

// Scenario begins with one of the library: "CNF-02", or for one variant of a
// matrix "THR-01.date".
func Scenario(id string) Builder {
	found, err := scenarios.Find(id)
	return only(id, found, nil, err)
}

// File begins with the only scenario of a file.
func File(path string) Builder {
	found, err := scenarios.Load(path)
	text, rerr := os.ReadFile(path)
	if err == nil {
		err = rerr
	}
	return only(path, found, text, err)
}

func only(name string, found []scenarios.Scenario, text []byte, err error) Builder {
	switch {
	case err != nil:
		return Builder{errs: []error{err}}
	case len(found) != 1:
		var ids []string
		for _, s := range found {
			ids = append(ids, s.Metadata.ID)
		}
		return Builder{errs: []error{here().Errorf("%s has variants", name).WithHint("choose one: %s", strings.Join(ids, ", "))}}
	}
	return Builder{s: found[0], text: text}
}

// Run plays the scenario against a rig file's SUT, within the current spec, and
// returns what came of it. The spec fails at once if the rig could not do its
// work.
func (b Builder) Run(ctx context.Context, rig string, options ...Option) Outcome {
	ginkgo.GinkgoHelper()
	s, err := b.finished()
	if err != nil {
		ginkgo.Fail(err.Error())
	}
	return newConfig(rig, slices.Concat(b.options, options)).run(ctx, s)
}

// It declares a spec that plays the scenario, which must hold. Args are those
// of [DescribeScenarios], without files.
func (b Builder) It(rig string, args ...any) bool {
	where := types.NewCodeLocation(1)
	patterns, options, decorators := sorted(args)
	s, err := b.finished()
	c := newConfig(rig, slices.Concat(b.options, options))
	err = errors.Join(err, c.read())
	if len(patterns) > 0 {
		err = errors.Join(err, fmt.Errorf("It takes no files, but was given %q", patterns))
	}
	if err != nil {
		broken(where, err)
		return true
	}
	c.spec(where, s, decorators...)
	return true
}

// finished is the scenario, checked, with a text to be kept with the evidence.
func (b Builder) finished() (story, error) {
	if len(b.errs) > 0 {
		return story{}, errors.Join(b.errs...)
	}
	if b.text != nil {
		return story{scenario: b.s, text: b.text}, nil
	}
	s, err := scenarios.New(b.s)
	if err != nil {
		return story{}, err
	}
	text, err := scenarios.Text(s)
	return story{scenario: s, text: text}, err
}

// change returns a copy of b that is no longer what its file says.
func (b Builder) change(do func(*scenarios.Scenario)) Builder {
	b.text = nil
	b.s.When, b.s.Faults, b.errs = slices.Clip(b.s.When), slices.Clip(b.s.Faults), slices.Clip(b.errs)
	e := &b.s.Expect
	e.Always, e.Waive, e.Eventually, e.Never, e.AtEnd = slices.Clip(e.Always), slices.Clip(e.Waive), slices.Clip(e.Eventually), slices.Clip(e.Never), slices.Clip(e.AtEnd)
	do(&b.s)
	return b
}

func (b Builder) with(o Option) Builder {
	b.options = append(slices.Clip(b.options), o)
	return b
}

// ID names the scenario otherwise than by its title.
func (b Builder) ID(id string) Builder {
	return b.change(func(s *scenarios.Scenario) { s.Metadata.ID = id })
}

// Labels adds labels, by which Ginkgo filters.
func (b Builder) Labels(labels ...string) Builder {
	return b.change(func(s *scenarios.Scenario) { s.Metadata.Labels = slices.Concat(s.Metadata.Labels, labels) })
}

// Seed decides every identity, quantity and stroke of luck.
func (b Builder) Seed(n uint64) Builder { return b.with(Seed(n)) }

// Pilots arms troubles that pilots are told to rehearse; see [Pilots].
func (b Builder) Pilots(names ...string) Builder { return b.with(Pilots(names...)) }

// Profile chooses the plant: machine-shop, nist-box, process-batch.
func (b Builder) Profile(name string) Builder {
	return b.change(func(s *scenarios.Scenario) { s.Plant.Profile = name })
}

// Orders is how many orders are released.
func (b Builder) Orders(n int) Builder {
	return b.change(func(s *scenarios.Scenario) { s.Given.Orders.Count = n })
}

// Open is how many orders are under way at the start.
func (b Builder) Open(n int) Builder {
	return b.change(func(s *scenarios.Scenario) { s.Plant.Open = &n })
}

// Shift is how long the run lasts in plant time; eight hours by default.
func (b Builder) Shift(d Duration) Builder {
	return b.change(func(s *scenarios.Scenario) { s.Time.Shift = d })
}

// Policy changes what an endpoint promises.
func (b Builder) Policy(endpoint string, p scenarios.Policy) Builder {
	return b.change(func(s *scenarios.Scenario) {
		s.Given.Endpoints = maps.Clone(s.Given.Endpoints)
		if s.Given.Endpoints == nil {
			s.Given.Endpoints = map[string]scenarios.Policy{}
		}
		s.Given.Endpoints[endpoint] = p
	})
}

// When adds steps: see [At], [Upon] and [After].
func (b Builder) When(steps ...Step) Builder {
	for _, st := range steps {
		b = b.failed(st.errs).change(func(s *scenarios.Scenario) { s.When = append(s.When, st.step) })
	}
	return b
}

// Fault adds troubles: see [Fault].
func (b Builder) Fault(troubles ...Trouble) Builder {
	for _, t := range troubles {
		b = b.failed(t.errs).change(func(s *scenarios.Scenario) {
			if t.fault.ID == "" {
				t.fault.ID = freshID(s.Faults, t.fault.Fault.S)
			}
			s.Faults = append(s.Faults, t.fault)
		})
	}
	return b
}

// Expect adds what must hold besides what always must: see [Always],
// [Eventually], [Never] and [AtEnd].
func (b Builder) Expect(demands ...Demand) Builder {
	return b.change(func(s *scenarios.Scenario) {
		for _, d := range demands {
			d.into(&s.Expect, d.means)
		}
	})
}

// Waive does without an oracle, for a reason.
func (b Builder) Waive(oracle, reason string) Builder {
	pos := here()
	return b.change(func(s *scenarios.Scenario) {
		s.Expect.Waive = append(s.Expect.Waive, scenarios.Waiver{Name: oracle, Reason: reason, Pos: pos})
	})
}

// Floor demands at least n facts of a kind; with fewer, nothing is shown.
func (b Builder) Floor(kind plant.Kind, n int) Builder {
	return b.change(func(s *scenarios.Scenario) {
		s.Floor = maps.Clone(s.Floor)
		if s.Floor == nil {
			s.Floor = scenarios.Floor{}
		}
		s.Floor[kind] = n
	})
}

// Change has do change anything else.
func (b Builder) Change(do func(*scenarios.Scenario)) Builder { return b.change(do) }

func (b Builder) failed(errs []error) Builder {
	b.errs = slices.Concat(b.errs, errs)
	return b
}

// freshID names a fault after its kind: throttle, throttle-2.
func freshID(faults []scenarios.Fault, kind string) string {
	id := kind
	for n := 2; slices.ContainsFunc(faults, func(f scenarios.Fault) bool { return f.ID == id }); n++ {
		id = fmt.Sprintf("%s-%d", kind, n)
	}
	return id
}

var notInID = regexp.MustCompile(`[^A-Za-z0-9]+`)

// idFrom makes an id of a title: "No answer from the ERP" is no-answer-from-the-erp.
func idFrom(title string) string {
	id := strings.ToLower(strings.Trim(notInID.ReplaceAllString(title, "-"), "-"))
	return strings.TrimRight(id[:min(len(id), 48)], "-")
}

// here is the line of the suite that called into this package, so that
// mistakes name it.
func here() yamlfile.Pos {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		if !strings.Contains(f.Function, "/harness/suite.") || strings.HasSuffix(f.File, "_test.go") {
			return yamlfile.Pos{File: shortened(f.File), Line: f.Line, Column: 1}
		}
		if !more {
			return yamlfile.Pos{}
		}
	}
}

// shortened is path relative to where the suite runs, if that is shorter.
func shortened(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(wd, path); err == nil && len(rel) < len(path) {
		return rel
	}
	return path
}
