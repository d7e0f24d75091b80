package pact

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/contracts"
)

func read(t testing.TB, text string) *Document {
	t.Helper()
	d, err := Format{}.Read([]contracts.File{{Name: "mes-erp.json", Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return d.(*Document)
}

const orders = `{
 "consumer": {"name": "mes"}, "provider": {"name": "erp"},
 "interactions": [
  {"type": "Synchronous/HTTP", "description": "an order", "providerStates": [{"name": "order 4711 is released", "params": {"no": "000004711"}}],
   "request": {"method": "GET", "path": "/orders/4711", "matchingRules": {"path": {"matchers": [{"match": "regex", "regex": "/orders/\\d+"}]}}},
   "response": {"status": 200, "headers": {"Content-Type": ["application/json"]},
    "body": {"contentType": "application/json", "encoded": false, "content": {"no": "4711", "qty": 5, "lots": [{"id": "L1"}]}},
    "matchingRules": {"body": {"$.qty": {"matchers": [{"match": "number"}]}, "$.no": {"matchers": [{"match": "regex", "regex": "\\d{4}"}]},
      "$.lots": {"matchers": [{"match": "type", "min": 1}]}, "$.lots[*].id": {"matchers": [{"match": "type"}]}}}}},
  {"type": "Synchronous/HTTP", "description": "an order that is not there",
   "request": {"method": "GET", "path": "/orders/4712"},
   "response": {"status": 404}},
  {"type": "Asynchronous/Messages", "description": "an order was released",
   "contents": {"contentType": "application/json", "encoded": false, "content": {"event": "released", "no": "1"}},
   "matchingRules": {"body": {"$.no": {"matchers": [{"match": "type"}]}}}}
 ],
 "metadata": {"pactSpecification": {"version": "4.0"}}
}`

func get(path string, status int, body string) contracts.Exchange {
	return contracts.Exchange{FromConsumer: true, Request: contracts.Part{Method: "GET", Path: path}, Reply: &contracts.Part{Status: status, Headers: map[string][]string{"Content-Type": {"application/json; charset=utf-8"}}, Body: []byte(body)}}
}

// TestSeveralAnnouncements tells a message that has changed from one that the
// consumer does not wait for.
func TestSeveralAnnouncements(t *testing.T) {
	d := read(t, strings.Replace(orders, `  {"type": "Asynchronous/Messages"`, `  {"type": "Asynchronous/Messages", "description": "an order was closed",
   "contents": {"contentType": "application/json", "encoded": false, "content": {"event": "closed", "no": "1"}},
   "matchingRules": {"body": {"$.no": {"matchers": [{"match": "type"}]}}}},
  {"type": "Asynchronous/Messages"`, 1))
	for body, want := range map[string]string{
		`{"event":"released","no":"9"}`: "[] true",
		`{"event":"closed","no":"9"}`:   "[] true",
		`{"event":"paused","no":"9"}`:   "[] false", // nobody waits for it
		`{"event":"closed","order":1}`:  "[$.no] true",
		`{"event":"closed","no":9}`:     "[$.no] true",
	} {
		found, covered := d.Check(contracts.Exchange{Request: contracts.Part{Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(body)}})
		paths := []string{}
		for _, b := range found {
			paths = append(paths, b.Path)
		}
		if got := fmt.Sprint(paths, " ", covered); got != want {
			t.Errorf("%s: found %s, want %s", body, got, want)
		}
	}
}

// TestCheckCannotTell keeps what cannot be told apart from what is wrong: a
// pattern that takes too long decides nothing, in requests and in answers.
func TestCheckCannotTell(t *testing.T) {
	slow := `"$.no": {"matchers": [{"match": "regex", "regex": "(?=a)(a|aa)+$"}]}`
	d := read(t, strings.NewReplacer(`"$.no": {"matchers": [{"match": "regex", "regex": "\\d{4}"}]}`, slow, `"$.no": {"matchers": [{"match": "type"}]}`, slow).Replace(orders))
	no := strings.Repeat("a", 60) + "!"
	for name, x := range map[string]contracts.Exchange{
		"an answer":       get("/orders/4711", 200, `{"no":"`+no+`","qty":1,"lots":[{"id":"a"}]}`),
		"an announcement": {Request: contracts.Part{Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(`{"event":"released","no":"` + no + `"}`)}},
	} {
		found, covered := d.Check(x)
		if !covered || len(found) != 1 || !found[0].Unclear || found[0].Path != "$.no" {
			t.Errorf("%s: found %+v, covered %v; want that $.no cannot be told", name, found, covered)
		}
	}
	found, _ := d.Check(get("/orders/4711", 200, `{"no":"`+no+`","qty":"x","lots":[{"id":"a"}]}`))
	if len(found) != 2 || found[0].Unclear == found[1].Unclear {
		t.Errorf("found %+v; what is wrong beyond doubt is told beside it", found)
	}
}

func TestCheck(t *testing.T) {
	d := read(t, orders)
	announced := func(body string) contracts.Exchange {
		return contracts.Exchange{Request: contracts.Part{Path: "orders", Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(body)}}
	}
	for _, c := range []struct {
		name    string
		x       contracts.Exchange
		covered bool
		want    []string
	}{
		{"fits, with more than was asked for", get("/orders/4711", 200, `{"no":"4711","qty":1.5,"lots":[{"id":"a"},{"id":"b","x":1}],"more":true}`), true, nil},
		{"number as text", get("/orders/4711", 200, `{"no":"4711","qty":"1,5","lots":[{"id":"a"}]}`), true, []string{"$.qty"}},
		{"renamed", get("/orders/4711", 200, `{"no":"4711","quantity":1,"lots":[{"id":"a"}]}`), true, []string{"$.qty"}},
		{"empty list", get("/orders/4711", 200, `{"no":"4711","qty":1,"lots":[]}`), true, []string{"$.lots"}},
		{"the whole text must match", get("/orders/4711", 200, `{"no":"x47110","qty":1,"lots":[{"id":"a"}]}`), true, []string{"$.no"}},
		{"second of a list", get("/orders/4711", 200, `{"no":"4711","qty":1,"lots":[{"id":"a"},{"id":7}]}`), true, []string{"$.lots[1].id"}},
		{"one of two interactions fits", get("/orders/4712", 404, ``), true, nil},
		{"and the other", get("/orders/4712", 200, `{"no":"4712","qty":1,"lots":[{"id":"a"}]}`), true, nil},
		{"outside", get("/lots/1", 200, `{}`), false, nil},
		{"a message", announced(`{"event":"released","no":"99"}`), true, nil},
		{"another message", announced(`{"event":"closed","no":"99"}`), true, []string{"$.event"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, covered := d.Check(c.x)
			var got []string
			for _, b := range found {
				got = append(got, b.Path)
			}
			if covered != c.covered || !slices.Equal(got, c.want) {
				t.Errorf("got %v, covered %v; want %q, covered %v", found, covered, c.want, c.covered)
			}
		})
	}
}

func TestUsedNamesWhatWasExercised(t *testing.T) {
	d := read(t, orders)
	if got, want := d.Used(get("/orders/4711", 200, `{"no":"4711","qty":1,"lots":[{"id":"a"}]}`)), []string{"an order (order 4711 is released)"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := d.Used(get("/orders/4711", 500, ``)); got != nil {
		t.Errorf("an answer that breaks the pact exercises %q", got)
	}
	if n := len(d.Parts()); n != 3 {
		t.Errorf("%d parts", n)
	}
}

func TestStateParametersStayWhatTheyAre(t *testing.T) {
	if got := read(t, orders).Interactions[0].States[0].Params["no"]; got != "000004711" {
		t.Errorf("got %v (%T)", got, got)
	}
}

// A pattern that explodes gives no verdict, and soon.
func TestExplodingPatternsCannotTell(t *testing.T) {
	pact := strings.Replace(orders, `\\d{4}`, `(a+)+(?=b)b`, 1)
	d := read(t, pact)
	began := time.Now()
	_, err := d.Interactions[0].Judge(contracts.Part{Status: 200, Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: fmt.Appendf(nil, `{"no":%q,"qty":1,"lots":[{"id":"a"}]}`, strings.Repeat("a", 60))})
	if !errors.Is(err, ErrCannotTell) {
		t.Errorf("got %v after %v", err, time.Since(began))
	}
}

func TestPatternsAreThoseOfTheOfficialEngine(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{`\d{4}`, "4711", true}, {`\d{4}`, "x00101", false}, {`\d{4}`, "47110", false},
		{`(?=.*\d)[a-z\d]+`, "ab1", true}, {`(?=.*\d)[a-z\d]+`, "abc", false},
		{`(\w)\1`, "aa", true}, {`(\w)\1`, "ab", false},
		{`\p{Lu}\p{Ll}+`, "Ümlaut", true}, {`a|b`, "b", true}, {`a|b`, "ab", false},
		{`^abc$`, "abc", true}, {`^$`, "", true},
	} {
		p, err := compile(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.match(c.text); got != c.want || err != nil {
			t.Errorf("%s on %q: got %v, %v", c.pattern, c.text, got, err)
		}
	}
	if _, err := compile("(?s)a.b"); err == nil {
		t.Error("(?s) is taken, which the official engine refuses")
	}
}

func TestMoments(t *testing.T) {
	for _, c := range []struct {
		format, text string
		want         bool
	}{
		{"yyyy-MM-dd", "2026-02-28", true}, {"yyyy-MM-dd", "2026-02-30", false}, {"yyyy-MM-dd", "26-2-3", true}, {"yyyy-MM-dd", "12026-02-03", false}, {"HHmm", "600", false},
		{"yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2026-11-26T06:00:00.123+01:00", true}, {"yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2026-11-26T06:00:00+01:00", false},
		{"yyyy-MM-dd'T'HH:mm:ssX", "2026-11-26T06:00:00Z", true}, {"HH:mm", "24:00", false}, {"hh:mm a", "09:15 PM", true},
		{"EEE, d MMM yyyy", "Thu, 26 Nov 2026", true}, {"d MMM yy", "6 nov 26", true}, {"d MMM yy", "31 Nov 26", false}, {"MM/dd", "02/29", false},
		{"HH:mm:ss", "6:0:60", true}, {"HH:mm:ss.SSS", "06:00:00.1", true}, {"HH:mm:ss.SSS", "06:00:00.1234", false}, {"HH 'o''clock'", "06 o'clock", true},
		{"XXX", "+01:60", false}, {"Z", "+01:00", false}, {"ZZZZ", "GMT+01:00", true}, {"XXXXX", "-01:00:30", true}, {"yyyy-DDD", "2024-366", true}, {"dd.MM.yyyy 'um' HH 'Uhr'", "26.11.2026 um 06 Uhr", true},
	} {
		if got, err := fitsFormat(c.format, c.text); got != c.want || err != nil {
			t.Errorf("%s as %s: got %v, %v", c.text, c.format, got, err)
		}
	}
	if _, err := fitsFormat("yyyy-BB", "2026-01"); err == nil {
		t.Error("an unknown letter is taken")
	}
}

func TestMistakesInPacts(t *testing.T) {
	edit := func(before, after string) string {
		if !strings.Contains(orders, before) {
			t.Fatalf("no %q", before)
		}
		return strings.Replace(orders, before, after, 1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"matcher unknown", edit(`"match": "number"`, `"match": "numbre"`), `there is no matcher "numbre"`},
		{"path of a rule", edit(`"$.qty"`, `"$qty"`), "is no path of a matching rule"},
		{"pattern", edit(`\\d{4}`, `(`), "regular expression"},
		{"type of interaction", edit("Asynchronous/Messages", "Plugin/gRPC"), `is of type "Plugin/gRPC"`},
		{"version", edit(`"4.0"`, `"9.0"`), "version 9 of the specification"},
		{"nothing inside", `{"consumer":{"name":"a"},"provider":{"name":"b"},"interactions":[]}`, "holds no interaction"},
		{"no parties", `{"interactions":[{"description":"x"}]}`, "does not name its consumer"},
		{"twice", edit("an order that is not there", "an order was released") + "", ""},
		{"no JSON", `{"consumer":`, "ends in the middle"},
		{"the same request, another answer", edit(`"path": "/orders/4712"}`, `"path": "/orders/4711", "matchingRules": {"path": {"matchers": [{"match": "regex", "regex": "/orders/\\d+"}]}}}, "providerStates": [{"name": "order 4711 is released", "params": {"no": "000004711"}}]`), `"an order that is not there" asks the same as "an order" at mes-erp.json:4:3`},
		{"nested without end", `{"consumer":{"name":"a"},"provider":{"name":"b"},"interactions":[{"description":"x","response":{"body":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}}]}`, "is nested deeper than"},
		{"a matcher within itself", edit(`{"match": "number"}`, `{"match": "eachValue", "rules": `+strings.Repeat(`[{"match": "eachValue", "rules": `, 400)+`[]`+strings.Repeat(`}]`, 400)+`}`), "is nested deeper than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "twice" {
				c.text = strings.Replace(edit(`"an order that is not there"`, `"an order", "providerStates": [{"name": "order 4711 is released", "params": {"no": "000004711"}}]`), "", "", 1)
				c.want = `"an order" is there twice with the same states`
			}
			_, err := Format{}.Read([]contracts.File{{Name: "mes-erp.json", Data: []byte(c.text)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
		})
	}
}

// BenchmarkReadLarge reads a pact of 50 MB, as no person has written it.
func BenchmarkReadLarge(b *testing.B) {
	var text strings.Builder
	text.WriteString(`{"consumer":{"name":"mes"},"provider":{"name":"erp"},"metadata":{"pactSpecification":{"version":"4.0"}},"interactions":[`)
	for i := 0; text.Len() < 50<<20; i++ {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, `{"type":"Synchronous/HTTP","description":"order %d","request":{"method":"GET","path":"/orders/%[1]d"},"response":{"status":200,"body":{"contentType":"application/json","encoded":false,"content":{"no":"%[1]d","lots":[%s]}},"matchingRules":{"body":{"$.no":{"matchers":[{"match":"type"}]}}}}}`,
			i, strings.Repeat(`{"id":"L1","quantity":1.5,"note":"a text of some length, as people write where they are asked to"},`, 20)+`{"id":"L2"}`)
	}
	text.WriteString("]}")
	file := []contracts.File{{Name: "large.json", Data: []byte(text.String())}}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if _, err := (Format{}).Read(file); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(orders))
	f.Add([]byte(`{"consumer":{"name":"a"},"provider":{"name":"b"},"messages":[{"description":"x","contents":"<a b='c'/>","metaData":{"contentType":"application/xml"}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Format{}.Read([]contracts.File{{Name: "f.json", Data: text}})
		if err != nil {
			return
		}
		for _, in := range d.(*Document).Interactions {
			in.Judge(contracts.Part{Status: in.Response.Status, Headers: in.Response.Headers, Body: in.Response.Body.Bytes})
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	d := read(b, orders)
	x := get("/orders/4711", 200, `{"no":"4711","qty":1.5,"lots":[{"id":"a"},{"id":"b"}],"more":true}`)
	b.ReportAllocs()
	for b.Loop() {
		if found, covered := d.Check(x); len(found) > 0 || !covered {
			b.Fatal(found)
		}
	}
}

// TestManyInteractions holds exchanges against a pact of so many interactions
// that going through all of them for each would take minutes: a hundred times
// as many exchanges and interactions take far less than ten thousand times as long.
func TestManyInteractions(t *testing.T) {
	made := func(n int) *Document {
		d := &Document{}
		for i := range n {
			d.Interactions = append(d.Interactions, &Interaction{Kind: HTTP, Description: fmt.Sprint(i), Request: Part{Method: "GET", Path: fmt.Sprint("/orders/", i)}, Response: Part{Status: 200}})
		}
		return d
	}
	compared := func(n int) (sum int) {
		d := made(n)
		for i := range n {
			sum += len(d.possible(fmt.Sprint("/orders/", i), true))
			x := contracts.Exchange{FromConsumer: true, Request: contracts.Part{Method: "GET", Path: fmt.Sprint("/orders/", i)}, Reply: &contracts.Part{Status: 200 + i%2}}
			if bad, covered := d.Check(x); !covered || (len(bad) > 0) != (i%2 == 1) {
				t.Fatalf("%d: covered %v, %v", i, covered, bad)
			}
		}
		return sum
	}
	if n := compared(20_000); n != 20_000 {
		t.Errorf("%d interactions were compared for 20000 exchanges", n)
	}
	d := made(3)
	d.Interactions[1].Request.Rules.Path = []Rule{{Matchers: []Matcher{{Kind: "regex", Regex: "/orders/[0-9]+"}}}}
	if got := d.possible("/orders/2", true); len(got) != 2 || got[0] != d.Interactions[1] || got[1] != d.Interactions[2] {
		t.Errorf("%d may be it", len(got))
	}
}
