package cmd

import (
	"fmt"
	"strings"
	"time"

	"github.com/andon-rig/andon/harness/load"
)

// tellFleet prints what agents have done.
func tellFleet(b *strings.Builder, x *load.FleetResult) {
	if x == nil {
		return
	}
	fmt.Fprintf(b, "  agents     %d, their clocks within ±%s of ours: e2e is from their clocks to ours, and exact to that\n", len(x.Agents), x.Bound.Round(time.Microsecond))
	for _, a := range x.Agents {
		fmt.Fprintf(b, "    %s had part %s; clock ±%s", a.Name, strings.Trim(strings.ReplaceAll(fmt.Sprint(a.Parts), " ", ", "), "[]"), a.Bound.Round(time.Microsecond))
		if a.Gone != "" {
			fmt.Fprintf(b, "; GONE: %s\n", a.Gone)
			continue
		}
		fmt.Fprintf(b, "; %.2f CPU-s, %d MiB\n", a.CPU.Seconds(), a.Memory>>20)
	}
}

// notBelow words latencies that go from one clock to another: below the bound of
// their difference nothing is known.
func notBelow(bound time.Duration) func(ms float64) string {
	return func(ms float64) string {
		if d := time.Duration(ms * float64(time.Millisecond)); d < bound {
			return "<" + bound.Round(time.Microsecond).String()
		}
		return dur(ms)
	}
}
