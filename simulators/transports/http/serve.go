package httptransport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// handle turns a request into a message, and the answer into a reply.
func (t *Transport) handle(w http.ResponseWriter, r *http.Request, receive simulators.Receiver) {
	if !t.enter() {
		reset(w)
		return
	}
	defer t.leave()
	body, unread := t.body(r)
	m := t.message(r, body)
	if m.Unread = unread; unread != nil {
		w.Header().Set("Connection", "close") // the rest of the body is not read
	}
	t.hear(r.Context(), w, m, receive)
}

// hear has m received, and answers.
func (t *Transport) hear(ctx context.Context, w http.ResponseWriter, m simulators.Message, receive simulators.Receiver) {
	reply, err := receive(ctx, m)
	var lost *simulators.LostError
	switch {
	case m.Unread != nil && m.Unread.Refusal.Outcome == simulators.Undelivered: // its sender has gone
		reset(w)
	case err == nil:
		if x, ok := w.(*express); ok {
			x.answer(reply)
			return
		}
		t.answer(w, reply)
	case errors.As(err, &lost):
		t.lose(ctx, w, lost)
	case ctx.Err() != nil: // nobody is left to hear it
		reset(w)
	default:
		t.config.Log.Error("receive", "name", m.Name, "error", err)
		http.Error(w, "the rig could not handle this request: "+err.Error(), http.StatusInternalServerError)
	}
}

// eager is up to which size a body's room is taken on its sender's word.
const eager = 64 << 10

// body reads what r brings, or says why it did not: no more than the limit is
// ever read, and nothing of a body that announces to be larger.
func (t *Transport) body(r *http.Request) ([]byte, *simulators.Unread) {
	n, limit := r.ContentLength, t.config.MaxBody
	switch {
	case n == 0:
		return nil, nil
	case n > limit:
		return nil, simulators.TooLarge(n, limit)
	case n > 0 && n <= eager:
		b := make([]byte, n)
		if read, err := io.ReadFull(r.Body, b); err != nil {
			return nil, simulators.BrokenOff(int64(read), err)
		}
		return b, nil
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	switch {
	case int64(len(b)) > limit:
		return nil, simulators.TooLarge(int64(len(b)), limit)
	case err != nil:
		return nil, simulators.BrokenOff(int64(len(b)), err)
	}
	return b, nil
}

// message is a request without its framing.
func (t *Transport) message(r *http.Request, body []byte) simulators.Message {
	m := simulators.Message{Verb: verb(r.Method), Method: r.Method, Name: name(r.URL), Body: body}
	for k, v := range r.Header {
		if len(v) > 0 && t.keeps(k) {
			if m.Header == nil {
				m.Header = make(map[string]string, 4)
			}
			m.Header[k] = strings.Join(v, ", ")
		}
	}
	if r.URL.RawQuery != "" {
		m.Params = map[string]string{}
		for k, v := range r.URL.Query() {
			m.Params[k] = v[0]
		}
		m.Base = "http://" + r.Host
		if t.config.TLS != nil {
			m.Base = "https://" + r.Host
		}
	}
	return m
}

func verb(method string) string {
	switch method {
	case http.MethodPost:
		return "post"
	case http.MethodGet, http.MethodHead:
		return "get"
	}
	return strings.ToLower(method)
}

// name is the path without its first slash. Its segments stay escaped, each in
// one way only, so that a slash in an identifier remains part of it.
func name(u *url.URL) string {
	n := strings.TrimPrefix(u.EscapedPath(), "/")
	if strings.IndexByte(n, '%') < 0 {
		return n
	}
	segments := strings.Split(n, "/")
	for i, s := range segments {
		if plain, err := url.PathUnescape(s); err == nil {
			segments[i] = url.PathEscape(plain)
		}
	}
	return strings.Join(segments, "/")
}

// keeps reports whether a header is handed on.
func (t *Transport) keeps(key string) bool {
	return interesting(key) || t.keep[key] || t.config.KeepAll && !framing(key)
}

// framing are headers of the connection, of the client's library, or of a
// session.
func framing(key string) bool {
	switch key {
	case "Accept-Encoding", "Connection", "Content-Length", "Cookie", "Date", "Host", "Keep-Alive", "Set-Cookie", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent":
		return true
	}
	return false
}

// interesting picks the headers that a dialect or an attribution may need;
// the rest is framing.
func interesting(key string) bool {
	switch key {
	case "Accept-Language", "Authorization", "Content-Type", "Deprecation", "Idempotency-Key", "If-Match", "Retry-After", "Sunset", "Traceparent":
		return true
	}
	return strings.HasPrefix(key, "X-") || strings.HasPrefix(key, "Andon-") || strings.HasSuffix(key, "-Id")
}

// answer writes a reply and sees that it has left before it returns.
func (t *Transport) answer(w http.ResponseWriter, m simulators.Message) {
	h := w.Header()
	for k, v := range m.Header {
		h[k] = []string{headerValue(m, k, v)}
	}
	h["Content-Length"] = []string{strconv.Itoa(len(m.Body))}
	w.WriteHeader(statusOf(m))
	_, _ = w.Write(m.Body) // whether the sender still reads is its own affair
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}

// statusOf is the status that a reply is told with.
func statusOf(m simulators.Message) int {
	if s := m.Result.Status; s >= 200 && s <= 999 {
		return s
	}
	return http.StatusOK
}

// headerValue is what is told of a header of a reply.
func headerValue(m simulators.Message, key, value string) string {
	if key == "Retry-After" && value == string(simulators.RetryDate) {
		return retryDate(time.Now(), m.Result.RetryAfter)
	}
	return value
}

// retryDate writes when after is over, rounded up to the second that an HTTP
// date can say.
func retryDate(now time.Time, after time.Duration) string {
	at := now.Add(after)
	if s := at.Truncate(time.Second); s.Before(at) {
		at = s.Add(time.Second)
	}
	return at.UTC().Format(http.TimeFormat)
}

// lose lets the sender hear nothing, in the way e says. Whether its message
// was acted upon cannot be told from it.
func (t *Transport) lose(ctx context.Context, w http.ResponseWriter, e *simulators.LostError) {
	after := e.After
	if e.Symptom == simulators.Hang && after <= 0 {
		after = longestHang
	}
	t.silence(ctx, after)
	if e.Symptom == simulators.Gateway {
		badGateway(w)
		return
	}
	reset(w)
}

// silence lasts until the sender gives up, d is over or serving ends.
func (t *Transport) silence(sender context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-sender.Done():
	case <-t.stopping:
	}
}

// badGateway answers as a proxy does whose upstream has gone.
func badGateway(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusBadGateway)
	_, _ = io.WriteString(w, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n")
}

// reset cuts the connection so that the sender meets a reset, not an orderly
// end.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // cuts the connection too, only less rudely
	}
	if r, ok := conn.(*resumed); ok {
		conn = r.Conn
	}
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn() // no farewell either
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // fails only if the connection is gone
	}
	_ = conn.Close()
}
