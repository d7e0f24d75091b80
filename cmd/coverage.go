package cmd

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/reports/coverage"
	"github.com/andon-rig/andon/scenarios"
)

// coverageVersion names the form of what coverage --json prints.
const coverageVersion = "andon.coverage/v1"

func newCoverage(w World) *cobra.Command {
	var pack string
	var asJSON, all bool
	c := &cobra.Command{
		Use:   "coverage [bundle or gate folder] ... | --pack name",
		Short: "say which requirements stored runs, or a pack, look at, and which not",
		Long: "Lists the rows of the requirements table that stored runs have exercised and by what, how often each kind of fault\n" +
			"struck each flow, and what nobody has looked at. Naming a row is not exercising it: a row about a flow needs a fact\n" +
			"of that flow, a row about a failure a fault that struck or a scenario that plays it, a row about a figure the figure.\n" +
			"With --pack it says what a pack of ready-made scenarios would look at; nothing is run, so nothing is exercised.\n\n" +
			"Exit status: 0 whatever is covered, 2 nothing to look at.",
		Example: "  andon coverage andon-runs/20261120-140000\n  andon coverage --pack smoke --json",
		RunE: func(_ *cobra.Command, args []string) error {
			touches, err := touched(w, args, pack)
			if err != nil {
				return err
			}
			cov := coverage.Of(touches, w.Catalog.FaultNames())
			if asJSON {
				return ofMachine(writeJSON(w.Stdout, coverageJSON(cov, pack)))
			}
			return ofMachine(tellCoverage(w.Stdout, cov, all))
		},
	}
	c.Flags().StringVar(&pack, "pack", "", "`name` of a pack of ready-made scenarios, instead of runs: "+strings.Join(scenarios.Packs(), ", "))
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object instead of text")
	c.Flags().BoolVar(&all, "all", false, "list also the rows that nobody has looked at, one by one")
	return c
}

// touched reads what runs, or the scenarios of a pack, have to do with the
// requirements.
func touched(w World, paths []string, pack string) ([]coverage.Touch, error) {
	switch {
	case pack != "" && len(paths) > 0:
		return nil, usage("--pack and stored runs are two questions; ask one of them")
	case pack == "" && len(paths) == 0:
		return nil, usage("name a bundle or the folder of a gate, or --pack and one of %s", strings.Join(scenarios.Packs(), ", "))
	case pack != "":
		return plannedTouches(w, pack)
	}
	g, err := stored(paths)
	if err != nil {
		return nil, err
	}
	figures(g.Scenarios)
	var touches []coverage.Touch
	for _, s := range g.Scenarios {
		if s.Figures != nil {
			touches = append(touches, s.Figures.Touch)
		}
	}
	if len(touches) == 0 {
		return nil, errors.New("none of these runs has a journal that can be read")
	}
	return touches, nil
}

func plannedTouches(w World, pack string) ([]coverage.Touch, error) {
	ss, err := scenarios.Pack(pack)
	if err != nil {
		return nil, err
	}
	var touches []coverage.Touch
	for _, s := range ss {
		var serves []string
		for _, r := range s.Metadata.Requirements {
			serves = append(serves, string(r))
		}
		faults := map[string][]string{}
		for _, f := range s.Faults {
			faults[f.Fault.S] = nil
			for _, info := range w.Catalog.Faults {
				if info.Name == f.Fault.S {
					faults[f.Fault.S] = info.Requirements
				}
			}
		}
		touches = append(touches, coverage.Planned(s.Metadata.ID, serves, faults))
	}
	return touches, nil
}

// tellCoverage writes c for people.
func tellCoverage(w io.Writer, c coverage.Coverage, all bool) error {
	fmt.Fprintf(w, "%d of %d requirements exercised in %d runs, %d named only, %d not looked at\n", c.Count("", coverage.Exercised), len(c.Rows), c.Runs,
		c.Count("", coverage.Named), c.Count("", coverage.Untouched))
	for _, g := range coverage.Groups() {
		fmt.Fprintf(w, "\n%s %s: %d of %d exercised\n", g.Name, g.Title, c.Count(g.Name, coverage.Exercised), len(c.In(g.Name)))
		if err := rowsOf(w, c.In(g.Name), all); err != nil {
			return err
		}
	}
	return gridOf(w, c)
}

// rowsOf writes the rows of a group: each that something names, and the ids of
// the others.
func rowsOf(w io.Writer, rows []coverage.Row, all bool) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	var untouched []string
	for _, r := range rows {
		switch r.State {
		case coverage.Exercised:
			sign := "✓"
			if r.Violated {
				sign = "✗"
			}
			fmt.Fprintf(t, "  %s %s\t%s\t%s\n", sign, r.ID, r.Title, partsOf(r.By))
		case coverage.Named:
			fmt.Fprintf(t, "  ○ %s\t%s\tnamed by %s; needs %s\n", r.ID, r.Title, partsOf(r.Named), r.Missing)
		default:
			untouched = append(untouched, r.ID)
			if all {
				fmt.Fprintf(t, "  – %s\t%s\tnot looked at\n", r.ID, r.Title)
			}
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(untouched) > 0 && !all {
		_, err := fmt.Fprintf(w, "  – not looked at: %s\n", strings.Join(untouched, " "))
		return err
	}
	return nil
}

// partsOf lists a few parts in words.
func partsOf(ps []coverage.Part) string {
	const most = 4
	var words []string
	for i, p := range ps {
		if i == most {
			words = append(words, fmt.Sprintf("and %d more", len(ps)-most))
			break
		}
		word := strings.TrimSpace(string(p.By) + " " + printable(p.Name))
		if p.By == coverage.ByFlow {
			word = "facts of its flow"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// gridOf writes flows against faults.
func gridOf(w io.Writer, c coverage.Coverage) error {
	faults := slices.DeleteFunc(slices.Clone(c.Faults), func(f string) bool { return !c.Armed(f) })
	if len(faults) == 0 {
		_, err := fmt.Fprintf(w, "\nNo fault was armed.\n")
		return err
	}
	idle := slices.DeleteFunc(slices.Clone(c.Faults), c.Armed)
	if len(c.Flows) == 0 {
		_, err := fmt.Fprintf(w, "\nFaults armed: %s\nFaults not armed: %s\n", strings.Join(faults, ", "), strings.Join(idle, ", "))
		return err
	}
	fmt.Fprintf(w, "\nHow often a kind of fault struck a message of a flow; · is armed and never struck there\n")
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(t, "  flow\tfacts\t%s\n", strings.Join(faults, "\t"))
	for _, f := range c.Flows {
		fmt.Fprintf(t, "  %s %s→%s\t%d%s\n", f.Kind, f.From, f.To, f.Facts, struckCells(c, string(f.Kind), faults))
	}
	fmt.Fprintf(t, "  no message\t%s\n", struckCells(c, "", faults))
	if err := t.Flush(); err != nil {
		return err
	}
	if len(idle) > 0 {
		_, err := fmt.Fprintf(w, "Faults not armed: %s\n", strings.Join(idle, ", "))
		return err
	}
	return nil
}
