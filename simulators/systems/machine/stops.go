package machine

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// How machining centers stop, in seconds: log-normal fits of our own to the
// states that two of them logged over three years in the NIST Smart
// Manufacturing Systems Test Bed, with location 0.
const (
	runMedian, runSigma   = 27.0, 1.586 // active between two stops
	stopMedian, stopSigma = 11.9, 2.013 // standing still
)

// microStop is below what a machine tells the systems above it: nine of ten
// stops are over before anybody has come to look.
const microStop = 5 * time.Minute

// longest draws the stops between start and end and returns the longest, if it
// was more than a micro stop. Chance is keyed by the booking.
func longest(key plant.EventID, start, end time.Time) (from, to time.Time, ok bool) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // never fails
	r := rand.New(rand.NewPCG(h.Sum64(), 0x5707))
	draw := func(median, sigma float64) time.Duration {
		return time.Duration(median * math.Exp(sigma*r.NormFloat64()) * float64(time.Second))
	}
	longest := microStop
	for at := start.Add(draw(runMedian, runSigma)); at.Before(end); at = at.Add(draw(runMedian, runSigma)) {
		stop := draw(stopMedian, stopSigma)
		if back := at.Add(stop); stop > longest && back.Before(end) {
			from, to, ok, longest = at.Truncate(time.Second), back.Truncate(time.Second), true, stop
		}
		at = at.Add(stop)
	}
	return from, to, ok
}
