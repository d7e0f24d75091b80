package bridge

import (
	"context"
	"encoding/json"
	"strconv"
	"time"
)

var _ planner = (*messageSide)(nil)

// centers reads resources in the order of their keys, again and again.
func (s *messageSide) centers(ctx context.Context, at string, rows int) (page []listedRow, next string, end bool, v verdict) {
	type resource struct {
		ResourceId, ResourceName, OperationsResourceType string
		EfficiencyPercentage                             json.Number
		AndonMachines, AndonModifiedDateTime             string
		AndonVersion                                     int
	}
	found, more, v := dataPage[resource](ctx, s, "OperationsResources", behind("ResourceId", at), rows)
	if v.what != posted {
		return nil, at, true, v
	}
	for _, r := range found {
		if next = r.ResourceId; next == "" || r.AndonVersion > 0 && r.AndonModifiedDateTime == "" {
			return nil, at, true, notRead("list has a resource without key or time of change")
		}
		if r.AndonVersion == 0 {
			continue // both systems know it from the beginning
		}
		row, err := centerDocument(r.ResourceId, r.AndonVersion, r.AndonModifiedDateTime, r.ResourceName, sapFlag(r.OperationsResourceType == "HumanResource"), r.EfficiencyPercentage.String(), r.AndonMachines)
		if err != nil {
			return nil, at, true, notRead(err.Error())
		}
		page = append(page, row)
	}
	next, end = s.onward(next, more)
	return page, next, end, v
}

// calendars reads calendars in the order of their keys, again and again. The
// hours of those of which we do not have the version are read by themselves.
func (s *messageSide) calendars(ctx context.Context, at string, rows int) (page []listedRow, next string, end bool, v verdict) {
	return s.headed(ctx, at, rows, "WorkCalendars", "CalendarId", kindCalendar, s.calendarHours)
}

// workInterval is a stretch of work of one day, in seconds since midnight.
type workInterval struct {
	StartTime, EndTime int
	AndonShift         string
}

const wholeDay = 24 * 60 * 60

// calendarHours reads the hours of the week that follows a change, as they are
// every week. Those of a shift that goes on after midnight are of two days: the
// days before and after that week tell what begins and what ends there.
func (s *messageSide) calendarHours(ctx context.Context, h header, rows int) (all []listedRow, v verdict) {
	changed, err := time.Parse(time.RFC3339, h.AndonModifiedDateTime)
	if err != nil {
		return nil, notRead("calendar " + clip(h.CalendarId) + " has no time of change")
	}
	first := changed.UTC().Truncate(24 * time.Hour).Add(12 * time.Hour) // days are named by their noon
	var days [9][]workInterval                                          // from the one before
	for i := range days {
		filter := "WorkCalendarId eq " + quoted(h.CalendarId) + " and WorkCalendarDate eq " + first.AddDate(0, 0, i-1).Format(time.RFC3339)
		if days[i], v = dataOf(ctx, s, "WorkCalendarTimeIntervals", filter, "StartTime", rows, func(w workInterval) string { return strconv.Itoa(w.StartTime) }); v.what != posted {
			return nil, v
		}
	}
	row, err := calendarDocument(h.CalendarId, h.AndonVersion, h.AndonModifiedDateTime, h.AndonTimeZone, weekOf(first.Weekday(), days))
	if err != nil {
		return nil, notRead(err.Error())
	}
	return []listedRow{row}, v
}

// weekOf makes shifts of the hours of seven days, of which the first is that
// weekday, and of the days before and after them. A site that works always has
// none.
func weekOf(first time.Weekday, days [9][]workInterval) (week []workedShift) {
	for i := 1; i < len(days)-1; i++ {
		for _, w := range days[i] {
			if w.StartTime == 0 && w.EndTime == wholeDay && w.AndonShift == "" || w.follows(days[i-1]) {
				continue
			}
			ends := w.EndTime
			if ends == wholeDay {
				ends = 0
				for _, rest := range days[i+1] {
					if rest.AndonShift == w.AndonShift && rest.follows(days[i]) {
						ends = rest.EndTime
					}
				}
			}
			week = onDay(week, w.AndonShift, time.Duration(w.StartTime)*time.Second, time.Duration(ends)*time.Second, (first+time.Weekday(i-1))%7)
		}
	}
	return week
}

// follows reports whether w is the rest of a shift of the day before.
func (w workInterval) follows(before []workInterval) bool {
	for _, b := range before {
		if w.StartTime == 0 && w.EndTime < wholeDay && b.EndTime == wholeDay && b.AndonShift == w.AndonShift {
			return true
		}
	}
	return false
}
