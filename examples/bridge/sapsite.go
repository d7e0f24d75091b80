package bridge

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Lists of what the site works with. That of work centers does not tell what has
// changed; that of their capacities does, and that of shifts.
const (
	sapCenters    = sapRoot + "API_WORK_CENTERS/A_WorkCenterAllCapacity"
	sapCapacities = sapRoot + "API_WORK_CENTERS/A_WorkCenterCapacity"
	sapShifts     = sapRoot + "API_WORK_CENTERS/A_WorkCenterCapacityShift_2"
)

var _ planner = (*sapSide)(nil)

var (
	listOfCapacities = sapList{path: sapCapacities, changed: "CapacityLastChangeDateTime", literal: sapSince}
	listOfShifts     = sapList{path: sapShifts, changed: "CapacityLastChangeDateTime", literal: sapSince}
)

// sapBelonging reads all rows of a list that belong to a capacity, page by page.
func sapBelonging[T any](ctx context.Context, s *sapSide, path, capacity string) (all []T, v verdict) {
	filter := "CapacityInternalID eq '" + strings.ReplaceAll(capacity, "'", "''") + "'"
	p := pass{Next: path + "?$filter=" + strings.ReplaceAll(url.QueryEscape(filter), "+", "%20")}
	for {
		page, next, v := sapPage[T](ctx, s, sapList{}, p, 0)
		if v.what != posted {
			return nil, v
		}
		if all = append(all, page...); next == "" || s.defect == M134 {
			return all, v
		}
		p.Next = next
	}
}

// centers reads work centers as their capacities were changed. What the center
// itself says is in a list of its own, which may be of another version by then:
// that comes again, and is left until it does.
func (s *sapSide) centers(ctx context.Context, at string, rows int) (page []listedRow, next string, end bool, v verdict) {
	type capacity struct {
		CapacityInternalID, CapacityPlanUtilizationPercent, CapacityLastChangeDateTime string
		Version                                                                        int `json:"YY1_Version_CAP"`
	}
	type center struct {
		WorkCenter, WorkCenterDesc, WorkCenterCategoryCode string
		Machines                                           string `json:"YY1_Machines_WCT"`
		Version                                            int    `json:"YY1_Version_WCT"`
	}
	p := passFrom(at)
	found, link, v := sapPage[capacity](ctx, s, listOfCapacities, p, rows)
	if v.what != posted {
		return nil, at, true, v
	}
	var changes []string
	for _, c := range found {
		changed := sapDate(c.CapacityLastChangeDateTime)
		if c.CapacityInternalID == "" || c.Version > 0 && changed == "" {
			return nil, at, true, notRead("list has a capacity without key or time of change")
		}
		changes = append(changes, changed)
		had, v := s.store.hasVersion(ctx, kindCenter, c.CapacityInternalID, c.Version)
		if v.what != posted {
			return nil, at, true, v
		}
		if had {
			continue
		}
		of, v := sapBelonging[center](ctx, s, sapCenters, c.CapacityInternalID)
		if v.what != posted {
			return nil, at, true, v
		}
		for _, w := range of {
			if w.Version != c.Version {
				continue
			}
			manual := sapFlag(w.WorkCenterCategoryCode == "0003")
			row, err := centerDocument(w.WorkCenter, w.Version, changed, w.WorkCenterDesc, manual, c.CapacityPlanUtilizationPercent, w.Machines)
			if err != nil {
				return nil, at, true, notRead(err.Error())
			}
			page = append(page, row)
		}
	}
	next, end = s.onward(p, changes, link, rows)
	return page, next, end, v
}

// sapShift is a shift on a day of the week.
type sapShift struct {
	CapacityInternalID, WeekDay, AvailableCapacityShift, ShiftDefinition string
	ShiftStartTime, ShiftEndTime, CapacityLastChangeDateTime             string
	Zone                                                                 string `json:"YY1_TimeZone_CAP"`
	Version                                                              int    `json:"YY1_Version_CAP"`
}

// calendars reads shifts as they were changed. A calendar is all of its shifts,
// of which a page may have a part: it is read by itself, and counts if all of it
// is of one version.
func (s *sapSide) calendars(ctx context.Context, at string, rows int) (page []listedRow, next string, end bool, v verdict) {
	p := passFrom(at)
	found, link, v := sapPage[sapShift](ctx, s, listOfShifts, p, rows)
	if v.what != posted {
		return nil, at, true, v
	}
	var changes []string
	seen := map[string]bool{}
	for _, one := range found {
		changed, id := sapDate(one.CapacityLastChangeDateTime), one.CapacityInternalID
		if id == "" || one.Version > 0 && changed == "" {
			return nil, at, true, notRead("list has a shift without key or time of change")
		}
		changes = append(changes, changed)
		if seen[id] {
			continue
		}
		seen[id] = true
		had, v := s.store.hasVersion(ctx, kindCalendar, id, one.Version)
		if v.what != posted {
			return nil, at, true, v
		}
		if had {
			continue
		}
		all, v := sapBelonging[sapShift](ctx, s, sapShifts, id)
		if v.what != posted {
			return nil, at, true, v
		}
		if slices.ContainsFunc(all, func(o sapShift) bool { return o.Version != one.Version }) {
			continue
		}
		shifts, err := sapWeek(all)
		if err != nil {
			return nil, at, true, notRead(err.Error())
		}
		row, err := calendarDocument(id, one.Version, changed, one.Zone, shifts)
		if err != nil {
			return nil, at, true, notRead(err.Error())
		}
		page = append(page, row)
	}
	next, end = s.onward(p, changes, link, rows)
	return page, next, end, v
}

// sapWeek makes shifts of their days, of which Monday is the first.
func sapWeek(all []sapShift) (week []workedShift, err error) {
	slices.SortStableFunc(all, func(a, b sapShift) int { return cmp.Compare(a.AvailableCapacityShift, b.AvailableCapacityShift) })
	for _, o := range all {
		day, err := strconv.Atoi(o.WeekDay)
		if err != nil || day < 1 || day > 7 {
			return nil, fmt.Errorf("shift %s is on day %q of a week", clip(o.ShiftDefinition), clip(o.WeekDay))
		}
		begins, err := sapTime(o.ShiftStartTime)
		if err != nil {
			return nil, err
		}
		ends, err := sapTime(o.ShiftEndTime)
		if err != nil {
			return nil, err
		}
		week = onDay(week, o.ShiftDefinition, begins, ends, time.Weekday(day%7))
	}
	return week, nil
}

// sapTime is a time of day, PT06H00M00S, since midnight.
func sapTime(s string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.ToLower(strings.TrimPrefix(s, "PT")))
	if err != nil || !strings.HasPrefix(s, "PT") || d < 0 || d > 24*time.Hour {
		return 0, fmt.Errorf("%q is no time of day such as PT06H00M00S", clip(s))
	}
	return d, nil
}
