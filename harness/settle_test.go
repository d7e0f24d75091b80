package harness

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A build that polls is never silent: it asks for ever, and renews its tokens
// to do so. It is at rest nevertheless, and a fact it still owes is lost.
func TestWhoOnlyPollsIsAtRest(t *testing.T) {
	settle := Settle{Still: 250 * time.Millisecond, Quiet: 3 * time.Second, Max: 30 * time.Second}
	for _, c := range []struct {
		name    string
		attempt evidence.Attempt
		quiet   bool
	}{
		{"asks for more", evidence.Attempt{Verb: "get", Name: "feed"}, true},
		{"renews its token", evidence.Attempt{Verb: "post", Name: "oauth/token"}, true},
		{"posts", evidence.Attempt{Verb: "post", Name: "confirmations"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := evidence.NewJournal(nil)
				p := newProgress(j, nil, nil)
				owe(j)
				over := make(chan struct{})
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					tick := time.NewTicker(time.Second)
					defer tick.Stop()
					for {
						select {
						case <-tick.C:
							j.Append(c.attempt)
						case <-over:
							return
						}
					}
				}()
				quiet, why := p.rest(t.Context(), settle)
				close(over)
				<-ended
				if quiet != c.quiet || (why == "") != c.quiet {
					t.Errorf("at rest: %t (%s), want %t", quiet, why, c.quiet)
				}
			})
		})
	}
}

// TestWhoAsksForItsPostingsIsWaitedFor: a build asks for seconds what has become
// of what was accepted, and posts it again only then. One that asks for ever is
// at rest nevertheless.
func TestWhoAsksForItsPostingsIsWaitedFor(t *testing.T) {
	settle := Settle{Still: 250 * time.Millisecond, Quiet: 3 * time.Second, Max: 30 * time.Second}
	for _, asks := range []string{"postings", "operation", "lot"} {
		synctest.Test(t, func(t *testing.T) {
			j := evidence.NewJournal(nil)
			p := newProgress(j, nil, nil)
			owe(j)
			defer asking(j, asks)()
			began, want := time.Now(), 9*time.Second // twice as long as usual after the last deed, and then as usual
			if asks == "lot" {
				want = settle.Quiet
			}
			quiet, why := p.rest(t.Context(), settle)
			if took := time.Since(began); !quiet || took < want || took > want+time.Second {
				t.Errorf("asking for %s: at rest %t after %s (%s), want after about %s", asks, quiet, took, why, want)
			}
		})
	}
}

// TestFaultsOutlastQuestions: who was killed in the middle of a posting asks for
// seconds what has become of it, and goes on only then: what comes behind it is to
// meet the faults. Who asks for ever is not waited for as long.
func TestFaultsOutlastQuestions(t *testing.T) {
	for _, c := range []struct {
		asks    string
		posts   time.Duration // after so many seconds of questions
		settled bool
		after   time.Duration
	}{
		{"postings", 5 * time.Second, true, 5 * time.Second},
		{"postings", time.Hour, false, 6*time.Second + lastPatience.quiet},
		{"lot", 5 * time.Second, false, lastPatience.quiet},
	} {
		synctest.Test(t, func(t *testing.T) {
			j := evidence.NewJournal(nil)
			p := newProgress(j, nil, nil)
			owe(j)
			defer asking(j, c.asks)()
			defer time.AfterFunc(c.posts, func() { pay(j) }).Stop()
			began, pat := time.Now(), lastPatience
			pat.follow = 6 * time.Second
			settled := p.await(t.Context(), pat)
			if took := time.Since(began); settled != c.settled || took < c.after || took > c.after+100*time.Millisecond {
				t.Errorf("asking for %s: %t after %s, want %t after %s", c.asks, settled, took, c.settled, c.after)
			}
		})
	}
}

// TestWhoWasPromisedAnAnswerIsWaitedFor: who posted and was told that it is
// accepted does nothing until the answer comes, or has not come.
func TestWhoWasPromisedAnAnswerIsWaitedFor(t *testing.T) {
	settle := Settle{Still: 250 * time.Millisecond, Quiet: 3 * time.Second, Max: 30 * time.Second}
	for outcome, want := range map[simulators.Outcome]time.Duration{
		simulators.Accepted: 2 * settle.Quiet, simulators.Unknown: settle.Quiet, simulators.Unavailable: settle.Quiet,
	} {
		synctest.Test(t, func(t *testing.T) {
			j := evidence.NewJournal(nil)
			p := newProgress(j, nil, nil)
			owe(j)
			fact := plant.Confirmed{Order: "1", Operation: "0010", Counter: 1}
			j.Append(evidence.Attempt{Verb: "post", Name: "confirmations", Claims: []plant.Event{{ID: plant.EventID(plant.Natural(fact)), Fact: fact}},
				Acted: simulators.Result{Outcome: outcome}, Heard: simulators.Result{Outcome: outcome}})
			began := time.Now()
			quiet, why := p.rest(t.Context(), settle)
			if took := time.Since(began); !quiet || took < want || took > want+time.Second {
				t.Errorf("%s: at rest %t after %s (%s), want after about %s", outcome, quiet, took, why, want)
			}
		})
	}
}

// TestWhatAListToldIsWaitedForAtTheEnd: while the plant plays nobody waits for
// what a list told; in the end who was told has as long as for what it took.
func TestWhatAListToldIsWaitedForAtTheEnd(t *testing.T) {
	settle := Settle{Still: 250 * time.Millisecond, Quiet: 3 * time.Second, Max: 30 * time.Second}
	change := plant.Event{ID: "item-changed/A/2", Fact: plant.ItemChanged{Item: plant.Item{ID: "A"}, Version: 2}}
	answered, unheard := simulators.Result{Outcome: simulators.Answered}, simulators.Result{Outcome: simulators.Unknown}
	for _, c := range []struct {
		name  string
		heard simulators.Result
		paid  bool
		want  time.Duration
	}{
		{"told", answered, false, settle.Quiet},
		{"told and posted", answered, true, settle.Still},
		{"not heard", unheard, false, settle.Still},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := evidence.NewJournal(nil)
				p := newProgress(j, nil, nil)
				j.Append(evidence.Truth{Event: change, Source: "erp", Sink: "mes"})
				j.Append(evidence.Attempt{Verb: "get", Name: "items", Acted: answered, Heard: c.heard, Told: []plant.EventID{change.ID}})
				if c.paid {
					j.Append(evidence.Effect{Endpoint: "mes", Posting: simulators.Posting{Claim: change}})
				}
				if !p.await(t.Context(), patience{quiet: time.Second, most: time.Minute}) {
					t.Error("it is waited for while the plant plays")
				}
				began := time.Now()
				if quiet, why := p.rest(t.Context(), settle); !quiet || time.Since(began) < c.want || time.Since(began) > c.want+100*time.Millisecond {
					t.Errorf("at rest %t (%s) after %s, want about %s", quiet, why, time.Since(began), c.want)
				}
			})
		})
	}
}

// owe lets the SUT take a fact, of which nothing becomes known.
func owe(j *evidence.Journal) {
	fact := plant.Confirmed{Order: "1", Operation: "0010", Counter: 1}
	id := plant.EventID(plant.Natural(fact))
	j.Append(evidence.Truth{Event: plant.Event{ID: id, Fact: fact}, Source: "mes", Sink: "erp"})
	j.Append(evidence.Offer{Endpoint: "mes", Name: "confirmations", Facts: []plant.EventID{id}, Attempt: 1,
		Result: simulators.Result{Outcome: simulators.Accepted, Status: 202}})
}

// asking has the SUT ask for something every second, until what it returns is called.
func asking(j *evidence.Journal, what string) (stop func()) {
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		every := time.NewTicker(time.Second)
		defer every.Stop()
		for {
			j.Append(evidence.Attempt{Verb: "get", Name: "bods", Asks: what})
			select {
			case <-every.C:
			case <-over:
				return
			}
		}
	}()
	return func() {
		close(over)
		<-ended
	}
}

// pay posts what [owe] owes.
func pay(j *evidence.Journal) {
	fact := plant.Confirmed{Order: "1", Operation: "0010", Counter: 1}
	j.Append(evidence.Effect{Endpoint: "erp", Posting: simulators.Posting{Claim: plant.Event{ID: plant.EventID(plant.Natural(fact)), Fact: fact}}})
}

// Less patience is a tenth, but enough to see that a SUT is quiet, and never
// more than there was.
func TestHasty(t *testing.T) {
	for _, tc := range []struct{ quiet, most, want time.Duration }{
		{0, 0, 3250 * time.Millisecond},
		{0, 2 * time.Minute, 12 * time.Second},
		{time.Second, 0, 3 * time.Second},
		{0, 2 * time.Second, 2 * time.Second},
	} {
		var f File
		f.Settle.Quiet.D, f.Settle.Max.D = tc.quiet, tc.most
		if got := f.Hasty().settle().Max; got != tc.want || f.Settle.Max.D != tc.most {
			t.Errorf("quiet %s, max %s: %s, want %s; f itself has %s", tc.quiet, tc.most, got, tc.want, f.Settle.Max.D)
		}
	}
}

// Who is told a change before what it changes waits for that, and may be silent
// for longer; a rig file can say how long, and put announcements in sequence.
func TestWhoIsToldThingsInNoSequenceMayWait(t *testing.T) {
	for spec, want := range map[string]time.Duration{
		"endpoints:\n  erp: {system: erp}\n":                                                        3 * time.Second,
		"endpoints:\n  erp: {system: erp, dialect: infor-ion/v3}\n":                                 6 * time.Second,
		"endpoints:\n  erp: {system: erp, dialect: infor-ion/v3, policy: {ordering: per-entity}}\n": 3 * time.Second,
		"endpoints:\n  erp: {system: erp, policy: {ordering: none}}\n":                              6 * time.Second,
		"settle: {quiet: {wall: 4s}}\nendpoints:\n  erp: {system: erp, dialect: infor-ion/v3}\n":    4 * time.Second,
	} {
		f, err := ParseFile("rig", []byte("apiVersion: andon/v1\nkind: Rig\nsut: {process: {command: [x]}}\n"+spec))
		if err != nil {
			t.Fatal(err)
		}
		if got := f.settle().Quiet; got != want {
			t.Errorf("%s: silent for %s, want %s", spec, got, want)
		}
	}
}

// Who was kept from everything until the last fault had healed gets the whole
// time after that: the silence before it says nothing.
func TestSilenceBeforeTheHealingDoesNotCount(t *testing.T) {
	settle := Settle{Still: 250 * time.Millisecond, Quiet: 3 * time.Second, Max: 30 * time.Second}
	synctest.Test(t, func(t *testing.T) {
		j := evidence.NewJournal(nil)
		p := newProgress(j, nil, nil)
		owe(j)
		time.Sleep(2900 * time.Millisecond)
		began := time.Now()
		if quiet, why := p.rest(t.Context(), settle); !quiet || time.Since(began) < settle.Quiet {
			t.Errorf("at rest %t (%s) after %s, want %s", quiet, why, time.Since(began), settle.Quiet)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		p := newProgress(evidence.NewJournal(nil), nil, nil)
		time.Sleep(2900 * time.Millisecond)
		began := time.Now()
		if quiet, _ := p.rest(t.Context(), settle); !quiet || time.Since(began) > 0 {
			t.Errorf("at rest %t after %s, want at once: nothing is owed", quiet, time.Since(began))
		}
	})
}

// TestWhatTheBrokerHasIsWaitedFor: nothing comes from the SUT while a broker
// waits to deliver again what it has for it. A SUT that does not fetch it for
// long is at rest nevertheless.
func TestWhatTheBrokerHasIsWaitedFor(t *testing.T) {
	settle := Settle{Still: 250 * time.Millisecond, Quiet: 3 * time.Second, Max: 30 * time.Second}
	for _, tt := range []struct {
		name     string
		has      time.Duration // until when the broker has something
		owed     bool
		from, to time.Duration // of the wait
	}{
		{"nothing", 0, true, 3 * time.Second, 4 * time.Second},
		{"something for a while", 5 * time.Second, true, 5 * time.Second, 6 * time.Second},
		{"something for ever", time.Hour, true, 10 * time.Second, 11 * time.Second},
		{"something that nobody is owed", time.Hour, false, 250 * time.Millisecond, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := evidence.NewJournal(nil)
				p, began := newProgress(j, nil, nil), time.Now()
				p.lag = func() int {
					if time.Since(began) < tt.has {
						return 1
					}
					return 0
				}
				if tt.owed {
					owe(j)
				}
				if quiet, why := p.rest(t.Context(), settle); !quiet || time.Since(began) < tt.from || time.Since(began) > tt.to {
					t.Errorf("at rest: %t (%s) after %s, want between %s and %s", quiet, why, time.Since(began), tt.from, tt.to)
				}
			})
		})
	}
}

// A posting that lies where nobody looks is no silence of the SUT: the waits are
// longer by the time between two looks, and the limit by as much for each
// posting that was waited for.
func TestJobsThatSeldomLookAreWaitedFor(t *testing.T) {
	const lag = 5 * time.Second
	f, err := ParseFile("rig", []byte("apiVersion: andon/v1\nkind: Rig\nsut: {process: {command: [x]}}\nendpoints:\n  erp: {system: erp, dialect: staging/v1, poll: {wall: 5s}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	settle := f.settle()
	if want := (Settle{Still: 250 * time.Millisecond, Quiet: 8 * time.Second, Max: 30 * time.Second, Lag: lag}); settle != want {
		t.Fatalf("%+v, want %+v", settle, want)
	}
	const rows = 20
	fact := func(n int) plant.Event {
		f := plant.Confirmed{Order: "1", Operation: "0010", Counter: n}
		return plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f}
	}
	for _, looks := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			j := evidence.NewJournal(nil)
			p := newProgress(j, nil, nil)
			for n := range rows {
				e := fact(n + 1)
				j.Append(evidence.Truth{Event: e, Source: "mes", Sink: "erp"})
				j.Append(evidence.Offer{Endpoint: "mes", Name: "confirmations", Facts: []plant.EventID{e.ID}, Attempt: 1, Result: simulators.Result{Outcome: simulators.Accepted, Status: 202}})
			}
			if looks {
				go func() { // one row at each look
					for n := range rows {
						time.Sleep(lag)
						j.Append(evidence.Effect{Endpoint: "erp", Posting: simulators.Posting{Claim: fact(n + 1)}})
					}
				}()
			}
			began := time.Now()
			want := settle.Quiet
			if looks {
				want = rows*lag + settle.Still
			}
			if quiet, why := p.rest(t.Context(), settle); !quiet || time.Since(began) < want || time.Since(began) > want+100*time.Millisecond {
				t.Errorf("the job looks: %t; at rest %t (%s) after %s, want %s", looks, quiet, why, time.Since(began), want)
			}
		})
	}
	pat := newProgress(evidence.NewJournal(nil), nil, nil).trust(usualPatience, lag)
	if pat.quiet <= lag || pat.most <= lag {
		t.Errorf("while the plant plays a posting is waited for no longer than %s and %s", pat.quiet, pat.most)
	}
	if _, err := ParseFile("rig", []byte("apiVersion: andon/v1\nkind: Rig\nsut: {process: {command: [x]}}\nsettle:\n  quiet: {wall: 2s}\nendpoints:\n  erp: {system: erp, dialect: staging/v1, poll: {wall: 5s}}\n")); err == nil ||
		!strings.HasPrefix(err.Error(), "rig:5:3: settle.quiet is 2s, and the import job of tables rests for 5s") || !strings.Contains(err.Error(), "write quiet: {wall: 8s}") {
		t.Errorf("a silence that is over before the job looks: %v", err)
	}
}
