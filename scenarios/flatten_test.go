package scenarios

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestFlattenIsEnoughToRunAgain(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("plant.yaml", "apiVersion: andon/v1\nkind: Part\nplant: {open: 2, oddIds: 0.5, undecided: true}\nfaults:\n  - {id: a, fault: lose, at: erp, p: 0.25}\n")
	path := write("main.yaml", `apiVersion: andon/v1
kind: Scenario
include: [plant.yaml]
metadata: {id: FLAT, title: "Says \"quoted\": yes # and no"}
seed: 7
matrix: {zulu: [{plant: 1h}, {plant: 2h}], alpha: ["000123", "4711"]}
when:
  - {at: "${matrix.zulu}", do: cancel-order, args: {order: "${matrix.alpha}"}}
floor: {confirmation: 3}
`)
	want, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := Flatten(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse("flat", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if len(got) != 4 || len(want) != 4 {
		t.Fatalf("got %d scenarios, want %d", len(got), len(want))
	}
	for i := range got {
		g, w := got[i], want[i]
		if g.Metadata.ID != w.Metadata.ID || g.Seed != w.Seed || *g.Plant.Open != *w.Plant.Open || *g.Plant.OddIDs != *w.Plant.OddIDs || !g.Plant.Undecided ||
			len(g.Faults) != 1 || *g.Faults[0].P != 0.25 || !reflect.DeepEqual(g.Floor, w.Floor) || g.When[0].At.String() != w.When[0].At.String() ||
			g.Metadata.Title != w.Metadata.Title || g.When[0].Args.Any().(map[string]any)["order"] != w.When[0].Args.Any().(map[string]any)["order"] {
			t.Errorf("got %+v\nwant %+v", g, w)
		}
	}
}

func TestFlattenLeavesWholeFilesAlone(t *testing.T) {
	if text, err := Flatten(filepath.Join("library", "cnf-01.yaml")); text != nil || err != nil {
		t.Errorf("got %q, %v", text, err)
	}
	if _, err := Flatten(filepath.Join(t.TempDir(), "nowhere.yaml")); err == nil {
		t.Error("a missing file was read")
	}
}
