package ion

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/mes"
)

// sample reads a document that was written before us.
func sample(t *testing.T, name string) []byte {
	t.Helper()
	root := filepath.Join("..", "..", "..", "..", "shared", "standards", "infor-ion-own")
	b, err := os.ReadFile(filepath.Join(root, name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the samples are not at %s: whether %s is accepted as it is cannot be shown without it", root, name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sampleMessage is the sample order, with the sample parameters, as it is posted.
func sampleMessage(t *testing.T) simulators.Message {
	t.Helper()
	m := simulators.Message{Verb: "post", Method: "POST", Name: full("v3/multipartMessage"), Header: map[string]string{}}
	m.Header["Content-Type"], m.Body = form([]part{{partParameters, "application/json", sample(t, "ims-v3-parameter-request.json")},
		{partPayload, "application/octet-stream", sample(t, "sync-production-order.xml")}})
	return m
}

// TestSamples: parameters and document are taken over as they are, and
// understood: a change of an order that speaks of its state alone.
func TestSamples(t *testing.T) {
	m := sampleMessage(t)
	d := Dialect{Settings: Settings{LogicalID: "lid://plantsim.mes.charlie", Partner: "lid://plantsim.mes.bravo"}}
	at, _ := d.resourceAt(m.Name)
	in, err := d.taken(at, m)
	if err != nil {
		t.Fatalf("ION does not take it over: %v", err)
	}
	said := parameters{DocumentName: "Sync.ProductionOrder", MessageID: "lid://plantsim.mes.bravo:0000000417", FromLogicalID: "lid://plantsim.mes.bravo", ToLogicalID: "lid://default",
		AccountingEntity: "PLANT10", Location: "PLANT10", DocumentID: "WO-000417", VariationID: 3, RevisionID: "1", Encoding: "NONE", CharacterSet: "UTF-8"}
	if in.parameters != said {
		t.Errorf("parameters %+v,\nwant %+v", in.parameters, said)
	}
	_, id, err := opened(in)
	want := identity{tenant: "PLANTSIM_TST", entity: "PLANT10", location: "PLANT10", document: "WO-000417", revision: "1", noun: "ProductionOrder", verb: "Sync", variation: 3}
	if err != nil || id != want {
		t.Errorf("identity %+v, %v, want %+v", id, err, want)
	}
	if to, kinds := d.Addressee(m); to != "" || !slices.Contains(kinds, plant.KindOrderChanged) {
		t.Errorf("on a bus it is for %q, or for who takes %v", to, kinds)
	}
	ask, err := d.Decode(m)
	if err != nil || ask.Late != nil || len(ask.Claims) != 1 {
		t.Fatalf("%+v, %+v, %v", ask, ask.Late, err)
	}
	c := ask.Claims[0]
	if f, ok := c.Fact.(plant.OrderChanged); !ok || f != (plant.OrderChanged{Order: "WO-000417", Version: 3}) || c.ID != "" || !c.At.Equal(time.Date(2026, 2, 3, 6, 0, 0, 0, time.UTC)) {
		t.Errorf("it is understood as %+v", c)
	}
	if got := d.Reply(m, simulators.Answer{Later: true}).Result.Status; got != 202 {
		t.Errorf("answered %d", got)
	}
	if told, err := d.Respond(m, simulators.Answer{Rows: []simulators.Row{{Doc: "1"}}}); err != nil || len(told) > 0 {
		t.Errorf("a Sync that was posted is answered by %d messages, %v", len(told), err)
	}
}

// road is a line on which nothing goes wrong.
type road struct{}

func (road) Carry(ctx context.Context, m simulators.Message, _ simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	return far(ctx, m)
}

// TestSampleOrderIsPosted: an MES that has the order takes the sample for its
// third version, and lets stand what the sample does not speak of; one that does
// not know the order has nothing to change.
func TestSampleOrderIsPosted(t *testing.T) {
	m := sampleMessage(t)
	d := Dialect{Settings: Settings{LogicalID: "lid://plantsim.mes.charlie"}}
	order := plant.Order{ID: "WO-000417", Item: "PUMP-7", Quantity: plant.Of(200, "EA"), Priority: 40, Due: time.Date(2026, 2, 3, 22, 0, 0, 0, time.UTC), Operations: []plant.Operation{{ID: "0010", WorkCenter: "SAW"}}}
	for name, c := range map[string]struct {
		open   []plant.Order
		posted int
	}{"known": {[]plant.Order{order}, 1}, "unknown": {nil, 0}} {
		books := mes.New(plant.Master{Items: []plant.Item{{ID: "PUMP-7", Unit: "EA"}}, Open: c.open})
		p := d.Policy()
		p.Auth, p.Accept = simulators.AuthNone, simulators.AcceptDone
		posted := 0
		e := endpoint.New(endpoint.Config{Name: "mes", System: books, Dialect: d, Line: road{}, Policy: p, OnPosting: func(uint64, simulators.Posting) { posted++ },
			Plant: func() time.Time { return time.Date(2026, 2, 3, 7, 0, 0, 0, time.UTC) }})
		if reply, err := e.Receive(t.Context(), m); err != nil || reply.Result.Status != 202 || posted != c.posted {
			t.Errorf("%s: %v, %+v, posted %d times", name, err, reply.Result, posted)
		}
		if c.open == nil {
			continue
		}
		o := books.State("order", "WO-000417").(simulators.OrderState)
		if o.Version != 3 || o.Order.Quantity != order.Quantity || o.Order.Priority != 40 || !o.Order.Due.Equal(order.Due) {
			t.Errorf("in the books it is %+v", o)
		}
	}
}

// What says neither state nor quantity has lost it on the way, and no other state
// is told by a change.
func TestChangesSayWhatTheyAreAbout(t *testing.T) {
	good, err := Dialect{}.Batch(goldens()["order-changed"]...)
	if err != nil {
		t.Fatal(err)
	}
	const quantity, status, head = `<OrderQuantity unitCode="EA">240</OrderQuantity>`, `<Status><Code>Released</Code></Status>`, `<ProductionOrderHeader>`
	for name, c := range map[string]struct {
		old, new, says string
		want           plant.OrderChanged
	}{
		"no quantity":            {quantity, "", "is empty", plant.OrderChanged{}},
		"a unit of nothing":      {`>240<`, `><`, "QUANTITY", plant.OrderChanged{}},
		"state for quantity":     {quantity, status, "", plant.OrderChanged{Order: "4711000002", Version: 2, Due: dueOf(t), Priority: 10}},
		"state and quantity":     {head, head + status, "", plant.OrderChanged{Order: "4711000002", Version: 2, Quantity: plant.Of(240, "EA"), Due: dueOf(t), Priority: 10}},
		"another state":          {head, head + `<Status><Code>Closed</Code></Status>`, "Closed", plant.OrderChanged{}},
		"a state and half of it": {quantity, status + `<OrderQuantity unitCode="EA"></OrderQuantity>`, "OrderQuantity", plant.OrderChanged{}},
	} {
		m := good
		m.Body = []byte(strings.Replace(string(good.Body), c.old, c.new, 1))
		if string(m.Body) == string(good.Body) {
			t.Fatalf("%s: there is no %s in\n%s", name, c.old, good.Body)
		}
		ask, err := Dialect{}.Decode(m)
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case c.says != "":
			if ask.Late == nil || !strings.Contains(ask.Late.Text, c.says) && !strings.Contains(ask.Late.Text, "OrderQuantity") {
				t.Errorf("%s: %+v, %+v; want something about %s", name, ask, ask.Late, c.says)
			}
		case len(ask.Claims) != 1 || fmt.Sprint(ask.Claims[0].Fact) != fmt.Sprint(c.want):
			t.Errorf("%s: %+v, %+v, want %+v", name, ask, ask.Late, c.want)
		}
	}
}

func dueOf(t *testing.T) time.Time {
	t.Helper()
	return goldens()["order-changed"][0].Fact.(plant.OrderChanged).Due
}

// TestIONAPIFile: the file that is generated for a backend has the keys of the
// sample and no others, each a text, and addresses that are put together as there.
func TestIONAPIFile(t *testing.T) {
	var theirs, ours map[string]any
	if err := json.Unmarshal(sample(t, "ionapi-file-shape.json"), &theirs); err != nil {
		t.Fatal(err)
	}
	ending, b := Dialect{}.Credentials("http://127.0.0.1:18080", simulators.Credentials{Client: "PLANTSIM_TST~client", Secret: "secret", Account: "PLANTSIM_TST#key", Password: "secret"})
	if err := json.Unmarshal(b, &ours); err != nil || ending != "ionapi" {
		t.Fatalf("%s: %v", ending, err)
	}
	if got, want := slices.Sorted(maps.Keys(ours)), slices.Sorted(maps.Keys(theirs)); !slices.Equal(got, want) {
		t.Errorf("keys %q, want %q", got, want)
	}
	for key, want := range theirs {
		if got := ours[key]; fmt.Sprintf("%T", got) != fmt.Sprintf("%T", want) || got == "" {
			t.Errorf("%s is %v, and in the sample %v", key, got, want)
		}
	}
	for _, same := range []string{"ti", "iu", "pu", "oa", "ot", "or"} {
		if ours[same] != theirs[same] {
			t.Errorf("%s is %v, and in the sample, of the same tenant at the same address, %v", same, ours[same], theirs[same])
		}
	}
}
