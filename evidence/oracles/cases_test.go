package oracles_test

import (
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// testCase is one journal for one oracle: sound, defective, or one that looks
// defective and must not be blamed.
type testCase struct {
	name  string
	build func(r *journaltest.Run)
	end   *evidence.End // at rest if nil
	want  evidence.Verdict
	rule  string // of the first finding with that verdict; "" means any
	says  string // part of what it says
}

func run(t *testing.T, oracle string, cases []testCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := journaltest.New()
			c.build(r)
			records := r.Records()
			if c.end != nil {
				records = r.Ended(*c.end)
			}
			check(t, judge(t, oracle, evidence.NewHistory(records)), c)
		})
	}
}

func judge(t *testing.T, oracle string, h *evidence.History) []evidence.Finding {
	t.Helper()
	for _, i := range oracles.All() {
		if i.Name == oracle {
			return oracles.JudgeAll(h, []evidence.Judge{i.New()})
		}
	}
	t.Fatalf("no oracle %q", oracle)
	return nil
}

func check(t *testing.T, found []evidence.Finding, c testCase) {
	t.Helper()
	f := found[0] // the worst
	if f.Verdict != c.want || (c.rule != "" && f.Rule != c.rule) {
		t.Errorf("got %s %q, want %s %q\n  expected %s\n  got      %s\n  text     %s", f.Verdict, f.Rule, c.want, c.rule, f.Expected, f.Got, f.Text)
	}
	if all := f.Expected + "\n" + f.Got + "\n" + f.Text; !strings.Contains(all, c.says) {
		t.Errorf("does not say %q but:\n%s", c.says, all)
	}
	for _, f := range found {
		if len(f.Evidence) > 10 || (f.Verdict == evidence.Violated && (f.Expected == "" || f.Got == "" || len(f.Evidence) == 0 || f.Class == "" || f.Rule == "" || len(f.Requirements) == 0)) {
			t.Errorf("finding is not complete: %+v", f)
		}
	}
}

var (
	noReply     = simulators.Result{Outcome: simulators.Unknown}
	undelivered = simulators.Result{Outcome: simulators.Undelivered}
	busy        = simulators.Result{Outcome: simulators.Throttled, Status: 429, RetryAfter: 2 * time.Second, Class: simulators.Technical}
	outage      = simulators.Result{Outcome: simulators.Unavailable, Status: 503, Class: simulators.Technical}
	expired     = simulators.Result{Outcome: simulators.Refused, Status: 422, Class: simulators.DataQuality, Code: "lot-expired"}
	closed      = simulators.Result{Outcome: simulators.Refused, Status: 409, Class: simulators.Business, Code: "order-closed"}
	already     = simulators.Result{Outcome: simulators.Refused, Status: 409, Class: simulators.Business, Code: "already-posted"}
	noToken     = simulators.Result{Outcome: simulators.Unauthorized, Status: 401, Class: simulators.Technical}
	restless    = &evidence.End{Quiet: false}
)

// lose sends a message whose reply is lost, though it was acted upon.
func lose(r *journaltest.Run, key string, es ...plant.Event) {
	r.Send(journaltest.Sending{Key: key, Heard: noReply}, es...)
	r.Wait(100 * time.Millisecond)
}

func sink(r *journaltest.Run, p simulators.Policy) {
	e := r.Plan.Endpoints["erp"]
	e.Policy = p
	r.Plan.Endpoints["erp"] = e
}

func TestExactlyOnce(t *testing.T) {
	conf := journaltest.Confirmed
	k4 := simulators.Policy{}
	refused := func(exceptions bool) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			r.Plan.Delivers.Exceptions = exceptions
			r.Send(journaltest.Sending{Acted: closed}, r.Happen(conf(1, "5.013")))
		}
	}
	run(t, "exactly-once", []testCase{
		{name: "refused and not reported", build: refused(true), want: evidence.Violated, rule: "not-posted"},
		{name: "refused, and there is nowhere to report it", build: refused(false), want: evidence.Holds},
		{name: "posted once", build: func(r *journaltest.Run) { r.Do(conf(1, "5.013")) }, want: evidence.Holds},
		{name: "nothing to judge", build: func(r *journaltest.Run) { r.Self("erp", journaltest.Shipped("L-7")) }, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "repeated after a lost reply without a key", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			lose(r, "-", e)
			r.Send(journaltest.Sending{Key: "-"}, e)
		}, want: evidence.Violated, rule: "retry-without-key", says: "2 postings: 5000000001 (5.013 EA at 13:41:02), 5000000002"},
		{name: "another key for the repetition", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			lose(r, "k1", e)
			r.Send(journaltest.Sending{Key: "k2"}, e)
		}, want: evidence.Violated, rule: "new-key-on-retry", says: `"k1", then "k2"`},
		{name: "a repeated offer posted again", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			r.Post(e)
			r.Offer(simulators.Applied, e)
			r.Send(journaltest.Sending{Key: "-"}, e)
		}, want: evidence.Violated, rule: "repeated-offer-posted-again"},
		{name: "an offer that was not taken, posted all the same and again", build: func(r *journaltest.Run) {
			e := r.Truth(conf(1, "5.013"))
			r.Reply(simulators.Result{Outcome: simulators.Unknown, Status: 408}, e)
			r.Send(journaltest.Sending{Key: "-"}, e)
			r.Offer(simulators.Accepted, e)
			r.Send(journaltest.Sending{Key: "-"}, e)
		}, want: evidence.Violated, rule: "untaken-offer-posted", says: "the SUT did not take the first offer (408) and posted it all the same; the source repeated it"},
		{name: "an offer without a reply, posted all the same and again", build: func(r *journaltest.Run) {
			e := r.Truth(conf(1, "5.013"))
			r.Offer(simulators.Unknown, e)
			r.Send(journaltest.Sending{Key: "-"}, e)
			r.Offer(simulators.Unknown, e)
			r.Send(journaltest.Sending{Key: "-"}, e)
		}, want: evidence.Violated, rule: "untaken-offer-posted", says: "no answer to the first offer (no reply)"},
		{name: "an offer repeated after both postings is no reason for them", build: func(r *journaltest.Run) {
			e := r.Truth(conf(1, "5.013"))
			r.Offer(simulators.Unknown, e)
			r.Send(journaltest.Sending{Key: "-"}, e)
			r.Send(journaltest.Sending{Key: "-"}, e)
			r.Offer(simulators.Applied, e)
		}, want: evidence.Violated, rule: "posted-twice"},
		{name: "an offer that never arrived is no reason", build: func(r *journaltest.Run) {
			e := r.Truth(conf(1, "5.013"))
			r.Offer(simulators.Undelivered, e)
			r.Offer(simulators.Applied, e)
			r.Send(journaltest.Sending{Key: "-"}, e)
			r.Send(journaltest.Sending{Key: "-"}, e)
		}, want: evidence.Violated, rule: "posted-twice"},
		{name: "forgotten in a restart and posted again", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			r.Post(e)
			r.Step("sut.kill")
			r.Step("sut.start")
			r.Post(e)
		}, want: evidence.Violated, rule: "posted-again-after-restart"},
		{name: "duplicates are seen although the run had not come to rest", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			r.Post(e)
			r.Post(e)
		}, end: restless, want: evidence.Violated},
		{name: "never posted", build: func(r *journaltest.Run) { r.Happen(conf(1, "5.013")) }, want: evidence.Violated, rule: "not-posted", says: "1 posting of 5.013 EA (truth at 13:41:00 plant) in erp"},
		{name: "not posted yet when the run ended", build: func(r *journaltest.Run) { r.Happen(conf(1, "5.013")) }, end: restless, want: evidence.Inconclusive},
		{name: "not posted and reported instead", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			r.Surface(e, simulators.Business)
		}, want: evidence.Holds},
		{name: "invalid and posted", build: func(r *journaltest.Run) {
			r.Fault("f", "invalid-lot", "mes")
			e := r.Truth(journaltest.Consumed(1, "2.5", "KG"))
			r.Spoil("f", "invalid-lot", "mes", e)
			r.Offer(simulators.Applied, e)
			r.Post(e)
		}, want: evidence.Violated, rule: "invalid-and-posted"},
		{name: "invalid in what the interface does not carry, and posted", build: func(r *journaltest.Run) { wrongOperation(r, false) }, want: evidence.Holds},
		{name: "invalid in what the interface carries, left out and posted", build: func(r *journaltest.Run) {
			wrongOperation(r, false)
			r.Do(journaltest.Consumed(2, "1", "KG"))
		}, want: evidence.Violated, rule: "invalid-and-posted"},
		{name: "invalid in what the interface does not carry, and posted twice", build: func(r *journaltest.Run) { wrongOperation(r, true) }, want: evidence.Violated},
		{name: "refused at intake and posted", build: func(r *journaltest.Run) {
			e := r.Truth(conf(1, "5.013"))
			r.Offer(simulators.Refused, e)
			r.Post(e)
		}, want: evidence.Violated, rule: "refused-at-intake-and-posted"},
		{name: "unknown offers may lead to one posting", build: func(r *journaltest.Run) {
			e := r.Truth(conf(1, "5.013"))
			r.Offer(simulators.Unknown, e)
			r.Post(e)
		}, want: evidence.Holds},
		{name: "unknown offers may lead to none", build: func(r *journaltest.Run) {
			r.Do(conf(2, "7.5"))
			r.Offer(simulators.Unknown, r.Truth(conf(1, "5.013")))
		}, want: evidence.Holds},
		{name: "unknown offers never lead to two", build: func(r *journaltest.Run) {
			e := r.Truth(conf(1, "5.013"))
			r.Offer(simulators.Unknown, e)
			r.Post(e)
			r.Post(e)
		}, want: evidence.Violated},
		{name: "twins are two facts", build: func(r *journaltest.Run) {
			r.Do(conf(1, "5"))
			r.Do(conf(2, "5"))
		}, want: evidence.Holds},
		{name: "K4: nobody can post once", build: func(r *journaltest.Run) {
			sink(r, k4)
			e := r.Happen(conf(1, "5.013"))
			lose(r, "-", e)
			r.Send(journaltest.Sending{Key: "-"}, e)
		}, want: evidence.Inconclusive, rule: "two-generals"},
		{name: "K4: at least once, repetition reported", build: func(r *journaltest.Run) {
			sink(r, k4)
			r.Plan.Delivers.Posting = evidence.AtLeastOnceSurface
			e := r.Happen(conf(1, "5.013"))
			lose(r, "-", e)
			r.Send(journaltest.Sending{Key: "-"}, e)
			r.Surface(e, simulators.Technical)
		}, want: evidence.Holds},
		{name: "K4: at least once, repetition kept quiet", build: func(r *journaltest.Run) {
			sink(r, k4)
			r.Plan.Delivers.Posting = evidence.AtLeastOnceSurface
			e := r.Happen(conf(1, "5.013"))
			lose(r, "-", e)
			r.Send(journaltest.Sending{Key: "-"}, e)
		}, want: evidence.Violated},
		{name: "K4: at most once, posted twice", build: func(r *journaltest.Run) {
			sink(r, k4)
			r.Plan.Delivers.Posting = evidence.AtMostOnceSurface
			e := r.Happen(conf(1, "5.013"))
			lose(r, "-", e)
			r.Send(journaltest.Sending{Key: "-"}, e)
		}, want: evidence.Violated},
		{name: "K4: at most once, nothing posted and reported", build: func(r *journaltest.Run) {
			sink(r, k4)
			r.Plan.Delivers.Posting = evidence.AtMostOnceSurface
			e := r.Happen(conf(1, "5.013"))
			r.Send(journaltest.Sending{Key: "-", Acted: undelivered, Heard: noReply}, e)
			r.Surface(e, simulators.Technical)
		}, want: evidence.Holds},
		{name: "K4 without a lost reply excuses nothing", build: func(r *journaltest.Run) {
			sink(r, k4)
			r.Plan.Delivers.Posting = evidence.AtLeastOnceSurface
			e := r.Happen(conf(1, "5.013"))
			r.Send(journaltest.Sending{Key: "-"}, e)
			r.Send(journaltest.Sending{Key: "-"}, e)
		}, want: evidence.Violated},
		{name: "K4: a copy our own fault made is not the SUT's doing", build: func(r *journaltest.Run) {
			sink(r, k4)
			e := r.Happen(conf(1, "5.013"))
			r.Send(journaltest.Sending{Key: "-", Faults: []string{"dup"}}, e)
			r.Send(journaltest.Sending{Key: "-", Faults: []string{"dup"}, CopyOf: 1}, e)
		}, want: evidence.Holds},
		{name: "K4: a copy leaves the SUT in no doubt", build: func(r *journaltest.Run) {
			sink(r, k4)
			r.Plan.Delivers.Posting = evidence.AtMostOnceSurface
			e := r.Happen(conf(1, "5.013"))
			r.Send(journaltest.Sending{Key: "-", Acted: undelivered, Heard: busy, Faults: []string{"dup"}}, e)
			r.Send(journaltest.Sending{Key: "-", Acted: undelivered, Faults: []string{"dup"}, CopyOf: 1}, e)
			r.Wait(3 * time.Second)
			r.Send(journaltest.Sending{Key: "-"}, e)
			r.Send(journaltest.Sending{Key: "-"}, e)
			r.Surface(e, simulators.Technical)
		}, want: evidence.Violated},
		{name: "recognised by its quantity alone", build: func(r *journaltest.Run) {
			e := r.Happen(conf(1, "5.013"))
			r.Send(journaltest.Sending{Key: "a"}, bare(e, "5.013"))
			r.Send(journaltest.Sending{Key: "b"}, bare(e, "5.013"))
		}, want: evidence.Violated, says: "recognised by their quantity"},
		{name: "a newer version excuses the older one", build: func(r *journaltest.Run) {
			r.Do(journaltest.Released())
			r.Happen(journaltest.Changed(2, "90"))
			r.Do(journaltest.Changed(3, "80"))
		}, want: evidence.Holds},
	})
}

func TestNoPhantom(t *testing.T) {
	run(t, "no-phantom", []testCase{
		{name: "every posting has a fact", build: func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "5.013")) }, want: evidence.Holds},
		{name: "a posting of nothing", build: func(r *journaltest.Run) {
			r.Do(journaltest.Confirmed(1, "5.013"))
			c := journaltest.Confirmed(1, "9.9")
			c.Order = "000009999"
			r.Post(plant.Event{ID: "confirmation/000009999/0010/1", Fact: c})
		}, want: evidence.Violated, rule: "phantom", says: "5000000002 (9.9 EA"},
		{name: "a posting whose message is not in the journal", build: func(r *journaltest.Run) {
			r.Add(evidence.Effect{Attempt: 77, Endpoint: "erp", Posting: simulators.Posting{Doc: "1", Claim: plant.Event{Fact: plant.Confirmed{Order: "X", Operation: "1"}}}})
		}, want: evidence.Violated, rule: "phantom"},
		{name: "posted before it happened", build: func(r *journaltest.Run) {
			c := journaltest.Confirmed(1, "5.013")
			r.Post(plant.Event{ID: plant.EventID(plant.Natural(c)), Fact: c})
			r.Happen(c)
		}, want: evidence.Violated, rule: "posted-before-it-happened"},
		{name: "posted in the wrong system", build: func(r *journaltest.Run) {
			r.Send(journaltest.Sending{Endpoint: "mes"}, r.Do(journaltest.Confirmed(1, "5.013")))
		}, want: evidence.Violated, rule: "posted-in-the-wrong-system"},
		{name: "telemetry in the ERP", build: func(r *journaltest.Run) {
			r.Send(journaltest.Sending{Endpoint: "erp"}, r.Truth(plant.MachineCounted{Machine: "M-1", Counter: 1, Count: 17}))
		}, want: evidence.Violated, rule: "telemetry-in-books"},
		{name: "what the ERP books by itself", build: func(r *journaltest.Run) {
			r.Do(journaltest.Confirmed(1, "5.013"))
			r.Self("erp", journaltest.Shipped("L-7"))
		}, want: evidence.Holds},
		{name: "unknown offers are offers", build: func(r *journaltest.Run) {
			e := r.Truth(journaltest.Confirmed(1, "5.013"))
			r.Offer(simulators.Unknown, e)
			r.Post(e)
		}, want: evidence.Holds},
		{name: "a fact learnt by asking", build: func(r *journaltest.Run) { r.Post(r.Truth(journaltest.Confirmed(1, "5.013"))) }, want: evidence.Holds},
	})
}

// tooLarge has the SUT post something that the ERP does not read.
func tooLarge(r *journaltest.Run) {
	no := simulators.Result{Outcome: simulators.Refused, Class: simulators.DataQuality, Status: 413, Code: "too-large"}
	r.Add(evidence.Attempt{ID: 9001, Endpoint: "erp", Verb: "post", Name: "confirmations", Key: "post confirmations", Attempt: 1,
		Start: r.Now(), End: r.Now(), Acted: no, Heard: no, Bytes: 9 << 20})
}

func TestNoSilentDrop(t *testing.T) {
	conf := journaltest.Confirmed
	run(t, "no-silent-drop", []testCase{
		{name: "posted", build: func(r *journaltest.Run) { r.Do(conf(1, "5.013")) }, want: evidence.Holds},
		{name: "accepted and never sent", build: func(r *journaltest.Run) { r.Happen(conf(1, "5.013")) }, want: evidence.Violated, rule: "never-sent", says: "confirmation of order 000004711 operation 0010 #1"},
		{name: "sent in a message that was too large to be read", build: func(r *journaltest.Run) {
			r.Happen(conf(1, "5.013"))
			tooLarge(r)
		}, want: evidence.Violated, rule: "refused-unread", says: "refused 1 message unread, the last with 413 refused too-large"},
		{name: "too large a message before it was known", build: func(r *journaltest.Run) {
			tooLarge(r)
			r.Happen(conf(1, "5.013"))
		}, want: evidence.Violated, rule: "never-sent"},
		{name: "lost in a crash", build: func(r *journaltest.Run) {
			r.Happen(conf(1, "5.013"))
			r.Step("sut.kill")
			r.Step("sut.start")
		}, want: evidence.Violated, rule: "lost-in-restart"},
		{name: "refused and dropped", build: func(r *journaltest.Run) { r.Send(journaltest.Sending{Acted: closed}, r.Happen(conf(1, "5.013"))) },
			want: evidence.Violated, rule: "refused-and-dropped", says: "409 refused order-closed"},
		{name: "refused by a sink of a build without exceptions", build: func(r *journaltest.Run) {
			r.Plan.Delivers.Exceptions = false
			r.Send(journaltest.Sending{Acted: closed}, r.Happen(conf(1, "5.013")))
		}, want: evidence.Inconclusive},
		{name: "accepted by the ERP and failed there later", build: func(r *journaltest.Run) {
			r.Send(journaltest.Sending{Acted: simulators.Result{Outcome: simulators.Accepted, Status: 202}}, r.Happen(conf(1, "5.013")))
		}, want: evidence.Violated, rule: "acknowledged-but-not-posted"},
		{name: "given up silently", build: func(r *journaltest.Run) {
			r.Send(journaltest.Sending{Acted: undelivered, Heard: outage}, r.Happen(conf(1, "5.013")))
		}, want: evidence.Violated, rule: "given-up-silently"},
		{name: "reported", build: func(r *journaltest.Run) { r.Surface(r.Happen(conf(1, "5.013")), simulators.Technical) }, want: evidence.Holds},
		{name: "still at work when the run ended", build: func(r *journaltest.Run) { r.Happen(conf(1, "5.013")) }, end: restless, want: evidence.Inconclusive, rule: "not-settled"},
		{name: "only unknown offers", build: func(r *journaltest.Run) {
			r.Do(conf(2, "7"))
			r.Offer(simulators.Unknown, r.Truth(conf(1, "5.013")))
		}, want: evidence.Holds},
		{name: "refused at intake", build: func(r *journaltest.Run) {
			r.Do(conf(2, "7"))
			r.Offer(simulators.Refused, r.Truth(conf(1, "5.013")))
		}, want: evidence.Holds},
		{name: "superseded", build: func(r *journaltest.Run) {
			r.Do(journaltest.Released())
			r.Happen(journaltest.Changed(2, "90"))
			r.Do(journaltest.Changed(3, "80"))
		}, want: evidence.Holds},
		{name: "in nobody's books", build: func(r *journaltest.Run) {
			r.Do(conf(2, "7"))
			r.Happen(plant.MachineCounted{Machine: "M-1", Counter: 1, Count: 4})
		}, want: evidence.Holds},
	})
}

// wrongOperation has a fault name another operation in an issue, which is posted
// without one.
func wrongOperation(r *journaltest.Run, again bool) {
	r.Fault("f", "unknown-reference", "mes")
	e := r.Truth(journaltest.Consumed(1, "2.5", "KG"))
	r.SpoilAs("f", "unknown-reference", "mes", e, claim(e, func(f *plant.Consumed) { f.Operation = "0010-X" }))
	r.Offer(simulators.Applied, e)
	said := claim(e, func(f *plant.Consumed) { f.Operation = "" })
	r.Post(said)
	if again {
		r.Post(said)
	}
}
