package graphql

import (
	"cmp"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// outputSafe reports whether clients written for a field of type before can
// read one of type after: it may promise more, never less.
func outputSafe(before, after *ast.Type) bool {
	if before.NonNull && !after.NonNull {
		return false
	}
	if before.Elem != nil {
		return after.Elem != nil && outputSafe(before.Elem, after.Elem)
	}
	return after.Elem == nil && before.NamedType == after.NamedType
}

// inputSafe reports whether what clients send for an input of type before is
// taken by one of type after: it may demand less, never more.
func inputSafe(before, after *ast.Type) bool {
	if after.NonNull && !before.NonNull {
		return false
	}
	if before.Elem != nil {
		return after.Elem != nil && inputSafe(before.Elem, after.Elem)
	}
	return after.Elem == nil && before.NamedType == after.NamedType
}

// canonical writes a default so that equal values are equal text: the order of
// an object's fields, the spelling of a number and the quoting of a string do
// not matter.
func canonical(v *ast.Value) string {
	switch v.Kind {
	case ast.ListValue:
		var all []string
		for _, c := range v.Children {
			all = append(all, canonical(c.Value))
		}
		return "[" + strings.Join(all, " ") + "]"
	case ast.ObjectValue:
		fields := slices.Clone(v.Children)
		slices.SortFunc(fields, func(a, b *ast.ChildValue) int { return cmp.Compare(a.Name, b.Name) })
		var all []string
		for _, c := range fields {
			all = append(all, c.Name+":"+canonical(c.Value))
		}
		return "{" + strings.Join(all, " ") + "}"
	case ast.BlockValue, ast.StringValue:
		return (&ast.Value{Kind: ast.StringValue, Raw: v.Raw}).String()
	case ast.IntValue, ast.FloatValue:
		return number(v.Raw)
	}
	return v.String()
}

// number spells a number in one way: without exponent, leading zeros or zeros
// behind the point, exactly.
func number(raw string) string {
	mantissa, exponent := raw, 0
	if i := strings.IndexAny(raw, "eE"); i >= 0 {
		mantissa = raw[:i]
		neg := strings.HasPrefix(raw[i+1:], "-")
		for _, c := range strings.TrimLeft(raw[i+1:], "+-") {
			if exponent = exponent*10 + int(c-'0'); exponent > 1000 {
				return raw // nobody means that; leave it as it is
			}
		}
		if neg {
			exponent = -exponent
		}
	}
	sign := ""
	if strings.HasPrefix(mantissa, "-") {
		sign, mantissa = "-", mantissa[1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits, point := whole+fraction, len(whole)+exponent
	if point < 0 {
		digits, point = strings.Repeat("0", -point)+digits, 0
	}
	if point > len(digits) {
		digits += strings.Repeat("0", point-len(digits))
	}
	whole, fraction = strings.TrimLeft(digits[:point], "0"), strings.TrimRight(digits[point:], "0")
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		return sign + whole + "." + fraction
	}
	if whole == "0" {
		return "0"
	}
	return sign + whole
}

// inUse are the names of all types that a schema refers to. Those of the
// language itself belong to a schema only as far as it uses them.
func inUse(s *ast.Schema) map[string]bool {
	used := map[string]bool{"String": true, "Boolean": true} // by introspection
	args := func(list ast.ArgumentDefinitionList) {
		for _, a := range list {
			used[a.Type.Name()] = true
		}
	}
	for _, d := range s.Types {
		if d.BuiltIn {
			continue
		}
		for _, f := range d.Fields {
			used[f.Type.Name()] = true
			args(f.Arguments)
		}
	}
	for _, d := range s.Directives {
		if place(d.Position).File != "" {
			args(d.Arguments)
		}
	}
	return used
}
