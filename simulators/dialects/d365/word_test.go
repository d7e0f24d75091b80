package d365

import (
	"testing"

	"github.com/andon-rig/andon/simulators"
)

func TestWord(t *testing.T) {
	for name, want := range map[string]string{"picking-list": TypePickingList, "event-changed": EventStatusChanged} {
		ms, err := Dialect{}.Encode(facts()[name])
		if err != nil {
			t.Fatal(err)
		}
		if got := (Dialect{}).Word(ms[0]); got != want {
			t.Errorf("%s is called %q, want %q", name, got, want)
		}
	}
	if got := (Dialect{}).Word(simulators.Message{Body: []byte("<a/>")}); got != "" {
		t.Errorf("what is not JSON is called %q", got)
	}
}
