package harness_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite" // as the SUT opens it

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/chaos/rewording"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/simulators/dialects/staging"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
	"github.com/andon-rig/andon/simulators/transports/tables"
	"github.com/andon-rig/andon/simulators/transports/tables/tablestest"
)

// counter is an ERP behind staging tables, seen by somebody with the database.
type counter struct {
	t    *testing.T
	link *chaos.Link
	erp  *endpoint.Endpoint
	sut  *sql.DB
	n    int
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	d := staging.Dialect{}
	tr, err := tables.New(t.Context(), tables.Config{Tables: d.Tables(), Folder: t.TempDir(), Poll: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	link := &chaos.Link{Name: "erp", Journal: evidence.NewJournal(nil), Ordinals: chaos.NewOrdinals(), IDs: new(atomic.Uint64)}
	e := endpoint.New(endpoint.Config{Name: "erp", System: erp.New(plant.Master{}), Dialect: d, Transport: tr, Line: link, Policy: d.Policy(), OnFeed: link.Fetched, OnKept: link.Told})
	link.Encode, link.Refuse, link.Drift = e.Encode, e.Refuse, rewording.Of(d)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	u, err := url.Parse(tr.URL())
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+u.Path+"?_pragma=busy_timeout(1)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, db.Close(), tr.Close()); err != nil {
			t.Error(err)
		}
		link.Close()
	})
	return &counter{t: t, link: link, erp: e, sut: db}
}

// release has the ERP release an order.
func (c *counter) release() {
	c.t.Helper()
	c.n++
	f := plant.OrderReleased{Order: plant.Order{ID: plant.OrderID("471" + string(rune('0'+c.n))), Item: "PUMP", Quantity: plant.Of(5, "EA"), Operations: []plant.Operation{{ID: "0010", WorkCenter: "WC"}}}}
	if err := c.erp.Notice(plant.Event{ID: plant.EventID(plant.Natural(f)), At: time.Now(), Fact: f}); err != nil {
		c.t.Fatal(err)
	}
}

// engineer has the ERP announce a bill of material.
func (c *counter) engineer() {
	c.t.Helper()
	f := plant.BillChanged{Version: 1, Bill: plant.Bill{Item: "PUMP", For: plant.Of(1, "EA"), Components: []plant.Component{
		{Material: "CASTING", Operation: "0010", Quantity: plant.Of(1, "EA")}, {Material: "SEAL", Operation: "0010", Quantity: plant.Of(2, "EA")}}}}
	if err := c.erp.Notice(plant.Event{ID: plant.EventID(plant.Natural(f)), At: time.Now(), Fact: f}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *counter) rows(query string) (all []string) {
	c.t.Helper()
	rows, err := c.sut.Query(query)
	if err != nil {
		return []string{err.Error()}
	}
	defer rows.Close()
	for rows.Next() {
		var v sql.NullString
		if err := rows.Scan(&v); err != nil {
			c.t.Fatal(err)
		}
		all = append(all, v.String)
	}
	return all
}

func (c *counter) until(what string, is func() bool) {
	c.t.Helper()
	for deadline := time.After(10 * time.Second); !is(); {
		select {
		case <-time.After(2 * time.Millisecond):
		case <-deadline:
			c.t.Fatalf("in vain: %s; orders has %v", what, c.rows("SELECT id FROM orders"))
		}
	}
}

// A tableCase is a fault of tables, and what the SUT sees of it.
type tableCase struct {
	fault chaos.Fault
	see   func(c *counter)
}

// orderIDs are those of the orders that can be seen.
func orderIDs(c *counter) string {
	return strings.Join(c.rows("SELECT id FROM orders ORDER BY id"), " ")
}

// tableCases are all of them, each within its bounds.
func tableCases() map[string]tableCase {
	const d = faults.Wall(2 * time.Second)
	return map[string]tableCase{
		"row-late": {&faults.RowLate{For: d}, func(c *counter) {
			c.link.Heal("f")
			c.release()
			if got := orderIDs(c); got != "2" {
				c.t.Errorf("before: %q", got)
			}
			c.until("the first is there", func() bool { return orderIDs(c) == "1 2" })
		}},
		"rows-apart": {&faults.RowsApart{For: d}, func(c *counter) {
			c.engineer()
			c.link.Heal("f")
			lines := func() string {
				return strings.Join(c.rows("SELECT b.line_count || ':' || count(l.line) FROM boms b LEFT JOIN bom_components l ON l.parent_id = b.id GROUP BY b.id"), " ")
			}
			if got := lines(); got != "2:0" {
				c.t.Errorf("before: %q", got)
			}
			c.until("its lines are there", func() bool { return lines() == "2:2" })
			if _, err := c.sut.Exec("UPDATE boms SET response_code = 200"); err != nil {
				c.t.Error(err)
			}
		}},
		"table-locked": {&faults.TableLocked{For: d}, func(c *counter) {
			c.until("nobody can write", func() bool {
				_, err := c.sut.Exec("UPDATE orders SET response_message = 'x'")
				return err != nil && strings.Contains(err.Error(), "locked")
			})
			if got := orderIDs(c); got != "1" {
				c.t.Errorf("a reader sees %q", got)
			}
			c.link.Heal("f")
		}},
		"deadlock": {&faults.Deadlock{Victim: faults.VictimTaking, For: d}, func(c *counter) {
			c.until("who has read cannot write", func() bool {
				tx, err := c.sut.Begin()
				if err != nil {
					c.t.Fatal(err)
				}
				defer func() { _ = tx.Rollback() }()
				var n int
				if err := tx.QueryRow("SELECT count(*) FROM orders").Scan(&n); err != nil {
					c.t.Fatal(err)
				}
				_, err = tx.Exec("UPDATE orders SET response_message = 'x'")
				return err != nil && strings.Contains(err.Error(), "SQLITE_BUSY")
			})
			c.link.Heal("f")
		}},
	}
}

// seeTable observes a fault of tables from the SUT's side of the database, and
// that a row inserted after it was healed is as it should be.
func seeTable(t *testing.T, name string, tc tableCase) {
	t.Helper()
	c := newCounter(t)
	c.link.Arm(&chaos.Rule{ID: "f", Kind: name, Fault: tc.fault})
	c.release()
	tc.see(c)
	c.release()
	last := orderIDs(c)
	c.until("it can be taken", func() bool {
		_, err := c.sut.Exec("UPDATE orders SET response_code = 200")
		return err == nil
	})
	c.until("the ERP knows", func() bool { return c.erp.Waiting() == 0 })
	if !strings.HasSuffix(last, string(rune('0'+c.n))) {
		t.Errorf("after it was healed: %q", last)
	}
	if !slices.ContainsFunc(c.link.Journal.Records(), func(r evidence.Record) bool {
		b, ok := r.Body.(evidence.Disturbance)
		return ok && b.Phase == evidence.Struck && b.Kind == name && b.What != ""
	}) {
		t.Error("the journal does not say that it struck")
	}
}

// What a rig file says of tables must fit together.
func TestTablesInRigFiles(t *testing.T) {
	for spec, want := range map[string]string{
		"{system: erp, dialect: staging/v1}":                                                                        "",
		"{system: erp, dialect: staging/v1, transport: http}":                                                       "rig:5:43: rows of tables need both: dialect staging/v1 and transport tables, not staging/v1 and http",
		"{system: erp, transport: tables}":                                                                          "not neutral/v1 and tables",
		"{system: erp, poll: {wall: 1s}}":                                                                           "poll is about tables",
		"{system: erp, dialect: staging/v1, transport: tables, poll: {plant: 1s}}":                                  "poll is a wall time",
		"{system: erp, dialect: staging/v1, transport: tables, ready: rename}":                                      "ready is about files",
		"{system: erp, dialect: staging/v1, transport: tables, url: \"postgres://127.0.0.1/x\"}":                    "",
		"{system: erp, dialect: staging/v1, transport: tables, url: \"postgres://u:s3cret@h/x\"}":                   "not on this machine",
		"{system: erp, dialect: staging/v1, transport: tables, url: \"postgres://u:s3cret@h/x\", testSystem: true}": "",
		"{system: erp, dialect: staging/v1, transport: tables, url: \"mysql://u:s3cret@h/x\"}":                      "not one such as postgres://",
		"{system: erp, testSystem: true}":                                                                           "testSystem is about the database",
		"{system: erp, dialect: staging/v1, transport: tables, poll: {wall: 1s}, listen: \"\"}":                     "",
	} {
		_, err := harness.ParseFile("rig", []byte("apiVersion: andon/v1\nkind: Rig\nsut: {process: {command: [x]}}\nendpoints:\n  erp: "+spec+"\n  mes: {system: mes}\n"))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%s: %v", spec, err)
		}
	}
}

// TestPasswordsOfDatabases: what stands in a URL of the rig file in confidence
// stands nowhere in the bundle of a run, nor in what is said of the rig, and who
// writes it where it does not belong is seen.
func TestPasswordsOfDatabases(t *testing.T) {
	at := tablestest.PostgreSQL(t)
	text := strings.Replace(string(harness.BundledSource), "{system: erp, dialect: neutral/v1", "{system: erp, dialect: staging/v1, url: \""+strings.Replace(at, "andon@", "andon:s3cret%40pg@", 1)+"\"", 1)
	f, err := harness.ParseFile("rig", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	rig, err := harness.Build(harness.Setup{Catalog: catalog.Standard(), File: f, Source: []byte(text), Path: "rig", Scenario: harness.PlainScenario(), Run: "r", Self: self, Version: "test", Out: out})
	if err != nil {
		t.Fatal(err)
	}
	if got := rig.Vars["erp.url"]; !strings.Contains(got, "andon:s3cret%40pg@") {
		t.Errorf("the SUT is told %s", got)
	}
	rig.Plan.Journal.Append(evidence.Step{Name: "note", Text: "connected to " + rig.Vars["erp.url"] + " with s3cret@pg"})
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
	kept := 0
	err = filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if kept++; strings.Contains(string(b), "s3cret") {
			t.Errorf("%s holds the password", path)
		}
		return err
	})
	if err != nil || kept < 3 {
		t.Errorf("%d files, %v", kept, err)
	}
	if !slices.ContainsFunc(rig.Plan.Evidence.Secrets, func(s evidence.Secret) bool { return s.Owner == "erp" && s.Name == "erp.url password" }) {
		t.Errorf("not looked for: %v", rig.Plan.Evidence.Secrets)
	}
	o := harness.GateOptions{Catalog: catalog.Standard(), File: f, Source: []byte(text), Path: "rig", Self: self}
	said, env, err := o.Provides()
	if err != nil || strings.Contains(fmt.Sprint(said, env), "s3cret") || !strings.Contains(fmt.Sprint(env), "postgres://andon:") {
		t.Errorf("andon check says %v %v %v", said, env, err)
	}
	short, err := harness.ParseFile("rig", []byte(strings.Replace(text, "s3cret%40pg", "pw", 1)))
	if err != nil {
		t.Fatal(err)
	}
	o.File = short
	if _, _, err := o.Provides(); err == nil || !strings.Contains(err.Error(), "shorter than 4 characters") {
		t.Errorf("a password that is too short to be found: %v", err)
	}
}
