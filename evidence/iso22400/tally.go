package iso22400

import (
	"math/big"
	"time"
)

// State is what a unit does in a stretch of time.
type State string

// States of a unit.
const (
	Producing State = "producing"
	SettingUp State = "setting-up"
	Stopped   State = "stopped"   // waiting, blocked, an operator's stop
	Down      State = "down"      // failed
	Unplanned State = "unplanned" // nothing was planned: breaks, no shift
)

// A Stretch is a time in one state, from the first moment to before the last.
type Stretch struct {
	State    State
	From, To time.Time
}

// Tally adds stretches up to time elements within a window, such as a shift;
// what lies outside is another's. Stops and failures shorter than micro count
// as production: they are a loss of effectiveness then, not of availability.
// A stretch is as long as it really was, also where the window cuts it. Times
// are instants, so that a day with a clock change is as long as it was.
// Overlapping stretches count twice: who has them must settle that first.
func Tally(stretches []Stretch, from, to time.Time, micro time.Duration) Elements {
	var e Elements
	for _, s := range stretches {
		d := clipped(s, from, to)
		if d <= 0 {
			continue
		}
		state := s.State
		if (state == Stopped || state == Down) && s.To.Sub(s.From) < micro {
			state = Producing
		}
		switch state {
		case Producing:
			e.APT += d
		case SettingUp:
			e.AUST += d
		case Stopped:
			e.ADET += d
		case Down:
			e.ADOT += d
		default:
			continue
		}
		e.PBT += d
	}
	return e
}

// clipped is how much of s lies in the window.
func clipped(s Stretch, from, to time.Time) time.Duration {
	if s.From.Before(from) {
		s.From = from
	}
	if s.To.After(to) {
		s.To = to
	}
	return s.To.Sub(s.From)
}

// Reliability are figures of failures over a time; nil if nothing failed, for
// one never seen has no mean.
type Reliability struct {
	MTBF *big.Rat // mean operating time between failures, seconds
	MTTF *big.Rat // mean time to failure, from the end of a repair, seconds
	MTTR *big.Rat // mean time to repair, seconds
}

// Reliable computes them from stretches in order of time. The time before the
// first failure and after the last counts as between, by which there is one
// more of it than failures: FE + 1, as the standard divides.
func Reliable(stretches []Stretch) Reliability {
	failures := int64(0)
	var operating, running, repair time.Duration
	for i, s := range stretches {
		d := s.To.Sub(s.From)
		switch s.State {
		case Down:
			repair += d
			if i == 0 || stretches[i-1].State != Down {
				failures++
			}
		case Producing:
			operating += d
			running += d
		case SettingUp, Stopped:
			running += d
		}
	}
	if failures == 0 {
		return Reliability{}
	}
	n := big.NewRat(failures+1, 1)
	return Reliability{MTBF: over(seconds(operating), n), MTTF: over(seconds(running), n), MTTR: over(seconds(repair), n)}
}
