// Package d365 plays the interfaces of Dynamics 365 Supply Chain Management
// that a manufacturing execution system meets: the message processor for what
// it reports, business events for what it is told, and OData for what it has to
// read then. It is the dialect d365/v1.
//
// It is a pure codec: it knows no network, no clock and no books. README.md
// beside it has the fidelity sheet.
package d365

import (
	"cmp"
	"fmt"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Dialect is d365/v1. The zero value is ready for use.
type Dialect struct{ Settings Settings }

var (
	_ simulators.Dialect      = Dialect{}
	_ simulators.Configurable = Dialect{}
	_ simulators.Vague        = Dialect{}
	_ simulators.Customary    = Dialect{}
)

// Names of messages.
const (
	// SendMessage is the operation of the message service that takes all that a
	// manufacturing execution system reports.
	SendMessage = "api/services/SysMessageServices/SysMessageService/SendMessage"
	// BusinessEvents is the name of what is announced, below the address that
	// receives it.
	BusinessEvents = "business-events"
	// Data is where the entity sets of OData are.
	Data = "data"
)

// Queue is the message queue of third-party manufacturing execution systems.
const Queue = "JmgMES3P"

// Policy is how a d365/v1 interface behaves unless the rig file says otherwise.
// A good answer means queued and nothing else; the batch job works off the
// messages of an order one after the other and tries each three times. Nothing
// makes a repetition recognisable, but the list of messages can be read.
func (Dialect) Policy() simulators.Policy {
	return simulators.Policy{
		Auth:       simulators.AuthOAuth2,
		TokenTTL:   15 * time.Second,
		Accept:     simulators.AcceptQueued,
		Delay:      20 * time.Millisecond,
		Queue:      simulators.QueuePolicy{PerEntity: true, Attempts: 3},
		Dedupe:     simulators.DedupeNone,
		Lookup:     true,
		Announce:   simulators.AnnounceLight,
		Ordering:   simulators.OrderPerEntity,
		Batch:      simulators.BatchAtomic,
		Page:       largestPage,
		Redelivery: simulators.Redelivery{Gap: 200 * time.Millisecond, MaxGap: 2 * time.Second},
	}
}

// Encode implements [simulators.Dialect]: orders as business events, which are
// light; what the shop floor reports as messages of the message processor.
// Holds, decisions, inspections, material masters and machines have no word.
func (d Dialect) Encode(e plant.Event) ([]simulators.Message, error) {
	if e.Fact == nil {
		return nil, fmt.Errorf("encode event %s: it has no fact", e.ID)
	}
	name, body, err := BusinessEvents, []byte(nil), error(nil)
	switch e.Fact.Kind() {
	case plant.KindOrderReleased, plant.KindOrderChanged, plant.KindOrderCancelled:
		body = d.businessEvent(e)
	case plant.KindOperationStarted, plant.KindConfirmation, plant.KindConsumption, plant.KindScrap, plant.KindRework, plant.KindReceipt:
		name = SendMessage
		body, err = d.sendMessage(e)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", e.ID, err)
	}
	m := simulators.Message{Verb: "post", Name: name, Body: body, Events: []plant.Event{e}, Key: plant.Natural(e.Fact), Entity: e.Fact.Keys().Entity(),
		Header: map[string]string{"Content-Type": "application/json; charset=utf-8"}}
	if e.ID != "" {
		m.Header["Andon-Event"] = string(e.ID)
	}
	return []simulators.Message{m}, nil
}

// Decode implements [simulators.Dialect]. What is wrong with the envelope is
// told at once; what is wrong inside, as with any other reason to refuse it,
// only when the message is worked off.
func (d Dialect) Decode(m simulators.Message) (simulators.Ask, error) {
	switch {
	case m.Name == SendMessage && cmp.Or(m.Method, "POST") == "POST":
		return d.received(m.Body)
	case isData(m.Name) && m.Verb == "get":
		return d.question(m)
	case m.Name == SendMessage:
		return simulators.Ask{}, refuse(codeMethod, "%s takes POST only", SendMessage)
	case isData(m.Name):
		return simulators.Ask{}, refuse(codeMethod, "the entities here are read only")
	}
	return simulators.Ask{}, refuse(codeName, "there is nothing at /%s", clip(m.Name))
}

// Untold implements [simulators.Vague]: orders are started as a whole, so that
// the books do not know of their operations.
func (Dialect) Untold() []string { return []string{"started"} }

// Customs implements [simulators.Customary]: no message has a place for a
// reference, so the request says which fact it is for; and nothing announces a
// change of master data.
func (Dialect) Customs() simulators.Customs {
	return simulators.Customs{Attribution: "header['X-Ms-Client-Request-Id']",
		Lists: []plant.Kind{plant.KindItemChanged, plant.KindBillChanged, plant.KindRoutingChanged, plant.KindCenterChanged, plant.KindCalendarChanged}}
}

// Codes of refusals that this dialect makes itself.
const (
	codeMalformed = "malformed"
	codeMethod    = "method-not-allowed"
	codeName      = "resource-unknown"
	codeQuery     = "query-unsupported"
)

func refuse(code, format string, args ...any) *simulators.Refusal {
	return &simulators.Refusal{Class: simulators.DataQuality, Code: code, Text: fmt.Sprintf(format, args...)}
}

// clip shortens foreign text for people.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
