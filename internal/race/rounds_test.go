package race

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestRoundsAreAllRun: what a test leaves out under the race detector is run by
// `make rounds`, whose list names every such test and its folder, and no other.
func TestRoundsAreAllRun(t *testing.T) {
	root := filepath.Join("..", "..")
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	tests, folders := leaveOut(t, root)
	if len(tests) == 0 {
		t.Error("no test leaves out anything: this one shows nothing, and package race can go")
	}
	for name, want := range map[string][]string{"ROUNDS": tests, "ROUNDS_IN": folders} {
		m := regexp.MustCompile(`(?m)^` + name + ` *:= *((?:.*\\\n)*.*)`).FindSubmatch(makefile)
		if m == nil {
			t.Errorf("the Makefile has no %s", name)
			continue
		}
		got := strings.Fields(strings.ReplaceAll(string(m[1]), "\\\n", " "))
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s of the Makefile is\n\t%s\nand should be\n\t%s", name, strings.Join(got, " "), strings.Join(want, " "))
		}
	}
}

// leaveOut finds the tests that reach a call of this package, and their folders.
func leaveOut(t *testing.T, root string) (tests, folders []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		found, err := inFolder(path)
		if err != nil || len(found) == 0 {
			return err
		}
		rel, err := filepath.Rel(root, path)
		tests, folders = append(tests, found...), append(folders, "./"+filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(tests)
	slices.Sort(folders)
	return tests, folders
}

// inFolder finds them in the test files of one folder: those that call it, and
// those that call a function that does.
func inFolder(folder string) (tests []string, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		return nil, err
	}
	calls := map[string][]string{} // by function or variable
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range f.Decls {
			for name, n := range named(d) {
				calls[name] = called(n)
			}
		}
	}
	for name := range calls {
		if strings.HasPrefix(name, "Test") && reaches(calls, name, map[string]bool{}) {
			tests = append(tests, name)
		}
	}
	return tests, nil
}

// named are the functions and variables of a declaration.
func named(d ast.Decl) map[string]ast.Node {
	nodes := map[string]ast.Node{}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			nodes[d.Name.Name] = d
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			if s, ok := s.(*ast.ValueSpec); ok && len(s.Names) == len(s.Values) {
				for i, n := range s.Names {
					nodes[n.Name] = s.Values[i]
				}
			}
		}
	}
	return nodes
}

// called lists what stands in a declaration: other names, or race.Rounds.
func called(in ast.Node) (names []string) {
	ast.Inspect(in, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "race" {
				names = append(names, "race."+n.Sel.Name)
			}
		case *ast.Ident:
			names = append(names, n.Name)
		}
		return true
	})
	return names
}

func reaches(calls map[string][]string, name string, seen map[string]bool) bool {
	if strings.HasPrefix(name, "race.") {
		return true
	}
	if seen[name] {
		return false
	}
	seen[name] = true
	return slices.ContainsFunc(calls[name], func(next string) bool { return reaches(calls, next, seen) })
}

// The search finds what calls it at one remove, and nothing else.
func TestWhatLeavesOutIsFound(t *testing.T) {
	folder := t.TempDir()
	text := "package x\nfunc TestA(t *testing.T) { help() }\nfunc help() { for range race.Rounds(9, 2) {} }\nfunc TestB(t *testing.T) { other() }\nfunc other() { other() }\nvar n = race.Rounds(9, 2)\nfunc TestC(t *testing.T) { t.Log(n) }\n"
	if err := os.WriteFile(filepath.Join(folder, "x_test.go"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := inFolder(folder)
	if slices.Sort(got); err != nil || !slices.Equal(got, []string{"TestA", "TestC"}) {
		t.Errorf("found %v, %v, want TestA and TestC", got, err)
	}
}
