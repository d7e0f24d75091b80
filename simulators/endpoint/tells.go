package endpoint

import (
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// tells are the changes that a page of a list tells of to who has to find them
// there: the newest of each record on it, of the kinds that are not announced.
// What both systems know from the beginning is no change; a lookup of one
// record, and a list of which the dialect shows an extract of its own, is no
// such page.
func (e *Endpoint) tells(q simulators.Query, a simulators.Answer, r simulators.Result) (all []plant.EventID) {
	if e.Sends == nil || r.Outcome != simulators.Answered || r.Status >= 300 || q.Counts || q.Where["id"] != "" || q.Where[simulators.WherePage] != "" {
		return nil
	}
	for _, found := range a.Found {
		f, version := changeOf(found)
		if f != nil && version > 0 && !e.Sends[f.Kind()] {
			all = append(all, plant.EventID(plant.Natural(f)))
		}
	}
	return all
}

// changeOf is the change that made a record of a list what it is; nil if it is
// no record.
func changeOf(found any) (f plant.Fact, version int) {
	switch s := found.(type) {
	case simulators.ItemState:
		return plant.ItemChanged{Item: s.Item, Version: s.Version}, s.Version
	case simulators.BillState:
		return plant.BillChanged{Bill: s.Bill, Version: s.Version}, s.Version
	case simulators.RoutingState:
		return plant.RoutingChanged{Routing: s.Routing, Version: s.Version}, s.Version
	case simulators.CenterState:
		return plant.CenterChanged{WorkCenter: s.WorkCenter, Version: s.Version}, s.Version
	case simulators.CalendarState:
		return plant.CalendarChanged{Calendar: s.Calendar, Version: s.Version}, s.Version
	}
	return nil, 0
}
