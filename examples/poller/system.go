package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// system is one of the two sides: its address, our token, and whether it may
// be called now.
type system struct {
	name, url string
	client    *http.Client
	token     *token // nil: none is needed
	gate      gate
}

// reply is what a system answered.
type reply struct {
	status int
	json   bool
	body   []byte
}

// errWait says that nothing was sent, and how long to wait.
type errWait struct{ time.Duration }

func (e errWait) Error() string { return fmt.Sprintf("not before %s have passed", e.Duration) }

// call sends one request. A token that is refused is renewed once. An error
// other than errWait means that the request may have arrived.
func (s *system) call(ctx context.Context, method, path, key string, body []byte) (reply, error) {
	var r reply
	for range 2 {
		if wait := s.gate.wait(); wait > 0 {
			return r, errWait{wait}
		}
		token, err := s.token.get(ctx)
		if err != nil {
			return r, errWait{s.gate.failed()}
		}
		if wait := s.gate.wait(); wait > 0 { // the token took its time
			return r, errWait{wait}
		}
		if r, err = s.send(ctx, method, path, key, token, body); err != nil {
			return r, fmt.Errorf("call %s: %w", s.name, err)
		}
		if r.status != http.StatusUnauthorized {
			return r, nil
		}
		s.token.refused(token)
	}
	return r, nil
}

func (s *system) send(ctx context.Context, method, path, key, token string, body []byte) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(string(body)))
	if err != nil {
		return reply{}, err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", key)
		req.GetBody = nil // we decide what is repeated, not the HTTP client
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		s.gate.failed()
		return reply{}, err
	}
	defer resp.Body.Close()
	s.gate.heard(resp)
	b, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		s.gate.failed()
		return reply{}, err
	}
	return reply{resp.StatusCode, strings.Contains(resp.Header.Get("Content-Type"), "json"), b}, nil
}

// page asks for what is new after cursor.
func (s *system) page(ctx context.Context, cursor string) (entries []entry, next string, err error) {
	q := url.Values{"limit": {"200"}}
	if cursor != "" {
		q.Set("after", cursor)
	}
	r, err := s.call(ctx, http.MethodGet, "/feed?"+q.Encode(), "", nil)
	if err != nil {
		return nil, cursor, err
	}
	if r.status == http.StatusUnprocessableEntity && cursor != "" {
		return nil, "", nil // the feed has begun anew; what we know already we shall recognise
	}
	var p struct {
		Messages []entry `json:"messages"`
		Cursor   string  `json:"cursor"`
	}
	if r.status != http.StatusOK || !r.json || json.Unmarshal(r.body, &p) != nil {
		return nil, cursor, fmt.Errorf("feed of %s answered %d", s.name, r.status)
	}
	return p.Messages, first(p.Cursor, cursor), nil
}

// posted asks whether the system's books have a posting under ref.
func (s *system) posted(ctx context.Context, ref string) (bool, error) {
	r, err := s.call(ctx, http.MethodGet, "/postings?"+url.Values{"reference": {ref}}.Encode(), "", nil)
	if err != nil {
		return false, err
	}
	var p struct {
		Postings []json.RawMessage `json:"postings"`
	}
	if r.status != http.StatusOK || !r.json || json.Unmarshal(r.body, &p) != nil {
		return false, fmt.Errorf("postings of %s answered %d", s.name, r.status)
	}
	return len(p.Postings) > 0, nil
}

// gate keeps all callers of a system away for as long as it asked for, and
// from one that does not answer. A system that failed three times in a row is
// down: then only the feed is asked, until it answers.
type gate struct {
	mu       sync.Mutex // guards what follows
	until    time.Time
	failures int
	isDown   bool
}

func (g *gate) wait() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Until(g.until)
}

func (g *gate) down() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.isDown
}

func (g *gate) failed() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.failures++
	g.isDown = g.failures >= 3
	return g.close(backoff(g.failures, time.Second))
}

func (g *gate) close(d time.Duration) time.Duration {
	if until := time.Now().Add(d); until.After(g.until) {
		g.until = until
	}
	return time.Until(g.until)
}

func (g *gate) heard(r *http.Response) {
	after, told := retryAfter(r.Header.Get("Retry-After"), time.Now())
	busy := r.StatusCode == http.StatusTooManyRequests
	if !busy && r.StatusCode < 500 {
		g.mu.Lock()
		g.failures, g.isDown = 0, false
		g.mu.Unlock()
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.failures++
	g.isDown = g.failures >= 3 && !busy
	if !told {
		after = backoff(g.failures, time.Second)
	}
	g.close(after)
}

// retryAfter reads the header, which holds seconds or a date.
func retryAfter(s string, now time.Time) (time.Duration, bool) {
	if n, err := strconv.Atoi(strings.TrimSpace(s)); err == nil && n >= 0 {
		return min(time.Duration(n)*time.Second, time.Hour) + 5*time.Millisecond, true
	}
	if at, err := http.ParseTime(s); err == nil {
		return min(at.Sub(now), time.Hour) + 5*time.Millisecond, true
	}
	return 0, false
}

// backoff doubles from 50 ms up to most, give or take a quarter.
func backoff(n int, most time.Duration) time.Duration {
	d := most
	if n < 10 {
		d = min(50*time.Millisecond<<max(n-1, 0), most)
	}
	return d*3/4 + rand.N(d/2)
}

// token is an access token that all calls to one system share.
type token struct {
	url, client, secret string
	http                *http.Client

	mu    sync.Mutex // guards what follows, and is held while a token is asked for
	value string
	until time.Time
}

// get returns the token, a new one if it is used up.
func (t *token) get(ctx context.Context) (string, error) {
	if t == nil {
		return "", nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.value != "" && time.Now().Before(t.until) {
		return t.value, nil
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {t.client}, "client_secret": {t.secret}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	asked := time.Now()
	resp, err := t.http.Do(req)
	if err != nil {
		return "", fmt.Errorf("ask for a token: %w", err)
	}
	defer resp.Body.Close()
	var got struct {
		Token   string `json:"access_token"`
		Seconds int    `json:"expires_in"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&got); err != nil || got.Token == "" {
		return "", errors.Join(fmt.Errorf("asking for a token was answered %d", resp.StatusCode), err)
	}
	t.value, t.until = got.Token, asked.Add(time.Duration(got.Seconds)*time.Second*4/5)
	return t.value, nil
}

// refused forgets the token, unless somebody has renewed it already.
func (t *token) refused(value string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.value == value {
		t.value = ""
	}
}
