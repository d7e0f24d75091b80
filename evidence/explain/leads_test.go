package explain_test

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/simulators/plant"
)

// told is a run in which one posting is doubled for want of a key, another is
// lost in a restart, and a third, of the same order as the second, has its
// digits cut.
func told() (h *evidence.History, doubled, lost, cut plant.Event) {
	r := newRun("CNF-02", evidence.PlannedFault{ID: "ack-drop", Kind: "ambiguous-commit"})
	doubled = r.truth(plant.Confirmed{Order: "A", Operation: "0010", Counter: 1, Yield: quantity("5")}, "mes", "erp")
	r.offer(doubled, "mes", 1, queued)
	r.post(doubled, "erp", 1, posts{doc: "1", acted: taken, heard: nothing, faults: []string{"ack-drop"}})
	r.post(doubled, "erp", 2, posts{doc: "2", heard: taken})
	lost = r.truth(plant.Confirmed{Order: "B", Operation: "0010", Counter: 1, Yield: quantity("7")}, "mes", "erp")
	r.offer(lost, "mes", 1, queued)
	r.add(evidence.Step{Name: "sut.kill"})
	r.add(evidence.Step{Name: "sut.start"})
	cut = r.truth(plant.Confirmed{Order: "B", Operation: "0020", Counter: 1, Yield: quantity("2.345")}, "mes", "erp")
	r.offer(cut, "mes", 1, queued)
	wrong := cut
	wrong.Fact = plant.Confirmed{Order: "B", Operation: "0020", Counter: 1, Yield: quantity("2.34")}
	r.post(wrong, "erp", 1, posts{doc: "3", heard: taken, idem: "k", key: string(cut.ID)})
	r.add(evidence.End{Quiet: true})
	return r.history(), doubled, lost, cut
}

func quantity(s string) plant.Quantity {
	d, err := plant.ParseDecimal(s)
	if err != nil {
		panic(err)
	}
	return plant.Quantity{Amount: d, Unit: "EA"}
}

// One cause is one trouble, two causes in one order are two, nothing is left
// out and no verdict changes.
func TestOneCauseOneTrouble(t *testing.T) {
	h, doubled, lost, cut := told()
	judged := oracles.JudgeAll(h, oracles.Standard())
	findings := explain.New(h, "out/run").All(judged)
	var open []evidence.Finding
	for i, f := range findings {
		if f.Verdict != judged[i].Verdict || f.Oracle != judged[i].Oracle {
			t.Errorf("finding %d: %s %s became %s %s", i, judged[i].Oracle, judged[i].Verdict, f.Oracle, f.Verdict)
		}
		if f.Verdict == evidence.Violated {
			open = append(open, f)
		}
	}
	got := map[plant.EventID]string{}
	sum := 0
	for _, tr := range explain.Troubles(open) {
		f := tr.Findings[0]
		sum += tr.Count
		got[f.Fact] = f.Oracle + " by " + f.Rule + ":"
		for _, s := range tr.ShowsAs {
			sum += s.Count
			got[f.Fact] += " " + s.String()
		}
		if len(tr.Findings) != 1 {
			t.Errorf("%d findings in one trouble: %v", len(tr.Findings), tr.Findings)
		}
	}
	want := map[plant.EventID]string{
		doubled.ID: "exactly-once by retry-without-key: 2× conservation (O4) retry-discipline (O10)",
		lost.ID:    "no-silent-drop by lost-in-restart: exactly-once (O1)",
		cut.ID:     "field-fidelity by digits-lost: conservation (O4)",
	}
	for id, w := range want {
		if got[id] != w {
			t.Errorf("%s: got %q, want %q", id, got[id], w)
		}
	}
	total := 0
	for _, f := range open {
		total += max(f.Count, 1)
	}
	if len(got) != len(want) || sum != total {
		t.Errorf("%d troubles with %d findings, want %d with %d: %v", len(got), sum, len(want), total, got)
	}
}

// What has only the order or the fact in common is not folded.
func TestUnrelatedIsNotFolded(t *testing.T) {
	h, doubled, lost, cut := told()
	v := evidence.Violated
	order := plant.Keys{Order: "B", Operation: "0010"}
	for name, fs := range map[string][]evidence.Finding{
		"early and cut":               {{Oracle: "field-fidelity", ID: "O3", Verdict: v, Fact: cut.ID, Rule: "digits-lost"}, {Oracle: "throttle-compliance", ID: "O9", Verdict: v, Fact: cut.ID, Rule: "retry-after-ignored"}},
		"lost and too many attempts":  {{Oracle: "no-silent-drop", ID: "O12", Verdict: v, Fact: lost.ID}, {Oracle: "retry-discipline", ID: "O10", Verdict: v, Fact: lost.ID, Rule: "too-many-attempts"}},
		"another order's sum":         {{Oracle: "exactly-once", ID: "O1", Verdict: v, Fact: doubled.ID}, {Oracle: "conservation", ID: "O4", Verdict: v, Keys: order, Rule: "explained-elsewhere"}},
		"a sum nobody explains":       {{Oracle: "no-silent-drop", ID: "O12", Verdict: v, Fact: lost.ID}, {Oracle: "conservation", ID: "O4", Verdict: v, Keys: order, Rule: "sum-differs"}},
		"what is used, not made":      {{Oracle: "no-silent-drop", ID: "O12", Verdict: v, Fact: lost.ID}, {Oracle: "conservation", ID: "O4", Verdict: v, Keys: plant.Keys{Order: "B", Operation: "0010", Material: "M"}, Rule: "explained-elsewhere"}},
		"doubled and undecided":       {{Oracle: "exactly-once", ID: "O1", Verdict: v, Fact: doubled.ID}, {Oracle: "retry-discipline", ID: "O10", Verdict: evidence.Inconclusive, Fact: doubled.ID, Rule: "retry-without-key"}},
		"undecided for two reasons":   {{Oracle: "exactly-once", ID: "O1", Verdict: evidence.Inconclusive, Text: "a"}, {Oracle: "recovery", ID: "O13", Verdict: evidence.Inconclusive, Text: "b"}},
		"an expectation of the order": {{Oracle: "no-silent-drop", ID: "O12", Verdict: v, Fact: lost.ID, Keys: order}, {Oracle: "expectations", ID: "E1", Verdict: v, Keys: plant.Keys{Order: "B"}}},
	} {
		if got := explain.Troubles(explain.New(h, "").All(fs)); len(got) != 2 {
			t.Errorf("%s: told as one: %+v", name, got)
		}
	}
}

// Undecided for one reason is told once.
func TestOneReasonOnce(t *testing.T) {
	h, _, _, _ := told()
	fs := explain.New(h, "").All([]evidence.Finding{
		{Oracle: "exactly-once", ID: "O1", Verdict: evidence.Inconclusive, Rule: "not-settled", Text: "cannot be decided: the run was cut"},
		{Oracle: "recovery", ID: "O13", Verdict: evidence.Inconclusive, Text: "the run was cut"},
		{Oracle: "expectations", ID: "E5", Verdict: evidence.Inconclusive, Text: "qua-01.yaml:38:13: the run was cut"},
	})
	if got := explain.Troubles(fs); len(got) != 1 || len(got[0].ShowsAs) != 2 {
		t.Errorf("got %+v", got)
	}
	if evidence.Worst(fs) != evidence.Inconclusive {
		t.Error("folding changed the verdict")
	}
}

// Names of findings do not depend on the run, and tell findings apart.
func TestFindingsKeepTheirNames(t *testing.T) {
	name := func(f evidence.Finding) string {
		h, _, _, _ := told()
		return explain.DetailOf(explain.New(h, "").Finding(f)).ID
	}
	f := evidence.Finding{Oracle: "exactly-once", ID: "O1", Verdict: evidence.Violated, Rule: "posted-twice", Fact: "x"}
	g := f
	g.Fact = "y"
	if a, b := name(f), name(f); a != b || !strings.HasPrefix(a, "F-") {
		t.Errorf("named %q, then %q", a, b)
	}
	if name(f) == name(g) {
		t.Error("two facts, one name")
	}
	h, _, _, _ := told()
	twice := explain.New(h, "").All([]evidence.Finding{f, f})
	if explain.DetailOf(twice[0]).ID == explain.DetailOf(twice[1]).ID {
		t.Error("two findings, one name")
	}
}

func TestSimilar(t *testing.T) {
	h, doubled, lost, cut := told()
	for _, c := range []struct {
		give evidence.Finding
		want string
	}{
		{evidence.Finding{ID: "O1", Fact: doubled.ID, Rule: "retry-without-key"}, "M01"},
		{evidence.Finding{ID: "O12", Fact: lost.ID, Rule: "lost-in-restart"}, "M08"},
		{evidence.Finding{ID: "O3", Fact: cut.ID, Rule: "digits-lost"}, "M39"},
		{evidence.Finding{ID: "O6", Fact: cut.ID, Rule: "stale-overwrite"}, "M27"},
		{evidence.Finding{ID: "O17", Fact: cut.ID, Rule: "dst-offset"}, ""},             // its time is right
		{evidence.Finding{ID: "O9", Fact: doubled.ID, Rule: "retry-after-ignored"}, ""}, // neither 429 nor 503 in sight
		{evidence.Finding{ID: "O1", Fact: doubled.ID, Rule: "a-rule-nobody-knows"}, ""},
		{evidence.Finding{ID: "O1", Fact: doubled.ID}, ""},
	} {
		c.give.Verdict = evidence.Violated
		got := ""
		if l := explain.DetailOf(explain.New(h, "").Finding(c.give)).Similar; len(l) > 0 {
			got = l[0].ID
			if l[0].Remedy == "" || l[0].Because == "" {
				t.Errorf("%s without remedy or reason", got)
			}
		}
		if got != c.want {
			t.Errorf("%s/%s: like %q, want %q", c.give.ID, c.give.Rule, got, c.want)
		}
	}
	if d := explain.DetailOf(explain.New(h, "").Finding(evidence.Finding{ID: "O1", Verdict: evidence.Inconclusive, Rule: "retry-without-key", Fact: doubled.ID})); len(d.Similar) > 0 {
		t.Error("an undecided finding is called a defect")
	}
}
