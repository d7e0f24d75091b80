package shrink

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators/plant"
)

// ReplayKey narrows a replay to one entity of the stored run: its facts, with
// the identities and quantities they had, and the faults that struck them or
// the process meanwhile. Key is a fact's identity or business key, or
// ORDER/OPERATION/COUNTER, ORDER/OPERATION, ORDER or LOT. It returns the facts
// that will happen.
func ReplayKey(r *harness.Replay, key string) ([]string, error) {
	if err := r.Options.File.Fresh(); err != nil {
		return nil, err
	}
	setup, err := r.Setup()
	if err != nil {
		return nil, &harness.PlanError{Err: err}
	}
	records := r.Bundle.Records
	all := happenings(records)
	named := keyed(records, key)
	if len(named) == 0 {
		return nil, &harness.PlanError{Err: fmt.Errorf("%s: no fact of this run has the key %q; give a fact's id such as %s, or ORDER/OPERATION/COUNTER", r.Bundle.Path, key, example(all))}
	}
	facts := needs(all, chosen(all, func(h happening) bool { return named[plant.EventID(h.id)] }))
	s := narrowed(setup.Scenario, ids(facts))
	s.Floor, s.Expect = nil, scenarios.Expect{Waive: s.Expect.Waive}
	units := sharpen(s.Faults, records)
	l := spanOf(records, named)
	units = slices.DeleteFunc(units, func(u unit) bool {
		return !touched(u, named) && !(u.struck.At == "sut" && u.seq >= l.from && u.seq <= l.to)
	})
	s = faulty(s, build(s.Faults, units))
	text, err := scenarios.Text(s)
	if err != nil {
		return nil, &harness.PlanError{Err: err}
	}
	r.Options.Scenarios, r.Options.Pilots = []scenarios.Scenario{s}, nil
	r.Options.Texts = map[string][]byte{s.Metadata.Of: text}
	r.About = func(f evidence.Finding) bool { return named[f.Fact] && f.Oracle != "expectations" }
	return ids(facts), nil
}

func touched(u unit, facts map[plant.EventID]bool) bool {
	return slices.ContainsFunc(u.struck.Facts, func(id plant.EventID) bool { return facts[id] })
}

// keyed finds the facts that key names.
func keyed(records []evidence.Record, key string) map[plant.EventID]bool {
	named := map[plant.EventID]bool{}
	for _, r := range records {
		t, ok := r.Body.(evidence.Truth)
		if ok && t.Event.Fact != nil && slices.Contains(names(t.Event), key) {
			named[t.Event.ID] = true
		}
	}
	return named
}

// names are the ways to call a fact, or what it is about.
func names(e plant.Event) []string {
	k := e.Fact.Keys()
	list := []string{string(e.ID), plant.Natural(e.Fact)}
	if k.Order != "" {
		order, operation := string(k.Order), string(k.Order)+"/"+string(k.Operation)
		list = append(list, order)
		if k.Operation != "" {
			list = append(list, operation)
			order = operation
		}
		if k.Counter > 0 {
			list = append(list, order+"/"+strconv.Itoa(k.Counter))
		}
	}
	if k.Lot != "" {
		list = append(list, string(k.Lot))
	}
	return list
}

// example is a fact of the run, to show what a key looks like.
func example(all []happening) string {
	for _, h := range all {
		if h.kind == plant.KindConfirmation {
			return h.id
		}
	}
	if len(all) > 0 {
		return all[0].id
	}
	return "confirmation/4711000001/0010/3"
}

// spanOf is the stretch of the journal in which facts were on their way.
func spanOf(records []evidence.Record, facts map[plant.EventID]bool) *lineage {
	l := newLineage()
	l.facts = facts
	for _, r := range records {
		if l.touches(r) {
			if l.from == 0 {
				l.from = r.Seq
			}
			l.to = r.Seq
		}
	}
	return l
}
