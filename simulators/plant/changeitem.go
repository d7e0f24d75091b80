package plant

import (
	"fmt"
	"slices"
)

// changeItem is an engineering change: the material gets its next revision,
// and every order released from now on has it. With Retire the material is
// taken out of use instead, which needs one that nothing planned is made of.
func (s *shop) changeItem(a Action) ([]Event, error) {
	at := slices.IndexFunc(s.master.Items, func(i Item) bool { return i.ID == a.Item })
	switch {
	case a.Item == "" && a.Retire:
		at = slices.IndexFunc(s.master.Items, func(i Item) bool { return !i.Retired && !s.needed(i.ID) })
		if at < 0 {
			return nil, fmt.Errorf("every material is needed by an order: name one with item")
		}
	case a.Item == "" && s.released < len(s.specs):
		next := s.specs[s.released].order.Item
		at = slices.IndexFunc(s.master.Items, func(i Item) bool { return i.ID == next })
	case a.Item == "":
		at = 0
	}
	if at < 0 || at >= len(s.master.Items) {
		return nil, fmt.Errorf("unknown material %q", clip(string(a.Item)))
	}
	i := &s.current(at).Item
	if a.Retire {
		if s.needed(i.ID) {
			return nil, fmt.Errorf("material %s is needed by an order and cannot be retired", i.ID)
		}
		i.Retired = true
	} else {
		i.Revision = nextRevision(i.Revision)
	}
	c := s.current(at)
	c.Version++
	f := *c
	f.Item.Units = slices.Clone(f.Item.Units)
	return []Event{s.event(f)}, nil
}

// current is the definition in force of the item at a place of the master
// data, which itself stays as it was before the run.
func (s *shop) current(at int) *ItemChanged {
	id := s.master.Items[at].ID
	if s.changed == nil {
		s.changed = map[ItemID]*ItemChanged{}
	}
	if s.changed[id] == nil {
		s.changed[id] = &ItemChanged{Item: s.master.Items[at]}
	}
	return s.changed[id]
}

// needed reports whether an order that is under way or to come makes or uses
// the material.
func (s *shop) needed(id ItemID) bool {
	uses := func(o *Order) bool {
		return o.Item == id || slices.ContainsFunc(o.Components, func(c Component) bool { return c.Material == id })
	}
	for _, j := range s.line {
		if uses(&j.spec.order) {
			return true
		}
	}
	return slices.ContainsFunc(s.specs[s.released:], func(sp *spec) bool { return uses(&sp.order) })
}

// revised puts the revision in force on an order that is about to be released.
func (s *shop) revised(o *Order) {
	if c := s.changed[o.Item]; c != nil {
		o.Revision = c.Item.Revision
	}
}

// nextRevision counts a revision on: A, B, …; 01, 02, …; and otherwise adds a
// number.
func nextRevision(r string) string {
	if n := len(r); n > 0 {
		if c := r[n-1]; c >= 'A' && c < 'Z' || c >= 'a' && c < 'z' || c >= '0' && c < '9' {
			return r[:n-1] + string(rune(c+1))
		}
	}
	return r + "1"
}
