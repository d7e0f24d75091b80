package graphql

import (
	"bytes"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/andon-rig/andon/contracts"
)

var _ contracts.Checker = (*Operations)(nil)

// Check implements [contracts.Checker]: a request is covered if every operation
// and fragment in it is one that the consumer has written down, however it is
// laid out. What is wrong with it and with its answer the provider's schema says.
func (o *Operations) Check(x contracts.Exchange) ([]contracts.Breach, bool) {
	var c call
	if q := x.Request.Query["query"]; len(x.Request.Body) == 0 && len(q) > 0 {
		c.Query = q[0]
	} else if decode(x.Request.Body, &c) != nil {
		return nil, false
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Name: "query", Input: c.Query}, maxRequestTokens)
	if err != nil {
		return nil, false
	}
	sent := definitions(doc)
	o.once.Do(func() {
		o.known = map[string]bool{}
		for _, doc := range o.fresh() {
			for _, d := range definitions(doc) {
				o.known[d] = true
			}
		}
	})
	for _, d := range sent {
		if !o.known[d] {
			return nil, false
		}
	}
	return nil, len(sent) > 0
}

// definitions are the operations and fragments of a document, each in one
// layout.
func definitions(doc *ast.QueryDocument) (all []string) {
	add := func(one *ast.QueryDocument) {
		var text bytes.Buffer
		formatter.NewFormatter(&text).FormatQueryDocument(one)
		all = append(all, text.String())
	}
	for _, op := range doc.Operations {
		add(&ast.QueryDocument{Operations: ast.OperationList{op}})
	}
	for _, f := range doc.Fragments {
		add(&ast.QueryDocument{Fragments: ast.FragmentDefinitionList{f}})
	}
	return all
}
