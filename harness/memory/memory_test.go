package memory_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/memory"
	"github.com/andon-rig/andon/internal/race"
	"github.com/andon-rig/andon/scenarios"
)

// troubled is a plant under everything that can be decided by meaning alone.
const troubled = `
apiVersion: andon/v1
kind: Scenario
metadata: {id: MEM-01, title: "Answers, requests and announcements are lost, doubled, held and overtaken"}
seed: 1
plant: {open: 1}
given: {orders: {count: 2}}
when:
  - upon: {event: receipt}
    as: goods
    do: [{place-hold: {lot: {ref: goods.lot}}}]
  - {after: {ref: goods, delay: {plant: 1h}}, do: decide, args: {lot: {ref: goods.lot}}}
faults:
  - {id: acted, fault: ambiguous-commit, at: erp, direction: from-sut, hits: {fact: confirmation, every: 3, per: run}}
  - {id: refused, fault: refuse-before-apply, at: erp, direction: from-sut, hits: {fact: confirmation, every: 5, per: run}}
  - {id: doubled, fault: duplicate, at: mes, direction: to-sut, p: 0.3}
  - {id: lost, fault: lose, at: mes, direction: to-sut, p: 0.2}
  - {id: held, fault: delay, at: erp, p: 0.2}
  - {id: overtaken, fault: reorder, at: mes, direction: to-sut, p: 0.1}
  - {id: busy, fault: throttle, at: erp, direction: from-sut, p: 0.1, with: {retryAfter: seconds}}
floor: {confirmation: 5}
`

// plain is the same plant without trouble.
const plain = `
apiVersion: andon/v1
kind: Scenario
metadata: {id: MEM-02, title: "A good day"}
seed: 1
plant: {open: 1}
given: {orders: {count: 2}}
floor: {confirmation: 5}
`

// play carries out one run of the forwarder in a bubble of its own.
func play(t *testing.T, text string, seed uint64, careful bool) (records []evidence.Record, findings []evidence.Finding) {
	t.Helper()
	return playBuild(t, text, seed, func() memory.Build { return newForwarder(careful) })
}

// playBuild carries out one run in a bubble of its own, in which the build has
// to be made.
func playBuild(t *testing.T, text string, seed uint64, build func() memory.Build) (records []evidence.Record, findings []evidence.Finding) {
	t.Helper()
	return playIn(t, "neutral/v1", text, seed, build)
}

// playIn is playBuild at systems that speak another dialect.
func playIn(t *testing.T, dialect, text string, seed uint64, build func() memory.Build) (records []evidence.Record, findings []evidence.Finding) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ss, err := scenarios.Parse("scenario", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		setup, err := memory.SetupIn(dialect, ss[0], seed, build())
		if err != nil {
			t.Fatal(err)
		}
		rig, err := harness.Build(setup)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := rig.Close(); err != nil {
				t.Error(err)
			}
		}()
		if findings, err = harness.Run(t.Context(), rig.Plan); err != nil {
			t.Fatal(err)
		}
		records = rig.Plan.Journal.Records()
	})
	return records, findings
}

// digest is equal for equal journals: every record, with its times.
func digest(t *testing.T, records []evidence.Record) string {
	t.Helper()
	h := sha256.New()
	e := json.NewEncoder(h)
	for _, r := range records {
		if err := e.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// TestOneSeedOneJournal is the claim of the project's issue: 500 of 500.
func TestOneSeedOneJournal(t *testing.T) {
	runs := race.Rounds(500, 10)
	if testing.Short() {
		runs = 25
	}
	first, _ := play(t, troubled, 4711, true)
	want := digest(t, first)
	for i := range runs - 1 {
		again, _ := play(t, troubled, 4711, true)
		if digest(t, again) != want {
			dir := t.ArtifactDir()
			keep(t, filepath.Join(dir, "first.jsonl"), first)
			keep(t, filepath.Join(dir, "other.jsonl"), again)
			at := 0
			for at < min(len(first), len(again)) && digest(t, first[at:at+1]) == digest(t, again[at:at+1]) {
				at++
			}
			t.Fatalf("run %d differs from the first one in record %d of %d and %d; run with -artifacts to keep both", i+2, at+1, len(first), len(again))
		}
	}
	t.Logf("%d runs, %d records each, one journal", runs, len(first))
}

func TestAnotherSeedIsAnotherJournal(t *testing.T) {
	one, _ := play(t, troubled, 1, true)
	two, _ := play(t, troubled, 2, true)
	if digest(t, one) == digest(t, two) {
		t.Error("two seeds gave one journal, so comparing them shows nothing")
	}
}

func TestSoundBuildHolds(t *testing.T) {
	holds := 0
	for seed := range uint64(20) {
		_, findings := play(t, troubled, seed, true)
		switch v := harness.Verdict(findings, nil); v {
		case evidence.Holds:
			holds++
		case evidence.Vacuous: // at some seeds a fault finds nobody to strike
		default:
			t.Errorf("seed %d: %s: %v", seed, v, blames(findings))
		}
	}
	if holds < 15 {
		t.Errorf("only %d of 20 runs exercised everything", holds)
	}
}

// TestTroubleStrikes shows that the runs compared above are worth comparing.
func TestTroubleStrikes(t *testing.T) {
	records, _ := play(t, troubled, 4711, true)
	n := strikes(records)
	for _, fault := range []string{"acted", "refused", "doubled", "lost", "held", "overtaken", "busy"} {
		if n[fault] == 0 {
			t.Errorf("%s never struck: %v", fault, n)
		}
	}
}

func TestNaiveBuildIsBlamed(t *testing.T) {
	_, findings := play(t, troubled, 4711, false)
	if by := blames(findings); !slices.Contains(by, "exactly-once") {
		t.Errorf("blamed by %v, want exactly-once among them", by)
	}
	if _, findings = play(t, plain, 4711, false); harness.Verdict(findings, nil) != evidence.Holds {
		t.Errorf("without trouble it is blamed by %v", blames(findings))
	}
}

func blames(fs []evidence.Finding) (oracles []string) {
	for _, f := range fs {
		if f.Verdict > evidence.Vacuous && !slices.Contains(oracles, f.Oracle) {
			oracles = append(oracles, f.Oracle)
		}
	}
	return oracles
}

func strikes(records []evidence.Record) map[string]int {
	n := map[string]int{}
	for _, r := range records {
		if d, ok := r.Body.(evidence.Disturbance); ok && d.Phase == evidence.Struck {
			n[d.Fault]++
		}
	}
	return n
}

func keep(t *testing.T, path string, records []evidence.Record) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	e := json.NewEncoder(f)
	for _, r := range records {
		if err := e.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
}
