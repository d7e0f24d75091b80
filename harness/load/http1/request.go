package http1

import (
	"bytes"
	"net/http"
)

// Request is one request in a buffer.
type Request struct {
	message
	Method, Target []byte
	seen           int        // of a head that has not come whole: how much was looked at
	likes          [2]pattern // of shorter and longer bodies, say
	last           int        // of likes: what was read last
}

// Read reads the request that begins b and says how long it is; 0 if it has not
// come whole. Then it is called again with the same and more.
func (r *Request) Read(b []byte) (n int, err error) {
	if r.likes[r.last].fits(b) {
		return r.again(b)
	}
	if r.last = 1 - r.last; r.likes[r.last].fits(b) {
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
	r.likes[r.last].learn(b[:end], r)
	return r.whole(b, end)
}

// Begun reports whether the head is there and the body is not, after Read has
// said that it has not come whole.
func (r *Request) Begun() bool { return r.seen == 0 }

func (r *Request) start(l []byte) error {
	method, rest, _ := bytes.Cut(l, []byte(" "))
	target, version, ok := bytes.Cut(rest, []byte(" "))
	if !ok || !token(method) || len(target) == 0 || target[0] != '/' || string(version) != "HTTP/1.1" {
		return bad(http.StatusBadRequest, "%.200q does not begin a request of HTTP/1.1", l)
	}
	r.Method, r.Target = method, target
	return nil
}
