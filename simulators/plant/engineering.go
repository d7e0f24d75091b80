package plant

import "slices"

// Bill is a bill of material: what For of an item needs. An order has its own,
// frozen and multiplied, in its components.
type Bill struct {
	Item       ItemID      `json:"item"`
	Revision   string      `json:"revision,omitempty"` // that of the item
	For        Quantity    `json:"for"`
	Components []Component `json:"components"`
}

// Routing is the standard way in which an item is made. An order has its own,
// frozen, in its operations; in a shop where hardly two orders go one way it
// differs from the standard.
type Routing struct {
	Item       ItemID      `json:"item"`
	Revision   string      `json:"revision,omitempty"` // that of the item
	Operations []Operation `json:"operations"`
}

// Calendar says when a site works.
type Calendar struct {
	ID     string  `json:"id"`
	Zone   string  `json:"zone"`   // IANA name; times of shifts are those of its clocks
	Shifts []Shift `json:"shifts"` // none means always
}

// Calendars are those of the site.
func (m *Master) Calendars() []Calendar {
	return []Calendar{{m.Site, m.Zone, slices.Clone(m.Shifts)}}
}

// engineer writes what the products are made of, and how.
func (s *shop) engineer() {
	for i := range s.products {
		p := &s.products[i]
		routing := Routing{p.Item, p.Revision, s.route("part/"+string(p.Item), p)}
		bill := Bill{Item: p.Item, Revision: p.Revision, For: Quantity{One, p.unit()}, Components: []Component{}}
		for _, c := range p.Components {
			at := routing.Operations[0].ID
			if slices.ContainsFunc(routing.Operations, func(o Operation) bool { return o.ID == c.Operation }) {
				at = c.Operation
			}
			bill.Components = append(bill.Components, Component{c.Material, at, Quantity{c.Per, s.shelves[c.Material].material.Unit}})
		}
		s.master.Bills, s.master.Routings = append(s.master.Bills, bill), append(s.master.Routings, routing)
	}
}
