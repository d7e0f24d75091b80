package endpoint

import (
	"reflect"
	"testing"

	"github.com/andon-rig/andon/simulators"
)

// TestWhatIsRememberedIsWhole finds a field of answers that is forgotten where
// they are kept.
func TestWhatIsRememberedIsWhole(t *testing.T) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[simulators.Answer]()) {
		a := simulators.Answer{Rows: []simulators.Row{{Doc: "1"}}}
		v := reflect.ValueOf(&a).Elem().FieldByIndex(f.Index)
		switch v.Kind() {
		case reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		case reflect.String:
			v.SetString("x")
		case reflect.Int:
			v.SetInt(1)
		case reflect.Bool:
			v.SetBool(true)
		default:
			t.Fatalf("an answer has a %s, %s: have it set here", v.Kind(), f.Name)
		}
		var k remembered
		k.keep(a)
		if got := k.answer(); !reflect.DeepEqual(got, a) {
			t.Errorf("%s is forgotten: got %+v, want %+v", f.Name, got, a)
		}
	}
}
