package tables

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// most is how many rows of a table are looked at in one round.
const most = 200

// group is rows of the SUT that are one message.
type group struct {
	table *simulators.Table
	ids   []int64
	rows  []map[string]any
	id    string // "" of a row that stands alone
}

// keys name the rows of a group among those of all tables.
func (g group) keys() []string {
	keys := make([]string, len(g.ids))
	for i, id := range g.ids {
		keys[i] = g.table.Name + " " + strconv.FormatInt(id, 10)
	}
	return keys
}

// arrived reads the rows that nobody has taken up, table by table and by id.
func (t *Transport) arrived(ctx context.Context) (all []group, err error) {
	names, err := t.busy(ctx)
	for _, name := range names {
		groups, err := t.read(ctx, t.table(name))
		if err != nil {
			return all, err
		}
		all = append(all, groups...)
	}
	return all, err
}

// busy names the tables in which something has arrived.
func (t *Transport) busy(ctx context.Context) (names []string, err error) {
	var parts []string
	for _, o := range t.config.Tables {
		if o.Below == "" && o.Way == simulators.FromSUT {
			parts = append(parts, fmt.Sprintf("SELECT '%s' WHERE EXISTS (SELECT 1 FROM %s WHERE %s IS NULL)", o.Name, o.Name, colStart))
		}
	}
	rows, err := t.db.QueryContext(ctx, strings.Join(parts, " UNION ALL "))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// read reads the new rows of a table. Rows that bear the same group are one
// message: their sender has committed them together.
func (t *Transport) read(ctx context.Context, table *simulators.Table) (all []group, err error) {
	err = t.each(ctx, table, fmt.Sprintf("%s, %s", colID, colGroup), fmt.Sprintf("%s IS NULL ORDER BY %s LIMIT %d", colStart, colID, most), nil, func(head []sql.NullString, row map[string]any) {
		id, _ := strconv.ParseInt(head[0].String, 10, 64)
		if name := head[1].String; name != "" {
			if i := slices.IndexFunc(all, func(g group) bool { return g.id == name }); i >= 0 {
				all[i].ids, all[i].rows = append(all[i].ids, id), append(all[i].rows, row)
				return
			}
		}
		all = append(all, group{table: table, ids: []int64{id}, rows: []map[string]any{row}, id: head[1].String})
	})
	if err != nil {
		return nil, err
	}
	for _, below := range t.config.Tables {
		if below.Below != table.Name {
			continue
		}
		for _, g := range all {
			for i, id := range g.ids {
				var list []any
				if err := t.each(ctx, &below, colLine, colParent+" = ? ORDER BY "+colLine, []any{id}, func(_ []sql.NullString, row map[string]any) { list = append(list, row) }); err != nil {
					return nil, err
				}
				if len(list) > 0 {
					g.rows[i][below.Name] = list
				}
			}
		}
	}
	return all, nil
}

// each reads rows: some columns at their head, and those that the table is
// about.
func (t *Transport) each(ctx context.Context, table *simulators.Table, head, where string, args []any, see func(head []sql.NullString, row map[string]any)) error {
	names := strings.Split(head, ", ")
	n := len(names)
	for _, c := range table.Columns {
		names = append(names, c.Name)
	}
	rows, err := t.db.QueryContext(ctx, t.db.q("SELECT "+strings.Join(names, ", ")+" FROM "+table.Name+" WHERE "+where), args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", table.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		values := make([]sql.NullString, len(names))
		into := make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read %s: %w", table.Name, err)
		}
		row := map[string]any{}
		for i, c := range table.Columns {
			switch v := values[n+i]; {
			case !v.Valid:
			case c.Form == simulators.ColumnWhole && strings.Trim(v.String, "0123456789-") == "":
				row[c.Name] = json.Number(v.String)
			default:
				row[c.Name] = v.String
			}
		}
		see(values[:n], row)
	}
	return rows.Err()
}

// take imports a group and fills in what became of it.
func (t *Transport) take(g group, receive receiver) error {
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, k := range g.keys() {
			delete(t.taking, k)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if claimed, err := t.claim(ctx, g); err != nil || !claimed {
		return err
	}
	body, err := g.body()
	if err != nil {
		return err
	}
	reply, err := receive(simulators.Message{Verb: "post", Name: g.table.Name, Header: map[string]string{"Content-Type": "application/json"}, Body: body})
	var lost *simulators.LostError
	if errors.As(err, &lost) {
		t.silence(lost.After)
		return nil // the job has died with it: the rows stay as if it were still at work
	}
	if err != nil {
		return err
	}
	late, done := context.WithTimeout(context.Background(), limit)
	defer done()
	return t.answer(late, g, reply)
}

func (g group) body() ([]byte, error) {
	if len(g.rows) == 1 {
		return json.Marshal(g.rows[0])
	}
	return json.Marshal(g.rows)
}

// claim says in the rows that they are being processed; false if somebody has
// taken them back meanwhile.
func (t *Transport) claim(ctx context.Context, g group) (bool, error) {
	var n int64
	err := t.db.together(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, t.db.q("UPDATE "+g.table.Name+" SET "+colStart+" = ?, "+colCode+" = 202 WHERE "+colStart+" IS NULL AND "+colID+" IN ("+g.list()+")"), t.now())
		if err != nil {
			return err
		}
		n, err = r.RowsAffected()
		return err
	})
	return n == int64(len(g.ids)), err
}

// list is the ids of a group, for SQL.
func (g group) list() string {
	ids := make([]string, len(g.ids))
	for i, id := range g.ids {
		ids[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(ids, ", ")
}

// now is an instant as the database takes it.
func (t *Transport) now() any {
	if t.db.flavour == PostgreSQL {
		return time.Now()
	}
	return time.Now().UTC().Format("2006-01-02 15:04:05.000")
}

// answer fills in what became of the rows of which the reply speaks.
func (t *Transport) answer(ctx context.Context, g group, reply simulators.Message) error {
	var said []map[string]any
	d := json.NewDecoder(strings.NewReader(string(reply.Body)))
	d.UseNumber()
	if err := d.Decode(&said); err != nil {
		return fmt.Errorf("the answer is no list of columns: %w", err)
	}
	return t.db.together(ctx, func(tx *sql.Tx) error {
		for _, s := range said {
			n, _ := s["row"].(json.Number)
			i, err := n.Int64()
			if err != nil || i < 1 || int(i) > len(g.ids) {
				continue
			}
			if pending(s) {
				continue // it says so already
			}
			names, values := t.answers(s)
			if _, err := tx.ExecContext(ctx, t.db.q("UPDATE "+g.table.Name+" SET "+strings.Join(names, ", ")+" WHERE "+colID+" = ?"), append(values, g.ids[i-1])...); err != nil {
				return fmt.Errorf("answer in %s: %w", g.table.Name, err)
			}
		}
		return nil
	})
}

// pending reports whether a response says only that the row was accepted.
func pending(s map[string]any) bool {
	n, _ := s[colCode].(json.Number)
	return n == "202"
}

// answers are the columns of a response with their values, and that it is one.
func (t *Transport) answers(s map[string]any) (names []string, values []any) {
	names, values = []string{colComplete + " = ?"}, []any{t.now()}
	for _, c := range append([][2]string{{colCode}, {colMessage}}, answerColumns...) {
		v := plain(s[c[0]])
		if text, ok := v.(string); ok {
			v = clip(text, c[0])
		}
		names, values = append(names, c[0]+" = ?"), append(values, v)
	}
	return names, values
}

// finish fills in what became of rows that were only accepted. One that the SUT
// has handed in again meanwhile, or that has its answer, is left alone.
func (t *Transport) finish(m simulators.Message, told func(simulators.Result)) error {
	said, err := rowsOf(m.Body)
	if err != nil {
		return fmt.Errorf("answer in %s: %w", m.Name, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var n int64
	err = t.db.together(ctx, func(tx *sql.Tx) error {
		for _, s := range said {
			names, values := t.answers(s)
			r, err := tx.ExecContext(ctx, t.db.q("UPDATE "+m.Name+" SET "+strings.Join(names, ", ")+" WHERE reference = ? AND "+colStart+" IS NOT NULL AND "+colComplete+" IS NULL"), append(values, s["reference"])...)
			if err != nil {
				return err
			}
			found, err := r.RowsAffected()
			if n += found; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("answer in %s: %w", m.Name, err)
	}
	told(simulators.Result{Outcome: simulators.Unknown, Text: "stands in the row"})
	told(simulators.Result{Outcome: simulators.Accepted, Text: fmt.Sprintf("%d rows were waiting for it", n)})
	return nil
}

// clip makes a text fit its column.
func clip(s, column string) string {
	width := map[string]int{colMessage: 1000, "error_code": 60, "error_class": 20, "document_no": 40}[column]
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "?")
	if r := []rune(s); width > 0 && len(r) > width {
		return string(r[:width])
	}
	return s
}
