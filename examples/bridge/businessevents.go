package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Business events are light: they say which order, and everything else is read
// from the ERP then.

// eventsName is the name of what the ERP announces, below the webhook's address.
const eventsName = "business-events"

// businessEvent is what is announced.
type businessEvent struct {
	BusinessEventId       string
	ControlNumber         int64
	EventId               string
	EventTime             json.RawMessage
	ProductionOrderNumber string
	NewStatus             string
}

// controlBase is below all control numbers. The MES wants versions of orders;
// what rises with every event does for one, once it is short enough; see ranks.
const controlBase = 5637144576

// readOn makes a message for the MES of a business event.
func (s *messageSide) readOn(ctx context.Context, event string, body []byte) (a announcedFact, v verdict) {
	var e businessEvent
	if err := json.Unmarshal(body, &e); err != nil || e.ProductionOrderNumber == "" || e.ControlNumber <= controlBase {
		return a, verdict{what: refused, class: dataQuality, code: "malformed", reason: fmt.Sprintf("this is no business event of a production order: %s", clip(string(body)))}
	}
	if event == "" {
		event = e.EventId
	}
	if s.defect == M124 && !s.risen(e.ControlNumber) { // DEFECT M124: control numbers are one sequence, of which nothing is told out of turn
		return a, verdict{what: overtaken}
	}
	order, version := e.ProductionOrderNumber, ""
	at := happened(e.EventTime).Format(time.RFC3339Nano)
	if e.BusinessEventId == "ProductionOrderStatusChangedBusinessEvent" {
		if e.NewStatus != "Created" && e.NewStatus != "Released" { // nothing that the MES must know
			return a, verdict{what: overtaken}
		}
		n, err := s.ranks.of(ctx, order, e.ControlNumber)
		if err != nil {
			return a, internal(err)
		}
		if version = strconv.Itoa(n); e.NewStatus == "Created" { // its release was taken back
			a, v = announcedOrder(line{"CAN", event, at, order, version}, nil)
			return a, v
		} // released once more, after a change
	}
	h, v := s.header(ctx, order)
	if v.what != posted {
		return a, v
	}
	if e.NewStatus == "Released" {
		a, v = announcedOrder(line{"CHG", event, at, order, version, h.ScheduledQuantity.String(), h.InventoryUnitSymbol, "", ""}, nil)
		return a, v
	}
	below, v := s.below(ctx, order)
	if v.what != posted {
		return a, v
	}
	a, v = announcedOrder(line{"ORD", event, at, order, h.ItemNumber, h.ProductVersionId, h.ScheduledQuantity.String(), h.InventoryUnitSymbol, "", "", "", h.ItemBatchNumber}, below)
	return a, v
}

// risen reports whether n is above all control numbers so far.
func (s *messageSide) risen(n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n <= s.highest {
		return false
	}
	s.highest = n
	return true
}

func announcedOrder(l line, below []line) (announcedFact, verdict) {
	a, err := announceOne("orders", l, below)
	if err != nil {
		return a, verdict{what: refused, class: dataQuality, code: "malformed", reason: err.Error()}
	}
	return a, verdict{}
}

// orderHeader is what is read of an order.
type orderHeader struct {
	ItemNumber, ProductVersionId, InventoryUnitSymbol, ItemBatchNumber string

	ScheduledQuantity json.Number
}

func (s *messageSide) header(ctx context.Context, order string) (orderHeader, verdict) {
	var found []orderHeader
	if v := s.read(ctx, headers, "ProductionOrderNumber eq "+quoted(order), &found); v.what != posted {
		return orderHeader{}, v
	}
	switch {
	case len(found) > 0:
		return found[0], verdict{}
	case s.defect == M123:
		return orderHeader{}, verdict{what: overtaken}
	}
	// An event of an order that is not there: of another company, or too early.
	return orderHeader{}, verdict{what: again, class: technical, code: "order-unknown", reason: "production order " + order + " is announced and not there"}
}

// below are the operations and components of an order.
func (s *messageSide) below(ctx context.Context, order string) (all []line, v verdict) {
	filter := "ProductionOrderNumber eq " + quoted(order)
	var operations []struct {
		OperationNumber                   int
		OperationId, OperationsResourceId string
		SetupTime, ProcessTime            json.Number // hours
	}
	if v := s.read(ctx, "/data/ProductionOrderRouteOperations", filter, &operations); v.what != posted {
		return nil, v
	}
	var components []struct {
		ItemNumber, BOMUnitSymbol string
		OperationNumber           int
		EstimatedBOMLineQuantity  json.Number
	}
	if v := s.read(ctx, "/data/ProductionOrderBillOfMaterialLines", filter, &components); v.what != posted {
		return nil, v
	}
	for _, o := range operations {
		all = append(all, line{"OPR", fmt.Sprintf("%04d", o.OperationNumber), o.OperationId, o.OperationsResourceId, inSeconds(o.SetupTime), inSeconds(o.ProcessTime), ""})
	}
	for _, c := range components {
		all = append(all, line{"CMP", fmt.Sprintf("%04d", c.OperationNumber), c.ItemNumber, c.EstimatedBOMLineQuantity.String(), c.BOMUnitSymbol})
	}
	return all, verdict{}
}

// inSeconds are hours, to the second; nothing for none.
func inSeconds(hours json.Number) string {
	h, err := hours.Float64()
	if s := int64(h*3600 + 0.5); err == nil && s > 0 {
		return strconv.FormatInt(s, 10)
	}
	return ""
}

// happened reads the forms in which events say when they happened.
func happened(raw json.RawMessage) time.Time {
	text := strings.Trim(string(raw), `"`)
	if inner, ok := strings.CutPrefix(strings.ReplaceAll(text, `\/`, "/"), "/Date("); ok {
		text, _, _ = strings.Cut(inner, ")")
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(ms).UTC()
	}
	t, _ := time.Parse(time.RFC3339Nano, text)
	return t
}

// announced takes a business event. What cannot be read on now is announced
// again.
func (i *inbox) announced(w http.ResponseWriter, r *http.Request, body []byte) {
	if i.full() {
		w.Header().Set("Retry-After", "1")
		problem(w, http.StatusServiceUnavailable, "backlog", "too many messages wait to be delivered")
		return
	}
	a, v := i.readOn(r.Context(), r.Header.Get("Andon-Event"), body)
	switch v.what {
	case posted:
	case overtaken:
		w.WriteHeader(http.StatusAccepted)
		return
	case refused:
		problem(w, http.StatusBadRequest, v.code, v.reason)
		return
	default:
		i.outbox["erp"].heard(v)
		problem(w, http.StatusServiceUnavailable, v.code, v.reason)
		return
	}
	items, err := i.open("erp", a.name, a.event, a.body)
	if err != nil {
		problem(w, http.StatusBadRequest, "malformed", err.Error())
		return
	}
	if err := i.accept(r.Context(), items, nil); err != nil {
		i.log.Error("take business event", "error", err)
		problem(w, http.StatusServiceUnavailable, "store", "the event could not be stored")
		return
	}
	w.WriteHeader(http.StatusAccepted)
}
