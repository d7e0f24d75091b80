// Package coverage says which rows of the requirements table a set of runs has
// exercised, by what, and which it has not looked at.
//
// It knows nothing of how a run is made; it reads histories and findings.
// Naming a row is not exercising it: a row about a flow needs a fact of that
// flow, a row about a failure needs a fault that struck or a scenario that
// plays it, a row about a figure needs the figure.
package coverage

import (
	"cmp"
	"slices"

	"github.com/andon-rig/andon/simulators/plant"
)

// A State is how far a requirement got.
type State string

// States of a requirement.
const (
	Exercised State = "exercised"     // something that serves it happened
	Named     State = "named"         // something names it, and it did not happen
	Untouched State = "not looked at" // nothing names it
)

// A Coverage is what runs have exercised together.
type Coverage struct {
	Runs   int
	Rows   []Row // all requirements, in the order of the table
	Flows  []Flow
	Faults []string // kinds of faults: the columns of the grid
	Cells  []Strike // of the grid, those that are not empty
}

// A Row is a requirement and what touched it.
type Row struct {
	Requirement
	State    State
	Violated bool   // an oracle that serves it found a violation
	By       []Part // what exercised it
	Named    []Part // what names it without anything having happened
	Missing  string // what it would take, if it is only named
}

// A Part touched a requirement.
type Part struct {
	By   By     `json:"by"`
	Name string `json:"name"`
	Runs int    `json:"runs"` // in how many runs
}

// Of adds up runs. Faults are the kinds of faults there are: the grid has a
// column for each, and further ones for kinds that only a run knows.
func Of(touches []Touch, faults []string) Coverage {
	c := Coverage{Runs: len(touches), Faults: slices.Clone(faults)}
	rows := map[string]*Row{}
	for _, r := range requirements {
		c.Rows = append(c.Rows, Row{Requirement: r, State: Untouched})
	}
	for i := range c.Rows {
		rows[c.Rows[i].ID] = &c.Rows[i]
	}
	for _, t := range touches {
		for _, l := range t.Links {
			if r := rows[l.Requirement]; r != nil {
				r.link(l)
			}
		}
		c.grid(t)
	}
	for i := range c.Rows {
		c.Rows[i].sort()
	}
	return c
}

// link notes what touched the row.
func (r *Row) link(l Link) {
	if l.Happened && r.takes(l.By) {
		r.State = Exercised
		r.By = part(r.By, l)
		r.Violated = r.Violated || l.Violated
		return
	}
	if r.State == Untouched {
		r.State = Named
	}
	r.Named = part(r.Named, l)
}

// takes reports whether a part of this kind can exercise the row.
func (r *Row) takes(by By) bool {
	switch {
	case r.Group == "KPI":
		return by == ByFigure
	case carries[r.ID] != nil:
		return by == ByFlow
	case r.Group == "FLT":
		return by == ByFault || by == ByScenario
	}
	return true
}

// need says what would exercise the row.
func (r *Row) need() string {
	switch {
	case r.Group == "KPI":
		return "a run that has the figure"
	case carries[r.ID] != nil:
		return "a fact of this flow that the SUT takes"
	case r.Group == "FLT":
		return "a fault that strikes, or a scenario that plays it"
	}
	return "a run in which one of them has something to do"
}

func (r *Row) sort() {
	order := func(a, b Part) int { return cmp.Or(cmp.Compare(rank[a.By], rank[b.By]), cmp.Compare(a.Name, b.Name)) }
	slices.SortFunc(r.By, order)
	slices.SortFunc(r.Named, order)
	if r.State == Named {
		r.Missing = r.need()
	}
}

var rank = map[By]int{ByFlow: 0, ByScenario: 1, ByFault: 2, ByOracle: 3, ByFigure: 4}

// part adds l to ps, once for each name.
func part(ps []Part, l Link) []Part {
	for i := range ps {
		if ps[i].By == l.By && ps[i].Name == l.Name {
			ps[i].Runs++
			return ps
		}
	}
	return append(ps, Part{l.By, l.Name, 1})
}

// grid adds the flows and strikes of a run.
func (c *Coverage) grid(t Touch) {
	for _, f := range t.Flows {
		i := slices.IndexFunc(c.Flows, func(g Flow) bool { return g.Kind == f.Kind && g.From == f.From && g.To == f.To })
		if i < 0 {
			i = len(c.Flows)
			c.Flows = append(c.Flows, Flow{Kind: f.Kind, From: f.From, To: f.To})
		}
		c.Flows[i].Facts += f.Facts
	}
	for _, s := range t.Strikes {
		if !slices.Contains(c.Faults, s.Fault) {
			c.Faults = append(c.Faults, s.Fault)
		}
		i := slices.IndexFunc(c.Cells, func(d Strike) bool { return d.Fault == s.Fault && d.Kind == s.Kind })
		if i < 0 {
			i = len(c.Cells)
			c.Cells = append(c.Cells, Strike{Fault: s.Fault, Kind: s.Kind})
		}
		c.Cells[i].Times += s.Times
	}
}

// Struck is how often a kind of fault struck a kind of fact.
func (c Coverage) Struck(kind plant.Kind, fault string) int {
	for _, s := range c.Cells {
		if s.Kind == kind && s.Fault == fault {
			return s.Times
		}
	}
	return 0
}

// Armed reports whether any run planned the fault.
func (c Coverage) Armed(fault string) bool {
	return slices.ContainsFunc(c.Cells, func(s Strike) bool { return s.Fault == fault })
}

// Count returns how many rows of a group are in a state; all groups if group
// is "".
func (c Coverage) Count(group string, s State) (n int) {
	for _, r := range c.Rows {
		if (group == "" || r.Group == group) && r.State == s {
			n++
		}
	}
	return n
}

// In lists the rows of a group.
func (c Coverage) In(group string) (rows []Row) {
	for _, r := range c.Rows {
		if r.Group == group {
			rows = append(rows, r)
		}
	}
	return rows
}
