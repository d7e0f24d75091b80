package kpi

import (
	"fmt"
	"math/big"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oee"
	"github.com/andon-rig/andon/simulators/plant"
)

// mostUnits is for how many work units OEE is told one by one.
const mostUnits = 12

// oeeGap is K16: what really happened, what confirmations in the books make of it,
// and what systems show as their OEE.
func oeeGap(r *reading) ([]Measure, string) {
	ms := append(r.trueOEE(), r.confirmedRates()...)
	shown := r.shownOEE()
	if len(ms)+len(shown) == 0 {
		return nil, "no pieces were confirmed"
	}
	missing := formula(r.h.Plan.Judging.OEE)
	if len(shown) == 0 {
		missing += "; no system of the run shows an OEE to hold against it"
	}
	return append(ms, shown...), missing
}

// formula says how OEE is computed here.
func formula(rules evidence.OEERules) string {
	o := rules.Options()
	say := func(b bool, yes, no string) string {
		if b {
			return yes
		}
		return no
	}
	return fmt.Sprintf("OEE as in ISO 22400, planned busy time being the shifts of the plan: %s, setup %s, effectiveness %s",
		say(o.ReworkIsGood, "rework counts as good", "rework is not good"),
		say(o.SetupIsPlanned, "is no planned time", "is planned time and not told apart"),
		say(o.CapEffectiveness, "is cut off at 1", "is not cut off at 1"))
}

// trueOEE is OEE by what happened: of all work units together with its parts,
// and of each.
func (r *reading) trueOEE() (ms []Measure) {
	t, o := oee.Of(r.h), r.h.Plan.Judging.OEE.Options()
	from, to := t.Span()
	all, units := t.All(from, to), t.Units()
	add := func(name string, v *big.Rat, n int) {
		if v != nil {
			ms = append(ms, Measure{name, Ratio{*v}, n})
		}
	}
	if all.PQ == 0 || all.APT == 0 {
		return nil
	}
	add("OEE: truth", all.OEE(o), len(units))
	add("availability: truth", all.Availability(o), len(units))
	add("effectiveness: truth", all.Effectiveness(o), len(units))
	add("quality ratio: truth", all.QualityRatio(o), len(units))
	for _, id := range units[:min(len(units), mostUnits)] {
		add("OEE of "+named(string(id))+": truth", t.In(id, from, to).OEE(o), 0)
	}
	return ms
}

// shownOEE is what systems show, and how far that is from what happened in the
// same stretch of time.
func (r *reading) shownOEE() (ms []Measure) {
	var t *oee.Truth
	for _, s := range r.h.Snapshots {
		for _, b := range s.Units {
			if b.OEE == nil || len(ms) >= 2*mostUnits {
				continue
			}
			if t == nil {
				t = oee.Of(r.h)
			}
			shown := NewRatio(int64(*b.OEE), int64(plant.One))
			name := "OEE of " + named(string(b.Unit))
			ms = append(ms, Measure{name + ": " + s.Endpoint, shown, 0})
			if v := t.In(b.Unit, b.From, b.To).OEE(r.h.Plan.Judging.OEE.Options()); v != nil {
				ms = append(ms, Measure{name + ": apart", shown.Apart(Ratio{*v}), 0})
			}
		}
	}
	return ms
}

// confirmedRates compares what confirmations say that happened and that are in
// the books.
func (r *reading) confirmedRates() (ms []Measure) {
	var due []plant.Fact
	for _, f := range r.due() {
		due = append(due, f.Event.Fact)
	}
	truth, books := r.work(due), r.work(r.reported())
	if truth.all3 > 0 && books.all3 > 0 {
		a, b := NewRatio(int64(truth.good), int64(truth.all3)), NewRatio(int64(books.good), int64(books.all3))
		ms = append(ms, Measure{"quality: truth", a, 0}, Measure{"quality: reported", b, 0}, Measure{"quality: apart", a.Apart(b), 0})
	}
	if truth.all.worked > 0 && books.all.worked > 0 {
		a, b := NewRatio(int64(truth.all.planned), int64(truth.all.worked)), NewRatio(int64(books.all.planned), int64(books.all.worked))
		ms = append(ms, Measure{"performance: truth", a, truth.all.n}, Measure{"performance: reported", b, books.all.n}, Measure{"performance: apart", a.Apart(b), 0})
	}
	return ms
}
