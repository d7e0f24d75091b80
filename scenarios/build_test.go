package scenarios_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
)

// TestTextIsReadAsItWas writes every scenario of the library and reads it
// again: what comes out must say the same.
func TestTextIsReadAsItWas(t *testing.T) {
	all, err := scenarios.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		t.Run(s.Metadata.ID, func(t *testing.T) {
			first, err := scenarios.Text(s)
			if err != nil {
				t.Fatal(err)
			}
			again, err := scenarios.Parse("again", first)
			if err != nil {
				t.Fatalf("%v\n%s", err, first)
			}
			second, err := scenarios.Text(again[0])
			if err != nil {
				t.Fatal(err)
			}
			if string(first) != string(second) {
				t.Errorf("written %s\nread    %s", first, second)
			}
			if got, want := withoutPlaces(t, again[0].ExpectJSON()), withoutPlaces(t, s.ExpectJSON()); got != want {
				t.Errorf("expects %s\nwanted  %s", got, want)
			}
			if len(again[0].When) != len(s.When) || len(again[0].Faults) != len(s.Faults) || again[0].Seed != s.Seed {
				t.Errorf("steps, faults or seed were lost: %s", second)
			}
		})
	}
}

func withoutPlaces(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	if raw == nil {
		return ""
	}
	var doc struct{ Expect []map[string]any }
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	for _, x := range doc.Expect {
		delete(x, "pos")
	}
	b, _ := json.Marshal(doc)
	return string(b)
}

func TestScenariosBuiltInGoAreChecked(t *testing.T) {
	pos := yamlfile.Pos{File: "plant_test.go", Line: 12}
	do, err := scenarios.Acts(pos, map[string]any{"place-hold": map[string]any{"lot": map[string]any{"ref": "goods.lot"}}})
	if err != nil {
		t.Fatal(err)
	}
	sound := scenarios.Scenario{
		Metadata: scenarios.Metadata{ID: "GO-01", Title: "built in Go"},
		When:     []scenarios.Step{{Upon: &scenarios.Upon{Event: "receipt"}, As: "goods", Do: do}},
		Expect: scenarios.Expect{Eventually: []scenarios.Eventually{{
			That: scenarios.Expr{Source: `erp.lots[refs.goods.lot].status == "blocked"`}, Within: yamlfile.Wall(5 * time.Second)}}},
	}
	built, err := scenarios.New(sound)
	if err != nil {
		t.Fatal(err)
	}
	if built.Metadata.Of != "GO-01" || built.ExpectJSON() == nil {
		t.Errorf("not complete: %+v", built.Metadata)
	}
	for name, spoil := range map[string]func(*scenarios.Scenario){
		"an id":         func(s *scenarios.Scenario) { s.Metadata.ID = "" },
		"a known event": func(s *scenarios.Scenario) { s.When[0].Upon = &scenarios.Upon{Event: "thunder"} },
		"a known step":  func(s *scenarios.Scenario) { s.When[0].As = "other" },
		"a known variable": func(s *scenarios.Scenario) {
			s.Expect.AtEnd = []scenarios.AtEnd{{That: scenarios.Expr{Source: "wms.lots.size() == 0"}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := sound
			s.When = append([]scenarios.Step(nil), sound.When...)
			spoil(&s)
			if _, err := scenarios.New(s); err == nil {
				t.Error("was taken")
			}
		})
	}
}
