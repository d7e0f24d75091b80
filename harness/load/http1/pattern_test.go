package http1

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// pump is a head as a build that forwards everything sends it.
func pump(key, event string) string {
	return "POST /erp/confirmations HTTP/1.1\r\nHost: erp\r\nAuthorization: Bearer t0ken\r\nIdempotency-Key: " + key + "\r\nAndon-Event: " + event + "\r\nContent-Length: 2\r\n\r\nok"
}

// shown is everything that a request says.
func shown(r *Request) string {
	return fmt.Sprintf("%s %s %q key %q auth %q %d %v %v %v", r.Method, r.Target, r.Body, r.Key, r.Auth, r.length, r.chunked, r.Close, r.Expect)
}

// Whoever remembers the last head reads the next one as who does not.
func TestRememberedHeadsChangeNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	key := func() string {
		a, b := r.Uint64(), r.Uint64()
		return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", uint32(a), uint16(a>>32), uint16(a>>48), uint16(b), b>>16)
	}
	var remembers Request
	fast := 0
	for range 20_000 {
		b := []byte(pump(key(), key()))
		switch r.IntN(8) {
		case 0: // a byte is another
			b[r.IntN(len(b))] = byte(r.IntN(256))
		case 1: // one is missing
			i := r.IntN(len(b))
			b = slices.Delete(b, i, i+1)
		case 2:
			b = []byte(pump("of-the-build", key()))
		case 3:
			b = bytes.Replace(b, []byte("Length: 2\r\n\r\nok"), []byte("Length: 10\r\n\r\n0123456789"), 1)
		case 4:
			b = bytes.Replace(b, []byte("Length: 2\r\n\r\nok"), fmt.Appendf(nil, "Length: %d\r\n\r\n0123456789", r.IntN(12)), 1) // with more or less behind it
		case 5:
			if r.IntN(10) == 0 {
				b = bytes.Replace(b, []byte("Host"), fmt.Appendf(nil, "Content-Length: %d\r\nHost", 1+r.IntN(2)), 1)
			}
		}
		if remembers.likes[0].fits(b) || remembers.likes[1].fits(b) {
			fast++
		}
		var forgets Request
		n, err := forgets.Read(slices.Clone(b))
		k, kerr := remembers.Read(slices.Clone(b))
		if n != k || fmt.Sprint(err) != fmt.Sprint(kerr) || n > 0 && shown(&forgets) != shown(&remembers) {
			t.Fatalf("%q is\n%d %v %s\nand to who remembers\n%d %v %s", b, n, err, shown(&forgets), k, kerr, shown(&remembers))
		}
		if err != nil || n == 0 {
			remembers = Request{}
		}
	}
	if fast < 6_000 {
		t.Errorf("only %d heads were like the last", fast)
	}
}

// Bodies of three and of four digits come in any order.
func TestLengthsMayDiffer(t *testing.T) {
	const key = "deadbeef-dead-8eef-adbe-efdeadbeefde"
	r := rand.New(rand.NewPCG(5, 6))
	var q Request
	read := 0
	for range 1000 {
		body := strings.Repeat("x", 950+r.IntN(100))
		b := []byte(strings.Replace(pump(key, key), "Length: 2\r\n\r\nok", fmt.Sprintf("Length: %d\r\n\r\n%s", len(body), body), 1))
		if !q.likes[0].fits(b) && !q.likes[1].fits(b) {
			read++
		}
		if n, err := q.Read(b); n != len(b) || err != nil || string(q.Body) != body {
			t.Fatalf("read %d of %d with a body of %d: %v", n, len(b), len(q.Body), err)
		}
	}
	if read > 2 {
		t.Errorf("%d heads were taken apart, and two are enough", read)
	}
}

func TestRememberedAnswersChangeNothing(t *testing.T) {
	answers := []string{fine, fine, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno", "HTTP/1.1 201 Created\r\nContent-Length: 12\r\n\r\n012345678901",
		"HTTP/1.1 100 Continue\r\n\r\n" + fine, "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 2OO OK\r\nContent-Length: 2\r\n\r\nok", fine[:len(fine)-4]}
	var remembers Response
	r := rand.New(rand.NewPCG(3, 4))
	for range 10_000 {
		text := answers[r.IntN(len(answers))]
		if r.IntN(3) == 0 {
			text = text[:r.IntN(len(text)+1)] + strings.Repeat("x", r.IntN(2)) + text
		}
		var forgets Response
		n, err := forgets.Read([]byte(text), false)
		k, kerr := remembers.Read([]byte(text), false)
		if n != k || fmt.Sprint(err) != fmt.Sprint(kerr) || n > 0 && (forgets.Status != remembers.Status || !bytes.Equal(forgets.Body, remembers.Body) || forgets.Close != remembers.Close) {
			t.Fatalf("%q is %d %v %+v, and to who remembers %d %v %+v", text, n, err, forgets, k, kerr, remembers)
		}
		if err == nil && n == 0 {
			remembers = Response{} // more of the same would follow
		}
	}
}
