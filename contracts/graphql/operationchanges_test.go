package graphql

import (
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/contracttest"
)

const asked = `query Head($no: ID!, $first: Int = 5) {
  order(no: $no) { no qty lots(first: $first) { id } ... on Repair { cause } }
}
query Tail { orders(state: RELEASED) { no } }
mutation Confirm($no: ID!) { confirm(no: $no, yield: 2) { doc } }
`

func TestOperationChanges(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		want           []string
	}{
		{"identical", "", "", nil},
		{"field selected", "{ no qty", "{ no qty due", []string{"breaking FIELD_ADDED query Head > order.due"}},
		{"field not selected", "{ no qty", "{ no", []string{"safe FIELD_REMOVED query Head > order.qty"}},
		{"another name in the answer", "{ no qty", "{ no amount: qty", nil},
		{"cut into fragments", "{ no qty lots", "{ ...F lots", nil},
		{"argument", "order(no: $no)", "order(no: $no, rev: 1)", []string{"breaking ARG_ADDED query Head > order(rev:)"}},
		{"argument not given", "confirm(no: $no, yield: 2)", "confirm(no: $no)", []string{"dangerous ARG_REMOVED mutation Confirm > confirm(yield:)"}},
		{"another value", "yield: 2", "yield: 3", []string{"dangerous ARG_VALUE_CHANGED mutation Confirm > confirm(yield:)"}},
		{"another enumeration value", "RELEASED", "HELD", []string{"breaking ARG_VALUE_CHANGED query Tail > orders(state:)"}},
		{"variable of another type", "$first: Int", "$first: Float", []string{"breaking VARIABLE_CHANGED_KIND query Head > $first"}},
		{"variable that may be null", "Head($no: ID!", "Head($no: ID", []string{"dangerous VARIABLE_CHANGED_KIND query Head > $no"}},
		{"variable that may not", "$first: Int = 5", "$first: Int! = 5", []string{"safe VARIABLE_CHANGED_KIND query Head > $first"}},
		{"default", "= 5", "= 6", []string{"dangerous VARIABLE_DEFAULT_CHANGED query Head > $first"}},
		{"directive", "{ id }", "{ id @skip(if: true) }", []string{"dangerous DIRECTIVES_CHANGED query Head > order.lots.id"}},
		{"for another type", "on Repair", "on Rework", []string{"dangerous TYPE_CONDITION_CHANGED query Head > order.cause"}},
		{"for any type", "... on Repair { cause }", "cause", []string{"dangerous TYPE_CONDITION_CHANGED query Head > order.cause"}},
		{"operation gone", "query Tail { orders(state: RELEASED) { no } }", "", []string{"safe OPERATION_REMOVED query Tail"}},
		{"operation added", "query Tail", "query More { lots { id } } query Tail", []string{"breaking OPERATION_ADDED query More"}},
		{"operation that asks nothing new", "query Tail", "query More { orders { no } } query Tail", []string{"safe OPERATION_ADDED query More"}},
		{"field that another operation selects", "query Tail { orders(state: RELEASED) { no } }", "query Tail { orders(state: RELEASED) { no } order { no } }",
			[]string{"safe FIELD_ADDED query Tail > order", "safe FIELD_ADDED query Tail > order.no"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			next := strings.Replace(asked, c.from, c.to, 1)
			if strings.Contains(next, "...F") {
				next += "fragment F on Order { no ...F2 } fragment F2 on Order { qty ...F }"
			}
			found, err := Format{}.Changes(operationsOf(t, asked), operationsOf(t, next), contracts.Full)
			if err != nil {
				t.Fatal(err)
			}
			if got := contracttest.Lines(found); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			for _, one := range found {
				if one.Before.Line == 0 && one.After.Line == 0 || !strings.HasSuffix(one.Message, ".") {
					t.Errorf("without a place, or no sentence: %+v", one)
				}
			}
		})
	}
}

func operationsOf(t *testing.T, text string) contracts.Document {
	t.Helper()
	d, err := Format{}.Read([]contracts.File{{Name: "ops.graphql", Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}
