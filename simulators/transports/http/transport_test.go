package httptransport

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/transports/transporttest"
)

func TestConformance(t *testing.T) {
	transporttest.Run(t, func(t *testing.T) transporttest.Pair {
		b := open(t, Config{})
		return transporttest.Pair{A: open(t, Config{To: b.URL()}), B: b}
	})
}

func open(t testing.TB, c Config) *Transport {
	t.Helper()
	tr, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tr.Close() })
	return tr
}

// serve serves until the test ends.
func serve(t testing.TB, c Config, receive simulators.Receiver) *Transport {
	t.Helper()
	tr := open(t, c)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- tr.Serve(ctx, receive) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return tr
}

func created(context.Context, simulators.Message) (simulators.Message, error) {
	return simulators.Message{Header: map[string]string{"Content-Type": "application/json"}, Body: []byte(`{"outcome":"applied","documents":["1"]}`), Result: simulators.Result{Status: 201}}, nil
}

func TestRequestBecomesMessage(t *testing.T) {
	got := make(chan simulators.Message, 1)
	tr := serve(t, Config{Keep: []string{"fact-id"}}, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
		got <- m
		return created(ctx, m)
	})
	for _, c := range []struct {
		request, verb, name string
		params              map[string]string
	}{
		{"POST /confirmations", "post", "confirmations", nil},
		{"GET /orders/A%2FB%2C%201", "get", "orders/A%2FB%2C%201", nil},
		{"GET /orders/A%2fB%2c%201", "get", "orders/A%2FB%2C%201", nil},
		{"GET /%6frders/%C3%84", "get", "orders/%C3%84", nil},
		{"GET /postings?reference=confirmation%2F1%2F2&x=", "get", "postings", map[string]string{"reference": "confirmation/1/2", "x": ""}},
		{"HEAD /health", "get", "health", nil},
		{"DELETE /orders/1", "delete", "orders/1", nil},
		{"POST /", "post", "", nil},
	} {
		t.Run(c.request, func(t *testing.T) {
			head := c.request + " HTTP/1.1\r\nHost: x\r\nidempotency-key: k1\r\nauthorization: Bearer b\r\nx-fact-id: f\r\nfact-id: g\r\n" +
				"if-match: e\r\ntraceparent: 00-1\r\ncookie: no\r\nuser-agent: no\r\naccept: no\r\nContent-Length: 4\r\n\r\nbody"
			resp, err := raw(t, tr, head)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != 201 || resp.Header.Get("Content-Type") != "application/json" {
				t.Errorf("reply %d %v", resp.StatusCode, resp.Header)
			}
			m := <-got
			if m.Verb != c.verb || m.Name != c.name || string(m.Body) != "body" || !maps.Equal(m.Params, c.params) {
				t.Errorf("got %q %q %v %q", m.Verb, m.Name, m.Params, m.Body)
			}
			want := map[string]string{"Idempotency-Key": "k1", "Authorization": "Bearer b", "X-Fact-Id": "f", "Fact-Id": "g", "If-Match": "e", "Traceparent": "00-1"}
			if !maps.Equal(m.Header, want) {
				t.Errorf("header %v, want %v", m.Header, want)
			}
		})
	}
}

// raw sends bytes and reads what comes back.
func raw(t *testing.T, tr *Transport, request string) (*http.Response, error) {
	t.Helper()
	conn, err := net.Dial("tcp", tr.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, request); err != nil {
		return nil, err
	}
	return http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: strings.Fields(request)[0]})
}

func TestTooLarge(t *testing.T) {
	unread := make(chan *simulators.Unread, 1)
	tr := serve(t, Config{MaxBody: 1000}, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
		if len(m.Body) > 1000 || m.Unread != nil && m.Body != nil || m.Name != "x" {
			t.Errorf("%s with %d bytes was handed on", m.Name, len(m.Body))
		}
		unread <- m.Unread
		if m.Unread == nil {
			return created(ctx, m)
		}
		return simulators.Message{Body: []byte(m.Unread.Refusal.Code), Result: simulators.Result{Status: 413}}, nil
	})
	chunk := fmt.Sprintf("%x\r\n%s\r\n", 900, strings.Repeat("x", 900))
	for _, c := range []struct {
		name, request string
		want          int
		size          int64
	}{
		// Only the head is sent: the reply cannot have waited for the body.
		{"announced", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n", 413, 104857600},
		{"chunked", "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk, 413, 1001},
		{"as large as may be", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + strings.Repeat("x", 1000), 201, 0},
		{"chunked, as large as may be", "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + "0\r\n\r\n", 201, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, err := raw(t, tr, c.request)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if resp.StatusCode != c.want || err != nil {
				t.Errorf("status %d, want %d (%s, %v)", resp.StatusCode, c.want, body, err)
			}
			u := <-unread
			switch {
			case c.want == 201 && u == nil:
			case u == nil || u.Bytes != c.size || u.Refusal.Code != "too-large":
				t.Errorf("handed on as %+v, want %d bytes too large", u, c.size)
			case !resp.Close || string(body) != "too-large":
				t.Errorf("the connection goes on (%t), or the answer is not the receiver's: %s", !resp.Close, body)
			}
		})
	}
}

// TestBrokenOff ends a connection in the middle of a body.
func TestBrokenOff(t *testing.T) {
	got := make(chan simulators.Message, 1)
	tr := serve(t, Config{}, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
		got <- m
		return created(ctx, m)
	})
	conn, err := net.Dial("tcp", tr.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(conn, "POST /confirmations HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
	_ = conn.(*net.TCPConn).CloseWrite()
	if err != nil {
		t.Fatal(err)
	}
	m := <-got
	if m.Unread == nil || m.Unread.Bytes != 4 || m.Unread.Refusal.Outcome != simulators.Undelivered || m.Body != nil || m.Name != "confirmations" {
		t.Errorf("handed on as %+v, %+v", m, m.Unread)
	}
	if b, err := io.ReadAll(conn); len(b) > 0 || err == nil {
		t.Errorf("answered %q, %v; want a reset", b, err)
	}
}

func TestLostRepliesAreFelt(t *testing.T) {
	symptom := make(chan simulators.LostError, 1)
	tr := serve(t, Config{}, func(context.Context, simulators.Message) (simulators.Message, error) {
		e := <-symptom
		return simulators.Message{}, fmt.Errorf("carry: %w", &e)
	})
	post := "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"
	t.Run("reset", func(t *testing.T) {
		symptom <- simulators.LostError{Symptom: simulators.Reset}
		if _, err := raw(t, tr, post); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v, want a connection reset", err)
		}
	})
	t.Run("gateway", func(t *testing.T) {
		symptom <- simulators.LostError{Symptom: simulators.Gateway}
		resp, err := raw(t, tr, post)
		if err != nil || resp.StatusCode != 502 || resp.Header.Get("Content-Type") != "text/html" {
			t.Errorf("%+v, %v", resp, err)
		}
	})
	t.Run("hang ends with the sender's patience", func(t *testing.T) {
		symptom <- simulators.LostError{Symptom: simulators.Hang}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, "POST", tr.URL()+"/x", strings.NewReader("x"))
		_, err := http.DefaultClient.Do(req)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the sender's own timeout", err)
		}
	})
	t.Run("hang ends with a reset", func(t *testing.T) {
		symptom <- simulators.LostError{Symptom: simulators.Hang, After: 20 * time.Millisecond}
		if _, err := raw(t, tr, post); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v, want a connection reset", err)
		}
	})
}

func TestReceiverFails(t *testing.T) {
	tr := serve(t, Config{}, func(context.Context, simulators.Message) (simulators.Message, error) {
		return simulators.Message{}, errors.New("the journal's disk is full")
	})
	resp, err := raw(t, tr, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
	if err != nil || resp.StatusCode != 500 {
		t.Fatalf("%+v, %v", resp, err)
	}
	if b, _ := io.ReadAll(resp.Body); !strings.Contains(string(b), "the rig") || !strings.Contains(string(b), "disk is full") {
		t.Errorf("the SUT would be blamed: %s", b)
	}
}

func TestRetryAfterAsDate(t *testing.T) {
	tr := serve(t, Config{}, func(context.Context, simulators.Message) (simulators.Message, error) {
		return simulators.Message{Header: map[string]string{"Retry-After": "date"}, Result: simulators.Result{Status: 429, RetryAfter: 90 * time.Second}}, nil
	})
	before := time.Now()
	resp, err := raw(t, tr, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	at, err := http.ParseTime(resp.Header.Get("Retry-After"))
	if wait := at.Sub(before); err != nil || wait < 90*time.Second || wait > 100*time.Second {
		t.Errorf("Retry-After %q: %s, %v", resp.Header.Get("Retry-After"), wait, err)
	}
}

func TestSendUnderstandsReplies(t *testing.T) {
	in := time.Now().Add(30 * time.Second).UTC().Format(http.TimeFormat)
	for _, c := range []struct {
		name  string
		reply string // raw; "" closes the connection
		want  simulators.Result
		text  string
	}{
		{"taken", "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", simulators.Result{Outcome: simulators.Accepted, Status: 202}, ""},
		{"problem", "HTTP/1.1 422 x\r\nContent-Type: application/problem+json\r\nContent-Length: 72\r\n\r\n" + `{"title":"lot-expired","detail":"lot L-7","class":"business","code":"c"}` + " ",
			simulators.Result{Outcome: simulators.Refused, Class: simulators.Business, Code: "c", Status: 422}, "lot L-7"},
		{"problem that is none", "HTTP/1.1 400 x\r\nContent-Type: application/problem+json\r\nContent-Length: 3\r\n\r\n<x>", simulators.Result{Outcome: simulators.Refused, Class: simulators.DataQuality, Status: 400}, "400"},
		{"text", "HTTP/1.1 404 x\r\nContent-Length: 9\r\n\r\nnot there", simulators.Result{Outcome: simulators.Refused, Class: simulators.DataQuality, Status: 404}, "not there"},
		{"redirect", "HTTP/1.1 307 x\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", simulators.Result{Outcome: simulators.Refused, Class: simulators.Technical, Status: 307}, "/elsewhere"},
		{"locked", "HTTP/1.1 423 x\r\nContent-Length: 0\r\n\r\n", simulators.Result{Outcome: simulators.Locked, Class: simulators.Technical, Status: 423}, ""},
		{"throttled until", "HTTP/1.1 429 x\r\nRetry-After: " + in + "\r\nContent-Length: 0\r\n\r\n", simulators.Result{Outcome: simulators.Throttled, Class: simulators.Technical, Status: 429, RetryAfter: -1}, ""},
		{"throttled, nonsense", "HTTP/1.1 429 x\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", simulators.Result{Outcome: simulators.Throttled, Class: simulators.Technical, Status: 429}, ""},
		{"throttled, long ago", "HTTP/1.1 429 x\r\nRetry-After: Mon, 02 Jan 2006 15:04:05 GMT\r\nContent-Length: 0\r\n\r\n", simulators.Result{Outcome: simulators.Throttled, Class: simulators.Technical, Status: 429}, ""},
		{"bad gateway", "HTTP/1.1 502 x\r\nContent-Length: 0\r\n\r\n", simulators.Result{Outcome: simulators.Unknown, Status: 502}, "502"},
		{"garbage", "I am not HTTP\r\n\r\n", simulators.Result{Outcome: simulators.Unknown}, "malformed HTTP"},
		{"cut", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", simulators.Result{Outcome: simulators.Unknown}, "unexpected EOF"},
		{"nothing", "", simulators.Result{Outcome: simulators.Unknown}, "EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := open(t, Config{To: "http://" + answering(t, c.reply)})
			reply, err := tr.Send(t.Context(), simulators.Message{Verb: "post", Name: "orders", Header: map[string]string{"Idempotency-Key": "k"}, Body: []byte("x")})
			if err != nil {
				t.Fatal(err)
			}
			got := reply.Result
			if !strings.Contains(got.Text, c.text) {
				t.Errorf("text %q does not say %q", got.Text, c.text)
			}
			if c.want.RetryAfter < 0 && got.RetryAfter > 20*time.Second && got.RetryAfter <= 30*time.Second {
				got.RetryAfter = c.want.RetryAfter
			}
			got.Text = ""
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// answering listens for requests and gives each connection one raw answer. It
// fails the test if a request is sent twice.
func answering(t *testing.T, reply string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for n := 1; ; n++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if n > 1 {
				t.Error("the message was sent again behind the journal's back")
			}
			req, err := http.ReadRequest(bufio.NewReader(conn))
			if err == nil {
				_, _ = io.Copy(io.Discard, req.Body)
				_, _ = io.WriteString(conn, reply)
			}
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

func TestSendDoesNotFollowOrSwallow(t *testing.T) {
	sut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(make([]byte, 3*maxReply))
	}))
	defer sut.Close()
	tr := open(t, Config{To: sut.URL + "/erp/"})
	reply, err := tr.Send(t.Context(), simulators.Message{Verb: "get", Name: "health", Params: map[string]string{"a": "b c"}})
	if err != nil || len(reply.Body) != maxReply {
		t.Errorf("%d bytes, %v; want %d", len(reply.Body), err, maxReply)
	}
}

func TestSendUndelivered(t *testing.T) {
	gone := open(t, Config{})
	url := gone.URL()
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	tr := open(t, Config{To: url})
	reply, err := tr.Send(t.Context(), simulators.Message{Verb: "post", Name: "orders"})
	if err != nil || reply.Result.Outcome != simulators.Undelivered || !strings.Contains(reply.Result.Text, "refused") {
		t.Errorf("%+v, %v", reply.Result, err)
	}
}

func TestSendTimesOut(t *testing.T) {
	hold := make(chan struct{})
	sut := serve(t, Config{}, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
		<-hold
		return created(ctx, m)
	})
	defer close(hold)
	tr := open(t, Config{To: sut.URL(), Timeout: 30 * time.Millisecond})
	reply, err := tr.Send(t.Context(), simulators.Message{Verb: "post", Name: "orders"})
	if err != nil || reply.Result.Outcome != simulators.Unknown || !strings.Contains(reply.Result.Text, "deadline") {
		t.Errorf("%+v, %v", reply.Result, err)
	}
}

func TestNewRefuses(t *testing.T) {
	taken := open(t, Config{})
	for _, c := range []struct {
		name   string
		config Config
		want   string
	}{
		{"port in use", Config{Listen: taken.listener.Addr().String()}, "another program has this port"},
		{"no such address", Config{Listen: "203.0.113.7:0"}, "no such address"},
		{"not an address", Config{Listen: "8080"}, "not a host:port"},
		{"webhook without scheme", Config{To: "127.0.0.1:8080/erp"}, "not an http or https URL"},
		{"webhook to a file", Config{To: "file:///tmp/x"}, "not an http or https URL"},
	} {
		if _, err := New(c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := taken.Send(t.Context(), simulators.Message{Name: "orders"}); err == nil {
		t.Error("a message was sent nowhere")
	}
}

func TestServeOnce(t *testing.T) {
	tr := serve(t, Config{}, created)
	if _, err := raw(t, tr, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := tr.Serve(t.Context(), created); err == nil {
		t.Error("served twice")
	}
}

func FuzzName(f *testing.F) {
	f.Add("orders/A%2FB")
	f.Add("%zz//%6f")
	f.Fuzz(func(t *testing.T, path string) {
		r, err := http.NewRequest("GET", "http://x/"+path, nil)
		if err != nil {
			return
		}
		once := name(r.URL)
		r, err = http.NewRequest("GET", "http://x/"+once, nil)
		if err != nil {
			t.Fatalf("%q became %q: %v", path, once, err)
		}
		if twice := name(r.URL); twice != once {
			t.Fatalf("%q, then %q", once, twice)
		}
	})
}

var payload = strings.Repeat("x", 1200)

func BenchmarkServe(b *testing.B) {
	b.Run("transport", func(b *testing.B) {
		load(b, serve(b, Config{}, created).listener.Addr().String())
	})
	b.Run("net-http", func(b *testing.B) {
		reply := []byte(`{"outcome":"applied","documents":["1"]}`)
		plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(201)
			_, _ = w.Write(reply)
		}))
		defer plain.Close()
		load(b, plain.Listener.Addr().String())
	})
}

// load posts over kept connections with as little work of its own as can be,
// so that what is measured is the server.
func load(b *testing.B, address string) {
	request := []byte("POST /confirmations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: k1\r\n" +
		"Authorization: Bearer abc\r\nContent-Length: 1200\r\n\r\n" + payload)
	b.SetParallelism(8)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close()
		in := make([]byte, 4096)
		for pb.Next() {
			if _, err := conn.Write(request); err != nil {
				b.Error(err)
				return
			}
			n, err := conn.Read(in)
			if err != nil || !strings.HasPrefix(string(in[:min(n, 12)]), "HTTP/1.1 201") {
				b.Errorf("%q, %v", in[:n], err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}
