package oracles_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators/plant"
)

type panicking struct{}

func (panicking) Name() string                               { return "panicking" }
func (panicking) Judge(*evidence.History) []evidence.Finding { panic("index out of range") }

type silent struct{}

func (silent) Name() string                               { return "silent" }
func (silent) Judge(*evidence.History) []evidence.Finding { return nil }

func TestAnOracleThatFailsDecidesNothing(t *testing.T) {
	r := journaltest.New()
	r.Do(journaltest.Confirmed(1, "5"))
	for _, j := range []evidence.Judge{panicking{}, silent{}} {
		found := oracles.JudgeAll(r.History(), []evidence.Judge{j})
		if len(found) != 1 || found[0].Verdict != evidence.Inconclusive || found[0].Class != evidence.CauseRig || found[0].Oracle != j.Name() {
			t.Errorf("%s: got %+v", j.Name(), found)
		}
	}
}

func TestWaivedOraclesAreListedAndNotAsked(t *testing.T) {
	for _, waived := range []string{"exactly-once", "O1"} {
		r := journaltest.New()
		r.Plan.Waived = []string{waived}
		e := r.Do(journaltest.Confirmed(1, "5"))
		r.Post(e)
		found := judge(t, "exactly-once", r.History())
		if len(found) != 1 || found[0].Verdict != evidence.Holds || found[0].Rule != evidence.RuleWaived {
			t.Errorf("%s: got %+v", waived, found)
		}
	}
}

func TestFindingsAreSortedWorstFirst(t *testing.T) {
	r := journaltest.New()
	r.Happen(journaltest.Confirmed(1, "5"))
	r.Happen(journaltest.Confirmed(3, "6"))
	r.Post(r.Do(journaltest.Confirmed(2, "7")))
	found := oracles.JudgeAll(r.History(), oracles.Standard())
	if !slices.IsSortedFunc(found, func(a, b evidence.Finding) int { return int(b.Verdict) - int(a.Verdict) }) {
		t.Error("not sorted by verdict")
	}
	if found[0].ID != "O1" || found[0].Verdict != evidence.Violated {
		t.Errorf("first is %s %s", found[0].ID, found[0].Verdict)
	}
}

// expecting is a judge that looks at the books alone.
type expecting struct{ keys plant.Keys }

func (expecting) Name() string  { return "expecting" }
func (expecting) Follows() bool { return true }
func (e expecting) Judge(*evidence.History) []evidence.Finding {
	return []evidence.Finding{{Oracle: "expecting", ID: "E1", Verdict: evidence.Violated, Class: evidence.CauseBusiness, Confidence: "low",
		Keys: e.keys, Expected: "yield 6", Got: "yield 7", Text: "cnf.yaml:3", Evidence: []uint64{1}}}
}

// TestExpectationsComeUnderTheirCause: a sum that is wrong because a fact was
// posted twice is told with the double, not with the last records of the order.
func TestExpectationsComeUnderTheirCause(t *testing.T) {
	r := journaltest.New()
	r.Post(r.Do(journaltest.Confirmed(1, "0")))
	r.Post(r.Do(journaltest.Confirmed(2, "1")))
	r.Do(journaltest.Confirmed(3, "5"))
	h := r.History()
	for _, c := range []struct {
		keys  plant.Keys
		under bool
	}{
		{plant.Keys{Order: journaltest.Order}, true},
		{plant.Keys{Order: "000004712"}, false},
		{plant.Keys{Lot: "L-8"}, false},
		{plant.Keys{}, false},
	} {
		found := oracles.JudgeAll(h, append([]evidence.Judge{expecting{c.keys}}, oracles.Standard()...))
		at := func(oracle string, fact plant.EventID) int {
			return slices.IndexFunc(found, func(f evidence.Finding) bool { return f.Oracle == oracle && (fact == "" || f.Fact == fact) })
		}
		const double = "confirmation/000004711/0010/2"
		e, o := found[at("expecting", "")], found[at("exactly-once", double)]
		if e.Verdict != evidence.Violated || e.Keys != c.keys || e.Got != "yield 7" {
			t.Errorf("%v: got %+v", c.keys, e)
		}
		if !c.under {
			if e.Class != evidence.CauseBusiness || e.Confidence != "low" || !slices.Equal(e.Evidence, []uint64{1}) || e.Text != "cnf.yaml:3" {
				t.Errorf("%v: nothing is known of it, got %+v", c.keys, e)
			}
			continue
		}
		if e.Class != evidence.CauseTechnical || e.Fact != double || !slices.Equal(e.Evidence, o.Evidence) ||
			!strings.HasPrefix(e.Text, "a consequence of what exactly-once (O1) found about order 000004711 operation 0010 #2") || !strings.HasSuffix(e.Text, ";\ncnf.yaml:3") {
			t.Errorf("%v: got %+v", c.keys, e)
		}
		if at("expecting", "") < at("exactly-once", double) {
			t.Errorf("%v: told before its cause", c.keys)
		}
	}
}

func TestJudgingTwiceSaysTheSame(t *testing.T) {
	records := journaltest.Shift().Records()
	first := oracles.JudgeAll(evidence.NewHistory(records), oracles.Standard())
	second := oracles.JudgeAll(evidence.NewHistory(records), oracles.Standard())
	if !reflect.DeepEqual(first, second) {
		t.Error("two judgements of one journal differ")
	}
}

// TestACutJournalNeverHolds cuts a sound journal after every record.
func TestACutJournalNeverHolds(t *testing.T) {
	records := journaltest.Shift().Records()
	for n := range records {
		for _, f := range oracles.JudgeAll(evidence.NewHistory(records[:n]), oracles.Standard()) {
			if f.Verdict == evidence.Violated {
				t.Errorf("cut after %d records, %s is violated (%s): %s / %s", n, f.Oracle, f.Rule, f.Expected, f.Got)
			}
			if f.Verdict == evidence.Holds {
				t.Errorf("cut after %d records, %s holds", n, f.Oracle)
			}
			if f.Verdict == evidence.Inconclusive && f.Text == "" {
				t.Errorf("cut after %d records, %s does not say why it is inconclusive", n, f.Oracle)
			}
		}
	}
}

// TestAnUnreadableJournalNeverHolds: what a reader could not make sense of may
// have been anything.
func TestAnUnreadableJournalNeverHolds(t *testing.T) {
	h := evidence.NewHistory(journaltest.Shift().Records(), "line 7 is not a record")
	for _, f := range oracles.JudgeAll(h, oracles.Standard()) {
		if f.Verdict != evidence.Inconclusive && f.Verdict != evidence.Vacuous {
			t.Errorf("%s is %s", f.Oracle, f.Verdict)
		}
		if f.Verdict == evidence.Inconclusive && !strings.Contains(f.Text, "line 7 is not a record") {
			t.Errorf("%s does not say what could not be read: %q", f.Oracle, f.Text)
		}
	}
}

// TestHostileJournalsDoNotBreakOracles: claims, facts and plans that make no
// sense are judged, or not, and never end an oracle.
func TestHostileJournalsDoNotBreakOracles(t *testing.T) {
	spoil := map[string]func(*evidence.Plan, []evidence.Record){
		"no plan": func(p *evidence.Plan, _ []evidence.Record) { *p = evidence.Plan{} },
		"a zone that is none": func(p *evidence.Plan, _ []evidence.Record) {
			p.Zone, p.Shifts = "Nowhere/At_All", append(p.Shifts, plant.Shift{Name: "never"})
		},
		"claims of nothing": func(_ *evidence.Plan, rs []evidence.Record) {
			for i, r := range rs {
				if e, ok := r.Body.(evidence.Effect); ok {
					e.Posting.Claim.Fact = nil
					rs[i].Body = e
				}
			}
		},
		"claims of another kind": func(_ *evidence.Plan, rs []evidence.Record) {
			for i, r := range rs {
				if e, ok := r.Body.(evidence.Effect); ok {
					e.Posting.Claim.Fact = plant.MachineChanged{Machine: "M"}
					rs[i].Body = e
				}
			}
		},
		"no time": func(_ *evidence.Plan, rs []evidence.Record) {
			for i := range rs {
				rs[i].At, rs[i].Plant = 0, time.Time{}
			}
		},
	}
	for name, change := range spoil {
		records := journaltest.Shift().Records()
		b := records[0].Body.(evidence.Begin)
		change(&b.Plan, records)
		records[0].Body = b
		for _, f := range oracles.JudgeAll(evidence.NewHistory(records), oracles.Standard()) {
			if f.Rule == "oracle-panicked" || f.Rule == "oracle-said-nothing" {
				t.Errorf("%s: %s: %s", name, f.Oracle, f.Text)
			}
		}
	}
}

// TestAGapNeverHolds takes out one record at a time.
func TestAGapNeverHolds(t *testing.T) {
	records := journaltest.Shift().Records()
	for n := range len(records) - 1 {
		without := slices.Delete(slices.Clone(records), n, n+1)
		h := evidence.NewHistory(without)
		worst := map[string]evidence.Verdict{}
		for _, f := range oracles.JudgeAll(h, oracles.Standard()) {
			worst[f.Oracle] = max(worst[f.Oracle], f.Verdict)
		}
		for _, i := range oracles.All() {
			if worst[i.Name] < evidence.Inconclusive {
				t.Errorf("without record %d, %s is %s", n+1, i.Name, worst[i.Name])
			}
		}
	}
}

func TestMuchOfTheSameIsCounted(t *testing.T) {
	r := journaltest.New()
	for n := range 100 {
		r.Happen(journaltest.Confirmed(n+1, "5"))
	}
	found := judge(t, "no-silent-drop", r.History())
	listed, counted := 0, 0
	for _, f := range found {
		listed++
		counted += max(1, f.Count)
	}
	if listed > 25 || counted != 100 {
		t.Errorf("%d findings count %d facts", listed, counted)
	}
}

func TestEveryOracleIsDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, i := range oracles.All() {
		if i.Name == "" || i.ID == "" || i.Doc == "" || len(i.Requirements) == 0 || i.New().Name() != i.Name || seen[i.Name] || seen[i.ID] {
			t.Errorf("%+v", i)
		}
		seen[i.Name], seen[i.ID] = true, true
		if strings.ToLower(i.Name) != i.Name {
			t.Errorf("%s is not a word for files", i.Name)
		}
	}
	if len(oracles.Standard()) != len(oracles.All()) {
		t.Error("Standard is not All")
	}
}

// confused accuses the SUT of what it calls the rig's own mistake.
type confused struct{}

func (confused) Name() string { return "confused" }
func (confused) Judge(*evidence.History) []evidence.Finding {
	return []evidence.Finding{
		{Oracle: "confused", Verdict: evidence.Violated, Class: evidence.CauseRig, Rule: "rig-ignored-hold"},
		{Oracle: "confused", Verdict: evidence.Violated, Class: evidence.CauseTechnical},
	}
}

// TestTheRigIsNeverTheSUT: what a judge calls our own mistake violates nothing,
// and changes nothing about what the SUT did.
func TestTheRigIsNeverTheSUT(t *testing.T) {
	found := oracles.JudgeAll(journaltest.New().History(), []evidence.Judge{confused{}})
	if len(found) != 2 {
		t.Fatalf("got %+v", found)
	}
	for _, f := range found {
		if want := map[evidence.CauseClass]evidence.Verdict{evidence.CauseRig: evidence.Inconclusive, evidence.CauseTechnical: evidence.Violated}[f.Class]; f.Verdict != want {
			t.Errorf("%s: got %s, want %s", f.Class, f.Verdict, want)
		}
	}
}
