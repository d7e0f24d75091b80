// Package http1 reads HTTP/1.1 (RFC 9112) out of buffers, for both sides of a
// load, without copying what it reads. It is as strict as RFC 9112 lets a
// recipient be: lines end in CR LF, a field has no blank before its colon and is
// not folded, and a length is said once. What breaks that is an [*Error] and
// ends the connection.
//
// It takes note of the few fields that a load looks at, and of no others. What
// it returns is of the buffer that it was given, and good until that changes.
package http1

import (
	"bytes"
	"fmt"
	"net/http"
)

// Limits of a message.
const (
	MostHead = 16 << 10 // bytes of a request or response, without its body
	MostBody = 1 << 20  // bytes
	// mostFramed is how long a chunked body may be with its framing: chunks of a
	// few bytes, long extensions and trailers without end are nobody's body.
	mostFramed = MostBody + MostHead
)

// Error says what is wrong with what came in.
type Error struct {
	Status int // how a server answers it; 0 of a response
	text   string
}

func (e *Error) Error() string { return e.text }

func bad(status int, format string, args ...any) error {
	return &Error{status, fmt.Sprintf(format, args...)}
}

// Head has the header fields that matter to a load.
type Head struct {
	Key   []byte // Idempotency-Key
	Auth  []byte // Authorization
	After []byte // Retry-After
	Close bool   // Connection: close
	// Expect is that the sender waits for 100 Continue.
	Expect bool

	length        int64 // -1 if it is not said
	size          []byte
	sizes         int // how often it is said
	chunked       bool
	keyed, hosted bool
}

// headEnd returns where a head ends, behind its empty line; 0 if it has not
// come yet. Seen is how much of b was looked at before.
func headEnd(b []byte, seen int) (int, error) {
	from := max(0, seen-3)
	if i := bytes.Index(b[from:], []byte("\r\n\r\n")); i >= 0 && from+i+4 <= MostHead {
		return from + i + 4, nil
	}
	if len(b) >= MostHead {
		return 0, bad(http.StatusRequestHeaderFieldsTooLarge, "the head is longer than %d bytes", MostHead)
	}
	return 0, nil
}

// line cuts the first line off b.
func line(b []byte) (first, rest []byte, err error) {
	i := bytes.IndexByte(b, '\n')
	if i < 1 || b[i-1] != '\r' {
		return nil, nil, bad(http.StatusBadRequest, "a line does not end in CR LF: %.200q", b[:max(i, 0)])
	}
	return b[:i-1], b[i+1:], nil
}

// read reads the fields of a head behind its first line, up to its empty line.
func (h *Head) read(b []byte) error {
	*h = Head{length: -1}
	for {
		l, rest, err := line(b)
		if err != nil || len(l) == 0 {
			return err
		}
		b = rest
		colon := bytes.IndexByte(l, ':')
		if colon < 1 || !token(l[:colon]) {
			return bad(http.StatusBadRequest, "%.200q is no header field", l)
		}
		value := bytes.Trim(l[colon+1:], " \t")
		if bytes.IndexByte(value, '\r') >= 0 || bytes.IndexByte(value, 0) >= 0 {
			return bad(http.StatusBadRequest, "%.200s has a control character in it", l[:colon])
		}
		if err := h.field(l[:colon], value); err != nil {
			return err
		}
	}
}

// field takes note of a field if it matters.
func (h *Head) field(name, value []byte) error {
	switch len(name) {
	case 4:
		h.hosted = h.hosted || Is(name, "host")
	case 6:
		h.Expect = h.Expect || Is(name, "expect") && Is(value, "100-continue")
	case 10:
		if Is(name, "connection") {
			h.Close = h.Close || hasToken(value, "close")
		}
	case 11:
		if Is(name, "retry-after") {
			h.After = value
		}
	case 13:
		if Is(name, "authorization") {
			h.Auth = value
		}
	case 14:
		if Is(name, "content-length") {
			n, ok := Number(value)
			if !ok || h.length >= 0 && h.length != n {
				return bad(http.StatusBadRequest, "Content-Length: %.200q is no length, or another than before", value)
			}
			h.length, h.size = n, value
			h.sizes++
		}
	case 15:
		if Is(name, "idempotency-key") {
			if h.keyed && !bytes.Equal(h.Key, value) {
				return bad(http.StatusBadRequest, "there are two keys, %.200q and %.200q", h.Key, value)
			}
			h.Key, h.keyed = value, true
		}
	case 17:
		if Is(name, "transfer-encoding") {
			if !Is(value, "chunked") || h.chunked {
				return bad(http.StatusNotImplemented, "Transfer-Encoding: %.200q is not understood", value)
			}
			h.chunked = true
		}
	}
	if h.chunked && h.length >= 0 {
		return bad(http.StatusBadRequest, "the length is said twice, by Content-Length and Transfer-Encoding")
	}
	return nil
}

// Is reports whether b is lower, which is in lower case, in any case.
func Is(b []byte, lower string) bool {
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
		if Is(bytes.Trim(part, " \t"), lower) {
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

// Number reads 1 to 15 decimal digits.
func Number(b []byte) (n int64, ok bool) {
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
