package catalog_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/d365"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
)

// TestGoldenMessagesOfD365KeepTheContract holds what the documentation of d365/v1
// shows against the contract, and what is not so.
func TestGoldenMessagesOfD365KeepTheContract(t *testing.T) {
	d := document[judge](t, own(t), "d365", "interface", "v1")
	const folder = "../../simulators/dialects/d365/testdata"
	body := func(file string, side func(dialecttest.Exchange) simulators.Message) []byte {
		var out bytes.Buffer
		if err := json.Compact(&out, side(exchangeIn(t, filepath.Join(folder, file+".http"))).Body); err != nil { // as it travels
			t.Fatal(file, err)
		}
		return out.Bytes()
	}
	request := func(file string) []byte {
		return body(file, func(x dialecttest.Exchange) simulators.Message { return x.Request })
	}
	reply := func(file string) []byte {
		return body(file, func(x dialecttest.Exchange) simulators.Message { return x.Reply })
	}
	headers := map[string][]string{"Content-Type": {"application/json"}}
	sent := func(b []byte, status int, reply []byte) contracts.Exchange {
		return contracts.Exchange{FromConsumer: true, Request: contracts.Part{Method: "POST", Path: "/" + d365.SendMessage, Body: b, Headers: headers}, Reply: &contracts.Part{Status: status, Body: reply, Headers: headers}}
	}
	asked := func(status int, reply []byte) contracts.Exchange {
		return contracts.Exchange{FromConsumer: true, Request: contracts.Part{Method: "GET", Path: "/data/ProductionOrderHeaders", Headers: map[string][]string{}}, Reply: &contracts.Part{Status: status, Body: reply, Headers: headers}}
	}
	good := map[string]contracts.Exchange{"malformed": sent(request("start"), 400, reply("malformed")), "no property": asked(400, reply("get-no-property"))}
	for _, f := range []string{"start", "route-card", "route-rework", "picking-list", "picking-scrap", "report-finished"} {
		good[f] = sent(request(f), 200, reply(f))
	}
	for _, f := range []string{"header", "operations", "bom-lines", "product", "conversions", "batch", "messages", "failed", "nothing",
		"boms", "bom-versions", "bill-lines", "routes", "route-versions", "route-operations", "route-properties", "resources", "calendars", "intervals", "on-hand", "page"} {
		good[f] = asked(200, reply("get-"+f))
	}
	for name, x := range good {
		if found, covered := d.Check(x); !covered || len(found) > 0 {
			t.Errorf("%s: covered %v, %v", name, covered, found)
		}
	}
	start := string(request("start"))
	for name, x := range map[string]contracts.Exchange{
		"another type":    sent([]byte(strings.Replace(start, "ProdProductionOrderStart", "ProdProductionOrderStop", 1)), 200, []byte(`""`)),
		"not in a string": sent([]byte(`{"_companyId":"DEMO","_messageType":"ProdProductionOrderEnd","_messageContent":{}}`), 200, []byte(`""`)),
		"state":           asked(200, []byte(strings.Replace(string(reply("get-messages")), "Queued", "Waiting", 1))),
		"quantity":        asked(200, []byte(strings.Replace(string(reply("get-header")), `"ScheduledQuantity":200`, `"ScheduledQuantity":"200"`, 1))),
	} {
		if found, _ := d.Check(x); len(found) == 0 {
			t.Errorf("%s keeps the contract", name)
		}
	}
}

// TestGoldenEventsOfD365KeepTheContract: the same of business events, with the
// time in each form.
func TestGoldenEventsOfD365KeepTheContract(t *testing.T) {
	d := document[judge](t, own(t), "d365", "events", "v1")
	for _, name := range []string{"event-released", "event-changed", "event-cancelled"} {
		x := crossing(exchangeIn(t, "../../simulators/dialects/d365/testdata/"+name+".http"))
		x.FromConsumer = false
		whole := string(x.Request.Body)
		at := whole[strings.Index(whole, `"/Date(`):][:len(`"/Date(1772439600000)/"`)]
		check := func(before, after string, good bool) {
			x.Request.Body = []byte(strings.Replace(whole, before, after, 1))
			if before != "" && string(x.Request.Body) == whole {
				t.Fatalf("%s does not say %s", name, before)
			}
			if found, covered := d.Check(x); !covered || (len(found) == 0) != good || good && len(d.Undeclared(x)) > 0 {
				t.Errorf("%s, %q for %q: covered %v, %v, not declared %v", name, after, before, covered, found, d.Undeclared(x))
			}
		}
		check("", "", true)
		check(at, "1772439600000", true)
		check(at, `"2026-03-02T08:20:00.0000000Z"`, true)
		check(at, `"2026-03-02T08:20:00"`, false)
		check(`"ControlNumber": `, `"ControlNumber": -`, false)
		check(`"EventId": "`, `"EventId": "{`, false)
		check(`BusinessEvent"`, `Event"`, false)
		check(`"LegalEntity"`, `"DataAreaId"`, false)
		if name != "event-released" {
			check(`"OldStatus"`, `"Before"`, false)
			check(`"NewStatus": "`, `"NewStatus": "Re`, false)
		}
	}
}
