package jsonschema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	engine "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/source"
)

// maxBreaches bounds what is told of one body.
const maxBreaches = 20

// Check implements [contracts.Checker]: the request's body, and the reply's if
// it was a success.
func (d *Document) Check(x contracts.Exchange) (found []contracts.Breach, covered bool) {
	if s := d.For(x.Request.Path, false); s != nil && len(x.Request.Body) > 0 {
		covered = true
		found = append(found, s.Breaches(x.Request.Body, false)...)
	}
	if x.Reply != nil && x.Reply.Status/100 == 2 && len(x.Reply.Body) > 0 {
		if s := d.For(x.Request.Path, true); s != nil {
			covered = true
			found = append(found, s.Breaches(x.Reply.Body, true)...)
		}
	}
	return found, covered
}

// Breaches says what is wrong with a body by the schema.
func (s *Schema) Breaches(body []byte, reply bool) []contracts.Breach {
	v, err := Decode(body)
	if err != nil {
		return []contracts.Breach{{Reply: reply, Path: "$", Want: "a JSON document", Got: err.Error()}}
	}
	return Breaches(s.rules, v, s.node.trees, reply)
}

// Decode reads a body with its numbers as they are written.
func Decode(body []byte) (any, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("a text in it is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errors.New("something stands behind the document")
	}
	return v, nil
}

// Breaches says what is wrong with v by compiled rules, whose documents are
// trees.
func Breaches(rules *engine.Schema, v any, trees map[string]*source.Tree, reply bool) []contracts.Breach {
	err := rules.Validate(v)
	var invalid *engine.ValidationError
	if err == nil || !errors.As(err, &invalid) {
		return nil
	}
	var found []contracts.Breach
	for _, l := range leaves(invalid) {
		for _, b := range told(l, v) {
			if len(found) == maxBreaches {
				return found
			}
			b.Reply, b.Place = reply, placeOf(trees, l)
			found = append(found, b)
		}
	}
	return found
}

// told says what a mistake in v is: of members that are missing, or there and
// should not be, each by its own path.
func told(e *engine.ValidationError, v any) (all []contracts.Breach) {
	at := dotted(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			all = append(all, contracts.Breach{Path: at + "." + name, Want: "a value, it is required", Got: "nothing"})
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			all = append(all, contracts.Breach{Path: at + "." + name, Want: "nothing, it is not declared", Got: seen(v, append(slices.Clone(e.InstanceLocation), name))})
		}
	default:
		all = append(all, contracts.Breach{Path: at, Want: word(e), Got: seen(v, e.InstanceLocation)})
	}
	return all
}

// leaves are the mistakes themselves, without the schemas that they are in. Of
// alternatives that all fail, those of the alternative that came furthest are
// told: the one whose mistakes are deepest in the instance.
func leaves(e *engine.ValidationError) []*engine.ValidationError {
	if len(e.Causes) == 0 {
		return []*engine.ValidationError{e}
	}
	if len(e.Causes) > 1 && alternatives(e) {
		best, depth := e.Causes[0], -1
		for _, c := range e.Causes {
			if n := shallowest(c); n > depth {
				best, depth = c, n
			}
		}
		if depth > len(e.InstanceLocation) {
			return leaves(best)
		}
		return []*engine.ValidationError{e}
	}
	var all []*engine.ValidationError
	for _, c := range e.Causes {
		all = append(all, leaves(c)...)
	}
	return all
}

func alternatives(e *engine.ValidationError) bool {
	p := e.ErrorKind.KeywordPath()
	return len(p) > 0 && (p[len(p)-1] == "anyOf" || p[len(p)-1] == "oneOf")
}

func shallowest(e *engine.ValidationError) int {
	if len(e.Causes) == 0 {
		return len(e.InstanceLocation)
	}
	least := 1 << 30
	for _, c := range e.Causes {
		least = min(least, shallowest(c))
	}
	return least
}

var english = message.NewPrinter(language.English)

// word says what a mistake is.
func word(e *engine.ValidationError) string { return e.ErrorKind.LocalizedString(english) }

// placeOf is where the rule stands that was broken.
func placeOf(trees map[string]*source.Tree, e *engine.ValidationError) contracts.Place {
	url, pointer, _ := strings.Cut(e.SchemaURL, "#")
	t := trees[url]
	if t == nil {
		return contracts.Place{}
	}
	for _, k := range e.ErrorKind.KeywordPath() {
		pointer += "/" + source.Escape(k)
	}
	return t.Place(pointer)
}

func pointerOf(location []string) string {
	var b strings.Builder
	for _, s := range location {
		b.WriteString("/" + source.Escape(s))
	}
	return b.String()
}

// dotted writes a location in an instance as people do: "$.lots[0].id".
func dotted(location []string) string {
	var b strings.Builder
	b.WriteByte('$')
	for _, s := range location {
		if _, err := strconv.Atoi(s); err == nil {
			b.WriteString("[" + s + "]")
		} else {
			b.WriteString("." + s)
		}
	}
	return b.String()
}

// seen is what stands at a location, shortened.
func seen(v any, location []string) string {
	got, ok := (&source.Tree{Root: v}).At(pointerOf(location))
	if !ok {
		return "nothing"
	}
	return short(got)
}

func short(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return fmt.Sprintf("an object with %s", strings.Join(sortedKeys(v), ", "))
	case []any:
		return fmt.Sprintf("a list of %d", len(v))
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(b) > 60 {
		return string(b[:57]) + "..."
	}
	return string(b)
}

// refTo is where a document refers to url, its beginning if nowhere.
func refTo(t *source.Tree, url string) contracts.Place {
	url = strings.TrimPrefix(url, base)
	found := ""
	var walk func(pointer string, v any)
	walk = func(pointer string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, k := range []string{"$ref", "$schema"} {
				r, _ := v[k].(string)
				if file, _, _ := strings.Cut(r, "#"); found == "" && file != "" && path.Base(url) == path.Base(file) {
					found = pointer + "/" + k
				}
			}
			for _, k := range sortedKeys(v) {
				walk(pointer+"/"+source.Escape(k), v[k])
			}
		case []any:
			for i, one := range v {
				walk(pointer+"/"+strconv.Itoa(i), one)
			}
		}
	}
	walk("", t.Root)
	return t.Place(found)
}
