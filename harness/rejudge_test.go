package harness

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
)

// storedRun is a bundle of these records, with the judgement of an Andon that
// knew only the first oracle and found nothing wrong.
func storedRun(t *testing.T, records []evidence.Record) string {
	t.Helper()
	w, err := bundle.Create(t.TempDir(), bundle.Inputs{Plan: records[0].Body.(evidence.Begin).Plan})
	if err != nil {
		t.Fatal(err)
	}
	ref := w.Store([]byte(`{"order":"000004711"}`))
	for _, r := range records {
		if a, ok := r.Body.(evidence.Attempt); ok {
			a.Payload = ref
			r.Body = a
		}
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Journal().Write(append(line, '\n')); err != nil {
			t.Fatal(err)
		}
	}
	err = w.WriteFindings([]evidence.Finding{{Oracle: "exactly-once", ID: "O1", Verdict: evidence.Holds}})
	if err == nil {
		err = w.WriteVerdict(bundle.Verdict{Verdict: evidence.Holds})
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return w.Path()
}

func rejudged(t *testing.T, dir string) (verdict evidence.Verdict, by map[string]evidence.Verdict, notes string) {
	t.Helper()
	b, err := bundle.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := JudgeStored(b)
	if err != nil {
		t.Fatal(err)
	}
	by = map[string]evidence.Verdict{}
	for _, f := range s.Findings {
		by[f.Oracle] = max(by[f.Oracle], f.Verdict)
	}
	return s.Verdict, by, strings.Join(s.Notes, "; ")
}

// A run that was stored before an oracle existed is judged by it, whatever the
// stored verdict says.
func TestANewerOracleJudgesAnOlderRun(t *testing.T) {
	records := journaltest.Shift().Records()
	for i, r := range records { // what only the newest oracle can find
		if s, ok := r.Body.(evidence.Snapshot); ok && len(s.Units) > 0 {
			s.Units = slices.Clone(s.Units)
			better := s.Units[0].Availability.Add(s.Units[0].Availability.Times(2))
			s.Units[0].Availability = &better
			records[i].Body = s
		}
	}
	dir := storedRun(t, records)
	verdict, by, _ := rejudged(t, dir)
	if verdict != evidence.Violated || by["oee"] != evidence.Violated || len(by) < len(oracles.All()) {
		t.Errorf("%s, %d oracles, oee %s", verdict, len(by), by["oee"])
	}
	if b, err := bundle.Open(dir); err != nil || b.Verdict.Verdict != evidence.Holds || len(b.Findings) != 1 {
		t.Errorf("judging has changed the bundle: %+v, %v", b.Verdict, err)
	}
}

// What cannot be read is told and never holds: a payload that is gone or
// damaged, and a journal that was cut.
func TestWhatCannotBeReadIsInconclusive(t *testing.T) {
	records := journaltest.Shift().Records()
	spoil := func(file string, change func([]byte) []byte) func(dir string) error {
		return func(dir string) error {
			name := filepath.Join(dir, file)
			b, err := os.ReadFile(name)
			if err == nil {
				err = os.WriteFile(name, change(b), 0o644)
			}
			return err
		}
	}
	for name, c := range map[string]struct {
		spoil func(dir string) error
		want  evidence.Verdict
		says  string
	}{
		"whole":             {func(string) error { return nil }, evidence.Holds, ""},
		"payload damaged":   {spoil(bundle.PayloadsFile, func(b []byte) []byte { return b[:len(b)/2] }), evidence.Inconclusive, "1 of 1 payloads cannot be read"},
		"payloads gone":     {func(d string) error { return os.Remove(filepath.Join(d, bundle.PayloadsFile)) }, evidence.Inconclusive, "payloads.jsonl is missing"},
		"journal cut":       {spoil(bundle.JournalFile, func(b []byte) []byte { return b[:len(b)*9/10] }), evidence.Inconclusive, "the run was cut"},
		"journal scribbled": {spoil(bundle.JournalFile, func(b []byte) []byte { return append([]byte("#"), b[1:]...) }), evidence.Inconclusive, "journal.jsonl:1"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := storedRun(t, records)
			if err := c.spoil(dir); err != nil {
				t.Fatal(err)
			}
			if verdict, _, notes := rejudged(t, dir); verdict != c.want || !strings.Contains(notes, c.says) {
				t.Errorf("%s: %s", verdict, notes)
			}
		})
	}
}
