package tables

import (
	"context"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// lock keeps everybody else from writing into a table for a time, as a job does
// that works through it in one transaction; in SQLite, from writing at all.
func (t *Transport) lock(table *simulators.Table, d time.Duration) {
	go func() {
		defer t.mishaps.Done()
		if err := t.hold(table, d); err != nil {
			t.config.Log.Error("lock table", "table", table.Name, "error", err)
		}
	}()
}

func (t *Transport) hold(table *simulators.Table, d time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit+d)
	defer cancel()
	tx, err := t.db.BeginTx(ctx, nil) // of SQLite, with the lock of a writer
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if t.db.flavour == PostgreSQL {
		if _, err := tx.ExecContext(ctx, "LOCK TABLE "+table.Name+" IN EXCLUSIVE MODE"); err != nil {
			return err
		}
	}
	t.silence(d)
	return nil
}
