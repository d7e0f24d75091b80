package text_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/reportstest"
	"github.com/andon-rig/andon/reports/text"
	"github.com/andon-rig/andon/simulators/plant"
)

func TestGolden(t *testing.T) {
	for _, c := range []struct {
		name string
		gate reports.Gate
	}{{"failing", reportstest.Failing(t)}, {"sound", reportstest.Sound(t)}, {"nothing", reports.Gate{Verdict: evidence.Vacuous, Exit: 4}}} {
		got := string(reportstest.Golden(t, text.Reporter{}, c.gate, c.name+".txt"))
		for line := range strings.Lines(got) {
			if n := explain.Width(strings.TrimSuffix(line, "\n")); n > explain.Columns {
				t.Errorf("%d columns: %s", n, line)
			}
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Errorf("%s: control characters without being asked for colour", c.name)
		}
	}
	reportstest.Fails(t, text.Reporter{})
}

// Colour adds escape sequences of ours and changes nothing else.
func TestColor(t *testing.T) {
	var plain, colored bytes.Buffer
	g := reportstest.Failing(t)
	if err := (text.Reporter{}).Report(&plain, g); err != nil {
		t.Fatal(err)
	}
	if err := (text.Reporter{Color: true}).Report(&colored, g); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(colored.String(), "\x1b[31m✗\x1b[0m") || !strings.Contains(colored.String(), "\x1b[33m◀── FAULT") {
		t.Error("nothing is coloured")
	}
	stripped := strings.NewReplacer("\x1b[31m", "", "\x1b[32m", "", "\x1b[33m", "", "\x1b[0m", "").Replace(colored.String())
	if stripped != plain.String() {
		t.Error("colour changed the text")
	}
}

func TestBrief(t *testing.T) {
	var b bytes.Buffer
	if err := (text.Reporter{Brief: true}).Report(&b, reportstest.Failing(t)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "│") || !strings.Contains(b.String(), "andon replay") {
		t.Errorf("got %s", b.String())
	}
}

// A defect that strikes many times is told once.
func TestFindingsOfOneKindAreGrouped(t *testing.T) {
	var fs []evidence.Finding
	for n := range 30 {
		fs = append(fs, evidence.Finding{Oracle: "exactly-once", ID: "O1", Verdict: evidence.Violated, Rule: "retry-without-key", Keys: plant.Keys{Order: "4711", Counter: n + 1}, Replay: "andon replay x"})
	}
	fs = append(fs, evidence.Finding{Oracle: "exactly-once", ID: "O1", Verdict: evidence.Violated, Rule: "posted-twice", Count: 7})
	var b bytes.Buffer
	if err := (text.Reporter{}).Report(&b, reports.Gate{Verdict: evidence.Violated, Scenarios: []reports.Scenario{{ID: "X", Verdict: evidence.Violated, Findings: fs}}}); err != nil {
		t.Fatal(err)
	}
	for want, n := range map[string]int{"✗ X  exactly-once O1": 2, "29 more like it: order 4711 #2, order 4711 #3, order 4711 #4, order 4711 #5, …": 1, "6 more like it\n": 1, "andon replay x": 1} {
		if got := strings.Count(b.String(), want); got != n {
			t.Errorf("%q: got %d times, want %d in\n%s", want, got, n, b.String())
		}
	}
}

// What live progress has shown is not said again, unless there is more to say.
func TestSeen(t *testing.T) {
	g := reports.Gate{Scenarios: []reports.Scenario{
		{ID: "QUIET", Title: "All well"}, {ID: "NOTED", Title: "All well", Notes: []string{"it came to no rest"}},
		{ID: "MISSED", Title: "All well", Faults: []reports.Fault{{ID: "cut", Kind: "network-loss"}}},
	}}
	var b bytes.Buffer
	if err := (text.Reporter{Seen: true}).Report(&b, g); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Contains(got, "QUIET") || !strings.Contains(got, "it came to no rest") || !strings.Contains(got, "never struck") {
		t.Errorf("got %s", got)
	}
}
