package pact

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/contracts/source"
)

// Rules are the matching rules of a part, by category.
type Rules struct {
	Method, Path []Rule
	Status       []Rule
	Query        []Rule
	Header       []Rule
	Metadata     []Rule
	Body         []Rule
}

// A Rule is what must be true at a path instead of equality.
type Rule struct {
	At       []step
	Any      bool // one matcher suffices; otherwise all must agree
	Matchers []Matcher
}

// A Matcher is one demand of a rule.
type Matcher struct {
	Kind    string // "type", "regex", …
	Regex   string
	Format  string // of dates and times
	Value   string // of include, content type and the like
	Min     int    // -1 if not given
	Max     int    // -1 if not given
	Status  any    // class or list of codes
	Options []Variant
	Rules   []Matcher // of eachKey and eachValue
}

// A Variant is one element that an array must contain.
type Variant struct {
	Index int
	Rules []Rule
}

// rules reads the rules of a part, in the flat form of versions 1 and 2 or by
// category.
func (r *reader) rules(pointer string, v any) Rules {
	m, _ := v.(map[string]any)
	var out Rules
	pointer += "/matchingRules"
	for _, key := range sortedKeys(m) {
		at := pointer + "/" + source.Escape(key)
		if strings.HasPrefix(key, "$") {
			r.flat(&out, at, key, m[key])
			continue
		}
		category, _ := m[key].(map[string]any)
		switch key {
		case "method":
			out.Method = r.single(at, category)
		case "path":
			out.Path = r.single(at, category)
		case "status":
			out.Status = r.single(at, category)
		case "query":
			out.Query = r.named(at, category)
		case "header", "headers":
			out.Header = r.named(at, category)
		case "metadata":
			out.Metadata = r.named(at, category)
		case "body", "content":
			out.Body = r.paths(at, category)
		default:
			r.fail(at, "there is no category of matching rules %q", key)
		}
	}
	return out
}

// flat reads a rule of version 2, whose path begins with what it is about.
func (r *reader) flat(out *Rules, pointer, key string, v any) {
	steps, err := parsePath(key)
	if err != nil || len(steps) < 2 {
		r.fail(pointer, "%q is no path of a matching rule", key)
		return
	}
	rule := Rule{Matchers: []Matcher{r.matcher(pointer, v)}}
	rest := steps[2:]
	switch steps[1].name {
	case "method":
		out.Method = append(out.Method, rule)
	case "path":
		out.Path = append(out.Path, rule)
	case "query":
		rule.At = rest
		out.Query = append(out.Query, rule)
	case "header", "headers":
		rule.At = rest
		out.Header = append(out.Header, rule)
	case "body":
		rule.At = append([]step{{root: true}}, rest...)
		out.Body = append(out.Body, rule)
	default:
		r.fail(pointer, "%q is about %q, which no part of a message is called", key, steps[1].name)
	}
}

func (r *reader) single(pointer string, m map[string]any) []Rule {
	return []Rule{r.list(pointer, m)}
}

func (r *reader) named(pointer string, m map[string]any) (all []Rule) {
	for _, name := range sortedKeys(m) {
		rule := r.list(pointer+"/"+name, m[name])
		rule.At = []step{{name: name}}
		if strings.ContainsAny(name, "[$.") {
			if steps, err := parsePath("$." + strings.TrimPrefix(name, "$.")); err == nil {
				rule.At = steps[1:]
			}
		}
		all = append(all, rule)
	}
	return all
}

func (r *reader) paths(pointer string, m map[string]any) (all []Rule) {
	for _, path := range sortedKeys(m) {
		at := pointer + "/" + source.Escape(path)
		steps, err := parsePath(path)
		if err != nil {
			r.fail(at, "%q is no path of a matching rule: %v", path, err)
			continue
		}
		rule := r.list(at, m[path])
		rule.At = steps
		all = append(all, rule)
	}
	return all
}

// list reads {"combine": …, "matchers": […]}.
func (r *reader) list(pointer string, v any) Rule {
	m, _ := v.(map[string]any)
	rule := Rule{Any: strings.EqualFold(str(m["combine"]), "or")}
	matchers, ok := m["matchers"].([]any)
	if !ok {
		r.fail(pointer, "has no matchers")
		return rule
	}
	for i, one := range matchers {
		rule.Matchers = append(rule.Matchers, r.matcher(pointer+"/matchers/"+strconv.Itoa(i), one))
	}
	return rule
}

// known are the matchers of the specification, version 4 included.
var known = []string{
	"equality", "regex", "type", "include", "integer", "decimal", "number", "boolean", "null", "date", "time", "timestamp", "datetime",
	"contentType", "arrayContains", "values", "eachKey", "eachValue", "notEmpty", "semver", "statusCode",
}

func (r *reader) matcher(pointer string, v any) Matcher {
	m, _ := v.(map[string]any)
	k := Matcher{Kind: str(m["match"]), Regex: str(m["regex"]), Value: plain(m["value"]), Min: whole(m["min"]), Max: whole(m["max"])}
	switch {
	case k.Kind == "" && k.Regex != "":
		k.Kind = "regex"
	case k.Kind == "" && (k.Min >= 0 || k.Max >= 0):
		k.Kind = "type"
	case k.Kind == "":
		for _, kind := range []string{"date", "time", "timestamp"} {
			if f := str(m[kind]); f != "" {
				k.Kind, k.Format = kind, f
			}
		}
	case k.Kind == "real":
		k.Kind = "decimal"
	case k.Kind == "content-type":
		k.Kind = "contentType"
	case k.Kind == "array-contains":
		k.Kind = "arrayContains"
	case k.Kind == "not-empty":
		k.Kind = "notEmpty"
	case k.Kind == "status-code":
		k.Kind = "statusCode"
	case k.Kind == "each-key":
		k.Kind = "eachKey"
	case k.Kind == "each-value":
		k.Kind = "eachValue"
	}
	if k.Format == "" {
		for _, key := range []string{"format", k.Kind} {
			if f := str(m[key]); f != "" && k.Format == "" {
				k.Format = f
			}
		}
	}
	k.Status = m["status"]
	if !contains(known, k.Kind) {
		r.fail(pointer, "there is no matcher %q", k.Kind)
	}
	if k.Kind == "regex" {
		if _, err := compile(k.Regex); err != nil && !errors.Is(err, errCannotTell) {
			r.fail(pointer, "%v", err)
		}
	}
	r.nested(pointer, m, &k)
	return k
}

// nested reads the rules inside arrayContains, eachKey and eachValue.
func (r *reader) nested(pointer string, m map[string]any, k *Matcher) {
	variants, _ := m["variants"].([]any)
	for i, one := range variants {
		vm, _ := one.(map[string]any)
		rules, _ := vm["rules"].(map[string]any)
		k.Options = append(k.Options, Variant{Index: max(whole(vm["index"]), 0), Rules: r.paths(pointer+"/variants/"+strconv.Itoa(i)+"/rules", rules)})
	}
	rules, _ := m["rules"].([]any)
	for i, one := range rules {
		k.Rules = append(k.Rules, r.matcher(pointer+"/rules/"+strconv.Itoa(i), one))
	}
}

func whole(v any) int {
	if n, ok := v.(json.Number); ok {
		if i, err := strconv.Atoi(n.String()); err == nil {
			return i
		}
	}
	return -1
}

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

func decodeBase64(s string) ([]byte, error) { return base64.StdEncoding.DecodeString(s) }
