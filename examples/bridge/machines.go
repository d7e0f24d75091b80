package bridge

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// Kinds of facts that machines announce. Only the MES gets them.
const (
	kindCounted = "machine-count"
	kindTurned  = "machine-state"
)

// A reading is what the piece counter of a machine shows: a number that goes
// round, and that a power cycle sets back to 0. The MES wants to know how many
// pieces were made, so the bridge works that out from the reading before. It
// needs both for that, and readings may overtake each other: one whose
// predecessor has not come yet waits in the store.
type reading struct {
	counter              int // number of the reading, from 1
	count, modulo, reset int64
}

// since is how many pieces were made between the reading before and r.
func (r reading) since(before reading, d Defect) int64 {
	switch {
	case d == M52: // DEFECT M52: counters only ever grow
		return int64(uint32(r.count - before.count))
	case r.reset != before.reset: // it began again from 0
		return r.count
	case r.count < before.count: // it went round
		return r.count - before.count + r.modulo
	}
	return r.count - before.count
}

// readMachine adds to f what a row says of a machine.
func readMachine(f *facts, row json.RawMessage) error {
	var s struct {
		EquipmentActual []struct{ EquipmentID []string }
	}
	if err := json.Unmarshal(row, &s); err != nil {
		return err
	}
	if len(s.EquipmentActual) != 1 || first(s.EquipmentActual[0].EquipmentID) == "" {
		return errors.New("a machine's message names no machine")
	}
	f.Machine = first(s.EquipmentActual[0].EquipmentID)
	if f.Kind == kindCounted { // what cannot be read is refused now, not when it is counted
		var data segment
		if err := json.Unmarshal(row, &data); err != nil {
			return err
		}
		f.Quality = data.SegmentData.value("Quality")
		_, err := readReading(row)
		return err
	}
	return nil
}

// readReading reads what a row says of a counter.
func readReading(row json.RawMessage) (r reading, err error) {
	var s segment
	if err := json.Unmarshal(row, &s); err != nil {
		return r, err
	}
	number := func(id string, least int64) int64 {
		text := s.SegmentData.value(id)
		if text == "" && least < 0 {
			return 0
		}
		n, nerr := strconv.ParseInt(text, 10, 64)
		if nerr != nil || n < least || n < 0 {
			err = fmt.Errorf("%s is %q", id, text)
		}
		return n
	}
	r = reading{int(number("Counter", 1)), number("Count", 0), number("Modulo", -1), number("Resets", -1)}
	return r, err
}

// readingOf takes the reading out of a message that states it alone.
func readingOf(body []byte) (r reading, err error) {
	var m map[string]transaction
	if err := json.Unmarshal(body, &m); err != nil {
		return r, fmt.Errorf("read machine count: %w", err)
	}
	for _, t := range m {
		rows, err := t.rows()
		if err != nil || len(rows) != 1 {
			return r, errors.Join(errors.New("read machine count: not one row"), err)
		}
		return readReading(rows[0])
	}
	return r, errors.New("read machine count: the message is empty")
}

// count finds out what is to be posted now that it has come: the reading, with
// the pieces it implies, and those that have waited for it; nothing if it must
// wait itself. It is called once for each reading, in the transaction that
// takes it, and once more with over for one that has waited long enough.
func (w *writer) count(it *item, over bool, d Defect) (ready []*item, err error) {
	for it != nil {
		r, err := readingOf(it.body)
		if err != nil {
			return nil, err
		}
		last := reading{}
		err = w.lastCount.QueryRow(it.Machine).Scan(&last.counter, &last.count, &last.modulo, &last.reset)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, fmt.Errorf("read last count: %w", err)
		}
		if r.counter > last.counter+1 && !over {
			return ready, do(w.park, it.Machine, r.counter, it.name, it.Event, it.body)
		}
		over = false
		pieces := int64(0) // the first reading there is only says where the counter stands
		if last.counter > 0 && r.counter > last.counter {
			pieces = r.since(last, d)
		}
		if it.body, err = withPieces(it.body, pieces); err != nil {
			return nil, err
		}
		ready = append(ready, it)
		if r.counter > last.counter {
			if err := do(w.setCount, it.Machine, r.counter, r.count, r.modulo, r.reset); err != nil {
				return nil, err
			}
		}
		if it, err = w.unparked(it.Machine, max(r.counter, last.counter)+1); err != nil {
			return nil, err
		}
	}
	return ready, nil
}

// unparked takes a reading that has waited out of the store; nil if it has not
// come yet.
func (w *writer) unparked(machine string, counter int) (*item, error) {
	var name, event string
	var body []byte
	err := w.parked.QueryRow(machine, counter).Scan(&name, &event, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read waiting count: %w", err)
	}
	if err := do(w.unpark, machine, counter); err != nil {
		return nil, err
	}
	parts, err := read(name, event, body)
	if err != nil {
		return nil, err
	}
	to := other["machines"]
	return &item{to: to, name: name, facts: parts[0].facts, body: parts[0].body, idem: digest(to + " " + event)}, nil
}

// withPieces writes a message again, saying how many pieces were made.
func withPieces(body []byte, pieces int64) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("state pieces: %w", err)
	}
	made := []any{map[string]any{"ID": "pieces", "MaterialUse": "Produced",
		"Quantity": []any{map[string]any{"QuantityString": strconv.FormatInt(pieces, 10), "DataType": "decimal", "UnitOfMeasure": "EA"}}}}
	walk(tree, func(name string, v any) {
		list, ok := v.([]any)
		if !ok || name != "SegmentResponse" {
			return
		}
		for _, row := range list {
			if m, ok := row.(map[string]any); ok {
				m["MaterialActual"] = made
			}
		}
	})
	out, err := json.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("state pieces: %w", err)
	}
	return out, nil
}
