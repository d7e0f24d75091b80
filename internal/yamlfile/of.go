package yamlfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A Marshaler writes itself in the form its UnmarshalNode reads.
type Marshaler interface{ MarshalNode() (any, error) }

// Of returns a Node that says v, for what is built in Go rather than read from
// a file; p is where. Mappings are in the order of their keys, structures in
// the order of their fields, of which those that are zero are left out.
func Of(p Pos, v any) (Node, error) {
	switch v := v.(type) {
	case Node:
		return v, nil
	case Marshaler:
		form, err := v.MarshalNode()
		if err != nil {
			return Node{}, err
		}
		return Of(p, form)
	}
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Pointer && !r.IsNil() {
		return Of(p, r.Elem().Interface())
	}
	switch {
	case !r.IsValid():
		return Node{}, p.Errorf("a value is missing here")
	case r.CanInt():
		return scalar(p, Number, strconv.FormatInt(r.Int(), 10)), nil
	case r.CanUint():
		return scalar(p, Number, strconv.FormatUint(r.Uint(), 10)), nil
	case r.CanFloat():
		return scalar(p, Number, strconv.FormatFloat(r.Float(), 'f', -1, 64)), nil
	case r.Kind() == reflect.Bool:
		return scalar(p, Bool, strconv.FormatBool(r.Bool())), nil
	case r.Kind() == reflect.String:
		return scalar(p, Text, r.String()), nil
	case r.Kind() == reflect.Slice:
		return listOf(p, r)
	case r.Kind() == reflect.Struct:
		return structOf(p, r)
	case r.Kind() == reflect.Map && r.Type().Key().Kind() == reflect.String:
		return mappingOf(p, r)
	}
	return Node{}, p.Errorf("a %T cannot stand in a file", v)
}

// Encode writes v, built in Go, as a file that reads as v. It is JSON, which is
// YAML too.
func Encode(v any) ([]byte, error) {
	n, err := Of(Pos{}, v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(n)
	return b.Bytes(), err
}

func scalar(p Pos, k Kind, text string) Node {
	return Node{&node{kind: k, pos: p, text: text, quoted: k == Text, weight: 1}}
}

func listOf(p Pos, r reflect.Value) (Node, error) {
	list := Node{&node{kind: List, pos: p, weight: 1}}
	for i := range r.Len() {
		item, err := Of(p, r.Index(i).Interface())
		if err != nil {
			return Node{}, fmt.Errorf("[%d]: %w", i, err)
		}
		list = list.Append(item)
	}
	return list, nil
}

func mappingOf(p Pos, r reflect.Value) (Node, error) {
	m := Node{&node{kind: Map, pos: p, weight: 1}}
	keys := r.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		value, err := Of(p, r.MapIndex(k).Interface())
		if err != nil {
			return Node{}, fmt.Errorf("%s: %w", k, err)
		}
		m = m.With(k.String(), value)
	}
	return m, nil
}

func structOf(p Pos, r reflect.Value) (Node, error) {
	m := Node{&node{kind: Map, pos: p, weight: 1}}
	for i := range r.NumField() {
		name, _, _ := strings.Cut(r.Type().Field(i).Tag.Get("yaml"), ",")
		if name == "" || name == "-" || r.Field(i).IsZero() {
			continue
		}
		value, err := Of(p, r.Field(i).Interface())
		if err != nil {
			return Node{}, fmt.Errorf("%s: %w", name, err)
		}
		m = m.With(name, value)
	}
	return m, nil
}

// MarshalNode implements [Marshaler].
func (d Duration) MarshalNode() (any, error) {
	return map[string]string{string(d.Domain): d.D.String()}, nil
}

// MarshalNode implements [Marshaler].
func (w Word) MarshalNode() (any, error) { return w.S, nil }
