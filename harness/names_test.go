package harness

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/scenarios"
)

// Ready-made scenarios are for rigs that call their endpoints something else,
// too, but not if it is not known which is meant.
func TestReadyMadeScenariosFitOtherNames(t *testing.T) {
	const head = "apiVersion: andon/v1\nkind: Rig\nsut: {process: {command: [\"./bridge\"]}}\nendpoints:\n"
	for rig, says := range map[string]string{
		"  sap: {system: erp}\n  floor: {system: mes}\n  counters: {system: machine}\n":                       "",
		"  sap: {system: erp}\n  old: {system: erp}\n  floor: {system: mes}\n  counters: {system: machine}\n": `unknown endpoint "erp"`,
	} {
		f, err := ParseFile("andon.yaml", []byte(head+rig))
		if err != nil {
			t.Fatal(err)
		}
		pack, err := scenarios.Pack("smoke")
		if err != nil {
			t.Fatal(err)
		}
		o := GateOptions{Catalog: catalog.Standard(), File: f, Scenarios: pack}
		if err := o.resolve(); (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q", rig, err, says)
		}
	}
}
