package load

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/internal/race"
)

// rude is a build that is written on bare connections: serve is given each, and
// what comes on it after the first request.
type rude struct {
	serve func(n int64, c net.Conn, r *bufio.Reader)
	l     net.Listener
	conns sync.Map
	wg    sync.WaitGroup
	made  atomic.Int64
}

func (b *rude) Start(context.Context, string) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	b.l = l
	b.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b.conns.Store(c, nil)
			b.wg.Go(func() {
				defer c.Close()
				b.serve(b.made.Add(1), c, bufio.NewReader(c))
			})
		}
	})
	return "http://" + l.Addr().String(), nil
}

func (b *rude) Stop(context.Context) error {
	_ = b.l.Close()
	b.conns.Range(func(c, _ any) bool { _ = c.(net.Conn).Close(); return true })
	b.wg.Wait()
	return nil
}

func (b *rude) Alive() (bool, string)    { return true, "" }
func (b *rude) Usage() (sut.Usage, bool) { return sut.Usage{}, false }

// each reads requests and answers each with what say returns; "" ends it.
func each(say func() string) func(int64, net.Conn, *bufio.Reader) {
	return func(_ int64, c net.Conn, r *bufio.Reader) {
		for {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, req.Body)
			text := say()
			if _, err := io.WriteString(c, text); err != nil || text == "" {
				return
			}
		}
	}
}

const fine = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"

// late is what is counted where no answer came in time.
const late = "no answer in time"

// Whatever a build does at its door is counted and named; nothing hangs.
func TestHostileDoors(t *testing.T) {
	always := func(text string) func(int64, net.Conn, *bufio.Reader) { return each(func() string { return text }) }
	for _, c := range race.Some([]struct {
		what  string
		serve func(int64, net.Conn, *bufio.Reader)
		names string // of the error that must be counted
	}{
		{"stops reading", func(_ int64, c net.Conn, _ *bufio.Reader) { <-time.After(2 * time.Second) }, late},
		{"reads and says nothing", func(_ int64, c net.Conn, r *bufio.Reader) { _, _ = io.Copy(io.Discard, r) }, late},
		{"garbage", always("\x16\x03\x01 what?\r\n\r\n"), "answer is no HTTP/1.1"},
		{"another protocol's version", always("HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"), "answer is no HTTP/1.1"},
		{"a length that is none", always("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), "answer is no HTTP/1.1"},
		{"two lengths", always("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello"), "answer is no HTTP/1.1"},
		{"half an answer", func(_ int64, c net.Conn, r *bufio.Reader) {
			if _, err := http.ReadRequest(r); err == nil {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
			}
		}, "answer broke off"},
		{"half a head", func(_ int64, c net.Conn, r *bufio.Reader) {
			if _, err := http.ReadRequest(r); err == nil {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-")
			}
		}, "answer broke off"},
		{"a head without end", func(_ int64, c net.Conn, r *bufio.Reader) {
			for {
				if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n"+strings.Repeat("A: b\r\n", 1000)); err != nil {
					return
				}
			}
		}, "answer is no HTTP/1.1"},
		{"a body without end", func(_ int64, c net.Conn, r *bufio.Reader) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
			for {
				if _, err := c.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}, "answer is no HTTP/1.1"},
		{"chunks without end", func(_ int64, c net.Conn, r *bufio.Reader) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			for {
				if _, err := io.WriteString(c, strings.Repeat("1\r\nx\r\n", 1000)); err != nil {
					return
				}
			}
		}, "answer is no HTTP/1.1"},
		{"closes at once", func(_ int64, c net.Conn, r *bufio.Reader) { _, _ = http.ReadRequest(r) }, "connection closed before the answer"},
		{"resets", func(_ int64, c net.Conn, r *bufio.Reader) {
			_, _ = r.ReadByte()
			_ = c.(*net.TCPConn).SetLinger(0)
		}, "connection reset"},
		{"answers twice", always(fine + fine), "bytes that nobody asked for"},
		{"is never there for it", always("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"), "throttled (429, 503)"},
		{"fails", always("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"), "5xx answers"},
		{"refuses", always("HTTP/1.1 422 Unprocessable Content\r\nContent-Length: 0\r\n\r\n"), "4xx answers"},
		{"sends elsewhere", always("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), "3xx answers"},
	}, 8) {
		for _, way := range []string{"open", Closed} {
			t.Run(c.what+"/"+way, func(t *testing.T) {
				t.Parallel()
				cfg := small(t, &rude{serve: c.serve}, func(cfg *Config) {
					if way == Closed {
						closed(300 * time.Millisecond)(cfg)
					}
					cfg.Emit.GiveUp, cfg.Emit.Tries, cfg.Emit.Depth = 400*time.Millisecond, 2, 2
					if c.names == late {
						cfg.Emit.Timeout = 150 * time.Millisecond
					}
					cfg.Listen = ""
				})
				began := time.Now()
				res := mustRun(t, cfg)
				if took := time.Since(began); took > patience {
					t.Errorf("it took %s", took)
				}
				if res.Errors[c.names] == 0 || res.Verdict == Held {
					t.Errorf("%q is not counted: %v; the verdict is %s, %v", c.names, res.Errors, res.Verdict, res.Why)
				}
				if got := res.Sent.First + res.Sent.NotSent; got != int64(res.Scheduled) {
					t.Errorf("sent and not sent are %d of %d", got, res.Scheduled)
				}
			})
		}
	}
}

// What odd but legal builds do is no error.
func TestLegalDoors(t *testing.T) {
	t.Parallel()
	for what, say := range map[string]string{
		"chunked":             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
		"interim answers":     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + fine,
		"no content":          "HTTP/1.1 204 No Content\r\n\r\n",
		"closing after each":  "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
		"small letters":       "HTTP/1.1 200\r\ncontent-length:2\r\n\r\nok",
		"a body that is long": "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100_000),
	} {
		t.Run(what, func(t *testing.T) {
			res := mustRun(t, small(t, &rude{serve: each(func() string { return say })}, func(c *Config) { c.Listen = "" }))
			if res.Verdict != Held || len(res.Errors) > 0 || res.Sent.Taken != 200 {
				t.Errorf("%s %v: %+v %v", res.Verdict, res.Why, res.Sent, res.Errors)
			}
		})
	}
	res := mustRun(t, small(t, &rude{serve: func(_ int64, c net.Conn, r *bufio.Reader) { // its body ends with the connection
		if _, err := http.ReadRequest(r); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nok")
		}
	}}, func(c *Config) { c.Listen = "" }))
	if res.Verdict != Held || res.Sent.Taken != 200 {
		t.Errorf("%s %v: %+v %v", res.Verdict, res.Why, res.Sent, res.Errors)
	}
}

// every is a build that is odd with the last of so many confirmations, by their
// own numbers: then it is the same ones that it meets again, should they be sent again.
func every(k uint64, odd func(p *passing, w http.ResponseWriter, r *http.Request, body []byte)) func(*passing, http.ResponseWriter, *http.Request, []byte) {
	return func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
		switch seq, ours := smallKeys.Seq([]byte(r.Header.Get("Andon-Event"))); {
		case !ours:
			p.t.Errorf("a confirmation without a number: %s", body)
		case seq%k == k-1:
			odd(p, w, r, body)
			return
		}
		p.forward(w, r.Header.Get("Idempotency-Key"), body)
	}
}

// What a build does to confirmations is found exactly.
func TestHostilePostings(t *testing.T) {
	t.Parallel()
	var first [keyLen]byte
	smallKeys.Put(first[:], 0)
	for _, c := range race.Some([]struct {
		what                             string
		odd                              func(p *passing, w http.ResponseWriter, r *http.Request, body []byte)
		lost, doubled, altered, invented uint64
		repeated                         uint64
		verdict                          Verdict
	}{
		{what: "loses", lost: 20, verdict: Violated, odd: func(_ *passing, w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(202) }},
		{what: "posts twice under two keys", doubled: 20, verdict: Violated, odd: func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
			p.post("second-"+r.Header.Get("Idempotency-Key"), body)
			p.forward(w, r.Header.Get("Idempotency-Key"), body)
		}},
		{what: "posts twice without keys", doubled: 20, verdict: Violated, odd: func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
			p.post("", body)
			p.forward(w, "", body)
		}},
		{what: "posts again under the same key", repeated: 20, verdict: Held, odd: func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
			p.post(r.Header.Get("Idempotency-Key"), body)
			p.forward(w, r.Header.Get("Idempotency-Key"), body)
		}},
		{what: "alters quantities", altered: 20, verdict: Violated, odd: func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
			i := bytes.Index(body, []byte(`"QuantityString":"`)) + len(`"QuantityString":"`)
			body[i] = '0' + (body[i]-'0'+1)%10
			p.forward(w, r.Header.Get("Idempotency-Key"), body)
		}},
		{what: "returns other ids", lost: 20, invented: 20, verdict: Violated, odd: func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
			p.forward(w, "mine", bytes.ReplaceAll(body, []byte(r.Header.Get("Andon-Event")), []byte("f47ac10b-58cc-8372-a567-0e02b2c3d479")))
		}},
		{what: "uses keys twice", lost: 19, verdict: Violated, odd: func(p *passing, w http.ResponseWriter, _ *http.Request, body []byte) {
			p.post("always the same", body)
			w.WriteHeader(202)
		}},
		{what: "uses the keys of others", lost: 20, verdict: Violated, odd: func(p *passing, w http.ResponseWriter, _ *http.Request, body []byte) {
			p.post(string(first[:]), body)
			w.WriteHeader(202)
		}},
		{what: "posts what it refused", invented: 20, verdict: Violated, odd: func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
			p.post(r.Header.Get("Idempotency-Key"), body)
			w.WriteHeader(422)
		}},
		{what: "reports to a person", verdict: Undecidable, odd: func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
			resp, err := p.client.Post(p.erp+"/exceptions", "application/json", strings.NewReader(`{"reference":"`+r.Header.Get("Andon-Event")+`"}`))
			if err != nil {
				t.Error(err)
				return
			}
			_ = resp.Body.Close()
			w.WriteHeader(202)
		}},
	}, 3) {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			res := mustRun(t, small(t, &passing{t: t, serve: every(10, c.odd)}, nil))
			e := res.Exactly
			if e.Lost.Count != c.lost || e.Doubled.Count != c.doubled || e.Altered.Count != c.altered || e.Invented.Count != c.invented || e.Repeated != c.repeated || res.Verdict != c.verdict {
				t.Errorf("lost %d, doubled %d, altered %d, invented %d, repeated %d: %s %v", e.Lost.Count, e.Doubled.Count, e.Altered.Count, e.Invented.Count, e.Repeated, res.Verdict, res.Why)
			}
			for _, wrong := range []Wrong{e.Lost, e.Doubled, e.Altered, e.Invented} {
				if wrong.Count > 0 && len(wrong.Texts) == 0 {
					t.Errorf("%d are wrong and none is named: %+v", wrong.Count, e)
				}
			}
		})
	}
}

// However requests are cut into pieces on their way, they are the same requests.
func TestPostingsInPieces(t *testing.T) {
	t.Parallel()
	for _, piece := range race.Some([]int{7, 1000, 16 << 10, 1, 100, 5000, 1 << 20}, 2) {
		var once sync.Once
		res := mustRun(t, small(t, &passing{t: t, serve: func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
			once.Do(func() { inPieces(t, p.erp, r.Header.Get("Idempotency-Key"), body, piece) })
			p.forward(w, r.Header.Get("Idempotency-Key"), body)
		}}, func(c *Config) { c.Emit.Connections = 1 }))
		if res.Verdict != Held || res.Received["byte for byte"] != 240 || res.Exactly.Repeated != 40 {
			t.Errorf("in pieces of %d: %s %v, %v, %v", piece, res.Verdict, res.Why, res.Received, res.Errors)
		}
	}
}

// inPieces posts the same 40 times on one connection, before it reads any answer.
func inPieces(t *testing.T, erp, key string, body []byte, piece int) {
	c, err := net.Dial("tcp", strings.TrimPrefix(erp, "http://"))
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	one := fmt.Sprintf("POST /erp/confirmations HTTP/1.1\r\nHost: x\r\nIdempotency-Key: %s\r\nContent-Length: %d\r\n\r\n%s", key, len(body), body)
	go func() {
		for all := []byte(strings.Repeat(one, 40)); len(all) > 0; {
			n := min(piece, len(all))
			if _, err := c.Write(all[:n]); err != nil {
				return
			}
			all = all[n:]
		}
	}()
	r := bufio.NewReader(c)
	for i := range 40 {
		resp, err := http.ReadResponse(r, nil)
		if err != nil || resp.StatusCode/100 != 2 {
			t.Errorf("answer %d of 40 to pieces of %d: %v, %v", i, piece, resp, err)
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
	}
}

// A build that garbles what it posts, or is slow to say it, meets an ERP that
// refuses and does not wait for ever.
func TestHostilePosters(t *testing.T) {
	t.Parallel()
	for _, c := range race.Some([]struct{ what, say, answers, counts string }{
		{"garbage", "\x16\x03\x01\r\n\r\n", "HTTP/1.1 400 ", "posting malformed"},
		{"bare line feeds", "POST /erp/confirmations HTTP/1.1\nHost: x\n\n", "", "posting broke off"},
		{"no host", "POST /erp/confirmations HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 400 ", "posting malformed"},
		{"a blank before the colon", "POST /erp/confirmations HTTP/1.1\r\nHost : x\r\n\r\n", "HTTP/1.1 400 ", "posting malformed"},
		{"a folded field", "POST /erp/confirmations HTTP/1.1\r\nHost: x\r\n y\r\n\r\n", "HTTP/1.1 400 ", "posting malformed"},
		{"a length said twice", "POST /erp/confirmations HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12", "HTTP/1.1 400 ", "posting malformed"},
		{"both framings", "POST /erp/confirmations HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 400 ", "posting malformed"},
		{"another coding", "POST /erp/confirmations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 501 ", "posting malformed"},
		{"a chunk that is none", "POST /erp/confirmations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400 ", "posting malformed"},
		{"a body too large", "POST /erp/confirmations HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", "HTTP/1.1 413 ", "posting malformed"},
		{"a head too large", "POST /erp/confirmations HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 20_000) + "\r\n\r\n", "HTTP/1.1 431 ", "posting malformed"},
		{"no JSON", "POST /erp/confirmations HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 400 ", "posting malformed"},
		{"half a body", "POST /erp/confirmations HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nhello", "", "posting broke off"},
		{"another place", "POST /elsewhere HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 404 ", "request not known here"},
	}, 3) {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			var once sync.Once
			res := mustRun(t, small(t, &passing{t: t, serve: func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
				once.Do(func() { rudely(t, p.erp, c.say, c.answers) })
				p.forward(w, r.Header.Get("Idempotency-Key"), body)
			}}, nil))
			if res.Errors[c.counts] != 1 || res.Exactly.Posted != 200 {
				t.Errorf("%q is not counted once: %v", c.counts, res.Errors)
			}
		})
	}
}

// rudely says something to the ERP and wants an answer that begins so.
func rudely(t *testing.T, erp, say, answers string) {
	c, err := net.Dial("tcp", strings.TrimPrefix(erp, "http://"))
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	_, _ = io.WriteString(c, say)
	if answers == "" {
		_ = c.(*net.TCPConn).CloseWrite()
	}
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	got, err := io.ReadAll(io.LimitReader(c, int64(max(len(answers), 1))))
	if string(got) != answers || err != nil && answers != "" {
		t.Errorf("%q is answered %q, %v; want %q", clip(say), got, err, answers)
	}
}

// A build that does not answer makes nothing grow: what waits is a number.
func TestMemoryIsBounded(t *testing.T) {
	shape, err := ParseShape("constant", 1_000_000, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	c := small(t, &rude{serve: func(_ int64, c net.Conn, _ *bufio.Reader) { <-time.After(2 * time.Second) }}, func(c *Config) {
		c.Shape, c.Emit.Most, c.Listen = shape, shape.Number(), ""
		c.Emit.Timeout, c.Emit.GiveUp = 100*time.Millisecond, 200*time.Millisecond
	})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	res := mustRun(t, c)
	runtime.ReadMemStats(&after)
	if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 64<<20 {
		t.Errorf("a million that cannot be sent take %d MiB", grown>>20)
	}
	if res.Verdict != Violated && res.Verdict != Limited || res.Sent.NotSent == 0 {
		t.Errorf("%s %v", res.Verdict, res.Why)
	}
}
