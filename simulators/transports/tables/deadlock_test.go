package tables_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/transports/tables"
	"github.com/andon-rig/andon/simulators/transports/tables/tablestest"
)

// TestDeadlock: of a transaction of the SUT that waits for one of the system
// which waits for it, PostgreSQL aborts the SUT's, and whole; repeated it goes
// through.
func TestDeadlock(t *testing.T) {
	at := tablestest.PostgreSQL(t)
	aborted := func(err error) bool {
		var pg *pgconn.PgError
		return errors.As(err, &pg) && pg.Code == "40P01"
	}
	t.Run("posting", func(t *testing.T) {
		p := open(t, tables.Config{Tables: ours, URL: at, Poll: time.Millisecond})
		p.keep(`{"reference":"o1"}`, &simulators.Mishap{Kind: simulators.DeadlockPosting, For: 20 * time.Second})
		n := 0
		insert := func() error {
			tx, err := p.db.Begin()
			if err != nil {
				return err
			}
			for i := range 2 {
				if _, err := tx.Exec("INSERT INTO receipts (reference, counter) VALUES ($1, $2)", fmt.Sprint("r", n, " ", i), i); err != nil {
					return errors.Join(err, tx.Rollback())
				}
			}
			return tx.Commit()
		}
		p.until("a transaction is aborted", func() bool {
			n++
			err := insert()
			if err != nil && !aborted(err) {
				p.Fatal(err)
			}
			return err != nil
		})
		if got := p.read(fmt.Sprintf("SELECT id FROM receipts WHERE reference LIKE 'r%d %%'", n)); len(got) != 0 {
			p.Errorf("rows of the victim are there: %q", got)
		}
		if err := insert(); err != nil {
			p.Errorf("repeated: %v", err)
		}
		p.until("all are posted", func() bool { return len(p.read("SELECT id FROM receipts WHERE response_code = 200")) == 2*n })
	})
	t.Run("taking", func(t *testing.T) {
		p := open(t, tables.Config{Tables: ours, URL: at, Poll: time.Millisecond})
		p.keep(`{"reference":"o1"}`, &simulators.Mishap{Kind: simulators.DeadlockTaking, For: 20 * time.Second})
		p.until("the transaction is aborted", func() bool {
			_, err := p.db.Exec("UPDATE orders SET response_code = 202 WHERE id = 1")
			if err != nil && !aborted(err) {
				p.Fatal(err)
			}
			return err != nil
		})
		p.exec("UPDATE orders SET response_code = 200 WHERE id = 1")
		p.until("it is taken", func() bool { return slices.Equal(p.outcomes(), []string{"accepted"}) })
	})
	t.Run("nobody comes", func(t *testing.T) {
		p := open(t, tables.Config{Tables: ours, URL: at, Poll: time.Millisecond})
		p.keep(`{"reference":"o1"}`, &simulators.Mishap{Kind: simulators.DeadlockPosting, For: time.Millisecond})
		p.until("rows can be inserted", func() bool {
			_, err := p.db.Exec("INSERT INTO receipts (reference) VALUES ('r1')")
			return err == nil
		})
	})
}

// TestBusy: in SQLite who has read and then writes is told at once that
// somebody else does, however long he would wait for a lock.
func TestBusy(t *testing.T) {
	p := open(t, tables.Config{Tables: ours, Folder: t.TempDir(), Poll: time.Millisecond})
	const patience = 5 * time.Second // busy_timeout of the SUT's connections
	p.keep(`{"reference":"o1"}`, &simulators.Mishap{Kind: simulators.DeadlockPosting, For: 700 * time.Millisecond})
	readAndWrite := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
		defer cancel()
		tx, err := p.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		var n int
		err = tx.QueryRow("SELECT count(*) FROM orders").Scan(&n)
		if err == nil {
			_, err = tx.Exec("UPDATE orders SET response_code = 202")
		}
		if err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return tx.Commit()
	}
	p.until("somebody who has read is refused", func() bool {
		began := time.Now()
		err := readAndWrite()
		if err != nil && (!strings.Contains(err.Error(), "SQLITE_BUSY") || time.Since(began) >= patience) {
			p.Errorf("after %s: %v", time.Since(began), err)
		}
		return err != nil
	})
	p.until("repeated it goes through", func() bool { return readAndWrite() == nil })
}

// finished: what became of rows that were only accepted is filled in later; of
// one that was handed in again meanwhile nothing is, and a second time neither.
func finished(p *place) {
	p.answers(func(m simulators.Message) (simulators.Message, error) {
		return simulators.Message{Body: []byte(`[{"row":1,"response_code":202},{"row":2,"response_code":202}]`), Result: simulators.Result{Outcome: simulators.Accepted}}, nil
	})
	p.exec("INSERT INTO receipts (reference, group_id) VALUES ('r1', 'g'), ('r2', 'g')")
	state := func() []string {
		return p.read("SELECT reference, response_code, document_no, error_code, CASE WHEN process_complete_date IS NULL THEN 'open' ELSE 'done' END FROM receipts ORDER BY reference")
	}
	p.until("both are accepted", func() bool { return slices.Equal(state(), []string{"r1 202   open", "r2 202   open"}) })
	p.until("the job is done with them", func() bool { return len(p.received()) == 1 })
	fill := func(body string) {
		p.Helper()
		err := p.tr.Keep(p.Context(), simulators.Message{Name: "receipts", Body: []byte(body)}, func(r simulators.Result) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.told = append(p.told, r)
		})
		if err != nil {
			p.Fatal(err)
		}
	}
	fill(`[{"row":1,"reference":"r1","response_code":200,"document_no":"490"},{"row":2,"reference":"r2","response_code":422,"error_code":"lot-expired"}]`)
	want := []string{"r1 200 490  done", "r2 422  lot-expired done"}
	if got := state(); !slices.Equal(got, want) || !slices.Equal(p.outcomes(), []string{"accepted"}) {
		p.Errorf("rows %q, told %q", got, p.outcomes())
	}
	fill(`[{"row":1,"reference":"r1","response_code":500}]`)
	if got := state(); !slices.Equal(got, want) {
		p.Errorf("an answer is overwritten: %q", got)
	}
}

func TestWhereDatabasesAre(t *testing.T) {
	for at, want := range map[string][3]any{
		"postgres://u@127.0.0.1:5433/x":                     {true, "", "127.0.0.1:5433"},
		"postgres://u:s3cret@localhost/x":                   {true, "s3cret", "localhost:5432"},
		"postgresql://u@[::1]:5432/x?password=s3cret":       {true, "s3cret", "[::1]:5432"},
		"postgres://u@/x?host=/var/run/postgresql":          {true, "", ""},
		"postgres://u:s3%40cret@erp.acme.example:5432/x":    {false, "s3@cret", "erp.acme.example:5432"},
		"postgres://u@127.0.0.1,10.0.0.7/x":                 {false, "", "127.0.0.1:5432"},
		"postgres://u@127.0.0.1/x?host=erp.acme.example":    {false, "", "erp.acme.example:5432"},
		"postgres://u@127.0.0.1/x?hostaddr=10.1.1.1&port=1": {true, "", "127.0.0.1:1"}, // pgx knows no hostaddr
	} {
		t.Setenv("PGHOST", "erp.acme.example") // what the URL says counts
		here, err := tables.OnThisMachine(at)
		if got := [3]any{here, tables.Password(at), tables.Address(at)}; got != want || err != nil {
			t.Errorf("%s: %v, want %v (%v)", at, got, want, err)
		}
	}
	for _, at := range []string{"mysql://u@127.0.0.1/x", "postgres://u:s3cret@127.0.0.1:port/x", "postgres://u:s3cret@h/x?sslmode=odd"} {
		if _, err := tables.OnThisMachine(at); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", at, err)
		}
	}
	if here, err := tables.OnThisMachine("postgres:///x"); here || err != nil {
		t.Errorf("the environment names a host: %v, %v", here, err)
	}
	if got := tables.Via("postgres://u:p@h:1/x?options=-csearch_path%3Da%20b&host=y&sslmode=require", "127.0.0.1:7"); got != "postgres://u:p@127.0.0.1:7/x?options=-csearch_path%3Da%20b&sslmode=disable" {
		t.Errorf("via %s", got)
	}
}
