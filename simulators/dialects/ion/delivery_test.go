package ion_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/ion"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
	"github.com/andon-rig/andon/simulators/systems/mes"
)

// flow is a document flow: what one system announces is given to the other as it
// is. One message is held on its way until another one has arrived.
type flow struct {
	held    plant.EventID
	to      func(context.Context, simulators.Message) (simulators.Message, error) // nil until the other one is there
	passed  chan struct{}                                                         // closed when something has passed it
	mu      sync.Mutex                                                            // guards what follows
	arrived []plant.EventID
}

func (f *flow) Send(ctx context.Context, m simulators.Message) (simulators.Message, error) {
	waits := m.Events[0].ID == f.held
	if waits {
		select {
		case <-f.passed:
		case <-ctx.Done():
			return simulators.Message{}, ctx.Err()
		}
	}
	reply, err := f.to(ctx, m)
	time.Sleep(time.Second) // until its receiver has worked it off
	f.mu.Lock()
	f.arrived = append(f.arrived, m.Events[0].ID)
	f.mu.Unlock()
	if !waits {
		close(f.passed)
	}
	return reply, err
}

func (*flow) Serve(ctx context.Context, _ simulators.Receiver) error { <-ctx.Done(); return nil }
func (*flow) URL() string                                            { return "" }

// TestAnOlderDocumentComesLater: ION promises no sequence, so that of two documents
// about one object the older may come later, also where nothing goes wrong. The
// receiver keeps what the one of the higher variationID says, and tells that the
// other was overtaken.
func TestAnOlderDocumentComesLater(t *testing.T) {
	at := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	item := func(version int, text string) plant.Event {
		f := plant.ItemChanged{Version: version, Item: plant.Item{ID: "PUMP-7", Description: text, Unit: "EA"}}
		return plant.Event{ID: plant.EventID(plant.Natural(f)), At: at.Add(time.Duration(version) * time.Minute), Fact: f}
	}
	change := func(version int, quantity int64) plant.Event {
		f := plant.OrderChanged{Order: "4711", Version: version, Quantity: plant.Of(quantity, "EA")}
		return plant.Event{ID: plant.EventID(plant.Natural(f)), At: at.Add(time.Duration(version) * time.Minute), Fact: f}
	}
	for name, c := range map[string]struct {
		older, newer plant.Event
		now          func(*mes.MES) any
		want         any
	}{
		"a material": {item(2, "then"), item(3, "now"), func(m *mes.MES) any { return m.State("item", "PUMP-7").(plant.Item).Description }, "now"},
		"an order":   {change(2, 150), change(3, 120), func(m *mes.MES) any { return m.State("order", "4711").(simulators.OrderState).Order.Quantity }, plant.Of(120, "EA")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				master := plant.Master{Items: []plant.Item{{ID: "PUMP-7", Unit: "EA"}}, Open: []plant.Order{{ID: "4711", Item: "PUMP-7", Quantity: plant.Of(200, "EA"),
					Operations: []plant.Operation{{ID: "0010", WorkCenter: "WC-1"}}}}}
				d := ion.Dialect{Settings: ion.Settings{Probe: ion.ProbeSkipped, ConfirmBOD: ion.Delivered}}
				policy := d.Policy()
				policy.Auth = simulators.AuthNone
				receiver := mes.New(master)
				heard := &told{}
				to := endpoint.New(endpoint.Config{Name: "mes", System: receiver, Dialect: d, Transport: heard, Line: straight{}, Policy: policy, Push: true})
				way := &flow{held: c.older.ID, to: to.Receive, passed: make(chan struct{})}
				from := endpoint.New(endpoint.Config{Name: "erp", System: erp.New(master), Dialect: d, Transport: way, Line: straight{}, Policy: policy, Push: true})
				ctx, cancel := context.WithCancel(t.Context())
				var running sync.WaitGroup
				running.Go(func() { _ = from.Run(ctx) })
				running.Go(func() { _ = to.Run(ctx) })
				defer running.Wait()
				defer cancel()
				for _, e := range []plant.Event{c.older, c.newer} {
					if err := from.Notice(e); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(10 * time.Second)
				synctest.Wait()
				way.mu.Lock()
				defer way.mu.Unlock()
				if want := []plant.EventID{c.newer.ID, c.older.ID}; !slices.Equal(way.arrived, want) {
					t.Fatalf("arrived %q, want %q: nothing passes what is held", way.arrived, want)
				}
				if got := c.now(receiver); got != c.want {
					t.Errorf("the receiver has %v, want %v", got, c.want)
				}
				if n := heard.of("version-overtaken"); n != 1 {
					t.Errorf("that the older one was overtaken is told %d times", n)
				}
			})
		})
	}
}

// told takes what a system says of itself.
type told struct {
	mu     sync.Mutex // guards bodies
	bodies [][]byte
}

func (s *told) Send(_ context.Context, m simulators.Message) (simulators.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bodies = append(s.bodies, m.Body)
	return simulators.Message{Result: simulators.Result{Outcome: simulators.Accepted, Status: 202}}, nil
}

func (*told) Serve(ctx context.Context, _ simulators.Receiver) error { <-ctx.Done(); return nil }
func (*told) URL() string                                            { return "" }

// of counts the messages that give a reason.
func (s *told) of(reason string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.bodies {
		if bytes.Contains(b, []byte("<ReasonCode>"+strings.ToUpper(strings.ReplaceAll(reason, "-", "_"))+"</ReasonCode>")) {
			n++
		}
	}
	return n
}
