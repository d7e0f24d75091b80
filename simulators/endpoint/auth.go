package endpoint

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// tokens issues and checks the access tokens of one endpoint.
type tokens struct {
	ways []Way

	mu      sync.Mutex // guards what follows
	live    map[string]granted
	refresh map[string]*family // by refresh token
}

// granted is what a token stands for.
type granted struct {
	until time.Time
	route string
}

// family is what comes of one sign-in: each refresh token is good for one use,
// and a second use of one ends them all (RFC 9700 §4.14.2).
type family struct {
	current string // the refresh token that was not used yet; "" once the family is ended
	access  []string
}

func newTokens(ways []Way) *tokens {
	return &tokens{ways: ways, live: map[string]granted{}, refresh: map[string]*family{}}
}

// defaultTTL is short so that longer runs renew their tokens, and longer than
// the ten seconds by which common OAuth2 clients renew early: shorter, they
// would ask for a token for every call.
const defaultTTL = 15 * time.Second

// issue answers a client-credentials request (RFC 6749 §4.4), with a refresh
// token if the scope offline_access is asked for, or, at a gateway that wants
// that, one with the password of a service account (§4.3), always with a refresh
// token. It takes refresh tokens (§6), each once.
func (e *Endpoint) issue(_ context.Context, m simulators.Message) (simulators.Message, error) {
	form, err := url.ParseQuery(string(m.Body))
	if err != nil {
		return noToken(400, "invalid_request", "the body is not a form"), nil
	}
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if u, p, ok := basic(m.Header["Authorization"]); ok {
		id, secret = u, p
	}
	grant, offered := form.Get("grant_type"), e.grant()
	who := slices.IndexFunc(e.tokens.ways, func(w Way) bool { return w.Client == id && w.Secret == secret })
	switch {
	case grant != string(offered) && grant != "refresh_token":
		return noToken(400, "unsupported_grant_type", "only "+string(offered)+" and refresh_token are offered"), nil
	case who < 0:
		return noToken(401, "invalid_client", "unknown client or wrong secret"), nil
	case grant == string(simulators.GrantPassword) && (form.Get("username") != e.Account || form.Get("password") != e.Password):
		return noToken(400, "invalid_grant", "unknown service account or wrong secret"), nil
	}
	ttl := e.PolicyNow().TokenTTL
	if ttl <= 0 {
		ttl = defaultTTL
	}
	said := ttl
	if m.Manner != nil {
		said += m.Manner.TokenSaid
	}
	route := e.tokens.ways[who].Route
	got := tokenJSON{Type: "Bearer", ExpiresIn: max(1, int(said/time.Second))}
	switch {
	case grant == "refresh_token":
		var ok bool
		if got.Access, got.Refresh, ok = e.tokens.renew(form.Get("refresh_token"), ttl, route); !ok {
			return noToken(400, "invalid_grant", "the refresh token is unknown or was used before"), nil
		}
	case offered == simulators.GrantPassword, slices.Contains(strings.Fields(form.Get("scope")), "offline_access"):
		got.Access, got.Refresh = e.tokens.begin(ttl, route)
	default:
		got.Access = e.tokens.grant(ttl, route)
	}
	e.OnToken(got.Access)
	if got.Refresh != "" {
		e.OnToken(got.Refresh)
	}
	body, err := json.Marshal(got)
	if err != nil {
		return simulators.Message{}, err
	}
	return simulators.Message{Header: map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"}, Body: body,
		Result: simulators.Result{Outcome: simulators.Answered, Status: 200}}, nil
}

// grant is what tokens are given for here.
func (e *Endpoint) grant() simulators.Grant {
	if i, ok := e.Dialect.(simulators.TokenIssuer); ok {
		return i.Grant()
	}
	return simulators.GrantClient
}

// tokenJSON is the answer to a request for a token (RFC 6749 §5.1).
type tokenJSON struct {
	Access    string `json:"access_token"`
	Type      string `json:"token_type"`
	ExpiresIn int    `json:"expires_in"` // seconds
	Refresh   string `json:"refresh_token,omitempty"`
}

// begin signs in.
func (t *tokens) begin(ttl time.Duration, route string) (access, refresh string) {
	f := &family{}
	access = t.grant(ttl, route)
	t.mu.Lock()
	defer t.mu.Unlock()
	return access, t.turn(f, access)
}

// renew gives a new pair of tokens for a refresh token. One that was used
// before is in two hands: what came of it is ended.
func (t *tokens) renew(refresh string, ttl time.Duration, route string) (access, next string, ok bool) {
	t.mu.Lock()
	f := t.refresh[refresh]
	good := f != nil && f.current == refresh
	if f != nil && !good {
		for _, a := range f.access {
			delete(t.live, a)
		}
		f.current, f.access = "", nil
	}
	if good {
		f.current = "" // used, whoever else comes with it now
	}
	t.mu.Unlock()
	if !good {
		return "", "", false
	}
	access = t.grant(ttl, route)
	t.mu.Lock()
	defer t.mu.Unlock()
	return access, t.turn(f, access), true
}

// turn gives f its next refresh token; t.mu is held.
func (t *tokens) turn(f *family, access string) string {
	f.current = rand.Text()
	f.access = append(f.access, access)
	t.refresh[f.current] = f
	return f.current
}

func (t *tokens) grant(ttl time.Duration, route string) string {
	token := rand.Text()
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, g := range t.live {
		if now.After(g.until) {
			delete(t.live, k)
		}
	}
	t.live[token] = granted{now.Add(ttl), route}
	return token
}

func (t *tokens) check(header string) *simulators.Refusal {
	token, ok := strings.CutPrefix(header, "Bearer ")
	if !ok {
		return unauthorized("no bearer token was sent")
	}
	t.mu.Lock()
	g, known := t.live[token]
	t.mu.Unlock()
	if !known || time.Now().After(g.until) {
		return unauthorized("the token is unknown or has expired")
	}
	return nil
}

// route is the way for which the token of a message was granted; "" if there
// is one way only, or the token says nothing any more.
func (t *tokens) route(header string) string {
	token, _ := strings.CutPrefix(header, "Bearer ")
	if len(t.ways) < 2 || token == "" {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.live[token].route
}

// revoke makes a token unknown.
func (t *tokens) revoke(header string) {
	token, ok := strings.CutPrefix(header, "Bearer ")
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.live, token)
}

func unauthorized(text string) *simulators.Refusal {
	return &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Unauthorized, Code: "invalid_token", Text: text}
}

func noToken(status int, code, text string) simulators.Message {
	return oauthError(status, simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Unauthorized, Code: code, Text: text})
}

// oauthError words a refusal as token endpoints do (RFC 6749 §5.2).
func oauthError(status int, r simulators.Refusal) simulators.Message {
	body, _ := json.Marshal(map[string]string{"error": r.Code, "error_description": r.Text}) // strings cannot fail
	m := simulators.Message{Header: map[string]string{"Content-Type": "application/json"}, Body: body, Result: refusalResult(&r)}
	m.Result.Status = status
	switch {
	case r.RetryForm == simulators.RetryZero:
		m.Header["Retry-After"] = "0"
	case r.After <= 0 || r.RetryForm == simulators.RetryMissing:
	case r.RetryForm == simulators.RetryDate:
		m.Header["Retry-After"] = string(simulators.RetryDate)
	default:
		m.Header["Retry-After"] = strconv.Itoa(int((r.After + time.Second - 1) / time.Second))
	}
	return m
}

func basic(header string) (user, password string, ok bool) {
	enc, ok := strings.CutPrefix(header, "Basic ")
	if !ok {
		return "", "", false
	}
	b, err := base64.StdEncoding.DecodeString(enc)
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(b), ":")
}
