package explain_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/simulators"
)

var update = flag.Bool("update", false, "rewrite the files under testdata")

// stored returns the history of a journal under testdata.
func stored(t testing.TB, name string) *evidence.History {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	j, err := bundle.ReadJournal(f)
	if err != nil || j.Cut != nil || len(j.Damage) > 0 {
		t.Fatalf("read %s: %v, cut %v, damage %q", name, err, j.Cut, j.Damage)
	}
	return evidence.NewHistory(j.Records)
}

// golden compares text with a file under testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n got\n%s\nwant\n%s", name, got, want)
	}
}

// show writes everything an explanation says.
func show(f evidence.Finding) string {
	d := explain.DetailOf(f)
	var b strings.Builder
	fmt.Fprintf(&b, "class %s by %s, confidence %s\n%s\n", f.Class, f.Rule, f.Confidence, f.Text)
	fmt.Fprintf(&b, "id %s\nrequirements %s\nreplay %s\n", d.ID, strings.Join(f.Requirements, " "), f.Replay)
	fmt.Fprintf(&b, "only it %s\nshrink %s\n", d.ReplayKey, d.Shrink)
	for _, l := range d.Similar {
		fmt.Fprintf(&b, "similar %s (%d: %s)\n", l, l.Score, l.Because)
	}
	for _, s := range d.Steps {
		fmt.Fprintf(&b, "  %3d %s\n", s.Seq, s.Why)
	}
	for _, c := range d.Clues {
		fmt.Fprintf(&b, "clue: %s\n", c)
	}
	for _, n := range d.NearMisses {
		fmt.Fprintf(&b, "near: %s\n", n)
	}
	fmt.Fprintf(&b, "\n%s\n%s", f.Journey, d.Mermaid)
	return b.String()
}

func TestExplain(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if *update {
				writeRun(t, c.name, c.play())
			}
			x := explain.New(stored(t, c.name), "out/run-8c41")
			got := x.Finding(c.finding)
			golden(t, c.name+".txt", show(got))
			golden(t, c.name+".svg", drawn(t, got))
			for _, line := range strings.Split(got.Journey, "\n") {
				if n := explain.Width(line); n > explain.Columns {
					t.Errorf("%d columns: %s", n, line)
				}
			}
			if len(got.Evidence) > explain.Most {
				t.Errorf("%d records of evidence", len(got.Evidence))
			}
			if strings.ContainsFunc(got.Journey+explain.DetailOf(got).Mermaid, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
				t.Error("control characters in the journey")
			}
			if !strings.Contains(got.Journey, "VIOLATION "+c.finding.ID) {
				t.Error("the violation is not marked")
			}
			again := explain.New(stored(t, c.name), "out/run-8c41").Finding(c.finding)
			if !reflect.DeepEqual(got, again) {
				t.Error("explained twice, told differently")
			}
		})
	}
}

func TestFindingsThatAccuseNobody(t *testing.T) {
	x := explain.New(stored(t, "lost-reply"), "out/run")
	for _, v := range []evidence.Verdict{evidence.Holds, evidence.Vacuous} {
		f := evidence.Finding{Oracle: "exactly-once", ID: "O1", Verdict: v, Text: "fine"}
		if got := x.Finding(f); !reflect.DeepEqual(got, f) {
			t.Errorf("%s: got %+v", v, got)
		}
	}
	f := x.Finding(evidence.Finding{Oracle: "recovery", ID: "O13", Verdict: evidence.Inconclusive, Text: "the run was cut"})
	if f.Journey != "" || f.Class != "" || f.Replay == "" {
		t.Errorf("a finding about the whole run: got %+v", f)
	}
}

// Each rule of the cause is shown to decide, and not to decide.
func TestCause(t *testing.T) {
	for _, c := range []struct {
		run  string
		give evidence.Finding
		want string
	}{
		{"lost-reply", evidence.Finding{ID: "O1", Verdict: evidence.Violated, Fact: lostReplyFact}, "technical reply-lost high"},
		{"lost-reply", evidence.Finding{ID: "O1", Verdict: evidence.Violated, Fact: lostReplyFact, Class: "business", Rule: "own"}, "business own medium"},
		{"lost-in-restart", evidence.Finding{ID: "O12", Verdict: evidence.Violated, Fact: restartFact}, "technical process-restarted high"},
		{"throttled", evidence.Finding{ID: "O9", Verdict: evidence.Violated, Fact: throttledFact}, "technical throttled-or-out high"},
		{"used-after-hold", evidence.Finding{ID: "O5", Verdict: evidence.Violated, Evidence: []uint64{2}}, "business lot-on-hold medium"},
		{"hostile", evidence.Finding{ID: "O11", Verdict: evidence.Violated, Fact: hostileFact}, "data-quality data-made-invalid high"},
		{"lost-reply", evidence.Finding{ID: "O2", Verdict: evidence.Violated}, "technical nothing-else-fits low"},
		{"lost-reply", evidence.Finding{ID: "O2", Verdict: evidence.Inconclusive}, "  "},
	} {
		f := explain.New(stored(t, c.run), "").Finding(c.give)
		if got := fmt.Sprintf("%s %s %s", f.Class, f.Rule, f.Confidence); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.run, c.give.ID, got, c.want)
		}
		if f.Replay != "" {
			t.Errorf("a replay command without a bundle: %q", f.Replay)
		}
	}
}

func TestExtraOfTheJudgeIsKept(t *testing.T) {
	x := explain.New(stored(t, "lost-reply"), "it's here")
	f := x.Finding(evidence.Finding{ID: "O1", Verdict: evidence.Violated, Fact: lostReplyFact, Extra: json.RawMessage(`{"sum":"5"}`)})
	if !strings.Contains(string(f.Extra), `"sum":"5"`) || len(explain.DetailOf(f).Steps) == 0 {
		t.Errorf("got %s", f.Extra)
	}
	if f = x.Finding(evidence.Finding{ID: "O1", Verdict: evidence.Violated, Extra: json.RawMessage(`[1]`)}); !strings.Contains(string(f.Extra), `"judge":[1]`) {
		t.Errorf("got %s", f.Extra)
	}
	if f.Replay != `andon replay 'it'\''s here'` {
		t.Errorf("got %s", f.Replay)
	}
}

// Much repetition is folded, and the evidence stays small.
func TestManyAttempts(t *testing.T) {
	b := newRun("many")
	e := b.truth(yield(1, "5"), "mes", "erp")
	b.offer(e, "mes", 1, taken)
	for n := 1; n <= 40; n++ {
		b.post(e, "erp", n, posts{heard: refused("order-locked", 423)})
	}
	b.add(evidence.End{Quiet: true})
	h := evidence.NewHistory(b.records)
	f := explain.New(h, "").Finding(evidence.Finding{ID: "O10", Verdict: evidence.Violated, Fact: e.ID, Evidence: []uint64{4, 5, 43}})
	if len(f.Evidence) > explain.Most || !strings.Contains(f.Journey, "more attempts") {
		t.Errorf("%d records\n%s", len(f.Evidence), f.Journey)
	}
}

// A fact that got there is drawn to its posting, whatever the judge named, and
// what lies between is counted.
func TestTheJourneyShowsHowItEnded(t *testing.T) {
	wait := simulators.Result{Outcome: simulators.Throttled, Status: 429, RetryAfter: time.Second}
	b := newRun("ended")
	e := b.truth(yield(1, "92"), "mes", "erp")
	b.offer(e, "mes", 1, nothing) // record 3
	for n := 1; n <= 30; n++ {
		b.post(e, "erp", n, posts{heard: wait}) // records 4 to 33
		b.wait(300 * time.Millisecond)
	}
	b.offer(e, "mes", 2, nothing)
	b.offer(e, "mes", 3, nothing)
	b.post(e, "erp", 31, posts{doc: "5000000016", heard: taken})
	b.post(e, "erp", 32, posts{doc: "5000000017", heard: taken})
	b.offer(e, "mes", 4, queued)
	b.add(evidence.End{Quiet: true})
	h := evidence.NewHistory(b.records)
	for _, c := range []struct {
		named []uint64
		want  []string // in this order
		not   string
	}{
		{[]uint64{2, 4, 5}, []string{"⋮ 1 more offer", "◀── VIOLATION O9", "⋮ 29 more attempts, 1 posted", "⋮ 2 more offers", "✔ 5000000017", "201 applied", "202 accepted"}, "… 100"},
		{[]uint64{2, 4, 5, 6, 7, 8, 9, 10, 11, 12}, []string{"◀── VIOLATION O9", "⋮ 22 more attempts, 1 posted", "✔ 5000000017"}, "5000000016"},
		{nil, []string{"more attempts", "✔ 5000000017"}, "1 more attempts"},
	} {
		f := explain.New(h, "").Finding(evidence.Finding{ID: "O9", Verdict: evidence.Violated, Fact: e.ID, Evidence: c.named})
		rest := f.Journey
		for _, w := range c.want {
			_, after, ok := strings.Cut(rest, w)
			if !ok {
				t.Errorf("%v: does not say %q where it should:\n%s", c.named, w, f.Journey)
				break
			}
			rest = after
		}
		if strings.Contains(f.Journey, c.not) || len(f.Evidence) > explain.Most {
			t.Errorf("%v: says %q, or %d records of evidence:\n%s", c.named, c.not, len(f.Evidence), f.Journey)
		}
	}
}

func TestClean(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{
		{"plain", 10, "plain"},
		{"exact", 5, "exact"},
		{"longer", 5, "long…"},
		{"a\x1b[31mred\x07", 20, "a·[31mred·"},
		{"two\nlines\ttab", 20, "two lines tab"},
		{"\u202egnp.exe", 20, "·gnp.exe"},
		{"e\u0301\u0301\u0301", 20, "e···"},
		{"\xff\xfe", 20, "··"},
		{"機械機械", 8, "機械機械"},
		{"機械機械", 7, "機械機…"},
		{"機械機械", 6, "機械…"},
		{"x", 0, "…"},
		{"", 0, ""},
	} {
		if got := explain.Clean(c.in, c.width); got != c.want {
			t.Errorf("Clean(%q, %d): got %q, want %q", c.in, c.width, got, c.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b[31m機", 3)
	f.Fuzz(func(t *testing.T, s string, width int) {
		got := explain.Clean(s, width)
		if n := explain.Width(got); n > max(width, 1) {
			t.Errorf("%q takes %d columns of %d", got, n, width)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q cannot be printed", got)
		}
	})
}

// Whatever strings the SUT sends, the diagram keeps its width and its lines.
func FuzzJourney(f *testing.F) {
	f.Add("confirmations", "confirmation/1/2", "lot-expired", "too late")
	f.Add("\x1b[2J機械", "a/\n/b", "\u202e", strings.Repeat("x", 300))
	f.Fuzz(func(t *testing.T, name, key, code, reason string) {
		b := newRun("fuzz")
		e := b.truth(yield(1, "5"), "mes", "erp")
		b.offer(e, "mes", 1, taken)
		b.post(e, "erp", 1, posts{name: name, key: key, idem: key, heard: refused(code, 422)})
		b.post(e, name, 2, posts{doc: code, heard: taken})
		b.add(evidence.Surface{Class: "business", Reason: reason, Reference: string(e.ID)})
		got := explain.New(evidence.NewHistory(b.records), reason).Finding(evidence.Finding{ID: "O1", Verdict: evidence.Violated, Fact: e.ID, Got: reason})
		for _, line := range strings.Split(got.Journey, "\n") {
			if n := explain.Width(line); n > explain.Columns {
				t.Errorf("%d columns: %q", n, line)
			}
		}
		for _, text := range []string{got.Journey, explain.DetailOf(got).Mermaid, got.Got} {
			if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
				t.Errorf("%q cannot be printed", text)
			}
		}
	})
}

// What the judges really say of the stored runs, explained; the reporters'
// tests start from these.
func TestJudgedRuns(t *testing.T) {
	for _, c := range []struct {
		name string
		play func() *run
		want evidence.Verdict
	}{
		{"lost-reply", lostReply, evidence.Violated},
		{"sound", sound, evidence.Holds},
	} {
		if *update {
			writeRun(t, c.name, c.play())
		}
		h := stored(t, c.name)
		found := oracles.JudgeAll(h, oracles.Standard())
		if got := evidence.Worst(found); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		for _, f := range explain.New(h, "out/run-8c41").All(found) {
			if f.Verdict == evidence.Violated && (f.Class == "" || f.Rule == "" || f.Replay == "" || f.Journey == "") {
				t.Errorf("%s: %s is not explained: %+v", c.name, f.Oracle, f)
			}
			if f.Oracle == "exactly-once" && f.Verdict != c.want {
				t.Errorf("%s: exactly-once says %s", c.name, f.Verdict)
			}
		}
		if *update {
			b, err := json.MarshalIndent(found, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join("testdata", c.name+".findings.json"), append(b, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
