package explore

import (
	"fmt"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Stage is which part of the exploration a schedule belongs to.
type Stage string

// Stages, in their order.
const (
	Plain   Stage = "plain"  // no trouble: what fails here needs none
	Singles Stage = "single" // one fault at one message
	Pairs   Stage = "pair"   // two faults at two supports of one effect
	Swarm   Stage = "swarm"  // random faults, at random times
)

// A Schedule is one run to be made: what goes wrong in it, and when.
type Schedule struct {
	Stage  Stage
	Name   string // says what goes wrong, for people
	Seed   uint64
	Faults []scenarios.Fault
	Cell   *Cell // of the grid, of singles
}

// scenario is the schedule played on base.
func (s Schedule) scenario(base scenarios.Scenario, number int) scenarios.Scenario {
	base.Metadata.ID = fmt.Sprintf("%s-x%04d", base.Metadata.ID[:min(len(base.Metadata.ID), 50)], number)
	base.Metadata.Title = fmt.Sprintf("Explored (%s): %s", s.Stage, s.Name)
	base.Seed, base.Faults = s.Seed, s.Faults
	return base
}

// A Cell is one field of the grid of single faults.
type Cell struct {
	Variant    Variant
	Target     Target
	Occurrence string // "first", "middle", "last"
}

// String names c.
func (c Cell) String() string { return fmt.Sprintf("%s: %s %s", c.Variant, c.Occurrence, c.Target) }

// occurrences of a kind of message, and which number each has of n: the middle
// first, where a run is in full swing.
func occurrences(n int) []struct {
	name string
	nth  int
} {
	type o = struct {
		name string
		nth  int
	}
	list := []o{{"middle", (n + 1) / 2}}
	if n > 1 {
		list = append(list, o{"last", n})
	}
	if n > 2 {
		list = append(list, o{"first", 1})
	}
	return list
}

// impossible is a field of the grid that no run can fill.
type impossible struct {
	variant Variant
	target  Target
	why     string
}

// singles are the schedules of one fault each: every variant at every target
// it can touch, at three occurrences. Faults take turns, so that whatever time
// there is, each has been tried somewhere.
func singles(tr *traffic, all []faults.Info, processes bool, seed uint64) (list []Schedule, not []impossible, err error) {
	var columns [][]Schedule
	for _, v := range variants(all) {
		var column []Schedule
		for round := range 3 {
			for _, t := range tr.targets {
				if t.Kind == "" {
					continue // a question has no number by which another run could know it
				}
				if ok, why := tr.possible(v, t, processes); !ok {
					if round == 0 {
						not = append(not, impossible{v, t, why})
					}
					continue
				}
				if o := occurrences(len(tr.keys[t])); round < len(o) {
					f, err := v.fault("single", t)
					if err != nil {
						return nil, nil, err
					}
					v.aim(&f, tr, t, o[round].nth)
					c := &Cell{v, t, o[round].name}
					column = append(column, Schedule{Singles, c.String(), seed, []scenarios.Fault{f}, c})
				}
			}
		}
		// Which target comes first differs from fault to fault.
		luck := rand.New(rand.NewPCG(seed, uint64(len(columns))))
		spread(column, luck)
		columns = append(columns, column)
	}
	return interleave(columns), not, nil
}

// spread shuffles schedules within each occurrence.
func spread(column []Schedule, luck *rand.Rand) {
	for i := 0; i < len(column); {
		j := i
		for j < len(column) && column[j].Cell.Occurrence == column[i].Cell.Occurrence {
			j++
		}
		part := column[i:j]
		luck.Shuffle(len(part), func(a, b int) { part[a], part[b] = part[b], part[a] })
		i = j
	}
}

// interleave takes from each column in turn.
func interleave[T any](columns [][]T) (list []T) {
	for i, more := 0, true; more; i++ {
		more = false
		for _, c := range columns {
			if i < len(c) {
				list, more = append(list, c[i]), true
			}
		}
	}
	return list
}

// aim has f strike the nth message of its target. A fault that is in force for
// a time lets the messages before it through instead.
func (v Variant) aim(f *scenarios.Fault, tr *traffic, t Target, nth int) {
	f.Hits = scenarios.Hits{Fact: t.Kind, Writes: true}
	if v.windowed() {
		if nth > 1 {
			skip, _ := yamlfile.Of(yamlfile.Pos{}, nth-1)
			f.With = f.With.With("skip", skip)
		}
		return
	}
	f.Hits.Strikes = []scenarios.Strike{{Key: string(tr.keys[t][nth-1]), Attempt: 1}}
	f.Hits.Fact, f.Hits.Writes = "", false
}

// A support is something an effect rests on, with the fault that takes it away.
type support struct {
	name    string
	variant Variant
	target  Target
	attempt int
}

// supports lists what the effect of the fact rests on: that it is announced
// and that the announcement is answered, that it is posted and that the posting
// is answered, that the repetition of either gets through, that there is a
// token, and that the process lives.
func (tr *traffic) supports(id plant.EventID, all []Variant, processes bool) (list []support) {
	post, posted := tr.effects[id]
	offer, offered := tr.offers[id]
	add := func(name, fault, form string, t Target, attempt int) {
		for _, v := range all {
			if ok, _ := tr.possible(v, t, processes); ok && v.Fault == fault && (form == "" || v.Form == form) {
				list = append(list, support{name, v, t, attempt})
				return
			}
		}
	}
	if offered {
		add("announcement", "lose", "", offer, 1)
		add("answer to the announcement", "ambiguous-commit", "", offer, 1)
		add("announced once", "duplicate", "later", offer, 1)
		add("process, after it took the announcement", "sut-kill", "after-reply", offer, 1)
	}
	if posted {
		add("request", "refuse-before-apply", "", post, 1)
		add("reply", "ambiguous-commit", "", post, 1)
		add("second try", "ambiguous-commit", "", post, 2)
		add("credit", "throttle", "seconds", post, 1)
		add("token", "stale-token", "", post, 1)
		add("process, before it is posted", "sut-kill", "before-apply", post, 1)
		add("process, after it is posted", "sut-kill", "after-apply-before-reply", post, 1)
		add("process, on the second try", "sut-kill", "before-apply", post, 2)
		add("orderly end", "sut-restart", "after-reply", post, 1)
	}
	return list
}

// pairs are the schedules of two faults that touch two supports of one effect,
// for one effect of each kind.
func pairs(tr *traffic, all []faults.Info, processes bool, seed uint64) (list []Schedule, err error) {
	forms := variants(all)
	var columns [][]Schedule
	for _, t := range tr.targets {
		if t.Direction != simulators.FromSUT {
			continue
		}
		id := tr.keys[t][len(tr.keys[t])/2]
		s := tr.supports(id, forms, processes)
		var column []Schedule
		for i := range s {
			for j := i + 1; j < len(s); j++ {
				if s[i].variant.Fault == s[j].variant.Fault && s[i].target == s[j].target && s[i].attempt == s[j].attempt {
					continue
				}
				schedule, err := pair(id, s[i], s[j], seed)
				if err != nil {
					return nil, err
				}
				column = append(column, schedule)
			}
		}
		luck := rand.New(rand.NewPCG(seed, 1<<32+uint64(len(columns))))
		luck.Shuffle(len(column), func(a, b int) { column[a], column[b] = column[b], column[a] })
		columns = append(columns, column)
	}
	return interleave(columns), nil
}

func pair(id plant.EventID, a, b support, seed uint64) (Schedule, error) {
	s := Schedule{Stage: Pairs, Name: fmt.Sprintf("%s and %s of %s (%s, %s)", a.name, b.name, id, a.variant, b.variant), Seed: seed}
	for i, x := range []support{a, b} {
		f, err := x.variant.fault(string('a'+rune(i)), x.target)
		if err != nil {
			return s, err
		}
		f.Hits.Strikes = []scenarios.Strike{{Key: string(id), Attempt: x.attempt}}
		s.Faults = append(s.Faults, f)
	}
	return s, nil
}
