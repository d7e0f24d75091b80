package harness

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/openapi"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

// What docs/contracts says of reports is what is read of them, no more and no
// less.
func TestReportsAreThoseOfTheContract(t *testing.T) {
	const file = "../docs/contracts/exceptions/report/v1/openapi.yaml"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi.Format{}.Read([]contracts.File{{Name: file, Data: text}})
	if err != nil {
		t.Fatal(err)
	}
	d := doc.(*openapi.Document)
	want := map[string]bool{}
	members(reflect.TypeFor[exceptionReport](), "", want)
	for _, c := range []simulators.Class{simulators.Technical, simulators.Business, simulators.DataQuality} {
		want[".class="+string(c)] = true
	}
	got := map[string]bool{}
	for _, p := range d.Parts() {
		if name, ok := strings.CutPrefix(p, "POST /exceptions > $"); ok {
			got[name] = true
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("the document has %q\nand the code %q", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
	for body, ok := range map[string]bool{`{"class":"business"}`: true, `{"class":"other"}`: false, `{}`: false, `{"class":"business","closed":"yes"}`: false} {
		var r exceptionReport
		err := json.Unmarshal([]byte(body), &r)
		found, _ := d.Check(contracts.Exchange{FromConsumer: true, Request: contracts.Part{Method: "POST", Path: "/exceptions", Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(body)}})
		if (r.breach("post", err) == "") != ok || (len(found) == 0) != ok {
			t.Errorf("%s: the code says %q, the document %v", body, r.breach("post", err), found)
		}
	}
	for _, status := range []int{202, 400, 405, 413} {
		m := exceptionReply(status, "x")
		found, _ := d.Check(contracts.Exchange{FromConsumer: true, Request: contracts.Part{Method: "POST", Path: "/exceptions", Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(`{"class":"business"}`)},
			Reply: &contracts.Part{Status: status, Headers: map[string][]string{"Content-Type": {m.Header["Content-Type"]}}, Body: m.Body}})
		if len(found) > 0 {
			t.Errorf("answer %d: %v", status, found)
		}
	}
}

// members are the JSON members of a struct, by path.
func members(t reflect.Type, path string, into map[string]bool) {
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		into[path+"."+name] = true
		if t.Field(i).Type.Kind() == reflect.Struct {
			members(t.Field(i).Type, path+"."+name, into)
		}
	}
}

// A report that is repeated word for word under its key, as by one who gave up
// waiting for the answer, counts once; under another key, with other words or
// without a key it is another one.
func TestARepeatedReportCountsOnce(t *testing.T) {
	journal := evidence.NewJournal(nil)
	x := &exceptions{journal: journal, link: &chaos.Link{Name: exceptionsLink, Journal: journal, Ordinals: chaos.NewOrdinals(), IDs: new(atomic.Uint64)}}
	report := func(key, body string) {
		t.Helper()
		m := simulators.Message{Verb: "post", Name: "exceptions", Body: []byte(body), Header: map[string]string{"Content-Type": "application/json"}}
		if key != "" {
			m.Header["Idempotency-Key"] = key
		}
		if reply, err := x.receive(t.Context(), m); err != nil || reply.Result.Status != 202 {
			t.Fatalf("%s %s: %d, %v", key, body, reply.Result.Status, err)
		}
	}
	const open, closed = `{"class":"business","reference":"r"}`, `{"class":"business","reference":"r","closed":true}`
	for _, key := range []string{"a", "a", "b", "", ""} {
		report(key, open)
	}
	report("a", closed)
	n := 0
	for _, r := range journal.Records() {
		if _, is := r.Body.(evidence.Surface); is {
			n++
		}
	}
	if n != 5 { // a, b, twice without a key, and that it is closed
		t.Errorf("%d reports count, want 5", n)
	}
}
