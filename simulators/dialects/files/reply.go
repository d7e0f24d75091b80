package files

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// Reply implements [simulators.Dialect]: a result file for the file that came,
// with a line for each of its rows. The status is what HTTP would say.
func (d Dialect) Reply(m simulators.Message, a simulators.Answer) simulators.Message {
	r := resultOf(m, a)
	w := writer{settings: d.Settings}
	w.row("RES", d.fitting(m.Header["File-Name"], 80), string(r.outcome), wholeCell(r.status), wholeCell(len(r.rows)), wholeCell(r.posted), r.code, string(r.class), r.retry(), d.fitting(r.text, 200))
	for i, row := range r.rows {
		w.row("ROW", wholeCell(i+1), d.fitting(row.reference, 60), wholeCell(row.status), row.document, row.code, string(row.class), d.fitting(row.text, 200))
	}
	created := d.Settings.created(m.Body) // a dialect has no clock
	if len(m.Events) > 0 {
		created = m.Events[0].At // of what the file says this is the latest it knows
	}
	body, err := w.file(Result, "ERP", created)
	if err != nil { // nothing in a result is longer than its column
		body = []byte(headType + " " + err.Error())
	}
	out := simulators.Message{Header: map[string]string{"Content-Type": d.Settings.contentType()}, Body: body,
		Result: simulators.Result{Outcome: r.outcome, Class: r.class, Code: r.code, Text: r.text, RetryAfter: r.after, Status: r.status}}
	if r.header != "" {
		out.Header["Retry-After"] = r.header
	}
	return out
}

// fitting makes a text one that the file can say: what people read may be
// shortened, what programs read never is.
func (d Dialect) fitting(s string, width int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		if p := d.Settings.Encoding.page(); p != nil {
			if _, ok := p.EncodeRune(r); !ok {
				return '?'
			}
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if chars := []rune(s); len(chars) > width && d.Settings.Layout == Fixed {
		s = string(chars[:width])
	}
	if d.Settings.Layout == Fixed {
		s = strings.Trim(s, " ")
	}
	return s
}

// result is an answer, ready to be written.
type result struct {
	outcome simulators.Outcome
	class   simulators.Class
	code    string
	text    string
	status  int
	after   time.Duration
	header  string // Retry-After
	posted  int
	rows    []resultRow
}

type resultRow struct {
	reference string
	status    int
	document  string
	code      string
	class     simulators.Class
	text      string
}

// retry is the wait in whole seconds, rounded up; a file has no other form.
func (r result) retry() string {
	if r.header == "" {
		return ""
	}
	return strconv.FormatInt(int64((r.after+time.Second-1)/time.Second), 10)
}

func resultOf(m simulators.Message, a simulators.Answer) result {
	switch {
	case a.Refusal != nil:
		return refused(a.Refusal)
	case a.Later:
		return result{outcome: simulators.Accepted, status: 202}
	}
	r := result{outcome: simulators.Applied, status: 201}
	known := 0
	for i, row := range a.Rows {
		out := resultRow{status: 201, document: row.Doc}
		if i < len(m.Events) {
			out.reference = string(m.Events[i].ID)
		}
		switch {
		case row.Refusal != nil:
			out = resultRow{reference: out.reference, status: StatusOf(row.Refusal), code: row.Refusal.Code, class: row.Refusal.Class, text: row.Refusal.Text}
		case row.Known:
			out.status = 200
			known++
			fallthrough
		default:
			r.posted++
		}
		r.rows = append(r.rows, out)
	}
	switch {
	case len(a.Rows) == 0:
		r.outcome, r.status = simulators.Answered, 200
	case r.posted == 0:
		first := refused(a.Rows[0].Refusal)
		first.rows = r.rows
		return first
	case r.posted < len(a.Rows):
		r.outcome, r.status = simulators.Partly, 207
	case known == len(a.Rows):
		r.outcome, r.status = simulators.Repeated, 200
	}
	return r
}

func refused(r *simulators.Refusal) result {
	out := result{outcome: cmp.Or(r.Outcome, simulators.Refused), class: r.Class, code: r.Code, text: r.Text, status: StatusOf(r), after: r.After}
	switch {
	case r.After <= 0 || r.RetryForm == simulators.RetryMissing:
	case r.RetryForm == simulators.RetryDate:
		out.header = string(simulators.RetryDate)
	default:
		out.header = strconv.FormatInt(int64((r.After+time.Second-1)/time.Second), 10)
	}
	return out
}

// StatusOf is what HTTP would say of a refusal: results are compared across
// dialects.
func StatusOf(r *simulators.Refusal) int {
	switch r.Outcome {
	case simulators.Throttled:
		return 429
	case simulators.Unauthorized:
		return 401
	case simulators.Locked:
		return 423
	case simulators.Unavailable:
		return 503
	case simulators.Unknown, simulators.Undelivered:
		return 500
	}
	switch r.Code {
	case codeMalformed:
		return 400
	case codeName, "order-unknown":
		return 404
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
