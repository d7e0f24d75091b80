package endpoint

import (
	"crypto/rand"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// Headers of sessions that are guarded against forged requests.
const (
	tokenHeader  = "X-Csrf-Token"
	cookieHeader = "Cookie"
	// sessionCookie is called as systems of the vendor call it that have such
	// sessions.
	sessionCookie = "SAP_SESSIONID_AND_100"
)

// sessions are what a change needs where the policy asks for it: a token that
// was fetched with a question before, and the cookie of the session in which
// that was. Neither is worth anything without the other.
type sessions struct {
	mu   sync.Mutex // guards live
	live map[string]session
}

type session struct {
	token string
	until time.Time
}

// check refuses a change that comes without a session.
func (s *sessions) check(m simulators.Message) *simulators.Refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.live[cookieOf(m.Header[cookieHeader])]
	if ok && known.token == m.Header[tokenHeader] && time.Now().Before(known.until) {
		return nil
	}
	return &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Unauthorized, Code: "csrf-token", Text: "CSRF token validation failed"}
}

// guards reports whether m must belong to a session: what changes something
// over HTTP, unless it came in by a door where the dialect knows of none.
func (e *Endpoint) guards(m simulators.Message, p simulators.Policy) bool {
	if d, ok := e.Dialect.(simulators.Sessionless); ok && d.NeedsNoSession(m) {
		return false
	}
	return p.Session == simulators.SessionCSRF && m.Method != "" && m.Method != "GET" && m.Method != "HEAD" && m.Name != tokenPath
}

// fetched adds to the reply to m the token it asks for: that of its session, or
// of a new one.
func (e *Endpoint) fetched(m, reply simulators.Message) simulators.Message {
	p := e.PolicyNow()
	if p.Session != simulators.SessionCSRF || !strings.EqualFold(m.Header[tokenHeader], "fetch") || m.Method != "GET" && m.Method != "HEAD" || reply.Result.Status == 401 {
		return reply
	}
	cookie := cookieOf(m.Header[cookieHeader])
	token, fresh := e.sessions.open(&cookie, ttlOf(p))
	if reply.Header = maps.Clone(reply.Header); reply.Header == nil {
		reply.Header = map[string]string{}
	}
	reply.Header[tokenHeader] = token
	if fresh {
		reply.Header["Set-Cookie"] = sessionCookie + "=" + cookie + "; path=/; HttpOnly"
		e.OnToken(token)
		e.OnToken(cookie)
	}
	return reply
}

// open finds the session of a cookie, or begins one and says its cookie.
func (s *sessions) open(cookie *string, ttl time.Duration) (token string, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(s.live, func(_ string, k session) bool { return !now.Before(k.until) })
	if known, ok := s.live[*cookie]; ok {
		return known.token, false
	}
	*cookie, token = rand.Text(), rand.Text()
	s.live[*cookie] = session{token, now.Add(ttl)}
	return token, true
}

// cookieOf is the session named in a Cookie header.
func cookieOf(header string) string {
	for _, c := range strings.FieldsFunc(header, func(r rune) bool { return r == ';' || r == ',' }) {
		if name, value, _ := strings.Cut(strings.TrimSpace(c), "="); name == sessionCookie {
			return value
		}
	}
	return ""
}

// ttlOf is how long what proves who somebody is lasts.
func ttlOf(p simulators.Policy) time.Duration {
	if p.TokenTTL > 0 {
		return p.TokenTTL
	}
	return defaultTTL
}
