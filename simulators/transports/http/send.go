package httptransport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// Send implements [simulators.Transport]: it posts m below the SUT's webhook
// URL. No reply is not an error but a Result: Unknown, or Undelivered if no
// connection could be made.
func (t *Transport) Send(ctx context.Context, m simulators.Message) (simulators.Message, error) {
	if t.to == nil {
		return simulators.Message{}, fmt.Errorf("send %s: there is no webhook URL to send it to", m.Name)
	}
	ctx, cancel := context.WithTimeout(ctx, t.config.Timeout)
	defer cancel()
	req, err := t.request(ctx, m)
	if err != nil {
		return simulators.Message{}, fmt.Errorf("send %s: %w", m.Name, err)
	}
	resp, err := t.client.RoundTrip(req)
	if err != nil {
		return unheard(err), nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return unheard(fmt.Errorf("read reply: %w", err)), nil
	}
	reply := simulators.Message{Header: map[string]string{}, Body: body}
	for k, v := range resp.Header {
		if t.keeps(k) || k == "Www-Authenticate" || k == "Location" {
			reply.Header[k] = strings.Join(v, ", ")
		}
	}
	reply.Result = result(resp.StatusCode, reply, time.Now())
	return reply, nil
}

func (t *Transport) request(ctx context.Context, m simulators.Message) (*http.Request, error) {
	method := http.MethodPost
	if m.Verb == "get" {
		method = http.MethodGet
	}
	address := t.to.String() + "/" + m.Name
	if len(m.Params) > 0 {
		q := url.Values{}
		for k, v := range m.Params {
			q.Set(k, v)
		}
		address += "?" + q.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(m.Body))
	if err != nil {
		return nil, err
	}
	for k, v := range m.Header {
		if k == "Idempotency-Key" {
			// net/http takes this spelling as leave to send again by itself
			// after a lost reply, which the journal would never see.
			k = "idempotency-key"
		}
		req.Header[k] = []string{v}
	}
	return req, nil
}

// unheard is what a sender knows that heard nothing it understands.
func unheard(err error) simulators.Message {
	r := simulators.Result{Outcome: simulators.Unknown, Text: err.Error()}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		r.Outcome = simulators.Undelivered // without a connection nothing was sent
	}
	return simulators.Message{Result: r}
}

// result says what a status means to the sender of a webhook.
func result(status int, reply simulators.Message, now time.Time) simulators.Result {
	r := simulators.Result{Status: status, Text: strconv.Itoa(status) + " " + http.StatusText(status)}
	switch {
	case status >= 200 && status < 300:
		return simulators.Result{Outcome: simulators.Accepted, Status: status}
	case status == 401 || status == 403:
		r.Outcome, r.Class = simulators.Unauthorized, simulators.Technical
	case status == 423:
		r.Outcome, r.Class = simulators.Locked, simulators.Technical
	case status == 429:
		r.Outcome, r.Class = simulators.Throttled, simulators.Technical
		r.RetryAfter = retryAfter(reply.Header["Retry-After"], now)
	case status == 503:
		r.Outcome, r.Class = simulators.Unavailable, simulators.Technical
		r.RetryAfter = retryAfter(reply.Header["Retry-After"], now)
	case status == 408:
		r.Outcome, r.Class = simulators.Unknown, simulators.Technical
	case status == 409:
		r.Outcome, r.Class = simulators.Refused, simulators.Business
	case status >= 400 && status < 500:
		r.Outcome, r.Class = simulators.Refused, simulators.DataQuality
	case status >= 300 && status < 400:
		r.Outcome, r.Class = simulators.Refused, simulators.Technical
		r.Text += " to " + clip(reply.Header["Location"]) + "; redirects are not followed, so give the address itself under sut.receives"
	default:
		r.Outcome = simulators.Unknown
	}
	explain(&r, reply)
	return r
}

// explain takes class and reason from a problem+json body, if there is one.
func explain(r *simulators.Result, reply simulators.Message) {
	if !strings.HasPrefix(reply.Header["Content-Type"], "application/problem+json") {
		if text := strings.TrimSpace(string(reply.Body)); text != "" && r.Status >= 400 {
			r.Text += ": " + clip(text)
		}
		return
	}
	var p struct{ Class, Code, Title, Detail string }
	if json.Unmarshal(reply.Body, &p) != nil {
		return
	}
	switch c := simulators.Class(p.Class); c {
	case simulators.Technical, simulators.Business, simulators.DataQuality:
		r.Class = c
	}
	if r.Code = p.Code; r.Code == "" {
		r.Code = clip(p.Title)
	}
	if p.Detail != "" {
		r.Text = clip(p.Detail)
	}
}

// retryAfter reads both forms that RFC 9110 allows; what is neither says
// nothing.
func retryAfter(v string, now time.Time) time.Duration {
	if s, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

// clip keeps a hostile reply out of reports.
func clip(s string) string {
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}
