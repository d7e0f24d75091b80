// Package staging words plant events as rows of staging tables: the dialect
// staging/v1.
//
// It is a pure codec: it knows no database, no clock and no books. README.md
// beside it has every table and the fidelity sheet.
package staging

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/plant"
)

// Dialect is staging/v1. The zero value is ready for use.
type Dialect struct{}

var (
	_ simulators.Tabular   = Dialect{}
	_ simulators.Finisher  = Dialect{}
	_ simulators.Customary = Dialect{}
)

// Policy is how a staging/v1 interface behaves unless the rig file says
// otherwise: the import job knows a business key that was posted before, and a
// row can be looked up by its reference; of the books nothing can be asked.
func (Dialect) Policy() simulators.Policy {
	return simulators.Policy{
		Auth:     simulators.AuthNone, // the database knows its users
		Accept:   simulators.AcceptDone,
		Dedupe:   simulators.DedupeNatural,
		Ordering: simulators.OrderPerEntity,
		Lock:     simulators.LockNone,
		Batch:    simulators.BatchPerRow,
	}
}

// Customs implements [simulators.Customary].
func (Dialect) Customs() simulators.Customs { return simulators.Customs{Transport: "tables"} }

// Encode implements [simulators.Dialect]. Shipments and what machines say have
// no word in this dialect.
func (d Dialect) Encode(e plant.Event) ([]simulators.Message, error) {
	if e.Fact == nil {
		return nil, fmt.Errorf("encode event %s: it has no fact", e.ID)
	}
	records := files.Records(e)
	if len(records) == 0 {
		return nil, nil
	}
	m, err := d.Batch(e)
	if err != nil {
		return nil, err
	}
	return []simulators.Message{m}, nil
}

// Batch words several events of one table as rows that are committed together.
func (Dialect) Batch(events ...plant.Event) (simulators.Message, error) {
	if len(events) == 0 {
		return simulators.Message{}, errors.New("encode rows: there is no event")
	}
	var rows []row
	name, keys := "", make([]string, len(events))
	for i, e := range events {
		records := files.Records(e)
		if len(records) == 0 {
			return simulators.Message{}, fmt.Errorf("encode event %s: there is no table for it", e.ID)
		}
		t := tableOf(records[0].Type, "")
		if name == "" {
			name = t.Name
		}
		if t.Name != name {
			return simulators.Message{}, fmt.Errorf("encode event %s: a row of %s among %s", e.ID, t.Name, name)
		}
		for _, r := range records {
			for _, c := range r.Cells {
				if strings.ContainsRune(c, 0) {
					return simulators.Message{}, fmt.Errorf("encode event %s: a column of text cannot hold the character U+0000", e.ID)
				}
			}
		}
		rows = append(rows, rowOf(records))
		keys[i] = plant.Natural(e.Fact)
	}
	var body []byte
	var err error
	if len(rows) == 1 {
		body, err = json.Marshal(rows[0])
	} else {
		body, err = json.Marshal(rows)
	}
	if err != nil {
		return simulators.Message{}, fmt.Errorf("encode event %s: %w", events[0].ID, err)
	}
	return simulators.Message{
		Verb: "post", Name: name, Body: body, Events: events, Key: strings.Join(keys, " + "), Entity: events[0].Fact.Keys().Entity(),
		Header: map[string]string{"Content-Type": "application/json", "Andon-Event": string(events[0].ID)},
	}, nil
}

// row is what a body has of one: values by column, and rows of other tables
// below it by table.
type row map[string]any

// rowOf writes a record, with those that belong to it, as a row.
func rowOf(records []files.Record) row {
	t := tableOf(records[0].Type, "")
	out := values(records[0])
	if t.action(records[0].Type) != "" {
		out[actionColumn] = t.action(records[0].Type)
	}
	for _, r := range records[1:] {
		below := tableOf(r.Type, t.Name).Name
		list, _ := out[below].([]row)
		out[below] = append(list, values(r))
	}
	return out
}

// values are the cells of a record that say something. Whole numbers are
// numbers, all else is text.
func values(r files.Record) row {
	out := row{}
	for i, c := range files.Columns(r.Type) {
		switch cell := r.Cells[i]; {
		case cell == "":
		case c.Form == files.Whole:
			out[columnName(c.Name)] = json.Number(cell)
		default:
			out[columnName(c.Name)] = cell
		}
	}
	return out
}
