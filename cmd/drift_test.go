package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
)

// andon runs the program at the root of the repository, where rigs are named
// from, and returns what it says and its exit status.
func andon(t *testing.T, args ...string) (stdout []byte, status int) {
	t.Helper()
	c := exec.CommandContext(t.Context(), filepath.Join(programs, "andon"), args...)
	c.Dir = ".."
	var stderr bytes.Buffer
	c.Stderr = &stderr
	stdout, err := c.Output()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatalf("andon %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	if t.Cleanup(func() {
		if t.Failed() {
			t.Logf("andon %s said:\n%s%s", strings.Join(args, " "), stdout, &stderr)
		}
	}); c.ProcessState.ExitCode() == 2 {
		t.Fatalf("andon %s: usage", strings.Join(args, " "))
	}
	return stdout, c.ProcessState.ExitCode()
}

// TestDriftIsCaughtInlineAndStatically plants an interface that changes without
// notice into the bundled integration. The gate finds it in what crosses, and
// the matrix of the same contracts finds it in what a build that was worded so
// would rely on: both by the same field.
func TestDriftIsCaughtInlineAndStatically(t *testing.T) {
	const rig, book = "examples/bridge/contracts.yaml", "examples/bridge/contracts"
	out, _ := andon(t, "contracts", "matrix", "--book", book, "--json")
	var matrix struct{ Cells []contracts.Cell }
	if err := json.Unmarshal(out, &matrix); err != nil {
		t.Fatal(err)
	}
	for defect, field := range map[string]string{
		"M88": "PostingDate", "M89": "SegmentState", "M90": "BODID", "M91": "X-Api-Version",
	} {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			i := slices.IndexFunc(matrix.Cells, func(c contracts.Cell) bool { return c.ConsumerVersion == "2.15-"+defect && c.ProviderVersion == "2.0" })
			if i < 0 || matrix.Cells[i].Verdict != evidence.Violated || !strings.HasSuffix(matrix.Cells[i].Unmet[0].Path, field) {
				t.Fatalf("the matrix does not name %s: %+v", field, matrix.Cells)
			}
			path := matrix.Cells[i].Unmet[0].Path
			dir := t.TempDir()
			_, status := andon(t, "gate", "--rig", rig, "--scenario", "CNF-01", "--defect", defect, "--out", dir, "--json")
			found := findingsOf(t, dir)
			named := slices.ContainsFunc(found, func(f evidence.Finding) bool {
				return f.Verdict == evidence.Violated && f.ID == "O16" && strings.Contains(f.Expected, " with "+path+":") && strings.Contains(f.Text, book+"/erp/postings/")
			})
			if status != 1 || !named {
				t.Errorf("exit %d, and of %d findings none of O16 names %s with the place in its contract", status, len(found), path)
			}
		})
	}
	t.Run("sound", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if _, status := andon(t, "gate", "--rig", rig, "--scenario", "CNF-01", "--out", dir, "--json"); status != 0 {
			t.Errorf("exit %d of a build that keeps its contracts", status)
		}
		if i := slices.IndexFunc(matrix.Cells, func(c contracts.Cell) bool { return c.ConsumerVersion == "2.14" && c.Verdict != evidence.Holds }); i >= 0 {
			t.Errorf("the matrix blames it: %+v", matrix.Cells[i])
		}
	})
}

// findingsOf reads what was found in the only run below dir.
func findingsOf(t *testing.T, dir string) []evidence.Finding {
	t.Helper()
	var d explain.Document
	files, err := filepath.Glob(filepath.Join(dir, "*", "findings.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d runs in %s, error %v", len(files), dir, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d.Findings
}

// TestAStoredRunIsJudgedByTheContractsItMet needs neither book nor rig for it:
// what was found stands in the journal.
func TestAStoredRunIsJudgedByTheContractsItMet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, status := andon(t, "gate", "--rig", "examples/bridge/contracts.yaml", "--scenario", "CNF-01", "--defect", "M89", "--out", dir, "--json"); status != 1 {
		t.Fatalf("exit %d of a build with a drift", status)
	}
	run, err := filepath.Glob(filepath.Join(dir, "*", "findings.json"))
	if err != nil || len(run) != 1 {
		t.Fatal(run, err)
	}
	if err := os.Remove(run[0]); err != nil {
		t.Fatal(err)
	}
	if out, status := andon(t, "judge", filepath.Dir(run[0])); status != 1 || !bytes.Contains(out, []byte("SegmentState")) {
		t.Errorf("judged again with exit %d: %s", status, out)
	}
}

// TestContractsThatCoverNothingAreNotGreen gates a sound build at a rig whose
// book is about something else: nothing was wrong, and nothing was shown.
func TestContractsThatCoverNothingAreNotGreen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rig, err := os.ReadFile("../examples/bridge/contracts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const party = "released: 2026-01-01, runs-in: [plant1]}]}\n"
	for name, text := range map[string]string{
		"rig.yaml": strings.Replace(string(rig), "examples/bridge/contracts/book.yaml", filepath.ToSlash(dir)+"/book/book.yaml", 1),
		"book/book.yaml": "apiVersion: andon/v1\nkind: Book\nenvironments: [plant1]\nparties:\n" +
			"  - {name: erp, versions: [{version: \"2.0\", " + party + "  - {name: mes, versions: [{version: \"1.0\", " + party + "  - {name: bridge, versions: [{version: \"2.14\", " + party,
		"book/erp/invoices/contract.yaml":     "apiVersion: andon/v1\nkind: Contract\nflow: {direction: from-consumer, covers: [invoices]}\n",
		"book/erp/invoices/2.0/invoices.json": `{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}`,
	} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	_, status := andon(t, "gate", "--rig", filepath.Join(dir, "rig.yaml"), "--scenario", "CNF-01", "--out", filepath.Join(dir, "out"), "--json")
	vacuous := slices.ContainsFunc(findingsOf(t, filepath.Join(dir, "out")), func(f evidence.Finding) bool {
		return f.ID == "O16" && f.Verdict == evidence.Vacuous && strings.Contains(f.Text, "no exchange of the run was one that they cover")
	})
	if status != 4 || !vacuous {
		t.Errorf("exit %d, said to be vacuous: %v; want 4 and that it is", status, vacuous)
	}
}
