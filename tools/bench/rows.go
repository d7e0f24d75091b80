package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// comparison is one figure of ours beside that of a peer.
type comparison struct {
	part, what, ours, peer string
	ratio                  float64
	target                 string
}

var (
	rows []comparison
	part string // what is measured now
)

// row prints one comparison and keeps it for the page.
func row(what, ours, peer string, ratio float64, target string) {
	fmt.Printf("%-56s %-16s %-16s %5.2f   %s\n", what, ours, peer, ratio, target)
	rows = append(rows, comparison{part, what, ours, peer, ratio, target})
}

var (
	bound  = regexp.MustCompile(`^(≤|≥|<|>) ([\d.]+)(?: ([^;,]+))?`)
	range_ = regexp.MustCompile(`^([\d.]+) to ([\d.]+)$`)
	figure = regexp.MustCompile(`^([\d.]+) ?(.*)$`)
)

// kept says whether the target was met: "yes" or "no", or "" where there is none
// that a machine can read. A target without a unit is about the ratio, one with
// a unit about our own figure.
func (c comparison) kept() string {
	say := map[bool]string{true: "yes", false: "**no**"}
	if m := range_.FindStringSubmatch(c.target); m != nil {
		return say[c.ratio >= number(m[1]) && c.ratio <= number(m[2])]
	}
	m := bound.FindStringSubmatch(c.target)
	if m == nil {
		return map[bool]string{true: "yes", false: ""}[c.target != "" && c.target == c.ours]
	}
	limit, seen := number(m[2]), c.ratio
	if m[3] != "" {
		limit, seen = inUnit(m[2]+" "+m[3]), inUnit(c.ours)
	}
	switch m[1] {
	case "≤":
		return say[seen <= limit]
	case "≥":
		return say[seen >= limit]
	case "<":
		return say[seen < limit]
	}
	return say[seen > limit]
}

func number(text string) float64 {
	v, _ := strconv.ParseFloat(text, 64) // it was found by a pattern
	return v
}

// inUnit reads a figure with a unit as seconds, bytes or a plain number.
func inUnit(text string) float64 {
	if d, err := time.ParseDuration(strings.ReplaceAll(text, " ", "")); err == nil {
		return d.Seconds()
	}
	m := figure.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	unit, _, _ := strings.Cut(m[2], " ")
	factor := map[string]float64{"k": 1e3, "KiB": 1 << 10, "MiB": 1 << 20, "GB": 1e9, "%": 0.01}[unit]
	if factor == 0 {
		factor = 1
	}
	return number(m[1]) * factor
}

// Marks between which a page has the table.
const (
	beginMark = "<!-- bench -->"
	endMark   = "<!-- /bench -->"
)

// page returns what stands before and behind the table of a page.
func page(path string) (before, after string, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", "", err
	}
	before, rest, ok := strings.Cut(string(b), beginMark)
	_, after, closed := strings.Cut(rest, endMark)
	if !ok || !closed {
		return "", "", fmt.Errorf("%s has no place for the table; it goes between %s and %s", path, beginMark, endMark)
	}
	return before, after, nil
}

// writePart puts the table of the part just measured into a page, in place of
// the one of the same part, and leaves those of others as they are: each says
// itself when it was measured and on what machine.
func writePart(path string, o options, began time.Time) error {
	before, after, err := page(path)
	if err != nil {
		return err
	}
	b, _ := os.ReadFile(path) // page has just read it
	told := tables(string(b[len(before) : len(b)-len(after)]))
	told[part] = table(o, began)
	var all strings.Builder
	for _, p := range parts {
		if t := told[p.name]; t != "" {
			all.WriteString("\n" + t)
		}
	}
	return os.WriteFile(path, []byte(before+beginMark+"\n"+all.String()+"\n"+endMark+after), 0o644)
}

var heading = regexp.MustCompile(`(?m)^\*\*([a-z]+)\*\*: `)

// tables cuts what stands between the marks into the tables of its parts.
func tables(text string) map[string]string {
	text = strings.TrimSuffix(strings.TrimPrefix(text, beginMark), endMark)
	at := heading.FindAllStringSubmatchIndex(text, -1)
	told := map[string]string{}
	for i, m := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		told[text[m[2]:m[3]]] = strings.TrimSpace(text[m[0]:end]) + "\n"
	}
	return told
}

// table is all rows of the part in Markdown, below where and when they were
// seen.
func table(o options, began time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**: `go run ./tools/bench -only %s`; %s; %s. Medians of %d rounds of %s, in %s.\n\n| what | Andon | peer | ratio | target | met |\n|---|---|---|---|---|---|\n",
		part, part, began.UTC().Format("2 January 2006"), machine(), o.rounds, o.length, time.Since(began).Round(time.Second))
	for _, c := range rows {
		if c.part == part {
			fmt.Fprintf(&b, "| %s | %s | %s | %.2f | %s | %s |\n", c.what, c.ours, c.peer, c.ratio, c.target, c.kept())
		}
	}
	return b.String()
}
