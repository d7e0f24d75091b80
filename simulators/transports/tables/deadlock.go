package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/andon-rig/andon/simulators"
)

// trouble sees to what goes wrong once the row with id is there.
func (t *Transport) trouble(m simulators.Mishap, table *simulators.Table, id int64) {
	switch m.Kind {
	case "":
	case simulators.TableLocked:
		t.lock(table, m.For)
	case simulators.DeadlockTaking, simulators.DeadlockPosting:
		t.deadlock(m, table, id)
	default:
		t.mishaps.Done()
	}
}

// ourName is what our sessions are called in PostgreSQL, so that the SUT's are
// told from them.
const ourName = "andon-rig"

// deadlock has a transaction of the SUT and one of ours wait for each other. In
// PostgreSQL the one that has waited longer finds out, and is aborted; so the
// SUT's is let wait first. SQLite has one lock, for which nobody waits who has
// read already: his transaction is aborted at once, or when he finds that what
// he has read is no longer so.
func (t *Transport) deadlock(m simulators.Mishap, table *simulators.Table, id int64) {
	go func() {
		defer t.mishaps.Done()
		t.embrace.Lock() // two of ours would wait for each other
		defer t.embrace.Unlock()
		err := t.contend(m, table, id)
		if err != nil {
			t.config.Log.Error("deadlock", "table", table.Name, "id", id, "error", err)
		}
	}()
}

func (t *Transport) contend(m simulators.Mishap, table *simulators.Table, id int64) error {
	if t.db.flavour != PostgreSQL {
		return t.overtake(m.For)
	}
	for until := time.Now().Add(m.For); ; {
		again, err := t.cycle(m, table, id, until)
		if err != nil || !again {
			return err
		}
	}
}

// overtake holds the lock of who writes for a time, and has changed something
// when it lets go.
func (t *Transport) overtake(d time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit+d)
	defer cancel()
	return t.db.together(ctx, func(tx *sql.Tx) error {
		t.silence(d)
		t.mu.Lock()
		t.number["\x00deadlocks"]++
		n := t.number["\x00deadlocks"]
		t.mu.Unlock()
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", n))
		return err
	})
}

// cycle holds what a transaction of the SUT will wait for, until one does, and
// then waits for what that holds. It is to be tried again if ours was the victim.
func (t *Transport) cycle(m simulators.Mishap, table *simulators.Table, id int64, until time.Time) (again bool, err error) {
	ctx, cancel := context.WithDeadline(context.Background(), until.Add(limit))
	defer cancel()
	tx, err := t.db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback() }()
	if err := t.grab(ctx, tx, m.Kind, table, id); err != nil {
		return false, err
	}
	pid, err := t.waiting(ctx, tx, until)
	if err != nil || pid == 0 {
		return false, err // nobody came
	}
	held, err := t.heldBy(ctx, tx, pid)
	if err != nil || held == "" {
		return false, err
	}
	_, err = tx.ExecContext(ctx, "LOCK TABLE "+held+" IN EXCLUSIVE MODE")
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "40P01" {
		return time.Now().Before(until), nil
	}
	return false, err
}

// grab holds the row that the SUT will answer in, or what gives new rows of it
// their ids.
func (t *Transport) grab(ctx context.Context, tx *sql.Tx, kind simulators.MishapKind, table *simulators.Table, id int64) error {
	if kind == simulators.DeadlockTaking {
		_, err := tx.ExecContext(ctx, t.db.q("SELECT 1 FROM "+table.Name+" WHERE "+colID+" = ? FOR UPDATE"), id)
		return err
	}
	for _, o := range t.config.Tables {
		if o.Way != simulators.FromSUT || o.Below != "" {
			continue
		}
		var sequence string
		if err := tx.QueryRowContext(ctx, t.db.q("SELECT pg_get_serial_sequence(?, ?)"), o.Name, colID).Scan(&sequence); err != nil {
			return fmt.Errorf("ids of %s: %w", o.Name, err)
		}
		if _, err := tx.ExecContext(ctx, "ALTER SEQUENCE "+sequence+" NO CYCLE"); err != nil { // changes nothing, and locks
			return err
		}
	}
	return nil
}

// waiting is a session of somebody else that waits for ours; 0 if none has until
// then.
func (t *Transport) waiting(ctx context.Context, tx *sql.Tx, until time.Time) (pid int, err error) {
	for time.Now().Before(until) {
		if _, err := tx.ExecContext(ctx, "SELECT pg_stat_clear_snapshot()"); err != nil { // or who connects later is never seen
			return 0, err
		}
		err := tx.QueryRowContext(ctx, t.db.q("SELECT pid FROM pg_stat_activity WHERE application_name IS DISTINCT FROM ? AND pg_backend_pid() = ANY (pg_blocking_pids(pid)) ORDER BY pid LIMIT 1"), ourName).Scan(&pid)
		switch {
		case err == nil:
			return pid, nil
		case !errors.Is(err, sql.ErrNoRows):
			return 0, err
		}
		if !t.silence(2 * time.Millisecond) {
			return 0, nil // serving ends
		}
	}
	return 0, nil
}

// heldBy names a table into which a session has begun to write; "" if none.
func (t *Transport) heldBy(ctx context.Context, tx *sql.Tx, pid int) (string, error) {
	rows, err := tx.QueryContext(ctx, t.db.q("SELECT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE l.pid = ? AND l.granted AND l.mode = 'RowExclusiveLock' AND c.relkind = 'r'"), pid)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var held []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return "", err
		}
		held = append(held, name)
	}
	i := slices.IndexFunc(t.config.Tables, func(o simulators.Table) bool { return slices.Contains(held, o.Name) })
	if i < 0 || rows.Err() != nil {
		return "", rows.Err()
	}
	return t.config.Tables[i].Name, nil
}
