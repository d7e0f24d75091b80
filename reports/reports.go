// Package reports holds what a gate has to say, ready to be told: to people,
// to CI systems and to programs.
//
// It knows neither how a run is made nor how it is judged. A reporter gets
// plain data and a writer; the folders beside this file each are one way to
// tell it.
package reports

import (
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Reporter tells the outcome of a gate. It is pure: equal gates give equal
// text, byte for byte.
type Reporter interface {
	Report(w io.Writer, g Gate) error
}

// A Gate is everything known when the last scenario has been judged.
type Gate struct {
	Verdict   evidence.Verdict
	Exit      int
	Andon     string // version
	Bundle    string // folder that holds the runs
	Page      string // HTML report that has been written, for people to open; "" if there is none
	Seed      uint64
	Rig       string // path of the rig file; "" for the bundled rig
	Defect    string // planted into the bundled build
	Wall      time.Duration
	Scenarios []Scenario
	Notes     []string // about the gate as a whole: "interrupted: 3 scenarios not run"
}

// A Scenario is one run and what was made of it.
type Scenario struct {
	ID           string
	Title        string
	Pack         string
	Verdict      evidence.Verdict
	Bundle       string // folder of the run; "" if there is none
	Seed         uint64
	Wall         time.Duration
	Facts        int // facts of the plant that the SUT had to carry
	Effects      int // changes it made to the books
	Exceptions   int // exceptions it surfaced
	Faults       []Fault
	Findings     []evidence.Finding // of all judges, also those that hold
	Requirements []string
	// Error is why there is no verdict on the SUT: the rig's own trouble or a
	// mistake in a file. The verdict is then inconclusive.
	Error string
	Notes []string // "the run was cut", "the SUT did not come to rest"
	// Figures are what the journal shows beside findings; nil if there is no
	// journal, or no reporter that would show them.
	Figures *Figures
}

// A Fault is a fault of a scenario and how often it struck.
type Fault struct {
	ID     string
	Kind   string
	Struck int
}

// Open returns the findings that keep the scenario from holding, worst first.
// A judge that had nothing to judge is among them only if no other did judge.
func (s Scenario) Open() []evidence.Finding {
	var open, idle []evidence.Finding
	for _, f := range s.Findings {
		switch {
		case f.Verdict == evidence.Holds:
		case f.Verdict == evidence.Vacuous && f.Rule == evidence.RuleIdle:
			idle = append(idle, f)
		default:
			open = append(open, f)
		}
	}
	if len(open) == 0 && s.Verdict == evidence.Vacuous {
		open = idle
	}
	slices.SortStableFunc(open, func(a, b evidence.Finding) int {
		return cmp.Or(cmp.Compare(b.Verdict, a.Verdict), Number(a.ID)-Number(b.ID), cmp.Compare(a.Oracle, b.Oracle),
			cmp.Compare(a.Fact, b.Fact), comparePlantKeys(a.Keys, b.Keys))
	})
	return open
}

// Oracles sums up the findings of each oracle: its worst verdict, how many
// findings of that verdict there are, and the text of the first.
func (s Scenario) Oracles() []evidence.Finding {
	var sums []evidence.Finding
	for _, f := range s.Findings {
		n := max(f.Count, 1)
		i := slices.IndexFunc(sums, func(g evidence.Finding) bool { return g.Oracle == f.Oracle })
		switch {
		case i < 0:
			sums = append(sums, evidence.Finding{Oracle: f.Oracle, ID: f.ID, Verdict: f.Verdict, Text: f.Text, Count: n})
		case f.Verdict == sums[i].Verdict:
			sums[i].Count += n
		case f.Verdict > sums[i].Verdict:
			sums[i].Verdict, sums[i].Text, sums[i].Count = f.Verdict, f.Text, n
		}
	}
	slices.SortStableFunc(sums, func(a, b evidence.Finding) int {
		return cmp.Or(Number(a.ID)-Number(b.ID), cmp.Compare(a.Oracle, b.Oracle))
	})
	return sums
}

// Struck is how often the faults of the scenario struck in all.
func (s Scenario) Struck() (n int) {
	for _, f := range s.Faults {
		n += f.Struck
	}
	return n
}

// Count returns how many scenarios ended with each verdict, by verdict.
func (g Gate) Count() [4]int {
	var n [4]int
	for _, s := range g.Scenarios {
		if s.Verdict >= 0 && int(s.Verdict) < len(n) {
			n[s.Verdict]++
		}
	}
	return n
}

// Number is the number in an oracle's id, so that O2 comes before O11; a large
// one if there is none.
func Number(id string) int {
	n, err := strconv.Atoi(strings.TrimLeft(id, "OI"))
	if err != nil {
		return 1 << 20
	}
	return n
}

func comparePlantKeys(a, b plant.Keys) int {
	return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Lot, b.Lot), a.Counter-b.Counter)
}
