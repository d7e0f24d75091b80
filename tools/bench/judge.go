package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// judging measures all oracles over a journal of n records, beside decoding
// the same records with encoding/json, which any judge of a stored run must
// at least do.
func judging(n int) error {
	records := journal(n)
	runtime.GC()
	began := time.Now()
	h := evidence.NewHistory(records)
	findings := oracles.JudgeAll(h, oracles.Standard())
	took := time.Since(began)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if v := worst(findings); v != evidence.Holds {
		return fmt.Errorf("the benchmark's own journal is judged %s: %+v", v, findings[0])
	}
	decode, err := decoding(records[:min(n, 100_000)])
	if err != nil {
		return err
	}
	decode *= time.Duration(n / min(n, 100_000))
	row(fmt.Sprintf("all oracles over %d records, vs decoding", n), took.Round(time.Millisecond).String(), decode.Round(time.Millisecond).String(),
		float64(took)/float64(decode), "< 5 s, < 2 GB at 10⁶")
	fmt.Printf("  heap taken from the system: %d MiB\n", m.Sys>>20)
	return nil
}

func worst(fs []evidence.Finding) (w evidence.Verdict) {
	for _, f := range fs {
		if f.Verdict != evidence.Vacuous {
			w = max(w, f.Verdict)
		}
	}
	return w
}

func decoding(records []evidence.Record) (time.Duration, error) {
	lines := make([][]byte, len(records))
	for i, r := range records {
		b, err := json.Marshal(r)
		if err != nil {
			return 0, err
		}
		lines[i] = b
	}
	began := time.Now()
	for _, l := range lines {
		var r evidence.Record
		if err := json.Unmarshal(l, &r); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

// journal is a sound run of about n records: each confirmation is true, taken,
// posted once and answered.
func journal(n int) []evidence.Record {
	plan := evidence.Plan{Run: "bench", Scenario: "bench", Zone: "UTC", Items: []plant.Item{{ID: "P", Unit: "EA"}},
		Endpoints: map[string]evidence.Endpoint{
			"erp": {System: "erp", Dialect: "neutral/v1", Policy: simulators.Policy{Dedupe: simulators.DedupeKey}},
			"mes": {System: "mes", Dialect: "neutral/v1", Policy: simulators.Policy{Dedupe: simulators.DedupeKey}}},
		Flows:    []evidence.Flow{{Kind: plant.KindConfirmation, From: "mes", To: "erp"}},
		Delivers: evidence.Delivers{Posting: evidence.ExactlyOnce, Exceptions: true}}
	records := make([]evidence.Record, 0, n+8)
	at, plantTime := time.Duration(0), time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	add := func(b evidence.Body) {
		at += time.Microsecond
		records = append(records, evidence.Record{Seq: uint64(len(records) + 1), At: at, Plant: plantTime, Body: b})
	}
	add(evidence.Begin{Plan: plan})
	add(evidence.Step{Name: "play"})
	for i := 0; len(records) < n-3; i++ {
		f := plant.Confirmed{Order: plant.OrderID(fmt.Sprintf("4711%06d", i/20)), Operation: "0010", Counter: i%20 + 1, Yield: plant.Of(int64(i%7+1), "EA")}
		e := plant.Event{ID: plant.EventID(plant.Natural(f)), At: plantTime, Fact: f}
		id := uint64(2*i + 1)
		add(evidence.Truth{Event: e, Source: "mes", Sink: "erp"})
		add(evidence.Offer{ID: id, Endpoint: "mes", Name: "confirmations", Key: string(e.ID), Facts: []plant.EventID{e.ID}, Attempt: 1, Start: at, End: at,
			Result: simulators.Result{Outcome: simulators.Accepted, Status: 202}})
		start := at
		add(evidence.Effect{Attempt: id + 1, Endpoint: "erp", Posting: simulators.Posting{Doc: fmt.Sprint(5_000_000_000 + i), Claim: e, At: plantTime}})
		done := simulators.Result{Outcome: simulators.Applied, Status: 201}
		add(evidence.Attempt{ID: id + 1, Endpoint: "erp", Verb: "post", Name: "confirmations", Key: string(e.ID), IdemKey: string(e.ID), Claims: []plant.Event{e},
			Attempt: 1, Start: start, End: at, Acted: done, Heard: done, Digest: string(e.ID)})
	}
	add(evidence.Step{Name: "heal"})
	add(evidence.Step{Name: "settle"})
	add(evidence.End{Quiet: true})
	return records
}
