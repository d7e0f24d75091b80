package pactcli_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// A generated is an interaction and what is answered to it, or, if it is about
// the request, what is asked.
type generated struct {
	name        string
	interaction map[string]any
	message     bool
	status      int
	headers     http.Header
	body        string
	query       url.Values
	kinds       []string
	how         string // what is broken; "" if nothing is meant to be
}

// A field is a header, a piece of metadata or a parameter that is asked for.
type field struct {
	what     string
	since    int
	value    string
	matchers []any
	good     []string
	bad      []string
}

var fields = []field{
	{"as it is", 1, "a", nil, []string{"a"}, []string{"b", "A", ""}},
	{"with commas", 1, "a, b", nil, []string{"a, b"}, []string{"b, a", "a"}},
	{"regex", 2, "v1", one(match("regex", "regex", `v\d`)), []string{"v2"}, []string{"v", "v22", "xv2"}},
	{"look-ahead", 2, "ab1", one(match("regex", "regex", `(?=.*\d)\w+`)), []string{"a1"}, []string{"ab"}},
	{"type", 2, "x", one(match("type")), []string{"y", "12"}, nil},
	{"include", 3, "a lot", one(match("include", "value", "lot")), []string{"lots"}, []string{"Lot", "l"}},
	{"integer", 3, "12", one(match("integer")), []string{"7", "-3"}, []string{"1.5", "x"}},
	{"decimal", 3, "1.5", one(match("decimal")), []string{"2.25"}, []string{"x"}},
	{"number", 3, "1.5", one(match("number")), []string{"2.25", "7"}, []string{"x", "1.5x"}},
	{"date", 3, "2026-11-26", one(match("date", "date", "yyyy-MM-dd")), []string{"2024-02-29"}, []string{"26.11.2026", "2026-02-30"}},
	{"equality", 3, "abc", one(match("equality")), []string{"abc"}, []string{"abd"}},
	{"or", 3, "v1", []any{match("regex", "regex", `v\d`), match("equality")}, []string{"v2"}, []string{"x"}},
	{"semver", 4, "1.2.3", one(match("semver")), []string{"2.0.0"}, []string{"2"}},
}

func (m maker) field() field {
	for {
		if f := pick(m.Rand, fields); f.since <= m.version {
			return f
		}
	}
}

// statuses: what is expected, by which rule, and what is answered.
var statuses = []struct {
	since     int
	want      int
	rule      any
	good, bad []int
}{
	{1, 200, nil, []int{200}, []int{201, 500}},
	{1, 404, nil, []int{404}, []int{200}},
	{4, 200, "success", []int{201, 299, 200}, []int{302, 404, 500}},
	{4, 400, "clientError", []int{404, 499}, []int{200, 500}},
	{4, 500, "serverError", []int{503}, []int{404}},
	{4, 200, "nonError", []int{200, 301}, []int{400}},
	{4, 400, "error", []int{400, 500}, []int{200}},
	{4, 200, []any{num("200"), num("202")}, []int{202}, []int{201}},
}

// contentTypes of answers to what is expected to be application/json.
var contentTypes = []broken{
	{"content type: with charset", "application/json; charset=utf-8"}, {"content type: other", "text/plain"},
	{"content type: built on JSON", "application/problem+json"}, {"content type: capitals", "Application/JSON"},
}

// answered makes the interaction number i, whose response is judged.
func (m maker) answered(i int) generated {
	g := generated{name: fmt.Sprintf("v%d-response-%d", m.version, i), status: 200, headers: http.Header{"Content-Type": {"application/json"}}}
	b := m.value(2 + m.IntN(2))
	f := m.field()
	st := statuses[0]
	if m.IntN(4) == 0 {
		for st = pick(m.Rand, statuses); st.since > m.version; st = pick(m.Rand, statuses) {
		}
	}
	g.kinds = slices.Concat(b.kinds, []string{"header " + f.what})
	g.body, g.status = text(b.actual), pick(m.Rand, st.good)
	g.headers.Set("X-Field", pick(m.Rand, f.good))
	part := 0
	if m.IntN(2) == 0 {
		part = 1 + m.IntN(8)
	}
	switch {
	case part == 0:
	case part <= 5 && len(b.breaks) > 0:
		x := pick(m.Rand, b.breaks)
		g.how, g.body = x.how, text(x.actual)
	case part == 6 && len(f.bad) > 0:
		bad := pick(m.Rand, f.bad)
		g.how = "header " + f.what + ": " + bad
		g.headers.Set("X-Field", bad)
	case part == 7:
		g.status = pick(m.Rand, st.bad)
		g.how = fmt.Sprintf("status: %d", g.status)
	case m.IntN(3) == 0:
		g.how = "header: missing"
		g.headers.Del("X-Field")
	case m.IntN(2) == 0:
		g.how, g.body = "body: no JSON", `{"order":`
	default:
		x := pick(m.Rand, contentTypes)
		g.how = x.how
		g.headers.Set("Content-Type", x.actual.(string))
	}
	response := obj("status", num(strconv.Itoa(st.want)), "headers", m.headers(f, "Content-Type", "application/json", "X-Field", f.value), "matchingRules", m.rules(b, f, "header", "X-Field", st.rule))
	m.put(response, "body", b.example)
	g.interaction = m.state(obj("description", g.name, "request", obj("method", "GET", "path", "/"+g.name), "response", response))
	if m.version == 4 {
		g.interaction["type"] = "Synchronous/HTTP"
	}
	return g
}

// announced makes an asynchronous message.
func (m maker) announced(i int) generated {
	g := generated{name: fmt.Sprintf("v%d-message-%d", m.version, i), message: true, headers: http.Header{}}
	b, f := m.value(2), m.field()
	g.kinds = slices.Concat(b.kinds, []string{"metadata " + f.what})
	g.body = text(b.actual)
	field := pick(m.Rand, f.good)
	switch part := m.IntN(10); {
	case part < 3 && len(b.breaks) > 0:
		x := pick(m.Rand, b.breaks)
		g.how, g.body = x.how, text(x.actual)
	case part == 3 && len(f.bad) > 0:
		field = pick(m.Rand, f.bad)
		g.how = "metadata " + f.what + ": " + field
	}
	g.headers.Set("Content-Type", "application/json")
	g.headers.Set("Pact-Message-Metadata", base64.StdEncoding.EncodeToString([]byte(text(obj("contentType", "application/json", "xField", field)))))
	g.interaction = m.state(obj("description", g.name, "metadata", obj("contentType", "application/json", "xField", f.value), "matchingRules", m.rules(b, f, "metadata", "xField", nil)))
	m.put(g.interaction, "contents", b.example)
	if m.version == 4 {
		g.interaction["type"] = "Asynchronous/Messages"
	}
	return g
}

// asked makes an interaction whose request is judged.
func (m maker) asked(i int) generated {
	g := generated{name: fmt.Sprintf("v%d-request-%d", m.version, i), headers: http.Header{"Content-Type": {"application/json"}}, query: url.Values{}}
	b, h, q := m.value(1), m.field(), m.field()
	g.kinds = slices.Concat(b.kinds, []string{"header " + h.what, "query " + q.what})
	g.body = text(b.actual)
	g.headers.Set("X-Field", pick(m.Rand, h.good))
	g.query.Set("q", pick(m.Rand, q.good))
	switch part := m.IntN(14); {
	case part < 3 && len(b.breaks) > 0:
		x := pick(m.Rand, b.breaks)
		g.how, g.body = x.how, text(x.actual)
	case part == 3 && len(h.bad) > 0:
		bad := pick(m.Rand, h.bad)
		g.how = "header " + h.what + ": " + bad
		g.headers.Set("X-Field", bad)
	case part == 4 && len(q.bad) > 0:
		bad := pick(m.Rand, q.bad)
		g.how = "query " + q.what + ": " + bad
		g.query.Set("q", bad)
	case part == 5:
		g.how = "query: another parameter"
		g.query.Set("z", "1")
	case part == 6:
		g.how = "query: missing"
		g.query.Del("q")
	case part == 7:
		g.how = "query: twice"
		g.query.Add("q", g.query.Get("q"))
	}
	request := obj("method", "POST", "path", "/"+g.name, "headers", m.headers(h, "Content-Type", "application/json", "X-Field", h.value))
	switch m.version {
	case 2:
		request["query"] = "q=" + url.QueryEscape(q.value)
	default:
		request["query"] = obj("q", []any{q.value})
	}
	rules := m.rules(b, h, "header", "X-Field", nil)
	switch {
	case q.matchers == nil:
	case m.version == 2:
		rules["$.query.q"] = q.matchers[0]
	default:
		rules["query"] = obj("q", combined(rule{or: q.what == "or", matchers: q.matchers}))
	}
	request["matchingRules"] = rules
	m.put(request, "body", b.example)
	g.interaction = obj("description", g.name, "request", request, "response", obj("status", num("200")))
	if m.version == 4 {
		g.interaction["type"] = "Synchronous/HTTP"
	}
	return g
}

func combined(r rule) map[string]any {
	return obj("combine", map[bool]string{false: "AND", true: "OR"}[r.or], "matchers", r.matchers)
}

// rules writes the matching rules of a body and of one field as the version
// has them.
func (m maker) rules(b node, f field, category, name string, status any) map[string]any {
	all := map[string]any{}
	if m.version == 2 {
		for path, r := range b.rules {
			all["$.body"+path] = r.matchers[0]
		}
		if f.matchers != nil {
			all["$.headers."+name] = f.matchers[0]
		}
		return all
	}
	body := map[string]any{}
	for path, r := range b.rules {
		body["$"+path] = combined(r)
	}
	all["body"] = body
	if f.matchers != nil {
		all[category] = obj(name, combined(rule{or: f.what == "or", matchers: f.matchers}))
	}
	if status != nil {
		all["status"] = combined(rule{matchers: one(match("statusCode", "status", status))})
	}
	return all
}

func (m maker) headers(_ field, pairs ...string) map[string]any {
	all := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		if m.version == 4 {
			all[pairs[i]] = []any{pairs[i+1]}
			continue
		}
		all[pairs[i]] = pairs[i+1]
	}
	return all
}

// put adds the body as the version has it.
func (m maker) put(part map[string]any, key string, v any) {
	if m.version == 4 {
		v = obj("contentType", "application/json", "encoded", false, "content", v)
	}
	part[key] = v
}

func (m maker) state(in map[string]any) map[string]any {
	if m.version > 2 && m.IntN(3) == 0 {
		in["providerStates"] = []any{obj("name", "an order is there", "params", obj("no", "000004711"))}
	}
	return in
}

// pactOf writes a pact of what was generated.
func pactOf(version int, all []generated) []byte {
	lists := map[string][]any{}
	for _, g := range all {
		list := "interactions"
		if g.message && version == 3 {
			list = "messages"
		}
		lists[list] = append(lists[list], g.interaction)
	}
	file := obj("consumer", obj("name", "mes"), "provider", obj("name", "erp"), "metadata", obj("pactSpecification", obj("version", fmt.Sprintf("%d.0.0", version))))
	for k, v := range lists {
		file[k] = v
	}
	b, err := json.MarshalIndent(file, "", " ")
	if err != nil {
		panic(err)
	}
	return b
}

// generate makes n interactions of each sort that a version has.
func generate(seed uint64, version, n int) (responses, requests []generated) {
	for i := range n {
		m := maker{rand.New(rand.NewPCG(seed, uint64(version)<<32|uint64(i))), version}
		responses = append(responses, m.answered(i))
		requests = append(requests, m.asked(i))
		if version > 2 && i%3 == 0 {
			responses = append(responses, m.announced(i))
		}
	}
	return responses, requests
}
