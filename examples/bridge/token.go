package bridge

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// tokens keeps the access token of one system. It is renewed shortly before it
// expires and when it was refused; whoever comes meanwhile waits for the one
// renewal instead of starting another.
type tokens struct {
	system *system

	mu      sync.Mutex // guards what follows; held while a token is fetched
	token   string
	stale   time.Time // when to renew it
	failed  verdict   // of the last fetch
	retryAt time.Time // no fetch before
	fails   int
}

// get returns a token, or why there is none. Without a token URL it is "".
func (t *tokens) get(ctx context.Context) (string, verdict) {
	if t.system.at.TokenURL == "" {
		return "", verdict{}
	}
	if t.system.defect == M57 {
		return t.race(ctx)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if t.token != "" && now.Before(t.stale) {
		return t.token, verdict{}
	}
	if now.Before(t.retryAt) {
		return "", t.failed
	}
	token, stale, v := t.fetch(ctx)
	if v.what != posted {
		t.fails++
		t.failed, t.retryAt = v, time.Now().Add(max(v.after, backoff(t.fails)))
		t.failed.pause, t.failed.after = false, 0 // whoever asked has passed that on
		return "", v
	}
	t.token, t.stale, t.fails = token, stale, 0
	return token, verdict{}
}

// bearer is the token that calls have now; "" if there is none.
func (s *system) bearer(ctx context.Context) string {
	token, _ := s.tokens.get(ctx)
	return token
}

// refused says that the system did not accept token. Only the first to say so
// causes a renewal.
func (t *tokens) refused(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == token {
		t.token = ""
	}
}

// fetch asks for a new token (RFC 6749 §4.4) and says when it gets stale: a
// fifth of its life early, counted from before it was asked for.
func (t *tokens) fetch(ctx context.Context) (token string, stale time.Time, v verdict) {
	asked := time.Now()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {t.system.at.Client}, "client_secret": {t.system.at.Secret}}
	if at := t.system.at; at.Account != "" { // the resource owner's password grant (§4.3)
		form.Set("grant_type", "password")
		form.Set("username", at.Account)
		form.Set("password", at.Password)
	}
	r := t.system.do(ctx, http.MethodPost, t.system.at.TokenURL,
		http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte(form.Encode()))
	v = t.system.judge(r)
	if v.what != posted { // whatever it was, it was not the message that was refused
		v.what, v.class, v.reason = again, technical, "no token: "+v.reason
		return "", time.Time{}, v
	}
	var got struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.Unmarshal(r.body, &got); err != nil || got.AccessToken == "" {
		return "", time.Time{}, verdict{what: again, class: technical, code: "no-token", reason: "token reply has no access_token"}
	}
	if got.ExpiresIn <= 0 {
		got.ExpiresIn = 60 // it does not say; a refusal tells us in time
	}
	life := time.Duration(got.ExpiresIn) * time.Second
	return got.AccessToken, asked.Add(life - life/5), verdict{}
}

// race is get with defect M57: whoever finds the token stale renews it, without
// a look at who else is doing that.
func (t *tokens) race(ctx context.Context) (string, verdict) {
	t.mu.Lock()
	token, fresh := t.token, t.token != "" && time.Now().Before(t.stale)
	t.mu.Unlock()
	if fresh {
		return token, verdict{}
	}
	token, stale, v := t.fetch(ctx) // DEFECT M57: no single flight
	if v.what == posted {
		t.mu.Lock()
		t.token, t.stale = token, stale
		t.mu.Unlock()
	}
	return token, v
}
