package reports_test

import (
	"slices"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/simulators"
)

func TestTimeline(t *testing.T) {
	r := journaltest.New()
	r.Step("sut.start")
	r.Step("play")
	r.Fault("busy", "throttle", "erp")
	e := r.Happen(journaltest.Confirmed(1, "1"))
	r.Strike("busy", "throttle", "erp", e, "answered 429")
	r.Send(journaltest.Sending{Acted: simulators.Result{Outcome: simulators.Undelivered}, Heard: simulators.Result{Outcome: simulators.Throttled}}, e)
	r.Wait(500 * time.Millisecond)
	r.Post(e)
	r.Heal("busy", "throttle", "erp")
	r.Happen(journaltest.Confirmed(2, "1"))
	r.Step("do ship")
	r.Step("settle")
	h := r.History()
	got := reports.TimelineOf(h)

	var marks []string
	for _, m := range got.Marks {
		marks = append(marks, m.Name)
	}
	if !slices.Equal(marks, []string{"play", "settle"}) {
		t.Errorf("marks are %q", marks)
	}
	if len(got.Bands) != 1 || got.Bands[0].ID != "busy" || len(got.Bands[0].Armed) != 1 || got.Bands[0].Armed[0].Open || len(got.Bands[0].Strikes) != 1 {
		t.Errorf("bands are %+v", got.Bands)
	}
	if len(got.Latency) != 1 || !got.Latency[0].Struck || got.Latency[0].Took < 500*time.Millisecond {
		t.Errorf("latencies are %+v: one fact was posted, half a second late", got.Latency)
	}
	if n := len(got.Owed); n == 0 || got.Owed[n-1].N != 1 {
		t.Errorf("the backlog is %+v and ends with one", got.Owed)
	}
	fared := [4]int{}
	for _, b := range got.Traffic {
		for i, n := range b.Fared {
			fared[i] += n
		}
	}
	if fared != [4]int{reports.FaredWell: 3, reports.FaredLater: 1} {
		t.Errorf("messages fared %v", fared)
	}
	if got.Last != h.Last() || got.Left != 0 {
		t.Errorf("last %s, left %d", got.Last, got.Left)
	}
}

// Of many facts those stay that stand out, and the rest is counted.
func TestTimelineThins(t *testing.T) {
	r := journaltest.New()
	const facts = 5 * reports.Most
	for i := range facts {
		e := r.Happen(journaltest.Confirmed(i+1, "1"))
		if i == 1234 {
			r.Wait(time.Minute)
		}
		r.Post(e)
	}
	got := reports.TimelineOf(r.History())
	if n := len(got.Latency); n > reports.Most+1 {
		t.Errorf("%d points are kept", n)
	}
	slowest := slices.MaxFunc(got.Latency, func(a, b reports.Point) int { return int(a.Took - b.Took) })
	if slowest.Took < time.Minute {
		t.Errorf("the slowest fact was left out; the slowest kept took %s", slowest.Took)
	}
	if got.Left < facts-reports.Most {
		t.Errorf("%d are said to be left out", got.Left)
	}
	if n := len(got.Owed); got.Owed[n-1].N != 0 {
		t.Error("the backlog does not end as it did")
	}
}

// A journal without time or facts makes an empty timeline, no panic.
func TestTimelineOfNothing(t *testing.T) {
	if got := reports.TimelineOf(evidence.NewHistory(nil)); got.Last != 0 || len(got.Traffic) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestOutcome(t *testing.T) {
	twice := evidence.Finding{Oracle: "exactly-once", ID: "O1", Verdict: evidence.Violated, Rule: "r"}
	for _, c := range []struct {
		name string
		give reports.Scenario
		want string
	}{
		{"holds", reports.Scenario{}, ""},
		{"the rig's own trouble", reports.Scenario{Error: "no port", Findings: []evidence.Finding{twice}}, "no port"},
		{"worst only, counted", reports.Scenario{Verdict: evidence.Violated, Findings: []evidence.Finding{twice, twice,
			{Oracle: "recovery", ID: "O13", Verdict: evidence.Inconclusive}}}, "2× exactly-once (O1)"},
	} {
		if got := c.give.Outcome(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSentence(t *testing.T) {
	of := func(vs ...evidence.Verdict) reports.Gate {
		g := reports.Gate{}
		for _, v := range vs {
			g.Scenarios = append(g.Scenarios, reports.Scenario{Verdict: v})
			g.Verdict = max(g.Verdict, v)
		}
		return g
	}
	for _, c := range []struct {
		give reports.Gate
		want string
	}{
		{of(), "Nothing was run, so nothing is known."},
		{of(evidence.Holds), "The scenario held: the books show what happened in the plant."},
		{of(evidence.Holds, evidence.Holds), "All 2 scenarios held: the books show what happened in the plant."},
		{of(evidence.Holds, evidence.Violated), "Do not release: 1 scenario of 2 broke a promise."},
		{of(evidence.Inconclusive, evidence.Holds), "Nothing was shown to be broken, but 1 scenario of 2 could not be decided."},
		{of(evidence.Vacuous, evidence.Vacuous), "Nothing was shown to be broken, but 2 scenarios of 2 did not exercise what it is about."},
	} {
		if got := c.give.Sentence(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
