package dialecttest

import (
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// The golden messages of all dialects tell of one day in one plant, so that
// they can be laid side by side.

// At is a time of that day, an hour east of Greenwich.
func At(hour, minute, second int) time.Time {
	return time.Date(2026, 3, 2, hour, minute, second, 0, time.FixedZone("", 3600))
}

// Event is f at t, under its natural key.
func Event(f plant.Fact, t time.Time) plant.Event {
	return plant.Event{ID: plant.EventID(plant.Natural(f)), At: t, Fact: f}
}

// EA is a number of pieces.
func EA(s string) plant.Quantity { return plant.Quantity{Amount: plant.MustDecimal(s), Unit: "EA"} }

// Consumption is the issue of so many kilograms of a lot to the first operation.
func Consumption(counter int, lot plant.LotID, kilograms string) plant.Event {
	return Event(plant.Consumed{Order: "4711000001", Operation: "0010", Counter: counter, Material: "CASTING-3", Lot: lot,
		Quantity: plant.Quantity{Amount: plant.MustDecimal(kilograms), Unit: "KGM"}}, At(6, 5, counter))
}
