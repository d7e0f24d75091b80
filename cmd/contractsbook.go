package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/internal/yamlfile"
)

// bookFlags say which book, and for which day.
type bookFlags struct {
	book    string
	day     string
	json    bool
	unknown bool
}

func (f *bookFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.book, "book", "contracts", "`folder` with book.yaml")
	c.Flags().StringVar(&f.day, "on", "", "judge as on this `day`, such as 2026-11-30 (default today)")
	c.Flags().BoolVar(&f.json, "json", false, "print one JSON object instead of text")
	c.Flags().BoolVar(&f.unknown, "allow-unknown", false, "what is inconclusive or shows nothing counts as success")
}

func (f bookFlags) today() (time.Time, error) {
	if f.day == "" {
		return time.Now().UTC(), nil
	}
	t, err := time.Parse(time.DateOnly, f.day)
	if err != nil {
		return t, usage("--on %q: write a day as 2026-11-30", f.day)
	}
	return t, nil
}

// load reads the book and what was seen. A book with mistakes is still
// returned, for lint.
func (f bookFlags) load(w World) (*contracts.Book, []contracts.Result, error) {
	if info, err := os.Stat(f.book); err != nil || !info.IsDir() {
		return nil, nil, usage("--book %s: no such folder; a book is a folder with book.yaml, docs/contracts.md shows one", f.book)
	}
	fsys := os.DirFS(f.book)
	b, err := contracts.Load(fsys, f.book, w.Catalog.Contracts)
	results, err2 := contracts.Results(fsys, f.book)
	return b, results, errors.Join(err, err2)
}

func newContractsLint(w World) *cobra.Command {
	var f bookFlags
	c := &cobra.Command{
		Use: "lint", Short: "read a book and all its documents, and compare versions with those before them", Args: noArgs,
		Long: "Reads every document of a book, names each mistake with its place, and compares each version of a contract with the\n" +
			"version before it in the way that contract.yaml demands. A version that has been released is also held against what was\n" +
			"recorded of it in the folder released (see freeze).\n\nExit status: 0 nothing is wrong, 1 a version breaks readers or writers of one before it, 2 a file is wrong.",
		Example: "  andon contracts lint --book contracts",
		RunE: func(*cobra.Command, []string) error {
			today, err := f.today()
			if err != nil {
				return err
			}
			b, _, err := f.load(w)
			if b == nil {
				return err
			}
			kept, broken := b.Kept(today)
			steps := append(kept, b.Evolution(today)...)
			err = errors.Join(err, broken.OrNil())
			if err2 := tellLint(w.Stdout, b, steps, f.json); err2 != nil {
				return &rigError{err2}
			}
			return errors.Join(err, lintExit(steps, err, f.unknown))
		},
	}
	f.add(c)
	return c
}

// lintExit is what evolution ends with, unless mistakes in files weigh more.
func lintExit(steps []contracts.Step, mistakes error, allow bool) error {
	if mistakes != nil {
		return nil
	}
	v := evidence.Holds
	for _, s := range steps {
		v = max(v, verdictOf(s))
	}
	return exitOf(v, allow)
}

// verdictOf is whether a step keeps its promise.
func verdictOf(s contracts.Step) evidence.Verdict {
	switch {
	case contracts.Worst(s.Changes) == contracts.Breaking:
		return evidence.Violated
	case s.Err != nil:
		return evidence.Inconclusive
	}
	for _, c := range s.Changes {
		if c.Type == contracts.CannotTell {
			return evidence.Inconclusive
		}
	}
	return evidence.Holds
}

func exitOf(v evidence.Verdict, allow bool) error {
	if code := harness.ExitOf(v, allow); code != 0 {
		return exit(code)
	}
	return nil
}

// stepJSON is a step of evolution for programs.
type stepJSON struct {
	Provider string              `json:"provider"`
	Contract string              `json:"contract"`
	From     string              `json:"from"`
	To       string              `json:"to"`
	Released bool                `json:"released,omitempty"` // from is what was recorded of to when it was released
	Verdict  evidence.Verdict    `json:"verdict"`
	Reason   string              `json:"reason,omitempty"`
	Changes  []contracts.Change  `json:"changes"`
	Users    map[string][]string `json:"users,omitempty"`  // consumers by the path of a change
	RunsIn   map[string][]string `json:"runsIn,omitempty"` // environments by consumer: those that the changes would break
}

func tellLint(out io.Writer, b *contracts.Book, steps []contracts.Step, asJSON bool) error {
	if asJSON {
		all := []stepJSON{}
		for _, s := range steps {
			j := stepJSON{Provider: s.Contract.Provider, Contract: s.Contract.Name, From: s.From.Version, To: s.To.Version, Released: s.Released, Verdict: verdictOf(s), Changes: s.Changes, Users: s.Users, RunsIn: s.RunsIn}
			if j.Changes == nil {
				j.Changes = []contracts.Change{}
			}
			if s.Err != nil {
				j.Reason = s.Err.Error()
			}
			all = append(all, j)
		}
		return encodeJSON(out, map[string]any{"steps": all})
	}
	for _, s := range steps {
		fmt.Fprintf(out, "%s: %s\n", stepName(s), verdictOf(s))
		if s.Err != nil {
			fmt.Fprintf(out, "    %s\n", printable(s.Err.Error()))
		}
		for _, c := range s.Changes {
			if c.Severity == contracts.Safe {
				continue
			}
			tellChange(out, "    ", c)
			for _, user := range s.Users[c.Path] {
				fmt.Fprintf(out, "        used by %s%s\n", user, runsIn(s.RunsIn[user]))
			}
		}
	}
	documents := 0
	for _, c := range b.Contracts {
		documents += len(c.Versions) + len(c.Consumers)
	}
	_, err := fmt.Fprintf(out, "%d contracts, %d documents, %d steps between versions\n", len(b.Contracts), documents, len(steps))
	return err
}

// runsIn says where a consumer would be broken.
func runsIn(environments []string) string {
	if len(environments) == 0 {
		return ", which runs nowhere"
	}
	return ", which runs in " + strings.Join(environments, ", ")
}

// stepName names a step for people: "erp/orders 1.4 > 2.0".
func stepName(s contracts.Step) string {
	from := s.From.Version
	if s.Released {
		from += " as released"
	}
	return fmt.Sprintf("%s/%s %s > %s", s.Contract.Provider, s.Contract.Name, from, s.To.Version)
}

func encodeJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func newContractsMatrix(w World) *cobra.Command {
	var f bookFlags
	c := &cobra.Command{
		Use: "matrix", Short: "every version of every consumer with every version of its provider", Args: noArgs,
		Long: "Prints the full cross product of the versions that are not retired. A cell is the worst of what holding the documents\n" +
			"against each other says and of what was seen by running them (the results in the book's folder results).\n\nExit status as for gate.",
		Example: "  andon contracts matrix --book contracts --json",
		RunE: func(*cobra.Command, []string) error {
			today, err := f.today()
			if err != nil {
				return err
			}
			b, results, err := f.load(w)
			if err != nil {
				return err
			}
			cells := b.Matrix(today, results)
			if err := tellCells(w.Stdout, cells, f.json); err != nil {
				return &rigError{err}
			}
			return exitOf(worstCell(cells), f.unknown)
		},
	}
	f.add(c)
	return c
}

// worstCell is the worst verdict; a matrix without a cell shows nothing.
func worstCell(cells []contracts.Cell) evidence.Verdict {
	if len(cells) == 0 {
		return evidence.Vacuous
	}
	v := evidence.Holds
	for _, c := range cells {
		v = max(v, c.Verdict)
	}
	return v
}

func tellCells(out io.Writer, cells []contracts.Cell, asJSON bool) error {
	if asJSON {
		if cells == nil {
			cells = []contracts.Cell{}
		}
		return encodeJSON(out, map[string]any{"cells": cells})
	}
	if len(cells) == 0 {
		_, err := fmt.Fprintln(out, "no consumer says what it relies on")
		return err
	}
	t := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "CONTRACT\tCONSUMER\tPROVIDER\tVERDICT\tWHY")
	for _, c := range cells {
		why := c.Reason
		if at := c.At.String(); at != "" && c.Verdict != evidence.Holds {
			why = at + ": " + why
		}
		fmt.Fprintf(t, "%s\t%s %s (%s)\t%s %s (%s)\t%s\t%s\n", c.Contract, c.Consumer, c.ConsumerVersion, c.ConsumerState, c.Provider, c.ProviderVersion, c.ProviderState, c.Verdict, printable(why))
	}
	return t.Flush()
}

func newContractsCanDeploy(w World) *cobra.Command {
	var f bookFlags
	var to string
	c := &cobra.Command{
		Use: "can-deploy <party> <version> --to <environment>", Short: "whether a version works with everything that runs in an environment",
		Long: "Looks at every contract of the party with every version of every partner that runs in the environment. No version\n" +
			"stands for another, and what nobody wrote down is inconclusive.\n\nExit status as for gate.",
		Example: "  andon contracts can-deploy erp-orders 2.1 --to plant1",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage("name a party and one of its versions: andon contracts can-deploy erp-orders 2.1 --to plant1")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			today, err := f.today()
			if err != nil {
				return err
			}
			b, results, err := f.load(w)
			if err != nil {
				return err
			}
			if err := known(b, args[0], args[1], to); err != nil {
				return err
			}
			d := b.CanDeploy(args[0], args[1], to, today, results)
			if err := tellDecision(w.Stdout, d, f.json); err != nil {
				return &rigError{err}
			}
			return exitOf(d.Verdict, f.unknown)
		},
	}
	f.add(c)
	c.Flags().StringVar(&to, "to", "", "`environment` of the book")
	return c
}

// known refuses what the book does not name.
func known(b *contracts.Book, party, version, environment string) error {
	p := b.Party(party)
	if p == nil {
		var names []string
		for _, one := range b.File.Parties {
			names = append(names, one.Name)
		}
		return usage("the book has no party %q; %s", party, yamlfile.OneOf(party, names))
	}
	if p.Find(version) == nil {
		var versions []string
		for _, v := range p.Versions {
			versions = append(versions, v.Version)
		}
		return usage("%s has no version %q in the book; %s", party, version, yamlfile.OneOf(version, versions))
	}
	for _, e := range b.File.Environments {
		if e == environment {
			return nil
		}
	}
	if environment == "" {
		return usage("say where to with --to; %s", yamlfile.OneOf("", b.File.Environments))
	}
	return usage("--to %q: %s", environment, yamlfile.OneOf(environment, b.File.Environments))
}

func tellDecision(out io.Writer, d contracts.Decision, asJSON bool) error {
	if asJSON {
		return encodeJSON(out, d)
	}
	answer := map[evidence.Verdict]string{evidence.Holds: "yes", evidence.Violated: "no", evidence.Inconclusive: "not known", evidence.Vacuous: "nothing to check"}[d.Verdict]
	fmt.Fprintf(out, "%s %s to %s: %s\n", d.Party, d.Version, d.Environment, answer)
	if at := d.At.String(); at != "" && d.Verdict != evidence.Holds {
		fmt.Fprintf(out, "%s: ", at)
	}
	fmt.Fprintln(out, printable(d.Reason))
	if d.Verdict != evidence.Violated || len(d.Cells) == 0 || len(d.Cells[0].Unmet) == 0 {
		return nil
	}
	// The first thing unmet is the reason.
	if promised := d.Cells[0].Unmet[0].After.String(); promised != "" && promised != d.At.String() {
		fmt.Fprintf(out, "    what is promised instead stands at %s\n", promised)
	}
	return nil
}
