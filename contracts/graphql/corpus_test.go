package graphql

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
)

// corpus is testdata/pairs.json: 60 pairs of schemas, with the answers of
// graphql-js 16 and 17 and of graphql-inspector 8.
type corpus struct {
	Documents []struct{ ID, Source string }
	Pairs     []struct {
		ID, Note, Old, New string
		GraphQL16          struct{ Breaking, Dangerous []told }
		GraphQL17          struct{ Breaking, Dangerous, All []told }
		Inspector          []struct{ Type, Level string }
		Documents          []struct {
			ID        string
			ValidOld  bool `json:"valid_old"`
			ValidNew  bool `json:"valid_new"`
			ErrorsNew []string
		}
	}
}

type told struct{ Type, Description string }

func load(t *testing.T) corpus {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "pairs.json"))
	if err != nil {
		t.Fatal(err)
	}
	var c corpus
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Pairs) < 60 {
		t.Fatalf("only %d pairs", len(c.Pairs))
	}
	return c
}

func read(t *testing.T, name, text string) contracts.Document {
	t.Helper()
	d, err := Format{}.Read([]contracts.File{{Name: name, Data: []byte(text)}})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}

// sides are the pairs on which the tools disagree, with what is told here of
// them and why. "17" stands for the answer of graphql-js 17.
var sides = map[string]string{
	"input-default-changed":      "17: an input whose default changes behaves differently for those who leave it out",
	"directive-arg-type-changed": "17: a schema that consumers extend with the directive is invalid",
	"block-string-default":       "16: the spelling of a value is no change of it",
	"default-number-spelling":    "16: the spelling of a value is no change of it",
	"oneof-added":                "inspector: requests that set two fields fail",
}

func TestChangesAreThoseOfTheCorpus(t *testing.T) {
	c := load(t)
	seen := map[string]bool{}
	for _, p := range c.Pairs {
		t.Run(p.ID, func(t *testing.T) {
			got, err := Format{}.Changes(read(t, "old.graphql", p.Old), read(t, "new.graphql", p.New), contracts.Full)
			if err != nil {
				t.Fatal(err)
			}
			want16 := append(severe(p.GraphQL16.Breaking, "breaking"), severe(p.GraphQL16.Dangerous, "dangerous")...)
			want17 := append(severe(p.GraphQL17.Breaking, "breaking"), severe(p.GraphQL17.Dangerous, "dangerous")...)
			has := unsafe(got)
			slices.Sort(want16)
			slices.Sort(want17)
			side, taken := sides[p.ID]
			switch {
			case !taken || strings.HasPrefix(side, "16:"):
				if !slices.Equal(has, want16) {
					t.Errorf("got %q, want %q as graphql-js 16", has, want16)
				}
			case strings.HasPrefix(side, "17:"):
				if !slices.Equal(has, want17) {
					t.Errorf("got %q, want %q as graphql-js 17", has, want17)
				}
			default:
				breaks := slices.ContainsFunc(p.Inspector, func(x struct{ Type, Level string }) bool { return x.Level == "BREAKING" })
				if breaks != (contracts.Worst(got) == contracts.Breaking) {
					t.Errorf("got %q, want breaking = %v as graphql-inspector", has, breaks)
				}
			}
			if taken {
				seen[p.ID] = true
			}
			if !taken {
				safe(t, got, p.GraphQL17.All)
			}
		})
	}
	t.Logf("%d pairs, %d with a side taken", len(c.Pairs), len(seen))
}

func severe(all []told, s string) (list []string) {
	for _, one := range all {
		list = append(list, s+" "+one.Type)
	}
	return list
}

func unsafe(all []contracts.Change) (list []string) {
	for _, c := range all {
		if c.Severity != contracts.Safe {
			list = append(list, c.Severity.String()+" "+c.Type)
		}
	}
	slices.Sort(list)
	return list
}

// safe holds the paths and the harmless changes against graphql-js 17, whose
// text names every change by its coordinate. Deprecations are ours.
func safe(t *testing.T, got []contracts.Change, all []told) {
	t.Helper()
	ours := map[string]int{}
	for _, c := range got {
		if strings.HasPrefix(c.Type, "DEPRECAT") {
			continue
		}
		ours[c.Type]++
		if !slices.ContainsFunc(all, func(w told) bool { return w.Type == c.Type && strings.Contains(w.Description, c.Path) }) {
			t.Errorf("%s at %q is not among %q", c.Type, c.Path, all)
		}
	}
	theirs := map[string]int{}
	for _, w := range all {
		theirs[w.Type]++
	}
	if fmt.Sprint(ours) != fmt.Sprint(theirs) {
		t.Errorf("got %v, want %v", ours, theirs)
	}
}

func TestDocumentsAreJudgedAsTheReferenceDoes(t *testing.T) {
	c := load(t)
	docs := map[string]*Operations{}
	for _, d := range c.Documents {
		docs[d.ID] = read(t, d.ID+".graphql", d.Source).(*Operations)
	}
	checks, broken, stricter := 0, 0, 0
	for _, p := range c.Pairs {
		before, after := read(t, "old.graphql", p.Old), read(t, "new.graphql", p.New)
		for _, d := range p.Documents {
			for _, side := range []struct {
				schema contracts.Document
				valid  bool
			}{{before, d.ValidOld}, {after, d.ValidNew}} {
				checks++
				unmet, err := docs[d.ID].Unmet(side.schema)
				if err != nil {
					t.Fatal(err)
				}
				if !side.valid {
					broken++
				}
				if (len(unmet) == 0) == side.valid {
					continue
				}
				if side.valid && len(unmet) == 1 && unmet[0].Type == "KnownRootType" {
					stricter++ // the reference does not look; we do
					continue
				}
				t.Errorf("%s, %s: unmet %v, want valid = %v", p.ID, d.ID, unmet, side.valid)
			}
		}
	}
	if broken == 0 {
		t.Error("no document of the corpus breaks, so the test shows nothing")
	}
	t.Logf("%d checks, %d of them invalid, %d stricter than the reference: an operation whose root type is gone", checks, broken, stricter)
}
