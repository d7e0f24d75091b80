package oracles

import (
	"fmt"
	"math/big"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/iso22400"
	"github.com/andon-rig/andon/evidence/oee"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var oeeInfo = Info{
	Name: "oee", ID: "D2",
	Doc:          "an OEE, or a part of it, that a system shows for a work unit is not what happened there",
	Requirements: []string{"KPI-19"},
}

// OEE judges the figures of ISO 22400 that systems show at the end against
// those of the truth, by the formula that the plan says the plant uses. Where a
// figure is what another formula makes of the truth, the finding says which.
func OEE() evidence.Judge {
	return oracle{oeeInfo, judgeOEE, "%d figures of OEE are what happened", "no system showed an OEE"}
}

// part is one figure: how it is shown and what it is in truth.
type part struct {
	name  string
	shown *plant.Decimal
	truth func(oee.Unit, iso22400.Options) *big.Rat
}

func oeeParts(b evidence.UnitBook) []part {
	return []part{
		{"availability", b.Availability, func(u oee.Unit, o iso22400.Options) *big.Rat { return u.Availability(o) }},
		{"effectiveness", b.Effectiveness, func(u oee.Unit, o iso22400.Options) *big.Rat { return u.Effectiveness(o) }},
		{"quality ratio", b.Quality, func(u oee.Unit, o iso22400.Options) *big.Rat { return u.QualityRatio(o) }},
		{"OEE", b.OEE, func(u oee.Unit, o iso22400.Options) *big.Rat { return u.OEE(o) }},
	}
}

func judgeOEE(r *report) {
	var truth *oee.Truth
	rules := r.h.Plan.Judging.OEE
	for _, s := range r.h.Snapshots {
		for _, b := range s.Units {
			if truth == nil {
				truth = oee.Of(r.h)
			}
			u := truth.In(b.Unit, b.From, b.To)
			for _, p := range oeeParts(b) {
				if p.shown != nil {
					r.judged++
					r.shownOEE(s, b, p, u, rules)
				}
			}
		}
	}
}

// shownOEE judges one figure. OEE is only told where its parts are right: it is
// wrong by what they are.
func (r *report) shownOEE(s *evidence.SnapshotView, b evidence.UnitBook, p part, u oee.Unit, rules evidence.OEERules) {
	want, got := p.truth(u, rules.Options()), rational(*p.shown)
	if want != nil && within(want, got, rules.Bound()) {
		return
	}
	v := evidence.Finding{
		Expected: fmt.Sprintf("%s of %s from %s to %s: %s", p.name, b.Unit, b.From.Format("2006-01-02 15:04"), b.To.Format("2006-01-02 15:04"), percent(want)),
		Got:      fmt.Sprintf("%s shows %s", s.Endpoint, percent(got)),
		Class:    evidence.CauseClass(simulators.DataQuality), Rule: "oee-differs", Confidence: "high", Evidence: []uint64{s.Seq},
	}
	if want == nil {
		v.Rule, v.Text = "oee-undefined", "by what happened it is undefined: there is nothing to divide by, or no planned time"
		r.violated(v)
		return
	}
	if p.name == "OEE" && wrongParts(b, u, rules) {
		v.Text = "its parts are not right either: told one by one"
		r.folded(v)
		return
	}
	for _, other := range variants(rules.Options()) {
		if w := p.truth(u, other.options); w != nil && within(w, got, rules.Bound()) {
			v.Rule, v.Text = "oee-by-another-formula", "it is what comes out "+other.words
			break
		}
	}
	r.violated(v)
}

// wrongParts reports whether a part that is shown beside an OEE is wrong.
func wrongParts(b evidence.UnitBook, u oee.Unit, rules evidence.OEERules) bool {
	for _, p := range oeeParts(b)[:3] {
		if w := p.truth(u, rules.Options()); p.shown != nil && (w == nil || !within(w, rational(*p.shown), rules.Bound())) {
			return true
		}
	}
	return false
}

// A variant is a formula that differs from a plant's in one option.
type variant struct {
	options iso22400.Options
	words   string
}

func variants(o iso22400.Options) []variant {
	rework, setup, most := o, o, o
	rework.ReworkIsGood, setup.SetupIsPlanned, most.CapEffectiveness = !o.ReworkIsGood, !o.SetupIsPlanned, !o.CapEffectiveness
	say := func(now bool, with, without string) string {
		if now {
			return with
		}
		return without
	}
	return []variant{
		{rework, say(rework.ReworkIsGood, "if rework counts as good", "if rework does not count as good")},
		{setup, say(setup.SetupIsPlanned, "if setup is no planned time", "if setup is planned time")},
		{most, say(most.CapEffectiveness, "if effectiveness is cut off at 100 %", "if effectiveness is not cut off at 100 %")},
	}
}

// within reports whether two ratios differ by no more than bound.
func within(a, b, bound *big.Rat) bool {
	d := new(big.Rat).Sub(a, b)
	return d.Abs(d).Cmp(bound) <= 0
}

func rational(d plant.Decimal) *big.Rat { return big.NewRat(int64(d), int64(plant.One)) }

// percent writes a share with two digits after the point.
func percent(r *big.Rat) string {
	if r == nil {
		return "undefined"
	}
	return new(big.Rat).Mul(r, big.NewRat(100, 1)).FloatString(2) + " %"
}
