package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/examples/bridge"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
)

// Every dialect but neutral/v1 is watched: by scenarios that its rig can play,
// and by a defect that is a mistake there, with oracles that are meant for it.
func TestEveryDialectIsWatched(t *testing.T) {
	t.Chdir("../..") // where scenario files are named from
	m := &measure{base: harness.GateOptions{Catalog: catalog.Standard(), Self: "bridge"}}
	info := map[bridge.Defect]bridge.DefectInfo{}
	for _, d := range bridge.Defects() {
		info[d.ID] = d
	}
	var erps []string
	for _, w := range watchedDialects {
		erps = append(erps, w.erp)
		at, err := m.at(w.erp)
		if err != nil {
			t.Fatal(err)
		}
		played := slices.Clone(w.sound)
		for _, c := range w.defects {
			played = append(played, c.scenario)
			if why := m.faceOf(w.erp).senseless(c.defect, w.erp); why != "" || !ofSide(c.defect.ERP(), w.erp) {
				t.Errorf("%s at %s is no mistake: %s", c.defect, w.erp, why)
			}
			for _, o := range c.oracles {
				if !slices.Contains(info[c.defect].Oracles, o) {
					t.Errorf("%s is meant for %v, not for %s", c.defect, info[c.defect].Oracles, o)
				}
			}
		}
		if len(w.sound) < 2 || len(w.defects) < 1 {
			t.Errorf("%s: %d scenarios and %d defects", w.erp, len(w.sound), len(w.defects))
		}
		for _, id := range played {
			ss, err := named(id)
			if err != nil || len(ss) != 1 {
				t.Fatalf("%s: %d scenarios, %v", id, len(ss), err)
			}
			if why := at.File.Lacks(ss[0]); why != "" {
				t.Errorf("%s: %s", w.erp, why)
			}
		}
	}
	if want := harness.BundledERPs()[1:]; !slices.Equal(slices.Sorted(slices.Values(erps)), slices.Sorted(slices.Values(want))) {
		t.Errorf("%v are watched, want %v", erps, want)
	}
}

func TestDialectTable(t *testing.T) {
	got := dialectTable([]shown{{erp: "a/v1", what: "the sound build", in: "CNF-01", want: "holds", got: "holds", ok: true, took: 1234 * time.Millisecond}, {erp: "b/v1", what: "M01", in: "CNF-02", want: "blamed by exactly-once"}})
	for _, want := range []string{"| `a/v1` | the sound build | CNF-01 | holds | ✓ holds | 1.2s |\n", "| `b/v1` | M01 | CNF-02 | blamed by exactly-once | ✗ not run | 0s |\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
}
