package explain_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A run writes a journal record by record, with times of its own choice.
type run struct {
	records []evidence.Record
	clock   time.Duration
	plant   time.Time // stands still while the rig waits for the SUT
	message uint64
}

func (r *run) history() *evidence.History { return evidence.NewHistory(r.records) }

// answers has the build promise to report what it cannot post.
func (r *run) answers() *run {
	b := r.records[0].Body.(evidence.Begin)
	b.Plan.Delivers.Exceptions = true
	r.records[0].Body = b
	return r
}

// seq is the number of the last record.
func (r *run) seq() uint64 { return uint64(len(r.records)) }

const scenarioRequirement = "UP-03"

func newRun(scenario string, faults ...evidence.PlannedFault) *run {
	r := &run{}
	r.add(evidence.Begin{Wall: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), Plan: evidence.Plan{
		Andon: "0.1.0", Run: "run-8c41", Scenario: scenario, Seed: 4711, Requirements: []string{scenarioRequirement}, Faults: faults,
		Endpoints: map[string]evidence.Endpoint{"erp": {System: "erp", Policy: simulators.Policy{Dedupe: simulators.DedupeKey}}, "mes": {System: "mes"}},
		Flows:     []evidence.Flow{{Kind: plant.KindConfirmation, From: "mes", To: "erp"}},
	}})
	return r
}

func (r *run) add(b evidence.Body) evidence.Record {
	r.clock += time.Millisecond
	rec := evidence.Record{Seq: uint64(len(r.records) + 1), At: r.clock, Plant: r.plant, Body: b}
	r.records = append(r.records, rec)
	return rec
}

func (r *run) wait(d time.Duration) { r.clock += d }

func (r *run) truth(f plant.Fact, source, sink string) plant.Event {
	r.plant = time.Date(2026, 3, 2, 13, 41, 7, 0, time.UTC)
	e := plant.Event{ID: plant.EventID(plant.Natural(f)), At: r.plant, Fact: f}
	r.add(evidence.Truth{Event: e, Source: source, Sink: sink})
	return e
}

func (r *run) offer(e plant.Event, from string, try int, result simulators.Result, faults ...string) {
	r.message++
	start := r.clock
	r.clock += 4 * time.Millisecond
	name := map[plant.Kind]string{plant.KindConfirmation: "confirmations", plant.KindLotHeld: "holds", plant.KindConsumption: "consumptions"}[e.Fact.Kind()]
	r.add(evidence.Offer{ID: r.message, Endpoint: from, Name: name, Key: string(e.ID), Facts: []plant.EventID{e.ID}, Attempt: try, Start: start, End: r.clock, Result: result, Faults: faults})
}

// posts says how an attempt of the SUT goes; the zero value posts nothing.
type posts struct {
	name, key string // "" for the usual
	doc       string // "" changes no books
	idem      string
	heard     simulators.Result
	acted     simulators.Result // that of heard if empty
	takes     time.Duration
	faults    []string
	what      string // of the faults
	invalid   bool
}

func (r *run) post(e plant.Event, to string, try int, p posts) {
	r.message++
	id, start := r.message, r.clock
	for _, f := range p.faults {
		r.add(evidence.Disturbance{Fault: f, Kind: f, Phase: evidence.Struck, At: to, Message: id, Facts: []plant.EventID{e.ID}, What: p.what, Invalid: p.invalid})
	}
	r.clock += 3 * time.Millisecond
	if p.doc != "" {
		r.add(evidence.Effect{Attempt: id, Endpoint: to, Posting: simulators.Posting{Doc: p.doc, Claim: e, At: e.At}})
	}
	r.clock += p.takes
	if p.acted.Outcome == "" {
		p.acted = p.heard
	}
	if p.name == "" {
		p.name = map[plant.Kind]string{plant.KindConfirmation: "confirmations", plant.KindLotHeld: "holds", plant.KindConsumption: "consumptions"}[e.Fact.Kind()]
	}
	if p.key == "" {
		p.key = string(e.ID)
	}
	r.add(evidence.Attempt{
		ID: id, Endpoint: to, Verb: "post", Name: p.name, Key: p.key, IdemKey: p.idem, Claims: []plant.Event{e}, Attempt: try, Start: start, End: r.clock,
		Acted: p.acted, Heard: p.heard, Digest: "9f2c1a77d0e1b2c3", Bytes: 512, Faults: p.faults,
	})
}

var (
	taken   = simulators.Result{Outcome: simulators.Applied, Status: 201}
	queued  = simulators.Result{Outcome: simulators.Accepted, Status: 202}
	nothing = simulators.Result{Outcome: simulators.Unknown}
	never   = simulators.Result{Outcome: simulators.Undelivered}
)

func refused(code string, status int) simulators.Result {
	return simulators.Result{Outcome: simulators.Refused, Class: simulators.DataQuality, Code: code, Status: status}
}

func yield(n int, amount string) plant.Confirmed {
	return plant.Confirmed{Order: "000004711", Operation: "0030", Counter: n, Yield: plant.Quantity{Amount: plant.MustDecimal(amount), Unit: "EA"}}
}

// Facts the findings of the cases are about.
const (
	lostReplyFact = "confirmation/000004711/0030/17"
	restartFact   = "confirmation/000004711/0030/3"
	throttledFact = "confirmation/000004711/0030/4"
	hostileFact   = "consumption/000004711/0010/L-7/1"
)

var cases = []struct {
	name    string
	play    func() *run
	finding evidence.Finding
}{
	{"lost-reply", lostReply, evidence.Finding{
		Oracle: "exactly-once", ID: "O1", Verdict: evidence.Violated, Fact: lostReplyFact, Keys: yield(17, "5").Keys(), Requirements: []string{"CTL-01"},
		Expected: "1 posting of 5 EA (truth at 13:41:07 plant)", Got: "2 postings: 4900001881 and 4900001903", Class: evidence.CauseTechnical,
		Rule: "retry-without-key", Confidence: "high", Text: "the SUT repeated the posting after a lost reply, without an idempotency key", Evidence: []uint64{3, 7, 9},
	}},
	{"lost-in-restart", lostInRestart, evidence.Finding{
		Oracle: "no-silent-drop", ID: "O12", Verdict: evidence.Violated, Fact: restartFact, Keys: yield(3, "5").Keys(),
		Expected: "1 posting of 2.5 EA or 1 exception", Got: "neither", Rule: "lost-in-restart", Class: evidence.CauseTechnical,
	}},
	{"throttled", throttled, evidence.Finding{
		Oracle: "throttle-compliance", ID: "O9", Verdict: evidence.Violated, Fact: throttledFact, Keys: yield(4, "5").Keys(),
		Expected: "no request for 5.0 s", Got: "a request after 200ms", Rule: "retry-after-ignored", Class: evidence.CauseTechnical,
	}},
	{"used-after-hold", usedAfterHold, evidence.Finding{
		Oracle: "no-posting-after-hold", ID: "O5", Verdict: evidence.Violated, Fact: "lot-held/000004711/L-7/C-12",
		Expected: "nothing of lot L-7 used or shipped while case C-12 is open", Got: "consumed", Evidence: []uint64{2, 3, 6, 7},
	}},
	{"hostile", hostile, evidence.Finding{
		Oracle: "dead-letter-completeness", ID: "O11", Verdict: evidence.Violated, Fact: hostileFact, Got: "reported as \x1b[31mbusiness",
	}},
}

func lostReply() *run {
	r := newRun("CNF-02", evidence.PlannedFault{ID: "ack-drop", Kind: "ambiguous-commit", Requirements: []string{"FLT-02"}})
	r.add(evidence.Disturbance{Fault: "ack-drop", Kind: "ambiguous-commit", Phase: evidence.Armed, At: "erp"})
	e := r.truth(yield(17, "5"), "mes", "erp")
	r.offer(e, "mes", 1, queued)
	r.post(e, "erp", 1, posts{doc: "4900001881", acted: taken, heard: nothing, faults: []string{"ack-drop"}, what: "acted upon, reply lost (hang)"})
	r.wait(30 * time.Second)
	r.post(e, "erp", 2, posts{doc: "4900001903", heard: taken})
	r.add(evidence.End{Quiet: true})
	return r
}

func lostInRestart() *run {
	r := newRun("NET-03")
	e := r.truth(yield(3, "2.5"), "mes", "erp")
	r.offer(e, "mes", 1, never, "net")
	r.wait(time.Second)
	r.offer(e, "mes", 2, queued)
	r.add(evidence.Step{Name: "sut.kill"})
	r.wait(800 * time.Millisecond)
	r.add(evidence.Step{Name: "sut.start", Text: "again"})
	r.wait(9 * time.Second)
	r.add(evidence.End{Quiet: true})
	return r
}

func throttled() *run {
	r := newRun("THR-01", evidence.PlannedFault{ID: "api-throttling", Kind: "throttle"})
	e := r.truth(yield(4, "5"), "mes", "erp")
	r.offer(e, "mes", 1, queued)
	wait := simulators.Result{Outcome: simulators.Throttled, Status: 429, RetryAfter: 5 * time.Second}
	for n := 1; n <= 3; n++ {
		r.post(e, "erp", n, posts{acted: never, heard: wait, faults: []string{"api-throttling"}, idem: "k-17", what: "throttled for 5 s"})
		r.wait(200 * time.Millisecond)
	}
	r.post(e, "erp", 4, posts{doc: "4900001990", heard: taken, idem: "k-17"})
	r.add(evidence.End{Quiet: true})
	return r
}

func usedAfterHold() *run {
	r := newRun("QUA-02")
	hold := r.truth(plant.LotHeld{Lot: "L-7", Order: "000004711", Case: "C-12", Reason: "porous"}, "mes", "erp")
	r.offer(hold, "mes", 1, queued)
	use := r.truth(plant.Consumed{Order: "000004711", Operation: "0010", Counter: 1, Material: "M-1", Lot: "L-7", Quantity: plant.Quantity{Amount: plant.One, Unit: "KG"}}, "mes", "erp")
	r.offer(use, "mes", 1, queued)
	r.wait(time.Second)
	r.post(use, "erp", 1, posts{doc: "4900002001", heard: taken, idem: "a"})
	r.add(evidence.End{Quiet: true})
	return r
}

func hostile() *run {
	const evil = "\x1b[2J\u202eL-7\n機械 \"<script>;#"
	r := newRun("LOT-01", evidence.PlannedFault{ID: "invalid-lot", Kind: "invalid-lot"})
	e := r.truth(plant.Consumed{Order: "000004711", Operation: "0010", Counter: 1, Material: "M-1", Lot: "L-7", Quantity: plant.Quantity{Amount: plant.One, Unit: "KG"}}, "mes", "erp")
	r.add(evidence.Disturbance{Fault: "invalid-lot", Kind: "invalid-lot", Phase: evidence.Struck, At: "mes", Message: 1, Facts: []plant.EventID{e.ID}, What: "lot L-7 replaced by expired lot L-9", Invalid: true})
	r.offer(e, "mes", 1, queued, "invalid-lot")
	r.post(e, "erp", 1, posts{name: "consumptions" + evil, heard: refused("lot-expired"+evil, 422), idem: evil})
	r.add(evidence.Surface{Class: "business", Reference: string(e.ID), Kind: plant.KindConsumption, Reason: evil + evil + evil})
	r.add(evidence.End{Quiet: true})
	return r
}

// write stores the journal of a case.
func (r *run) bytes(t *testing.T) []byte {
	t.Helper()
	var text bytes.Buffer
	for _, rec := range r.records {
		b, err := json.Marshal(rec)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(append(b, '\n'))
	}
	return text.Bytes()
}

func writeRun(t *testing.T, name string, r *run) {
	t.Helper()
	if err := os.WriteFile(filepath.Join("testdata", name+".jsonl"), r.bytes(t), 0o644); err != nil {
		t.Fatal(err)
	}
}

// sound is a run in which a reply was lost and all is well nevertheless.
func sound() *run {
	r := newRun("CNF-02", evidence.PlannedFault{ID: "ack-drop", Kind: "ambiguous-commit", Requirements: []string{"FLT-02"}})
	r.add(evidence.Disturbance{Fault: "ack-drop", Kind: "ambiguous-commit", Phase: evidence.Armed, At: "erp"})
	for n := 1; n <= 3; n++ {
		e := r.truth(yield(n, "5"), "mes", "erp")
		r.offer(e, "mes", 1, queued)
		p := posts{doc: "490000188" + string(rune('0'+n)), heard: taken, idem: string(e.ID)}
		if n == 2 {
			p.acted, p.heard, p.faults, p.what = taken, nothing, []string{"ack-drop"}, "acted upon, reply lost (hang)"
		}
		r.post(e, "erp", 1, p)
		if n == 2 {
			r.wait(2 * time.Second)
			r.post(e, "erp", 2, posts{heard: simulators.Result{Outcome: simulators.Repeated, Status: 200}, idem: string(e.ID)})
		}
	}
	r.add(evidence.Disturbance{Fault: "ack-drop", Kind: "ambiguous-commit", Phase: evidence.Healed, At: "erp"})
	r.add(evidence.End{Quiet: true})
	return r
}
