package saps4

import (
	"net/url"
	"regexp"
	"strings"
)

// Root is where all services lie.
const Root = "sap/opu/odata/sap"

// A resource is what a request is about, by its path.
type resource struct {
	service *service
	set     *entityType
	call    string            // a function import
	keys    map[string]string // of one entity; nil means the whole set
	nav     string            // from there to what belongs to it
	count   bool              // only how many there are
	special string            // "", "/", "redirect", "$metadata", "$batch", changeset, unreadable
}

// resolve reads a path; false if there is nothing.
func resolve(name string) (r resource, ok bool) {
	rest, under := strings.CutPrefix(name, Root+"/")
	if !under {
		return r, false
	}
	serviceName, rest, deeper := strings.Cut(rest, "/")
	serviceName, _, _ = strings.Cut(serviceName, ";") // a version may follow
	if r.service = serviceOf(serviceName); r.service == nil {
		return r, false
	}
	switch {
	case !deeper:
		r.special = "redirect"
		return r, true
	case rest == "":
		r.special = "/"
		return r, true
	case rest == "$metadata", rest == "$batch", rest == changeset, rest == unreadable:
		r.special = rest
		return r, true
	}
	return r.within(rest)
}

// changeset names, within a service, what must be done together. It is no
// address: only $batch leads there.
const changeset = "$batch/changeset"

// within reads what stands behind the service.
func (r resource) within(rest string) (resource, bool) {
	rest, r.count = strings.CutSuffix(rest, "/$count")
	segment, nav, _ := strings.Cut(rest, "/")
	plain, err := url.PathUnescape(segment)
	if err != nil {
		return r, false
	}
	name, predicate, keyed := strings.Cut(plain, "(")
	if r.set = r.service.set(name); r.set == nil {
		for _, c := range r.service.calls {
			if c.name == plain {
				r.call = c.name
				return r, nav == "" && !r.count
			}
		}
		return r, false
	}
	if keyed {
		if !strings.HasSuffix(predicate, ")") {
			return r, false
		}
		if r.keys, keyed = r.set.readKeys(strings.TrimSuffix(predicate, ")")); !keyed {
			return r, false
		}
	}
	r.nav = nav
	if nav == "" {
		return r, !r.count || r.keys == nil
	}
	return r, r.keys != nil && r.set.nav(nav) != nil
}

// shows is what the rows are that are asked for.
func (r resource) shows() *entityType {
	if r.nav != "" {
		return r.set.nav(r.nav)
	}
	return r.set
}

var keyPair = regexp.MustCompile(`^\s*(?:([A-Za-z_0-9]+)\s*=\s*)?'((?:[^']|'')*)'\s*(,|$)`)

// readKeys reads the predicate of a key: 'one', or Name='one',Other='two'. A
// quote within is written twice.
func (t *entityType) readKeys(s string) (map[string]string, bool) {
	keys := map[string]string{}
	for s != "" {
		m := keyPair.FindStringSubmatch(s)
		if m == nil {
			return nil, false
		}
		name := m[1]
		if name == "" {
			name = t.keyNames()[0]
		}
		keys[name] = strings.ReplaceAll(m[2], "''", "'")
		s = s[len(m[0]):]
	}
	for _, k := range t.keyNames() {
		if _, said := keys[k]; !said {
			return nil, false
		}
	}
	return keys, len(keys) == len(t.keyNames())
}

func (t *entityType) keyNames() (names []string) {
	for _, p := range t.props {
		if p.key {
			names = append(names, p.name)
		}
	}
	return names
}

// uri is where an entity is found.
func (t *entityType) uri(e entity) string {
	names := t.keyNames()
	pairs := make([]string, len(names))
	for i, k := range names {
		text, _ := e[k].(string)
		pairs[i] = "'" + url.PathEscape(strings.ReplaceAll(text, "'", "''")) + "'"
		if len(names) > 1 {
			pairs[i] = k + "=" + pairs[i]
		}
	}
	return "/" + Root + "/" + t.service + "/" + t.set + "(" + strings.Join(pairs, ",") + ")"
}

// A view is which part of an entity is shown.
type view struct {
	whole           bool // with metadata, and with what is not said
	expand, select_ []string
}

// everything selects each property, whatever else is named beside it.
const everything = "*"

// viewOf reads $expand and $select.
func viewOf(params map[string]string) view {
	return view{whole: true, expand: listed(params["$expand"]), select_: listed(params["$select"])}
}

func (v view) expands(nav string) bool {
	for _, e := range v.expand {
		if e == nav || strings.HasPrefix(e, nav+"/") {
			return true
		}
	}
	return false
}

func (v view) selects(name string) bool {
	if len(v.select_) == 0 {
		return true
	}
	for _, s := range v.select_ {
		if s == everything || s == name || strings.HasPrefix(s, name+"/") {
			return true
		}
	}
	return v.expands(name)
}

// below is the view of what lies behind a navigation.
func (v view) below(nav string) view {
	cut := func(list []string) (all []string) {
		for _, s := range list {
			if rest, ok := strings.CutPrefix(s, nav+"/"); ok {
				all = append(all, rest)
			}
		}
		return all
	}
	return view{whole: v.whole, expand: cut(v.expand), select_: cut(v.select_)}
}
