package pact

import (
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/source"
)

// TestSpecificationCases runs the cases of the Pact specification, versions 1
// to 4. They are no part of this repository.
func TestSpecificationCases(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "pact-spec-cases")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("the cases of the Pact specification are not at %s; get github.com/pact-foundation/pact-specification, branches version-1 to version-4, each as v1/testcases and so on, to run them", root)
	}
	total, wrong := 0, 0
	var failed []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(p) != ".json" {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		total++
		if got, want, said := runCase(t, p, rel); got != want && accepted[rel] == "" {
			wrong++
			failed = append(failed, rel+": "+said)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(failed)
	for _, f := range failed {
		t.Error(f)
	}
	t.Logf("%d cases, %d agree, %d accepted deviations", total, total-wrong-len(accepted), len(accepted))
	if total < 700 {
		t.Errorf("only %d cases", total)
	}
}

// accepted are the cases that are answered otherwise, with the reason.
var accepted = map[string]string{
	"v1/testcases/request/query/different param order.json": "version 1 compares the text of a query; an exchange as it is seen here has its parameters taken apart, as in all later versions",
	"v1/testcases/request/query/trailing amperand.json":     "as above",
}

func runCase(t *testing.T, file, rel string) (got, want bool, said string) {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := source.Read(contracts.File{Name: rel, Data: b})
	if err != nil {
		t.Fatalf("%s: %v", rel, err)
	}
	m := tree.Root.(map[string]any)
	want = m["match"] == true
	parts := strings.Split(filepath.ToSlash(rel), "/")
	r := &reader{tree: tree, version: int(parts[0][1] - '0')}
	var found []mismatch
	switch parts[2] {
	case "request":
		found = request(r.part("/expected", m["expected"], true), r.actual(m["actual"], true))
	case "response":
		e := r.part("/expected", m["expected"], false)
		if em, _ := m["expected"].(map[string]any); em["status"] == nil {
			e.Status = 0
		}
		found = response(e, r.actual(m["actual"], false))
	case "message":
		found = message(r.message("/expected", m["expected"]), r.heard(m["actual"]))
	}
	if len(r.problems) > 0 {
		return !want, want, r.problems.Error()
	}
	ok, err := verdict(found)
	said = "matches, and should not"
	if err != nil {
		return !want, want, err.Error()
	}
	if !ok {
		said = found[0].String()
	}
	return ok, want, said
}

func (r *reader) actual(v any, req bool) actual {
	p := r.part("/actual", v, req)
	return actual{Method: p.Method, Path: p.Path, Query: p.Query, Headers: p.Headers, Status: p.Status, Body: p.Body}
}

func (r *reader) heard(v any) actual {
	p := r.message("/actual", v)
	return actual{Headers: p.Headers, Body: p.Body}
}
