package endpoint_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
)

// words is a dialect of bare JSON events, so that these tests are about the
// endpoint and nothing else.
type words struct{}

func (words) Encode(e plant.Event) ([]simulators.Message, error) {
	b, err := json.Marshal(e)
	return []simulators.Message{{Name: string(e.Fact.Kind()), Body: b}}, err
}

func (words) Decode(m simulators.Message) (simulators.Ask, error) {
	if name, ok := strings.CutPrefix(m.Name, "?"); ok {
		return simulators.Ask{Query: &simulators.Query{Object: name, Where: m.Params}}, nil
	}
	var e plant.Event
	if err := json.Unmarshal(m.Body, &e); err != nil {
		return simulators.Ask{}, err
	}
	return simulators.Ask{Claims: []plant.Event{e}, IdempotencyKey: m.Header["Idempotency-Key"]}, nil
}

func (words) Reply(_ simulators.Message, a simulators.Answer) simulators.Message {
	m := simulators.Message{Body: []byte(a.Cursor)}
	for _, r := range a.Rows {
		m.Body = append(m.Body, r.Doc...)
	}
	return m
}

func (words) Policy() simulators.Policy { return simulators.Policy{} }

// books posts everything, slowly if told so.
type books struct {
	mu    sync.Mutex
	docs  int
	delay time.Duration
	fail  *simulators.Refusal
}

func (b *books) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.docs
}

func (b *books) Notice(e plant.Event) []plant.Event { return []plant.Event{e} }

func (b *books) Handle(a simulators.Ask, post func(simulators.Posting)) simulators.Answer {
	time.Sleep(b.delay)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return simulators.Answer{Refusal: b.fail}
	}
	rows := make([]simulators.Row, len(a.Claims))
	for i, c := range a.Claims {
		b.docs++
		rows[i].Doc = fmt.Sprint("D", b.docs)
		post(simulators.Posting{Doc: rows[i].Doc, Claim: c})
	}
	return simulators.Answer{Rows: rows}
}

func (b *books) State(string, string) any { return nil }

// straight is a line on which nothing goes wrong.
type straight struct{}

func (straight) Carry(ctx context.Context, m simulators.Message, _ simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	return far(ctx, m)
}

// mailbox is a transport to a SUT made of a function.
type mailbox struct {
	send func(m simulators.Message) simulators.Result
}

func (b mailbox) URL() string { return "" }

func (b mailbox) Send(_ context.Context, m simulators.Message) (simulators.Message, error) {
	return simulators.Message{Result: b.send(m)}, nil
}

func (b mailbox) Serve(ctx context.Context, _ simulators.Receiver) error {
	<-ctx.Done()
	return nil
}

func confirmation(order string, counter int) plant.Event {
	f := plant.Confirmed{Order: plant.OrderID(order), Operation: "0010", Counter: counter, Yield: plant.Of(1, "EA")}
	return plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f}
}

func message(t *testing.T, e plant.Event, header ...string) simulators.Message {
	t.Helper()
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	m := simulators.Message{Verb: "post", Name: "confirmation", Body: b, Header: map[string]string{}}
	for i := 0; i+1 < len(header); i += 2 {
		m.Header[header[i]] = header[i+1]
	}
	return m
}

func receive(t *testing.T, e *endpoint.Endpoint, m simulators.Message) simulators.Message {
	t.Helper()
	reply, err := e.Receive(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func TestSameKeyPostsOnce(t *testing.T) {
	for _, tc := range []struct {
		name   string
		policy simulators.DedupePolicy
		want   int
	}{{"by key", simulators.DedupeKey, 1}, {"none", simulators.DedupeNone, 32}} {
		t.Run(tc.name, func(t *testing.T) {
			b := &books{}
			e := endpoint.New(endpoint.Config{System: b, Dialect: words{}, Line: straight{}, Policy: simulators.Policy{Dedupe: tc.policy}})
			var wg sync.WaitGroup
			m := message(t, confirmation("1", 1), "Idempotency-Key", "k")
			for range 32 {
				wg.Go(func() { _, _ = e.Receive(context.Background(), m) })
			}
			wg.Wait()
			if b.docs != tc.want {
				t.Errorf("32 parallel postings with one key made %d documents, want %d", b.docs, tc.want)
			}
		})
	}
}

func TestRepetitionHearsTheFirstAnswer(t *testing.T) {
	e := endpoint.New(endpoint.Config{System: &books{}, Dialect: words{}, Line: straight{}, Policy: simulators.Policy{Dedupe: simulators.DedupeKey}})
	first := receive(t, e, message(t, confirmation("1", 1), "Idempotency-Key", "k"))
	second := receive(t, e, message(t, confirmation("1", 1), "Idempotency-Key", "k"))
	if string(first.Body) != "D1" || string(second.Body) != "D1" {
		t.Errorf("documents %s and %s, want D1 twice", first.Body, second.Body)
	}
	if first.Result.Outcome != simulators.Applied || second.Result.Outcome != simulators.Repeated {
		t.Errorf("outcomes %s and %s, want applied and repeated", first.Result.Outcome, second.Result.Outcome)
	}
	other := receive(t, e, message(t, confirmation("1", 2), "Idempotency-Key", "k"))
	if other.Result.Code != "key-reused" {
		t.Errorf("the key with another payload got %+v, want key-reused", other.Result)
	}
}

func TestTransientRefusalIsNotRemembered(t *testing.T) {
	b := &books{fail: &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Locked, Code: "order-locked"}}
	e := endpoint.New(endpoint.Config{System: b, Dialect: words{}, Line: straight{}, Policy: simulators.Policy{Dedupe: simulators.DedupeKey}})
	m := message(t, confirmation("1", 1), "Idempotency-Key", "k")
	if got := receive(t, e, m).Result.Outcome; got != simulators.Locked {
		t.Fatalf("outcome %s, want locked", got)
	}
	b.fail = nil
	if got := receive(t, e, m).Result.Outcome; got != simulators.Applied {
		t.Errorf("after the lock was gone: outcome %s, want applied", got)
	}
}

func TestOrderLockRefusesParallelPostings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &books{delay: time.Second}
		e := endpoint.New(endpoint.Config{System: b, Dialect: words{}, Line: straight{}, Policy: simulators.Policy{Lock: simulators.LockOrder}})
		outcomes := make([]simulators.Outcome, 3)
		var wg sync.WaitGroup
		for i, order := range []string{"1", "1", "2"} {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				m, _ := e.Receive(context.Background(), message(t, confirmation(order, i+1)))
				outcomes[i] = m.Result.Outcome
			})
		}
		wg.Wait()
		if want := []simulators.Outcome{simulators.Applied, simulators.Locked, simulators.Applied}; !slices.Equal(outcomes, want) {
			t.Errorf("outcomes %v, want %v", outcomes, want)
		}
	})
}

func TestQuota(t *testing.T) {
	for _, form := range []simulators.RetryAfter{simulators.RetrySeconds, simulators.RetryMissing} {
		synctest.Test(t, func(t *testing.T) {
			e := endpoint.New(endpoint.Config{System: &books{}, Dialect: words{}, Line: straight{},
				Policy: simulators.Policy{Quota: simulators.Quota{Rate: 2, Window: 3 * time.Second, RetryAfter: form}}})
			var got []simulators.Outcome
			var last simulators.Result
			for i := range 3 {
				last = receive(t, e, message(t, confirmation("1", i+1))).Result
				got = append(got, last.Outcome)
			}
			if got[1] != simulators.Applied || got[2] != simulators.Throttled {
				t.Fatalf("outcomes %v, want the third throttled", got)
			}
			if told := last.RetryAfter > 0; told != (form == simulators.RetrySeconds) {
				t.Errorf("Retry-After %s with form %q", last.RetryAfter, form)
			}
			time.Sleep(3 * time.Second)
			if o := receive(t, e, message(t, confirmation("1", 9))).Result.Outcome; o != simulators.Applied {
				t.Errorf("in the next window: %s, want applied", o)
			}
		})
	}
}

// TestATokenTellsTheWay: two interface users post to the same books, and the
// line is told by which of them a message came.
func TestATokenTellsTheWay(t *testing.T) {
	var came []string
	e := endpoint.New(endpoint.Config{System: &books{}, Dialect: words{}, Line: watching{func(m simulators.Message) { came = append(came, m.Name+" by "+m.Route) }},
		Client: "c", Secret: "s", Route: "old", Ways: []endpoint.Way{{Route: "new", Client: "n", Secret: "t"}}, Policy: simulators.Policy{Auth: simulators.AuthOAuth2}})
	token := func(client, secret string) string {
		r := receive(t, e, simulators.Message{Verb: "post", Name: "oauth/token", Body: []byte("grant_type=client_credentials&client_id=" + client + "&client_secret=" + secret)})
		var granted struct {
			Token string `json:"access_token"`
		}
		_ = json.Unmarshal(r.Body, &granted)
		return granted.Token
	}
	if got := token("n", "s"); got != "" {
		t.Errorf("one user's name and the other's secret got a token")
	}
	for n, token := range []string{token("c", "s"), token("n", "t"), "guess"} {
		receive(t, e, message(t, confirmation("1", n+1), "Authorization", "Bearer "+token))
	}
	want := []string{"oauth/token by ", "oauth/token by ", "oauth/token by ", "confirmation by old", "confirmation by new", "confirmation by "}
	if !slices.Equal(came, want) {
		t.Errorf("came %q, want %q", came, want)
	}
}

// watching is a straight line that somebody looks at.
type watching struct{ see func(simulators.Message) }

func (w watching) Carry(ctx context.Context, m simulators.Message, _ simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	w.see(m)
	return far(ctx, m)
}

func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := endpoint.New(endpoint.Config{System: &books{}, Dialect: words{}, Line: straight{}, Client: "c", Secret: "s",
			Policy: simulators.Policy{Auth: simulators.AuthOAuth2, TokenTTL: 2 * time.Second}})
		ask := func(form string) simulators.Message {
			return receive(t, e, simulators.Message{Verb: "post", Name: "oauth/token", Body: []byte(form)})
		}
		if r := ask("grant_type=client_credentials&client_id=c&client_secret=wrong").Result; r.Status != 401 {
			t.Errorf("a wrong secret got status %d, want 401", r.Status)
		}
		var granted struct {
			Token string `json:"access_token"`
			TTL   int    `json:"expires_in"`
		}
		if err := json.Unmarshal(ask("grant_type=client_credentials&client_id=c&client_secret=s").Body, &granted); err != nil || granted.TTL != 2 {
			t.Fatalf("grant %+v, %v", granted, err)
		}
		post := func(token string) simulators.Outcome {
			return receive(t, e, message(t, confirmation("1", 1), "Authorization", token)).Result.Outcome
		}
		if got := post("Bearer " + granted.Token); got != simulators.Applied {
			t.Errorf("with a fresh token: %s", got)
		}
		if got := post("Bearer guess"); got != simulators.Unauthorized {
			t.Errorf("with a guessed token: %s", got)
		}
		time.Sleep(2*time.Second + 1)
		if got := post("Bearer " + granted.Token); got != simulators.Unauthorized {
			t.Errorf("with an expired token: %s", got)
		}
	})
}

func TestQueuedPostingTakesEffectLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &books{}
		e := endpoint.New(endpoint.Config{System: b, Dialect: words{}, Line: straight{}, Policy: simulators.Policy{Accept: simulators.AcceptQueued, Delay: time.Second}})
		if got := receive(t, e, message(t, confirmation("1", 1))).Result.Outcome; got != simulators.Accepted || b.count() != 0 || e.Waiting() != 1 {
			t.Errorf("outcome %s, %d documents, %d waiting; want accepted, none, one", got, b.count(), e.Waiting())
		}
		time.Sleep(time.Second + 1)
		synctest.Wait()
		if b.count() != 1 || e.Waiting() != 0 {
			t.Errorf("%d documents, %d waiting; want one, none", b.count(), e.Waiting())
		}
	})
}

// deliver runs an endpoint against a SUT that answers with reply and returns
// what arrived there, in order.
func deliver(t *testing.T, policy simulators.Policy, line simulators.Line, events []plant.Event, reply func(n int, id plant.EventID) simulators.Result) (got []plant.EventID, left int) {
	t.Helper()
	var mu sync.Mutex
	send := func(m simulators.Message) simulators.Result {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, m.Events[0].ID)
		return reply(len(got), m.Events[0].ID)
	}
	if line == nil {
		line = straight{}
	}
	e := endpoint.New(endpoint.Config{System: &books{}, Dialect: words{}, Line: line, Transport: mailbox{send}, Policy: policy, Push: true})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	for _, ev := range events {
		if err := e.Notice(ev); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(time.Minute)
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return got, e.Waiting()
}

func ids(events []plant.Event) (out []plant.EventID) {
	for _, e := range events {
		out = append(out, e.ID)
	}
	return out
}

func TestOutboxKeepsEntitiesInSequence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := []plant.Event{confirmation("1", 1), confirmation("1", 2), confirmation("1", 3)}
		got, left := deliver(t, simulators.Policy{}, nil, events, func(n int, _ plant.EventID) simulators.Result {
			if n <= 2 { // the first message is not taken twice
				return simulators.Result{Outcome: simulators.Unavailable}
			}
			return simulators.Result{Outcome: simulators.Accepted}
		})
		want := append([]plant.EventID{events[0].ID, events[0].ID}, ids(events)...)
		if !slices.Equal(got, want) || left != 0 {
			t.Errorf("delivered %v (%d left), want %v", got, left, want)
		}
	})
}

// Where nothing is promised about order, what was not taken is overtaken by what
// is about the same order, and comes last.
func TestOutboxWithoutOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := []plant.Event{confirmation("1", 1), confirmation("1", 2), confirmation("1", 3)}
		refused := false
		got, left := deliver(t, simulators.Policy{Ordering: simulators.OrderNone}, nil, events, func(_ int, id plant.EventID) simulators.Result {
			if id == events[0].ID && !refused {
				refused = true
				return simulators.Result{Outcome: simulators.Unavailable}
			}
			return simulators.Result{Outcome: simulators.Accepted}
		})
		if len(got) != 4 || left != 0 || got[3] != events[0].ID {
			t.Errorf("delivered %v (%d left), want %s again after the others", got, left, events[0].ID)
		}
	})
}

func TestOutboxGivesUpWhatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := []plant.Event{confirmation("1", 1), confirmation("1", 2)}
		got, left := deliver(t, simulators.Policy{}, nil, events, func(int, plant.EventID) simulators.Result {
			return simulators.Result{Outcome: simulators.Refused}
		})
		if !slices.Equal(got, ids(events)) || left != 0 {
			t.Errorf("delivered %v (%d left), want each once", got, left)
		}
	})
}

// slowFirst holds the first message and lets others of its entity pass.
type slowFirst struct{ seen atomic.Bool }

func (l *slowFirst) Carry(ctx context.Context, m simulators.Message, _ simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	if !l.seen.Swap(true) {
		m.Release()
		time.Sleep(time.Second)
	}
	return far(ctx, m)
}

func TestReleasedMessageMayBeOvertaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := []plant.Event{confirmation("1", 1), confirmation("1", 2)}
		got, left := deliver(t, simulators.Policy{}, &slowFirst{}, events, func(n int, _ plant.EventID) simulators.Result {
			if n == 2 { // the late one is not taken at first
				return simulators.Result{Outcome: simulators.Unknown}
			}
			return simulators.Result{Outcome: simulators.Accepted}
		})
		want := []plant.EventID{events[1].ID, events[0].ID, events[0].ID}
		if !slices.Equal(got, want) || left != 0 {
			t.Errorf("delivered %v (%d left), want %v", got, left, want)
		}
	})
}

func TestFeedIsTakenByItsNextCursor(t *testing.T) {
	var served, taken int
	e := endpoint.New(endpoint.Config{System: &books{}, Dialect: words{}, Line: straight{}, OnFeed: func(ms []simulators.Message, t bool) {
		if t {
			taken += len(ms)
		} else {
			served += len(ms)
		}
	}})
	for i := range 3 {
		if err := e.Notice(confirmation("1", i+1)); err != nil {
			t.Fatal(err)
		}
	}
	page := func(after string) string {
		return string(receive(t, e, simulators.Message{Verb: "get", Name: "?feed", Params: map[string]string{"after": after, "limit": "2"}}).Body)
	}
	if c := page(""); c != "2" || taken != 0 || e.Waiting() != 3 {
		t.Errorf("first page ends at %s with %d taken, %d waiting; want 2, 0, 3", c, taken, e.Waiting())
	}
	if c := page("2"); c != "3" || taken != 2 {
		t.Errorf("second page ends at %s with %d taken; want 3, 2", c, taken)
	}
	page("3")
	if e.Waiting() != 0 || served != 3 {
		t.Errorf("%d waiting, %d served; want 0, 3", e.Waiting(), served)
	}
	if got := receive(t, e, simulators.Message{Verb: "get", Name: "?feed", Params: map[string]string{"after": "99"}}).Result; got.Code != "cursor-unknown" {
		t.Errorf("a cursor of nowhere got %+v", got)
	}
}

func TestMalformedIsRefusedAsDataQuality(t *testing.T) {
	e := endpoint.New(endpoint.Config{System: &books{}, Dialect: words{}, Line: straight{}})
	got := receive(t, e, simulators.Message{Verb: "post", Name: "confirmation", Body: []byte("{")}).Result
	if got.Outcome != simulators.Refused || got.Class != simulators.DataQuality {
		t.Errorf("garbage got %+v, want a data-quality refusal", got)
	}
	var refusal *simulators.Refusal
	if !errors.As(error(&simulators.Refusal{Code: "x"}), &refusal) {
		t.Error("a Refusal is not an error")
	}
}
