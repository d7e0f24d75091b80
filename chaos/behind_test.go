package chaos_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// contradict has another content follow what was taken.
type contradict struct{}

func (contradict) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	second := d
	second.Message.Events = []plant.Event{{ID: d.Message.Events[0].ID, Fact: consumption("1", 1, "OTHER").Fact}}
	second.Reword, second.Behind, second.After = true, true, time.Second
	d.What = "contradicted"
	return []chaos.Delivery{d, second}
}

// TestACopyBehindComesOnlyAfterItsOriginal: what was taken is followed by the
// copy, what was not is not, and the journal says both.
func TestACopyBehindComesOnlyAfterItsOriginal(t *testing.T) {
	for outcome, want := range map[simulators.Outcome]string{
		simulators.Accepted: "L1 accepted, OTHER accepted", simulators.Unavailable: "L1 unavailable, OTHER undelivered",
	} {
		synctest.Test(t, func(t *testing.T) {
			l := newLink("mes")
			l.Encode = func(plant.Event) ([]simulators.Message, error) {
				return []simulators.Message{{Body: []byte("other")}}, nil
			}
			l.Arm(&chaos.Rule{ID: "F", Kind: "contradiction", Fault: contradict{}})
			arrived := ""
			m, err := l.Carry(t.Context(), about("consumptions", consumption("1", 1, "L1")), simulators.ToSUT, func(_ context.Context, m simulators.Message) (simulators.Message, error) {
				arrived += fmt.Sprintf("%s %s, ", m.Events[0].Fact.Keys().Lot, m.Body)
				return simulators.Message{Result: simulators.Result{Outcome: outcome}}, nil
			})
			l.Wait()
			if err != nil || m.Result.Outcome != outcome {
				t.Errorf("its sender heard %+v, %v", m.Result, err)
			}
			offers := bodies[evidence.Offer](l.Journal)
			if len(offers) != 2 || offers[0].Copy || !offers[1].Copy || offers[1].End < time.Second || len(strikes(l.Journal)) != 1 {
				t.Fatalf("offers %+v", offers)
			}
			got := fmt.Sprintf("L1 %s, OTHER %s", offers[0].Result.Outcome, offers[1].Result.Outcome)
			if took := arrived == "L1 body, OTHER other, "; got != want || took != outcome.Took() {
				t.Errorf("arrived %q, and the journal says %s, want %s", arrived, got, want)
			}
		})
	}
}
