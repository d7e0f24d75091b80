package plant

import (
	"fmt"
	"slices"
)

// Records are the kinds of facts that are changes of master data, those first
// upon which others build.
func Records() []Kind {
	return []Kind{KindCalendarChanged, KindCenterChanged, KindItemChanged, KindBillChanged, KindRoutingChanged}
}

// record names a record of master data by the kind of its changes.
type record struct {
	kind Kind
	id   string
}

func recordOf(f Fact) (record, bool) {
	if k := f.Kind(); slices.Contains(Records(), k) {
		return record{k, f.Keys().Entity()}, true
	}
	return record{}, false
}

// publish tells of all master data as it is. What was changed in the run is
// told by the event of its newest change, which nobody may count as another;
// what was not is at version 1 from now on, since a version of the beginning has
// no number.
func (s *shop) publish(a Action) ([]Event, error) {
	kinds := a.Of
	if len(kinds) == 0 {
		kinds = Records()
	}
	var all []Event
	for _, k := range kinds {
		if !slices.Contains(Records(), k) {
			return nil, fmt.Errorf("%q is no change of master data", clip(string(k)))
		}
		all = append(all, s.published(k)...)
	}
	return all, nil
}

func (s *shop) published(k Kind) (all []Event) {
	tell := func(id string, version *int, fact func() Fact) {
		e, told := s.records[record{k, id}]
		if !told {
			*version++
			e = s.event(fact())
		}
		all = append(all, e)
	}
	switch k {
	case KindCalendarChanged:
		if c := s.hoursOf(); c.Calendar.ID != "" {
			tell(c.Calendar.ID, &c.Version, func() Fact { return *c })
		}
	case KindCenterChanged:
		for _, w := range s.master.WorkCenters {
			c, _ := s.center(w.ID) // it is there
			tell(string(w.ID), &c.Version, func() Fact { return *c })
		}
	case KindItemChanged:
		for at := range s.master.Items {
			c := s.current(at)
			tell(string(c.Item.ID), &c.Version, func() Fact { return *c })
		}
	case KindBillChanged:
		for _, b := range s.master.Bills {
			c, _ := s.bill(b.Item)
			tell(string(b.Item), &c.Version, func() Fact { return *c })
		}
	case KindRoutingChanged:
		for _, r := range s.master.Routings {
			c, _ := s.routing(r.Item)
			tell(string(r.Item), &c.Version, func() Fact { return *c })
		}
	}
	return all
}
