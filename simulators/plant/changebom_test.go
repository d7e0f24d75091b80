package plant

import (
	"strings"
	"testing"
	"time"
)

func engineeredFloor(t *testing.T, profile string) (do func(Action) (Event, error), order func() Order) {
	t.Helper()
	f, err := New(Config{Profile: profile, Seed: 7, Orders: 8, Manual: true})
	if err != nil {
		t.Fatal(err)
	}
	do = func(a Action) (Event, error) {
		es, err := f.Do(a)
		if err != nil {
			return Event{}, err
		}
		return es[0], nil
	}
	return do, func() Order {
		t.Helper()
		e, err := do(Action{Do: "release-orders"})
		if err != nil {
			t.Fatal(err)
		}
		return e.Fact.(OrderReleased).Order
	}
}

// What is released after a change is planned by the bill in force, whatever
// quantity that speaks of.
func TestChangeBill(t *testing.T) {
	for _, profile := range []string{"nist-box", "machine-shop"} {
		do, release := engineeredFloor(t, profile)
		e, err := do(Action{Do: "change-bom"})
		if err != nil {
			t.Fatal(err)
		}
		c := e.Fact.(BillChanged)
		if c.Version != 1 || e.ID != EventID("bom-changed/"+string(c.Bill.Item)+"/1") || c.Bill.Revision != "" || len(c.Bill.Components) == 0 {
			t.Fatalf("%s: got %s %+v", profile, e.ID, c)
		}
		e, err = do(Action{Do: "change-bom", Item: c.Bill.Item, For: Whole(100)})
		if err != nil {
			t.Fatal(err)
		}
		hundred := e.Fact.(BillChanged)
		if hundred.Version != 2 || hundred.Bill.For.Amount != Whole(100) || hundred.Bill.Components[0].Quantity.Amount != c.Bill.Components[0].Quantity.Amount.Times(100) {
			t.Errorf("%s: by the hundred %+v, by the piece %+v", profile, hundred.Bill, c.Bill)
		}
		o := release()
		if o.Item != c.Bill.Item {
			t.Fatalf("%s: the next order is of %s, and the bill of %s was changed", profile, o.Item, c.Bill.Item)
		}
		for i, line := range c.Bill.Components {
			if want := line.Quantity.Amount.Times(int64(o.Quantity.Amount / One)); o.Components[i].Quantity.Amount != want {
				t.Errorf("%s: %s of %s for %s, want %s", profile, o.Components[i].Quantity, line.Material, o.Quantity, want)
			}
		}
	}
}

func TestChangeRouting(t *testing.T) {
	do, release := engineeredFloor(t, "nist-box")
	e, err := do(Action{Do: "change-routing", Cycle: 95 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	c := e.Fact.(RoutingChanged)
	o := release()
	if c.Version != 1 || c.Routing.Operations[0].Cycle != 95*time.Second || o.Item != c.Routing.Item || o.Operations[0].Cycle != 95*time.Second {
		t.Errorf("routing %+v, and the next order has %+v", c, o.Operations)
	}
	if o.Operations[1].Cycle != c.Routing.Operations[1].Cycle || o.Operations[1].Cycle == 95*time.Second {
		t.Errorf("another operation was changed: %+v", o.Operations[1])
	}
	e, err = do(Action{Do: "change-routing", Item: c.Routing.Item})
	if again, ok := e.Fact.(RoutingChanged); err != nil || !ok || again.Version != 2 || again.Routing.Operations[0].Cycle <= 95*time.Second {
		t.Errorf("changed again: %+v %v", again, err)
	}
}

func TestChangeWorkCenter(t *testing.T) {
	do, _ := engineeredFloor(t, "nist-box")
	e, err := do(Action{Do: "change-work-center"})
	if err != nil {
		t.Fatal(err)
	}
	c := e.Fact.(CenterChanged)
	if c.Version != 1 || c.WorkCenter.Efficiency != 90 || c.Keys() != (Keys{WorkCenter: c.WorkCenter.ID, Counter: 1}) || e.ID != EventID("work-center-changed/"+string(c.WorkCenter.ID)+"/1") {
		t.Errorf("%s: %+v", e.ID, c)
	}
	e, err = do(Action{Do: "change-work-center", WorkCenter: c.WorkCenter.ID, Efficiency: 85})
	if again, ok := e.Fact.(CenterChanged); err != nil || !ok || again.Version != 2 || again.WorkCenter.Efficiency != 85 || again.WorkCenter.Description != c.WorkCenter.Description {
		t.Errorf("changed again: %+v %v", again, err)
	}
}

func TestChangeCalendar(t *testing.T) {
	do, _ := engineeredFloor(t, "machine-shop")
	e, err := do(Action{Do: "change-calendar"})
	if err != nil {
		t.Fatal(err)
	}
	c := e.Fact.(CalendarChanged)
	if c.Version != 1 || c.Calendar.ID == "" || strings.Join(c.Calendar.Shifts[0].Weekdays(), " ") != "Mon Tue Wed Thu Fri Sat" || len(c.Calendar.Shifts[1].Days) != 5 {
		t.Errorf("%s: %+v", e.ID, c)
	}
	e, err = do(Action{Do: "change-calendar", Shift: "late", Day: "Fri"})
	again, ok := e.Fact.(CalendarChanged)
	if err != nil || !ok || again.Version != 2 || strings.Join(again.Calendar.Shifts[1].Weekdays(), " ") != "Mon Tue Wed Thu" || len(again.Calendar.Shifts[0].Days) != 6 {
		t.Errorf("changed again: %+v %v", again, err)
	}
	if got := again.Fields()[2]; got != (Field{"shift late", "14:00 to 22:00 on Mon Tue Wed Thu"}) {
		t.Errorf("field %+v", got)
	}
}

func TestEngineeringChangesThatCannotBe(t *testing.T) {
	do, _ := engineeredFloor(t, "nist-box")
	for _, tt := range []struct {
		a    Action
		says string
	}{
		{Action{Do: "change-bom", Item: "NO-SUCH"}, `material "NO-SUCH" has no bill of material`},
		{Action{Do: "change-bom", Component: "NO-SUCH"}, `has no component "NO-SUCH"`},
		{Action{Do: "change-bom", Quantity: -One}, "needs a positive quantity"},
		{Action{Do: "change-bom", For: One / 2}, "for a whole number of pieces"},
		{Action{Do: "change-bom", Quantity: 1}, "measured more finely"},
		{Action{Do: "change-routing", Item: "NO-SUCH"}, `material "NO-SUCH" has no routing`},
		{Action{Do: "change-routing", Operation: "9999"}, `has no operation "9999"`},
		{Action{Do: "change-routing", Cycle: -time.Second}, "is no time"},
		{Action{Do: "change-work-center", WorkCenter: "NO-SUCH"}, `unknown work center "NO-SUCH"`},
		{Action{Do: "change-work-center", Efficiency: 1001}, "is 1 to 1000 percent, not 1001"},
		{Action{Do: "change-calendar", Shift: "NO-SUCH"}, `has no shift "NO-SUCH"`},
		{Action{Do: "change-calendar", Day: "Saturday"}, `"Saturday" is no day of the week`},
	} {
		if _, err := do(tt.a); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%+v: got %v, want %q", tt.a, err, tt.says)
		}
	}
}
