package markdown_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/markdown"
	"github.com/andon-rig/andon/reports/reportstest"
)

func TestGolden(t *testing.T) {
	reportstest.Golden(t, markdown.Reporter{}, reportstest.Failing(t), "failing.md")
	reportstest.Golden(t, markdown.Reporter{}, reportstest.Sound(t), "sound.md")
	reportstest.Golden(t, markdown.Reporter{}, reports.Gate{Verdict: evidence.Vacuous, Exit: 4}, "nothing.md")
	reportstest.Fails(t, markdown.Reporter{})
}

func summary(t *testing.T, g reports.Gate) string {
	t.Helper()
	var b bytes.Buffer
	if err := (markdown.Reporter{}).Report(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func annotations(t *testing.T, g reports.Gate) []string {
	t.Helper()
	var b bytes.Buffer
	if err := markdown.Annotate(&b, g); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// Thousands of findings in a thousand scenarios, each as long as can be, stay
// within what CI hosts take.
func TestLimits(t *testing.T) {
	for _, c := range []struct{ scenarios, findings int }{{1, 2000}, {400, 5}, {30, 30}} {
		g := reportstest.Crowded(t, c.scenarios, c.findings)
		got := summary(t, g)
		t.Logf("%d scenarios with %d findings make %d bytes", c.scenarios, c.findings, len(got))
		if len(got) > markdown.MostBytes {
			t.Errorf("%d scenarios with %d findings make %d bytes, more than %d", c.scenarios, c.findings, len(got), markdown.MostBytes)
		}
		if !strings.Contains(got, "more kinds of findings") || !utf8.ValidString(got) {
			t.Errorf("%d scenarios with %d findings: what is left out is not counted", c.scenarios, c.findings)
		}
		if n := strings.Count(got, "\n```"); n%2 != 0 {
			t.Errorf("%d scenarios with %d findings: a block of code has no end", c.scenarios, c.findings)
		}
		if a, b := strings.Count(got, "<details>"), strings.Count(got, "</details>"); a != b {
			t.Errorf("%d details are opened and %d closed", a, b)
		}
		lines := annotations(t, g)
		if len(lines) != markdown.MostAnnotations {
			t.Errorf("%d annotations, want %d", len(lines), markdown.MostAnnotations)
		}
		if !strings.Contains(lines[len(lines)-1], "more kinds of findings") {
			t.Errorf("the last annotation does not count the rest: %s", lines[len(lines)-1])
		}
	}
}

// What the SUT sent stands in code only: it links to nobody, formats nothing
// and ends no table.
func TestHostile(t *testing.T) {
	got := summary(t, reportstest.Crowded(t, 3, 2))
	inCode := regexp.MustCompile("(?s)```.*?\n```|`[^`\n]*`")
	for _, never := range []string{"@everyone", "https://example.org", "<b>", "]]>"} {
		if rest := inCode.ReplaceAllString(got, ""); strings.Contains(rest, never) {
			t.Errorf("%q stands outside of code", never)
		}
	}
	for _, line := range strings.Split(got, "\n") {
		if strings.HasPrefix(line, "| ✗") && strings.Count(line, "|") != 8 {
			t.Errorf("a row of the table has %d bars: %s", strings.Count(line, "|"), line)
		}
		if strings.HasPrefix(line, "::") {
			t.Errorf("a line is a command: %s", line)
		}
	}
}

func TestAnnotations(t *testing.T) {
	lines := annotations(t, reportstest.Failing(t))
	joined := strings.Join(lines, "\n")
	for _, want := range []string{"::error title=CNF-02 exactly-once (O1) violated::expected ", "::warning title=SEC-01 has no verdict::", "::warning title=NET-03 recovery (O13) inconclusive::"} {
		if !strings.Contains(joined, want) {
			t.Errorf("there is no %q in\n%s", want, joined)
		}
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "::error title=") && !strings.HasPrefix(line, "::warning title=") {
			t.Errorf("%q is no annotation", line)
		}
	}
	if got := annotations(t, reportstest.Sound(t)); len(got) != 1 || got[0] != "" {
		t.Errorf("a sound gate is annotated with %q", got)
	}
}
