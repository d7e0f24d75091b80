// Package jsonreport tells programs what a gate found: one JSON object whose
// form is versioned and described by a JSON Schema.
//
// The form is a promise: fields are added within a version, never renamed,
// retyped or dropped.
package jsonreport

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/evidence/kpi"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/simulators/plant"
)

// Version names the form of the object.
const Version = "andon.gate/v1"

//go:embed schema.json
var schema []byte

// Schema is the JSON Schema (draft 2020-12) of the object.
func Schema() []byte { return schema }

// A Reporter writes the object, followed by a line end.
type Reporter struct {
	Compact bool // on one line
}

var _ reports.Reporter = Reporter{}

// Report implements [reports.Reporter].
func (r Reporter) Report(w io.Writer, g reports.Gate) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if !r.Compact {
		e.SetIndent("", "  ")
	}
	if err := e.Encode(gateOf(g)); err != nil {
		return fmt.Errorf("write JSON report: %w", err)
	}
	return nil
}

type gate struct {
	Schema    string           `json:"schema"`
	Andon     string           `json:"andon,omitempty"`
	Verdict   evidence.Verdict `json:"verdict"`
	Exit      int              `json:"exit"`
	Bundle    string           `json:"bundle"`
	Seed      uint64           `json:"seed"`
	Rig       string           `json:"rig,omitempty"`
	Defect    string           `json:"defect,omitempty"`
	Wall      int64            `json:"wall_ms"`
	Notes     []string         `json:"notes,omitempty"`
	Scenarios []scenario       `json:"scenarios"`
}

type scenario struct {
	ID           string           `json:"id"`
	Title        string           `json:"title"`
	Pack         string           `json:"pack,omitempty"`
	Verdict      evidence.Verdict `json:"verdict"`
	Bundle       string           `json:"bundle"`
	Seed         uint64           `json:"seed"`
	Wall         int64            `json:"wall_ms"`
	Facts        int              `json:"facts"`
	Effects      int              `json:"effects"`
	Exceptions   int              `json:"exceptions"`
	Requirements []string         `json:"requirements"`
	Error        string           `json:"error,omitempty"`
	Notes        []string         `json:"notes,omitempty"`
	Faults       []fault          `json:"faults"`
	Findings     []finding        `json:"findings"`
	Oracles      []oracle         `json:"oracles"`
	KPIs         []figure         `json:"kpis,omitempty"`
}

type fault struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Struck int    `json:"struck"`
}

type oracle struct {
	Oracle  string           `json:"oracle"`
	ID      string           `json:"id"`
	Verdict evidence.Verdict `json:"verdict"`
	Count   int              `json:"count"`
	Text    string           `json:"text,omitempty"`
}

type finding struct {
	Finding      string              `json:"finding"`
	Oracle       string              `json:"oracle"`
	ID           string              `json:"id"`
	Verdict      evidence.Verdict    `json:"verdict"`
	Class        evidence.CauseClass `json:"class,omitempty"`
	Rule         string              `json:"rule,omitempty"`
	Confidence   string              `json:"confidence,omitempty"`
	Keys         plant.Keys          `json:"keys"`
	Fact         plant.EventID       `json:"fact,omitempty"`
	Expected     string              `json:"expected"`
	Got          string              `json:"got"`
	Text         string              `json:"text,omitempty"`
	Requirements []string            `json:"requirements"`
	Evidence     []uint64            `json:"evidence"`
	Steps        []explain.Step      `json:"steps,omitempty"`
	Clues        []string            `json:"clues,omitempty"`
	NearMisses   []string            `json:"near_misses,omitempty"`
	Similar      string              `json:"similar,omitempty"`
	Patterns     []explain.Likeness  `json:"patterns,omitempty"`
	Journey      string              `json:"journey"`
	Mermaid      string              `json:"mermaid,omitempty"`
	Replay       string              `json:"replay"`
	Shrink       string              `json:"shrink,omitempty"`
	Count        int                 `json:"count"`
	// Cause is the finding this one follows from, and Consequences those that
	// follow from this one.
	Cause        *explain.Cause        `json:"cause,omitempty"`
	Consequences []explain.Consequence `json:"consequences,omitempty"`
}

func gateOf(g reports.Gate) gate {
	out := gate{
		Schema: Version, Andon: g.Andon, Verdict: g.Verdict, Exit: g.Exit, Bundle: g.Bundle, Seed: g.Seed, Rig: g.Rig, Defect: g.Defect,
		Wall: g.Wall.Milliseconds(), Notes: g.Notes, Scenarios: []scenario{},
	}
	for _, s := range g.Scenarios {
		out.Scenarios = append(out.Scenarios, scenarioOf(s))
	}
	return out
}

// figure is one key figure. A row without measures was not exercised, and
// missing says why.
type figure struct {
	ID           string    `json:"id"`
	Name         string    `json:"name"`
	How          string    `json:"how"`
	Requirements []string  `json:"requirements"`
	Measures     []measure `json:"measures"`
	Which        []string  `json:"which,omitempty"`
	Missing      string    `json:"missing,omitempty"`
}

// measure is a value as text, because no reader may turn it into a float; its
// clock keeps wall and plant time apart.
type measure struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Unit    string `json:"unit,omitempty"`
	Clock   string `json:"clock,omitempty"`
	Samples int    `json:"samples,omitempty"`
}

func figureOf(r kpi.Row) figure {
	out := figure{ID: r.ID, Name: r.Name, How: r.How, Requirements: list(r.Requirements), Measures: []measure{}, Which: r.Which, Missing: r.Missing}
	for _, m := range r.Measures {
		out.Measures = append(out.Measures, measure{m.Name, m.Value.Text(), m.Value.Unit(), m.Value.Clock(), m.Samples})
	}
	return out
}

func scenarioOf(s reports.Scenario) scenario {
	out := scenario{
		ID: s.ID, Title: s.Title, Pack: s.Pack, Verdict: s.Verdict, Bundle: s.Bundle, Seed: s.Seed, Wall: s.Wall.Milliseconds(),
		Facts: s.Facts, Effects: s.Effects, Exceptions: s.Exceptions, Requirements: list(s.Requirements), Error: s.Error, Notes: s.Notes,
		Faults: []fault{}, Findings: []finding{}, Oracles: []oracle{},
	}
	for _, f := range s.Faults {
		out.Faults = append(out.Faults, fault(f))
	}
	for _, f := range s.Open() {
		out.Findings = append(out.Findings, findingOf(f))
	}
	for _, f := range s.Oracles() {
		out.Oracles = append(out.Oracles, oracle{f.Oracle, f.ID, f.Verdict, f.Count, f.Text})
	}
	if s.Figures != nil {
		for _, r := range s.Figures.KPIs {
			out.KPIs = append(out.KPIs, figureOf(r))
		}
	}
	return out
}

func findingOf(f evidence.Finding) finding {
	d := explain.DetailOf(f)
	similar := ""
	if len(d.Similar) > 0 {
		similar = d.Similar[0].String()
	}
	return finding{
		Finding: d.ID, Oracle: f.Oracle, ID: f.ID, Verdict: f.Verdict, Class: f.Class, Rule: f.Rule, Confidence: f.Confidence, Keys: f.Keys, Fact: f.Fact,
		Expected: f.Expected, Got: f.Got, Text: f.Text, Requirements: list(f.Requirements), Evidence: list(f.Evidence), Steps: d.Steps, Clues: d.Clues,
		NearMisses: d.NearMisses, Similar: similar, Patterns: d.Similar, Journey: f.Journey, Mermaid: d.Mermaid, Replay: f.Replay, Shrink: d.Shrink,
		Count: max(f.Count, 1), Cause: d.Cause, Consequences: d.Consequences,
	}
}

// list is never null in JSON.
func list[T any](vs []T) []T {
	if vs == nil {
		return []T{}
	}
	return vs
}
