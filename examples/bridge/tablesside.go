package bridge

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tablesSide speaks staging/v1 with an ERP: it reads the rows that the ERP
// inserts and says in each how far it is, and inserts what is posted and waits
// for the response in the row. A reference is unique in its table, so a commit
// of which nothing was heard can be looked up; and the ERP refuses a business
// key that it has posted, so a row that nobody has answered can be handed in
// once more.
type tablesSide struct {
	name   string
	db     *tablesAt
	limit  time.Duration
	stop   bool // in doubt, leave it to a person: the ERP knows no repetition
	defect Defect
	broken error // why there are no tables
	log    *slog.Logger

	// Of fetching; only its goroutine touches them.
	last    map[string]int64     // the highest id that was dealt with, by table
	waiting map[string]time.Time // since when an id is missed, by table, or lines are, by table and id
}

var (
	_ side   = (*tablesSide)(nil)
	_ source = (*tablesSide)(nil)
)

// Patience with the other side of a table.
const (
	pollTables   = 25 * time.Millisecond // between looks
	pollResponse = 5 * time.Millisecond
	rowPatience  = 3 * time.Second // with an id that is missed while higher ones are there
)

func newTablesSide(name string, c Config) *tablesSide {
	t := &tablesSide{name: name, limit: c.Timeout, stop: c.InDoubt == "stop", defect: c.Defect, log: slog.New(slog.DiscardHandler),
		last: map[string]int64{}, waiting: map[string]time.Time{}}
	t.db, t.broken = openTables(c.ERP.URL, c.Timeout)
	return t
}

func (t *tablesSide) admit(context.Context) verdict { return verdict{what: posted} }

// tableName is what a message is called where names have no hyphens.
func tableName(name string) string { return strings.ReplaceAll(name, "-", "_") }

// messageName is the other way round.
func messageName(table string) string { return strings.ReplaceAll(table, "_", "-") }

// post hands u in, as rows that are committed together, and waits for their
// responses.
func (t *tablesSide) post(ctx context.Context, u unit) verdict {
	if t.broken != nil {
		return internal(t.broken)
	}
	facts := make([][]line, len(u))
	for i, it := range u {
		ls, _, err := recordsOf(it, new(big.Rat))
		if err != nil {
			return verdict{what: refused, class: dataQuality, code: "not-understood", reason: err.Error()}
		}
		facts[i] = ls
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.limit)
	defer cancel()
	sent, err := t.db.together(ctx, func(tx *sql.Tx) error {
		for i, it := range u {
			if err := t.handIn(ctx, tx, it, u.key(), facts[i]); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err == nil:
	case !sent && t.defect == M127 && locked(err): // DEFECT M127: what the database cannot take is gone
		return verdict{what: lost, reason: err.Error()}
	case sent && t.defect == M140: // DEFECT M140: a COMMIT of which nothing was heard is taken for a rollback
		return verdict{what: refused, class: technical, code: "not-posted", reason: err.Error()}
	case !sent && unfit(err):
		if len(u) > 1 { // which row it was, nobody says: each by itself
			return verdict{what: refused, class: dataQuality, code: "row-refused", reason: err.Error()}
		}
		return verdict{what: refused, class: dataQuality, code: "row-refused", reason: err.Error()}
	default:
		return verdict{what: again, class: technical, code: "no-reply", reason: err.Error(), doubt: sent}
	}
	return t.wait(ctx, u)
}

// handIn inserts what one item states, or hands its row in once more.
func (t *tablesSide) handIn(ctx context.Context, tx *sql.Tx, it *item, group string, records []line) error {
	table := tableName(it.name)
	fresh, err := t.db.insert(ctx, tx, table, group, records[0])
	if err != nil {
		return err
	}
	if !fresh {
		_, err := tx.ExecContext(ctx, t.db.q("UPDATE "+table+" SET process_start_date = NULL, process_complete_date = NULL, response_code = NULL, response_message = NULL, group_id = ?"+
			" WHERE reference = ? AND process_start_date IS NOT NULL AND (process_complete_date IS NULL OR COALESCE(response_code, 0) <> 200)"), group, it.Event)
		return err
	}
	for n, l := range records[1:] {
		if err := t.db.detail(ctx, tx, "receipt_serials", table, it.Event, n+1, l); err != nil {
			return err
		}
	}
	return nil
}

// wait waits until each row of u has its response.
func (t *tablesSide) wait(ctx context.Context, u unit) verdict {
	v := verdict{what: again, class: technical, code: "no-reply", reason: "no response to " + u[0].Event + " in time", doubt: true}
	until(ctx, pollResponse, func() bool {
		found, whole, err := t.responses(ctx, u)
		if err == nil && (whole || len(found) > 0) {
			v = t.judge(u, found)
		}
		return whole
	})
	return v
}

// response is what the ERP says of a row.
type response struct {
	row
	retry   int
	started bool // the job has taken it up
	done    bool
	old     bool // it has been at work on it for long
}

// responses reads what the ERP says of the rows of u; whole is true once it has
// said something of each.
func (t *tablesSide) responses(ctx context.Context, u unit) (found map[string]response, whole bool, err error) {
	args := make([]any, len(u))
	for i, it := range u {
		args[i] = it.Event
	}
	age := "(julianday('now') - julianday(process_start_date)) * 86400 > " + strconv.FormatFloat(t.limit.Seconds(), 'f', 3, 64)
	if t.db.server {
		age = "EXTRACT(EPOCH FROM (now() - process_start_date)) > " + strconv.FormatFloat(t.limit.Seconds(), 'f', 3, 64)
	}
	rows, err := t.db.rows(ctx, []string{"reference", "CAST(response_code AS VARCHAR(10))", "error_code", "error_class", "response_message", "CAST(retry_after AS VARCHAR(10))",
		"CASE WHEN process_start_date IS NULL THEN '' ELSE 'X' END", "CASE WHEN process_complete_date IS NULL THEN '' ELSE 'X' END", "CASE WHEN " + age + " THEN 'X' ELSE '' END", "document_no"},
		tableName(u[0].name)+" WHERE reference IN (?"+strings.Repeat(", ?", len(u)-1)+")", args...)
	if err != nil {
		return nil, false, err
	}
	found, answered := map[string]response{}, 0
	for _, r := range rows {
		s := response{row{r[0], number(r[1]), r[2], r[3], r[4]}, number(r[5]), r[6] != "", r[7] != "", r[8] != ""}
		if s.done && s.Status/100 <= 2 && !slices.Contains(postedStatuses, s.Status) { // a code that says nothing: a document does
			if s.Status = 0; r[9] != "" {
				s.Status = http.StatusOK
			}
		}
		if t.defect == M126 && s.Status/100 == 2 { // DEFECT M126: 202 is a success, too
			s.Status, s.done = 200, true
		}
		if t.defect == M128 && s.done { // DEFECT M128: processed is posted
			s.Status = 200
		}
		found[s.Reference] = s
		if s.done {
			answered++
		}
	}
	if t.defect == M129 && found[u[0].Event].done { // DEFECT M129: the first row speaks for its group
		for _, it := range u[1:] {
			s := found[u[0].Event]
			s.Reference = it.Event
			found[it.Event] = s
		}
		answered = len(u)
	}
	return found, answered == len(u), nil
}

// judge says what responses mean for u.
func (t *tablesSide) judge(u unit, found map[string]response) verdict {
	v := verdict{what: posted}
	for _, it := range u {
		s, ok := found[it.Event]
		switch {
		case !ok || !s.done:
			if len(u) == 1 {
				return verdict{what: again, class: technical, code: "no-reply", reason: it.Event + " has no response yet", doubt: true}
			}
			v.what = rowwise
			continue
		case fatal(s.Status, t.defect):
			s.Status, s.Class = http.StatusConflict, business
		case patienceAsked(s.Status, t.defect):
			v.pause, v.after = true, max(v.after, time.Duration(s.retry)*time.Second)
		}
		if s.Status/100 != 2 {
			v.what = rowwise
		}
		v.rows = append(v.rows, s.row)
	}
	switch {
	case v.what == posted:
		v.rows = nil
	case len(u) == 1:
		one := judgeStatus(v.rows[0].Status, v.rows[0].Code, v.rows[0].Class, v.rows[0].Detail)
		one.pause, one.after = v.pause, v.after
		return one
	case len(v.rows) == 0:
		return verdict{what: again, class: technical, code: "no-reply", reason: "no row of " + u[0].Event + " has a response yet", doubt: true}
	}
	return v
}

// settle looks for the rows of u.
func (t *tablesSide) settle(ctx context.Context, u unit) verdict {
	if t.broken != nil {
		return internal(t.broken)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.limit)
	defer cancel()
	found, whole, err := t.responses(ctx, u)
	switch {
	case err != nil:
		return verdict{what: again, class: technical, code: "no-reply", reason: err.Error(), doubt: true}
	case len(found) == 0:
		return verdict{what: again} // the commit did not come about
	case whole:
		return t.judge(u, found)
	}
	for _, it := range u {
		if s, ok := found[it.Event]; ok && !s.done && (!s.started || !s.old) {
			return verdict{what: again, class: technical, code: "no-reply", reason: it.Event + " waits to be processed", doubt: true}
		}
	}
	if t.stop {
		return verdict{what: refused, class: technical, code: "in-doubt", reason: "the ERP has begun with " + u[0].Event + " and says no more, and it does not recognise a repetition"}
	}
	return verdict{what: again} // the business keys in it make a repetition harmless
}

// fetch takes what the ERP inserts until ctx is done.
func (t *tablesSide) fetch(ctx context.Context, in *inbox) error {
	if t.broken != nil {
		return t.broken
	}
	t.log = in.log
	defer t.db.Close()
	for fails := 0; ctx.Err() == nil; {
		err := t.round(ctx, in)
		if err == nil {
			fails = 0
			sleep(ctx, pollTables)
			continue
		}
		fails++
		if ctx.Err() == nil {
			t.log.Warn("read tables", "reason", err)
		}
		sleep(ctx, backoff(fails))
	}
	return nil
}

// round goes once through the tables, each by id.
func (t *tablesSide) round(ctx context.Context, in *inbox) error {
	limited, cancel := context.WithTimeout(ctx, 5*t.limit)
	defer cancel()
	for i := range fetched {
		if err := t.table(limited, in, i); err != nil {
			return fmt.Errorf("%s: %w", fetched[i].table, err)
		}
	}
	if err := t.loads(limited, in); err != nil {
		return fmt.Errorf("loads: %w", err)
	}
	return nil
}

// table takes the rows of one table that have not been dealt with.
func (t *tablesSide) table(ctx context.Context, in *inbox, n int) error {
	f := fetched[n]
	if _, known := t.last[f.table]; !known {
		rows, err := t.db.rows(ctx, []string{"CAST(COALESCE(MAX(id), 0) AS VARCHAR(20))"}, f.table+" WHERE response_code IS NOT NULL")
		if err != nil {
			return err
		}
		t.last[f.table] = int64(number(rows[0][0]))
	}
	kind := "''"
	if f.action != nil {
		kind = "action"
	}
	where := " WHERE response_code IS NULL ORDER BY id LIMIT 100"
	if t.defect == M125 { // DEFECT M125: what lies below the cursor has been read
		cursor := strconv.FormatInt(t.last[f.table], 10)
		where = " WHERE response_code IS NULL AND id > " + cursor + " ORDER BY id LIMIT 100"
		if _, err := t.db.ExecContext(ctx, "UPDATE "+f.table+" SET response_code = 200 WHERE response_code IS NULL AND id <= "+cursor); err != nil {
			return err
		}
	}
	rows, err := t.db.rows(ctx, []string{"CAST(id AS VARCHAR(20))", kind}, f.table+where)
	if err != nil {
		return err
	}
	for _, r := range rows {
		id := int64(number(r[0]))
		if ctx.Err() != nil || in.full() || t.missing(f.table, id) {
			return ctx.Err()
		}
		record := f.record
		if f.action != nil {
			record = f.action[r[1]]
		}
		err := t.take(ctx, in, n, id, record)
		if errors.Is(err, errNotWhole) { // until its lines come, or patience ends
			return nil
		}
		if err != nil {
			return err
		}
		t.last[f.table] = max(t.last[f.table], id)
	}
	return nil
}

// missing reports whether to wait for an id before this one: a row gets its id
// when it is made and is seen when it is committed, so one that is missed may
// be on its way. Whoever goes on must look below the highest id again.
func (t *tablesSide) missing(table string, id int64) bool {
	if id <= t.last[table]+1 || t.defect == M125 {
		delete(t.waiting, table)
		return false
	}
	if t.waiting[table].IsZero() {
		t.waiting[table] = time.Now()
	}
	return time.Since(t.waiting[table]) < rowPatience
}

// half reports whether to wait for lines of a document: whoever commits them by
// themselves has not done so yet.
func (t *tablesSide) half(table string, id int64, bad error) bool {
	place := fmt.Sprint(table, "/", id)
	if !errors.Is(bad, errNotWhole) {
		delete(t.waiting, place)
		return false
	}
	if t.waiting[place].IsZero() {
		t.waiting[place] = time.Now()
	}
	return time.Since(t.waiting[place]) < rowPatience
}

// countedAnew is what defect M155 makes of a document: it says that it has the
// lines that it has.
func countedAnew(records []line) []line {
	if len(records) == 0 || !slices.Contains(documents, records[0][0]) {
		return records
	}
	first := slices.Clone(records[0])
	first[cellsOf[first[0]]] = strconv.Itoa(len(records) - 1)
	return append([]line{first}, records[1:]...)
}

// take takes over one row: its message is in the store before the row says so,
// and a repetition is recognised by what it says, never by its id.
func (t *tablesSide) take(ctx context.Context, in *inbox, n int, id int64, record string) error {
	f := fetched[n]
	records, err := t.read(ctx, n, id, record)
	if err != nil {
		return err
	}
	var items []*item
	if t.defect == M155 { // DEFECT M155: the lines that are there now are all
		records = countedAnew(records)
	}
	facts, bad := announce(messageName(f.table), records)
	if t.half(f.table, id, bad) {
		return errNotWhole
	}
	for _, a := range facts {
		got, oerr := in.open(t.name, a.name, a.event, a.body)
		bad = errors.Join(bad, oerr)
		items = append(items, got...)
	}
	code, text := 200, "taken"
	if bad != nil {
		event := ""
		if len(records) > 0 {
			event = records[0].cell(1)
		}
		r := unreadable(f.table, event, bad)
		if err := in.store.commit(func(w *writer) error { return w.reports([]report{r}) }); err != nil {
			return err
		}
		in.teller.poke()
		code, text = 422, clip(bad.Error())
	} else if err := t.acceptKnown(ctx, in, items, materialsIn(records)); err != nil {
		return err
	}
	// If it does not succeed, the row is read and recognised in the next round.
	_, err = t.db.ExecContext(ctx, t.db.q("UPDATE "+f.table+" SET process_start_date = CURRENT_TIMESTAMP, process_complete_date = CURRENT_TIMESTAMP, response_code = ?, response_message = ? WHERE response_code IS NULL AND id = ?"), code, text, id)
	return err
}

// read reads a row, with those that detail it, as records.
func (t *tablesSide) read(ctx context.Context, n int, id int64, record string) (records []line, err error) {
	f := fetched[n]
	columns := tableColumns[record]
	if columns == nil {
		return []line{{"???"}}, nil
	}
	texts := make([]string, len(columns))
	for i, c := range columns {
		texts[i] = "CAST(" + c + " AS VARCHAR(1000))"
	}
	rows, err := t.db.rows(ctx, texts, f.table+" WHERE id = ?", id)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	records = []line{append(line{record}, rows[0]...)}
	for _, below := range f.order {
		if record == "CHG" || record == "CAN" {
			break
		}
		texts := make([]string, len(tableColumns[below]))
		for i, c := range tableColumns[below] {
			texts[i] = "CAST(" + c + " AS VARCHAR(1000))"
		}
		rows, err := t.db.rows(ctx, texts, f.below[below]+" WHERE parent_id = ? ORDER BY line", id)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			records = append(records, append(line{below}, r...))
		}
	}
	return records, nil
}
