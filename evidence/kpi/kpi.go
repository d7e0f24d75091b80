// Package kpi computes the figures a plant and its IT both look at, from
// order dispatch to drain time, out of the history of one run.
//
// It judges nothing: a figure has no limit here, and what a run did not
// exercise has no figure. Wall time and plant time are types of their own, so
// that they cannot be mixed, and quantities are exact. Equal histories give
// equal rows.
package kpi

import (
	"slices"
	"strings"

	"github.com/andon-rig/andon/evidence"
)

// A Row is one key figure of one run.
type Row struct {
	ID           string // "K1"
	Name         string
	How          string   // how it is computed: what is divided by what
	Requirements []string // rows of the requirements table it serves
	Measures     []Measure
	// Which names what the row counts and somebody has to look after: the
	// orders never dispatched, the facts lost; at most [MostNamed].
	Which []string
	// Missing is why there is no figure, or no more of them: what a run would
	// have to do so that there is.
	Missing string
}

// MostNamed is how many things a row names.
const MostNamed = 10

// Exercised reports whether the run had anything to compute the figure from.
func (r Row) Exercised() bool { return len(r.Measures) > 0 }

// A Measure is one value of a row.
type Measure struct {
	Name    string
	Value   Value
	Samples int // how many things it is computed from; 0 if that says nothing
}

// Of computes every row, in the order of their ids. Found are the findings of
// the run's judges; figures that count violations count those, so that a table
// of figures and a list of findings on one page never disagree.
func Of(h *evidence.History, found []evidence.Finding) []Row {
	r := &reading{h: h, found: found, measure: evidence.NewMeasure(h)}
	rows := make([]Row, 0, len(definitions))
	for _, d := range definitions {
		row := Row{ID: d.id, Name: d.name, How: d.how, Requirements: d.requirements}
		if h.Began() {
			r.which = nil
			row.Measures, row.Missing = d.compute(r)
			row.Which = r.which
		} else {
			row.Missing = "the journal has no opening record"
		}
		rows = append(rows, row)
	}
	return rows
}

// Known lists every row without figures, for tables of what there is.
func Known() []Row {
	var rows []Row
	for _, d := range definitions {
		rows = append(rows, Row{ID: d.id, Name: d.name, How: d.how, Requirements: d.requirements})
	}
	return rows
}

// A definition says what a row is. Compute returns why there is nothing to
// compute, or what is missing beside what there is.
type definition struct {
	id, name     string
	requirements []string
	how          string
	compute      func(*reading) (ms []Measure, missing string)
}

var definitions = []definition{
	{"K0", "Plant minutes at risk", []string{"KPI-24"}, "plant time in which a line could have waited for the integration: order release until dispatch, quality decision until it is in the books, added up over orders and lots", atRisk},
	{"K1", "Order release to dispatch", []string{"KPI-01", "KPI-14"}, "wall time from the release of an order until it is in the books of the system that dispatches it; nearest rank", dispatch},
	{"K2", "Posting success", []string{"KPI-02", "KPI-13"}, "facts the SUT accepted that are in the books, at the first try and at last, out of all it accepted", success},
	{"K3", "Exception ageing", []string{"KPI-03"}, "exceptions not closed when the run ended, by class and by age in plant time", ageing},
	{"K4", "Inventory variance", []string{"KPI-04", "KPI-16"}, "sum over material and lot of |truth − ERP|, from receipts, consumption and scrap in base units: at the end, at its worst, and times how long it lasted", variance},
	{"K5", "Hold propagation", []string{"KPI-05"}, "wall time from a quality hold until the SUT took it, and until it is in the books; goods of a held lot shipped all the same", holds},
	{"K6", "WIP visibility", []string{"KPI-06", "KPI-22"}, "plant time by which the ERP learns of starts, confirmations and receipts after they happened; share of them it shows within 15 plant minutes", visibility},
	{"K7", "Schedule adherence and cycle time", []string{"KPI-07", "KPI-08"}, "orders complete by their due date out of those due while the run lasted; time booked by planned time (setup once, cycle × pieces), in all and at the work center where it is worst", schedule},
	{"K8", "Time to resolve an incident", []string{"KPI-09"}, "wall time from the end of a fault that struck until nothing the SUT accepted is owed any more", resolve},
	{"K9", "Duplicates", []string{"KPI-10"}, "facts in the books more often than once, and the postings too many; copies that a fault made for a system without any protection are not counted", duplicates},
	{"K10", "Lost", []string{"KPI-10", "KPI-15"}, "facts the SUT accepted that are neither in the books nor reported as an exception when the evidence ends", lost},
	{"K11", "Order violations", nil, "findings of oracle order-causality (O6)", violationsOf("O6")},
	{"K12", "Throughput", []string{"KPI-10", "KPI-26"}, "facts posted per second of wall time while the plant played, in the busiest second, and the wall time from fact to posting", throughput},
	{"K13", "Backlog and drain", []string{"KPI-12"}, "facts accepted and not yet posted or reported at one moment; wall time from the last heal until there are none", drain},
	{"K14", "Contract conformance", nil, "findings of oracle contract-conformance (O16)", violationsOf("O16")},
	{"K15", "Genealogy coverage", []string{"KPI-21"}, "pairs of consumed lot and finished lot of one order that the ERP's books show, out of the true ones; pairs it shows that are not true", genealogy},
	{"K16", "OEE and its gap", []string{"KPI-19"}, "OEE of ISO 22400 by what happened, of all work centers and of each: availability (time booked by time planned) · effectiveness (planned time of the pieces by time booked) · quality ratio (yield by pieces); and |truth − reported| of the rates that confirmations in the books make, and of an OEE that a system shows", oeeGap},
	{"K17", "Reconciliation gaps", []string{"KPI-17"}, "facts missing from the books, postings too many and postings of no fact, counted and in base units", gaps},
	{"K18", "Goodput under throttling", []string{"KPI-11"}, "facts posted by requests that were made while a system throttled, out of those requests; requests before a Retry-After was over", goodput},
	{"K19", "Security", []string{"KPI-11"}, "requests refused for want of a valid token, tokens fetched, and findings of token-discipline (O14) and secrets (O23)", security},
	{"K20", "Difference between plants", nil, "the figures above, plant by plant", never("this plant is the only one of the rig")},
	{"K21", "Rehearsal", nil, "tasks in time, slack of the window, rollback time", never("no runbook was rehearsed")},
	{"K22", "Consumption mismatches", []string{"KPI-16"}, "orders and materials of which the ERP's books have used another quantity than the order did, out of all that used any", mismatches},
	{"K23", "Scrap by line", []string{"KPI-18"}, "pieces lost by pieces made (yield, scrap and rework), in all and by work center, the worst first", scrapped},
	{"K24", "Order ageing", []string{"KPI-18"}, "plant time since release of orders that are not complete when the run ends, out of those released in it", orderAges},
	{"K25", "Manual re-entry", []string{"KPI-23"}, "facts the SUT accepted that it reported instead of posting, which somebody has to key in, by class; and those that nobody knows of", byHand},
	{"K26", "Scrap reporting lag", []string{"KPI-25"}, "time from a loss of pieces until it is in the books", scrapLag},
	{"K27", "Cost variance", []string{"KPI-20"}, "actual cost by planned cost of orders", never("no prices and rates are planned, so that no order has a cost")},
}

// A reading is a history being computed with.
type reading struct {
	h       *evidence.History
	found   []evidence.Finding
	measure *evidence.Measure
	series  []Level  // lazily; see backlog
	which   []string // names for the row being computed
}

// name adds what f is about to the names of the row.
func (r *reading) name(f *evidence.FactView) {
	if len(r.which) < MostNamed {
		r.which = append(r.which, strings.ToValidUTF8(string(f.Event.ID), "·"))
	}
}

// due lists the facts that some system's books must answer for.
func (r *reading) due() []*evidence.FactView {
	return slices.DeleteFunc(slices.Clone(r.h.Facts), func(f *evidence.FactView) bool { return f.Sink == "" })
}

// accepted lists the facts the SUT has taken responsibility for.
func (r *reading) accepted() []*evidence.FactView {
	return slices.DeleteFunc(r.due(), func(f *evidence.FactView) bool { return f.Status != evidence.Must })
}

// never is the definition of a row that this kind of run cannot fill.
func never(why string) func(*reading) ([]Measure, string) {
	return func(*reading) ([]Measure, string) { return nil, why }
}

// violationsOf counts what an oracle found.
func violationsOf(id string) func(*reading) ([]Measure, string) {
	return func(r *reading) ([]Measure, string) {
		n, judged := r.violations(id)
		if !judged {
			return nil, "no oracle " + id + " had anything to judge"
		}
		return []Measure{{"violations", Count(n), 0}}, ""
	}
}

// violations counts the violated findings of an oracle; judged is false if it
// was not asked or had nothing to look at.
func (r *reading) violations(id string) (n int, judged bool) {
	for _, f := range r.found {
		if f.ID != id || f.Rule == evidence.RuleWaived || (f.Rule == evidence.RuleIdle && f.Verdict == evidence.Vacuous) {
			continue
		}
		judged = true
		if f.Verdict == evidence.Violated {
			n += max(f.Count, 1)
		}
	}
	return n, judged
}
