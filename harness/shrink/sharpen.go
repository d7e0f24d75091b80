package shrink

import (
	"cmp"
	"slices"
	"strings"

	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators/plant"
)

// A unit is what is kept or dropped as a whole: a fault of the scenario as it
// stands, or one strike of it.
type unit struct {
	fault  scenarios.Fault
	strike *scenarios.Strike // nil for the fault as it stands
	struck evidence.Disturbance
	seq    uint64
}

// same reports whether u and v are the same unit.
func (u unit) same(v unit) bool {
	return u.fault.ID == v.fault.ID && (u.strike == nil) == (v.strike == nil) && (u.strike == nil || *u.strike == *v.strike)
}

// whole makes a unit of each fault.
func whole(list []scenarios.Fault) (units []unit) {
	for _, f := range list {
		units = append(units, unit{fault: f})
	}
	return units
}

// build makes the faults that units stand for: strikes of one fault are one
// fault that strikes exactly there. Their order is that of list.
func build(list []scenarios.Fault, units []unit) (out []scenarios.Fault) {
	for _, f := range list {
		var strikes []scenarios.Strike
		sharp, there := f, false
		for _, u := range units {
			if u.fault.ID != f.ID {
				continue
			}
			there = true
			if u.strike != nil {
				sharp, strikes = u.fault, append(strikes, *u.strike)
			}
		}
		if !there {
			continue
		}
		if sharp.Hits.Strikes = strikes; strikes == nil {
			sharp = f
		}
		out = append(out, sharp)
	}
	return out
}

// sharpen replaces what triggers the faults of list, such as windows of time,
// chance and numbers that depend on what else happens, by the strikes that a
// run has recorded: each is one crossing of one fact. A fault that struck
// nothing had no part in the run and is left out.
func sharpen(list []scenarios.Fault, records []evidence.Record) (units []unit) {
	ways := directions(records)
	for _, f := range list {
		for _, r := range records {
			d, ok := r.Body.(evidence.Disturbance)
			if !ok || d.Phase != evidence.Struck || d.Fault != f.ID {
				continue
			}
			s := &scenarios.Strike{Key: d.Key, Attempt: d.Attempt}
			if len(d.Facts) > 0 {
				s.Key = string(d.Facts[0])
			}
			if s.Key == "" {
				continue
			}
			sharp := pointed(f)
			sharp.At.S = place(d, ways)
			sharp.Direction = cmp.Or(ways[d.Message].direction, sharp.Direction)
			u := unit{fault: sharp, strike: s, struck: d, seq: r.Seq}
			if !slices.ContainsFunc(units, u.same) {
				units = append(units, u)
			}
		}
	}
	return units
}

// pointed is f without anything that says when or whom it strikes.
func pointed(f scenarios.Fault) scenarios.Fault {
	f.Hits = scenarios.Hits{}
	f.P, f.Max, f.During = nil, 0, scenarios.Window{}
	f.Times, f.InFlight, f.For, f.After, f.While = 0, 0, yamlfile.Duration{}, nil, nil
	for _, setting := range []string{"skip", "for", "rate", "window"} {
		if heldBack(f.Fault.S, setting) {
			continue // there it is how long, not when
		}
		f.With = f.With.Without(setting)
	}
	if f.With.IsZero() || len(f.With.Keys()) == 0 {
		f.With = yamlfile.Node{}
	}
	return f
}

// heldBack reports whether the setting "for" of this fault is how long it
// holds a message, not how long it is in force. Faults in force for a time can
// also skip messages.
func heldBack(name, setting string) bool {
	if setting != "for" {
		return false
	}
	i, ok := faults.Find(name)
	return !ok || !slices.ContainsFunc(i.Settings, func(s faults.Setting) bool { return s.Name == "skip" })
}

// way is where a message crossed.
type way struct{ endpoint, direction string }

func directions(records []evidence.Record) map[uint64]way {
	ways := map[uint64]way{}
	for _, r := range records {
		switch b := r.Body.(type) {
		case evidence.Offer:
			ways[b.ID] = way{b.Endpoint, "to-sut"}
		case evidence.Attempt:
			ways[b.ID] = way{b.Endpoint, "from-sut"}
		}
	}
	return ways
}

// place is the endpoint at which d struck. What strikes the process says it in
// words too, for the message may have died with it.
func place(d evidence.Disturbance, ways map[uint64]way) string {
	if w, ok := ways[d.Message]; ok {
		return w.endpoint
	}
	if i := strings.LastIndex(d.What, " at "); i >= 0 && d.At == "sut" {
		return d.What[i+len(" at "):]
	}
	return d.At
}

// near tells how closely u is linked with a finding: 0 it touched a message
// that shows it, 1 one of its facts, 2 its order or lot, 3 it struck the
// process, or a message about nothing, meanwhile, 4 not at all.
func (l *lineage) near(u unit) int {
	switch {
	case l.messages[u.struck.Message]:
		return 0
	case slices.ContainsFunc(u.struck.Facts, func(id plant.EventID) bool { return l.facts[id] }):
		return 1
	case slices.ContainsFunc(u.struck.Facts, l.shares):
		return 2
	case (u.struck.At == "sut" || len(u.struck.Facts) == 0) && u.seq >= l.from && u.seq <= l.to:
		return 3
	}
	return 4
}

// shares reports whether the fact is about one of the orders or lots of l.
func (l *lineage) shares(id plant.EventID) bool {
	for name := range l.entities {
		if strings.Contains("/"+string(id)+"/", "/"+name+"/") {
			return true
		}
	}
	return false
}

// jumps are the parts of units that are worth a try before any search, the
// smallest first: what is linked with the finding most closely, and what
// struck the process meanwhile.
func (l *lineage) jumps(units []unit) (parts [][]unit) {
	sorted := slices.Clone(units)
	slices.SortStableFunc(sorted, func(a, b unit) int { return cmp.Compare(l.near(a), l.near(b)) })
	for _, limit := range []int{1, 3} {
		var part []unit
		for _, u := range sorted {
			n := l.near(u)
			process := n != 2 && u.struck.At == "sut" && u.seq >= l.from && u.seq <= l.to
			if n <= limit || process {
				part = append(part, u)
			}
		}
		if k := len(parts); len(part) > 0 && len(part) < len(units) && (k == 0 || len(parts[k-1]) < len(part)) {
			parts = append(parts, part)
		}
	}
	return parts
}
