package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"
)

func TestAFactThatCameAloneKeepsItsMessage(t *testing.T) {
	m := confirmation("000123", "0010", 3)
	got, err := split("mes", m)
	if err != nil || len(got) != 1 {
		t.Fatalf("%d facts, %v", len(got), err)
	}
	f := got[0]
	if !bytes.Equal(f.body, m.Body) {
		t.Errorf("body %s", f.body)
	}
	if f.ref != "confirmation/000123/0010/3" || f.order != "000123" || f.operation != "0010" || f.counter != 3 || f.lane != "order/000123" || f.target != "erp" {
		t.Errorf("read %+v", f)
	}
}

// A batch is split; its parts keep what we know nothing of, and what they
// left to the message around them.
func TestSplitAndMerge(t *testing.T) {
	batch := entry{ID: "m", Name: "consumptions", Event: "a", Body: json.RawMessage(`{"SyncOperationsPerformance":{"@releaseID":"V0701","Later":1,
		"ApplicationArea":{"CreationDateTime":"2026-03-02T07:00:01+01:00","Novelty":{"x":[1]}},
		"DataArea":{"Sync":{},"OperationsPerformance":[{"OperationsResponse":[
			{"OperationsRequestID":["7"],"SegmentResponse":[{"ID":"a","OperationsSegmentID":["1"],"Odd":"ä","SegmentData":[],"MaterialActual":[{"MaterialLotID":["A"]}]}]},
			{"OperationsRequestID":["7"],"SegmentResponse":[{"ID":"b","OperationsSegmentID":["1"],"ActualEndTime":"2026-03-02T06:00:00+01:00","MaterialActual":[{"MaterialLotID":["B"]}]}]}]}]}}}`)}
	got, err := split("mes", batch)
	if err != nil || len(got) != 2 {
		t.Fatalf("%d facts, %v", len(got), err)
	}
	if got[0].order != "7" || got[1].order != "7" || got[0].lot != "A" || got[1].lot != "B" {
		t.Errorf("read %+v", got)
	}
	merged, err := merge(got)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"Novelty":{"x":[1]}`, `"Later":1`, `"Odd":"ä"`, `"PostingDate":"2026-03-02T07:00:01+01:00"`, `"@releaseID":"V0701"`, `"Sync":{}`} {
		if !bytes.Contains(merged, []byte(want)) {
			t.Errorf("%s is not in %s", want, merged)
		}
	}
	if bytes.Count(merged, []byte("PostingDate")) != 1 {
		t.Errorf("a row that says when it happened was given another instant: %s", merged)
	}
	again, err := split("mes", entry{Name: "consumptions", Body: merged})
	if err != nil || len(again) != 2 || again[0].ref != "a" || again[1].ref != "b" || again[1].order != "7" {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	for name, m := range map[string]entry{
		"not JSON":          {Name: "orders", Body: []byte(`{`)},
		"not ours":          {Name: "orders", Body: confirmation("1", "1", 1).Body},
		"two transactions":  {Name: "confirmations", Body: []byte(`{"A":{},"B":{}}`)},
		"no data":           {Name: "confirmations", Body: []byte(`{"A":{"ApplicationArea":{}}}`)},
		"no rows":           performanceOf("confirmations", "x"),
		"no order":          performanceOf("confirmations", "x", `{"ID":"x"}`),
		"a number for text": performanceOf("confirmations", "x", `{"ID":7,"OperationsRequestID":[1]}`),
		"null":              {Name: "confirmations", Body: []byte(`null`)},
		"null row":          performanceOf("confirmations", "x", `null`),
	} {
		if got, err := split("mes", m); err == nil {
			t.Errorf("%s: read as %+v", name, got)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, m := range []entry{confirmation("1", "0010", 1), hold("L", "Q"), order("1", 1)} {
		f.Add(m.Name, []byte(m.Body))
	}
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		for _, system := range []string{"erp", "mes"} {
			facts, err := split(system, entry{ID: "i", Name: name, Event: "e", Body: body})
			if err != nil {
				continue
			}
			again, err := split(system, entry{ID: "i", Name: name, Event: "e", Body: facts[0].body})
			if err != nil || len(again) != 1 || again[0].ref != facts[0].ref {
				t.Errorf("%s splits into %s, which reads as %+v, %v", body, facts[0].body, again, err)
			}
		}
	})
}

func TestKeysAreOfEventsOnly(t *testing.T) {
	a, b := fact{target: "erp", ref: "a"}, fact{target: "erp", ref: "b"}
	later := a
	later.body, later.attempts, later.id = []byte("x"), 9, 9
	refused := a
	refused.round = 1
	keys := []string{keyOf([]fact{a}), keyOf([]fact{b}), keyOf([]fact{a, b}), keyOf([]fact{b, a}), keyOf([]fact{refused})}
	if keys[0] != keyOf([]fact{later}) {
		t.Error("the key depends on more than the event")
	}
	slices.Sort(keys)
	if len(slices.Compact(keys)) != 5 {
		t.Error("different postings share a key")
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"2": 2 * time.Second, " 0 ": 0, "Mon, 02 Mar 2026 07:00:09 GMT": 9 * time.Second, "999999999": time.Hour,
		"": -1, "soon": -1, "-3": -1, "1.5": -1,
	} {
		got, told := retryAfter(text, now)
		if told != (want >= 0) || told && (got < want || got > want+10*time.Millisecond) {
			t.Errorf("%q: %s, %t; want %s", text, got, told, want)
		}
	}
}
