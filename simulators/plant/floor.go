package plant

import "time"

// View is what the shop floor sees of the MES: it starts nothing that was not
// dispatched to it and uses no lot that the MES shows as blocked.
type View interface {
	// Dispatched reports whether the MES has the order, and in which version.
	Dispatched(OrderID) (version int, ok bool)
	// Quantity is what the MES shows as the quantity to make.
	Quantity(OrderID) (Decimal, bool)
	// Usable reports whether the MES lets the lot be used.
	Usable(LotID) bool
}

// Floor is the truth of a run: a plant whose events fall due on a calendar of
// plant time. It is pure: the same configuration, actions and views give the
// same events.
type Floor interface {
	// Master is what ERP and MES know before the run begins.
	Master() Master
	// Now is the plant time of the last event.
	Now() time.Time
	// Next is when something is due next; false when nothing is.
	Next() (time.Time, bool)
	// Advance moves to Next and lets everything due there happen.
	Advance(View) []Event
	// Do lets something happen now that the plant would not do by itself.
	Do(Action) ([]Event, error)
	// Waiting lists orders that could not go on, with the reason: not
	// dispatched, a lot on hold, an approval outstanding.
	Waiting() map[OrderID]string
}

// Action is something a scenario makes happen.
type Action struct {
	Do     string // "release-orders", "change-order", "cancel-order", "change-item", "change-bom", "change-routing", "change-work-center", "change-calendar", "publish", "place-hold", "decide", "ship", "mistype"
	Kind   Kind   // of facts; empty means confirmations
	Order  OrderID
	Lot    LotID
	Case   CaseID
	Item   ItemID
	Retire bool
	// Component and Operation say which line of a bill and which operation of a
	// routing is changed; For is the quantity of which a bill speaks from then
	// on, and Cycle the standard time of one piece.
	Component ItemID
	Operation OperationID
	For       Decimal
	Cycle     time.Duration
	// WorkCenter is what is changed, and Efficiency what is reckoned of it.
	WorkCenter WorkCenterID
	Efficiency int
	// Shift is worked on Day as well from then on, or no more: "Sat".
	Shift string
	Day   string
	// Of are the kinds of changes whose records are told once more; none means
	// all.
	Of       []Kind
	Count    int
	Quantity Decimal
	Priority int
	Decision Decision
	Reason   string
	// At is the plant time at which it happens, if that is later than Now. It
	// is never later than Next: the plant does not skip what is due.
	At time.Time
}
