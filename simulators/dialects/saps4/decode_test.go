package saps4

import (
	"errors"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
)

func TestFilters(t *testing.T) {
	rows := []entity{{"ConfirmationGroup": "1", "OrderID": "A", "IsReversed": true}, {"ConfirmationGroup": "2", "OrderID": "it's"}, {"ConfirmationGroup": "3", "OrderID": "A"}}
	if at, err := value("DateTime", "/Date(1772409600000)/"); err == nil {
		rows[2]["PostingDate"] = at
	}
	for filter, want := range map[string]string{
		"": "123", "OrderID eq 'A'": "13", "OrderID eq 'it''s'": "2", "OrderID ne 'A' and ConfirmationGroup ge '2'": "2", "IsReversed eq true": "1", "(OrderID eq 'A')": "13",
		"((OrderID eq 'A') and (ConfirmationGroup ge '2'))": "3", "(OrderID eq 'A'": "error", "OrderID eq 'A')": "error", "(OrderID eq 'A' and (ConfirmationGroup ge '2')": "error",
		"PostingDate ge datetime'2026-03-02T00:00:00'": "3", "PostingDate gt datetime'2026-03-02T00:00:00'": "",
		"OrderID eq": "error", "OrderID eq A": "error", "Order eq 'A'": "error", "OrderID eq 'A' or OrderID eq 'B'": "error", "OrderID eq guid'A'": "error", "startswith(OrderID,'A')": "error",
	} {
		conditions, err := readFilter(confType, filter)
		got := ""
		if err != nil {
			got = "error"
		}
		for _, r := range rows {
			fits := err == nil
			for _, c := range conditions {
				fits = fits && c.fits(r)
			}
			if fits {
				got += r.text("ConfirmationGroup")
			}
		}
		if got != want {
			t.Errorf("%q finds %q, want %q (%v)", filter, got, want, err)
		}
	}
}

// What is wrong is told with its place, and with the status that HTTP has for it.
func TestRefusals(t *testing.T) {
	post := exchanges(t)["confirmation"].Request
	for _, c := range []struct {
		name   string
		change func(*simulators.Message)
		status int
		says   string
	}{
		{"unknown property", func(m *simulators.Message) { m.Body = []byte(`{"OrderId":"1"}`) }, 400, `"OrderId" is invalid`},
		{"number instead of text", func(m *simulators.Message) { m.Body = []byte(`{"ConfirmationYieldQuantity":1}`) }, 400, "string in JSON"},
		{"decimal comma", func(m *simulators.Message) { m.Body = []byte(`{"ConfirmationYieldQuantity":"1,5"}`) }, 400, "no decimal"},
		{"date of another kind", func(m *simulators.Message) { m.Body = []byte(`{"PostingDate":"2026-03-02"}`) }, 400, "/Date("},
		{"no order", func(m *simulators.Message) { m.Body = []byte(`{"OrderOperation":"0010"}`) }, 400, "OrderID"},
		{"unknown set", func(m *simulators.Message) { m.Name += "x" }, 404, "no service or set"},
		{"unknown service", func(m *simulators.Message) { m.Name = Root + "/API_X_SRV/X" }, 404, "no service or set"},
		{"a key that is not whole", func(m *simulators.Message) { m.Name, m.Method = Root+"/"+batchService+"/Batch(Batch='1')", "PATCH" }, 404, "no service or set"},
		{"DELETE", func(m *simulators.Message) { m.Method = "DELETE" }, 405, "DELETE"},
		{"only to be read", func(m *simulators.Message) { m.Name = Root + "/" + orderService + "/A_ProductionOrder_2" }, 405, "read only"},
		{"XML", func(m *simulators.Message) { m.Header = map[string]string{"Content-Type": "application/atom+xml"} }, 415, "application/json"},
		{"movement type", func(m *simulators.Message) {
			m.Name = Root + "/" + documentService + "/A_MaterialDocumentHeader"
			m.Body = []byte(`{"to_MaterialDocumentItem":[{"Material":"M","ManufacturingOrder":"1","QuantityInEntryUnit":"1","EntryUnit":"EA","GoodsMovementType":"309"}]}`)
		}, 400, "309"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := post
			c.change(&m)
			_, err := Dialect{}.Decode(m)
			r := new(simulators.Refusal)
			if !errors.As(err, &r) || !strings.Contains(r.Text, c.says) {
				t.Fatalf("%v, want something about %s", err, c.says)
			}
			if reply := (Dialect{}).Reply(m, simulators.Answer{Refusal: r}); reply.Result.Status != c.status {
				t.Errorf("status %d, want %d", reply.Result.Status, c.status)
			}
		})
	}
}

// Padded numbers of orders name the same order as those that are not.
func TestPaddedOrders(t *testing.T) {
	d := Dialect{Settings{Orders: Padded}}
	if got := d.Settings.shown("1000417"); got != "000001000417" {
		t.Errorf("shown as %s", got)
	}
	for in, want := range map[string]string{"000001000417": "1000417", "1000417": "1000417", "4711-A": "4711-A", "000": "000"} {
		if got := d.Settings.order(in); string(got) != want {
			t.Errorf("%s is read as %s, want %s", in, got, want)
		}
	}
	if got := (Dialect{}).Settings.order("000001000417"); got != "000001000417" {
		t.Errorf("as it is: %s", got)
	}
	if err := (Settings{Orders: "long"}).Validate(); err == nil {
		t.Error("a word that is none was taken")
	}
	if err := (Settings{Language: "nl"}).Validate(); err == nil {
		t.Error("a language that is none was taken")
	}
}

// A changeset is one: its claims stand together, and its failure has one part.
func TestChangesets(t *testing.T) {
	one := func(n string) string {
		return "--cs\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nPOST ProdnOrdConf2 HTTP/1.1\r\nContent-Type: application/json\r\n\r\n" +
			`{"OrderID":"` + n + `","OrderOperation":"0010","ConfirmationYieldQuantity":"1"}` + "\r\n"
	}
	set := func(all ...string) string {
		return "--b\r\nContent-Type: multipart/mixed; boundary=cs\r\n\r\n" + strings.Join(all, "") + "--cs--\r\n"
	}
	m := simulators.Message{Verb: "post", Method: "POST", Name: Root + "/" + confService + "/$batch", Header: map[string]string{"Content-Type": "multipart/mixed; boundary=b"},
		Body: []byte(set(one("1"), one("2")) + set(one("3")) + "--b\r\nContent-Type: application/http\r\n\r\nGET ProdnOrdConf2?$filter=OrderID%20eq%20'1' HTTP/1.1\r\n\r\n\r\n--b--\r\n")}
	d := Dialect{}
	held, err := d.Unbundle(m)
	if err != nil || len(held) != 3 {
		t.Fatalf("%d messages, %v", len(held), err)
	}
	var asks []simulators.Ask
	for _, h := range held {
		ask, err := d.Decode(h)
		if err != nil {
			t.Fatalf("%s: %v", h.Name, err)
		}
		asks = append(asks, ask)
	}
	if len(asks[0].Claims) != 2 || len(asks[1].Claims) != 1 || asks[2].Query == nil || asks[2].Query.Where["order"] != "1" {
		t.Errorf("%+v", asks)
	}
	rows := func(n int, r *simulators.Refusal) simulators.Answer {
		return simulators.Answer{Rows: make([]simulators.Row, n), Refusal: r}
	}
	good := []simulators.Message{d.Reply(held[0], rows(2, nil)), d.Reply(held[1], rows(1, nil)), d.Reply(held[2], simulators.Answer{Found: []any{}})}
	if got := statusesOf(d.Bundle(m, good)); got != "201 201 201 200" {
		t.Errorf("answered %s", got)
	}
	bad := append([]simulators.Message{d.Reply(held[0], rows(2, refuse("lot-expired", "expired")))}, good[1:]...)
	out := d.Bundle(m, bad)
	if got := statusesOf(out); got != "400 201 200" || out.Result.Status != 202 {
		t.Errorf("with a changeset that failed: %d, %s; want one part for both of its requests", out.Result.Status, got)
	}
	bad[1] = simulators.Message{}
	if got := statusesOf(d.Bundle(m, bad)); got != "400 200" {
		t.Errorf("with an answer that is missing: %s", got)
	}
	for name, body := range map[string]string{"a change outside of a changeset": "--b\r\nContent-Type: application/http\r\n\r\nPOST ProdnOrdConf2 HTTP/1.1\r\n\r\n{}\r\n--b--\r\n",
		"nothing": "--b--\r\n", "no request": "--b\r\nContent-Type: application/http\r\n\r\nhello\r\n--b--\r\n", "an empty changeset": set() + "--b--\r\n"} {
		m.Body = []byte(body)
		if _, err := d.Unbundle(m); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, x := range exchanges(f) {
		f.Add(x.Request.Name, x.Request.Params["$filter"], x.Request.Body)
	}
	f.Add(Root+"/"+confService+"/$batch", "", []byte("--b\r\nContent-Type: application/http\r\n\r\nGET ProdnOrdConf2 HTTP/1.1\r\n\r\n\r\n--b--\r\n"))
	f.Fuzz(func(t *testing.T, name, filter string, body []byte) {
		d := Dialect{}
		for _, method := range []string{"POST", "GET", "PATCH"} {
			m := simulators.Message{Verb: "post", Method: method, Name: name, Body: body, Params: map[string]string{"$filter": filter}}
			m.Header = map[string]string{"Content-Type": "multipart/mixed; boundary=b"}
			held, err := d.Unbundle(m)
			if err == nil && len(held) == 0 {
				if m.Header["Content-Type"] = "application/json"; name == RFC {
					m.Header["Content-Type"] = "text/xml"
				}
				held = []simulators.Message{m}
			}
			for _, h := range held {
				ask, err := d.Decode(h)
				if err == nil && len(ask.Claims) == 0 && ask.Query == nil && ask.Ends == "" {
					t.Errorf("neither claims, nor a question, nor a refusal: %s %q", name, body)
				}
				if r := new(simulators.Refusal); err != nil && (!errors.As(err, &r) || r.Text == "") {
					t.Errorf("a refusal that does not say why: %v", err)
				}
				h.Events, h.Asks = ask.Claims, ask.Query
				done := d.Reply(h, simulators.Answer{Rows: make([]simulators.Row, len(ask.Claims))})
				d.Reply(h, simulators.Answer{Refusal: refuse(codeMalformed, "text")})
				if _, bad := xmltree.Parse(done.Body); bad != nil && name == RFC && err == nil {
					t.Errorf("answered with what is no XML: %v\n%s", bad, done.Body)
				}
			}
		}
	})
}
