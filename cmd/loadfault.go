package cmd

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/andon-rig/andon/harness/load"
)

// faultFlags are those of trouble during a load.
type faultFlags struct {
	faults   []string
	schedule string
}

func (f *faultFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.faults, "fault", nil, "`trouble` during the load, such as 'erp:503@3s+2s' or 'mes:latency=200ms@1s+500ms/5s'; may be repeated")
	flags.StringVar(&f.schedule, "faults", "", "`file` with one such trouble a line")
}

// read reads all trouble.
func (f *faultFlags) read(c *load.Config) (all []load.Fault, err error) {
	if f.schedule != "" {
		file, err := os.Open(f.schedule)
		if err != nil {
			return nil, fmt.Errorf("--faults: %w", err)
		}
		defer file.Close()
		if all, err = load.ReadFaults(file); err != nil {
			return nil, fmt.Errorf("--faults %s: %w", f.schedule, err)
		}
	}
	for _, text := range f.faults {
		one, err := load.ParseFault(text)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	for _, one := range all {
		if err := one.Breaks(c.Build); err != nil {
			return nil, err
		}
		switch {
		case one.Place == "sut" && c.Search != nil:
			return nil, fmt.Errorf("fault %q ends the build, and a search for its highest rate ends with it; leave --find-max out", one.Text)
		case one.Place == "erp" && c.Listen == "":
			return nil, fmt.Errorf("fault %q is about postings, which are not looked at with --emit-only", one.Text)
		case one.Place == "mes" && c.Fleet != nil:
			return nil, fmt.Errorf("fault %q stands between this process and the build, and agents send to the build itself; leave --agents out", one.Text)
		}
	}
	return all, nil
}

// tellFaults prints when trouble was there.
func tellFaults(b *strings.Builder, r *load.Result) {
	for i, f := range r.Faults {
		if i == mostFaultLines {
			fmt.Fprintf(b, "             and %d times more\n", len(r.Faults)-i)
			break
		}
		fmt.Fprintf(b, "  fault      %s: from %.2fs to %.2fs, struck %d\n", f.Fault, f.From, f.To, f.Struck)
	}
}

// mostFaultLines is how many are printed; all are in the JSON.
const mostFaultLines = 8
