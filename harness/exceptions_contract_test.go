package harness

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/openapi"
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
