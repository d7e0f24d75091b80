package chaos_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// TestOnlyWhatIsHeardIsTold: a page tells nothing to who does not hear it, hears
// something else, or cannot read it.
func TestOnlyWhatIsHeardIsTold(t *testing.T) {
	told := []plant.EventID{"item-changed/A/2"}
	page := func(context.Context, simulators.Message) (simulators.Message, error) {
		return simulators.Message{Tells: told, Result: simulators.Result{Outcome: simulators.Answered, Status: 200}}, nil
	}
	for _, c := range []struct {
		name  string
		fault chaos.Fault
		want  []plant.EventID // by the first attempt that is written down
	}{
		{"nothing is wrong", nil, told},
		{"the answer is lost", &faults.AmbiguousCommit{Symptom: simulators.Reset}, nil},
		{"the question is lost", &faults.Lose{Symptom: simulators.Reset}, nil},
		{"it is refused on the way", &faults.Throttle{Attempts: 1}, nil},
		{"the answer comes when nobody waits for it", &faults.Delay{For: faults.Wall(time.Minute)}, nil},
		{"the answer is worded otherwise", reworded(chaos.DriftRenamed), nil},
		{"the answer has another member", reworded(chaos.DriftExtraField), told},
		{"this dialect cannot word it otherwise", reworded(chaos.DriftComma), told},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLink("erp")
				l.Drift = func(m simulators.Message, d chaos.Drift) (simulators.Message, bool) {
					return m, d != chaos.DriftComma
				}
				if c.fault != nil {
					l.Arm(&chaos.Rule{ID: "f", Kind: "f", Fault: c.fault})
				}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				_, _ = l.Carry(ctx, simulators.Message{Verb: "get", Name: "items"}, simulators.FromSUT, page)
				l.Wait()
				a := bodies[evidence.Attempt](l.Journal)
				if len(a) != 1 || !slices.Equal(a[0].Told, c.want) {
					t.Fatalf("%+v, want one that told %q", a, c.want)
				}
				if garbled := c.name == "the answer is worded otherwise"; a[0].Garbled != garbled {
					t.Errorf("in words that nobody agreed upon: %t", a[0].Garbled)
				}
			})
		})
	}
}

// TestACopyIsToldNothing: the SUT did not send it and hears nothing of it.
func TestACopyIsToldNothing(t *testing.T) {
	l := newLink("erp")
	l.Arm(&chaos.Rule{ID: "f", Kind: "duplicate", Fault: fault(func(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
		d.What = "doubled"
		return []chaos.Delivery{d, d}
	})})
	_, _ = l.Carry(t.Context(), simulators.Message{Verb: "get", Name: "items"}, simulators.FromSUT, func(context.Context, simulators.Message) (simulators.Message, error) {
		return simulators.Message{Tells: []plant.EventID{"item-changed/A/2"}, Result: simulators.Result{Outcome: simulators.Answered, Status: 200}}, nil
	})
	l.Wait()
	for _, a := range bodies[evidence.Attempt](l.Journal) {
		if a.Copy == (len(a.Told) > 0) {
			t.Errorf("copy %t told %q", a.Copy, a.Told)
		}
	}
}

// TestTimesOfChangeAreRounded: the journal says by how much the SUT cannot know
// when it was.
func TestTimesOfChangeAreRounded(t *testing.T) {
	ties := &faults.Pagination{Trap: faults.PageTies, Resolution: faults.Plant(time.Minute)}
	for outcome, want := range map[simulators.Outcome]time.Duration{simulators.Answered: time.Minute, simulators.Throttled: 0} {
		l := newLink("erp")
		l.Arm(&chaos.Rule{ID: "f", Kind: "pagination", Fault: ties})
		asks := &simulators.Query{Object: "item", Where: map[string]string{"by": "changed"}}
		_, _ = l.Carry(t.Context(), simulators.Message{Verb: "get", Name: "items", Asks: asks}, simulators.FromSUT, func(context.Context, simulators.Message) (simulators.Message, error) {
			m := simulators.Message{Result: simulators.Result{Outcome: outcome}}
			if outcome == simulators.Answered {
				m.Tells = []plant.EventID{"item-changed/A/2"}
			}
			return m, nil
		})
		l.Wait()
		if a := bodies[evidence.Attempt](l.Journal); len(a) != 1 || a[0].Rounded != want {
			t.Errorf("%s: %+v, want %s", outcome, a, want)
		}
	}
}

// reworded words replies otherwise.
func reworded(d chaos.Drift) chaos.Fault {
	return fault(func(on chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
		on.Drift, on.What = d, "worded otherwise"
		return []chaos.Delivery{on}
	})
}
