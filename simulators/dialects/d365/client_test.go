//go:build odataclient

package d365_test

import (
	"reflect"
	"testing"

	"github.com/andon-rig/andon/simulators/dialects/d365"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
)

// A client that is generated from our $metadata reads orders, products and the
// list of messages. `make odata-client` installs its generator and runs this.
func TestGeneratedClient(t *testing.T) {
	i := install(t, d365.Settings{}, nil)
	i.send(d365.TypeReportFinished, finished)
	i.wants("states", i.states(), "Processed")
	seen := dialecttest.ODataClient(t, i.url, i.token)
	for what, want := range map[string]any{
		"order":    map[string]any{"item": "PUMP-7", "quantity": "200", "status": "StartedUp", "received": "61"},
		"products": []any{"CASTING-3 in EA", "PUMP-7 in EA"},
		"messages": []any{d365.TypeReportFinished + " Processed"},
		"unknown":  404.0,
	} {
		if !reflect.DeepEqual(seen[what], want) {
			t.Errorf("%s: %v, want %v", what, seen[what], want)
		}
	}
}
