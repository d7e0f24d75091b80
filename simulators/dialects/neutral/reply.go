package neutral

import (
	"cmp"
	"net/url"

	"github.com/andon-rig/andon/simulators"
)

// Reply implements [simulators.Dialect]: words of success, problem+json for
// refusals, and what a query found. A Retry-After in the form of a date reads
// "date" here, for a dialect has no clock: the transport replaces it.
func (Dialect) Reply(m simulators.Message, a simulators.Answer) simulators.Message {
	switch {
	case a.Refusal != nil:
		return refused(m, a.Refusal, nil)
	case a.Later && a.Operation != "":
		return accepted(a.Operation)
	case a.Later:
		return jsonReply(202, simulators.Accepted, []byte(`{"outcome":"accepted"}`))
	case len(a.Rows) > 0:
		return posted(m, a)
	}
	return found(m, a)
}

// jsonHeader is shared by all replies: maps of messages are replaced, never
// written through.
var jsonHeader = map[string]string{"Content-Type": "application/json"}

func jsonReply(status int, o simulators.Outcome, body []byte) simulators.Message {
	return simulators.Message{
		Header: jsonHeader,
		Body:   body,
		Result: simulators.Result{Outcome: o, Status: status},
	}
}

// accepted tells where to ask what has become of a posting.
func accepted(operation string) simulators.Message {
	way := askHow + "/" + url.PathEscape(operation)
	w := &writer{}
	w.object("")
	w.text("outcome", string(simulators.Accepted))
	w.text("operation", way)
	w.endObject()
	out := jsonReply(202, simulators.Accepted, w.b)
	out.Header = map[string]string{"Content-Type": "application/json", "Location": "/" + way}
	return out
}

// posted words what became of each row.
func posted(m simulators.Message, a simulators.Answer) simulators.Message {
	rows := a.Rows
	good, known := 0, 0
	for _, r := range rows {
		if r.Refusal == nil {
			good++
			if r.Known {
				known++
			}
		}
	}
	switch {
	case good == 0 && len(rows) == 1:
		return refused(m, rows[0].Refusal, nil)
	case good == 0:
		return refused(m, rows[0].Refusal, rows)
	case good < len(rows):
		return itemized(m, a, simulators.Partly)
	case a.Told != nil:
		return itemized(m, a, simulators.Applied)
	}
	status, outcome := 201, simulators.Applied
	if known == len(rows) {
		status, outcome = 200, simulators.Repeated
	}
	w := &writer{b: make([]byte, 0, 48+16*len(rows))}
	w.object("")
	w.text("outcome", string(outcome))
	w.array("documents")
	for _, r := range rows {
		w.text("", r.Doc)
	}
	w.endArray()
	w.endObject()
	out := jsonReply(status, outcome, w.b)
	if len(rows) > 1 {
		out.Result.Items = results(rows)
	}
	return out
}

// itemized words a batch row by row, as far as the answer speaks of them.
func itemized(m simulators.Message, a simulators.Answer, outcome simulators.Outcome) simulators.Message {
	w := &writer{b: make([]byte, 0, 128*len(a.Rows))}
	w.object("")
	w.text("outcome", string(outcome))
	w.items(m, a.Rows, a.Told)
	w.endObject()
	status := 207
	if a.Soft {
		status = 200
	}
	out := jsonReply(status, outcome, w.b)
	out.Result.Items = results(a.Rows)
	return out
}

// items writes rows, all or those told.
func (w *writer) items(m simulators.Message, rows []simulators.Row, told []int) {
	if told == nil {
		told = make([]int, len(rows))
		for i := range told {
			told[i] = i
		}
	}
	w.array("items")
	for _, i := range told {
		r := rows[i]
		w.object("")
		if i < len(m.Events) {
			w.said("reference", string(m.Events[i].ID))
		}
		switch {
		case r.Refusal != nil:
			w.number("status", statusOf(m, r.Refusal))
			w.problem(r.Refusal)
		case r.Known:
			w.number("status", 200)
			w.text("document", r.Doc)
		default:
			w.number("status", 201)
			w.text("document", r.Doc)
		}
		w.endObject()
	}
	w.endArray()
}

func (w *writer) problem(r *simulators.Refusal) {
	w.text("detail", r.Text)
	w.said("class", string(r.Class))
	w.text("code", r.Code)
}

// refused words a refusal; rows are those of a batch that was refused whole.
func refused(m simulators.Message, r *simulators.Refusal, rows []simulators.Row) simulators.Message {
	status := statusOf(m, r)
	w := &writer{b: make([]byte, 0, 192+128*len(rows))}
	w.object("")
	w.text("type", "about:blank")
	w.text("title", r.Code)
	w.number("status", status)
	w.problem(r)
	if len(rows) > 0 {
		w.items(m, rows, nil)
	}
	w.endObject()
	header := map[string]string{"Content-Type": "application/problem+json"}
	if status == 401 {
		header["Www-Authenticate"] = `Bearer error="invalid_token"`
	}
	if s := r.RetryAfterText(); s != "" {
		header["Retry-After"] = s
	}
	out := simulators.Message{Header: header, Body: w.b, Result: resultOf(r)}
	out.Result.Status = status
	if len(rows) > 0 {
		out.Result.Items = results(rows)
	}
	return out
}

func resultOf(r *simulators.Refusal) simulators.Result {
	return simulators.Result{Outcome: cmp.Or(r.Outcome, simulators.Refused), Class: r.Class, Code: r.Code, Text: r.Text, RetryAfter: r.After}
}

func results(rows []simulators.Row) []simulators.Result {
	out := make([]simulators.Result, len(rows))
	for i, r := range rows {
		switch {
		case r.Refusal != nil:
			out[i] = resultOf(r.Refusal)
		case r.Known:
			out[i].Outcome = simulators.Repeated
		default:
			out[i].Outcome = simulators.Applied
		}
	}
	return out
}

// statusOf finds the HTTP status: by code where HTTP has a word of its own,
// else by outcome, else by class.
func statusOf(m simulators.Message, r *simulators.Refusal) int {
	switch r.Outcome {
	case simulators.Throttled:
		return 429
	case simulators.Unauthorized:
		if r.Code == "insufficient_scope" || r.Code == "forbidden" {
			return 403
		}
		return 401
	case simulators.Locked:
		switch r.Code {
		case codeChanged:
			return 412
		case codeConflict:
			return 409
		}
		return 423
	case simulators.Unavailable:
		if r.Code == codeStopped {
			return 424
		}
		return 503
	case simulators.Unknown, simulators.Undelivered:
		return 500
	}
	switch r.Code {
	case codeMalformed:
		return 400
	case codeName, "order-unknown":
		return 404
	case "lot-unknown", "item-unknown", "bom-unknown", "routing-unknown", "work-center-unknown", "calendar-unknown":
		if m.Verb == "get" {
			return 404
		}
	case codeMethod:
		return 405
	case codeForbidden:
		return 403
	case codeExpired:
		return 410
	case "too-large":
		return 413
	case "already-posted":
		return 409
	}
	if r.Class == simulators.DataQuality {
		return 422
	}
	return 409
}
