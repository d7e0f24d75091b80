package endpoint_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
)

// bundles is a dialect of which one message can hold several, a line each, and
// that tags objects; "several" names such messages, "change/TAG" a change.
type bundles struct{ words }

func (b bundles) Unbundle(m simulators.Message) (held []simulators.Message, err error) {
	if m.Name != "several" {
		return nil, nil
	}
	for _, line := range bytes.Split(m.Body, []byte("\n")) {
		one := m
		one.Name, one.Body = "one", line
		held = append(held, one)
	}
	return held, nil
}

func (b bundles) Bundle(_ simulators.Message, replies []simulators.Message) simulators.Message {
	out := simulators.Message{Result: simulators.Result{Status: 202}}
	for _, r := range replies {
		if r.Result.Outcome == "" {
			continue
		}
		out.Body = fmt.Appendf(out.Body, "%s:%s ", r.Result.Outcome, r.Body)
	}
	return out
}

func (b bundles) Decode(m simulators.Message) (simulators.Ask, error) {
	ask, err := b.words.Decode(m)
	if id, ok := strings.CutPrefix(m.Name, "change/"); ok {
		ask.Target = &simulators.Query{Object: "lot", Where: map[string]string{"id": id}}
	}
	return ask, err
}

func (bundles) Tag(found any) string { return fmt.Sprint(found) }

// tagged are books of which one lot is there, in a state.
type tagged struct {
	choosy
	state string
}

func (b *tagged) State(_, id string) any {
	if id == "L1" {
		return b.state
	}
	return nil
}

// choosy are books that refuse facts of an order.
type choosy struct {
	books
	order plant.OrderID
	class simulators.Class
	asked map[string]string
}

func (p *choosy) Handle(a simulators.Ask, post func(simulators.Posting)) simulators.Answer {
	if a.Query != nil {
		return simulators.Answer{Cursor: p.asked[a.Query.Where["id"]], Found: []any{}}
	}
	if i := slices.IndexFunc(a.Claims, func(c plant.Event) bool { return c.Fact.Keys().Order == p.order }); i >= 0 {
		rows := make([]simulators.Row, len(a.Claims))
		rows[i].Refusal = &simulators.Refusal{Class: p.class, Code: "no"}
		return simulators.Answer{Rows: rows}
	}
	return p.books.Handle(a, post)
}

func (p *choosy) Notice(e plant.Event) []plant.Event {
	p.asked[string(e.Fact.Keys().Order)] = "changed"
	return nil
}

func at(s simulators.System, p simulators.Policy) *endpoint.Endpoint {
	return endpoint.New(endpoint.Config{System: s, Dialect: bundles{}, Line: straight{}, Policy: p})
}

func TestChangesNeedASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &books{}
		e := at(b, simulators.Policy{Session: simulators.SessionCSRF, TokenTTL: time.Minute})
		fetch := func(cookie string) (token, set string) {
			m := simulators.Message{Verb: "get", Method: "GET", Name: "?health", Header: map[string]string{"X-Csrf-Token": "Fetch", "Cookie": cookie}}
			got := receive(t, e, m)
			return got.Header["X-Csrf-Token"], strings.TrimSuffix(got.Header["Set-Cookie"], "; path=/; HttpOnly")
		}
		post := func(token, cookie string) simulators.Outcome {
			m := message(t, confirmation("1", 1), "X-Csrf-Token", token, "Cookie", cookie)
			m.Method = "POST"
			return receive(t, e, m).Result.Outcome
		}
		token, cookie := fetch("")
		again, set := fetch("other=1; " + cookie)
		if token == "" || cookie == "" || again != token || set != "" {
			t.Fatalf("token %q, cookie %q; in the same session %q and %q", token, cookie, again, set)
		}
		other, _ := fetch("")
		for _, c := range []struct {
			name, token, cookie string
			want                simulators.Outcome
		}{
			{"neither", "", "", simulators.Unauthorized},
			{"no cookie", token, "", simulators.Unauthorized},
			{"no token", "", cookie, simulators.Unauthorized},
			{"token of another session", other, cookie, simulators.Unauthorized},
			{"both", token, "x=1; " + cookie, simulators.Applied},
		} {
			if got := post(c.token, c.cookie); got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
		}
		time.Sleep(time.Minute)
		if got := post(token, cookie); got != simulators.Unauthorized {
			t.Errorf("after the session's end: %s", got)
		}
		if fresh, set := fetch(cookie); fresh == token || set == "" {
			t.Error("an ended session was gone on with")
		}
		if b.count() != 1 {
			t.Errorf("%d documents, want 1", b.count())
		}
	})
}

func TestChangesSayWhichStateTheyMean(t *testing.T) {
	for _, c := range []struct {
		name, lot, header string
		policy            simulators.MatchPolicy
		want              string
	}{
		{"not said", "L1", "", simulators.MatchETag, "precondition-required"},
		{"another", "L1", `W/"old"`, simulators.MatchETag, "precondition-failed"},
		{"the same", "L1", "now", simulators.MatchETag, ""},
		{"the same, weak", "L1", "W/now", simulators.MatchETag, ""},
		{"any", "L1", "*", simulators.MatchETag, ""},
		{"unknown to the books", "L2", "", simulators.MatchETag, ""},
		{"nobody looks", "L1", "", simulators.MatchNone, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := at(&tagged{state: "now"}, simulators.Policy{Match: c.policy})
			m := message(t, confirmation("1", 1), "If-Match", c.header)
			m.Name = "change/" + c.lot
			if got := receive(t, e, m).Result; got.Code != c.want || (c.want == "") != (got.Outcome == simulators.Applied) {
				t.Errorf("%+v, want code %q", got, c.want)
			}
		})
	}
}

// several is a message that holds confirmations of orders.
func several(t *testing.T, orders ...string) simulators.Message {
	t.Helper()
	var bodies [][]byte
	for i, o := range orders {
		bodies = append(bodies, message(t, confirmation(o, i+1)).Body)
	}
	return simulators.Message{Verb: "post", Name: "several", Body: bytes.Join(bodies, []byte("\n"))}
}

func TestEachPartIsAnsweredByItself(t *testing.T) {
	bad := &simulators.Refusal{Class: simulators.DataQuality, Code: "bad"}
	for _, c := range []struct {
		name    string
		orders  []string
		manner  *simulators.Manner
		outcome simulators.Outcome
		body    string
		items   int
	}{
		{"all good", []string{"1", "2", "1"}, nil, simulators.Applied, "applied:D1 applied:D2 applied:D3 ", 3},
		{"one bad", []string{"1", "BAD"}, nil, simulators.Partly, "applied:D1 refused: ", 2},
		{"all bad", []string{"BAD", "BAD"}, nil, simulators.Refused, "refused: refused: ", 2},
		{"one by itself", []string{"1"}, nil, simulators.Applied, "applied:D1 ", 0},
		{"one made bad", []string{"1", "2"}, &simulators.Manner{Rows: []*simulators.Refusal{nil, bad}}, simulators.Partly, "applied:D1 refused: ", 2},
		{"one not told", []string{"1", "2"}, &simulators.Manner{Told: []int{1}}, simulators.Partly, "applied:D2 ", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := at(&choosy{order: "BAD"}, simulators.Policy{Lock: simulators.LockOrder, Delay: time.Hour})
			m := several(t, c.orders...)
			m.Manner = c.manner
			got := receive(t, e, m)
			if got.Result.Outcome != c.outcome || string(got.Body) != c.body || len(got.Result.Items) != c.items || got.Result.Status != 202 {
				t.Errorf("%+v\n%s, want %s and %s with %d items", got.Result, got.Body, c.outcome, c.body, c.items)
			}
		})
	}
}

// What several parts need is held for as long as a posting holds it.
func TestPartsHoldTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := at(&books{}, simulators.Policy{Lock: simulators.LockOrder, Delay: time.Second})
		if got := receive(t, e, several(t, "1", "1")).Result; got.Outcome != simulators.Applied {
			t.Errorf("%+v", got)
		}
		if got := receive(t, e, several(t, "2", "1")); string(got.Body) != "applied:D3 locked: " {
			t.Errorf("%s", got.Body)
		}
		time.Sleep(2 * time.Second)
		if got := receive(t, e, several(t, "1")).Result; got.Outcome != simulators.Applied {
			t.Errorf("%+v", got)
		}
		time.Sleep(2 * time.Second)
	})
}

// pairs is a dialect in which a message states two facts.
type pairs struct{ bundles }

func (pairs) Unbundle(simulators.Message) ([]simulators.Message, error) { return nil, nil }

func (p pairs) Decode(m simulators.Message) (ask simulators.Ask, err error) {
	if strings.HasPrefix(m.Name, "?") {
		return p.words.Decode(m)
	}
	for _, line := range bytes.Split(m.Body, []byte("\n")) {
		one, err := p.words.Decode(simulators.Message{Body: line})
		if err != nil {
			return ask, err
		}
		ask.Claims = append(ask.Claims, one.Claims...)
	}
	return ask, nil
}

// pairs lays answers about the queue aside.
type pairsAside struct {
	pairs
	found *[]any
}

func (p pairsAside) Reply(m simulators.Message, a simulators.Answer) simulators.Message {
	if m.Verb == "get" {
		*p.found = a.Found
	}
	return p.pairs.Reply(m, a)
}

func TestWhatIsRefusedMayWaitForAPerson(t *testing.T) {
	for _, c := range []struct {
		name    string
		orders  string
		class   simulators.Class
		policy  simulators.Policy
		outcome simulators.Outcome
		docs    int
		pooled  int
	}{
		{"told", "BAD 1", simulators.DataQuality, simulators.Policy{}, simulators.Partly, 0, 0},
		{"bad data pooled", "BAD 1", simulators.DataQuality, simulators.Policy{Failed: simulators.FailedPoolData}, simulators.Accepted, 0, 1},
		{"not bad data", "BAD 1", simulators.Business, simulators.Policy{Failed: simulators.FailedPoolData}, simulators.Partly, 0, 0},
		{"anything pooled", "BAD 1", simulators.Business, simulators.Policy{Failed: simulators.FailedPoolAll}, simulators.Accepted, 0, 1},
		{"first row decides", "BAD 1", simulators.Business, simulators.Policy{Batch: simulators.BatchLead}, simulators.Refused, 0, 0},
		{"second row waits", "1 BAD", simulators.Business, simulators.Policy{Batch: simulators.BatchLead}, simulators.Applied, 1, 1},
		{"all rows are good", "1 2", simulators.Business, simulators.Policy{Batch: simulators.BatchLead}, simulators.Applied, 2, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				found := []any{}
				b := &choosy{order: "BAD", class: c.class}
				e := endpoint.New(endpoint.Config{System: b, Dialect: pairsAside{found: &found}, Line: straight{}, Policy: c.policy})
				m := several(t, strings.Fields(c.orders)...)
				if got := receive(t, e, m).Result; got.Outcome != c.outcome {
					t.Errorf("%+v, want %s", got, c.outcome)
				}
				receive(t, e, simulators.Message{Verb: "get", Name: "?queue"})
				if b.count() != c.docs || len(found) != c.pooled {
					t.Fatalf("%d documents, %d wait for a person; want %d and %d", b.count(), len(found), c.docs, c.pooled)
				}
				if c.pooled == 0 {
					return
				}
				b.order = "" // somebody has mended it
				if err := e.Requeue("OP-1"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				synctest.Wait()
				if b.count() != 2 || e.Waiting() != 0 {
					t.Errorf("%d documents after it was mended, %d wait; want 2 and none", b.count(), e.Waiting())
				}
			})
		})
	}
}

func TestQuestionsShowChangesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := at(&choosy{asked: map[string]string{}}, simulators.Policy{Lag: time.Second})
		shown := func(id string) string {
			return string(receive(t, e, simulators.Message{Verb: "get", Name: "?order", Params: map[string]string{"id": id}}).Body)
		}
		if err := e.Notice(plant.Event{Fact: plant.OrderChanged{Order: "1", Version: 2}}); err != nil {
			t.Fatal(err)
		}
		if got := shown("1"); got != "" {
			t.Errorf("at once: %q, want what was there before", got)
		}
		time.Sleep(time.Second)
		if got := shown("1"); got != "changed" {
			t.Errorf("a second later: %q, want changed", got)
		}
		if got := shown("2"); got != "" {
			t.Errorf("of another order: %q", got)
		}
	})
}
