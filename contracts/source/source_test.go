package source

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
)

func file(text string) contracts.File { return contracts.File{Name: "x", Data: []byte(text)} }

func TestReadSaysWhereThingsStand(t *testing.T) {
	const asJSON = "{\n  \"paths\": {\n    \"/orders\": {\"get\": [1, {\"x\": null}]}\n  },\n  \"n\": 1.50\n}"
	const asYAML = "paths:\n  /orders:\n    get:\n      - 1\n      - x: null\nn: 1.50\n"
	for _, c := range []struct {
		name, text string
		lines      map[string]string
	}{
		{"JSON", asJSON, map[string]string{"": "x:1:1", "/paths": "x:2:3", "/paths/~1orders": "x:3:5", "/paths/~1orders/get": "x:3:17", "/paths/~1orders/get/1/x": "x:3:29", "/n": "x:5:3", "/n/none": "x:5:3"}},
		{"YAML", asYAML, map[string]string{"/paths": "x:1:1", "/paths/~1orders": "x:2:3", "/paths/~1orders/get": "x:3:5", "/paths/~1orders/get/1/x": "x:5:9", "/n": "x:6:1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Read(file(c.text))
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"paths": map[string]any{"/orders": map[string]any{"get": []any{json.Number("1"), map[string]any{"x": nil}}}}, "n": json.Number("1.50")}
			if !reflect.DeepEqual(d.Root, want) {
				t.Errorf("got %#v", d.Root)
			}
			for pointer, at := range c.lines {
				if got := d.Place(pointer).String(); got != at {
					t.Errorf("%s stands at %s, want %s", pointer, got, at)
				}
			}
			if v, ok := d.At("/paths/~1orders/get/0"); !ok || v != json.Number("1") {
				t.Errorf("at the pointer: %v, %v", v, ok)
			}
			if _, ok := d.At("/paths/orders"); ok {
				t.Error("found what is not there")
			}
			if got := strings.Join(d.Keys(""), " "); got != "paths n" {
				t.Errorf("keys %q", got)
			}
		})
	}
}

func TestYAMLKinds(t *testing.T) {
	d, err := Read(file("a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 'yes'\n200: ok\nt: true\nhex: 0x10\ntext: |\n  two\n  lines\n"))
	if err != nil {
		t.Fatal(err)
	}
	one := map[string]any{"b": json.Number("1")}
	want := map[string]any{"a": one, "c": one, "d": map[string]any{"b": json.Number("1"), "e": "yes"}, "200": "ok", "t": true, "hex": json.Number("16"), "text": "two\nlines\n"}
	if !reflect.DeepEqual(d.Root, want) {
		t.Errorf("got %#v", d.Root)
	}
}

func TestMistakes(t *testing.T) {
	deep := strings.Repeat("[", maxDepth+2)
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for i, before := 'b', 'a'; i < 'j'; i, before = i+1, i {
		bomb += string(i) + ": &" + string(i) + " [" + strings.Repeat("*"+string(before)+",", 9) + "*" + string(before) + "]\n"
	}
	for _, c := range []struct{ name, text, want string }{
		{"JSON twice", "{\n \"a\": 1,\n \"a\": 2}", `x:3:2: key "a" stands here a second time`},
		{"YAML twice", "a: 1\nb: 2\na: 3\n", "x:3:1: "},
		{"JSON cut", `{"a": [1,`, "ends in the middle"},
		{"JSON behind", `{"a": 1} {}`, "behind the end"},
		{"JSON syntax", "{\n \"a\": tru }", "x:2:"},
		{"too deep", deep, "nested deeper"},
		{"YAML syntax", "a: [1\nb: 2", "x:"},
		{"YAML two", "a: 1\n---\nb: 2\n", "more than one document"},
		{"YAML empty", "# nothing\n", "is empty"},
		{"YAML bomb", bomb, "aliases expanded"},
		{"YAML alias", "a: *x\n", `alias "x" has no anchor`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Read(file(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"a": [1, {"b": "ü"}], "c": -1.5e3}`))
	f.Add([]byte("a: &x {b: 1}\nc: *x\nd: {<<: *x}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Read(contracts.File{Name: "f", Data: text})
		if err != nil {
			return
		}
		if _, err := json.Marshal(d.Root); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
