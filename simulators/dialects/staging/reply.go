package staging

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/files"
)

// Columns in which the system answers, besides those that a transport keeps.
const (
	ResponseCode    = "response_code"    // what HTTP would say; 202 while the row is being processed
	ResponseMessage = "response_message" // for people
	ErrorCode       = "error_code"       // for programs
	ErrorClass      = "error_class"      // technical, business or data-quality
	DocumentNo      = "document_no"      // what was posted
	RetryAfter      = "retry_after"      // seconds
)

// response is what a reply says of one row.
type response struct {
	Row      int              `json:"row,omitempty"` // from 1; of an answer, where its place in the message names the row
	Code     int              `json:"response_code"`
	Message  string           `json:"response_message,omitempty"`
	Error    string           `json:"error_code,omitempty"`
	Class    simulators.Class `json:"error_class,omitempty"`
	Document string           `json:"document_no,omitempty"`
	Retry    int64            `json:"retry_after,omitempty"`
}

// Reply implements [simulators.Dialect]: what is filled in for each row. A
// refusal of the whole is told of each.
func (Dialect) Reply(m simulators.Message, a simulators.Answer) simulators.Message {
	n := max(len(m.Events), len(a.Rows), 1)
	if rows, err := read(m.Body); err == nil {
		n = max(n, len(rows))
	}
	out := simulators.Message{Header: map[string]string{"Content-Type": "application/json"}}
	var said []response
	for i := range n {
		r := answered(a, i)
		r.Row = i + 1
		said = append(said, r)
	}
	out.Result.Status = whole(a, said)
	if a.Refusal != nil {
		if after := a.Refusal.RetryAfterText(); after != "" {
			out.Header["Retry-After"] = after
		}
	}
	if a.Told != nil {
		var told []response
		for _, i := range a.Told {
			if i >= 0 && i < len(said) {
				told = append(told, said[i])
			}
		}
		said = told
	}
	out.Body, _ = json.Marshal(said) // numbers and texts cannot fail
	if len(said) == 0 {
		out.Body = []byte("[]")
	}
	return out
}

// Finish implements [simulators.Finisher]: what is filled in for rows that were
// only accepted, each by its reference. It is an UPDATE of those, and no row of
// its own.
func (d Dialect) Finish(m simulators.Message, a simulators.Answer) (simulators.Message, error) {
	rows, err := read(m.Body)
	if err != nil {
		return simulators.Message{}, fmt.Errorf("finish %s: %w", m.Name, err)
	}
	said := make([]finished, len(rows))
	for i := range said {
		said[i].response = answered(a, i)
		said[i].Reference, _ = rows[i]["reference"].(string)
	}
	body, err := json.Marshal(said)
	return simulators.Message{Verb: "post", Method: "UPDATE", Name: m.Name, Key: m.Key, Entity: "answer to " + m.Key, Header: map[string]string{"Content-Type": "application/json"}, Body: body}, err
}

// finished is a response to a row that has waited for it.
type finished struct {
	response
	Reference string `json:"reference"`
}

// answered is what an answer means for the i-th row.
func answered(a simulators.Answer, i int) response {
	switch {
	case a.Refusal != nil:
		return refused(a.Refusal)
	case a.Later:
		return response{Code: 202}
	case i >= len(a.Rows):
		return response{Code: 200}
	case a.Rows[i].Refusal != nil:
		return refused(a.Rows[i].Refusal)
	}
	return response{Code: 200, Document: a.Rows[i].Doc}
}

func refused(r *simulators.Refusal) response {
	out := response{Code: files.StatusOf(r), Message: r.Text, Error: r.Code, Class: r.Class}
	if r.RetryForm != simulators.RetryMissing && r.RetryForm != simulators.RetryZero { // a column says seconds, or nothing
		out.Retry = int64((r.After + time.Second - 1) / time.Second)
	}
	return out
}

// whole is the status of the exchange: that of the rows if they agree.
func whole(a simulators.Answer, rows []response) int {
	for _, r := range rows[1:] {
		if r.Code != rows[0].Code && (r.Code == 200 || rows[0].Code == 200) && !a.Soft {
			return 207
		}
	}
	if a.Soft {
		return 200
	}
	return rows[0].Code
}
