package scenarios

import (
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/andon-rig/andon/simulators/plant"
)

// views tells the expression language about our objects.
type views struct{ *types.Registry }

func fieldNamed(object, name string) (reflect.StructField, bool) {
	t, ok := viewTypes[object]
	if !ok {
		return reflect.StructField{}, false
	}
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("cel") == name {
			return t.Field(i), true
		}
	}
	return reflect.StructField{}, false
}

// FindStructType implements types.Provider.
func (v *views) FindStructType(name string) (*types.Type, bool) {
	if _, ok := viewTypes[name]; ok {
		return types.NewTypeTypeWithParam(cel.ObjectType(name)), true
	}
	return v.Registry.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (v *views) FindStructFieldNames(name string) ([]string, bool) {
	t, ok := viewTypes[name]
	if !ok {
		return v.Registry.FindStructFieldNames(name)
	}
	var names []string
	for i := range t.NumField() {
		names = append(names, t.Field(i).Tag.Get("cel"))
	}
	return names, true
}

// FindStructFieldType implements types.Provider.
func (v *views) FindStructFieldType(object, name string) (*types.FieldType, bool) {
	f, ok := fieldNamed(object, name)
	if !ok {
		return nil, false
	}
	read := func(target any) reflect.Value { return reflect.ValueOf(target).Elem().FieldByIndex(f.Index) }
	return &types.FieldType{
		Type:    celType(f.Type),
		IsSet:   func(target any) bool { return !read(target).IsZero() },
		GetFrom: func(target any) (any, error) { return v.NativeToValue(read(target).Interface()), nil },
	}, true
}

// NewValue implements types.Provider; expressions cannot make objects.
func (v *views) NewValue(name string, fields map[string]ref.Val) ref.Val {
	return types.NewErr("an expression cannot make a %s", name)
}

// NativeToValue implements types.Adapter.
func (v *views) NativeToValue(value any) ref.Val {
	switch x := value.(type) {
	case plant.Decimal:
		return decimal{x}
	case map[string]int64:
		return counter{types.NewDynamicMap(v, x), types.IntZero}
	case map[string]map[string]int64:
		return counter{types.NewDynamicMap(v, x), counter{types.NewDynamicMap(v, map[string]int64{}), types.IntZero}}
	}
	t := reflect.TypeOf(value)
	if t != nil && t.Kind() == reflect.Pointer {
		for name, known := range viewTypes {
			if t.Elem() == known {
				return object{views: v, name: name, v: value}
			}
		}
	}
	if t != nil && t.Kind() == reflect.Slice {
		return types.NewDynamicList(v, value)
	}
	if t != nil && t.Kind() == reflect.Map {
		return types.NewDynamicMap(v, value)
	}
	return v.Registry.NativeToValue(value)
}
