package tables

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // PostgreSQL
	_ "modernc.org/sqlite"             // SQLite, in pure Go
)

// database is one in which the tables are, as this side of it sees it.
type database struct {
	*sql.DB
	flavour Flavour
	url     string // for the SUT
	schema  string // of PostgreSQL, dropped at the end
}

// open makes the database of an embedded one, or a schema in the user's own.
func open(ctx context.Context, c Config) (*database, error) {
	if c.URL != "" {
		return connect(ctx, c.URL)
	}
	file := filepath.Join(c.Folder, "staging.db")
	dsn := "file:" + (&url.URL{Path: file}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=foreign_keys(1)&_txlock=immediate"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // one writes at a time, and the version of the data is told by connection
	return &database{DB: db, flavour: SQLite, url: "sqlite://" + filepath.ToSlash(file)}, nil
}

// connect makes a schema of its own in the database at a URL.
func connect(ctx context.Context, at string) (*database, error) {
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errNoURL // and not what it says: there may be a password in it
	}
	first, err := sql.Open("pgx", at)
	if err != nil {
		return nil, err
	}
	schema := "andon_" + strings.ToLower(rand.Text()[:12])
	_, err = first.ExecContext(ctx, "CREATE SCHEMA "+schema)
	if err = errors.Join(err, first.Close()); err != nil {
		return nil, fmt.Errorf("make a schema: %w", err)
	}
	q := u.Query()
	q.Set("options", strings.TrimSpace(q.Get("options")+" -csearch_path="+schema))
	u.RawQuery = plain20(q)
	theirs := u.String()
	q.Set("application_name", ourName)
	u.RawQuery = plain20(q)
	db, err := sql.Open("pgx", u.String())
	return &database{DB: db, flavour: PostgreSQL, url: theirs, schema: schema}, err
}

// plain20 writes a query for libpq, which reads no plus sign.
func plain20(q url.Values) string { return strings.ReplaceAll(q.Encode(), "+", "%20") }

// close ends the sessions; of the user's own database it takes the schema away.
func (d *database) close() error {
	var err error
	if d.schema != "" {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_, err = d.ExecContext(ctx, "DROP SCHEMA "+d.schema+" CASCADE")
	}
	return errors.Join(err, d.Close())
}

// q writes a statement with the placeholders of the flavour.
func (d *database) q(statement string) string {
	if d.flavour != PostgreSQL {
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
		b.WriteString("$" + strconv.Itoa(n))
	}
	return b.String()
}

// together does several things or none.
func (d *database) together(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := d.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
