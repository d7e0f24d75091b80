package files

import (
	"context"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// Send implements [simulators.Transport]: it keeps m until it is taken away,
// and reads the answer if there is one.
func (t *Transport) Send(ctx context.Context, m simulators.Message) (simulators.Message, error) {
	select {
	case <-t.stopping:
		return simulators.Message{Result: simulators.Result{Outcome: simulators.Undelivered, Text: "the share is closed"}}, nil
	default:
	}
	ended := make(chan simulators.Result, 1)
	file := ""
	err := t.Keep(ctx, m, func(r simulators.Result) {
		if r.Outcome == simulators.Unknown {
			file = r.Text[len("lies in out/ as "):]
			return
		}
		ended <- r
	})
	if err != nil {
		return simulators.Message{}, err
	}
	tick := time.NewTicker(t.config.Poll)
	defer tick.Stop()
	for {
		select {
		case r := <-ended:
			if t.config.Answered {
				return t.answer(file), nil
			}
			return simulators.Message{Result: r}, nil
		case <-tick.C:
			t.taken() // also after Serve has ended
		case <-ctx.Done():
			return simulators.Message{Result: simulators.Result{Outcome: simulators.Unknown, Text: ctx.Err().Error()}}, nil
		}
	}
}

// answer reads what the other side says to a file that it has taken; nothing
// is Unknown, whatever it did.
func (t *Transport) answer(file string) simulators.Message {
	name := resultName(file)
	body, err := os.ReadFile(t.path(answers, name))
	if err != nil {
		return simulators.Message{Result: simulators.Result{Outcome: simulators.Unknown, Text: "the file is gone, and nothing says what became of it"}}
	}
	reply := simulators.Message{Header: readMarker(t.path(answers, name+markerEnd)), Body: body}
	status, _ := strconv.Atoi(reply.Header[statusHeader])
	delete(reply.Header, statusHeader)
	reply.Result = meaning(status, reply.Header)
	return reply
}

// meaning says what a status means to a sender, as over HTTP.
func meaning(status int, header map[string]string) simulators.Result {
	r := simulators.Result{Status: status, Text: strconv.Itoa(status) + " " + http.StatusText(status)}
	set := func(o simulators.Outcome, c simulators.Class) { r.Outcome, r.Class = o, c }
	switch {
	case status >= 200 && status < 300:
		set(simulators.Accepted, "")
	case status == 401 || status == 403:
		set(simulators.Unauthorized, simulators.Technical)
	case status == 423:
		set(simulators.Locked, simulators.Technical)
	case status == 429:
		set(simulators.Throttled, simulators.Technical)
	case status == 503:
		set(simulators.Unavailable, simulators.Technical)
	case status == 409:
		set(simulators.Refused, simulators.Business)
	case status >= 400 && status < 500:
		set(simulators.Refused, simulators.DataQuality)
	default:
		set(simulators.Unknown, "")
	}
	if s, err := strconv.Atoi(header["Retry-After"]); err == nil && (status == 429 || status == 503) {
		r.RetryAfter = time.Duration(s) * time.Second
	}
	return r
}
