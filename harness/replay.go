package harness

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/scenarios"
)

// JudgeStored judges a run from its bundle alone, with the judges of this
// Andon. A journal that is not whole decides nothing in the SUT's favour: its
// verdict is inconclusive at best. Nor is what lies behind a hole in it held
// against the SUT.
func JudgeStored(b *bundle.Bundle) (reports.Scenario, error) {
	out := reports.Scenario{ID: b.Plan.Scenario, Title: b.Plan.Title, Bundle: b.Path, Seed: b.Plan.Seed, Requirements: b.Plan.Requirements}
	judges, err := Judges(b.Plan)
	if err != nil {
		return out, &PlanError{err}
	}
	h := b.History()
	findings := beyondHoles(h, judges, oracles.JudgeAll(h, judges))
	out.Findings = explain.New(h, b.Path).All(findings)
	Summarise(&out, b.Records)
	out.Verdict = Verdict(findings, storedDemands(b))
	if n := len(b.Records); n > 0 {
		out.Wall = b.Records[n-1].At
	}
	out.Notes = append(out.Notes, b.Problems()...)
	lost := unreadable(b)
	if lost != "" {
		out.Notes = append(out.Notes, lost)
	}
	if incomplete(b) || lost != "" {
		out.Verdict = max(out.Verdict, evidence.Inconclusive)
	}
	return out, nil
}

// unreadable says which payloads that the journal refers to cannot be read any
// more; "" if all can. What a message said stands in the journal as it was
// understood then, but nobody can check that now, or ask a newer contract.
func unreadable(b *bundle.Bundle) string {
	n, first := 0, error(nil)
	seen := map[string]bool{}
	for _, r := range b.Records {
		ref := ""
		switch m := r.Body.(type) {
		case evidence.Offer:
			ref = m.Payload
		case evidence.Attempt:
			ref = m.Payload
		}
		if ref == "" || seen[ref] {
			continue
		}
		seen[ref] = true
		p, err := b.Payload(ref)
		if err == nil {
			_, err = p.Body()
		}
		if err != nil {
			n, first = n+1, cmp.Or(first, err)
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d payloads cannot be read, so that what the messages said cannot be looked up: %v", n, len(seen), first)
}

// beyondHoles takes back what was only found with records behind a hole of the
// journal: one that is missing may be the fact without which a posting looks
// made up. What the records before the first hole show by themselves stands,
// as it does when a run is cut there.
func beyondHoles(h *evidence.History, judges []evidence.Judge, findings []evidence.Finding) []evidence.Finding {
	whole := 0
	for whole < len(h.Records) && h.Records[whole].Seq == uint64(whole+1) {
		whole++
	}
	if whole == len(h.Records) {
		return findings
	}
	sure := oracles.JudgeAll(evidence.NewHistory(h.Records[:whole]), judges)
	_, why := h.Whole()
	for i, f := range findings {
		same := func(s evidence.Finding) bool {
			return s.Verdict == evidence.Violated && s.Oracle == f.Oracle && s.Rule == f.Rule && s.Fact == f.Fact && s.Keys.String() == f.Keys.String()
		}
		if f.Verdict == evidence.Violated && !slices.ContainsFunc(sure, same) {
			findings[i].Verdict = evidence.Inconclusive
			findings[i].Text = strings.TrimPrefix(f.Text+"; "+why, "; ")
		}
	}
	slices.SortStableFunc(findings, func(a, b evidence.Finding) int { return cmp.Compare(b.Verdict, a.Verdict) })
	return findings
}

// incomplete reports whether part of the journal is missing, so that what it
// does not show may still have happened.
func incomplete(b *bundle.Bundle) bool {
	return b.Cut != nil || slices.ContainsFunc(b.Damage, func(d bundle.Damage) bool { return d.File == bundle.JournalFile })
}

// storedDemands lists the oracles that the stored scenario names.
func storedDemands(b *bundle.Bundle) []string {
	s, err := storedScenario(b)
	if err != nil {
		return nil // a lost scenario file loses its emphasis, not the judgement
	}
	return demanded(s)
}

// ExitOf is the exit status for a verdict that nothing interfered with.
func ExitOf(v evidence.Verdict, allowUnknown bool) int {
	return (&GateOptions{AllowUnknown: allowUnknown}).exit(v, false, false)
}

// A Replay is a stored run made ready to be run again.
type Replay struct {
	Bundle   *bundle.Bundle
	Options  GateOptions // one scenario, with the seed, pilots and defect of the stored run
	Run      string      // name of the new run, beside the old one
	Warnings []string    // what is not as it was
	// About says which findings are compared; nil compares all.
	About func(evidence.Finding) bool
}

// NewReplay reads what a stored run was made of. File, Path and Source of the
// options come from the bundle; o gives the rest.
func NewReplay(b *bundle.Bundle, o GateOptions) (*Replay, error) {
	r := &Replay{Bundle: b, Options: o}
	s, err := storedScenario(b)
	if err != nil {
		return nil, &PlanError{err}
	}
	if err := r.rig(); err != nil {
		return nil, &PlanError{err}
	}
	seed := b.Plan.Seed
	r.Options.Scenarios, r.Options.Seed = []scenarios.Scenario{s}, &seed
	r.Options.Texts = map[string][]byte{s.Metadata.Of: b.Scenario}
	r.Options.Pilots, r.Options.Defect = storedPilots(b.Plan), b.Plan.Defect
	r.Options.Out = filepath.Dir(filepath.Clean(b.Path))
	r.Run = freshRun(r.Options.Out, cmp.Or(b.Plan.Run, filepath.Base(b.Path)))
	if v := b.Plan.Andon; v != o.Version {
		r.Warnings = append(r.Warnings, fmt.Sprintf("the run was made by andon %s; this is %s", v, o.Version))
	}
	return r, nil
}

// storedScenario finds the scenario of a run in its bundle, or, for runs that
// did not keep it, in the library.
func storedScenario(b *bundle.Bundle) (scenarios.Scenario, error) {
	var all []scenarios.Scenario
	var err error
	if b.Scenario != nil {
		all, err = scenarios.Parse(filepath.Join(b.Path, bundle.ScenarioFile), b.Scenario)
	} else {
		all, err = scenarios.Find(b.Plan.Scenario)
	}
	if err != nil {
		return scenarios.Scenario{}, err
	}
	for _, s := range all {
		if s.Metadata.ID == b.Plan.Scenario {
			return s, nil
		}
	}
	return scenarios.Scenario{}, fmt.Errorf("%s does not hold the scenario %s that was run", filepath.Join(b.Path, bundle.ScenarioFile), b.Plan.Scenario)
}

// rig reads the rig file of the run. The bundle's copy is as it was then, but
// secrets that stood in it are gone; in that case only the file itself will do.
func (r *Replay) rig() (err error) {
	b := r.Bundle
	r.Options.Path, r.Options.Source = b.Plan.Rig, b.Rig
	name := filepath.Join(b.Path, bundle.RigFile)
	if b.Rig == nil {
		return fmt.Errorf("%s is missing, so it is not known what the run was made of", name)
	}
	if bytes.Contains(b.Rig, []byte("[redacted")) {
		if b.Plan.Rig == "" {
			return fmt.Errorf("%s held secrets, which a bundle does not keep", name)
		}
		if name, r.Options.Source, err = rereadRig(b.Plan.Rig); err != nil {
			return err
		}
		r.Warnings = append(r.Warnings, b.Plan.Rig+" held secrets, which the bundle does not keep: it is read as it is now")
	}
	r.Options.File, err = ParseFile(name, r.Options.Source)
	return err
}

func rereadRig(path string) (string, []byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return path, nil, fmt.Errorf("the rig file held secrets, which a bundle does not keep, and cannot be read again: %w", err)
	}
	return path, b, nil
}

// storedPilots tells from the plan which pilot faults were armed.
func storedPilots(p evidence.Plan) (names []string) {
	for _, pilot := range faults.PilotNames() {
		rules, err := faults.Pilot(pilot)
		if err != nil {
			continue
		}
		has := func(r faults.PilotRule) bool {
			return slices.ContainsFunc(p.Faults, func(f evidence.PlannedFault) bool { return f.ID == r.Rule.ID })
		}
		if len(rules) > 0 && !slices.ContainsFunc(rules, func(r faults.PilotRule) bool { return !has(r) }) {
			names = append(names, pilot)
		}
	}
	return names
}

// freshRun names the next replay of a run.
func freshRun(dir, run string) string {
	if i := strings.LastIndex(run, "-replay-"); i > 0 {
		run = run[:i]
	}
	for n := 1; ; n++ {
		name := fmt.Sprintf("%s-replay-%d", run, n)
		if !exists(filepath.Join(dir, name)) {
			return name
		}
	}
}

// Check finds what keeps the run from being run again.
func (r *Replay) Check() error {
	o := r.Options
	o.Out = ""
	return o.Check()
}

// Do runs the stored run again and compares what the judges say of both.
func (r *Replay) Do(ctx context.Context) (reports.Gate, Comparison, error) {
	before, err := JudgeStored(r.Bundle)
	if err != nil {
		return reports.Gate{}, Comparison{}, err
	}
	began := time.Now()
	r.Options.RunName = r.Run
	done, _ := r.Options.one(ctx, 0, func(p Progress) { // trouble stands in the report
		if r.Options.See != nil {
			r.Options.See(p)
		}
	})
	g := r.Options.report(ctx, []*reports.Scenario{done}, time.Since(began))
	g.Bundle = done.Bundle
	return g, compare(r.about(before.Findings), r.about(done.Findings), done.Error == "" && ctx.Err() == nil), nil
}

// about leaves out findings that are not compared.
func (r *Replay) about(list []evidence.Finding) []evidence.Finding {
	if r.About == nil {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(f evidence.Finding) bool { return !r.About(f) })
}

// A Comparison says what two runs of one plan have in common: who speaks about
// which keys.
type Comparison struct {
	Same    []Speech `json:"same"`
	Gone    []Speech `json:"gone"` // only in the stored run
	New     []Speech `json:"new"`  // only in the replay
	Outcome string   `json:"outcome"`
}

// Outcomes of a comparison.
const (
	Reproduced    = "reproduced"            // the same oracles speak about the same keys
	ReproducedFor = "reproduced in part"    // the same oracles speak, not all about the same keys
	Different     = "not reproduced"        // an oracle fell silent or spoke up
	NotCompared   = "could not be compared" // the replay gave no verdict
)

// Speech is an oracle that has something to say about keys.
type Speech struct {
	Oracle  string           `json:"oracle"`
	Keys    string           `json:"keys,omitempty"`
	Verdict evidence.Verdict `json:"verdict"`
}

// String writes the speech in one line.
func (s Speech) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", s.Verdict, s.Oracle, s.Keys))
}

// compare holds two judgements against each other; judged is false if the
// replay came to no judgement of its own.
func compare(before, after []evidence.Finding, judged bool) Comparison {
	c := Comparison{Same: []Speech{}, Gone: []Speech{}, New: []Speech{}}
	was, is := speeches(before), speeches(after)
	if !judged {
		c.Gone, c.Outcome = was, NotCompared
		return c
	}
	for _, s := range was {
		if slices.Contains(is, s) {
			c.Same = append(c.Same, s)
		} else {
			c.Gone = append(c.Gone, s)
		}
	}
	for _, s := range is {
		if !slices.Contains(was, s) {
			c.New = append(c.New, s)
		}
	}
	switch {
	case len(c.Gone) == 0 && len(c.New) == 0:
		c.Outcome = Reproduced
	case slices.Equal(speakers(was), speakers(is)):
		c.Outcome = ReproducedFor
	default:
		c.Outcome = Different
	}
	return c
}

// speeches lists who has something to say, once each, in a fixed order.
func speeches(fs []evidence.Finding) []Speech {
	list := []Speech{}
	for _, f := range fs {
		if f.Verdict < evidence.Inconclusive {
			continue
		}
		list = append(list, Speech{f.Oracle, f.Keys.String(), f.Verdict})
	}
	slices.SortFunc(list, func(a, b Speech) int {
		return cmp.Or(cmp.Compare(b.Verdict, a.Verdict), cmp.Compare(a.Oracle, b.Oracle), cmp.Compare(a.Keys, b.Keys))
	})
	return slices.Compact(list)
}

// speakers lists the oracles that speak, and how loudly.
func speakers(list []Speech) (names []string) {
	for _, s := range list {
		names = append(names, s.Verdict.String()+" "+s.Oracle)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// OpenStored opens the bundles at path: the one it is, or, if it is the folder
// of a gate, all that it holds.
func OpenStored(path string) ([]*bundle.Bundle, error) {
	b, err := bundle.Open(path)
	if err == nil {
		return []*bundle.Bundle{b}, nil
	}
	below, _ := filepath.Glob(filepath.Join(path, "*", bundle.JournalFile))
	if len(below) == 0 {
		return nil, &PlanError{err}
	}
	var all []*bundle.Bundle
	var errs []error
	for _, journal := range below {
		b, err := bundle.Open(filepath.Dir(journal))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, b)
	}
	if len(errs) > 0 {
		return nil, &PlanError{errors.Join(errs...)}
	}
	return all, nil
}
