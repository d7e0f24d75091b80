// Package line is the part of an imaginary line control that talks to the
// ERP: it looks orders up, tells that an operation was started, and hears of
// released orders. It knows nothing of pacts; the tests beside it write down
// what it relies on.
package line

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// ErrUnknown is what is answered for an order that the ERP does not have.
var ErrUnknown = errors.New("the ERP does not know the order")

// ERP is the ERP as a client sees it.
type ERP struct {
	URL   string
	Token string // sent as a bearer token, unless it is empty
}

// Order is what the line reads of an order.
type Order struct {
	ID, Item, Unit string
	Quantity       string // exact decimal
	Operations     []string
}

// Order looks an order up.
func (e ERP) Order(ctx context.Context, id string) (Order, error) {
	var got struct {
		ID, Item, Unit, Quantity string
		Operations               []struct{ ID string }
	}
	if err := e.call(ctx, http.MethodGet, "/orders/"+url.PathEscape(id), "", nil, &got); err != nil {
		return Order{}, fmt.Errorf("look up order %s: %w", id, err)
	}
	o := Order{ID: got.ID, Item: got.Item, Unit: got.Unit, Quantity: got.Quantity}
	for _, op := range got.Operations {
		o.Operations = append(o.Operations, op.ID)
	}
	return o, nil
}

// Start tells that an operation was started, as a B2MML message in JSON. Its
// reference is the idempotency key: telling it again changes nothing.
func (e ERP) Start(ctx context.Context, order, operation string, at time.Time) error {
	ref := "operation-started/" + order + "/" + operation
	when := at.Format(time.RFC3339)
	body := object{"SyncOperationsPerformance": object{
		"@releaseID": "V0701",
		"ApplicationArea": object{
			"Sender":           object{"LogicalID": "lid://acme.line", "TaskID": "operation-started", "ReferenceID": ref},
			"CreationDateTime": when,
		},
		"DataArea": object{"Sync": object{}, "OperationsPerformance": list{object{"OperationsResponse": list{object{"SegmentResponse": list{object{
			"ID": ref, "OperationsRequestID": list{order}, "OperationsSegmentID": list{operation},
			"PostingDate": when, "ActualStartTime": when, "SegmentState": "Running",
		}}}}}}},
	}}
	if err := e.call(ctx, http.MethodPost, "/operation-starts", ref, body, nil); err != nil {
		return fmt.Errorf("tell that %s was started: %w", ref, err)
	}
	return nil
}

type (
	object map[string]any
	list   []any
)

func (e ERP) call(ctx context.Context, method, path, key string, in, out any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, e.URL+path, &body)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", key)
	}
	if e.Token != "" {
		req.Header.Set("Authorization", "Bearer "+e.Token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return ErrUnknown
	case resp.StatusCode/100 != 2:
		return fmt.Errorf("the ERP answered %s", resp.Status)
	case out == nil:
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// announcement is what the line reads of the announcement of released orders.
type announcement struct {
	ProcessOperationsSchedule struct {
		DataArea struct {
			OperationsSchedule []struct{ OperationsRequest []request }
		}
	}
}

type request struct {
	ID                 string
	SegmentRequirement []struct {
		MaterialRequirement []struct {
			MaterialDefinitionID []string
			Quantity             []struct{ QuantityString, UnitOfMeasure string }
		}
		SegmentRequirementChild []struct{ OperationsSegmentID string }
	}
}

// Released reads the announcement of a released order.
func Released(message []byte) (Order, error) {
	var m announcement
	if err := json.Unmarshal(message, &m); err != nil {
		return Order{}, fmt.Errorf("read a released order: %w", err)
	}
	for _, s := range m.ProcessOperationsSchedule.DataArea.OperationsSchedule {
		for _, r := range s.OperationsRequest {
			if o := r.order(); o.ID != "" && o.Item != "" && len(o.Operations) > 0 {
				return o, nil
			}
		}
	}
	return Order{}, errors.New("read a released order: number, item or operations are missing")
}

func (r request) order() Order {
	o := Order{ID: r.ID}
	for _, s := range r.SegmentRequirement {
		for _, m := range s.MaterialRequirement {
			if len(m.MaterialDefinitionID) > 0 && len(m.Quantity) > 0 {
				o.Item, o.Quantity, o.Unit = m.MaterialDefinitionID[0], m.Quantity[0].QuantityString, m.Quantity[0].UnitOfMeasure
			}
		}
		for _, c := range s.SegmentRequirementChild {
			o.Operations = append(o.Operations, c.OperationsSegmentID)
		}
	}
	return o
}
