package saps4

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A condition is one comparison of a $filter: name, one of eq, ne, lt, le, gt
// and ge, and a value as [entity] has them.
type condition struct {
	name, op string
	value    any
}

var (
	comparison = regexp.MustCompile(`^([\s(]*)([A-Za-z_0-9]+)\s+(eq|ne|lt|le|gt|ge)\s+([a-z]*'(?:[^']|'')*'|[^\s')]+)([\s)]*)`)
	literal    = regexp.MustCompile(`^(guid|datetime|datetimeoffset|time)?'((?:[^']|'')*)'$`)
)

// readFilter reads comparisons joined by and, in parentheses or not.
func readFilter(t *entityType, s string) (all []condition, err error) {
	open := 0
	for rest := s; strings.TrimSpace(rest) != ""; {
		m := comparison.FindStringSubmatch(rest)
		if m == nil {
			return nil, refuse(codeMalformed, "$filter: %q is not understood here; comparisons with eq, ne, lt, le, gt and ge can be joined by and", clip(rest))
		}
		if open += strings.Count(m[1], "(") - strings.Count(m[5], ")"); open < 0 || open > 0 && len(m[0]) == len(rest) {
			return nil, refuse(codeMalformed, "$filter: a parenthesis is missing in %q", clip(s))
		}
		c := condition{name: m[2], op: m[3]}
		p := t.prop(c.name)
		if p == nil {
			return nil, refuse(codeMalformed, "$filter: property %q is invalid in %s", clip(c.name), t.name)
		}
		if c.value, err = readLiteral(p.edm, m[4]); err != nil {
			return nil, err
		}
		all = append(all, c)
		if rest = rest[len(m[0]):]; rest == "" {
			break
		}
		after, ok := strings.CutPrefix(rest, "and ")
		if !ok {
			return nil, refuse(codeMalformed, "$filter: %q is not understood here; comparisons are joined by and", clip(rest))
		}
		rest = after
	}
	return all, nil
}

// ofOrders are the properties that are numbers of orders.
var ofOrders = map[string]bool{"ManufacturingOrder": true, "OrderID": true, "Reservation": true}

// readFilter reads a $filter. Orders are compared as they are shown, however
// their numbers are written.
func (d Dialect) readFilter(t *entityType, s string) ([]condition, error) {
	all, err := readFilter(t, s)
	for i, c := range all {
		if n, ok := c.value.(string); ok && ofOrders[c.name] {
			all[i].value = d.Settings.shown(d.Settings.order(n))
		}
	}
	return all, err
}

// readLiteral reads what a property is compared with.
func readLiteral(edm, s string) (any, error) {
	bad := refuse(codeMalformed, "$filter: %q is no literal of Edm.%s", clip(s), edm)
	m := literal.FindStringSubmatch(s)
	switch edm {
	case "Boolean":
		if s != "true" && s != "false" {
			return nil, bad
		}
		return s == "true", nil
	case "Int32", "Decimal":
		d, err := plant.ParseDecimal(strings.TrimRight(s, "mMdDfFlL"))
		if err != nil || edm == "Int32" && d%plant.One != 0 {
			return nil, bad
		}
		if edm == "Int32" {
			return int(d / plant.One), nil
		}
		return d, nil
	}
	want := map[string]string{"String": "", "Guid": "guid", "DateTime": "datetime", "DateTimeOffset": "datetimeoffset", "Time": "time"}[edm]
	if m == nil || m[1] != want {
		return nil, bad
	}
	text := strings.ReplaceAll(m[2], "''", "'")
	switch edm {
	case "DateTime", "DateTimeOffset":
		for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04"} {
			if at, err := time.Parse(form, text); err == nil {
				return at, nil
			}
		}
		return nil, bad
	case "Time", "Guid":
		v, err := value(edm, text)
		if err != nil {
			return nil, bad
		}
		return v, nil
	}
	return text, nil
}

// fits reports whether e is what is asked for.
func (c condition) fits(e entity) bool {
	got, said := e[c.name]
	if !said {
		got = zeroOf(c.value)
	}
	n := compare(got, c.value)
	switch c.op {
	case "eq":
		return n == 0
	case "ne":
		return n != 0
	case "lt":
		return n < 0
	case "le":
		return n <= 0
	case "gt":
		return n > 0
	}
	return n >= 0
}

func zeroOf(v any) any {
	switch v.(type) {
	case string:
		return ""
	case bool:
		return false
	case int:
		return 0
	case plant.Decimal:
		return plant.Decimal(0)
	case time.Time:
		return time.Time{}
	}
	return nil
}

func compare(a, b any) int {
	switch b := b.(type) {
	case string:
		a, _ := a.(string)
		return cmp.Compare(a, b)
	case int:
		a, _ := a.(int)
		return cmp.Compare(a, b)
	case plant.Decimal:
		a, _ := a.(plant.Decimal)
		return cmp.Compare(a, b)
	case time.Duration:
		a, _ := a.(time.Duration)
		return cmp.Compare(a, b)
	case time.Time:
		a, _ := a.(time.Time)
		return a.Compare(b)
	case bool:
		a, _ := a.(bool)
		return cmp.Compare(counted(a), counted(b))
	}
	if a == b {
		return 0
	}
	return 1
}

// counted is 1 of what is true.
func counted(b bool) int {
	if b {
		return 1
	}
	return 0
}

// equals is what a property must be by a filter; "" if it does not say.
func equals(all []condition, name string) string {
	for _, c := range all {
		if s, ok := c.value.(string); ok && c.name == name && c.op == "eq" {
			return s
		}
	}
	return ""
}

// named is the one object that a question is about, by the key of an entity or a
// filter for it; "" if it is about a list.
func (d Dialect) named(r resource, o options) string {
	by := r.by(o)
	switch r.set {
	case orderType, orderItemType, operationType, componentType, statusType:
		return string(d.Settings.order(first(by("ManufacturingOrder"), by("Reservation"))))
	case productType, unitType, descriptionType:
		return by("Product")
	case lotType:
		return by("Batch")
	}
	return ""
}

// by tells what a property must be, by the key or by a filter. That of a list
// behind a navigation says nothing of the entity from which it starts.
func (r resource) by(o options) func(name string) string {
	if r.keys != nil {
		return func(name string) string { return r.keys[name] }
	}
	return func(name string) string { return equals(o.filter, name) }
}

// question says what of the books a resource is.
func (d Dialect) question(m simulators.Message, r resource) (simulators.Ask, error) {
	if t := r.shows(); t == movementType || t == serialType && r.nav == "" {
		return simulators.Ask{}, refuse(codeMethod, "%s can only be written", t.set)
	}
	o, err := d.options(m, r)
	if err != nil {
		return simulators.Ask{}, err
	}
	by, id := r.by(o), d.named(r, o)
	q := simulators.Query{Object: masterLists[r.set], Where: map[string]string{}, Fits: d.fitting(r, o)}
	if id != "" {
		q.Where["id"] = id
	}
	switch r.set {
	case orderType, orderItemType, operationType, componentType, statusType:
		if q.Object = "order"; id == "" {
			q.Object = "orders"
		}
	case confType, headerType, itemType, resultType:
		d.postings(&q, r, by)
	case productType, unitType, descriptionType:
		q.Object = "items"
	case lotType:
		switch ref := by(reference + "BTC"); {
		case id != "":
			q.Object = "lot"
		case ref != "": // what was posted to it is found, too
			q.Object, q.Where["reference"] = "postings", ref
		default:
			return simulators.Ask{}, refuse(codeMalformed, "Batch is read by its key, or with a filter for Batch or "+reference+"BTC")
		}
	case poolType:
		q.Object = "queue"
	}
	d.part(&q, r, o)
	return simulators.Ask{Query: &q}, nil
}

// postings finds what was posted, by its number, its reference or its order; all
// that there is, if none of them is said.
func (d Dialect) postings(q *simulators.Query, r resource, by func(string) string) {
	q.Object = "postings"
	for name, value := range map[string]string{
		"reference": first(by("ExternalSystemConfirmation"), by("ReferenceDocument"), by(reference+"CNF"), by(reference+"MMI"), by(reference+"QIR")),
		"order":     string(d.Settings.order(first(by("OrderID"), by("ManufacturingOrder")))),
		"document":  first(by("ConfirmationGroup"), by("MaterialDocument"), by("InspectionLot")),
	} {
		if value != "" {
			q.Where[name] = value
		}
	}
	if len(q.Where) == 0 {
		q.Where[simulators.WhereAll] = "true"
	}
}

// fitting tells the objects of a list that a question is for, so that pages are
// cut of those; nil means all.
func (d Dialect) fitting(r resource, o options) func(any) bool {
	filter := o.filter
	if r.keys != nil {
		filter = nil
		if masterLists[r.set] == "" {
			return nil
		}
		for k, v := range r.keys {
			filter = append(filter, condition{k, "eq", v})
		}
	}
	switch r.set {
	case confType, headerType, itemType, resultType: // documents of other kinds are in other sets
	default:
		if len(filter) == 0 {
			return nil
		}
	}
	return func(found any) bool {
		return slices.ContainsFunc(d.entities(r.set, []any{found}), func(e entity) bool { return meets(e, filter) })
	}
}

// meets reports whether e is as a filter wants it.
func meets(e entity, filter []condition) bool {
	for _, c := range filter {
		if !c.fits(e) {
			return false
		}
	}
	return true
}

// whenChanged are the properties that tell when something was changed.
var whenChanged = []string{"LastChangeDateTime", "LastChangeDate", "CapacityLastChangeDateTime"}

// changedSince asks for what has changed, if the filter does. Then it comes in
// the order in which it was changed.
func changedSince(q *simulators.Query, filter []condition) {
	for _, c := range filter {
		if at, ok := c.value.(time.Time); ok && slices.Contains(whenChanged, c.name) && (c.op == "gt" || c.op == "ge") {
			if c.op == "ge" {
				at = at.Add(-time.Second)
			}
			q.Where["by"], q.Where["since"] = "changed", at.Format(time.RFC3339)
		}
	}
}

// part adds which part of a list is wanted, and in which order.
func (d Dialect) part(q *simulators.Query, r resource, o options) {
	q.Counts = o.top == 0 || r.count
	switch {
	case r.keys != nil || q.Object == "queue":
		return
	case len(o.order) == 0:
		changedSince(q, o.filter)
	case o.byChange(r.set):
		q.Where["by"] = "changed"
		changedSince(q, o.filter)
	}
	if d.whole(r, o) {
		if q.Where["id"] == "" {
			q.Where[simulators.WherePage] = strconv.Itoa(math.MaxInt32) // rows are cut here
		}
		return
	}
	if o.top > 0 {
		q.Where["limit"] = strconv.Itoa(o.top)
	}
	if o.skip > 0 {
		q.Where["offset"] = strconv.Itoa(o.skip)
	}
	if o.token != "" {
		q.Where["after"] = o.token
	}
}
