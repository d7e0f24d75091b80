package inline_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/inline"
	"github.com/andon-rig/andon/contracts/jsonschema"
	"github.com/andon-rig/andon/contracts/openapi"
	"github.com/andon-rig/andon/contracts/wire"
	"github.com/andon-rig/andon/evidence"
)

const service = `openapi: 3.1.0
info: {title: Messages, version: "VERSION"}
paths:
  /v1/messages:
    post:
      requestBody: {required: true, content: {text/plain: {}}}
      responses: {"202": {description: taken}}
`

// enveloped is a book of a service that takes any text, and of the documents in it.
func enveloped(t *testing.T, documents, header string, versions ...string) *inline.Rules {
	t.Helper()
	fsys := fstest.MapFS{}
	party := ""
	for _, v := range versions {
		party += fmt.Sprintf("{version: %q, released: 2026-01-01}, ", v)
		for _, name := range []string{"order", "scrap"} { // a schema by itself would be about whatever it is called
			fsys["bus/documents/"+v+"/"+name+".json"] = &fstest.MapFile{Data: []byte(schema)}
		}
		fsys["bus/service/"+v+"/openapi.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(service, "VERSION", v, 1))}
	}
	fsys["book.yaml"] = &fstest.MapFile{Data: []byte("apiVersion: andon/v1\nkind: Book\n" + header + "parties:\n  - {name: bus, versions: [" + party + "]}\n  - {name: mes, versions: [{version: \"1\", released: 2026-01-01}]}\n")}
	fsys["bus/service/contract.yaml"] = &fstest.MapFile{Data: []byte("apiVersion: andon/v1\nkind: Contract\nflow: {direction: from-consumer}\n")}
	fsys["bus/documents/contract.yaml"] = &fstest.MapFile{Data: []byte("apiVersion: andon/v1\nkind: Contract\n" + documents)}
	b, err := contracts.Load(fsys, "book", []contracts.Format{jsonschema.Format{}, openapi.Format{}})
	if err != nil {
		t.Fatal(err)
	}
	return inline.New(inline.Setting{Book: b, Folder: "book", Today: time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC), SUT: evidence.Party{Name: "mes", Versions: []string{"1"}},
		Partners: map[string]evidence.Party{"erp": {Name: "bus", Versions: versions}}})
}

// letter is a document that is sent in an envelope; no name means none.
func letter(path, name, document string) wire.Crossing {
	headers := map[string][]string{"Content-Type": {"text/plain"}}
	c := wire.Crossing{Endpoint: "erp", Name: strings.TrimPrefix(path, "/"), FromSUT: true,
		Exchange: contracts.Exchange{Request: contracts.Part{Method: "POST", Path: path, Headers: headers, Body: []byte("envelope")}, Reply: &contracts.Part{Status: 202}}}
	if name != "" {
		c.Inside = &contracts.Part{Path: name, Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(document)}
	}
	return c
}

// TestInside: the envelope is held against the service's contract and the document
// against its own, each where it is.
func TestInside(t *testing.T) {
	good := `{"no":"1","qty":2}`
	for _, c := range []struct {
		name, book string
		said       wire.Crossing
		by, wrong  string
		drift      string
	}{
		{"both", "closed: true\n", letter("/v1/messages", "order", good), "documents service", "", ""},
		{"what is wrong in the document", "", letter("/v1/messages", "order", `{"no":"1"}`), "documents service", "sut contract-promise $.qty", ""},
		{"more than is declared", "", letter("/v1/messages", "order", `{"no":"1","qty":2,"by":"x"}`), "documents service", "", "field order.by"},
		{"no document", "closed: true\n", letter("/v1/messages", "", ""), "service", "", ""},
		{"a document of none of the contracts", "", letter("/v1/messages", "receipt", good), "service", "", "exchange erp receipt"},
		{"the same in a closed book", "closed: true\n", letter("/v1/messages", "receipt", good), "service", "sut document-outside receipt", "exchange erp receipt"},
		{"another address", "", letter("/v2/messages", "order", good), "documents", "", ""},
		{"neither", "closed: true\n", letter("/v2/messages", "receipt", good), "", "", "exchange erp v2/messages"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rules := enveloped(t, "", c.book, "1")
			held := rules.Judge(c.said)
			var by []string
			for _, i := range held.By {
				by = append(by, strings.TrimPrefix(rules.InForce().Halves[i].Contract, "bus/"))
			}
			slices.Sort(by)
			if got := strings.Join(by, " "); got != c.by {
				t.Errorf("held by %q, want %q", got, c.by)
			}
			if got := strings.Join(told(held), "; "); got != c.wrong {
				t.Errorf("breaches %q, want %q", got, c.wrong)
			}
			s := rules.NewSurvey()
			s.Add(c.said, "record 1")
			var drift []string
			for _, d := range s.Undeclared() {
				if d.Kind != "type" {
					drift = append(drift, d.Kind+" "+d.Path)
				}
			}
			if got := strings.Join(drift, "; "); got != c.drift {
				t.Errorf("drift %q, want %q", got, c.drift)
			}
			for _, e := range s.Coverage() {
				if want := strings.Contains(c.by, strings.TrimPrefix(e.Contract, "bus/")); want != (e.Exchanges == 1) {
					t.Errorf("%s has %d exchanges", e.Contract, e.Exchanges)
				}
			}
		})
	}
}

// TestInsideTells: the version of a document is looked for in it and around it.
func TestInsideTells(t *testing.T) {
	for _, c := range []struct{ name, documents, document, wrong string }{
		{"by the address of its envelope", "told: [{url: \"/v{version}/messages\"}]\n", `{"no":"1","qty":2}`, ""},
		{"in itself", "told: [{field: $.v}]\n", `{"v":"1","no":"1","qty":2}`, ""},
		{"nowhere", "told: [{field: $.v}]\n", `{"no":"1","qty":2}`, "sut version-not-told field $.v"},
		{"one that there is not", "told: [{field: $.v}]\n", `{"v":"9","no":"1","qty":2}`, "sut version-unknown field $.v"},
		{"where it names the key", "told: [{field: $.v}]\nflow: {direction: from-consumer, covers: [order], idempotency-key: $.no}\n", `{"v":"2","no":"1","qty":2}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			held := enveloped(t, c.documents, "", "1", "2").Judge(letter("/v1/messages", "order", c.document))
			held.Breaches = slices.DeleteFunc(held.Breaches, func(b evidence.ContractBreach) bool { return b.Contract == "bus/service" }) // which tells no version at all
			if got := strings.Join(told(held), "; "); got != c.wrong {
				t.Errorf("breaches %q, want %q", got, c.wrong)
			}
			if c.name == "where it names the key" && held.Key != "1" {
				t.Errorf("key %q", held.Key)
			}
		})
	}
}
