package pact

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Values are what generators draw from.
type Values struct {
	States map[string]any // what the callback of provider states has answered; numbers as [json.Number]
	Chance *rand.Rand     // for what may be anything
}

// Fill returns the interaction as it is to be replayed: with the values of the
// provider's states and of chance in place of the examples that the pact holds.
// Values that are texts stay texts, unless the pact names another data type.
// What cannot be made keeps its example, and notes say so.
func (in *Interaction) Fill(v Values) (*Interaction, []string) {
	out := *in
	var notes []string
	f := filler{Values: v, note: func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }}
	out.Request = f.part(in.Request)
	out.Response = f.part(in.Response)
	slices.Sort(notes)
	return &out, slices.Compact(notes)
}

type filler struct {
	Values
	note func(format string, args ...any)
}

func (f filler) part(p Part) Part {
	g := p.Generators
	for _, one := range g.Path {
		if v, ok := f.value(one, p.Path); ok {
			p.Path = text(v)
		}
	}
	p.Query = f.named(g.Query, p.Query)
	p.Headers = f.named(append(slices.Clone(g.Header), g.Metadata...), p.Headers)
	if len(g.Body) == 0 || p.Body.Presence != Present {
		return p
	}
	v, err := valueOf(p.Body)
	if err != nil {
		f.note("the body is no JSON, so that its generators make nothing")
		return p
	}
	v = clone(v)
	for _, one := range g.Body {
		v = f.at(one, one.At[1:], v)
	}
	b, err := json.Marshal(v)
	if err != nil {
		f.note("the body with its values is no JSON: %v", err)
		return p
	}
	p.Body.JSON, p.Body.IsJSON, p.Body.Bytes = v, true, b
	return p
}

// named puts values into headers, metadata or a query.
func (f filler) named(all []Generator, into map[string][]string) map[string][]string {
	if len(all) == 0 {
		return into
	}
	out := map[string][]string{}
	for k, list := range into {
		out[k] = slices.Clone(list)
	}
	for _, g := range all {
		for k, list := range out {
			if !strings.EqualFold(k, g.At[0].name) {
				continue
			}
			for i := range list {
				if len(g.At) > 1 && g.At[1].isAt && !g.At[1].any && g.At[1].index != i {
					continue
				}
				if v, ok := f.value(g, list[i]); ok {
					list[i] = text(v)
				}
			}
		}
	}
	return out
}

// at puts the value of g where the path leads from v.
func (f filler) at(g Generator, path []step, v any) any {
	if len(path) == 0 {
		if made, ok := f.value(g, v); ok {
			return made
		}
		return v
	}
	s := path[0]
	switch v := v.(type) {
	case map[string]any:
		for _, k := range sortedKeys(v) {
			if !s.isAt && (s.any || s.name == k) {
				v[k] = f.at(g, path[1:], v[k])
			}
		}
	case []any:
		for i := range v {
			if s.any || s.isAt && s.index == i {
				v[i] = f.at(g, path[1:], v[i])
			}
		}
	}
	return v
}

// value is what g makes in place of an example.
func (f filler) value(g Generator, example any) (any, bool) {
	switch g.Kind {
	case "ProviderState":
		return f.ofState(g)
	case "MockServerURL":
		return nil, false // the consumer's own; the provider answers its own address, which rules judge
	}
	if f.Chance == nil {
		return nil, false
	}
	switch g.Kind {
	case "RandomInt":
		low, high := max(g.Min, 0), g.Max
		if high < low {
			high = low + 1_000_000
		}
		return number64(low+f.Chance.IntN(high-low+1), example), true
	case "RandomBoolean":
		return f.Chance.IntN(2) == 1, true
	case "RandomString":
		return f.letters("abcdefghijklmnopqrstuvwxyz0123456789", g.Size), true
	case "RandomHexadecimal":
		return f.letters("0123456789ABCDEF", g.Size), true
	case "RandomDecimal":
		digits := f.letters("123456789", max(g.Size, 2))
		return json.Number(digits[:1] + "." + digits[1:]), true
	case "Uuid":
		return f.uuid(g.Format), true
	}
	f.note("a generator %q is not known here, so that the example is used", g.Kind)
	return nil, false
}

// number64 is n, as a text where the example is one.
func number64(n int, example any) any {
	if _, isText := example.(string); isText {
		return strconv.Itoa(n)
	}
	return json.Number(strconv.Itoa(n))
}

func (f filler) letters(of string, n int) string {
	b := make([]byte, min(max(n, 1), 10_000))
	if n < 0 {
		b = make([]byte, 10)
	}
	for i := range b {
		b[i] = of[f.Chance.IntN(len(of))]
	}
	return string(b)
}

func (f filler) uuid(format string) string {
	h := strings.ToLower(f.letters("0123456789abcdef", 32))
	h = h[:12] + "4" + h[13:16] + "8" + h[17:] // version 4, as libraries check
	if format == "simple" {
		return h
	}
	s := strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
	switch format {
	case "upper-case-hyphenated":
		return strings.ToUpper(s)
	case "URN":
		return "urn:uuid:" + s
	}
	return s
}

// ofState is the value of an expression: the text around ${…} with the values
// put in, or the value itself if there is nothing around it.
func (f filler) ofState(g Generator) (any, bool) {
	name, whole := g.Expression, true
	if strings.Contains(g.Expression, "${") {
		inner, ok := strings.CutPrefix(g.Expression, "${")
		inner, ok2 := strings.CutSuffix(inner, "}")
		name, whole = inner, ok && ok2 && !strings.ContainsAny(inner, "${}")
	}
	var v any
	if whole {
		got, there := f.States[name]
		if !there {
			f.note("no provider state told %q, so that the example is used", name)
			return nil, false
		}
		v = got
	} else {
		s, ok := f.expand(g.Expression)
		if !ok {
			return nil, false
		}
		v = s
	}
	typed, err := as(g.DataType, v)
	if err != nil {
		f.note("%s: %v, so that the example is used", g.Expression, err)
		return nil, false
	}
	return typed, true
}

func (f filler) expand(expression string) (string, bool) {
	var b strings.Builder
	for rest := expression; ; {
		before, after, more := strings.Cut(rest, "${")
		b.WriteString(before)
		if !more {
			return b.String(), true
		}
		name, tail, closed := strings.Cut(after, "}")
		v, there := f.States[name]
		if !closed || !there {
			f.note("no provider state told %q, so that the example is used", name)
			return "", false
		}
		b.WriteString(text(v))
		rest = tail
	}
}

// as is v in the data type that the pact names.
func as(dataType string, v any) (any, error) {
	switch dataType {
	case "STRING":
		return text(v), nil
	case "INTEGER":
		n, ok := new(big.Int).SetString(text(v), 10)
		if !ok {
			return nil, fmt.Errorf("%s is no integer", show1(v))
		}
		return json.Number(n.String()), nil
	case "DECIMAL", "FLOAT":
		s := text(v)
		if _, err := strconv.ParseFloat(s, 64); err != nil || !json.Valid([]byte(s)) {
			return nil, fmt.Errorf("%s is no number", show1(v))
		}
		return json.Number(s), nil
	case "BOOLEAN":
		b, err := strconv.ParseBool(text(v))
		if err != nil {
			return nil, fmt.Errorf("%s is neither true nor false", show1(v))
		}
		return b, nil
	}
	return v, nil
}

// clone copies a value of JSON, so that a pact is never changed.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, one := range v {
			m[k] = clone(one)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, one := range v {
			l[i] = clone(one)
		}
		return l
	}
	return v
}
