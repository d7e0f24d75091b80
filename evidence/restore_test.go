package evidence

import (
	"testing"

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
}
