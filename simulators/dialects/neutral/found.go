package neutral

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// found words the answer to a question. What was asked stands in the name.
func found(m simulators.Message, a simulators.Answer) simulators.Message {
	list, _, one := strings.Cut(m.Name, "/")
	switch list {
	case askOpenAPI:
		return jsonReply(200, simulators.Answered, OpenAPI(""))
	case askAsyncAPI:
		return jsonReply(200, simulators.Answered, AsyncAPI(""))
	case askHealth:
		return jsonReply(200, simulators.Answered, []byte(`{"status":"ok"}`))
	case askFeed:
		return jsonReply(200, simulators.Answered, feedPage(a))
	}
	if one && len(a.Found) == 0 {
		code := strings.TrimSuffix(list, "s") + "-unknown"
		return refused(m, &simulators.Refusal{Class: simulators.DataQuality, Code: code, Text: m.Name + " is unknown here"}, nil)
	}
	views := make([]any, len(a.Found))
	for i, f := range a.Found {
		views[i] = view(f)
	}
	var body any = map[string]any{list: views, "cursor": a.Cursor}
	if one {
		body = views[0]
	} else if a.Cursor == "" {
		body = map[string]any{list: views}
	}
	b, err := json.Marshal(body)
	if err != nil { // only a system's own type that is not JSON
		return refused(m, &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Unknown, Code: "internal", Text: err.Error()}, nil)
	}
	return jsonReply(200, simulators.Answered, b)
}

// feedPage words announcements; bodies are theirs, byte for byte.
func feedPage(a simulators.Answer) []byte {
	w := &writer{}
	w.object("")
	w.array("messages")
	for _, f := range a.Found {
		m, ok := f.(simulators.Message)
		if !ok {
			continue
		}
		w.object("")
		w.text("id", m.Header["Andon-Message-Id"])
		w.text("name", m.Name)
		w.text("event", m.Header["Andon-Event"])
		w.name("body")
		w.b = append(w.b, m.Body...)
		w.endObject()
	}
	w.endArray()
	w.text("cursor", a.Cursor)
	w.endObject()
	return w.b
}

// view is what a question shows of an object of the books.
func view(f any) any {
	switch f := f.(type) {
	case simulators.OrderState:
		return orderView(f)
	case *simulators.OrderState:
		return orderView(*f)
	case plant.Order:
		return orderView(simulators.OrderState{Order: f, Version: 1})
	case plant.Lot:
		return lotJSON{f.ID, f.Material, f.Status, f.Quantity, f.Expires}
	case plant.Item:
		return itemView(f)
	case simulators.ItemState:
		v := itemView(f.Item)
		v.Version, v.Changed = f.Version, f.Changed
		return v
	case simulators.BillState:
		return billView(f)
	case simulators.RoutingState:
		return routingView(f)
	case simulators.CenterState:
		return centerView(f)
	case simulators.CalendarState:
		return calendarView(f)
	case simulators.Operation:
		return operationView(f)
	case simulators.Posting:
		return postingView(f)
	}
	return f
}

type orderJSON struct {
	ID         plant.OrderID   `json:"id"`
	Item       plant.ItemID    `json:"item"`
	Revision   string          `json:"revision,omitempty"`
	Quantity   plant.Decimal   `json:"quantity"`
	Unit       plant.Unit      `json:"unit"`
	State      string          `json:"state,omitempty"`
	Version    int             `json:"version"`
	Received   plant.Decimal   `json:"received"`
	Lot        plant.LotID     `json:"lot,omitempty"`
	Start      time.Time       `json:"start,omitzero"`
	Due        time.Time       `json:"due,omitzero"`
	Priority   int             `json:"priority,omitempty"`
	Operations []operationJSON `json:"operations"`
}

type operationJSON struct {
	ID         plant.OperationID  `json:"id"`
	WorkCenter plant.WorkCenterID `json:"workCenter,omitempty"`
	Yield      plant.Decimal      `json:"yield"`
	Scrap      plant.Decimal      `json:"scrap"`
	Rework     plant.Decimal      `json:"rework"`
	Final      bool               `json:"final"`
}

func orderView(s simulators.OrderState) any {
	o := s.Order
	v := orderJSON{
		ID: o.ID, Item: o.Item, Revision: o.Revision, Quantity: o.Quantity.Amount, Unit: o.Quantity.Unit, State: s.State, Version: s.Version,
		Received: s.Received, Lot: o.Lot, Start: o.Start, Due: o.Due, Priority: o.Priority, Operations: []operationJSON{},
	}
	for _, op := range o.Operations {
		sum := s.Confirmed[op.ID]
		v.Operations = append(v.Operations, operationJSON{op.ID, op.WorkCenter, sum.Yield, sum.Scrap, sum.Rework, sum.Final})
	}
	return v
}

type lotJSON struct {
	ID       plant.LotID     `json:"id"`
	Material plant.ItemID    `json:"material"`
	Status   plant.LotStatus `json:"status"`
	Quantity plant.Decimal   `json:"quantity"`
	Expires  time.Time       `json:"expires,omitzero"`
}

type itemJSON struct {
	ID          plant.ItemID `json:"id"`
	Description string       `json:"description,omitempty"`
	Revision    string       `json:"revision,omitempty"`
	Unit        plant.Unit   `json:"unit"`
	Decimals    int          `json:"decimals"`
	Lots        bool         `json:"lots"`
	Serials     bool         `json:"serials"`
	Retired     bool         `json:"retired,omitempty"`
	Units       []unitJSON   `json:"units"`
	Version     int          `json:"version,omitempty"` // in lists, of what changed in the run
	Changed     time.Time    `json:"changed,omitzero"`  // likewise
}

// howJSON is an operation: what has become of a posting that was accepted.
type howJSON struct {
	ID        string                    `json:"id"`
	State     simulators.OperationState `json:"state"`
	Documents []string                  `json:"documents,omitempty"`
	Problem   json.RawMessage           `json:"problem,omitempty"`
}

func operationView(o simulators.Operation) howJSON {
	v := howJSON{ID: o.ID, State: o.State}
	for _, r := range o.Rows {
		v.Documents = append(v.Documents, r.Doc)
	}
	if o.Refusal != nil {
		v.Problem = refused(simulators.Message{}, o.Refusal, nil).Body
	}
	return v
}

type unitJSON struct {
	Unit   plant.Unit `json:"unit"`
	Factor string     `json:"factor"`
}

func itemView(i plant.Item) itemJSON {
	v := itemJSON{ID: i.ID, Description: i.Description, Revision: i.Revision, Unit: i.Unit, Decimals: i.Decimals, Lots: i.Lots, Serials: i.Serials,
		Retired: i.Retired, Units: []unitJSON{}}
	for _, u := range i.Units {
		v.Units = append(v.Units, unitJSON{u.Unit, fraction(u.Factor)})
	}
	return v
}

func fraction(f plant.Factor) string {
	return strconv.FormatInt(f.Num, 10) + "/" + strconv.FormatInt(f.Den, 10)
}

type postingJSON struct {
	Document  string         `json:"document"`
	Reference plant.EventID  `json:"reference"`
	Kind      plant.Kind     `json:"kind"`
	At        time.Time      `json:"at,omitzero"`
	Quantity  *plant.Decimal `json:"quantity,omitempty"` // in the item's base unit
	Unit      plant.Unit     `json:"unit,omitempty"`
	Reversed  string         `json:"reversed,omitempty"` // number of the document that took it back
	plant.Keys
}

func postingView(p simulators.Posting) any {
	v := postingJSON{Document: p.Doc, Reference: p.Claim.ID, At: p.At, Reversed: p.Reversed}
	if p.Claim.Fact != nil {
		v.Kind, v.Keys = p.Claim.Fact.Kind(), p.Claim.Fact.Keys()
	}
	if p.Base != (plant.Quantity{}) {
		v.Quantity, v.Unit = &p.Base.Amount, p.Base.Unit
	}
	return v
}
