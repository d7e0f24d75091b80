package bundle_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var plan = evidence.Plan{Andon: "0.1.0", Run: "cnf-02-4711", Scenario: "CNF-02", Seed: 4711}

// confirmed is the n-th confirmation of one operation.
func confirmed(n int) plant.Event {
	f := plant.Confirmed{Order: "000004711", Operation: "0030", Counter: n, Yield: plant.Quantity{Amount: plant.MustDecimal("5.25"), Unit: "EA"}}
	return plant.Event{ID: plant.EventID(plant.Natural(f)), At: time.Date(2026, 3, 2, 13, 41, 7, 0, time.UTC), Fact: f}
}

// attempt is the record of a confirmation that the SUT posted.
func attempt(id uint64, payload string) evidence.Attempt {
	e := confirmed(int(id))
	return evidence.Attempt{
		ID: id, Endpoint: "erp", Verb: "post", Name: "confirmations", Key: string(e.ID), Claims: []plant.Event{e}, Attempt: 1,
		Acted:   simulators.Result{Outcome: simulators.Applied, Status: 201},
		Heard:   simulators.Result{Outcome: simulators.Applied, Status: 201},
		Payload: payload,
	}
}

func create(t *testing.T, in bundle.Inputs) *bundle.Writer {
	t.Helper()
	w, err := bundle.Create(t.TempDir(), in)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func open(t *testing.T, path string) *bundle.Bundle {
	t.Helper()
	b, err := bundle.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWrittenIsRead(t *testing.T) {
	w := create(t, bundle.Inputs{Plan: plan, Command: []string{"gate", "--seed", "4711"}, Rig: []byte("kind: Rig\n"), Scenario: []byte("kind: Scenario\n")})
	j := evidence.NewJournal(w.Journal())
	j.Append(evidence.Begin{Wall: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), Plan: plan})
	j.Append(evidence.Truth{Event: confirmed(1), Source: "mes", Sink: "erp"})
	ref := w.Store([]byte(`{"yield":"5.25"}`))
	j.Append(attempt(1, ref))
	j.Append(evidence.End{Quiet: true})
	if err := j.Flush(); err != nil {
		t.Fatal(err)
	}
	findings := []evidence.Finding{{Oracle: "exactly-once", ID: "O1", Verdict: evidence.Violated, Got: "2 postings"}}
	verdict := bundle.Verdict{Verdict: evidence.Violated, Exit: 1, Run: plan.Run, Seed: plan.Seed}
	if err := w.WriteFindings(findings); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteVerdict(verdict); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(w.Log(), "bridge ready\n")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	b := open(t, filepath.Join(w.Path(), bundle.JournalFile))
	if ps := b.Problems(); len(ps) > 0 {
		t.Errorf("problems of a whole bundle: %q", ps)
	}
	want := j.Records()
	if len(b.Records) != len(want) {
		t.Fatalf("got %d records, want %d", len(b.Records), len(want))
	}
	for i := range want {
		got, _ := json.Marshal(b.Records[i])
		wanted, _ := json.Marshal(want[i])
		if !bytes.Equal(got, wanted) {
			t.Errorf("record %d:\n got %s\nwant %s", i+1, got, wanted)
		}
	}
	if !reflect.DeepEqual(b.Findings, findings) || *b.Verdict != verdict || b.Plan.Run != plan.Run || b.Command[0] != "gate" {
		t.Errorf("got %+v %+v %+v %q", b.Findings, b.Verdict, b.Plan, b.Command)
	}
	if string(b.Rig) != "kind: Rig\n" || string(b.Scenario) != "kind: Scenario\n" || b.Began().Hour() != 12 {
		t.Errorf("got rig %q, scenario %q, began %v", b.Rig, b.Scenario, b.Began())
	}
	if p, err := b.Payload(ref); err != nil || p.Text != `{"yield":"5.25"}` {
		t.Errorf("payload: got %+v, %v", p, err)
	}
	if _, err := b.Payload("feedfeedfeedfeed"); err == nil {
		t.Error("an unknown payload was found")
	}
}

func TestCreateNeverOverwrites(t *testing.T) {
	dir := t.TempDir()
	w, err := bundle.Create(dir, bundle.Inputs{Plan: plan})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := bundle.Create(dir, bundle.Inputs{Plan: plan}); err == nil || !strings.Contains(err.Error(), "--out") {
		t.Errorf("second run of one name: got %v, want an error with the remedy", err)
	}
	for _, name := range []string{"", "..", "a/b", `a\b`, "run 1", strings.Repeat("x", 200)} {
		if _, err := bundle.Create(dir, bundle.Inputs{Plan: evidence.Plan{Run: name}}); err == nil {
			t.Errorf("run name %q was accepted", name)
		}
	}
}

func TestPayloads(t *testing.T) {
	big := bytes.Repeat([]byte("é"), bundle.MaxPayload) // twice as long as is kept
	bigger := append(bytes.Clone(big), 'x')
	for _, c := range []struct {
		name string
		body []byte
		note string
		text string
	}{
		{"text", []byte("<a/>"), "", "<a/>"},
		{"binary", []byte{0xff, 0xfe, 0}, "", ""},
		{"big", big, "cut at 65536 of 131072 bytes", string(big[:bundle.MaxPayload])},
		{"secret", []byte(`{"client_secret":"hunter2hunter2"}`), "redacted", `{"client_secret":"[redacted]"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := create(t, bundle.Inputs{Plan: plan})
			ref := w.Store(c.body)
			if w.Store(c.body) != ref {
				t.Error("equal payloads, different references")
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			b := open(t, w.Path())
			p, err := b.Payload(ref)
			if err != nil {
				t.Fatal(err)
			}
			if p.Bytes != len(c.body) || p.Note != c.note || p.Text != c.text {
				t.Errorf("got %d bytes, note %q, %d of text; want %d, %q, %d", p.Bytes, p.Note, len(p.Text), len(c.body), c.note, len(c.text))
			}
			whole, err := b.Whole(ref)
			if c.note != "" && (err == nil || !strings.Contains(err.Error(), c.note)) {
				t.Errorf("given out as if it were whole, or without saying why not: %v", err)
			}
			if c.note == "" && (err != nil || !bytes.Equal(whole, c.body)) {
				t.Errorf("whole %q and %v, want %q", whole, err, c.body)
			}
			body, err := p.Body()
			if err != nil || (c.note == "" && !bytes.Equal(body, c.body)) {
				t.Errorf("body: got %q, %v", body, err)
			}
			text, _ := os.ReadFile(filepath.Join(w.Path(), bundle.PayloadsFile))
			if n := bytes.Count(text, []byte("\n")); n != 1 {
				t.Errorf("kept %d times", n)
			}
		})
	}
	w := create(t, bundle.Inputs{Plan: plan})
	if w.Store(nil) != "" {
		t.Error("an empty payload has a reference")
	}
	if w.Store(big) == w.Store(bigger) {
		t.Error("payloads that differ after the cut share a reference")
	}
}

func TestStoreConcurrently(t *testing.T) {
	w := create(t, bundle.Inputs{Plan: plan})
	j := evidence.NewJournal(w.Journal())
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				j.Append(attempt(uint64(g*1000+i+1), w.Store(fmt.Appendf(nil, "payload %d", i))))
				if err := j.Flush(); err != nil {
					t.Error(err)
				}
				fmt.Fprintf(w.Log(), "line %d of %d\n", i, g)
			}
		})
	}
	wg.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b := open(t, w.Path())
	if len(b.Records) != 1600 {
		t.Errorf("got %d records, want 1600", len(b.Records))
	}
	for _, r := range b.Records {
		if _, err := b.Payload(r.Body.(evidence.Attempt).Payload); err != nil {
			t.Fatal(err)
		}
	}
	text, _ := os.ReadFile(filepath.Join(w.Path(), bundle.PayloadsFile))
	if n := bytes.Count(text, []byte("\n")); n != 200 {
		t.Errorf("got %d payloads, want 200", n)
	}
}

// A disk that is full must not leave half a line with more lines after it.
func TestNothingAfterAFailure(t *testing.T) {
	w := create(t, bundle.Inputs{Plan: plan})
	j := evidence.NewJournal(w.Journal())
	j.Append(evidence.Begin{Plan: plan})
	if err := w.Close(); err != nil { // any write fails from now on
		t.Fatal(err)
	}
	if err := j.Flush(); err == nil {
		t.Fatal("writing to a closed file succeeded")
	}
	j.Append(evidence.End{})
	if err := j.Flush(); err == nil {
		t.Fatal("writing went on after a failure")
	}
	if b := open(t, w.Path()); len(b.Records) != 0 || b.Cut == nil {
		t.Errorf("got %d records, cut %v", len(b.Records), b.Cut)
	}
}

func TestSaveJudgement(t *testing.T) {
	w := create(t, bundle.Inputs{Plan: plan})
	w.Close()
	b := open(t, w.Path())
	if b.Verdict != nil || b.Findings != nil {
		t.Fatalf("never judged, but got %v %v", b.Verdict, b.Findings)
	}
	if err := b.SaveJudgement([]evidence.Finding{{Oracle: "no-phantom"}}, bundle.Verdict{Exit: 4, Verdict: evidence.Inconclusive}); err != nil {
		t.Fatal(err)
	}
	if b = open(t, w.Path()); b.Verdict.Exit != 4 || b.Findings[0].Oracle != "no-phantom" {
		t.Errorf("got %+v %+v", b.Verdict, b.Findings)
	}
}

func posting(n int) simulators.Posting {
	return simulators.Posting{Doc: fmt.Sprint(4900000000 + n), Claim: confirmed(n)}
}

func BenchmarkStore(b *testing.B) {
	for _, c := range []struct {
		name string
		n    int // different payloads
	}{{"known", 100}, {"new", 1 << 30}} {
		b.Run(c.name, func(b *testing.B) {
			w, err := bundle.Create(b.TempDir(), bundle.Inputs{Plan: plan, Redactor: redactor(b, nil, bundle.Secret{Name: "erp", Value: "erp-secret-0123456789"})})
			if err != nil {
				b.Fatal(err)
			}
			defer w.Close()
			body := []byte(journal(b, 3)[1])
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				copy(body[len(body)-30:], fmt.Sprintf("%012d", i%c.n))
				w.Store(body)
				if i%50 == 0 { // as the journal does before each reply, and rarer
					if _, err := w.Journal().Write(nil); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
