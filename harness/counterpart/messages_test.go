package counterpart_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/counterpart"
	"github.com/andon-rig/andon/harness/verify"
)

const events = `{"consumer": {"name": "mes"}, "provider": {"name": "erp"}, "interactions": [
 {"type": "Asynchronous/Messages", "description": "an order is released", "metadata": {"topic": "erp/orders"},
  "contents": {"contentType": "application/json", "content": {"no": "1"}}}
], "metadata": {"pactSpecification": {"version": "4.0"}}}`

// What the provider's side sends, the consumer's side is content with, over
// each transport; and the consumer of another contract is not.
func TestEmitterMeetsHearer(t *testing.T) {
	doc := document(t, pact.Format{}, events)
	other := document(t, pact.Format{}, strings.Replace(events, `"no": "1"`, `"no": "2"`, 1))
	for _, kind := range []string{"http", "nats", "mqtt"} {
		for _, c := range []struct {
			doc  contracts.Document
			want evidence.Verdict
			text string
		}{{doc, evidence.Holds, "matched"}, {other, evidence.Violated, `$.no: want "2", got "1"`}} {
			t.Run(kind+" "+c.want.String(), func(t *testing.T) {
				place, err := verify.Place(kind)
				if err != nil {
					t.Fatal(err)
				}
				l, err := verify.Listen(t.Context(), place, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				to, err := verify.Address(l.URL(), false, "http", "nats", "mqtt")
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				sent, failed := counterpart.Emitter{Documents: []contracts.Document{doc}, To: to, Every: time.Millisecond, Times: 3, See: func(_, _ string, err error) {
					if err != nil {
						t.Error(err)
					}
				}}.Run(ctx)
				if sent != 3 || failed != 0 {
					t.Fatalf("%d sent, %d failed", sent, failed)
				}
				var heard []counterpart.Heard
				v := counterpart.Hearer{Documents: []contracts.Document{c.doc}, Listener: l, See: func(h counterpart.Heard) {
					if heard = append(heard, h); len(heard) == 3 {
						cancel()
					}
				}}.Run(ctx)
				if v != c.want || len(heard) != 3 || !strings.Contains(heard[0].Text, c.text) || strings.Trim(strings.ReplaceAll(heard[0].Topic, ".", "/"), "/") != "erp/orders" {
					t.Errorf("got %s, %+v", v, heard)
				}
			})
		}
	}
}

func TestNothingHeardIsVacuous(t *testing.T) {
	place, err := verify.Place("http")
	if err != nil {
		t.Fatal(err)
	}
	l, err := verify.Listen(t.Context(), place, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if v := (counterpart.Hearer{Listener: l}).Run(ctx); v != evidence.Vacuous {
		t.Errorf("got %s", v)
	}
}

// A receiver that is gone is told, once for each message.
func TestEmitterTellsFailures(t *testing.T) {
	to, err := verify.Address("http://127.0.0.1:1", false, "http")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	sent, failed := counterpart.Emitter{Documents: []contracts.Document{document(t, pact.Format{}, events)}, To: to, Every: time.Millisecond, Times: 2, See: func(_, _ string, err error) {
		if err != nil {
			n++
		}
	}}.Run(t.Context())
	if sent != 0 || failed != 2 || n != 2 {
		t.Errorf("%d sent, %d failed, %d told", sent, failed, n)
	}
}
