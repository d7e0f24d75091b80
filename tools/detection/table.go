package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
)

// table is the whole result.
type table struct {
	rows  []row
	sound soundRuns
}

// line is a row as text.
func (r row) line() string {
	return fmt.Sprintf("%s  %-34s intended %d/%d in %-32s by any %d/%d  first after %-6s %s", r.defect.ID, r.defect.Name,
		r.intended, r.runs, strings.Join(r.in, ","), r.any, r.runs, r.first.Round(100*time.Millisecond), r.oracles())
}

// oracles lists who spoke, most often first.
func (r row) oracles() string {
	names := make([]string, 0, len(r.by))
	for n := range r.by {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int {
		if r.by[a] != r.by[b] {
			return r.by[b] - r.by[a]
		}
		return strings.Compare(a, b)
	})
	for i, n := range names {
		names[i] = fmt.Sprintf("%s %d", n, r.by[n])
	}
	return strings.Join(names, ", ")
}

// escaped counts defects that no intended oracle has found.
func (t table) escaped() (n int) {
	for _, r := range t.rows {
		if r.intended == 0 {
			n++
		}
	}
	return n
}

// summary prints the figures that decide.
func (t table) summary(w io.Writer) {
	if len(t.rows) > 0 {
		some := 0
		for _, r := range t.rows {
			if r.any > 0 {
				some++
			}
		}
		fmt.Fprintf(w, "\n%d of %d defects found by an intended oracle, %d by some oracle\n", len(t.rows)-t.escaped(), len(t.rows), some)
		for _, r := range t.rows {
			for _, b := range r.broken {
				fmt.Fprintf(w, "  without a verdict: %s %s\n", r.defect.ID, b)
			}
		}
	}
	s := t.sound
	fmt.Fprintf(w, "%d randomised runs of the sound build: %d violated, %d inconclusive, %d vacuous, %d hold\n", s.runs,
		s.verdicts[evidence.Violated], s.verdicts[evidence.Inconclusive], s.verdicts[evidence.Vacuous], s.verdicts[evidence.Holds])
	for _, line := range append(slices.Clone(s.alarms), s.unknown...) {
		fmt.Fprintln(w, "  "+line)
	}
}

// wilson is the 95 % interval of a share of k in n.
func wilson(k, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	const z = 1.959963984540054
	p, m := float64(k)/float64(n), float64(n)
	mid := p + z*z/(2*m)
	half := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max(0, (mid-half)/(1+z*z/m)), min(1, (mid+half)/(1+z*z/m))
}

// markdown is the page that the repository keeps.
func (t table) markdown(o options) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Track record\n\nWhat the gate detects, measured by `make detection` (%s) with the pack %s, %d repetition(s) at fixed and derived seeds.\n",
		time.Now().UTC().Format("2006-01-02"), o.pack, o.reps)
	b.WriteString("A run is one scenario at one seed against the bundled build with one planted defect. *Intended* means that an oracle spoke that\n" +
		"the defect's description names; most scenarios do not contain the trouble that a defect needs, and cannot show it.\n\n")
	b.WriteString("| defect | what it does | needs | intended oracles | scenarios that show it | runs by intended | by any (95 % interval) | first after | who spoke, runs each |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range t.rows {
		low, high := wilson(r.any, r.runs)
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %d/%d | %d/%d (%.2f–%.2f) | %s | %s |\n", r.defect.ID, r.defect.Does, r.defect.Needs,
			strings.Join(r.defect.Oracles, ", "), strings.Join(r.in, ", "), r.intended, r.runs, r.any, r.runs, low, high, r.first.Round(100*time.Millisecond), r.oracles())
	}
	s := t.sound
	_, high := wilson(s.blamed(), s.runs)
	fmt.Fprintf(&b, "\nThe sound build in %d randomised runs: %d violated, %d inconclusive, %d vacuous, %d hold; the share of false alarms is below %.1f %% at 95 %%.\n",
		s.runs, s.verdicts[evidence.Violated], s.verdicts[evidence.Inconclusive], s.verdicts[evidence.Vacuous], s.verdicts[evidence.Holds], 100*high)
	for _, line := range append(slices.Clone(s.alarms), s.unknown...) {
		b.WriteString("\n- " + line)
	}
	return b.String()
}
