package yamlfile

import (
	"encoding"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Unmarshaler is a type that reads its own part of a file. The error should
// be an [*Error], made with the node's Errorf.
type Unmarshaler interface {
	UnmarshalNode(n Node) error
}

// Checker is a type that checks itself after it was read; errors name places
// by the [Pos] fields it keeps.
type Checker interface {
	Check() error
}

var (
	posType      = reflect.TypeFor[Pos]()
	nodeType     = reflect.TypeFor[Node]()
	unmarshaler  = reflect.TypeFor[Unmarshaler]()
	textReader   = reflect.TypeFor[encoding.TextUnmarshaler]()
	checkerType  = reflect.TypeFor[Checker]()
	durationType = "time.Duration"
)

// Decode reads n into the value into points to. It goes on after a mistake
// and returns all it found, up to ten.
//
// Keys are the names in `yaml:"name"` tags; a field without one is left alone,
// so that what was there before, such as a default, stays. The options
// required and enum=… of `jsonschema:"…"` tags are obeyed, so that the schema
// of a type and its reading cannot disagree. A field Pos of type [Pos] is set
// to the place of its mapping.
func (n Node) Decode(into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		panic("yamlfile: Decode needs a pointer")
	}
	d := decoder{}
	if n.n == nil {
		return errors.New("nothing to read")
	}
	d.value(n, v.Elem(), field{})
	return errors.Join(d.errs...)
}

type decoder struct{ errs []error }

func (d *decoder) fail(err error) {
	if err != nil && len(d.errs) < maxErrors {
		d.errs = append(d.errs, err)
	}
}

// value reads n into v; f is the field it belongs to, if any.
func (d *decoder) value(n Node, v reflect.Value, f field) {
	if v.Type() == nodeType {
		v.Set(reflect.ValueOf(n))
		return
	}
	if v.Kind() == reflect.Pointer {
		p := reflect.New(v.Type().Elem())
		d.value(n, p.Elem(), f)
		v.Set(p)
		return
	}
	if n.Kind() == Null {
		d.fail(n.Errorf("a value is missing here").WithHint("give one or remove the key"))
		return
	}
	before := len(d.errs)
	d.read(n, v, f)
	if len(d.errs) == before && reflect.PointerTo(v.Type()).Implements(checkerType) && v.CanAddr() {
		d.fail(placed(n, v.Addr().Interface().(Checker).Check()))
	}
}

func (d *decoder) read(n Node, v reflect.Value, f field) {
	if reflect.PointerTo(v.Type()).Implements(unmarshaler) {
		d.fail(placed(n, v.Addr().Interface().(Unmarshaler).UnmarshalNode(n)))
		return
	}
	if reflect.PointerTo(v.Type()).Implements(textReader) {
		if s, ok := d.text(n, f); ok {
			d.fail(placed(n, v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s))))
		}
		return
	}
	if v.Type().String() == durationType {
		panic("yamlfile: a duration in a user's file names its domain: use yamlfile.Duration")
	}
	switch v.Kind() {
	case reflect.String:
		if s, ok := d.text(n, f); ok {
			v.SetString(s)
		}
	case reflect.Bool:
		d.bool(n, v)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		d.whole(n, v)
	case reflect.Float64:
		d.float(n, v)
	case reflect.Slice:
		d.list(n, v, f)
	case reflect.Map:
		d.mapping(n, v, f)
	case reflect.Struct:
		d.structure(n, v)
	default:
		panic("yamlfile: cannot read into " + v.Type().String())
	}
}

// placed gives an error without a place that of n.
func placed(n Node, err error) error {
	if err == nil || len(Errors(err)) > 0 {
		return err
	}
	return n.Errorf("%s", err)
}

func (d *decoder) text(n Node, f field) (string, bool) {
	switch n.Kind() {
	case Text:
	case Number, Bool:
		d.fail(n.Errorf("%s is %s where a text is expected", clip(n.Text()), n.Kind()).WithHint("quote it: %q", n.Text()))
		return "", false
	default:
		d.expected(n, "a text")
		return "", false
	}
	if len(f.enum) > 0 && !slices.Contains(f.enum, n.Text()) {
		d.fail(n.Errorf("%s cannot be %q", f.name, clip(n.Text())).WithHint("%s", OneOf(n.Text(), f.enum)))
		return "", false
	}
	return n.Text(), true
}

func (d *decoder) bool(n Node, v reflect.Value) {
	switch {
	case n.Kind() == Bool && (n.Text() == "true" || n.Text() == "false"):
		v.SetBool(n.Text() == "true")
	case n.Kind() == Bool || n.Kind() == Text:
		d.fail(n.Errorf("%q is neither true nor false", clip(n.Text())).WithHint("write true or false"))
	default:
		d.expected(n, "true or false")
	}
}

func (d *decoder) whole(n Node, v reflect.Value) {
	if n.Kind() != Number {
		d.expected(n, "a whole number")
		return
	}
	s := n.Text()
	digits := strings.TrimPrefix(s, "-")
	if digits != "0" && (strings.HasPrefix(digits, "0") || strings.Trim(digits, "0123456789") != "") {
		d.fail(n.Errorf("%s is not a plain whole number", clip(s)).WithHint("write it with digits only, without leading zeros"))
		return
	}
	var err error
	if v.CanInt() {
		var i int64
		if i, err = strconv.ParseInt(s, 10, v.Type().Bits()); err == nil {
			v.SetInt(i)
		}
	} else {
		var u uint64
		if u, err = strconv.ParseUint(s, 10, v.Type().Bits()); err == nil {
			v.SetUint(u)
		}
	}
	if err != nil && strings.HasPrefix(s, "-") && !v.CanInt() {
		d.fail(n.Errorf("%s cannot be negative", clip(s)))
	} else if err != nil {
		d.fail(n.Errorf("%s is too large", clip(s)))
	}
}

func (d *decoder) float(n Node, v reflect.Value) {
	if n.Kind() != Number {
		d.expected(n, "a number")
		return
	}
	x, err := strconv.ParseFloat(n.Text(), 64)
	if err != nil || !jsonNumber(n.Text()) {
		d.fail(n.Errorf("%s is not a plain number", clip(n.Text())))
		return
	}
	v.SetFloat(x)
}

func (d *decoder) list(n Node, v reflect.Value, f field) {
	if n.Kind() != List {
		d.expected(n, "a list")
		return
	}
	items := n.Items()
	s := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		d.value(item, s.Index(i), f)
	}
	v.Set(s)
}

func (d *decoder) mapping(n Node, v reflect.Value, f field) {
	if n.Kind() != Map {
		d.expected(n, "a mapping")
		return
	}
	m := reflect.MakeMap(v.Type())
	for key, value := range n.Entries() {
		k := reflect.New(v.Type().Key()).Elem()
		k.SetString(key)
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(value, e, field{name: key, enum: f.enum})
		m.SetMapIndex(k, e)
	}
	v.Set(m)
}

func (d *decoder) structure(n Node, v reflect.Value) {
	if n.Kind() != Map {
		d.expected(n, "a mapping")
		return
	}
	fields, names := fieldsOf(v.Type())
	for key, value := range n.Entries() {
		f, ok := fields[key]
		if !ok {
			d.fail(unknownKey(n.KeyPos(key), key, names))
			continue
		}
		d.value(value, v.Field(f.index), f)
	}
	for _, name := range names {
		if fields[name].required && n.Get(name).IsZero() {
			d.fail(n.Errorf("key %q is missing", name))
		}
	}
	if p := v.FieldByName("Pos"); p.IsValid() && p.Type() == posType {
		p.Set(reflect.ValueOf(n.Pos()))
	}
}

func unknownKey(p Pos, key string, names []string) error {
	if len(names) == 0 {
		return p.Errorf("unknown key %q", clip(key)).WithHint("no keys are allowed here")
	}
	return p.Errorf("unknown key %q", clip(key)).WithHint("%s", OneOf(key, names))
}

func (d *decoder) expected(n Node, what string) {
	d.fail(n.Errorf("%s is expected here, not %s", what, n.Kind()))
}

// field is what the tags of a struct's field say.
type field struct {
	index    int
	name     string
	required bool
	enum     []string
}

// fieldsOf lists the keys a struct takes, in the order of its fields.
func fieldsOf(t reflect.Type) (map[string]field, []string) {
	fields, names := map[string]field{}, []string{}
	for i := range t.NumField() {
		sf := t.Field(i)
		name, _, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		if name == "" || name == "-" || !sf.IsExported() {
			continue
		}
		f := field{index: i, name: name}
		for _, option := range strings.Split(sf.Tag.Get("jsonschema"), ",") {
			switch key, value, _ := strings.Cut(option, "="); key {
			case "required":
				f.required = true
			case "enum":
				f.enum = append(f.enum, value)
			}
		}
		fields[name] = f
		names = append(names, name)
	}
	return fields, names
}
