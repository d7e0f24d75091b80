package plant

import (
	"fmt"
	"slices"
	"time"
)

// changeCenter has planning reckon with another pace of a work center. What the
// floor reaches is its own affair, and standard times stay as they are.
func (s *shop) changeCenter(a Action) ([]Event, error) {
	id := a.WorkCenter
	if id == "" {
		item, err := s.engineeredItem("")
		if err != nil {
			return nil, err
		}
		c, err := s.routing(item)
		if err != nil {
			return nil, err
		}
		id = c.Routing.Operations[0].WorkCenter
	}
	c, err := s.center(id)
	if err != nil {
		return nil, err
	}
	w := &c.WorkCenter
	switch {
	case a.Efficiency < 0 || a.Efficiency > mostEfficient:
		return nil, fmt.Errorf("work center %s: an efficiency is 1 to %d percent, not %d", w.ID, mostEfficient, a.Efficiency)
	case a.Efficiency > 0:
		w.Efficiency = a.Efficiency
	default:
		is := w.Efficiency
		if is == 0 {
			is = 100
		}
		w.Efficiency = max(1, is-max(1, is/10))
	}
	c.Version++
	f := *c
	f.WorkCenter.Machines = slices.Clone(w.Machines)
	return []Event{s.event(f)}, nil
}

// mostEfficient is a percentage beyond which nobody plans.
const mostEfficient = 1000

// center is the one in force.
func (s *shop) center(id WorkCenterID) (*CenterChanged, error) {
	if s.centers[id] == nil {
		at := slices.IndexFunc(s.master.WorkCenters, func(w WorkCenter) bool { return w.ID == id })
		if at < 0 {
			return nil, fmt.Errorf("unknown work center %q", clip(string(id)))
		}
		if s.centers == nil {
			s.centers = map[WorkCenterID]*CenterChanged{}
		}
		s.centers[id] = &CenterChanged{WorkCenter: s.master.WorkCenters[at]}
	}
	return s.centers[id], nil
}

// changeCalendar has a shift worked on one more weekday, or on one less. It is
// announced for days to come: the floor works on as it does.
func (s *shop) changeCalendar(a Action) ([]Event, error) {
	c := s.hoursOf()
	shifts := slices.Clone(c.Calendar.Shifts)
	at := 0
	if a.Shift != "" {
		at = slices.IndexFunc(shifts, func(sh Shift) bool { return sh.Name == a.Shift })
	}
	if at < 0 || at >= len(shifts) {
		if len(shifts) == 0 {
			return nil, fmt.Errorf("the site %s has no shifts: it works always", c.Calendar.ID)
		}
		return nil, fmt.Errorf("the site %s has no shift %q", c.Calendar.ID, clip(a.Shift))
	}
	day, err := dayToChange(shifts[at], a.Day)
	if err != nil {
		return nil, err
	}
	days := slices.Clone(shifts[at].Days)
	if n := slices.Index(days, day); n >= 0 {
		if len(days) == 1 {
			return nil, fmt.Errorf("the shift %s is worked on %s only", shifts[at].Name, day)
		}
		days = slices.Delete(days, n, n+1)
	} else {
		days = append(days, day)
		slices.Sort(days)
	}
	shifts[at].Days = days
	c.Calendar.Shifts = shifts
	c.Version++
	f := *c
	f.Calendar.Shifts = slices.Clone(shifts)
	return []Event{s.event(f)}, nil
}

// dayToChange is the named weekday; without a name the first of the week, from
// Monday, on which the shift is not worked, and Sunday if there is none.
func dayToChange(sh Shift, name string) (time.Weekday, error) {
	if name != "" {
		day, ok := WeekdayNamed(name)
		if !ok {
			return 0, fmt.Errorf("%q is no day of the week, such as Sat", clip(name))
		}
		return day, nil
	}
	for _, d := range []time.Weekday{1, 2, 3, 4, 5, 6} {
		if !slices.Contains(sh.Days, d) {
			return d, nil
		}
	}
	return time.Sunday, nil
}

// hoursOf are the announced hours of the site.
func (s *shop) hoursOf() *CalendarChanged {
	if s.worked == nil {
		s.worked = &CalendarChanged{Calendar: s.master.Calendars()[0]}
	}
	return s.worked
}
