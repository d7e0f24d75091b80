package load

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"
)

// A Shape is how many confirmations a second are due while time passes: a row
// of stretches in each of which the rate changes evenly. When the n-th is due
// follows from it and is stored nowhere.
type Shape struct {
	stretches []stretch
	trace     []time.Duration // instead of stretches
	total     uint64
	first     uint64 // number of the first, in a run that is more than this shape
	length    time.Duration
	part      part // of the numbers; what is counted below is its own
}

// stretch lasts from begin, with the rates at both its ends; before is how
// many were due before it, not rounded.
type stretch struct {
	begin, lasts   float64 // seconds
	from, to       float64 // per second
	before, within float64
}

// Number is how many confirmations are due in all.
func (s *Shape) Number() uint64 { return s.part.count(s.total) }

// Length is how long the shape lasts.
func (s *Shape) Length() time.Duration { return s.length }

// from returns the same shape whose first confirmation has this number.
func (s *Shape) from(first uint64) *Shape {
	x := *s
	x.first = first
	return &x
}

// Due is when the n-th confirmation, counted from 0, is due after the start.
// It grows strictly with n.
func (s *Shape) Due(n uint64) time.Duration {
	n = s.part.number(max(n, s.first) - s.first)
	if len(s.trace) > 0 {
		return s.trace[min(n, uint64(len(s.trace)-1))]
	}
	i := sort.Search(len(s.stretches), func(i int) bool { return s.stretches[i].before > float64(n) }) - 1
	return s.stretches[max(i, 0)].due(float64(n))
}

// due solves before + from·t + (to−from)/(2·lasts)·t² = n for t.
func (s *stretch) due(n float64) time.Duration {
	left := n - s.before
	slope := (s.to - s.from) / s.lasts
	t := left / math.Max(s.from, 1e-9)
	if slope != 0 { // the root that stays exact where from² is far above slope·left
		t = 2 * left / (s.from + math.Sqrt(math.Max(0, s.from*s.from+2*slope*left)))
	}
	return time.Duration((s.begin + t) * float64(time.Second))
}

// add appends a stretch.
func (s *Shape) add(lasts time.Duration, from, to float64) {
	if lasts <= 0 {
		return
	}
	x := stretch{begin: s.length.Seconds(), lasts: lasts.Seconds(), from: from, to: to}
	if k := len(s.stretches); k > 0 {
		x.before = s.stretches[k-1].before + s.stretches[k-1].within
	}
	x.within = (from + to) / 2 * x.lasts
	s.stretches = append(s.stretches, x)
	s.length += lasts
	s.total = uint64(math.Floor(x.before + x.within + 1e-6))
}

// Closed is the word for the workload in which each connection sends its next
// confirmation when the last one was answered.
const Closed = "closed"

// Workloads lists what [ParseShape] reads, with an example for each.
var Workloads = []string{"constant", "ramp:TO", "step:BY/EVERY", "sine:AMPLITUDE/PERIOD", "burst:RATE/LENGTH/EVERY", "trace:FILE[/SPEED]", Closed}

// ParseShape reads a workload around a rate:
//
//	constant                the rate, all the time
//	ramp:2000               from the rate evenly to 2000/s
//	step:100/10s            the rate, and 100/s more every 10 s
//	sine:500/60s            the rate ± 500/s with a period of 60 s
//	burst:5000/2s/60s       the rate, and 5000/s in the last 2 s of every 60 s, as at the end of shifts
func ParseShape(text string, rate float64, lasts time.Duration) (*Shape, error) {
	if rate <= 0 || math.IsNaN(rate) || rate > 1e7 {
		return nil, fmt.Errorf("the rate is %v; it must be above 0 and at most 10 million a second", rate)
	}
	if lasts <= 0 {
		return nil, fmt.Errorf("the duration is %s; it must be above 0", lasts)
	}
	name, rest, _ := strings.Cut(text, ":")
	args := strings.Split(rest, "/")
	s := &Shape{}
	if err := s.lay(name, rest, args, rate, lasts); err != nil {
		return nil, fmt.Errorf("workload %q: %w", text, err)
	}
	if s.total == 0 || s.total > maxSeq {
		return nil, fmt.Errorf("workload %q at %v/s for %s is %d confirmations; a run has 1 to 2⁴⁰", text, rate, lasts, s.total)
	}
	return s, nil
}

func (s *Shape) lay(name, rest string, args []string, rate float64, lasts time.Duration) error {
	var a argReader
	switch {
	case name == "constant" && rest == "":
		s.add(lasts, rate, rate)
	case name == "ramp" && rest != "" && len(args) == 1:
		s.add(lasts, rate, a.rate(args[0]))
	case name == "step" && len(args) == 2:
		by, every := a.rate(args[0]), a.duration(args[1])
		for r := rate; a.err == nil && s.length < lasts; r += by {
			s.add(min(every, lasts-s.length), r, r)
		}
	case name == "sine" && len(args) == 2:
		amplitude, period := a.rate(args[0]), a.duration(args[1])
		if a.err == nil && amplitude >= rate {
			return fmt.Errorf("an amplitude of %v/s around %v/s falls to nothing; give a smaller one", amplitude, rate)
		}
		for a.err == nil && s.length < lasts {
			s.wave(rate, amplitude, period, lasts)
		}
	case name == "burst" && len(args) == 3:
		high, length, every := a.rate(args[0]), a.duration(args[1]), a.duration(args[2])
		if a.err == nil && length >= every {
			return fmt.Errorf("a burst of %s every %s never ends", length, every)
		}
		for a.err == nil && s.length < lasts {
			s.add(min(every-length, lasts-s.length), rate, rate)
			s.add(min(length, lasts-s.length), high, high)
		}
	default:
		return fmt.Errorf("it is none of %s", strings.Join(Workloads, ", "))
	}
	return a.err
}

// wave adds one period of a sine as 64 even stretches; their corners are on it.
func (s *Shape) wave(rate, amplitude float64, period, lasts time.Duration) {
	const parts = 64
	at := func(i int) float64 { return rate + amplitude*math.Sin(2*math.Pi*float64(i)/parts) }
	for i := 0; i < parts && s.length < lasts; i++ {
		s.add(min(period/parts, lasts-s.length), at(i), at(i+1))
	}
}

// argReader reads arguments and keeps what is wrong with the first bad one.
type argReader struct{ err error }

func (a *argReader) rate(text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v > 0 && v <= 1e7) {
		a.err = errors.Join(a.err, fmt.Errorf("%q is not a rate per second above 0", text))
	}
	return v
}

func (a *argReader) duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Millisecond {
		a.err = errors.Join(a.err, fmt.Errorf("%q is not a duration of at least 1ms, such as 10s", text))
	}
	return d
}
