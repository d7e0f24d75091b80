package kpi_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/kpi"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// say writes a row as a test expects it: measures, then why there is no more.
func say(r kpi.Row) string {
	var parts []string
	for _, m := range r.Measures {
		unit := strings.TrimSpace(m.Value.Text() + " " + m.Value.Unit())
		parts = append(parts, strings.TrimSpace(m.Name+" = "+unit+" "+m.Value.Clock()))
	}
	if len(parts) == 0 {
		return "none: " + r.Missing
	}
	return strings.Join(parts, "; ")
}

func row(t *testing.T, r *journaltest.Run, id string) string {
	t.Helper()
	h := r.History()
	for _, row := range kpi.Of(h, oracles.JudgeAll(h, oracles.Standard())) {
		if row.ID == id {
			return say(row)
		}
	}
	t.Fatalf("there is no row %s", id)
	return ""
}

var (
	order = journaltest.Order
	qty   = journaltest.Qty
	ok    = simulators.Result{Outcome: simulators.Applied}
	busy  = simulators.Result{Outcome: simulators.Throttled, Status: 429, RetryAfter: time.Second}
	gone  = simulators.Result{Outcome: simulators.Undelivered}
)

func received(n int, amount string) plant.Received {
	return plant.Received{Order: order, Counter: n, Material: "000BOX", Lot: "FG-1", Quantity: qty(amount, "EA")}
}

// planned is an order with a due date and planned times.
func planned(due time.Time) plant.OrderReleased {
	o := journaltest.Released()
	o.Order.Quantity, o.Order.Due = qty("10", "EA"), due
	o.Order.Operations = []plant.Operation{{ID: "0010", WorkCenter: "WC-1", Setup: time.Minute, Cycle: 10 * time.Second}, {ID: "0020", WorkCenter: "WC-2", Cycle: time.Second}}
	return o
}

func booked(c plant.Confirmed, labor time.Duration) plant.Confirmed {
	c.Labor = labor
	return c
}

func TestRows(t *testing.T) {
	noon := time.Date(2026, 3, 2, 13, 41, 30, 0, journaltest.Zone())
	for _, c := range []struct {
		name, row string
		play      func(*journaltest.Run)
		want      string
	}{
		// A record takes 10 ms of wall time and 1 s of plant time; an offer and a sending 5 ms more each.
		{"dispatched", "K1", func(r *journaltest.Run) { r.Do(journaltest.Released()) }, "p50 = 25 ms wall; max = 25 ms wall; released and never dispatched = 0"},
		{"never dispatched", "K1", func(r *journaltest.Run) { r.Happen(journaltest.Released()) }, "released and never dispatched = 1"},
		{"no order", "K1", func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "1")) }, "none: no order was released through the SUT"},

		{"waited for dispatch", "K0", func(r *journaltest.Run) { r.Do(journaltest.Released()) }, "at risk = 3 s plant; orders waiting for dispatch = 3 s plant; lots waiting for a decision = 0 s plant"},
		{"waited for a decision to the end", "K0", func(r *journaltest.Run) { r.Happen(journaltest.Decided("L-8", "Q-1", plant.DecideRelease)) },
			"at risk = 0 s plant; orders waiting for dispatch = 0 s plant; lots waiting for a decision = 0 s plant; waiting to the end = 1"},

		{"all at once", "K2", func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "1")) }, "at the first try = 1/1 share; at last = 1/1 share; tries per fact = 1.0000 ratio"},
		{"second try", "K2", func(r *journaltest.Run) {
			e := r.Happen(journaltest.Confirmed(1, "1"))
			r.Send(journaltest.Sending{Acted: gone, Heard: busy}, e)
			r.Post(e)
			r.Happen(journaltest.Confirmed(2, "1"))
		}, "at the first try = 0/2 share; at last = 1/2 share; tries per fact = 2.0000 ratio"},
		{"a row of a batch", "K2", func(r *journaltest.Run) {
			a, b := r.Happen(journaltest.Confirmed(1, "1")), r.Happen(journaltest.Confirmed(2, "2"))
			locked := simulators.Result{Outcome: simulators.Locked}
			r.Send(journaltest.Sending{Acted: simulators.Result{Outcome: simulators.Partly, Items: []simulators.Result{ok, locked}}}, a, b)
			r.Post(b)
		}, "at the first try = 1/2 share; at last = 2/2 share; tries per fact = 1.5000 ratio"},

		{"no exception", "K3", func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "1")) }, "none: the SUT reported no exception"},
		{"one open, one closed", "K3", func(r *journaltest.Run) {
			a, b := r.Happen(journaltest.Consumed(1, "1", "KG")), r.Happen(journaltest.Consumed(2, "2", "KG"))
			r.Surface(a, simulators.DataQuality)
			r.Surface(b, simulators.Technical)
			r.Add(evidence.Surface{Class: simulators.Technical, Kind: b.Fact.Kind(), Keys: b.Fact.Keys(), Reference: string(b.ID), Closed: true})
		}, "open at the end = 1; open, data-quality = 1; oldest = 21 ms wall; oldest = 2 s plant; younger than 15 min = 1"},

		{"stock in step", "K4", func(r *journaltest.Run) { r.Do(journaltest.Consumed(1, "500", "G")) },
			"apart at the end = 0 KG; apart at worst = 0.5 KG; apart over time = 0.0125 KG·s wall"},
		{"a receipt too many", "K4", func(r *journaltest.Run) { e := r.Do(received(1, "4")); r.Send(journaltest.Sending{Key: "-"}, e) },
			"apart at the end = 4 EA; apart at worst = 4 EA; apart over time = 0.164 EA·s wall"},
		{"nothing moved", "K4", func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "1")) }, "none: no stock was moved through the SUT"},

		{"hold", "K5", func(r *journaltest.Run) { r.Do(journaltest.Held("L-8", "Q-1")) },
			"detected p50 = 5 ms wall; detected max = 5 ms wall; in the books p50 = 25 ms wall; in the books max = 25 ms wall; never in the books = 0; shipped all the same = 0"},
		{"shipped under hold", "K5", func(r *journaltest.Run) {
			r.Happen(journaltest.Held("L-8", "Q-1"))
			r.Self("erp", journaltest.Shipped("L-8"))
			r.Do(journaltest.Decided("L-8", "Q-1", plant.DecideRelease))
			again := journaltest.Shipped("L-8")
			again.Counter = 2
			r.Self("erp", again)
		}, "detected p50 = 5 ms wall; detected max = 5 ms wall; never in the books = 1; shipped all the same = 1"},

		{"seen at once", "K6", func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "1")) }, "behind p50 = 3 s plant; behind max = 3 s plant; shown within 15 min = 1/1 share"},
		{"never seen", "K6", func(r *journaltest.Run) { r.Happen(journaltest.Confirmed(1, "1")) }, "shown within 15 min = 0/1 share"},

		{"in time, slowly", "K7", func(r *journaltest.Run) {
			r.Do(planned(noon))
			r.Do(booked(journaltest.Confirmed(1, "10"), 240*time.Second))
			r.Do(received(1, "10"))
			for range 30 {
				r.Step("noise")
			}
		}, "orders complete when due = 1/1 share; time booked by time planned = 1.5000 ratio"},
		{"too little by then", "K7", func(r *journaltest.Run) {
			r.Do(planned(noon))
			r.Do(received(1, "9"))
			for range 30 {
				r.Step("noise")
			}
		}, "orders complete when due = 0/1 share"},

		{"drained later", "K8", func(r *journaltest.Run) {
			r.Fault("f", "lose", "erp")
			e := r.Happen(journaltest.Confirmed(1, "1"))
			r.Strike("f", "lose", "erp", e, "lost")
			r.Heal("f", "lose", "erp")
			r.Wait(time.Second)
			r.Post(e)
		}, "resolved in p50 = 1010 ms wall; resolved in max = 1010 ms wall; never resolved = 0; exceptions still open = 0"},
		{"never drained", "K8", func(r *journaltest.Run) {
			r.Fault("f", "lose", "erp")
			r.Strike("f", "lose", "erp", r.Happen(journaltest.Confirmed(1, "1")), "lost")
			r.Heal("f", "lose", "erp")
		}, "never resolved = 1; exceptions still open = 0"},
		{"never struck", "K8", func(r *journaltest.Run) { r.Fault("f", "lose", "erp"); r.Heal("f", "lose", "erp") }, "none: no fault struck and healed"},

		{"once each", "K9", func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "1")) }, "facts posted more than once = 0; postings too many = 0"},
		{"three times", "K9", func(r *journaltest.Run) {
			e := r.Do(journaltest.Confirmed(1, "1"))
			r.Send(journaltest.Sending{Key: "-"}, e)
			r.Send(journaltest.Sending{Key: "-"}, e)
		}, "facts posted more than once = 1; postings too many = 2"},

		{"reported is not lost", "K10", func(r *journaltest.Run) {
			r.Surface(r.Happen(journaltest.Confirmed(1, "1")), simulators.Business)
			r.Happen(journaltest.Confirmed(2, "1"))
		}, "neither posted nor reported = 1"},

		{"in order", "K11", func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "1")); r.Do(journaltest.Confirmed(2, "1")) }, "violations = 0"},
		{"newest overwritten", "K11", func(r *journaltest.Run) {
			r.Do(journaltest.Released())
			a := r.Happen(journaltest.Changed(2, "90"))
			b := r.Happen(journaltest.Changed(3, "80"))
			r.Post(b)
			r.Post(a)
		}, "violations = 2"},
		{"nothing to order", "K11", func(r *journaltest.Run) { r.Step("play") }, "none: no oracle O6 had anything to judge"},

		{"rate", "K12", func(r *journaltest.Run) {
			r.Step("play")
			r.Do(journaltest.Confirmed(1, "1"))
			r.Wait(1950 * time.Millisecond)
			r.Step("heal")
		}, "from fact to posting, p50 = 25 ms wall; from fact to posting, max = 25 ms wall; per second while the plant played = 0.4975 ratio; in the busiest second = 1"},

		{"backlog", "K13", func(r *journaltest.Run) {
			a, b := r.Happen(journaltest.Confirmed(1, "1")), r.Happen(journaltest.Confirmed(2, "2"))
			r.Fault("f", "lose", "erp")
			r.Heal("f", "lose", "erp")
			r.Post(a, b)
		}, "peak backlog = 2; drained after the last heal in = 20 ms wall"},

		{"nothing said", "K14", func(r *journaltest.Run) { r.Happen(journaltest.Confirmed(1, "1")) }, "none: no oracle O16 had anything to judge"},
		{"contract kept", "K14", func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "1")) }, "violations = 0"},

		{"genealogy", "K15", func(r *journaltest.Run) {
			r.Do(journaltest.Consumed(1, "1", "KG"))
			other := journaltest.Consumed(2, "1", "KG")
			other.Lot = "L-8"
			r.Happen(other)
			r.Do(received(1, "1"))
		}, "lot pairs shown = 1/2 share; pairs that are not true = 0"},

		{"quality rate", "K16", func(r *journaltest.Run) {
			c := journaltest.Confirmed(1, "3")
			c.Scrap = qty("1", "EA")
			r.Happen(c)
			r.Do(journaltest.Confirmed(2, "4"))
		}, "quality: truth = 0.8750 ratio; quality: reported = 1.0000 ratio; quality: apart = 0.1250 ratio"},

		{"OEE", "K16", func(r *journaltest.Run) {
			r.Plan.Shifts = nil
			start := time.Date(2026, 3, 2, 6, 0, 0, 0, journaltest.Zone())
			r.At(start)
			r.Happen(planned(noon))
			r.At(start.Add(2 * time.Minute))
			c := booked(journaltest.Confirmed(1, "4"), time.Minute) // 5 pieces of 10 s in one of two minutes, 4 good
			c.Scrap = qty("1", "EA")
			r.Happen(c)
			half := plant.MustDecimal("0.5")
			r.Add(evidence.Snapshot{Endpoint: "mes", Units: []evidence.UnitBook{{Unit: "WC-1", From: start, To: start.Add(2 * time.Minute), OEE: &half}}})
		}, "OEE: truth = 0.3333 ratio; availability: truth = 0.5000 ratio; effectiveness: truth = 0.8333 ratio; quality ratio: truth = 0.8000 ratio; OEE of WC-1: truth = 0.3333 ratio; OEE of WC-1: mes = 0.5000 ratio; OEE of WC-1: apart = 0.1667 ratio"},

		{"used and booked", "K22", func(r *journaltest.Run) {
			r.Do(journaltest.Consumed(1, "500", "G"))
			other := journaltest.Consumed(2, "1", "KG")
			other.Material = "000BOX"
			r.Happen(other)
		}, "orders and materials that differ = 1"},
		{"nothing used", "K22", func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "1")) }, "none: nothing was consumed that the ERP had to learn of"},
		{"scrap by line", "K23", func(r *journaltest.Run) {
			c := journaltest.Confirmed(1, "3")
			c.Scrap, c.WorkCenter = qty("1", "EA"), "WC-1"
			r.Do(c)
			c.Counter, c.WorkCenter, c.Scrap = 2, "WC-2", qty("0", "EA")
			r.Do(c)
		}, "of all pieces = 0.1429 ratio; at WC-1 = 0.2500 ratio"},
		{"one order done, one not", "K24", func(r *journaltest.Run) {
			r.Do(planned(noon))
			second := planned(noon)
			second.Order.ID = "4712"
			r.Do(second)
			r.Do(received(1, "10"))
		}, "not complete at the end = 1; age p50 = 8 s plant; age max = 8 s plant"},
		{"keyed in by hand", "K25", func(r *journaltest.Run) {
			r.Do(journaltest.Confirmed(1, "1"))
			r.Surface(r.Happen(journaltest.Confirmed(2, "1")), simulators.Business)
			r.Happen(journaltest.Confirmed(3, "1"))
		}, "to be keyed in = 1; to be keyed in, business = 1; lost, so that nobody knows to key it in = 1"},
		{"scrap in the books", "K26", func(r *journaltest.Run) {
			c := journaltest.Confirmed(1, "3")
			c.Scrap = qty("1", "EA")
			r.Do(c)
			c.Counter = 2
			r.Happen(c)
			r.Do(journaltest.Confirmed(3, "1"))
		}, "behind p50 = 3 s plant; behind max = 3 s plant; never in the books = 1"},
		{"scrap while plant time jumps", "K26", func(r *journaltest.Run) {
			r.Plan.Pacing.Mode = "asap"
			c := journaltest.Confirmed(1, "3")
			c.Scrap = qty("1", "EA")
			r.Do(c)
		}, "behind p50 = 25 ms wall; behind max = 25 ms wall; never in the books = 0"},
		{"seen while plant time jumps", "K6", func(r *journaltest.Run) {
			r.Plan.Pacing.Mode = "asap"
			r.Do(journaltest.Confirmed(1, "1"))
		}, "behind p50 = 25 ms wall; behind max = 25 ms wall; shown within 15 min = 1/1 share"},
		{"waited for dispatch while plant time jumps", "K0", func(r *journaltest.Run) {
			r.Plan.Pacing.Mode = "burst"
			r.Do(journaltest.Released())
		}, "at risk = 25 ms wall; orders waiting for dispatch = 25 ms wall; lots waiting for a decision = 0 ms wall"},

		{"gaps", "K17", func(r *journaltest.Run) {
			r.Happen(journaltest.Confirmed(1, "5"))
			e := r.Do(journaltest.Consumed(1, "250", "G"))
			r.Send(journaltest.Sending{Key: "-"}, e)
			nobodys := journaltest.Confirmed(9, "2")
			nobodys.Order = "000009999"
			r.Post(plant.Event{ID: "x", Fact: nobodys})
		}, "missing in the books = 1; too many in the books = 1; of no fact = 1; quantity = 7 EA; quantity = 0.25 KG"},

		{"throttled", "K18", func(r *journaltest.Run) {
			e := r.Happen(journaltest.Confirmed(1, "1"))
			r.Send(journaltest.Sending{Acted: gone, Heard: busy}, e)
			r.Wait(100 * time.Millisecond)
			r.Post(e)
		}, "requests that posted = 1/2 share; requests throttled = 1; waits not kept (O9) = 1"},
		{"never throttled", "K18", func(r *journaltest.Run) { r.Do(journaltest.Confirmed(1, "1")) }, "none: nothing the SUT sent was throttled"},

		{"tokens", "K19", func(r *journaltest.Run) {
			r.Token("erp")
			e := r.Happen(journaltest.Confirmed(1, "1"))
			r.Send(journaltest.Sending{Acted: gone, Heard: simulators.Result{Outcome: simulators.Unauthorized, Status: 401}}, e)
			r.Token("erp")
			r.Post(e)
		}, "requests without a valid token = 1; tokens fetched = 2; violations (O14) = 0"},

		{"one plant", "K20", func(r *journaltest.Run) { r.Step("play") }, "none: this plant is the only one of the rig"},
		{"no rehearsal", "K21", func(r *journaltest.Run) { r.Step("play") }, "none: no runbook was rehearsed"},
	} {
		t.Run(c.row+" "+c.name, func(t *testing.T) {
			r := journaltest.New()
			c.play(r)
			if got := row(t, r, c.row); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// A sound shift in which something of everything happens has no figure that
// speaks against the SUT.
func TestShift(t *testing.T) {
	r := journaltest.Shift()
	for id, want := range map[string]string{
		"K9":  "facts posted more than once = 0; postings too many = 0",
		"K10": "neither posted nor reported = 0",
		"K15": "lot pairs shown = 3/3 share; pairs that are not true = 0",
	} {
		if got := row(t, r, id); got != want {
			t.Errorf("%s: got %s, want %s", id, got, want)
		}
	}
	h := r.History()
	if a, b := kpi.Of(h, nil), kpi.Of(h, nil); !reflect.DeepEqual(a, b) {
		t.Error("computed twice, the rows differ")
	}
}

// What somebody has to look after is named.
func TestWhich(t *testing.T) {
	r := journaltest.New()
	r.Happen(journaltest.Released())
	e := r.Do(journaltest.Confirmed(1, "1"))
	r.Send(journaltest.Sending{Key: "-"}, e)
	for i := range 2 * kpi.MostNamed {
		r.Happen(journaltest.Consumed(i+1, "1", "KG"))
	}
	h := r.History()
	for _, row := range kpi.Of(h, nil) {
		want, first := 0, ""
		switch row.ID {
		case "K1":
			want, first = 1, "order-released/000004711/1"
		case "K9":
			want, first = 1, "confirmation/000004711/0010/1"
		case "K10":
			want, first = kpi.MostNamed, "order-released/000004711/1"
		case "K22":
			want, first = 1, "000PLATE of 000004711: 20 used, 0 booked"
		case "K24":
			want, first = 1, "000004711"
		}
		if len(row.Which) != want || (want > 0 && row.Which[0] != first) {
			t.Errorf("%s names %q", row.ID, row.Which)
		}
	}
}

// What a cut journal does not show may still have come.
func TestCutJournal(t *testing.T) {
	r := journaltest.New()
	r.Happen(journaltest.Confirmed(1, "1"))
	records := r.Records()
	h := evidence.NewHistory(records[:len(records)-1])
	for _, row := range kpi.Of(h, nil) {
		if row.ID == "K10" && (say(row) != "not posted yet = 1" || !strings.Contains(row.Missing, "cut")) {
			t.Errorf("got %s, missing %q", say(row), row.Missing)
		}
	}
	for _, row := range kpi.Of(evidence.NewHistory(nil), nil) {
		if row.Exercised() || row.Missing == "" {
			t.Errorf("without a journal %s is %s", row.ID, say(row))
		}
	}
}

func TestKnown(t *testing.T) {
	seen := map[string]bool{}
	for i, r := range kpi.Known() {
		if r.ID != fmt.Sprintf("K%d", i) || r.Name == "" || r.How == "" || seen[r.ID] {
			t.Errorf("row %d is %+v", i, r)
		}
		seen[r.ID] = true
		for _, id := range r.Requirements {
			if !strings.HasPrefix(id, "KPI-") {
				t.Errorf("%s serves %s", r.ID, id)
			}
		}
	}
	if len(seen) != 28 {
		t.Errorf("%d rows, want K0 to K27", len(seen))
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		v                   kpi.Value
		people, text, clock string
	}{
		{kpi.Wall(0), "0 s", "0", "wall"},
		{kpi.Wall(412 * time.Microsecond), "0.412 ms", "0.412", "wall"},
		{kpi.Wall(35_239 * time.Microsecond), "35.2 ms", "35.239", "wall"},
		{kpi.Wall(999_999 * time.Microsecond), "999 ms", "999.999", "wall"},
		{kpi.Wall(1259 * time.Millisecond), "1.25 s", "1259", "wall"},
		{kpi.Plant(12*time.Minute + 5*time.Second), "12 min 05 s", "725", "plant"},
		{kpi.Plant(7*time.Hour + 30*time.Minute), "7 h 30 min", "27000", "plant"},
		{kpi.Plant(-time.Second), "-1.00 s", "-1", "plant"},
		{kpi.Share{N: 999, Of: 1000}, "99.9 % (999 of 1000)", "999/1000", ""},
		{kpi.Share{N: 99999, Of: 100000}, "99.9 % (99999 of 100000)", "99999/100000", ""},
		{kpi.Share{N: 3, Of: 3}, "100 % (3 of 3)", "3/3", ""},
		{kpi.Share{}, "0 of 0", "0/0", ""},
		{kpi.NewRatio(2, 3), "0.67", "0.6667", ""},
		{kpi.Amount{Quantity: qty("0.000001", "KG")}, "0.000001 KG", "0.000001", ""},
		{kpi.Exposure{Quantity: qty("10", "EA")}, "10 EA·s", "10", "wall"},
	} {
		if c.v.String() != c.people || c.v.Text() != c.text || c.v.Clock() != c.clock {
			t.Errorf("%#v is %q, %q, %q", c.v, c.v.String(), c.v.Text(), c.v.Clock())
		}
	}
}
