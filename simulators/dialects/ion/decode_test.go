package ion

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
)

// refusedBy decodes m and says why it is refused, and whether that is found
// later.
func refusedBy(d Dialect, m simulators.Message) (r *simulators.Refusal, later bool, err error) {
	ask, err := d.Decode(m)
	if ask.Late != nil {
		return ask.Late, true, err
	}
	errors.As(err, &r)
	return r, false, err
}

// full is the address at a gateway.
func full(path string) string { return "PLANTSIM_TST/" + Gateway + "service/" + path }

// TestRefused: what ION refuses at once, and what the system behind it finds out
// later.
func TestRefused(t *testing.T) {
	good, err := Dialect{}.Batch(confirmation())
	if err != nil {
		t.Fatal(err)
	}
	edit := func(old, new string) func(*simulators.Message) {
		return func(m *simulators.Message) {
			body := strings.Replace(string(m.Body), old, new, 1)
			if body == string(m.Body) {
				t.Fatalf("there is no %q in\n%s", old, m.Body)
			}
			m.Body = []byte(body)
		}
	}
	for name, c := range map[string]struct {
		settings Settings
		change   func(*simulators.Message)
		code     string
		status   int // 0: later
		text     string
	}{
		"another address":        {change: func(m *simulators.Message) { m.Name = "service/v1/message" }, code: codeName, status: 404, text: "v1"},
		"another tenant":         {change: func(m *simulators.Message) { m.Name = "OTHER/" + Gateway + m.Name }, code: codeName, status: 404, text: "OTHER"},
		"PUT":                    {change: func(m *simulators.Message) { m.Method = "PUT" }, code: codeMethod, status: 405, text: "PUT"},
		"not of parts":           {change: func(m *simulators.Message) { m.Header["Content-Type"] = "application/json" }, code: codeMedia, status: 415, text: "boundary"},
		"no parameters":          {change: edit(`name="ParameterRequest"`, `name="parameters"`), code: codeMalformed, status: 400, text: partParameters},
		"no payload":             {change: edit(`name="MessagePayload"`, `name="payload"`), code: codeMalformed, status: 400, text: partPayload},
		"no end":                 {change: func(m *simulators.Message) { m.Body = m.Body[:len(m.Body)-6] }, code: codeMalformed, status: 400, text: "not closed"},
		"a variation in quotes":  {change: edit(`"variationId":1`, `"variationId":"1"`), code: codeMalformed, status: 400, text: "variationId"},
		"no message ID":          {change: edit(`"messageId"`, `"messageID2"`), code: codeMalformed, status: 400, text: "messageId"},
		"no logical ID":          {change: edit(`"fromLogicalId":"lid:`, `"fromLogicalId":"id:`), code: codeMalformed, status: 400, text: "fromLogicalId"},
		"another character set":  {change: edit(`"UTF-8"`, `"ISO-8859-1"`), code: codeMalformed, status: 400, text: "characterSet"},
		"another principal":      {settings: Settings{Partner: "lid://plantsim.mes.bravo"}, change: func(*simulators.Message) {}, code: codePrincipal, status: 403, text: "fromLogicalId"},
		"inactive":               {settings: Settings{Connection: Inactive}, change: func(*simulators.Message) {}, code: codeInactive, status: 412, text: "active"},
		"not accepted":           {change: edit("Process.ShopOrderOperation", "Process.PurchaseOrder"), code: codeDocument, status: 400, text: "Process.InspectDelivery"},
		"another document in it": {change: edit("Process.ShopOrderOperation", "Process.InspectDelivery"), code: codeMalformed, text: "says that it is Process.InspectDelivery"},
		"another namespace":      {change: edit("InforOAGIS/2", "InforOAGIS/3"), code: codeMalformed, text: "InforOAGIS/3"},
		"another release":        {change: edit(`releaseID="9.2"`, `releaseID="10"`), code: codeMalformed, text: "releaseID"},
		"no creation":            {change: edit("<CreationDateTime>", "<CreationDateTime2>"), code: codeMalformed, text: "line "},
		"a BODID of no form":     {change: edit("<BODID>infor-nid:", "<BODID>"), code: codeMalformed, text: "BODID"},
		"a variation of letters": {change: edit("variationID=1", "variationID=x"), code: codeMalformed, text: "variationID"},
		"another action":         {change: edit(`actionCode="Change"`, `actionCode="Merge"`), code: codeMalformed, text: `"Merge"`},
		"another status":         {change: edit("<Code>Reported</Code>", "<Code>Dreamt</Code>"), code: codeMalformed, text: "ShopOrderOperation"},
		"no quantity":            {change: edit("CompletedQuantity unitCode", "CompletedAmount unitCode"), code: codeMalformed, text: ""},
		"another entity":         {change: edit(`"accountingEntity":"PLANT10"`, `"accountingEntity":"PLANT20"`), code: codeRouting, text: "PLANT20"},
		"a quantity of letters":  {change: edit(">61<", ">6l<"), code: codeMalformed, text: "/ProcessShopOrderOperation/DataArea/ShopOrderOperation[1]/CompletedQuantity"},
	} {
		t.Run(name, func(t *testing.T) {
			m := good
			m.Header, m.Method = maps.Clone(good.Header), "POST"
			c.change(&m)
			d := Dialect{Settings: c.settings}
			r, later, err := refusedBy(d, m)
			if r == nil || r.Code != c.code || !strings.Contains(r.Text, c.text) || later != (c.status == 0) {
				t.Fatalf("got %+v, want %s (%d) with %q", err, c.code, c.status, c.text)
			}
			if got := d.Reply(m, simulators.Answer{Refusal: r}).Result.Status; c.status != 0 && got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
		})
	}
}

// TestRoutingIgnore: what is of another accounting entity is forgotten, and
// nobody hears of it.
func TestRoutingIgnore(t *testing.T) {
	m, err := Dialect{Settings: Settings{Entity: "PLANT20"}}.Batch(confirmation())
	if err != nil {
		t.Fatal(err)
	}
	ask, err := Dialect{Settings: Settings{Routing: RoutingIgnore}}.Decode(m)
	if err != nil || ask.Query == nil || len(ask.Claims) > 0 {
		t.Errorf("got %+v, %v", ask, err)
	}
}

// TestIdentities: products write the same in different ways.
func TestIdentities(t *testing.T) {
	want := identity{tenant: "T", entity: "E", document: "WO-1", revision: "1", noun: "ProductionOrder", verb: "Sync", variation: 3}
	for _, s := range []string{
		"infor-nid:T:E::WO-1:1?ProductionOrder&verb=Sync&variationID=3", "Infor-nid:T:E::WO-1:1?ProductionOrder&variationID=3&verb=Sync", "infor-nid:T:E::WO%2D1:1?verb=Sync&ProductionOrder&VariationID=3",
	} {
		if got, err := parseIdentity(s); err != nil || got != want {
			t.Errorf("%s: %+v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "infor-nid:T:E:L:D", "urn:T:E:L:D:1?N", "infor-nid:T:E:L:D:1?verb=Sync", "infor-nid:T:E:L::1?N", "infor-nid:T:E:L:%zz:1?N", "infor-nid:T:E:L:" + strings.Repeat("d", 255) + ":1?N"} {
		if got, err := parseIdentity(s); err == nil {
			t.Errorf("%q was read as %+v", s, got)
		}
	}
	for _, id := range []identity{want, {tenant: "a:b", entity: "?", location: "&=", document: "consumption/4711/0010/Ä/1", revision: "%", noun: "N", verb: "Process", sequence: 2}} {
		if got, err := parseIdentity(id.String()); err != nil || got != id {
			t.Errorf("%+v was written as %s and read as %+v, %v", id, id, got, err)
		}
	}
}

// TestLateAnswers: a document that nobody could read is answered as well.
func TestLateAnswers(t *testing.T) {
	m, err := Dialect{}.Batch(confirmation())
	if err != nil {
		t.Fatal(err)
	}
	m.Body = []byte(strings.Replace(string(m.Body), "<BODID>", "<BODID", 1))
	r, later, err := refusedBy(Dialect{}, m)
	if r == nil || !later {
		t.Fatal(err)
	}
	out, err := Dialect{}.Respond(m, simulators.Answer{Refusal: r})
	if err != nil || len(out) != 1 || !bytes.Contains(out[0].Body, []byte(`actionCode="Rejected"`)) || !bytes.Contains(out[0].Body, []byte("<MessageID>lid://plantsim.erp.alpha:")) {
		t.Errorf("%+v %v", out, err)
	}
	if out, err := (Dialect{}).Respond(simulators.Message{Name: "elsewhere"}, simulators.Answer{}); err != nil || out != nil {
		t.Errorf("%v %v", out, err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, d := range variants() {
		for i, kind := range dialecttest.Kinds() {
			ms, err := d.Encode(dialecttest.Events(kind).Example(i))
			if err != nil {
				continue
			}
			for _, m := range ms {
				f.Add(m.Name, m.Header["Content-Type"], fmt.Sprint(m.Params["documentName"]), m.Body)
			}
		}
	}
	f.Fuzz(func(t *testing.T, name, media, document string, body []byte) {
		m := simulators.Message{Verb: "post", Name: name, Header: map[string]string{"Content-Type": media}, Body: body,
			Params: map[string]string{"documentName": document, "messageId": "1", "fromLogicalId": "lid://a.b.c"}}
		for _, d := range []Dialect{{}, {Version: V2}} {
			ask, err := d.Decode(m)
			if err == nil && len(ask.Claims) == 0 && ask.Query == nil && ask.Late == nil {
				t.Error("neither claims nor a question nor a refusal")
			}
			if _, err := d.Respond(m, simulators.Answer{Refusal: refusal(simulators.Business, "order-closed", "text")}); err != nil && !strings.Contains(err.Error(), "cannot say") {
				t.Error(err)
			}
		}
	})
}
