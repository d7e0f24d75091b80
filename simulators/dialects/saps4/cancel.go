package saps4

import (
	"strconv"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// This file takes documents back: no document is ever changed, a new one cancels
// it.

// reversing are the movement types that take those of documents back.
var reversing = map[string]string{movementReceipt: "102", movementIssue: "262", movementScrap: "552"}

// cancel reads which document is to be taken back.
func (d Dialect) cancel(m simulators.Message, r resource) (simulators.Ask, error) {
	said := func(name string) (string, error) {
		s, ok := quoted(m.Params[name])
		if !ok || s == "" {
			return "", refuse(codeMalformed, "%s: the parameter %s is missing, or not in quotes", r.call, name)
		}
		return s, nil
	}
	f, name := plant.Reversed{}, "MaterialDocument"
	needed := []string{"MaterialDocumentYear"}
	switch r.call {
	case cancelConfirmation:
		f.Original.Fact, name, needed = plant.Confirmed{}, "ConfirmationGroup", []string{"ConfirmationCount"}
	case cancelItem:
		needed = append(needed, "MaterialDocumentItem")
	}
	for _, n := range needed {
		if _, err := said(n); err != nil {
			return simulators.Ask{}, err
		}
	}
	doc, err := said(name)
	if err != nil {
		return simulators.Ask{}, err
	}
	f.Document = doc
	claim := plant.Event{Fact: f}
	if day := m.Params["PostingDate"]; day != "" {
		v, err := readLiteral("DateTime", day)
		if err != nil {
			return simulators.Ask{}, refuse(codeMalformed, "%s: the parameter PostingDate is no datetime'2026-03-02T00:00:00'", r.call)
		}
		claim.At, _ = v.(time.Time)
	}
	return simulators.Ask{Claims: []plant.Event{claim}}, nil
}

// cancellation is the request that takes back the document that f names; false
// if it names none.
func cancellation(f plant.Reversed) (m simulators.Message, ok bool) {
	if f.Document == "" || f.Original.Fact == nil {
		return m, false
	}
	m = simulators.Message{Verb: "post", Method: "POST", Name: Root + "/" + documentService + "/" + cancelDocument,
		Params: map[string]string{"MaterialDocumentYear": "'" + strconv.Itoa(f.Original.At.Year()) + "'", "MaterialDocument": "'" + f.Document + "'"}}
	if f.Original.Fact.Kind() == plant.KindConfirmation {
		m.Name = Root + "/" + confService + "/" + cancelConfirmation
		m.Params = map[string]string{"ConfirmationGroup": "'" + f.Document + "'", "ConfirmationCount": "'" + firstCount + "'"}
	}
	return m, true
}

// ofReversal shows the document that takes another back.
func (d Dialect) ofReversal(t *entityType, p simulators.Posting) []entity {
	f, _ := p.Claim.Fact.(plant.Reversed)
	at := p.Claim.At
	if at.IsZero() {
		at = p.At
	}
	switch f.Original.Fact.(type) {
	case plant.Confirmed:
		if t != confType {
			return nil
		}
		e := d.confirmation(f.Original)
		e["ConfirmationGroup"], e["ConfirmationCount"], e["IsReversal"] = p.Doc, firstCount, true
		delete(e, "ExternalSystemConfirmation")
		return []entity{e.set("PostingDate", day(at))}
	case plant.Consumed, plant.Scrapped, plant.Received:
		if t != headerType && t != itemType {
			return nil
		}
		e := d.document(f.Original)
		d.number(e, p.Doc, at)
		delete(e, "ReferenceDocument")
		for _, item := range e.rows("to_MaterialDocumentItem") {
			item["GoodsMovementType"] = reversing[item.text("GoodsMovementType")]
			item["ReversedMaterialDocument"], item["ReversedMaterialDocumentItem"] = f.Document, "1"
			item["ReversedMaterialDocumentYear"] = strconv.Itoa(f.Original.At.Year())
		}
		e.set("PostingDate", day(at)).set("DocumentDate", day(at))
		if t == itemType {
			return e.rows("to_MaterialDocumentItem")
		}
		return []entity{e}
	}
	return nil
}

// cancelled is the document that a call has made, as its answer shows it.
func (d Dialect) cancelled(m simulators.Message, r resource, doc string) entity {
	t := map[string]*entityType{cancelConfirmation: confType, cancelDocument: headerType, cancelItem: itemType}[r.call]
	for _, claim := range m.Events {
		if rows := d.ofReversal(t, simulators.Posting{Doc: doc, Claim: claim}); len(rows) > 0 {
			return rows[0]
		}
	}
	return entity{}
}
