package mes_test

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/mes"
)

func day(hour int) time.Time { return time.Date(2026, 3, 3, hour, 0, 0, 0, time.UTC) }

func master() plant.Master {
	return plant.Master{
		Items: []plant.Item{
			{ID: "PUMP", Unit: "EA", Lots: true, Units: []plant.AltUnit{{Unit: "BOX", Factor: plant.Factor{Num: 12, Den: 1}}}},
			{ID: "STEEL", Unit: "KG", Lots: true},
		},
		Lots: []plant.Lot{{ID: "S-1", Material: "STEEL", Quantity: plant.Whole(100)}, {ID: "S-B", Material: "STEEL", Status: plant.LotBlocked}},
		Open: []plant.Order{order("OPEN")},
	}
}

func order(id plant.OrderID) plant.Order {
	return plant.Order{ID: id, Item: "PUMP", Quantity: plant.Of(100, "EA"), Lot: plant.LotID("P-" + id),
		Operations: []plant.Operation{{ID: "0010", WorkCenter: "SAW"}, {ID: "0020", WorkCenter: "FIT"}}}
}

func event(f plant.Fact) plant.Event {
	return plant.Event{ID: plant.EventID(plant.Natural(f)), At: day(9), Fact: f}
}

func tellAll(m *mes.MES, fs ...plant.Fact) ([]simulators.Row, []simulators.Posting) {
	a := simulators.Ask{Now: day(10)}
	for _, f := range fs {
		a.Claims = append(a.Claims, event(f))
	}
	var posted []simulators.Posting
	return m.Handle(a, func(p simulators.Posting) { posted = append(posted, p) }).Rows, posted
}

func tell(m *mes.MES, f plant.Fact) (simulators.Row, []simulators.Posting) {
	rows, posted := tellAll(m, f)
	return rows[0], posted
}

// newMES returns an MES with order 4711 dispatched.
func newMES(set ...func(*mes.Options)) *mes.MES {
	m := mes.New(master(), set...)
	tell(m, plant.OrderReleased{Order: order("4711")})
	return m
}

func blind(o *mes.Options) { o.NaturalKey = false }

func changed(version int, q plant.Quantity) plant.OrderChanged {
	return plant.OrderChanged{Order: "4711", Version: version, Quantity: q}
}

func confirmed(op plant.OperationID, counter int, yield int64) plant.Confirmed {
	return plant.Confirmed{Order: "4711", Operation: op, Counter: counter, Yield: plant.Of(yield, "EA")}
}

func dump(m *mes.MES) string {
	list := func(object string) []any {
		return m.Handle(simulators.Ask{Query: &simulators.Query{Object: object}}, nil).Found
	}
	return fmt.Sprintf("%+v\n%+v\n%v %v %v", list("orders"), list("items"), m.State("lot", "S-1"), m.State("cases", "S-1"), m.State("lot", "P-4711"))
}

func TestHandleRefuses(t *testing.T) {
	decided := func(lot plant.LotID, c plant.CaseID, d plant.Decision) plant.Fact {
		return plant.LotDecided{Lot: lot, Case: c, Decision: d}
	}
	edited := func(change func(*plant.Order)) plant.Fact {
		o := order("4712")
		change(&o)
		return plant.OrderReleased{Order: o}
	}
	hold := plant.LotHeld{Lot: "S-1", Material: "STEEL", Case: "Q-1"}
	for _, tt := range []struct {
		name    string
		set     func(*mes.Options)
		noticed []plant.Fact
		before  []plant.Fact
		fact    plant.Fact
		code    string
		class   simulators.Class
	}{
		{name: "release of unknown material", fact: edited(func(o *plant.Order) { o.Item = "PLUMP" }), code: "item-unknown", class: simulators.DataQuality},
		{name: "release in unknown unit", fact: edited(func(o *plant.Order) { o.Quantity.Unit = "ea" }), code: "unit-unknown", class: simulators.DataQuality},
		{name: "release in unit of another material", fact: edited(func(o *plant.Order) { o.Quantity.Unit = "KG" }), code: "unit-not-convertible", class: simulators.DataQuality},
		{name: "release of nothing", fact: edited(func(o *plant.Order) { o.Quantity.Amount = 0 }), code: "quantity-zero", class: simulators.DataQuality},
		{name: "release of less than nothing", fact: edited(func(o *plant.Order) { o.Quantity.Amount = -1 }), code: "quantity-negative", class: simulators.DataQuality},
		{name: "release without routing", fact: edited(func(o *plant.Order) { o.Operations = nil }), code: "routing-missing", class: simulators.DataQuality},
		{name: "release without identifier", fact: edited(func(o *plant.Order) { o.ID = "" }), code: "order-unknown", class: simulators.DataQuality},
		{name: "change of unknown order", fact: plant.OrderChanged{Order: "9999", Version: 2, Quantity: plant.Of(1, "EA")}, code: "order-unknown", class: simulators.DataQuality},
		{name: "change overtaken", before: []plant.Fact{changed(3, plant.Of(90, "EA"))}, fact: changed(2, plant.Of(80, "EA")), code: "version-overtaken", class: simulators.Business},
		{name: "change overtaken, repetitions unknown", set: blind, before: []plant.Fact{changed(3, plant.Of(90, "EA"))}, fact: changed(2, plant.Of(80, "EA")), code: "version-overtaken", class: simulators.Business},
		{name: "change to the version of the release", fact: changed(1, plant.Of(80, "EA")), code: "version-overtaken", class: simulators.Business},
		{name: "change below what is produced", noticed: []plant.Fact{confirmed("0010", 1, 50), confirmed("0010", 2, 25)}, fact: changed(2, plant.Of(60, "EA")), code: "quantity-below-produced", class: simulators.Business},
		{name: "change below what is produced, in boxes", noticed: []plant.Fact{confirmed("0010", 1, 61)}, fact: changed(2, plant.Of(5, "BOX")), code: "quantity-below-produced", class: simulators.Business},
		{name: "change in unknown unit", fact: changed(2, plant.Of(60, "")), code: "unit-unknown", class: simulators.DataQuality},
		{name: "change of cancelled order", before: []plant.Fact{plant.OrderCancelled{Order: "4711", Version: 2}}, fact: changed(3, plant.Of(60, "EA")), code: "order-closed", class: simulators.Business},
		{name: "cancellation of unknown order", fact: plant.OrderCancelled{Order: "9999", Version: 2}, code: "order-unknown", class: simulators.DataQuality},
		{name: "cancellation of started order", noticed: []plant.Fact{plant.OperationStarted{Order: "4711", Operation: "0010"}}, fact: plant.OrderCancelled{Order: "4711", Version: 2}, code: "order-running", class: simulators.Business},
		{name: "cancellation of confirmed order", noticed: []plant.Fact{confirmed("0010", 1, 0)}, fact: plant.OrderCancelled{Order: "4711", Version: 2}, code: "order-running", class: simulators.Business},
		{name: "cancellation overtaken", before: []plant.Fact{changed(3, plant.Of(90, "EA"))}, fact: plant.OrderCancelled{Order: "4711", Version: 2}, code: "version-overtaken", class: simulators.Business},
		{name: "decision on unknown lot", fact: decided("S-9", "Q-1", plant.DecideRelease), code: "lot-unknown", class: simulators.DataQuality},
		{name: "decision on unknown case", fact: decided("S-1", "Q-1", plant.DecideRelease), code: "case-unknown", class: simulators.DataQuality},
		{name: "decision on another material", noticed: []plant.Fact{hold}, fact: plant.LotDecided{Lot: "S-1", Material: "PUMP", Case: "Q-1", Decision: plant.DecideRelease}, code: "lot-wrong-material", class: simulators.DataQuality},
		{name: "decision that is none", noticed: []plant.Fact{hold}, fact: decided("S-1", "Q-1", "maybe"), code: "decision-unknown", class: simulators.DataQuality},
		{name: "decision against an earlier one", set: blind, noticed: []plant.Fact{hold}, before: []plant.Fact{decided("S-1", "Q-1", plant.DecideScrap)}, fact: decided("S-1", "Q-1", plant.DecideRelease), code: "case-decided", class: simulators.Business},
		{name: "material overtaken", before: []plant.Fact{plant.ItemChanged{Item: plant.Item{ID: "PUMP", Unit: "EA"}, Version: 3}}, fact: plant.ItemChanged{Item: plant.Item{ID: "PUMP", Unit: "EA"}, Version: 2}, code: "version-overtaken", class: simulators.Business},
		{name: "bill overtaken", before: []plant.Fact{billOf("PUMP", 3, "STEEL")}, fact: billOf("PUMP", 2, "STEEL"), code: "version-overtaken", class: simulators.Business},
		{name: "bill of unknown material", fact: billOf("NO-SUCH", 1, "STEEL"), code: "item-unknown", class: simulators.DataQuality},
		{name: "bill with unknown component", fact: billOf("PUMP", 1, "NO-SUCH"), code: "item-unknown", class: simulators.DataQuality},
		{name: "bill for nothing", fact: plant.BillChanged{Bill: plant.Bill{Item: "PUMP", For: plant.Of(0, "EA")}, Version: 1}, code: "quantity-zero", class: simulators.DataQuality},
		{name: "routing overtaken", before: []plant.Fact{routingOf("PUMP", 3, "0010")}, fact: routingOf("PUMP", 2, "0010"), code: "version-overtaken", class: simulators.Business},
		{name: "routing of unknown material", fact: routingOf("NO-SUCH", 1, "0010"), code: "item-unknown", class: simulators.DataQuality},
		{name: "routing without operations", fact: routingOf("PUMP", 1), code: "routing-missing", class: simulators.DataQuality},
		{name: "reading of unknown machine", fact: plant.MachineCounted{Machine: "M-9", Counter: 1}, code: "machine-unknown", class: simulators.DataQuality},
		{name: "kind of the other direction", fact: confirmed("0010", 1, 1), code: "kind-not-taken", class: simulators.DataQuality},
		{name: "no fact", code: "nothing-said", class: simulators.DataQuality},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMES(setOf(tt.set)...)
			for _, f := range tt.noticed {
				m.Notice(event(f))
			}
			for _, f := range tt.before {
				if row, _ := tell(m, f); row.Refusal != nil {
					t.Fatal(row.Refusal)
				}
			}
			before := dump(m)
			posted := 0
			a := m.Handle(simulators.Ask{Now: day(10), Claims: []plant.Event{{Fact: tt.fact}}}, func(simulators.Posting) { posted++ })
			got := a.Rows[0].Refusal
			if got == nil || got.Code != tt.code || got.Class != tt.class || got.Text == "" {
				t.Fatalf("got refusal %+v, want code %s of class %s with a text", got, tt.code, tt.class)
			}
			if after := dump(m); posted > 0 || after != before {
				t.Errorf("the refusal posted %d times and changed the books from\n%s\nto\n%s", posted, before, after)
			}
		})
	}
}

func setOf(set func(*mes.Options)) []func(*mes.Options) {
	if set == nil {
		return nil
	}
	return []func(*mes.Options){set}
}

func TestHandlePosts(t *testing.T) {
	view := func(m *mes.MES) any {
		v, ok := m.Dispatched("4711")
		q, _ := m.Quantity("4711")
		return fmt.Sprint(v, ok, q)
	}
	status := func(m *mes.MES) any {
		return fmt.Sprintf("%s %v", m.State("lot", "S-1").(plant.Lot).Status, m.Usable("S-1"))
	}
	hold := plant.LotHeld{Lot: "S-1", Material: "STEEL", Case: "Q-1"}
	for _, tt := range []struct {
		name    string
		noticed []plant.Fact
		fact    plant.Fact
		base    string
		doc     string
		look    func(*mes.MES) any
		want    any
	}{
		{"release", nil, plant.OrderReleased{Order: order("4712")}, "100 EA", "1100000002",
			func(m *mes.MES) any { v, ok := m.Dispatched("4712"); return fmt.Sprint(v, ok) }, "1 true"},
		{"change", nil, changed(2, plant.Of(60, "EA")), "60 EA", "1200000001", view, "2 true 60"},
		{"change in boxes keeps its unit", nil, changed(2, plant.Of(5, "BOX")), "60 EA", "1200000001", view, "2 true 5"},
		{"change down to what is produced", []plant.Fact{confirmed("0010", 1, 60), confirmed("0020", 1, 10)}, changed(2, plant.Of(60, "EA")), "60 EA", "1200000001", view, "2 true 60"},
		{"change that skips a version", nil, changed(7, plant.Of(60, "EA")), "60 EA", "1200000001", view, "7 true 60"},
		{"change that speaks of no quantity", nil, plant.OrderChanged{Order: "4711", Version: 3, Priority: 9}, "100 EA", "1200000001",
			func(m *mes.MES) any {
				o := m.State("order", "4711").(simulators.OrderState)
				return fmt.Sprint(o.Version, o.Order.Quantity, o.Order.Priority)
			}, "3 100 EA 9"},
		{"cancellation", nil, plant.OrderCancelled{Order: "4711", Version: 2}, "0 ", "1300000001", view, "0 false 100"},
		{"release of a hold", []plant.Fact{hold}, plant.LotDecided{Lot: "S-1", Case: "Q-1", Decision: plant.DecideRelease}, "0 ", "1400000001", status, "unrestricted true"},
		{"use as is", []plant.Fact{hold}, plant.LotDecided{Lot: "S-1", Case: "Q-1", Decision: plant.DecideUseAsIs}, "0 ", "1400000001", status, "unrestricted true"},
		{"scrap", []plant.Fact{hold}, plant.LotDecided{Lot: "S-1", Case: "Q-1", Decision: plant.DecideScrap}, "0 ", "1400000001", status, "scrapped false"},
		{"rework", []plant.Fact{hold}, plant.LotDecided{Lot: "S-1", Case: "Q-1", Decision: plant.DecideToRework}, "0 ", "1400000001", status, "blocked false"},
		{"material", nil, plant.ItemChanged{Item: plant.Item{ID: "NUT", Unit: "EA"}, Version: 1}, "0 ", "1500000001",
			func(m *mes.MES) any { return m.State("item", "NUT") }, plant.Item{ID: "NUT", Unit: "EA"}},
		{"bill of material", nil, billOf("PUMP", 1, "STEEL"), "0 ", "1800000001",
			func(m *mes.MES) any { return m.State("bom", "PUMP") }, billOf("PUMP", 1, "STEEL").Bill},
		{"routing", nil, routingOf("PUMP", 1, "0010"), "0 ", "1900000001",
			func(m *mes.MES) any { return m.State("routing", "PUMP") }, routingOf("PUMP", 1, "0010").Routing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMES()
			for _, f := range tt.noticed {
				m.Notice(event(f))
			}
			row, posted := tell(m, tt.fact)
			if row.Refusal != nil || row.Known || len(posted) != 1 {
				t.Fatalf("got %+v and %d postings", row, len(posted))
			}
			if p := posted[0]; p.Doc != tt.doc || row.Doc != tt.doc || p.Base.String() != tt.base || !p.At.Equal(day(10)) {
				t.Errorf("got document %s (answered %s) over %q at %s, want %s over %q", p.Doc, row.Doc, p.Base, p.At, tt.doc, tt.base)
			}
			if got := tt.look(m); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}

			again, posted := tell(m, tt.fact)
			if !again.Known || again.Doc != tt.doc || again.Refusal != nil || len(posted) != 0 {
				t.Errorf("repeated: got %+v and %d postings, want the first document and none", again, len(posted))
			}
			if got := tt.look(m); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("repeated: got %v, want %v", got, tt.want)
			}
		})
	}
}

func billOf(item plant.ItemID, version int, component plant.ItemID) plant.BillChanged {
	return plant.BillChanged{Version: version, Bill: plant.Bill{Item: item, For: plant.Of(100, "EA"), Components: []plant.Component{{Material: component, Operation: "0010", Quantity: plant.Of(7, "KG")}}}}
}

func routingOf(item plant.ItemID, version int, operations ...plant.OperationID) plant.RoutingChanged {
	r := plant.Routing{Item: item}
	for _, o := range operations {
		r.Operations = append(r.Operations, plant.Operation{ID: o, WorkCenter: "WC-1"})
	}
	return plant.RoutingChanged{Version: version, Routing: r}
}

func TestBlindMESPostsAgain(t *testing.T) {
	for _, f := range []plant.Fact{
		plant.OrderReleased{Order: order("4711")}, changed(2, plant.Of(90, "EA")), plant.OrderCancelled{Order: "4711", Version: 3},
		plant.LotDecided{Lot: "S-1", Case: "Q-1", Decision: plant.DecideRelease}, plant.ItemChanged{Item: plant.Item{ID: "NUT", Unit: "EA"}, Version: 1},
	} {
		m := newMES(blind)
		m.Notice(event(plant.LotHeld{Lot: "S-1", Case: "Q-1"}))
		tell(m, f)
		if f.Kind() == plant.KindOrderCancelled {
			continue // a cancelled order is not cancelled again
		}
		if row, posted := tell(m, f); row.Refusal != nil || row.Known || len(posted) != 1 {
			t.Errorf("%T: got %+v and %d postings, want a second document", f, row, len(posted))
		}
	}
}

func TestRepetitionOfAnOvertakenChangeIsKnown(t *testing.T) {
	m := newMES()
	first, _ := tell(m, changed(2, plant.Of(90, "EA")))
	tell(m, changed(3, plant.Of(80, "EA")))
	if row, _ := tell(m, changed(2, plant.Of(90, "EA"))); !row.Known || row.Doc != first.Doc {
		t.Errorf("got %+v, want document %s", row, first.Doc)
	}
	if q, _ := m.Quantity("4711"); q != plant.Whole(80) {
		t.Errorf("got quantity %s, want that of version 3", q)
	}
}

func TestLastWriteCountsIfToldSo(t *testing.T) {
	for overwrite, want := range map[bool]plant.Decimal{false: plant.Whole(80), true: plant.Whole(90)} {
		m := newMES(func(o *mes.Options) { o.Overwrite = overwrite })
		tell(m, changed(3, plant.Of(80, "EA")))
		row, _ := tell(m, changed(2, plant.Of(90, "EA")))
		if q, _ := m.Quantity("4711"); q != want || (row.Refusal == nil) != overwrite {
			t.Errorf("overwrite %v: got quantity %s and %+v, want %s", overwrite, q, row, want)
		}
	}
}

func TestSecondReleaseKeepsWhatIsDone(t *testing.T) {
	m := newMES(blind)
	m.Notice(event(confirmed("0010", 1, 5)))
	tell(m, changed(2, plant.Of(90, "EA")))
	tell(m, plant.OrderReleased{Order: order("4711")})
	if got := m.State("order", "4711").(simulators.OrderState); got.Version != 2 || got.State != "Running" || got.Confirmed["0010"].Yield != plant.Whole(5) {
		t.Errorf("got %+v, want the order as it was", got)
	}
}

func TestNotice(t *testing.T) {
	for _, tt := range []struct {
		fact plant.Fact
		want int
	}{
		{plant.OperationStarted{Order: "4711", Operation: "0010"}, 1}, {confirmed("0010", 1, 5), 1}, {confirmed("9999", 1, 5), 1},
		{plant.Consumed{Order: "4711", Material: "STEEL", Lot: "S-1", Quantity: plant.Of(1, "KG")}, 1},
		{plant.Scrapped{Order: "4711", Material: "STEEL", Lot: "S-1", Quantity: plant.Of(1, "KG")}, 1},
		{plant.Reworked{Order: "4711", Operation: "0010", Quantity: plant.Of(1, "EA")}, 1},
		{plant.Received{Order: "4711", Material: "PUMP", Lot: "P-4711", Quantity: plant.Of(1, "EA")}, 1},
		{plant.LotHeld{Lot: "S-1", Case: "Q-1"}, 1},
		{plant.Inspected{Order: "4711", Operation: "0010"}, 1},
		{plant.Confirmed{Order: "9999", Operation: "0010"}, 1}, // happened, though no such order was dispatched
		{plant.OrderReleased{Order: order("4712")}, 0}, {changed(2, plant.Of(5, "EA")), 0}, {plant.OrderCancelled{Order: "4711", Version: 2}, 0},
		{plant.LotDecided{Lot: "S-1"}, 0}, {plant.ItemChanged{Item: plant.Item{ID: "PUMP"}}, 0},
		{plant.Shipped{Lot: "S-1"}, 0}, {plant.MachineCounted{Machine: "M"}, 0},
	} {
		m := newMES()
		before := dump(m)
		ev := event(tt.fact)
		got := m.Notice(ev)
		if len(got) != tt.want || (tt.want == 1 && !reflect.DeepEqual(got[0], ev)) {
			t.Errorf("%T: announced %v, want %d events", tt.fact, got, tt.want)
		}
		if after := dump(m); tt.want == 0 && after != before {
			t.Errorf("%T: changed the books of an MES that cannot know of it", tt.fact)
		}
	}
}

func TestNoticeKeepsItsOwnBooks(t *testing.T) {
	m := newMES()
	for _, f := range []plant.Fact{
		plant.OperationStarted{Order: "4711", Operation: "0010"},
		plant.Confirmed{Order: "4711", Operation: "0010", Counter: 1, Yield: plant.Of(1, "BOX"), Scrap: plant.Of(2, "EA"), Rework: plant.Of(1, "EA"), Final: true},
		plant.Reworked{Order: "4711", Operation: "0010", Counter: 1, Quantity: plant.Of(3, "EA")},
		plant.Scrapped{Order: "4711", Operation: "0010", Counter: 1, Material: "PUMP", Quantity: plant.Of(4, "EA")},
		plant.Scrapped{Order: "4711", Operation: "0010", Counter: 2, Material: "STEEL", Lot: "S-1", Quantity: plant.Of(5, "KG")},
		plant.Consumed{Order: "4711", Operation: "0010", Counter: 1, Material: "STEEL", Lot: "S-1", Quantity: plant.Of(10, "KG")},
		plant.Confirmed{Order: "4711", Operation: "0020", Counter: 1, Yield: plant.Of(11, "EA"), Final: true},
		plant.Received{Order: "4711", Counter: 1, Material: "PUMP", Lot: "P-4711", Quantity: plant.Of(11, "EA")},
	} {
		m.Notice(event(f))
	}
	got := m.State("order", "4711").(simulators.OrderState)
	want := simulators.OperationSum{Yield: plant.Whole(12), Scrap: plant.Whole(6), Rework: plant.Whole(4), Final: true}
	if got.Confirmed["0010"] != want || got.State != "Completed" || got.Received != plant.Whole(11) {
		t.Errorf("got %+v, want %+v, completed, 11 received", got, want)
	}
	if q := m.State("lot", "S-1").(plant.Lot).Quantity; q != plant.Whole(85) {
		t.Errorf("got stock %s, want 85", q)
	}
	if q := m.State("lot", "P-4711").(plant.Lot).Quantity; q != plant.Whole(11) {
		t.Errorf("got stock %s, want 11", q)
	}
}

func TestView(t *testing.T) {
	m := newMES()
	if v, ok := m.Dispatched("OPEN"); v != 1 || !ok {
		t.Errorf("an open order: got version %d, %v", v, ok)
	}
	if _, ok := m.Dispatched("9999"); ok {
		t.Error("an unknown order is dispatched")
	}
	if _, ok := m.Quantity("9999"); ok {
		t.Error("an unknown order has a quantity")
	}
	m.Notice(event(plant.LotHeld{Lot: "N-1", Material: "STEEL", Case: "Q-1"}))
	for lot, want := range map[plant.LotID]bool{"S-1": true, "S-B": false, "never heard of": true, "N-1": false} {
		if got := m.Usable(lot); got != want {
			t.Errorf("lot %s: usable %v, want %v", lot, got, want)
		}
	}
}

func TestAtomicBatch(t *testing.T) {
	m := newMES(func(o *mes.Options) { o.Atomic = true })
	m.Notice(event(plant.LotHeld{Lot: "S-1", Case: "Q-1"}))
	before := dump(m)
	rows, posted := tellAll(m,
		plant.OrderReleased{Order: order("4713")}, changed(2, plant.Of(60, "EA")),
		plant.ItemChanged{Item: plant.Item{ID: "NUT", Unit: "EA"}, Version: 1}, plant.ItemChanged{Item: plant.Item{ID: "PUMP", Unit: "PC"}, Version: 1},
		plant.LotDecided{Lot: "S-1", Case: "Q-1", Decision: plant.DecideScrap}, billOf("NUT", 1, "STEEL"), routingOf("NUT", 1, "0010"), plant.OrderCancelled{Order: "9999", Version: 2})
	if m.State("bom", "NUT") != nil || m.State("routing", "NUT") != nil {
		t.Error("a rolled back batch left a bill or a routing")
	}
	if after := dump(m); after != before || len(posted) > 0 {
		t.Errorf("a rolled back batch posted %d rows and changed the books from\n%s\nto\n%s", len(posted), before, after)
	}
	for i, want := range []string{"batch-rolled-back", "batch-rolled-back", "batch-rolled-back", "batch-rolled-back", "batch-rolled-back", "batch-rolled-back", "batch-rolled-back", "order-unknown"} {
		if rows[i].Refusal == nil || rows[i].Refusal.Code != want {
			t.Errorf("row %d: got %v, want %s", i+1, rows[i].Refusal, want)
		}
	}
	if _, ok := m.Dispatched("4713"); ok {
		t.Error("a rolled back order is dispatched")
	}
	rows, posted = tellAll(m, changed(2, plant.Of(60, "EA")), changed(2, plant.Of(60, "EA")))
	if len(posted) != 1 || !rows[1].Known || rows[1].Doc != rows[0].Doc {
		t.Errorf("a repetition inside a batch: got %+v and %d postings", rows, len(posted))
	}
}

func TestQueries(t *testing.T) {
	m := newMES()
	for _, tt := range []struct {
		object string
		where  map[string]string
		found  int
		code   string
	}{
		{"order", map[string]string{"id": "4711"}, 1, ""}, {"order", map[string]string{"id": "9999"}, 0, "order-unknown"},
		{"lot", map[string]string{"id": "S-1"}, 1, ""}, {"lot", map[string]string{"id": "S-9"}, 0, "lot-unknown"},
		{"item", map[string]string{"id": "PUMP"}, 1, ""}, {"item", map[string]string{"id": "?"}, 0, "item-unknown"},
		{"orders", nil, 2, ""}, {"items", nil, 2, ""},
		{"postings", map[string]string{"reference": "order-released/4711/1"}, 1, ""}, {"postings", map[string]string{"order": "4711"}, 1, ""},
		{"dreams", nil, 0, "query-unknown"},
	} {
		a := m.Handle(simulators.Ask{Query: &simulators.Query{Object: tt.object, Where: tt.where}}, nil)
		code := ""
		if a.Refusal != nil {
			code = a.Refusal.Code
		}
		if code != tt.code || len(a.Found) != tt.found {
			t.Errorf("%s %v: got %d found and refusal %q, want %d and %q", tt.object, tt.where, len(a.Found), code, tt.found, tt.code)
		}
	}
	if a := m.Handle(simulators.Ask{}, nil); a.Refusal == nil || a.Refusal.Code != "nothing-said" {
		t.Errorf("an empty message: got %v", a.Refusal)
	}
}

// TestReleasesSideBySide repeats every release from 16 goroutines at once;
// each order must be dispatched once.
func TestReleasesSideBySide(t *testing.T) {
	m := newMES()
	var mu sync.Mutex // guards posted
	posted := map[plant.OrderID]int{}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for n := range 50 {
				f := plant.OrderReleased{Order: order(plant.OrderID(fmt.Sprint("5", n)))}
				m.Handle(simulators.Ask{Claims: []plant.Event{event(f)}}, func(p simulators.Posting) {
					mu.Lock()
					defer mu.Unlock()
					posted[f.Order.ID]++
				})
				m.Notice(event(plant.Confirmed{Order: f.Order.ID, Operation: "0010", Counter: n, Yield: plant.Of(1, "EA")}))
				m.Usable("S-1")
			}
		})
	}
	wg.Wait()
	for n := range 50 {
		id := plant.OrderID(fmt.Sprint("5", n))
		if posted[id] != 1 {
			t.Errorf("order %s was dispatched %d times", id, posted[id])
		}
		if got := m.State("order", string(id)).(simulators.OrderState).Confirmed["0010"].Yield; got != plant.Whole(16) {
			t.Errorf("order %s: got yield %s, want 16", id, got)
		}
	}
}
