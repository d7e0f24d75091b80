package dialecttest

import (
	"time"

	"pgregory.net/rapid"

	"github.com/andon-rig/andon/simulators/plant"
)

// Kinds are the kinds of facts that Facts makes.
func Kinds() []plant.Kind {
	return []plant.Kind{
		plant.KindOrderReleased, plant.KindOrderChanged, plant.KindOrderCancelled, plant.KindOperationStarted, plant.KindConfirmation,
		plant.KindConsumption, plant.KindScrap, plant.KindRework, plant.KindReceipt, plant.KindReversal, plant.KindLotHeld, plant.KindLotDecided,
		plant.KindInspection, plant.KindItemChanged, plant.KindBillChanged, plant.KindRoutingChanged, plant.KindCenterChanged, plant.KindCalendarChanged, plant.KindShipment, plant.KindMachineCount, plant.KindMachineState,
	}
}

// Events makes events of one kind, with the odd identifiers, offsets and
// quantities that real plants have.
func Events(kind plant.Kind) *rapid.Generator[plant.Event] {
	return rapid.Custom(func(t *rapid.T) plant.Event {
		f := fact(t, kind)
		return plant.Event{ID: plant.EventID(plant.Natural(f)), At: instant(t, "at"), Fact: f}
	})
}

// id draws an identifier. Any text may be one: leading zeros, blanks, slashes
// and quotes are part of it.
func id[S ~string](t *rapid.T, name string) S {
	odd := rapid.SampledFrom([]string{"000123", "A/B 12", "Ä-1,5", `say "x"\`, "lot\t7", "漢字", "🏭", "<&'>", "null", "12.50", "a%2Fb"})
	plain := rapid.StringMatching(`[0-9A-Za-z][0-9A-Za-z _./-]{0,14}`)
	return S(rapid.OneOf(plain, plain, odd, rapid.StringN(1, 8, 24)).Filter(func(s string) bool { return s != "" }).Draw(t, name))
}

// optional is id or nothing.
func optional[S ~string](t *rapid.T, name string) S {
	if rapid.Bool().Draw(t, name+" said") {
		return id[S](t, name)
	}
	return ""
}

func instant(t *rapid.T, name string) time.Time {
	offset := rapid.SampledFrom([]int{0, 3600, 7200, -18000, 19800, 20700}).Draw(t, name+" offset")
	s := rapid.Int64Range(946684800, 4102444800).Draw(t, name+" seconds") // 2000 to 2100
	ns := rapid.SampledFrom([]int64{0, 0, 1_000_000, 999_999_999}).Draw(t, name+" fraction")
	at := time.Unix(s, ns)
	if offset == 0 {
		return at.UTC()
	}
	return at.In(time.FixedZone("", offset))
}

func amount(t *rapid.T, name string) plant.Decimal {
	return plant.Decimal(rapid.OneOf(
		rapid.Map(rapid.Int64Range(0, 5000), func(n int64) int64 { return n * int64(plant.One) }),
		rapid.Int64Range(0, 1e18-1),
	).Draw(t, name))
}

func quantity(t *rapid.T, name string) plant.Quantity {
	return plant.Quantity{Amount: amount(t, name), Unit: id[plant.Unit](t, name+" unit")}
}

func counter(t *rapid.T) int { return rapid.IntRange(1, 99999).Draw(t, "counter") }

func span(t *rapid.T, name string) time.Duration {
	return time.Duration(rapid.OneOf(
		rapid.Map(rapid.Int64Range(0, 100_000), func(n int64) int64 { return n * int64(time.Second) }),
		rapid.Int64Range(0, 1e16),
	).Draw(t, name))
}

func fact(t *rapid.T, kind plant.Kind) plant.Fact {
	order, operation := id[plant.OrderID](t, "order"), id[plant.OperationID](t, "operation")
	switch kind {
	case plant.KindOrderReleased:
		return plant.OrderReleased{Order: wholeOrder(t, order)}
	case plant.KindOrderChanged:
		return plant.OrderChanged{Order: order, Version: counter(t), Quantity: quantity(t, "quantity"), Due: instant(t, "due"), Priority: rapid.IntRange(0, 99).Draw(t, "priority")}
	case plant.KindOrderCancelled:
		return plant.OrderCancelled{Order: order, Version: counter(t)}
	case plant.KindOperationStarted:
		return plant.OperationStarted{Order: order, Operation: operation, WorkCenter: optional[plant.WorkCenterID](t, "work center"), Operator: optional[plant.PersonID](t, "operator")}
	case plant.KindConfirmation:
		return confirmed(t, order, operation)
	case plant.KindConsumption:
		return plant.Consumed{Order: order, Operation: operation, Counter: counter(t), Material: id[plant.ItemID](t, "material"), Lot: optional[plant.LotID](t, "lot"), Quantity: quantity(t, "quantity")}
	case plant.KindScrap:
		return plant.Scrapped{Order: order, Operation: operation, Counter: counter(t), Material: id[plant.ItemID](t, "material"), Lot: optional[plant.LotID](t, "lot"), Quantity: quantity(t, "quantity"), Reason: optional[string](t, "reason")}
	case plant.KindRework:
		return plant.Reworked{Order: order, Operation: operation, Counter: counter(t), Quantity: quantity(t, "quantity"), Reason: optional[string](t, "reason")}
	case plant.KindReceipt:
		return plant.Received{Order: order, Counter: counter(t), Material: id[plant.ItemID](t, "material"), Lot: id[plant.LotID](t, "lot"), Quantity: quantity(t, "quantity"), Serials: serials(t)}
	case plant.KindReversal:
		k := plant.Keys{Order: order, Operation: operation, Counter: counter(t)}
		of := rapid.SampledFrom(plant.Reversible()).Draw(t, "of")
		if of == plant.KindReceipt {
			k.Operation = ""
		}
		f := plant.Keyed(of, k)
		return plant.Reversed{Original: plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f}}
	case plant.KindInspection:
		return plant.Inspected{Order: order, Operation: operation, Counter: counter(t), Material: id[plant.ItemID](t, "material"), Lot: optional[plant.LotID](t, "lot"), Serial: optional[plant.SerialID](t, "serial"), Passed: rapid.IntRange(0, 500).Draw(t, "passed"), Failed: rapid.IntRange(0, 3).Draw(t, "failed"), Text: optional[string](t, "text")}
	}
	return otherFact(t, kind, order)
}

func otherFact(t *rapid.T, kind plant.Kind, order plant.OrderID) plant.Fact {
	lot := id[plant.LotID](t, "lot")
	switch kind {
	case plant.KindLotHeld:
		return plant.LotHeld{Lot: lot, Material: optional[plant.ItemID](t, "material"), Order: optional[plant.OrderID](t, "maker"), Case: id[plant.CaseID](t, "case"), Reason: optional[string](t, "reason")}
	case plant.KindLotDecided:
		return plant.LotDecided{Lot: lot, Material: optional[plant.ItemID](t, "material"), Case: id[plant.CaseID](t, "case"), Decision: rapid.SampledFrom([]plant.Decision{plant.DecideRelease, plant.DecideUseAsIs, plant.DecideScrap, plant.DecideToRework}).Draw(t, "decision")}
	case plant.KindItemChanged:
		return plant.ItemChanged{Version: counter(t), Item: item(t)}
	case plant.KindBillChanged:
		return plant.BillChanged{Version: counter(t), Bill: bill(t)}
	case plant.KindRoutingChanged:
		return plant.RoutingChanged{Version: counter(t), Routing: routing(t)}
	case plant.KindCenterChanged:
		return plant.CenterChanged{Version: counter(t), WorkCenter: center(t)}
	case plant.KindCalendarChanged:
		return plant.CalendarChanged{Version: counter(t), Calendar: hours(t)}
	case plant.KindShipment:
		return plant.Shipped{Lot: lot, Material: id[plant.ItemID](t, "material"), Counter: counter(t), Quantity: quantity(t, "quantity")}
	case plant.KindMachineCount:
		f := plant.MachineCounted{Machine: id[plant.MachineID](t, "machine"), Counter: counter(t), Count: rapid.Int64Range(0, 1e12).Draw(t, "count"),
			Modulo: rapid.SampledFrom([]int64{0, 256, 65536, 1 << 32}).Draw(t, "modulo"), Resets: rapid.IntRange(0, 9).Draw(t, "resets"),
			Quality: rapid.SampledFrom([]string{"", "good", "uncertain", "bad"}).Draw(t, "quality")}
		if rapid.Bool().Draw(t, "pieces said") {
			f.Pieces = quantity(t, "pieces")
		}
		return f
	case plant.KindMachineState:
		return plant.MachineChanged{Machine: id[plant.MachineID](t, "machine"), Counter: counter(t), State: "ACTIVE"}
	}
	t.Fatalf("no generator for facts of kind %q, of order %s", kind, order)
	return nil
}

func confirmed(t *rapid.T, order plant.OrderID, operation plant.OperationID) plant.Fact {
	f := plant.Confirmed{
		Order: order, Operation: operation, Counter: counter(t),
		WorkCenter: optional[plant.WorkCenterID](t, "work center"), Operator: optional[plant.PersonID](t, "operator"),
		Yield: quantity(t, "yield"), Reason: optional[string](t, "reason"), Final: rapid.Bool().Draw(t, "final"), Labor: span(t, "labor"),
	}
	if rapid.Bool().Draw(t, "scrapped") {
		f.Scrap = plant.Quantity{Amount: amount(t, "scrap"), Unit: f.Yield.Unit}
	}
	if rapid.Bool().Draw(t, "reworked") {
		f.Rework = plant.Quantity{Amount: amount(t, "rework"), Unit: f.Yield.Unit}
	}
	if rapid.Bool().Draw(t, "timed") {
		f.Start, f.End = instant(t, "start"), instant(t, "end")
	}
	return f
}

func serials(t *rapid.T) (ids []plant.SerialID) {
	for range rapid.IntRange(0, 3).Draw(t, "serials") {
		ids = append(ids, id[plant.SerialID](t, "serial"))
	}
	return ids
}

func item(t *rapid.T) plant.Item {
	i := plant.Item{
		ID: id[plant.ItemID](t, "item"), Description: optional[string](t, "description"), Revision: optional[string](t, "revision"), Unit: id[plant.Unit](t, "unit"),
		Decimals: rapid.IntRange(0, 6).Draw(t, "decimals"), Lots: rapid.Bool().Draw(t, "lots"), Serials: rapid.Bool().Draw(t, "serials"),
		Retired: rapid.Bool().Draw(t, "retired"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "units") {
		i.Units = append(i.Units, plant.AltUnit{Unit: id[plant.Unit](t, "alternative"), Factor: plant.Factor{Num: rapid.Int64Range(1, 1e9).Draw(t, "num"), Den: rapid.Int64Range(1, 1e9).Draw(t, "den")}})
	}
	return i
}

func wholeOrder(t *rapid.T, order plant.OrderID) plant.Order {
	o := plant.Order{
		ID: order, Item: id[plant.ItemID](t, "item"), Revision: optional[string](t, "revision"), Quantity: quantity(t, "quantity"),
		Priority: rapid.IntRange(0, 99).Draw(t, "priority"), Lot: optional[plant.LotID](t, "lot"), Due: instant(t, "due"),
	}
	if rapid.Bool().Draw(t, "scheduled") {
		o.Start = instant(t, "start")
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "operations") {
		o.Operations = append(o.Operations, plant.Operation{
			ID: plant.OperationID("00" + string(rune('1'+i)) + "0"), Description: optional[string](t, "description"), WorkCenter: id[plant.WorkCenterID](t, "work center"),
			Setup: span(t, "setup"), Cycle: span(t, "cycle"), Inspect: rapid.Bool().Draw(t, "inspect"),
		})
	}
	for range rapid.IntRange(0, 12).Draw(t, "components") {
		op := rapid.IntRange(0, len(o.Operations)-1).Draw(t, "component's operation")
		o.Components = append(o.Components, plant.Component{Material: id[plant.ItemID](t, "component"), Operation: o.Operations[op].ID, Quantity: quantity(t, "needed")})
	}
	return o
}

func bill(t *rapid.T) plant.Bill {
	b := plant.Bill{Item: id[plant.ItemID](t, "item"), For: quantity(t, "for")}
	for range rapid.IntRange(0, 4).Draw(t, "components") {
		b.Components = append(b.Components, plant.Component{Material: id[plant.ItemID](t, "component"), Operation: id[plant.OperationID](t, "at"), Quantity: quantity(t, "needed")})
	}
	return b
}

func routing(t *rapid.T) plant.Routing {
	r := plant.Routing{Item: id[plant.ItemID](t, "item")}
	for i := range rapid.IntRange(1, 4).Draw(t, "operations") {
		r.Operations = append(r.Operations, plant.Operation{
			ID: plant.OperationID("00" + string(rune('1'+i)) + "0"), Description: optional[string](t, "description"), WorkCenter: id[plant.WorkCenterID](t, "work center"),
			Setup: span(t, "setup"), Cycle: span(t, "cycle"), Inspect: rapid.Bool().Draw(t, "inspect"),
		})
	}
	return r
}

func center(t *rapid.T) plant.WorkCenter {
	w := plant.WorkCenter{ID: id[plant.WorkCenterID](t, "work center"), Description: optional[string](t, "description"), Manual: rapid.Bool().Draw(t, "manual"),
		Efficiency: rapid.SampledFrom([]int{0, 1, 85, 100, 1000}).Draw(t, "efficiency")}
	for range rapid.IntRange(0, 3).Draw(t, "machines") {
		w.Machines = append(w.Machines, id[plant.MachineID](t, "machine"))
	}
	return w
}

func hours(t *rapid.T) plant.Calendar {
	c := plant.Calendar{ID: id[string](t, "calendar"), Zone: rapid.SampledFrom([]string{"UTC", "Europe/Prague", "Asia/Kathmandu", "America/Argentina/Buenos_Aires"}).Draw(t, "zone")}
	for range rapid.IntRange(0, 3).Draw(t, "shifts") {
		s := plant.Shift{Name: id[string](t, "shift"), Start: plant.WallTime(rapid.IntRange(0, 24*60-1).Draw(t, "start")), End: plant.WallTime(rapid.IntRange(0, 24*60-1).Draw(t, "end"))}
		for d := time.Sunday; d <= time.Saturday; d++ {
			if rapid.Bool().Draw(t, d.String()) || d == time.Saturday && len(s.Days) == 0 {
				s.Days = append(s.Days, d)
			}
		}
		c.Shifts = append(c.Shifts, s)
	}
	return c
}
