package pact

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/contracttest"
)

// The same interaction in the words of each version of the specification.
const (
	pactV2 = `{"consumer":{"name":"mes"},"provider":{"name":"erp"},"metadata":{"pactSpecification":{"version":"2.0.0"}},"interactions":[
 {"description":"an order","providerState":"it is released",
  "request":{"method":"GET","path":"/orders/1","query":"plant=A&lang=en","headers":{"Accept":"application/json"},
   "matchingRules":{"$.path":{"match":"regex","regex":"/orders/\\d+"}}},
  "response":{"status":200,"headers":{"Content-Type":"application/json"},"body":{"no":"1","qty":5,"unit":"EA","lots":[{"id":"a"}]},
   "matchingRules":{"$.body.no":{"match":"type"},"$.body.qty":{"match":"type"},"$.body.lots":{"min":1,"match":"type"},"$.body.lots[*].id":{"match":"type"}}}}]}`
	pactV3 = `{"consumer":{"name":"mes"},"provider":{"name":"erp"},"metadata":{"pactSpecification":{"version":"3.0.0"}},"interactions":[
 {"description":"an order","providerStates":[{"name":"it is released"}],
  "request":{"method":"GET","path":"/orders/1","query":{"plant":["A"],"lang":["en"]},"headers":{"Accept":"application/json"},
   "matchingRules":{"path":{"matchers":[{"match":"regex","regex":"/orders/\\d+"}]}}},
  "response":{"status":200,"headers":{"Content-Type":"application/json"},"body":{"no":"1","qty":5,"unit":"EA","lots":[{"id":"a"}]},
   "matchingRules":{"body":{"$.no":{"matchers":[{"match":"type"}]},"$.qty":{"matchers":[{"match":"type"}]},"$.lots":{"matchers":[{"min":1,"match":"type"}]},"$.lots[*].id":{"matchers":[{"match":"type"}]}}}}}]}`
	pactV4 = `{"consumer":{"name":"mes"},"provider":{"name":"erp"},"metadata":{"pactSpecification":{"version":"4.0"}},"interactions":[
 {"type":"Synchronous/HTTP","description":"an order","providerStates":[{"name":"it is released"}],
  "request":{"method":"GET","path":"/orders/1","query":{"plant":["A"],"lang":["en"]},"headers":{"Accept":["application/json"]},
   "matchingRules":{"path":{"matchers":[{"match":"regex","regex":"/orders/\\d+"}]}}},
  "response":{"status":200,"headers":{"Content-Type":["application/json"]},
   "body":{"contentType":"application/json","content":{"no":"1","qty":5,"unit":"EA","lots":[{"id":"a"}]}},
   "matchingRules":{"body":{"$.no":{"matchers":[{"match":"type"}]},"$.qty":{"matchers":[{"match":"type"}]},"$.lots":{"matchers":[{"min":1,"match":"type"}]},"$.lots[*].id":{"matchers":[{"match":"type"}]}}}}},
 {"type":"Synchronous/HTTP","description":"a confirmation",
  "request":{"method":"POST","path":"/confirmations","headers":{"Content-Type":["application/json"]},"body":{"contentType":"application/json","content":{"order":"1","yield":2}},
   "matchingRules":{"body":{"$.yield":{"matchers":[{"match":"integer"}]}}}},
  "response":{"status":201}},
 {"type":"Asynchronous/Messages","description":"an order was released","metadata":{"contentType":"application/json","topic":"orders"},
  "contents":{"contentType":"application/json","content":{"no":"1","due":"2026-11-27"}},
  "matchingRules":{"body":{"$.due":{"matchers":[{"match":"date","format":"yyyy-MM-dd"}]}}}},
 {"type":"Synchronous/Messages","description":"a question","request":{"contents":{"contentType":"application/json","content":{"ask":"stock"}}},
  "response":[{"contents":{"contentType":"application/json","content":{"stock":1}}}]}]}`
	messagesV3 = `{"consumer":{"name":"mes"},"provider":{"name":"erp"},"metadata":{"pactSpecification":{"version":"3.0.0"}},"messages":[
 {"description":"an order was released","providerStates":[{"name":"it is released"}],"metadata":{"topic":"orders"},"contents":{"no":"1","unit":"EA"},
  "matchingRules":{"body":{"$.no":{"matchers":[{"match":"type"}]}}}}]}`
	xmlV3 = `{"consumer":{"name":"mes"},"provider":{"name":"erp"},"metadata":{"pactSpecification":{"version":"3.0.0"}},"interactions":[
 {"description":"a BOD","request":{"method":"POST","path":"/bods","headers":{"Content-Type":"application/xml"},"body":"<Order no='1'><Line><Qty>5</Qty></Line></Order>"},
  "response":{"status":200,"headers":{"Content-Type":"application/xml"},"body":"<Ack code='ok'><No>7</No></Ack>",
   "matchingRules":{"body":{"$.Ack.No.#text":{"matchers":[{"match":"type"}]}}}}}]}`
)

func TestChanges(t *testing.T) {
	const an, post, msg, sync = "an order (it is released)", "a confirmation", "an order was released", "a question"
	for _, c := range []struct {
		name, text string
		change     []string // pairs of what is replaced, and by what
		want       []string
	}{
		{"identical", pactV2, nil, nil},
		{"identical", pactV3, nil, nil},
		{"identical", pactV4, nil, nil},
		{"identical", messagesV3, nil, nil},
		{"identical", xmlV3, nil, nil},

		// Of an answer: more is breaking, less is safe.
		{"field demanded", pactV2, []string{`"unit":"EA"`, `"unit":"EA","rev":"B"`}, []string{"breaking FIELD_ADDED " + an + " > response $.rev"}},
		{"field not demanded any more", pactV3, []string{`"unit":"EA",`, ``}, []string{"safe FIELD_REMOVED " + an + " > response $.unit"}},
		{"renamed", pactV4, []string{`"unit"`, `"uom"`}, []string{"breaking FIELD_ADDED " + an + " > response $.uom", "safe FIELD_REMOVED " + an + " > response $.unit"}},
		{"in a list", pactV4, []string{`{"id":"a"}`, `{"id":"a","qty":1}`}, []string{"breaking FIELD_ADDED " + an + " > response $.lots[0].qty"}},
		{"longer list", pactV2, []string{`"min":1`, `"min":2`}, []string{"breaking LENGTH_CHANGED " + an + " > response $.lots"}},
		{"shorter list", pactV4, []string{`"min":1`, `"min":0`}, []string{"safe LENGTH_CHANGED " + an + " > response $.lots"}},
		{"another type", pactV3, []string{`"qty":5`, `"qty":"5"`}, []string{"breaking CHANGED " + an + " > response $.qty"}},
		{"word for word", pactV2, []string{`"$.body.no":{"match":"type"},`, ``}, []string{"breaking TIGHTENED " + an + " > response $.no"}},
		{"integer", pactV3, []string{`"$.qty":{"matchers":[{"match":"type"}]}`, `"$.qty":{"matchers":[{"match":"integer"}]}`}, []string{"breaking TIGHTENED " + an + " > response $.qty"}},
		{"not word for word any more", pactV4, []string{`"$.qty"`, `"$.unit":{"matchers":[{"match":"type"}]},"$.qty"`}, []string{"safe LOOSENED " + an + " > response $.unit"}},
		{"another value", pactV2, []string{`"EA"`, `"KGM"`}, []string{"breaking CHANGED " + an + " > response $.unit"}},
		{"another example", pactV3, []string{`"qty":5`, `"qty":6`}, []string{"safe EXAMPLE_CHANGED " + an + " > response $.qty"}},
		{"status", pactV2, []string{`"status":200`, `"status":202`}, []string{"breaking STATUS_CHANGED " + an + " > response status"}},
		{"status of a class", pactV4, []string{`"status":201`, `"status":201,"matchingRules":{"status":{"matchers":[{"match":"statusCode","status":"success"}]}}`}, []string{"safe STATUS_LOOSENED " + post + " > response status"}},
		{"header demanded", pactV3, []string{`"headers":{"Content-Type":"application/json"}`, `"headers":{"Content-Type":"application/json","ETag":"1"}`}, []string{"breaking HEADER_ADDED " + an + " > response header ETag"}},
		{"media type", pactV2, []string{`"Content-Type":"application/json"`, `"Content-Type":"text/csv"`},
			[]string{"breaking CONTENT_TYPE_CHANGED " + an + " > response body", "breaking HEADER_CHANGED " + an + " > response header Content-Type"}},

		// Of a request: what the old pact does not take is breaking, what it takes by looser rules dangerous.
		{"parameter", pactV2, []string{`plant=A&`, ``}, []string{"breaking QUERY_REMOVED " + an + " > request query plant"}},
		{"new parameter", pactV4, []string{`"plant":["A"]`, `"plant":["A"],"rev":["B"]`}, []string{"breaking QUERY_ADDED " + an + " > request query rev"}},
		{"path", pactV3, []string{`"/orders/1"`, `"/order/1"`}, []string{"breaking PATH_LOOSENED " + an + " > request path"}},
		{"path within its rule", pactV4, []string{`"/orders/1"`, `"/orders/2"`}, []string{"safe PATH_EXAMPLE_CHANGED " + an + " > request path"}},
		{"path by no rule", pactV4, []string{`"matchingRules":{"path":{"matchers":[{"match":"regex","regex":"/orders/\\d+"}]}}`, `"matchingRules":{}`}, []string{"safe PATH_TIGHTENED " + an + " > request path"}},
		{"method", pactV2, []string{`"GET"`, `"POST"`}, []string{"breaking METHOD_CHANGED " + an + " > request method"}},
		{"header sent", pactV4, []string{`"Accept":["application/json"]`, `"Accept":["application/json"],"X-Plant":["1"]`}, []string{"safe HEADER_ADDED " + an + " > request header X-Plant"}},
		{"header not sent", pactV2, []string{`"headers":{"Accept":"application/json"},`, ``}, []string{"breaking HEADER_REMOVED " + an + " > request header Accept"}},
		{"field sent", pactV4, []string{`"yield":2`, `"yield":2,"scrap":0`}, []string{"breaking FIELD_ADDED " + post + " > request $.scrap"}},
		{"field not sent", pactV4, []string{`,"yield":2`, ``}, []string{"breaking FIELD_REMOVED " + post + " > request $.yield"}},
		{"looser rule", pactV4, []string{`"integer"`, `"number"`}, []string{"dangerous LOOSENED " + post + " > request $.yield"}},
		{"looser rule and an example beyond the old", pactV4, []string{`"integer"`, `"number"`, `"yield":2`, `"yield":2.5`}, []string{"breaking LOOSENED " + post + " > request $.yield"}},
		{"body", pactV4, []string{`"body":{"contentType":"application/json","content":{"order":"1","yield":2}},`, ``, `"matchingRules":{"body":{"$.yield":{"matchers":[{"match":"integer"}]}}}`, `"matchingRules":{}`},
			[]string{"breaking BODY_REMOVED " + post + " > request body"}},

		// Messages.
		{"message that says more", pactV4, []string{`"due":"2026-11-27"`, `"due":"2026-11-27","qty":1`}, []string{"breaking FIELD_ADDED " + msg + " > message $.qty"}},
		{"message by another format", pactV4, []string{`yyyy-MM-dd`, `yyyy-MM-d`}, []string{"dangerous CANNOT_TELL " + msg + " > message $.due"}},
		{"metadata", pactV4, []string{`"topic":"orders"`, `"topic":"lines"`}, []string{"breaking METADATA_CHANGED " + msg + " > message metadata topic"}},
		{"message of version 3", messagesV3, []string{`"unit":"EA"`, `"uom":"EA"`},
			[]string{"breaking FIELD_ADDED an order was released (it is released) > message $.uom", "safe FIELD_REMOVED an order was released (it is released) > message $.unit"}},
		{"message described otherwise", messagesV3, []string{`"an order was released"`, `"an order was let go"`},
			[]string{"breaking INTERACTION_ADDED an order was let go (it is released)", "safe INTERACTION_REMOVED an order was released (it is released)"}},
		{"question that says more", pactV4, []string{`"ask":"stock"`, `"ask":"stock","plant":"A"`}, []string{"dangerous FIELD_ADDED " + sync + " > request $.plant"}},
		{"answer to it", pactV4, []string{`{"stock":1}`, `{"stock":2}`}, []string{"breaking CHANGED " + sync + " > response $.stock"}},
		{"more answers", pactV4, []string{`{"stock":1}}}]`, `{"stock":1}}},{"contents":{"contentType":"application/json","content":{}}}]`}, []string{"breaking RESPONSES_CHANGED " + sync}},

		// XML.
		{"element", xmlV3, []string{`<No>7</No>`, `<No>7</No><At>1</At>`}, []string{"breaking ELEMENT_ADDED a BOD > response $.Ack.At"}},
		{"attribute sent", xmlV3, []string{`<Qty>5`, `<Qty uom='EA'>5`}, []string{"breaking ATTRIBUTE_ADDED a BOD > request $.Order.Line.Qty.@uom"}},
		{"text", xmlV3, []string{`<No>7</No>`, `<No>8</No>`, `code='ok'`, `code='no'`}, []string{"breaking CHANGED a BOD > response $.Ack.@code", "safe EXAMPLE_CHANGED a BOD > response $.Ack.No.#text"}},
		{"another element", xmlV3, []string{`<Line>`, `<Line/><Line>`}, []string{
			"breaking ELEMENT_REMOVED a BOD > request $.Order.Line.Qty", "breaking LENGTH_CHANGED a BOD > request $.Order.Line"}},

		// Interactions as a whole.
		{"described otherwise", pactV2, []string{`"an order"`, `"one order"`}, []string{"safe DESCRIPTION_CHANGED " + an}},
		{"in another state", pactV4, []string{`"it is released"`, `"it is held"`}, []string{"breaking STATE_CHANGED " + an}},
		{"with other parameters", pactV3, []string{`{"name":"it is released"}`, `{"name":"it is released","params":{"no":"1"}}`}, []string{"dangerous STATE_PARAMS_CHANGED " + an}},
		{"pending", pactV4, []string{`"description":"a confirmation"`, `"description":"a confirmation","pending":true`, `"yield":2`, `"yeld":2`},
			[]string{"safe FIELD_ADDED " + post + " > request $.yeld", "safe FIELD_REMOVED " + post + " > request $.yield", "safe PENDING_ADDED " + post}},
		{"between others", pactV2, []string{`"mes"`, `"wms"`}, []string{"dangerous CONSUMER_CHANGED consumer"}},
		{"generated", pactV3, []string{`"query":{`, `"generators":{"path":{"type":"ProviderState","expression":"/orders/${no}"}},"query":{`}, []string{"dangerous GENERATOR_CHANGED " + an + " > request path"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			next := c.text
			for i := 0; i < len(c.change); i += 2 {
				if !strings.Contains(next, c.change[i]) {
					t.Fatalf("%s is not in the pact", c.change[i])
				}
				next = strings.Replace(next, c.change[i], c.change[i+1], 1)
			}
			got := changes(t, c.text, next)
			if lines := contracttest.Lines(got); !slices.Equal(lines, c.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(lines, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

func changes(t *testing.T, before, after string) []contracts.Change {
	t.Helper()
	var found []contracts.Change
	for _, mode := range contracts.Modes {
		var err error
		if found, err = (Format{}).Changes(read(t, before), read(t, after), contracts.Mode(mode)); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// A pact that is only written by another version of the specification is the
// same pact.
func TestChangesOfSpecification(t *testing.T) {
	only := `{"type":"Synchronous/HTTP","description":"an order"` + between(pactV4, `"description":"an order"`, `,
 {"type":"Synchronous/HTTP","description":"a confirmation"`)
	v4 := `{"consumer":{"name":"mes"},"provider":{"name":"erp"},"metadata":{"pactSpecification":{"version":"4.0"}},"interactions":[` + only + `]}`
	for i, a := range []string{pactV2, pactV3, v4} {
		for j, b := range []string{pactV2, pactV3, v4} {
			if got := changes(t, a, b); len(got) > 0 {
				t.Errorf("version %d to %d: %v", i+2, j+2, got)
			}
		}
	}
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

func TestChangesAdded(t *testing.T) {
	pactOf := func(all ...string) string {
		return `{"consumer":{"name":"mes"},"provider":{"name":"erp"},"interactions":[` + strings.Join(all, ",") + `]}`
	}
	one := func(description, path, body string) string {
		return fmt.Sprintf(`{"description":%q,"request":{"method":"GET","path":%q},"response":{"status":200,"headers":{"Content-Type":"application/json"},"body":%s}}`, description, path, body)
	}
	old := pactOf(one("an order", "/orders/1", `{"no":"1","qty":5}`))
	for _, c := range []struct {
		name, added, want string
	}{
		{"something new", one("a receipt", "/receipts/1", `{}`), "breaking INTERACTION_ADDED a receipt"},
		{"nothing new", one("the number of an order", "/orders/1", `{"no":"1"}`), "safe INTERACTION_ADDED the number of an order"},
		{"more of the same", one("the unit of an order", "/orders/1", `{"unit":"EA"}`), "breaking INTERACTION_ADDED the unit of an order"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := Format{}.Read([]contracts.File{{Name: "a.json", Data: []byte(old)}})
			if err != nil {
				t.Fatal(err)
			}
			// Interactions that ask the same stand in two files, as one would contradict itself.
			b := &Document{Consumer: "mes", Provider: "erp", Interactions: append(slices.Clone(a.(*Document).Interactions), read(t, pactOf(c.added)).Interactions...)}
			found, err := Format{}.Changes(a, b, contracts.Full)
			if err != nil {
				t.Fatal(err)
			}
			if got := contracttest.Lines(found); !slices.Equal(got, []string{c.want}) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestChangesPlaces(t *testing.T) {
	next := strings.Replace(pactV4, `"unit":"EA"`, "\n\"uom\":\"EA\"", 1)
	for _, c := range changes(t, pactV4, next) {
		switch c.Type {
		case "FIELD_ADDED":
			if c.After.Line != 7 {
				t.Errorf("what is demanded now stands at %v, want line 7", c.After)
			}
		case "FIELD_REMOVED":
			if c.Before.Line != 6 {
				t.Errorf("what was demanded stood at %v, want line 6", c.Before)
			}
		}
	}
}
