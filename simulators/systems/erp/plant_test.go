package erp_test

import (
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
)

// day is an instant of the third of March 2026, plant time.
func day(hour int) time.Time { return time.Date(2026, 3, 3, hour, 0, 0, 0, time.UTC) }

// master is a plant of a few materials: pumps made of steel and grease.
func master() plant.Master {
	return plant.Master{
		Items: []plant.Item{
			{ID: "PUMP", Unit: "EA", Lots: true, Units: []plant.AltUnit{{Unit: "BOX", Factor: plant.Factor{Num: 12, Den: 1}}}},
			{ID: "STEEL", Unit: "KG", Lots: true, Decimals: 3, Units: []plant.AltUnit{
				{Unit: "G", Factor: plant.Factor{Num: 1, Den: 1000}}, {Unit: "BAR", Factor: plant.Factor{Num: 20, Den: 3}}}},
			{ID: "GREASE", Unit: "KG", Decimals: 3},
			{ID: "BOLT", Unit: "EA"},
		},
		Lots: []plant.Lot{
			{ID: "S-1", Material: "STEEL", Status: plant.LotUnrestricted, Quantity: plant.Whole(100)},
			{ID: "S-2", Material: "STEEL", Quantity: plant.Whole(100)},
			{ID: "S-OLD", Material: "STEEL", Quantity: plant.Whole(100), Expires: day(12)},
			{ID: "S-BLOCKED", Material: "STEEL", Status: plant.LotBlocked, Quantity: plant.Whole(100)},
			{ID: "S-SCRAP", Material: "STEEL", Status: plant.LotScrapped, Quantity: plant.Whole(100)},
			{ID: "F-1", Material: "PUMP", Quantity: plant.Whole(10)},
			{Material: "BOLT", Quantity: plant.Whole(50)},
		},
		Open:        []plant.Order{order("0000OPEN")},
		PeriodOpens: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	}
}

// order is one for 100 pumps in two operations, received under its own lot.
func order(id plant.OrderID) plant.Order {
	return plant.Order{ID: id, Item: "PUMP", Quantity: plant.Of(100, "EA"), Lot: plant.LotID("P-" + id),
		Operations: []plant.Operation{{ID: "0010", WorkCenter: "SAW"}, {ID: "0020", WorkCenter: "FIT"}}}
}

func event(f plant.Fact, at time.Time) plant.Event {
	return plant.Event{ID: plant.EventID(plant.Natural(f)), At: at, Fact: f}
}

// newERP returns an ERP with order 4711 released.
func newERP(set ...func(*erp.Options)) *erp.ERP {
	e := erp.New(master(), set...)
	e.Notice(event(plant.OrderReleased{Order: order("4711")}, day(6)))
	return e
}

// tell hands in one claim at ten o'clock and returns what became of it.
func tell(e *erp.ERP, f plant.Fact) (simulators.Row, []simulators.Posting) {
	rows, posted := tellAll(e, f)
	return rows[0], posted
}

func tellAll(e *erp.ERP, fs ...plant.Fact) ([]simulators.Row, []simulators.Posting) {
	a := simulators.Ask{Now: day(10)}
	for _, f := range fs {
		a.Claims = append(a.Claims, event(f, day(9)))
	}
	var posted []simulators.Posting
	got := e.Handle(a, func(p simulators.Posting) { posted = append(posted, p) })
	return got.Rows, posted
}

func confirmed(counter int, yield int64) plant.Confirmed {
	return plant.Confirmed{Order: "4711", Operation: "0010", Counter: counter, Yield: plant.Of(yield, "EA")}
}

func consumed(lot plant.LotID, amount string, unit plant.Unit) plant.Consumed {
	return plant.Consumed{Order: "4711", Operation: "0010", Counter: 1, Material: "STEEL", Lot: lot,
		Quantity: plant.Quantity{Amount: plant.MustDecimal(amount), Unit: unit}}
}

func received(counter int, n int64) plant.Received {
	return plant.Received{Order: "4711", Counter: counter, Material: "PUMP", Lot: "P-4711", Quantity: plant.Of(n, "EA")}
}

// reversed takes f back, by its reference.
func reversed(f plant.Fact) plant.Reversed { return plant.Reversed{Original: event(f, day(9))} }

func held(lot plant.LotID) plant.LotHeld {
	return plant.LotHeld{Lot: lot, Case: "Q-1", Reason: "crack"}
}

func shipped(lot plant.LotID, n int64) plant.Shipped {
	return plant.Shipped{Lot: lot, Material: "PUMP", Counter: 1, Quantity: plant.Of(n, "EA")}
}
