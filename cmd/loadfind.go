package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/andon-rig/andon/harness/load"
)

// findFlags are those of a search for the highest rate.
type findFlags struct {
	findMax             bool
	slos                []string
	upTo                float64
	mostConnections     int
	probe, hold, within time.Duration
}

// searchFlags are meaningless without --find-max.
var searchFlags = []string{"slo", "up-to", "most-connections", "probe", "hold", "within"}

func (f *findFlags) add(flags *pflag.FlagSet) {
	flags.BoolVar(&f.findMax, "find-max", false, "look for the highest rate that the build sustains: double --rate until it fails, bisect, hold")
	flags.StringArrayVar(&f.slos, "slo", nil, "`expression` that must hold at that rate besides no errors and exactly-once (default 'e2e.p99 < 1s'); may be repeated")
	flags.Float64Var(&f.upTo, "up-to", 200_000, "highest `rate` that is tried")
	flags.IntVar(&f.mostConnections, "most-connections", 1024, "how `many` connections are made if more of them get more out of the build")
	flags.DurationVar(&f.probe, "probe", 6*time.Second, "how `long` each probe of the bisection sends")
	flags.DurationVar(&f.hold, "hold", 20*time.Second, "how `long` the rate that was found must hold")
	flags.DurationVar(&f.within, "within", 2*time.Minute, "how `long` the search may take")
}

// saneFind refuses flags that make no search.
func (f *loadFlags) saneFind() error {
	if !f.findMax {
		if f.given == nil {
			return nil
		}
		for _, name := range searchFlags {
			if f.given(name) {
				return fmt.Errorf("--%s is about a search; say --find-max", name)
			}
		}
		return nil
	}
	var bad []error
	if f.workload != "constant" || f.given != nil && f.given("duration") {
		bad = append(bad, errors.New("--find-max chooses rates and times itself; leave --workload and --duration out"))
	}
	if f.soak {
		bad = append(bad, errors.New("--soak lasts at one rate and --find-max looks for one; leave one out"))
	}
	if !(f.rate >= 1 && f.rate <= f.upTo && f.upTo <= 1e7) {
		bad = append(bad, fmt.Errorf("--rate is %v and --up-to %v; a search begins at 1/s or more and ends at or above that, at most at 10 million", f.rate, f.upTo))
	}
	if f.mostConnections < f.connections || f.mostConnections > 4096 {
		bad = append(bad, fmt.Errorf("--most-connections is %d; it must be at least --connections, %d, and at most 4096", f.mostConnections, f.connections))
	}
	if f.probe < 500*time.Millisecond || f.hold < f.probe || f.within < 5*f.probe+f.hold {
		bad = append(bad, errors.New("--probe must be at least 500ms, --hold no shorter than --probe, and --within enough for --hold and five probes"))
	}
	return errors.Join(bad...)
}

// search prepares a search.
func (f *loadFlags) search(c *load.Config, progress io.Writer) error {
	slos := f.slos
	if len(slos) == 0 {
		slos = []string{"e2e.p99 < 1s"}
		if f.emitOnly {
			slos = []string{"ack.p99 < 1s"}
		}
	}
	s := &load.Search{From: f.rate, UpTo: f.upTo, Precision: 0.02, Probe: f.probe, Hold: f.hold, Within: f.within}
	for _, text := range slos {
		g, err := load.ParseGate(text)
		if err != nil {
			return err
		}
		if g.Flow() != "" {
			return fmt.Errorf("--slo %q: a search is about all flows together; leave %q out", text, g.Flow())
		}
		if g.OfSearch() || f.emitOnly && strings.HasPrefix(g.Expression, "e2e") {
			return fmt.Errorf("--slo %q: it must be about what a build does at one rate, such as 'e2e.p99 < 250ms' (or 'ack.p99 < 250ms' where postings are not looked at)", text)
		}
		s.SLO = append(s.SLO, g)
	}
	if !f.quiet {
		s.See = func(p load.Probe) { fmt.Fprintln(progress, p.Told()) }
	}
	c.Search, c.MostConnections, c.Emit.Most = s, f.mostConnections, load.SearchMost
	c.Workload = fmt.Sprintf("highest rate at which %s, none is refused and each is posted exactly once", strings.Join(slos, ", "))
	return nil
}

// tellFound prints what a search has come to.
func tellFound(b *strings.Builder, f *load.Found) {
	switch {
	case f.Max > 0:
		fmt.Fprintf(b, "  max        %s/s sustained; %s/s is too much\n", rateText(f.Max), rateText(f.Fails))
	case f.AtLeast > 0:
		fmt.Fprintf(b, "  max        not found; %s/s was held\n", rateText(f.AtLeast))
	default:
		b.WriteString("  max        not found\n")
	}
	if p := f.First; p != nil {
		fmt.Fprintf(b, "  limit      %s\n", f.Limit)
		fmt.Fprintf(b, "  first fail at %s/s, known after %.1fs: %s\n", rateText(p.Rate), p.At, p.Why)
	}
	fmt.Fprintf(b, "  search     %d probes in %.0fs\n", len(f.Probes), f.Took)
	for _, p := range f.Probes {
		if p.Purpose == load.Holding && p.Rate == f.Max && p.Outcome == load.Held {
			fmt.Fprintf(b, "  at max     p50=%s p90=%s p99=%s max=%s; %d connections; processors: build %.2f, rig %.2f%s\n",
				dur(p.Latency.P50), dur(p.Latency.P90), dur(p.Latency.P99), dur(p.Latency.Max), p.Connections, p.BuildCores, p.RigCores, idleText(p.IdleCores))
		}
	}
}

func idleText(cores float64) string {
	if cores == 0 {
		return ""
	}
	return fmt.Sprintf(", idle %.2f", cores)
}

// rateText writes a rate with four digits that matter.
func rateText(v float64) string {
	return fmt.Sprintf("%.*f", max(0, 3-int(math.Log10(cmp.Or(v, 1)))), v)
}
