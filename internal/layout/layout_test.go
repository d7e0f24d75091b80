// Package layout holds the tests that keep the house in order: imports point
// one way, pure packages stay pure.
package layout

import (
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/andon-rig/andon/"

// A rule says which other folders the packages of a folder may import.
type rule struct {
	folder string
	others string
	why    string
}

// rules, read from top to bottom: a folder only ever looks up the list, and
// the four in the middle never see each other.
var rules = []rule{
	{"internal", "", "helpers that know nothing of plants; whoever needs them may import them"},
	{"simulators", "internal", "the vocabulary: a simulator that knew of runs or faults could not be trusted as a witness"},
	{"evidence", "internal simulators", "writes down what was said; it must be readable without the rig that wrote it"},
	{"chaos", "internal simulators evidence", "touches messages and records what became of them; it must not know why"},
	{"contracts", "internal simulators evidence", "judges exchanges; whether a fault caused one is not its business"},
	{"scenarios", "internal simulators evidence", "plain data and a calendar; names are looked up later"},
	{"reports", "internal simulators evidence", "sees only evidence: what is not in the journal cannot be in a report"},
	{"harness", "internal simulators evidence chaos contracts scenarios reports", "the one place where parts meet"},
	{"cmd", "internal simulators evidence contracts scenarios reports harness", "flags in, exit status out"},
	{"tools", "internal simulators evidence contracts scenarios reports chaos harness examples", "makes and measures what the repository holds"},
	{"examples", "harness", "what users write: an integration build that knows only the wire, and suites on the Go API"},
}

func TestImportsPointOneWay(t *testing.T) {
	root := filepath.Join("..", "..")
	allowed := map[string][]string{}
	for _, r := range rules {
		if r.why == "" {
			t.Errorf("the rule for %s has no reason", r.folder)
		}
		allowed[r.folder] = append(strings.Fields(r.others), r.folder)
	}
	seen := map[string]bool{}
	eachPackage(t, root, func(rel string, p *build.Package) {
		from, _, _ := strings.Cut(rel, "/")
		if rel == "." {
			return // main.go joins cmd and the catalog
		}
		if allowed[from] == nil {
			t.Errorf("folder %s has no rule: add one with its reason", from)
			return
		}
		seen[from] = true
		for _, imp := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			to, ours := strings.CutPrefix(imp, module)
			to, _, _ = strings.Cut(to, "/")
			if ours && !slices.Contains(allowed[from], to) {
				t.Errorf("%s imports %s; %s may import only %v", rel, imp, from, allowed[from])
			}
		}
	})
	for _, r := range rules {
		if _, err := os.Stat(filepath.Join(root, r.folder)); err == nil && !seen[r.folder] {
			t.Errorf("folder %s has a rule and no Go package", r.folder)
		}
	}
}

// pure lists packages whose results depend on their arguments alone, and
// impure what they must therefore not import.
var (
	pure   = []string{"simulators/plant", "simulators/systems", "simulators/dialects", "chaos/faults", "chaos/rewording", "evidence/oracles", "evidence/explain", "evidence/kpi", "reports/coverage", "reports/html", "reports/markdown", "contracts"}
	impure = []string{"net", "net/http", "os", "os/exec", "os/signal", "syscall", "crypto/rand", "log"}
)

func TestPurePackagesStayPure(t *testing.T) {
	eachPackage(t, filepath.Join("..", ".."), func(rel string, p *build.Package) {
		if strings.HasSuffix(rel, "test") || !slices.ContainsFunc(pure, func(f string) bool { return rel == f || strings.HasPrefix(rel, f+"/") }) {
			return
		}
		for _, imp := range p.Imports {
			if slices.Contains(impure, imp) {
				t.Errorf("%s is to be pure and imports %s", rel, imp)
			}
		}
	})
}

// TestNobodyTestsInProduction keeps package testing out of the binary, except
// in packages that exist for tests.
func TestNobodyTestsInProduction(t *testing.T) {
	eachPackage(t, filepath.Join("..", ".."), func(rel string, p *build.Package) {
		if strings.HasSuffix(rel, "test") {
			return
		}
		if slices.Contains(p.Imports, "testing") {
			t.Errorf("%s imports testing outside its tests", rel)
		}
	})
}

func eachPackage(t *testing.T, root string, see func(rel string, p *build.Package)) {
	t.Helper()
	err := filepath.WalkDir(root, func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); name == "testdata" || (strings.HasPrefix(name, ".") && dir != root) {
			return filepath.SkipDir
		}
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && dir != root {
			return filepath.SkipDir // a module of its own
		}
		p, err := build.ImportDir(dir, 0)
		if err != nil {
			return nil // no Go files
		}
		rel, err := filepath.Rel(root, dir)
		see(filepath.ToSlash(rel), p)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
