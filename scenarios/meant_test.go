package scenarios

import (
	"slices"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

func TestMeant(t *testing.T) {
	for _, tt := range []struct {
		systems    map[string]string
		name, want string
	}{
		{map[string]string{"sap": "erp", "floor": "mes"}, "erp", "sap"},
		{map[string]string{"sap": "erp", "erp": "mes"}, "erp", "erp"},
		{map[string]string{"sap": "erp", "old": "erp"}, "erp", "erp"}, // unknown, and said to be
		{map[string]string{"counters": "machine"}, "machines", "counters"},
		{map[string]string{"sap": "erp"}, "mes", "mes"},
		{map[string]string{"sap": "erp"}, "sut", "sut"},
	} {
		if got := Meant(tt.name, tt.systems); got != tt.want {
			t.Errorf("%s of %v: got %s, want %s", tt.name, tt.systems, got, tt.want)
		}
	}
	got := EndpointNames(map[string]string{"sap": "erp", "old": "erp", "floor": "mes"})
	if want := []string{"floor", "mes", "old", "sap"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// What is counted at an endpoint is found under the customary name as well.
func TestCountsByCustomaryName(t *testing.T) {
	w := newWorld(evidence.Plan{Endpoints: map[string]evidence.Endpoint{"sap": {System: "erp"}, "floor": {System: "mes"}}})
	w.see(evidence.Record{Seq: 1, Body: evidence.Attempt{Endpoint: "sap"}})
	w.see(evidence.Record{Seq: 2, Body: evidence.Effect{Endpoint: "floor", Posting: simulators.Posting{Claim: plant.Event{Fact: plant.MachineChanged{Machine: "M"}}}}})
	vars := w.vars()["count"].(*countView)
	if by := vars.Posted["mes"]; len(by) != 1 || len(vars.Posted["floor"]) != 1 {
		t.Errorf("posted: %v", vars.Posted)
	}
	if vars.Attempts["erp"] != 1 || vars.Attempts["sap"] != 1 {
		t.Errorf("got %v", vars.Attempts)
	}
}
