package endpoint_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
)

// answering is a dialect that tells later what became of a message.
type answering struct{ words }

func (answering) Respond(m simulators.Message, a simulators.Answer) ([]simulators.Message, error) {
	said := "done"
	if a.Refusal != nil {
		said = a.Refusal.Code
	}
	for _, r := range a.Rows {
		if r.Refusal != nil {
			said = r.Refusal.Code
		}
	}
	return []simulators.Message{{Verb: "post", Name: "answer", Key: "answer to " + m.Key, Body: []byte(said)}}, nil
}

func (a answering) Decode(m simulators.Message) (simulators.Ask, error) {
	if string(m.Body) == "odd" {
		return simulators.Ask{Late: &simulators.Refusal{Class: simulators.DataQuality, Code: "malformed", Text: "odd"}}, nil
	}
	return a.words.Decode(m)
}

func (answering) TokenPath() string       { return "tenant/as/token.oauth2" }
func (answering) Grant() simulators.Grant { return simulators.GrantPassword }

// TestResponses: what is accepted is answered by a message of its own, whether
// it is queued or done at once, refused, unreadable, done twice or forgotten.
func TestResponses(t *testing.T) {
	later := func(then simulators.Completion) *simulators.Manner {
		return &simulators.Manner{Later: &simulators.Later{Then: then, After: time.Second, Refusal: &simulators.Refusal{Code: "order-closed", Text: "text"}}}
	}
	for name, c := range map[string]struct {
		policy simulators.Policy
		fail   *simulators.Refusal
		body   string
		manner *simulators.Manner
		want   []string
	}{
		"at once":               {want: []string{"done"}},
		"queued":                {policy: simulators.Policy{Accept: simulators.AcceptQueued, Delay: time.Second}, want: []string{"done"}},
		"refused at once":       {fail: &simulators.Refusal{Code: "order-closed", Text: "text"}, want: []string{"order-closed"}},
		"refused later":         {policy: simulators.Policy{Accept: simulators.AcceptQueued}, fail: &simulators.Refusal{Code: "order-closed", Text: "text"}, want: []string{"order-closed"}},
		"unreadable":            {body: "odd", want: []string{"malformed"}},
		"unreadable, queued":    {policy: simulators.Policy{Accept: simulators.AcceptQueued}, body: "odd", want: []string{"malformed"}},
		"said to be done again": {policy: simulators.Policy{Accept: simulators.AcceptQueued}, manner: later(simulators.CompletesTwice), want: []string{"done", "done"}},
		"the same, not queued":  {manner: later(simulators.CompletesTwice), want: []string{"done", "done"}},
		"made to fail":          {policy: simulators.Policy{Accept: simulators.AcceptQueued}, manner: later(simulators.CompletesNot), want: []string{"order-closed"}},
		"the same, not queue":   {manner: later(simulators.CompletesNot), want: []string{"order-closed"}},
		"forgotten":             {policy: simulators.Policy{Accept: simulators.AcceptQueued}, manner: later(simulators.CompletesNever)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var heard []string
				tr := hearing(&heard)
				e := endpoint.New(endpoint.Config{Name: "erp", System: &books{fail: c.fail}, Dialect: answering{}, Transport: tr, Line: straight{}, Policy: c.policy, Push: true})
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() { ended <- e.Run(ctx) }()
				m := message(t, confirmation("4711", 1))
				if c.body != "" {
					m.Body = []byte(c.body)
				}
				m.Manner = c.manner
				if r := receive(t, e, m).Result; r.Outcome != simulators.Accepted {
					t.Errorf("answered %+v", r)
				}
				time.Sleep(time.Minute)
				if e.Waiting() != 0 {
					t.Errorf("%d wait", e.Waiting())
				}
				cancel()
				if err := <-ended; err != nil {
					t.Error(err)
				}
				if !slices.Equal(heard, c.want) {
					t.Errorf("heard %q, want %q", heard, c.want)
				}
			})
		})
	}
}

// hearing is a transport that notes what it is given to push.
func hearing(heard *[]string) *pushed {
	var mu sync.Mutex
	return &pushed{hear: func(m simulators.Message) {
		mu.Lock()
		defer mu.Unlock()
		*heard = append(*heard, string(m.Body))
	}}
}

// finishing is a dialect whose answers stay where they can be read.
type finishing struct{ words }

func (finishing) Finish(m simulators.Message, a simulators.Answer) (simulators.Message, error) {
	ms, err := answering{}.Respond(m, a)
	return ms[0], err
}

// TestFinishing: only what was accepted is answered later; the rest has its
// answer.
func TestFinishing(t *testing.T) {
	refused := &simulators.Refusal{Code: "order-closed", Text: "text"}
	for name, c := range map[string]struct {
		policy simulators.Policy
		fail   *simulators.Refusal
		answer simulators.Outcome
		want   []string
	}{
		"at once":         {answer: simulators.Applied},
		"refused at once": {fail: refused, answer: simulators.Refused},
		"queued":          {policy: simulators.Policy{Accept: simulators.AcceptQueued}, answer: simulators.Accepted, want: []string{"done"}},
		"refused later":   {policy: simulators.Policy{Accept: simulators.AcceptQueued}, fail: refused, answer: simulators.Accepted, want: []string{"order-closed"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var heard []string
				tr := hearing(&heard)
				e := endpoint.New(endpoint.Config{Name: "erp", System: &books{fail: c.fail}, Dialect: finishing{}, Transport: tr, Line: straight{}, Policy: c.policy, Push: true})
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() { ended <- e.Run(ctx) }()
				if r := receive(t, e, message(t, confirmation("4711", 1))).Result; r.Outcome != c.answer {
					t.Errorf("answered %+v, want %s", r, c.answer)
				}
				time.Sleep(time.Minute)
				cancel()
				if err := <-ended; err != nil {
					t.Error(err)
				}
				if !slices.Equal(heard, c.want) {
					t.Errorf("heard %q, want %q", heard, c.want)
				}
			})
		})
	}
}

// pushed is a transport that hands announcements to hear.
type pushed struct{ hear func(simulators.Message) }

func (p *pushed) Send(_ context.Context, m simulators.Message) (simulators.Message, error) {
	p.hear(m)
	return simulators.Message{Result: simulators.Result{Outcome: simulators.Accepted, Status: 202}}, nil
}
func (*pushed) Serve(ctx context.Context, _ simulators.Receiver) error { <-ctx.Done(); return nil }
func (*pushed) URL() string                                            { return "" }

// TestPasswordGrant: a gateway that wants a service account wants both its
// password and the client's secret, and issues tokens at its own address.
func TestPasswordGrant(t *testing.T) {
	e := endpoint.New(endpoint.Config{Name: "erp", System: &books{}, Dialect: answering{}, Line: straight{}, Client: "c", Secret: "s", Account: "t#a", Password: "p",
		Policy: simulators.Policy{Auth: simulators.AuthOAuth2}})
	ask := func(kv ...string) simulators.Message {
		form := url.Values{"client_id": {"c"}, "client_secret": {"s"}, "grant_type": {"password"}, "username": {"t#a"}, "password": {"p"}}
		for i := 0; i < len(kv); i += 2 {
			form.Set(kv[i], kv[i+1])
		}
		return receive(t, e, simulators.Message{Verb: "post", Name: "tenant/as/token.oauth2", Body: []byte(form.Encode())})
	}
	for want, kv := range map[string][]string{
		"invalid_client": {"client_secret", "x"}, "invalid_grant": {"password", "x"}, "unsupported_grant_type": {"grant_type", "client_credentials"},
	} {
		if r := ask(kv...); r.Result.Status < 400 || !strings.Contains(string(r.Body), want) {
			t.Errorf("%q: %d %s, want %s", kv, r.Result.Status, r.Body, want)
		}
	}
	if r := ask("username", "t#b"); r.Result.Status != 400 {
		t.Errorf("another account: %d", r.Result.Status)
	}
	var got struct{ Access, Refresh string }
	read := func(m simulators.Message) {
		t.Helper()
		var body map[string]any
		if err := json.Unmarshal(m.Body, &body); err != nil {
			t.Fatal(err)
		}
		got.Access, got.Refresh = fmt.Sprint(body["access_token"]), fmt.Sprint(body["refresh_token"])
	}
	read(ask())
	if m := message(t, confirmation("4711", 1)); receive(t, e, m).Result.Outcome != simulators.Unauthorized {
		t.Error("a posting without a token was taken")
	} else if m.Header = map[string]string{"Authorization": "Bearer " + got.Access}; receive(t, e, m).Result.Outcome != simulators.Accepted {
		t.Error("a posting with the token was not")
	}
	old := got.Refresh
	read(ask("grant_type", "refresh_token", "refresh_token", old))
	if got.Refresh == old {
		t.Error("the refresh token is the same as before")
	}
	if r := ask("grant_type", "refresh_token", "refresh_token", old); r.Result.Status != 400 {
		t.Errorf("the old refresh token: %d", r.Result.Status)
	}
	if r := receive(t, e, simulators.Message{Verb: "post", Name: "oauth/token", Body: []byte("grant_type=client_credentials&client_id=c&client_secret=s")}); strings.Contains(string(r.Body), "access_token") {
		t.Errorf("a token at the address of other dialects: %s", r.Body)
	}
}

// TestPriorities: who has a low priority is refused while others are answered.
func TestPriorities(t *testing.T) {
	for priority, want := range map[simulators.Priority]int{simulators.PriorityLow: 2, simulators.PriorityMedium: 4, simulators.PriorityHigh: 6, "": 6} {
		synctest.Test(t, func(t *testing.T) {
			e := endpoint.New(endpoint.Config{Name: "erp", System: &books{}, Dialect: words{}, Line: straight{},
				Policy: simulators.Policy{Quota: simulators.Quota{Rate: 6, Window: time.Minute, Others: 4, Priority: priority}}})
			taken := 0
			for n := range 8 {
				r := receive(t, e, message(t, confirmation("4711", n+1)))
				if r.Result.Outcome == simulators.Applied {
					taken++
				} else if r.Result.Outcome != simulators.Throttled || r.Result.RetryAfter != time.Minute+time.Second || strings.Contains(r.Result.Text, "priority") != (want < 6) {
					t.Errorf("at priority %q request %d was answered %+v", priority, n+1, r.Result)
				}
			}
			if taken != want {
				t.Errorf("at priority %q %d of 8 requests were answered, want %d", priority, taken, want)
			}
		})
	}
}

// TestSlowsDown: callers are held back before they are refused.
func TestSlowsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := endpoint.New(endpoint.Config{Name: "erp", System: &books{}, Dialect: words{}, Line: straight{},
			Policy: simulators.Policy{Quota: simulators.Quota{Rate: 5, Window: time.Minute, SlowAfter: 2, Slow: 100 * time.Millisecond, RetryAfter: simulators.RetryMissing}}})
		for n, want := range []time.Duration{0, 0, 100 * time.Millisecond, 200 * time.Millisecond, 300 * time.Millisecond, 0} {
			began := time.Now()
			r := receive(t, e, message(t, confirmation("4711", n+1)))
			if got := time.Since(began); got != want {
				t.Errorf("request %d was answered after %s, want %s", n+1, got, want)
			}
			if throttled := r.Result.Outcome == simulators.Throttled; throttled != (n == 5) {
				t.Errorf("request %d: %+v", n+1, r.Result)
			}
			if r.Result.RetryAfter != 0 {
				t.Errorf("request %d was told to wait %s", n+1, r.Result.RetryAfter)
			}
		}
		time.Sleep(time.Minute)
		if r := receive(t, e, message(t, confirmation("4711", 9))); r.Result.Outcome != simulators.Applied {
			t.Errorf("in the next window: %+v", r.Result)
		}
	})
}
