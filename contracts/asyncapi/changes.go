package asyncapi

import (
	"fmt"
	"slices"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/jsonschema"
)

// Changes implements [contracts.Differ]. Operations say who reads and who
// writes: what the provider sends, readers of the old version must still take,
// and what it receives, readers of the new one. Mode counts for channels
// without operations only.
func (Format) Changes(before, after contracts.Document, mode contracts.Mode) ([]contracts.Change, error) {
	a, ok1 := before.(*Document)
	b, ok2 := after.(*Document)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("changes are told of two AsyncAPI descriptions")
	}
	t := &teller{told: map[string]bool{}}
	was, is := indexOf(a), indexOf(b)
	for _, c := range a.channels {
		o := is.like(c)
		if o == nil {
			t.add("CHANNEL_REMOVED", contracts.Breaking, c.name(), c.place, contracts.Place{}, "Channel %s was removed.", c.name())
			continue
		}
		t.channels(c, o, mode)
	}
	for _, c := range b.channels {
		if was.like(c) == nil {
			t.add("CHANNEL_ADDED", contracts.Safe, c.name(), contracts.Place{}, c.place, "Channel %s was added.", c.name())
		}
	}
	contracts.SortChanges(t.all)
	return t.all, nil
}

// An index finds the channels of a document.
type index struct{ byKey, byAddress map[string]*channel }

func indexOf(d *Document) index {
	i := index{map[string]*channel{}, map[string]*channel{}}
	for _, c := range d.channels {
		i.byKey[c.key], i.byAddress[c.pattern.String()] = c, c
	}
	return i
}

// like is the channel of the same key, or else of the same address.
func (i index) like(c *channel) *channel {
	if o := i.byKey[c.key]; o != nil || c.address == "" {
		return o
	}
	return i.byAddress[c.pattern.String()]
}

// A teller collects changes, each once.
type teller struct {
	all  []contracts.Change
	told map[string]bool
}

func (t *teller) add(kind string, s contracts.Severity, path string, before, after contracts.Place, format string, args ...any) {
	t.put(contracts.Change{Type: kind, Path: path, Severity: s, Message: fmt.Sprintf(format, args...), Before: before, After: after})
}

func (t *teller) put(c contracts.Change) {
	if key := c.Type + " " + c.Path + " " + c.Message; !t.told[key] {
		t.told[key] = true
		t.all = append(t.all, c)
	}
}

// uses are what operations do with a channel: the messages
// that are sent, received and come as replies.
type uses struct {
	sends, receives      bool
	sent, received       []*message
	answered, answersYou []*message // replies to what is sent, and to what is received
	place                map[bool]contracts.Place
}

func usesOf(c *channel) uses {
	u := uses{place: map[bool]contracts.Place{}}
	for _, o := range c.uses {
		u.place[o.sends] = o.place
		if o.sends {
			u.sends, u.sent, u.answered = true, append(u.sent, o.messages...), append(u.answered, o.replies...)
		} else {
			u.receives, u.received, u.answersYou = true, append(u.received, o.messages...), append(u.answersYou, o.replies...)
		}
	}
	return u
}

func (t *teller) channels(c, o *channel, mode contracts.Mode) {
	path := c.name()
	if c.pattern.String() != o.pattern.String() {
		t.add("ADDRESS_CHANGED", contracts.Breaking, path, c.place, o.place, "Channel %s has another address: %q instead of %q.", c.key, o.address, c.address)
	}
	t.parameters(c, o)
	was, is := usesOf(c), usesOf(o)
	for _, op := range []struct {
		verb    string
		was, is bool
		sends   bool
	}{{"sends", was.sends, is.sends, true}, {"receives", was.receives, is.receives, false}} {
		switch {
		case op.was && !op.is:
			t.add("OPERATION_REMOVED", contracts.Breaking, path, was.place[op.sends], o.place, "The provider no longer %s on %s.", op.verb, path)
		case !op.was && op.is && (was.sends || was.receives):
			t.add("OPERATION_ADDED", contracts.Safe, path, c.place, is.place[op.sends], "The provider %s on %s now.", op.verb, path)
		}
	}
	if c.replies && len(c.uses) == 0 {
		return // its messages are those of operations elsewhere
	}
	if !was.sends && !was.receives {
		t.messages(path, c, o, c.messages, o.messages, mode)
		return
	}
	if was.sends && is.sends {
		t.messages(path, c, o, was.sent, is.sent, contracts.Forward)
		t.messages(path+" reply", c, o, was.answered, is.answered, contracts.Backward)
	}
	if was.receives && is.receives {
		t.messages(path, c, o, was.received, is.received, contracts.Backward)
		t.messages(path+" reply", c, o, was.answersYou, is.answersYou, contracts.Forward)
	}
}

func (t *teller) parameters(c, o *channel) {
	for i, p := range c.params {
		if i >= len(o.params) {
			return // the address changed
		}
		q, path := o.params[i], c.name()+" {"+p.name+"}"
		if q.values == nil {
			continue
		}
		for _, v := range p.values {
			if !slices.Contains(q.values, v) {
				t.add("VALUE_REMOVED", contracts.Breaking, path, p.place, q.place, "Parameter %s is %s no more.", p.name, v)
			}
		}
		for _, v := range q.values {
			if p.values != nil && !slices.Contains(p.values, v) {
				t.add("VALUE_ADDED", contracts.Dangerous, path, p.place, q.place, "Parameter %s may be %s now.", p.name, v)
			}
		}
		if p.values == nil {
			t.add("VALUES_RESTRICTED", contracts.Breaking, path, p.place, q.place, "Parameter %s had any value and has only listed ones now.", p.name)
		}
	}
}

func named(all []*message, name string) *message {
	for _, m := range all {
		if m.name == name {
			return m
		}
	}
	return nil
}

// messages compares the messages of one direction: mode says who must take
// what the other version writes.
func (t *teller) messages(path string, c, o *channel, was, is []*message, mode contracts.Mode) {
	for _, m := range was {
		at := path + " " + m.name
		n := named(is, m.name)
		if n == nil {
			t.add("MESSAGE_REMOVED", contracts.Breaking, at, m.place, o.place, "Message %s was removed.", m.name)
			continue
		}
		t.message(at, m, n, mode)
	}
	for _, n := range is {
		if named(was, n.name) != nil {
			continue
		}
		s, what := contracts.Safe, "was added"
		if mode.ReadsNew() {
			s, what = contracts.Dangerous, "was added, and readers of the old version do not know it"
		}
		t.add("MESSAGE_ADDED", s, path+" "+n.name, c.place, n.place, "Message %s %s.", n.name, what)
	}
}

func (t *teller) message(path string, m, n *message, mode contracts.Mode) {
	if m.contentType != n.contentType {
		t.add("CONTENT_TYPE_CHANGED", contracts.Breaking, path, m.place, n.place, "Message %s is written as %q instead of %q.", m.name, n.contentType, m.contentType)
	}
	if m.correlation != n.correlation {
		t.add("CORRELATION_CHANGED", contracts.Breaking, path, m.place, n.place, "Message %s has its correlation ID at %q instead of %q.", m.name, n.correlation, m.correlation)
	}
	for _, s := range []struct {
		path    string
		was, is *schema
		what    string
	}{{path + " > $", m.payload, n.payload, "payload"}, {path + " header", m.headers, n.headers, "headers"}} {
		switch {
		case s.was != nil && s.is != nil:
			for _, c := range jsonschema.Compare(s.was.node, s.is.node, s.path, mode) {
				t.put(c)
			}
		case s.was != nil && mode.ReadsNew():
			t.add("SCHEMA_REMOVED", contracts.Breaking, s.path, m.place, n.place, "The %s of message %s may be anything now.", s.what, m.name)
		case s.was != nil:
			t.add("SCHEMA_REMOVED", contracts.Dangerous, s.path, m.place, n.place, "The %s of message %s may be anything now.", s.what, m.name)
		case s.is != nil && mode.ReadsOld():
			t.add("SCHEMA_ADDED", contracts.Breaking, s.path, m.place, n.place, "The %s of message %s must follow a schema now.", s.what, m.name)
		case s.is != nil:
			t.add("SCHEMA_ADDED", contracts.Safe, s.path, m.place, n.place, "The %s of message %s follow a schema now.", s.what, m.name)
		}
	}
}
