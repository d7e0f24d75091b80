package oracles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var fieldFidelityInfo = Info{
	Name: "field-fidelity", ID: "O3",
	Doc:          "a posting, or a message refused for it, says something else than the fact: quantity, unit, code, lot, time",
	Requirements: []string{"CTL-07", "CTL-08", "DN-13", "FLT-13", "FLT-14", "FLT-16"},
}

// FieldFidelity judges that postings say what happened: codes byte by byte,
// quantities exactly, instants whatever their zone. A valid fact that was
// refused because the SUT had altered it counts as well. Mistakes with zones
// and days are told by [TimeSemantics], hours worked by [Labor], revisions of
// an older version by [BoundedStaleness].
func FieldFidelity() evidence.Judge {
	return oracle{fieldFidelityInfo, fieldFidelity, "all %d postings say what happened", "no posting could be compared with a fact"}
}

func fieldFidelity(r *report) {
	m, others := evidence.NewMeasure(r.h), newNeighbours(r.h)
	for _, f := range r.h.Facts {
		if !judged(f) || f.Invalid {
			continue
		}
		for _, e := range f.Effects {
			if e.Effect.Attempt == 0 {
				continue
			}
			r.judged++
			if ds := readLater(r.h, f, e, others.drop(f, e, e.Posting.Claim, differences(m, f, e))); len(ds) > 0 {
				r.violated(unfaithful(m, f, ds, "document "+e.Posting.Doc, e))
				break // a repetition of the same slip is the same finding
			}
		}
		if len(f.Effects) == 0 {
			refusedForIt(r, m, others, f)
		}
	}
}

// readLater leaves out what e says of an order as it was when the SUT read it:
// where an announcement says little, it may have been changed once more by then.
func readLater(h *evidence.History, f *evidence.FactView, e *evidence.EffectView, ds []evidence.Difference) []evidence.Difference {
	if len(ds) == 0 || h.Plan.Endpoints[f.Source].Policy.Announce != simulators.AnnounceLight {
		return ds
	}
	for _, g := range h.Facts {
		c, ok := g.Event.Fact.(plant.OrderChanged)
		if !ok || c.Order != f.Event.Fact.Keys().Order || g.Seq < f.Seq || g.Seq > e.Seq {
			continue
		}
		ds = slices.DeleteFunc(ds, func(d evidence.Difference) bool {
			return d.Field == "quantity" && d.Got == c.Quantity.String()
		})
	}
	return ds
}

// differences lists what e says differently from f. Of a sum or a part only
// what it has in common with the fact is compared.
func differences(m *evidence.Measure, f *evidence.FactView, e *evidence.EffectView) []evidence.Difference {
	ds := f.Compare(m, e.Posting.Claim)
	if len(ds) == 0 || (len(e.Facts) == 1 && !e.Part) {
		return ds
	}
	return slices.DeleteFunc(ds, func(d evidence.Difference) bool {
		return !slices.Contains([]string{"order", "operation", "material", "lot", "reason"}, d.Field)
	})
}

// refusedForIt reports a valid fact that never got into the books because the
// SUT worded it wrongly.
func refusedForIt(r *report, m *evidence.Measure, others *neighbours, f *evidence.FactView) {
	t, result := refusal(f)
	if t == nil {
		queuedInVain(r, m, others, f)
		return
	}
	if len(t.Faults) > 0 {
		return
	}
	for i, g := range t.Facts {
		if g != f {
			continue
		}
		r.judged++
		if ds := others.drop(f, nil, t.Claims[i], f.Compare(m, t.Claims[i])); len(ds) > 0 {
			v := unfaithful(m, f, ds, "message", nil)
			v.Got += fmt.Sprintf("; %s refused it (%s)", f.Sink, result.Code)
			v.Evidence = few(append([]uint64{f.Seq, t.Seq}, v.Evidence...))
			r.violated(v)
			return
		}
	}
}

// queuedInVain reports a valid fact that a sink took over and never posted, told
// to it under another code than the fact's: it said so where no answer to a
// posting shows it. Whatever else the message says may be worded by its own rules.
func queuedInVain(r *report, m *evidence.Measure, others *neighbours, f *evidence.FactView) {
	if r.h.Plan.Endpoints[f.Sink].Policy.Accept != simulators.AcceptQueued || f.Garbled || len(f.Surfaces) == 0 {
		return
	}
	for _, t := range own(f) {
		i := slices.Index(t.Facts, f)
		if i < 0 || len(t.Faults) > 0 || heard(t, f).Outcome != simulators.Accepted {
			continue
		}
		r.judged++
		ds := others.drop(f, nil, t.Claims[i], f.Compare(m, t.Claims[i]))
		ds = slices.DeleteFunc(ds, func(d evidence.Difference) bool {
			return d.Field != "material" && d.Field != "lot" || d.Got == "nothing"
		})
		if len(ds) > 0 {
			v := unfaithful(m, f, ds, "message", nil)
			v.Got += fmt.Sprintf("; %s took it over and has not posted it, the build reported: %s", f.Sink, f.Surfaces[0].Reason)
			v.Evidence = few(append([]uint64{f.Seq, t.Seq}, v.Evidence...))
			r.violated(v)
			return
		}
	}
}

func unfaithful(m *evidence.Measure, f *evidence.FactView, ds []evidence.Difference, where string, e *evidence.EffectView) evidence.Finding {
	v := about(f)
	var want, got []string
	for _, d := range ds[:min(len(ds), 4)] {
		want = append(want, d.Field+" "+d.Want)
		got = append(got, d.Field+" "+d.Got)
	}
	v.Expected = fmt.Sprintf("the %s with %s", naming(f.Event.Fact), strings.Join(want, ", "))
	v.Got = where + " with " + strings.Join(got, ", ")
	v.Class, v.Confidence = evidence.CauseClass(simulators.DataQuality), "high"
	v.Rule, v.Text = whyDifferent(m, f, ds[0], e)
	if e != nil && (e.By == evidence.ByWatermark || e.By == evidence.ByLikeness) {
		v.Confidence = "medium"
		v.Text += fmt.Sprintf(" (the posting was recognised by its %s, it carries no reference)", e.By)
	}
	return v
}

// whyDifferent recognises the usual slips.
func whyDifferent(m *evidence.Measure, f *evidence.FactView, d evidence.Difference, e *evidence.EffectView) (rule, text string) {
	switch d.Field {
	case "yield", "scrap", "rework", "quantity":
		if e != nil {
			return whyQuantity(m, f, d.Field, e)
		}
		return "quantity", "the quantity was changed on the way"
	case "time", "start", "end", "due":
		return "time", "the instant was changed on the way"
	}
	trim := func(s string) string { return strings.TrimLeft(strings.TrimSpace(s), "0") }
	switch {
	case d.Got == "nothing":
		return "field-lost", d.Field + " was left out"
	case trim(d.Want) == trim(d.Got):
		return "zeros-or-blanks-trimmed", "leading zeros or blanks of " + d.Field + " were changed"
	case strings.EqualFold(d.Want, d.Got):
		return "letter-case", "the letter case of " + d.Field + " was changed"
	case len(d.Got) >= 8 && strings.HasPrefix(d.Want, d.Got):
		return "cut-off", fmt.Sprintf("%s was cut off after %d characters", d.Field, len(d.Got))
	}
	return "field-changed", d.Field + " was changed on the way"
}

func whyQuantity(m *evidence.Measure, f *evidence.FactView, field string, e *evidence.EffectView) (rule, text string) {
	want, got, ok := amounts(field, f.Event.Fact, e.Posting.Claim.Fact)
	if !ok {
		return "quantity", "the quantity was changed on the way"
	}
	if want.Unit != got.Unit {
		base, _ := m.Base(m.Item(f.Event.Fact), want)
		if want.Amount == got.Amount {
			return "unit-factor-skipped", fmt.Sprintf("the number was kept and the unit changed from %s to %s without converting", want.Unit, got.Unit)
		}
		return "unit-factor-wrong", fmt.Sprintf("%s are %s, not %s", want, base, got)
	}
	if off := want.Amount.Sub(got.Amount); off > -plant.One && off < plant.One {
		return "digits-lost", fmt.Sprintf("the quantity is off by %s %s: it was rounded, cut or computed in floating point", off, want.Unit)
	}
	for factor := int64(10); factor <= 1_000_000; factor *= 10 {
		if want.Amount.Times(factor) == got.Amount || got.Amount.Times(factor) == want.Amount {
			return "decimal-point-moved", fmt.Sprintf("the quantity is off by the factor %d: a decimal or thousands separator was misread", factor)
		}
	}
	return "quantity", "the quantity was changed on the way"
}

// amounts returns one quantity of a fact and of the claim for it.
func amounts(field string, truth, claim plant.Fact) (want, got plant.Quantity, ok bool) {
	if t, isConf := truth.(plant.Confirmed); isConf {
		c, same := claim.(plant.Confirmed)
		switch {
		case !same:
			return want, got, false
		case field == "scrap":
			return t.Scrap, c.Scrap, true
		case field == "rework":
			return t.Rework, c.Rework, true
		}
		return t.Yield, c.Yield, true
	}
	want, ok = evidence.Amount(truth)
	got, same := evidence.Amount(claim)
	return want, got, ok && same
}
