package graphql

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/andon-rig/andon/contracts"
)

// A Call is one operation of a consumer, ready to be made.
type Call struct {
	name      string
	Query     string // the whole document
	Operation string
	Variables map[string]any
	Missing   []string // variables that must be given and are not
	Changes   bool     // a mutation
	Place     contracts.Place
	Problem   string // why its variables cannot be read
}

// Name tells calls apart: "query OrderHead".
func (c Call) Name() string { return c.name }

// variables are given in a comment that stands above the operation:
//
//	# variables: {"no": "1000001"}
//	query OrderHead($no: ID!) { … }
var variables = regexp.MustCompile(`^#\s*variables:\s*(\{.*\})\s*$`)

// Calls are the operations of the documents, in their order.
func (o *Operations) Calls() (all []Call) {
	for _, doc := range o.fresh() {
		src := sourceOf(doc)
		for _, op := range doc.Operations {
			c := Call{name: strings.TrimSpace(string(op.Operation) + " " + op.Name), Query: src.Input, Operation: op.Name, Changes: op.Operation == ast.Mutation, Place: place(op.Position), Variables: map[string]any{}}
			c.given(src.Input, op)
			all = append(all, c)
		}
	}
	return all
}

// given reads the variables in the comments right above op.
func (c *Call) given(text string, op *ast.OperationDefinition) {
	lines := strings.Split(text, "\n")
	for i := op.Position.Line - 2; i >= 0 && i < len(lines); i-- {
		line := strings.TrimSpace(lines[i])
		if !strings.HasPrefix(line, "#") {
			break
		}
		if m := variables.FindStringSubmatch(line); m != nil {
			if err := decode([]byte(m[1]), &c.Variables); err != nil {
				c.Problem = fmt.Sprintf("the variables above it are no JSON: %v", err)
			}
			break
		}
	}
	for _, v := range op.VariableDefinitions {
		if _, there := c.Variables[v.Variable]; !there && v.Type.NonNull && v.DefaultValue == nil {
			c.Missing = append(c.Missing, "$"+v.Variable)
		}
	}
}

// Request is the call as GraphQL over HTTP has it, without a path.
func (c Call) Request() (contracts.Part, error) {
	body, err := json.Marshal(map[string]any{"query": c.Query, "operationName": c.Operation, "variables": c.Variables})
	return contracts.Part{
		Method: "POST", Headers: map[string][]string{"Content-Type": {"application/json"}, "Accept": {"application/json"}}, Body: body,
	}, err
}

// Errors are the messages of the errors in a reply.
func Errors(reply []byte) (all []string) {
	var r struct {
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	if decode(reply, &r) != nil {
		return nil
	}
	for _, e := range r.Errors {
		all = append(all, e.Message)
	}
	return all
}

// IsOperations reports whether a file holds operations of a consumer rather
// than a schema.
func IsOperations(f contracts.File) bool { return operations(f.Data) }
