package bridge

import (
	"fmt"
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
