package plant

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// OrderReleased hands a production order to the shop floor (ERP → MES).
type OrderReleased struct {
	Order Order `json:"order"`
}

// OrderChanged replaces quantity, due date and priority of a released order.
// Versions of an order start at 1 with its release and only grow.
type OrderChanged struct {
	Order    OrderID   `json:"order"`
	Version  int       `json:"version"`
	Quantity Quantity  `json:"quantity"`
	Due      time.Time `json:"due,omitzero"`
	Priority int       `json:"priority,omitempty"`
}

// OrderCancelled takes a released order back.
type OrderCancelled struct {
	Order   OrderID `json:"order"`
	Version int     `json:"version"`
}

// OperationStarted reports that work on an operation has begun (MES → ERP).
type OperationStarted struct {
	Order      OrderID      `json:"order"`
	Operation  OperationID  `json:"operation"`
	WorkCenter WorkCenterID `json:"workCenter,omitempty"`
	Operator   PersonID     `json:"operator,omitempty"`
}

// Confirmed reports yield, scrap, rework and time of one stretch of work on an
// operation (MES → ERP). Several confirmations of one operation add up; Final
// ends it. A confirmation of quantity zero is legal: it books time only.
type Confirmed struct {
	Order      OrderID       `json:"order"`
	Operation  OperationID   `json:"operation"`
	Counter    int           `json:"counter"`
	WorkCenter WorkCenterID  `json:"workCenter,omitempty"`
	Operator   PersonID      `json:"operator,omitempty"`
	Yield      Quantity      `json:"yield"`
	Scrap      Quantity      `json:"scrap,omitzero"`
	Rework     Quantity      `json:"rework,omitzero"`
	Reason     string        `json:"reason,omitempty"` // why scrapped or reworked
	Final      bool          `json:"final,omitempty"`
	Start      time.Time     `json:"start,omitzero"`
	End        time.Time     `json:"end,omitzero"`
	Labor      time.Duration `json:"labor,omitempty"`
}

// Consumed reports a lot issued to an operation (MES → ERP).
type Consumed struct {
	Order     OrderID     `json:"order"`
	Operation OperationID `json:"operation"`
	Counter   int         `json:"counter"`
	Material  ItemID      `json:"material"`
	Lot       LotID       `json:"lot,omitempty"`
	Quantity  Quantity    `json:"quantity"`
}

// Scrapped reports pieces lost outside a confirmation, such as a broken
// component (MES → ERP).
type Scrapped struct {
	Order     OrderID     `json:"order"`
	Operation OperationID `json:"operation"`
	Counter   int         `json:"counter"`
	Material  ItemID      `json:"material"`
	Lot       LotID       `json:"lot,omitempty"`
	Quantity  Quantity    `json:"quantity"`
	Reason    string      `json:"reason"`
}

// Reworked reports pieces sent back to an earlier operation (MES → ERP).
type Reworked struct {
	Order     OrderID     `json:"order"`
	Operation OperationID `json:"operation"`
	Counter   int         `json:"counter"`
	Quantity  Quantity    `json:"quantity"`
	Reason    string      `json:"reason"`
}

// Received reports finished goods put into stock under a lot (MES → ERP).
type Received struct {
	Order    OrderID    `json:"order"`
	Counter  int        `json:"counter"`
	Material ItemID     `json:"material"`
	Lot      LotID      `json:"lot"`
	Quantity Quantity   `json:"quantity"`
	Serials  []SerialID `json:"serials,omitempty"`
}

// Reversed takes back what was reported before (MES → ERP). It is a document of
// its own: both stay in the books, and their quantities cancel each other out.
type Reversed struct {
	// Original is what is taken back: its reference, and of what it said as much
	// as is known. Plant and books know all of it, messages only its keys, and
	// those that name a document nothing.
	Original Event `json:"original,omitzero"`
	// Document is the number of the original's document, where the sender names
	// that.
	Document string `json:"document,omitempty"`
}

// Reversible are the kinds of facts that can be taken back.
func Reversible() []Kind { return []Kind{KindConfirmation, KindConsumption, KindScrap, KindReceipt} }

// Keyed returns a fact of a kind that can be taken back, of which only the keys
// are known; nil for other kinds.
func Keyed(of Kind, k Keys) Fact {
	switch of {
	case KindConfirmation:
		return Confirmed{Order: k.Order, Operation: k.Operation, Counter: k.Counter}
	case KindConsumption:
		return Consumed{Order: k.Order, Operation: k.Operation, Counter: k.Counter, Material: k.Material, Lot: k.Lot}
	case KindScrap:
		return Scrapped{Order: k.Order, Operation: k.Operation, Counter: k.Counter, Material: k.Material, Lot: k.Lot}
	case KindReceipt:
		return Received{Order: k.Order, Counter: k.Counter, Material: k.Material, Lot: k.Lot}
	}
	return nil
}

// LotHeld blocks a lot for a quality case (MES → ERP).
type LotHeld struct {
	Lot      LotID   `json:"lot"`
	Material ItemID  `json:"material,omitempty"`
	Order    OrderID `json:"order,omitempty"` // the order that made it, if one did
	Case     CaseID  `json:"case"`
	Reason   string  `json:"reason"`
}

// LotDecided ends a quality case (ERP → MES): release and use-as-is lift the
// hold, scrap and rework keep the lot out of stock.
type LotDecided struct {
	Lot      LotID    `json:"lot"`
	Material ItemID   `json:"material,omitempty"`
	Case     CaseID   `json:"case"`
	Decision Decision `json:"decision"`
}

// Decision is the outcome of a quality case.
type Decision string

// Decisions on a held lot.
const (
	DecideRelease  Decision = "release"
	DecideUseAsIs  Decision = "use-as-is"
	DecideScrap    Decision = "scrap"
	DecideToRework Decision = "rework"
)

// Lifts reports whether the decision makes the lot usable again.
func (d Decision) Lifts() bool { return d == DecideRelease || d == DecideUseAsIs }

// Inspected reports the result of an inspection of a piece or lot (MES → ERP).
type Inspected struct {
	Order     OrderID     `json:"order"`
	Operation OperationID `json:"operation"`
	Counter   int         `json:"counter"`
	Material  ItemID      `json:"material"`
	Lot       LotID       `json:"lot,omitempty"`
	Serial    SerialID    `json:"serial,omitempty"`
	Passed    int         `json:"passed"` // features within tolerance
	Failed    int         `json:"failed"` // features out of tolerance
	Text      string      `json:"text,omitempty"`
}

// ItemChanged creates or changes a material definition (ERP → MES).
type ItemChanged struct {
	Item    Item `json:"item"`
	Version int  `json:"version"`
}

// BillChanged puts another bill of material in force (ERP → MES), all of it.
// Its revision is that of the item, and said there only.
type BillChanged struct {
	Bill    Bill `json:"bill"`
	Version int  `json:"version"`
}

// RoutingChanged puts another standard routing in force (ERP → MES), all of it.
// Its revision is that of the item, and said there only.
type RoutingChanged struct {
	Routing Routing `json:"routing"`
	Version int     `json:"version"`
}

// CenterChanged puts other data of a work center in force (ERP → MES), all of
// it.
type CenterChanged struct {
	WorkCenter WorkCenter `json:"workCenter"`
	Version    int        `json:"version"`
}

// CalendarChanged puts other hours of a site in force (ERP → MES), all of them.
type CalendarChanged struct {
	Calendar Calendar `json:"calendar"`
	Version  int      `json:"version"`
}

// Shipped takes goods of a lot out of stock towards a customer. It happens
// inside the ERP; no message of the SUT causes it.
type Shipped struct {
	Lot      LotID    `json:"lot"`
	Material ItemID   `json:"material"`
	Counter  int      `json:"counter"`
	Quantity Quantity `json:"quantity"`
}

// MachineCounted reports the raw piece counter of a machine. The first reading
// of a machine says where its counter stands; each later one implies how many
// pieces were made since the one before, see [MachineCounted.Since].
type MachineCounted struct {
	Machine MachineID `json:"machine"`
	Counter int       `json:"counter"`          // number of the reading, from 1 without gaps
	Count   int64     `json:"count"`            // what the counter shows
	Modulo  int64     `json:"modulo,omitempty"` // it shows less than this, and goes on from 0; 0 means not said
	Resets  int       `json:"resets,omitempty"` // how often it was set back to 0, as by a power cycle
	// Quality is what the machine says of the value: good, uncertain or bad, as
	// an OPC UA server does. "" is good; of any other the count says nothing.
	Quality string `json:"quality,omitempty"`
	// Pieces is what a reader makes of it: how many were made since the
	// reading before. A machine does not say.
	Pieces Quantity `json:"pieces,omitzero"`
}

// Since is the number of pieces between the reading before and f. Of a counter
// that was set back, what it shows counts from then on.
func (f MachineCounted) Since(before MachineCounted) int64 {
	switch {
	case f.Resets != before.Resets:
		return f.Count
	case f.Count < before.Count:
		return f.Count - before.Count + f.Modulo
	}
	return f.Count - before.Count
}

// MachineChanged reports a new execution state of a machine.
type MachineChanged struct {
	Machine MachineID `json:"machine"`
	Counter int       `json:"counter"`
	State   string    `json:"state"` // MTConnect execution: ACTIVE, STOPPED, INTERRUPTED, READY
}

// Kind, Keys and Fields implement Fact for every kind.

func (OrderReleased) Kind() Kind    { return KindOrderReleased }
func (OrderChanged) Kind() Kind     { return KindOrderChanged }
func (OrderCancelled) Kind() Kind   { return KindOrderCancelled }
func (OperationStarted) Kind() Kind { return KindOperationStarted }
func (Confirmed) Kind() Kind        { return KindConfirmation }
func (Consumed) Kind() Kind         { return KindConsumption }
func (Scrapped) Kind() Kind         { return KindScrap }
func (Reworked) Kind() Kind         { return KindRework }
func (Received) Kind() Kind         { return KindReceipt }
func (Reversed) Kind() Kind         { return KindReversal }
func (LotHeld) Kind() Kind          { return KindLotHeld }
func (LotDecided) Kind() Kind       { return KindLotDecided }
func (Inspected) Kind() Kind        { return KindInspection }
func (ItemChanged) Kind() Kind      { return KindItemChanged }
func (BillChanged) Kind() Kind      { return KindBillChanged }
func (RoutingChanged) Kind() Kind   { return KindRoutingChanged }
func (CenterChanged) Kind() Kind    { return KindCenterChanged }
func (CalendarChanged) Kind() Kind  { return KindCalendarChanged }
func (Shipped) Kind() Kind          { return KindShipment }
func (MachineCounted) Kind() Kind   { return KindMachineCount }
func (MachineChanged) Kind() Kind   { return KindMachineState }

func (f OrderReleased) Keys() Keys    { return Keys{Order: f.Order.ID, Counter: 1} }
func (f OrderChanged) Keys() Keys     { return Keys{Order: f.Order, Counter: f.Version} }
func (f OrderCancelled) Keys() Keys   { return Keys{Order: f.Order, Counter: f.Version} }
func (f OperationStarted) Keys() Keys { return Keys{Order: f.Order, Operation: f.Operation} }
func (f Confirmed) Keys() Keys {
	return Keys{Order: f.Order, Operation: f.Operation, Counter: f.Counter}
}
func (f Consumed) Keys() Keys {
	return Keys{Order: f.Order, Operation: f.Operation, Counter: f.Counter, Material: f.Material, Lot: f.Lot}
}
func (f Scrapped) Keys() Keys {
	return Keys{Order: f.Order, Operation: f.Operation, Counter: f.Counter, Material: f.Material, Lot: f.Lot}
}
func (f Reworked) Keys() Keys {
	return Keys{Order: f.Order, Operation: f.Operation, Counter: f.Counter}
}
func (f Received) Keys() Keys {
	return Keys{Order: f.Order, Counter: f.Counter, Material: f.Material, Lot: f.Lot}
}

// Keys of a reversal are those by which its original is counted: of one
// original there is one reversal.
func (f Reversed) Keys() Keys {
	if f.Original.Fact == nil {
		return Keys{}
	}
	k := f.Original.Fact.Keys()
	return Keys{Order: k.Order, Operation: k.Operation, Counter: k.Counter, Of: f.Original.Fact.Kind()}
}
func (f LotHeld) Keys() Keys {
	return Keys{Lot: f.Lot, Material: f.Material, Order: f.Order, Case: f.Case}
}
func (f LotDecided) Keys() Keys { return Keys{Lot: f.Lot, Material: f.Material, Case: f.Case} }
func (f Inspected) Keys() Keys {
	return Keys{Order: f.Order, Operation: f.Operation, Counter: f.Counter, Material: f.Material, Lot: f.Lot, Serial: f.Serial}
}
func (f ItemChanged) Keys() Keys    { return Keys{Material: f.Item.ID, Counter: f.Version} }
func (f BillChanged) Keys() Keys    { return Keys{Material: f.Bill.Item, Counter: f.Version} }
func (f RoutingChanged) Keys() Keys { return Keys{Material: f.Routing.Item, Counter: f.Version} }
func (f CenterChanged) Keys() Keys  { return Keys{WorkCenter: f.WorkCenter.ID, Counter: f.Version} }
func (f CalendarChanged) Keys() Keys {
	return Keys{Calendar: f.Calendar.ID, Counter: f.Version}
}
func (f Shipped) Keys() Keys        { return Keys{Lot: f.Lot, Material: f.Material, Counter: f.Counter} }
func (f MachineCounted) Keys() Keys { return Keys{Machine: f.Machine, Counter: f.Counter} }
func (f MachineChanged) Keys() Keys { return Keys{Machine: f.Machine, Counter: f.Counter} }

func (f OrderReleased) Fields() []Field {
	o := f.Order
	fs := []Field{
		{"item", string(o.Item)}, {"revision", o.Revision}, {"quantity", o.Quantity.Amount.String()}, {"unit", string(o.Quantity.Unit)},
		{"due", instant(o.Due)}, {"priority", number(o.Priority)},
	}
	for _, op := range o.Operations {
		fs = append(fs, Field{"operation " + string(op.ID), string(op.WorkCenter)})
	}
	for _, c := range o.Components {
		fs = append(fs, Field{"component " + string(c.Operation) + " " + string(c.Material), c.Quantity.String()})
	}
	return fs
}
func (f OrderChanged) Fields() []Field {
	return append(quantityFields("quantity", f.Quantity), Field{"due", instant(f.Due)}, Field{"priority", number(f.Priority)})
}
func (f OrderCancelled) Fields() []Field { return nil }
func (f OperationStarted) Fields() []Field {
	return []Field{{"workCenter", string(f.WorkCenter)}, {"operator", string(f.Operator)}}
}
func (f Confirmed) Fields() []Field {
	fs := []Field{
		{"yield", f.Yield.Amount.String()}, {"unit", string(f.Yield.Unit)}, {"scrap", f.Scrap.Amount.String()},
		{"rework", f.Rework.Amount.String()}, {"reason", f.Reason}, {"final", strconv.FormatBool(f.Final)},
		{"workCenter", string(f.WorkCenter)}, {"operator", string(f.Operator)}, {"start", instant(f.Start)}, {"end", instant(f.End)},
	}
	if f.Labor != 0 {
		fs = append(fs, Field{"labor", f.Labor.String()})
	}
	return fs
}
func (f Consumed) Fields() []Field {
	return append(quantityFields("quantity", f.Quantity), Field{"material", string(f.Material)}, Field{"lot", string(f.Lot)})
}
func (f Scrapped) Fields() []Field {
	return append(quantityFields("quantity", f.Quantity), Field{"material", string(f.Material)}, Field{"lot", string(f.Lot)}, Field{"reason", f.Reason})
}
func (f Reworked) Fields() []Field {
	return append(quantityFields("quantity", f.Quantity), Field{"reason", f.Reason})
}
func (f Received) Fields() []Field {
	fs := append(quantityFields("quantity", f.Quantity), Field{"material", string(f.Material)}, Field{"lot", string(f.Lot)})
	for i, s := range f.Serials {
		fs = append(fs, Field{"serial " + strconv.Itoa(i+1), string(s)})
	}
	return fs
}

// Fields of a reversal say which document it takes back, if its counter is
// known. What that said is told of the original.
func (f Reversed) Fields() []Field {
	k := f.Keys()
	if k.Counter == 0 {
		return []Field{{"original", ""}}
	}
	return []Field{{"original", NaturalKey(k.Of, Keys{Order: k.Order, Operation: k.Operation, Counter: k.Counter})}}
}
func (f LotHeld) Fields() []Field {
	return []Field{{"material", string(f.Material)}, {"reason", f.Reason}}
}
func (f LotDecided) Fields() []Field {
	return []Field{{"material", string(f.Material)}, {"decision", string(f.Decision)}}
}
func (f Inspected) Fields() []Field {
	return []Field{{"material", string(f.Material)}, {"passed", number(f.Passed)}, {"failed", number(f.Failed)}, {"text", f.Text}}
}
func (f ItemChanged) Fields() []Field {
	fs := []Field{{"description", f.Item.Description}, {"unit", string(f.Item.Unit)}, {"revision", f.Item.Revision}}
	if f.Item.Retired {
		fs = append(fs, Field{"retired", "true"})
	}
	for _, u := range f.Item.Units {
		fs = append(fs, Field{"unit " + string(u.Unit), fmt.Sprintf("%d/%d", u.Factor.Num, u.Factor.Den)})
	}
	return fs
}

// Fields of a bill say what each line needs for the quantity that it is for.
func (f BillChanged) Fields() []Field {
	fs := []Field{{"for", f.Bill.For.Amount.String()}, {"unit", string(f.Bill.For.Unit)}}
	for _, c := range f.Bill.Components {
		fs = append(fs, Field{"component " + string(c.Operation) + " " + string(c.Material), c.Quantity.String()})
	}
	return fs
}

// Fields of a routing say of each operation where it is done and how long it
// takes.
func (f RoutingChanged) Fields() []Field {
	var fs []Field
	for _, o := range f.Routing.Operations {
		name := "operation " + string(o.ID)
		fs = append(fs, Field{name, string(o.WorkCenter)}, Field{name + " setup", lasting(o.Setup)}, Field{name + " cycle", lasting(o.Cycle)},
			Field{name + " inspect", strconv.FormatBool(o.Inspect)}, Field{name + " text", o.Description})
	}
	return fs
}

// Fields of a work center say of each machine that it belongs to it.
func (f CenterChanged) Fields() []Field {
	w := f.WorkCenter
	fs := []Field{{"description", w.Description}, {"manual", strconv.FormatBool(w.Manual)}, {"efficiency", number(w.Efficiency)}}
	for i, m := range w.Machines {
		fs = append(fs, Field{"machine " + strconv.Itoa(i+1), string(m)})
	}
	return fs
}

// Fields of a calendar say when each shift is worked: "06:00 to 14:00 on Mon Tue".
func (f CalendarChanged) Fields() []Field {
	fs := []Field{{"zone", f.Calendar.Zone}}
	for _, s := range f.Calendar.Shifts {
		fs = append(fs, Field{"shift " + s.Name, s.Start.String() + " to " + s.End.String() + " on " + strings.Join(s.Weekdays(), " ")})
	}
	return fs
}
func (f Shipped) Fields() []Field        { return quantityFields("quantity", f.Quantity) }
func (f MachineChanged) Fields() []Field { return []Field{{"state", f.State}} }

// Fields of a reading leave out what a reader makes of it.
func (f MachineCounted) Fields() []Field {
	return []Field{{"count", strconv.FormatInt(f.Count, 10)}, {"modulo", said(f.Modulo)}, {"resets", said(int64(f.Resets))}, {"quality", f.Quality}}
}

// said writes a number that may be left unsaid.
func said(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func quantityFields(name string, q Quantity) []Field {
	return []Field{{name, q.Amount.String()}, {"unit", string(q.Unit)}}
}

// lasting writes a duration that may be left unsaid.
func lasting(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// instant writes t in UTC, so that two spellings of one moment compare equal.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func decodeFact(k Kind, b []byte) (Fact, error) {
	switch k {
	case KindOrderReleased:
		return into[OrderReleased](b)
	case KindOrderChanged:
		return into[OrderChanged](b)
	case KindOrderCancelled:
		return into[OrderCancelled](b)
	case KindOperationStarted:
		return into[OperationStarted](b)
	case KindConfirmation:
		return into[Confirmed](b)
	case KindConsumption:
		return into[Consumed](b)
	case KindScrap:
		return into[Scrapped](b)
	case KindRework:
		return into[Reworked](b)
	case KindReceipt:
		return into[Received](b)
	case KindReversal:
		return into[Reversed](b)
	case KindLotHeld:
		return into[LotHeld](b)
	case KindLotDecided:
		return into[LotDecided](b)
	case KindInspection:
		return into[Inspected](b)
	case KindItemChanged:
		return into[ItemChanged](b)
	case KindBillChanged:
		return into[BillChanged](b)
	case KindRoutingChanged:
		return into[RoutingChanged](b)
	case KindCenterChanged:
		return into[CenterChanged](b)
	case KindCalendarChanged:
		return into[CalendarChanged](b)
	case KindShipment:
		return into[Shipped](b)
	case KindMachineCount:
		return into[MachineCounted](b)
	case KindMachineState:
		return into[MachineChanged](b)
	}
	return nil, fmt.Errorf("unknown kind of fact %q", k)
}

func into[F Fact](b []byte) (Fact, error) {
	var f F
	err := json.Unmarshal(b, &f)
	return f, err
}
