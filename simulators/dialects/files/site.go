package files

import (
	"strings"

	"github.com/andon-rig/andon/simulators/plant"
)

// center writes a work center, and its machines below it.
func (w *writer) center(record, ref, at string, f plant.CenterChanged) {
	c := f.WorkCenter
	w.row(record, ref, at, string(c.ID), wholeCell(f.Version), c.Description, flagCell(c.Manual), priorityCell(c.Efficiency), wholeCell(len(c.Machines)))
	for _, m := range c.Machines {
		w.row("MCH", string(m))
	}
}

func (c *cells) center(below []record) plant.WorkCenter {
	w := plant.WorkCenter{ID: plant.WorkCenterID(c.text("WORKCENTER", true)), Description: c.text("TEXT", false), Manual: c.flag("MANUAL"), Efficiency: c.whole("EFFICIENCY", false)}
	for _, r := range below {
		w.Machines = append(w.Machines, plant.MachineID(c.under(r).text("MACHINE", true)))
	}
	return w
}

// shifts reads when a site works: without a shift, always.
func (c *cells) shifts(below []record) (all []plant.Shift) {
	for _, r := range below {
		b := c.under(r)
		s := plant.Shift{Name: b.text("SHIFT", true), Start: b.wallTime("BEGINS"), End: b.wallTime("ENDS")}
		for _, name := range strings.Split(b.text("DAYS", true), " ") {
			d, ok := plant.WeekdayNamed(name)
			if !ok {
				b.fail("DAYS", "%q is not a day such as Mon", clip(name))
			}
			s.Days = append(s.Days, d)
		}
		all = append(all, s)
	}
	return all
}

// wallTime reads a time of day in whole minutes; 24:00:00 is none.
func (c *cells) wallTime(name string) (t plant.WallTime) {
	s := c.text(name, true)
	if err := t.UnmarshalText([]byte(strings.TrimSuffix(s, ":00"))); err != nil || t.String()+":00" != s {
		c.fail(name, "%q is not a time of day in whole minutes, such as 06:00:00", clip(s))
	}
	return t
}
