package simulators

import (
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// A Manner is how an endpoint treats one message otherwise than its policy
// says. A fault asks for it on the way; package endpoint obeys, whatever the
// dialect. The zero value changes nothing, and what does not apply to the
// message is left alone.
type Manner struct {
	// Rows of a batch that are refused before the system sees them, by
	// position; nil lets a row through, and so does a list that ends early.
	Rows []*Refusal
	// Told are the rows the answer to a batch speaks of, in that order; nil
	// means all in theirs.
	Told []int
	// Soft answers a batch of which rows failed with a status of success.
	Soft bool
	// Later accepts postings now and carries them out later.
	Later *Later
	// Page is what is wrong with one page of a list.
	Page Page
	// TokenSaid is how much longer a new token is said to live than it does.
	TokenSaid time.Duration
}

// Later is the fate of a posting that is answered "accepted", with an
// [Operation] to ask about.
type Later struct {
	Then    Completion
	After   time.Duration // wall time until then
	Refusal *Refusal      // why it fails; for CompletesNot
}

// Completion says how an operation ends.
type Completion string

// Ends of an operation.
const (
	CompletesOnce  Completion = "done"  // posted
	CompletesTwice Completion = "twice" // posted, said to run again, and said to be done again; it is posted once
	CompletesNot   Completion = "fails" // refused after all
	CompletesNever Completion = "never" // forgotten: it runs for ever and nothing is posted; a repetition is taken anew
)

// An Operation is what a system says of a posting that it accepted and has not
// answered yet.
type Operation struct {
	ID      string
	State   OperationState
	Rows    []Row    // of one that succeeded
	Refusal *Refusal // of one that failed, or of the last attempt so far
	// Of one that waits in a queue:
	Message  Message   // what its sender said
	Number   int       // in the order of arrival, from 1
	Attempts int       // made so far
	Accepted time.Time // plant time of arrival
}

// OperationState is how far an operation is.
type OperationState string

// States of an operation.
const (
	OperationRunning   OperationState = "running"
	OperationSucceeded OperationState = "succeeded"
	OperationFailed    OperationState = "failed"
	OperationCancelled OperationState = "cancelled" // somebody has taken it out of the queue
)

// Page is what is wrong with one page of a list.
type Page struct {
	// Shift is by how many rows an offset has become wrong since the page
	// before: 1 if a row before it has moved to the end, -1 if one has come. A
	// cursor means the same row as before, and the one that moved comes again.
	Shift int
	// Repeat begins the page with the last row of the one before.
	Repeat bool
	// Loop says to go on where the page itself was asked from.
	Loop bool
	// Most is how many rows it has at most, however many were asked for; 0
	// leaves that to the policy.
	Most int
	// Resolution of the times at which rows changed; 0 leaves them at a
	// second.
	Resolution time.Duration
}

// Fields of a query that lists understand besides those that senders can name:
// what package endpoint asks for when a page is to be wrong.
const (
	WhereMoved      = "\x00moved"      // anything: the row that "after" names has moved to the end of the list
	WhereRepeat     = "\x00repeat"     // anything: the page begins with the last row of the one before
	WhereResolution = "\x00resolution" // a duration: times of change are whole multiples of it
	WherePage       = "\x00page"       // how many rows a page has at most; a dialect that cuts no page of what is found says so itself
	WhereAll        = "\x00all"        // anything: the whole list is wanted, where others must say what they look for; a dialect says so
)

// BillState, RoutingState, CenterState and CalendarState are a bill of material,
// a routing, a work center and a calendar as lists of them show them. The first
// two change when their item does.
type (
	CenterState struct {
		WorkCenter plant.WorkCenter
		Version    int
		Changed    time.Time
	}
	CalendarState struct {
		Calendar plant.Calendar
		Version  int
		Changed  time.Time
	}
	BillState struct {
		Bill    plant.Bill
		Version int
		Changed time.Time
	}
	RoutingState struct {
		Routing plant.Routing
		Version int
		Changed time.Time
	}
)

// BillLine is one line of a bill of material, and RoutingStep one operation of a
// routing, where interfaces list those by themselves. They are counted from 0.
type (
	BillLine struct {
		BillState
		Line int
	}
	RoutingStep struct {
		RoutingState
		Step int
	}
)

// Stock is a line of the stock list.
type Stock struct {
	Material plant.ItemID    `json:"material"`
	Lot      plant.LotID     `json:"lot,omitempty"`
	Status   plant.LotStatus `json:"status"`
	Quantity plant.Quantity  `json:"quantity"` // in the base unit
}

// OnHand is how much there is of a material, in its base unit, and how much of
// that may be used.
type OnHand struct {
	Material  plant.ItemID
	Quantity  plant.Quantity
	Available plant.Decimal
}

// ItemState is a material definition as a list of them shows it.
type ItemState struct {
	Item    plant.Item
	Version int       // 0 for what was there before the run
	Changed time.Time // plant time, in whole seconds; zero for what was there before the run
}
