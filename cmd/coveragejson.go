package cmd

import (
	"strconv"
	"strings"

	"github.com/andon-rig/andon/reports/coverage"
	"github.com/andon-rig/andon/simulators/plant"
)

// struckCells writes one row of the grid.
func struckCells(c coverage.Coverage, kind string, faults []string) string {
	var b strings.Builder
	for _, f := range faults {
		cell := "·"
		if n := c.Struck(plant.Kind(kind), f); n > 0 {
			cell = strconv.Itoa(n)
		}
		b.WriteString("\t" + cell)
	}
	return b.String()
}

// coverageDoc is what coverage --json prints. Within its version fields are
// added, never renamed, retyped or dropped.
type coverageDoc struct {
	Schema       string        `json:"schema"`
	Pack         string        `json:"pack,omitempty"`
	Runs         int           `json:"runs"`
	Exercised    int           `json:"exercised"`
	Named        int           `json:"named"`
	Untouched    int           `json:"untouched"`
	Requirements []coverageRow `json:"requirements"`
	Grid         coverageGrid  `json:"grid"`
}

type coverageRow struct {
	ID       string          `json:"id"`
	Group    string          `json:"group"`
	Title    string          `json:"title"`
	State    coverage.State  `json:"state"`
	Violated bool            `json:"violated,omitempty"`
	By       []coverage.Part `json:"by,omitempty"`
	Named    []coverage.Part `json:"named,omitempty"`
	Needs    string          `json:"needs,omitempty"`
}

type coverageGrid struct {
	Flows   []coverageFlow   `json:"flows"`
	Faults  []coverageFault  `json:"faults"`
	Strikes []coverageStrike `json:"strikes"`
}

type coverageFlow struct {
	Kind  plant.Kind `json:"kind"`
	From  string     `json:"from"`
	To    string     `json:"to"`
	Facts int        `json:"facts"`
}

type coverageFault struct {
	Kind  string `json:"kind"`
	Armed bool   `json:"armed"`
}

// coverageStrike is a cell of the grid; a flow of "" is no message.
type coverageStrike struct {
	Flow  plant.Kind `json:"flow"`
	Fault string     `json:"fault"`
	Times int        `json:"times"`
}

func coverageJSON(c coverage.Coverage, pack string) coverageDoc {
	doc := coverageDoc{Schema: coverageVersion, Pack: pack, Runs: c.Runs, Exercised: c.Count("", coverage.Exercised), Named: c.Count("", coverage.Named),
		Untouched: c.Count("", coverage.Untouched), Grid: coverageGrid{Flows: []coverageFlow{}, Faults: []coverageFault{}, Strikes: []coverageStrike{}}}
	for _, r := range c.Rows {
		doc.Requirements = append(doc.Requirements, coverageRow{r.ID, r.Group, r.Title, r.State, r.Violated, r.By, r.Named, r.Missing})
	}
	for _, f := range c.Flows {
		doc.Grid.Flows = append(doc.Grid.Flows, coverageFlow{f.Kind, f.From, f.To, f.Facts})
	}
	for _, f := range c.Faults {
		doc.Grid.Faults = append(doc.Grid.Faults, coverageFault{f, c.Armed(f)})
	}
	for _, s := range c.Cells {
		if s.Times > 0 {
			doc.Grid.Strikes = append(doc.Grid.Strikes, coverageStrike{s.Kind, s.Fault, s.Times})
		}
	}
	return doc
}
