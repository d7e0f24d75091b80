// Command bench measures what Andon promises to be fast at, each figure beside
// a named peer in the same run. Machines differ and are noisy: the ratios are
// the result, the absolute figures only say what they are ratios of.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

// options are how to measure.
type options struct {
	rounds  int
	length  time.Duration
	records int
	against string
	profile string
	peers   string
	write   string
}

func main() {
	var o options
	serve := flag.String("serve", "", "internal: be the server called so")
	flag.IntVar(&o.rounds, "rounds", 3, "interleaved rounds of each measurement; medians are printed")
	flag.DurationVar(&o.length, "length", 3*time.Second, "of each round of requests")
	flag.IntVar(&o.records, "records", 10_000_000, "records to judge at most; 0 for none")
	only := flag.String("only", "", "measure nothing but startup, endpoint, relay, judging, contracts, replay, dialects or load")
	judge := flag.Int("judge", 0, "internal: judge a journal of so many records")
	bare := flag.Bool("bare", false, "internal: with -judge, without ids")
	flag.StringVar(&o.against, "against", "", "another build of this command, whose endpoint is measured beside ours")
	flag.StringVar(&o.profile, "profile", "", "file for a CPU profile of the endpoint or relay under load")
	flag.StringVar(&o.peers, "peers", "tools/bench/peers", "folder of the module with peers")
	flag.StringVar(&o.write, "write", "", "`page` to put the tables of what is measured into, between its marks")
	flag.Parse()
	var err error
	switch {
	case *judge > 0:
		err = judgeHere(*judge, o.rounds, *bare)
	case *serve != "":
		err = be(*serve, flag.Args(), o.profile)
	default:
		err = bench(o, *only)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// parts are what is measured, in the sequence of the page.
var parts = []struct {
	name    string
	measure func(options) error
}{
	{"startup", func(o options) error { return startup(o.rounds) }},
	{"endpoint", throughput},
	{"relay", relaying},
	{"judging", judging},
	{"contracts", holding},
	{"replay", func(options) error { return replaying() }},
	{"dialects", dialects},
	{"load", loading},
}

func bench(o options, only string) error {
	if o.write != "" { // better told now than in half an hour
		if _, _, err := page(o.write); err != nil {
			return err
		}
	}
	fmt.Println("what                                                     Andon            peer             ratio   target")
	for _, p := range parts {
		if only != "" && only != p.name {
			continue
		}
		part = p.name
		began := time.Now()
		if err := p.measure(o); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if o.write != "" {
			if err := writePart(o.write, o, began); err != nil {
				return err
			}
		}
	}
	return nil
}
