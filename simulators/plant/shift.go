package plant

import (
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // so that a run does not depend on the host's zone data
)

// Shift is a stretch of work that repeats by the wall clock of the plant. A
// shift whose End is not after its Start ends on the next day; how long it
// really lasts depends on the date, because clocks are changed.
type Shift struct {
	Name  string         `json:"name"`
	Start WallTime       `json:"start"`
	End   WallTime       `json:"end"`
	Days  []time.Weekday `json:"days"` // on which it starts; 0 is Sunday
}

// Length is how long the shift lasts on a day on which no clock is changed.
func (s Shift) Length() time.Duration {
	minutes := int(s.End) - int(s.Start)
	if minutes <= 0 {
		minutes += 24 * 60 // it ends on the next day
	}
	return time.Duration(minutes) * time.Minute
}

// Weekdays are the days on which the shift starts, as files write them: "Mon".
func (s Shift) Weekdays() []string {
	names := make([]string, len(s.Days))
	for i, d := range s.Days {
		names[i] = d.String()[:3]
	}
	return names
}

// WeekdayNamed reads "Mon"; false if there is no such day.
func WeekdayNamed(name string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if d.String()[:3] == name {
			return d, true
		}
	}
	return 0, false
}

// WallTime is a time of day as the clock on the wall shows it, in minutes
// since midnight. In files it is written "22:00".
type WallTime int

// MarshalText writes "22:00".
func (w WallTime) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// String writes "22:00".
func (w WallTime) String() string { return fmt.Sprintf("%02d:%02d", int(w)/60, int(w)%60) }

// UnmarshalText reads "22:00".
func (w *WallTime) UnmarshalText(b []byte) error {
	t, err := time.Parse("15:04", string(b))
	if err != nil || len(b) != 5 {
		return fmt.Errorf("%q is not a time of day such as 06:00", clip(string(b)))
	}
	*w = WallTime(t.Hour()*60 + t.Minute())
	return nil
}

// Span is a stretch of instants: Start belongs to it, End does not.
type Span struct {
	Shift      string
	Start, End time.Time
}

// Hours is how long the span lasts by a stopwatch.
func (s Span) Hours() time.Duration { return s.End.Sub(s.Start) }

// ShiftCalendar tells when a plant works. Without shifts it works always.
type ShiftCalendar struct {
	Zone   *time.Location
	Shifts []Shift
}

// Validate tells what is wrong with c.
func (c ShiftCalendar) Validate() error {
	if c.Zone == nil {
		return errors.New("a shift calendar needs a zone")
	}
	for _, s := range c.Shifts {
		if len(s.Days) == 0 || s.Start < 0 || s.End < 0 || s.Start >= 24*60 || s.End >= 24*60 {
			return fmt.Errorf("shift %q needs days and times of day below 24:00", s.Name)
		}
	}
	return nil
}

// Day returns the shifts that start on the calendar day of t in the plant's
// zone, in the order they are declared.
func (c ShiftCalendar) Day(t time.Time) []Span {
	year, month, day := t.In(c.Zone).Date()
	weekday := time.Date(year, month, day, 12, 0, 0, 0, c.Zone).Weekday()
	var spans []Span
	for _, s := range c.Shifts {
		for _, d := range s.Days {
			if d != weekday {
				continue
			}
			end := day
			if s.End <= s.Start {
				end++
			}
			spans = append(spans, Span{s.Name, wall(c.Zone, year, month, day, s.Start), wall(c.Zone, year, month, end, s.End)})
		}
	}
	return spans
}

// wall is the instant at which the wall clock first shows w. A time that the
// clock skips is the instant of the change plus what was skipped, as people
// who come "at half past two" on that night would have it.
func wall(zone *time.Location, year int, month time.Month, day int, w WallTime) time.Time {
	return time.Date(year, month, day, int(w)/60, int(w)%60, 0, 0, zone)
}

// At returns the shift t falls in, or the next one. It is false if no shift
// starts within a fortnight, or if c has no shifts.
func (c ShiftCalendar) At(t time.Time) (Span, bool) {
	best, found := Span{}, false
	for offset := -1; offset <= 14; offset++ {
		year, month, day := t.In(c.Zone).Date()
		for _, s := range c.Day(time.Date(year, month, day+offset, 12, 0, 0, 0, c.Zone)) {
			if s.End.After(t) && (!found || s.Start.Before(best.Start)) {
				best, found = s, true
			}
		}
		if found && offset > 0 {
			break
		}
	}
	return best, found
}

// Add returns when d of work is done that begins at t, if work is done only in
// shifts.
func (c ShiftCalendar) Add(t time.Time, d time.Duration) time.Time {
	for {
		span, ok := c.At(t)
		if !ok {
			return t.Add(d)
		}
		if span.Start.After(t) {
			t = span.Start
		}
		left := span.End.Sub(t)
		if d <= left {
			return t.Add(d)
		}
		d -= left
		t = span.End
	}
}
