package harness

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/sut"
)

// frail is a SUT that cannot be paused, for this reason.
type frail struct{ why error }

func (frail) Start(context.Context, map[string]string) error { return nil }
func (frail) Stop(context.Context) error                     { return nil }
func (frail) Alive() (bool, string)                          { return false, "killed" }
func (f frail) Pause(context.Context) error                  { return f.why }
func (frail) Resume(context.Context) error                   { return nil }

// A fault that strikes a SUT which another fault has just killed does nothing,
// and is no trouble of the rig; that it cannot be carried out is.
func TestStruckWhileDown(t *testing.T) {
	for _, c := range []struct {
		why     error
		trouble bool
	}{{sut.ErrNotRunning, false}, {errors.New("no such signal"), true}} {
		p := &Plan{Driver: frail{c.why}, Journal: evidence.NewJournal(nil)}
		p.breakSUT(t.Context(), "f", chaos.ProcessFault{Do: chaos.Pause})
		if err := p.standing.err(); (err != nil) != c.trouble {
			t.Errorf("%v: trouble %v, want some: %t", c.why, err, c.trouble)
		}
		spared := false
		for _, r := range p.Journal.Records() {
			if s, ok := r.Body.(evidence.Step); ok {
				spared = spared || s.Name == "spared" && strings.Contains(s.Text, chaos.Pause)
			}
		}
		if spared == c.trouble {
			t.Errorf("%v: spared is %t", c.why, spared)
		}
	}
}
