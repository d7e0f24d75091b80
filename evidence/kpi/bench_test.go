package kpi_test

import (
	"fmt"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/kpi"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
)

// long is a journal of n confirmations, every tenth of which needs a second
// try after it was throttled.
func long(n int) *evidence.History {
	r := journaltest.New()
	r.Step("play")
	for i := range n {
		e := r.Happen(journaltest.Confirmed(i+1, "1"))
		if i%10 == 0 {
			r.Send(journaltest.Sending{Acted: gone, Heard: simulators.Result{Outcome: simulators.Throttled, Status: 429, RetryAfter: 1}}, e)
		}
		r.Post(e)
	}
	return r.History()
}

// The cost of all rows per record stays the same, however long the journal is.
func BenchmarkOf(b *testing.B) {
	for _, n := range []int{2_000, 20_000, 200_000} {
		h := long(n)
		b.Run(fmt.Sprintf("%d-records", len(h.Records)), func(b *testing.B) {
			for b.Loop() {
				kpi.Of(h, nil)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(h.Records)), "ns/record")
		})
	}
}
