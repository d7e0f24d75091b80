package shrink

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles"
)

func judgeNamed(t *testing.T, name string) evidence.Judge {
	t.Helper()
	for _, j := range oracles.Standard() {
		if j.Name() == name {
			return j
		}
	}
	t.Fatalf("there is no oracle %s", name)
	return nil
}

// Every finding of a run is shown by a few of its records, and by no fewer.
func TestEvidenceShowsTheFinding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reduction(t, troubled, "exactly-once", func(int) *flawed { return newFlawed(true, "consumptions") })
		shown := 0
		for _, f := range oracles.JudgeAll(evidence.NewHistory(r.Records), oracles.Standard()) {
			if f.Verdict != evidence.Violated {
				continue
			}
			shown++
			s := slicer{judge: judgeNamed(t, f.Oracle), want: f, records: r.Records, begin: r.Records[:1], end: r.Records[len(r.Records)-1:]}
			seqs, ok := Evidence(r.Records, s.judge, f)
			if !ok || len(seqs) == 0 || len(seqs) > 10 {
				t.Errorf("%s about %s: %d records, sliced %v", f.Oracle, f.Keys, len(seqs), ok)
				continue
			}
			var part []evidence.Record
			for _, seq := range seqs {
				part = append(part, r.Records[seq-1])
			}
			if !s.shows(part) {
				t.Errorf("%s about %s: its evidence does not show it", f.Oracle, f.Keys)
			}
			for i := range part {
				if len(part) > 1 && s.shows(append(append([]evidence.Record{}, part[:i]...), part[i+1:]...)) {
					t.Errorf("%s about %s: record %d is not needed", f.Oracle, f.Keys, seqs[i])
				}
			}
		}
		if shown < 3 {
			t.Errorf("only %d violations to look at", shown)
		}
	})
}

// counting finds that something was said, and how often.
type counting struct{}

func (counting) Name() string { return "counting" }

func (counting) Judge(h *evidence.History) []evidence.Finding {
	if len(h.Steps) == 0 {
		return nil
	}
	return []evidence.Finding{{Verdict: evidence.Violated, Got: fmt.Sprintf("said again %d times", len(h.Steps))}}
}

// What was done over and over is shown by once; 37 times make it no clearer.
func TestEvidenceOfWhatHappenedOften(t *testing.T) {
	records := []evidence.Record{{Seq: 1, Body: evidence.Begin{}}}
	for i := range 5 {
		records = append(records, evidence.Record{Seq: uint64(i + 2), Body: evidence.Step{}})
	}
	f := evidence.Finding{Verdict: evidence.Violated, Got: "said again 5 times", Evidence: []uint64{2, 3, 4, 5, 6}}
	if seqs, ok := Evidence(records, counting{}, f); !ok || len(seqs) != 1 {
		t.Errorf("records %v show it, sliced %v; want one", seqs, ok)
	}
	f.Got = "said something else 5 times"
	if seqs, ok := Evidence(records, counting{}, f); ok {
		t.Errorf("records %v show what was not found", seqs)
	}
}
