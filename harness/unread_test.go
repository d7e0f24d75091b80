package harness

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/simulators"
)

// zeros never ends.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// TestLargeBodiesLeaveEvidence posts 100 MiB to each interface of a rig, with
// and without saying so before.
func TestLargeBodiesLeaveEvidence(t *testing.T) {
	f, err := ParseFile("rig", []byte(`apiVersion: andon/v1
kind: Rig
sut: {external: {testSystem: true}}
endpoints: {erp: {system: erp}}
`))
	if err != nil {
		t.Fatal(err)
	}
	rig, err := Build(Setup{Catalog: catalog.Standard(), File: f, Scenario: PlainScenario(), Run: "large"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rig.Close() }()
	stop := rig.Plan.startServing(context.Background())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, url := range []string{rig.Vars["erp.url"] + "/confirmations", rig.Vars["andon.exceptions"]} {
		for _, size := range []int64{100 << 20, -1} {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, url, io.LimitReader(zeros{}, 100<<20))
			req.ContentLength = size
			resp, err := http.DefaultClient.Do(req)
			if err != nil { // the answer may be overtaken by the end of the connection
				t.Logf("%s: %v", url, err)
				continue
			}
			body, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != 413 || !strings.Contains(string(body), "larger than") {
				t.Errorf("%s answered %d: %s", url, resp.StatusCode, body)
			}
		}
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 100<<20 {
		t.Errorf("%d MiB were allocated", used>>20)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, r := range rig.Plan.Journal.Records() {
		if a, ok := r.Body.(evidence.Attempt); ok && a.Heard.Outcome == simulators.Refused && a.Heard.Code == "too-large" && a.Bytes > 1<<20 && a.Payload == "" {
			got[a.Endpoint]++
		}
	}
	if got["erp"] != 2 || got["exceptions"] != 2 {
		t.Errorf("too large were %v, want 2 at each", got)
	}
}
