package erp_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
)

// ids lists what an answer has found, and its cursor.
func ids(t *testing.T, a simulators.Answer) (all []string, cursor string) {
	t.Helper()
	if a.Refusal != nil {
		t.Fatal(a.Refusal)
	}
	for _, f := range a.Found {
		switch f := f.(type) {
		case simulators.BillState:
			all = append(all, string(f.Bill.Item))
		case simulators.RoutingState:
			all = append(all, string(f.Routing.Item))
		case simulators.CenterState:
			all = append(all, string(f.WorkCenter.ID))
		case simulators.CalendarState:
			all = append(all, f.Calendar.ID)
		}
	}
	return all, a.Cursor
}

func engineered() *erp.ERP {
	m := plant.Master{Site: "BRNO", Zone: "Europe/Prague", Shifts: []plant.Shift{{Name: "early", Start: 360, End: 840, Days: []time.Weekday{1}}}}
	for _, id := range []plant.ItemID{"C", "A", "B"} {
		m.Items = append(m.Items, plant.Item{ID: id, Unit: "EA", Revision: "A"})
		m.Bills = append(m.Bills, plant.Bill{Item: id, Revision: "A", For: plant.Of(1, "EA"), Components: []plant.Component{{Material: "STEEL", Operation: "0010", Quantity: plant.Of(2, "KGM")}}})
		m.Routings = append(m.Routings, plant.Routing{Item: id, Revision: "A", Operations: []plant.Operation{{ID: "0010", WorkCenter: "WC"}}})
	}
	m.WorkCenters = []plant.WorkCenter{{ID: "WC-2"}, {ID: "WC-1"}}
	return erp.New(m)
}

// Lists of master data are read in full, page by page, and what has changed in
// the order of changes.
func TestListsOfMasterData(t *testing.T) {
	e := engineered()
	ask := func(object string, where ...string) simulators.Answer {
		q := &simulators.Query{Object: object, Where: map[string]string{}}
		for i := 0; i < len(where); i += 2 {
			q.Where[where[i]] = where[i+1]
		}
		return e.Handle(simulators.Ask{Query: q}, nil)
	}
	nine := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	e.Notice(plant.Event{ID: "1", At: nine, Fact: plant.ItemChanged{Version: 1, Item: plant.Item{ID: "B", Unit: "EA", Revision: "B"}}})
	e.Notice(plant.Event{ID: "2", At: nine.Add(time.Second), Fact: plant.ItemChanged{Version: 1, Item: plant.Item{ID: "A", Unit: "EA", Revision: "B"}}})
	for _, tc := range []struct {
		object, where, want string
	}{
		{"boms", "", "A B C"}, {"routings", "", "A B C"}, {"work-centers", "", "WC-1 WC-2"}, {"calendars", "", "BRNO"},
		{"boms", "limit 2", "A B"}, {"boms", "offset 1", "B C"}, {"routings", "id B", "B"},
		{"boms", "by changed", "C B A"}, {"routings", "by changed since 2026-03-02T08:59:59Z", "B A"}, {"routings", "by changed since 2026-03-02T09:00:00Z", "A"},
		{"work-centers", "by changed since 2026-03-02T08:59:59Z", ""}, {"calendars", "by changed", "BRNO"},
	} {
		got, _ := ids(t, ask(tc.object, strings.Fields(tc.where)...))
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s %s: %v, want %s", tc.object, tc.where, got, tc.want)
		}
	}
	for _, object := range []string{"boms", "routings", "work-centers"} { // from cursor to cursor, both ways of listing
		for _, by := range []string{"id", "changed"} {
			var all []string
			for cursor := ""; ; {
				where := []string{"by", by, "limit", "1"}
				if cursor != "" {
					where = append(where, "after", cursor)
				}
				page, next := ids(t, ask(object, where...))
				all = append(all, page...)
				if cursor = next; len(page) == 0 || cursor == "" {
					break
				}
			}
			whole, _ := ids(t, ask(object, "by", by))
			if !slices.Equal(all, whole) {
				t.Errorf("%s by %s: page by page %v, at once %v", object, by, all, whole)
			}
		}
	}
	bill, _ := ask("bom", "id", "B").Found[0].(simulators.BillState)
	routing, _ := ask("routing", "id", "B").Found[0].(simulators.RoutingState)
	if bill.Bill.Revision != "B" || bill.Version != 0 || !bill.Changed.Equal(nine) || routing.Routing.Revision != "B" || routing.Version != 0 {
		t.Errorf("after an engineering change: %+v %+v", bill, routing)
	}
	e.Notice(plant.Event{ID: "3", At: nine.Add(time.Minute), Fact: plant.BillChanged{Version: 1, Bill: plant.Bill{Item: "B", For: plant.Of(100, "EA")}}})
	e.Notice(plant.Event{ID: "4", At: nine.Add(time.Hour), Fact: plant.RoutingChanged{Version: 1, Routing: plant.Routing{Item: "B"}}})
	bill, _ = ask("bom", "id", "B").Found[0].(simulators.BillState)
	routing, _ = ask("routing", "id", "B").Found[0].(simulators.RoutingState)
	if bill.Bill.Revision != "B" || bill.Bill.For != plant.Of(100, "EA") || bill.Version != 1 || !bill.Changed.Equal(nine.Add(time.Minute)) || routing.Version != 1 || !routing.Changed.Equal(nine.Add(time.Hour)) {
		t.Errorf("after changes of their own: %+v %+v", bill, routing)
	}
	for _, where := range []string{"by name", "since 2026-03-02T08:59:59Z", "by changed since yesterday", "by changed after x", "limit 0"} {
		if a := ask("boms", strings.Fields(where)...); a.Refusal == nil || a.Refusal.Code != "query-unknown" {
			t.Errorf("boms %s: %+v", where, a)
		}
	}
}

// What orders are released with is what the lists say of their items, as far
// as the plant makes them by fixed routings.
func TestMasterDataIsThatOfTheOrders(t *testing.T) {
	for _, profile := range []string{"nist-box", "machine-shop"} {
		p, err := plant.New(plant.Config{Profile: profile, Seed: 7, Run: "4711", Shift: 8 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		m := p.Master()
		if len(m.Bills) == 0 || len(m.Routings) != len(m.Bills) || len(m.WorkCenters) == 0 || m.Calendars()[0].Zone == "" {
			t.Fatalf("%s: %d bills, %d routings, %d work centers", profile, len(m.Bills), len(m.Routings), len(m.WorkCenters))
		}
		for _, r := range m.Routings {
			for _, o := range r.Operations {
				if !slices.ContainsFunc(m.WorkCenters, func(w plant.WorkCenter) bool { return w.ID == o.WorkCenter }) {
					t.Errorf("%s: routing %s goes to %s, which there is not", profile, r.Item, o.WorkCenter)
				}
			}
		}
		for _, o := range m.Open {
			at := slices.IndexFunc(m.Bills, func(b plant.Bill) bool { return b.Item == o.Item })
			if at < 0 || m.Bills[at].Revision != o.Revision || len(m.Bills[at].Components) != len(o.Components) {
				t.Fatalf("%s: order of %s with %d components, and its bill is %+v", profile, o.Item, len(o.Components), m.Bills)
			}
			for i, c := range m.Bills[at].Components {
				if whole := c.Quantity.Amount.Times(int64(o.Quantity.Amount / plant.One)); whole != o.Components[i].Quantity.Amount || c.Material != o.Components[i].Material {
					t.Errorf("%s: %s of %s for one, and the order of %s needs %s", profile, c.Quantity, c.Material, o.Quantity, o.Components[i].Quantity)
				}
			}
			if profile == "nist-box" && len(m.Routings[at].Operations) != len(o.Operations) {
				t.Errorf("%s: the routing of %s has other operations than its order", profile, o.Item)
			}
		}
	}
}
