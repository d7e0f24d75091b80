package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite what docs/surfaces.md says of docs/surface-defects.md")

const beginDetected, endDetected = "<!-- detected: begin (go test ./tools/detection -update) -->\n", "<!-- detected: end -->\n"

// TestDocsSayWhatThePageSays keeps the figures in docs/surfaces.md equal to
// those of the page that was measured.
func TestDocsSayWhatThePageSays(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "surface-defects.md"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "..", "docs", "surfaces.md")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(b), beginDetected)
	old, tail, ok2 := strings.Cut(rest, endDetected)
	if !ok || !ok2 {
		t.Fatalf("%s lacks the lines %q and %q", path, beginDetected, endDetected)
	}
	want := figures(string(page))
	if strings.Count(want, "\n") < 4 {
		t.Fatalf("docs/surface-defects.md has no table of figures:\n%s", want)
	}
	if old == want {
		return
	}
	if !*update {
		t.Fatalf("%s does not say what docs/surface-defects.md says; run go test ./tools/detection -update", path)
	}
	if err := os.WriteFile(path, []byte(head+beginDetected+want+endDetected+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFigures(t *testing.T) {
	page := "# Defects\n\n| | planted | blamed |\n|---|---|---|\n| `a/v1` | 2 | 1 |\n\n| defect | `a/v1` |\n|---|---|\n"
	if got, want := figures(page), "| | planted | blamed |\n|---|---|---|\n| `a/v1` | 2 | 1 |\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := figures("# Defects\n"); got != "" {
		t.Errorf("%q of a page without figures", got)
	}
}

// figures is the first table of the page: what was planted and found at each
// dialect.
func figures(page string) string {
	_, rest, ok := strings.Cut(page, "\n| | planted |")
	if !ok {
		return ""
	}
	table, _, _ := strings.Cut(rest, "\n\n")
	return "| | planted |" + table + "\n"
}
