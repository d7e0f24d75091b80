package b2mml

import (
	"testing"

	"github.com/andon-rig/andon/simulators"
)

func TestWord(t *testing.T) {
	for _, s := range envelopes {
		ms, err := Dialect{s}.Encode(confirmation())
		if err != nil {
			t.Fatal(err)
		}
		if got := (Dialect{s}).Word(ms[0]); got != "SyncOperationsPerformance" {
			t.Errorf("%s: a confirmation is called %q", s.Envelope, got)
		}
	}
	if got := (Dialect{}).Word(simulators.Message{Body: []byte("{}")}); got != "" {
		t.Errorf("what is not XML is called %q", got)
	}
}
