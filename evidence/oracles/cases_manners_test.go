package oracles_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// swallow has a fault of connections strike the road to an endpoint, and heals
// it.
func swallow(r *journaltest.Run, at string) {
	r.Fault("hole", "black-hole", at)
	r.Add(evidence.Disturbance{Fault: "hole", Kind: "black-hole", Phase: evidence.Struck, At: at, Key: "connection 4"})
	r.Wait(time.Second)
	r.Heal("hole", "black-hole", at)
}

func TestThrottleCompliance(t *testing.T) {
	conf := journaltest.Confirmed
	turnedAway := func(r *journaltest.Run, heard simulators.Result) plant.Event {
		e := r.Happen(conf(1, "5.013"))
		r.Send(journaltest.Sending{Acted: undelivered, Heard: heard}, e)
		return e
	}
	// slow has a fault strike a reply, and what follows on its connection.
	slow := func(r *journaltest.Run, lasting bool) {
		r.Fault("slow", "slow-first-byte", "erp")
		e := r.Do(conf(7, "3"))
		r.Add(evidence.Disturbance{Fault: "slow", Kind: "slow-first-byte", Phase: evidence.Struck, At: "erp", Message: 77, Facts: []plant.EventID{e.ID}, Lasting: lasting})
	}
	run(t, "throttle-compliance", []testCase{
		{name: "no throttling", build: func(r *journaltest.Run) { r.Do(conf(1, "5.013")) }, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "waited", build: func(r *journaltest.Run) {
			e := turnedAway(r, busy)
			r.Wait(2 * time.Second)
			r.Post(e)
		}, want: evidence.Holds},
		{name: "did not wait", build: func(r *journaltest.Run) {
			e := turnedAway(r, busy)
			r.Wait(time.Second)
			r.Post(e)
		}, want: evidence.Violated, rule: "retry-after-ignored", says: "429 throttled"},
		{name: "another message of the same endpoint", build: func(r *journaltest.Run) {
			turnedAway(r, busy)
			r.Wait(300 * time.Millisecond)
			r.Do(conf(2, "7.041"))
		}, want: evidence.Violated},
		{name: "another message that was on its way", build: func(r *journaltest.Run) {
			turnedAway(r, busy)
			r.Do(conf(2, "7.041"))
		}, want: evidence.Holds},
		{name: "told on a road that swallowed it", build: func(r *journaltest.Run) {
			swallow(r, "erp")
			e := turnedAway(r, busy)
			r.Wait(300 * time.Millisecond)
			r.Post(e)
		}, want: evidence.Vacuous},
		{name: "told while another road swallows everything", build: func(r *journaltest.Run) {
			swallow(r, "mes")
			e := turnedAway(r, busy)
			r.Wait(300 * time.Millisecond)
			r.Post(e)
		}, want: evidence.Violated},
		{name: "told on a connection that a fault had slowed down before", build: func(r *journaltest.Run) {
			slow(r, true)
			e := turnedAway(r, busy)
			r.Wait(300 * time.Millisecond)
			r.Post(e)
		}, want: evidence.Vacuous},
		{name: "told after a fault had hidden one reply", build: func(r *journaltest.Run) {
			slow(r, false)
			e := turnedAway(r, busy)
			r.Wait(300 * time.Millisecond)
			r.Post(e)
		}, want: evidence.Violated},
		{name: "told before a fault slowed a connection down", build: func(r *journaltest.Run) {
			e := turnedAway(r, busy)
			r.Wait(300 * time.Millisecond)
			r.Post(e)
			slow(r, true)
		}, want: evidence.Violated},
		{name: "told long after the road was good again", build: func(r *journaltest.Run) {
			swallow(r, "erp")
			r.Wait(2 * time.Second)
			e := turnedAway(r, busy)
			r.Wait(300 * time.Millisecond)
			r.Post(e)
		}, want: evidence.Violated},
		{name: "what a road had held back comes after the reply", build: func(r *journaltest.Run) {
			turnedAway(r, busy)
			r.Wait(300 * time.Millisecond)
			swallow(r, "erp")
			r.Wait(-900 * time.Millisecond)
			r.Do(conf(2, "7.041"))
		}, want: evidence.Holds},
		{name: "the message itself was on no way", build: func(r *journaltest.Run) {
			e := turnedAway(r, busy)
			r.Wait(10 * time.Millisecond)
			r.Post(e)
		}, want: evidence.Violated, rule: "retry-after-ignored"},
		{name: "turned away again and again, others", build: func(r *journaltest.Run) {
			for n := range 60 { // each crosses the one before, none the first
				r.Send(journaltest.Sending{Acted: busy}, r.Happen(conf(n+1, "5")))
			}
		}, want: evidence.Violated},
		{name: "another endpoint", build: func(r *journaltest.Run) {
			turnedAway(r, busy)
			r.Do(journaltest.Released())
		}, want: evidence.Holds},
		{name: "an outage with a time", build: func(r *journaltest.Run) {
			o := outage
			o.RetryAfter = 3 * time.Second
			e := turnedAway(r, o)
			r.Wait(2 * time.Second)
			r.Post(e)
		}, want: evidence.Violated},
		{name: "no time was told", build: func(r *journaltest.Run) {
			b := busy
			b.RetryAfter = 0
			r.Post(turnedAway(r, b))
		}, want: evidence.Vacuous},
		{name: "the reply never arrived", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			r.Send(journaltest.Sending{Acted: busy, Heard: noReply}, e)
			r.Post(e)
		}, want: evidence.Vacuous},
		{name: "crossed the reply", build: func(r *journaltest.Run) {
			e, f := r.Happen(conf(1, "5.013")), r.Happen(conf(2, "7.041"))
			r.Send(journaltest.Sending{Acted: undelivered, Heard: busy}, e)
			r.Wait(-10 * time.Millisecond)
			r.Post(f)
		}, want: evidence.Holds},
		{name: "an HTTP date lacks up to a second", build: func(r *journaltest.Run) {
			p := r.Plan.Endpoints["erp"]
			p.Policy.Quota.RetryAfter = simulators.RetryDate
			r.Plan.Endpoints["erp"] = p
			e := turnedAway(r, busy)
			r.Wait(1100 * time.Millisecond)
			r.Post(e)
		}, want: evidence.Holds},
		{name: "an HTTP date is no excuse for more", build: func(r *journaltest.Run) {
			p := r.Plan.Endpoints["erp"]
			p.Policy.Quota.RetryAfter = simulators.RetryDate
			r.Plan.Endpoints["erp"] = p
			e := turnedAway(r, busy)
			r.Wait(500 * time.Millisecond)
			r.Post(e)
		}, want: evidence.Violated},
		{name: "a fault answered and nobody noted how: it may have been a date", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			r.Send(journaltest.Sending{Acted: undelivered, Heard: busy, Faults: []string{"f"}}, e)
			r.Wait(1100 * time.Millisecond)
			r.Post(e)
		}, want: evidence.Holds},
		{name: "a fault answered in seconds", build: func(r *journaltest.Run) {
			e, b := r.Happen(conf(1, "5.013")), busy
			b.RetryForm = simulators.RetrySeconds
			r.Send(journaltest.Sending{Acted: undelivered, Heard: b, Faults: []string{"f"}}, e)
			r.Wait(1100 * time.Millisecond)
			r.Post(e)
		}, want: evidence.Violated},
		{name: "the scenario had changed the policy", build: func(r *journaltest.Run) {
			r.Add(evidence.Step{Name: "do policy", Args: map[string]string{"at": "erp"}})
			e := turnedAway(r, busy)
			r.Wait(1100 * time.Millisecond)
			r.Post(e)
		}, want: evidence.Holds},
		{name: "a shorter wait told later does not end a longer one", build: func(r *journaltest.Run) {
			e, f := r.Happen(conf(1, "5.013")), r.Happen(conf(2, "7.041"))
			long := busy
			long.RetryAfter = 10 * time.Second
			r.Send(journaltest.Sending{Acted: undelivered, Heard: long}, e)
			r.Wait(-12 * time.Millisecond)
			r.Send(journaltest.Sending{Acted: undelivered, Heard: busy}, f)
			r.Wait(3 * time.Second)
			r.Post(f)
		}, want: evidence.Violated},
		{name: "forgotten in a restart", build: func(r *journaltest.Run) {
			e := turnedAway(r, busy)
			r.Step("sut.kill")
			r.Step("sut.start")
			r.Post(e)
		}, want: evidence.Holds},
		{name: "a token may be asked for", build: func(r *journaltest.Run) {
			e := turnedAway(r, busy)
			r.Token("erp")
			r.Wait(2 * time.Second)
			r.Post(e)
		}, want: evidence.Holds},
	})
}

func TestRetryDiscipline(t *testing.T) {
	conf := journaltest.Confirmed
	again := func(n int, gap time.Duration, s journaltest.Sending) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			for range n {
				r.Send(s, e)
				r.Wait(gap)
			}
		}
	}
	retry := func(first, second journaltest.Sending) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			r.Send(first, e)
			r.Wait(100 * time.Millisecond)
			r.Send(second, e)
		}
	}
	down := journaltest.Sending{Acted: undelivered, Heard: outage}
	run(t, "retry-discipline", []testCase{
		{name: "nothing repeated", build: func(r *journaltest.Run) { r.Do(conf(1, "5")) }, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "patient", build: again(8, 100*time.Millisecond, down), want: evidence.Holds},
		{name: "as often as allowed", build: again(50, 100*time.Millisecond, down), want: evidence.Holds},
		{name: "without end", build: again(51, 100*time.Millisecond, down), want: evidence.Violated, rule: "too-many-attempts"},
		{name: "more than the plan allows", build: func(r *journaltest.Run) {
			r.Plan.Retry.MaxAttempts = 3
			again(4, 100*time.Millisecond, down)(r)
		}, want: evidence.Violated, rule: "too-many-attempts"},
		{name: "without pause", build: again(8, -9*time.Millisecond, down), want: evidence.Violated, rule: "retried-without-pause", says: "7 of 7"},
		{name: "once at once", build: again(2, -9*time.Millisecond, down), want: evidence.Holds},
		{name: "once at once against a stated gap", build: func(r *journaltest.Run) {
			r.Plan.Retry.MinGap = 5
			again(2, -9*time.Millisecond, down)(r)
		}, want: evidence.Violated, rule: "retried-without-pause"},
		{name: "at once with a fresh token", build: again(3, -9*time.Millisecond, journaltest.Sending{Acted: noToken}), want: evidence.Holds},
		{name: "refused and repeated", build: again(4, time.Second, journaltest.Sending{Acted: expired}), want: evidence.Violated, rule: "refused-and-repeated", says: "sent again unchanged 3 times"},
		{name: "refused and repeated once", build: again(2, time.Second, journaltest.Sending{Acted: expired}), want: evidence.Holds},
		{name: "known already is no refusal", build: again(4, time.Second, journaltest.Sending{Acted: already}), want: evidence.Holds},
		{name: "refused, and again after something had changed", build: func(r *journaltest.Run) {
			e := r.Happen(journaltest.Consumed(1, "2", "KG"))
			for n := range 3 {
				r.Send(journaltest.Sending{Acted: closed}, e)
				r.Happen(journaltest.Decided("L-7", plant.CaseID(fmt.Sprint(n)), plant.DecideRelease))
			}
		}, want: evidence.Holds},
		{name: "refused, and without end after something had changed once", build: func(r *journaltest.Run) {
			e := r.Happen(journaltest.Consumed(1, "2", "KG"))
			for n := range 12 {
				r.Send(journaltest.Sending{Acted: closed}, e)
				r.Wait(time.Second)
				if n == 1 {
					r.Do(journaltest.Decided("L-7", "Q-1", plant.DecideRelease))
				}
			}
		}, want: evidence.Violated, rule: "refused-and-repeated", says: "sent again unchanged 10 times"},
		{name: "refused while what it waited for became known", build: func(r *journaltest.Run) {
			e := r.Happen(journaltest.Consumed(1, "2", "KG"))
			r.Send(journaltest.Sending{Acted: closed}, e)
			for n := range 3 {
				d := r.Truth(journaltest.Decided("L-7", plant.CaseID(fmt.Sprint(n)), plant.DecideRelease))
				r.Send(journaltest.Sending{Acted: closed}, e)
				r.Offer(simulators.Applied, d)
				r.Send(journaltest.Sending{Acted: closed}, e)
			}
		}, want: evidence.Holds},
		{name: "key kept", build: retry(journaltest.Sending{Key: "k", Heard: noReply}, journaltest.Sending{Key: "k", Acted: simulators.Result{Outcome: simulators.Repeated}}), want: evidence.Holds},
		{name: "key changed", build: retry(journaltest.Sending{Key: "k1", Heard: noReply}, journaltest.Sending{Key: "k2"}), want: evidence.Violated, rule: "key-changed", says: `"k1", and after no reply "k2"`},
		{name: "a new key after a refusal", build: retry(journaltest.Sending{Key: "k1", Acted: closed}, journaltest.Sending{Key: "k2"}), want: evidence.Holds},
		{name: "no key at all after a lost reply", build: retry(journaltest.Sending{Key: "-", Heard: noReply}, journaltest.Sending{Key: "-"}), want: evidence.Violated, rule: "retry-without-key"},
		{name: "no key where none is honoured", build: func(r *journaltest.Run) {
			sink(r, simulators.Policy{Dedupe: simulators.DedupeNatural})
			retry(journaltest.Sending{Key: "-", Heard: noReply}, journaltest.Sending{Key: "-", Acted: already})(r)
		}, want: evidence.Holds},
		{name: "one key for two facts", build: func(r *journaltest.Run) {
			r.Send(journaltest.Sending{Key: "order"}, r.Happen(conf(1, "5.013")))
			r.Send(journaltest.Sending{Key: "order", Acted: simulators.Result{Outcome: simulators.Repeated}}, r.Happen(conf(2, "7.041")))
		}, want: evidence.Violated, rule: "key-shared"},
		{name: "one key for two facts, the first of which our own fault kept from arriving", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			r.Send(journaltest.Sending{Key: "a", Acted: undelivered, Heard: busy, Faults: []string{"f"}}, e)
			r.Wait(3 * time.Second)
			r.Send(journaltest.Sending{Key: "a"}, e)
			r.Send(journaltest.Sending{Key: "b"}, r.Happen(conf(2, "7.041")))
		}, want: evidence.Holds},
		{name: "a batch repeated under its key", build: func(r *journaltest.Run) {
			a, b := r.Happen(conf(1, "5.013")), r.Happen(conf(2, "7.041"))
			lose(r, "batch", a, b)
			r.Send(journaltest.Sending{Key: "batch", Acted: simulators.Result{Outcome: simulators.Repeated}}, a, b)
		}, want: evidence.Holds},
		{name: "one key in two systems", build: func(r *journaltest.Run) {
			r.Send(journaltest.Sending{Key: "k"}, r.Happen(conf(1, "5.013")))
			r.Send(journaltest.Sending{Key: "k"}, r.Happen(journaltest.Released()))
		}, want: evidence.Vacuous},
		{name: "payload changed under the key", build: retry(journaltest.Sending{Key: "k", Digest: "aa", Heard: noReply}, journaltest.Sending{Key: "k", Digest: "bb", Acted: expired}), want: evidence.Violated, rule: "payload-changed-under-key"},
		{name: "payload altered by our own fault", build: retry(journaltest.Sending{Key: "k", Digest: "aa", Heard: noReply, Faults: []string{"f"}}, journaltest.Sending{Key: "k", Digest: "bb"}), want: evidence.Holds},
		{name: "copies our own fault made", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			r.Send(journaltest.Sending{Faults: []string{"dup"}}, e)
			for range 60 {
				r.Send(journaltest.Sending{Faults: []string{"dup"}, CopyOf: 1, Acted: simulators.Result{Outcome: simulators.Repeated}}, e)
			}
		}, want: evidence.Vacuous},
		{name: "went on in doubt", build: func(r *journaltest.Run) {
			r.Plan.Delivers.Posting = evidence.StopInDoubt
			sink(r, simulators.Policy{})
			retry(journaltest.Sending{Key: "-", Heard: noReply}, journaltest.Sending{Key: "-"})(r)
		}, want: evidence.Violated, rule: "went-on-in-doubt"},
		{name: "messages that name no fact are held to the same rules", build: func(r *journaltest.Run) {
			c := conf(1, "9")
			c.Order = "9999"
			for range 4 {
				r.Send(journaltest.Sending{Acted: expired}, plant.Event{Fact: c})
				r.Wait(time.Second)
			}
		}, want: evidence.Violated, rule: "refused-and-repeated"},
		{name: "refused, and killed before it could note that, each time", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			for range 4 {
				r.Send(journaltest.Sending{Acted: closed}, e)
				r.Wait(50 * time.Millisecond)
				r.Step("sut.kill")
				r.Step("sut.start")
				r.Wait(time.Second)
			}
			r.Send(journaltest.Sending{Acted: closed}, e)
		}, want: evidence.Holds},
		{name: "refused, and an older state put back, each time", build: func(r *journaltest.Run) {
			backup := r.Now()
			e := r.Happen(conf(1, "5.013"))
			for range 4 {
				r.Send(journaltest.Sending{Acted: closed}, e)
				r.Wait(time.Second)
				r.Add(evidence.Step{Name: evidence.StepRestore, Args: map[string]string{evidence.ArgBackup: backup.String()}})
			}
			r.Send(journaltest.Sending{Acted: closed}, e)
		}, want: evidence.Holds},
		{name: "refused on a connection whose replies trickle, each time", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			r.Fault("slow", "trickle", "erp")
			r.Add(evidence.Disturbance{Fault: "slow", Kind: "trickle", Phase: evidence.Struck, At: "erp", Message: 77, Facts: []plant.EventID{"confirmation/of/another"}, Lasting: true})
			for range 4 {
				r.Send(journaltest.Sending{Acted: closed}, e)
				r.Wait(time.Second)
			}
		}, want: evidence.Holds},
		{name: "refused while the SUT was off the network, each time", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			for range 4 {
				r.Step("sut.detach")
				r.Send(journaltest.Sending{Acted: closed}, e)
				r.Step("sut.attach")
				r.Wait(3 * time.Second)
			}
		}, want: evidence.Holds},
		{name: "refused, and killed long after that, each time", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			for range 4 {
				r.Send(journaltest.Sending{Acted: closed}, e)
				r.Wait(time.Second)
				r.Step("sut.kill")
				r.Step("sut.start")
			}
		}, want: evidence.Violated, rule: "refused-and-repeated"},
	})
}

func TestDeadLetter(t *testing.T) {
	conf := journaltest.Confirmed
	refusedThen := func(no simulators.Result, then ...simulators.Class) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			r.Send(journaltest.Sending{Acted: no}, e)
			for _, c := range then {
				r.Surface(e, c)
			}
		}
	}
	spoilt := func(then ...simulators.Class) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			r.Fault("f", "invalid-lot", "mes")
			e := r.Truth(journaltest.Consumed(1, "2.5", "KG"))
			r.Spoil("f", "invalid-lot", "mes", e)
			r.Offer(simulators.Applied, e)
			for _, c := range then {
				r.Surface(e, c)
			}
		}
	}
	checkedLater := func(then simulators.Class) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			spoilt()(r)
			r.Send(journaltest.Sending{Acted: simulators.Result{Outcome: simulators.Accepted}}, plant.Event{Fact: journaltest.Consumed(1, "2.5", "KG")})
			r.Surface(plant.Event{Fact: journaltest.Consumed(1, "2.5", "KG")}, then)
		}
	}
	turnedAway := func(n int, heard simulators.Result, then ...simulators.Class) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			for range n {
				r.Send(journaltest.Sending{Acted: undelivered, Heard: heard}, e)
				r.Wait(3 * time.Second)
			}
			for _, c := range then {
				r.Surface(e, c)
			}
		}
	}
	strangely := func(heard simulators.Result, then simulators.Class) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			r.Send(journaltest.Sending{Acted: heard, Garbled: true}, e)
			r.Surface(e, then)
		}
	}
	unasked := func(at string, then simulators.Class) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			r.Do(journaltest.Released())
			r.Fault("gone", "dns-nxdomain", at)
			e := r.Happen(conf(1, "5.013"))
			r.Add(evidence.Disturbance{Fault: "gone", Kind: "dns-nxdomain", Phase: evidence.Struck, At: at, What: "asked for its name, which does not exist"})
			r.Surface(e, then)
		}
	}
	run(t, "dead-letter", []testCase{
		{name: "not asked, as it could not be reached, and called refused", build: unasked("erp", simulators.Business), want: evidence.Violated, rule: "unreached-and-refused", says: "no attempt that reached erp"},
		{name: "not asked, as it could not be reached, and called technical", build: unasked("erp", simulators.Technical), want: evidence.Holds},
		{name: "not asked, and nothing in the way", build: unasked("mes", simulators.Business), want: evidence.Holds},
		{name: "nothing refused", build: func(r *journaltest.Run) { r.Do(conf(1, "5")) }, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "refused and reported", build: refusedThen(closed, simulators.Business), want: evidence.Holds},
		{name: "refused and not reported", build: refusedThen(closed), want: evidence.Violated, rule: "refused-and-not-reported"},
		{name: "refused, and the run not at rest", build: refusedThen(closed), end: restless, want: evidence.Inconclusive},
		{name: "wrong class", build: refusedThen(expired, simulators.Business), want: evidence.Violated, rule: "wrong-class", says: "class data-quality"},
		{name: "wrong class, by an answer whose words were others than agreed", build: strangely(expired, simulators.Business), want: evidence.Holds},
		{name: "throttled in other words than agreed, and taken for a refusal", build: strangely(busy, simulators.DataQuality), want: evidence.Holds},
		{name: "reported twice", build: refusedThen(closed, simulators.Business, simulators.Business), want: evidence.Violated, rule: "reported-twice"},
		{name: "invalid and reported", build: spoilt(simulators.DataQuality), want: evidence.Holds},
		{name: "invalid and not reported", build: spoilt(), want: evidence.Violated, rule: "refused-and-not-reported", says: "class data-quality"},
		{name: "invalid, and forgotten with the state that was put back", build: func(r *journaltest.Run) {
			backup := r.Now()
			spoilt()(r)
			r.Add(evidence.Step{Name: evidence.StepRestore, Args: map[string]string{evidence.ArgBackup: backup.String()}})
		}, want: evidence.Vacuous},
		{name: "invalid, and known from before the state that was put back", build: func(r *journaltest.Run) {
			spoilt()(r)
			r.Wait(time.Second)
			r.Add(evidence.Step{Name: evidence.StepRestore, Args: map[string]string{evidence.ArgBackup: (r.Now() - time.Millisecond).String()}})
		}, want: evidence.Violated, rule: "refused-and-not-reported"},
		{name: "invalid and called technical", build: spoilt(simulators.Technical), want: evidence.Violated, rule: "wrong-class"},
		{name: "invalid and called a matter of business, without having asked", build: spoilt(simulators.Business), want: evidence.Violated, rule: "wrong-class"},
		{name: "invalid, accepted and refused later for a reason of the system's own", build: checkedLater(simulators.Business), want: evidence.Holds},
		{name: "invalid, accepted and refused later for it", build: checkedLater(simulators.DataQuality), want: evidence.Holds},
		{name: "invalid, accepted and called technical", build: checkedLater(simulators.Technical), want: evidence.Violated, rule: "wrong-class", says: "class data-quality"},
		{name: "invalid and refused at intake", build: func(r *journaltest.Run) {
			r.Fault("f", "invalid-lot", "mes")
			e := r.Truth(journaltest.Consumed(1, "2.5", "KG"))
			r.Spoil("f", "invalid-lot", "mes", e)
			r.Offer(simulators.Refused, e)
		}, want: evidence.Vacuous},
		{name: "throttling taken for a refusal", build: turnedAway(1, busy, simulators.Business), want: evidence.Violated, rule: "wrong-class", says: "never refused it"},
		{name: "given up after one attempt", build: turnedAway(1, busy, simulators.Technical), want: evidence.Violated, rule: "given-up-too-soon"},
		{name: "stopped in doubt, as promised", build: func(r *journaltest.Run) {
			r.Plan.Delivers.Posting = evidence.StopInDoubt
			turnedAway(1, noReply, simulators.Technical)(r)
		}, want: evidence.Holds},
		{name: "stopped in doubt against the promise", build: turnedAway(1, noReply, simulators.Technical), want: evidence.Violated, rule: "given-up-too-soon"},
		{name: "promised to stop in doubt, and stopped without doubt", build: func(r *journaltest.Run) {
			r.Plan.Delivers.Posting = evidence.StopInDoubt
			turnedAway(1, busy, simulators.Technical)(r)
		}, want: evidence.Violated, rule: "given-up-too-soon"},
		{name: "a refused older version", build: func(r *journaltest.Run) {
			r.Do(journaltest.Released())
			e := r.Happen(journaltest.Changed(2, "90"))
			r.Do(journaltest.Changed(3, "80"))
			r.Send(journaltest.Sending{Acted: closed}, e)
		}, want: evidence.Vacuous},
		{name: "refused first, posted later", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			r.Send(journaltest.Sending{Acted: closed}, e)
			r.Post(e)
		}, want: evidence.Vacuous},
		{name: "in nobody's books", build: func(r *journaltest.Run) {
			r.Surface(r.Happen(plant.MachineCounted{Machine: "M-1", Counter: 1, Count: 3}), simulators.Business)
		}, want: evidence.Vacuous},
		{name: "given up after many", build: turnedAway(5, outage, simulators.Technical), want: evidence.Holds},
		{name: "known already needs no exception", build: func(r *journaltest.Run) {
			sink(r, simulators.Policy{Dedupe: simulators.DedupeNatural})
			e := r.Happen(conf(1, "5.013"))
			lose(r, "", e)
			r.Send(journaltest.Sending{Acted: already}, e)
		}, want: evidence.Vacuous},
		{name: "reported though posted", build: func(r *journaltest.Run) { r.Surface(r.Do(conf(1, "5.013")), simulators.Technical) }, want: evidence.Violated, rule: "reported-though-posted"},
		{name: "reported, then posted and closed", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			r.Send(journaltest.Sending{Acted: closed}, e)
			r.Surface(e, simulators.Business)
			r.Post(e)
			r.Add(evidence.Surface{Class: simulators.Business, Reference: string(e.ID), Closed: true})
		}, want: evidence.Holds},
		{name: "reported in doubt", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			lose(r, "", e)
			r.Surface(e, simulators.Technical)
		}, want: evidence.Holds},
		{name: "reported again after a restart", build: func(r *journaltest.Run) {
			refusedThen(closed, simulators.Business)(r)
			r.Step("sut.kill")
			r.Step("sut.start")
			r.Add(evidence.Surface{Class: simulators.Business, Kind: plant.KindConfirmation, Keys: conf(1, "5").Keys()})
		}, want: evidence.Holds},
		{name: "about nothing that happened", build: func(r *journaltest.Run) {
			r.Add(evidence.Surface{Class: simulators.Business, Kind: plant.KindConfirmation, Reference: "confirmation/1/2/3"})
		}, want: evidence.Violated, rule: "reported-without-fact"},
		{name: "an alarm without keys", build: func(r *journaltest.Run) {
			r.Add(evidence.Surface{Class: simulators.Technical, Reason: "erp does not answer"})
		}, want: evidence.Holds},
		{name: "found by keys alone", build: func(r *journaltest.Run) {
			r.Do(conf(1, "5.013"))
			r.Send(journaltest.Sending{Acted: closed}, r.Happen(conf(2, "7.041")))
			r.Add(evidence.Surface{Class: simulators.Business, Kind: plant.KindConfirmation, Keys: plant.Keys{Order: journaltest.Order, Operation: "0010"}})
		}, want: evidence.Holds},
		{name: "a build without exceptions", build: func(r *journaltest.Run) {
			r.Plan.Delivers.Exceptions = false
			refusedThen(closed)(r)
		}, want: evidence.Inconclusive},
	})
}

func TestRecovery(t *testing.T) {
	conf := journaltest.Confirmed
	healed := func(after time.Duration, post bool) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			r.Fault("wan", "network-loss", "erp")
			e := r.Happen(conf(1, "5.013"))
			r.Strike("wan", "network-loss", "erp", e, "lost")
			r.Heal("wan", "network-loss", "erp")
			r.Wait(after)
			if post {
				r.Post(e)
			}
		}
	}
	poisoned := func(wait time.Duration, after func(*journaltest.Run, plant.Event)) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			bad := r.Happen(conf(1, "5.013"))
			other := conf(1, "7.041")
			other.Order = "000004712"
			good := r.Happen(other)
			for range 3 {
				r.Send(journaltest.Sending{Acted: closed}, bad)
				r.Wait(wait / 3)
			}
			after(r, good)
		}
	}
	post := func(r *journaltest.Run, e plant.Event) { r.Post(e) }
	run(t, "recovery", []testCase{
		{name: "no fault", build: func(r *journaltest.Run) { r.Do(conf(1, "5")) }, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "in time", build: healed(5*time.Second, true), want: evidence.Holds},
		{name: "too late", build: healed(25*time.Second, true), want: evidence.Violated, rule: "recovered-too-late", says: "25"},
		{name: "in nobody's books", build: func(r *journaltest.Run) {
			healed(5*time.Second, true)(r)
			r.Happen(plant.MachineCounted{Machine: "M-1", Counter: 1, Count: 3})
			r.Wait(30 * time.Second)
		}, want: evidence.Holds},
		{name: "a bound of its own", build: func(r *journaltest.Run) {
			r.Plan.Recovery.Within = 3000
			healed(5*time.Second, true)(r)
		}, want: evidence.Violated, rule: "recovered-too-late"},
		{name: "never", build: healed(25*time.Second, false), end: restless, want: evidence.Violated, rule: "not-recovered"},
		{name: "still time when the run ended", build: healed(5*time.Second, false), end: restless, want: evidence.Inconclusive},
		{name: "the SUT was started later", build: func(r *journaltest.Run) {
			r.Fault("crash", "kill", "sut")
			e := r.Happen(conf(1, "5.013"))
			r.Strike("crash", "kill", "sut", e, "killed")
			r.Heal("crash", "kill", "sut")
			r.Wait(25 * time.Second)
			r.Step("sut.start")
			r.Post(e)
		}, want: evidence.Holds},
		{name: "starved behind a poisoned message", build: poisoned(12*time.Second, post), want: evidence.Violated, rule: "starved-behind-poison", says: "000004712"},
		{name: "nobody could connect for a time", build: func(r *journaltest.Run) {
			r.Fault("hang", "connect-hang", "erp")
			r.Add(evidence.Disturbance{Fault: "hang", Kind: "connect-hang", Phase: evidence.Struck, At: "erp", Key: "connection 7"})
			poisoned(12*time.Second, post)(r)
		}, want: evidence.Holds},
		{name: "nobody could connect for a time, and long after that", build: func(r *journaltest.Run) {
			r.Fault("hang", "connect-hang", "erp")
			r.Add(evidence.Disturbance{Fault: "hang", Kind: "connect-hang", Phase: evidence.Struck, At: "erp", Key: "connection 7"})
			poisoned(24*time.Second, post)(r)
		}, want: evidence.Violated, rule: "starved-behind-poison"},
		{name: "starved to the end", build: poisoned(12*time.Second, func(*journaltest.Run, plant.Event) {}), end: restless, want: evidence.Violated, rule: "starved-behind-poison"},
		{name: "the same order may wait for the correction", build: func(r *journaltest.Run) {
			bad, good := r.Happen(conf(1, "5.013")), r.Happen(conf(2, "7.041"))
			r.Send(journaltest.Sending{Acted: closed}, bad)
			r.Wait(12 * time.Second)
			r.Post(good)
		}, want: evidence.Vacuous},
		{name: "soon enough beside a poisoned message", build: poisoned(6*time.Second, post), want: evidence.Holds},
		{name: "the road was blocked", build: poisoned(12*time.Second, func(r *journaltest.Run, e plant.Event) {
			r.Send(journaltest.Sending{Acted: undelivered, Heard: outage}, e)
			r.Post(e)
		}), want: evidence.Holds},
		{name: "the clock starts when the other was refused", build: func(r *journaltest.Run) {
			other := conf(1, "7.041")
			other.Order = "000004712"
			good, bad := r.Happen(other), r.Happen(conf(1, "5.013"))
			r.Wait(12 * time.Second)
			r.Send(journaltest.Sending{Acted: closed}, bad)
			r.Post(good)
		}, want: evidence.Holds},
		{name: "the SUT had been killed meanwhile", build: poisoned(12*time.Second, func(r *journaltest.Run, e plant.Event) {
			r.Strike("crash", "sut-kill", "sut", r.Happen(conf(9, "1.5")), "killed")
			r.Post(e)
		}), want: evidence.Holds},
		{name: "a fault had touched it", build: poisoned(12*time.Second, func(r *journaltest.Run, e plant.Event) {
			r.Strike("wan", "network-loss", "erp", e, "lost")
			r.Post(e)
		}), want: evidence.Vacuous},
	})
}

func TestTokenDiscipline(t *testing.T) {
	conf := journaltest.Confirmed
	run(t, "token-discipline", []testCase{
		{name: "no tokens", build: func(r *journaltest.Run) { r.Do(conf(1, "5")) }, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "renewed before each expiry", build: func(r *journaltest.Run) {
			for range 20 {
				r.Token("erp")
				r.Wait(4 * time.Second)
			}
		}, want: evidence.Holds},
		{name: "renewed once for each refusal", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5"))
			for range 12 {
				r.Token("erp")
				r.Wait(20 * time.Millisecond)
				r.Send(journaltest.Sending{Acted: noToken}, e)
			}
			r.Post(e)
		}, want: evidence.Holds},
		{name: "a few workers side by side", build: func(r *journaltest.Run) { r.Token("erp"); r.Token("erp"); r.Token("erp") }, want: evidence.Holds},
		{name: "a storm", build: func(r *journaltest.Run) {
			for range 12 {
				r.Token("erp")
			}
		}, want: evidence.Violated, rule: "token-storm"},
		{name: "a storm after one refusal", build: func(r *journaltest.Run) {
			r.Token("erp")
			r.Wait(20 * time.Millisecond)
			r.Send(journaltest.Sending{Acted: noToken}, r.Happen(conf(1, "5")))
			for range 8 {
				r.Token("erp")
			}
		}, want: evidence.Violated, rule: "token-storm"},
		{name: "asked for on a road that swallowed it, and all at once when it was good again", build: func(r *journaltest.Run) {
			swallow(r, "erp")
			for range 5 {
				r.Token("erp")
			}
		}, want: evidence.Holds},
		{name: "a storm while another road swallows everything", build: func(r *journaltest.Run) {
			swallow(r, "mes")
			for range 5 {
				r.Token("erp")
			}
		}, want: evidence.Violated, rule: "token-storm"},
		{name: "a storm long after the road was good again", build: func(r *journaltest.Run) {
			swallow(r, "erp")
			r.Wait(2 * time.Second)
			for range 5 {
				r.Token("erp")
			}
		}, want: evidence.Violated, rule: "token-storm"},
		{name: "a refused token used on", build: func(r *journaltest.Run) {
			r.Token("erp")
			e := r.Happen(conf(1, "5"))
			r.Wait(20 * time.Millisecond)
			for range 60 { // the first of them may have crossed the refusal
				r.Send(journaltest.Sending{Acted: noToken}, e)
			}
		}, want: evidence.Violated, rule: "refused-token-used-on"},
		{name: "given up over a token", build: func(r *journaltest.Run) {
			r.Token("erp")
			r.Wait(20 * time.Millisecond)
			r.Send(journaltest.Sending{Acted: noToken}, r.Happen(conf(1, "5")))
			r.Token("erp")
		}, want: evidence.Violated, rule: "lost-over-a-token"},
		{name: "a new process needs a new token", build: func(r *journaltest.Run) {
			for range 6 {
				r.Token("erp")
				r.Step("sut.kill")
				r.Step("sut.start")
			}
		}, want: evidence.Holds},
	})
}

func TestBatchItems(t *testing.T) {
	conf := journaltest.Confirmed
	ok, locked := simulators.Result{Outcome: simulators.Applied}, simulators.Result{Outcome: simulators.Locked, Class: simulators.Technical}
	batch := func(key string, second simulators.Result, then func(*journaltest.Run, plant.Event, plant.Event)) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			a, b := r.Happen(conf(1, "5.013")), r.Happen(conf(2, "7.041"))
			r.Send(journaltest.Sending{Key: key, Acted: simulators.Result{Outcome: simulators.Partly, Status: 207, Items: []simulators.Result{ok, second}}}, a, b)
			r.Wait(100 * time.Millisecond)
			then(r, a, b)
		}
	}
	run(t, "batch-items", []testCase{
		{name: "no batch", build: func(r *journaltest.Run) { r.Do(conf(1, "5")) }, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "the failed row sent again", build: batch("b", locked, func(r *journaltest.Run, a, b plant.Event) { r.Post(b) }), want: evidence.Holds},
		{name: "the failed row reported", build: batch("b", expired, func(r *journaltest.Run, a, b plant.Event) { r.Surface(b, simulators.DataQuality) }), want: evidence.Holds},
		{name: "the failed row forgotten, and there is nowhere to report it", build: func(r *journaltest.Run) {
			r.Plan.Delivers.Exceptions = false
			batch("b", expired, func(*journaltest.Run, plant.Event, plant.Event) {})(r)
		}, want: evidence.Inconclusive, rule: "failed-row-forgotten"},
		{name: "the failed row forgotten", build: batch("b", locked, func(*journaltest.Run, plant.Event, plant.Event) {}), want: evidence.Violated, rule: "failed-row-forgotten", says: "#2"},
		{name: "not yet sent again", build: batch("b", locked, func(*journaltest.Run, plant.Event, plant.Event) {}), end: restless, want: evidence.Inconclusive},
		{name: "the whole batch sent again", build: batch("b", locked, func(r *journaltest.Run, a, b plant.Event) {
			r.Send(journaltest.Sending{Key: "b2"}, a, b)
		}), want: evidence.Violated, rule: "good-row-repeated", says: "#1"},
		{name: "the whole batch sent again under its key", build: batch("b", locked, func(r *journaltest.Run, a, b plant.Event) {
			r.Send(journaltest.Sending{Key: "b", Acted: simulators.Result{Outcome: simulators.Repeated}}, a, b)
			r.Post(b)
		}), want: evidence.Holds},
		{name: "known already is a good row", build: batch("b", already, func(*journaltest.Run, plant.Event, plant.Event) {}), want: evidence.Holds},
	})
}

func TestExercise(t *testing.T) {
	conf := journaltest.Confirmed
	run(t, "exercise", []testCase{
		{name: "exercised", build: func(r *journaltest.Run) { r.Do(conf(1, "5")) }, want: evidence.Holds, says: "flows without traffic"},
		{name: "nothing happened", build: func(r *journaltest.Run) {}, want: evidence.Vacuous, rule: "nothing-happened"},
		{name: "nothing accepted", build: func(r *journaltest.Run) { r.Offer(simulators.Unknown, r.Truth(conf(1, "5"))) }, want: evidence.Vacuous, rule: "nothing-accepted"},
		{name: "asked first, answered and sent", build: func(r *journaltest.Run) {
			r.Add(evidence.Offer{Endpoint: "mes", Key: simulators.ProbeOf + "service/ping", Result: simulators.Result{Outcome: simulators.Unknown}})
			r.Add(evidence.Offer{Endpoint: "mes", Key: simulators.ProbeOf + "service/ping", Result: simulators.Result{Outcome: simulators.Answered}})
			r.Do(conf(1, "5"))
			r.Add(evidence.Offer{Endpoint: "mes", Key: simulators.ProbeOf + "service/ping", Result: simulators.Result{Outcome: simulators.Unknown}})
		}, want: evidence.Holds},
		{name: "asked first and not answered", build: func(r *journaltest.Run) {
			r.Do(conf(1, "5"))
			r.Add(evidence.Offer{Endpoint: "erp", Key: simulators.ProbeOf + "service/ping", Result: simulators.Result{Outcome: simulators.Refused, Text: "GET service/ping: 404"}})
		}, want: evidence.Vacuous, rule: "not-asked-in", says: "erp sent nothing: what it asks the SUT's own service first was not answered as it must be: GET service/ping: 404"},
		{name: "a fault that never struck", build: func(r *journaltest.Run) {
			r.Do(conf(1, "5"))
			r.Fault("f", "throttle", "erp")
		}, want: evidence.Vacuous, rule: "fault-never-struck", says: "fault f (throttle at erp)"},
		{name: "a fault of which is known why it never struck", build: func(r *journaltest.Run) {
			r.Do(conf(1, "5"))
			r.Fault("f", "dns-stale", "erp")
			r.Add(evidence.Disturbance{Fault: "f", Kind: "dns-stale", Phase: evidence.Healed, At: "erp", What: "nobody asked"})
		}, want: evidence.Vacuous, rule: "fault-never-struck", says: "touched no message: nobody asked"},
		{name: "a fault that only swept", build: func(r *journaltest.Run) {
			e := r.Do(conf(1, "5"))
			r.Fault("f", "tls-expired", "erp")
			r.Add(evidence.Disturbance{Fault: "f", Kind: "tls-expired", Phase: evidence.Swept, At: "erp", Facts: []plant.EventID{e.ID}, Key: "connection 1"})
		}, want: evidence.Vacuous, rule: "fault-never-struck"},
		{name: "a fault that was never armed", build: func(r *journaltest.Run) {
			r.Do(conf(1, "5"))
			r.Plan.Faults = append(r.Plan.Faults, evidence.PlannedFault{ID: "f", Kind: "throttle"})
		}, want: evidence.Vacuous, rule: "fault-never-armed"},
		{name: "one of a group struck", build: func(r *journaltest.Run) {
			r.Fault("f", "throttle", "erp")
			r.Fault("g", "throttle", "erp")
			r.Plan.Faults[0].Group, r.Plan.Faults[1].Group = "pilot", "pilot"
			r.Strike("f", "throttle", "erp", r.Do(conf(1, "5")), "429")
		}, want: evidence.Holds},
		{name: "none of a group struck", build: func(r *journaltest.Run) {
			r.Do(conf(1, "5"))
			r.Fault("f", "throttle", "erp")
			r.Fault("g", "throttle", "erp")
			r.Plan.Faults[0].Group, r.Plan.Faults[1].Group = "pilot", "pilot"
		}, want: evidence.Vacuous, rule: "fault-never-struck"},
		{name: "a fault that struck", build: func(r *journaltest.Run) {
			r.Fault("f", "throttle", "erp")
			r.Strike("f", "throttle", "erp", r.Do(conf(1, "5")), "429")
		}, want: evidence.Holds},
		{name: "floor missed", build: func(r *journaltest.Run) {
			r.Plan.Floor = map[plant.Kind]int{plant.KindConfirmation: 2}
			r.Do(conf(1, "5"))
		}, want: evidence.Vacuous, rule: "floor-missed", says: "at least 2 facts of kind confirmation"},
		{name: "floor met", build: func(r *journaltest.Run) {
			r.Plan.Floor = map[plant.Kind]int{plant.KindConfirmation: 1}
			r.Do(conf(1, "5"))
		}, want: evidence.Holds},
		{name: "about a change of clocks without one", build: func(r *journaltest.Run) {
			r.Plan.Pacing.ClockChange = true
			r.Do(conf(1, "5"))
			r.Do(conf(2, "5"))
		}, want: evidence.Vacuous, rule: "no-clock-change", says: "were not changed between 2026-03-02"},
		{name: "about a change of clocks with one", build: func(r *journaltest.Run) {
			r.Plan.Pacing.ClockChange = true
			r.At(time.Date(2026, 3, 29, 1, 30, 0, 0, journaltest.Zone()))
			r.Do(conf(1, "5"))
			r.At(time.Date(2026, 3, 29, 4, 30, 0, 0, journaltest.Zone()))
			r.Do(conf(2, "5"))
		}, want: evidence.Holds},
		{name: "valid facts refused at intake", build: func(r *journaltest.Run) {
			r.Do(conf(1, "5"))
			r.Offer(simulators.Refused, r.Truth(conf(2, "7")))
		}, want: evidence.Vacuous, rule: "valid-facts-refused"},
	})
}
