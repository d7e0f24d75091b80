package cmd

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/inline"
	"github.com/andon-rig/andon/contracts/wire"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators"
)

// surveyFlags say which book stored runs are looked at with, and who is who.
type surveyFlags struct {
	book    string
	parties []string
	json    bool
	all     bool
	unknown bool
}

func (f *surveyFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.book, "book", "", "`folder` with book.yaml (default the one that the runs were judged by)")
	c.Flags().StringArrayVar(&f.parties, "party", nil, "`who=party@version`: which party of the book the SUT (sut=…) or an endpoint is, if the run's rig does not say")
	c.Flags().BoolVar(&f.json, "json", false, "print one JSON object instead of text")
	c.Flags().BoolVar(&f.all, "all", false, "list everything, not only the first few of each kind")
	c.Flags().BoolVar(&f.unknown, "allow-unknown", false, "what is inconclusive or shows nothing counts as success")
}

// survey is what stored runs say of a book.
type survey struct {
	*inline.Survey
	dialects []catalog.Part[func() simulators.Dialect]
	lost     []string // why exchanges could not be read as they were
}

// of looks at all runs at paths.
func (f surveyFlags) of(w World, paths []string) (survey, error) {
	var all survey
	for _, path := range paths {
		bundles, err := harness.OpenStored(path)
		if err != nil {
			return all, err
		}
		for _, b := range bundles {
			if all.Survey == nil {
				rules, err := f.rules(w, b)
				if err != nil {
					return all, err
				}
				all.Survey, all.dialects = rules.NewSurvey(), w.Catalog.Dialects
			}
			all.add(b)
		}
	}
	return all, nil
}

func (s *survey) add(b *bundle.Bundle) {
	for c, err := range wire.All(b.Records, b.Whole) {
		if err != nil {
			s.lost = append(s.lost, err.Error())
			continue
		}
		if d, ok := catalog.Find(s.dialects, b.Plan.Endpoints[c.Endpoint].Dialect); ok {
			c.Inside = wire.Inside(d.New(), c.Exchange)
		}
		s.Add(c, fmt.Sprintf("%s record %d", filepath.Base(b.Path), c.Seq))
	}
}

// rules are what was in force in a run, or what the flags say.
func (f surveyFlags) rules(w World, b *bundle.Bundle) (*inline.Rules, error) {
	s := inline.Setting{Folder: f.book, Today: b.Began(), Partners: map[string]evidence.Party{}}
	if force := b.Plan.Contracts; force != nil {
		s.Environment, s.SUT = force.Environment, force.SUT
		for name, p := range force.Partners {
			s.Partners[name] = p
		}
		if s.Folder == "" {
			s.Folder = force.Book
		}
		if t, err := time.Parse(time.DateOnly, force.Today); err == nil {
			s.Today = t
		}
	}
	if s.Folder == "" {
		return nil, usage("%s was judged by no contracts; name a book with --book, and who is who with --party sut=… --party erp=…", b.Path)
	}
	book, _, err := bookFlags{book: s.Folder}.load(w)
	if err != nil {
		return nil, err
	}
	s.Book = book
	for _, one := range f.parties {
		if err := assign(&s, one); err != nil {
			return nil, err
		}
	}
	if len(s.Partners) == 0 {
		return nil, usage("%s does not say who is who; say it with --party for each endpoint, such as --party erp=%s, and --party sut=… if the book knows the build", b.Path, firstParty(book))
	}
	return inline.New(s), nil
}

func firstParty(b *contracts.Book) string {
	if len(b.File.Parties) == 0 {
		return "erp-orders@2.0"
	}
	return b.File.Parties[0].Name
}

// assign reads one --party.
func assign(s *inline.Setting, text string) error {
	who, party, ok := strings.Cut(text, "=")
	name, version, versioned := strings.Cut(party, "@")
	if !ok || who == "" || name == "" {
		return usage("--party %q: write it as sut=mes@3.2 or erp=erp-orders", text)
	}
	p := s.Book.Party(name)
	if p == nil {
		var names []string
		for _, one := range s.Book.File.Parties {
			names = append(names, one.Name)
		}
		return usage("--party %q: the book has no party %q; %s", text, name, yamlfile.OneOf(name, names))
	}
	found := evidence.Party{Name: name}
	for _, v := range p.Versions {
		if versioned && v.Version == version || !versioned && v.On(s.Today) != contracts.Retired && v.On(s.Today) != contracts.Planned {
			found.Versions = append(found.Versions, v.Version)
		}
	}
	if versioned && len(found.Versions) == 0 {
		return usage("--party %q: %s has no version %q in the book", text, name, version)
	}
	if who == "sut" {
		s.SUT = found
	} else {
		s.Partners[who] = found
	}
	return nil
}

func newContractsCoverage(w World) *cobra.Command {
	var f surveyFlags
	kinds := inline.Kinds
	c := &cobra.Command{
		Use: "coverage <bundle or gate folder> ...", Short: "what of the contracts in force stored runs exercised, and what never",
		Long: "Looks through the exchanges of stored runs for what each document in force declares: operations and answers, fields,\n" +
			"listed values, and of consumers' documents interactions. What was never exercised shows nothing, so a run that leaves\n" +
			"any of it out is vacuous; --of demands only some kinds. A version that no exchange told is never exercised at all.\n\n" +
			"Exit status: 0 all was exercised, 2 a file or flag is wrong, 4 something was not, or could not be measured.",
		Example: "  andon contracts coverage andon-runs/20261126-140000\n  andon contracts coverage andon-runs/20261126-140000 --of interaction,operation",
		Args:    atLeastOne("name a bundle or the folder of a gate"),
		RunE: func(_ *cobra.Command, args []string) error {
			for _, k := range kinds {
				if !slices.Contains(inline.Kinds, k) {
					return usage("--of %q: %s", k, yamlfile.OneOf(k, inline.Kinds))
				}
			}
			s, err := f.of(w, args)
			if err != nil {
				return err
			}
			all := s.Coverage()
			v := coverageVerdict(all, s, kinds)
			if f.json {
				err = encodeJSON(w.Stdout, map[string]any{"verdict": v, "exchanges": s.Looked(), "lost": orEmpty(s.lost), "documents": all, "of": kinds})
			} else {
				err = tellExercised(w.Stdout, all, s, kinds, f.all)
			}
			if err != nil {
				return &rigError{err}
			}
			return exitOf(v, f.unknown)
		},
	}
	f.add(c)
	c.Flags().StringSliceVar(&kinds, "of", inline.Kinds, "`kinds` of parts that must all be exercised: "+strings.Join(inline.Kinds, ", "))
	return c
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// coverageVerdict is vacuous if anything of the kinds was never exercised.
func coverageVerdict(all []inline.Exercised, s survey, kinds []string) evidence.Verdict {
	v := evidence.Holds
	if len(all) == 0 {
		v = evidence.Vacuous
	}
	for _, e := range all {
		switch {
		case !e.Measured:
			v = max(v, evidence.Inconclusive)
		case e.Exchanges == 0, slices.ContainsFunc(e.Parts, func(p inline.Part) bool { return !p.Used && slices.Contains(kinds, p.Kind) }):
			v = max(v, evidence.Vacuous)
		}
	}
	if len(s.lost) > 0 && v == evidence.Vacuous {
		v = evidence.Inconclusive // what is missing may be in what was lost
	}
	return v
}

// mostNamed is how many parts of one kind are named unless all are asked for.
const mostNamed = 5

func tellExercised(out io.Writer, all []inline.Exercised, s survey, kinds []string, everything bool) error {
	for _, e := range all {
		what := e.Contract + " " + e.Half
		if e.Consumer {
			what = e.Contract + ", on which " + e.Half + " relies"
		}
		fmt.Fprintf(out, "%s: %d exchanges", what, e.Exchanges)
		if !e.Measured {
			fmt.Fprint(out, "; what it declares cannot be listed in its format")
		} else if e.Exchanges == 0 {
			fmt.Fprint(out, ": never exercised")
		}
		fmt.Fprintln(out)
		for _, kind := range inline.Kinds {
			tellKind(out, e, kind, slices.Contains(kinds, kind), everything)
		}
	}
	if len(all) == 0 {
		fmt.Fprintln(out, "no contract is in force between the parties of these runs")
	}
	return tellLost(out, s)
}

func tellKind(out io.Writer, e inline.Exercised, kind string, demanded, everything bool) {
	used, total := 0, 0
	var never []string
	for _, p := range e.Parts {
		if p.Kind != kind {
			continue
		}
		if total++; p.Used {
			used++
		} else {
			never = append(never, p.Name)
		}
	}
	if total == 0 {
		return
	}
	fmt.Fprintf(out, "    %d of %d %ss\n", used, total, kind)
	if e.Exchanges == 0 || !demanded {
		return
	}
	for i, name := range never {
		if i == mostNamed && !everything {
			fmt.Fprintf(out, "        and %d more, which --all lists\n", len(never)-i)
			break
		}
		fmt.Fprintf(out, "        never: %s\n", printable(name))
	}
}

func tellLost(out io.Writer, s survey) error {
	var err error
	if n := len(s.lost); n > 0 {
		_, err = fmt.Fprintf(out, "%d exchanges were not kept as they were and say nothing; the first: %s\n", n, s.lost[0])
	}
	return err
}

func newContractsDrift(w World) *cobra.Command {
	var f surveyFlags
	c := &cobra.Command{
		Use: "drift <bundle or gate folder> ...", Short: "what stored runs said that no contract declares, and what contracts declare that nobody said",
		Long: "Looks through the exchanges of stored runs, as both sides sent them, for fields, listed values, nulls and types that the\n" +
			"provider's document does not declare, whether or not it allows them, and for exchanges that no contract covers. Both\n" +
			"are how an interface changes before anybody says so. What is declared and was never seen is counted beside it;\n" +
			"coverage names it.\n\n" +
			"Exit status: 0 nothing undeclared was said, 1 something was, 2 a file or flag is wrong, 4 there was nothing to look at.",
		Example: "  andon contracts drift andon-runs/20261126-140000 --json",
		Args:    atLeastOne("name a bundle or the folder of a gate"),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := f.of(w, args)
			if err != nil {
				return err
			}
			found, never := s.Undeclared(), unseen(s.Coverage())
			v := evidence.Holds
			switch {
			case len(found) > 0:
				v = evidence.Violated
			case len(s.lost) > 0:
				v = evidence.Inconclusive
			case s.Looked() == 0:
				v = evidence.Vacuous
			}
			if f.json {
				if found == nil {
					found = []inline.Seen{}
				}
				err = encodeJSON(w.Stdout, map[string]any{"verdict": v, "exchanges": s.Looked(), "lost": orEmpty(s.lost), "undeclared": found, "neverSeen": never})
			} else {
				err = tellDrift(w.Stdout, found, never, s, f.all)
			}
			if err != nil {
				return &rigError{err}
			}
			return exitOf(v, f.unknown)
		},
	}
	f.add(c)
	return c
}

// unseenJSON are the parts of a document that nobody said.
type unseenJSON struct {
	Contract string   `json:"contract"`
	Half     string   `json:"half"`
	Parts    []string `json:"parts"`
}

// unseen are the parts of providers' documents that were never seen.
func unseen(all []inline.Exercised) []unseenJSON {
	found := []unseenJSON{}
	for _, e := range all {
		if e.Consumer {
			continue
		}
		u := unseenJSON{Contract: e.Contract, Half: e.Half, Parts: []string{}}
		for _, p := range e.Parts {
			if !p.Used {
				u.Parts = append(u.Parts, p.Name)
			}
		}
		found = append(found, u)
	}
	return found
}

func tellDrift(out io.Writer, found []inline.Seen, never []unseenJSON, s survey, everything bool) error {
	for _, d := range found {
		if d.Kind == inline.Outside {
			fmt.Fprintf(out, "%s: no contract covers %s: %d times, first in %s\n", d.Path, printable(d.Seen), d.Count, d.First)
			continue
		}
		fmt.Fprintf(out, "%s %s: %s %s is not declared: %s: %d times, first in %s\n", d.Contract, d.Half, d.Kind, printable(d.Path), printable(d.Seen), d.Count, d.First)
	}
	for _, n := range never {
		fmt.Fprintf(out, "%s %s: %d parts declared and never seen\n", n.Contract, n.Half, len(n.Parts))
		for _, p := range n.Parts {
			if everything {
				fmt.Fprintf(out, "    never: %s\n", printable(p))
			}
		}
	}
	fmt.Fprintf(out, "%d undeclared in %d exchanges\n", len(found), s.Looked())
	return tellLost(out, s)
}
