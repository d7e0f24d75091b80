package endpoint_test

import (
	"slices"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
)

// listing is a system whose lists hold these records.
type listing struct {
	books
	found   []any
	refusal *simulators.Refusal
}

func (l *listing) Handle(simulators.Ask, func(simulators.Posting)) simulators.Answer {
	return simulators.Answer{Found: l.found, Refusal: l.refusal}
}

// A page of a list tells of the newest change of each record on it, if those of
// its kind are not announced.
func TestPagesTellOfChanges(t *testing.T) {
	all := []any{
		simulators.ItemState{Item: plant.Item{ID: "A"}, Version: 2}, simulators.ItemState{Item: plant.Item{ID: "OLD"}},
		simulators.BillState{Bill: plant.Bill{Item: "A"}, Version: 1}, simulators.RoutingState{Routing: plant.Routing{Item: "A"}, Version: 3},
		simulators.CenterState{WorkCenter: plant.WorkCenter{ID: "SAW"}, Version: 1}, simulators.CalendarState{Calendar: plant.Calendar{ID: "BRNO"}, Version: 4},
		simulators.BillLine{BillState: simulators.BillState{Bill: plant.Bill{Item: "A"}, Version: 1}}, simulators.Stock{Material: "A"},
	}
	none := map[plant.Kind]bool{}
	for _, c := range []struct {
		name    string
		where   map[string]string
		sends   map[plant.Kind]bool
		refusal *simulators.Refusal
		want    []plant.EventID
	}{
		{"nothing is announced", nil, none, nil, []plant.EventID{"item-changed/A/2", "bom-changed/A/1", "routing-changed/A/3", "work-center-changed/SAW/1", "calendar-changed/BRNO/4"}},
		{"some is announced", nil, map[plant.Kind]bool{plant.KindBillChanged: true, plant.KindRoutingChanged: true, plant.KindCenterChanged: true, plant.KindCalendarChanged: true}, nil, []plant.EventID{"item-changed/A/2"}},
		{"all is announced", nil, nil, nil, nil},
		{"one is looked up", map[string]string{"id": "A"}, none, nil, nil},
		{"the dialect makes an extract of all", map[string]string{simulators.WherePage: "1000"}, none, nil, nil},
		{"it is refused", nil, none, &simulators.Refusal{Code: "no"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := endpoint.New(endpoint.Config{System: &listing{found: all, refusal: c.refusal}, Dialect: words{}, Line: straight{}, Sends: c.sends})
			if got := receive(t, e, simulators.Message{Verb: "get", Name: "?items", Params: c.where}).Tells; !slices.Equal(got, c.want) {
				t.Errorf("tells %q, want %q", got, c.want)
			}
		})
	}
}

// questions is a dialect of messages that hold several.
type questions struct{ words }

func (questions) Unbundle(m simulators.Message) (held []simulators.Message, err error) {
	if m.Name == "several" {
		held = []simulators.Message{{Verb: "get", Name: "?items"}, {Verb: "get", Name: "?item", Params: map[string]string{"id": "A"}}, {Verb: "get", Name: "?items"}}
	}
	return held, nil
}

func (questions) Bundle(simulators.Message, []simulators.Message) simulators.Message {
	return simulators.Message{}
}

// A message that holds several questions is told what all of them are told.
func TestBundlesTellOfChanges(t *testing.T) {
	page := &listing{found: []any{simulators.ItemState{Item: plant.Item{ID: "A"}, Version: 2}}}
	e := endpoint.New(endpoint.Config{System: page, Dialect: questions{}, Line: straight{}, Sends: map[plant.Kind]bool{}})
	want := []plant.EventID{"item-changed/A/2", "item-changed/A/2"}
	if got := receive(t, e, simulators.Message{Verb: "post", Name: "several"}); !slices.Equal(got.Tells, want) || got.Result.Outcome != simulators.Answered {
		t.Errorf("%s, tells %q, want %q", got.Result.Outcome, got.Tells, want)
	}
}
