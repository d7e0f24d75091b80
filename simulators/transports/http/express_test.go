package httptransport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
)

const usual = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"

// talk sends requests one after another over one connection.
type talk struct {
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, tr *Transport) *talk {
	t.Helper()
	c, err := net.Dial("tcp", tr.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return &talk{c, bufio.NewReader(c)}
}

func (c *talk) say(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

func (c *talk) hear(t *testing.T, method string) (*http.Response, string) {
	t.Helper()
	resp, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// TestExpressAnswersAsNetHTTP has every kind of reply told on both ways.
func TestExpressAnswersAsNetHTTP(t *testing.T) {
	type header = map[string]string
	for name, reply := range map[string]simulators.Message{
		"created":           {Header: header{"Content-Type": "application/json"}, Body: []byte(`{"a":1}`), Result: simulators.Result{Status: 201}},
		"nothing":           {},
		"no type":           {Body: []byte("<html>"), Result: simulators.Result{Status: 200}},
		"no content":        {Header: header{"Etag": `W/"1"`}, Result: simulators.Result{Status: 204}},
		"not modified":      {Header: header{"Content-Type": "a/b", "Etag": "1"}, Body: []byte("x"), Result: simulators.Result{Status: 304}},
		"several":           {Header: header{"X-B": "2", "X-A": "1", "Www-Authenticate": "Bearer error=\"x\"", "Location": "/a"}, Body: []byte("no"), Result: simulators.Result{Status: 401}},
		"a line in a value": {Header: header{"X-A": " 1\r\nX-B: 2 "}, Result: simulators.Result{Status: 422}},
		"a date":            {Header: header{"Retry-After": string(simulators.RetryDate)}, Result: simulators.Result{Status: 429, RetryAfter: time.Hour}},
		"no status":         {Result: simulators.Result{Status: 7}},
		"an odd status":     {Result: simulators.Result{Status: 423}, Body: []byte("locked")},
	} {
		t.Run(name, func(t *testing.T) {
			tr := serve(t, Config{}, func(context.Context, simulators.Message) (simulators.Message, error) { return reply, nil })
			var told [2]string
			var bodies [2]string
			for i, more := range []string{"", "Te: trailers\r\n"} { // with which an express hands over
				c := dial(t, tr)
				c.say(t, strings.Replace(usual, "Host", more+"Host", 1))
				resp, body := c.hear(t, "POST")
				if resp.Header.Get("Date") == "" {
					t.Error("there is no Date")
				}
				resp.Header.Del("Date")
				if resp.Header.Get("Retry-After") != "" {
					resp.Header.Set("Retry-After", "later")
				}
				var b bytes.Buffer
				_ = resp.Header.Write(&b) // sorts
				told[i], bodies[i] = resp.Status+"\n"+b.String(), body
			}
			if told[0] != told[1] || bodies[0] != bodies[1] {
				t.Errorf("express:\n%s%s\nnet/http:\n%s%s", told[0], bodies[0], told[1], bodies[1])
			}
		})
	}
}

func (r *riders) number() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.conns)
}

// TestExpressHandsOver has what is unusual answered on the same connection, and
// what follows it.
func TestExpressHandsOver(t *testing.T) {
	for name, odd := range map[string]string{
		"chunked":      "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		"escaped":      "GET /a%2Fb HTTP/1.1\r\nHost: x\r\n\r\n",
		"asked":        "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n",
		"head":         "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n",
		"folded twice": "POST /a HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 2\r\n\r\nok",
		"large":        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n" + strings.Repeat("x", 20000),
		"usual":        usual,
	} {
		t.Run(name, func(t *testing.T) {
			var seen []simulators.Message
			tr := serve(t, Config{}, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
				seen = append(seen, m)
				return created(ctx, m)
			})
			c := dial(t, tr)
			for i, request := range []string{usual, odd, usual} {
				c.say(t, request)
				if resp, _ := c.hear(t, strings.Fields(request)[0]); resp.StatusCode != 201 {
					t.Errorf("answered %s", resp.Status)
				}
				if express := i == 0 || odd == usual; tr.riders.number() != 1 && express || tr.riders.number() != 0 && !express {
					t.Errorf("%d connections are served by an express after request %d", tr.riders.number(), i+1)
				}
			}
			if len(seen) != 3 || string(seen[0].Body) != "ok" || string(seen[2].Body) != "ok" || seen[0].Name != seen[2].Name || !maps.Equal(seen[0].Header, seen[2].Header) {
				t.Errorf("heard %+v", seen)
			}
			if tr.Connections() != 1 {
				t.Errorf("%d connections are open", tr.Connections())
			}
		})
	}
}

// TestExpressReadsInPieces has requests come byte by byte, and two at once.
func TestExpressReadsInPieces(t *testing.T) {
	tr := serve(t, Config{}, created)
	c := dial(t, tr)
	c.say(t, usual+usual)
	c.hear(t, "POST")
	c.hear(t, "POST")
	for i := range usual {
		c.say(t, usual[i:i+1])
	}
	c.hear(t, "POST")
	c.say(t, usual+usual[:30])
	c.hear(t, "POST")
	c.say(t, usual[30:])
	c.hear(t, "POST")
}

// TestExpressNoticesWhoGoes has senders give up while they are not answered, and
// others that stay and send on.
func TestExpressNoticesWhoGoes(t *testing.T) {
	began, gone := make(chan bool), make(chan error, 1)
	tr := serve(t, Config{}, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
		if m.Name != "wait" {
			return created(ctx, m)
		}
		began <- true
		select {
		case <-ctx.Done():
			gone <- ctx.Err()
			return simulators.Message{}, ctx.Err()
		case <-began:
			gone <- nil
			return created(ctx, m)
		}
	})
	wait := strings.Replace(usual, "/a", "/wait", 1)
	c := dial(t, tr)
	c.say(t, usual)
	c.hear(t, "POST")
	c.say(t, wait)
	<-began
	_ = c.Close()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v of a sender that has gone", err)
	}
	c = dial(t, tr)
	c.say(t, wait)
	<-began
	c.say(t, usual)
	began <- true
	if err := <-gone; err != nil {
		t.Errorf("got %v of a sender that has sent on", err)
	}
	for range 2 {
		if resp, _ := c.hear(t, "POST"); resp.StatusCode != 201 {
			t.Errorf("answered %s", resp.Status)
		}
	}
}

func TestExpressSurvivesAPanic(t *testing.T) {
	tr := serve(t, Config{}, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
		if m.Name == "panic" {
			panic("here")
		}
		return created(ctx, m)
	})
	c := dial(t, tr)
	c.say(t, strings.Replace(usual, "/a", "/panic", 1))
	if _, err := c.r.ReadByte(); err == nil {
		t.Error("a panic was answered")
	}
	c = dial(t, tr)
	c.say(t, usual)
	c.hear(t, "POST")
}

// TestExpressEnds has an answer that is under way leave when serving ends, and
// idle connections cut.
func TestExpressEnds(t *testing.T) {
	tr := open(t, Config{})
	began, end := make(chan bool), make(chan bool)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- tr.Serve(ctx, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
			if m.Name == "wait" {
				began <- true
				<-end
			}
			return created(ctx, m)
		})
	}()
	idle, busy := dial(t, tr), dial(t, tr)
	idle.say(t, usual)
	idle.hear(t, "POST")
	busy.say(t, strings.Replace(usual, "/a", "/wait", 1))
	<-began
	stop()
	<-tr.stopping
	close(end)
	if resp, _ := busy.hear(t, "POST"); resp.StatusCode != 201 || !resp.Close {
		t.Errorf("answered %s, and the connection ends: %v", resp.Status, resp.Close)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, c := range []*talk{idle, busy} {
		if _, err := c.r.ReadByte(); err == nil {
			t.Error("something comes after the end")
		}
	}
	if n := tr.Connections(); n != 0 {
		t.Errorf("%d connections are open", n)
	}
}

// FuzzExpress holds what an express takes for usual against net/http.
func FuzzExpress(f *testing.F) {
	f.Add([]byte(usual))
	f.Add([]byte("GET /a/b.c HTTP/1.1\r\nhost: a:1\r\nX-A:\t b \r\n\r\nGET"))
	f.Add([]byte("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok"))
	f.Add([]byte("DELETE / HTTP/1.1\r\nHost: x\r\nConnection: Keep-Alive\r\nAuthorization: Bearer \xff\r\n\r\n"))
	f.Add([]byte("POST //a HTTP/1.1\r\nHost: x\r\n X: y\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		tr := &Transport{config: Config{MaxBody: 1000}}
		x := &express{t: tr}
		m, size, plain := x.plain(b)
		if !plain {
			return
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b)))
		if err != nil {
			t.Fatalf("net/http refuses %q: %v", b, err)
		}
		body, unread := tr.body(r)
		if unread != nil {
			t.Fatalf("net/http does not read %q: %+v", b, unread)
		}
		want := tr.message(r, body)
		if m.Verb != want.Verb || m.Method != want.Method || m.Name != want.Name || !bytes.Equal(m.Body, want.Body) || !maps.Equal(m.Header, want.Header) || len(want.Params) > 0 {
			t.Fatalf("of %q\ngot  %+v\nwant %+v", b, m, want)
		}
		if again, _, plain := x.plain(b[:size]); !plain || !bytes.Equal(again.Body, m.Body) {
			t.Fatalf("%q is not read again", b[:size])
		}
	})
}
