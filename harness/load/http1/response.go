package http1

import (
	"bytes"
	"net/http"
)

// Response is one response in a buffer.
type Response struct {
	message
	Status int
	last   []byte // the head that was read last, if its length was said: the next is likely the same
}

// mostLast is how long a head may be that is kept for the next.
const mostLast = 512

// Read reads the response that begins b and says how long it is; 0 if it has not
// come whole. Then it is called again with the same and more; what comes on
// another connection is another Response's. Interim responses are passed over.
// Over says that the other side has closed the connection, so that nothing more
// comes.
func (r *Response) Read(b []byte, over bool) (n int, err error) {
	if n = len(r.last); n > 0 && bytes.HasPrefix(b, r.last) {
		return r.whole(b, n)
	}
	for n = 0; ; {
		end, err := headEnd(b[n:], 0)
		if end == 0 {
			return 0, err
		}
		if err := r.start(b[n : n+end]); err != nil {
			return 0, err
		}
		if n += end; r.Status >= 200 {
			break
		}
	}
	switch {
	case r.Status == http.StatusNoContent || r.Status == http.StatusNotModified:
		r.Body = nil
		return n, nil
	case !r.chunked && r.length < 0: // RFC 9112 §6.3, 8: it ends with the connection
		if r.Close = true; !over {
			return 0, nil
		}
		r.Body = b[n:]
		return len(b), nil
	case r.length >= 0 && !r.Close && n <= mostLast && r.plain():
		r.last = append(r.last, b[:n]...)
	}
	return r.whole(b, n)
}

// start reads a head.
func (r *Response) start(head []byte) error {
	r.last = r.last[:0]
	first, rest, err := line(head)
	if err != nil {
		return err
	}
	if len(first) < 12 || string(first[:9]) != "HTTP/1.1 " || first[9] < '1' || first[9] > '5' || len(first) > 12 && first[12] != ' ' {
		return bad(0, "%.200q does not begin a response of HTTP/1.1", first)
	}
	status, ok := Number(first[9:12])
	if !ok {
		return bad(0, "%.200q has no status", first)
	}
	r.Status = int(status)
	return r.read(rest)
}

// plain reports whether nothing in the head refers to the buffer it came in.
func (r *Response) plain() bool { return r.Key == nil && r.Auth == nil && r.After == nil }
