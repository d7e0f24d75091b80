package http1

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
)

const fine = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"

func FuzzReadRequest(f *testing.F) {
	for _, s := range []string{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok", "GET /a?b HTTP/1.1\r\nhost:x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "\r\n\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var whole, part Request
		n, err := whole.Read(slices.Clone(b))
		if err != nil || n == 0 {
			return
		}
		if n > len(b) || len(whole.Body) > n {
			t.Fatalf("%d of %d bytes", n, len(b))
		}
		if ref, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b[:n]))); err == nil { // what both take, both understand alike
			if body, err := io.ReadAll(ref.Body); err == nil && !bytes.Equal(body, whole.Body) {
				t.Fatalf("the body is %q, for net/http %q", whole.Body, body)
			}
		}
		for cut := range n { // and half of it is not a Request
			if cut > 512 && cut < n-64 { // of a long body any cut is like the next
				continue
			}
			if k, err := part.Read(slices.Clone(b[:cut])); err == nil && k != 0 {
				t.Fatalf("%d of %d bytes are a request", cut, n)
			}
		}
		if k, err := part.Read(slices.Clone(b)); err != nil || k != n || !bytes.Equal(part.Body, whole.Body) {
			t.Fatalf("bit by bit it is %q of %d bytes (%v), at once %q of %d", part.Body, k, err, whole.Body, n)
		}
	})
}

func FuzzReadResponse(f *testing.F) {
	for _, s := range []string{fine, "HTTP/1.1 100 x\r\n\r\n" + fine, "HTTP/1.1 200 OK\r\n\r\nrest"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, over := range []bool{false, true} {
			var r Response
			if n, err := r.Read(slices.Clone(b), over); n > len(b) || err != nil && n > 0 {
				t.Fatal(fmt.Sprint(n, err))
			}
		}
	})
}
