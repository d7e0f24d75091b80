package oracles_test

import (
	"math"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

func TestHygiene(t *testing.T) {
	// takes has the SUT take up so many files, in the i-th of n seconds.
	takes := func(n int, files func(i int) float64) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			r.Plan.Hygiene.Demanded = true
			r.Step("play")
			r.Watch(n, func(i int) (sut, erp evidence.Sample) {
				return evidence.Sample{Memory: 40 << 20, Files: int(files(i)), Threads: 9}, evidence.Sample{Connections: 2}
			})
		}
	}
	run(t, "hygiene", []testCase{
		{name: "nobody looked", build: func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "5")) }, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "too short", build: takes(15, func(i int) float64 { return float64(10 * i) }), want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "level", build: takes(30, func(int) float64 { return 12 }), want: evidence.Holds},
		{name: "a leak", build: takes(30, func(i int) float64 { return 12 + float64(i) }), want: evidence.Violated, rule: "grows-without-bound", says: "open files of the SUT"},
		{name: "a leak, told only", build: func(r *journaltest.Run) {
			takes(30, func(i int) float64 { return 12 + float64(i) })(r)
			r.Plan.Hygiene.Demanded = false
		}, want: evidence.Holds, rule: "grows-without-bound", says: "advice: open files of the SUT rose"},
		{name: "a leak under a load that comes and goes", build: takes(60, func(i int) float64 {
			return 12 + float64(i/2) + 5*float64(i%4)
		}), want: evidence.Violated},
		{name: "a warm-up that levels off", build: takes(60, func(i int) float64 { return 12 + 200*(1-math.Exp(-float64(i)/10)) }), want: evidence.Holds},
		{name: "growth that gets slower and slower", build: takes(120, func(i int) float64 { return 12 + 40*math.Log1p(float64(i)) }), want: evidence.Holds},
		{name: "a cache that fills and is emptied", build: takes(120, func(i int) float64 { return 12 + 3*float64(i%30) }), want: evidence.Holds},
		{name: "up and down", build: takes(90, func(i int) float64 { return 40 + 30*math.Sin(float64(i)/7) }), want: evidence.Holds},
		{name: "a little", build: takes(30, func(i int) float64 { return 12 + float64(i)/4 }), want: evidence.Holds},
		{name: "much, compared with nothing", build: takes(60, func(i int) float64 { return 900 + float64(i) }), want: evidence.Holds},
		{name: "one step up after a burst", build: takes(60, func(i int) float64 { return 12 + 30*float64(i/35) }), want: evidence.Holds},
		{name: "each restart frees it", build: func(r *journaltest.Run) {
			for range 4 {
				r.Step("sut.start")
				takes(15, func(i int) float64 { return 12 + float64(3*i) })(r)
				r.Step("sut.kill")
			}
		}, want: evidence.Vacuous},
		{name: "connections at an endpoint", build: func(r *journaltest.Run) {
			r.Plan.Hygiene.Demanded = true
			r.Watch(30, func(i int) (sut, erp evidence.Sample) { return evidence.Sample{}, evidence.Sample{Connections: 1 + i} })
		}, want: evidence.Violated, says: "open connections at erp"},
		{name: "asks more and more while nothing happens", build: func(r *journaltest.Run) { asks(r, func(i int) int { return 1 + i }) },
			want: evidence.Violated, says: "requests a second while idle at erp"},
		{name: "asks all the time", build: func(r *journaltest.Run) { asks(r, func(int) int { return 30 }) }, want: evidence.Holds},
		{name: "comes again while it is kept waiting", build: func(r *journaltest.Run) {
			r.Fault("out", "outage", "erp")
			asks(r, func(i int) int { return 1 + i })
		}, want: evidence.Vacuous},
	})
}

// asks has the SUT ask the ERP so often in each of forty seconds in which
// nothing is announced.
func asks(r *journaltest.Run, often func(i int) int) {
	r.Plan.Hygiene.Demanded = true
	r.Step("play")
	ok := simulators.Result{Outcome: simulators.Answered, Status: 200}
	id := uint64(5000)
	for i := range 40 {
		n := often(i)
		for range n {
			id++
			r.Add(evidence.Attempt{ID: id, Endpoint: "erp", Verb: "get", Name: "postings", Key: "get postings", Attempt: 1, Start: r.Now(), End: r.Now(), Acted: ok, Heard: ok})
		}
		r.Wait(time.Second - time.Duration(n)*10*time.Millisecond)
	}
}

func TestSecrets(t *testing.T) {
	seen := func(s evidence.Sighting, times int) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			r.HandOut()
			r.Do(journaltest.Confirmed(1, "5.013"))
			for range times {
				r.Add(s)
			}
		}
	}
	secret := evidence.Sighting{What: "erp.secret", Kind: evidence.SecretCredential, Owner: "erp"}
	at := func(place evidence.SecretPlace, endpoint string) evidence.Sighting {
		s := secret
		s.Place, s.Endpoint = place, endpoint
		return s
	}
	calls := func(status int) func(*journaltest.Run) {
		return func(r *journaltest.Run) {
			r.HandOut()
			no := simulators.Result{Outcome: simulators.Unauthorized, Status: status, Code: "insufficient_scope"}
			e := r.Happen(journaltest.Confirmed(1, "5.013"))
			for range 3 {
				r.Send(journaltest.Sending{Acted: no}, e)
			}
		}
	}
	run(t, "secrets", []testCase{
		{name: "an older journal", build: func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "5")) }, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "a stranger trusted", build: func(r *journaltest.Run) {
			r.HandOut()
			e := r.Do(journaltest.Confirmed(1, "5.013"))
			r.Fault("old", "tls-expired", "erp")
			for range 3 {
				r.Add(evidence.Disturbance{Fault: "old", Kind: "tls-expired", Phase: evidence.Struck, At: "erp", Facts: []plant.EventID{e.ID}, Stranger: true, What: "sent to who had shown a certificate that has expired"})
			}
		}, want: evidence.Violated, rule: "trusted-a-stranger", says: "a certificate that has expired"},
		{name: "a stranger turned away", build: func(r *journaltest.Run) {
			r.HandOut()
			r.Do(journaltest.Confirmed(1, "5.013"))
			r.Fault("old", "tls-expired", "erp")
			r.Add(evidence.Disturbance{Fault: "old", Kind: "tls-expired", Phase: evidence.Struck, At: "erp", Key: "connection 2", What: "shown a certificate that has expired"})
		}, want: evidence.Holds},
		{name: "nobody looked", build: func(r *journaltest.Run) {
			r.HandOut()
			r.Plan.Looked = nil
		}, want: evidence.Vacuous, rule: evidence.RuleIdle},
		{name: "kept", build: seen(secret, 0), want: evidence.Holds, says: "3 secrets"},
		{name: "printed", build: seen(at(evidence.InLog, ""), 1), want: evidence.Violated, rule: "secret-in-log", says: "erp.secret nowhere but where it is asked for\nseen in the SUT's log"},
		{name: "shown to people", build: seen(at(evidence.InException, "exceptions"), 1), want: evidence.Violated, rule: "secret-in-exception"},
		{name: "told to another system", build: seen(at(evidence.InMessage, "mes"), 1), want: evidence.Violated, rule: "secret-in-message", says: "in a message to mes"},
		{name: "in a URL", build: seen(at(evidence.InURL, "erp"), 1), want: evidence.Violated, rule: "secret-in-url"},
		{name: "for another system", build: seen(at(evidence.AsCredential, "mes"), 1), want: evidence.Violated, rule: "credential-of-another-system", says: "for mes"},
		{name: "a personnel number in the log", build: seen(evidence.Sighting{What: "person-1", Kind: evidence.SecretCanary, Place: evidence.InLog, Where: "line 17"}, 1),
			want: evidence.Violated, says: "(line 17)"},
		{name: "outside its scope", build: calls(403), want: evidence.Violated, rule: "outside-its-scope", says: "403 insufficient_scope"},
		{name: "an expired token is another oracle's", build: calls(401), want: evidence.Holds},
		{name: "our fault said that it may not", build: func(r *journaltest.Run) {
			r.HandOut()
			r.Send(journaltest.Sending{Acted: undelivered, Heard: simulators.Result{Outcome: simulators.Unauthorized, Status: 403}, Faults: []string{"f"}}, r.Happen(journaltest.Confirmed(1, "5")))
		}, want: evidence.Holds},
	})
}

// TestALeakIsToldOnce: every renewal is another token and the same mistake.
func TestALeakIsToldOnce(t *testing.T) {
	r := journaltest.New()
	r.HandOut()
	r.Do(journaltest.Confirmed(1, "5.013"))
	for _, name := range []string{"erp.token-1", "erp.token-2", "erp.token-3"} {
		r.Add(evidence.Sighting{What: name, Kind: evidence.SecretToken, Owner: "erp", Place: evidence.InLog})
	}
	found := judge(t, "secrets", r.History())
	if len(found) != 1 || found[0].Count != 3 || found[0].Expected != "a token of erp nowhere but where it is asked for" {
		t.Errorf("got %+v", found)
	}
}
