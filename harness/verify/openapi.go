package verify

import (
	"context"
	"fmt"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/openapi"
	"github.com/andon-rig/andon/evidence"
)

// example makes a request that a description shows; the answer must be one
// that the description promises. An answer that tells of a failure shows
// nothing of the others, promised or not.
func (a *Andon) example(ctx context.Context, p contracts.Pair, d *openapi.Document, e openapi.Example) contracts.Replayed {
	r := contracts.Replayed{Name: e.Name(), Kind: openapi.Name, At: e.Place(), Asked: e.Request.Method + " " + e.Request.Path}
	switch {
	case a.target.URL == nil:
		r.Verdict, r.Text = evidence.Vacuous, "not made: no --url says where to"
		return r
	case len(e.Missing) > 0:
		r.Verdict, r.Text = evidence.Vacuous, "not made: the description shows no example of "+strings.Join(e.Missing, ", ")
		return r
	}
	reply, bad := a.wire.send(ctx, a.target.URL, e.Request, a.target.Header)
	if bad != nil {
		fault(&r, bad)
		return r
	}
	found, _ := d.Check(contracts.Exchange{FromConsumer: true, Request: e.Request, Reply: &reply})
	judged(&r, found, nil)
	if r.Verdict == evidence.Holds && reply.Status/100 != 2 {
		r.Verdict, r.Text = evidence.Inconclusive, fmt.Sprintf("answered %d, as the description allows, so that success was not seen", reply.Status)
	}
	if r.Verdict == evidence.Holds {
		p.Provider.Document = nil // its description has judged already
		a.promised(p, contracts.Exchange{FromConsumer: true, Request: e.Request, Reply: &reply}, &r)
	}
	return r
}
