package catalog_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/simulators/dialects/d365"
)

// TestGoldenMessagesOfD365KeepTheContract holds what the documentation of d365/v1
// shows against the contract, and what is not so.
func TestGoldenMessagesOfD365KeepTheContract(t *testing.T) {
	d := document[judge](t, own(t), "d365", "interface", "v1")
	const folder = "../../simulators/dialects/d365/testdata"
	body := func(file string) []byte {
		b, err := os.ReadFile(filepath.Join(folder, file))
		var out bytes.Buffer
		if err != nil || json.Compact(&out, b) != nil {
			t.Fatal(file, err)
		}
		return out.Bytes()
	}
	headers := map[string][]string{"Content-Type": {"application/json"}}
	sent := func(b []byte, status int, reply []byte) contracts.Exchange {
		return contracts.Exchange{FromConsumer: true, Request: contracts.Part{Method: "POST", Path: "/" + d365.SendMessage, Body: b, Headers: headers}, Reply: &contracts.Part{Status: status, Body: reply, Headers: headers}}
	}
	asked := func(status int, reply []byte) contracts.Exchange {
		return contracts.Exchange{FromConsumer: true, Request: contracts.Part{Method: "GET", Path: "/data/ProductionOrderHeaders", Headers: map[string][]string{}}, Reply: &contracts.Part{Status: status, Body: reply, Headers: headers}}
	}
	good := map[string]contracts.Exchange{"malformed": sent(body("start.json"), 400, body("reply-malformed.json")), "no property": asked(400, body("get-no-property.json"))}
	for _, f := range []string{"start", "route-card", "route-rework", "picking-list", "picking-scrap", "report-finished"} {
		good[f] = sent(body(f+".json"), 200, body("reply-queued.json"))
	}
	for _, f := range []string{"header", "operations", "bom-lines", "product", "conversions", "batch", "messages", "failed", "nothing",
		"boms", "bom-versions", "bill-lines", "routes", "route-versions", "route-operations", "route-properties", "resources", "calendars", "intervals", "on-hand", "page"} {
		good[f] = asked(200, body("get-"+f+".json"))
	}
	for name, x := range good {
		if found, covered := d.Check(x); !covered || len(found) > 0 {
			t.Errorf("%s: covered %v, %v", name, covered, found)
		}
	}
	start := string(body("start.json"))
	for name, x := range map[string]contracts.Exchange{
		"another type":    sent([]byte(strings.Replace(start, "ProdProductionOrderStart", "ProdProductionOrderStop", 1)), 200, []byte(`""`)),
		"not in a string": sent([]byte(`{"_companyId":"DEMO","_messageType":"ProdProductionOrderEnd","_messageContent":{}}`), 200, []byte(`""`)),
		"state":           asked(200, []byte(strings.Replace(string(body("get-messages.json")), "Queued", "Waiting", 1))),
		"quantity":        asked(200, []byte(strings.Replace(string(body("get-header.json")), `"ScheduledQuantity":200`, `"ScheduledQuantity":"200"`, 1))),
	} {
		if found, _ := d.Check(x); len(found) == 0 {
			t.Errorf("%s keeps the contract", name)
		}
	}
}
