package endpoint_test

import (
	"context"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
)

// seen is a line that notes what crosses it.
type seen struct{ messages []simulators.Message }

func (s *seen) Carry(ctx context.Context, m simulators.Message, _ simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	s.messages = append(s.messages, m)
	return far(ctx, m)
}

func TestWhatCouldNotBeReadCrossesTheLine(t *testing.T) {
	line, b := &seen{}, &books{}
	e := endpoint.New(endpoint.Config{Name: "erp", System: b, Dialect: words{}, Line: line, Policy: simulators.Policy{Auth: simulators.AuthOAuth2}})
	for _, name := range []string{"confirmations", "oauth/token"} {
		reply := receive(t, e, simulators.Message{Verb: "post", Name: name, Unread: simulators.TooLarge(1<<30, 8)})
		if r := reply.Result; r.Outcome != simulators.Refused || r.Code != "too-large" || r.Class != simulators.DataQuality {
			t.Errorf("%s: %+v", name, r)
		}
		if m := line.messages[len(line.messages)-1]; m.Name != name || m.Key != "post "+name || m.Unread == nil {
			t.Errorf("%s crossed as %+v", name, m)
		}
	}
	if len(line.messages) != 2 || b.count() != 0 {
		t.Errorf("%d crossed, %d were posted", len(line.messages), b.count())
	}
}
