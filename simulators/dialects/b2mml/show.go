package b2mml

import (
	"strconv"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/plant"
)

// rowOf is the element that states a fact of kind.
func rowOf(kind plant.Kind) string {
	switch kind {
	case plant.KindOrderReleased, plant.KindOrderChanged, plant.KindOrderCancelled:
		return schedule
	case plant.KindLotHeld, plant.KindLotDecided:
		return lot
	case plant.KindItemChanged:
		return definition
	}
	return "SegmentResponse"
}

// shown words what a question turned up. Show needs at least one noun, so what
// found nothing is told by a ConfirmBOD.
func (d Dialect) shown(m simulators.Message, a simulators.Answer) simulators.Message {
	noun, rows, err := views(a.Found)
	switch {
	case err != nil:
		return d.fault(m, &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Unknown, Code: "internal", Text: err.Error()})
	case noun == "Confirm":
		return d.confirm(m, []entry{operation(a.Found[0].(simulators.Operation))}, false)
	case len(rows) == 0:
		return d.confirm(m, []entry{{path: "/", refusal: refuse("nothing-found", "there is nothing that fits")}}, false)
	}
	h := headOf(m)
	show := branch("Show", renamed(h.original(), "OriginalApplicationArea"))
	if a.Cursor != "" {
		show.add(entry{path: "/", code: "incomplete", details: []*node{detail("after", a.Cursor)}}.node())
	}
	bod := branch("Show"+noun, h.answer("show"), branch("DataArea", show).add(rows...))
	bod.attrs = leaf("", "", "releaseID", Release).attrs
	return d.written(simulators.Message{Result: simulators.Result{Status: 200}}, bod)
}

func renamed(n *node, name string) *node {
	if n != nil {
		n.name = name
	}
	return n
}

// operation says how far a posting is that was accepted.
func operation(o simulators.Operation) entry {
	switch o.State {
	case simulators.OperationSucceeded:
		e := entry{path: "/", code: "applied"}
		for _, r := range o.Rows {
			e.details = append(e.details, detail("document", r.Doc))
		}
		return e
	case simulators.OperationFailed:
		return entry{path: "/", refusal: o.Refusal}
	}
	return entry{path: "/", code: "running"}
}

// views are what is shown of objects of the books, and the noun they are.
func views(found []any) (noun string, rows []*node, err error) {
	var segments []*node
	for _, f := range found {
		var n *node
		switch f := f.(type) {
		case simulators.Operation:
			return "Confirm", nil, nil
		case simulators.Posting:
			noun = performance
			segments = append(segments, postingView(f))
			continue
		case plant.Lot:
			noun, n = lot, lotView(f)
		case plant.Item:
			noun = definition
			n, err = itemView(simulators.ItemState{Item: f})
		case simulators.ItemState:
			noun = definition
			n, err = itemView(f)
		case simulators.OrderState:
			noun = schedule
			n, err = orderView(f)
		case *simulators.OrderState:
			noun = schedule
			n, err = orderView(*f)
		case plant.Order:
			noun = schedule
			n, err = orderView(simulators.OrderState{Order: f, Version: 1, State: "Released"})
		}
		if err != nil {
			return "", nil, err
		}
		if n != nil {
			rows = append(rows, n)
		}
	}
	if len(segments) > 0 {
		rows = []*node{branch(performance, leaf("ID", "postings"), branch("OperationsResponse", leaf("ID", "postings")).add(segments...))}
	}
	return noun, rows, nil
}

// reworded is the noun of what neutral/v1 says of e.
func reworded(e plant.Event, noun string) (*node, error) {
	ms, err := neutral.Dialect{}.Encode(e)
	if err != nil {
		return nil, err
	}
	bod, err := fromJSON(ms[0].Body)
	if err != nil {
		return nil, err
	}
	return bod.find("DataArea", noun), nil
}

func orderView(s simulators.OrderState) (*node, error) {
	n, err := reworded(plant.Event{ID: plant.EventID(s.Order.ID), Fact: plant.OrderReleased{Order: s.Order}}, schedule)
	if err != nil {
		return nil, err
	}
	request := n.find("OperationsRequest")
	for _, c := range request.children {
		switch {
		case c.name == "Version":
			c.text = strconv.Itoa(s.Version)
		case c.name == "RequestState" && s.State != "":
			c.text = s.State
		}
	}
	return n, nil
}

func itemView(s simulators.ItemState) (*node, error) {
	return reworded(plant.Event{ID: plant.EventID(s.Item.ID), At: s.Changed, Fact: plant.ItemChanged{Item: s.Item, Version: s.Version}}, definition)
}

func lotView(l plant.Lot) *node {
	disposition := "UnRestricted"
	if l.Status != plant.LotUnrestricted {
		disposition = "Restricted"
	}
	return branch(lot, leaf("ID", string(l.ID)), optional("EffectiveEndDate", instant(l.Expires)), leaf("MaterialDefinitionID", string(l.Material)),
		leaf("Status", string(l.Status)), leaf("Disposition", disposition),
		branch("Quantity", leaf("QuantityString", l.Quantity.String()), leaf("DataType", "decimal")))
}

func postingView(p simulators.Posting) *node {
	n := branch("SegmentResponse", leaf("ID", string(p.Claim.ID)), optional("PostingDate", instant(p.At)))
	k, kind := plant.Keys{}, plant.Kind("")
	if p.Claim.Fact != nil {
		k, kind = p.Claim.Fact.Keys(), p.Claim.Fact.Kind()
	}
	n.add(optional("OperationsRequestID", string(k.Order)), optional("OperationsSegmentID", string(k.Operation)))
	n.add(data("Document", p.Doc), data("Kind", string(kind)))
	if k.Counter > 0 {
		n.add(data("Counter", strconv.Itoa(k.Counter)))
	}
	if p.Base == (plant.Quantity{}) && k.Material == "" && k.Lot == "" {
		return n
	}
	actual := branch("MaterialActual", leaf("ID", "1"), optional("MaterialDefinitionID", string(k.Material)), optional("MaterialLotID", string(k.Lot)))
	if p.Base != (plant.Quantity{}) {
		actual.add(branch("Quantity", leaf("QuantityString", p.Base.Amount.String()), leaf("DataType", "decimal"), leaf("UnitOfMeasure", string(p.Base.Unit))))
	}
	return n.add(actual)
}

func data(id, value string) *node {
	return branch("SegmentData", leaf("ID", id), branch("Value", leaf("ValueString", value)))
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}
