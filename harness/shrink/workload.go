package shrink

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators/plant"
)

// workload lets less and less happen: no steps and conditions that are not
// needed, then only what the finding descends from, then fewer orders,
// operations and facts. At the end the run without faults must be clean, or
// the finding would be one of a plant with holes in it.
func (r *Reduction) workload(ctx context.Context) (string, error) {
	if err := r.conditions(ctx); err != nil {
		return "", err
	}
	r.trail = []mark{r.mark()}
	happened := happenings(r.best.Records)
	if len(happened) == 0 {
		return "nothing happened in the plant", nil
	}
	err := r.facts(ctx, happened)
	if err != nil && !spent(err) {
		return "", err
	}
	if unsteady := r.settle(ctx); unsteady != nil {
		err = cmp.Or(err, unsteady)
	}
	if slipped, slipErr := r.slipped(ctx); slipped {
		r.back(r.trail[0])
		return "with less happening it fails without faults too, for another reason: the workload stays as it was", cmp.Or(err, slipErr)
	}
	return fmt.Sprintf("%d of %d facts happen", len(happenings(r.best.Records)), len(happened)), err
}

// settle goes back along the trail of narrower runs until one fails each time,
// if all before the first did.
func (r *Reduction) settle(ctx context.Context) error {
	for len(r.trail) > 1 {
		steady, err := r.steady(ctx)
		if steady || err != nil {
			return err
		}
		r.trail = r.trail[:len(r.trail)-1]
		r.back(r.trail[len(r.trail)-1])
	}
	return nil
}

// accepts reports whether c fails, and keeps it if it does.
func (r *Reduction) accepts(ctx context.Context, c scenarios.Scenario) (bool, error) {
	bad, err := r.tester.fails(ctx, c)
	if bad {
		r.better(c)
		r.trail = append(r.trail, r.mark())
	}
	return bad, err
}

// conditions drops steps of the scenario, and what it says of endpoints.
func (r *Reduction) conditions(ctx context.Context) error {
	if s := r.result.Scenario; len(s.When) > 0 && len(s.Expect.Eventually)+len(s.Expect.Never)+len(s.Expect.AtEnd) == 0 {
		if ok, err := r.accepts(ctx, stepped(windowless(s), nil)); err != nil {
			return err
		} else if !ok {
			_, err := minimize(s.When, func(part []scenarios.Step) (bool, error) { return r.accepts(ctx, stepped(s, part)) })
			if err != nil {
				return err
			}
		}
	}
	for name := range r.result.Scenario.Given.Endpoints {
		c := r.result.Scenario
		rest := map[string]scenarios.Policy{}
		for other, p := range c.Given.Endpoints {
			if other != name {
				rest[other] = p
			}
		}
		if c.Given.Endpoints = rest; len(rest) == 0 {
			c.Given.Endpoints = nil
		}
		if _, err := r.accepts(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// windowless is s with faults that are in force all the time: their windows may
// begin and end with steps.
func windowless(s scenarios.Scenario) scenarios.Scenario {
	s.Faults = slices.Clone(s.Faults)
	for i := range s.Faults {
		s.Faults[i].During = scenarios.Window{}
		if f := &s.Faults[i]; f.While != nil && f.While.Phase.S != "" {
			f.While = nil
		}
	}
	s.Phases = nil
	return s
}

// A happening is a fact of the plant that may or may not be left out.
type happening struct {
	id    string
	kind  plant.Kind
	order string
	lot   string
	cas   plant.CaseID
	keys  plant.Keys
}

// happenings lists the facts of a run.
func happenings(records []evidence.Record) (list []happening) {
	for _, r := range records {
		t, ok := r.Body.(evidence.Truth)
		if !ok || t.Event.Fact == nil {
			continue
		}
		k := t.Event.Fact.Keys()
		h := happening{id: string(t.Event.ID), kind: t.Event.Fact.Kind(), order: string(k.Order), lot: string(k.Lot), cas: k.Case, keys: k}
		if f, ok := t.Event.Fact.(plant.OrderReleased); ok {
			h.lot = string(f.Order.Lot)
		}
		list = append(list, h)
	}
	return list
}

// needs adds to part what its facts cannot do without: the release of their
// order, the hold that a decision ends.
func needs(all, part []happening) (whole []happening) {
	wanted := map[string]bool{}
	for _, h := range part {
		wanted[h.id] = true
		for _, other := range all {
			release := other.kind == plant.KindOrderReleased && (other.order == h.order && h.order != "")
			hold := other.kind == plant.KindLotHeld && h.kind == plant.KindLotDecided && other.cas == h.cas
			if release || hold {
				wanted[other.id] = true
			}
		}
	}
	for _, h := range all {
		if wanted[h.id] {
			whole = append(whole, h)
		}
	}
	return whole
}

func ids(list []happening) (out []string) {
	for _, h := range list {
		out = append(out, h.id)
	}
	return out
}

// facts narrows the run to fewer facts.
func (r *Reduction) facts(ctx context.Context, all []happening) error {
	left, tried := all, map[string]bool{}
	try := func(part []happening) (bool, error) {
		part = needs(all, part)
		name := strings.Join(ids(part), "\x00")
		if len(part) >= len(left) || tried[name] {
			return false, nil
		}
		tried[name] = true
		ok, err := r.accepts(ctx, narrowed(r.result.Scenario, ids(part)))
		if ok {
			left = part
		}
		return ok, err
	}
	if err := r.firstOf(r.descent(all), try); err != nil {
		return err
	}
	for _, group := range []func(happening) string{
		func(h happening) string { return h.order },
		func(h happening) string { return h.order + "/" + string(h.keys.Operation) },
		func(h happening) string { return h.id },
	} {
		groups := dealt(left, group)
		if len(groups) < 2 {
			continue
		}
		if _, err := minimize(groups, func(part [][]happening) (bool, error) { return try(slices.Concat(part...)) }); err != nil {
			return err
		}
	}
	return r.fewerOrders(ctx)
}

// firstOf tries parts until one is kept.
func (r *Reduction) firstOf(parts [][]happening, try func([]happening) (bool, error)) error {
	for _, part := range parts {
		if len(part) == 0 {
			continue
		}
		if ok, err := try(part); ok || err != nil {
			return err
		}
	}
	return nil
}

// descent lists what the finding descends from, the least first: its facts and
// those that the remaining strikes touch; its operations; its orders and lots.
func (r *Reduction) descent(all []happening) (parts [][]happening) {
	l := r.lineage
	if l == nil {
		l = r.lineageOfReference()
		r.lineage = l
	}
	struck := map[string]bool{}
	for _, u := range r.units {
		if u.strike != nil {
			struck[u.strike.Key] = true
		}
	}
	core := chosen(all, func(h happening) bool { return l.facts[plant.EventID(h.id)] || struck[h.id] })
	orders, operations := map[string]bool{}, map[string]bool{}
	for _, h := range core {
		orders[h.order], operations[h.order+"/"+string(h.keys.Operation)] = true, true
	}
	for name := range l.entities {
		orders[name] = true
	}
	delete(orders, "")
	return [][]happening{
		core,
		chosen(all, func(h happening) bool {
			return h.order != "" && operations[h.order+"/"+string(h.keys.Operation)] || h.order == "" && orders[h.lot]
		}),
		chosen(all, func(h happening) bool { return orders[h.order] || orders[h.lot] }),
	}
}

func chosen(all []happening, in func(happening) bool) (part []happening) {
	for _, h := range all {
		if in(h) {
			part = append(part, h)
		}
	}
	return part
}

// dealt deals facts out by what group says of them, in the order of the run.
func dealt(list []happening, group func(happening) string) (groups [][]happening) {
	at := map[string]int{}
	for _, h := range list {
		i, known := at[group(h)]
		if !known {
			i = len(groups)
			at[group(h)], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], h)
	}
	return groups
}

// fewerOrders has the plant plan no more orders than the last one that is
// needed, and none that were open, if it fails like that too.
func (r *Reduction) fewerOrders(ctx context.Context) error {
	s := r.result.Scenario
	released, last := 0, 0
	for _, rec := range r.reference.Records {
		if t, ok := rec.Body.(evidence.Truth); ok && t.Event.Fact != nil && t.Event.Fact.Kind() == plant.KindOrderReleased {
			released++
			if s.Given.Only.Has(t.Event) {
				last = released
			}
		}
	}
	if last == 0 || last >= cmp.Or(s.Given.Orders.Count, 10) || len(s.When) > 0 {
		return nil
	}
	s.Given.Orders.Count = last
	_, err := r.accepts(ctx, s)
	return err
}

// slipped reports whether the narrowed run fails without faults, although the
// whole one does not.
func (r *Reduction) slipped(ctx context.Context) (bool, error) {
	s := r.result.Scenario
	if len(s.Faults) == 0 || s.Given.Only.IsZero() {
		return false, nil
	}
	r.reserved = max(0, r.reserved-r.tester.need()) // without this run the others would prove little
	return r.tester.fails(ctx, faulty(s, nil))
}
