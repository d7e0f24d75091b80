package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// The whole state. A fact is one row of one message; what it waits for can be
// read off its columns, and mended with SQL.
//
//	state   new     not posted, for sure
//	        sent    may have been posted: ask before posting again
//	        parked  waits for news: a decision about its lot, or its order
//	        done    posted, or overtaken by a later version
//	        dead    never posted; on the worklist once told is 1
//	doubt   when it was last posted without an answer that says what became of it; 0 if known,
//	        1 if a life that this database knows nothing of may have posted it
//	key     Idempotency-Key; facts with the same key travel together
//	round   how often it was answered for good and goes on nevertheless, under another key
const schema = `
CREATE TABLE IF NOT EXISTS feed (system TEXT PRIMARY KEY, cursor TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS hold (
  lot TEXT NOT NULL, quality TEXT NOT NULL, decision TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (lot, quality)) STRICT;
CREATE TABLE IF NOT EXISTS fact (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, target TEXT NOT NULL, ref TEXT NOT NULL,
  name TEXT NOT NULL, kind TEXT NOT NULL, lane TEXT NOT NULL,
  ord TEXT NOT NULL, operation TEXT NOT NULL, counter INTEGER NOT NULL, version INTEGER NOT NULL,
  item TEXT NOT NULL, lot TEXT NOT NULL, quality TEXT NOT NULL, body BLOB,
  state TEXT NOT NULL CHECK (state IN ('new', 'sent', 'parked', 'done', 'dead')),
  key TEXT NOT NULL DEFAULT '', round INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
  due INTEGER NOT NULL DEFAULT 0, doubt INTEGER NOT NULL DEFAULT 0,
  class TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', told INTEGER NOT NULL DEFAULT 0,
  arrived INTEGER NOT NULL, UNIQUE (source, ref)) STRICT;
CREATE INDEX IF NOT EXISTS fact_open ON fact (target, due, id) WHERE state IN ('new', 'sent');
CREATE INDEX IF NOT EXISTS fact_lane ON fact (target, lane, id) WHERE state IN ('new', 'sent');
CREATE INDEX IF NOT EXISTS fact_parked ON fact (lot) WHERE state = 'parked';
CREATE INDEX IF NOT EXISTS fact_version ON fact (target, lane, version) WHERE state = 'done' AND version > 0;
CREATE INDEX IF NOT EXISTS fact_untold ON fact (due) WHERE state = 'dead' AND told = 0;
`

const columns = `id, source, target, ref, name, kind, lane, ord, operation, counter, version, item, lot, quality,
  body, state, key, round, attempts, due, doubt, class, reason`

// fact is a line of the table of that name.
type fact struct {
	id                                    int64
	source, target, ref, name, kind, lane string
	order, operation                      string
	counter, version                      int
	item, lot, quality, decision          string
	body                                  []byte
	state, key                            string
	round, attempts                       int
	due, doubt                            int64
	class, reason                         string
}

func (f *fact) scan(r interface{ Scan(...any) error }) error {
	return r.Scan(&f.id, &f.source, &f.target, &f.ref, &f.name, &f.kind, &f.lane, &f.order, &f.operation, &f.counter, &f.version,
		&f.item, &f.lot, &f.quality, &f.body, &f.state, &f.key, &f.round, &f.attempts, &f.due, &f.doubt, &f.class, &f.reason)
}

// caution is the doubt about a fact that this database has never posted: it may
// be a backup, and what is new to it may have been posted after it was made.
const caution = 1

// openStore opens the database at path.
func openStore(ctx context.Context, path string) (*sql.DB, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", path, err)
	}
	u := url.URL{Scheme: "file", Path: full, RawQuery: "_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_txlock=immediate"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(4)
	err = patiently(ctx, func() error {
		_, err := db.ExecContext(ctx, schema)
		return err
	})
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("prepare %s: %w", path, err)
	}
	return db, nil
}

// patiently does what writes at the start, for about ten seconds: the disk may
// be full for a while.
func patiently(ctx context.Context, do func() error) (err error) {
	for n := range 15 {
		if err = do(); err == nil || ctx.Err() != nil {
			return err
		}
		pause(ctx, backoff(n+1, time.Second))
	}
	return err
}

// takeUp takes up what the life before left: whatever was under way, and what
// was to be posted by a database that is a backup, may have been posted, and is
// asked for.
func takeUp(ctx context.Context, db *sql.DB) error {
	for _, do := range []string{
		`UPDATE fact SET due = 0 WHERE state IN ('new', 'sent') OR (state = 'dead' AND told = 0)`,
		`UPDATE fact SET doubt = 1, state = CASE state WHEN 'new' THEN 'sent' ELSE state END WHERE state IN ('new', 'parked') AND doubt = 0`,
	} {
		err := patiently(ctx, func() error {
			_, err := db.ExecContext(ctx, do)
			return err
		})
		if err != nil {
			return fmt.Errorf("take up what was left: %w", err)
		}
	}
	return nil
}

// claimStore waits until nobody else works with the database at path, which a
// second poller may watch but not work off. The claim is a transaction on a
// database beside it, so that it ends with the process, however that ends.
func claimStore(ctx context.Context, path string) (release func(), err error) {
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path + ".claim", RawQuery: "_pragma=busy_timeout(200)"}).String())
	if err != nil {
		return nil, fmt.Errorf("open the claim of %s: %w", path, err)
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the claim of %s: %w", path, err), db.Close())
	}
	release = func() { _ = errors.Join(conn.Close(), db.Close()) } // the process ends
	for {
		_, err = conn.ExecContext(ctx, "BEGIN EXCLUSIVE")
		var busy *sqlite.Error
		if errors.As(err, &busy) && busy.Code()&0xff == sqlite3.SQLITE_BUSY && ctx.Err() == nil {
			continue // somebody else works
		}
		if err != nil {
			release()
			return nil, fmt.Errorf("claim %s: %w", path, err)
		}
		return release, nil
	}
}

// tx is a transaction of the engine, all of it at one instant.
type tx struct {
	*sql.Tx
	ctx context.Context
	now int64
}

func (t tx) do(query string, args ...any) error {
	_, err := t.ExecContext(t.ctx, query, args...)
	return err
}

// facts reads what follows "FROM fact".
func (t tx) facts(where string, args ...any) ([]fact, error) {
	rows, err := t.QueryContext(t.ctx, "SELECT "+columns+" FROM fact "+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []fact
	for rows.Next() {
		var f fact
		if err := f.scan(rows); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

// number reads one number; no row is 0.
func (t tx) number(query string, args ...any) (int64, error) {
	var n sql.NullInt64
	err := t.QueryRowContext(t.ctx, query, args...).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n.Int64, err
}

// Lots are free, held by a quality case that is not decided, or barred by a
// decision that does not let them be used.
const (
	free = iota
	held
	barred
)

func (t tx) lot(lot string) (int, string, error) {
	var decision string
	err := t.QueryRowContext(t.ctx, `SELECT decision FROM hold WHERE lot = ? ORDER BY decision <> '', at DESC LIMIT 1`, lot).Scan(&decision)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && lifts(decision):
		return free, decision, nil
	case err == nil && decision == "":
		return held, "", nil
	}
	return barred, decision, err
}

func lifts(decision string) bool { return decision == "release" || decision == "use-as-is" }

// take stages a page and moves the cursor behind it, in one transaction.
func (t tx) take(system, cursor string, facts []fact) error {
	for _, f := range facts {
		res, err := t.ExecContext(t.ctx, `INSERT INTO fact (source, target, ref, name, kind, lane, ord, operation, counter, version,
			item, lot, quality, body, state, doubt, class, reason, arrived) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
			ON CONFLICT (source, ref) DO NOTHING`,
			f.source, f.target, f.ref, f.name, f.kind, f.lane, f.order, f.operation, f.counter, f.version,
			f.item, f.lot, f.quality, f.body, first(f.state, "new"), f.doubt, f.class, f.reason, t.now)
		if err != nil {
			return fmt.Errorf("stage %s: %w", f.ref, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			continue // heard before
		}
		if err := t.learn(f); err != nil {
			return fmt.Errorf("note %s: %w", f.ref, err)
		}
	}
	return t.do(`INSERT INTO feed VALUES (?, ?) ON CONFLICT (system) DO UPDATE SET cursor = excluded.cursor`, system, cursor)
}

// learn notes what a message says about lots. A decision may come before the
// hold it ends; then the hold stops nothing.
func (t tx) learn(f fact) error {
	switch f.name {
	case "holds":
		return t.do(`INSERT INTO hold VALUES (?, ?, '', ?) ON CONFLICT DO NOTHING`, f.lot, f.quality, t.now)
	case "decisions":
		if f.decision == "" {
			return nil
		}
		err := t.do(`INSERT INTO hold VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET decision = excluded.decision, at = excluded.at`,
			f.lot, f.quality, f.decision, t.now)
		if err != nil {
			return err
		}
		return t.wake(`(lot = ?1 AND name = 'consumptions' OR key <> '' AND key IN (SELECT key FROM fact WHERE state = 'parked' AND lot = ?1))`, f.lot)
	}
	return nil
}

// wake lets parked facts go on; those that share a key, together.
func (t tx) wake(which string, args ...any) error {
	return t.do(`UPDATE fact SET state = CASE WHEN doubt > 0 THEN 'sent' ELSE 'new' END, due = 0 WHERE state = 'parked' AND `+which, args...)
}
