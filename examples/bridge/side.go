package bridge

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// A side is one system as the bridge deals with it, in whatever dialect it
// speaks: how to get in, how to post, and what to do when nobody knows whether
// a posting was done. It serves many goroutines.
type side interface {
	// admit says whether something may be posted now: a token is fetched, a
	// session opened. Nothing has been sent when it does not say posted.
	admit(ctx context.Context) verdict
	// post sends u and says what is known of it afterwards; see verdict.doubt.
	post(ctx context.Context, u unit) verdict
	// settle finds out what has become of u, which was sent, or may have been
	// before a crash. It answers like post if it finds out; otherwise again,
	// in doubt if it is to be asked once more before u may go out again. How it
	// does that is the strategy that the system allows, the first of:
	//
	//   - repeat under the same key: the system recognises it;
	//   - repeat the same business key: the system refuses it as posted;
	//   - ask for what was posted with this reference;
	//   - stop, and leave the doubt to a person.
	settle(ctx context.Context, u unit) verdict
}

// A source is a side whose announcements the bridge fetches, until ctx is done.
type source interface {
	fetch(ctx context.Context, in *inbox) error
}

// A dictionary is a side that says which units a material is counted in.
type dictionary interface {
	table(ctx context.Context, material string) (unitTable, verdict)
}

// A bearer is a side that gets in with an access token.
type bearer interface {
	bearer(ctx context.Context) string
}

// neutralSide speaks neutral/v1: an idempotency key makes a repetition
// harmless, so that there is no doubt to settle but one: under which key.
type neutralSide struct{ *system }

var _ side = neutralSide{}

func (s neutralSide) admit(ctx context.Context) verdict {
	_, v := s.tokens.get(ctx)
	return v
}

func (s neutralSide) post(ctx context.Context, u unit) verdict {
	body, err := u.body()
	if err != nil {
		return internal(err)
	}
	_, v := s.call(ctx, http.MethodPost, "/"+u[0].name, u.header(s.defect), body)
	return v
}

// settle asks for postings of what may have been sent as a row of a batch, of
// which nothing is remembered: our state may be an older one that was put back,
// and under the key of its own the row would be posted a second time.
func (s neutralSide) settle(ctx context.Context, u unit) verdict {
	if len(u) > 1 || !u[0].ungrouped() {
		return verdict{what: again}
	}
	has, v := s.has(ctx, u[0])
	switch {
	case v.what == refused: // it does not answer such questions: the key has to do
		return verdict{what: again}
	case v.what == posted && !has:
		return verdict{what: again}
	}
	return v
}

// has asks whether a fact is posted. It says posted if it knows.
func (s neutralSide) has(ctx context.Context, it *item) (bool, verdict) {
	r, v := s.call(ctx, http.MethodGet, "/postings?reference="+url.QueryEscape(it.Event), nil, nil)
	var found struct{ Postings []struct{ Kind string } }
	switch {
	case v.what == refused:
		return false, v
	case v.what != posted, json.Unmarshal(r.body, &found) != nil:
		return false, verdict{what: again, class: technical, code: v.code, reason: v.reason, pause: v.pause, after: v.after, doubt: true}
	}
	for _, p := range found.Postings {
		if p.Kind == it.Kind {
			return true, v
		}
	}
	return false, v
}

// sides makes the two sides of the bridge.
func (c Config) sides() (erp, mes side) {
	mes = neutralSide{newSystem("mes", c.MES, c)}
	switch c.Dialect {
	case dialectFiles:
		return newFilesSide("erp", c), mes
	case dialectION3, dialectION2:
		at := newIONSide("erp", c)
		if c.MESDialect == c.Dialect {
			mes = at.onBus("mes", c)
		}
		return at, mes
	case dialectStaging:
		return newTablesSide("erp", c), mes
	case dialectSAP:
		return newSAPSide("erp", c), mes
	case dialectB2MML:
		return bodSide{newSystem("erp", c.ERP, c), c.Envelope, &calm{}}, mes
	case dialectD365:
		return newMessageSide(c), mes
	}
	return neutralSide{newSystem("erp", c.ERP, c)}, mes
}

// Dialects of the ERP.
const (
	dialectNeutral = "neutral/v1"
	dialectFiles   = "files/v1"
	dialectB2MML   = "b2mml-xml/v7"
	dialectStaging = "staging/v1"
	dialectD365    = "d365/v1"
	dialectION3    = "infor-ion/v3"
	dialectION2    = "infor-ion/v2"
	dialectSAP     = "sap-s4/v2"
)

// dialects are those that the bridge has a side for.
var dialects = []string{dialectNeutral, dialectFiles, dialectB2MML, dialectStaging, dialectD365, dialectION3, dialectION2, dialectSAP}

// onION reports whether the ERP is behind ION.
func (c Config) onION() bool { return c.Dialect == dialectION3 || c.Dialect == dialectION2 }

// productCSI is CloudSuite Industrial behind ION.
const productCSI = "csi"
