package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/simulators/plant"
)

// example reads the rig file that this log is for, with its log written anew.
func example(t *testing.T, rows int) harness.TraceSpec {
	t.Helper()
	f, err := harness.LoadFile(filepath.Join("..", "..", "examples", "own-log", "andon.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	if err := write(&log, rows, 7); err != nil {
		t.Fatal(err)
	}
	spec := *f.Plant.Trace
	spec.CSV = filepath.Join(t.TempDir(), "log.csv")
	if err := os.WriteFile(spec.CSV, log.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return spec
}

func TestDirtIsListedAndTheRestReplayed(t *testing.T) {
	const rows = 1200
	trace, dirty, err := harness.LoadTrace(example(t, rows))
	if err != nil {
		t.Fatal(err)
	}
	if trace.Rows != rows || trace.Clean+trace.Used+trace.LeftOut != rows || len(dirty) != trace.Used+trace.LeftOut {
		t.Errorf("%d rows: %d clean, %d used, %d left out, %d listed; nothing may be lost", trace.Rows, trace.Clean, trace.Used, trace.LeftOut, len(dirty))
	}
	var all strings.Builder
	for _, d := range dirty {
		all.WriteString(d.String() + "\n")
	}
	for _, kind := range []string{"exact duplicate", "span 9999", "total 77", "midnight", "is taken for", "not listed", "negative", "malformed", "missing", "start after end"} {
		if !strings.Contains(all.String(), kind) {
			t.Errorf("no row is listed for %q", kind)
		}
	}
	if got := replay(t, trace); got[plant.KindConfirmation] != trace.Clean+trace.Used || got[plant.KindOrderReleased] != 30 {
		t.Errorf("replayed %d confirmations of %d rows in use and %d orders of 30", got[plant.KindConfirmation], trace.Clean+trace.Used, got[plant.KindOrderReleased])
	}
}

// replay lets the plant run to its end and counts what happened.
func replay(t *testing.T, trace *plant.Trace) map[plant.Kind]int {
	t.Helper()
	f, err := plant.New(plant.Config{Trace: trace, Shift: 30 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	count := map[plant.Kind]int{}
	for {
		if _, ok := f.Next(); !ok {
			return count
		}
		for _, e := range f.Advance(everythingGoes{}) {
			count[e.Fact.Kind()]++
		}
	}
}

type everythingGoes struct{}

func (everythingGoes) Dispatched(plant.OrderID) (int, bool)         { return 1, true }
func (everythingGoes) Quantity(plant.OrderID) (plant.Decimal, bool) { return 0, false }
func (everythingGoes) Usable(plant.LotID) bool                      { return true }
