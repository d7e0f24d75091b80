package oracles

import (
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var noPostingAfterHoldInfo = Info{
	Name: "no-posting-after-hold", ID: "O5",
	Doc:          "a lot was used or shipped although the SUT had accepted the hold on it",
	Requirements: []string{"UP-17", "DN-22", "FLT-05", "KPI-05"},
}

// NoPostingAfterHold judges that a held lot is neither consumed nor shipped:
// not by messages the SUT began to send after it had accepted the hold, and
// not inside the ERP because the SUT kept the hold to itself.
func NoPostingAfterHold() evidence.Judge {
	return oracle{noPostingAfterHoldInfo, noPostingAfterHold, "%d holds were kept", "no hold was accepted by the SUT"}
}

// defaultGrace is how long after accepting a hold postings may still start,
// and how long a hold may take to reach the ERP, if the rig file does not say.
const defaultGrace = 250 * time.Millisecond

func noPostingAfterHold(r *report) {
	byLot := map[plant.LotID][]*evidence.HoldView{}
	for _, h := range r.h.Holds {
		if h.Known && !h.Fact.Invalid {
			byLot[h.Lot] = append(byLot[h.Lot], h)
			r.judged++
		}
	}
	if r.judged == 0 {
		return
	}
	grace := time.Duration(r.h.Plan.Delivers.GraceMillis) * time.Millisecond
	if grace == 0 {
		grace = defaultGrace
	}
	for _, e := range r.h.Effects {
		claim := e.Posting.Claim.Fact
		if claim == nil || (claim.Kind() != plant.KindConsumption && claim.Kind() != plant.KindShipment) {
			continue
		}
		for _, h := range byLot[claim.Keys().Lot] {
			if e.Effect.Attempt == 0 {
				inside(r, h, e, grace)
			} else if e.Cause != nil && !e.Cause.Copy && h.Standing(e.Cause.Start-grace) && h.Standing(e.Cause.Start) {
				v := onHold(h, e, e.Cause.Start)
				v.Evidence = few([]uint64{h.Fact.Seq, h.Fact.AcceptedBy.Seq, e.Cause.Seq, e.Seq})
				v.Rule = "posted-on-held-lot"
				r.violated(v)
			}
		}
	}
}

// inside judges what the ERP did by itself with a held lot: it can only have
// done so because the SUT had not told it of the hold. A SUT that kept trying
// against an ERP that would not answer is not to blame.
func inside(r *report, h *evidence.HoldView, e *evidence.EffectView, grace time.Duration) {
	if !h.Standing(e.At) || h.Fact.Sink != e.Endpoint {
		return
	}
	tried, trying := false, false
	for _, t := range h.Fact.Attempts {
		if t.Start <= e.At {
			tried = true
			trying = trying || transient(t.Heard.Outcome)
		}
	}
	for _, p := range h.Fact.Effects {
		if p.Seq < e.Seq { // the ERP knew
			f := onHold(h, e, e.At)
			f.Class, f.Rule = evidence.CauseRig, "rig-ignored-hold"
			f.Text = "the simulated system had the hold in its books and gave the lot out nevertheless: the rig's fault, not the SUT's"
			r.inconclusive(f)
			return
		}
	}
	if (h.Fact.Garbled || h.Fact.Invalid) && slices.ContainsFunc(h.Fact.Surfaces, func(s *evidence.SurfaceView) bool { return s.At <= e.At }) {
		return // a hold that nobody could read, and whose reader said so
	}
	never := len(h.Fact.Attempts) == 0 && r.settled
	if trying || (e.At-h.Accepted <= grace && !never) {
		return
	}
	v := onHold(h, e, e.At)
	v.Evidence = few(append([]uint64{h.Fact.Seq, h.Fact.AcceptedBy.Seq, e.Seq}, sequence(h.Fact)...))
	v.Rule = "hold-kept-back"
	v.Text = "the SUT had accepted the hold and not told " + e.Endpoint + " of it"
	if tried {
		v.Text += ", which had refused it"
	}
	r.violated(v)
}

func onHold(h *evidence.HoldView, e *evidence.EffectView, at time.Duration) evidence.Finding {
	verb := "consumed"
	if e.Posting.Claim.Fact.Kind() == plant.KindShipment {
		verb = "shipped"
	}
	return evidence.Finding{
		Fact: h.Fact.Event.ID, Keys: e.Posting.Claim.Fact.Keys(),
		Expected: fmt.Sprintf("nothing of lot %s used or shipped while case %s is open", h.Lot, h.Case),
		Got:      fmt.Sprintf("%s: %s, %s after the SUT had accepted the hold", document(e), verb, span(at-h.Accepted)),
		Class:    evidence.CauseClass(simulators.Business), Confidence: "high",
		Evidence: few([]uint64{h.Fact.Seq, h.Fact.AcceptedBy.Seq, e.Seq}),
	}
}
