package bridge

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// centerRow is a work center: what it is called, how fast it is taken to be, and
// its machines.
func centerRow(l line, below []line) object {
	properties := append(property("Manual", truth(l[6]), "boolean"), property("Efficiency", l[7], "positiveInteger")...)
	center := object{"ID": l[3], "Version": l[4], "Description": list(l[5]), "PublishedDate": l[2], "EquipmentLevel": "WorkCenter"}
	if len(properties) > 0 {
		center["EquipmentProperty"] = properties
	}
	var machines []object
	for _, m := range below {
		machines = append(machines, object{"ID": m[1], "EquipmentLevel": "WorkUnit"})
	}
	if len(machines) > 0 {
		center["EquipmentChild"] = machines
	}
	return said(center)
}

// calendarRow is the hours of a site: shifts, by the time of day at which each
// begins and ends, and the days on which it begins.
func calendarRow(l line, below []line) (object, error) {
	var entries []object
	for _, s := range below {
		begins, err := time.Parse(time.TimeOnly, s[2])
		if err != nil {
			return nil, fmt.Errorf("shift %s begins at %q, which is no time of day", clip(s[1]), clip(s[2]))
		}
		ends, err := time.Parse(time.TimeOnly, s[3])
		if err != nil {
			return nil, fmt.Errorf("shift %s ends at %q, which is no time of day", clip(s[1]), clip(s[3]))
		}
		if !ends.After(begins) {
			ends = ends.Add(24 * time.Hour) // on the next day
		}
		days := strings.Fields(strings.ToUpper(s[4]))
		for i, d := range days {
			days[i] = d[:min(2, len(d))]
		}
		rule := fmt.Sprintf("FREQ=WEEKLY;BYDAY=%s;BYHOUR=%d;BYMINUTE=%d", strings.Join(days, ","), begins.Hour(), begins.Minute())
		entries = append(entries, object{"ID": s[1], "RecurrenceTime": rule, "DurationRule": lasting(ends.Sub(begins)), "EntryType": "Work"})
	}
	if len(entries) == 0 {
		entries = []object{{"ID": "always", "RecurrenceTime": "FREQ=DAILY;BYHOUR=0;BYMINUTE=0", "DurationRule": "PT24H", "EntryType": "Work"}}
	}
	return object{"ID": l[3], "Version": l[4], "PublishedDate": l[2], "WorkCalendarDefinitionEntry": entries, "WorkCalendarDefinitionProperty": property("Zone", l[5], "")}, nil
}

// lasting is a span of time in hours and minutes: PT7H30M.
func lasting(d time.Duration) string {
	s := "PT"
	if h := d / time.Hour; h > 0 {
		s += fmt.Sprint(int(h)) + "H"
	}
	if m := d % time.Hour / time.Minute; m > 0 {
		s += fmt.Sprint(int(m)) + "M"
	}
	return s
}

// centerDocument is a row of a list of work centers. An efficiency of 0 is not
// said; machines are named between commas.
func centerDocument(id string, version int, changed, description, manual, efficiency, machines string) (listedRow, error) {
	if efficiency = strings.TrimLeft(plainNumber(efficiency), "0"); efficiency != "" && number(efficiency) < 1 {
		return listedRow{}, fmt.Errorf("work center %s has an efficiency of %q", clip(id), clip(efficiency))
	}
	var below []line
	for _, m := range strings.FieldsFunc(machines, func(r rune) bool { return r == ',' }) {
		below = append(below, line{"MCH", m})
	}
	counted := strconv.Itoa(version)
	return design(line{"WCT", kindCenter + "/" + id + "/" + counted, changed, id, counted, description, manual, efficiency}, below)
}

// workedShift is a shift of a week: when it begins and ends, since midnight, and
// the days on which it begins.
type workedShift struct {
	name         string
	begins, ends time.Duration
	days         []time.Weekday
}

// onDay adds a day to the shift of that name and those hours. Which day of the
// list is first is not told: they are in the order in which they are counted,
// from Sunday.
func onDay(week []workedShift, name string, begins, ends time.Duration, day time.Weekday) []workedShift {
	name = cmp.Or(name, clockOf(begins))
	at := slices.IndexFunc(week, func(s workedShift) bool { return s.name == name && s.begins == begins && s.ends == ends })
	if at < 0 {
		at = len(week)
		week = append(week, workedShift{name: name, begins: begins, ends: ends})
	}
	s := &week[at]
	if !slices.Contains(s.days, day) {
		s.days = append(s.days, day)
		slices.Sort(s.days)
	}
	return week
}

// clockOf is a time of day; 24 hours are midnight again.
func clockOf(d time.Duration) string { return time.Time{}.Add(d).Format(time.TimeOnly) }

// calendarDocument is a row of a list of calendars. Without shifts the site works
// always.
func calendarDocument(id string, version int, changed, zone string, week []workedShift) (listedRow, error) {
	var below []line
	for _, s := range week {
		days := make([]string, len(s.days))
		for i, d := range s.days {
			days[i] = d.String()[:3]
		}
		below = append(below, line{"SHF", s.name, clockOf(s.begins), clockOf(s.ends), strings.Join(days, " ")})
	}
	counted := strconv.Itoa(version)
	return design(line{"CAL", kindCalendar + "/" + id + "/" + counted, changed, id, counted, zone}, below)
}
