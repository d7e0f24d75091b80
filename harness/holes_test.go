package harness

import (
	"slices"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
)

// without is a journal that has lost one record, judged like a stored one.
func without(records []evidence.Record, n int) (raw, judged []evidence.Finding) {
	h := evidence.NewHistory(slices.Delete(slices.Clone(records), n, n+1))
	raw = oracles.JudgeAll(h, oracles.Standard())
	return raw, beyondHoles(h, oracles.Standard(), slices.Clone(raw))
}

func violated(fs []evidence.Finding) (names []string) {
	for _, f := range fs {
		if f.Verdict == evidence.Violated {
			names = append(names, f.Oracle)
		}
	}
	return names
}

// A sound run whose journal has lost any one record is not blamed, although a
// posting whose fact was lost looks made up to an oracle.
func TestALostRecordBlamesNobody(t *testing.T) {
	records := journaltest.Shift().Records()
	blamed := 0
	for n := range records {
		raw, judged := without(records, n)
		blamed += len(violated(raw))
		if v := violated(judged); len(v) > 0 {
			t.Errorf("without record %d (%T): %v", n+1, records[n].Body, v)
		}
		if len(judged) != len(raw) || judged[0].Verdict < evidence.Inconclusive {
			t.Errorf("without record %d: %d findings of %d, worst %s", n+1, len(judged), len(raw), judged[0].Verdict)
		}
	}
	if blamed == 0 {
		t.Error("no oracle was misled, so the test shows nothing")
	}
}

// What stands before the hole stands.
func TestWhatLiesBeforeAHoleStands(t *testing.T) {
	r := journaltest.New()
	r.Do(journaltest.Released())
	e := r.Do(journaltest.Confirmed(1, "10"))
	r.Post(e)
	for n := 2; n < 5; n++ {
		r.Do(journaltest.Confirmed(n, "10"))
	}
	records := r.Records()
	_, judged := without(records, len(records)-3)
	if !slices.Contains(violated(judged), "exactly-once") {
		t.Errorf("a confirmation posted twice before the hole: got %v", violated(judged))
	}
}
