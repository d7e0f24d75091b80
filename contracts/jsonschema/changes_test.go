package jsonschema

import (
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
)

// A failer is a test or a drawn one.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func read(t failer, text string) *Document {
	t.Helper()
	d, err := Format{}.Read([]contracts.File{{Name: "v/confirmations.json", Data: []byte(text)}})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d.(*Document)
}

// changes are the changes between two schemas as "severity TYPE path".
func changes(t testing.TB, before, after string, mode contracts.Mode) []string {
	t.Helper()
	all, err := Format{}.Changes(read(t, before), read(t, after), mode)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range all {
		got = append(got, c.Severity.String()+" "+c.Type+" "+c.Path)
	}
	return got
}

func TestChanges(t *testing.T) {
	const object = `{"type":"object","properties":{"no":{"type":"string"},"qty":{"type":"number","minimum":0}},"required":["no"]`
	for _, c := range []struct {
		name, before, after string
		backward, forward   []string // what is not safe in either mode
	}{
		{"nothing", object + "}", object + "}", nil, nil},
		{"optional property added", object + "}", strings.Replace(object, `"no":`, `"lot":{"type":"string"},"no":`, 1) + "}", nil, nil},
		{
			"required property added", object + "}", strings.Replace(strings.Replace(object, `"no":`, `"lot":{},"no":`, 1), `["no"]`, `["no","lot"]`, 1) + "}",
			[]string{"breaking REQUIRED_PROPERTY_ADDED $.lot"}, []string{"dangerous REQUIRED_PROPERTY_ADDED $.lot"},
		},
		{
			"renamed", object + "}", strings.Replace(strings.Replace(object, `"no":`, `"number":`, 1), `["no"]`, `["number"]`, 1) + "}",
			[]string{"breaking REQUIRED_PROPERTY_ADDED $.number", "dangerous REQUIRED_PROPERTY_REMOVED $.no"}, []string{"breaking REQUIRED_PROPERTY_REMOVED $.no", "dangerous REQUIRED_PROPERTY_ADDED $.number"},
		},
		{
			"optional property renamed", object + "}", strings.Replace(object, `"qty":`, `"quantity":`, 1) + "}",
			[]string{"dangerous PROPERTY_REMOVED $.qty"}, []string{"dangerous PROPERTY_REMOVED $.qty"},
		},
		{
			"closed to a property", object + "}", strings.Replace(object, `,"qty":{"type":"number","minimum":0}`, "", 1) + `,"additionalProperties":false}`,
			[]string{"breaking PROPERTY_REMOVED $.qty"}, []string{"dangerous PROPERTY_REMOVED $.qty"},
		},
		{
			"added where old readers are closed", object + `,"additionalProperties":false}`, strings.Replace(object, `"no":`, `"lot":{"type":"string"},"no":`, 1) + `,"additionalProperties":false}`,
			[]string{"dangerous PROPERTY_ADDED $.lot"}, []string{"breaking PROPERTY_ADDED $.lot"},
		},
		{"number for an integer", `{"type":"integer"}`, `{"type":"number"}`, []string{"dangerous TYPE_WIDENED $"}, []string{"breaking TYPE_WIDENED $"}},
		{"text for a number", object + "}", strings.Replace(object, `"type":"number","minimum":0`, `"type":"string"`, 1) + "}", []string{"breaking TYPE_NARROWED $.qty", "dangerous TYPE_WIDENED $.qty"}, []string{"breaking TYPE_WIDENED $.qty", "dangerous TYPE_NARROWED $.qty"}},
		{"null allowed", `{"type":"string"}`, `{"type":["string","null"]}`, []string{"dangerous TYPE_WIDENED $"}, []string{"breaking TYPE_WIDENED $"}},
		{"any value for a type", `{"type":"string"}`, `{}`, []string{"dangerous TYPE_WIDENED $"}, []string{"breaking TYPE_WIDENED $"}},
		{"value removed", `{"enum":["a","b"]}`, `{"enum":["a"]}`, []string{"breaking VALUE_REMOVED $"}, []string{"dangerous VALUE_REMOVED $"}},
		{"value added", `{"enum":["a"]}`, `{"enum":["a","b"]}`, []string{"dangerous VALUE_ADDED $"}, []string{"breaking VALUE_ADDED $"}},
		{"same number", `{"enum":[1, 2]}`, `{"enum":[1.0, 2e0]}`, nil, nil},
		{"enumeration for free text", `{"type":"string"}`, `{"enum":["a"]}`, []string{"breaking VALUES_RESTRICTED $"}, []string{"dangerous VALUES_RESTRICTED $"}},
		{"both of a boolean", `{"type":"boolean"}`, `{"enum":[true,false]}`, nil, nil},
		{"longer text", `{"type":"string","maxLength":18}`, `{"type":"string","maxLength":40}`, []string{"dangerous BOUND_LOOSENED $"}, []string{"breaking BOUND_LOOSENED $"}},
		{"shorter text", `{"type":"string","maxLength":40}`, `{"type":"string","maxLength":18}`, []string{"breaking BOUND_TIGHTENED $"}, []string{"dangerous BOUND_TIGHTENED $"}},
		{"bound of what is no number", `{"type":"string"}`, `{"type":"string","minimum":3}`, nil, nil},
		{"exclusive for inclusive", `{"type":"integer","minimum":1}`, `{"type":"integer","exclusiveMinimum":0}`, []string{"dangerous BOUND_LOOSENED $"}, []string{"breaking BOUND_LOOSENED $"}},
		{"draft 4 exclusive", `{"$schema":"http://json-schema.org/draft-04/schema#","type":"number","minimum":0,"exclusiveMinimum":true}`, `{"$schema":"http://json-schema.org/draft-07/schema#","type":"number","exclusiveMinimum":0}`, nil, nil},
		{"no less than nothing", `{"type":"string"}`, `{"type":"string","minLength":0}`, nil, nil},
		{"pattern added", `{"type":"string"}`, `{"type":"string","pattern":"^[0-9]+$"}`, []string{"breaking RULE_ADDED $"}, []string{"dangerous RULE_ADDED $"}},
		{"pattern changed", `{"type":"string","pattern":"^[0-9]+$"}`, `{"type":"string","pattern":"^\\d+$"}`, []string{"dangerous CANNOT_TELL $"}, []string{"dangerous CANNOT_TELL $"}},
		{"step of ten in fives", `{"type":"integer","multipleOf":10}`, `{"type":"integer","multipleOf":5}`, nil, []string{"dangerous CANNOT_TELL $"}},
		{"item", `{"type":"array","items":{"type":"string"}}`, `{"type":"array","items":{"type":"number"}}`, []string{"breaking TYPE_NARROWED $[]", "dangerous TYPE_WIDENED $[]"}, []string{"breaking TYPE_WIDENED $[]", "dangerous TYPE_NARROWED $[]"}},
		{"single for a list", `{"type":"string"}`, `{"type":"array","items":{"type":"string"}}`, []string{"breaking TYPE_NARROWED $", "dangerous TYPE_WIDENED $"}, []string{"breaking TYPE_WIDENED $", "dangerous TYPE_NARROWED $"}},
		{"by reference", `{"$ref":"#/$defs/x","$defs":{"x":{"type":"string"}}}`, `{"type":"string"}`, nil, nil},
		{"recursive", `{"$ref":"#/$defs/x","$defs":{"x":{"type":"object","properties":{"next":{"$ref":"#/$defs/x"}}}}}`, `{"$ref":"#/$defs/y","$defs":{"y":{"type":"object","properties":{"next":{"$ref":"#/$defs/y"}}}}}`, nil, nil},
		{
			"deep in recursion", `{"$ref":"#/$defs/x","$defs":{"x":{"type":"object","properties":{"v":{"type":"number"},"next":{"$ref":"#/$defs/x"}}}}}`, `{"$ref":"#/$defs/x","$defs":{"x":{"type":"object","properties":{"v":{"type":"integer"},"next":{"$ref":"#/$defs/x"}}}}}`,
			[]string{"breaking TYPE_NARROWED $.v"}, []string{"dangerous TYPE_NARROWED $.v"},
		},
		{"conjunction", `{"allOf":[{"type":"object","required":["a"]},{"properties":{"a":{"type":"string"}}}]}`, `{"type":"object","required":["a"],"properties":{"a":{"type":"string"}}}`, nil, nil},
		{"variant added", `{"oneOf":[{"type":"string"}]}`, `{"oneOf":[{"type":"string"},{"type":"number"}]}`, []string{"dangerous TYPE_WIDENED $"}, []string{"breaking TYPE_WIDENED $"}},
		{"variants in another order", `{"anyOf":[{"type":"string"},{"type":"number"}]}`, `{"anyOf":[{"type":"number"},{"type":"string"}]}`, nil, nil},
		{
			"variant removed", `{"oneOf":[{"type":"object","required":["a"],"properties":{"a":{}}},{"type":"object","required":["b"],"properties":{"b":{}}},{"type":"array"}]}`, `{"oneOf":[{"type":"object","required":["a"],"properties":{"a":{}}},{"type":"array"}]}`,
			[]string{"breaking VARIANT_REMOVED $"}, []string{"dangerous VARIANT_REMOVED $"},
		},
		{"condition", `{"if":{"required":["a"]},"then":{"required":["b"]}}`, `{"if":{"required":["a"]},"then":{"required":["c"]}}`, []string{"dangerous CANNOT_TELL $"}, []string{"dangerous CANNOT_TELL $"}},
		{"same condition", `{"not":{"required":["a"]}}`, `{"not":{"required":["a"]}}`, nil, nil},
		{
			"rules of one list in two places", `{"properties":{"a":{"type":"array","items":{"type":"object","required":["x"]}}},"anyOf":[{"required":["b"]},{"properties":{"a":{"items":{"required":["y"]}}}}]}`,
			`{"properties":{"a":{"type":"array","items":{"type":"object","required":["x"]}},"c":{}},"anyOf":[{"required":["b"]},{"properties":{"a":{"items":{"required":["y"]}}}}]}`, nil, nil,
		},
		{"conjunction in recursion", `{"$ref":"#/$defs/x","$defs":{"x":{"allOf":[{"properties":{"next":{"$ref":"#/$defs/x"}}},{"properties":{"next":{"type":"object"}}}]}}}`, `{"$ref":"#/$defs/x","$defs":{"x":{"allOf":[{"properties":{"next":{"$ref":"#/$defs/x"}}},{"properties":{"next":{"type":"object"},"v":{}}}]}}}`, nil, nil},
		{"description", `{"title":"a"}`, `{"title":"b"}`, nil, nil},
		{"nothing accepted", `{"type":"string"}`, `false`, []string{"breaking NOTHING_ACCEPTED $"}, []string{"dangerous NOTHING_ACCEPTED $"}},
		{"typed extras", `{"type":"object","additionalProperties":{"type":"string"}}`, `{"type":"object","additionalProperties":{"type":"number"}}`, []string{"breaking TYPE_NARROWED $.*", "dangerous TYPE_WIDENED $.*"}, []string{"breaking TYPE_WIDENED $.*", "dangerous TYPE_NARROWED $.*"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for mode, want := range map[contracts.Mode][]string{contracts.Backward: c.backward, contracts.Forward: c.forward} {
				got := slices.DeleteFunc(changes(t, c.before, c.after, mode), func(s string) bool { return strings.HasPrefix(s, "safe ") })
				if !slices.Equal(got, want) {
					t.Errorf("%s: got %q, want %q", mode, got, want)
				}
			}
			for _, same := range []string{c.before, c.after} {
				if got := changes(t, same, same, contracts.Full); len(got) > 0 {
					t.Errorf("a schema differs from itself: %q", got)
				}
			}
		})
	}
}

func TestMessagesAreMatchedByName(t *testing.T) {
	version := func(names ...string) contracts.Document {
		var files []contracts.File
		for _, n := range names {
			files = append(files, contracts.File{Name: "v/" + n + ".json", Data: []byte(`{"type":"object"}`)})
		}
		d, err := Format{}.Read(files)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	all, err := Format{}.Changes(version("orders", "orders.reply", "holds"), version("orders", "orders.reply", "receipts"), contracts.Full)
	if err != nil || len(all) != 2 || all[0].Type != "MESSAGE_REMOVED" || all[0].Path != "holds" || all[1].Type != "MESSAGE_ADDED" {
		t.Errorf("got %v, %v", all, err)
	}
}

func TestChangesSayWhere(t *testing.T) {
	d := func(name, text string) contracts.Document {
		d, err := Format{}.Read([]contracts.File{{Name: name, Data: []byte(text)}})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	all, err := Format{}.Changes(d("a.yaml", "type: object\nproperties:\n  qty:\n    type: number\n"), d("b.json", "{\n \"type\": \"object\",\n \"properties\": {\n  \"qty\": {\"type\": \"string\"}}}"), contracts.Backward)
	if err != nil || len(all) == 0 {
		t.Fatalf("got %v, %v", all, err)
	}
	if all[0].Before.String() != "a.yaml:3:3" || all[0].After.String() != "b.json:4:3" {
		t.Errorf("got %s and %s", all[0].Before, all[0].After)
	}
}
