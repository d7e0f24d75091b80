package d365

import (
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

// within is what of an event the messages have fields for.
func within(e plant.Event) plant.Event {
	quantity := func(q plant.Quantity) plant.Quantity { return plant.Quantity{Amount: q.Amount} } // in the unit of the item
	op := func(id plant.OperationID) plant.OperationID { return operationID(len(id) * 10) }
	reason := func(r string) string { return strings.TrimPrefix(r, rework) }
	switch f := e.Fact.(type) {
	case plant.OrderReleased, plant.OrderChanged, plant.OrderCancelled:
		return e
	case plant.OperationStarted:
		e.Fact = plant.OperationStarted{Order: f.Order}
	case plant.Confirmed:
		f.Operation, f.Counter, f.Reason, f.Labor = op(f.Operation), 0, reason(f.Reason), f.Labor.Truncate(time.Second)
		f.Yield, f.Scrap, f.Rework = quantity(f.Yield), quantity(f.Scrap), quantity(f.Rework)
		f.Start, f.End = time.Time{}, time.Time{}
		e.Fact = f
	case plant.Reworked:
		f.Operation, f.Counter, f.Quantity = op(f.Operation), 0, quantity(f.Quantity)
		e.Fact = f
	case plant.Consumed:
		if f.Counter = 0; f.Operation != "" {
			f.Operation = op(f.Operation)
		}
		if f.Quantity.Amount == 0 {
			f.Quantity = plant.Quantity{}
		}
		e.Fact = f
	case plant.Scrapped:
		f.Operation, f.Counter, f.Quantity.Amount = op(f.Operation), 0, max(f.Quantity.Amount, 1)
		e.Fact = f
	case plant.Received:
		f.Counter, f.Quantity = 0, quantity(f.Quantity)
		f.Quantity.Amount = max(f.Quantity.Amount, 1)
		if len(f.Serials) > 1 {
			f.Serials = f.Serials[:1]
		}
		e.Fact = f
		e.ID, e.At = "", e.At.UTC().Truncate(100*time.Nanosecond)
		return e
	}
	e.ID, e.At = "", time.Time{}
	return e
}

// once are the answers that only an interface gives that posts at once, and that
// one of this kind has no words for but that something went wrong.
var once = map[string]int{
	"applied": 200, "repeated": 200, "accepted": 200, "partly": 500, "all rows bad": 500, "one row bad": 500,
	"order unknown": 500, "data quality": 500, "business": 500, "key reused": 500, "already posted": 500, "locked": 500,
}

func TestConformance(t *testing.T) {
	dialecttest.Run(t, Dialect{}, dialecttest.Within(within), dialecttest.Statuses(once),
		dialecttest.Told(plant.KindOrderReleased, plant.KindOrderChanged, plant.KindOrderCancelled))
}
