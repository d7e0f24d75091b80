package scenarios

import (
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// The types below are what expressions see. Their fields are read by the tags;
// README.md explains them.

// books is what happened according to one side: the truth, or a system.
type books struct {
	Orders map[string]*orderView `cel:"orders"`
	Lots   map[string]*lotView   `cel:"lots"`
}

// orderView is an order as one side knows it.
type orderView struct {
	ID            string                    `cel:"id"`
	Item          string                    `cel:"item"`
	Quantity      plant.Decimal             `cel:"quantity"`
	Priority      int64                     `cel:"priority"`
	Version       int64                     `cel:"version"`
	Cancelled     bool                      `cel:"cancelled"`
	Lot           string                    `cel:"lot"`
	Started       bool                      `cel:"started"`
	Operations    map[string]*operationView `cel:"operations"`
	Confirmations int64                     `cel:"confirmations"`
	Yield         plant.Decimal             `cel:"yield"`
	Scrap         plant.Decimal             `cel:"scrap"`
	Rework        plant.Decimal             `cel:"rework"`
	Consumptions  int64                     `cel:"consumptions"`
	Received      plant.Decimal             `cel:"received"`
}

// operationView is one operation of an order.
type operationView struct {
	ID            string        `cel:"id"`
	Started       bool          `cel:"started"`
	Confirmations int64         `cel:"confirmations"`
	Yield         plant.Decimal `cel:"yield"`
	Scrap         plant.Decimal `cel:"scrap"`
	Rework        plant.Decimal `cel:"rework"`
	Final         bool          `cel:"final"`
}

// lotView is a lot as one side knows it.
type lotView struct {
	ID       string        `cel:"id"`
	Material string        `cel:"material"`
	Status   string        `cel:"status"`
	Case     string        `cel:"case"`
	Decision string        `cel:"decision"`
	Consumed plant.Decimal `cel:"consumed"`
	Received plant.Decimal `cel:"received"`
	Shipped  plant.Decimal `cel:"shipped"`
}

// exceptionView is something the SUT reported that it could not post.
type exceptionView struct {
	Class     string `cel:"class"`
	Kind      string `cel:"kind"`
	Order     string `cel:"order"`
	Operation string `cel:"operation"`
	Counter   int64  `cel:"counter"`
	Material  string `cel:"material"`
	Lot       string `cel:"lot"`
	Case      string `cel:"case"`
	Reference string `cel:"reference"`
	Reason    string `cel:"reason"`
	Closed    bool   `cel:"closed"`
}

// probeView is a question of the rig and its answer.
type probeView struct {
	Name    string `cel:"name"`
	At      string `cel:"at"`
	Outcome string `cel:"outcome"`
	Code    string `cel:"code"`
	Order   string `cel:"order"`
	Lot     string `cel:"lot"`
	// of a recall
	Lots   []string `cel:"lots"`
	Missed []string `cel:"missed"`
	Extra  []string `cel:"extra"`
}

// refView is what a named step acted on.
type refView struct {
	Order    string `cel:"order"`
	Lot      string `cel:"lot"`
	Case     string `cel:"case"`
	Material string `cel:"material"`
	Decision string `cel:"decision"`
	Reason   string `cel:"reason"`
	At       string `cel:"at"`
}

// countView counts.
type countView struct {
	Truth      map[string]int64            `cel:"truth"`      // facts by kind
	Posted     map[string]map[string]int64 `cel:"posted"`     // changes of books by endpoint and kind
	Attempts   map[string]int64            `cel:"attempts"`   // messages of the SUT by endpoint
	Refused    map[string]int64            `cel:"refused"`    // of these, not done, by endpoint
	Throttled  map[string]int64            `cel:"throttled"`  // of these, told to come back later, by endpoint
	Offers     map[string]int64            `cel:"offers"`     // messages to the SUT by endpoint
	Strikes    map[string]int64            `cel:"strikes"`    // of faults by id
	Exceptions map[string]int64            `cel:"exceptions"` // by class
}

// eventView is an event of the plant, for the where of a step.
type eventView struct {
	Kind       string        `cel:"kind"`
	ID         string        `cel:"id"`
	At         time.Time     `cel:"at"`
	Order      string        `cel:"order"`
	Operation  string        `cel:"operation"`
	Counter    int64         `cel:"counter"`
	Material   string        `cel:"material"`
	Lot        string        `cel:"lot"`
	Serial     string        `cel:"serial"`
	Case       string        `cel:"case"`
	Machine    string        `cel:"machine"`
	Quantity   plant.Decimal `cel:"quantity"`
	Yield      plant.Decimal `cel:"yield"`
	Scrap      plant.Decimal `cel:"scrap"`
	Rework     plant.Decimal `cel:"rework"`
	Unit       string        `cel:"unit"`
	Final      bool          `cel:"final"`
	Reason     string        `cel:"reason"`
	Decision   string        `cel:"decision"`
	Passed     int64         `cel:"passed"`
	Failed     int64         `cel:"failed"`
	WorkCenter string        `cel:"workCenter"`
	Calendar   string        `cel:"calendar"`
	State      string        `cel:"state"`
	Of         string        `cel:"of"` // kind of what a reversal takes back
}

func viewOf(e plant.Event) *eventView {
	k := e.Fact.Keys()
	v := &eventView{
		Kind: string(e.Fact.Kind()), ID: string(e.ID), At: e.At,
		Order: string(k.Order), Operation: string(k.Operation), Counter: int64(k.Counter), Material: string(k.Material),
		Lot: string(k.Lot), Serial: string(k.Serial), Case: string(k.Case), Machine: string(k.Machine), WorkCenter: string(k.WorkCenter), Calendar: k.Calendar,
	}
	amount := func(q plant.Quantity) { v.Quantity, v.Unit = q.Amount, string(q.Unit) }
	switch f := e.Fact.(type) {
	case plant.OrderReleased:
		amount(f.Order.Quantity)
		v.Material, v.Lot = string(f.Order.Item), string(f.Order.Lot)
	case plant.OrderChanged:
		amount(f.Quantity)
	case plant.OperationStarted:
		v.WorkCenter = string(f.WorkCenter)
	case plant.Confirmed:
		amount(f.Yield)
		v.Yield, v.Scrap, v.Rework = f.Yield.Amount, f.Scrap.Amount, f.Rework.Amount
		v.Final, v.Reason, v.WorkCenter = f.Final, f.Reason, string(f.WorkCenter)
	case plant.Consumed:
		amount(f.Quantity)
	case plant.Scrapped:
		amount(f.Quantity)
		v.Reason = f.Reason
	case plant.Reworked:
		amount(f.Quantity)
		v.Reason = f.Reason
	case plant.Received:
		amount(f.Quantity)
	case plant.Reversed:
		v.Of = string(k.Of)
	case plant.LotHeld:
		v.Reason = f.Reason
	case plant.LotDecided:
		v.Decision = string(f.Decision)
	case plant.Inspected:
		v.Passed, v.Failed, v.Reason = int64(f.Passed), int64(f.Failed), f.Text
	case plant.Shipped:
		amount(f.Quantity)
	case plant.MachineChanged:
		v.State = f.State
	}
	return v
}
