package endpoint_test

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
)

// switched is a dialect of a messaging service: the name of a message is "to" with a
// connection point, or what it tells of.
type switched struct {
	words
	point string
}

func (s switched) Point() string { return s.point }

func (switched) Addressee(m simulators.Message) (string, []plant.Kind) {
	if to, ok := strings.CutPrefix(m.Name, "to "); ok {
		return to, nil
	}
	return "", []plant.Kind{plant.Kind(m.Name)}
}

// TestBus: what the SUT sends to a messaging service goes to the connection point
// that it names, or into the books that take such facts; the service's own gateway
// says who is let in, and how often.
func TestBus(t *testing.T) {
	erp, mes := &books{}, &books{}
	gate := simulators.Policy{Auth: simulators.AuthOAuth2, Quota: simulators.Quota{Rate: 5, Window: 1 << 40}}
	bus := endpoint.New(endpoint.Config{Name: "erp", System: erp, Dialect: switched{point: "lid://erp"}, Line: straight{}, Policy: gate, Client: "c", Secret: "s"})
	on := endpoint.New(endpoint.Config{Name: "mes", System: mes, Dialect: switched{point: "lid://mes"}, Line: straight{}, Client: "c", Secret: "other",
		Bus: bus, Takes: map[plant.Kind]bool{plant.KindConfirmation: true}})
	token := receive(t, bus, simulators.Message{Verb: "post", Name: simulators.TokenName, Body: []byte("grant_type=client_credentials&client_id=c&client_secret=s")})
	bearer := "Bearer " + strings.Split(string(token.Body), `"`)[3]
	for i, c := range []struct {
		name, bearer string
		erp, mes     int
		want         simulators.Outcome
	}{
		{"confirmation", bearer, 0, 1, simulators.Applied},
		{"receipt", bearer, 1, 1, simulators.Applied},
		{"to lid://mes", bearer, 1, 2, simulators.Applied},
		{"to lid://erp", bearer, 2, 2, simulators.Applied},
		{"confirmation", "Bearer nobody", 2, 2, simulators.Unauthorized},
		{"to lid://nobody", bearer, 3, 2, simulators.Applied}, // the service is told, and has to know
		{"confirmation", bearer, 3, 2, simulators.Throttled},
	} {
		m := message(t, confirmation("4711", i+1))
		m.Name, m.Header = c.name, map[string]string{"Authorization": c.bearer}
		if r := receive(t, bus, m).Result; r.Outcome != c.want {
			t.Errorf("%d, %s: %+v, want %s", i, c.name, r, c.want)
		}
		if erp.count() != c.erp || mes.count() != c.mes {
			t.Errorf("%d, %s: %d and %d documents, want %d and %d", i, c.name, erp.count(), mes.count(), c.erp, c.mes)
		}
	}
	if on.Bus != bus {
		t.Error("it is not on the bus")
	}
}
