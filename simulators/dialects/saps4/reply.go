package saps4

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

func firstID(m simulators.Message) plant.EventID {
	if len(m.Events) > 0 {
		return m.Events[0].ID
	}
	return ""
}

// Reply implements [simulators.Dialect].
//
// A Retry-After in the form of a date reads "date" here, for a dialect has no
// clock: the transport replaces it.
func (d Dialect) Reply(m simulators.Message, a simulators.Answer) simulators.Message {
	d = d.speaking(m)
	if m.Name == health && a.Refusal == nil {
		return plain(200, "application/json", `{"status":"ok"}`)
	}
	if m.Name == RFC {
		return d.answered(m, a)
	}
	r, _ := resolve(m.Name)
	refusal := refusedFor(a)
	switch {
	case refusal != nil && empty(m, r, refusal):
		return d.shown(m, r, simulators.Answer{})
	case refusal != nil && refusal.Code == "query-unknown" && m.Params["$skiptoken"] != "":
		return d.refused(m, refuse(codeMalformed, "$skiptoken: %q is no place in this list", clip(m.Params["$skiptoken"])))
	case refusal != nil:
		return d.refused(m, refusal)
	case a.Refusal == nil && len(a.Rows) == 0 && !a.Later:
		return d.shown(m, r, a)
	case r.special == changeset:
		return d.changed(m, a)
	case r.set == lotType && r.keys != nil:
		return simulators.Message{Header: map[string]string{"Dataserviceversion": "2.0"}, Result: simulators.Result{Status: 204}}
	}
	return d.created(m, r, a)
}

// empty reports whether a question was refused for the sake of what is not there
// while it has a filter and no key: such a list is empty, and nothing is wrong.
func empty(m simulators.Message, r resource, why *simulators.Refusal) bool {
	return methodOf(m) == "GET" && r.set != nil && r.keys == nil && (why.Code == "order-unknown" || why.Code == "lot-unknown")
}

// refusedFor is why nothing was done: what is done together is done or not. A
// row that waits for a person, or one of several that were told in part, is
// none.
func refusedFor(a simulators.Answer) (why *simulators.Refusal) {
	if a.Refusal != nil {
		return a.Refusal
	}
	good := false
	for _, r := range a.Rows {
		switch {
		case r.Refusal == nil || r.Pooled:
			good = true
		case why == nil || why.Code == "batch-rolled-back":
			why = r.Refusal
		}
	}
	if good {
		return nil
	}
	return why
}

func plain(status int, media, body string) simulators.Message {
	return simulators.Message{Header: map[string]string{"Content-Type": media}, Body: []byte(body), Result: simulators.Result{Status: status}}
}

// refused words what was not done.
func (d Dialect) refused(m simulators.Message, r *simulators.Refusal) simulators.Message {
	out := simulators.Message{Header: jsonHeader(), Body: d.errorBody(m, r), Result: simulators.Result{Status: status(m, r)}}
	switch {
	case r.Code == "csrf-token":
		out.Header["X-Csrf-Token"] = "Required"
		out.Header["Content-Type"] = "text/plain;charset=utf-8"
		out.Body = []byte(d.text(r))
	case out.Result.Status == 401:
		out.Header["Www-Authenticate"] = `Bearer error="invalid_token"`
	}
	if s := r.RetryAfterText(); s != "" {
		out.Header["Retry-After"] = s
	}
	if r.Soft {
		out.Result.Status = 200
	}
	return out
}

func jsonHeader() map[string]string {
	return map[string]string{"Content-Type": "application/json;charset=utf-8", "Dataserviceversion": "2.0"}
}

// created shows what was made. What was accepted and waits for a person looks
// no different: only a header that nobody reads says so.
func (d Dialect) created(m simulators.Message, r resource, a simulators.Answer) simulators.Message {
	out := simulators.Message{Header: jsonHeader(), Result: simulators.Result{Status: 201}}
	doc, known := "", len(a.Rows) > 0
	for _, row := range a.Rows {
		doc, known = first(doc, row.Doc), known && row.Known
	}
	switch {
	case a.Later:
		out.Result.Status = 202
	case known:
		out.Result.Status = 200
	}
	if w := d.warning(a); w != "" {
		out.Header["Sap-Message"] = w
	}
	e := entity{}
	switch {
	case cancels(r.call):
		if out.Result.Status == 201 {
			out.Result.Status = 200
		}
		t := map[string]*entityType{cancelConfirmation: confType, cancelDocument: headerType, cancelItem: itemType}[r.call]
		out.Body = append(appendEntity([]byte(`{"d":`), t, d.cancelled(m, r, doc), view{whole: true}), '}')
		return out
	case r.call != "":
		out.Result.Status = 200
		out.Body = fmt.Appendf(nil, `{"d":{%q:{"SystemMessageLongText":%q}}}`, r.call, d.say("done", "erledigt"))
		return out
	case r.set == nil:
		out.Body = []byte(`{"d":{}}`)
		return out
	}
	if got, err := readBody(r.set, m.Body); err == nil {
		e = got
	}
	d.numbered(r.set, e, doc, m)
	v := view{whole: true}
	for _, n := range r.set.navs {
		if e.rows(n.name) != nil {
			v.expand = append(v.expand, n.name)
		}
	}
	out.Body = append(appendEntity(append(make([]byte, 0, 2048), `{"d":`...), r.set, e, v), '}')
	out.Header["Location"] = r.set.uri(e)
	return out
}

// numbered gives an entity that was made the key that the system chose.
func (d Dialect) numbered(t *entityType, e entity, doc string, m simulators.Message) {
	at := time.Time{}
	if len(m.Events) > 0 {
		at = m.Events[0].At
	}
	switch t {
	case confType:
		e["ConfirmationGroup"], e["ConfirmationCount"] = doc, firstCount
		for i, item := range e.rows("to_ProdnOrdConfMatlDocItm") {
			item["MaterialDocument"], item["MaterialDocumentItem"] = doc, strconv.Itoa(i+1)
		}
	case headerType:
		d.number(e, doc, at)
	case resultType:
		e["InspectionLot"] = doc
	}
}

// warning is what the header sap-message says of rows that wait for a person.
func (d Dialect) warning(a simulators.Answer) string {
	for _, row := range a.Rows {
		if row.Refusal != nil {
			b := append(appendText([]byte(`{"severity":"warning","code":`), codeOf(row.Refusal)), `,"message":`...)
			return asciiOnly(string(append(appendText(b, d.text(row.Refusal)), '}')))
		}
	}
	if a.Later && a.Operation != "" {
		return fmt.Sprintf(`{"severity":"warning","code":"ZAN/090","message":%q}`, d.say("kept for reprocessing", "zur Nachbearbeitung vorgemerkt"))
	}
	return ""
}

// asciiOnly is a text as a header can say it.
func asciiOnly(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r < ' ' || r > '~' {
			r = '?'
		}
		b = append(b, byte(r))
	}
	return string(b)
}

// shown words what a question turned up.
func (d Dialect) shown(m simulators.Message, r resource, a simulators.Answer) simulators.Message {
	switch {
	case r.special == "redirect":
		out := plain(307, "text/plain;charset=utf-8", d.say("the service root ends with a slash", "die Adresse eines Dienstes endet mit einem Schrägstrich"))
		out.Header["Location"] = "/" + Root + "/" + r.service.name + "/"
		return out
	case r.special == "$metadata":
		return plain(200, "application/xml;charset=utf-8", string(Metadata(r.service.name)))
	case r.special == "/":
		b := []byte(`{"d":{"EntitySets":[`)
		for i, t := range r.service.sets {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, t.set)
		}
		return plain(200, "application/json;charset=utf-8", string(b)+"]}}")
	case r.set == nil:
		return plain(200, "application/json;charset=utf-8", `{"d":{}}`)
	}
	rows := d.entities(r.set, a.Found)
	if r.keys == nil {
		return d.list(m, r, rows, a)
	}
	e := d.keyed(r, rows)
	switch {
	case e == nil:
		return d.refused(m, refuse(notFound, "Resource not found for segment '%s'", r.set.name))
	case r.nav != "":
		return d.list(m, r, e.rows(r.nav), a)
	}
	out := simulators.Message{Header: jsonHeader(), Result: simulators.Result{Status: 200}}
	if tag := e.text(etag); tag != "" {
		out.Header["Etag"] = tag
	}
	out.Body = append(appendEntity([]byte(`{"d":`), r.set, e, viewOf(m.Params)), '}')
	return out
}

// keyed is the one of rows that a key names; nil if it is not among them.
func (d Dialect) keyed(r resource, rows []entity) entity {
	for _, e := range rows {
		fits := true
		for k, v := range r.keys {
			same := e.text(k) == v || ofOrders[k] && d.Settings.order(v) == d.Settings.order(e.text(k)) || k == "BatchIdentifyingPlant"
			fits = fits && same
		}
		if fits {
			return e
		}
	}
	return nil
}

// list shows those that fit, and where to go on; or only how many they are.
func (d Dialect) list(m simulators.Message, r resource, rows []entity, a simulators.Answer) simulators.Message {
	o, _ := d.options(m, r) // they were read before
	rows = slices.DeleteFunc(slices.Clone(rows), func(e entity) bool { return !meets(e, o.filter) })
	total, whole := max(a.Total, len(rows)), d.whole(r, o)
	if whole {
		total, rows = len(rows), o.cut(o.sorted(rows))
	} else if o.top == 0 {
		rows = nil
	}
	if r.count {
		out := plain(200, "text/plain;charset=utf-8", strconv.Itoa(total))
		out.Header["Dataserviceversion"] = "2.0"
		return out
	}
	b, v := []byte(`{"d":{`), viewOf(m.Params)
	if o.total {
		b = fmt.Appendf(b, `"__count":"%d",`, total)
	}
	b = append(b, `"results":[`...)
	for i, e := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendEntity(b, r.shows(), e, v)
	}
	b = append(b, ']')
	if a.More && o.top < 0 && !whole {
		b = append(b, `,"__next":`...)
		b = appendText(b, next(m, a.Cursor))
	}
	return simulators.Message{Header: jsonHeader(), Body: append(b, "}}"...), Result: simulators.Result{Status: 200}}
}

// next is the address of the page that follows: the same question from a token
// on.
func next(m simulators.Message, token string) string {
	q := ""
	for _, k := range slices.Sorted(maps.Keys(m.Params)) {
		if k != "$skiptoken" && k != "$skip" {
			q += k + "=" + escaped(m.Params[k]) + "&"
		}
	}
	return "/" + m.Name + "?" + q + "$skiptoken=" + escaped(token)
}

// escaped is a value of a query; a blank in it is no plus.
func escaped(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
