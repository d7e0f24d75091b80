package memory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/memory"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators/plant"
)

const head = `
apiVersion: andon/v1
kind: Scenario
metadata: {id: MEM-03, title: "Trouble that waits for something"}
seed: 1
plant: {open: 1}
given: {orders: {count: 3}}
when:
  - upon: {event: receipt}
    as: goods
    do: [{place-hold: {lot: {ref: goods.lot}}}]
  - {after: {ref: goods, delay: {plant: 1h}}, do: decide, args: {lot: {ref: goods.lot}}}
`

// struckAt lists what a fault struck, as "kind try".
func struckAt(records []evidence.Record, fault string) (list []evidence.Disturbance) {
	for _, r := range records {
		if d, ok := r.Body.(evidence.Disturbance); ok && d.Phase == evidence.Struck && d.Fault == fault {
			list = append(list, d)
		}
	}
	return list
}

// numbers gives each fact its number in the run.
func numbers(records []evidence.Record) map[plant.EventID]int {
	n := map[plant.EventID]int{}
	for _, r := range records {
		if b, ok := r.Body.(evidence.Truth); ok {
			n[b.Event.ID] = len(n) + 1
		}
	}
	return n
}

// TestTroubleThatWaits plays faults that wait for something and looks at what
// they struck, against the history that the journal tells.
func TestTroubleThatWaits(t *testing.T) {
	records, _ := play(t, head+`
phases: [{name: warm-up, to: {plant: 2h}}, {name: trouble, to: {plant: 5h}}, {name: tail}]
faults:
  - {id: first, fault: ambiguous-commit, at: erp, direction: from-sut, hits: {fact: confirmation, nth: 3, per: run, attempts: 1}}
  - {id: again, fault: refuse-before-apply, at: erp, direction: from-sut, hits: {struckBy: first, attempts: 9}, times: 2}
  - {id: phase, fault: delay, at: mes, direction: to-sut, with: {for: {wall: 10ms}}, while: {phase: trouble}}
  - {id: since, fault: duplicate, at: mes, direction: to-sut, after: {event: confirmation, nth: 5}}
  - {id: window, fault: delay, at: erp, direction: from-sut, with: {for: {wall: 10ms}}, during: {from: {plant: 1h}, to: {plant: 3h}, by: fact}}
  - {id: held, fault: delay, with: {for: {wall: 10ms}}, while: {since: {event: lot-held}, until: {event: lot-decided}, same: lot}}
`, 4711, true)
	number, truths := numbers(records), map[plant.EventID]evidence.Record{}
	var fifth evidence.Record
	confirmations := 0
	for _, r := range records {
		b, ok := r.Body.(evidence.Truth)
		if !ok {
			continue
		}
		truths[b.Event.ID] = r
		if b.Event.Fact.Kind() == plant.KindConfirmation {
			if confirmations++; confirmations == 5 {
				fifth = r
			}
		}
	}
	if got := struckAt(records, "first"); len(got) != 1 || got[0].Attempt != 1 {
		t.Fatalf("first struck %+v, want one first try", got)
	}
	first := struckAt(records, "first")[0].Facts[0]
	var tries []int
	for _, d := range struckAt(records, "again") {
		tries = append(tries, d.Attempt)
		if d.Facts[0] != first {
			t.Errorf("again struck %s, want only %s", d.Facts[0], first)
		}
	}
	if !slices.Equal(tries, []int{2, 3}) {
		t.Errorf("again struck the tries %v, want 2 and 3", tries)
	}
	for _, tc := range []struct {
		fault string
		want  func(evidence.Record, evidence.Truth) bool
	}{
		{"since", func(r evidence.Record, b evidence.Truth) bool {
			return number[b.Event.ID] >= number[fifth.Body.(evidence.Truth).Event.ID]
		}},
		{"held", func(_ evidence.Record, b evidence.Truth) bool { return b.Event.Fact.Kind() == plant.KindLotHeld }},
		{"phase", nil},
		{"window", nil},
	} {
		struck := map[plant.EventID]bool{}
		for _, d := range struckAt(records, tc.fault) {
			struck[d.Facts[0]] = true
		}
		if len(struck) == 0 {
			t.Errorf("%s struck nothing", tc.fault)
		}
		var in, out []string
		for id, r := range truths {
			if tc.want == nil {
				continue
			}
			switch want := tc.want(r, r.Body.(evidence.Truth)); {
			case struck[id] && !want:
				in = append(in, string(id))
			case !struck[id] && want && r.Body.(evidence.Truth).Source == "mes" && tc.fault == "since":
				out = append(out, string(id))
			}
		}
		if len(in)+len(out) > 0 {
			t.Errorf("%s struck %v and not %v", tc.fault, in, out)
		}
	}
	// What is bound to a stretch of history is struck in a row, without gaps.
	for _, fault := range []string{"phase", "window"} {
		least, most := 1<<30, 0
		for _, d := range struckAt(records, fault) {
			least, most = min(least, number[d.Facts[0]]), max(most, number[d.Facts[0]])
		}
		if least <= 1 || most >= len(number) {
			t.Errorf("%s struck from %d to %d of %d facts, want a part of them", fault, least, most, len(number))
		}
		t.Logf("%s: facts %d to %d of %d", fault, least, most, len(number))
	}
}

// TestCalmTail: in the last phase nothing strikes, while the plant goes on.
func TestCalmTail(t *testing.T) {
	records, findings := play(t, head+`
phases: [{name: trouble, to: {plant: 4h}}, {name: tail, calm: true}]
faults: [{id: a, fault: lose, at: erp, direction: from-sut, p: 0.5, hits: {attempts: 3}}, {id: b, fault: delay, at: mes, p: 0.5, during: {from: {plant: 1h}, to: {plant: 7h}}}]
`, 4711, true)
	calm, strikes, facts := false, map[bool]int{}, map[bool]int{}
	for _, r := range records {
		switch b := r.Body.(type) {
		case evidence.Step:
			calm = calm || (b.Name == "do phase" && b.Ref == "tail")
		case evidence.Disturbance:
			if b.Phase == evidence.Struck {
				strikes[calm]++
			}
			if b.Phase == evidence.Armed && calm {
				t.Errorf("%s was armed in the calm", b.Fault)
			}
		case evidence.Truth:
			facts[calm]++
		}
	}
	if strikes[false] == 0 || strikes[true] > 0 || facts[true] == 0 {
		t.Errorf("%d strikes before and %d in the calm, in which %d facts became true", strikes[false], strikes[true], facts[true])
	}
	if v := harness.Verdict(findings, nil); v != evidence.Holds {
		t.Errorf("the sound build: %s", v)
	}
}

// setup builds a rig around faults.
func setup(t *testing.T, faults string) (*harness.Rig, error) {
	t.Helper()
	ss, err := scenarios.Parse("x.yaml", []byte(head+"faults:\n"+faults))
	if err != nil {
		return nil, err
	}
	s, err := memory.Setup(ss[0], 1, newForwarder(true))
	if err != nil {
		t.Fatal(err)
	}
	rig, err := harness.Build(s)
	if err == nil {
		t.Cleanup(func() { _ = rig.Close() })
	}
	return rig, err
}

// TestReproducibleIsSaid: a fault that depends on when a message crosses says
// that it does not repeat.
func TestReproducibleIsSaid(t *testing.T) {
	rig, err := setup(t, `
  - {id: a, fault: lose, at: erp, direction: from-sut, p: 0.5, times: 2}
  - {id: b, fault: lose, at: erp, max: 3}
  - {id: c, fault: lose, at: erp, inFlight: 3}
  - {id: d, fault: lose, at: erp, during: {from: {plant: 1h}}}
  - {id: e, fault: lose, at: erp, during: {from: {plant: 1h}, by: fact}}
  - {id: f, fault: lose, at: erp, for: {plant: 1h}}
  - {id: g, fault: lose, at: erp, after: {fault: a}}
  - {id: h, fault: lose, at: erp, direction: from-sut, after: {fault: a, seen: retry}, hits: {struckBy: a}}
  - {id: i, fault: lose, at: erp, hits: {struckBy: b}}
  - {id: j, fault: lose, at: erp, after: {event: lot-held}}
  - {id: k, fault: lose, at: erp, while: {fault: a}}
  - {id: l, fault: lose, at: erp, while: {since: {event: lot-held}}}
  - {id: m, fault: outage, at: erp}
`)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, f := range rig.Plan.Evidence.Faults {
		if f.Reproducible {
			got += f.ID
		}
	}
	if got != "aehjl" {
		t.Errorf("reproducible: %s, want a, e, h, j and l", got)
	}
}

// TestContestsAreTold: where the order of the file matters, and nowhere else.
func TestContestsAreTold(t *testing.T) {
	rig, err := setup(t, `
  - {id: a, fault: lose, at: erp, direction: from-sut, hits: {fact: confirmation}}
  - {id: b, fault: throttle, at: erp, direction: from-sut}
  - {id: c, fault: delay, at: erp}
  - {id: d, fault: lose, at: mes}
  - {id: e, fault: lose, at: erp, direction: from-sut, hits: {fact: consumption}}
  - {id: f, fault: duplicate, at: erp, direction: from-sut}
`)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(rig.Plan.Contests(), "\n")
	for _, want := range []string{"faults a (lose) and b (throttle)", "b (throttle) and e (lose)", "c (delay) and f (duplicate)"} {
		if !strings.Contains(got, want) {
			t.Errorf("not told: %s in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n") + 1; n != 3 {
		t.Errorf("%d contests, want 3:\n%s", n, got)
	}
}

// TestConditionsThatCannotBe are refused with line and remedy.
func TestConditionsThatCannotBe(t *testing.T) {
	for line, want := range map[string]string{
		"{id: a, fault: sut-kill, at: erp, times: 2}":                                      "bound it by max",
		"{id: a, fault: sut-kill, at: erp, inFlight: 1}":                                   "bound it by max",
		"{id: a, fault: invalid-lot, times: 2}":                                            "leave out times",
		"{id: a, fault: invalid-lot, hits: {struckBy: b}}\n  - {id: b, fault: lose}":       "leave out hits.struckBy",
		"{id: a, fault: lose, at: er}":                                                     "unknown endpoint",
		"{id: a, fault: loose}":                                                            "unknown fault",
		"{id: a, fault: lose, after: {fault: c}}\n  - {id: b, fault: lose}":                `unknown fault "c"`,
		"{id: a, fault: throttle, with: {retryAfter: never}}":                              "retryAfter",
		"{id: a, fault: lose, hits: {fact: confirmaton}}":                                  "unknown kind of fact",
		"{id: a, fault: lose, while: {since: {event: lot-held, nth: 2}, same: lot}}":       "narrow it by where",
		"{id: a, fault: lose, while: {since: {event: lot-held, where: \"event.colour\"}}}": "colour",
	} {
		_, err := setup(t, "  - "+line+"\n")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), fmt.Sprintf("x.yaml:%d:", 14)) {
			t.Errorf("%s:\n%v\nwant %q in line 14", line, err, want)
		}
	}
}
