package load

import (
	"fmt"
	"math"
	"time"
)

// slack is what a probe takes besides sending: connections, and what the build
// still owes.
const slack = 2 * time.Second

// time reports whether there is time left for a probe, or for several one after
// the other, that send for so long.
func (f *finder) time(length time.Duration) bool { return f.spent+length+slack <= f.Within }

// firm is the failure at the lowest rate above what has been held for long that
// has not been held for long itself; nil if there is none.
func (f *finder) firm() (p *Probe) {
	for i := range f.fails {
		x := &f.fails[i]
		if x.Purpose == Holding && x.Rate > f.found.Max && (p == nil || x.Rate < p.Rate) {
			p = x
		}
	}
	return p
}

// hold shows that what was found holds for longer. If it does not, it goes on
// below, and between what was held for long and what was not. It says whether
// anything holds, and the search may go on above that.
func (f *finder) hold() bool {
	for rate := f.lo; rate > f.found.Max*(1+f.Precision/4); {
		if f.over || !f.time(f.Hold) {
			f.late()
			break
		}
		if f.try(Holding, rate, f.Hold) {
			f.found.Max = max(f.found.Max, rate)
		}
		firm := f.firm()
		if firm == nil {
			break
		}
		rate = f.lower(firm)
	}
	if f.found.Max > 0 {
		f.lo = f.found.Max
	}
	return f.found.Max > 0 && !f.over
}

// above shows that a little more than what was held fails. Again says that it
// does not: a pause of the machine had been taken for a limit.
func (f *finder) above() (again bool) {
	hi := f.upper()
	if hi == nil || hi.Purpose == Holding || !f.time(f.Probe) {
		return false
	}
	if f.try(Above, hi.Rate, f.Probe) {
		return f.time(f.Hold)
	}
	if f.over || hi.Limit == ByGenerator || hi.Rate > f.found.Max*(1+3*f.Precision) || !f.time(f.Hold) {
		return false
	}
	if again = f.try(Holding, hi.Rate, f.Hold); again { // short probes may meet a bad moment of a build
		f.found.Max = hi.Rate
	}
	return again && f.time(f.Hold)
}

// lower chooses what to hold below a rate that did not hold for long. While the
// build fell behind it posted what it can post in the long run; what it falls
// short of otherwise is looked for in steps that grow.
func (f *finder) lower(firm *Probe) float64 {
	below := f.found.Max
	little := below * (1 + 1.5*f.Precision)
	switch {
	case firm.Rate <= little:
		return 0
	case firm.sank > 0 && firm.sank <= little: // what was held is about all of it
		return little
	}
	guess := firm.Rate * (1 - f.Precision)
	if firm.sank > 0 {
		guess = min(guess, firm.sank*(1-f.Precision/2))
	} else {
		for _, x := range f.fails {
			if x.Purpose == Holding && x.Rate > firm.Rate {
				guess = min(guess, firm.Rate-(x.Rate-firm.Rate)*2)
			}
		}
	}
	switch {
	case below == 0:
		return max(guess, firm.Rate/2)
	case guess > below*(1+f.Precision/2):
		return guess
	}
	return math.Sqrt(below * firm.Rate)
}

// late says that the time was over.
func (f *finder) late() {
	if !f.over && f.found.Max == 0 {
		f.found.Why = fmt.Sprintf("the time for the search, %s, was over before a rate was held for %s (raise --within)", f.Within, f.Hold)
	}
	f.over = true
}

// sank is what a build posted a second, at this rate, from when it fell behind
// to when it was behind the most; 0 if that was no second, which says nothing of
// what it can do.
func sank(rate float64, levels []level) float64 {
	top := 0
	for i, l := range levels {
		if l.n > levels[top].n {
			top = i
		}
	}
	if top == 0 {
		return 0
	}
	from := top
	for from > 0 && levels[from].n > levels[top].n/5 {
		from--
	}
	lasted := levels[top].at - levels[from].at
	if lasted < 1 {
		return 0
	}
	return max(0, rate-(levels[top].n-levels[from].n)/lasted)
}
