package endpoint_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
)

// extracting is a dialect that tells all records at once.
type extracting struct{ words }

func (extracting) Extract(at time.Time, all []plant.Event) ([]simulators.Message, error) {
	return []simulators.Message{{Name: fmt.Sprintf("all %d at %s", len(all), at.Format("15:04")), Events: all}}, nil
}

// crossing notes what crosses a line.
type crossing struct{ names []string }

func (c *crossing) Carry(ctx context.Context, m simulators.Message, _ simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	c.names = append(c.names, m.Name)
	return far(ctx, m)
}

// TestExtracts: what is gathered is announced as one, also of kinds that are not
// announced by themselves; what is no part of it comes at once. A dialect that knows
// no extracts tells of each record.
func TestExtracts(t *testing.T) {
	item := func(id plant.ItemID) plant.Event {
		f := plant.ItemChanged{Version: 1, Item: plant.Item{ID: id, Unit: "EA"}}
		return plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f}
	}
	bill := plant.Event{ID: "bill", Fact: plant.BillChanged{Version: 1, Bill: plant.Bill{Item: "A"}}}
	for name, c := range map[string]struct {
		dialect simulators.Dialect
		want    []string
	}{
		"extracts":   {extracting{}, []string{"bom-changed", "all 2 at 06:00", "bom-changed"}},
		"one by one": {words{}, []string{"bom-changed", "bom-changed"}},
	} {
		line := &crossing{}
		e := endpoint.New(endpoint.Config{Name: "erp", System: &books{}, Dialect: c.dialect, Transport: nothing{}, Line: line, Sends: map[plant.Kind]bool{plant.KindBillChanged: true}})
		all := []plant.Event{item("A"), item("B")}
		e.Gather(all)
		for _, ev := range []plant.Event{all[0], bill, all[1]} {
			if err := e.Notice(ev); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.Extract(time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
		for _, ev := range []plant.Event{all[0], bill} { // it has ended
			if err := e.Notice(ev); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(line.names, c.want) {
			t.Errorf("%s: announced %q, want %q", name, line.names, c.want)
		}
		if err := e.Extract(time.Time{}); err != nil || len(line.names) != len(c.want) {
			t.Errorf("%s: an extract of nothing: %q, %v", name, line.names, err)
		}
	}
}

// nothing is a transport that is not used.
type nothing struct{}

func (nothing) Send(context.Context, simulators.Message) (simulators.Message, error) {
	return simulators.Message{}, nil
}
func (nothing) Serve(ctx context.Context, _ simulators.Receiver) error { <-ctx.Done(); return nil }
func (nothing) URL() string                                            { return "" }
