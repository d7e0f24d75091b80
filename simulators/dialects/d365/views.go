package d365

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// entity is an entity as it is shown: its properties in order.
type entity []property

type property struct {
	name  string
	value any // string, number, int or bool
}

// MarshalJSON implements [json.Marshaler].
func (e entity) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, p := range e {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, plain(p.name)...), ':'), plain(p.value)...)
	}
	return append(b, '}'), nil
}

func (e entity) value(name string) (string, bool) {
	v, ok := e.raw(name)
	if n, is := v.(number); is {
		return plant.Decimal(n).String(), ok
	}
	return fmt.Sprint(v), ok
}

func (e entity) raw(name string) (any, bool) {
	for _, p := range e {
		if p.name == name {
			return p.value, true
		}
	}
	return nil, false
}

// etag is the tag of an entity: its record's version and number.
func etag(version int, record int64) string {
	return `W/"` + base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "'%d,%d'", version, record)) + `"`
}

// entities are what the books have turned up, as that set shows it.
func (d Dialect) entities(s set, found []any) (all []entity) {
	for _, f := range found {
		if rows, ok := d.master(s, f); ok {
			all = append(all, rows...)
			continue
		}
		switch f := f.(type) {
		case simulators.OrderState:
			all = append(all, d.order(s.name, f)...)
		case *simulators.OrderState:
			all = append(all, d.order(s.name, *f)...)
		case plant.Item:
			all = append(all, d.item(s.name, simulators.ItemState{Item: f})...)
		case simulators.ItemState:
			all = append(all, d.item(s.name, f)...)
		case plant.Lot:
			all = append(all, d.lot(f))
		case simulators.Operation:
			all = append(all, d.message(f))
		}
	}
	return all
}

// none is how a date is shown that nobody has set.
const none = "1900-01-01T12:00:00Z"

// shownDay is how a day is shown: at noon, so that no offset moves it.
func shownDay(t time.Time) string {
	if t.IsZero() {
		return none
	}
	return t.Format(day) + "T12:00:00Z"
}

// statusOf spells the state of an order. There is none for one that was taken
// back: it is as before its release.
func statusOf(state string) string {
	switch state {
	case "Running":
		return "StartedUp"
	case "Completed":
		return "ReportedFinished"
	case "Closed":
		return "Completed"
	case "Cancelled":
		return "Created"
	}
	return "Released"
}

func (d Dialect) order(set string, s simulators.OrderState) (all []entity) {
	o, area := s.Order, property{"dataAreaId", strings.ToLower(d.Settings.company())}
	id := property{"ProductionOrderNumber", string(o.ID)}
	switch set {
	case "ProductionOrderHeaders":
		return []entity{{
			{"@odata.etag", etag(s.Version, firstNumber)}, area, id,
			{"ItemNumber", string(o.Item)},
			{"ProductVersionId", o.Revision},
			{"ProductionOrderStatus", statusOf(s.State)},
			{"ScheduledQuantity", number(o.Quantity.Amount)},
			{"InventoryUnitSymbol", string(o.Quantity.Unit)},
			{"ReportedAsFinishedQuantity", number(s.Received)},
			{"ItemBatchNumber", string(o.Lot)},
			{"ScheduledStartDate", shownDay(o.Start)},
			{"DeliveryDate", shownDay(o.Due)},
			{"ProductionLevel", 0},
		}}
	case "ProductionOrderRouteOperations":
		for _, op := range o.Operations {
			n, _ := strconv.Atoi(string(op.ID)) // 0 for what is none here
			all = append(all, entity{
				{"@odata.etag", etag(s.Version, firstNumber+int64(n))}, area, id,
				{"OperationNumber", n},
				{"OperationPriority", "Primary"},
				{"OperationId", op.Description},
				{"OperationsResourceId", string(op.WorkCenter)},
				{"SetupTime", shownHours(op.Setup)},
				{"ProcessTime", shownHours(op.Cycle)},
			})
		}
	case "ProductionOrderBillOfMaterialLines":
		for i, c := range o.Components {
			n, _ := strconv.Atoi(string(c.Operation))
			all = append(all, entity{
				{"@odata.etag", etag(s.Version, firstNumber+int64(i))}, area, id,
				{"LineNumber", i + 1},
				{"ItemNumber", string(c.Material)},
				{"OperationNumber", n},
				{"EstimatedBOMLineQuantity", number(c.Quantity.Amount)},
				{"BOMUnitSymbol", string(c.Quantity.Unit)},
			})
		}
	}
	return all
}

func shownHours(d time.Duration) number {
	if h := hours(d); h != nil {
		return *h
	}
	return 0
}

func (d Dialect) item(set string, s simulators.ItemState) (all []entity) {
	i, version := s.Item, s.Version
	if set == "ReleasedProductsV2" {
		return []entity{{
			{"@odata.etag", etag(version, firstNumber)},
			{"dataAreaId", strings.ToLower(d.Settings.company())},
			{"ItemNumber", string(i.ID)},
			{"ProductNumber", string(i.ID)},
			{"ProductSearchName", i.Description},
			{"InventoryUnitSymbol", string(i.Unit)},
			{"TrackingDimensionGroupName", tracking(i)},
			{"ProductLifecycleStateId", map[bool]string{true: "Obsolete"}[i.Retired]},
			{"AndonRevision", i.Revision},
			{"AndonDecimals", i.Decimals},
			{"AndonVersion", version},
			{"AndonModifiedDateTime", modified(s.Changed)},
		}}
	}
	for _, u := range i.Units {
		all = append(all, entity{
			{"@odata.etag", etag(version, firstNumber)},
			{"ProductNumber", string(i.ID)},
			{"FromUnitSymbol", string(u.Unit)},
			{"ToUnitSymbol", string(i.Unit)},
			{"Numerator", int(u.Factor.Num)},
			{"Denominator", int(u.Factor.Den)},
			{"Factor", 1},
			{"InnerOffset", 0},
			{"OuterOffset", 0},
		})
	}
	return all
}

// modified is an instant to the second; nobody has set it if it is zero.
func modified(t time.Time) string {
	if t.IsZero() {
		return none
	}
	return t.UTC().Format(time.RFC3339)
}

func tracking(i plant.Item) string {
	switch {
	case i.Lots && i.Serials:
		return "BatchSerial"
	case i.Lots:
		return "Batch"
	case i.Serials:
		return "Serial"
	}
	return "None"
}

func (d Dialect) lot(l plant.Lot) entity {
	disposition := ""
	switch l.Status {
	case plant.LotBlocked:
		disposition = "QUARANTINE"
	case plant.LotScrapped:
		disposition = "SCRAP"
	}
	return entity{
		{"@odata.etag", etag(1, firstNumber)},
		{"dataAreaId", strings.ToLower(d.Settings.company())},
		{"ItemNumber", string(l.Material)},
		{"BatchNumber", string(l.ID)},
		{"BatchDispositionCode", disposition},
		{"BatchExpirationDate", shownDay(l.Expires)},
		{"PhysicalInventoryQuantity", number(l.Quantity)},
	}
}

// message shows a message of the queue. Where its sender cannot be told what is
// wrong, a person reads it here.
func (d Dialect) message(o simulators.Operation) entity {
	var e envelope
	_ = strict(o.Message.Body, &e, Ignored) // it was read before
	content, infolog := "", ""
	if e.Content != nil {
		content = *e.Content
	}
	if o.Refusal != nil {
		infolog = fmt.Sprintf("%s (%s)", o.Refusal.Text, o.Refusal.Code)
	}
	return entity{
		{"@odata.etag", etag(o.Attempts+1, firstNumber+int64(o.Number))},
		{"dataAreaId", strings.ToLower(e.Company)},
		{"MessageId", firstNumber + int64(o.Number)},
		{"MessageQueue", cmp.Or(e.Queue, Queue)},
		{"MessageType", e.Type},
		{"DependencyKey", o.Message.Entity},
		{"MessageContent", content},
		{"MessageState", messageState(o.State)},
		{"ProcessingAttempts", o.Attempts},
		{"MessageInfolog", infolog},
	}
}

// States of a message.
const (
	StateQueued    = "Queued"
	StateProcessed = "Processed"
	StateCanceled  = "Canceled"
	StateFailed    = "Failed"
)

func messageState(s simulators.OperationState) string {
	switch s {
	case simulators.OperationSucceeded:
		return StateProcessed
	case simulators.OperationFailed:
		return StateFailed
	case simulators.OperationCancelled:
		return StateCanceled
	}
	return StateQueued
}

// fits reports whether e is among what is asked for; an error names a property
// that it has not.
func (r request) fits(e entity) (bool, error) {
	for _, c := range r.where {
		got, ok := e.value(c.property)
		if !ok {
			return false, fmt.Errorf("could not find a property named '%s' on %s", clip(c.property), r.set.name)
		}
		order := 0
		switch raw, _ := e.raw(c.property); raw.(type) {
		case string:
			order = r.set.texts(c.property, got, c.value)
		default:
			order = values(got, c.value)
		}
		if !c.meets(order) {
			return false, nil
		}
	}
	return true, nil
}

// texts compares texts without regard to case, as the database does, but not
// the names of the plant, which are keys: of those some differ in nothing else,
// and lists come in their order.
func (s set) texts(property, a, b string) int {
	if slices.Contains(s.keys, property) && property != "dataAreaId" {
		return strings.Compare(a, b)
	}
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}

// values compares numbers as such.
func values(a, b string) int {
	x, xerr := plant.ParseDecimal(a)
	y, yerr := plant.ParseDecimal(b)
	if xerr == nil && yerr == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}

// meets reports whether what is so much greater or less is what c asks for.
func (c condition) meets(order int) bool {
	switch c.operator {
	case "eq":
		return order == 0
	case "ne":
		return order != 0
	case "gt":
		return order > 0
	case "ge":
		return order >= 0
	case "lt":
		return order < 0
	}
	return order <= 0
}

// selected keeps the properties that were asked for.
func (r request) selected(e entity) (entity, error) {
	if r.fields == nil {
		return e, nil
	}
	out := entity{}
	for _, p := range e {
		if p.name == "@odata.etag" || slices.Contains(r.fields, p.name) {
			out = append(out, p)
		}
	}
	for _, f := range r.fields {
		if _, ok := e.value(f); !ok {
			return nil, fmt.Errorf("could not find a property named '%s' on %s", clip(f), r.set.name)
		}
	}
	return out, nil
}
