package neutral

import (
	"fmt"
	"strconv"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// Nouns of B2MML used here, and the release they are taken from.
const (
	release      = "V0701"
	schedule     = "OperationsSchedule"
	performance  = "OperationsPerformance"
	lot          = "MaterialLot"
	definition   = "MaterialDefinition"
	bill         = "OperationsMaterialBill"
	routing      = "OperationsDefinition"
	equipment    = "Equipment"
	workCalendar = "WorkCalendarDefinition"
)

// begin writes the envelope up to the rows: application area and verb.
func (w *writer) begin(words wording, kind plant.Kind, first plant.Event) {
	w.object("")
	w.object(words.verb + words.noun)
	w.text("@releaseID", release)
	w.object("ApplicationArea")
	w.object("Sender")
	w.text("LogicalID", words.from)
	w.text("TaskID", string(kind))
	w.text("ReferenceID", string(first.ID))
	w.endObject()
	w.instant("CreationDateTime", first.At)
	w.text("BODID", string(first.ID))
	w.endObject()
	w.object("DataArea")
	w.object(words.verb)
	w.endObject()
	w.array(words.noun)
	if words.noun == performance {
		w.object("")
		w.text("ID", string(first.ID))
		w.row("OperationsResponse")
		w.text("ID", string(first.ID))
		w.array("SegmentResponse")
	}
}

func (w *writer) end(words wording) {
	if words.noun == performance {
		w.endArray()
		w.endRow()
		w.endObject()
	}
	w.endArray()
	w.endObject()
	w.endObject()
	w.endObject()
}

// event writes one row.
func (w *writer) event(e plant.Event) error {
	switch f := e.Fact.(type) {
	case plant.OrderReleased:
		return w.released(e, f.Order)
	case plant.OrderChanged:
		w.changed(e, f)
	case plant.OrderCancelled:
		w.cancelled(e, f)
	case plant.OperationStarted:
		w.started(e, f)
	case plant.Confirmed:
		w.confirmed(e, f)
	case plant.Consumed:
		w.consumed(e, f)
	case plant.Scrapped:
		w.scrapped(e, f)
	case plant.Reworked:
		w.reworked(e, f)
	case plant.Received:
		w.received(e, f)
	case plant.Reversed:
		w.reversed(e, f)
	case plant.Inspected:
		w.inspected(e, f)
	case plant.LotHeld:
		w.held(e, f)
	case plant.LotDecided:
		w.decided(e, f)
	case plant.ItemChanged:
		w.item(e, f)
	case plant.BillChanged:
		w.bill(e, f)
	case plant.RoutingChanged:
		w.routing(e, f)
	case plant.CenterChanged:
		w.center(e, f)
	case plant.CalendarChanged:
		w.workCalendar(e, f)
	case plant.MachineCounted:
		w.counted(e, f)
	case plant.MachineChanged:
		w.turned(e, f)
	default:
		return fmt.Errorf("no word for %T", e.Fact)
	}
	return nil
}

// response opens a SegmentResponse: which event, order and operation.
func (w *writer) response(e plant.Event, order plant.OrderID, operation plant.OperationID) {
	w.object("")
	w.text("ID", string(e.ID))
	w.list("OperationsRequestID", string(order))
	w.list("OperationsSegmentID", string(operation))
	w.saidInstant("PostingDate", e.At)
}

// data writes the statements for which a SegmentResponse has no word.
func (w *writer) data(counter int, reason string) {
	if counter == 0 && reason == "" {
		return
	}
	w.array("SegmentData")
	if counter != 0 {
		w.property("Counter", strconv.Itoa(counter), "positiveInteger")
	}
	w.property("Reason", reason, "")
	w.endArray()
}

func (w *writer) equipment(key string, id plant.WorkCenterID) {
	if id == "" {
		return
	}
	w.row(key)
	w.text("ID", "1")
	w.list("EquipmentID", string(id))
	w.endRow()
}

func (w *writer) personnel(id plant.PersonID, labor time.Duration) {
	if id == "" && labor == 0 {
		return
	}
	w.row("PersonnelActual")
	w.text("ID", "1")
	w.list("PersonID", string(id))
	if labor != 0 {
		w.row("Quantity")
		w.text("QuantityString", seconds(labor))
		w.text("DataType", "decimal")
		w.text("UnitOfMeasure", "SEC")
		w.endRow()
	}
	w.endRow()
}

func seconds(d time.Duration) string {
	if d < 0 {
		return string(appendSeconds([]byte{'-'}, -uint64(d)))
	}
	return string(appendSeconds(nil, uint64(d)))
}

// use writes MaterialUse. B2MML has no word for scrap and rework, and says to
// use Other with a value of one's own.
func (w *writer) use(u string) {
	if u != useScrap && u != useRework {
		w.text("MaterialUse", u)
		return
	}
	w.object("MaterialUse")
	w.text("$", "Other")
	w.text("@OtherValue", u)
	w.endObject()
}

// Uses of material. The last two are values of Other.
const (
	useYield     = "Yield Produced"
	useProduced  = "Produced"
	useConsumed  = "Consumed"
	useInspected = "Returned Sample"
	useScrap     = "Scrap"
	useRework    = "Rework"
)

func (w *writer) started(e plant.Event, f plant.OperationStarted) {
	w.response(e, f.Order, f.Operation)
	w.saidInstant("ActualStartTime", e.At)
	w.text("SegmentState", "Running")
	w.personnel(f.Operator, 0)
	w.equipment("EquipmentActual", f.WorkCenter)
	w.endObject()
}

func (w *writer) confirmed(e plant.Event, f plant.Confirmed) {
	w.response(e, f.Order, f.Operation)
	w.saidInstant("ActualStartTime", f.Start)
	w.saidInstant("ActualEndTime", f.End)
	if f.Final {
		w.text("SegmentState", "Completed")
	} else {
		w.text("SegmentState", "Running")
	}
	w.data(f.Counter, f.Reason)
	w.personnel(f.Operator, f.Labor)
	w.equipment("EquipmentActual", f.WorkCenter)
	w.array("MaterialActual")
	w.portion("yield", useYield, f.Yield)
	if f.Scrap != (plant.Quantity{}) {
		w.portion("scrap", useScrap, f.Scrap)
	}
	if f.Rework != (plant.Quantity{}) {
		w.portion("rework", useRework, f.Rework)
	}
	w.endArray()
	w.endObject()
}

func (w *writer) portion(id, use string, q plant.Quantity) {
	w.object("")
	w.text("ID", id)
	w.use(use)
	w.amount(q)
	w.endObject()
}

// material writes the one material a row is about.
func (w *writer) material(use string, item plant.ItemID, lot plant.LotID, serials []plant.SerialID, q plant.Quantity) {
	w.row("MaterialActual")
	w.text("ID", "1")
	w.list("MaterialDefinitionID", string(item))
	w.list("MaterialLotID", string(lot))
	if len(serials) > 0 {
		w.array("MaterialSubLotID")
		for _, s := range serials {
			w.text("", string(s))
		}
		w.endArray()
	}
	w.use(use)
	w.amount(q)
	w.endRow()
}

func (w *writer) consumed(e plant.Event, f plant.Consumed) {
	w.response(e, f.Order, f.Operation)
	w.data(f.Counter, "")
	w.material(useConsumed, f.Material, f.Lot, nil, f.Quantity)
	w.endObject()
}

func (w *writer) scrapped(e plant.Event, f plant.Scrapped) {
	w.response(e, f.Order, f.Operation)
	w.data(f.Counter, f.Reason)
	w.material(useScrap, f.Material, f.Lot, nil, f.Quantity)
	w.endObject()
}

func (w *writer) reworked(e plant.Event, f plant.Reworked) {
	w.response(e, f.Order, f.Operation)
	w.data(f.Counter, f.Reason)
	w.material(useRework, "", "", nil, f.Quantity)
	w.endObject()
}

func (w *writer) received(e plant.Event, f plant.Received) {
	w.response(e, f.Order, "")
	w.data(f.Counter, "")
	w.material(useProduced, f.Material, f.Lot, f.Serials, f.Quantity)
	w.endObject()
}

func (w *writer) inspected(e plant.Event, f plant.Inspected) {
	w.response(e, f.Order, f.Operation)
	w.data(f.Counter, "")
	w.row("MaterialActual")
	w.text("ID", "1")
	w.list("MaterialDefinitionID", string(f.Material))
	w.list("MaterialLotID", string(f.Lot))
	w.list("MaterialSubLotID", string(f.Serial))
	w.use(useInspected)
	w.row("TestResult")
	w.text("ID", string(e.ID))
	w.list("Description", f.Text)
	if f.Failed == 0 {
		w.text("EvaluatedCriterionResult", "Passed")
	} else {
		w.text("EvaluatedCriterionResult", "Failed")
	}
	w.array("PropertyMeasurement")
	w.measurement("Passed", f.Passed)
	w.measurement("Failed", f.Failed)
	w.endArray()
	w.endRow()
	w.endRow()
	w.endObject()
}

// measurement writes a count; unlike elsewhere, B2MML has one Value here.
func (w *writer) measurement(id string, n int) {
	w.object("")
	w.text("ID", id)
	w.object("Value")
	w.text("ValueString", strconv.Itoa(n))
	w.text("DataType", "nonNegativeInteger")
	w.endObject()
	w.endObject()
}
