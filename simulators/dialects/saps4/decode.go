package saps4

import (
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// health is what may be asked for without a service.
const health = "health"

// Decode implements [simulators.Dialect]. It is strict; README.md says about
// what. The error is a [*simulators.Refusal].
func (d Dialect) Decode(m simulators.Message) (simulators.Ask, error) {
	method := methodOf(m)
	if m.Name == health && method == "GET" {
		return own(), nil
	}
	if m.Name == Events {
		return d.readEvent(m)
	}
	if m.Name == RFC {
		return d.called(m)
	}
	if m.Name == IDocs {
		return d.readIDoc(m)
	}
	r, ok := resolve(m.Name)
	if !ok {
		return simulators.Ask{}, refuse(codeName, "there is no service or set at %q", clip(m.Name))
	}
	if media := m.Header["Content-Type"]; method != "GET" && media != "" && !strings.HasPrefix(media, "application/json") && r.special == "" {
		return simulators.Ask{}, refuse(codeMedia, "%q is not spoken here, only application/json", clip(media))
	}
	switch {
	case r.special == changeset:
		return d.changeset(m)
	case r.special == unreadable:
		return simulators.Ask{}, refuse(codeMalformed, "$batch: there are blanks in the address %q, where they are written %%20", clip(string(m.Body)))
	case r.special == "$batch":
		return simulators.Ask{}, refuse(codeMalformed, "$batch takes multipart/mixed by POST")
	case method == "GET" && r.special != "":
		return own(), nil
	case method == "GET" && r.call == "":
		return d.question(m, r)
	case method == "POST" && r.call != "":
		return d.call(m, r)
	case method == "POST" && r.set != nil && r.keys == nil && !r.count:
		return d.insert(m, r.set)
	case r.set == lotType && r.keys != nil && (method == "PATCH" || method == "MERGE" || method == "PUT"):
		return d.restrict(m, r)
	}
	return simulators.Ask{}, refuse(codeMethod, "%s is not for %s", clip(method), clip(m.Name))
}

// own is a question that the dialect answers by itself.
func own() simulators.Ask { return simulators.Ask{Query: &simulators.Query{Object: "openapi"}} }

// methodOf is how m came. POST can say that it means something else, for those
// whose network lets nothing else through.
func methodOf(m simulators.Message) string {
	method := m.Method
	switch {
	case method == "" && m.Verb == "get", method == "HEAD":
		return "GET"
	case method == "":
		method = "POST"
	}
	if tunnelled := m.Header["X-Http-Method"]; method == "POST" && tunnelled != "" {
		return strings.ToUpper(tunnelled)
	}
	return method
}

// insert makes an entity, with what belongs to it.
func (d Dialect) insert(m simulators.Message, t *entityType) (simulators.Ask, error) {
	read := d.inserts()[t]
	if read == nil {
		return simulators.Ask{}, refuse(codeMethod, "%s can be read only", t.set)
	}
	e, err := readBody(t, m.Body)
	if err != nil {
		return simulators.Ask{}, err
	}
	return read(e)
}

// inserts are the sets that take new rows, and how each is read.
func (d Dialect) inserts() map[*entityType]func(entity) (simulators.Ask, error) {
	return map[*entityType]func(entity) (simulators.Ask, error){confType: d.insertConfirmation, headerType: d.insertDocument,
		lotType: single(d.restricted), resultType: single(d.inspected)}
}

func single(read func(entity) (plant.Event, error)) func(entity) (simulators.Ask, error) {
	return func(e entity) (simulators.Ask, error) {
		ev, err := read(e)
		if err != nil {
			return simulators.Ask{}, err
		}
		return simulators.Ask{Claims: []plant.Event{ev}}, nil
	}
}

// insertConfirmation is a confirmation and the goods that were moved with it:
// all or nothing, unless the policy says otherwise.
func (d Dialect) insertConfirmation(e entity) (simulators.Ask, error) {
	c, err := d.confirmed(e)
	if err != nil {
		return simulators.Ask{}, err
	}
	alias := plant.EventID(e.text("ExternalSystemConfirmation"))
	ask := simulators.Ask{Claims: []plant.Event{c}, Aliases: []plant.EventID{alias}, IdempotencyKey: string(alias)}
	return d.movements(ask, e.rows("to_ProdnOrdConfMatlDocItm"), e, alias)
}

func (d Dialect) insertDocument(e entity) (simulators.Ask, error) {
	items := e.rows("to_MaterialDocumentItem")
	if len(items) == 0 {
		return simulators.Ask{}, refuse(codeMalformed, "A_MaterialDocumentHeader: has no items in to_MaterialDocumentItem")
	}
	alias := plant.EventID(e.text("ReferenceDocument"))
	return d.movements(simulators.Ask{IdempotencyKey: string(alias)}, items, e, alias)
}

func (d Dialect) movements(ask simulators.Ask, items []entity, above entity, alias plant.EventID) (simulators.Ask, error) {
	for _, i := range items {
		c, err := d.moved(i, above)
		if err != nil {
			return simulators.Ask{}, err
		}
		ask.Claims, ask.Aliases = append(ask.Claims, c), append(ask.Aliases, alias)
	}
	ask.Batch = len(ask.Claims) > 1
	return ask, nil
}

// restrict changes a batch that is there.
func (d Dialect) restrict(m simulators.Message, r resource) (simulators.Ask, error) {
	e, err := readBody(lotType, m.Body)
	if err != nil {
		return simulators.Ask{}, err
	}
	for k, v := range r.keys {
		e[k] = v
	}
	ask, err := single(d.restricted)(e)
	ask.Target = &simulators.Query{Object: "lot", Where: map[string]string{"id": r.keys["Batch"]}}
	return ask, err
}

// call does what a function import is for.
func (d Dialect) call(m simulators.Message, r resource) (simulators.Ask, error) {
	if cancels(r.call) {
		return d.cancel(m, r)
	}
	id, ok := quoted(m.Params["ManufacturingOrder"])
	if !ok {
		return simulators.Ask{}, refuse(codeMalformed, "%s: the parameter ManufacturingOrder is missing, or not in quotes", r.call)
	}
	order := d.Settings.order(id)
	ask := simulators.Ask{Ends: order, Target: &simulators.Query{Object: "order", Where: map[string]string{"id": string(order)}}}
	if r.call == "ReleaseOrder" {
		return ask, &simulators.Refusal{Class: simulators.Business, Code: "order-released", Text: "order " + clip(id) + " is released already"}
	}
	return ask, nil
}

// quoted reads a string literal.
func quoted(s string) (string, bool) {
	if len(s) < 2 || s[0] != '\'' || s[len(s)-1] != '\'' {
		return "", false
	}
	return strings.ReplaceAll(s[1:len(s)-1], "''", "'"), true
}
