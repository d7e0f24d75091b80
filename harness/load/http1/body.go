package http1

import (
	"bytes"
	"net/http"
	"strconv"
)

// message is what requests and responses have in common.
type message struct {
	Head
	Body   []byte
	chunks chunks
}

// whole takes the body that follows a head of n bytes, and says how long both
// are; 0 if it has not come whole.
func (m *message) whole(b []byte, n int) (int, error) {
	body, k, err := m.body(b[n:], &m.chunks)
	if k < 0 && err == nil {
		return 0, nil
	}
	m.chunks = chunks{}
	if err != nil {
		return 0, err
	}
	m.Body = body
	return n + k, nil
}

// body returns the body that begins b, and how long it is with its framing; n
// is -1 if it has not come whole yet. A chunked body is joined in place, and
// only once it is whole.
func (h *Head) body(b []byte, c *chunks) (body []byte, n int, err error) {
	if h.chunked {
		if n, err = c.look(b); err != nil || n < 0 {
			return nil, n, err
		}
		return c.join(b), n, nil
	}
	size := max(h.length, 0)
	if size > MostBody {
		return nil, 0, bad(http.StatusRequestEntityTooLarge, "the body is %d bytes long; at most %d are taken", size, MostBody)
	}
	if int64(len(b)) < size {
		return nil, -1, nil
	}
	return b[:size], int(size), nil
}

// chunks is how much of a chunked body was looked at, so that what comes in many
// pieces is looked at once.
type chunks struct {
	at       int // what is before is whole chunks
	size     int // bytes in them
	trailers bool
}

// look returns how long the chunked body is that begins b; -1 if it has not come
// whole yet. Then it is called again with the same and more.
func (c *chunks) look(b []byte) (n int, err error) {
	if c.at > len(b) {
		*c = chunks{} // it is another body
	}
	for !c.trailers {
		l, next, err := framing(b, c.at)
		if err != nil || next < 0 {
			return next, err
		}
		k, err := chunkSize(l)
		switch {
		case err != nil:
			return 0, err
		case k == 0:
			c.at, c.trailers = next, true
			continue
		case c.size+k > MostBody:
			return 0, bad(http.StatusRequestEntityTooLarge, "the body is longer than %d bytes", MostBody)
		case len(b) < next+k+2:
			return -1, nil
		case b[next+k] != '\r' || b[next+k+1] != '\n':
			return 0, bad(http.StatusBadRequest, "a chunk is not as long as it says")
		}
		c.at, c.size = next+k+2, c.size+k
	}
	for {
		l, next, err := framing(b, c.at)
		if err != nil || next < 0 {
			return next, err
		}
		if c.at = next; len(l) == 0 {
			return next, nil
		}
	}
}

// join moves the chunks of a body that is whole together, to where it begins.
func (c *chunks) join(b []byte) []byte {
	body := b[:0]
	for at := 0; len(body) < c.size; {
		l, next, _ := framing(b, at) // was looked at before
		k, _ := chunkSize(l)
		body = append(body, b[next:next+k]...)
		at = next + k + 2
	}
	return body
}

// framing cuts the line off b that begins at a place; next is behind it, and -1
// if it has not come whole yet.
func framing(b []byte, at int) (l []byte, next int, err error) {
	i := bytes.IndexByte(b[at:], '\n')
	switch {
	case i > mostFraming || i < 0 && len(b)-at > mostFraming:
		return nil, 0, bad(http.StatusBadRequest, "a line between chunks or behind them is longer than %d bytes", mostFraming)
	case i < 0 && len(b) > mostFramed, at > mostFramed:
		return nil, 0, bad(http.StatusRequestEntityTooLarge, "a chunked body is longer than %d bytes with its framing", mostFramed)
	case i < 0:
		return nil, -1, nil
	}
	l, _, err = line(b[at:])
	return l, at + i + 1, err
}

// mostFraming is how long a line with the size of a chunk or a trailer may be.
const mostFraming = 4 << 10

// chunkSize reads the line that begins a chunk: 1 to 8 hexadecimal digits, and
// extensions that are not looked at.
func chunkSize(l []byte) (int, error) {
	digits, _, _ := bytes.Cut(l, []byte(";"))
	digits = bytes.Trim(digits, " \t")
	for _, c := range digits {
		if notHex[c] != 0 {
			digits = nil
			break
		}
	}
	n, err := strconv.ParseUint(string(digits), 16, 31)
	if err != nil {
		return 0, bad(http.StatusBadRequest, "%.200q is no chunk size", l)
	}
	return int(n), nil
}
