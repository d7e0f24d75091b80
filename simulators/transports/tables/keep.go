package tables

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// Keep implements [simulators.Keeper]: it inserts m for the SUT under the next
// id of its table. A message about rows of the SUT is what became of them.
func (t *Transport) Keep(_ context.Context, m simulators.Message, told func(simulators.Result)) error {
	table := t.table(m.Name)
	if table == nil {
		return fmt.Errorf("there is no table %q", m.Name)
	}
	if table.Way == simulators.FromSUT {
		return t.finish(m, told)
	}
	rows, err := rowsOf(m.Body)
	if err != nil {
		return fmt.Errorf("insert into %s: %w", m.Name, err)
	}
	t.mu.Lock()
	if t.shut {
		t.mu.Unlock()
		return nil // nobody is left to take it
	}
	first := t.number[m.Name] + 1
	t.number[m.Name] += int64(len(rows))
	mishap := simulators.Mishap{}
	if m.Mishap != nil {
		mishap = *m.Mishap
	}
	later := mishap.Kind == simulators.RowLate
	if mishap.Kind != "" {
		t.mishaps.Add(1)
	}
	t.mu.Unlock()
	k := &kept{m, told}
	if mishap.Kind == simulators.RowsApart {
		err := t.show(table, first, rows, k, t.head)
		t.afterwards(mishap.For, table, first, func() error { return t.detailed(first, rows) })
		return err
	}
	if !later {
		defer t.trouble(mishap, table, first+int64(len(rows))-1)
		return t.show(table, first, rows, k, t.insert)
	}
	t.afterwards(mishap.For, table, first, func() error { return t.show(table, first, rows, k, t.insert) })
	return nil
}

// afterwards does what is left to be done of a row, after a time.
func (t *Transport) afterwards(d time.Duration, table *simulators.Table, id int64, do func() error) {
	go func() {
		defer t.mishaps.Done()
		t.silence(d)
		if err := do(); err != nil {
			t.config.Log.Error("insert row", "table", table.Name, "id", id, "error", err)
		}
	}()
}

func (t *Transport) table(name string) *simulators.Table {
	if i := slices.IndexFunc(t.config.Tables, func(o simulators.Table) bool { return o.Name == name && o.Below == "" }); i >= 0 {
		return &t.config.Tables[i]
	}
	return nil
}

// rowsOf takes the body of a message apart.
func rowsOf(body []byte) (rows []map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if bytes.HasPrefix(body, []byte("[")) {
		return rows, d.Decode(&rows)
	}
	var one map[string]any
	err = d.Decode(&one)
	return []map[string]any{one}, err
}

// show puts rows before the SUT, all of them or none; insert says what of each.
func (t *Transport) show(table *simulators.Table, first int64, rows []map[string]any, k *kept,
	insert func(context.Context, *sql.Tx, *simulators.Table, int64, map[string]any) error) error {
	t.mu.Lock()
	if t.kept[table.Name] == nil {
		t.kept[table.Name] = map[int64]*kept{}
	}
	t.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for _, r := range rows {
		if err := t.widen(ctx, table, r); err != nil {
			return err
		}
	}
	last := first + int64(len(rows)) - 1
	k.told(simulators.Result{Outcome: simulators.Unknown, Text: fmt.Sprintf("lies in %s under id %d", table.Name, last)}) // before it can be taken
	err := t.db.together(ctx, func(tx *sql.Tx) error {
		for i, r := range rows {
			if err := insert(ctx, tx, table, first+int64(i), r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("insert into %s: %w", table.Name, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept[table.Name][last] = k // the last of several rows stands for all
	return nil
}

// insert writes a row and what details it.
func (t *Transport) insert(ctx context.Context, tx *sql.Tx, table *simulators.Table, id int64, row map[string]any) error {
	if err := t.head(ctx, tx, table, id, row); err != nil {
		return err
	}
	return t.details(ctx, tx, id, row)
}

// head writes a row by itself.
func (t *Transport) head(ctx context.Context, tx *sql.Tx, table *simulators.Table, id int64, row map[string]any) error {
	names, values := []string{colID, "inserted_by"}, []any{id, "erp"}
	for _, name := range slices.Sorted(maps.Keys(row)) {
		if _, below := row[name].([]any); !below {
			names, values = append(names, name), append(values, plain(row[name]))
		}
	}
	return t.put(ctx, tx, table.Name, names, values)
}

// detailed writes what details rows that are there already.
func (t *Transport) detailed(first int64, rows []map[string]any) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return t.db.together(ctx, func(tx *sql.Tx) error {
		for i, r := range rows {
			if err := t.details(ctx, tx, first+int64(i), r); err != nil {
				return err
			}
		}
		return nil
	})
}

// details writes the rows of other tables that a row has below it.
func (t *Transport) details(ctx context.Context, tx *sql.Tx, id int64, row map[string]any) error {
	for _, b := range t.config.Tables {
		list, _ := row[b.Name].([]any)
		for i, one := range list {
			r, _ := one.(map[string]any)
			names, values := []string{colParent, colLine}, []any{id, i + 1}
			for _, name := range slices.Sorted(maps.Keys(r)) {
				names, values = append(names, name), append(values, plain(r[name]))
			}
			if err := t.put(ctx, tx, b.Name, names, values); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *Transport) put(ctx context.Context, tx *sql.Tx, table string, names []string, values []any) error {
	_, err := tx.ExecContext(ctx, t.db.q("INSERT INTO "+table+" ("+strings.Join(names, ", ")+") VALUES (?"+strings.Repeat(", ?", len(names)-1)+")"), values...)
	return err
}

// plain is a value as a driver takes it.
func plain(v any) any {
	if n, ok := v.(json.Number); ok {
		if i, err := n.Int64(); err == nil {
			return i
		}
		return n.String()
	}
	return v
}

// widen adds the columns that a table does not have yet: the schema has changed.
func (t *Transport) widen(ctx context.Context, table *simulators.Table, row map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(row)) {
		if _, below := row[name].([]any); below || slices.ContainsFunc(table.Columns, func(c simulators.Column) bool { return c.Name == name }) {
			continue
		}
		if !word(name) {
			return fmt.Errorf("%q is not the name of a column", name)
		}
		t.mu.Lock()
		known := t.number[table.Name+"."+name] > 0
		t.number[table.Name+"."+name] = 1
		t.mu.Unlock()
		if known {
			continue
		}
		if _, err := t.db.ExecContext(ctx, "ALTER TABLE "+table.Name+" ADD COLUMN "+name+" VARCHAR(200)"); err != nil {
			return fmt.Errorf("add column %s.%s: %w", table.Name, name, err)
		}
	}
	return nil
}

// word reports whether s may be the name of a column.
func word(s string) bool {
	return s != "" && len(s) < 60 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == "" && s[0] >= 'a'
}

// taken looks which rows the SUT has dealt with, and tells. A row that it has
// deleted is one.
func (t *Transport) taken(ctx context.Context) error {
	for _, table := range t.config.Tables {
		ids := t.untaken(table.Name)
		if len(ids) == 0 {
			continue
		}
		still, err := t.states(ctx, table.Name, slices.Min(ids))
		if err != nil {
			return err
		}
		t.mu.Lock()
		var gone []func()
		for _, id := range ids {
			s, there := still[id]
			k, known := t.kept[table.Name][id]
			r, done := meaning(s, there)
			if !known || !done {
				continue
			}
			delete(t.kept[table.Name], id)
			gone = append(gone, func() { k.told(r) })
		}
		t.mu.Unlock()
		for _, tell := range gone {
			tell()
		}
	}
	return nil
}

// untaken are the ids of a table that the SUT has not dealt with. Only they can
// be missed among what is read next: others may be inserted after it was read.
func (t *Transport) untaken(table string) []int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(maps.Keys(t.kept[table]))
}

// state is what the SUT says of a row.
type state struct {
	code    sql.NullInt64
	message sql.NullString
}

func (t *Transport) states(ctx context.Context, table string, from int64) (map[int64]state, error) {
	rows, err := t.db.QueryContext(ctx, t.db.q("SELECT "+colID+", "+colCode+", "+colMessage+" FROM "+table+" WHERE "+colID+" >= ?"), from)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	defer rows.Close()
	all := map[int64]state{}
	for rows.Next() {
		var id int64
		var s state
		if err := rows.Scan(&id, &s.code, &s.message); err != nil {
			return nil, fmt.Errorf("read %s: %w", table, err)
		}
		all[id] = s
	}
	return all, rows.Err()
}

// meaning is what the SUT has done with a row; done is false while it may still
// say something else.
func meaning(s state, there bool) (r simulators.Result, done bool) {
	text := cmp.Or(s.message.String, "the SUT wrote response_code "+fmt.Sprint(s.code.Int64))
	switch {
	case !there:
		return simulators.Result{Outcome: simulators.Accepted, Text: "the SUT has deleted the row"}, true
	case !s.code.Valid, s.code.Int64 == 202, s.code.Int64 >= 500:
		return r, false
	case s.code.Int64 >= 200 && s.code.Int64 < 300:
		return simulators.Result{Outcome: simulators.Accepted, Status: int(s.code.Int64), Text: text}, true
	}
	return simulators.Result{Outcome: simulators.Refused, Class: simulators.DataQuality, Code: "rejected", Status: int(s.code.Int64), Text: text}, true
}
