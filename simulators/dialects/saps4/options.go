package saps4

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/simulators"
)

// options are what a question says beside its address. What is not understood
// is refused, for whoever misspells a property must not hear that all is well.
type options struct {
	filter []condition
	order  []ordering
	top    int // -1 if all are wanted
	skip   int
	token  string
	total  bool // how many there are is told, too
}

// An ordering is a property by which a list is to be sorted.
type ordering struct {
	name       string
	descending bool
}

// options reads those of a question for r. What does not begin with $ is none of
// OData's, and ignored.
func (d Dialect) options(m simulators.Message, r resource) (options, error) {
	o := options{top: -1}
	for _, name := range slices.Sorted(maps.Keys(m.Params)) {
		if !strings.HasPrefix(name, "$") {
			continue
		}
		if err := o.read(d, r, name, m.Params[name]); err != nil {
			return o, err
		}
	}
	switch {
	case o.token != "" && o.skip > 0:
		return o, refuse(codeMalformed, "$skip: rows are not left out behind a $skiptoken here")
	case o.token != "" && d.whole(r, o):
		return o, refuse(codeMalformed, "$skiptoken: this list has one page, which is told whole")
	}
	return o, nil
}

func (o *options) read(d Dialect, r resource, name, v string) (err error) {
	t := r.shows()
	switch name {
	case "$filter":
		o.filter, err = d.readFilter(t, v)
	case "$orderby":
		o.order, err = readOrder(t, v)
	case "$top":
		o.top, err = rows(name, v)
	case "$skip":
		o.skip, err = rows(name, v)
	case "$skiptoken":
		o.token = v
	case "$inlinecount":
		if o.total = v == "allpages"; !o.total && v != "none" {
			err = refuse(codeMalformed, "$inlinecount: %q is neither allpages nor none", clip(v))
		}
	case "$select":
		return allOf(name, v, r, t.selectable)
	case "$expand":
		return allOf(name, v, r, t.expandable)
	case "$format":
		if v != "json" {
			err = refuse(codeMedia, "$format: %q is not spoken here, only json", clip(v))
		}
		return err
	default:
		return refuse(codeMalformed, "%s: there is no such query option here", clip(name))
	}
	switch {
	case err != nil:
		return err
	case r.count && name != "$filter":
		return refuse(codeMalformed, "%s: what is counted with /$count can have a $filter and nothing else here", name)
	case r.keys != nil && r.nav == "":
		return refuse(codeMalformed, "%s: is for lists, and the address names one entity", name)
	}
	return nil
}

// rows reads a number of rows.
func rows(name, v string) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		return 0, refuse(codeMalformed, "%s: %q is no number of rows, such as 0 or 20", name, clip(v))
	}
	return n, nil
}

// listed are the parts of a list between commas.
func listed(s string) (all []string) {
	for _, one := range strings.Split(s, ",") {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, one)
		}
	}
	return all
}

// readOrder reads properties, each with asc or desc behind it or neither.
func readOrder(t *entityType, s string) (all []ordering, err error) {
	for _, one := range listed(s) {
		words := strings.Fields(one)
		if p := t.prop(words[0]); p == nil {
			return nil, refuse(codeMalformed, "$orderby: property %q is invalid in %s", clip(words[0]), t.name)
		}
		if len(words) > 2 || len(words) == 2 && words[1] != "asc" && words[1] != "desc" {
			return nil, refuse(codeMalformed, "$orderby: %q is no property with asc or desc behind it", clip(one))
		}
		all = append(all, ordering{words[0], len(words) == 2 && words[1] == "desc"})
	}
	return all, nil
}

// allOf holds each path of a list against what may be said there.
func allOf(name, v string, r resource, ok func(path []string) error) error {
	if r.count {
		return refuse(codeMalformed, "%s: what is counted with /$count can have a $filter and nothing else here", name)
	}
	for _, one := range listed(v) {
		if err := ok(strings.Split(one, "/")); err != nil {
			return err
		}
	}
	return nil
}

// selectable reports what is wrong with a path of $select: navigations, and a
// property, a navigation or * at the end.
func (t *entityType) selectable(path []string) error {
	last := len(path) - 1
	for _, n := range path[:last] {
		if t.nav(n) == nil {
			return refuse(codeMalformed, "$select: %q is no navigation of %s", clip(n), t.name)
		}
		t = t.nav(n)
	}
	if n := path[last]; n != everything && t.prop(n) == nil && t.nav(n) == nil {
		return refuse(codeMalformed, "$select: property %q is invalid in %s", clip(n), t.name)
	}
	return nil
}

// expandable reports what is wrong with a path of $expand.
func (t *entityType) expandable(path []string) error {
	for _, n := range path {
		to := t.nav(n)
		switch to {
		case nil:
			return refuse(codeMalformed, "$expand: %q is no navigation of %s", clip(n), t.name)
		case movementType:
			return refuse(codeMalformed, "$expand: %s is written with a confirmation and not read with it; what was moved is in %s", n, itemType.set)
		}
		t = to
	}
	return nil
}

// numberedBy are the properties in the order of which the books have a list from
// which changes are read.
var numberedBy = map[*entityType]string{productType: "Product", billType: "BillOfMaterial", routingType: "ProductionRoutingGroup", centerType: "WorkCenterInternalID", capacityType: "CapacityInternalID"}

// kept reports whether the books have a list in the order that is wanted.
func (o options) kept(t *entityType) bool {
	switch {
	case len(o.order) == 0:
		return true
	case len(o.order) > 1 || o.order[0].descending:
		return false
	}
	return o.order[0].name == numberedBy[t] || o.byChange(t)
}

// byChange reports whether what changed first is wanted first.
func (o options) byChange(t *entityType) bool {
	return len(o.order) == 1 && !o.order[0].descending && slices.Contains(whenChanged, o.order[0].name) && t.prop(o.order[0].name).edm != "String"
}

// sorted puts rows into the order that is wanted. What is not said comes first,
// as what is empty does.
func (o options) sorted(all []entity) []entity {
	slices.SortStableFunc(all, func(a, b entity) int {
		for _, by := range o.order {
			n := 0
			if x, y := a[by.name], b[by.name]; y == nil {
				n = -compare(y, x)
			} else {
				n = compare(x, y)
			}
			if by.descending {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return 0
	})
	return all
}

// several are the sets of which an object of the books shows any number of rows.
var several = map[*entityType]bool{orderItemType: true, operationType: true, componentType: true, statusType: true, unitType: true, descriptionType: true, shiftType: true}

// whole reports whether the books find all that a list is made of, and its rows
// are sorted, counted and cut here: what belongs to one object, what they have in
// another order, and a number of rows where they know objects only.
func (d Dialect) whole(r resource, o options) bool {
	return r.keys != nil || r.set == poolType || r.count || !o.kept(r.set) || d.named(r, o) != "" ||
		several[r.set] && (o.top >= 0 || o.skip > 0 || o.total)
}

// cut is the part of all rows that is wanted.
func (o options) cut(all []entity) []entity {
	all = all[min(o.skip, len(all)):]
	if o.top >= 0 {
		all = all[:min(o.top, len(all))]
	}
	return all
}
