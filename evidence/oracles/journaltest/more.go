package journaltest

import (
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Worked is the n-th confirmation of operation 0020, of so much work done by
// an operator that began and ended when the plant's clock says.
func (r *Run) Worked(n int, yield string, operator plant.PersonID, labor time.Duration) plant.Confirmed {
	return plant.Confirmed{Order: Order, Operation: "0020", Counter: n, WorkCenter: "WC-2", Operator: operator, Yield: Qty(yield, "EA"),
		Start: r.plant.Add(-labor), End: r.plant, Labor: labor}
}

// Item is a version of the box: its revision and how many are in a carton.
func Item(version int, revision string, carton int64) plant.ItemChanged {
	return plant.ItemChanged{Version: version, Item: plant.Item{ID: "000BOX", Unit: "EA", Decimals: 3, Revision: revision,
		Units: []plant.AltUnit{{Unit: "CAR", Factor: plant.Factor{Num: carton, Den: 1}}}}}
}

// ReleasedAs is the release of an order of boxes at a revision.
func ReleasedAs(order plant.OrderID, revision string) plant.OrderReleased {
	o := Released().Order
	o.ID, o.Revision = order, revision
	return plant.OrderReleased{Order: o}
}

// Used is the first issue of a lot to an order.
func Used(order plant.OrderID, material plant.ItemID, lot plant.LotID, amount string, unit plant.Unit) plant.Consumed {
	return plant.Consumed{Order: order, Operation: "0010", Counter: 1, Material: material, Lot: lot, Quantity: Qty(amount, unit)}
}

// Made is the first receipt of an order into a lot.
func Made(order plant.OrderID, lot plant.LotID, serials ...plant.SerialID) plant.Received {
	return plant.Received{Order: order, Counter: 1, Material: "000BOX", Lot: lot, Quantity: Qty("8", "EA"), Serials: serials}
}

// Next is a second order, which is made from what the first one made.
const Next plant.OrderID = "000004712"

// morrow is the second half of the shift: a material is changed, people work
// by the hour, and a second order uses what the first has made.
func (r *Run) morrow() {
	r.Do(Item(2, "C", 12))
	r.Do(plant.ItemChanged{Version: 2, Item: r.Plan.Items[1]})
	r.Do(ReleasedAs(Next, "C"))
	r.Do(r.Worked(1, "8.25", "P-1", 25*time.Minute))
	r.Do(r.Worked(2, "7.011", "P-2", 40*time.Minute))
	r.Do(plant.Reworked{Order: Order, Operation: "0020", Counter: 1, Quantity: Qty("1", "EA"), Reason: "BURR"})
	r.Do(Used(Next, "000BOX", "FG-1", "8", "EA"))
	r.Do(Made(Next, "FG-2", "S-3", "S-4"))
}

// Scrapped lets the clock be set to an instant and is scrap of that moment.
func Scrapped(at time.Time, r *Run) plant.Scrapped {
	r.At(at)
	return plant.Scrapped{Order: Order, Operation: "0010", Counter: 9, Material: "000PLATE", Lot: "L-7", Quantity: Qty("0.25", "KG"), Reason: "BROKEN"}
}

// closing has a system show both orders and their goods at the end of the
// shift, with the stock of raw lots as given: the MES knows what it announced,
// the ERP what it shipped.
func (r *Run) closing(endpoint string, raw ...evidence.StockBook) {
	first := evidence.OrderBook{Order: Order, Item: "000BOX", Quantity: Qty("90", "EA"), Version: 2, Priority: 2, State: "Running",
		Received: plant.MustDecimal("15.261"), Confirmed: map[plant.OperationID]simulators.OperationSum{
			"0010": {Yield: plant.MustDecimal("29.961")}, "0020": {Yield: plant.MustDecimal("15.261"), Rework: plant.Whole(1)}}}
	next := evidence.OrderBook{Order: Next, Item: "000BOX", Quantity: Qty("100", "EA"), Version: 1, State: "Ready", Received: plant.Whole(8)}
	r.Add(evidence.Snapshot{Endpoint: endpoint, Orders: []evidence.OrderBook{first, next},
		Stock: append(raw, stock("000BOX", "FG-1", "7.261"), stock("000BOX", "FG-2", "8"))})
}
