package bridge

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// This file takes documents of an ERP that speaks sap-s4/v2 back. Only their
// numbers name them there, and those are not ours: each is looked for by the
// reference of what it was posted for. The document itself says whether it was
// taken back, so that there is no doubt about what was not answered.

// sapPaper is what is known of one.
type sapPaper struct {
	group, count  string // of a confirmation
	number, year  string // of a material document
	found, stands bool
	reversed      bool
}

// document finds the document of what it takes back.
func (s *sapSide) document(ctx context.Context, it *item) (d sapPaper, v verdict) {
	if it.Of == "confirmation" {
		var list []struct {
			ConfirmationGroup, ConfirmationCount string
			IsReversed, IsReversal               bool
		}
		v = s.list(ctx, sapConfirms+"?$filter="+url.QueryEscape("ExternalSystemConfirmation eq guid'"+sapGUID(it.Original)+"'"), &list)
		for _, c := range list {
			if !c.IsReversal && !d.stands {
				d = sapPaper{group: c.ConfirmationGroup, count: c.ConfirmationCount, found: true, stands: !c.IsReversed, reversed: c.IsReversed}
			}
		}
		return d, v
	}
	var list []struct {
		MaterialDocument, MaterialDocumentYear string
		Items                                  struct {
			Results []struct{ GoodsMovementIsCancelled bool }
		} `json:"to_MaterialDocumentItem"`
	}
	v = s.list(ctx, sapHeaders+"?$expand=to_MaterialDocumentItem&$filter="+url.QueryEscape("ReferenceDocument eq '"+sapReference(it.Original, s.defect)+"'"), &list)
	for _, m := range list {
		gone := len(m.Items.Results) > 0 && m.Items.Results[0].GoodsMovementIsCancelled
		if !d.stands {
			d = sapPaper{number: m.MaterialDocument, year: m.MaterialDocumentYear, found: true, stands: !gone, reversed: gone}
		}
	}
	return d, v
}

// list asks for documents. It says posted if there was an answer.
func (s *sapSide) list(ctx context.Context, path string, into any) verdict {
	r, v := s.call(ctx, http.MethodGet, path, http.Header{"Accept": {"application/json"}}, nil)
	var got struct {
		D struct{ Results json.RawMessage }
	}
	if v.what != posted || r.status != http.StatusOK || json.Unmarshal(r.body, &got) != nil || json.Unmarshal(got.D.Results, into) != nil {
		return verdict{what: again, class: technical, code: "not-understood", reason: "the question what was posted was not answered: " + clip(string(r.body)), pause: v.pause, after: v.after, doubt: true}
	}
	return verdict{}
}

// reverse posts a cancellation of the document that it is about.
func (s *sapSide) reverse(ctx context.Context, it *item) verdict {
	if err := it.unmangled(); err != nil {
		return verdict{what: refused, class: dataQuality, code: "not-understood", reason: err.Error()}
	}
	d, v := s.document(ctx, it)
	switch {
	case v.what != posted:
		v.doubt = false // nothing was changed
		return v
	case !d.found:
		return verdict{what: refused, class: dataQuality, code: "document-unknown", reason: "nothing was posted for " + it.Original + " that could be taken back"}
	case d.reversed:
		return verdict{what: posted}
	}
	path := sapMoves + "Cancel?MaterialDocumentYear='" + sapKey(d.year) + "'&MaterialDocument='" + sapKey(d.number) + "'"
	if it.Of == "confirmation" {
		path = sapRoot + "API_PROD_ORDER_CONFIRMATION_2_SRV/CancelProdnOrdConf?ConfirmationGroup='" + sapKey(d.group) + "'&ConfirmationCount='" + sapKey(d.count) + "'"
	}
	s.sent.note(it.Event, time.Now())
	v = s.postOne(ctx, http.MethodPost, path, "", nil)
	if !v.doubt {
		s.sent.forget(it.Event)
	}
	return v
}
