package erp

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/systems/books"
)

// Bills of material, routings, work centers and calendars are what engineering
// has written down. An engineering change of an item is one of its bill and its
// routing as well: they bear the revision that is in force. Their versions count
// the changes of their own.

func (e *ERP) listedBills() []simulators.BillState {
	var all []simulators.BillState
	for _, id := range e.bills.IDs() {
		d, _ := e.bills.Of(id)
		b, s := d.Document, e.items.State(id)
		b.Revision = cmp.Or(s.Item.Revision, b.Revision)
		all = append(all, simulators.BillState{Bill: b, Version: d.Version, Changed: later(d.Changed, s.Changed)})
	}
	return all
}

func (e *ERP) listedRoutings() []simulators.RoutingState {
	var all []simulators.RoutingState
	for _, id := range e.routings.IDs() {
		d, _ := e.routings.Of(id)
		r, s := d.Document, e.items.State(id)
		r.Revision = cmp.Or(s.Item.Revision, r.Revision)
		all = append(all, simulators.RoutingState{Routing: r, Version: d.Version, Changed: later(d.Changed, s.Changed)})
	}
	return all
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// billLines are the lines of all bills, and routingSteps the operations of all
// routings, where interfaces list those by themselves.
func (e *ERP) billLines() (all []simulators.BillLine) {
	for _, b := range e.listedBills() {
		for i := range b.Bill.Components {
			all = append(all, simulators.BillLine{BillState: b, Line: i})
		}
	}
	return all
}

func (e *ERP) routingSteps() (all []simulators.RoutingStep) {
	for _, r := range e.listedRoutings() {
		for i := range r.Routing.Operations {
			all = append(all, simulators.RoutingStep{RoutingState: r, Step: i})
		}
	}
	return all
}

// lineName names a line of a document so that names are in the order of lines.
func lineName(document string, line int) string { return fmt.Sprintf("%s/%04d", document, line) }

func (e *ERP) workCenters() (all []simulators.CenterState) {
	for _, id := range e.centers.IDs() {
		d, _ := e.centers.Of(id)
		all = append(all, simulators.CenterState{WorkCenter: d.Document, Version: d.Version, Changed: d.Changed})
	}
	return all
}

func (e *ERP) listedCalendars() (all []simulators.CalendarState) {
	for _, id := range e.calendars.IDs() {
		d, _ := e.calendars.Of(id)
		all = append(all, simulators.CalendarState{Calendar: d.Document, Version: d.Version, Changed: d.Changed})
	}
	return all
}

// engineered answers a question about what engineering has written down; false
// if it is about something else.
func (e *ERP) engineered(q simulators.Query) (simulators.Answer, bool) {
	switch q.Object {
	case "boms":
		return books.List(q, e.listedBills(), func(b *simulators.BillState) (string, *time.Time) { return string(b.Bill.Item), &b.Changed }), true
	case "routings":
		return books.List(q, e.listedRoutings(), func(r *simulators.RoutingState) (string, *time.Time) { return string(r.Routing.Item), &r.Changed }), true
	case "bom-lines":
		return books.List(q, e.billLines(), func(l *simulators.BillLine) (string, *time.Time) {
			return lineName(string(l.Bill.Item), l.Line), &l.Changed
		}), true
	case "routing-steps":
		return books.List(q, e.routingSteps(), func(s *simulators.RoutingStep) (string, *time.Time) {
			return lineName(string(s.Routing.Item), s.Step), &s.Changed
		}), true
	case "work-centers":
		return books.List(q, e.workCenters(), func(w *simulators.CenterState) (string, *time.Time) { return string(w.WorkCenter.ID), &w.Changed }), true
	case "calendars":
		return books.List(q, e.listedCalendars(), func(c *simulators.CalendarState) (string, *time.Time) { return c.Calendar.ID, &c.Changed }), true
	}
	return simulators.Answer{}, false
}

// engineeringState is [ERP.State] of such an object.
func (e *ERP) engineeringState(object, id string) (found any) {
	switch object {
	case "bom":
		found = first(e.listedBills(), func(b simulators.BillState) bool { return string(b.Bill.Item) == id })
	case "routing":
		found = first(e.listedRoutings(), func(r simulators.RoutingState) bool { return string(r.Routing.Item) == id })
	case "work-center":
		found = first(e.workCenters(), func(w simulators.CenterState) bool { return string(w.WorkCenter.ID) == id })
	case "calendar":
		found = first(e.listedCalendars(), func(c simulators.CalendarState) bool { return c.Calendar.ID == id })
	}
	return found
}

// first is the first of all that is meant; nil if there is none.
func first[T any](all []T, is func(T) bool) any {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i]
	}
	return nil
}
