package plant

import (
	"testing"
	"time"
)

func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

var everyDay = []time.Weekday{0, 1, 2, 3, 4, 5, 6}

func night(t *testing.T) ShiftCalendar {
	return ShiftCalendar{berlin(t), []Shift{{"night", 22 * 60, 6 * 60, everyDay}}}
}

func TestNightShiftsLastAsLongAsTheClockSays(t *testing.T) {
	c := night(t)
	for _, tc := range []struct {
		day  time.Time
		want time.Duration
	}{
		{time.Date(2026, 3, 27, 12, 0, 0, 0, c.Zone), 8 * time.Hour},
		{time.Date(2026, 3, 28, 12, 0, 0, 0, c.Zone), 7 * time.Hour},
		{time.Date(2026, 10, 24, 12, 0, 0, 0, c.Zone), 9 * time.Hour},
		{time.Date(2026, 10, 25, 12, 0, 0, 0, c.Zone), 8 * time.Hour},
	} {
		spans := c.Day(tc.day)
		if len(spans) != 1 || spans[0].Hours() != tc.want {
			t.Errorf("%s: got %v, want one shift of %s", tc.day.Format(time.DateOnly), spans, tc.want)
		}
		// Work that fills the shift ends with it, not an hour off.
		if end := c.Add(spans[0].Start, tc.want); !end.Equal(spans[0].End) {
			t.Errorf("%s: work ends %s, shift %s", tc.day.Format(time.DateOnly), end, spans[0].End)
		}
	}
}

func TestShiftCalendarSkipsFreeTime(t *testing.T) {
	zone := berlin(t)
	c := ShiftCalendar{zone, []Shift{{"early", 6 * 60, 14 * 60, []time.Weekday{1, 2, 3, 4, 5}}, {"late", 14 * 60, 22 * 60, []time.Weekday{1, 2, 3, 4, 5}}}}
	at := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, zone) } // the 6th is a Friday
	for _, tc := range []struct {
		from time.Time
		work time.Duration
		want time.Time
	}{
		{at(6, 8), 2 * time.Hour, at(6, 10)},
		{at(6, 20), 4 * time.Hour, at(9, 8)},
		{at(7, 12), time.Hour, at(9, 7)},
		{at(6, 6), 32 * time.Hour, at(9, 22)},
	} {
		if got := c.Add(tc.from, tc.work); !got.Equal(tc.want) {
			t.Errorf("%s and %s of work: got %s, want %s", tc.from, tc.work, got, tc.want)
		}
	}
	if span, ok := c.At(at(6, 14)); !ok || span.Shift != "late" {
		t.Errorf("a shift begins when the one before ends: got %v", span)
	}
	if got := (ShiftCalendar{Zone: zone}).Add(at(7, 1), time.Hour); !got.Equal(at(7, 2)) {
		t.Errorf("without shifts work goes on: got %s", got)
	}
	if (ShiftCalendar{Zone: zone, Shifts: []Shift{{"x", 0, 25 * 60, everyDay}}}).Validate() == nil || (ShiftCalendar{}).Validate() == nil {
		t.Error("a shift of 25 hours or a calendar without zone is not wrong")
	}
}

func TestWallTimeText(t *testing.T) {
	var w WallTime
	if err := w.UnmarshalText([]byte("22:05")); err != nil || w != 22*60+5 || w.String() != "22:05" {
		t.Errorf("got %v, %v", w, err)
	}
	for _, s := range []string{"24:00", "6:00", "noon", ""} {
		if w.UnmarshalText([]byte(s)) == nil {
			t.Errorf("%q is no time of day", s)
		}
	}
}
