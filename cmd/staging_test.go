package cmd_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators/transports/tables/tablestest"
)

// TestGateOverPostgreSQL gates the bundled build at an ERP whose staging tables
// are in a real PostgreSQL server: sound it holds, under rows that are committed
// late, tables that are locked, deadlocks and connections that are killed after a
// commit; with a defect it does not; and nothing is
// left in the server afterwards.
func TestGateOverPostgreSQL(t *testing.T) {
	t.Parallel()
	at := tablestest.PostgreSQL(t)
	text, err := os.ReadFile(filepath.FromSlash("../harness/bundled-staging.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	rig := filepath.Join(t.TempDir(), "andon.yaml")
	text = bytes.Replace(text, []byte("dialect: staging/v1}"), []byte("dialect: staging/v1, url: \""+at+"\"}"), 1)
	if err := os.WriteFile(rig, text, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		args   []string
		status int
	}{
		{"sound", []string{"--scenario", "CNF-01,TAB-01,TAB-02,CNF-02"}, 0},
		{"M125", []string{"--scenario", "TAB-01", "--defect", "M125"}, 1},
		{"deadlocks and unheard commits", []string{"--scenario", "TAB-03,TAB-04"}, 0},
		{"M127", []string{"--scenario", "TAB-03", "--defect", "M127"}, 1},
		{"M140", []string{"--scenario", "TAB-04", "--defect", "M140"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, status := andon(t, append([]string{"gate", "--rig", rig, "--out", t.TempDir()}, c.args...)...)
			if status != c.status {
				t.Errorf("exit %d, want %d\n%s", status, c.status, out)
			}
		})
	}
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("there is no psql: apt-get install postgresql-client")
	}
	out, err := exec.Command(psql, at, "-X", "-A", "-t", "-c", "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'andon%'").CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "0" {
		t.Errorf("schemas are left: %v %s", err, out)
	}
}
