package load

import (
	"bytes"
	"fmt"
	"net/http"
)

// The codec reads HTTP/1.1 (RFC 9112) out of a buffer, for both sides, and is
// as strict as RFC 9112 lets a recipient be: lines end in CR LF, a field has no
// blank before its colon and is not folded, and a length is said once. What
// breaks that is an error and ends the connection.

const (
	mostHead = 16 << 10 // of a request or response, without its body
	mostBody = 1 << 20
)

// protoError says what is wrong with what came in; status is how a server
// answers it.
type protoError struct {
	status int
	text   string
}

func (e *protoError) Error() string { return e.text }

func bad(status int, format string, args ...any) error {
	return &protoError{status, fmt.Sprintf(format, args...)}
}

// fields are the header fields that matter here. The slices are of the buffer.
type fields struct {
	length        int64 // -1 if it is not said
	chunked       bool
	close         bool
	expect        bool // 100-continue
	key, auth     []byte
	after         []byte // Retry-After
	keyed, hosted bool
}

// headEnd returns where a head ends, behind its empty line; 0 if it has not
// come yet. Seen is how much of b was looked at before.
func headEnd(b []byte, seen int) (int, error) {
	from := max(0, seen-3)
	if i := bytes.Index(b[from:], []byte("\r\n\r\n")); i >= 0 && from+i+4 <= mostHead {
		return from + i + 4, nil
	}
	if len(b) >= mostHead {
		return 0, bad(http.StatusRequestHeaderFieldsTooLarge, "the head is longer than %d bytes", mostHead)
	}
	return 0, nil
}

// line cuts the first line off b.
func line(b []byte) (first, rest []byte, err error) {
	i := bytes.IndexByte(b, '\n')
	if i < 1 || b[i-1] != '\r' {
		return nil, nil, bad(http.StatusBadRequest, "a line does not end in CR LF: %q", clip(string(b[:max(i, 0)])))
	}
	return b[:i-1], b[i+1:], nil
}

// read reads the fields of a head behind its first line, up to its empty line.
func (h *fields) read(b []byte) error {
	*h = fields{length: -1}
	for {
		l, rest, err := line(b)
		if err != nil || len(l) == 0 {
			return err
		}
		b = rest
		colon := bytes.IndexByte(l, ':')
		if colon < 1 || !token(l[:colon]) {
			return bad(http.StatusBadRequest, "%q is no header field", clip(string(l)))
		}
		value := bytes.Trim(l[colon+1:], " \t")
		if bytes.IndexByte(value, '\r') >= 0 || bytes.IndexByte(value, 0) >= 0 {
			return bad(http.StatusBadRequest, "%s has a control character in it", clip(string(l[:colon])))
		}
		if err := h.field(l[:colon], value); err != nil {
			return err
		}
	}
}

// field takes note of a field if it matters.
func (h *fields) field(name, value []byte) error {
	switch len(name) {
	case 4:
		h.hosted = h.hosted || is(name, "host")
	case 6:
		h.expect = h.expect || is(name, "expect") && is(value, "100-continue")
	case 10:
		if is(name, "connection") {
			h.close = h.close || hasToken(value, "close")
		}
	case 11:
		if is(name, "retry-after") {
			h.after = value
		}
	case 13:
		if is(name, "authorization") {
			h.auth = value
		}
	case 14:
		if is(name, "content-length") {
			n, ok := number(value)
			if !ok || h.length >= 0 && h.length != n {
				return bad(http.StatusBadRequest, "Content-Length: %q is no length, or another than before", clip(string(value)))
			}
			h.length = n
		}
	case 15:
		if is(name, "idempotency-key") {
			if h.keyed && !bytes.Equal(h.key, value) {
				return bad(http.StatusBadRequest, "there are two keys, %q and %q", clip(string(h.key)), clip(string(value)))
			}
			h.key, h.keyed = value, true
		}
	case 17:
		if is(name, "transfer-encoding") {
			if !is(value, "chunked") || h.chunked {
				return bad(http.StatusNotImplemented, "Transfer-Encoding: %q is not understood", clip(string(value)))
			}
			h.chunked = true
		}
	}
	if h.chunked && h.length >= 0 {
		return bad(http.StatusBadRequest, "the length is said twice, by Content-Length and Transfer-Encoding")
	}
	return nil
}

// is compares without regard to case; lower is in lower case.
func is(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i := range b {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func hasToken(list []byte, lower string) bool {
	for part := range bytes.SplitSeq(list, []byte(",")) {
		if is(bytes.Trim(part, " \t"), lower) {
			return true
		}
	}
	return false
}

// tokenChar are the characters of RFC 9110 §5.6.2.
var tokenChar = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c < 128 && bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), byte(c)) >= 0
	}
	return t
}()

func token(b []byte) bool {
	for _, c := range b {
		if !tokenChar[c] {
			return false
		}
	}
	return len(b) > 0
}

// number reads 1 to 15 digits.
func number(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 15 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// body returns the body that begins b, and how long it is with its framing; n
// is -1 if it has not come whole yet. A chunked body is joined in place, and
// only once it is whole.
func (h *fields) body(b []byte) (body []byte, n int, err error) {
	if h.chunked {
		return dechunk(b)
	}
	size := max(h.length, 0)
	if size > mostBody {
		return nil, 0, bad(http.StatusRequestEntityTooLarge, "the body is %d bytes long; at most %d are taken", size, mostBody)
	}
	if int64(len(b)) < size {
		return nil, -1, nil
	}
	return b[:size], int(size), nil
}

// dechunk joins the chunks that begin b.
func dechunk(b []byte) (body []byte, n int, err error) {
	ends, at, size := [][2]int(nil), 0, 0
	for {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			if len(b)-at > 256 {
				return nil, 0, bad(http.StatusBadRequest, "a chunk has no size")
			}
			return nil, -1, nil
		}
		l, _, err := line(b[at:])
		if err != nil {
			return nil, 0, err
		}
		l, _, _ = bytes.Cut(l, []byte(";"))
		var k uint64
		if l = bytes.Trim(l, " \t"); len(l) == 0 || len(l) > 8 || hexRead(&k, l) > 15 {
			return nil, 0, bad(http.StatusBadRequest, "%q is no chunk size", clip(string(l)))
		}
		at += i + 1
		if k == 0 {
			break
		}
		if size += int(k); size > mostBody {
			return nil, 0, bad(http.StatusRequestEntityTooLarge, "the body is longer than %d bytes", mostBody)
		}
		if len(b) < at+int(k)+2 {
			return nil, -1, nil
		}
		if b[at+int(k)] != '\r' || b[at+int(k)+1] != '\n' {
			return nil, 0, bad(http.StatusBadRequest, "a chunk is not as long as it says")
		}
		ends = append(ends, [2]int{at, at + int(k)})
		at += int(k) + 2
	}
	for { // trailers
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return nil, -1, nil
		}
		l, _, err := line(b[at:])
		if err != nil {
			return nil, 0, err
		}
		if at += i + 1; len(l) == 0 {
			break
		}
	}
	for _, e := range ends {
		body = append(b[:len(body)], b[e[0]:e[1]]...)
	}
	return body, at, nil
}

// request is one request in a buffer.
type request struct {
	fields
	seen           int // of a head that has not come whole: how much was looked at
	like           pattern
	method, target []byte
	body           []byte
}

// readRequest reads the request that begins b and says how long it is; 0 if it
// has not come whole. Then it is called again with the same and more.
func (r *request) readRequest(b []byte) (n int, err error) {
	if r.like.fits(b) {
		return r.again(b)
	}
	end, err := headEnd(b, r.seen)
	if r.seen = 0; end == 0 {
		r.seen = len(b)
		return 0, err
	}
	first, rest, err := line(b[:end])
	if err != nil {
		return 0, err
	}
	if err := r.start(first); err != nil {
		return 0, err
	}
	if err := r.read(rest); err != nil {
		return 0, err
	}
	if !r.hosted {
		return 0, bad(http.StatusBadRequest, "Host is missing")
	}
	r.like.learn(b[:end], r)
	return r.whole(b, end)
}

// whole takes the body that follows a head of n bytes.
func (r *request) whole(b []byte, n int) (int, error) {
	body, k, err := r.fields.body(b[n:])
	if err != nil || k < 0 {
		return 0, err
	}
	r.body = body
	return n + k, nil
}

func (r *request) start(l []byte) error {
	method, rest, _ := bytes.Cut(l, []byte(" "))
	target, version, ok := bytes.Cut(rest, []byte(" "))
	if !ok || !token(method) || len(target) == 0 || target[0] != '/' || string(version) != "HTTP/1.1" {
		return bad(http.StatusBadRequest, "%q does not begin a request of HTTP/1.1", clip(string(l)))
	}
	r.method, r.target = method, target
	return nil
}

// response is one response in a buffer.
type response struct {
	fields
	status int
	body   []byte
	toEnd  bool   // its body ends with the connection
	last   []byte // the head that was read last, if its length was said: the next is likely the same
}

// readResponse reads the response that begins b and says how long it is; 0 if
// it has not come whole. Interim responses are passed over. Over says that the
// other side has closed the connection, so that nothing more comes.
func (r *response) readResponse(b []byte, over bool) (n int, err error) {
	if n = len(r.last); n > 0 && bytes.HasPrefix(b, r.last) {
		return r.whole(b, n)
	}
	for n = 0; ; {
		end, err := headEnd(b[n:], 0)
		if end == 0 {
			return 0, err
		}
		r.last = r.last[:0]
		first, rest, err := line(b[n : n+end])
		if err != nil {
			return 0, err
		}
		if len(first) < 12 || string(first[:9]) != "HTTP/1.1 " || first[9] < '1' || first[9] > '5' || len(first) > 12 && first[12] != ' ' {
			return 0, bad(0, "%q does not begin a response of HTTP/1.1", clip(string(first)))
		}
		status, ok := number(first[9:12])
		if !ok {
			return 0, bad(0, "%q has no status", clip(string(first)))
		}
		if err := r.read(rest); err != nil {
			return 0, err
		}
		r.status, r.toEnd = int(status), false
		n += end
		if status >= 200 {
			break
		}
	}
	if r.status == http.StatusNoContent || r.status == http.StatusNotModified {
		r.body = nil
		return n, nil
	}
	if !r.chunked && r.length < 0 { // RFC 9112 §6.3, 8
		if r.toEnd, r.close = true, true; !over {
			return 0, nil
		}
		r.body = b[n:]
		return len(b), nil
	}
	if r.length >= 0 && !r.close && n <= 512 && r.plain() {
		r.last = append(r.last, b[:n]...)
	}
	return r.whole(b, n)
}

// plain reports whether nothing in the head refers to the buffer it came in.
func (r *response) plain() bool { return r.key == nil && r.auth == nil && r.after == nil }

// whole takes the body that follows a head of n bytes.
func (r *response) whole(b []byte, n int) (int, error) {
	body, k, err := r.fields.body(b[n:])
	if err != nil || k < 0 {
		return 0, err
	}
	r.body = body
	return n + k, nil
}
