package tables_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/transports/tables"
	"github.com/andon-rig/andon/simulators/transports/tables/tablestest"
)

// what a system and a SUT exchange here.
var ours = []simulators.Table{
	{Name: "orders", Doc: "orders", Way: simulators.ToSUT, Columns: []simulators.Column{
		{Name: "action", Form: simulators.ColumnText, Width: 10, Values: []string{"release"}},
		{Name: "reference", Form: simulators.ColumnText, Width: 60, Needed: true}, {Name: "priority", Form: simulators.ColumnWhole}, {Name: "quantity", Form: simulators.ColumnDecimal, Width: 6}}},
	{Name: "order_lines", Doc: "their lines", Way: simulators.ToSUT, Below: "orders", Columns: []simulators.Column{{Name: "material", Form: simulators.ColumnText, Width: 60}}},
	{Name: "receipts", Doc: "receipts", Way: simulators.FromSUT, Columns: []simulators.Column{
		{Name: "reference", Form: simulators.ColumnText, Width: 60, Needed: true}, {Name: "counter", Form: simulators.ColumnWhole}, {Name: "quantity", Form: simulators.ColumnDecimal, Width: 6}}},
	{Name: "receipt_serials", Doc: "their serials", Way: simulators.FromSUT, Below: "receipts", Columns: []simulators.Column{{Name: "serial", Form: simulators.ColumnText, Width: 60, Needed: true}}},
}

// place is a transport, and the database as the SUT sees it.
type place struct {
	*testing.T
	tr *tables.Transport
	db *sql.DB

	mu    sync.Mutex // guards what follows
	got   []simulators.Message
	reply func(simulators.Message) (simulators.Message, error)
	told  []simulators.Result
}

func (p *place) receive(_ context.Context, m simulators.Message) (simulators.Message, error) {
	p.mu.Lock()
	p.got = append(p.got, m)
	reply := p.reply
	p.mu.Unlock()
	return reply(m)
}

// received are the bodies that the system has taken up.
func (p *place) received() (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.got {
		all = append(all, m.Name+" "+string(m.Body))
	}
	return all
}

func (p *place) answers(f func(simulators.Message) (simulators.Message, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reply = f
}

// keep inserts a row of orders.
func (p *place) keep(body string, mishap *simulators.Mishap) {
	p.Helper()
	err := p.tr.Keep(context.Background(), simulators.Message{Name: "orders", Body: []byte(body), Mishap: mishap}, func(r simulators.Result) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.told = append(p.told, r)
	})
	if err != nil {
		p.Fatal(err)
	}
}

// outcomes are what was told of rows, but for that they are there.
func (p *place) outcomes() (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.told {
		if r.Outcome != simulators.Unknown {
			all = append(all, string(r.Outcome))
		}
	}
	return all
}

func (p *place) exec(statement string, args ...any) {
	p.Helper()
	if _, err := p.db.Exec(statement, args...); err != nil {
		p.Fatalf("%s: %v", statement, err)
	}
}

// read reads rows as text.
func (p *place) read(query string) (all []string) {
	p.Helper()
	rows, err := p.db.Query(query)
	if err != nil {
		p.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	names, _ := rows.Columns()
	for rows.Next() {
		values := make([]sql.NullString, len(names))
		into := make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			p.Fatal(err)
		}
		var row []string
		for _, v := range values {
			row = append(row, v.String)
		}
		all = append(all, strings.Join(row, " "))
	}
	return all
}

func (p *place) until(what string, is func() bool) {
	p.Helper()
	deadline := time.After(20 * time.Second)
	for !is() {
		select {
		case <-time.After(2 * time.Millisecond):
		case <-deadline:
			p.Fatalf("in vain: %s; received %q, told %v", what, p.received(), p.outcomes())
		}
	}
}

// posted answers every row with 200.
func posted(m simulators.Message) (simulators.Message, error) {
	n := 1
	var rows []any
	if json.Unmarshal(m.Body, &rows) == nil {
		n = len(rows)
	}
	var said []map[string]any
	for i := range n {
		said = append(said, map[string]any{"row": i + 1, "response_code": 200, "document_no": fmt.Sprint("49", i)})
	}
	b, err := json.Marshal(said)
	return simulators.Message{Body: b, Result: simulators.Result{Outcome: simulators.Applied, Status: 200}}, err
}

func open(t *testing.T, c tables.Config) *place {
	t.Helper()
	tr, err := tables.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	driver, at := "pgx", tr.URL()
	if u, err := url.Parse(at); err == nil && u.Scheme == "sqlite" {
		driver, at = "sqlite", "file:"+u.Path+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)"
	}
	db, err := sql.Open(driver, at)
	if err != nil {
		t.Fatal(err)
	}
	p := &place{T: t, tr: tr, db: db, reply: posted}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- tr.Serve(ctx, p.receive) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, db.Close(), tr.Close()); err != nil {
			t.Error(err)
		}
	})
	return p
}

// tests run over both kinds of databases.
var tests = map[string]func(*place){
	"what the system inserts": systemInserts, "a row that is deleted is taken": deleted, "nobody has taken what is just inserted": justInserted, "a row that comes late": late, "lines that come late": apart, "a table that is locked": lockedTable,
	"a schema that changes": widened, "what the SUT inserts": sutInserts, "groups": groups, "handed in again": again, "pending until it is done": pendingRow, "a job that dies": dies,
	"rows of which an answer does not speak": untold, "ends in the middle": ends, "answered later": finished,
}

func TestSQLite(t *testing.T) {
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test(open(t, tables.Config{Tables: ours, Folder: t.TempDir(), Poll: time.Millisecond}))
		})
	}
}

func TestPostgreSQL(t *testing.T) {
	at := tablestest.PostgreSQL(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(open(t, tables.Config{Tables: ours, URL: at, Poll: time.Millisecond})) })
	}
	left, err := sql.Open("pgx", at)
	if err != nil {
		t.Fatal(err)
	}
	defer left.Close()
	var n int
	if err := left.QueryRow("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'andon%'").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d schemas are left, %v", n, err)
	}
}

func systemInserts(p *place) {
	p.keep(`{"reference":"o1","priority":4,"quantity":"12.5","order_lines":[{"material":"A"},{"material":"Ä"}]}`, nil)
	p.keep(`{"reference":"o2","quantity":"0.000001"}`, nil)
	if got := p.read("SELECT id, reference, priority, CAST(quantity * 2 AS VARCHAR(10)) FROM orders ORDER BY id"); len(got) != 2 || !strings.HasPrefix(got[0], "1 o1 4 25") {
		p.Errorf("orders: %q", got)
	}
	if got := p.read("SELECT parent_id, line, material FROM order_lines ORDER BY line"); !slices.Equal(got, []string{"1 1 A", "1 2 Ä"}) {
		p.Errorf("lines: %q", got)
	}
	p.exec("UPDATE orders SET response_code = 202")
	p.exec("UPDATE orders SET response_code = 422, response_message = 'no' WHERE id = 2")
	p.until("the second is refused", func() bool { return slices.Equal(p.outcomes(), []string{"refused"}) })
	p.exec("UPDATE orders SET response_code = 503 WHERE id = 1")
	p.exec("UPDATE orders SET response_code = 200 WHERE id = 1")
	p.until("the first is taken", func() bool { return slices.Equal(p.outcomes(), []string{"refused", "accepted"}) })
}

// What is inserted while the system looks for what was dealt with is not missed:
// nobody has deleted it.
func justInserted(p *place) {
	for n := range 300 {
		p.keep(fmt.Sprintf(`{"reference":"o%d"}`, n), nil)
	}
	if told := p.outcomes(); len(told) > 0 {
		p.Errorf("nobody has touched a row, and %d are told as %s", len(told), told[0])
	}
}

func deleted(p *place) {
	p.keep(`{"reference":"o1","order_lines":[{"material":"A"}]}`, nil)
	p.exec("DELETE FROM orders WHERE id = 1")
	p.until("it is taken", func() bool { return slices.Equal(p.outcomes(), []string{"accepted"}) })
	if got := p.read("SELECT line FROM order_lines"); len(got) != 0 {
		p.Errorf("its lines are still there: %q", got)
	}
}

func late(p *place) {
	p.keep(`{"reference":"o1"}`, &simulators.Mishap{Kind: simulators.RowLate, For: 2 * time.Second})
	p.keep(`{"reference":"o2"}`, nil)
	if got := p.read("SELECT id, reference FROM orders ORDER BY id"); !slices.Equal(got, []string{"2 o2"}) {
		p.Errorf("before: %q", got)
	}
	p.until("the first is there", func() bool {
		return slices.Equal(p.read("SELECT id, reference FROM orders ORDER BY id"), []string{"1 o1", "2 o2"})
	})
	p.keep(`{"reference":"o3"}`, nil)
	if got := p.read("SELECT id FROM orders ORDER BY id"); !slices.Equal(got, []string{"1", "2", "3"}) {
		p.Errorf("healed: %q", got)
	}
}

func apart(p *place) {
	lines := func() []string { return p.read("SELECT material FROM order_lines ORDER BY line") }
	p.keep(`{"reference":"o1","order_lines":[{"material":"A"},{"material":"B"}]}`, &simulators.Mishap{Kind: simulators.RowsApart, For: 2 * time.Second})
	if got := p.read("SELECT id, reference FROM orders"); !slices.Equal(got, []string{"1 o1"}) || len(lines()) != 0 {
		p.Errorf("before: %q with %q", got, lines())
	}
	p.until("its lines are there", func() bool { return slices.Equal(lines(), []string{"A", "B"}) })
}

func lockedTable(p *place) {
	const d = 2 * time.Second
	p.keep(`{"reference":"o1"}`, &simulators.Mishap{Kind: simulators.TableLocked, For: d})
	p.until("the table is locked", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		_, err := p.db.ExecContext(ctx, "UPDATE orders SET response_message = 'x'")
		return err != nil
	})
	if got := p.read("SELECT reference FROM orders"); !slices.Equal(got, []string{"o1"}) {
		p.Errorf("a lock against writing must let readers through: %q", got)
	}
	p.until("the lock is gone", func() bool {
		_, err := p.db.Exec("UPDATE orders SET response_code = 200")
		return err == nil
	})
	p.until("it is taken", func() bool { return slices.Equal(p.outcomes(), []string{"accepted"}) })
}

func widened(p *place) {
	p.keep(`{"reference":"o1","qty":"5","quantity":null}`, nil)
	p.keep(`{"reference":"o2","qty":"6","action":"reclaim"}`, nil) // a word that is on no list
	if got := p.read("SELECT reference, qty, quantity FROM orders ORDER BY id"); !slices.Equal(got, []string{"o1 5 ", "o2 6 "}) {
		p.Errorf("orders: %q", got)
	}
	err := p.tr.Keep(p.Context(), simulators.Message{Name: "orders", Body: []byte(`{"reference":"o3","a; DROP TABLE orders":"1"}`)}, func(simulators.Result) {})
	if err == nil || !strings.Contains(err.Error(), "not the name of a column") {
		p.Errorf("a column of any name: %v", err)
	}
}

func sutInserts(p *place) {
	p.exec("BEGIN; INSERT INTO receipts (reference, counter, quantity) VALUES ('r1', 1, '2.5'); INSERT INTO receipt_serials (parent_id, line, serial) SELECT id, 1, 'S1' FROM receipts; INSERT INTO receipt_serials (parent_id, line, serial) SELECT id, 2, 'S2' FROM receipts; COMMIT")
	p.until("it is posted", func() bool {
		return slices.Equal(p.read("SELECT response_code, document_no FROM receipts WHERE process_complete_date IS NOT NULL AND process_start_date IS NOT NULL"), []string{"200 490"})
	})
	var got map[string]any
	if err := json.Unmarshal([]byte(strings.TrimPrefix(p.received()[0], "receipts ")), &got); err != nil {
		p.Fatal(err)
	}
	got["quantity"] = strings.TrimRight(got["quantity"].(string), "0") // as the database writes it
	want := map[string]any{"reference": "r1", "counter": 1.0, "quantity": "2.5", "receipt_serials": []any{map[string]any{"serial": "S1"}, map[string]any{"serial": "S2"}}}
	if !reflect.DeepEqual(got, want) {
		p.Errorf("received %v", got)
	}
	if _, err := p.db.Exec("INSERT INTO receipts (reference) VALUES ('r1')"); err == nil {
		p.Error("a reference is taken twice")
	}
	if _, err := p.db.Exec("INSERT INTO receipts (counter) VALUES (1)"); err == nil {
		p.Error("a row without a reference is taken")
	}
}

func groups(p *place) {
	p.exec("INSERT INTO receipts (reference, counter, group_id) VALUES ('r1', 1, 'g'), ('r2', 2, 'h'), ('r3', 3, 'g'), ('r4', 4, NULL)")
	p.until("all are posted", func() bool { return len(p.read("SELECT id FROM receipts WHERE response_code = 200")) == 4 })
	want := []string{`receipts [{"counter":1,"reference":"r1"},{"counter":3,"reference":"r3"}]`, `receipts {"counter":2,"reference":"r2"}`, `receipts {"counter":4,"reference":"r4"}`}
	if got := p.received(); !slices.Equal(got, want) {
		p.Errorf("received %q", got)
	}
	if got := p.read("SELECT document_no FROM receipts ORDER BY id"); !slices.Equal(got, []string{"490", "490", "491", "490"}) {
		p.Errorf("each row has its own answer: %q", got)
	}
}

func again(p *place) {
	p.answers(func(simulators.Message) (simulators.Message, error) {
		return simulators.Message{Body: []byte(`[{"row":1,"response_code":503,"response_message":"closed","error_code":"out-of-service","error_class":"technical","retry_after":2}]`)}, nil
	})
	p.exec("INSERT INTO receipts (reference) VALUES ('r1')")
	p.until("it is put off", func() bool {
		return slices.Equal(p.read("SELECT response_code, response_message, error_code, error_class, retry_after FROM receipts WHERE process_complete_date IS NOT NULL"), []string{"503 closed out-of-service technical 2"})
	})
	p.answers(posted)
	p.exec("UPDATE receipts SET process_start_date = NULL, process_complete_date = NULL, response_code = NULL")
	p.until("it is posted", func() bool {
		return slices.Equal(p.read("SELECT response_code, response_message, error_code, retry_after FROM receipts"), []string{"200   "})
	})
	if n := len(p.received()); n != 2 {
		p.Errorf("taken up %d times", n)
	}
}

func pendingRow(p *place) {
	release := make(chan struct{})
	p.answers(func(m simulators.Message) (simulators.Message, error) {
		<-release
		return posted(m)
	})
	p.exec("INSERT INTO receipts (reference) VALUES ('r1')")
	p.until("it is pending", func() bool {
		return slices.Equal(p.read("SELECT response_code FROM receipts WHERE process_start_date IS NOT NULL AND process_complete_date IS NULL"), []string{"202"})
	})
	p.exec("UPDATE receipts SET process_start_date = NULL") // who is impatient does not have it imported twice at once
	close(release)
	p.until("it is posted", func() bool {
		return slices.Equal(p.read("SELECT response_code FROM receipts WHERE process_complete_date IS NOT NULL"), []string{"200"})
	})
}

func dies(p *place) {
	p.answers(func(simulators.Message) (simulators.Message, error) {
		return simulators.Message{}, &simulators.LostError{Symptom: simulators.Reset}
	})
	p.exec("INSERT INTO receipts (reference) VALUES ('r1')")
	p.until("it was taken up", func() bool { return len(p.received()) == 1 })
	p.answers(posted)
	p.exec("INSERT INTO receipts (reference) VALUES ('r2')")
	p.until("others go on", func() bool {
		return len(p.read("SELECT id FROM receipts WHERE reference = 'r2' AND response_code = 200")) == 1
	})
	if got := p.read("SELECT response_code, process_complete_date FROM receipts WHERE reference = 'r1'"); !slices.Equal(got, []string{"202 "}) {
		p.Errorf("the row says %q", got)
	}
}

func untold(p *place) {
	p.answers(func(simulators.Message) (simulators.Message, error) {
		return simulators.Message{Body: []byte(`[{"row":2,"response_code":200},{"row":7,"response_code":200}]`)}, nil
	})
	p.exec("INSERT INTO receipts (reference, group_id) VALUES ('r1', 'g'), ('r2', 'g')")
	p.until("the second is answered", func() bool {
		return slices.Equal(p.read("SELECT reference FROM receipts WHERE process_complete_date IS NOT NULL"), []string{"r2"})
	})
}

// ends: a row that is still to come is not waited for, and an import is.
func ends(p *place) {
	p.keep(`{"reference":"o1"}`, &simulators.Mishap{Kind: simulators.RowLate, For: time.Hour})
	begun := make(chan struct{})
	p.answers(func(m simulators.Message) (simulators.Message, error) {
		close(begun)
		<-time.After(50 * time.Millisecond)
		return posted(m)
	})
	p.exec("INSERT INTO receipts (reference) VALUES ('r1')")
	<-begun
}

// TestPSQL: what a person sees who looks in with PostgreSQL's own client.
func TestPSQL(t *testing.T) {
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("there is no psql: apt-get install postgresql-client")
	}
	p := open(t, tables.Config{Tables: ours, URL: tablestest.PostgreSQL(t), Poll: time.Millisecond})
	p.keep(`{"reference":"o1","priority":4,"quantity":"12.5"}`, nil)
	ask := func(statement string) string {
		t.Helper()
		out, err := exec.Command(psql, p.tr.URL(), "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", statement, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if got := ask("SELECT id, reference, priority, quantity FROM orders"); got != "1|o1|4|12.500000" {
		t.Errorf("orders: %q", got)
	}
	ask("UPDATE orders SET process_complete_date = now(), response_code = 200")
	p.until("it is taken", func() bool { return slices.Equal(p.outcomes(), []string{"accepted"}) })
	ask("INSERT INTO receipts (reference, counter, quantity) VALUES ('r1', 1, 2.5)")
	p.until("it is posted", func() bool { return ask("SELECT response_code FROM receipts") == "200" })
	out, err := exec.Command(psql, p.tr.URL(), "-X", "-c", "INSERT INTO receipts (reference) VALUES ('r1')").CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("receipts_reference_key")) {
		t.Errorf("a reference is taken twice: %v %s", err, out)
	}
}

func TestNoDatabase(t *testing.T) {
	for at, want := range map[string]string{
		"mysql://127.0.0.1/x":                              "not one such as postgres://",
		"postgres://andon:s3cret@127.0.0.1:x/x":            "not one such as postgres://",
		"postgres://andon@127.0.0.1:1/x?connect_timeout=1": "open database: make a schema",
	} {
		if _, err := tables.New(t.Context(), tables.Config{Tables: ours, URL: at}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", at, err)
		}
	}
	if _, err := tables.New(t.Context(), tables.Config{Folder: t.TempDir()}); err == nil {
		t.Error("no tables are enough")
	}
}
