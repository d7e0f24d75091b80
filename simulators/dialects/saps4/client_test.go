//go:build odataclient

package saps4_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
)

// A client that SAP's generator makes of our $metadata reads and posts here,
// session and batch and all. `make odata-client` installs it and runs this.
func TestGeneratedClientOfSAP(t *testing.T) {
	modules := os.Getenv("SAP_CLIENT")
	if modules == "" {
		t.Fatal("SAP_CLIENT does not say where the npm packages of SAP's client are; make odata-client does")
	}
	c := serve(t, nil)
	script, err := filepath.Abs("testdata/client/client.cjs")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	node := exec.CommandContext(t.Context(), "node", script, c.url, folder)
	node.Env = append(os.Environ(), "NODE_PATH="+modules)
	if out, err := node.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := os.ReadFile(filepath.Join(folder, "seen.json"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", out)
	var seen map[string]any
	if err := json.Unmarshal(out, &seen); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
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
