// Command soak looks for what grows: it has the bundled integration and the
// rig live through a simulated day of random trouble, prints what both take up
// at each simulated hour, and fails if any of it grows. Then it makes many runs
// in one process, of an hour and with every fault of the process as well, and
// fails if anything of a run stays behind.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
)

func main() {
	hours := flag.Int("hours", 24, "simulated hours of the long run")
	rounds := flag.Int("rounds", 12, "runs of one simulated hour each, in one process; 0 for none")
	seed := flag.Uint64("seed", 20261126, "from which all that is random derives")
	defect := flag.String("defect", "", "`id` of a defect planted into the bundled integration: M68 must fail")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	bad, err := run(ctx, os.Stdout, *hours, *rounds, *seed, *defect)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(3)
	case len(bad) > 0:
		for _, b := range bad[:min(len(bad), 12)] {
			fmt.Println("✗", b)
		}
		if more := len(bad) - 12; more > 0 {
			fmt.Printf("✗ and %d more\n", more)
		}
		os.Exit(1)
	}
}

// run soaks and returns what is wrong.
func run(ctx context.Context, out io.Writer, hours, rounds int, seed uint64, defect string) ([]string, error) {
	dir, err := os.MkdirTemp("", "andon-soak-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	bin := filepath.Join(dir, "bridge")
	build := exec.CommandContext(ctx, "go", "build", "-o", bin, "./examples/bridge/cmd/bridge")
	if text, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the bundled integration: %w\n%s", err, text)
	}
	f, err := harness.Bundled()
	if err != nil {
		return nil, err
	}
	f.SUT.Process.Command = []string{bin}
	k := &soak{seed: seed, out: out, setup: harness.Setup{Catalog: catalog.Standard(), File: f, Self: bin, Version: "soak", Defect: defect}}
	if err := k.day(ctx, hours); err != nil {
		return nil, err
	}
	if rounds > 0 {
		if err := k.rounds(ctx, rounds); err != nil {
			return nil, err
		}
	}
	return k.bad, ctx.Err()
}

// day is one run of so many simulated hours with one life of the SUT, which
// says nothing of growth if it is killed every now and then.
func (k *soak) day(ctx context.Context, hours int) error {
	base, err := plant(hours)
	if err != nil {
		return err
	}
	fmt.Fprintf(k.out, "%d simulated hours of random trouble, one life of the SUT; the least of each hour, and what lives after a collection\n", hours)
	fmt.Fprintln(k.out, "                     rig                                                 SUT")
	fmt.Fprintln(k.out, "hour  goroutines  descriptors  heap MiB   records  B/record   descriptors  threads  RSS MiB")
	began := time.Now()
	var all []reading
	h := &hourly{setup: k.setup}
	h.hour = func(n int, r reading) {
		if h.runs < 2 {
			return // without trouble
		}
		all = append(all, r)
		fmt.Fprintf(k.out, "%4d %11.0f %12.0f %9.1f %9.0f %9.0f %13.0f %8.0f %8.1f\n", n, r.goroutines, r.files, r.heap, r.records, r.perRecord(), r.sutFiles, r.sutThreads, r.sutMemory)
	}
	var rest *reading
	h.rest = func(r reading) {
		rest = &r
		fmt.Fprintf(k.out, "rest %11.0f %12.0f %9.1f %9s %9s %13.0f %8.0f %8.1f\n", r.goroutines, r.files, r.heap, "", "", r.sutFiles, r.sutThreads, r.sutMemory)
	}
	if err := k.under(ctx, h, base, 1, false); err != nil {
		return err
	}
	if missed := hours - 1 - len(all); missed > hours/8 {
		k.bad = append(k.bad, fmt.Sprintf("the day: only %d of %d hours were looked at", len(all), hours))
	}
	k.judge("the day", time.Since(began), all, rest, []figure{
		{"goroutines of the rig", "", 20, 0, true, func(r reading) float64 { return r.goroutines }},
		{"descriptors of the rig", "", 20, 0, true, func(r reading) float64 { return r.files }},
		// The journal and the books are kept in memory and may grow with what
		// happens; by how much for each record may not.
		{"heap of the rig for each record of the journal", "bytes", 256, 0.1, false, reading.perRecord},
		{"descriptors of the SUT", "", 10, 0, true, func(r reading) float64 { return r.sutFiles }},
		{"threads of the SUT", "", 10, 0.25, false, func(r reading) float64 { return r.sutThreads }},
		{"resident memory of the SUT", "MiB", 8, 0.25, false, func(r reading) float64 { return r.sutMemory }},
	})
	return nil
}

// perRecord is the heap in bytes for each record of the journal.
func (r reading) perRecord() float64 {
	if r.records == 0 {
		return 0
	}
	return r.heap * mib / r.records
}

// rounds makes one run after another in this process.
func (k *soak) rounds(ctx context.Context, rounds int) error {
	base, err := plant(1)
	if err != nil {
		return err
	}
	fmt.Fprintf(k.out, "%d runs of one simulated hour under random trouble, of the SUT's process as well; what is left in the rig after each\n", rounds)
	fmt.Fprintln(k.out, "round  goroutines  descriptors  heap MiB  RSS MiB")
	began := time.Now()
	var all []reading
	h := &hourly{setup: k.setup}
	h.after = func(r reading) {
		if h.runs < 2 {
			return
		}
		all = append(all, r)
		fmt.Fprintf(k.out, "%5d %11.0f %12.0f %9.1f %8.1f\n", h.runs-1, r.goroutines, r.files, r.heap, r.memory)
	}
	if err := k.under(ctx, h, base, rounds, true); err != nil {
		return err
	}
	k.judge("the rounds", time.Since(began), all, nil, []figure{
		{"goroutines after a run", "", 2, 0, false, func(r reading) float64 { return r.goroutines }},
		{"descriptors after a run", "", 2, 0, false, func(r reading) float64 { return r.files }},
		{"heap after a run", "MiB", 2, 0.05, false, func(r reading) float64 { return r.heap }},
		{"resident memory after a run", "MiB", 16, 0.25, false, func(r reading) float64 { return r.memory }},
	})
	return nil
}

// figure is one column that must not grow; see [series].
type figure struct {
	name, unit   string
	least, share float64
	back         bool // it is given back at rest
	of           func(reading) float64
}

// judge says of each figure whether it grows.
func (k *soak) judge(what string, took time.Duration, all []reading, rest *reading, figures []figure) {
	for _, f := range figures {
		s := series{name: what + ": " + f.name, unit: f.unit, least: f.least, share: f.share}
		seen := false
		for _, r := range all {
			s.values = append(s.values, f.of(r))
			seen = seen || f.of(r) > 0
		}
		if rest != nil && f.back {
			v := f.of(*rest)
			s.rest = &v
		}
		switch by, _ := s.growth(); {
		case !seen:
			fmt.Fprintf(k.out, "%s: not told on this machine\n", s.name)
		case s.grows() != "":
			k.bad = append(k.bad, s.grows())
		default:
			fmt.Fprintf(k.out, "%s: %+.1f %s over the second half, median %.1f, up to %+.1f passes\n", s.name, by, s.unit, s.level(), s.tolerance())
		}
	}
	fmt.Fprintf(k.out, "%s took %s\n\n", what, took.Round(time.Second))
}
