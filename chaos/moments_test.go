package chaos_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// TestKillAtALogicalTrigger plays every moment and looks at what had happened
// when the SUT was killed.
func TestKillAtALogicalTrigger(t *testing.T) {
	for _, tc := range []struct {
		moment         chaos.Moment
		applied, heard bool
	}{
		{chaos.BeforeApply, false, false},
		{chaos.AfterApply, true, false},
		{"", true, false},
		{chaos.AfterReply, true, true},
	} {
		t.Run(string(tc.moment), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLink("erp")
				l.Moments = chaos.NewMoments(l.Journal)
				var done, heard atomic.Int32
				var passed []chaos.Passage
				l.Moments.Upon(&chaos.Rule{ID: "K", Kind: "sut-kill", Direction: simulators.FromSUT, Fact: plant.KindConfirmation, Nth: 3},
					chaos.ProcessFault{Do: chaos.Kill, Moment: tc.moment}, func(p chaos.Passage) {
						passed = append(passed, p)
						if got := done.Load() == 3; got != tc.applied {
							t.Errorf("applied %d when killed, want the third %v", done.Load(), tc.applied)
						}
						if got := heard.Load() == 3; got != tc.heard {
							t.Errorf("heard %d when killed, want the third %v", heard.Load(), tc.heard)
						}
						if ss := strikes(l.Journal); len(ss) != 1 || ss[0].At != "sut" || ss[0].Fault != "K" {
							t.Errorf("the journal said %+v before the SUT was killed", ss)
						}
					})
				for i := range 4 {
					e := confirmation("1", i+1)
					l.Ordinals.Add(e.Fact)
					for range 2 { // the second time is no first time
						_, err := l.Carry(t.Context(), about("confirmations", e), simulators.FromSUT, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
							done.CompareAndSwap(int32(i), int32(i+1))
							return applied(ctx, m)
						})
						if err != nil {
							t.Fatal(err)
						}
						heard.CompareAndSwap(int32(i), int32(i+1))
						time.Sleep(time.Second)
					}
				}
				l.Wait()
				if len(passed) != 1 || passed[0].Attempt != 1 || passed[0].Message.Events[0].ID != confirmation("1", 3).ID {
					t.Errorf("killed at %+v", passed)
				}
			})
		})
	}
}

func TestMomentsAreBoundedAndShared(t *testing.T) {
	j := evidence.NewJournal(nil)
	ms := chaos.NewMoments(j)
	links := []*chaos.Link{newLink("erp"), newLink("mes")}
	var n atomic.Int32
	ms.Upon(&chaos.Rule{ID: "K", Kind: "sut-kill", Max: 3, Attempts: 1}, chaos.ProcessFault{Do: chaos.Kill}, func(chaos.Passage) { n.Add(1) })
	ms.Upon(&chaos.Rule{ID: "R", Kind: "sut-restart", Fact: plant.KindReceipt}, chaos.ProcessFault{Do: chaos.Restart}, func(chaos.Passage) { t.Error("no receipt passed") })
	elsewhere := newLink("elsewhere")
	ms.Upon(&chaos.Rule{ID: "E", Kind: "sut-kill"}, chaos.ProcessFault{Do: chaos.Kill}, func(chaos.Passage) { t.Error("nothing passed there") }, elsewhere)
	var wg sync.WaitGroup
	for _, l := range links {
		l.Journal, l.Moments = j, ms
		for i := range 20 {
			wg.Go(func() {
				if _, err := l.Carry(t.Context(), about("confirmations", confirmation("1", i+1)), simulators.FromSUT, applied); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if n.Load() != 3 || len(strikes(j)) != 3 {
		t.Errorf("struck %d times, %d in the journal; want 3", n.Load(), len(strikes(j)))
	}
	ms.HealAll()
	if ms.Heal("R") || ms.Heal("K") {
		t.Error("healed twice")
	}
	var healed []string
	for _, d := range bodies[evidence.Disturbance](j) {
		if d.Phase == evidence.Healed {
			healed = append(healed, d.Fault)
		}
	}
	if !slices.Equal(healed, []string{"K", "R", "E"}) {
		t.Errorf("healed %v", healed)
	}
}

// TestAMomentThatNeverComes: what is lost on its way was not about to be
// applied.
func TestAMomentThatNeverComes(t *testing.T) {
	l := newLink("erp")
	l.Moments = chaos.NewMoments(l.Journal)
	for _, m := range []chaos.Moment{chaos.BeforeApply, chaos.AfterApply, chaos.AfterReply} {
		l.Moments.Upon(&chaos.Rule{ID: string(m)}, chaos.ProcessFault{Moment: m}, func(p chaos.Passage) { t.Errorf("%s came", p.Moment) })
	}
	l.Arm(&chaos.Rule{ID: "F", Kind: "lose", Fault: fault(nothingArrives)})
	_, _ = l.Carry(t.Context(), about("confirmations", confirmation("1", 1)), simulators.FromSUT, applied)
	l.Wait()
}

// TestWhoIsAnsweredOnTheWayIsTold: of a message that is turned away with a
// reply only that one moment comes, and it may be the last of the SUT's life.
func TestWhoIsAnsweredOnTheWayIsTold(t *testing.T) {
	l := newLink("erp")
	l.Moments = chaos.NewMoments(l.Journal)
	came := make(chan chaos.Moment, 3)
	for _, m := range []chaos.Moment{chaos.BeforeApply, chaos.AfterApply, chaos.AfterReply} {
		l.Moments.Upon(&chaos.Rule{ID: string(m)}, chaos.ProcessFault{Moment: m, Lag: time.Nanosecond}, func(p chaos.Passage) { came <- p.Moment })
	}
	l.Arm(&chaos.Rule{ID: "F", Kind: "throttle", Fault: fault(func(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
		d.Refuse = &simulators.Refusal{Outcome: simulators.Throttled}
		return []chaos.Delivery{d}
	})})
	reply, err := l.Carry(t.Context(), about("confirmations", confirmation("1", 1)), simulators.FromSUT, applied)
	if err != nil || reply.Result.Outcome != simulators.Throttled {
		t.Fatalf("answered %+v, %v", reply.Result, err)
	}
	l.Wait()
	if first := <-came; first != chaos.AfterReply || len(came) > 0 {
		t.Errorf("%s came first, and %d more", first, len(came))
	}
}
