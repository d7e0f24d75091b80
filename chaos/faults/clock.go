package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators/plant"
)

// The faults in this file are of the clock of a system that announces
// something. What it says happened then is what happened then, for everybody
// who was not there: the SUT has to pass it on as it was said, unless the other
// system refuses it.

var _ = []chaos.PerFact{&ClockOffset{}, &ClockDrift{}, &ClockReset{}, &ClockCoarse{}, &LocalTime{}}

// restamped is d with the instants that its source took from its clock as to
// makes them. Dates that were planned are none of them.
func restamped(d chaos.Delivery, what string, to func(time.Time) time.Time) []chaos.Delivery {
	e, ok := announcement(d)
	if !ok || e.At.IsZero() {
		return []chaos.Delivery{d}
	}
	was := e.At
	e.At = to(e.At)
	if f, ok := e.Fact.(plant.Confirmed); ok {
		if !f.Start.IsZero() {
			f.Start = to(f.Start)
		}
		if !f.End.IsZero() {
			f.End = to(f.End)
		}
		e.Fact = f
	}
	if e.At.Equal(was) {
		return []chaos.Delivery{d}
	}
	return saying(d, e, fmt.Sprintf("%s: %s stated as %s", what, was.Format(time.RFC3339Nano), e.At.Format(time.RFC3339Nano)))
}

// midnight is the last one before t, where t was read.
func midnight(t time.Time) time.Time {
	y, m, day := t.Date()
	return time.Date(y, m, day, 0, 0, 0, 0, t.Location())
}

// ClockOffset has the clock of a system be ahead or behind.
//
// Layer C: no time server, a zone set by hand, a clock set by a wristwatch.
// Observed as facts of the future, or as facts older than what caused them.
type ClockOffset struct {
	Offset Plant `yaml:"offset" doc:"how far it is ahead"`
	Behind bool  `yaml:"behind" doc:"it is behind by offset instead"`
}

// PerFact implements [chaos.PerFact].
func (*ClockOffset) PerFact() {}

// Apply implements [chaos.Fault].
func (f *ClockOffset) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	by := f.Offset.d()
	if f.Behind {
		by = -by
	}
	return restamped(d, fmt.Sprintf("the clock is off by %s", by), func(t time.Time) time.Time { return t.Add(by) })
}

// Validate says what is wrong with the settings.
func (f *ClockOffset) Validate() error {
	if f.Offset <= 0 {
		return errors.New("offset: say by how much; for a clock that is behind, say behind: true")
	}
	return nil
}

// Leaves implements [chaos.Choosy].
func (*ClockOffset) Leaves(at chaos.Crossing) string { return among(at, "", at.Kind) }

// ClockDrift has the clock of a system run too fast or too slow. It is set at
// midnight.
//
// Layer C: quartz in the heat of a furnace. Observed as facts that are the more
// of the future, or of the past, the later in the day.
type ClockDrift struct {
	PerHour Plant `yaml:"perHour" doc:"what it gains in an hour"`
	Behind  bool  `yaml:"behind" doc:"it loses that instead"`
}

// PerFact implements [chaos.PerFact].
func (*ClockDrift) PerFact() {}

// Apply implements [chaos.Fault].
func (f *ClockDrift) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	e, ok := announcement(d)
	if !ok {
		return []chaos.Delivery{d}
	}
	// All instants of a message by one reading: in between no clock is set.
	by := time.Duration(e.At.Sub(midnight(e.At)).Hours() * float64(f.PerHour.d())).Round(time.Millisecond)
	if f.Behind {
		by = -by
	}
	return restamped(d, fmt.Sprintf("the clock has drifted by %s", by), func(t time.Time) time.Time { return t.Add(by) })
}

// Validate says what is wrong with the settings.
func (f *ClockDrift) Validate() error {
	if f.PerHour <= 0 || f.PerHour.d() > 30*time.Minute {
		return errors.New("perHour: say what the clock gains in an hour, {plant: 30m} at most; for one that loses, say behind: true")
	}
	return nil
}

// Leaves implements [chaos.Choosy].
func (*ClockDrift) Leaves(at chaos.Crossing) string { return among(at, "", at.Kind) }

// ClockReset has the clock of a system begin anew, as it does when its battery
// is empty. It began at midnight the day before.
//
// Layer C: a controller that was without power. Observed as facts of 1970, or
// of the year in which the firmware was made. What is bound to a posting period
// is refused by whoever keeps periods (business).
type ClockReset struct {
	Year int `yaml:"year" doc:"at whose beginning it starts: 1970 for most, that of the firmware for others"`
}

// PerFact implements [chaos.PerFact].
func (*ClockReset) PerFact() {}

// Apply implements [chaos.Fault].
func (f *ClockReset) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	e, ok := announcement(d)
	if !ok {
		return []chaos.Delivery{d}
	}
	by := time.Date(f.Year, 1, 2, 0, 0, 0, 0, e.At.Location()).Sub(midnight(e.At))
	return restamped(d, fmt.Sprintf("the clock began anew in %d", f.Year), func(t time.Time) time.Time { return t.Add(by) })
}

// Validate says what is wrong with the settings.
func (f *ClockReset) Validate() error {
	if f.Year < 1970 || f.Year > 2020 {
		return errors.New("year: a clock starts in a year from 1970 to 2020, such as 1970 or 2002")
	}
	return nil
}

// Leaves implements [chaos.Choosy].
func (*ClockReset) Leaves(at chaos.Crossing) string { return among(at, "", at.Kind) }

// ClockCoarse has a system state instants no finer than its clock ticks, so
// that what happened one after the other happened at once.
//
// Layer C: a column without seconds, people who book by the quarter of an hour.
// Observed as ties: many facts of one instant, of which only their numbers tell
// the order.
type ClockCoarse struct {
	Tick Plant `yaml:"tick" doc:"how coarse instants are; they are rounded down"`
}

// PerFact implements [chaos.PerFact].
func (*ClockCoarse) PerFact() {}

// Apply implements [chaos.Fault].
func (f *ClockCoarse) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return restamped(d, fmt.Sprintf("the clock ticks every %s", f.Tick.d()), func(t time.Time) time.Time { return t.Truncate(f.Tick.d()) })
}

// Validate says what is wrong with the settings.
func (f *ClockCoarse) Validate() error {
	if f.Tick <= 0 {
		return errors.New("tick: say how coarse instants are")
	}
	return nil
}

// Leaves implements [chaos.Choosy].
func (*ClockCoarse) Leaves(at chaos.Crossing) string { return among(at, "", at.Kind) }

// LocalTime has a system leave out the offset of its instants.
//
// Layer C: a database column without zone. Observed as 2026-11-16T08:00:00, of
// which nobody can say when it was: it may be posted as it happened, refused or
// reported, and once a year it is two instants.
type LocalTime struct {
	_ byte // so that each link has an instance of its own
}

// PerFact implements [chaos.PerFact].
func (*LocalTime) PerFact() {}

// Apply implements [chaos.Fault].
func (*LocalTime) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if _, ok := announcement(d); ok {
		d.Drift = chaos.DriftNoOffset
		d.What = "instants stated without their offset"
	}
	return []chaos.Delivery{d}
}

// Validate implements [Validator].
func (*LocalTime) Validate() error { return nil }

// Leaves implements [chaos.Choosy].
func (*LocalTime) Leaves(at chaos.Crossing) string { return among(at, "", at.Kind) }
