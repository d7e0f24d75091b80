package cmd_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/harness"
)

// TestDocumentsInMessagesAreHeld gates the bundled build behind Infor ION by our own
// book, in which the report of a confirmation is of another type than it has: a
// document in a part of a message. The gate finds it where it stands in the document,
// and nothing else; a stored run is judged alike, and its survey counts the exchanges
// that were held while it ran.
func TestDocumentsInMessagesAreHeld(t *testing.T) {
	t.Parallel()
	book := filepath.Join(t.TempDir(), "book")
	if err := os.CopyFS(book, os.DirFS("../docs/contracts")); err != nil {
		t.Fatal(err)
	}
	rewrite(t, filepath.Join(book, "book.yaml"), "frozen: true\n", "", "parties:\n", "parties:\n  - {name: bridge, versions: [{version: \"1\", released: 2026-11-27}]}\n")
	schema := filepath.Join(book, "infor-ion", "bods", "v3", "documents.xsd")
	before, shop := cutBefore(t, schema, `<xs:element name="ProcessShopOrderOperation">`)
	if err := os.WriteFile(schema, []byte(before+strings.Replace(shop, `name="ReportNumber" type="xs:string"`, `name="ReportNumber" type="xs:date"`, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../harness/bundled-ion.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rig := filepath.Join(t.TempDir(), "andon.yaml")
	if err := os.WriteFile(rig, text, 0o644); err != nil {
		t.Fatal(err)
	}
	rewrite(t, rig, "kind: Rig\n", "kind: Rig\ncontracts: "+book+"\n", "sut:\n", "sut:\n  party: bridge\n  version: \"1\"\n", "{system: erp, ", "{system: erp, party: infor-ion, version: v3, ")

	out := t.TempDir()
	if said, status := andon(t, "gate", "--rig", rig, "--scenario", "CNF-01", "--out", out, "--quiet"); status != harness.ExitViolated {
		t.Errorf("exit %d\n%s", status, said)
	}
	run := filepath.Join(out, "CNF-01-42")
	for _, f := range findingsOf(t, out) {
		if f.Verdict == evidence.Violated && !strings.Contains(f.Expected, "/ProcessShopOrderOperation/DataArea/ShopOrderOperation/ReportNumber") {
			t.Errorf("found %s %s: %s", f.Oracle, f.Rule, f.Expected)
		}
	}
	if said, status := andon(t, "judge", run); status != harness.ExitViolated || !bytes.Contains(said, []byte("ShopOrderOperation/ReportNumber")) {
		t.Errorf("judged again: exit %d\n%s", status, said)
	}
	if said, status := andon(t, "contracts", "drift", run); status != harness.ExitHolds { // each place is declared, whatever stands there
		t.Errorf("drift: exit %d\n%s", status, said)
	}
	said, _ := andon(t, "contracts", "coverage", run, "--json")
	var survey struct {
		Documents []struct {
			Contract  string
			Exchanges int
		}
	}
	if err := json.Unmarshal(said, &survey); err != nil {
		t.Fatal(err)
	}
	live := liveCounts(t, run)
	for _, d := range survey.Documents {
		if d.Exchanges != live[d.Contract] || strings.HasPrefix(d.Contract, "infor-ion/") && d.Exchanges < 100 {
			t.Errorf("%s: the survey counts %d exchanges, and %d were held while it ran", d.Contract, d.Exchanges, live[d.Contract])
		}
		delete(live, d.Contract)
	}
	if len(live) > 0 {
		t.Errorf("the survey does not have %v", live)
	}
}

// liveCounts are how many exchanges of a stored run were held by each contract while
// it ran.
func liveCounts(t *testing.T, run string) map[string]int {
	t.Helper()
	b, err := bundle.Open(run)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]int{}
	for _, r := range b.Records {
		var held *evidence.Held
		switch r := r.Body.(type) {
		case evidence.Attempt:
			held = r.Held
		case evidence.Offer:
			held = r.Held
		}
		if held == nil {
			continue
		}
		for _, i := range held.By {
			all[b.Plan.Contracts.Halves[i].Contract]++
		}
	}
	return all
}

// rewrite replaces texts in a file, each of which must be there.
func rewrite(t *testing.T, file string, pairs ...string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if !bytes.Contains(text, []byte(pairs[i])) {
			t.Fatalf("%s has no %q", file, pairs[i])
		}
		text = bytes.Replace(text, []byte(pairs[i]), []byte(pairs[i+1]), 1)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// cutBefore is a file before a text, and from there on.
func cutBefore(t *testing.T, file, text string) (before, after string) {
	t.Helper()
	all, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(all, []byte(text))
	if i < 0 {
		t.Fatalf("%s has no %q", file, text)
	}
	return string(all[:i]), string(all[i:])
}
