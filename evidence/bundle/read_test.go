package bundle_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
)

// journal returns the lines of a whole journal of n records.
func journal(tb testing.TB, n int) []string {
	tb.Helper()
	var lines []string
	for i := 1; i <= n; i++ {
		var body evidence.Body
		switch i {
		case 1:
			body = evidence.Begin{Plan: plan}
		case n:
			body = evidence.End{Quiet: true}
		default:
			body = attempt(uint64(i), "")
		}
		b, err := json.Marshal(evidence.Record{Seq: uint64(i), At: 1000, Body: body})
		if err != nil {
			tb.Fatal(err)
		}
		lines = append(lines, string(b)+"\n")
	}
	return lines
}

func TestBrokenJournals(t *testing.T) {
	whole := journal(t, 9)
	text := strings.Join(whole, "")
	change := func(i int, line string) string {
		ls := slices.Clone(whole)
		ls[i] = line
		return strings.Join(ls, "")
	}
	for _, c := range []struct {
		name    string
		text    string
		records int
		cut     string   // part of the reason; "" means not cut
		damage  []string // parts of each
	}{
		{"whole", text, 9, "", nil},
		{"empty", "", 0, "empty", nil},
		{"last line cut", text[:len(text)-9], 8, "line 9 ends in the middle, after record 8", nil},
		{"cut between lines", strings.Join(whole[:5], ""), 5, "no end record after record 5", nil},
		{"cut in the line end", strings.TrimSuffix(text, "\n"), 9, "", nil},
		{"cut in the line end before the end", strings.TrimSuffix(strings.Join(whole[:5], ""), "\n"), 5, "no end record after record 5", nil},
		{"bad JSON", change(3, "{\"seq\":4,\n"), 8, "", []string{"journal.jsonl:4: not a record"}},
		{"other kind", change(3, `{"seq":4,"at":1,"kind":"gossip","body":{}}`+"\n"), 8, "", []string{`:4: not a record: unknown kind of record "gossip"`}},
		{"fact missing", change(3, `{"seq":4,"at":1,"kind":"truth","body":{}}`+"\n"), 8, "", []string{":4: not a record: truth without a fact"}},
		{"empty claim", change(3, `{"seq":4,"at":1,"kind":"effect","body":{}}`+"\n"), 8, "", []string{":4: not a record: effect without a claim"}},
		{"line gone", change(3, ""), 8, "", []string{":4: records are missing: 5 follows 3"}},
		{"line twice", change(3, whole[2]), 8, "", []string{":4: record 3 comes after record 3", ":5: records are missing: 5 follows 3"}},
		{"zeros", change(3, "\x00\x00\x00\x00\n"), 8, "", []string{":4: not a record: zero bytes"}},
		{"blank line", change(3, "\n"+whole[3]), 9, "", nil},
		{"begin gone", change(0, ""), 8, "", []string{":1: records are missing: 2 follows 0"}},
		{"begin damaged", change(0, "#\n"), 8, "", []string{":1: not a record"}},
		{"last line damaged", change(8, "#\n"), 8, "the last line, 9, is not a record", []string{":9: not a record"}},
		{"after the end", text + strings.Replace(whole[4], `"seq":5`, `"seq":10`, 1), 10, "", nil},
		{"garbage after the end", text + "rest", 9, "", []string{":10: a line without an end"}},
		{"two bad lines", change(3, "a\nb\n"), 8, "", []string{":4: not a record", ":5: not a record"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, err := bundle.ReadJournal(strings.NewReader(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if len(j.Records) != c.records {
				t.Errorf("got %d records, want %d", len(j.Records), c.records)
			}
			if got := j.Cut; (got != nil) != (c.cut != "") || got != nil && !strings.Contains(got.Reason, c.cut) {
				t.Errorf("cut: got %v, want %q", got, c.cut)
			}
			if len(j.Damage) != len(c.damage) {
				t.Fatalf("damage: got %q, want %q", j.Damage, c.damage)
			}
			for i := range c.damage {
				if !strings.Contains(j.Damage[i].String(), c.damage[i]) {
					t.Errorf("damage: got %q, want %q", j.Damage[i], c.damage[i])
				}
			}
		})
	}
}

// Wherever the rig is killed, what was written before is read.
func TestCutAnywhere(t *testing.T) {
	lines := journal(t, 6)
	text := strings.Join(lines, "")
	for n := range text {
		j, err := bundle.ReadJournal(strings.NewReader(text[:n]))
		if err != nil {
			t.Fatal(err)
		}
		whole := strings.Count(text[:n], "\n")
		if len(j.Records) != whole && !(len(j.Records) == whole+1 && text[n] == '\n') {
			t.Fatalf("cut after %d bytes: got %d records, want %d", n, len(j.Records), whole)
		}
		if j.Cut == nil && n < len(text)-1 {
			t.Fatalf("cut after %d bytes: not noticed", n)
		}
		if len(j.Damage) > 0 {
			t.Fatalf("cut after %d bytes: damage %q", n, j.Damage)
		}
	}
}

func TestMuchDamageIsSummedUp(t *testing.T) {
	j, err := bundle.ReadJournal(strings.NewReader(strings.Repeat("garbage\n", 5000)))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(j.Damage); n != 101 || !strings.Contains(j.Damage[n-1].What, "4900 more") {
		t.Errorf("got %d places, the last %q", n, j.Damage[n-1])
	}
}

func TestLinesAcrossChunks(t *testing.T) {
	var text bytes.Buffer
	long := strings.Repeat("x", 3<<20)
	for i := range 5 {
		b, _ := json.Marshal(evidence.Record{Seq: uint64(i + 1), Body: evidence.Step{Name: "note", Text: long}})
		text.Write(append(b, '\n'))
	}
	j, err := bundle.ReadJournal(&text)
	if err != nil || len(j.Records) != 5 || len(j.Records[4].Body.(evidence.Step).Text) != len(long) {
		t.Errorf("got %d records, %v", len(j.Records), err)
	}
}

func TestOpenDamagedBundles(t *testing.T) {
	stored := func(t *testing.T) string {
		w := create(t, bundle.Inputs{Plan: plan})
		if _, err := w.Journal().Write([]byte(strings.Join(journal(t, 5), ""))); err != nil {
			t.Fatal(err)
		}
		w.WriteFindings(nil)
		w.WriteVerdict(bundle.Verdict{})
		w.Close()
		return w.Path()
	}
	for _, c := range []struct {
		name     string
		spoil    func(dir string) error
		problems string // all, joined
	}{
		{"whole", func(string) error { return nil }, ""},
		{"no plan", func(d string) error { return os.Remove(filepath.Join(d, bundle.PlanFile)) }, "plan.json is missing"},
		{"no log", func(d string) error { return os.Remove(filepath.Join(d, bundle.LogFile)) }, "sut.log is missing"},
		{"no payloads", func(d string) error { return os.Remove(filepath.Join(d, bundle.PayloadsFile)) }, "payloads.jsonl is missing"},
		{"never judged", func(d string) error { return os.Remove(filepath.Join(d, bundle.VerdictFile)) }, "verdict.json is missing"},
		{"no journal", func(d string) error { return os.Remove(filepath.Join(d, bundle.JournalFile)) }, "the run was cut: there is no journal; journal.jsonl is missing"},
		{"bad findings", func(d string) error { return os.WriteFile(filepath.Join(d, bundle.FindingsFile), []byte("[{"), 0o644) }, "findings.json: unexpected end of JSON input"},
		{"bad plan", func(d string) error { return os.WriteFile(filepath.Join(d, bundle.PlanFile), []byte("{"), 0o644) }, "plan.json: unexpected end of JSON input"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := stored(t)
			if err := c.spoil(dir); err != nil {
				t.Fatal(err)
			}
			b := open(t, dir)
			if got := strings.Join(b.Problems(), "; "); got != c.problems {
				t.Errorf("got %q, want %q", got, c.problems)
			}
			if b.Plan.Run != plan.Run {
				t.Errorf("the plan is lost although one of its two copies is there")
			}
		})
	}
}

// A journal whose first line is lost can still be judged, because the plan is
// kept twice, but nothing in it can be shown to hold.
func TestHistoryOfADamagedBundle(t *testing.T) {
	w := create(t, bundle.Inputs{Plan: plan})
	lines := journal(t, 5)
	lines[0] = "#\n"
	if _, err := w.Journal().Write([]byte(strings.Join(lines, ""))); err != nil {
		t.Fatal(err)
	}
	w.Close()
	h := open(t, w.Path()).History()
	if h.Plan.Run != plan.Run || !h.Began() || len(h.Attempts) != 3 {
		t.Errorf("got plan %q, began %v, %d attempts", h.Plan.Run, h.Began(), len(h.Attempts))
	}
	if whole, why := h.Whole(); whole || !strings.Contains(why, "journal.jsonl:1") {
		t.Errorf("whole: %v, because %q", whole, why)
	}
}

func TestOpenWhatIsNoBundle(t *testing.T) {
	w := create(t, bundle.Inputs{Plan: plan})
	w.Close()
	later := create(t, bundle.Inputs{Plan: plan})
	later.Close()
	os.WriteFile(filepath.Join(later.Path(), bundle.PlanFile), []byte(`{"format":"andon.bundle/v9"}`), 0o644)
	for _, c := range []struct{ path, want string }{
		{filepath.Join(t.TempDir(), "nothing"), "no such file"},
		{t.TempDir(), "holds neither plan.json nor journal.jsonl"},
		{filepath.Dir(w.Path()), "name one of the runs in it, such as " + w.Path()},
		{filepath.Join(w.Path(), bundle.LogFile), "neither a run's folder nor its journal.jsonl"},
		{later.Path(), `its format is "andon.bundle/v9"`},
	} {
		if _, err := bundle.Open(c.path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("open %s: got %v, want %q", c.path, err, c.want)
		}
	}
}

// The quick way to read a record and encoding/json never disagree on what a
// line that both accept says.
func FuzzEnvelope(f *testing.F) {
	for _, l := range journal(f, 4) {
		f.Add(strings.TrimSuffix(l, "\n"))
	}
	f.Add(`{"seq":1,"at":2,"plant":"2026-03-02T13:41:07+01:00","kind":"end","body":{}}`)
	f.Add(`{"seq":1,"at":2,"kind":"end","body":{},"seq":3}`)
	f.Fuzz(func(t *testing.T, line string) {
		var want evidence.Record
		if json.Unmarshal([]byte(line), &want) != nil || strings.ContainsAny(line, "\n\x00") {
			return // refused by both, or more than a line
		}
		j, err := bundle.ReadJournal(strings.NewReader(line + "\n"))
		if err != nil || len(j.Records) != 1 {
			return // refused for what it does not say
		}
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(j.Records[0])
		if !bytes.Equal(a, b) {
			t.Errorf("%s\nread as %s\nwant    %s", line, b, a)
		}
	})
}

func FuzzReadJournal(f *testing.F) {
	lines := journal(f, 4)
	f.Add(strings.Join(lines, ""))
	f.Add(strings.Join(lines, "")[:300])
	f.Add(lines[0] + lines[2] + lines[1])
	for _, body := range []evidence.Body{
		evidence.Truth{Event: confirmed(1)}, evidence.Offer{ID: 1}, evidence.Surface{}, evidence.Disturbance{}, evidence.Probe{}, evidence.Finding{},
	} {
		b, err := json.Marshal(evidence.Record{Seq: 1, Body: body})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, text string) {
		j, err := bundle.ReadJournal(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		last := uint64(0)
		for _, r := range j.Records {
			if r.Seq <= last {
				t.Fatalf("record %d after %d", r.Seq, last)
			}
			last = r.Seq
			if _, err := json.Marshal(r); err != nil {
				t.Fatalf("record %d cannot be written again: %v", r.Seq, err)
			}
		}
		ends := slices.ContainsFunc(j.Records, func(r evidence.Record) bool { return r.Kind() == "end" })
		if ends != (j.Cut == nil) {
			t.Fatalf("end record: %v, cut: %v", ends, j.Cut)
		}
	})
}

func BenchmarkReadJournal(b *testing.B) {
	const n = 100_000
	var text bytes.Buffer
	for i := 1; i <= n; i++ {
		var body evidence.Body
		switch i % 4 {
		case 0:
			body = evidence.Truth{Event: confirmed(i), Source: "mes", Sink: "erp"}
		case 1:
			body = evidence.Offer{ID: uint64(i), Endpoint: "mes", Name: "confirmations", Key: "confirmation/000004711/0030/7"}
		case 2:
			body = attempt(uint64(i), "0123456789abcdef")
		case 3:
			body = evidence.Effect{Attempt: uint64(i), Endpoint: "erp", Posting: posting(i)}
		}
		line, err := json.Marshal(evidence.Record{Seq: uint64(i), Body: body})
		if err != nil {
			b.Fatal(err)
		}
		text.Write(append(line, '\n'))
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		j, err := bundle.ReadJournal(bytes.NewReader(text.Bytes()))
		if err != nil || len(j.Records) != n {
			b.Fatal(fmt.Sprint(len(j.Records), err))
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "records/s")
}
