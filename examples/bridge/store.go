package bridge

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite" // the database, and its driver
	sqlite3 "modernc.org/sqlite/lib"
)

// The schema is the whole memory of the bridge.
//
//   - inbox: every event ever taken, so that a repetition is recognised;
//   - outbox: what still has to be delivered, in the order it was taken;
//   - exceptions: what was refused for good, and whether people were told;
//   - holds: quality cases per lot; decision is NULL while a case is open;
//   - orders: the version of each order the MES has got;
//   - cursors: how far each feed has been read;
//   - cutover: whether a new way into the ERP takes over, and behind which message;
//   - machines: the newest reading of each machine of which all before have come;
//   - readings: those that wait for one before.
const schema = `
CREATE TABLE IF NOT EXISTS inbox (event TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (
	seq INTEGER PRIMARY KEY AUTOINCREMENT, dest TEXT NOT NULL, name TEXT NOT NULL, event TEXT NOT NULL,
	idem TEXT NOT NULL, facts TEXT NOT NULL, body BLOB NOT NULL, batch INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS exceptions (
	seq INTEGER PRIMARY KEY AUTOINCREMENT, report TEXT NOT NULL, at INTEGER NOT NULL, told INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS untold ON exceptions (seq) WHERE told = 0;
CREATE TABLE IF NOT EXISTS holds (lot TEXT NOT NULL, quality_case TEXT NOT NULL, decision TEXT, PRIMARY KEY (lot, quality_case)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursors (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cutover (id INTEGER PRIMARY KEY CHECK (id = 1), phase TEXT NOT NULL, boundary INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS machines (
	id TEXT PRIMARY KEY, counter INTEGER NOT NULL, count INTEGER NOT NULL, modulo INTEGER NOT NULL, resets INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS readings (
	machine TEXT NOT NULL, counter INTEGER NOT NULL, name TEXT NOT NULL, event TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (machine, counter)) WITHOUT ROWID;
`

// remember is how long a repetition is recognised.
const remember = 8 * 24 * time.Hour

// store keeps the bridge's memory in SQLite. One goroutine writes; it gathers
// the changes that wait for it into one transaction, so that a hundred
// messages cost one flush of the disk (group commit).
type store struct {
	db   *sql.DB
	conn *sql.Conn // the writer's
	w    *writer

	changes chan change
	stopped chan struct{} // closed when the writer has ended
	mu      sync.RWMutex  // guards closed against changes being sent
	closed  bool
}

// A change is a part of a transaction that must succeed as a whole.
type change struct {
	do   func(*writer) error
	then func(error) // called in the order of commits; may be nil
}

// errClosed says that the store is closed: nothing more is taken.
var errClosed = errors.New("the store is closed")

// openStore opens or creates the store in dir.
func openStore(ctx context.Context, dir, sync string) (*store, error) {
	dsn := "file:" + (&url.URL{Path: filepath.Join(dir, "bridge.db")}).EscapedPath() +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(" + sync + ")"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &store{db: db, changes: make(chan change, 1024), stopped: make(chan struct{})}
	// The disk may be full for a while, at a start as at any other time.
	for n := 1; ; n++ {
		if err = s.prepare(ctx); !noRoom(err) || n == startTries || ctx.Err() != nil {
			break
		}
		sleep(ctx, backoff(n))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store in %s: %w", dir, err), db.Close())
	}
	go s.run()
	return s, nil
}

// startTries is how often a store that cannot be written is tried at a start:
// for about ten seconds.
const startTries = 12

// noRoom reports whether err may come from a disk that is full.
func noRoom(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	code := e.Code() & 0xff
	return code == sqlite3.SQLITE_FULL || code == sqlite3.SQLITE_IOERR
}

// prepare makes the tables and forgets what is too old to be repeated.
func (s *store) prepare(ctx context.Context) (err error) {
	if s.conn == nil {
		if s.conn, err = s.db.Conn(ctx); err != nil {
			return err
		}
	}
	if _, err = s.conn.ExecContext(ctx, schema); err != nil {
		return err
	}
	if _, err = s.conn.ExecContext(ctx, `DELETE FROM inbox WHERE at < ?`, time.Now().Add(-remember).Unix()); err != nil {
		return err
	}
	s.w, err = newWriter(ctx, s.conn)
	return err
}

// enqueue hands a change to the writer without waiting; then is called when it
// is durable, or with the reason why it never will be.
func (s *store) enqueue(do func(*writer) error, then func(error)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		if then != nil {
			then(errClosed)
		}
		return
	}
	s.changes <- change{do, then}
}

// commit makes a change durable before it returns.
func (s *store) commit(do func(*writer) error) error {
	done := make(chan error, 1)
	s.enqueue(do, func(err error) { done <- err })
	return <-done
}

// close commits what waits and closes the store.
func (s *store) close() error {
	s.mu.Lock()
	already := s.closed
	s.closed = true
	if !already {
		close(s.changes)
	}
	s.mu.Unlock()
	<-s.stopped
	return errors.Join(s.conn.Close(), s.db.Close())
}

// mostTogether is how many changes share a transaction at most.
const mostTogether = 256

// run is the writer.
func (s *store) run() {
	defer close(s.stopped)
	group := make([]change, 0, mostTogether)
	for c := range s.changes {
		group = append(group[:0], c)
	gather:
		for len(group) < mostTogether {
			select {
			case c, ok := <-s.changes:
				if !ok {
					break gather
				}
				group = append(group, c)
			default:
				break gather
			}
		}
		s.together(group)
	}
}

// together commits a group; if that is impossible, each change by itself, so
// that one cannot spoil the others.
func (s *store) together(group []change) {
	err := s.w.transaction(group)
	for i, c := range group {
		if err != nil && len(group) > 1 {
			s.together(group[i : i+1])
		} else if c.then != nil {
			c.then(err)
		}
	}
}

// writer holds the statements of the one connection that writes.
type writer struct {
	begin, commit, rollback           *sql.Stmt
	know, put, drop                   *sql.Stmt
	raise, told                       *sql.Stmt
	hold, openCase, decide, decideAll *sql.Stmt
	version, tried, prepared, batched *sql.Stmt
	cursor, forget                    *sql.Stmt
	setCutover, readCutover           *sql.Stmt
	lastCount, setCount               *sql.Stmt
	park, parked, unpark              *sql.Stmt
}

func newWriter(ctx context.Context, conn *sql.Conn) (*writer, error) {
	w := &writer{}
	for _, p := range []struct {
		to  **sql.Stmt
		sql string
	}{
		{&w.begin, `BEGIN IMMEDIATE`}, {&w.commit, `COMMIT`}, {&w.rollback, `ROLLBACK`},
		{&w.know, `INSERT INTO inbox (event, at) VALUES (?, ?) ON CONFLICT DO NOTHING`},
		{&w.put, `INSERT INTO outbox (dest, name, event, idem, facts, body) VALUES (?, ?, ?, ?, ?, ?)`},
		{&w.drop, `DELETE FROM outbox WHERE seq = ?`},
		{&w.raise, `INSERT INTO exceptions (report, at) VALUES (?, ?)`},
		{&w.told, `UPDATE exceptions SET told = 1 WHERE seq = ?`},
		{&w.hold, `INSERT INTO holds (lot, quality_case) VALUES (?, ?) ON CONFLICT DO NOTHING`},
		{&w.openCase, `SELECT decision IS NULL FROM holds WHERE lot = ? AND quality_case = ?`},
		{&w.decide, `INSERT INTO holds (lot, quality_case, decision) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET decision = ?3`},
		{&w.decideAll, `UPDATE holds SET decision = ?2 WHERE lot = ?1 AND decision IS NULL`},
		{&w.version, `INSERT INTO orders (id, version) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET version = max(version, ?2)`},
		{&w.tried, `UPDATE outbox SET attempts = ?2 WHERE seq = ?1`},
		{&w.prepared, `UPDATE outbox SET body = ?2 WHERE seq = ?1`},
		{&w.batched, `UPDATE outbox SET batch = ?2 WHERE seq = ?1`},
		{&w.cursor, `INSERT INTO cursors (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2`},
		{&w.forget, `DELETE FROM cursors WHERE name = ?`},
		{&w.setCutover, `INSERT INTO cutover (id, phase, boundary) VALUES (1, ?1, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0))
			ON CONFLICT DO UPDATE SET phase = ?1`},
		{&w.readCutover, `SELECT phase, boundary FROM cutover`},
		{&w.lastCount, `SELECT counter, count, modulo, resets FROM machines WHERE id = ?`},
		{&w.setCount, `INSERT OR REPLACE INTO machines (id, counter, count, modulo, resets) VALUES (?, ?, ?, ?, ?)`},
		{&w.park, `INSERT OR REPLACE INTO readings (machine, counter, name, event, body) VALUES (?, ?, ?, ?, ?)`},
		{&w.parked, `SELECT name, event, body FROM readings WHERE machine = ? AND counter = ?`},
		{&w.unpark, `DELETE FROM readings WHERE machine = ? AND counter = ?`},
	} {
		var err error
		if *p.to, err = conn.PrepareContext(ctx, p.sql); err != nil {
			return nil, fmt.Errorf("prepare %q: %w", p.sql, err)
		}
	}
	return w, nil
}

// transaction does all of group or nothing.
func (w *writer) transaction(group []change) error {
	if _, err := w.begin.Exec(); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	for _, c := range group {
		if err := c.do(w); err != nil {
			_, rerr := w.rollback.Exec()
			return errors.Join(err, rerr)
		}
	}
	if _, err := w.commit.Exec(); err != nil {
		_, rerr := w.rollback.Exec()
		return errors.Join(fmt.Errorf("commit: %w", err), rerr)
	}
	return nil
}

// take notes that event arrived; fresh is false if it had before.
func (w *writer) take(event string) (fresh bool, err error) {
	r, err := w.know.Exec(event, time.Now().Unix())
	if err != nil {
		return false, fmt.Errorf("note event: %w", err)
	}
	n, err := r.RowsAffected()
	return n == 1, err
}

// add puts it into the outbox and numbers it.
func (w *writer) add(it *item) error {
	facts, err := json.Marshal(it.facts)
	if err != nil {
		return fmt.Errorf("write facts: %w", err)
	}
	r, err := w.put.Exec(it.to, it.name, it.Event, it.idem, string(facts), it.body)
	if err != nil {
		return fmt.Errorf("put into outbox: %w", err)
	}
	it.seq, err = r.LastInsertId()
	return err
}

// noteHold opens a case, unless it was decided before its hold came.
func (w *writer) noteHold(lot, quality string) (open bool, err error) {
	if err := do(w.hold, lot, quality); err != nil {
		return false, fmt.Errorf("note hold: %w", err)
	}
	err = w.openCase.QueryRow(lot, quality).Scan(&open)
	return open, err
}

// noteDecision ends a case; without a case it ends all of the lot.
func (w *writer) noteDecision(f facts) error {
	if f.Case == "" {
		return do(w.decideAll, f.Lot, f.Decision)
	}
	return do(w.decide, f.Lot, f.Case, f.Decision)
}

// do executes a statement whose result does not matter.
func do(s *sql.Stmt, args ...any) error {
	_, err := s.Exec(args...)
	return err
}

// each executes a statement for every item.
func each(u unit, s *sql.Stmt) error {
	for _, it := range u {
		if err := do(s, it.seq); err != nil {
			return err
		}
	}
	return nil
}

// pending reads the outbox, oldest first.
func (s *store) pending(ctx context.Context, each func(*item)) error {
	return s.read(ctx, func(scan func(...any) error) error {
		it := &item{recovered: true}
		var facts string
		if err := scan(&it.seq, &it.to, &it.name, &it.idem, &facts, &it.body, &it.batch, &it.attempts); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(facts), &it.facts); err != nil {
			return err
		}
		each(it)
		return nil
	}, `SELECT seq, dest, name, idem, facts, body, batch, attempts FROM outbox ORDER BY seq`)
}

// body reads the body of one message again.
func (s *store) body(ctx context.Context, seq int64) (b []byte, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT body FROM outbox WHERE seq = ?`, seq).Scan(&b)
	return b, err
}

// openCases reads the holds that wait for a decision.
func (s *store) openCases(ctx context.Context, each func(lot, quality string)) error {
	return s.read(ctx, func(scan func(...any) error) error {
		var lot, quality string
		err := scan(&lot, &quality)
		each(lot, quality)
		return err
	}, `SELECT lot, quality_case FROM holds WHERE decision IS NULL`)
}

// delivered is the version of an order that the MES has got; 0 if none.
func (s *store) delivered(ctx context.Context, order string) (version int, err error) {
	err = s.read(ctx, func(scan func(...any) error) error { return scan(&version) }, `SELECT version FROM orders WHERE id = ?`, order)
	return version, err
}

// took reports whether an event, by the system it goes to, was taken over.
func (s *store) took(ctx context.Context, event string) (had bool, err error) {
	err = s.read(ctx, func(scan func(...any) error) error { return scan(&had) }, `SELECT 1 FROM inbox WHERE event = ?`, event)
	return had, err
}

// cursor is how far a feed has been read; "" from its beginning.
func (s *store) cursor(ctx context.Context, name string) (value string, err error) {
	err = s.read(ctx, func(scan func(...any) error) error { return scan(&value) }, `SELECT value FROM cursors WHERE name = ?`, name)
	return value, err
}

// read calls each for every row of a query.
func (s *store) read(ctx context.Context, each func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", strings.Fields(query)[1], err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
