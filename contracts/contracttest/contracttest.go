// Package contracttest is what every contract format must stand: its own test
// calls [Run], and that is the first line of it.
//
// It knows no format.
package contracttest

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/andon-rig/andon/contracts"
)

// A Case is a document with exchanges, for a format to show itself.
type Case struct {
	Files []contracts.File     // of one version, without mistakes
	Next  []contracts.File     // of the version behind it, which breaks something; of a Differ
	Good  []contracts.Exchange // that keep the contract
	Bad   []contracts.Exchange // that each break it
	Other []contracts.Exchange // that it says nothing about
}

// Run tests that f keeps the promises of [contracts.Format] and of those
// interfaces beside it that f and its documents implement: equal input gives
// equal output, also concurrently; garbage is refused, with its place; what is
// good is covered and without breach, and what is bad has one that says where.
func Run(t *testing.T, f contracts.Format, c Case) {
	t.Helper()
	d, err := f.Read(c.Files)
	if err != nil {
		t.Fatalf("read a sound document: %v", err)
	}
	t.Run("format", func(t *testing.T) { format(t, f, c, d) })
	t.Run("garbage", func(t *testing.T) { garbage(t, f, c.Files) })
	if one, ok := d.(contracts.Checker); ok {
		t.Run("checker", func(t *testing.T) { checker(t, one, c) })
		t.Run("concurrent", func(t *testing.T) { concurrent(t, one, c) })
	}
	if one, ok := d.(contracts.Measurer); ok {
		t.Run("measurer", func(t *testing.T) { measurer(t, one, c) })
	}
	if one, ok := d.(contracts.Watcher); ok {
		t.Run("watcher", func(t *testing.T) { watcher(t, one, c) })
	}
	if one, ok := f.(contracts.Differ); ok {
		t.Run("differ", func(t *testing.T) { differ(t, one, d, c) })
	}
}

func format(t *testing.T, f contracts.Format, c Case, d contracts.Document) {
	if f.Name() == "" || f.Name() != strings.ToLower(f.Name()) || strings.ContainsAny(f.Name(), " /.") {
		t.Errorf("%q is no name for a file to say", f.Name())
	}
	if d.Format() != f.Name() {
		t.Errorf("a document of %s says that it is one of %s", f.Name(), d.Format())
	}
	if !slices.ContainsFunc(c.Files, func(one contracts.File) bool { return f.Claims(one) > 0 }) {
		t.Error("claims none of the files that it reads")
	}
	if n := f.Claims(contracts.File{Name: "photo.png", Data: []byte("\x89PNG\r\n\x1a\n\x00\x00")}); n != 0 {
		t.Errorf("claims a picture: %d", n)
	}
	if _, err := f.Read(nil); err == nil {
		t.Error("reads a version without files")
	}
}

// garbage damages the document in many places: what it then reads may still
// be sound, but nothing may panic, and what is refused says in which file.
func garbage(t *testing.T, f contracts.Format, files []contracts.File) {
	refused := 0
	try := func(all []contracts.File) {
		_, err := f.Read(all)
		if err == nil {
			return
		}
		refused++
		for _, p := range contracts.AsProblems(err, "") {
			if p.Place.File == "" || p.Text == "" {
				t.Errorf("a mistake without place or text: %q", p.Error())
			}
		}
	}
	for i, one := range files {
		step := max(len(one.Data)/40, 1)
		for at := 0; at < len(one.Data); at += step {
			for _, text := range [][]byte{one.Data[:at], slices.Concat(one.Data[:at], []byte("\x00}<"), one.Data[at:])} {
				damaged := slices.Clone(files)
				damaged[i].Data = text
				try(damaged)
			}
		}
	}
	if refused == 0 {
		t.Error("refuses no damage at all")
	}
}

func checker(t *testing.T, d contracts.Checker, c Case) {
	if len(c.Good) == 0 || len(c.Bad) == 0 {
		t.Fatal("a checker needs exchanges that are good and some that are bad")
	}
	for i, x := range c.Good {
		if found, covered := d.Check(x); !covered || len(found) > 0 {
			t.Errorf("good %d: covered %v, breaches %v", i, covered, found)
		}
	}
	for i, x := range c.Bad {
		found, covered := d.Check(x)
		if !covered || len(found) == 0 {
			t.Errorf("bad %d: covered %v, no breach", i, covered)
		}
		for _, b := range found {
			if b.Path == "" || b.Want == "" || b.Got == "" {
				t.Errorf("bad %d: a breach without path, want or got: %+v", i, b)
			}
			if b.Place.File != "" && !slices.ContainsFunc(c.Files, func(f contracts.File) bool { return f.Name == b.Place.File }) {
				t.Errorf("bad %d: %v is in no file of the contract", i, b.Place)
			}
		}
		if again, _ := d.Check(x); !reflect.DeepEqual(found, again) {
			t.Errorf("bad %d: checked twice, two results:\n%v\n%v", i, found, again)
		}
	}
	d.Check(contracts.Exchange{}) // whatever that is, it is no reason to panic
	for i, x := range c.Other {
		if found, covered := d.Check(x); covered || len(found) > 0 {
			t.Errorf("other %d: covered %v, breaches %v", i, covered, found)
		}
	}
}

// concurrent is for the race detector.
func concurrent(t *testing.T, d contracts.Checker, c Case) {
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for _, x := range slices.Concat(c.Good, c.Bad) {
				d.Check(x)
				if m, ok := d.(contracts.Measurer); ok {
					m.Used(x)
				}
				if w, ok := d.(contracts.Watcher); ok {
					w.Undeclared(x)
				}
			}
		})
	}
	wait.Wait()
}

func measurer(t *testing.T, d contracts.Measurer, c Case) {
	parts := d.Parts()
	if len(parts) == 0 || !slices.IsSorted(parts) || len(slices.Compact(slices.Clone(parts))) != len(parts) {
		t.Errorf("parts are none, not sorted, or stand twice: %q", parts)
	}
	for i, x := range slices.Concat(c.Good, c.Bad, c.Other) {
		used := d.Used(x)
		if !slices.IsSorted(used) {
			t.Errorf("exchange %d: used parts are not sorted: %q", i, used)
		}
		for _, u := range used {
			if !slices.Contains(parts, u) {
				t.Errorf("exchange %d uses %q, which is no part", i, u)
			}
		}
		if i < len(c.Good) && len(used) == 0 {
			t.Errorf("good %d uses no part", i)
		}
	}
}

func watcher(t *testing.T, d contracts.Watcher, c Case) {
	kinds := []string{"field", "enum", "null", "type"}
	for i, x := range slices.Concat(c.Good, c.Bad) {
		drift := d.Undeclared(x)
		if i < len(c.Good) && len(drift) > 0 {
			t.Errorf("good %d says more than is declared: %v", i, drift)
		}
		for _, one := range drift {
			if !slices.Contains(kinds, one.Kind) || one.Path == "" {
				t.Errorf("no drift: %+v", one)
			}
		}
	}
}

var changeType = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

func differ(t *testing.T, f contracts.Differ, d contracts.Document, c Case) {
	next, err := f.Read(c.Next)
	if err != nil {
		t.Fatalf("read the next version: %v", err)
	}
	for _, name := range contracts.Modes {
		mode := contracts.Mode(name)
		if changes, err := f.Changes(d, d, mode); err != nil || len(changes) > 0 {
			t.Errorf("%s: a document differs from itself: %v, %v", mode, changes, err)
		}
		for _, pair := range [][2]contracts.Document{{d, next}, {next, d}} {
			changes, err := f.Changes(pair[0], pair[1], mode)
			if err != nil || len(changes) == 0 {
				t.Fatalf("%s: changes are %v, %v", mode, changes, err)
			}
			sorted := slices.Clone(changes)
			contracts.SortChanges(sorted)
			if !reflect.DeepEqual(changes, sorted) {
				t.Errorf("%s: changes are not sorted: %v", mode, changes)
			}
			for _, one := range changes {
				if why := told(one, slices.Concat(c.Files, c.Next)); why != "" {
					t.Errorf("%s: %s: %+v", mode, why, one)
				}
			}
		}
	}
	if changes, _ := f.Changes(d, next, contracts.Full); contracts.Worst(changes) != contracts.Breaking {
		t.Errorf("the next version breaks nobody: %v", changes)
	}
	if _, err := f.Changes(d, foreign{}, contracts.Full); err == nil {
		t.Error("compares itself with a document of another format")
	}
}

// told says what is wrong with how a change is told.
func told(c contracts.Change, files []contracts.File) string {
	known := func(p contracts.Place) bool {
		return p.File == "" || slices.ContainsFunc(files, func(f contracts.File) bool { return f.Name == p.File })
	}
	switch {
	case !changeType.MatchString(c.Type):
		return fmt.Sprintf("%q is no type of a change", c.Type)
	case c.Path == "":
		return "no path"
	case !strings.HasSuffix(c.Message, "."):
		return "the message is no sentence"
	case c.Before.File == "" && c.After.File == "" || !known(c.Before) || !known(c.After):
		return "it stands in none of the files"
	}
	return ""
}

// foreign is a document of no format.
type foreign struct{}

func (foreign) Format() string { return "foreign" }

// Lines words changes as tables of tests do, "breaking FIELD_REMOVED order.no",
// in alphabetical order.
func Lines(changes []contracts.Change) (lines []string) {
	for _, c := range changes {
		lines = append(lines, fmt.Sprintf("%s %s %s", c.Severity, c.Type, c.Path))
	}
	slices.Sort(lines)
	return lines
}
