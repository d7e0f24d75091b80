package oracles

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

var exactlyOnceInfo = Info{
	Name: "exactly-once", ID: "O1",
	Doc:          "a fact is in the books twice, or not at all and not reported, or although it had to be refused",
	Requirements: []string{"CTL-01", "UP-03", "FLT-02", "EXC-04"},
}

// ExactlyOnce judges that each fact is in the books of its sink once: not
// twice, not never, and not at all if it had to be refused. What is missing is
// named fact by fact by [NoSilentDrop] and only counted here.
func ExactlyOnce() evidence.Judge {
	return oracle{exactlyOnceInfo, exactlyOnce, "%d facts are in the books as often as they should be", "no fact had to reach any books"}
}

func exactlyOnce(r *report) {
	for _, f := range r.h.Facts {
		if !judged(f) {
			continue
		}
		n := postings(r.h, f)
		if f.Status == evidence.Must || n > 0 || f.Invalid {
			r.judged++
		}
		a := allowed(r.h, f)
		switch {
		case n > a.max || (n > 1 && a.surfaced && a.undecidable == "" && len(f.Surfaces) == 0):
			r.violated(tooOften(r.h, f, n))
		case a.undecidable != "" && n != 1 && len(f.Surfaces) == 0:
			u := about(f)
			u.Expected, u.Got = "1 posting of "+truth(f), times(n, "posting", "postings")
			u.Text, u.Rule = a.undecidable, "two-generals"
			r.inconclusive(u)
		case lost(f) && (a.min > 0 || a.surfaced):
			m := about(f)
			m.Expected = "1 posting of " + truth(f) + " in " + f.Sink
			m.Got = "none, and no exception was reported"
			m.Class, m.Rule, m.Confidence = evidence.CauseTechnical, "not-posted", "high"
			m.Text = "named fact by fact by no-silent-drop"
			r.missing(m, true)
		}
	}
}

// tooOften is the finding for a fact that is in the books n times and may not.
func tooOften(h *evidence.History, f *evidence.FactView, n int) evidence.Finding {
	v := about(f)
	v.Got = times(n, "posting", "postings") + ": " + documents(f.Effects)
	v.Class, v.Confidence = evidence.CauseTechnical, "high"
	if f.Status == evidence.MustNot {
		v.Expected = fmt.Sprintf("no posting of the %s: %s", naming(f.Event.Fact), f.WhyStatus)
		v.Rule = "refused-at-intake-and-posted"
		if f.Invalid {
			v.Class, v.Rule = evidence.CauseDataQuality, "invalid-and-posted"
		}
		return v
	}
	v.Expected = "1 posting of " + truth(f)
	if h.Plan.Delivers.Posting == evidence.AtLeastOnceSurface && inDoubt(h, f) {
		v.Expected += ", or an exception that names the repetition"
	}
	v.Rule, v.Text = whyTwice(h, f)
	if v.Rule == untakenOffer {
		v.Evidence = few(append([]uint64{f.Seq, reached(f)[0].Seq}, v.Evidence...))
	}
	if f.Effects[0].By == evidence.ByWatermark {
		v.Confidence = "medium"
		v.Text += "; the postings carry no reference and were recognised by their quantity"
	}
	return v
}

// whyTwice says what led to a second posting.
func whyTwice(h *evidence.History, f *evidence.FactView) (rule, text string) {
	sent := own(f)
	for i := 1; i < len(sent); i++ {
		was, is := sent[i-1], sent[i]
		lostReply := was.Heard.Outcome == simulators.Unknown
		switch {
		case lostReply && is.IdemKey == "":
			return "retry-without-key", "the SUT repeated the posting after a lost reply, without an idempotency key"
		case was.IdemKey != "" && is.IdemKey != "" && was.IdemKey != is.IdemKey:
			return "new-key-on-retry", fmt.Sprintf("the SUT used another idempotency key for the repetition: %q, then %q", was.IdemKey, is.IdemKey)
		case !h.Survived(was.Start, is.Start):
			return "posted-again-after-restart", "the SUT was restarted between the two postings and did not remember the first"
		}
	}
	if rule, text = whyHandedTwice(f); rule != "" {
		return rule, text
	}
	return "posted-twice", "nothing in the evidence made the SUT repeat the posting"
}

// untakenOffer is the rule of a SUT that posts what it did not take.
const untakenOffer = "untaken-offer-posted"

// reached are the offers of f that arrived at the SUT, in the order in which
// they were made.
func reached(f *evidence.FactView) []*evidence.OfferView {
	offers := slices.DeleteFunc(slices.Clone(f.Offers), func(o *evidence.OfferView) bool { return o.Result.Outcome == simulators.Undelivered })
	slices.SortStableFunc(offers, func(a, b *evidence.OfferView) int { return cmp.Compare(a.Start, b.Start) })
	return offers
}

// whyHandedTwice says whether the SUT was handed the fact more than once: for
// no reason of its own, or because it did not take an offer that it posted.
func whyHandedTwice(f *evidence.FactView) (rule, text string) {
	offers, last := reached(f), f.Effects[len(f.Effects)-1]
	if len(offers) < 2 || offers[1].Start > last.At {
		return "", "" // the repetition came too late to be the reason
	}
	taken := 0
	for _, o := range offers {
		if o.Result.Outcome.Took() {
			taken++
		}
	}
	switch first := offers[0]; {
	case taken > 1 || first.Result.Outcome.Took():
		return "repeated-offer-posted-again", fmt.Sprintf("the fact was handed to the SUT %d times and posted for more than one of them", len(offers))
	case first.Result.Status == 0 || len(first.Faults) > 0:
		return untakenOffer, fmt.Sprintf("the source got no answer to the first offer (%s), which the SUT posted all the same; the source repeated it and the SUT posted it again", reply(first.Result))
	default:
		return untakenOffer, fmt.Sprintf("the SUT did not take the first offer (%s) and posted it all the same; the source repeated it", reply(first.Result))
	}
}
