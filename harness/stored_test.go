package harness

import (
	"testing"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/scenarios"
)

// A pilot fault written as faults of a scenario is the same rules again, and a
// file can hold it.
func TestPilotsAsFaultsOfAScenario(t *testing.T) {
	f, err := Bundled()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range faults.PilotNames() {
		list, err := PilotFaults(f, name)
		if err != nil {
			t.Fatal(err)
		}
		rules, err := faults.Pilot(name)
		if err != nil || len(list) != len(rules) {
			t.Fatalf("%s: %d faults of %d rules, %v", name, len(list), len(rules), err)
		}
		s, err := scenarios.New(scenarios.Scenario{Metadata: scenarios.Metadata{ID: "P", Title: name}, Faults: list})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, err := scenarios.Text(s)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		read, err := scenarios.Parse("pilot", text)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		for i, r := range rules {
			one, info := read[0].Faults[i], mustFind(t, r.Rule.Kind)
			fault := info.New()
			if err := one.With.Decode(fault); !one.With.IsZero() && err != nil {
				t.Fatal(err)
			}
			got := chaos.Rule{ID: one.ID, Kind: one.Fault.S, Fault: fault, Direction: r.Rule.Direction, Name: one.Hits.Message, Fact: one.Hits.Fact, Every: one.Hits.Every, Attempts: one.Hits.Attempts, Writes: one.Hits.Writes}
			if w := r.Rule; got.ID != w.ID || got.Kind != w.Kind || got.Fact != w.Fact || got.Every != w.Every || got.Attempts != w.Attempts || got.Writes != w.Writes || string(w.Direction) != one.Direction {
				t.Errorf("%s: %+v, want %+v", name, got, w)
			}
			if a, b := settingsOf(t, fault), settingsOf(t, r.Rule.Fault); a != b {
				t.Errorf("%s: %s reads as %s, want %s", name, one.ID, a, b)
			}
		}
	}
}

func mustFind(t *testing.T, kind string) faults.Info {
	t.Helper()
	i, ok := faults.Find(kind)
	if !ok {
		t.Fatalf("there is no fault %s", kind)
	}
	return i
}

// settingsOf writes the settings of a fault.
func settingsOf(t *testing.T, f chaos.Fault) string {
	t.Helper()
	one, err := scenarioFault(chaos.Rule{Fault: f})
	if err != nil {
		t.Fatal(err)
	}
	b, err := one.With.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A SUT that runs already has a past.
func TestFresh(t *testing.T) {
	f, err := Bundled()
	if err != nil || f.Fresh() != nil {
		t.Errorf("the bundled build is not fresh: %v, %v", err, f.Fresh())
	}
	f.SUT.Process, f.SUT.External = nil, &ExternalSpec{TestSystem: true}
	if f.Fresh() == nil {
		t.Error("an external SUT is taken for a fresh one")
	}
}
