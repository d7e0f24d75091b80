package pact_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/jsonschema"
	"github.com/andon-rig/andon/contracts/pact"
)

const confirmations = `{"consumer":{"name":"mes"},"provider":{"name":"erp"},"metadata":{"pactSpecification":{"version":"4.0"}},"interactions":[
 {"type":"Synchronous/HTTP","description":"a confirmation",
  "request":{"method":"POST","path":"/confirmations","headers":{"content-type":["application/json"]},"body":{"contentType":"application/json","content":{"order":"000123","yield":2}}},
  "response":{"status":201,"body":{"contentType":"application/json","content":{"doc":"90001"}}}}]}`

func TestUnmet(t *testing.T) {
	read := func(f contracts.Format, files ...string) contracts.Document {
		t.Helper()
		var all []contracts.File
		for i := 0; i < len(files); i += 2 {
			all = append(all, contracts.File{Name: "v/" + files[i], Data: []byte(files[i+1])})
		}
		d, err := f.Read(all)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	consumer := read(pact.Format{}, "mes.json", confirmations).(*pact.Document)
	const takes = `{"type":"object","required":["order"],"properties":{"order":{"type":"string"},"yield":{"type":"number"}}}`
	const gives = `{"type":"object","properties":{"doc":{"type":"string"}}}`
	for _, c := range []struct {
		name           string
		request, reply string
		want           []string
	}{
		{"all promised", takes, gives, nil},
		{"more demanded", strings.Replace(takes, `["order"]`, `["order","shift"]`, 1), gives, []string{"REQUEST_REFUSED $.shift"}},
		{"renamed, though the schema is open", strings.Replace(takes, `"yield":`, `"quantity":`, 1), gives, []string{"UNDECLARED confirmations.yield"}},
		{"answer that says more", takes, `{"type":"object","required":["doc","plant"],"properties":{"plant":{"type":"string"},"doc":{"type":"string"}}}`, nil},
		{"answered otherwise", takes, strings.Replace(gives, `"type":"string"`, `"type":"number"`, 1), []string{"ANSWER_NOT_PROMISED $.doc"}},
		{"answer not declared", takes, strings.Replace(gives, `"doc":`, `"document":`, 1), []string{"UNDECLARED confirmations.reply.doc"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			provider := read(jsonschema.Format{}, "confirmations.json", c.request, "confirmations.reply.json", c.reply)
			unmet, err := consumer.Unmet(provider)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, u := range unmet {
				got = append(got, u.Type+" "+u.Path)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if c.want == nil {
				if got, want := consumer.Uses(provider), []string{"confirmations.order", "confirmations.reply.doc", "confirmations.yield"}; !slices.Equal(got, want) {
					t.Errorf("uses %q, want %q", got, want)
				}
			}
		})
	}
	if unmet, _ := consumer.Unmet(read(jsonschema.Format{}, "receipts.json", takes, "receipts.reply.json", gives)); len(unmet) != 1 || unmet[0].Type != "NOT_PROVIDED" {
		t.Errorf("what is not provided at all: %v", unmet)
	}
}
