package saps4

import (
	"encoding/json"
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
		t.Skipf("the samples are not at %s; get github.com/SAP/cloud-sdk-java and put its fixtures of $batch into sap-odata-batch there to run them", root)
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
	if err := json.Unmarshal(exchanges(t)["locked"].reply.Body, &ours); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(sample(t, "sap-events-own/odata-v2-error.json"), &theirs); err != nil {
		t.Fatal(err)
	}
	if got, want := paths(ours, ""), paths(theirs, ""); !slices.Equal(got, want) {
		t.Errorf("%q,\nwant %q", got, want)
	}
}

// The batches of a public client's tests are taken apart as they are. What they
// ask for is not there, and each part is told so by itself.
func TestSampleBatchesAreTakenApart(t *testing.T) {
	for name, want := range map[string]struct {
		held  int
		parts string
	}{
		"V2-BatchRequest.txt":                       {5, "404 404 404 404 404"},
		"V2-BatchRequestFunctionImportWithPost.txt": {1, "404"},
	} {
		body := sample(t, "sap-odata-batch/"+name)
		boundary, _, _ := strings.Cut(strings.TrimPrefix(string(body), "--"), "\n")
		m := simulators.Message{Verb: "post", Method: "POST", Name: Root + "/" + confService + "/$batch", Body: body,
			Header: map[string]string{"Content-Type": "multipart/mixed;boundary=" + strings.TrimSpace(boundary)}}
		d := Dialect{}
		held, err := d.Unbundle(m)
		if err != nil || len(held) != want.held {
			t.Fatalf("%s: %d messages, %v", name, len(held), err)
		}
		var replies []simulators.Message
		for _, h := range held {
			_, err := d.Decode(h)
			r, ok := err.(*simulators.Refusal)
			if !ok {
				t.Fatalf("%s: %s was understood", name, h.Name)
			}
			replies = append(replies, d.Reply(h, simulators.Answer{Refusal: r}))
		}
		if got := statusesOf(d.Bundle(m, replies)); got != want.parts {
			t.Errorf("%s: answered %s, want %s", name, got, want.parts)
		}
		m.Body = body[:len(body)-60]
		if _, err := d.Unbundle(m); err == nil {
			t.Errorf("%s: was taken though it was cut off", name)
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
