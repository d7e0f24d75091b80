package verify

import (
	"context"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/graphql"
	"github.com/andon-rig/andon/evidence"
)

// DefaultGraphQL is where GraphQL is spoken below the provider's address.
const DefaultGraphQL = "/graphql"

// call makes one operation of a consumer. What it must answer the provider's
// schema says.
func (a *Andon) call(ctx context.Context, p contracts.Pair, c graphql.Call) contracts.Replayed {
	r := contracts.Replayed{Name: c.Name(), Kind: graphql.Name, At: c.Place}
	schema, ok := p.Provider.Document.(*graphql.Schema)
	req, err := c.Request()
	switch {
	case a.target.URL == nil:
		r.Verdict, r.Text = evidence.Vacuous, "not made: no --url says where to"
	case c.Problem != "":
		r.Verdict, r.Text = evidence.Inconclusive, c.Problem
	case len(c.Missing) > 0:
		r.Verdict, r.Text = evidence.Vacuous, "not made: it needs "+strings.Join(c.Missing, ", ")+`; write them above the operation: # variables: {"no": "1000001"}`
	case !ok:
		r.Verdict, r.Text = evidence.Vacuous, "not made: no schema of the provider says what the answer must be"
	case err != nil:
		r.Verdict, r.Text = evidence.Inconclusive, err.Error()
	default:
		a.ask(ctx, p, schema, c, req, &r)
	}
	return r
}

func (a *Andon) ask(ctx context.Context, p contracts.Pair, schema *graphql.Schema, c graphql.Call, req contracts.Part, r *contracts.Replayed) {
	req.Path = a.target.GraphQL
	if req.Path == "" {
		req.Path = DefaultGraphQL
	}
	r.Asked = "POST " + req.Path
	reply, bad := a.wire.send(ctx, a.target.URL, req, a.target.Header)
	if bad != nil {
		fault(r, bad)
		return
	}
	var breaches []contracts.Breach
	if reply.Status/100 != 2 {
		breaches = append(breaches, contracts.Breach{Reply: true, Path: "status", Want: "2xx", Got: strconv.Itoa(reply.Status), Place: c.Place})
	}
	for _, e := range graphql.Errors(reply.Body) {
		breaches = append(breaches, contracts.Breach{Reply: true, Path: "$.errors", Want: "no error", Got: short([]byte(e)), Place: c.Place})
	}
	if len(breaches) == 0 {
		breaches, _ = schema.Check(contracts.Exchange{FromConsumer: true, Request: req, Reply: &reply})
	}
	judged(r, breaches, nil)
	if r.Verdict == evidence.Holds {
		p.Provider.Document = nil // its schema has judged already
		a.promised(p, contracts.Exchange{FromConsumer: true, Request: req, Reply: &reply}, r)
	}
}
