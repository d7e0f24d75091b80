package bridge

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"time"
)

// lease lets one instance at a time work with a store. Whoever has it is
// active: an open transaction on a file beside the store, which the operating
// system ends with the process however that ends. Another instance on the same
// store, started by an autoscaler, by a rolling upgrade or by mistake, stands
// by and takes over when the file is free.
type lease struct {
	db   *sql.DB
	conn *sql.Conn
}

// leaseGap is how often an instance that stands by tries.
const leaseGap = 25 * time.Millisecond

// takeLease waits for the lease until ctx is done. It calls waits when it has
// to.
func takeLease(ctx context.Context, dir string, waits func()) (*lease, error) {
	dsn := "file:" + (&url.URL{Path: filepath.Join(dir, "lease.db")}).EscapedPath() + "?_pragma=busy_timeout(0)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open lease: %w", err)
	}
	for {
		conn, err := db.Conn(ctx)
		if err == nil {
			if _, err = conn.ExecContext(ctx, `BEGIN EXCLUSIVE`); err == nil {
				return &lease{db, conn}, nil
			}
			err = errors.Join(err, conn.Close())
		}
		if ctx.Err() != nil {
			return nil, errors.Join(ctx.Err(), db.Close())
		}
		if !busy(err) {
			return nil, errors.Join(fmt.Errorf("take lease: %w", err), db.Close())
		}
		waits()
		sleep(ctx, leaseGap)
	}
}

// busy reports whether somebody else has what was asked for.
func busy(err error) bool {
	var code interface{ Code() int }
	return errors.As(err, &code) && code.Code()&0xff == 5 // SQLITE_BUSY, whatever the reason
}

// close gives the lease back.
func (l *lease) close() error {
	if l == nil {
		return nil
	}
	return errors.Join(l.conn.Close(), l.db.Close())
}

// standby is the door of an instance that may be standing by: it is healthy
// then, and asks senders to come back until it is active. One that is still
// starting is not healthy: whoever waits for it would send to it too early.
type standby struct {
	active atomic.Pointer[http.Handler]
	waits  atomic.Bool // another instance is known to be active
}

// ServeHTTP implements http.Handler.
func (s *standby) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h := s.active.Load(); h != nil {
		(*h).ServeHTTP(w, r)
		return
	}
	if r.Method == http.MethodGet && r.URL.Path == "/health" && s.waits.Load() {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"standby":true}` + "\n"))
		return
	}
	w.Header().Set("Retry-After", "1")
	problem(w, http.StatusServiceUnavailable, "standby", "not active yet")
}
