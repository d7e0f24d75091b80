package scenarios

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/andon-rig/andon/simulators/plant"
)

var decimalType = types.NewObjectType("decimal", traits.AdderType, traits.SubtractorType, traits.ComparerType)

// decimal is an exact quantity in an expression.
type decimal struct{ d plant.Decimal }

func toDecimal(v ref.Val) ref.Val {
	switch x := v.(type) {
	case types.Int:
		return decimal{plant.Whole(int64(x))}
	case types.String:
		d, err := plant.ParseDecimal(string(x))
		if err != nil {
			return types.NewErr("%s", err)
		}
		return decimal{d}
	}
	return types.MaybeNoSuchOverloadErr(v)
}

func asDecimal(v ref.Val) (plant.Decimal, bool) {
	switch x := v.(type) {
	case decimal:
		return x.d, true
	case types.Int:
		if x > 9_000_000_000_000 || x < -9_000_000_000_000 {
			return 0, false
		}
		return plant.Whole(int64(x)), true
	}
	return 0, false
}

// ConvertToNative implements ref.Val.
func (d decimal) ConvertToNative(t reflect.Type) (any, error) {
	if t == reflect.TypeFor[plant.Decimal]() {
		return d.d, nil
	}
	return nil, fmt.Errorf("a decimal is not a %s", t)
}

// ConvertToType implements ref.Val.
func (d decimal) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.StringType:
		return types.String(d.d.String())
	case types.TypeType:
		return decimalType
	case decimalType:
		return d
	}
	return types.NewErr("a decimal is not a %s", t.TypeName())
}

// Equal implements ref.Val.
func (d decimal) Equal(other ref.Val) ref.Val {
	o, ok := asDecimal(other)
	return types.Bool(ok && o == d.d)
}

// Type implements ref.Val.
func (d decimal) Type() ref.Type { return decimalType }

// Value implements ref.Val.
func (d decimal) Value() any { return d.d }

// String writes the amount.
func (d decimal) String() string { return d.d.String() }

// Compare implements traits.Comparer.
func (d decimal) Compare(other ref.Val) ref.Val {
	o, ok := asDecimal(other)
	switch {
	case !ok:
		return types.MaybeNoSuchOverloadErr(other)
	case d.d < o:
		return types.IntNegOne
	case d.d > o:
		return types.IntOne
	}
	return types.IntZero
}

// Add implements traits.Adder.
func (d decimal) Add(other ref.Val) ref.Val {
	o, ok := asDecimal(other)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return decimal{d.d.Add(o)}
}

// Subtract implements traits.Subtractor.
func (d decimal) Subtract(other ref.Val) ref.Val {
	o, ok := asDecimal(other)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return decimal{d.d.Sub(o)}
}

// object is one of our views in an expression.
type object struct {
	views *views
	name  string
	v     any
}

// ConvertToNative implements ref.Val.
func (o object) ConvertToNative(t reflect.Type) (any, error) {
	if reflect.TypeOf(o.v) == t {
		return o.v, nil
	}
	return nil, fmt.Errorf("a %s is not a %s", o.name, t)
}

// ConvertToType implements ref.Val.
func (o object) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return o.Type().(ref.Val)
	}
	return types.NewErr("a %s is not a %s", o.name, t.TypeName())
}

// Equal implements ref.Val: two objects are equal if they are the same.
func (o object) Equal(other ref.Val) ref.Val {
	p, ok := other.(object)
	return types.Bool(ok && p.v == o.v)
}

// Type implements ref.Val.
func (o object) Type() ref.Type { return types.NewObjectType(o.name) }

// Value implements ref.Val.
func (o object) Value() any { return o.v }

// Get implements traits.Indexer.
func (o object) Get(field ref.Val) ref.Val {
	name, ok := field.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(field)
	}
	f, ok := o.views.FindStructFieldType(o.name, string(name))
	if !ok {
		return types.NewErr("no such field %q", name)
	}
	v, err := f.GetFrom(o.v)
	if err != nil {
		return types.WrapErr(err)
	}
	return o.views.NativeToValue(v)
}

// IsSet implements traits.FieldTester.
func (o object) IsSet(field ref.Val) ref.Val {
	name, _ := field.(types.String)
	f, ok := o.views.FindStructFieldType(o.name, string(name))
	return types.Bool(ok && f.IsSet(o.v))
}

// counter is a mapping in which what was never counted is zero.
type counter struct {
	traits.Mapper
	zero ref.Val
}

// Get implements traits.Indexer.
func (c counter) Get(key ref.Val) ref.Val {
	v, _ := c.Find(key)
	return v
}

// Find implements traits.Mapper.
func (c counter) Find(key ref.Val) (ref.Val, bool) {
	if v, ok := c.Mapper.Find(key); ok {
		return v, true
	}
	return c.zero, true
}
