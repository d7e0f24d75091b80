package bridge

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the database of the ERP, if it is PostgreSQL
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// This file is what the bridge knows of the tables of staging/v1: their columns,
// and how one gets at them. What a row says it takes for a record of files/v1,
// whose cells are the same; see flatrows.go.

// tableColumns are the columns of a record, in the order of its cells.
var tableColumns = map[string][]string{
	"ORD": strings.Fields("reference happened_at order_no material revision quantity unit start_at due_at priority lot"),
	"OPR": strings.Fields("operation description work_center setup_seconds cycle_seconds inspect_here"),
	"CMP": strings.Fields("operation material quantity unit"),
	"CHG": strings.Fields("reference happened_at order_no version quantity unit due_at priority"),
	"CAN": strings.Fields("reference happened_at order_no version"),
	"DEC": strings.Fields("reference happened_at lot material quality_case decision"),
	"ITM": strings.Fields("reference happened_at material version description revision unit decimals lots serials retired"),
	"UOM": strings.Fields("unit numerator denominator"),
	"BOM": strings.Fields("reference happened_at material version quantity unit line_count"),
	"RTG": strings.Fields("reference happened_at material version line_count"),
	"WCT": strings.Fields("reference happened_at work_center version description manual efficiency line_count"),
	"MCH": strings.Fields("machine"),
	"CAL": strings.Fields("reference happened_at calendar version zone line_count"),
	"SHF": strings.Fields("shift begins ends days"),
	"STA": strings.Fields("reference happened_at order_no operation work_center operator"),
	"CNF": strings.Fields("reference happened_at order_no operation counter work_center operator yield unit scrap rework reason is_final start_at end_at labor_seconds"),
	"CON": strings.Fields("reference happened_at order_no operation counter material lot quantity unit"),
	"SCR": strings.Fields("reference happened_at order_no operation counter material lot quantity unit reason"),
	"REW": strings.Fields("reference happened_at order_no operation counter quantity unit reason"),
	"RCV": strings.Fields("reference happened_at order_no counter material lot quantity unit"),
	"SER": strings.Fields("serial"),
	"INS": strings.Fields("reference happened_at order_no operation counter material lot serial passed failed description"),
	"HLD": strings.Fields("reference happened_at lot material order_no quality_case reason"),
}

// wholeColumns hold numbers; all else is text, or is written like it.
var wholeColumns = strings.Fields("priority version decimals numerator denominator counter passed failed line_count efficiency")

// fetched are the tables that the bridge reads, and what details their rows.
var fetched = []struct {
	table  string
	action map[string]string // the record by what the row is; nil if there is one kind
	record string
	below  map[string]string // table by record
	order  []string          // of those records
}{
	{"orders", map[string]string{"release": "ORD", "change": "CHG", "cancel": "CAN"}, "", map[string]string{"OPR": "order_operations", "CMP": "order_components"}, []string{"OPR", "CMP"}},
	{"decisions", nil, "DEC", nil, nil},
	{"items", nil, "ITM", map[string]string{"UOM": "item_units"}, []string{"UOM"}},
	{"boms", nil, "BOM", map[string]string{"CMP": "bom_components"}, []string{"CMP"}},
	{"routings", nil, "RTG", map[string]string{"OPR": "routing_operations"}, []string{"OPR"}},
	{"work_centers", nil, "WCT", map[string]string{"MCH": "work_center_machines"}, []string{"MCH"}},
	{"calendars", nil, "CAL", map[string]string{"SHF": "calendar_shifts"}, []string{"SHF"}},
}

// tablesAt is the database of an ERP.
type tablesAt struct {
	*sql.DB
	server bool // PostgreSQL
}

// openTables finds out from its URL where the tables are.
func openTables(at string, limit time.Duration) (*tablesAt, error) {
	u, err := url.Parse(at)
	switch {
	case err != nil:
	case u.Scheme == "postgres" || u.Scheme == "postgresql":
		db, err := sql.Open("pgx", at)
		if err == nil {
			db.SetMaxIdleConns(8)
		}
		return &tablesAt{db, true}, err
	case u.Scheme == "sqlite" && u.Path != "":
		dsn := "file:" + (&url.URL{Path: filepath.FromSlash(u.Path)}).EscapedPath() + "?_txlock=immediate&_pragma=foreign_keys(1)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(" +
			strconv.FormatInt(max(1, limit.Milliseconds()/4), 10) + ")"
		db, err := sql.Open("sqlite", dsn)
		if err == nil {
			db.SetMaxOpenConns(4)
		}
		return &tablesAt{db, false}, err
	}
	return nil, fmt.Errorf("tables %q: not a URL such as sqlite:///srv/staging.db or postgres://bridge@host/erp", at)
}

// q writes a statement with the placeholders of the database.
func (t *tablesAt) q(statement string) string {
	if !t.server {
		return statement
	}
	var b strings.Builder
	n := 0
	for _, r := range statement {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		fmt.Fprintf(&b, "$%d", n)
	}
	return b.String()
}

// together does several things or none. Sent is false if nothing of it can have
// been done.
func (t *tablesAt) together(ctx context.Context, do func(*sql.Tx) error) (sent bool, err error) {
	tx, err := t.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // whatever it says, there was no commit
		return false, err
	}
	err = tx.Commit()
	return err == nil || !denied(err), err
}

// denied reports whether the database has said no: then nothing was done.
func denied(err error) bool {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	return errors.As(err, &pg) || errors.As(err, &lite)
}

// unfit reports whether the database will not take a row, however often it is
// tried: it lacks a value, or one does not fit its column.
func unfit(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23") || strings.HasPrefix(pg.Code, "42")
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_CONSTRAINT
}

// locked reports whether somebody else's transaction was in the way.
func locked(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40P01" || pg.Code == "40001" || pg.Code == "55P03" || pg.Code == "57014"
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code()&0xff == sqlite3.SQLITE_BUSY || lite.Code()&0xff == sqlite3.SQLITE_LOCKED
	}
	return errors.Is(err, context.DeadlineExceeded)
}

// insert writes a record and says where it stands; the row of a reference that
// is there already is left as it is (fresh is false).
func (t *tablesAt) insert(ctx context.Context, tx *sql.Tx, table, group string, l line) (fresh bool, err error) {
	names, values := []string{"group_id", "inserted_by"}, []any{group, "bridge"}
	for i, name := range tableColumns[l[0]] {
		if cell := l.cell(i + 1); cell != "" {
			names, values = append(names, name), append(values, value(name, cell))
		}
	}
	r, err := tx.ExecContext(ctx, t.q("INSERT INTO "+table+" ("+strings.Join(names, ", ")+") VALUES (?"+strings.Repeat(", ?", len(names)-1)+") ON CONFLICT (reference) DO NOTHING"), values...)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n == 1, err
}

// detail writes what details a row that was just inserted.
func (t *tablesAt) detail(ctx context.Context, tx *sql.Tx, table, above, reference string, n int, l line) error {
	names, values := []string{"line"}, []any{n}
	for i, name := range tableColumns[l[0]] {
		names, values = append(names, name), append(values, value(name, l.cell(i+1)))
	}
	_, err := tx.ExecContext(ctx, t.q("INSERT INTO "+table+" (parent_id, "+strings.Join(names, ", ")+") SELECT id"+marks(names)+" FROM "+above+" WHERE reference = ?"), append(values, reference)...)
	return err
}

// marks are placeholders that say of what kind they are, where the database
// cannot tell.
func marks(names []string) string {
	var b strings.Builder
	for _, n := range names {
		kind := "VARCHAR(60)"
		if n == "line" {
			kind = "INTEGER"
		}
		b.WriteString(", CAST(? AS " + kind + ")")
	}
	return b.String()
}

// value is a cell as its column takes it. What ought to be a number and is none
// is the database's to refuse.
func value(column, cell string) any {
	if slices.Contains(wholeColumns, column) {
		if n, err := strconv.ParseInt(cell, 10, 64); err == nil {
			return n
		}
	}
	return cell
}

// rows reads columns as text.
func (t *tablesAt) rows(ctx context.Context, names []string, from string, args ...any) (all [][]string, err error) {
	rows, err := t.QueryContext(ctx, t.q("SELECT "+strings.Join(names, ", ")+" FROM "+from), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		values := make([]sql.NullString, len(names))
		into := make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row := make([]string, len(names))
		for i, v := range values {
			row[i] = v.String
		}
		all = append(all, row)
	}
	return all, rows.Err()
}
