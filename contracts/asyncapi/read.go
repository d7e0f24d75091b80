package asyncapi

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/jsonschema"
	"github.com/andon-rig/andon/contracts/source"
)

// A reader takes a description apart.
type reader struct {
	d         *Document
	compilers map[string]*jsonschema.Compiler // by the draft of schemas that do not say theirs
	channels  map[string]*channel             // by where they stand
	problems  contracts.Problems
}

func (r *reader) place(s source.Spot) contracts.Place { return r.d.trees[s.URL].Place(s.Pointer) }

func (r *reader) fail(s source.Spot, hint, format string, args ...any) {
	r.problems = append(r.problems, contracts.Problem{Place: r.place(s), Text: fmt.Sprintf(format, args...), Hint: hint})
}

// at is a key of s, behind references; false if it is not there.
func (r *reader) at(s source.Spot, key string) (source.Spot, bool) {
	child, ok := s.Child(key)
	if !ok {
		return s, false
	}
	to, p := source.Follow(r.d.trees, child)
	if p != nil {
		r.problems = append(r.problems, *p)
	}
	return to, p == nil
}

// each calls see with the entries of the mapping at a key of s.
func (r *reader) each(s source.Spot, key string, see func(key string, at source.Spot)) {
	m, ok := r.at(s, key)
	if !ok {
		return
	}
	if m.Fields() == nil {
		r.fail(m, "", "%s must be a mapping", key)
		return
	}
	for _, k := range r.d.trees[m.URL].Keys(m.Pointer) {
		if one, ok := r.at(m, k); ok {
			see(k, one)
		}
	}
}

// list calls see with the items of the list at a key of s, before references
// are followed.
func (r *reader) list(s source.Spot, key string, see func(source.Spot)) {
	l, ok := s.Child(key)
	if !ok {
		return
	}
	all, ok := l.Value.([]any)
	if !ok {
		r.fail(l, "", "%s must be a list", key)
		return
	}
	for i, v := range all {
		see(source.Spot{URL: l.URL, Pointer: fmt.Sprintf("%s/%d", l.Pointer, i), Value: v})
	}
}

// text is the text at a key of s.
func (r *reader) text(s source.Spot, key string) string {
	c, ok := s.Child(key)
	if !ok || c.Value == nil {
		return ""
	}
	t, ok := c.Value.(string)
	if !ok {
		r.fail(c, "", "%s must be a text", key)
	}
	return t
}

// allowed are the keys of each kind of object.
var allowed = map[string]string{
	"description": "asyncapi id info servers defaultContentType channels operations components",
	"channel":     "address messages title summary description servers parameters tags externalDocs bindings",
	"operation":   "action channel title summary description security tags externalDocs bindings traits messages reply",
	"message":     "headers payload correlationId contentType name title summary description tags externalDocs bindings examples traits",
	"parameter":   "enum default description examples location",
	"reply":       "address channel messages",
}

// known refuses keys that an object does not have.
func (r *reader) known(s source.Spot, kind string) bool {
	m := s.Fields()
	if m == nil {
		r.fail(s, "", "the %s must be a mapping", kind)
		return false
	}
	for _, k := range r.d.trees[s.URL].Keys(s.Pointer) {
		if strings.HasPrefix(k, "x-") || slices.Contains(strings.Fields(allowed[kind]), k) {
			continue
		}
		child, _ := s.Child(k)
		hint := "known are " + strings.ReplaceAll(allowed[kind], " ", ", ")
		if k == "publish" || k == "subscribe" {
			hint = "that is AsyncAPI 2; in version 3 operations say action: send or receive"
		}
		r.fail(child, hint, "a %s has no key %q", kind, k)
	}
	return true
}

func (r *reader) description() {
	root := source.Spot{URL: r.d.url, Value: r.d.trees[r.d.url].Root}
	if v := version(root.Fields()["asyncapi"]); !strings.HasPrefix(v, "3.") {
		at, _ := root.Child("asyncapi")
		r.fail(at, "convert it, for instance with: asyncapi convert FILE --target-version=3.0.0", "is written in AsyncAPI %s; version 3 is read", v)
		return
	}
	if !r.known(root, "description") {
		return
	}
	if info, ok := r.at(root, "info"); !ok || r.text(info, "title") == "" || r.text(info, "version") == "" {
		r.fail(root, "", "info needs a title and a version")
	}
	media := r.text(root, "defaultContentType")
	r.each(root, "channels", func(key string, at source.Spot) { r.channel(key, at, media) })
	r.each(root, "operations", func(key string, at source.Spot) { r.operation(key, at) })
	if len(r.d.channels) == 0 {
		r.fail(root, "", "has no channels")
	}
	r.ambiguous()
}

var variable = regexp.MustCompile(`\{([^{}]*)\}`)

func (r *reader) channel(key string, s source.Spot, media string) {
	if !r.known(s, "channel") {
		return
	}
	c := &channel{key: key, address: strings.TrimPrefix(r.text(s, "address"), "/"), place: r.place(s)}
	params := map[string]source.Spot{}
	r.each(s, "parameters", func(name string, at source.Spot) { params[name] = at })
	for _, m := range variable.FindAllStringSubmatch(c.address, -1) {
		at, ok := params[m[1]]
		if !ok {
			r.fail(s, "list it below parameters", "address %q has a parameter %q that is not declared", c.address, m[1])
			continue
		}
		c.params = append(c.params, r.parameter(m[1], at))
		delete(params, m[1])
	}
	for _, name := range slices.Sorted(keys(params)) {
		r.fail(params[name], "", "parameter %q is not in the address %q", name, c.address)
	}
	c.pattern = patternOf(c.address)
	r.each(s, "messages", func(name string, at source.Spot) {
		if m := r.message(name, at, media); m != nil {
			c.messages = append(c.messages, m)
		}
	})
	r.d.channels = append(r.d.channels, c)
	r.channels[s.URL+"#"+s.Pointer] = c
}

// patternOf matches topics and subjects: a parameter is one level of them.
func patternOf(address string) *regexp.Regexp {
	level := `.+`
	switch {
	case strings.Contains(address, "/"):
		level = `[^/]+`
	case strings.Contains(address, "."):
		level = `[^.]+`
	}
	var b strings.Builder
	last := 0
	for _, at := range variable.FindAllStringIndex(address, -1) {
		b.WriteString(regexp.QuoteMeta(address[last:at[0]]) + "(" + level + ")")
		last = at[1]
	}
	return regexp.MustCompile("^" + b.String() + regexp.QuoteMeta(address[last:]) + "$")
}

func (r *reader) parameter(name string, s source.Spot) parameter {
	p := parameter{name: name, place: r.place(s)}
	if r.known(s, "parameter") {
		r.list(s, "enum", func(at source.Spot) { p.values = append(p.values, fmt.Sprint(at.Value)) })
	}
	return p
}

// message reads a message with its traits.
func (r *reader) message(name string, s source.Spot, media string) *message {
	if !r.known(s, "message") {
		return nil
	}
	m := &message{name: name, contentType: r.text(s, "contentType"), url: s.URL + "#" + s.Pointer, place: r.place(s)}
	headers, hasHeaders := s.Child("headers")
	correlation, hasCorrelation := r.at(s, "correlationId")
	r.list(s, "traits", func(at source.Spot) {
		t, p := source.Follow(r.d.trees, at)
		if p != nil {
			r.problems = append(r.problems, *p)
			return
		}
		if !hasHeaders {
			headers, hasHeaders = t.Child("headers")
		}
		if !hasCorrelation {
			correlation, hasCorrelation = r.at(t, "correlationId")
		}
		if m.contentType == "" {
			m.contentType = r.text(t, "contentType")
		}
	})
	if m.contentType == "" {
		m.contentType = media
	}
	if payload, ok := s.Child("payload"); ok {
		m.payload = r.schema(payload)
	}
	if hasHeaders {
		m.headers = r.schema(headers)
		m.names = r.names(headers)
	}
	if hasCorrelation {
		m.correlation = r.text(correlation, "location")
		if !location.MatchString(m.correlation) {
			r.fail(correlation, "write $message.header#/NAME or $message.payload#/PATH", "location %q of the correlation ID cannot be read", m.correlation)
		}
	}
	r.examples(s, m)
	return m
}

var location = regexp.MustCompile(`^\$message\.(header|payload)#(/.*)?$`)

// formats are the schema formats that are JSON Schema.
var formats = regexp.MustCompile(`^application/(?:vnd\.aai\.asyncapi|(schema))(?:\+json|\+yaml)?\s*(?:;\s*version=\s*"?([^\s"]+)"?\s*)?$`)

// ownDraft is that of schemas in AsyncAPI's own language, a superset of it.
const ownDraft = "draft-07"

// compiler compiles schemas of a draft; nil if there is none of that name.
func (r *reader) compiler(draft string) *jsonschema.Compiler {
	if c, ok := r.compilers[draft]; ok {
		return c
	}
	c := jsonschema.NewCompiler(source.Trees{})
	if !c.Draft(draft) {
		return nil
	}
	for _, u := range slices.Sorted(maps.Keys(r.d.trees)) {
		if err := c.Add(u, r.d.trees[u]); err != nil {
			r.problems = append(r.problems, contracts.Problem{Place: contracts.Place{File: r.d.trees[u].File}, Text: err.Error()})
		}
	}
	r.compilers[draft] = c
	return c
}

// schema compiles a schema, which may say in which language it is written.
func (r *reader) schema(s source.Spot) *schema {
	to, p := source.Follow(r.d.trees, s)
	if p != nil {
		r.problems = append(r.problems, *p)
		return nil
	}
	s = to
	draft := ownDraft
	if f := r.text(s, "schemaFormat"); f != "" {
		inner, ok := s.Child("schema")
		m := formats.FindStringSubmatch(f)
		if m != nil && m[1] != "" && m[2] != "" {
			draft = m[2]
		}
		switch {
		case m == nil || r.compiler(draft) == nil:
			r.fail(s, "JSON Schema is read, of draft-04 to 2020-12", "schema format %q is not supported", f)
			return nil
		case !ok:
			r.fail(s, "", "has a schemaFormat and no schema")
			return nil
		}
		s = inner
	}
	rules, err := r.compiler(draft).Compile(s.URL, (&url.URL{Fragment: s.Pointer}).EscapedFragment())
	if err != nil {
		r.problems = append(r.problems, contracts.AsProblems(err, r.d.trees[s.URL].File)...)
		return nil
	}
	return once(jsonschema.NodeAt(r.d.trees, s.URL, s.Pointer), rules)
}

// names are the headers that a schema declares.
func (r *reader) names(s source.Spot) (all []string) {
	to, p := source.Follow(r.d.trees, s)
	if p != nil {
		return nil
	}
	if inner, ok := to.Child("schema"); ok && to.Fields()["schemaFormat"] != nil {
		to = inner
	}
	r.each(to, "properties", func(name string, _ source.Spot) { all = append(all, name) })
	r.list(to, "allOf", func(at source.Spot) { all = append(all, r.names(at)...) })
	return all
}

// examples refuses those that do not fit their own schema.
func (r *reader) examples(s source.Spot, m *message) {
	r.list(s, "examples", func(at source.Spot) {
		for _, part := range []struct {
			key    string
			schema *schema
		}{{"payload", m.payload}, {"headers", m.headers}} {
			v, ok := at.Child(part.key)
			if !ok || part.schema == nil {
				continue
			}
			for _, b := range jsonschema.Breaches(part.schema.rules, v.Value, r.d.trees, false) {
				r.fail(v, "", "the example does not fit its own schema: %s", b)
			}
		}
	})
}

func (r *reader) operation(key string, s source.Spot) {
	if !r.known(s, "operation") {
		return
	}
	o := &operation{key: key, place: r.place(s)}
	switch action := r.text(s, "action"); action {
	case "send":
		o.sends = true
	case "receive":
	default:
		r.fail(s, "", "operation %s has action %q; it is send or receive", key, action)
		return
	}
	if o.channel = r.channelOf(s); o.channel == nil {
		return
	}
	o.messages = r.chosen(s, o.channel)
	reply, ok := r.at(s, "reply")
	if ok && r.known(reply, "reply") {
		if _, named := reply.Child("channel"); named {
			if c := r.channelOf(reply); c != nil {
				c.replies = true
				o.replies = r.chosen(reply, c)
			}
		}
	}
	o.channel.uses = append(o.channel.uses, o)
}

// channelOf is the channel that s refers to.
func (r *reader) channelOf(s source.Spot) *channel {
	at, ok := r.at(s, "channel")
	if ok {
		if c := r.channels[at.URL+"#"+at.Pointer]; c != nil {
			return c
		}
	}
	r.fail(s, "channel: {$ref: '#/channels/NAME'}", "does not refer to a channel of the description")
	return nil
}

// chosen are the messages that s lists of a channel, all of them if it lists
// none.
func (r *reader) chosen(s source.Spot, c *channel) (all []*message) {
	if _, some := s.Child("messages"); !some {
		return c.messages
	}
	r.list(s, "messages", func(at source.Spot) {
		to, p := source.Follow(r.d.trees, at)
		if p != nil {
			r.problems = append(r.problems, *p)
			return
		}
		for _, m := range c.messages {
			if m.url == to.URL+"#"+to.Pointer {
				all = append(all, m)
				return
			}
		}
		r.fail(at, "messages: [{$ref: '#/channels/"+c.key+"/messages/NAME'}]", "is no message of channel %s", c.key)
	})
	return all
}

// ambiguous names channels that no message can tell apart.
func (r *reader) ambiguous() {
	seen := map[string]*channel{}
	for _, c := range r.d.channels {
		if c.address == "" {
			continue
		}
		if before := seen[c.pattern.String()]; before != nil {
			r.problems = append(r.problems, contracts.Problem{Place: c.place, Text: fmt.Sprintf("channel %s cannot be told from %s at %s", c.key, before.key, before.place)})
		}
		seen[c.pattern.String()] = c
	}
}
