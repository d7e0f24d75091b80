package bridge

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// This file is about loads: the ERP inserts all records of a table under one
// number, and closes the load by a row that says how many they are. Rows can be
// seen in any sequence, so the closing row may be there before those that it counts.

// A load is a closing row.
type load struct {
	id, number, table, count, at string
}

// loads takes the closing rows that have not been dealt with. A load tells by what
// is not in it when all of its rows are there and were taken.
func (t *tablesSide) loads(ctx context.Context, in *inbox) error {
	rows, err := t.db.rows(ctx, []string{"CAST(id AS VARCHAR(20))", "load_id", "table_name", "CAST(row_count AS VARCHAR(20))", "closed_at"}, "loads WHERE response_code IS NULL ORDER BY id LIMIT 100")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if ctx.Err() != nil || in.full() {
			return ctx.Err()
		}
		if err := t.load(ctx, in, load{r[0], r[1], r[2], r[3], r[4]}); err != nil {
			return err
		}
	}
	return nil
}

func (t *tablesSide) load(ctx context.Context, in *inbox, l load) error {
	if !loadable(l.table) {
		return t.closed(ctx, l, 422, "there is no table "+clip(l.table))
	}
	there, err := t.db.rows(ctx, []string{"CAST(COUNT(*) AS VARCHAR(20))", "CAST(COALESCE(SUM(CASE WHEN response_code IS NULL THEN 1 ELSE 0 END), 0) AS VARCHAR(20))",
		"CAST(COALESCE(SUM(CASE WHEN response_code >= 400 THEN 1 ELSE 0 END), 0) AS VARCHAR(20))"}, l.table+" WHERE load_id = ?", l.number)
	if err != nil {
		return err
	}
	rows, open, refused := number(there[0][0]), number(there[0][1]), number(there[0][2])
	switch {
	case t.defect == M172: // DEFECT M172: what is closed is whole
	case rows == number(l.count) && open > 0:
		return nil // when they are taken
	case rows != number(l.count) && t.incomplete(l):
		return nil // until they come, or patience ends
	case rows != number(l.count):
		return t.parted(ctx, in, l, fmt.Errorf("the load counts %s rows, and %d came", clip(l.count), rows))
	case refused > 0:
		return t.closed(ctx, l, 422, strconv.Itoa(refused)+" rows of the load were not taken")
	}
	if l.table == "items" {
		if err := t.gone(ctx, in, l); err != nil {
			return err
		}
	}
	return t.closed(ctx, l, 200, "taken")
}

// loadable reports whether there is such a table: its name becomes part of a
// statement.
func loadable(table string) bool {
	for _, f := range fetched {
		if f.table == table {
			return true
		}
	}
	return false
}

// incomplete reports whether to wait for the rows of a load.
func (t *tablesSide) incomplete(l load) bool {
	place := "loads/" + l.id
	if t.waiting[place].IsZero() {
		t.waiting[place] = time.Now()
	}
	return time.Since(t.waiting[place]) < rowPatience
}

// parted tells a person of a load that never became whole.
func (t *tablesSide) parted(ctx context.Context, in *inbox, l load, why error) error {
	r := unreadable("loads", "", why)
	if err := in.store.commit(func(w *writer) error { return w.reports([]report{r}) }); err != nil {
		return err
	}
	in.teller.poke()
	return t.closed(ctx, l, 422, why.Error())
}

// gone hands on that materials are not in a load any more.
func (t *tablesSide) gone(ctx context.Context, in *inbox, l load) error {
	known, err := in.store.materials(ctx)
	if err != nil {
		return err
	}
	rows, err := t.db.rows(ctx, []string{"material"}, "items WHERE load_id = ?", l.number)
	if err != nil {
		return err
	}
	r := masterReading{told: map[string]toldMaterial{}, at: l.at}
	for _, one := range rows {
		if m := known[one[0]]; m != nil {
			r.told[one[0]] = m
		}
	}
	r.conclude(known, t.defect)
	facts, err := r.facts()
	if err != nil {
		return err
	}
	var items []*item
	for _, a := range facts {
		got, err := in.open(t.name, a.name, a.event, a.body)
		if err != nil {
			return err
		}
		items = append(items, got...)
	}
	return in.accept(ctx, items, func(w *writer) error { return w.materials(r.told) })
}

// closed says what became of a load.
func (t *tablesSide) closed(ctx context.Context, l load, code int, text string) error {
	delete(t.waiting, "loads/"+l.id)
	_, err := t.db.ExecContext(ctx, t.db.q("UPDATE loads SET process_start_date = CURRENT_TIMESTAMP, process_complete_date = CURRENT_TIMESTAMP, response_code = ?, response_message = ? WHERE response_code IS NULL AND id = ?"), code, clip(text), number(l.id))
	return err
}

// acceptKnown takes items over, and notes what was told of materials.
func (t *tablesSide) acceptKnown(ctx context.Context, in *inbox, items []*item, told map[string]toldMaterial) error {
	if len(told) == 0 {
		return in.accept(ctx, items, nil)
	}
	known, err := in.store.materials(ctx)
	if err != nil {
		return err
	}
	r := masterReading{told: told}
	r.conclude(known, t.defect)
	return in.accept(ctx, items, func(w *writer) error { return w.materials(r.told) })
}
