package files

import (
	"strconv"
	"strings"

	"github.com/andon-rig/andon/simulators/plant"
)

// event adds the records that state e.
func (w *writer) event(record string, e plant.Event) {
	ref, at := string(e.ID), timeCell(e.At)
	switch f := e.Fact.(type) {
	case plant.OrderReleased:
		w.order(ref, at, f.Order)
	case plant.OrderChanged:
		w.row(record, ref, at, string(f.Order), wholeCell(f.Version), f.Quantity.Amount.String(), string(f.Quantity.Unit), timeCell(f.Due), priorityCell(f.Priority))
	case plant.OrderCancelled:
		w.row(record, ref, at, string(f.Order), wholeCell(f.Version))
	case plant.OperationStarted:
		w.row(record, ref, at, string(f.Order), string(f.Operation), string(f.WorkCenter), string(f.Operator))
	case plant.Confirmed:
		w.row(record, ref, at, string(f.Order), string(f.Operation), wholeCell(f.Counter), string(f.WorkCenter), string(f.Operator),
			f.Yield.Amount.String(), string(f.Yield.Unit), part(f.Scrap), part(f.Rework), f.Reason, flagCell(f.Final), timeCell(f.Start), timeCell(f.End), secondsCell(f.Labor))
	case plant.Consumed:
		w.row(record, ref, at, string(f.Order), string(f.Operation), wholeCell(f.Counter), string(f.Material), string(f.Lot), f.Quantity.Amount.String(), string(f.Quantity.Unit))
	case plant.Scrapped:
		w.row(record, ref, at, string(f.Order), string(f.Operation), wholeCell(f.Counter), string(f.Material), string(f.Lot), f.Quantity.Amount.String(), string(f.Quantity.Unit), f.Reason)
	case plant.Reworked:
		w.row(record, ref, at, string(f.Order), string(f.Operation), wholeCell(f.Counter), f.Quantity.Amount.String(), string(f.Quantity.Unit), f.Reason)
	case plant.Received:
		w.row(record, ref, at, string(f.Order), wholeCell(f.Counter), string(f.Material), string(f.Lot), f.Quantity.Amount.String(), string(f.Quantity.Unit))
		for _, s := range f.Serials {
			w.row("SER", string(s))
		}
	case plant.Inspected:
		w.row(record, ref, at, string(f.Order), string(f.Operation), wholeCell(f.Counter), string(f.Material), string(f.Lot), string(f.Serial), wholeCell(f.Passed), wholeCell(f.Failed), f.Text)
	case plant.LotHeld:
		w.row(record, ref, at, string(f.Lot), string(f.Material), string(f.Order), string(f.Case), f.Reason)
	case plant.LotDecided:
		w.row(record, ref, at, string(f.Lot), string(f.Material), string(f.Case), string(f.Decision))
	case plant.ItemChanged:
		w.item(ref, at, f)
	case plant.BillChanged:
		b := f.Bill
		w.row(record, ref, at, string(b.Item), wholeCell(f.Version), b.For.Amount.String(), string(b.For.Unit), wholeCell(len(b.Components)))
		w.components(b.Components)
	case plant.RoutingChanged:
		w.row(record, ref, at, string(f.Routing.Item), wholeCell(f.Version), wholeCell(len(f.Routing.Operations)))
		w.operations(f.Routing.Operations)
	case plant.CenterChanged:
		w.center(record, ref, at, f)
	case plant.CalendarChanged:
		c := f.Calendar
		w.row(record, ref, at, c.ID, wholeCell(f.Version), c.Zone, wholeCell(len(c.Shifts)))
		for _, s := range c.Shifts {
			w.row("SHF", s.Name, s.Start.String()+":00", s.End.String()+":00", strings.Join(s.Weekdays(), " "))
		}
	}
}

// part is a quantity of a confirmation in the unit of its yield; nothing if it
// was not said.
func part(q plant.Quantity) string {
	if q == (plant.Quantity{}) {
		return ""
	}
	return q.Amount.String()
}

func (w *writer) order(ref, at string, o plant.Order) {
	w.row("ORD", ref, at, string(o.ID), string(o.Item), o.Revision, o.Quantity.Amount.String(), string(o.Quantity.Unit), timeCell(o.Start), timeCell(o.Due), priorityCell(o.Priority), string(o.Lot))
	w.operations(o.Operations)
	w.components(o.Components)
}

func (w *writer) operations(all []plant.Operation) {
	for _, op := range all {
		w.row("OPR", string(op.ID), op.Description, string(op.WorkCenter), secondsCell(op.Setup), secondsCell(op.Cycle), flagCell(op.Inspect))
	}
}

func (w *writer) components(all []plant.Component) {
	for _, c := range all {
		w.row("CMP", string(c.Operation), string(c.Material), c.Quantity.Amount.String(), string(c.Quantity.Unit))
	}
}

func (w *writer) item(ref, at string, f plant.ItemChanged) {
	i := f.Item
	w.row("ITM", ref, at, string(i.ID), wholeCell(f.Version), i.Description, i.Revision, string(i.Unit), wholeCell(i.Decimals), flagCell(i.Lots), flagCell(i.Serials), flagCell(i.Retired))
	for _, u := range i.Units {
		w.row("UOM", string(u.Unit), strconv.FormatInt(u.Factor.Num, 10), strconv.FormatInt(u.Factor.Den, 10))
	}
}
