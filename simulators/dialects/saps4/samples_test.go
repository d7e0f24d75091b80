package saps4

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// sample reads a document that is not ours, or was written before us.
func sample(t *testing.T, name string) []byte {
	t.Helper()
	root := filepath.Join("..", "..", "..", "..", "shared", "standards")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("the samples are not at %s, so that it is not shown that %s is taken as it is; get github.com/SAP/cloud-sdk-java and put its fixtures of $batch into sap-odata-batch there to run this", root, name)
	}
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSampleConfirmationIsTaken(t *testing.T) {
	m := simulators.Message{Verb: "post", Method: "POST", Name: Root + "/" + confService + "/ProdnOrdConf2", Header: map[string]string{"Content-Type": "application/json"}, Body: sample(t, "sap-events-own/prodn-ord-conf2-deep-insert.json")}
	ask, err := Dialect{}.Decode(m)
	if err != nil || len(ask.Claims) != 3 {
		t.Fatalf("%d claims, %v", len(ask.Claims), err)
	}
	for i, want := range []plant.Kind{plant.KindConfirmation, plant.KindConsumption, plant.KindReceipt} {
		c := ask.Claims[i]
		if c.Fact.Kind() != want || c.Fact.Keys().Order != "1000417" || ask.Aliases[i] != "c0de0000-0000-4000-8000-000000000003" || c.ID == "" {
			t.Errorf("claim %d: %+v, alias %s", i+1, c, ask.Aliases[i])
		}
	}
	if c := ask.Claims[0].Fact.(plant.Confirmed); c.Yield != plant.Of(61, "EA") || c.Scrap != plant.Of(2, "EA") || c.Labor.Minutes() != 217.8 {
		t.Errorf("%+v", c)
	}
	if reply := (Dialect{}).Reply(m, simulators.Answer{Rows: []simulators.Row{{Doc: "1"}, {Doc: "2"}, {Doc: "3"}}}); reply.Result.Status != 201 || !strings.Contains(string(reply.Body), `"ConfirmationGroup":"1"`) {
		t.Errorf("%d %s", reply.Result.Status, reply.Body)
	}
}

func TestSampleEventIsUnderstood(t *testing.T) {
	ask, err := Dialect{}.Decode(simulators.Message{Verb: "post", Name: Events, Body: sample(t, "sap-events-own/production-order-created.cloudevent.json")})
	if err != nil || ask.Query == nil || ask.Query.Object != "order" || ask.Query.Where["id"] != "1000417" {
		t.Errorf("%+v, %v", ask, err)
	}
}

// paths are all names in a document, with those above them.
func paths(v any, above string) (all []string) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			all = append(append(all, above+"/"+name), paths(inner, above+"/"+name)...)
		}
	case []any:
		for _, inner := range v {
			all = append(all, paths(inner, above)...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Errors say the same names as those of the sample, and of a fixture that a
// public client is tested with.
func TestErrorsHaveTheFormOfTheSamples(t *testing.T) {
	var ours, theirs any
	if err := json.Unmarshal(exchanges(t)["locked"].Reply.Body, &ours); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(sample(t, "sap-events-own/odata-v2-error.json"), &theirs); err != nil {
		t.Fatal(err)
	}
	if got, want := paths(ours, ""), paths(theirs, ""); !slices.Equal(got, want) {
		t.Errorf("%q,\nwant %q", got, want)
	}
}

// batches are those that a public client's tests send: V2-… are of OData V2, the
// others of V4, which has the same form of a batch. Requests of a changeset are in
// brackets.
var batches = map[string]string{
	"V2-BatchRequest.txt":                       "GET Entities?$select=StringValue,IntegerValue&$top=10 [POST Entities {IntegerValue}] GET Entities(9000) [PATCH Entities(13) {} DELETE Entities(14)] [DELETE Entities(15) DELETE Entities(16)]",
	"V2-BatchRequestFunctionImportWithPost.txt": "[POST awesomeFunction?FirstName='John'&LastName='Doe' {}]",
	"BatchReadsAndWritesSuccessRequest.txt":     "[POST People {FirstName,UserName} POST People {FirstName,UserName}] GET People(%27foo%27)",
	"BatchReadsAndWritesErrorRequest.txt":       "[POST People {FirstName,UserName} POST People {UserName}] GET People(%27klauskinski%27)",
}

// sampleBatch is a batch as it is sent to a service.
func sampleBatch(t *testing.T, name string) simulators.Message {
	t.Helper()
	body := sample(t, "sap-odata-batch/"+name)
	boundary, _, _ := strings.Cut(strings.TrimPrefix(string(body), "--"), "\n")
	return simulators.Message{Verb: "post", Method: "POST", Name: Root + "/" + confService + "/$batch", Body: body,
		Header: map[string]string{"Content-Type": "multipart/mixed;boundary=" + strings.TrimSpace(boundary)}}
}

// shown is a request of a batch: its method, its address within the service, and
// the names of what it says.
func shown(t *testing.T, m simulators.Message) string {
	t.Helper()
	s := m.Method + " " + strings.TrimPrefix(m.Name, Root+"/"+confService+"/")
	for i, k := range slices.Sorted(maps.Keys(m.Params)) {
		s += map[bool]string{true: "?", false: "&"}[i == 0] + k + "=" + m.Params[k]
	}
	if m.Header["Accept"] != "application/json" || m.Header["Content-Type"] != map[bool]string{true: "application/json"}[len(m.Body) > 0] {
		t.Errorf("%s: headers %v", s, m.Header)
	}
	if len(m.Body) == 0 {
		return s
	}
	var said map[string]any
	if err := json.Unmarshal(m.Body, &said); err != nil {
		t.Errorf("%s: %v", s, err)
	}
	return s + " {" + strings.Join(slices.Sorted(maps.Keys(said)), ",") + "}"
}

// The batches of a public client's tests are read whole, each request with its
// method, address, headers and body, and in its changeset. One that is cut off
// is not.
func TestSampleBatchesAreRead(t *testing.T) {
	for name, want := range batches {
		m := sampleBatch(t, name)
		r, _ := resolve(m.Name)
		parts, err := readBatch(m, r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, p := range parts {
			var in []string
			for _, one := range p.requests {
				in = append(in, shown(t, one))
			}
			text := strings.Join(in, " ")
			if p.changeset {
				text = "[" + text + "]"
			}
			got = append(got, text)
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s: read\n%s\nwant\n%s", name, text, want)
		}
		held, err := Dialect{}.Unbundle(m)
		if err != nil || len(held) != len(parts) {
			t.Errorf("%s: %d messages of %d parts, %v", name, len(held), len(parts), err)
		}
		m.Body = m.Body[:len(m.Body)-60]
		if _, err := (Dialect{}).Unbundle(m); err == nil {
			t.Errorf("%s: was taken though it was cut off", name)
		}
	}
}

// A request with blanks in its address spoils itself, and its changeset.
func TestBlanksInAnAddress(t *testing.T) {
	const part = "Content-Type: application/http\r\n\r\n"
	const get = "--b\r\n" + part
	post := func(address string) string {
		return "--c\r\n" + part + "POST " + address + " HTTP/1.1\r\nContent-Type: application/json\r\n\r\n" + `{"OrderID":"1","OrderOperation":"0010","ConfirmationYieldQuantity":"1"}` + "\r\n"
	}
	const set = "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
	for body, want := range map[string]string{
		get + "GET ProdnOrdConf2?$filter=OrderID eq '1' HTTP/1.1\r\n\r\n\r\n" + get + "GET ProdnOrdConf2?$filter=OrderID%20eq%20'1' HTTP/1.1\r\n\r\n\r\n": "refused, asks",
		set + post("ProdnOrdConf2") + post("ProdnOrdConf2?x=a b") + "--c--\r\n" + get + "GET ProdnOrdConf2 HTTP/1.1\r\n\r\n\r\n":                          "refused, asks",
		set + post("Prodn OrdConf2") + "--c--\r\n" + set + post("ProdnOrdConf2") + "--c--\r\n":                                                            "refused, claims",
	} {
		m := simulators.Message{Verb: "post", Method: "POST", Name: Root + "/" + confService + "/$batch", Header: map[string]string{"Content-Type": "multipart/mixed; boundary=b"}, Body: []byte(body + "--b--\r\n")}
		d := Dialect{}
		held, err := d.Unbundle(m)
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		var got []string
		for _, h := range held {
			ask, err := d.Decode(h)
			r := new(simulators.Refusal)
			switch {
			case errors.As(err, &r):
				got = append(got, "refused")
				if reply := d.Reply(h, simulators.Answer{Refusal: r}); reply.Result.Status != 400 || !strings.Contains(r.Text, "blanks in the address") {
					t.Errorf("%d %s", reply.Result.Status, r.Text)
				}
			case ask.Query != nil:
				got = append(got, "asks")
			default:
				got = append(got, "claims")
			}
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("%s: %s, want %s", body, text, want)
		}
	}
}

// statusesOf are those of the parts of a batch's answer, in their order.
func statusesOf(m simulators.Message) string {
	var all []string
	for _, line := range strings.Split(string(m.Body), "\r\n") {
		if rest, ok := strings.CutPrefix(line, "HTTP/1.1 "); ok {
			all = append(all, rest[:3])
		}
	}
	return strings.Join(all, " ")
}
