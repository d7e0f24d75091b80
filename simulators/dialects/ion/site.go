package ion

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/plant"
)

// siteRecords are the columns of work centers (WCT) with their machines (MCH),
// and of calendars (CAL) with their shifts (SHF).
var siteRecords = map[string][]files.Column{
	"WCT": {{Name: "REFERENCE"}, {Name: "AT", Form: files.Instant}, {Name: "WORKCENTER"}, {Name: "VERSION", Form: files.Whole}, {Name: "TEXT"}, {Name: "MANUAL", Form: files.Flag}, {Name: "EFFICIENCY", Form: files.Whole}},
	"MCH": {{Name: "MACHINE"}},
	"CAL": {{Name: "REFERENCE"}, {Name: "AT", Form: files.Instant}, {Name: "CALENDAR"}, {Name: "VERSION", Form: files.Whole}, {Name: "ZONE"}},
	"SHF": {{Name: "SHIFT"}, {Name: "START"}, {Name: "END"}, {Name: "DAYS"}},
}

func centerRecords(e plant.Event, f plant.CenterChanged) []files.Record {
	w := f.WorkCenter
	manual, efficiency := "", ""
	if w.Manual {
		manual = "X"
	}
	if w.Efficiency > 0 {
		efficiency = strconv.Itoa(w.Efficiency)
	}
	all := []files.Record{{Type: "WCT", Cells: []string{string(e.ID), instantCell(e.At), string(w.ID), strconv.Itoa(f.Version), w.Description, manual, efficiency}}}
	for _, m := range w.Machines {
		all = append(all, files.Record{Type: "MCH", Cells: []string{string(m)}})
	}
	return all
}

func calendarRecords(e plant.Event, f plant.CalendarChanged) []files.Record {
	all := []files.Record{{Type: "CAL", Cells: []string{string(e.ID), instantCell(e.At), f.Calendar.ID, strconv.Itoa(f.Version), f.Calendar.Zone}}}
	for _, s := range f.Calendar.Shifts {
		all = append(all, files.Record{Type: "SHF", Cells: []string{s.Name, s.Start.String() + ":00", s.End.String() + ":00", strings.Join(s.Weekdays(), " ")}})
	}
	return all
}

func instantCell(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

// cells are those of a record by the names of their columns. The first mistake
// in them is kept.
type cells struct {
	files.Record
	columns []files.Column
	err     error
}

func cellsOf(r files.Record) *cells { return &cells{Record: r, columns: siteRecords[r.Type]} }

func (c *cells) text(name string) string { return c.Cells[at(c.columns, name)] }

func (c *cells) fail(name, format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%s: %s", c.Place(name), fmt.Sprintf(format, args...))
	}
}

func (c *cells) needed(name string) string {
	v := c.text(name)
	if v == "" {
		c.fail(name, "is missing")
	}
	return v
}

func (c *cells) whole(name, what string) int {
	v := c.text(name)
	n, err := strconv.ParseUint(v, 10, 31)
	if v != "" && err != nil {
		c.fail(name, "%q is not %s", clip(v), what)
	}
	return int(n)
}

// clock reads a time of day in whole minutes.
func (c *cells) clock(name string) (w plant.WallTime) {
	v := c.needed(name)
	if err := w.UnmarshalText([]byte(strings.TrimSuffix(v, ":00"))); err != nil || strings.Count(v, ":") != 2 {
		c.fail(name, "%q is not a time of day in whole minutes, such as 06:00:00", clip(v))
	}
	return w
}

// siteClaim reads a work center or a calendar.
func siteClaim(first files.Record, below []files.Record) (plant.Event, error) {
	c := cellsOf(first)
	e := plant.Event{ID: plant.EventID(c.text("REFERENCE"))}
	if v := c.text("AT"); v != "" {
		var err error
		if e.At, err = time.Parse(time.RFC3339, v); err != nil {
			c.fail("AT", "%q is not an instant such as 2026-03-02T06:00:00Z", clip(v))
		}
	}
	version := c.whole("VERSION", "the number of a version")
	if first.Type == "WCT" {
		e.Fact = plant.CenterChanged{Version: version, WorkCenter: c.center(below)}
	} else {
		e.Fact = plant.CalendarChanged{Version: version, Calendar: c.calendar(below)}
	}
	return e, c.err
}

func (c *cells) center(below []files.Record) plant.WorkCenter {
	w := plant.WorkCenter{ID: plant.WorkCenterID(c.needed("WORKCENTER")), Description: c.text("TEXT"), Efficiency: c.whole("EFFICIENCY", "a percentage")}
	switch v := c.text("MANUAL"); v {
	case "", "X":
		w.Manual = v == "X"
	default:
		c.fail("MANUAL", "%q is neither true nor false", clip(v))
	}
	for _, r := range below {
		m := cellsOf(r)
		w.Machines = append(w.Machines, plant.MachineID(m.needed("MACHINE")))
		c.take(m)
	}
	return w
}

func (c *cells) calendar(below []files.Record) plant.Calendar {
	k := plant.Calendar{ID: c.needed("CALENDAR"), Zone: c.needed("ZONE")}
	for _, r := range below {
		s := cellsOf(r)
		shift := plant.Shift{Name: s.needed("SHIFT"), Start: s.clock("START"), End: s.clock("END")}
		for _, name := range strings.Fields(s.needed("DAYS")) {
			day, ok := plant.WeekdayNamed(name)
			if !ok {
				s.fail("DAYS", "%q is no day of the week, such as Mon", clip(name))
			}
			shift.Days = append(shift.Days, day)
		}
		k.Shifts = append(k.Shifts, shift)
		c.take(s)
	}
	return k
}

// take keeps the first mistake of a record below.
func (c *cells) take(below *cells) {
	if c.err == nil {
		c.err = below.err
	}
}
