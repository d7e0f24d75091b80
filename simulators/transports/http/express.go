package httptransport

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// express serves a connection on which requests come as nearly all do: whole,
// one by one, in HTTP/1.1 and with nothing in their heads that has to be thought
// about. A posting costs a third less so, and what is less garbage is also less
// to look through of what stays. At the first request that is otherwise the
// connection is handed over to net/http for good, with what has come.
type express struct {
	t       *Transport
	c       *net.TCPConn
	ctx     attentive // done when the sender has gone
	cancel  context.CancelFunc
	receive simulators.Receiver

	buf   []byte
	n     int // what has come
	out   []byte
	names []known
	said  stamp

	head   http.Header // of an answer that is made as net/http has it
	status int
	body   []byte
	taken  bool // somebody else has the connection

	mu       sync.Mutex // guards what follows
	ended    sync.Cond  // of watching
	busy     bool       // a request is being answered
	watching bool
	leaving  bool // watching is to end
	early    []byte
}

// attentive is the context of what a connection brings. Whether the sender is
// still there is only watched if somebody asks: a watch costs as much as a
// posting's rules and books.
type attentive struct {
	context.Context
	x *express
}

// Done implements [context.Context].
func (a attentive) Done() <-chan struct{} {
	a.x.attend()
	return a.Context.Done()
}

// Err implements [context.Context].
func (a attentive) Err() error {
	a.x.attend()
	return a.Context.Err()
}

var _ http.Hijacker = (*express)(nil)

// known is a field name as it was sent, and what it is.
type known struct {
	sent      []byte
	canonical string
	role      role
}

type role uint8

const (
	dropped role = iota
	handedOn
	host
	length
	connection
	thoughtful // which net/http is to look at
)

// stamp is a Date, which is good for a second.
type stamp struct {
	second int64
	text   []byte
}

const (
	expressRoom = 8 << 10 // a longer request is none for an express
	mostNames   = 32
)

// ride serves c until it ends. What it returns has come of a request that
// net/http is to go on with; nil if the connection is over.
func (t *Transport) ride(base context.Context, c *net.TCPConn, receive simulators.Receiver) (come []byte) {
	x := &express{t: t, c: c, receive: receive, buf: make([]byte, expressRoom)}
	x.ended.L = &x.mu
	ctx, cancel := context.WithCancel(simulators.WithConn(base, c.RemoteAddr().String()))
	defer cancel()
	x.ctx, x.cancel = attentive{ctx, x}, cancel
	_ = c.SetReadDeadline(time.Now().Add(headerTimeout)) // for the first request, as in net/http
	for fresh := true; ; fresh = false {
		if x.n == 0 {
			k, err := c.Read(x.buf)
			if err != nil {
				return nil
			}
			x.n = k
		}
		if fresh {
			_ = c.SetReadDeadline(time.Time{})
		}
		m, size, plain := x.plain(x.buf[:x.n])
		if !plain {
			return x.buf[:x.n]
		}
		x.n = copy(x.buf, x.buf[size:x.n])
		if !x.serve(m) {
			return nil
		}
		if len(x.early) > 0 {
			x.n += copy(x.buf[x.n:], x.early)
			x.early = x.early[:0]
		}
	}
}

// serve answers m and reports whether the connection goes on.
func (x *express) serve(m simulators.Message) (on bool) {
	defer func() {
		if why := recover(); why != nil { // net/http does the same
			x.t.config.Log.Debug("panic in a receiver", "name", m.Name, "panic", why)
			on = false
		}
	}()
	x.mu.Lock()
	x.busy = true
	x.mu.Unlock()
	defer x.rest()
	if !x.t.enter() {
		reset(x)
		return false
	}
	defer x.t.leave()
	x.t.hear(x.ctx, x, m, x.receive)
	if x.taken {
		return false
	}
	if x.status != 0 { // it was answered as with net/http
		reply := simulators.Message{Header: map[string]string{}, Body: x.body, Result: simulators.Result{Status: x.status}}
		for k := range x.head {
			reply.Header[k] = x.head.Get(k)
		}
		x.head, x.status, x.body = nil, 0, nil
		x.answer(reply)
	}
	select {
	case <-x.t.stopping:
		return false
	default:
		return x.ctx.Context.Err() == nil
	}
}

// attend has it watched whether the sender stays, until it is answered.
func (x *express) attend() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.busy && !x.watching && len(x.early) == 0 {
		x.watching = true
		go x.watch()
	}
}

func (x *express) watch() {
	var one [1]byte
	n, err := x.c.Read(one[:])
	x.mu.Lock()
	defer x.mu.Unlock()
	x.watching = false
	switch {
	case n > 0: // of the next request: whoever sends that has not gone
		x.early = append(x.early, one[0])
	case err != nil && !x.leaving:
		x.cancel()
	}
	x.ended.Broadcast()
}

// rest ends watching.
func (x *express) rest() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.busy = false
	if !x.watching {
		return
	}
	x.leaving = true
	_ = x.c.SetReadDeadline(time.Unix(1, 0))
	for x.watching {
		x.ended.Wait()
	}
	x.leaving = false
	_ = x.c.SetReadDeadline(time.Time{})
}

// plain reads the request that b begins with, and says how long it is; false if
// it is not whole, or anything in it is not as usual.
func (x *express) plain(b []byte) (m simulators.Message, size int, ok bool) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		return m, 0, false
	}
	first, fields, _ := bytes.Cut(b[:end+2], []byte("\r\n"))
	method, target, ok := bytes.Cut(first, []byte(" "))
	target, fits := bytes.CutSuffix(target, []byte(" HTTP/1.1"))
	if m.Method = usualMethod(method); !ok || !fits || m.Method == "" || !usualTarget(target) {
		return m, 0, false
	}
	m.Verb, m.Name = verb(m.Method), string(target[1:])
	hosts, lengths, bodyLen := 0, 0, 0
	for len(fields) > 0 {
		var line []byte
		line, fields, _ = bytes.Cut(fields, []byte("\r\n"))
		name, value, ok := bytes.Cut(line, []byte(":"))
		value = bytes.Trim(value, " \t")
		if !ok || !usualValue(value) {
			return m, 0, false
		}
		switch k := x.name(name); k.role {
		case dropped:
		case handedOn:
			if _, twice := m.Header[k.canonical]; twice {
				return m, 0, false
			}
			if m.Header == nil {
				m.Header = make(map[string]string, 4)
			}
			m.Header[k.canonical] = string(value)
		case host:
			hosts++
			ok = usualHost(value)
		case length:
			lengths++
			bodyLen, ok = number(value)
		case connection:
			ok = bytes.EqualFold(value, []byte("keep-alive"))
		default:
			ok = false
		}
		if !ok {
			return m, 0, false
		}
	}
	size = end + 4 + bodyLen
	if hosts != 1 || lengths > 1 || size > len(b) || int64(bodyLen) > x.t.config.MaxBody {
		return m, 0, false
	}
	if bodyLen > 0 {
		m.Body = bytes.Clone(b[end+4 : size])
	}
	return m, size, true
}

// name is what a field name means; senders say the same ones again and again.
func (x *express) name(sent []byte) known {
	for i := range x.names {
		if bytes.Equal(x.names[i].sent, sent) {
			return x.names[i]
		}
	}
	k := known{sent: bytes.Clone(sent), role: thoughtful}
	if usualName(sent) {
		k.canonical = textproto.CanonicalMIMEHeaderKey(string(sent))
		k.role = x.t.roleOf(k.canonical)
	}
	if len(x.names) < mostNames {
		x.names = append(x.names, k)
	}
	return k
}

func (t *Transport) roleOf(canonical string) role {
	switch canonical {
	case "Host":
		return host
	case "Content-Length":
		return length
	case "Connection":
		return connection
	case "Expect", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Encoding":
		return thoughtful
	}
	if t.keeps(canonical) {
		return handedOn
	}
	return dropped
}

func usualMethod(b []byte) string {
	switch string(b) {
	case http.MethodPost:
		return http.MethodPost
	case http.MethodGet:
		return http.MethodGet
	case http.MethodPut:
		return http.MethodPut
	case http.MethodPatch:
		return http.MethodPatch
	case http.MethodDelete:
		return http.MethodDelete
	}
	return ""
}

// Characters of what is usual.
var (
	inTarget = chars("/-_.~")
	inName   = chars("-")
	inHost   = chars("-.:")
)

func chars(besides string) (t [256]bool) {
	for c := range t {
		t[c] = c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c < 128 && strings.IndexByte(besides, byte(c)) >= 0
	}
	return t
}

func only(b []byte, of *[256]bool) bool {
	for _, c := range b {
		if !of[c] {
			return false
		}
	}
	return len(b) > 0
}

func usualTarget(b []byte) bool {
	return only(b, &inTarget) && b[0] == '/' && !bytes.HasPrefix(b, []byte("//"))
}
func usualName(b []byte) bool { return only(b, &inName) }
func usualHost(b []byte) bool { return only(b, &inHost) }

func usualValue(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// number reads up to nine digits.
func number(b []byte) (n int, ok bool) {
	if len(b) == 0 || len(b) > 9 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// answer writes a reply.
func (x *express) answer(m simulators.Message) {
	status := statusOf(m)
	b := append(x.out[:0], "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(append(append(b, ' '), http.StatusText(status)...), "\r\n"...)
	typed := false
	var room [8]string
	names := room[:0]
	for k := range m.Header {
		names = append(names, k)
	}
	slices.Sort(names)
	bodiless := status < 200 || status == http.StatusNoContent || status == http.StatusNotModified
	for _, k := range names {
		typed = typed || k == "Content-Type" || k == "Content-Encoding"
		switch {
		case k == "Content-Length", k == "Connection", k == "Transfer-Encoding", k == "Date", !usualName([]byte(k)), k == "Content-Type" && status == http.StatusNotModified:
			continue
		}
		b = append(append(b, k...), ": "...)
		b = append(append(b, printable(headerValue(m, k, m.Header[k]))...), "\r\n"...)
	}
	if !typed && !bodiless && len(m.Body) > 0 {
		b = append(append(append(b, "Content-Type: "...), http.DetectContentType(m.Body)...), "\r\n"...)
	}
	b = append(append(append(b, "Date: "...), x.date()...), "\r\n"...)
	select {
	case <-x.t.stopping:
		b = append(b, "Connection: close\r\n"...)
	default:
	}
	if !bodiless {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(len(m.Body)), 10)
		b = append(b, "\r\n"...)
	}
	b = append(b, "\r\n"...)
	if !bodiless {
		b = append(b, m.Body...)
	}
	if _, err := x.c.Write(b); err != nil { // whether the sender still reads is its own affair
		x.cancel()
	}
	if cap(b) <= expressRoom {
		x.out = b
	}
}

// printable is a value in which nothing ends the line.
func printable(v string) string {
	if strings.ContainsAny(v, "\r\n") {
		v = strings.NewReplacer("\r", " ", "\n", " ").Replace(v)
	}
	return strings.Trim(v, " \t")
}

// date is the time, as HTTP has it.
func (x *express) date() []byte {
	now := time.Now()
	if s := now.Unix(); s != x.said.second {
		x.said = stamp{s, now.UTC().AppendFormat(x.said.text[:0], http.TimeFormat)}
	}
	return x.said.text
}

// Hijack implements [http.Hijacker].
func (x *express) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	x.taken = true
	return x.c, nil, nil
}

// Header implements [http.ResponseWriter], in which everything but plain
// replies is worded.
func (x *express) Header() http.Header {
	if x.head == nil {
		x.head = http.Header{}
	}
	return x.head
}

// WriteHeader implements [http.ResponseWriter].
func (x *express) WriteHeader(status int) { x.status = status }

// Write implements [http.ResponseWriter].
func (x *express) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	x.body = append(x.body, b...)
	return len(b), nil
}
