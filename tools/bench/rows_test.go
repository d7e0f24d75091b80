package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTargetsAreRead(t *testing.T) {
	for _, c := range []struct {
		ours   string
		ratio  float64
		target string
		want   string
	}{
		{"6µs", 1.15, "≤ 1.15", "yes"}, {"6µs", 1.16, "≤ 1.15", "**no**"}, {"9/s", 8, "≥ 8", "yes"}, {"9/s", 7.9, "≥ 8", "**no**"},
		{"610 ms", 1.02, "0.97 to 1.03", "yes"}, {"610 ms", 1.04, "0.97 to 1.03", "**no**"},
		{"120ms", 3, "< 0.2 s", "yes"}, {"300ms", 0.1, "< 0.2 s", "**no**"},
		{"26000", 0.1, "≥ 25 k req/s", "yes"}, {"24000", 9, "≥ 25 k req/s", "**no**"},
		{"12.5 KiB", 0.3, "≤ 28 KiB", "yes"}, {"300 MiB", 0.3, "≤ 320 MiB", "yes"}, {"321 MiB", 0.3, "≤ 320 MiB", "**no**"},
		{"0.04 %", 0, "≤ 0.05 %", "yes"}, {"1.2s", 0, "≤ 1.5 s", "yes"}, {"6.1s", 0, "< 5 s, < 2 GB; peer is encoding/json", "**no**"},
		{"kept", 1, "kept", "yes"}, {"6µs", 1, "", ""},
	} {
		if got := (comparison{ours: c.ours, ratio: c.ratio, target: c.target}).kept(); got != c.want {
			t.Errorf("%s, ratio %v, for %s is %q, want %q", c.ours, c.ratio, c.target, got, c.want)
		}
	}
}

// A part's table takes the place of its old one; those of others stay.
func TestPageIsWrittenPartByPart(t *testing.T) {
	defer func() { rows, part = nil, "" }()
	path := filepath.Join(t.TempDir(), "page.md")
	old := "\nof a time without parts\n\n**load**: `x`; 1 May.\n\n| emission | old |\n\n**judging**: `x`; 2 May.\n\n| records | kept |\n"
	if err := os.WriteFile(path, []byte("before\n"+beginMark+old+endMark+"\nafter\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []comparison{{"load", "emission", "6µs", "7µs", 0.86, "≤ 1.15"}, {"startup", "start", "90ms", "80ms", 1.12, "< 0.2 s"}} {
		rows, part = append(rows, c), c.part
		if err := writePart(path, options{rounds: 3, length: time.Second}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	text := string(b)
	if err != nil || !strings.HasPrefix(text, "before\n"+beginMark+"\n\n**startup**") || !strings.HasSuffix(text, "\n"+endMark+"\nafter\n") || strings.Contains(text, "old") || strings.Contains(text, "a time") {
		t.Errorf("the page is (%v)\n%s", err, text)
	}
	at := -1
	for _, want := range []string{"| start | 90ms | 80ms | 1.12 | < 0.2 s | yes |", "2 May.\n\n| records | kept |\n", "| emission | 6µs | 7µs | 0.86 | ≤ 1.15 | yes |"} {
		if i := strings.Index(text, want); i <= at || strings.Count(text, want) != 1 {
			t.Errorf("%q is not where it should be:\n%s", want, text)
		} else {
			at = i
		}
	}
	if err := os.WriteFile(path, []byte("no marks"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := writePart(path, options{}, time.Now()); err == nil || !strings.Contains(err.Error(), beginMark) {
		t.Errorf("a page without marks: %v", err)
	}
}
