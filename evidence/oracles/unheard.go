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

// unheardOf lists when it is unclear what the SUT heard of an endpoint, and
// when it asked: while a fault was in force that held or cut what connections
// carry, and while the road drains. Who gave up a request that is on the road
// asks again, and the endpoint sees both.
func unheardOf(h *evidence.History, endpoint string) (list []evidence.Interval) {
	for _, f := range h.Faults {
		struck := slices.ContainsFunc(f.Strikes, func(d *evidence.DisturbanceView) bool {
			return d.Disturbance.At == endpoint && d.Message == 0 && len(d.Facts) == 0
		})
		if !struck {
			continue
		}
		for _, i := range f.Intervals {
			if i.Open {
				i.To = h.Last()
			}
			list = append(list, evidence.Interval{From: i.From, To: i.To + drained})
		}
	}
	return merge(list)
}

// amid reports whether at lies in one of the intervals, which are in order.
func amid(list []evidence.Interval, at time.Duration) bool {
	i, _ := slices.BinarySearchFunc(list, at, func(i evidence.Interval, t time.Duration) int { return cmp.Compare(i.To, t) })
	return i < len(list) && list[i].From <= at
}
