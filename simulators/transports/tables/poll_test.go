package tables_test

import (
	"slices"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators/transports/tables"
)

// TestRowsWaitForTheNextLook: what is inserted after the job has looked lies there
// until it looks again, however idle it is meanwhile.
func TestRowsWaitForTheNextLook(t *testing.T) {
	const poll = 700 * time.Millisecond
	began := time.Now()
	p := open(t, tables.Config{Tables: ours, Folder: t.TempDir(), Poll: poll})
	answered := func(reference string) bool {
		return slices.Equal(p.read("SELECT response_code FROM receipts WHERE process_complete_date IS NOT NULL AND reference = '"+reference+"'"), []string{"200"})
	}
	p.exec("INSERT INTO receipts (reference, counter) VALUES ('before', 1)")
	p.until("a first look is over", func() bool { return answered("before") })
	p.exec("INSERT INTO receipts (reference, counter) VALUES ('after', 2)")
	p.until("the second look", func() bool { return answered("after") })
	if took := time.Since(began); took < poll {
		t.Errorf("a row that came after a look was taken up %s after the beginning, and the job rests for %s", took, poll)
	}
}
