package neutral

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// center writes a work center, and its machines as the equipment below it.
func (w *writer) center(e plant.Event, f plant.CenterChanged) {
	c := f.WorkCenter
	w.object("")
	w.text("ID", string(c.ID))
	w.text("Version", strconv.Itoa(f.Version))
	w.list("Description", c.Description)
	w.saidInstant("PublishedDate", e.At)
	w.text("EquipmentLevel", levelCenter)
	w.array("EquipmentProperty")
	w.property("Manual", boolean(c.Manual), "boolean")
	if c.Efficiency > 0 {
		w.property("Efficiency", strconv.Itoa(c.Efficiency), "positiveInteger")
	}
	w.endArray()
	if len(c.Machines) > 0 {
		w.array("EquipmentChild")
		for _, m := range c.Machines {
			w.object("")
			w.text("ID", string(m))
			w.text("EquipmentLevel", levelUnit)
			w.endObject()
		}
		w.endArray()
	}
	w.endObject()
}

// Levels of equipment in B2MML.
const (
	levelCenter = "WorkCenter"
	levelUnit   = "WorkUnit"
)

func (d *decoder) center() {
	var c plant.WorkCenter
	version, at := 0, time.Time{}
	d.object(func(name []byte) {
		switch string(name) {
		case "ID":
			c.ID = plant.WorkCenterID(d.text())
		case "Version":
			version = d.count()
		case "Description":
			c.Description = d.first()
		case "PublishedDate":
			at = d.instant()
		case "EquipmentLevel":
			d.level(levelCenter)
		case "EquipmentProperty":
			d.properties(func(p property) {
				switch p.id {
				case "Manual":
					c.Manual = d.asBool(d.said(p))
				case "Efficiency":
					c.Efficiency = d.asCount(d.said(p))
				}
			})
		case "EquipmentChild":
			d.array(func(int) { c.Machines = append(c.Machines, d.unit()) })
		default:
			d.skip()
		}
	})
	d.need("ID", c.ID != "")
	d.need("Version", version > 0)
	d.claim("", at, plant.CenterChanged{WorkCenter: c, Version: version})
}

// unit reads a machine of a work center.
func (d *decoder) unit() (id plant.MachineID) {
	d.object(func(name []byte) {
		switch string(name) {
		case "ID":
			id = plant.MachineID(d.text())
		case "EquipmentLevel":
			d.level(levelUnit)
		default:
			d.skip()
		}
	})
	d.need("ID", id != "")
	return id
}

func (d *decoder) level(want string) {
	if got := d.text(); d.err == nil && got != want {
		d.fail("%q does not fit; here it is %s or missing", clip(got), want)
	}
}

// workCalendar writes when a site works. A shift recurs by a rule of RFC 5545,
// at times of the clocks of the zone, which is a property; B2MML has no other
// place for it. Without shifts all of each day is one entry.
func (w *writer) workCalendar(e plant.Event, f plant.CalendarChanged) {
	w.object("")
	w.text("ID", f.Calendar.ID)
	w.text("Version", strconv.Itoa(f.Version))
	w.saidInstant("PublishedDate", e.At)
	w.array("WorkCalendarDefinitionEntry")
	for _, s := range f.Calendar.Shifts {
		w.entry(s.Name, Recurrence(s), s.Length())
	}
	if len(f.Calendar.Shifts) == 0 {
		w.entry("always", RecursAlways, 24*time.Hour)
	}
	w.endArray()
	w.array("WorkCalendarDefinitionProperty")
	w.property("Zone", f.Calendar.Zone, "")
	w.endArray()
	w.endObject()
}

func (w *writer) entry(id, rule string, length time.Duration) {
	w.object("")
	w.text("ID", id)
	w.text("RecurrenceTime", rule)
	w.text("DurationRule", duration(length))
	w.text("EntryType", "Work")
	w.endObject()
}

// RecursAlways is the rule of a site that works always.
const RecursAlways = "FREQ=DAILY;BYHOUR=0;BYMINUTE=0"

// Recurrence is when a shift begins, as a rule of RFC 5545.
func Recurrence(s plant.Shift) string {
	days := make([]string, len(s.Days))
	for i, d := range s.Days {
		days[i] = dayCode(d)
	}
	return fmt.Sprintf("FREQ=WEEKLY;BYDAY=%s;BYHOUR=%d;BYMINUTE=%d", strings.Join(days, ","), int(s.Start)/60, int(s.Start)%60)
}

// dayCode is a weekday as such rules spell it: "MO".
func dayCode(d time.Weekday) string { return strings.ToUpper(d.String()[:2]) }

func (d *decoder) workCalendar() {
	var c plant.Calendar
	version, at, n, always := 0, time.Time{}, 0, false
	d.object(func(name []byte) {
		switch string(name) {
		case "ID":
			c.ID = d.text()
		case "Version":
			version = d.count()
		case "PublishedDate":
			at = d.instant()
		case "WorkCalendarDefinitionEntry":
			n = d.array(func(int) {
				if s, daily := d.shift(); daily {
					always = true
				} else {
					c.Shifts = append(c.Shifts, s)
				}
			})
		case "WorkCalendarDefinitionProperty":
			d.properties(func(p property) {
				if p.id == "Zone" {
					c.Zone = d.said(p)
				}
			})
		default:
			d.skip()
		}
	})
	d.need("ID", c.ID != "")
	d.need("Version", version > 0)
	d.need("WorkCalendarDefinitionEntry", n > 0)
	switch {
	case d.err != nil:
	case c.Zone == "":
		d.failAt("WorkCalendarDefinitionProperty", "Zone is missing")
	case always && n > 1:
		d.failAt("WorkCalendarDefinitionEntry", "a site that works always has no other entry")
	}
	d.claim("", at, plant.CalendarChanged{Calendar: c, Version: version})
}

// shift reads an entry; daily of one that says that work never ends.
func (d *decoder) shift() (s plant.Shift, daily bool) {
	rule, length := "", ""
	d.object(func(name []byte) {
		switch string(name) {
		case "ID":
			s.Name = d.text()
		case "RecurrenceTime":
			rule = d.text()
		case "DurationRule":
			length = d.text()
		default:
			d.skip()
		}
	})
	d.need("ID", s.Name != "")
	d.need("RecurrenceTime", rule != "")
	d.need("DurationRule", length != "")
	if d.err != nil || rule == RecursAlways {
		return s, d.err == nil
	}
	said, lasts := weekly.FindStringSubmatch(rule), lasting.MatchString(length)
	if said == nil {
		d.failAt("RecurrenceTime", "%q is not FREQ=WEEKLY;BYDAY=…;BYHOUR=…;BYMINUTE=… or %s", clip(rule), RecursAlways)
		return s, false
	}
	if !lasts {
		d.failAt("DurationRule", "%q is not hours and minutes up to a day (PT7H30M)", clip(length))
		return s, false
	}
	for _, code := range strings.Split(said[1], ",") {
		s.Days = append(s.Days, week[slices.IndexFunc(week, func(d time.Weekday) bool { return dayCode(d) == code })])
	}
	s.Start = plant.WallTime(60*d.asCount(said[2]) + d.asCount(said[3]))
	s.End = plant.WallTime((int(s.Start) + int(d.asDuration(length)/time.Minute)) % (24 * 60))
	return s, false
}

var (
	weekly  = regexp.MustCompile(`^FREQ=WEEKLY;BYDAY=((?:SU|MO|TU|WE|TH|FR|SA)(?:,(?:SU|MO|TU|WE|TH|FR|SA))*);BYHOUR=([01]?[0-9]|2[0-3]);BYMINUTE=([0-5]?[0-9])$`)
	lasting = regexp.MustCompile(`^PT(?:(?:[1-9]|1[0-9]|2[0-3])H(?:[1-5]?[0-9]M)?|24H|(?:[1-9]|[1-5][0-9])M)$`)
)

var week = []time.Weekday{time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday}
