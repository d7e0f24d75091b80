package graphql_test

import (
	"encoding/json"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/graphql"
)

// What a schema answers, it takes for an answer that keeps it.
func TestAnswersKeepTheSchema(t *testing.T) {
	d, err := graphql.Format{}.Read([]contracts.File{{Name: "s.graphql", Data: []byte(`
type Query { order(no: ID!): Order things: [Thing!]! }
interface Thing { id: ID! }
type Lot implements Thing { id: ID! hold: Boolean! }
type Order implements Thing { id: ID! qty: Float! n: Int status: Status! lots: [Lot!]! note: String }
enum Status { RELEASED CLOSED }
`)}})
	if err != nil {
		t.Fatal(err)
	}
	s := d.(*graphql.Schema)
	for _, query := range []string{
		`{ order(no: "1") { id qty n state: status lots { id hold __typename } note } }`,
		`{ things { __typename id ... on Order { qty } ... on Lot { hold } } }`,
		`query Q($no: ID!) { order(no: $no) { ...head } } fragment head on Order { id status }`,
	} {
		body, _ := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"no": "7"}})
		p := contracts.Part{Method: "POST", Body: body}
		reply, found, covered := s.Answer(p)
		if !covered || len(found) > 0 {
			t.Fatalf("%s: %v", query, found)
		}
		if found, covered := s.Check(contracts.Exchange{FromConsumer: true, Request: p, Reply: &reply}); !covered || len(found) > 0 {
			t.Errorf("%s: %s: %v", query, reply.Body, found)
		}
	}
	if _, found, covered := s.Answer(contracts.Part{Method: "POST", Body: []byte(`{"query": "{ lots }"}`)}); !covered || len(found) == 0 {
		t.Error("an operation that the schema does not allow is answered")
	}
	if _, _, covered := s.Answer(contracts.Part{Method: "POST", Body: []byte(`moo`)}); covered {
		t.Error("what is no GraphQL is answered")
	}
}
