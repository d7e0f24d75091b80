package load

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence/oracles"
)

var update = flag.Bool("update", false, "rewrite the table in docs/load.md")

// An oracle that is added must be thought of here.
func TestQuestionsOfAllOracles(t *testing.T) {
	var want, got []string
	for _, o := range oracles.All() {
		want = append(want, o.Name)
	}
	for _, q := range Questions() {
		got = append(got, q.Oracle)
		if q.How == "" || !slices.Contains([]Judged{Answered, InPart, NotAsked}, q.Judged) {
			t.Errorf("%s: %+v", q.Oracle, q)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the judge of a load says what becomes of\n%v; the oracles are\n%v", got, want)
	}
}

// The result says what becomes of each question, and more exactly where the fast
// path does not serve the ERP.
func TestResultHasQuestions(t *testing.T) {
	t.Parallel()
	fast := mustRun(t, small(t, &passing{t: t}, nil))
	foreign := mustRun(t, small(t, speaking(t, "b2mml-xml/v7"), nil))
	if len(fast.Questions) != len(Questions()) || len(foreign.Questions) != len(Questions()) {
		t.Fatalf("%d and %d questions", len(fast.Questions), len(foreign.Questions))
	}
	if f, d := fast.Questions[2].How, foreign.Questions[2].How; d != f+"; only what the dialect has fields for" {
		t.Errorf("%q and %q", f, d)
	}
	c := small(t, &passing{t: t}, nil)
	c.Listen = ""
	if q := c.questions(); q != nil {
		t.Errorf("without postings: %v", q)
	}
}

// The documentation has the table; -update writes it.
func TestQuestionsDoc(t *testing.T) {
	const path, begin, end = "../../docs/load.md", "<!-- questions: go test ./harness/load -run QuestionsDoc -update -->\n", "<!-- end of questions -->\n"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(text, []byte(begin))
	_, after, ends := bytes.Cut(rest, []byte(end))
	if !ok || !ends {
		t.Fatalf("%s has no place for the table: %s%s", path, begin, end)
	}
	var b strings.Builder
	b.WriteString("| oracle | in a load | how, or why not | at an ERP of another dialect |\n|---|---|---|---|\n")
	for _, q := range Questions() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", q.Oracle, q.Judged, q.How, q.As)
	}
	want := slices.Concat(before, []byte(begin), []byte(b.String()), []byte(end), after)
	if bytes.Equal(text, want) {
		return
	}
	if !*update {
		t.Fatal("docs/load.md is not up to date: go test ./harness/load -run QuestionsDoc -update")
	}
	if err := os.WriteFile(path, want, 0o644); err != nil {
		t.Fatal(err)
	}
}
