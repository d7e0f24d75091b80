package cmd_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const plantRig = `apiVersion: andon/v1
kind: Rig
sut:
  external: {testSystem: true}
  env: {ERP_URL: "${erp.url}"}
  receives: {erp: "http://127.0.0.1:${port.line}/erp"}
plant: {profile: machine-shop}
endpoints:
  erp: {system: erp, dialect: neutral/v1, transport: http, policy: {auth: none}}
`

const plantPact = `{"consumer": {"name": "line"}, "provider": {"name": "erp"}, "metadata": {"pactSpecification": {"version": "4.0"}}, "interactions": [
 {"type": "Synchronous/HTTP", "description": "an order is looked up", "providerStates": [{"name": "an order is released"}],
  "request": {"method": "GET", "path": "/orders/4711", "generators": {"path": {"type": "ProviderState", "expression": "/orders/${order}"}}},
  "response": {"status": 200, "body": {"contentType": "application/json", "content": {"id": "4711", "unit": "EA"}},
   "matchingRules": {"body": {"$.id": {"matchers": [{"match": "type"}]}, "$.unit": {"matchers": [{"match": "type"}]}}}}}]}`

// andon verify puts a pact before a simulated ERP, whose plant sets the states.
func TestVerifyByTheStatesOfThePlant(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	if code, out := program(t, "serve", "--no-sut", "--plant-states", "0.0.0.0:0"); code != 2 || !strings.Contains(out, "an address of this machine") {
		t.Errorf("states for everybody: exit %d\n%s", code, out)
	}
	serve := exec.Command(filepath.Join(programs, "andon"), "serve", "--rig", write("andon.yaml", plantRig), "--no-sut", "--plain", "--pace", "3000", "--plant-states", "127.0.0.1:0", "--out", filepath.Join(dir, "run"))
	out, err := serve.StderrPipe()
	if err == nil {
		err = serve.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = serve.Process.Kill()
		_, _ = io.Copy(io.Discard, out)
		_ = serve.Wait()
	}()
	told := map[string]string{}
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.HasPrefix(lines.Text(), "plant "); {
		if name, value, ok := strings.Cut(strings.TrimSpace(lines.Text()), "="); ok {
			told[name] = value
		} else if f := strings.Fields(lines.Text()); len(f) == 2 {
			told[f[0]] = f[1]
		}
	}
	verify := func(file string) (int, string) {
		return program(t, "verify", file, "--url", told["ERP_URL"], "--states", told["states"], "--timeout", "60s", "--json")
	}
	code, text := verify(write("good.json", plantPact))
	if code != 0 || !json.Valid([]byte(text)) {
		t.Errorf("exit %d, want 0\n%s", code, text)
	}
	if code, text := verify(write("unit.json", strings.Replace(plantPact, `"EA"`, `5`, 1))); code != 1 || !strings.Contains(text, "$.unit") {
		t.Errorf("another type: exit %d, want 1\n%s", code, text)
	}
	if code, text := verify(write("state.json", strings.Replace(plantPact, "an order is released", "the moon is full", 1))); code != 3 || !strings.Contains(text, "no fact of the plant") {
		t.Errorf("a state of no plant: exit %d, want 3\n%s", code, text)
	}
}
