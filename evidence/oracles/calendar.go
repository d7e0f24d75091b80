package oracles

import (
	"fmt"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

// calendar tells to which day, shift and posting period of the plant an
// instant belongs, and by which of the usual mistakes one instant became
// another.
type calendar struct {
	zone   *time.Location // nil if the plan does not say or it is not known
	shifts plant.ShiftCalendar
	opens  time.Time // the open posting period; zero if the plan does not say
	closes []closing // in the run, in their order
}

// closing is a period that ended in the run: from then on nothing may be posted
// on an instant before opens.
type closing struct {
	at    time.Duration
	opens time.Time
}

func newCalendar(p evidence.Plan) *calendar {
	c := &calendar{opens: p.PeriodOpens}
	if p.Zone == "" {
		return c
	}
	if zone, err := time.LoadLocation(p.Zone); err == nil {
		c.zone, c.shifts = zone, plant.ShiftCalendar{Zone: zone, Shifts: p.Shifts}
	}
	return c
}

// closingsOf adds the periods that were closed in the run.
func (c *calendar) closingsOf(h *evidence.History) *calendar {
	for _, s := range h.Steps {
		if s.Name != evidence.PeriodClosed {
			continue
		}
		if opens, err := time.Parse(time.RFC3339, s.Args[evidence.PeriodOpens]); err == nil {
			c.closes = append(c.closes, closing{s.At, opens})
		}
	}
	return c
}

// closedFor reports whether t lay in a closed period for what was posted at a
// point of the run.
func (c *calendar) closedFor(t time.Time, posted time.Duration) bool {
	for _, p := range c.closes {
		if p.at <= posted && t.Before(p.opens) {
			return true
		}
	}
	return c.closed(t)
}

// local is t by the clock on the plant's wall. Without a zone it is taken from
// a fact, which is told in the plant's.
func (c *calendar) local(t, fact time.Time) time.Time {
	if c.zone != nil {
		return t.In(c.zone)
	}
	return t.In(fact.Location())
}

// A slip is a mistake by which an instant was altered.
type slip struct{ rule, text string }

// slip says how want became got: by a usual mistake with zones, or at least
// into another day, shift or period. It is false if they are the same to the
// second, and for differences that stay within the shift and look like none
// of these: those are inexact, not misunderstood.
func (c *calendar) slip(want, got time.Time) (slip, bool) {
	off := got.Sub(want)
	if off > -time.Second && off < time.Second {
		return slip{}, false
	}
	s, ok := c.mistake(want, got, off)
	moved := c.moved(want, got)
	switch {
	case ok && moved != "":
		s.text += ", so that it counts for " + moved
	case !ok && moved != "":
		return slip{"other-period-or-day", "it counts for " + moved}, true
	}
	return s, ok
}

// mistake recognises the usual ones: the digits kept and the offset changed,
// UTC taken for local time, the other season's offset, the time of day lost.
func (c *calendar) mistake(want, got time.Time, off time.Duration) (slip, bool) {
	if got.Second() == 0 && got.Nanosecond() == 0 { // told to the minute
		if want = want.Truncate(time.Minute); abs(got.Sub(want)) < time.Second {
			return slip{}, false
		}
		off = got.Sub(want)
	}
	there, here := c.local(want, want), c.local(got, want)
	_, stated := got.Zone()
	_, offset := there.Zone()
	_, offsetOfGot := here.Zone()
	switch {
	case sameDigits(got, there) && stated == 0 && offset != 0:
		return slip{"zone-lost", fmt.Sprintf("plant-local time was sent as if it were UTC: off by %s", hours(off))}, true
	case sameDigits(got, there) && c.seasonal(want, stated):
		return slip{"dst-offset", fmt.Sprintf("the clock time was kept and the offset of the other season put to it: off by %s", hours(off))}, true
	case sameDigits(got, there):
		return slip{"wrong-offset", fmt.Sprintf("the clock time was kept and another offset put to it: off by %s", hours(off))}, true
	case sameDigits(here, there):
		return slip{"dst-double", fmt.Sprintf("%s comes twice on that night, and the other one was taken", there.Format("15:04"))}, true
	case sameDigits(here, want.UTC()) && offsetOfGot != 0:
		return slip{"utc-as-local", fmt.Sprintf("UTC was sent as if it were plant-local time: off by %s", hours(off))}, true
	case midnight(here, there) || midnight(got.UTC(), there):
		return slip{"time-of-day-lost", "only the date was kept"}, true
	case !whole(off, 15*time.Minute) || abs(off) > 26*time.Hour && !whole(off, 24*time.Hour):
		return slip{}, false
	case c.seasonal(want, offset+int(off/time.Second)) || c.seasonal(want, offset-int(off/time.Second)):
		return slip{"dst-hour", fmt.Sprintf("off by %s, by which clocks are changed in this zone", hours(off))}, true
	case abs(off) > 11*time.Hour && whole(off, 12*time.Hour) && !whole(off, 24*time.Hour):
		return slip{"hours-shifted", fmt.Sprintf("off by %s: morning taken for afternoon", hours(off))}, true
	case whole(off, 24*time.Hour):
		return slip{"day-shifted", fmt.Sprintf("off by %s", times(int(abs(off).Round(24*time.Hour)/(24*time.Hour)), "day", "days"))}, true
	}
	return slip{"hours-shifted", fmt.Sprintf("off by exactly %s: an offset was applied that is not the plant's, or twice", hours(off))}, true
}

// seasonal reports whether offset is one that the plant's clocks show at
// another time of the year, but not at t.
func (c *calendar) seasonal(t time.Time, offset int) bool {
	if c.zone == nil {
		return false
	}
	_, now := t.In(c.zone).Zone()
	for months := range 12 {
		if _, then := t.AddDate(0, months, 0).In(c.zone).Zone(); then == offset && then != now {
			return true
		}
	}
	return false
}

// moved says to which other period, day or shift an instant went, "" if to
// none. Months stand for periods, unless the plan says when the open one began.
func (c *calendar) moved(want, got time.Time) string {
	there, here := c.local(want, want), c.local(got, want)
	was, is := c.shiftOf(there), c.shiftOf(here)
	switch {
	case c.closed(got) != c.closed(want):
		return fmt.Sprintf("the %s period instead of the %s one", period(c.closed(got)), period(c.closed(want)))
	case there.Format("2006-01") != here.Format("2006-01"):
		return fmt.Sprintf("%s instead of %s", here.Format("January 2006"), there.Format("January 2006"))
	case there.Format(time.DateOnly) != here.Format(time.DateOnly):
		return fmt.Sprintf("%s instead of %s", here.Format(time.DateOnly), there.Format(time.DateOnly))
	case was != is:
		return fmt.Sprintf("%s instead of %s", is, was)
	}
	return ""
}

// closed reports whether t lies before the open posting period.
func (c *calendar) closed(t time.Time) bool { return !c.opens.IsZero() && t.Before(c.opens) }

func period(closed bool) string {
	if closed {
		return "closed"
	}
	return "open"
}

// shiftOf names the shift t falls in: "shift late of 2026-03-02".
func (c *calendar) shiftOf(t time.Time) string {
	if c.zone == nil || len(c.shifts.Shifts) == 0 {
		return ""
	}
	span, ok := c.shifts.At(t)
	if !ok || t.Before(span.Start) {
		return "the time between shifts"
	}
	return fmt.Sprintf("shift %s of %s", span.Shift, span.Start.In(c.zone).Format(time.DateOnly))
}

// sameDigits compares what two instants look like on their own clocks, to the
// second: many interfaces carry no more.
func sameDigits(a, b time.Time) bool {
	naive := func(t time.Time) time.Time {
		_, offset := t.Zone()
		return t.UTC().Add(time.Duration(offset) * time.Second)
	}
	d := naive(a).Sub(naive(b))
	return d > -time.Second && d < time.Second
}

// midnight reports whether got is the beginning of the day on which want
// falls, and want is not.
func midnight(got, want time.Time) bool {
	h, m, s := got.Clock()
	return h == 0 && m == 0 && s == 0 && got.Format(time.DateOnly) == want.Format(time.DateOnly)
}

// whole reports whether d is a multiple of unit, give or take a second.
func whole(d, unit time.Duration) bool { return abs(d-d.Round(unit)) < time.Second }

func abs(d time.Duration) time.Duration {
	if d < 0 {
		return -d
	}
	return d
}

// hours writes a shift with its sign: "+2h", "-5h30m".
func hours(d time.Duration) string {
	sign := "+"
	if d < 0 {
		sign = "-"
	}
	d = abs(d).Round(time.Minute)
	s := fmt.Sprintf("%s%dh", sign, int(d/time.Hour))
	if m := int(d % time.Hour / time.Minute); m != 0 {
		s += fmt.Sprintf("%dm", m)
	}
	return s
}
