package evidence

import (
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// TestRestoredStateIsForgivenOnlyWhatItForgot puts a backup back between a few
// confirmations: only what was taken in between and never posted may be missing.
func TestRestoredStateIsForgivenOnlyWhatItForgot(t *testing.T) {
	b := newBook()
	before := b.truth(confirmation(1, "5"))
	b.offer(before, simulators.Applied)
	backup := b.records[len(b.records)-1].At
	forgot := b.truth(confirmation(2, "5"))
	b.offer(forgot, simulators.Applied)
	posted := b.truth(confirmation(3, "5"))
	b.offer(posted, simulators.Applied)
	b.post(posted)
	again := b.truth(confirmation(4, "5"))
	b.offer(again, simulators.Applied)
	b.add(Step{Name: StepRestore, Args: map[string]string{ArgBackup: backup.String()}})
	b.offer(again, simulators.Applied)
	after := b.truth(confirmation(5, "5"))
	b.offer(after, simulators.Applied)
	h := b.history()
	for id, want := range map[plant.EventID]Status{before.ID: Must, forgot.ID: May, posted.ID: Must, again.ID: Must, after.ID: Must} {
		if f := h.Fact(id); f.Status != want {
			t.Errorf("%s: got %s (%s), want %s", id, f.Status, f.WhyStatus, want)
		}
	}
	for id, want := range map[plant.EventID]bool{before.ID: false, forgot.ID: true, posted.ID: true, again.ID: false, after.ID: false} {
		if f := h.Fact(id); f.Forgotten != want {
			t.Errorf("%s: forgotten %t, want %t", id, f.Forgotten, want)
		}
	}
}

// TestRestoredStateIsForgivenWhatWaitsForAForgottenDecision: a build that keeps
// what uses a held lot, and has forgotten that the lot was decided, cannot know
// better. If the hold is forgotten too, or the decision told again, it can.
func TestRestoredStateIsForgivenWhatWaitsForAForgottenDecision(t *testing.T) {
	lot := plant.LotID("L-1")
	held, decided := plant.LotHeld{Lot: lot, Case: "QC-1"}, plant.LotDecided{Lot: lot, Case: "QC-1", Decision: plant.DecideRelease}
	for name, c := range map[string]struct {
		heldAfter, again, otherCase bool
		want                        Status
	}{
		"the decision alone is forgotten": {want: May},
		"so is the hold":                  {heldAfter: true, want: Must},
		"it is told again":                {again: true, want: Must},
		"it was about another case":       {otherCase: true, want: Must},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook()
			b.offer(b.truth(confirmation(1, "5")), simulators.Applied)
			backup := b.records[len(b.records)-1].At
			if c.heldAfter {
				b.offer(b.truth(confirmation(2, "5")), simulators.Applied)
			}
			b.offer(b.truth(held), simulators.Applied)
			if !c.heldAfter {
				backup = b.records[len(b.records)-1].At
			}
			d := decided
			if c.otherCase {
				d.Case = "QC-2"
			}
			decision := b.truth(d)
			b.offer(decision, simulators.Applied)
			b.post(decision)
			b.add(Step{Name: StepRestore, Args: map[string]string{ArgBackup: backup.String()}})
			if c.again {
				b.offer(decision, simulators.Applied)
			}
			receipt := b.truth(plant.Received{Order: "4711", Counter: 1, Material: "A", Lot: lot, Quantity: confirmation(1, "5").Yield})
			b.offer(receipt, simulators.Applied)
			other := b.truth(plant.Received{Order: "4711", Counter: 2, Material: "A", Lot: "L-2", Quantity: confirmation(1, "5").Yield})
			b.offer(other, simulators.Applied)
			h := b.history()
			if f := h.Fact(receipt.ID); f.Status != c.want {
				t.Errorf("got %s (%s), want %s", f.Status, f.WhyStatus, c.want)
			}
			if f := h.Fact(other.ID); f.Status != Must {
				t.Errorf("of another lot: got %s (%s)", f.Status, f.WhyStatus)
			}
		})
	}
}

// TestForgot: what was learned between a backup and the moment it was put back
// is forgotten from that moment on.
func TestForgot(t *testing.T) {
	at := func(ms int) time.Duration { return time.Duration(ms) * time.Millisecond }
	h := NewHistory([]Record{
		{Seq: 1, Body: Begin{}},
		{Seq: 2, At: at(300), Body: Step{Name: StepRestore, Args: map[string]string{ArgBackup: at(100).String()}}},
		{Seq: 3, At: at(900), Body: End{Quiet: true}},
	})
	for _, c := range []struct {
		learned, by int
		want        bool
	}{{50, 400, false}, {200, 250, false}, {200, 400, true}, {350, 400, false}} {
		if got := h.Forgot(at(c.learned), at(c.by)); got != c.want {
			t.Errorf("learned at %d, forgotten at %d: %t, want %t", c.learned, c.by, got, c.want)
		}
	}
}
