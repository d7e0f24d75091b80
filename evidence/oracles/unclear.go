package oracles

import (
	"cmp"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
)

// drained is how long after a road is good again requests may still arrive
// that were made while it was not, all at once.
const drained = time.Second

// unclearTimes lists when it is unclear what the SUT heard of an endpoint, and
// when it asked: while a fault was in force that held, slowed or cut what
// connections carry, and while the road drains. Who gave up a request that is on
// the road asks again, and the endpoint sees both; who is told to wait may hear
// so late.
func unclearTimes(h *evidence.History, endpoint string) (list []evidence.Interval) {
	for _, f := range h.Faults {
		from := h.Last() + 1
		for _, d := range f.Strikes {
			switch {
			case d.Disturbance.At != endpoint:
			case d.Message == 0 && len(d.Facts) == 0: // connections, for as long as it is armed
				from = 0
			case d.Lasting:
				from = min(from, d.At)
			}
		}
		for _, i := range f.Intervals {
			if i.Open {
				i.To = h.Last()
			}
			if from <= i.To {
				list = append(list, evidence.Interval{From: max(i.From, from), To: i.To + drained})
			}
		}
	}
	return merge(append(list, cutOff(h)...))
}

// cutOff lists when the SUT was off the network or frozen, and heard nobody.
func cutOff(h *evidence.History) (list []evidence.Interval) {
	ends := map[string]string{"sut.detach": "sut.attach", "sut.pause": "sut.resume"}
	for i, s := range h.Steps {
		end, ok := ends[s.Name]
		if !ok {
			continue
		}
		to := h.Last()
		if j := slices.IndexFunc(h.Steps[i:], func(s *evidence.StepView) bool { return s.Name == end }); j >= 0 {
			to = h.Steps[i+j].At
		}
		list = append(list, evidence.Interval{From: s.At, To: to + drained})
	}
	return list
}

// amid reports whether at lies in one of the intervals, which are in order.
func amid(list []evidence.Interval, at time.Duration) bool {
	i, _ := slices.BinarySearchFunc(list, at, func(i evidence.Interval, t time.Duration) int { return cmp.Compare(i.To, t) })
	return i < len(list) && list[i].From <= at
}
