package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators/plant"
)

// A shelf is one kind of things that files and flags can name.
type shelf struct {
	name  string
	doc   string
	items func(World) ([]item, error)
}

// An item is what there is to know of one of them.
type item struct {
	ID           string    `json:"id"`
	What         string    `json:"what"`
	Facts        []fact    `json:"-"`                      // short ones: columns of their own
	Notes        []fact    `json:"-"`                      // long ones: lines below
	Details      any       `json:"details,omitempty"`      // facts and notes for programs
	Requirements []string  `json:"requirements,omitempty"` // rows served
	Settings     []setting `json:"settings,omitempty"`
}

// faultDetails is what there is to know of a fault besides its settings.
type faultDetails struct {
	// Layer where it can really happen: W wire, A application, P the SUT's
	// process, C clock, D data, K kernel; pilot for what gate --fault arms.
	Layer string `json:"layer"`
	// Observed is what the build's code meets.
	Observed string `json:"observed"`
	// Needs is what it needs of rig or SUT; empty for nothing.
	Needs string `json:"needs"`
	// Reproducible says whether, with its defaults, the same seed hits the same
	// (fact, attempt) pairs.
	Reproducible bool `json:"reproducible"`
	// Tolerates is what the build must still guarantee under it.
	Tolerates string `json:"tolerates"`
	// Attempts bounds its rule to the first so many attempts of each fact, unless
	// the scenario says otherwise; 0 for no bound.
	Attempts int `json:"attempts"`
	// Pilot is true for what gate --fault arms: not one fault but several.
	Pilot bool `json:"pilot,omitempty"`
	// Arms lists the faults that a pilot is made of.
	Arms []string `json:"arms,omitempty"`
}

// pilot reports whether i is not one fault, but what gate --fault names.
func (i item) pilot() bool {
	d, is := i.Details.(faultDetails)
	return is && d.Pilot
}

type fact struct{ name, value string }

// setting is a key that a fault or an action takes.
type setting struct {
	Name     string `json:"name"`
	Type     string `json:"type,omitempty"`
	Default  string `json:"default,omitempty"`
	Doc      string `json:"doc,omitempty"`
	Required bool   `json:"required,omitempty"`
}

func shelves() []shelf {
	return []shelf{
		{"scenarios", "ready-made scenarios, for gate --scenario", listScenarios},
		{"packs", "packs of scenarios, for gate --pack", listPacks},
		{"faults", "what can go wrong, for faults: of a scenario and gate --fault", listFaults},
		{"oracles", "what is judged in every run", listOracles},
		{"actions", "what a step of a scenario can do", listActions},
		{"dialects", "how simulated systems word things, for endpoints: of a rig", listDialects},
		{"systems", "what can stand behind an endpoint of a rig", listSystems},
		{"profiles", "plants, for plant: of a rig or scenario", listProfiles},
		{"defects", "mistakes that gate --defect plants into the bundled build, and those it cannot yet", listDefects},
	}
}

func newList(w World) *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "list what files and flags can name: scenarios, faults, oracles, …",
		Example: "  andon list scenarios\n  andon list faults --json",
		Args:    subcommand,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	for _, s := range shelves() {
		c.AddCommand(newShelf(w, s))
	}
	return c
}

func newShelf(w World, s shelf) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: s.name, Short: s.doc, Args: noArgs, Example: "  andon list " + s.name,
		RunE: func(*cobra.Command, []string) error {
			items, err := s.items(w)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(w.Stdout, items)
			}
			return table(w.Stdout, items)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON instead of a table")
	return c
}

// writeJSON writes v for programs.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// table writes items for people: a line each, and their settings below.
func table(w io.Writer, items []item) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	if len(items) > 0 {
		head := []string{"ID"}
		for _, f := range items[0].Facts {
			head = append(head, strings.ToUpper(f.name))
		}
		fmt.Fprintln(t, strings.Join(append(head, "WHAT"), "\t"))
	}
	for _, i := range items {
		row := []string{i.ID}
		for _, f := range i.Facts {
			row = append(row, f.value)
		}
		fmt.Fprintln(t, strings.Join(append(row, i.What), "\t"))
		blank := strings.Repeat("\t", len(i.Facts)+1) + "  "
		for _, n := range i.Notes {
			if n.value != "" {
				fmt.Fprintf(t, "%s%s: %s\n", blank, n.name, n.value)
			}
		}
		for _, s := range i.Settings {
			fmt.Fprintln(t, blank+s.String())
		}
	}
	return t.Flush()
}

// String writes the setting as one line: "retryAfter: seconds, date, missing
// (default seconds), how the wait is told".
func (s setting) String() string {
	text := s.Name
	if s.Type != "" {
		text += ": " + s.Type
	}
	switch {
	case s.Required:
		text += " (required)"
	case s.Default != "":
		text += " (default " + s.Default + ")"
	}
	if s.Doc != "" {
		text += ", " + s.Doc
	}
	return text
}

func listScenarios(World) ([]item, error) {
	all, err := scenarios.All()
	if err != nil {
		return nil, err
	}
	var items []item
	for _, s := range all {
		i := item{ID: s.Metadata.ID, What: s.Metadata.Title}
		for _, r := range s.Metadata.Requirements {
			i.Requirements = append(i.Requirements, string(r))
		}
		var faults []string
		for _, f := range s.Faults {
			if !slices.Contains(faults, f.Fault.S) {
				faults = append(faults, f.Fault.S)
			}
		}
		packs := slices.DeleteFunc(scenarios.Packs(), func(p string) bool { return !slices.Contains(s.Metadata.Labels, p) })
		i.Facts = []fact{{"packs", strings.Join(packs, " ")}, {"faults", strings.Join(faults, " ")}}
		i.Notes = []fact{{"serves", strings.Join(i.Requirements, " ")}}
		i.Details = map[string]any{"packs": packs, "labels": s.Metadata.Labels, "faults": faults, "seed": s.Seed}
		items = append(items, i)
	}
	return items, nil
}

func listPacks(World) ([]item, error) {
	var items []item
	for _, name := range scenarios.Packs() {
		ss, err := scenarios.Pack(name)
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, s := range ss {
			ids = append(ids, s.Metadata.ID)
		}
		items = append(items, item{ID: name, What: fmt.Sprintf("%d scenarios: %s", len(ids), strings.Join(ids, ", ")), Details: map[string]any{"scenarios": ids}})
	}
	return items, nil
}

func listFaults(w World) ([]item, error) {
	var items []item
	for _, f := range w.Catalog.Faults {
		again := "yes"
		if !f.Reproducible {
			again = "no"
		}
		i := item{
			ID: f.Name, What: f.Doc, Requirements: f.Requirements,
			Facts:   []fact{{"layer", string(f.Layer)}, {"reproducible", again}},
			Notes:   []fact{{"observed as", f.Observed}, {"needs", f.Needs}, {"must still hold", f.Tolerates}, {"serves", strings.Join(f.Requirements, " ")}},
			Details: faultDetails{Layer: string(f.Layer), Observed: f.Observed, Needs: f.Needs, Reproducible: f.Reproducible, Tolerates: f.Tolerates, Attempts: f.Attempts},
		}
		for _, s := range f.Settings {
			i.Settings = append(i.Settings, setting{Name: s.Name, Type: s.Type, Default: s.Default, Doc: s.Doc})
		}
		items = append(items, i)
	}
	for _, p := range harness.Pilots() {
		items = append(items, item{ID: p.Name, What: "for gate --fault: arms " + strings.Join(p.Arms, ", "),
			Facts: []fact{{"layer", "pilot"}, {"reproducible", ""}}, Details: faultDetails{Layer: "pilot", Pilot: true, Arms: p.Arms}})
	}
	return items, nil
}

func listOracles(w World) ([]item, error) {
	var items []item
	for _, o := range w.Catalog.Oracles {
		items = append(items, item{
			ID: o.Name, What: o.Doc, Requirements: o.Requirements,
			Facts: []fact{{"number", o.ID}}, Notes: []fact{{"serves", strings.Join(o.Requirements, " ")}}, Details: map[string]any{"number": o.ID},
		})
	}
	return items, nil
}

func listActions(World) ([]item, error) {
	var items []item
	for _, a := range scenarios.Actions() {
		i := item{ID: a.Name, What: a.Does}
		for _, name := range a.Requires {
			i.Settings = append(i.Settings, setting{Name: name, Required: true})
		}
		for _, name := range a.Takes {
			i.Settings = append(i.Settings, setting{Name: name})
		}
		items = append(items, i)
	}
	return items, nil
}

func listDialects(w World) ([]item, error) {
	var items []item
	for _, d := range w.Catalog.Dialects {
		p := d.New().Policy()
		items = append(items, item{
			ID: d.Name, What: d.Doc, Details: map[string]any{"policy": p},
			Notes: []fact{{"policy", fmt.Sprintf("auth %s, dedupe %s, ordering %s, batch %s", p.Auth, p.Dedupe, p.Ordering, p.Batch)}},
		})
	}
	return items, nil
}

func listSystems(w World) ([]item, error) {
	var items []item
	for _, s := range w.Catalog.Systems {
		items = append(items, item{ID: s.Name, What: s.Doc})
	}
	return items, nil
}

func listProfiles(World) ([]item, error) {
	var items []item
	for _, name := range plant.Profiles() {
		p, err := plant.LoadProfile(name)
		if err != nil {
			return nil, err
		}
		items = append(items, item{ID: name, What: p.Description, Facts: []fact{{"zone", p.Zone}}, Details: map[string]any{"zone": p.Zone}})
	}
	return items, nil
}

func listDefects(w World) ([]item, error) {
	var items []item
	for _, d := range w.Defects {
		items = append(items, item{
			ID: d.ID, What: d.Does, Facts: []fact{{"name", d.Name}, {"shown under", d.Needs}, {"blamed by", strings.Join(d.Intended, ", ")}},
			Notes:   []fact{{"not planted", d.WhyNot}},
			Details: map[string]any{"name": d.Name, "needs": d.Needs, "intended": d.Intended, "hosted": d.WhyNot == "", "whyNot": d.WhyNot},
		})
	}
	return items, nil
}

// listPlantable lists what gate --defect takes.
func listPlantable(w World) ([]item, error) {
	w.Defects = slices.DeleteFunc(slices.Clone(w.Defects), func(d Defect) bool { return d.WhyNot != "" })
	return listDefects(w)
}
