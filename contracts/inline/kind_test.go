package inline

import "testing"

func TestKindsOfParts(t *testing.T) {
	for part, want := range map[[2]string]string{
		{"openapi", "POST /orders"}:                "operation",
		{"openapi", "POST /orders 201"}:            "value",
		{"openapi", "GET /orders/{no} ?plant"}:     "field",
		{"openapi", "GET /orders/{no} path no"}:    "field",
		{"openapi", "POST /orders 201 > $.doc"}:    "field",
		{"openapi", "POST /orders > $.state=open"}: "value",
		{"jsonschema", "orders.state"}:             "field",
		{"jsonschema", "orders.state=open"}:        "value",
		{"pact", "an order = a.b"}:                 "interaction",
		{"graphql", "Query.order"}:                 "operation",
		{"graphql", "Query.order(no:)"}:            "field",
		{"graphql", "Order.qty"}:                   "field",
		{"graphql", "State.OPEN"}:                  "value",
		{"xsd", "SyncOperationsPerformance"}:       "operation",
		{"xsd", "OpSegmentResponseType/ID"}:        "field",
		{"xsd", "DataTypeType=decimal"}:            "value",
	} {
		if got := kindOf(part[0], part[1]); got != want {
			t.Errorf("%s of %s is a %s, want %s", part[1], part[0], got, want)
		}
	}
}
