//go:build odataclient

package saps4_test

import (
	"reflect"
	"testing"

	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
)

// A client that SAP's generator makes of our $metadata reads and posts here,
// session and batch and all. `make odata-client` installs it and runs this.
func TestGeneratedClient(t *testing.T) {
	seen := dialecttest.ODataClient(t, serve(t, nil).url)
	for what, want := range map[string]any{
		"order":    map[string]any{"material": "PUMP", "quantity": "100"},
		"products": []any{map[string]any{"product": "PUMP", "unit": "EA", "texts": 1.0}},
		"lots":     []any{"P-1"},
		"posted":   map[string]any{"yield": "10", "number": true},
		"batch":    []any{"3", "4"},
		"refused":  map[string]any{"status": 400.0, "code": "ZAN/020", "text": `unit "XX" is not known (1 of PUMP)`},
		"readBack": []any{"10", "3", "4"},
	} {
		if !reflect.DeepEqual(seen[what], want) {
			t.Errorf("%s: %v, want %v", what, seen[what], want)
		}
	}
}
