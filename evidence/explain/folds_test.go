package explain_test

import (
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// troublesOf are the troubles of a whole run, as all oracles find them.
func troublesOf(r *run, more ...evidence.Finding) (roots []string) {
	h := r.history()
	for _, t := range explain.Troubles(explain.New(h, "").All(append(oracles.JudgeAll(h, oracles.Standard()), more...))) {
		if f := t.Findings[0]; f.Verdict == evidence.Violated {
			roots = append(roots, f.Oracle+" by "+f.Rule)
		}
	}
	return roots
}

func expectOne(t *testing.T, r *run, want string, more ...evidence.Finding) {
	t.Helper()
	if got := troublesOf(r, more...); len(got) != 1 || got[0] != want {
		t.Errorf("told as %v, want only %s", got, want)
	}
}

// reports has the SUT report a fact it could not post.
func (r *run) reports(e plant.Event, class simulators.Class) {
	r.add(evidence.Surface{Class: class, Keys: e.Fact.Keys(), Kind: e.Fact.Kind(), Reference: string(e.ID), Reason: "quota exceeded"})
}

// fact is a confirmation that the SUT has taken.
func (r *run) fact(n int) plant.Event {
	e := r.truth(yield(n, "5"), "mes", "erp")
	r.offer(e, "mes", 1, queued)
	return e
}

var wait = simulators.Result{Outcome: simulators.Throttled, Status: 429, Code: "quota-exceeded", RetryAfter: 5 * time.Second}

// A build that takes 429 for a refusal neither waits nor comes back: one
// misunderstanding, told by the exceptions it writes.
func TestThrottlingTakenForRefusalIsOneTrouble(t *testing.T) {
	r := newRun("THR-01").answers()
	for n := 1; n <= 3; n++ {
		e := r.fact(n)
		r.post(e, "erp", 1, posts{acted: never, heard: wait, idem: string(e.ID)})
		r.reports(e, simulators.Business)
		r.wait(200 * time.Millisecond)
	}
	r.add(evidence.End{Quiet: true})
	expectOne(t, r, "dead-letter by wrong-class")
}

// One that reports some as refused, and asks again too early for others, has
// two troubles.
func TestNotWaitingIsATroubleOfItsOwn(t *testing.T) {
	r := newRun("THR-01").answers()
	e := r.fact(1)
	r.post(e, "erp", 1, posts{acted: never, heard: wait, idem: "1"})
	r.wait(200 * time.Millisecond)
	r.post(e, "erp", 2, posts{doc: "1", heard: taken, idem: "1"})
	r.wait(10 * time.Second)
	e = r.fact(2)
	r.post(e, "erp", 1, posts{acted: never, heard: wait, idem: "2"})
	r.reports(e, simulators.Business)
	r.add(evidence.End{Quiet: true})
	if got := troublesOf(r); len(got) != 2 {
		t.Errorf("told as %v", got)
	}
}

// A new key on every try doubles what had been posted, and does no harm where
// it had not: one habit.
func TestKeyPerTryIsOneTrouble(t *testing.T) {
	r := newRun("CNF-02", evidence.PlannedFault{ID: "ack-drop", Kind: "ambiguous-commit"})
	e := r.fact(1)
	r.post(e, "erp", 1, posts{doc: "1", acted: taken, heard: nothing, idem: "a", faults: []string{"ack-drop"}})
	r.wait(time.Second)
	r.post(e, "erp", 2, posts{doc: "2", heard: taken, idem: "b"})
	e = r.fact(2)
	r.post(e, "erp", 1, posts{acted: never, heard: simulators.Result{Outcome: simulators.Unavailable, Status: 503}, idem: "c"})
	r.wait(time.Second)
	r.post(e, "erp", 2, posts{doc: "3", heard: taken, idem: "d"})
	r.add(evidence.End{Quiet: true})
	expectOne(t, r, "exactly-once by new-key-on-retry")
}

// batch posts several facts in one message that is answered row by row.
func (r *run) batch(key string, heard simulators.Result, es ...plant.Event) {
	r.message++
	id, start := r.message, r.clock
	r.clock += 3 * time.Millisecond
	for i, row := range heard.Items {
		if row.Outcome.Took() {
			r.add(evidence.Effect{Attempt: id, Endpoint: "erp", Posting: simulators.Posting{Doc: string(es[i].ID), Claim: es[i], At: es[i].At}})
		}
	}
	r.add(evidence.Attempt{ID: id, Endpoint: "erp", Verb: "post", Name: "confirmations", Key: key, IdemKey: key, Claims: es, Attempt: 1, Start: start, End: r.clock,
		Acted: heard, Heard: heard, Digest: "d-" + key, Bytes: 900})
}

// A build that forgets what is refused does so in a batch, too.
func TestForgottenRefusalsAreOneTrouble(t *testing.T) {
	no := refused("lot-blocked", 422)
	forgets := func(alone bool) *run {
		r := newRun("LOT-01").answers()
		if alone {
			e := r.fact(1)
			r.post(e, "erp", 1, posts{heard: no, idem: "1"})
		}
		good, bad := r.fact(2), r.fact(3)
		r.batch("2", simulators.Result{Outcome: simulators.Partly, Status: 207, Items: []simulators.Result{taken, no}}, good, bad)
		r.add(evidence.End{Quiet: true})
		return r
	}
	expectOne(t, forgets(true), "no-silent-drop by refused-and-dropped")
	expectOne(t, forgets(false), "batch-items by failed-row-forgotten")
}

// A key that is too coarse for single facts is so for batches: what is refused
// for it, and what a count of the scenario lacks, is no trouble of its own.
func TestCoarseKeyIsOneTrouble(t *testing.T) {
	r := newRun("NET-01").answers()
	first, second, third := r.fact(1), r.fact(2), r.fact(3)
	r.post(first, "erp", 1, posts{doc: "1", heard: taken, idem: "coarse"})
	no := refused("key-reused", 422)
	r.batch("coarse", simulators.Result{Outcome: no.Outcome, Class: no.Class, Code: no.Code, Status: no.Status, Items: []simulators.Result{no, no}}, second, third)
	r.add(evidence.End{Quiet: true})
	expectOne(t, r, "retry-discipline by key-shared", evidence.Finding{Oracle: "expectations", ID: "E1", Verdict: evidence.Violated, Rule: "expectation atEnd",
		Expected: `at the end: count.posted["erp"]["confirmation"] >= count.truth["confirmation"]`})
	if got := troublesOf(r, evidence.Finding{Oracle: "expectations", ID: "E1", Verdict: evidence.Violated, Rule: "expectation atEnd",
		Expected: `at the end: count.posted["erp"]["receipt"] >= count.truth["receipt"]`}); len(got) != 2 {
		t.Errorf("receipts are missing because of confirmations: %v", got)
	}
}

// What an older version has overwritten shows in the books, and in what the
// scenario expects of them; of another order it does not.
func TestStaleOverwriteIsOneTrouble(t *testing.T) {
	h, _, _, _ := told()
	stale := evidence.Finding{Oracle: "order-causality", ID: "O6", Verdict: evidence.Violated, Rule: "stale-overwrite", Keys: plant.Keys{Order: "B"}}
	books := evidence.Finding{Oracle: "convergence", ID: "O20", Verdict: evidence.Violated, Rule: "differs-by-named-facts", Keys: plant.Keys{Order: "B"}}
	expectation := evidence.Finding{Oracle: "expectations", ID: "E1", Verdict: evidence.Violated, Rule: "expectation atEnd", Keys: plant.Keys{Order: "B"}}
	if got := explain.Troubles(explain.New(h, "").All([]evidence.Finding{stale, books, expectation})); len(got) != 1 {
		t.Errorf("%d troubles", len(got))
	}
	expectation.Keys.Order = "A"
	if got := explain.Troubles(explain.New(h, "").All([]evidence.Finding{stale, books, expectation})); len(got) != 2 {
		t.Errorf("%d troubles, and another order's expectation is one", len(got))
	}
}
