package coverage_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/kpi"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/reports/coverage"
	"github.com/andon-rig/andon/simulators/plant"
)

// touch is what a journal touches.
func touch(r *journaltest.Run) coverage.Touch {
	h := r.History()
	found := oracles.JudgeAll(h, oracles.Standard())
	return coverage.Run(h, found, kpi.Of(h, found), evidence.Worst(found), "")
}

func row(t *testing.T, c coverage.Coverage, id string) coverage.Row {
	t.Helper()
	i := slices.IndexFunc(c.Rows, func(r coverage.Row) bool { return r.ID == id })
	if i < 0 {
		t.Fatalf("there is no row %s", id)
	}
	return c.Rows[i]
}

func TestTable(t *testing.T) {
	form := regexp.MustCompile(`^[A-Z]{2,3}-[0-9]{2}$`)
	seen := map[string]bool{}
	count := map[string]int{}
	for _, r := range coverage.Requirements() {
		if !form.MatchString(r.ID) || r.Title == "" || seen[r.ID] {
			t.Errorf("row %+v", r)
		}
		seen[r.ID] = true
		count[r.Group]++
	}
	want := map[string]int{"SYS": 22, "DN": 23, "UP": 29, "MC": 7, "PAT": 18, "CTL": 30, "FLT": 28, "EXC": 9, "KPI": 26, "IND": 8, "CMP": 7, "ROL": 13}
	for _, g := range coverage.Groups() {
		if count[g.Name] != want[g.Name] || g.Title == "" {
			t.Errorf("group %s has %d rows, want %d", g.Name, count[g.Name], want[g.Name])
		}
		delete(want, g.Name)
	}
	if len(want) > 0 || len(coverage.Requirements()) != 220 {
		t.Errorf("%d rows; groups %v are missing", len(coverage.Requirements()), want)
	}
	if coverage.Title("UP-02") != "Operation confirmed" || coverage.Title("UP-99") != "" {
		t.Error("titles are not found")
	}
}

// Whatever an oracle or a figure says it serves is a row of the table.
func TestServed(t *testing.T) {
	known := func(who string, ids []string) {
		for _, id := range ids {
			if coverage.Title(id) == "" {
				t.Errorf("%s serves %s, which is no row", who, id)
			}
		}
	}
	for _, o := range oracles.All() {
		known(o.Name, o.Requirements)
	}
	for _, r := range kpi.Known() {
		known(r.ID, r.Requirements)
	}
}

func TestStates(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(*journaltest.Run)
		id   string
		want coverage.State
		by   coverage.By
	}{
		{"a fact of the flow", func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "1")) }, "UP-02", coverage.Exercised, coverage.ByFlow},
		{"a scenario that names a flow without facts", func(r *journaltest.Run) {
			r.Plan.Requirements = []string{"UP-17"}
			r.Do(journaltest.Confirmed(1, "1"))
		}, "UP-17", coverage.Named, ""},
		{"an oracle cannot exercise a flow", func(r *journaltest.Run) { r.Do(journaltest.Consumed(1, "1", "KG")) }, "UP-08", coverage.Named, ""},
		{"scrap within a confirmation", func(r *journaltest.Run) {
			c := journaltest.Confirmed(1, "1")
			c.Scrap = journaltest.Qty("1", "EA")
			r.Do(c)
		}, "UP-07", coverage.Exercised, coverage.ByFlow},
		{"refused at intake is not carried", func(r *journaltest.Run) { r.Offer("refused", r.Truth(journaltest.Confirmed(1, "1"))) }, "UP-03", coverage.Named, ""},
		{"a fault that struck", func(r *journaltest.Run) { struck(r, true) }, "FLT-08", coverage.Exercised, coverage.ByFault},
		{"a fault that never struck", func(r *journaltest.Run) { struck(r, false) }, "FLT-08", coverage.Named, ""},
		{"an oracle cannot exercise a failure", func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "1")) }, "FLT-02", coverage.Named, ""},
		{"an oracle that judged", func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "1")) }, "CTL-01", coverage.Exercised, coverage.ByOracle},
		{"an oracle that had nothing to judge", func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "1")) }, "CTL-15", coverage.Named, ""},
		{"an oracle that was waived", func(r *journaltest.Run) {
			r.Plan.Waived = []string{"no-phantom"}
			r.Do(journaltest.Confirmed(1, "1"))
		}, "CTL-13", coverage.Named, ""},
		{"a figure", func(r *journaltest.Run) { r.Do(journaltest.Released()) }, "KPI-01", coverage.Exercised, coverage.ByFigure},
		{"a figure without data", func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "1")) }, "KPI-01", coverage.Named, ""},
		{"a scenario that names a figure does not compute it", func(r *journaltest.Run) {
			r.Plan.Requirements = []string{"KPI-20"}
			r.Do(journaltest.Confirmed(1, "1"))
		}, "KPI-20", coverage.Named, ""},
		{"a scenario that ran", func(r *journaltest.Run) {
			r.Plan.Requirements = []string{"ROL-13"}
			r.Do(journaltest.Confirmed(1, "1"))
		}, "ROL-13", coverage.Exercised, coverage.ByScenario},
		{"a scenario in which nothing happened", func(r *journaltest.Run) { r.Plan.Requirements = []string{"ROL-13"} }, "ROL-13", coverage.Named, ""},
		{"nobody", func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "1")) }, "IND-06", coverage.Untouched, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := journaltest.New()
			c.play(r)
			got := row(t, coverage.Of([]coverage.Touch{touch(r)}, nil), c.id)
			if got.State != c.want {
				t.Fatalf("%s is %s by %v, want %s", c.id, got.State, got.By, c.want)
			}
			if c.by != "" && (len(got.By) == 0 || got.By[0].By != c.by) {
				t.Errorf("%s is exercised by %v, want by a %s first", c.id, got.By, c.by)
			}
			if (got.State == coverage.Named) != (got.Missing != "") {
				t.Errorf("%s is %s and misses %q", c.id, got.State, got.Missing)
			}
		})
	}
}

func struck(r *journaltest.Run, strike bool) {
	r.Fault("kill", "sut-kill", "erp")
	r.Plan.Faults[0].Requirements = []string{"FLT-08"}
	e := r.Do(journaltest.Confirmed(1, "1"))
	if strike {
		r.Strike("kill", "sut-kill", "erp", e, "killed")
	}
	r.Heal("kill", "sut-kill", "erp")
}

// A defective run exercises a row all the same, and the row says so.
func TestViolated(t *testing.T) {
	r := journaltest.New()
	e := r.Do(journaltest.Confirmed(1, "1"))
	r.Send(journaltest.Sending{Key: "-"}, e)
	c := coverage.Of([]coverage.Touch{touch(r), touch(journaltest.Shift())}, nil)
	if got := row(t, c, "CTL-01"); got.State != coverage.Exercised || !got.Violated {
		t.Errorf("CTL-01 is %s, violated %v", got.State, got.Violated)
	}
	if got := row(t, c, "UP-17"); got.Violated || got.By[0].Runs != 1 {
		t.Errorf("UP-17 is violated %v by %v", got.Violated, got.By)
	}
	if n := c.Count("", coverage.Exercised) + c.Count("", coverage.Named) + c.Count("", coverage.Untouched); n != 220 {
		t.Errorf("the states add up to %d rows", n)
	}
	if len(c.In("UP")) != 29 {
		t.Errorf("group UP has %d rows", len(c.In("UP")))
	}
}

func TestGrid(t *testing.T) {
	r := journaltest.New()
	struck(r, true)
	r.Fault("idle", "lose", "erp")
	c := coverage.Of([]coverage.Touch{touch(r), touch(r)}, []string{"reorder"})
	if n := c.Struck(plant.KindConfirmation, "sut-kill"); n != 2 {
		t.Errorf("struck %d times, want 2", n)
	}
	if c.Struck(plant.KindReceipt, "sut-kill") != 0 || c.Struck(plant.KindConfirmation, "lose") != 0 {
		t.Error("something was struck that was not")
	}
	if !c.Armed("lose") || c.Armed("reorder") {
		t.Error("lose was armed, reorder was not")
	}
	if !slices.Equal(c.Faults, []string{"reorder", "sut-kill", "lose"}) {
		t.Errorf("columns are %v", c.Faults)
	}
	i := slices.IndexFunc(c.Flows, func(f coverage.Flow) bool { return f.Kind == plant.KindConfirmation })
	if i < 0 || c.Flows[i].Facts != 2 || c.Flows[i].From != "mes" || c.Flows[i].To != "erp" {
		t.Errorf("flows are %+v", c.Flows)
	}
}

// What has not been run is named at most.
func TestPlanned(t *testing.T) {
	c := coverage.Of([]coverage.Touch{coverage.Planned("CNF-02", []string{"UP-02", "ROL-13"}, map[string][]string{"lose": {"FLT-01"}})}, nil)
	if n := c.Count("", coverage.Exercised); n != 0 {
		t.Errorf("%d rows are exercised by a plan", n)
	}
	for _, id := range []string{"UP-02", "ROL-13", "FLT-01", "CTL-01", "KPI-01"} {
		if got := row(t, c, id); got.State != coverage.Named {
			t.Errorf("%s is %s", id, got.State)
		}
	}
	if !c.Armed("lose") {
		t.Error("a planned fault has no column")
	}
}
