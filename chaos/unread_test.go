package chaos_test

import (
	"context"
	"errors"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

// TestWhatCouldNotBeReadIsAnAttempt: a message is evidence even if no more
// than its size is known of it.
func TestWhatCouldNotBeReadIsAnAttempt(t *testing.T) {
	for _, c := range []struct {
		name         string
		unread       *simulators.Unread
		acted, heard simulators.Outcome
	}{
		{"too large", simulators.TooLarge(100<<20, 8<<20), simulators.Refused, simulators.Refused},
		{"broken off", simulators.BrokenOff(100<<20, errors.New("unexpected EOF")), simulators.Undelivered, simulators.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLink("erp")
			l.Store = func(b []byte) string {
				if len(b) > 0 {
					t.Error("a body was kept")
				}
				return ""
			}
			m := simulators.Message{Verb: "post", Name: "confirmations", Key: "post confirmations", Unread: c.unread}
			_, err := l.Carry(t.Context(), m, simulators.FromSUT, func(context.Context, simulators.Message) (simulators.Message, error) {
				r := c.unread.Refusal
				return simulators.Message{Result: simulators.Result{Outcome: c.acted, Class: r.Class, Code: r.Code, Text: r.Text, Status: 413}}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			as := bodies[evidence.Attempt](l.Journal)
			if len(as) != 1 {
				t.Fatalf("%d attempts, want 1", len(as))
			}
			a := as[0]
			if a.Endpoint != "erp" || a.Name != "confirmations" || a.Bytes != 100<<20 || a.Payload != "" || a.Digest != "" {
				t.Errorf("attempt %+v", a)
			}
			if a.Acted.Outcome != c.acted || a.Acted.Code != c.unread.Refusal.Code || a.Heard.Outcome != c.heard {
				t.Errorf("acted %+v, heard %+v", a.Acted, a.Heard)
			}
		})
	}
}
