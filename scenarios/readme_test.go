package scenarios

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// What README.md shows must work, and it must show everything there is.
func TestReadme(t *testing.T) {
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	_, rest, _ := strings.Cut(text, "```yaml\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("README.md has no example")
	}
	if _, err := Parse("README.md", []byte(example)); err != nil {
		t.Error(err)
	}
	for _, a := range Actions() {
		if !strings.Contains(text, "`"+a.Name+"`") {
			t.Errorf("README.md does not name action %s", a.Name)
		}
	}
	for name := range variables {
		if !strings.Contains(text, "| `"+name+"`") && !strings.Contains(text, ", `"+name+"` |") {
			t.Errorf("README.md does not name variable %s", name)
		}
	}
	for object, typ := range viewTypes {
		for i := range typ.NumField() {
			field := typ.Field(i).Tag.Get("cel")
			if !strings.Contains(text, "`"+field+"`") && !strings.Contains(text, "."+field+"`") && !strings.Contains(text, "."+field+"[") && !strings.Contains(text, "`"+field+"[") {
				t.Errorf("README.md does not name field %s of %s", field, object)
			}
		}
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[Policy](), reflect.TypeFor[Args]()} {
		for i := range typ.NumField() {
			if name := typ.Field(i).Tag.Get("yaml"); name != "-" && !strings.Contains(text, "`"+name+"`") {
				t.Errorf("README.md does not name key %s of %s", name, typ.Name())
			}
		}
	}
}
