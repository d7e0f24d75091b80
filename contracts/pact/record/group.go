package record

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

// A grouped is the exchanges that become one interaction.
type grouped struct {
	key         string
	name        string
	description string
	message     bool
	seen        []contracts.Exchange
	requests    []any // bodies, if they are JSON
	replies     []any
}

// group puts together what is asked alike and answered alike. A request that
// has other fields than another is asked otherwise, since a pact cannot say
// that a field may be there.
func group(all []Seen, redact func([]byte) []byte) ([]*grouped, []Left) {
	byKey := map[string]*grouped{}
	left := map[string]int{}
	for _, s := range all {
		x, why := usable(s.Exchange, redact)
		if why != "" {
			left[why]++
			continue
		}
		request := jsonOf(x.Request)
		k := key(s.Name, x, request)
		g := byKey[k]
		if g == nil {
			g = &grouped{key: k, name: s.Name, message: !x.FromConsumer}
			byKey[k] = g
		}
		g.seen = append(g.seen, x)
		g.requests = append(g.requests, request)
		if x.Reply != nil {
			g.replies = append(g.replies, jsonOf(*x.Reply))
		}
	}
	var groups []*grouped
	for _, k := range sorted(byKey) {
		groups = append(groups, byKey[k])
	}
	describe(groups)
	var reasons []Left
	for _, why := range sorted(left) {
		reasons = append(reasons, Left{why, left[why]})
	}
	return groups, reasons
}

// usable takes out of an exchange what no pact should hold, or says why it
// cannot be recorded.
func usable(x contracts.Exchange, redact func([]byte) []byte) (contracts.Exchange, string) {
	switch {
	case x.FromConsumer && x.Reply == nil:
		return x, "have no reply"
	case x.FromConsumer && x.Request.Method == "":
		return x, "are calls over something else than HTTP"
	case x.FromConsumer && x.Reply.Status/100 != 2:
		return x, fmt.Sprintf("were answered %d", x.Reply.Status)
	}
	if secret(x.Request, redact) {
		return x, "carry a secret in their address"
	}
	x.Request.Headers, x.Request.Body = told(x.Request.Headers, requestHeaders), clean(x.Request.Body, redact)
	if x.Reply != nil {
		reply := *x.Reply
		reply.Headers, reply.Body = told(reply.Headers, replyHeaders), clean(reply.Body, redact)
		x.Reply = &reply
	}
	if !x.FromConsumer {
		x.Reply = nil
	}
	return x, ""
}

// secret reports whether the path or a parameter of a request holds one.
func secret(p contracts.Part, redact func([]byte) []byte) bool {
	address := p.Path
	for _, name := range sorted(p.Query) {
		for _, v := range p.Query[name] {
			address += "\n" + name + "=" + v
		}
	}
	return string(clean([]byte(address), redact)) != address
}

func clean(b []byte, redact func([]byte) []byte) []byte {
	if redact == nil {
		return b
	}
	return redact(b)
}

// Headers that are worth relying on. Others tell of the way, not of the
// message, or are secrets.
var (
	requestHeaders = []string{"Content-Type", "Accept", "Idempotency-Key", "If-Match"}
	replyHeaders   = []string{"Content-Type", "Location", "Etag"}
)

func told(h map[string][]string, which []string) map[string][]string {
	kept := map[string][]string{}
	for _, name := range which {
		if v := h[name]; len(v) > 0 {
			kept[name] = v
		}
	}
	return kept
}

// jsonOf is the body of a part as a value, nil if it is no JSON.
func jsonOf(p contracts.Part) any {
	if !strings.Contains(p.Header("Content-Type"), "json") {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(p.Body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

// key tells groups apart.
func key(name string, x contracts.Exchange, request any) string {
	segments := strings.Count(x.Request.Path, "/")
	status := 0
	reply := ""
	if x.Reply != nil {
		status, reply = x.Reply.Status, media(*x.Reply)+" "+kindOf(jsonOf(*x.Reply))
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(x.Request.Path, "/"), "/")
	headers := strings.Join(sorted(x.Request.Headers), ",")
	return strings.Join([]string{
		strconv.FormatBool(!x.FromConsumer), x.Request.Method, first, strconv.Itoa(segments), strconv.Itoa(status), strings.Join(sorted(x.Request.Query), ","),
		headers, media(x.Request), reply, shape(request),
	}, " ") + " " + resource(name)
}

// resource is the first word of a name: "items" of "items/4711".
func resource(name string) string {
	first, _, _ := strings.Cut(strings.Trim(name, "/"), "/")
	return first
}

func media(p contracts.Part) string {
	m, _, _ := strings.Cut(p.Header("Content-Type"), ";")
	if len(p.Body) == 0 {
		return "nothing"
	}
	return m
}

// shape tells values apart by their fields and kinds. A list whose elements
// are alike has their shape, however long it is; another that of each element.
func shape(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var all []string
		for _, k := range sorted(v) {
			all = append(all, strconv.Quote(k)+shape(v[k]))
		}
		return "{" + strings.Join(all, ",") + "}"
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, shape(e))
		}
		if alike(all) {
			all = slices.Compact(all)
		}
		return "[" + strings.Join(all, ";") + "]"
	}
	return kindOf(v)[:2]
}

func alike(shapes []string) bool { return len(slices.Compact(slices.Clone(shapes))) < 2 }

// describe names the groups, with what tells those of one name apart.
func describe(groups []*grouped) {
	count := map[string]int{}
	for _, g := range groups {
		x := g.seen[0]
		name := cmp.Or(resource(g.name), "exchange")
		switch {
		case g.message:
			g.description = name + " are announced"
		case x.Request.Method == "GET" || x.Request.Method == "HEAD":
			g.description = name + " are asked for"
		default:
			g.description = fmt.Sprintf("%s are sent with %s", name, x.Request.Method)
		}
		if n := count[g.description] + 1; n > 1 {
			count[g.description] = n
			g.description += fmt.Sprintf(", other fields (%d)", n)
		} else {
			count[g.description] = 1
		}
	}
}

func (g *grouped) interaction() interaction {
	first := g.seen[0]
	in := interaction{Description: g.description, Comments: &comments{[]string{fmt.Sprintf("recorded from %d exchanges", len(g.seen))}}}
	if g.message {
		in.Type = "Asynchronous/Messages"
		rules := map[string]any{}
		in.Contents = g.content(first.Request, g.requests, false, rules)
		in.Metadata = map[string]any{"contentType": first.Request.Header("Content-Type")}
		in.Rules = rules
		return in
	}
	in.Type = "Synchronous/HTTP"
	in.States = g.states()
	in.Request = g.request(first.Request)
	in.Response = &part{Status: first.Reply.Status, Rules: map[string]any{}}
	in.Response.Headers = g.headers(replies(g.seen), in.Response.Rules, replyHeaders)
	in.Response.Body = g.content(*first.Reply, g.replies, false, in.Response.Rules)
	return in
}

func replies(seen []contracts.Exchange) (all []contracts.Part) {
	for _, x := range seen {
		all = append(all, *x.Reply)
	}
	return all
}

func requests(seen []contracts.Exchange) (all []contracts.Part) {
	for _, x := range seen {
		all = append(all, x.Request)
	}
	return all
}

func (g *grouped) request(first contracts.Part) *part {
	p := &part{Method: first.Method, Path: first.Path, Rules: map[string]any{}}
	p.Headers = g.headers(requests(g.seen), p.Rules, requestHeaders)
	if pattern := g.path(); pattern != "" {
		p.Rules["path"] = matchers(false, regex(pattern))
	}
	query := map[string]any{}
	for _, name := range sorted(first.Query) {
		if p.Query == nil {
			p.Query = map[string][]string{}
		}
		p.Query[name] = first.Query[name]
		if varies(g.seen, func(x contracts.Exchange) string { return strings.Join(x.Request.Query[name], "\x00") }) {
			query[name] = matchers(false, matcher("type"))
		}
	}
	if len(query) > 0 {
		p.Rules["query"] = query
	}
	p.Body = g.content(first, g.requests, true, p.Rules)
	return p
}

// path is a pattern of the paths, "" if they are all the same.
func (g *grouped) path() string {
	if !varies(g.seen, func(x contracts.Exchange) string { return x.Request.Path }) {
		return ""
	}
	segments := strings.Split(g.seen[0].Request.Path, "/")
	for i := range segments {
		if varies(g.seen, func(x contracts.Exchange) string { return strings.Split(x.Request.Path, "/")[i] }) {
			segments[i] = "[^/]+"
		} else {
			segments[i] = regexp.QuoteMeta(segments[i])
		}
	}
	return strings.Join(segments, "/")
}

func varies(seen []contracts.Exchange, of func(contracts.Exchange) string) bool {
	return slices.ContainsFunc(seen, func(x contracts.Exchange) bool { return of(x) != of(seen[0]) })
}

// headers are those that all parts have, with rules for those that vary.
func (g *grouped) headers(parts []contracts.Part, rules map[string]any, which []string) map[string][]string {
	out, header := map[string][]string{}, map[string]any{}
	for _, name := range which {
		same, there := true, true
		for _, p := range parts {
			v := p.Headers[name]
			there = there && len(v) > 0
			same = same && slices.Equal(v, parts[0].Headers[name])
		}
		if !there {
			continue
		}
		out[name] = parts[0].Headers[name]
		if !same || name != "Content-Type" && name != "Accept" {
			header[name] = matchers(false, matcher("type"))
		}
	}
	if len(header) > 0 {
		rules["header"] = header
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// content is the example of a body, whose rules are added. strict is true of
// requests, of which a pact allows no more than it says.
func (g *grouped) content(first contracts.Part, values []any, strict bool, rules map[string]any) *body {
	if len(first.Body) == 0 {
		return nil
	}
	b := &body{ContentType: cmp.Or(first.Header("Content-Type"), "application/octet-stream"), Encoded: false}
	if len(values) == 0 || slices.Contains(values, nil) {
		b.Content = string(first.Body)
		rules["body"] = map[string]any{"$": matchers(false, map[string]any{"match": "contentType", "value": media(first)})}
		return b
	}
	m := merge(values, strict)
	found := map[string]any{}
	b.Content = m.example
	m.rules("$", found)
	if len(found) > 0 {
		rules["body"] = found
	}
	return b
}

// states says what must be there: what the request names. Whoever answers the
// callback makes it so from the parameters.
func (g *grouped) states() []state {
	params := map[string]any{}
	if g.path() != "" {
		params["path"] = g.seen[0].Request.Path
	}
	ids(g.requests[0], "", 0, params)
	if len(params) == 0 {
		return nil
	}
	return []state{{Name: State, Params: params}}
}

// ids adds the texts of a value that name something: those at the top, and
// below it those of fields that are called so. Of one name the first counts.
func ids(v any, name string, depth int, to map[string]any) {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range sorted(v) {
			ids(v[k], k, depth+1, to)
		}
	case []any:
		for _, e := range v {
			ids(e, name, depth, to)
		}
	case string:
		lower := strings.ToLower(name)
		f := format(v)
		if _, there := to[name]; there || v == "" || f != nil && f.moment || depth > 1 && !strings.HasSuffix(lower, "id") {
			return
		}
		to[name] = v
	}
}
