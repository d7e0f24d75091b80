package dialecttest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// ODataClient runs a script of testdata/client with a client that is generated
// from our $metadata, and returns what it saw. Args come before the folder that
// it generates into. The npm packages are where SAP_CLIENT says;
// `make odata-client` installs them.
func ODataClient(t *testing.T, args ...string) (seen map[string]any) {
	t.Helper()
	modules := os.Getenv("SAP_CLIENT")
	if modules == "" {
		t.Fatal("SAP_CLIENT does not say where the npm packages of SAP's client are; make odata-client does")
	}
	folder := t.TempDir()
	node := exec.CommandContext(t.Context(), "node", append(append([]string{filepath.Join("testdata", "client", "client.cjs")}, args...), folder)...)
	node.Env = append(os.Environ(), "NODE_PATH="+modules)
	if out, err := node.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b, err := os.ReadFile(filepath.Join(folder, "seen.json"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", b)
	if err := json.Unmarshal(b, &seen); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return seen
}
