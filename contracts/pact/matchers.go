package pact

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// A mismatch is one difference between what is expected and what was there.
type mismatch struct {
	at        string
	want, got string
	unknown   bool // it cannot be told whether it is one
}

func (m mismatch) String() string { return m.at + ": want " + m.want + ", got " + m.got }

// value holds a value against one matcher. below is true if the rule stands at
// a place above: bounds on a list do not concern what is in it.
func (k Matcher) value(want, got any, below bool) (string, error) {
	switch k.Kind {
	case "type":
		return k.typed(want, got, below)
	case "regex":
		return k.regex(got)
	case "equality":
		if !equal(want, got) {
			return show1(want), nil
		}
	case "include":
		if !strings.Contains(text(got), k.Value) {
			return "a text that includes " + strconv.Quote(k.Value), nil
		}
	case "integer":
		if !integer(got) {
			return "an integer", nil
		}
	case "decimal":
		if !decimal(got) {
			return "a number with decimals", nil
		}
	case "number":
		if !number(got) {
			return "a number", nil
		}
	case "boolean":
		if _, ok := got.(bool); !ok && got != "true" && got != "false" {
			return "true or false", nil
		}
	case "null":
		if got != nil {
			return "null", nil
		}
	case "semver":
		if !semver.MatchString(text(got)) {
			return "a semantic version", nil
		}
	case "notEmpty":
		return notEmpty(want, got), nil
	case "date", "time", "timestamp", "datetime":
		return k.moment(got)
	case "contentType":
		if detected := detect([]byte(text(got))); !sameMedia(k.Value, detected) {
			return "content of type " + k.Value, nil
		}
	}
	return "", nil
}

// typed demands the type of the example, and a length.
func (k Matcher) typed(want, got any, below bool) (string, error) {
	if kind(want) != kind(got) {
		return kind(want) + " like " + show1(want), nil
	}
	if list, ok := got.([]any); ok && !below {
		if k.Min >= 0 && len(list) < k.Min {
			return fmt.Sprintf("at least %d elements", k.Min), nil
		}
		if k.Max >= 0 && len(list) > k.Max {
			return fmt.Sprintf("at most %d elements", k.Max), nil
		}
	}
	return "", nil
}

func (k Matcher) regex(got any) (string, error) {
	p, err := compile(k.Regex)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errCannotTell, err)
	}
	ok, err := p.match(text(got))
	if err != nil {
		return "", err
	}
	if !ok {
		return "a text that matches " + k.Regex, nil
	}
	return "", nil
}

func (k Matcher) moment(got any) (string, error) {
	format := k.Format
	if format == "" {
		format = map[string]string{"date": "yyyy-MM-dd", "time": "HH:mm:ss", "timestamp": "yyyy-MM-dd'T'HH:mm:ssXXX", "datetime": "yyyy-MM-dd'T'HH:mm:ssXXX"}[k.Kind]
	}
	s, ok := got.(string)
	if !ok {
		return "a " + k.Kind + " as " + format, nil
	}
	fits, err := fitsFormat(format, s)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errCannotTell, err)
	}
	if !fits {
		return "a " + k.Kind + " as " + format, nil
	}
	return "", nil
}

// notEmpty asks for something; in place of a list or an object only for one.
func notEmpty(want, got any) string {
	switch want.(type) {
	case []any, map[string]any:
		if kind(want) != kind(got) {
			return kind(want)
		}
	}
	switch got := got.(type) {
	case string:
		if got == "" {
			return "a text that is not empty"
		}
	case []any:
		if len(got) == 0 {
			return "a list that is not empty"
		}
	case map[string]any:
		if len(got) == 0 {
			return "an object that is not empty"
		}
	case nil:
		return "something"
	}
	return ""
}

var semver = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$`)

// integer reports whether a value of JSON is written without a point and
// without an exponent. A text is none, whatever stands in it.
func integer(v any) bool {
	n, ok := v.(json.Number)
	return ok && !strings.ContainsAny(n.String(), ".eE")
}

func decimal(v any) bool {
	n, ok := v.(json.Number)
	return ok && strings.ContainsAny(n.String(), ".eE")
}

func number(v any) bool {
	_, ok := v.(json.Number)
	return ok
}

// figures are numbers as headers, parameters and XML write them. The official
// engine takes no sign.
var figures = map[string]struct {
	pattern *regexp.Regexp
	name    string
}{
	"integer": {regexp.MustCompile(`^\d+$`), "an integer"},
	"decimal": {regexp.MustCompile(`^\d+\.\d+$`), "a number with decimals"},
	"number":  {regexp.MustCompile(`^\d+(\.\d+)?$`), "a number"},
}

// written holds a text that is no JSON against a matcher.
func (k Matcher) written(want, got string) (string, error) {
	if f, ok := figures[k.Kind]; ok {
		if !f.pattern.MatchString(got) {
			return f.name, nil
		}
		return "", nil
	}
	return k.value(want, got, false)
}

// kind names the type of a value for people and for comparing types.
func kind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a text"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "a number"
}

// equal compares values; numbers by value, where one with a point or an
// exponent is never equal to one without, as in the official engine.
func equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		m, ok := b.(map[string]any)
		if !ok || len(a) != len(m) {
			return false
		}
		for k, v := range a {
			w, there := m[k]
			if !there || !equal(v, w) {
				return false
			}
		}
		return true
	case []any:
		l, ok := b.([]any)
		if !ok || len(a) != len(l) {
			return false
		}
		for i := range a {
			if !equal(a[i], l[i]) {
				return false
			}
		}
		return true
	case json.Number:
		n, ok := b.(json.Number)
		if !ok || decimal(a) != decimal(n) {
			return false
		}
		x, ok1 := new(big.Rat).SetString(a.String())
		y, ok2 := new(big.Rat).SetString(n.String())
		return ok1 && ok2 && x.Cmp(y) == 0
	}
	return a == b
}

// text is a value as a matcher of texts sees it.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// show1 writes a value for people.
func show1(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return clip(string(b))
}
