package oracles

import (
	"fmt"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var timeInfo = Info{
	Name: "time-semantics", ID: "O17",
	Doc:          "an instant was shifted by a mistake with zones, a posting counts for another day, shift or period than its fact, or a lot was taken to have expired on its last day",
	Requirements: []string{"CMP-07", "DN-15", "FLT-25", "UP-12"},
}

// TimeSemantics judges what instants mean: to which plant-local day, shift and
// posting period a posting belongs, and whether zones and changes of the
// clocks were understood. Instants that are merely inexact are judged by
// [FieldFidelity].
func TimeSemantics() evidence.Judge {
	return oracle{timeInfo, timeSemantics, "all %d postings count for the day, shift and period of their facts", "no posting said when its fact happened"}
}

func timeSemantics(r *report) {
	c := newCalendar(r.h.Plan).closingsOf(r.h)
	dated, m := datedKinds(r.h), newValidIssues(r.h)
	for _, f := range r.h.Facts {
		if !judged(f) || f.Invalid {
			continue
		}
		for _, e := range f.Effects {
			if e.Effect.Attempt == 0 || e.Part || len(e.Facts) != 1 || !dated[datedKind{e.Endpoint, f.Event.Fact.Kind()}] {
				continue // a sum or a part has no instant of its own
			}
			r.judged++
			if v, ok := misdated(r.h, c, f, e); ok {
				r.violated(v)
				break // a repetition of the same slip is the same finding
			}
		}
		if len(f.Effects) == 0 {
			refusedForTime(r, c, f)
			expiredTooSoon(r, c, m, f)
		}
	}
}

// datedKind is what is posted of one kind at one endpoint.
type datedKind struct {
	endpoint string
	kind     plant.Kind
}

// datedKinds tells where postings of which kinds say when their facts happened.
// Where none does, the interface does not carry it, and what a system dates by
// itself is not the SUT's doing.
func datedKinds(h *evidence.History) map[datedKind]bool {
	dated := map[datedKind]bool{}
	var last datedKind
	for _, e := range h.Effects {
		if e.Effect.Attempt == 0 || e.Posting.Claim.At.IsZero() || e.Posting.Claim.Fact == nil {
			continue
		}
		if k := (datedKind{e.Endpoint, e.Posting.Claim.Fact.Kind()}); k != last {
			dated[k], last = true, k
		}
	}
	return dated
}

// misdated judges one posting of f.
func misdated(h *evidence.History, c *calendar, f *evidence.FactView, e *evidence.EffectView) (evidence.Finding, bool) {
	if f.Undated {
		return evidence.Finding{}, false
	}
	if sameTimes(f.Event, e.Posting.Claim) && !c.closedFor(f.Event.At, e.At) {
		return evidence.Finding{}, false
	}
	if v, ok := undated(c, f, e); ok {
		return v, true
	}
	if v, decided, ok := lateDated(h, c, f, e); decided {
		return v, ok
	}
	if ss := slips(h, c, f, e.Posting.Claim); len(ss) > 0 {
		return shifted(f, ss, "document "+e.Posting.Doc, e), true
	}
	return evidence.Finding{}, false
}

// sameTimes is the fast way to see that a claim repeats the instants of its
// truth.
func sameTimes(truth, claim plant.Event) bool {
	if !truth.At.Equal(claim.At) {
		return false
	}
	switch t := truth.Fact.(type) {
	case plant.Confirmed:
		c, ok := claim.Fact.(plant.Confirmed)
		return ok && t.Start.Equal(c.Start) && t.End.Equal(c.End)
	case plant.OrderReleased, plant.OrderChanged:
		return false
	}
	return true
}

// undated judges a posting that does not say when its fact happened, at an
// endpoint where others do: the system dates it by its own clock, and that
// must not move it into another period.
func undated(c *calendar, f *evidence.FactView, e *evidence.EffectView) (evidence.Finding, bool) {
	if !e.Posting.Claim.At.IsZero() || e.Posting.At.IsZero() || !valued(f.Event.Fact.Kind()) {
		return evidence.Finding{}, false
	}
	there, here := c.local(f.Event.At, f.Event.At), c.local(e.Posting.At, f.Event.At)
	if there.Format("2006-01") == here.Format("2006-01") && c.closed(f.Event.At) == c.closed(e.Posting.At) {
		return evidence.Finding{}, false
	}
	v := about(f)
	v.Expected = fmt.Sprintf("the %s dated %s", naming(f.Event.Fact), stamp(there))
	v.Got = fmt.Sprintf("document %s without a date of its own, so that it was dated %s", e.Posting.Doc, stamp(here))
	v.Class, v.Rule, v.Confidence = evidence.CauseClass(simulators.DataQuality), "date-left-out", "high"
	v.Text = "it counts for " + c.moved(f.Event.At, e.Posting.At)
	return v, true
}

// lateDated judges the posting of a fact of a period that is closed: that it
// is posted at all says that the SUT has dated it anew. Decided is false if
// the fact is not of a closed period.
func lateDated(h *evidence.History, c *calendar, f *evidence.FactView, e *evidence.EffectView) (v evidence.Finding, decided, bad bool) {
	claimed := e.Posting.Claim.At
	if !c.closedFor(f.Event.At, e.At) || !valued(f.Event.Fact.Kind()) || h.Plan.Endpoints[f.Sink].System != "erp" {
		return v, false, false
	}
	if h.Plan.Delivers.ClosedPeriod == evidence.RedateClosed && !c.closedFor(claimed, e.At) {
		return v, true, false
	}
	v = about(f)
	v.Class, v.Confidence = evidence.CauseClass(simulators.Business), "high"
	v.Expected = fmt.Sprintf("the %s of %s refused and reported: its period is closed", naming(f.Event.Fact), stamp(c.local(f.Event.At, f.Event.At)))
	v.Got = fmt.Sprintf("document %s, dated %s", e.Posting.Doc, stamp(c.local(claimed, f.Event.At)))
	if v.Rule = "closed-period-posted"; !c.closedFor(claimed, e.At) {
		v.Rule = "redated-silently"
		v.Text = "it was dated into the open period, which sut.delivers.closedPeriod does not promise"
	}
	return v, true, true
}

// valued reports whether facts of the kind move values, which are bound to
// posting periods.
func valued(k plant.Kind) bool {
	switch k {
	case plant.KindConfirmation, plant.KindConsumption, plant.KindScrap, plant.KindRework, plant.KindReceipt:
		return true
	}
	return false
}

// misread is an instant that was shifted, by name.
type misread struct {
	field     string
	want, got time.Time
	slip
}

// slips lists the instants of a claim that were shifted by a mistake with
// zones or into another day, shift or period.
func slips(h *evidence.History, c *calendar, f *evidence.FactView, claim plant.Event) (out []misread) {
	said := instants(claim)
	for i, w := range instants(f.Event) {
		if i >= len(said) || said[i].at.IsZero() || w.at.IsZero() {
			continue
		}
		s, ok := c.slip(w.at, said[i].at)
		if !ok || (s.rule == "dst-double" && h.Plan.Judging.Offsetless(f.Source)) {
			continue
		}
		out = append(out, misread{w.field, w.at, said[i].at, s})
	}
	return out
}

// instant is a point in time that a fact states.
type instant struct {
	field string
	at    time.Time
}

// instants lists what a fact states, under the names of
// [evidence.Difference.Field].
func instants(e plant.Event) []instant {
	list := []instant{{"time", e.At}}
	switch b := e.Fact.(type) {
	case plant.Confirmed:
		list = append(list, instant{"start", b.Start}, instant{"end", b.End})
	case plant.OrderReleased:
		list = append(list, instant{"due", b.Order.Due})
	case plant.OrderChanged:
		list = append(list, instant{"due", b.Due})
	}
	return list
}

// shifted words a finding about altered instants.
func shifted(f *evidence.FactView, ss []misread, where string, e *evidence.EffectView) evidence.Finding {
	v := about(f)
	var want, got []string
	for _, s := range ss {
		want = append(want, s.field+" "+stamp(s.want))
		got = append(got, s.field+" "+stamp(s.got))
	}
	v.Expected = fmt.Sprintf("the %s with %s", naming(f.Event.Fact), strings.Join(want, ", "))
	v.Got = where + " with " + strings.Join(got, ", ")
	v.Class, v.Rule, v.Confidence = evidence.CauseClass(simulators.DataQuality), ss[0].rule, "high"
	v.Text = ss[0].text
	if e != nil {
		v.Text += lasting(f.Event.Fact, e.Posting.Claim.Fact)
		if e.By == evidence.ByWatermark || e.By == evidence.ByLikeness {
			v.Confidence = "medium"
		}
	}
	return v
}

// lasting says how long a stretch of work seems to last if only one of its
// ends was shifted.
func lasting(truth, claim plant.Fact) string {
	t, ok := truth.(plant.Confirmed)
	c, same := claim.(plant.Confirmed)
	if !ok || !same || t.Start.IsZero() || t.End.IsZero() || c.Start.IsZero() || c.End.IsZero() {
		return ""
	}
	was, is := t.End.Sub(t.Start), c.End.Sub(c.Start)
	switch {
	case abs(was-is) < 2*time.Second:
		return ""
	case is < 0:
		return fmt.Sprintf("; the work ends %s before it begins", -is)
	}
	return fmt.Sprintf("; the work lasts %s instead of %s", is, was)
}

func stamp(t time.Time) string { return t.Format("2006-01-02 15:04:05 -07:00") }

// expiredTooSoon reports an issue that the SUT refused by itself within the last
// day of its lot: days were compared instead of instants.
func expiredTooSoon(r *report, c *calendar, m *validIssues, f *evidence.FactView) {
	expires, wrongly := m.wronglyRefused(f)
	if !wrongly || !atEdge(f.Event.At, expires) {
		return
	}
	r.judged++
	v := about(f)
	v.Expected = c.goodUntil(f, expires)
	v.Got = fmt.Sprintf("an exception of class %s (%s), and no attempt to post it", f.Surfaces[0].Class, f.Surfaces[0].Reason)
	v.Class, v.Rule, v.Confidence = evidence.CauseClass(simulators.DataQuality), "expiry-day", "high"
	v.Text = misreckoned(f.Event.At, expires)
	r.violated(v)
}

// refusedForTime reports a valid fact that never got into the books because
// the SUT had shifted it, out of the open period for one.
func refusedForTime(r *report, c *calendar, f *evidence.FactView) {
	t, result := refusal(f)
	if t == nil || len(t.Faults) > 0 || c.closed(f.Event.At) {
		return
	}
	for i, g := range t.Facts {
		if g != f {
			continue
		}
		if ss := slips(r.h, c, f, t.Claims[i]); len(ss) > 0 {
			r.judged++
			r.violated(shifted(f, ss, fmt.Sprintf("refused as %s", result.Code), nil))
		}
		return
	}
}
