package http1

import (
	"bytes"
	"net/http"
	"strconv"
)

// body returns the body that begins b, and how long it is with its framing; n
// is -1 if it has not come whole yet. A chunked body is joined in place, and
// only once it is whole.
func (h *Head) body(b []byte) (body []byte, n int, err error) {
	if h.chunked {
		return dechunk(b)
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

// dechunk joins the chunks that begin b.
func dechunk(b []byte) (body []byte, n int, err error) {
	var ends [][2]int
	at, size := 0, 0
	for {
		l, next, err := framing(b, at)
		if err != nil || next < 0 {
			return nil, next, err
		}
		k, err := chunkSize(l)
		if err != nil {
			return nil, 0, err
		}
		at = next
		if k == 0 {
			break
		}
		if size += k; size > MostBody {
			return nil, 0, bad(http.StatusRequestEntityTooLarge, "the body is longer than %d bytes", MostBody)
		}
		if len(b) < at+k+2 {
			return nil, -1, nil
		}
		if b[at+k] != '\r' || b[at+k+1] != '\n' {
			return nil, 0, bad(http.StatusBadRequest, "a chunk is not as long as it says")
		}
		ends = append(ends, [2]int{at, at + k})
		at += k + 2
	}
	for { // trailers
		l, next, err := framing(b, at)
		if err != nil || next < 0 {
			return nil, next, err
		}
		if at = next; len(l) == 0 {
			break
		}
	}
	for _, e := range ends {
		body = append(b[:len(body)], b[e[0]:e[1]]...)
	}
	return body, at, nil
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
