package http1

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

const chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

// What a sender goes on with for ever is refused when it is longer than any
// message may be, however it is cut up: nothing grows beyond that.
func TestNothingIsWithoutEnd(t *testing.T) {
	for _, c := range []struct {
		what, begin, again string
		status             int
	}{
		{"a head", "POST / HTTP/1.1\r\n", "A: b\r\n", http.StatusRequestHeaderFieldsTooLarge},
		{"a field", "POST / HTTP/1.1\r\nA: ", "bbbbbbbb", http.StatusRequestHeaderFieldsTooLarge},
		{"chunks", chunked, "1\r\nx\r\n", http.StatusRequestEntityTooLarge},
		{"chunks with extensions", chunked, "1;" + strings.Repeat("e", 1000) + "\r\nx\r\n", http.StatusRequestEntityTooLarge},
		{"an extension", chunked + "1;", "eeeeeeee", http.StatusBadRequest},
		{"trailers", chunked + "0\r\n", "A: b\r\n", http.StatusRequestEntityTooLarge},
		{"a trailer", chunked + "0\r\nA: ", "bbbbbbbb", http.StatusBadRequest},
	} {
		var r Request
		var err error
		b := []byte(c.begin)
		for err == nil && len(b) < 2*mostFramed {
			for range 1000 {
				b = append(b, c.again...)
			}
			var n int
			if n, err = r.Read(b); n != 0 {
				t.Fatalf("%s without end has one after %d bytes", c.what, n)
			}
		}
		var broken *Error
		if !errors.As(err, &broken) || broken.Status != c.status {
			t.Errorf("%s without end is answered %v after %d bytes, want %d", c.what, err, len(b), c.status)
		}
	}
}

// What comes in many pieces costs as much as what comes at once: each byte is
// looked at once, and nothing is kept but how far that is.
func TestPiecesOfChunksAreLookedAtOnce(t *testing.T) {
	whole := []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1\r\nx\r\n", 100_000) + "0\r\nA: b\r\n\r\n")
	var r Response
	took := testing.AllocsPerRun(1, func() {
		r = Response{}
		for n := 0; n < len(whole); n++ {
			if n%100 == 0 {
				if k, err := r.Read(whole[:n], false); k != 0 || err != nil {
					t.Fatal(n, k, err)
				}
			}
		}
	})
	if n, err := r.Read(whole, false); n != len(whole) || err != nil || string(r.Body) != strings.Repeat("x", 100_000) {
		t.Errorf("%d of %d, %v, a body of %d bytes", n, len(whole), err, len(r.Body))
	}
	if took > 10 {
		t.Errorf("%v times something was allocated", took)
	}
}

// The size of a chunk is hexadecimal digits and nothing else.
func TestChunkSizes(t *testing.T) {
	for size, want := range map[string]bool{"2": true, "02": true, "2;x=y": true, "2 ; x": true, "": false, "+2": false, "0x2": false, "2_0": false, "-2": false, "2 2": false, "ffffffffffffffff": false, ";x": false} {
		var r Request
		n, err := r.Read([]byte(chunked + size + "\r\nok\r\n0\r\n\r\n"))
		if got := err == nil && n > 0 && string(r.Body) == "ok"; got != want {
			t.Errorf("%q: %d, %v, body %q", size, n, err, r.Body)
		}
	}
}
