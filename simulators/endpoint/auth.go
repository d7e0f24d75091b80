package endpoint

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// tokens issues and checks the access tokens of one endpoint.
type tokens struct {
	ways []Way

	mu   sync.Mutex // guards live
	live map[string]granted
}

// granted is what a token stands for.
type granted struct {
	until time.Time
	route string
}

func newTokens(ways []Way) *tokens { return &tokens{ways: ways, live: map[string]granted{}} }

// defaultTTL is short so that longer runs renew their tokens, and longer than
// the ten seconds by which common OAuth2 clients renew early: shorter, they
// would ask for a token for every call.
const defaultTTL = 15 * time.Second

// issue answers a client-credentials request (RFC 6749 §4.4).
func (e *Endpoint) issue(_ context.Context, m simulators.Message) (simulators.Message, error) {
	form, err := url.ParseQuery(string(m.Body))
	if err != nil {
		return oauthError(400, "invalid_request", "the body is not a form"), nil
	}
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if u, p, ok := basic(m.Header["Authorization"]); ok {
		id, secret = u, p
	}
	who := slices.IndexFunc(e.tokens.ways, func(w Way) bool { return w.Client == id && w.Secret == secret })
	switch {
	case form.Get("grant_type") != "client_credentials":
		return oauthError(400, "unsupported_grant_type", "only client_credentials is offered"), nil
	case who < 0:
		return oauthError(401, "invalid_client", "unknown client or wrong secret"), nil
	}
	ttl := e.PolicyNow().TokenTTL
	if ttl <= 0 {
		ttl = defaultTTL
	}
	token := e.tokens.grant(ttl, e.tokens.ways[who].Route)
	e.OnToken(token)
	body, err := json.Marshal(map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": max(1, int(ttl/time.Second))})
	if err != nil {
		return simulators.Message{}, err
	}
	return simulators.Message{Header: map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"}, Body: body,
		Result: simulators.Result{Outcome: simulators.Answered, Status: 200}}, nil
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

func oauthError(status int, code, text string) simulators.Message {
	body, _ := json.Marshal(map[string]string{"error": code, "error_description": text}) // strings cannot fail
	return simulators.Message{Header: map[string]string{"Content-Type": "application/json"}, Body: body,
		Result: simulators.Result{Outcome: simulators.Unauthorized, Class: simulators.Technical, Code: code, Text: text, Status: status}}
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
