// Package dialecttest is what every dialect must stand: its own test calls
// [Run], and that is the first line of it.
//
// It knows no dialect.
package dialecttest

import (
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Run tests that d keeps the promises of [simulators.Dialect]: what it
// encodes it decodes again, as a SUT that only forwards would send it; equal
// input gives equal output, also concurrently; garbage is refused; and answers
// are worded so that their sender can tell what to do.
func Run(t *testing.T, d simulators.Dialect, options ...Option) {
	t.Helper()
	x := expectations{says: func(string) bool { return true }, within: func(e plant.Event) plant.Event { return e }, named: map[plant.Kind]bool{}}
	for _, o := range options {
		o(&x)
	}
	t.Run("policy", func(t *testing.T) {
		if err := d.Policy().Validate(); err != nil {
			t.Error(err)
		}
	})
	words := 0
	for _, kind := range Kinds() {
		t.Run("round trip/"+string(kind), rapid.MakeCheck(func(t *rapid.T) {
			if roundTrip(t, d, Events(kind).Draw(t, "event"), x) {
				words++
			}
		}))
	}
	if words == 0 {
		t.Error("the dialect has no word for any kind of fact")
	}
	t.Run("concurrent", func(t *testing.T) { concurrent(t, d, x) })
	t.Run("garbage", func(t *testing.T) { garbage(t, d, x) })
	t.Run("replies", func(t *testing.T) { replies(t, d, x) })
}

// roundTrip reports whether d has a word for e.
func roundTrip(t *rapid.T, d simulators.Dialect, e plant.Event, x expectations) bool {
	e = x.within(e)
	ms, err := d.Encode(e)
	if !x.sayable(e) {
		if err == nil && len(ms) > 0 {
			t.Fatalf("encoded what the dialect cannot say:\n%s", bodies(ms))
		}
		return false
	}
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	again, _ := d.Encode(e)
	if !reflect.DeepEqual(ms, again) {
		t.Fatalf("encoded twice, two results:\n%s\n%s", bodies(ms), bodies(again))
	}
	var claims []plant.Event
	for _, m := range ms {
		if m.Key == "" || m.Entity == "" || len(m.Events) == 0 || m.Name == "" {
			t.Fatalf("message without key, entity, events or name: %+v", m)
		}
		if slices.Contains(x.told, e.Fact.Kind()) {
			return true
		}
		ask, err := d.Decode(m)
		if err != nil {
			t.Fatalf("decode what was encoded: %v\n%s", err, m.Body)
		}
		claims = append(claims, ask.Claims...)
		if x.named[e.Fact.Kind()] {
			if k := e.Fact.Keys(); ask.Query == nil || ask.Query.Where["id"] != string(k.Order) && ask.Query.Where["id"] != string(k.Material) {
				t.Fatalf("what names %v is understood as %+v", k, ask)
			}
			return true
		}
	}
	if len(ms) == 0 {
		return false
	}
	if len(claims) != 1 {
		t.Fatalf("one event became %d claims:\n%s", len(claims), bodies(ms))
	}
	same(t, claims[0], e)
	return true
}

func same(t *rapid.T, got, want plant.Event) {
	if got.ID != want.ID {
		t.Errorf("reference %q, want %q", got.ID, want.ID)
	}
	if !got.At.Equal(want.At) {
		t.Errorf("at %s, want %s", got.At, want.At)
	}
	_, gotOffset := got.At.Zone()
	if _, offset := want.At.Zone(); gotOffset != offset {
		t.Errorf("offset of %s is not that of %s: plant-local time is lost", got.At, want.At)
	}
	if got.Fact.Kind() != want.Fact.Kind() || got.Fact.Keys() != want.Fact.Keys() {
		t.Fatalf("%s %v, want %s %v", got.Fact.Kind(), got.Fact.Keys(), want.Fact.Kind(), want.Fact.Keys())
	}
	if g, w := got.Fact.Fields(), want.Fact.Fields(); !reflect.DeepEqual(g, w) {
		t.Errorf("fields %v,\nwant %v", g, w)
	}
}

func bodies(ms []simulators.Message) (s string) {
	for _, m := range ms {
		s += m.Name + " " + string(m.Body) + "\n"
	}
	return s
}

// samples returns a message of each kind that d has a word for.
func samples(t *testing.T, d simulators.Dialect, x expectations) (ms []simulators.Message) {
	for i, kind := range Kinds() {
		if slices.Contains(x.told, kind) {
			continue
		}
		e := x.within(Events(kind).Example(i + 1))
		for n := i + 1; !x.sayable(e); n += len(Kinds()) {
			e = x.within(Events(kind).Example(n))
		}
		m, err := d.Encode(e)
		if err != nil {
			t.Fatalf("encode %s: %v", kind, err)
		}
		ms = append(ms, m...)
	}
	return ms
}

func concurrent(t *testing.T, d simulators.Dialect, x expectations) {
	ms := samples(t, d, x)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, m := range ms {
				ask, err := d.Decode(m)
				if err != nil {
					t.Errorf("decode %s: %v", m.Name, err)
					continue
				}
				d.Reply(m, simulators.Answer{Rows: []simulators.Row{{Doc: "1"}}})
				if len(ask.Claims) == 0 {
					continue // it was named only
				}
				if _, err := d.Encode(ask.Claims[0]); err != nil {
					t.Errorf("encode what was decoded of %s: %v", m.Name, err)
				}
			}
		})
	}
	wg.Wait()
}

// garbage gives d what no system ever said.
func garbage(t *testing.T, d simulators.Dialect, x expectations) {
	for _, m := range samples(t, d, x) {
		whole := string(m.Body)
		for _, body := range []string{"", " ", "{", "null", "[]", "{}", "\x00", "\xff\xfe", whole[:len(whole)/2], whole[1:], whole + whole, whole + "}"} {
			m.Body = []byte(body)
			if ask, err := d.Decode(m); err == nil {
				t.Errorf("%s: %.60q was understood as %+v", m.Name, body, ask)
			}
		}
		rapid.Check(t, func(t *rapid.T) {
			b := []byte(whole)
			for range rapid.IntRange(1, 4).Draw(t, "bytes") {
				b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
			}
			m.Body = b
			ask, err := d.Decode(m)
			if err == nil && len(ask.Claims) == 0 && ask.Late == nil && (ask.Query == nil || !x.named[m.Events[0].Fact.Kind()]) {
				t.Errorf("neither claims nor a refusal: %q", b)
			}
			if r, ok := err.(*simulators.Refusal); ok && (r.Class == "" || r.Code == "" || r.Text == "") {
				t.Errorf("a refusal that does not say why: %+v", r)
			}
		})
	}
	if _, err := d.Decode(simulators.Message{Verb: "post", Name: "no/such name"}); err == nil {
		t.Error("an unknown name was understood")
	}
}

// replies asks for every kind of answer.
func replies(t *testing.T, d simulators.Dialect, x expectations) {
	m := samples(t, d, x)[0]
	for _, c := range answers() {
		if status, other := x.statuses[c.name]; other {
			c.low, c.high = status, status
		}
		t.Run(c.name, func(t *testing.T) {
			got := d.Reply(m, c.answer)
			if got.Result.Status < c.low || got.Result.Status > c.high {
				t.Errorf("status %d, want %d to %d\n%s", got.Result.Status, c.low, c.high, got.Body)
			}
			if len(got.Body) == 0 {
				t.Error("the reply has no body")
			}
			if !reflect.DeepEqual(got, d.Reply(m, c.answer)) {
				t.Error("worded twice, two replies")
			}
			retryAfter(t, got.Header["Retry-After"], c.answer.Refusal)
		})
	}
}

func retryAfter(t *testing.T, got string, r *simulators.Refusal) {
	switch {
	case r == nil || r.After == 0 || r.RetryForm == simulators.RetryMissing:
		if got != "" {
			t.Errorf("Retry-After %q, want none", got)
		}
	case r.RetryForm == simulators.RetryDate:
		if got != "date" {
			t.Errorf("Retry-After %q, want \"date\" for the transport to fill", got)
		}
	default:
		s, err := strconv.Atoi(got)
		if d := time.Duration(s) * time.Second; err != nil || d < r.After || d >= r.After+time.Second {
			t.Errorf("Retry-After %q does not say %s", got, r.After)
		}
	}
}

type reply struct {
	name      string
	answer    simulators.Answer
	low, high int // of the status
}

func answers() []reply {
	refuse := func(o simulators.Outcome, c simulators.Class, code string) simulators.Answer {
		return simulators.Answer{Refusal: &simulators.Refusal{Outcome: o, Class: c, Code: code, Text: "text"}}
	}
	wait := func(a simulators.Answer, d time.Duration, form simulators.RetryAfter) simulators.Answer {
		a.Refusal.After, a.Refusal.RetryForm = d, form
		return a
	}
	bad := &simulators.Refusal{Class: simulators.DataQuality, Code: "lot-expired", Text: "text"}
	throttled := func() simulators.Answer { return refuse(simulators.Throttled, simulators.Technical, "quota-exceeded") }
	down := func() simulators.Answer {
		return refuse(simulators.Unavailable, simulators.Technical, "out-of-service")
	}
	return []reply{
		{"applied", simulators.Answer{Rows: []simulators.Row{{Doc: "1"}}}, 201, 201},
		{"repeated", simulators.Answer{Rows: []simulators.Row{{Doc: "1", Known: true}}}, 200, 200},
		{"accepted", simulators.Answer{Later: true}, 202, 202},
		{"partly", simulators.Answer{Rows: []simulators.Row{{Doc: "1"}, {Refusal: bad}}}, 207, 207},
		{"all rows bad", simulators.Answer{Rows: []simulators.Row{{Refusal: bad}, {Refusal: bad}}}, 422, 422},
		{"one row bad", simulators.Answer{Rows: []simulators.Row{{Refusal: bad}}}, 422, 422},
		{"malformed", refuse("", simulators.DataQuality, "malformed"), 400, 400},
		{"order unknown", refuse("", simulators.DataQuality, "order-unknown"), 404, 404},
		{"data quality", simulators.Answer{Refusal: bad}, 422, 422},
		{"business", refuse("", simulators.Business, "order-closed"), 409, 409},
		{"key reused", refuse("", simulators.DataQuality, "key-reused"), 422, 422},
		{"already posted", refuse("", simulators.DataQuality, "already-posted"), 409, 409},
		{"locked", refuse(simulators.Locked, simulators.Technical, "order-locked"), 423, 423},
		{"unauthorized", refuse(simulators.Unauthorized, simulators.Technical, "invalid_token"), 401, 401},
		{"too large", refuse("", simulators.DataQuality, "too-large"), 413, 413},
		{"throttled", throttled(), 429, 429},
		{"throttled, seconds", wait(throttled(), 1500*time.Millisecond, simulators.RetrySeconds), 429, 429},
		{"throttled, date", wait(throttled(), 3*time.Second, simulators.RetryDate), 429, 429},
		{"throttled, missing", wait(throttled(), 3*time.Second, simulators.RetryMissing), 429, 429},
		{"unavailable", wait(down(), 2*time.Second, ""), 503, 503},
	}
}
