package oracles

import (
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var laborInfo = Info{
	Name: "labor", ID: "D1",
	Doc:          "the hours booked for an operator on an order are not the hours worked there, or the hours of one are booked for another",
	Requirements: []string{"UP-11", "UP-12", "SYS-05", "DN-19"},
}

// Labor judges hours: per operator and order those in the books are those
// worked, whatever was split or added up on the way, so that nobody who minds
// four machines is booked four times. What is doubled or missing as a whole is
// told by [ExactlyOnce].
func Labor() evidence.Judge {
	return oracle{laborInfo, labor, "hours are booked as they were worked, over %d postings", "no posting was about hours worked"}
}

// timesheet is what one operator did on one order.
type timesheet struct {
	sink     string
	order    plant.OrderID
	operator plant.PersonID
}

// hoursWorked adds up postings and the facts they stand for.
type hoursWorked struct {
	worked, booked time.Duration
	worst          *evidence.FactView // whose posting is farthest off
	effect         *evidence.EffectView
	off            time.Duration // of that
	postings       int
}

func labor(r *report) {
	says := bookedHours(r.h)
	var order []timesheet
	sheets := map[timesheet]*hoursWorked{}
	for _, e := range r.h.Effects {
		if len(e.Facts) == 0 || e.Effect.Attempt == 0 || !says[e.Endpoint] {
			continue
		}
		claim, ok := e.Posting.Claim.Fact.(plant.Confirmed)
		if !ok || !judged(e.Facts[0]) || e.Facts[0].Invalid || slices.ContainsFunc(e.Facts, func(f *evidence.FactView) bool { return f.Garbled }) { // the SUT may never have read the hours
			continue
		}
		worked, operator, mixed := hoursOf(e)
		if worked == 0 && claim.Labor == 0 {
			continue
		}
		r.judged++
		if mixed {
			mixedHours(r, e, claim)
			continue
		}
		k := timesheet{e.Endpoint, e.Facts[0].Event.Fact.Keys().Order, operator}
		s := sheets[k]
		if s == nil {
			s = &hoursWorked{}
			sheets[k] = s
			order = append(order, k)
		}
		s.add(e, worked, claim.Labor)
	}
	for _, k := range order {
		if s := sheets[k]; abs(s.booked-s.worked) > r.h.Plan.Judging.LaborBound() {
			r.violated(s.finding(k))
		}
	}
}

// bookedHours tells at which endpoints postings say hours. Where none does,
// the interface or the contract leaves them out.
func bookedHours(h *evidence.History) map[string]bool {
	says := map[string]bool{}
	for _, e := range h.Effects {
		if c, ok := e.Posting.Claim.Fact.(plant.Confirmed); ok && c.Labor != 0 {
			says[e.Endpoint] = true
		}
	}
	return says
}

// hoursOf adds up the hours of the facts behind a posting. Mixed is true if
// they are of several operators and the posting names one. A part has its
// share only with the other parts, which is worked out with the first.
func hoursOf(e *evidence.EffectView) (worked time.Duration, operator plant.PersonID, mixed bool) {
	claim, _ := e.Posting.Claim.Fact.(plant.Confirmed)
	for i, f := range e.Facts {
		c, ok := f.Event.Fact.(plant.Confirmed)
		if !ok {
			continue
		}
		if !e.Part || f.Effects[0] == e {
			worked += c.Labor
		}
		if i > 0 && c.Operator != operator && claim.Operator != "" && c.Labor != 0 {
			mixed = true
		}
		operator = c.Operator
	}
	return worked, operator, mixed
}

func (s *hoursWorked) add(e *evidence.EffectView, worked, booked time.Duration) {
	s.worked, s.booked = s.worked+worked, s.booked+booked
	s.postings++
	if off := abs(booked - worked); s.effect == nil || off > abs(s.off) {
		s.worst, s.effect, s.off = e.Facts[0], e, booked-worked
	}
}

func (s *hoursWorked) finding(k timesheet) evidence.Finding {
	v := about(s.worst)
	v.Expected = fmt.Sprintf("%s of operator %s on order %s in %s", s.worked, k.operator, k.order, k.sink)
	v.Got = fmt.Sprintf("%s over %s, farthest off in document %s", s.booked, times(s.postings, "posting", "postings"), s.effect.Posting.Doc)
	v.Class, v.Confidence = evidence.CauseClass(simulators.DataQuality), "high"
	v.Rule, v.Text = whyHours(s.worst, s.effect)
	v.Evidence = few(append([]uint64{s.worst.Seq, s.effect.Seq}, v.Evidence...))
	return v
}

// whyHours recognises the usual slips.
func whyHours(f *evidence.FactView, e *evidence.EffectView) (rule, text string) {
	truth, _ := f.Event.Fact.(plant.Confirmed)
	claim, _ := e.Posting.Claim.Fact.(plant.Confirmed)
	elapsed := truth.End.Sub(truth.Start)
	switch {
	case e.Part || len(e.Facts) > 1:
		return "hours-of-sum", "confirmations were added up or split, and their hours were not"
	case claim.Labor == 0:
		return "hours-left-out", "hours were left out of some postings, not of all"
	case !truth.Start.IsZero() && elapsed != truth.Labor && abs(claim.Labor-elapsed) < time.Second:
		return "hours-from-clock", "the time between start and end was booked instead of the time worked: who minds several machines is booked several times"
	}
	for _, factor := range []time.Duration{60, 3600} {
		if claim.Labor == truth.Labor*factor || claim.Labor*factor == truth.Labor {
			return "hours-unit", fmt.Sprintf("off by the factor %d: seconds, minutes and hours were mixed up", factor)
		}
	}
	return "hours-differ", "the hours were changed on the way"
}

// mixedHours tells of a sum that books the hours of several people for one.
func mixedHours(r *report, e *evidence.EffectView, claim plant.Confirmed) {
	v := about(e.Facts[0])
	v.Expected = "hours of " + times(len(e.Facts), "confirmation", "confirmations") + " booked for those who worked them"
	v.Got = fmt.Sprintf("all %s booked for operator %s: %s", claim.Labor, claim.Operator, document(e))
	v.Class, v.Rule, v.Confidence = evidence.CauseClass(simulators.DataQuality), "hours-of-others", "high"
	v.Text = "confirmations of several operators were added up in the name of one"
	v.Evidence = few(append([]uint64{e.Seq}, v.Evidence...))
	r.violated(v)
}
