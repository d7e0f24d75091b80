package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"
)

// This file reads from an ERP that speaks sap-s4/v2 what its events only name.

// table asks the ERP for the units of a material.
func (s *sapSide) table(ctx context.Context, material string) (unitTable, verdict) {
	var p sapProduct
	found, v := s.read(ctx, sapProducts+"('"+sapKey(material)+"')?$expand=to_ProductUnitsOfMeasure", &p)
	if v.what != posted || !found {
		return unitTable{}, v
	}
	t := unitTable{base: p.BaseUnit, factors: map[string]*big.Rat{}}
	for _, u := range p.Units.Results {
		if f, ok := factor(plainNumber(u.QuantityNumerator) + "/" + plainNumber(u.QuantityDenominator)); ok {
			t.factors[u.AlternativeUnit] = f
		}
	}
	return t, verdict{}
}

// read reads one entity; found is false if there is none.
func (s *sapSide) read(ctx context.Context, path string, into any) (found bool, v verdict) {
	r, v := s.call(ctx, http.MethodGet, path, http.Header{"Accept": {"application/json"}}, nil)
	if r.err == nil && r.status == http.StatusNotFound {
		return false, verdict{}
	}
	d := struct{ D any }{into}
	if v.what == posted && (r.status != http.StatusOK || json.Unmarshal(r.body, &d) != nil) {
		return false, verdict{what: again, class: technical, code: "not-understood", reason: "not readable: " + clip(string(r.body))}
	}
	v.doubt = false
	if v.what == refused {
		v.what = again // a question is nobody's refusal
	}
	return v.what == posted, v
}

// errNotYet says that what an event is about is not to be seen yet.
type errNotYet struct{ what string }

func (e errNotYet) Error() string { return e.what + " is announced and not to be seen yet" }

// rereads is how often what cannot be seen yet is looked for before the sender
// of the event is told to come again.
const rereads = 6

// announced reads what an event is about and makes a message of it. An event
// can come before what it is about. Who is asked for patience meanwhile does not
// look again.
func (s *sapSide) announced(ctx context.Context, body []byte) (name string, message []byte, err error) {
	for n := 0; n < rereads; n++ {
		name, message, err = s.reread(ctx, body)
		if notYet := new(errNotYet); !errors.As(err, notYet) || s.calm.left() > 0 || ctx.Err() != nil {
			break
		}
		sleep(ctx, 10*time.Millisecond<<n)
	}
	return name, message, err
}

// reread looks once for what an event is about.
func (s *sapSide) reread(ctx context.Context, body []byte) (name string, message []byte, err error) {
	e, err := readSAPEvent(body)
	if err != nil {
		return "", nil, err
	}
	var l line
	var below []line
	switch {
	case strings.HasPrefix(e.Type, "sap.s4.beh.productionorder.v1.ProductionOrder."):
		name = "orders"
		l, below, _, err = s.order(ctx, e)
	case strings.HasPrefix(e.Type, "sap.s4.beh.product.v1.Product."):
		name = "items"
		var p sapProduct
		found, v := s.read(ctx, sapProducts+"('"+sapKey(e.Data.Product)+"')?$expand=to_Description,to_ProductUnitsOfMeasure", &p)
		if v.what != posted || (!found || sapStale(sapDate(p.LastChangeDateTime), e.Time)) && s.defect != M110 {
			return "", nil, errNotYet{e.Data.Product}
		}
		l, below, _ = p.announced(e.Time)
	case strings.HasPrefix(e.Type, "sap.s4.beh.inspectionlot.v1.InspectionLot."):
		name = "decisions"
		event := kindDecided + "/" + e.Data.Batch + "/" + e.Data.InspectionLot
		l = line{"DEC", event, e.Time, e.Data.Batch, e.Data.Material, e.Data.InspectionLot, e.Data.Decision}
	default:
		return "", nil, fmt.Errorf("events of type %q are not known here", clip(e.Type))
	}
	if err != nil {
		return "", nil, err
	}
	a, err := announceOne(name, l, below)
	return name, a.body, err
}

// order reads the order of an event.
func (s *sapSide) order(ctx context.Context, e sapEvent) (line, []line, string, error) {
	var o sapOrder
	id := e.Data.ManufacturingOrder
	found, v := s.read(ctx, sapOrders+"('"+sapKey(id)+"')?$expand=to_ProductionOrderItem,to_ProductionOrderOperation,to_ProductionOrderComponent", &o)
	if v.what != posted {
		return nil, nil, "", errNotYet{id}
	}
	changed := ""
	if at, err := time.Parse("20060102150405", o.LastChangeDateTime); err == nil {
		changed = at.Format(time.RFC3339)
	}
	if s.defect != M110 && (!found || sapStale(changed, e.Time)) { // DEFECT M110: what cannot be seen is not there, and what is seen is how it is
		return nil, nil, "", errNotYet{id}
	}
	if !found {
		return nil, nil, "", errGone
	}
	kind := "order-changed"
	switch {
	case strings.HasSuffix(e.Type, ".Released.v1"), strings.HasSuffix(e.Type, ".Created.v1"):
		kind = kindReleased
	case strings.HasSuffix(e.Type, ".Deleted.v1"):
		kind = "order-cancelled"
	}
	l, below, event := o.announced(kind, e.Time)
	return l, below, event, nil
}

// sapStale reports whether what was read is from before the event. Times of
// change are told in whole seconds.
func sapStale(changed, event string) bool {
	at, err := time.Parse(time.RFC3339Nano, event)
	if err != nil {
		return false
	}
	seen, err := time.Parse(time.RFC3339Nano, changed)
	return err != nil || seen.Before(at.Truncate(time.Second))
}

// errGone is what defect M110 makes of an order that it does not see.
var errGone = fmt.Errorf("there is no such order")
