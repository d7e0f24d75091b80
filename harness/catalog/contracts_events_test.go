package catalog_test

import (
	"testing"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/rewording"
	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
)

// published is m as it is announced over a broker by an endpoint.
func published(m simulators.Message, endpoint string) contracts.Exchange {
	x := announced(m)
	x.Request.Path = "andon." + endpoint + "." + m.Name
	return x
}

// What is announced over a broker keeps the AsyncAPI description, with its
// headers, and its ordering key is what the endpoint keeps in sequence.
func TestAnnouncementsKeepTheirDescription(t *testing.T) {
	b := own(t)
	events := document[judge](t, b, "neutral", "events", "v1")
	var keys []evidence.Place
	for _, name := range []string{"events", "messages"} {
		key, err := evidence.ParsePlace(b.Contract("neutral", name).File.Flow.OrderingKey)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	for _, golden := range goldens(t) {
		for _, e := range golden.Events {
			sent, err := neutral.Dialect{}.Encode(e)
			if err != nil || len(sent) != 1 {
				t.Fatalf("%s: %d messages, %v", e.ID, len(sent), err)
			}
			m := sent[0]
			if found, covered := events.Check(published(m, "mes")); !covered || len(found) > 0 {
				t.Errorf("%s: covered %v, %v", m.Name, covered, found)
			}
			for _, key := range keys {
				if got := key.In(m); len(got) != 1 || got[0] != m.Entity || m.Entity == "" {
					t.Errorf("%s: ordering key %q, and the endpoint orders by %q", m.Name, got, m.Entity)
				}
			}
			for name := range m.Header {
				less := published(m, "mes")
				delete(less.Request.Headers, name)
				if found, _ := events.Check(less); len(found) == 0 && name != "Content-Type" {
					t.Errorf("%s without %s keeps the description", m.Name, name)
				}
			}
			if bad, ok := rewording.Of(neutral.Dialect{})(m, chaos.DriftRenamed); ok {
				if found, _ := events.Check(published(bad, "mes")); len(found) == 0 {
					t.Errorf("%s with a renamed field keeps the description", m.Name)
				}
			}
		}
	}
	stranger := published(simulators.Message{Name: "rumours", Body: []byte("{}")}, "mes")
	if _, covered := events.Check(stranger); covered {
		t.Error("a subject that is not described is covered")
	}
}
