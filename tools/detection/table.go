package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/shrink"
)

// table is the whole result.
type table struct {
	rows  []row
	sound []soundRuns // of each sound build

	campaigns []*campaign // of each sound build
	known     []string    // faults

	pack, rest int // scenarios
	took       time.Duration
}

// line is a row as text.
func (r row) line() string {
	return fmt.Sprintf("%s  %-34s pack %s, runs intended %-20s by any %-20s first after %d runs, %-6s in %-32s %s", r.defect.ID, r.defect.Name,
		share(r.packsHit, r.packs), share(r.intended, r.runs), share(r.any, r.runs), r.needed, r.first.Round(100*time.Millisecond), strings.Join(r.where(), ","), r.oracles())
}

// where lists the scenarios in which an intended oracle spoke.
func (r row) where() []string {
	ids := slices.Concat(r.in, r.restIn)
	slices.Sort(ids) // they come as they end
	return slices.Compact(ids)
}

// share is k of n with the 95 % interval of the probability behind it.
func share(k, n int) string {
	low, high := shrink.Rate{Hits: k, Runs: n}.Wilson()
	return fmt.Sprintf("%d/%d (%.2f–%.2f)", k, n, low, high)
}

// blamed counts violated runs of sound builds.
func (t table) blamed() (n int) {
	for _, s := range t.sound {
		n += s.blamed()
	}
	for _, c := range t.campaigns {
		n += c.blamed()
	}
	return n
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
		if !r.found() {
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
			if r.any > 0 || r.restAny {
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
	for _, s := range t.sound {
		fmt.Fprintln(w, s)
		for _, line := range append(slices.Clone(s.alarms), s.unknown...) {
			fmt.Fprintln(w, "  "+line)
		}
	}
	for _, c := range t.campaigns {
		c.tell(w, t.known)
	}
}

// String says what became of the runs in one line.
func (s soundRuns) String() string {
	_, high := shrink.Rate{Hits: s.blamed(), Runs: s.runs}.Wilson()
	return fmt.Sprintf("%d randomised runs of the sound %s: %d violated, %d inconclusive, %d vacuous, %d hold; the share of false alarms is below %.1f %% at 95 %%", s.runs, s.build,
		s.verdicts[evidence.Violated], s.verdicts[evidence.Inconclusive], s.verdicts[evidence.Vacuous], s.verdicts[evidence.Holds], 100*high)
}
