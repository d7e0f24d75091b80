package record_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/contracts/pact/record"
	"github.com/andon-rig/andon/evidence/bundle"
)

var typed = map[string][]string{"Content-Type": {"application/json"}}

func call(method, path, request string, status int, reply string) record.Seen {
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return record.Seen{Name: name, Exchange: contracts.Exchange{FromConsumer: true,
		Request: contracts.Part{Method: method, Path: path, Headers: typed, Body: []byte(request)},
		Reply:   &contracts.Part{Status: status, Headers: typed, Body: []byte(reply)}}}
}

func write(t *testing.T, all ...record.Seen) (record.Recording, *pact.Document) {
	t.Helper()
	redactor, err := bundle.NewRedactor(nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := record.Write(all, record.Options{Consumer: "mes", Provider: "erp", From: "a test", Redact: redactor.Text})
	if err != nil {
		t.Fatal(err)
	}
	d, err := pact.Format{}.Read([]contracts.File{{Name: "mes-erp.json", Data: r.Text}})
	if err != nil {
		t.Fatal(err)
	}
	return r, d.(*pact.Document)
}

// What varies is asked for as loosely as it varies, and no looser.
func TestRulesFollowWhatWasSeen(t *testing.T) {
	_, d := write(t,
		call("GET", "/orders/4711", "", 200, `{"no":"004711","qty":5,"price":1.5,"at":"2026-11-26T06:00:00+01:00","state":"held","lots":[{"id":"L1"}],"note":null,"maybe":1}`),
		call("GET", "/orders/4712", "", 200, `{"no":"004712","qty":7,"price":2,"at":"2026-11-27T06:00:00Z","state":"held","lots":[{"id":"L2"},{"id":"L3","x":1}],"note":"n"}`))
	good := `{"no":"123456","qty":1,"price":3.25,"at":"2026-01-01T00:00:00Z","state":"ready","lots":[{"id":"x"}],"note":null}`
	for _, c := range []struct{ name, before, after, want string }{
		{"as it was", "", "", ""},
		{"digits of an id", `"123456"`, `"12345"`, "$.no"},
		{"decimals in an integer", `"qty":1`, `"qty":1.5`, "$.qty"},
		{"a text for a number", `3.25`, `"3.25"`, "$.price"},
		{"no moment", `2026-01-01T00:00:00Z`, `2026-13-01`, "$.at"},
		{"a state that is no text", `"ready"`, `7`, "$.state"},
		{"no lots", `[{"id":"x"}]`, `[]`, "$.lots"},
		{"a lot without id", `{"id":"x"}`, `{}`, "$.lots[0].id"},
		{"a note that is a number", `"note":null`, `"note":7`, "$.note"},
		{"a note that is a text", `"note":null`, `"note":"x"`, ""},
	} {
		body := strings.Replace(good, c.before, c.after, 1)
		found, covered := d.Check(call("GET", "/orders/1", "", 200, body).Exchange)
		got := ""
		if len(found) > 0 {
			got = found[0].Path
		}
		if !covered || got != c.want {
			t.Errorf("%s: %v (covered %v), want %q", c.name, found, covered, c.want)
		}
	}
}

// A pact has no optional fields: requests with other fields are others.
func TestRequestsWithOtherFieldsAreOtherInteractions(t *testing.T) {
	r, d := write(t,
		call("POST", "/confirmations", `{"order":"1","parts":[{"kind":"yield","qty":1},{"kind":"scrap","qty":1,"reason":"R"}]}`, 201, `{"doc":"1"}`),
		call("POST", "/confirmations", `{"order":"2","parts":[{"kind":"yield","qty":1}]}`, 201, `{"doc":"2"}`),
		call("POST", "/confirmations", `{"order":"3","parts":[{"kind":"yield","qty":2},{"kind":"yield","qty":3}]}`, 201, `{"doc":"2"}`))
	if len(r.Interactions) != 2 {
		t.Fatalf("interactions %q, want 2", r.Interactions)
	}
	if _, covered := d.Check(call("POST", "/confirmations", `{"order":"3","parts":[{"kind":"scrap","qty":1,"reason":"R"}]}`, 201, `{"doc":"1"}`).Exchange); covered {
		t.Error("a request that was never seen is covered")
	}
}

func TestWhatIsLeftOut(t *testing.T) {
	lost := call("POST", "/confirmations", `{}`, 201, `{}`)
	lost.Exchange.Reply = nil
	secret := call("GET", "/orders", "", 200, `{}`)
	secret.Exchange.Request.Query = map[string][]string{"access_token": {"c4n4ry-in-the-address"}}
	r, _ := write(t, call("GET", "/orders/1", "", 200, `{"no":"1"}`), call("GET", "/orders/2", "", 404, `{}`), call("POST", "/confirmations", `{}`, 503, ``), lost, secret)
	if r.Used != 1 || fmt.Sprint(r.Left) != "[{carry a secret in their address 1} {have no reply 1} {were answered 404 1} {were answered 503 1}]" {
		t.Errorf("used %d, left %v", r.Used, r.Left)
	}
	_, err := record.Write([]record.Seen{lost}, record.Options{Consumer: "a", Provider: "b"})
	if !errors.Is(err, record.ErrNothing) || !strings.Contains(err.Error(), "1 have no reply") {
		t.Errorf("nothing to record: %v", err)
	}
}

func TestSecretsAreNotWritten(t *testing.T) {
	x := call("POST", "/login", `{"user":"u","password":"c4n4ry-in-the-body"}`, 200, `{"access_token":"c4n4ry-in-the-reply","kind":"x"}`)
	x.Exchange.Request.Headers = map[string][]string{"Content-Type": {"application/json"}, "Authorization": {"Bearer c4n4ry-in-a-header"}, "Cookie": {"c4n4ry"}, "X-Api-Key": {"c4n4ry"}}
	x.Exchange.Reply.Headers = map[string][]string{"Content-Type": {"application/json"}, "Set-Cookie": {"c4n4ry"}}
	r, _ := write(t, x)
	if strings.Contains(string(r.Text), "c4n4ry") {
		t.Errorf("a secret is in\n%s", r.Text)
	}
}

func TestAnnouncementsBecomeMessages(t *testing.T) {
	seen := func(body string) record.Seen {
		return record.Seen{Name: "orders", Exchange: contracts.Exchange{Request: contracts.Part{Path: "/orders", Headers: typed, Body: []byte(body)}}}
	}
	_, d := write(t, seen(`{"event":"released","no":"1"}`), seen(`{"event":"released","no":"2","more":1}`))
	if len(d.Interactions) != 2 || d.Interactions[0].Kind != pact.Async {
		t.Fatalf("got %+v", d.Interactions)
	}
	if found, _ := d.Check(seen(`{"event":"released"}`).Exchange); len(found) == 0 {
		t.Error("an announcement without number is kept")
	}
}

func TestTheSameIsWrittenAgain(t *testing.T) {
	all := []record.Seen{call("GET", "/a/1", "", 200, `{"b":1,"a":2}`), call("GET", "/b/1", "", 200, `[]`), call("GET", "/a/2", "", 200, `{"b":1,"a":2,"c":3}`)}
	one, _ := write(t, all...)
	two, _ := write(t, all...)
	if string(one.Text) != string(two.Text) {
		t.Error("the same exchanges give two pacts")
	}
}

// TestWhatWasRecordedHolds records random exchanges: what is written must hold
// for all of them, which Write itself demands.
func TestWhatWasRecordedHolds(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(1, seed))
		var all []record.Seen
		for i := range 1 + r.IntN(6) {
			all = append(all, call("POST", fmt.Sprintf("/things/%d", i), text(t, random(r, 3)), 200, text(t, random(r, 3))))
		}
		if _, err := record.Write(all, record.Options{Consumer: "a", Provider: "b"}); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

func random(r *rand.Rand, depth int) any {
	leaves := []any{"x", "2026-11-26", "2026-11-26T06:00:00Z", "0012", "12.5", json.Number("1"), json.Number("1.5"), true, nil}
	switch n := r.IntN(10); {
	case n < 3 && depth > 0:
		m := map[string]any{}
		for _, k := range []string{"a", "b c", "it's", "@d", "e.f"}[:1+r.IntN(5)] {
			m[k] = random(r, depth-1)
		}
		return m
	case n < 5 && depth > 0:
		return slices.Repeat([]any{random(r, depth-1), random(r, depth-1)}, r.IntN(3))
	}
	return leaves[r.IntN(len(leaves))]
}

func text(t *testing.T, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
