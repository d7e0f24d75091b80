package oracles_test

import (
	"runtime"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators/plant"
)

// BenchmarkJudge judges a million records with all oracles: the bar is five
// seconds and two gigabytes on two cores.
func BenchmarkJudge(b *testing.B) {
	for _, c := range []struct {
		name string
		bare bool
	}{{"identified", false}, {"without ids", true}} {
		b.Run(c.name, func(b *testing.B) {
			records := journaltest.Busy(1_000_000, c.bare)
			b.ReportAllocs()
			for b.Loop() {
				h := evidence.NewHistory(records)
				found := oracles.JudgeAll(h, oracles.Standard())
				if w := evidence.Worst(found); w != evidence.Holds {
					b.Fatalf("%s: %+v", w, found[0])
				}
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.Sys)/(1<<20), "MiB")
			b.ReportMetric(float64(len(records))*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// TestABusyPlantIsGreen holds what the benchmark judges to be sound, and a
// defect in it to be found.
func TestABusyPlantIsGreen(t *testing.T) {
	for _, bare := range []bool{false, true} {
		records := journaltest.Busy(20_000, bare)
		for _, f := range oracles.JudgeAll(evidence.NewHistory(records), oracles.Standard()) {
			if f.Verdict > evidence.Vacuous {
				t.Errorf("bare %v: %s %s %s: %s / %s %s", bare, f.Oracle, f.Verdict, f.Rule, f.Expected, f.Got, f.Text)
			}
		}
		for i := len(records) / 2; ; i++ {
			if e, ok := records[i].Body.(evidence.Effect); ok {
				e.Posting.Claim.Fact = plant.MachineChanged{Machine: "M"}
				e.Posting.Claim.ID = "gone"
				records[i].Body = e
				break
			}
		}
		if w := evidence.Worst(oracles.JudgeAll(evidence.NewHistory(records), oracles.Standard())); w != evidence.Violated {
			t.Errorf("bare %v: one lost posting in %d records: %s", bare, len(records), w)
		}
	}
}
