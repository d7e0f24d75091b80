package graphql

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
)

const plant = `
"orders of a plant"
type Query { order(no: ID!): Order orders(status: [Status!]): [Order!]! find(text: String!): [Found!]! }
type Mutation { confirm(input: Confirm!): Order! }
type Order { no: ID! qty: Float! count: Int status: Status! lots: [Lot!] }
type Lot { id: ID! due: DateTime }
union Found = Order | Lot
enum Status { RELEASED STARTED DONE }
input Confirm { order: ID! yield: Float! status: Status scrap: Float = 0 }
scalar DateTime
`

func post(query, variables, reply string) contracts.Exchange {
	body := `{"query":` + quote(query)
	if variables != "" {
		body += `,"variables":` + variables
	}
	x := contracts.Exchange{FromConsumer: true, Request: contracts.Part{Method: "POST", Path: "/graphql", Body: []byte(body + "}")}}
	if reply != "" {
		x.Reply = &contracts.Part{Status: 200, Body: []byte(reply)}
	}
	return x
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }

func TestCheck(t *testing.T) {
	s := read(t, "plant.graphql", plant).(*Schema)
	for _, c := range []struct {
		name, query, variables, reply string
		want                          []string // paths of the breaches, in order
	}{
		{"fits", `query($n: ID!) { order(no: $n) { no qty status lots { id due } } }`, `{"n":"1"}`, `{"data":{"order":{"no":"1","qty":1.5,"status":"DONE","lots":[{"id":7,"due":"2026-01-01T00:00:00Z"}]}}}`, nil},
		{"null where it may", `{ order(no: "1") { no count lots { id } } }`, ``, `{"data":{"order":{"no":"1","count":null,"lots":null}}}`, nil},
		{"failed as a whole", `{ order(no: "1") { no } }`, ``, `{"data":null,"errors":[{"message":"out of service"}]}`, nil},
		{"null where it must not", `{ order(no: "1") { no qty } }`, ``, `{"data":{"order":{"no":"1","qty":null}}}`, []string{"$.data.order.qty"}},
		{"number as text", `{ order(no: "1") { qty } }`, ``, `{"data":{"order":{"qty":"1,5"}}}`, []string{"$.data.order.qty"}},
		{"fraction for a count", `{ order(no: "1") { count } }`, ``, `{"data":{"order":{"count":1.5}}}`, []string{"$.data.order.count"}},
		{"too large a count", `{ order(no: "1") { count } }`, ``, `{"data":{"order":{"count":4294967296}}}`, []string{"$.data.order.count"}},
		{"unknown value", `{ order(no: "1") { status } }`, ``, `{"data":{"order":{"status":"ON_HOLD"}}}`, []string{"$.data.order.status"}},
		{"renamed field", `{ order(no: "1") { qty } }`, ``, `{"data":{"order":{"quantity":1}}}`, []string{"$.data.order.qty", "$.data.order.quantity"}},
		{"single for a list", `{ orders { no } }`, ``, `{"data":{"orders":{"no":"1"}}}`, []string{"$.data.orders"}},
		{"second of a list", `{ orders { no } }`, ``, `{"data":{"orders":[{"no":"1"},{"no":null}]}}`, []string{"$.data.orders[1].no"}},
		{"alias", `{ a: order(no: "1") { q: qty } }`, ``, `{"data":{"a":{"q":true}}}`, []string{"$.data.a.q"}},
		{"union by type name", `{ find(text: "x") { __typename ... on Order { no } ... on Lot { id } } }`, ``, `{"data":{"find":[{"__typename":"Order","no":"1"},{"__typename":"Lot","id":null}]}}`, []string{"$.data.find[1].id"}},
		{"union of a strange type", `{ find(text: "x") { __typename } }`, ``, `{"data":{"find":[{"__typename":"Tool"}]}}`, []string{"$.data.find[0].__typename"}},
		{"neither data nor errors", `{ orders { no } }`, ``, `{}`, []string{"$.data"}},
		{"left out by a directive", `query($w: Boolean!) { order(no: "1") { no qty @include(if: $w) } }`, `{"w":false}`, `{"data":{"order":{"no":"1"}}}`, nil},
		{"unknown field asked", `{ order(no: "1") { weight } }`, ``, ``, []string{"query"}},
		{"no GraphQL", `{ order(`, ``, ``, []string{"query"}},
		{"missing variable", `mutation($i: Confirm!) { confirm(input: $i) { no } }`, `{}`, ``, []string{"variables"}},
		{"wrong variable", `mutation($i: Confirm!) { confirm(input: $i) { no } }`, `{"i":{"order":"1","yield":"many"}}`, ``, []string{"variables"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, covered := s.Check(post(c.query, c.variables, c.reply))
			if !covered {
				t.Fatal("not covered")
			}
			var paths []string
			for _, b := range got {
				paths = append(paths, b.Path)
			}
			if !slices.Equal(paths, c.want) {
				t.Errorf("got %v, want breaches at %q", got, c.want)
			}
		})
	}
}

func TestOtherTrafficIsNotCovered(t *testing.T) {
	s := read(t, "plant.graphql", plant).(*Schema)
	for _, body := range []string{``, `{}`, `[1]`, `not JSON`, `{"yield": 5}`} {
		if got, covered := s.Check(contracts.Exchange{Request: contracts.Part{Method: "POST", Body: []byte(body)}}); covered || got != nil {
			t.Errorf("%q: covered = %v, breaches %v", body, covered, got)
		}
	}
}

func TestUsed(t *testing.T) {
	s := read(t, "plant.graphql", plant).(*Schema)
	got := s.Used(post(`mutation($i: Confirm!) { confirm(input: $i) { no status } }`, `{"i":{"order":"1","yield":2,"status":"STARTED"}}`, `{"data":{"confirm":{"no":"1","status":"DONE"}}}`))
	want := []string{"Confirm.order", "Confirm.status", "Confirm.yield", "Mutation.confirm", "Mutation.confirm(input:)", "Order.no", "Order.status", "Status.DONE", "Status.STARTED"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	all := s.Parts()
	for _, p := range want {
		if !slices.Contains(all, p) {
			t.Errorf("%s is used and not a part", p)
		}
	}
}

func TestUsesNamesWhatAConsumerTouches(t *testing.T) {
	s := read(t, "plant.graphql", plant)
	o := read(t, "mes.graphql", `query Q { orders(status: [DONE]) { no } }`).(*Operations)
	if got, want := o.Uses(s), []string{"Order.no", "Query.orders", "Query.orders(status:)", "Status.DONE"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnmetNamesPlaceAndOperation(t *testing.T) {
	s := read(t, "plant.graphql", plant)
	o := read(t, "mes.graphql", "query A { orders { no } }\n\nquery B { orders { weight } }").(*Operations)
	unmet, err := o.Unmet(s)
	if err != nil || len(unmet) != 1 {
		t.Fatalf("unmet %v, error %v", unmet, err)
	}
	if got := unmet[0]; got.Path != "query B" || got.Before.Line != 3 || got.Before.File != "mes.graphql" {
		t.Errorf("got %+v", got)
	}
}

func TestMistakesHaveTheirPlace(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"syntax", "type Query {\n  order(no ID): Order\n}", "x.graphql:2:12"},
		{"unknown type", "type Query {\n  order: Order\n}", "x.graphql:2:"},
		{"twice", "type Query { a: Int }\ntype A { a: Int }\ntype A { b: Int }", "x.graphql:3:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Format{}.Read([]contracts.File{{Name: "x.graphql", Data: []byte(c.text)}})
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want it at %s", err, c.want)
			}
			if !errors.As(err, new(contracts.Problems)) {
				t.Errorf("%T is no list of problems", err)
			}
		})
	}
}

// TestSides are changes on which tools disagree and which the corpus lacks.
func TestSides(t *testing.T) {
	const base = "type Query { a(i: In): Int } input In { x: Int = 1 } directive @d(level: Int = 1) on OBJECT"
	for _, c := range []struct{ name, before, after, want string }{
		{"default of an input removed", base, strings.Replace(base, "x: Int = 1", "x: Int", 1), "dangerous INPUT_FIELD_DEFAULT_VALUE_CHANGE In.x"},
		{"default of a directive changed", base, strings.Replace(base, "level: Int = 1", "level: Int = 2", 1), "dangerous ARG_DEFAULT_VALUE_CHANGE @d(level:)"},
		{
			"root dropped", "schema { query: Query mutation: M } type M { b: Int } " + base, "schema { query: Query } type M { b: Int } " + base,
			"breaking ROOT_TYPE_REMOVED M",
		},
		{
			"root replaced", "schema { query: Query } type Other { a: Int } " + base, "schema { query: Other } type Other { a: Int } " + base,
			"breaking ROOT_TYPE_CHANGED Query",
		},
		{"member left a union", base + " union U = Query | A type A { b: Int }", base + " union U = Query type A { b: Int }", "breaking TYPE_REMOVED_FROM_UNION U"},
		{"member joined a union", base + " union U = Query type A { b: Int }", base + " union U = Query | A type A { b: Int }", "dangerous TYPE_ADDED_TO_UNION U"},
		{"required input added", base, strings.Replace(base, "x: Int = 1", "x: Int = 1 y: Int!", 1), "breaking REQUIRED_INPUT_FIELD_ADDED In.y"},
		{"one of no more", base + " input K @oneOf { a: Int b: Int }", base + " input K { a: Int b: Int }", "safe ONE_OF_REMOVED K"},
		{"directive repeatable", base, strings.Replace(base, "on OBJECT", "repeatable on OBJECT", 1), "safe DIRECTIVE_REPEATABLE_ADDED @d"},
		{"directive elsewhere", base, strings.Replace(base, "on OBJECT", "on OBJECT | ENUM", 1), "safe DIRECTIVE_LOCATION_ADDED @d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Format{}.Changes(read(t, "a.graphql", c.before), read(t, "b.graphql", c.after), contracts.Full)
			if err != nil || len(got) != 1 {
				t.Fatalf("got %v, error %v", got, err)
			}
			if has := got[0].Severity.String() + " " + got[0].Type + " " + got[0].Path; has != c.want {
				t.Errorf("got %q, want %q", has, c.want)
			}
		})
	}
}

func TestNumber(t *testing.T) {
	for raw, want := range map[string]string{
		"0": "0", "-0": "0", "1": "1", "1.0": "1", "1.50": "1.5", "1e3": "1000", "1.25e1": "12.5", "125E-2": "1.25", "-0.5": "-0.5", "5e-3": "0.005", "10": "10", "1e99999": "1e99999",
	} {
		if got := number(raw); got != want {
			t.Errorf("number(%q) = %q, want %q", raw, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(plant)
	f.Add("query Q { a(b: {c: [1, $d]}) @e { ...F } } fragment F on A { b }")
	f.Add("type A { a: [[A!]!]! @deprecated } extend type A { b: Int = 1 }")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Format{}.Read([]contracts.File{{Name: "f.graphql", Data: []byte(text)}})
		if err != nil {
			return
		}
		if s, ok := d.(*Schema); ok {
			got, err := Format{}.Changes(s, read(t, "again.graphql", text), contracts.Full)
			if err != nil || len(got) > 0 {
				t.Errorf("a schema differs from itself: %v %v", got, err)
			}
		}
	})
}
