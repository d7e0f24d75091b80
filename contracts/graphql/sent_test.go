package graphql

import (
	"encoding/json"
	"testing"

	"github.com/andon-rig/andon/contracts"
)

// TestOperationsKnowWhatTheConsumerSends covers requests that are written down,
// whatever their layout, and nothing else.
func TestOperationsKnowWhatTheConsumerSends(t *testing.T) {
	d, err := Format{}.Read([]contracts.File{
		{Name: "order.graphql", Data: []byte("query Order($no: ID!) {\n  order(no: $no) { ...Short }\n}\n")},
		{Name: "short.graphql", Data: []byte("fragment Short on Order { no qty }")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]bool{
		"query Order($no: ID!) { order(no: $no) { ...Short } } fragment Short on Order { no\n qty }":     true,
		"fragment Short on Order { no qty } query Order($no: ID!) { order(no: $no) { ...Short } }":       true,
		"query Order($no: ID!) { order(no: $no) { ...Short } } fragment Short on Order { no qty yield }": false,
		"query Order($no: ID!) { order(no: $no) { ...Short } } query More { order(no: 1) { no } }":       false,
		"query Order($no: ID!) { order(number: $no) { ...Short } } fragment Short on Order { no qty }":   false,
		"not GraphQL": false,
		"":            false,
	} {
		body, err := json.Marshal(map[string]any{"query": query})
		if err != nil {
			t.Fatal(err)
		}
		x := contracts.Exchange{FromConsumer: true, Request: contracts.Part{Method: "POST", Path: "/graphql", Body: body}}
		if found, covered := d.(contracts.Checker).Check(x); covered != want || len(found) > 0 {
			t.Errorf("%s: covered %v, want %v; found %v", query, covered, want, found)
		}
		x.Request = contracts.Part{Method: "GET", Path: "/graphql", Query: map[string][]string{"query": {query}}}
		if _, covered := d.(contracts.Checker).Check(x); covered != want {
			t.Errorf("GET %s: covered %v, want %v", query, covered, want)
		}
	}
}
