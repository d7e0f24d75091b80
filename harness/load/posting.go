package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/andon-rig/andon/harness/load/http1"
	"github.com/andon-rig/andon/simulators/plant"
)

// posting is what has come from the build on one connection, and what it is
// answered. It does not know how bytes come and go: [posting.serve] moves them
// with a goroutine, doors with an epoll loop for many.
type posting struct {
	erp   *ERP
	shard *meterShard
	w     *writer
	req   http1.Request
	flow  int // that is posted to the path of req
	buf   []byte
	r, n  int // what is unread
	out   []byte
	room  []byte
}

// posting returns the n-th.
func (e *ERP) posting(n int) *posting {
	return &posting{erp: e, shard: e.run.meter.shard(n), w: e.run.journal.posting(), buf: make([]byte, 16<<10)}
}

// Limits of a connection.
const (
	requestLimit = 20 * time.Second // for a request that has begun, and for answers to be read
	usualBuffer  = 64 << 10
)

// wish is what a connection needs to go on.
type wish uint8

const (
	wantsMore wish = iota // has answered everything that has come whole
	wantsRoom             // has enough answers to be written before it goes on
	wantsEnd              // ends when its answers are written
)

// process answers what has come whole.
func (p *posting) process(now int64) wish {
	for p.r < p.n {
		n, err := p.req.Read(p.buf[p.r:p.n])
		if err != nil {
			p.refuse(err)
			return wantsEnd
		}
		if n == 0 {
			if p.req.Expect && p.req.Begun() {
				p.out = append(p.out, "HTTP/1.1 100 Continue\r\n\r\n"...)
				p.req.Expect = false
			}
			return wantsMore
		}
		p.handle(now)
		p.r += n
		if p.req.Close {
			return wantsEnd
		}
		if len(p.out) >= usualBuffer {
			return wantsRoom
		}
	}
	return wantsMore
}

// begun reports whether a request has come in part.
func (p *posting) begun() bool { return p.r < p.n }

// space returns where more is to be read into; what is read is added to p.n.
func (p *posting) space() []byte {
	if p.r > 0 {
		p.n = copy(p.buf, p.buf[p.r:p.n])
		p.r = 0
	}
	switch {
	case p.n == len(p.buf):
		p.buf = append(p.buf, make([]byte, len(p.buf))...)
	case p.n == 0 && len(p.buf) > usualBuffer:
		p.buf = make([]byte, usualBuffer)
	}
	return p.buf[p.n:]
}

// came notes that n bytes came into [posting.space]; where that was filled more
// comes at once, and there will be more room for it.
func (p *posting) came(n int) {
	p.n += n
	if p.n == len(p.buf) && len(p.buf) < usualBuffer {
		p.buf = append(make([]byte, 0, usualBuffer), p.buf...)[:usualBuffer]
	}
}

// serve answers requests on c until it ends. Requests that came together are
// answered together.
func (p *posting) serve(c net.Conn) {
	for {
		want := p.process(int64(time.Since(p.erp.run.start)))
		if !p.send(c) || want == wantsEnd || want == wantsMore && !p.more(c) {
			return
		}
	}
}

// more reads more of what the build says.
func (p *posting) more(c net.Conn) bool {
	begun := p.begun()
	if begun {
		_ = c.SetReadDeadline(time.Now().Add(requestLimit))
	}
	k, err := c.Read(p.space())
	p.came(k)
	if err != nil && k == 0 {
		if begun {
			p.erp.run.in.Broken.Add(1)
		}
		return false
	}
	if begun {
		_ = c.SetReadDeadline(time.Time{})
	}
	return true
}

// send writes the answers.
func (p *posting) send(c net.Conn) bool {
	if len(p.out) == 0 {
		return true
	}
	if len(p.out) > 2048 { // the build may not read
		_ = c.SetWriteDeadline(time.Now().Add(requestLimit))
	}
	_, err := c.Write(p.out)
	p.out = p.out[:0]
	return err == nil
}

// refuse answers what is no request, and ends.
func (p *posting) refuse(err error) {
	p.erp.run.in.Malformed.Add(1)
	status := http.StatusBadRequest
	var broken *http1.Error
	if errors.As(err, &broken) {
		status = broken.Status
	}
	from := len(p.out)
	p.problem(status, "malformed", err.Error())
	p.alter(from, "\r\n", "\r\nConnection: close\r\n")
}

// alter replaces the first of a text in the answer that begins at from.
func (p *posting) alter(from int, old, with string) {
	p.out = append(p.out[:from], bytes.Replace(p.out[from:], []byte(old), []byte(with), 1)...)
}

// problem answers with a refusal in the dialect's words.
func (p *posting) problem(status int, code, text string) {
	body, _ := json.Marshal(map[string]any{"type": "about:blank", "title": code, "status": status, "detail": text, "class": "data-quality", "code": code})
	p.answer(status, "application/problem+json", body)
}

func (p *posting) answer(status int, kind string, body []byte) {
	p.out = fmt.Appendf(p.out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", status, http.StatusText(status), kind, len(body))
	p.out = append(p.out, body...)
}

// handle acts on a request and words its answer.
func (p *posting) handle(now int64) {
	e := p.erp
	path, query, _ := bytes.Cut(p.req.Target, []byte("?"))
	switch {
	case string(p.req.Method) == http.MethodPost && p.takes(path):
		if p.authorised() && !p.troubled(now) {
			p.post(now)
		}
	case p.aside(path, string(query), now):
	default:
		e.run.in.Unserved.Add(1)
		p.problem(http.StatusNotFound, "resource-unknown", "there is no "+clip(string(p.req.Method)+" "+string(path))+" here")
	}
}

// takes reports whether confirmations, or messages of another flow, are posted to
// path.
func (p *posting) takes(path []byte) bool {
	e, w := p.erp, p.erp.run.wording
	if p.flow = ofConfirmations; w.Path != "" {
		if e.below(path, w.Path) {
			return true
		}
		for i, f := range w.flows[1:] {
			if f != nil && e.below(path, f.path) {
				p.flow = i + 1
				return true
			}
		}
		return false
	}
	if e.base != "" { // of a body that a user made: wherever the build likes
		return string(path) == e.base || len(path) > len(e.base) && string(path[:len(e.base)]) == e.base && path[len(e.base)] == '/'
	}
	return !bytes.HasPrefix(path, []byte("/mes/")) && !ends(path, "oauth/token") && !ends(path, "exceptions")
}

// below reports whether path is that of something of the ERP. Where it is not
// known below which path the build looks for the ERP, the end of path decides.
func (e *ERP) below(path []byte, name string) bool {
	if e.base != "" {
		return len(path) == len(e.base)+1+len(name) && string(path[:len(e.base)]) == e.base && ends(path, name)
	}
	return ends(path, name) && !bytes.HasPrefix(path, []byte("/mes/"))
}

// beside reports whether path is that of something that no one system has:
// tokens are below each of them, exceptions below none.
func (e *ERP) beside(path []byte, name string, depth int) bool {
	return ends(path, name) && (e.base == "" || bytes.Count(path, []byte("/")) == depth)
}

// ends reports whether path ends in name.
func ends(path []byte, name string) bool {
	i := len(path) - len(name) - 1
	return i >= 0 && path[i] == '/' && string(path[i+1:]) == name
}

// authorised answers 401 to who has no token.
func (p *posting) authorised() bool {
	t := p.erp.token
	if t == "" || len(p.req.Auth) == len(t)+7 && string(p.req.Auth[7:]) == t && http1.Is(p.req.Auth[:7], "bearer ") {
		return true
	}
	p.erp.run.in.Unauth.Add(1)
	from := len(p.out)
	p.problem(http.StatusUnauthorized, "invalid_token", "no token, or none of this run")
	p.alter(from, "\r\nContent-Type", "\r\nWWW-Authenticate: Bearer error=\"invalid_token\"\r\nContent-Type")
	return false
}

// aside serves what else a build may ask; false if it is nothing of that.
func (p *posting) aside(path []byte, query string, now int64) bool {
	run := p.erp.run
	switch {
	case p.erp.beside(path, "oauth/token", 3):
		body, _ := json.Marshal(map[string]any{"access_token": p.erp.token, "token_type": "Bearer", "expires_in": 86400})
		p.answer(http.StatusOK, "application/json", body)
	case p.erp.beside(path, "exceptions", 1):
		run.in.Reports.Add(1)
		if seq, ok := run.wording.keys.Find(p.req.Body); ok {
			p.w.add(&Record{Seq: seq, Code: uint8(Reported), At: uint64(now)})
		}
		run.examples.report(p.req.Body)
		p.answer(http.StatusCreated, "application/json", []byte(`{}`))
	case p.erp.below(path, "postings"):
		p.postings(query)
	case bytes.Contains(path, []byte("/items/")) && p.erp.below(path[:bytes.LastIndexByte(path, '/')], "items"):
		p.item(string(path[bytes.LastIndexByte(path, '/')+1:]))
	case bytes.HasPrefix(path, []byte("/mes/")):
		p.answer(http.StatusCreated, "application/json", []byte(`{"outcome":"applied","documents":["1"]}`))
	default:
		return false
	}
	run.in.Other.Add(1)
	return true
}

// postings says whether a confirmation has been posted.
func (p *posting) postings(query string) {
	type row struct {
		Kind      plant.Kind `json:"kind,omitempty"`
		Document  string     `json:"document"`
		Reference string     `json:"reference"`
	}
	found := []row{}
	q, _ := url.ParseQuery(query) // what cannot be read names nothing
	reference := q.Get("reference")
	if seq, ok := p.erp.run.wording.keys.Seq([]byte(reference)); ok && p.erp.run.ledger.Posted(seq) {
		found = append(found, row{p.erp.run.wording.kind(seq), strconv.FormatUint(seq, 10), reference})
	}
	body, _ := json.Marshal(map[string]any{"postings": found})
	p.answer(http.StatusOK, "application/json", body)
}

// item says in which unit stock of an item is kept, and which others it has.
func (p *posting) item(escaped string) {
	type unit struct {
		Unit   plant.Unit `json:"unit"`
		Factor string     `json:"factor"`
	}
	said := struct {
		Unit  plant.Unit `json:"unit"`
		Units []unit     `json:"units"`
	}{"EA", []unit{}}
	id, err := url.PathUnescape(escaped)
	if s := p.erp.run.wording.story; s != nil && err == nil {
		i, ok := s.items[plant.ItemID(id)]
		if !ok {
			p.problem(http.StatusNotFound, "item-unknown", "there is no item "+clip(id))
			return
		}
		said.Unit = i.Unit
		for _, u := range i.Units {
			said.Units = append(said.Units, unit{u.Unit, fmt.Sprintf("%d/%d", u.Factor.Num, u.Factor.Den)})
		}
	}
	body, _ := json.Marshal(said)
	p.answer(http.StatusOK, "application/json", body)
}
