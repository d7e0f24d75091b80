// Package saps4 words plant events as the OData V2 services of SAP S/4HANA do:
// the dialect sap-s4/v2. Orders are announced by CloudEvents that name them, and
// read, or whole by IDocs; what the floor reports is posted as confirmations and
// material documents, or by the function of SAP Digital Manufacturing.
//
// It is a pure codec: it knows no network, no clock and no books. Sessions, tags,
// locks and the like are policies, which package endpoint obeys.
package saps4

import (
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Dialect is sap-s4/v2. The zero value is ready for use.
type Dialect struct{ Settings Settings }

var (
	_ simulators.Configurable = Dialect{}
	_ simulators.Customary    = Dialect{}
	_ simulators.Bundler      = Dialect{}
	_ simulators.Tagger       = Dialect{}
	_ simulators.Sessionless  = Dialect{}
)

// Policy is how such an interface behaves unless the rig file says otherwise.
// Nothing on the wire makes a repetition recognisable: who does not know whether
// a posting was done asks for it by its reference. Orders are locked by who posts
// to them, for as long as the update takes.
func (d Dialect) Policy() simulators.Policy {
	return simulators.Policy{
		Auth:       simulators.AuthOAuth2,
		TokenTTL:   15 * time.Second,
		Accept:     simulators.AcceptDone,
		Delay:      2 * time.Millisecond,
		Dedupe:     simulators.DedupeNone,
		Lookup:     true,
		Ordering:   simulators.OrderPerEntity,
		Lock:       simulators.LockOrder,
		Batch:      simulators.BatchAtomic,
		Session:    simulators.SessionCSRF,
		Match:      simulators.MatchETag,
		Failed:     simulators.FailedTold,
		Lag:        20 * time.Millisecond,
		Names:      d.Settings.Announce != ByIDocs,
		Redelivery: simulators.Redelivery{Gap: 200 * time.Millisecond, MaxGap: 2 * time.Second},
	}
}

// Customs implements [simulators.Customary]: events tell of orders and materials,
// IDocs of work centers as well; of all other master data nothing tells.
func (d Dialect) Customs() simulators.Customs {
	unheard := []plant.Kind{plant.KindBillChanged, plant.KindRoutingChanged}
	if d.Settings.Announce != ByIDocs {
		unheard = append(unheard, plant.KindCenterChanged)
	}
	return simulators.Customs{Lists: append(unheard, plant.KindCalendarChanged)}
}

// Encode implements [simulators.Dialect]. Orders and materials are announced by
// their keys alone, unless IDocs are agreed; readings of machines and shipments
// have no word. Reversals name a document.
func (d Dialect) Encode(e plant.Event) ([]simulators.Message, error) {
	var m simulators.Message
	if d.Settings.Announce == ByIDocs {
		switch said, err := d.idoc(e); {
		case err != nil:
			return nil, err
		case said.Name != "":
			return []simulators.Message{said}, nil
		}
	}
	switch f := e.Fact.(type) {
	case plant.OrderReleased, plant.OrderChanged, plant.OrderCancelled, plant.ItemChanged, plant.LotDecided:
		m = d.event(e)
	case plant.OperationStarted, plant.Confirmed, plant.Reworked:
		m = request(confType, "", d.confirmation(e))
	case plant.Consumed, plant.Scrapped, plant.Received:
		m = request(headerType, "", d.document(e))
	case plant.LotHeld:
		m = request(lotType, "PATCH", held(e, f))
	case plant.Inspected:
		m = request(resultType, "", d.inspection(e, f))
	case plant.Reversed:
		ok := false
		if m, ok = cancellation(f); !ok {
			return nil, nil // who knows no document cannot take it back
		}
	default:
		return nil, nil
	}
	m.Key, m.Entity, m.Events = plant.Natural(e.Fact), e.Fact.Keys().Entity(), []plant.Event{e}
	return []simulators.Message{m}, nil
}

// request is what asks for an entity to be made or, with the method PATCH, to be
// changed. Where only POST comes through, the header says what is meant.
func request(t *entityType, method string, e entity) simulators.Message {
	m := simulators.Message{Verb: "post", Name: Root + "/" + t.service + "/" + t.set, Header: map[string]string{"Content-Type": "application/json"}}
	if method != "" {
		m.Header["X-Http-Method"] = method
		m.Name = t.uri(e)[1:]
	}
	said := entity{}
	for k, v := range e {
		if p := t.prop(k); method == "" || p == nil || !p.key {
			said[k] = v
		}
	}
	m.Body = appendEntity(nil, t, said, view{})
	return m
}
