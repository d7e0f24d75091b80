package b2mml

import (
	"strconv"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
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
	case plant.KindBillChanged:
		return bill
	case plant.KindRoutingChanged:
		return operations
	case plant.KindCenterChanged:
		return equipment
	case plant.KindCalendarChanged:
		return calendar
	}
	return "SegmentResponse"
}

// shown words what a question turned up. Show needs at least one noun, so what
// found nothing is told by a ConfirmBOD, in an envelope by a fault.
func (d Dialect) shown(m simulators.Message, a simulators.Answer) simulators.Message {
	noun, rows, err := views(a.Found)
	nothing := refuse("nothing-found", "there is nothing that fits")
	switch {
	case err != nil:
		return d.fault(m, &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Unknown, Code: "internal", Text: err.Error()})
	case len(rows) == 0 && d.Word(m) == "Get"+profile:
		noun, rows = profile, []*xmltree.Node{profileView()}
	case len(rows) == 0 && d.Settings.space() != "":
		return d.fault(m, nothing)
	case len(rows) == 0:
		return d.confirm(m, []entry{{path: "/", refusal: nothing}}, false)
	}
	h := headOf(m)
	show := xmltree.Branch("Show", renamed(h.original(), "OriginalApplicationArea"))
	for _, f := range a.Found {
		if o, ok := f.(simulators.Operation); ok {
			show.Add(operation(o).node())
		}
	}
	if a.More {
		show.Add(entry{path: "/", code: "incomplete", details: []*xmltree.Node{detail("after", a.Cursor)}}.node())
	}
	bod := xmltree.Branch("Show"+noun, h.answer("show"), xmltree.Branch("DataArea", show).Add(rows...))
	bod.Attrs = xmltree.Leaf("", "", "releaseID", Release).Attrs
	return d.written(simulators.Message{Result: simulators.Result{Status: 200}}, bod)
}

func renamed(n *xmltree.Node, name string) *xmltree.Node {
	if n != nil {
		n.Name = name
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

// stockView is how much there is of a material, and how much of that may be used.
func stockView(h simulators.OnHand) *xmltree.Node {
	property := func(id string, amount plant.Decimal) *xmltree.Node {
		return xmltree.Branch("MaterialDefinitionProperty", xmltree.Leaf("ID", id),
			xmltree.Branch("Value", xmltree.Leaf("ValueString", amount.String()), xmltree.Leaf("DataType", "decimal"), xmltree.Optional("UnitOfMeasure", string(h.Quantity.Unit))))
	}
	id := xmltree.Leaf("ID", string(h.Material))
	return xmltree.Branch(information, id, xmltree.Branch(definition, id, property("OnHand", h.Quantity.Amount), property("Available", h.Available)))
}

// operationView is an accepted posting as far as a noun tells of it.
func operationView(o simulators.Operation) *xmltree.Node {
	state := "Running"
	switch o.State {
	case simulators.OperationSucceeded:
		state = "Completed"
	case simulators.OperationFailed:
		state = "Aborted"
	}
	id := xmltree.Leaf("ID", o.ID)
	return xmltree.Branch(performance, id, xmltree.Leaf("PerformanceState", state), xmltree.Branch("OperationsResponse", id, xmltree.Branch("SegmentResponse", id)))
}

// views are what is shown of objects of the books, and the noun they are.
func views(found []any) (noun string, rows []*xmltree.Node, err error) {
	var segments []*xmltree.Node
	for _, f := range found {
		var n *xmltree.Node
		switch f := f.(type) {
		case simulators.Operation:
			noun, n = performance, operationView(f)
		case simulators.Posting:
			noun = performance
			segments = append(segments, postingView(f))
			continue
		case simulators.RoutingState, simulators.BillState, simulators.CenterState, simulators.CalendarState:
			noun, n = masterView(f)
		case simulators.OnHand:
			noun, n = information, stockView(f)
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
		rows = []*xmltree.Node{xmltree.Branch(performance, xmltree.Leaf("ID", "postings"), xmltree.Branch("OperationsResponse", xmltree.Leaf("ID", "postings")).Add(segments...))}
	}
	return noun, rows, nil
}

// reworded is the noun of what neutral/v1 says of e.
func reworded(e plant.Event, noun string) (*xmltree.Node, error) {
	ms, err := neutral.Dialect{}.Encode(e)
	if err != nil {
		return nil, err
	}
	bod, err := fromJSON(ms[0].Body)
	if err != nil {
		return nil, err
	}
	return bod.Find("DataArea", noun), nil
}

func orderView(s simulators.OrderState) (*xmltree.Node, error) {
	n, err := reworded(plant.Event{ID: plant.EventID(s.Order.ID), Fact: plant.OrderReleased{Order: s.Order}}, schedule)
	if err != nil {
		return nil, err
	}
	request := n.Find("OperationsRequest")
	for _, c := range request.Children {
		switch {
		case c.Name == "Version":
			c.Text = strconv.Itoa(s.Version)
		case c.Name == "RequestState" && s.State != "":
			c.Text = s.State
		}
	}
	return n, nil
}

func itemView(s simulators.ItemState) (*xmltree.Node, error) {
	return reworded(plant.Event{ID: plant.EventID(s.Item.ID), At: s.Changed, Fact: plant.ItemChanged{Item: s.Item, Version: s.Version}}, definition)
}

func lotView(l plant.Lot) *xmltree.Node {
	disposition := "UnRestricted"
	if l.Status != plant.LotUnrestricted {
		disposition = "Restricted"
	}
	return xmltree.Branch(lot, xmltree.Leaf("ID", string(l.ID)), xmltree.Optional("EffectiveEndDate", instant(l.Expires)), xmltree.Leaf("MaterialDefinitionID", string(l.Material)),
		xmltree.Leaf("Status", string(l.Status)), xmltree.Leaf("Disposition", disposition),
		xmltree.Branch("Quantity", xmltree.Leaf("QuantityString", l.Quantity.String()), xmltree.Leaf("DataType", "decimal")))
}

func postingView(p simulators.Posting) *xmltree.Node {
	n := xmltree.Branch("SegmentResponse", xmltree.Leaf("ID", string(p.Claim.ID)), xmltree.Optional("PostingDate", instant(p.At)))
	k, kind := plant.Keys{}, plant.Kind("")
	if p.Claim.Fact != nil {
		k, kind = p.Claim.Fact.Keys(), p.Claim.Fact.Kind()
	}
	n.Add(xmltree.Optional("OperationsRequestID", string(k.Order)), xmltree.Optional("OperationsSegmentID", string(k.Operation)))
	n.Add(data("Document", p.Doc), data("Kind", string(kind)))
	if k.Counter > 0 {
		n.Add(data("Counter", strconv.Itoa(k.Counter)))
	}
	if p.Base == (plant.Quantity{}) && k.Material == "" && k.Lot == "" {
		return n
	}
	actual := xmltree.Branch("MaterialActual", xmltree.Leaf("ID", "1"), xmltree.Optional("MaterialDefinitionID", string(k.Material)), xmltree.Optional("MaterialLotID", string(k.Lot)))
	if p.Base != (plant.Quantity{}) {
		actual.Add(xmltree.Branch("Quantity", xmltree.Leaf("QuantityString", p.Base.Amount.String()), xmltree.Leaf("DataType", "decimal"), xmltree.Leaf("UnitOfMeasure", string(p.Base.Unit))))
	}
	return n.Add(actual)
}

func data(id, value string) *xmltree.Node {
	return xmltree.Branch("SegmentData", xmltree.Leaf("ID", id), xmltree.Branch("Value", xmltree.Leaf("ValueString", value)))
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}
