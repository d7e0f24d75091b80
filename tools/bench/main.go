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

func main() {
	serve := flag.String("serve", "", "internal: be the server called endpoint or minimal")
	rounds := flag.Int("rounds", 3, "interleaved rounds of each measurement; medians are printed")
	length := flag.Duration("length", 3*time.Second, "of each round of requests")
	records := flag.Int("records", 1_000_000, "records to judge")
	flag.Parse()
	var err error
	switch *serve {
	case "":
		err = bench(*rounds, *length, *records)
	default:
		err = be(*serve)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(rounds int, length time.Duration, records int) error {
	fmt.Println("what                                         Andon            peer             ratio   target")
	if err := startup(rounds); err != nil {
		return err
	}
	if err := throughput(rounds, length); err != nil {
		return err
	}
	return judging(records)
}

// row prints one comparison.
func row(what, ours, peer string, ratio float64, target string) {
	fmt.Printf("%-44s %-16s %-16s %5.2f   %s\n", what, ours, peer, ratio, target)
}
