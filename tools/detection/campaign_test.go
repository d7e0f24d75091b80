package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/explore"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
)

// TestCampaignCountsOpenly: an alarm counts, a run in which nothing struck
// shows nothing, a fault that did not strike is no vacuous run while another
// did, and a run without a judgement is not one that holds.
func TestCampaignCountsOpenly(t *testing.T) {
	fault := func(id, kind string) scenarios.Fault {
		return scenarios.Fault{ID: id, Fault: yamlfile.Word{S: kind}}
	}
	sc := scenarios.Scenario{Metadata: scenarios.Metadata{ID: "A"}, Faults: []scenarios.Fault{fault("1", "lose"), fault("2", "delay")}}
	idle := []evidence.Finding{{Oracle: "exercise", Verdict: evidence.Vacuous}}
	c := &campaign{build: "bridge", verdicts: map[evidence.Verdict]int{}, struck: map[string]int{}, drawn: map[string]int{}, why: map[string]string{}}
	for _, p := range []explore.Progress{
		{Stage: explore.Plain},
		{Stage: explore.Swarm, Scenario: sc, Findings: idle, Struck: map[string]int{"1": 3}},
		{Stage: explore.Swarm, Scenario: sc, Findings: idle},
		{Stage: explore.Swarm, Scenario: sc, Struck: map[string]int{"2": 1}, Findings: []evidence.Finding{{Oracle: "exactly-once", Verdict: evidence.Violated}}},
		{Stage: explore.Swarm, Scenario: sc, Err: errors.New("the SUT did not start")},
	} {
		c.see(p)
	}
	if c.plain != 1 || c.runs != 4 || c.blamed() != 1 {
		t.Errorf("%+v", c)
	}
	infos := func(names ...string) (list []faults.Info) {
		for _, n := range names {
			list = append(list, faults.Info{Name: n})
		}
		return list
	}
	every := infos("lose", "delay", "reorder", "packet-loss")
	c.leave(every, infos("lose"), []string{"delay: not over files", "reorder: nor that", "packet-loss: no netem: none"})
	c.leave(every, infos("delay", "reorder"), []string{"lose: not here", "packet-loss: still none"})
	var b strings.Builder
	all := table{campaigns: []*campaign{c}, known: []string{"lose", "delay", "reorder"}}
	all.summary(&b)
	for _, text := range []string{b.String(), all.markdown(options{}), all.campaignPage(options{})} {
		for _, want := range []string{"4 campaign runs of the sound bridge", "1 violated, 1 inconclusive, 1 vacuous (no fault struck), 1 hold", "lose 1/3", "delay 1/3", "reorder 0/0", "exactly-once", "did not start",
			"not in the draw at any rig: packet-loss: no netem: none", "struck in no run: reorder"} {
			if !strings.Contains(text, want) {
				t.Errorf("lacks %q:\n%s", want, text)
			}
		}
	}
	if n := c.nowhere(); len(n) != 1 {
		t.Errorf("hosted at no rig: %v", n)
	}
	if all.blamed() != 1 {
		t.Errorf("%d blamed, want 1: the exit status depends on it", all.blamed())
	}
}

// TestWhatARigCannotDoIsToldOnce: one line for each reason.
func TestWhatARigCannotDoIsToldOnce(t *testing.T) {
	got := byReason("bridge:files", []string{"stall: no webhook: none", "flap by-rig: no webhook: none", "dns-slow: no name"})
	if want := []string{"at bridge:files stall, flap by-rig: no webhook: none", "at bridge:files dns-slow: no name"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSharesOfRigs: no run is lost, and the usual rig has two parts.
func TestSharesOfRigs(t *testing.T) {
	for _, one := range []struct {
		n, others int
		want      []int
	}{{300, 0, []int{300}}, {300, 6, []int{78, 37, 37, 37, 37, 37, 37}}, {3, 6, []int{3, 0, 0, 0, 0, 0, 0}}} {
		if got := shares(one.n, one.others); !slices.Equal(got, one.want) {
			t.Errorf("%d runs at %d rigs: %v, want %v", one.n, 1+one.others, got, one.want)
		}
	}
}

// TestBuildsAreRefusedByName: a build or a rig that is not there is told before
// anything is built.
func TestBuildsAreRefusedByName(t *testing.T) {
	t.Chdir("../..")
	for name, want := range map[string]string{"bridges": "only bridge, bridge:RIG, bridge:every and poller", "bridge:amqp": "amqp.yaml", "poller:files": "there is no sound build"} {
		if _, err := builds(t.Context(), name, t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}
