package chaos_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// TestBetweenTwoMoments takes a confirmation over and posts it so long after;
// the strike comes between the two, at an instant that only chance chooses, or
// with the posting if that is sooner.
func TestBetweenTwoMoments(t *testing.T) {
	for _, c := range []struct {
		name   string
		posted time.Duration // after it was taken
		other  bool          // another fact is posted instead
		atPost bool
	}{
		{"long before it is posted", time.Hour, false, false},
		{"posted at once", time.Nanosecond, false, true},
		{"another is posted", time.Nanosecond, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var lags []time.Duration
			for range 2 { // and again the same
				synctest.Test(t, func(t *testing.T) {
					l := newLink("erp")
					l.Moments = chaos.NewMoments(l.Journal)
					began, struck := time.Now(), []time.Duration(nil)
					l.Moments.Upon(&chaos.Rule{ID: "K", Kind: "sut-kill", Direction: simulators.ToSUT, Fact: plant.KindConfirmation},
						chaos.ProcessFault{Do: chaos.Kill, Moment: chaos.AfterReply, Until: chaos.BeforeApply, Within: 100 * time.Millisecond},
						func(chaos.Passage) { struck = append(struck, time.Since(began)) })
					e, other := confirmation("1", 1), confirmation("1", 2)
					l.Ordinals.Add(e.Fact)
					l.Ordinals.Add(other.Fact)
					if _, err := l.Carry(t.Context(), about("confirmations", e), simulators.ToSUT, applied); err != nil {
						t.Fatal(err)
					}
					time.Sleep(c.posted)
					if c.other {
						e = other
					}
					if _, err := l.Carry(t.Context(), about("confirmations", e), simulators.FromSUT, applied); err != nil {
						t.Fatal(err)
					}
					now := time.Since(began)
					time.Sleep(time.Hour)
					l.Wait()
					if len(struck) != 1 || struck[0] > 100*time.Millisecond || c.atPost != (struck[0] <= now) && c.posted < time.Second {
						t.Fatalf("struck after %v; it was posted after %v", struck, now)
					}
					lags = append(lags, struck[0])
				})
			}
			if len(lags) == 2 && lags[0] != lags[1] {
				t.Errorf("one seed struck after %v", lags)
			}
		})
	}
}
