package html_test

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/html"
	"github.com/andon-rig/andon/reports/reportstest"
)

// told is the page without style, script and their digests, which change with
// every stroke of the brush and say nothing of a gate.
type told struct{ html.Reporter }

var paint = regexp.MustCompile(`(?s)<style>.*?</style>|<script>.*?</script>|<meta http-equiv[^>]*>`)

func (r told) Report(w io.Writer, g reports.Gate) error {
	var b bytes.Buffer
	if err := r.Reporter.Report(&b, g); err != nil {
		return err
	}
	_, err := w.Write(paint.ReplaceAll(b.Bytes(), nil))
	return err
}

var faults = []string{"ambiguous-commit", "lose", "sut-kill", "throttle"}

func page(t *testing.T, g reports.Gate) string {
	t.Helper()
	var b bytes.Buffer
	if err := (html.Reporter{Faults: faults}).Report(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	r := told{html.Reporter{Faults: faults}}
	reportstest.Golden(t, r, reportstest.Failing(t), "failing.html")
	reportstest.Golden(t, r, reportstest.Sound(t), "sound.html")
	reportstest.Golden(t, r, reports.Gate{Verdict: evidence.Vacuous, Exit: 4}, "nothing.html")
	reportstest.Fails(t, html.Reporter{})
}

// What a failing gate must show, wherever on the page.
func TestShows(t *testing.T) {
	got := page(t, reportstest.Failing(t))
	for _, want := range []string{
		"Do not release: 2 scenarios of 6 broke a promise.", "planted defect", "interrupted: 2 scenarios not run",
		"exactly-once", "expected", "Journey of the message", `class="aj"`, "VIOLATION O1", "FAULT", "andon replay",
		`class="tl"`, "Backlog and drain", `<span class="clock clock-plant">plant</span>`, "Coverage by requirement", "Flows against faults",
		"fault api-throttling never struck", "no verdict on the SUT: start SUT: exit status 2", "it did not exercise what it is about",
		"no scenario here arms it", "not exercised: no lot was put on hold",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// An oracle that the scenario does without is not said to hold.
func TestWaived(t *testing.T) {
	g := reportstest.Sound(t)
	g.Scenarios[0].Findings = append(g.Scenarios[0].Findings, evidence.Finding{Oracle: "hygiene", ID: "O21", Rule: evidence.RuleWaived, Text: "waived by the scenario: not judged"})
	if got := page(t, g); !strings.Contains(got, `– waived</span></td><th scope="row">hygiene`) {
		t.Error("a waived oracle is not shown as waived")
	}
}

// Nothing the SUT sent becomes mark-up, and nothing is fetched from anywhere.
func TestKeepsToItself(t *testing.T) {
	for name, g := range map[string]reports.Gate{"failing": reportstest.Failing(t), "crowded": reportstest.Crowded(t, 3, 3)} {
		got := page(t, g)
		for _, never := range []string{"<b>&\"", "<script>\x1b", "\x1b", "\x00", "src=", "@import", "url(", "href=\"http", "javascript:", "style=\"", "onclick"} {
			if strings.Contains(got, never) {
				t.Errorf("%s: the page has %q", name, never)
			}
		}
		if n := strings.Count(got, "<script"); n != 1 {
			t.Errorf("%s: the page has %d scripts, want its own", name, n)
		}
	}
	if !strings.Contains(page(t, reportstest.Sound(t)), "default-src 'none'") {
		t.Error("the page has no policy")
	}
}

// A page of many findings stays small enough to be sent around, and says what
// it leaves out.
func TestSize(t *testing.T) {
	got := page(t, reportstest.Crowded(t, 15, 40))
	if n := len(got); n > 2<<20 {
		t.Errorf("the page has %d bytes, want less than 2 MiB", n)
	}
	if !strings.Contains(got, "28 more kinds of findings stand in") {
		t.Error("the page does not say that it leaves findings out")
	}
	many := reportstest.Sound(t)
	for range 300 {
		many.Scenarios = append(many.Scenarios, many.Scenarios[0])
	}
	many.Scenarios = append(many.Scenarios, reportstest.Run(t, "lost-reply"))
	got = page(t, many)
	if n := len(got); n > 3<<20 {
		t.Errorf("the page of 302 scenarios has %d bytes, want less than 3 MiB", n)
	}
	if !strings.Contains(got, "too many scenarios to draw them all") {
		t.Error("the page does not say that it leaves timelines out")
	}
	if _, last, ok := strings.Cut(got, `id="run-302" data-v="violated"`); !ok || !strings.Contains(last, `class="tl"`) {
		t.Error("the page leaves out the timeline of the one that failed")
	}
}
