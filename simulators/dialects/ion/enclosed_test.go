package ion

import (
	"bytes"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
)

// TestEnclosed: in every layout the document is found, below the gateway and in what
// ION pushes, by who knows no settings.
func TestEnclosed(t *testing.T) {
	for name, d := range map[string]Dialect{
		"v3": {Version: V3}, "v3 mime": {Version: V3, Settings: Settings{Layout: MIME}},
		"v2": {Version: V2}, "v2 json": {Version: V2, Settings: Settings{Layout: JSON}},
	} {
		d.Settings.Tenant = "OTHER_PRD"
		m, err := by(d, goldens()["confirmation"]).Batch(goldens()["confirmation"]...)
		if err != nil {
			t.Fatal(err)
		}
		want := payloadOf(t, d, m)
		for _, before := range []string{"", "OTHER_PRD/" + Gateway} {
			m := m
			m.Name = before + m.Name
			in, ok := Dialect{}.Enclosed(m)
			if !ok || in.Name != "Process.ShopOrderOperation" || !bytes.Equal(in.Body, want) || in.Header["Content-Type"] != "application/xml" {
				t.Errorf("%s: %v, %s %v with %d bytes", name, ok, in.Name, in.Header, len(in.Body))
			}
		}
		loaded := loader{d}
		if in, ok := simulators.Encloser(loaded).Enclosed(m); !ok || !bytes.Equal(in.Body, want) {
			t.Errorf("%s, with first loads: %v", name, ok)
		}
	}
}

// TestEnclosedAllTheSame: parameters that are wrong hide no document, and what has
// none has none.
func TestEnclosedAllTheSame(t *testing.T) {
	good, err := Dialect{}.Batch(goldens()["order-released"]...)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(before, after string) simulators.Message {
		m := good
		m.Body = bytes.ReplaceAll(m.Body, []byte(before), []byte(after))
		if bytes.Equal(m.Body, good.Body) {
			t.Fatalf("there is no %q", before)
		}
		return m
	}
	if in, ok := (Dialect{}).Enclosed(changed(`"fromLogicalId"`, `"from"`)); !ok || in.Name != "Sync.ProductionOrder" {
		t.Errorf("without its sender: %v %s", ok, in.Name)
	}
	if in, ok := (Dialect{}).Enclosed(changed(`{"documentName"`, `{"name"`)); !ok || in.Name != "MessagePayload" {
		t.Errorf("without its name: %v %s", ok, in.Name)
	}
	elsewhere, question, text := good, good, good
	elsewhere.Name = "service/v4/multipartMessage"
	question.Name, question.Body = "service/ping", nil
	text.Header = map[string]string{"Content-Type": "text/xml"}
	for name, m := range map[string]simulators.Message{
		"another address": elsewhere, "a question": question, "no parts": text, "no such part": changed(partPayload, "Payload"),
		"cut off": {Name: good.Name, Header: good.Header, Body: good.Body[:len(good.Body)/2]},
		"no JSON": {Name: "service/v2/message", Body: []byte("{")}, "no document in it": {Name: "service/v2/message", Body: []byte(`{"documentName":"Sync.ItemMaster"}`)},
	} {
		if in, ok := (Dialect{}).Enclosed(m); ok {
			t.Errorf("%s: %s %s", name, in.Name, clip(strings.TrimSpace(string(in.Body))))
		}
	}
}
