package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/examples/bridge"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/harness/shrink"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
)

// TestWhatIsEnough: ten of a single cause and both of two; one that misses by
// chance is told and does not matter, unless it was asked for.
func TestWhatIsEnough(t *testing.T) {
	one, two := proof{defect: "M01", causes: []string{"a"}}, proof{defect: "M05", causes: []string{"a", "b"}}
	for _, c := range []struct {
		name             string
		shown, missed    int
		twoShown, chosen bool
		want             bool
	}{
		{"all", 12, 0, true, false, true},
		{"one by chance", 11, 1, true, false, true},
		{"too few", 9, 3, true, false, false},
		{"one of two causes", 12, 0, false, false, false},
		{"asked for and missed", 1, 1, true, true, false},
		{"asked for and shown", 2, 0, true, true, true},
	} {
		var tl tally
		for range c.shown {
			tl.count(one, true)
		}
		for range c.missed {
			tl.count(one, false)
		}
		tl.count(two, c.twoShown)
		if got := tl.enough(c.chosen); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
		if missed := c.missed > 0 || !c.twoShown; strings.Contains(tl.String(), "out of bounds: ") != missed {
			t.Errorf("%s: told as %q", c.name, &tl)
		}
	}
}

// TestProblems: what a single cause may leave, and what two.
func TestProblems(t *testing.T) {
	fault := func(kind string, strikes int) scenarios.Fault {
		return scenarios.Fault{Fault: yamlfile.Word{S: kind}, Hits: scenarios.Hits{Strikes: make([]scenarios.Strike, strikes)}}
	}
	good := shrink.Result{Outcome: shrink.Shrunk, Orders: 1, Strikes: 1, Runs: 40, Certificate: shrink.Certificate{Rate: shrink.Rate{Hits: 19, Runs: 20}}}
	good.Scenario.Faults = []scenarios.Fault{fault("lose", 1)}
	single := proof{causes: []string{"lose"}}
	if got := single.problems(good); len(got) > 0 {
		t.Errorf("%v", got)
	}
	bad := good
	bad.Orders, bad.Runs, bad.Strikes, bad.Certificate.Rate = 4, 61, 3, shrink.Rate{Hits: 15, Runs: 17}
	bad.Scenario.Faults = []scenarios.Fault{fault("delay", 3)}
	if got := single.problems(bad); len(got) != 5 {
		t.Errorf("%v", got)
	}
	bad = good
	bad.Orders, bad.Certificate.Rate = 5, shrink.Rate{Hits: 16, Runs: 18}
	bad.Scenario.Faults = append(bad.Scenario.Faults, fault("sut-kill", 1))
	if got := (proof{causes: []string{"lose", "sut-kill"}}).problems(bad); len(got) > 0 {
		t.Errorf("two causes: %v", got)
	}
	if got := (proof{causes: []string{"lose", "duplicate"}}).problems(bad); len(got) != 1 {
		t.Errorf("one of two causes: %v", got)
	}
}

// TestProofsExist: twelve and one, of planted defects, each by a scenario that
// can be read and an oracle that there is.
func TestProofsExist(t *testing.T) {
	single := 0
	for _, p := range proofs {
		if !slices.ContainsFunc(bridge.Defects(), func(d bridge.DefectInfo) bool { return string(d.ID) == p.defect }) {
			t.Errorf("%s is not planted", p.defect)
		}
		if !slices.Contains(catalog.Standard().OracleNames(), p.oracle) {
			t.Errorf("%s is no oracle", p.oracle)
		}
		if len(p.causes) == 1 {
			single++
		}
		var err error
		if strings.HasSuffix(p.scenario, ".yaml") {
			_, err = scenarios.Load(filepath.Join(".", p.scenario))
		} else {
			_, err = scenarios.Find(p.scenario)
		}
		if err != nil {
			t.Error(err)
		}
	}
	if single < 12 || len(proofs) == single {
		t.Errorf("%d defects of a single cause of %d", single, len(proofs))
	}
}
