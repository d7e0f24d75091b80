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
func (s *sapSide) centers(ctx context.Context, at string, rows int) ([]listedRow, string, bool, verdict) {
	type capacity struct {
		CapacityInternalID, CapacityPlanUtilizationPercent, CapacityLastChangeDateTime string
		Version                                                                        int `json:"YY1_Version_CAP"`
	}
	type center struct {
		WorkCenter, WorkCenterDesc, WorkCenterCategoryCode string
		Machines                                           string `json:"YY1_Machines_WCT"`
		Version                                            int    `json:"YY1_Version_WCT"`
	}
	return sapRows(ctx, s, listOfCapacities, at, rows, func(c capacity) (its []listedRow, changed string, v verdict) {
		changed = sapDate(c.CapacityLastChangeDateTime)
		if c.CapacityInternalID == "" || c.Version > 0 && changed == "" {
			return nil, "", notRead("list has a capacity without key or time of change")
		}
		had, v := s.store.hasVersion(ctx, kindCenter, c.CapacityInternalID, c.Version)
		if v.what != posted || had {
			return nil, changed, v
		}
		of, v := sapBelonging[center](ctx, s, sapCenters, c.CapacityInternalID)
		if v.what != posted {
			return nil, "", v
		}
		for _, w := range of {
			if w.Version != c.Version {
				continue
			}
			manual := sapFlag(w.WorkCenterCategoryCode == "0003")
			row, err := centerDocument(w.WorkCenter, w.Version, changed, w.WorkCenterDesc, manual, c.CapacityPlanUtilizationPercent, w.Machines)
			if err != nil {
				return nil, "", notRead(err.Error())
			}
			its = append(its, row)
		}
		return its, changed, v
	})
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
func (s *sapSide) calendars(ctx context.Context, at string, rows int) ([]listedRow, string, bool, verdict) {
	seen := map[string]bool{}
	return sapRows(ctx, s, listOfShifts, at, rows, func(one sapShift) ([]listedRow, string, verdict) {
		changed, id := sapDate(one.CapacityLastChangeDateTime), one.CapacityInternalID
		if id == "" || one.Version > 0 && changed == "" {
			return nil, "", notRead("list has a shift without key or time of change")
		}
		if seen[id] {
			return nil, changed, verdict{what: posted}
		}
		seen[id] = true
		had, v := s.store.hasVersion(ctx, kindCalendar, id, one.Version)
		if v.what != posted || had {
			return nil, changed, v
		}
		all, v := sapBelonging[sapShift](ctx, s, sapShifts, id)
		if v.what != posted || slices.ContainsFunc(all, func(o sapShift) bool { return o.Version != one.Version }) {
			return nil, changed, v
		}
		shifts, err := sapWeek(all)
		if err != nil {
			return nil, "", notRead(err.Error())
		}
		row, err := calendarDocument(id, one.Version, changed, one.Zone, shifts)
		if err != nil {
			return nil, "", notRead(err.Error())
		}
		return []listedRow{row}, changed, verdict{what: posted}
	})
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
