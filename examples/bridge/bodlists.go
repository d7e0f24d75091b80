package bridge

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	_ designer = bodSide{}
	_ planner  = bodSide{}
)

// bodPage reads the page of a list at which p is. A pass asks for what has changed
// since a second before the newest one seen, in the order of changes, and goes on
// behind the record that the ERP names: that one means the same however the list
// has shifted meanwhile. Next is empty where the list ends.
func (s bodSide) bodPage(ctx context.Context, noun string, p pass, rows int) (page []*element, next string, v verdict) {
	expressions := []string{"limit=" + strconv.Itoa(rows)}
	switch {
	case s.defect == M36 && p.Skip > 0:
		expressions = append(expressions, "offset="+strconv.Itoa(p.Skip))
	case p.Next != "":
		expressions = append(expressions, "after="+p.Next)
	}
	a := s.ask(ctx, noun, "<ID>*</ID><PublishedDate>"+s.since(p)+"</PublishedDate>", expressions...)
	switch es := a.entries(); {
	case a.before != nil:
		return nil, "", *a.before
	case a.err != nil || a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable:
		return nil, "", a.later()
	case a.unknown("nothing-found"): // Show needs a noun
		return nil, "", verdict{what: posted}
	case len(es) > 0 && es[0].word == bodRejected:
		if v = a.one(es[0]); v.code == "cursor-expired" { // whoever has to act, asking again is of no use
			v.what = refused
		}
		return nil, "", v
	case a.status/100 != 2 || a.bod == nil || a.bod.name != "Show"+noun || a.bod.attr("releaseID") != bodRelease:
		return nil, "", notRead(fmt.Sprintf("status %d, and no Show%s: %s", a.status, noun, clip(string(a.body))))
	}
	for _, c := range a.bod.at("DataArea").children() {
		if c.name == noun && c.space == bodSpace {
			page = append(page, c)
		}
	}
	if len(page) == 0 {
		return nil, "", notRead("Show" + noun + " shows none")
	}
	next, err := onBehind(a.bod)
	if err != nil {
		return nil, "", notRead(err.Error())
	}
	return page, next, verdict{what: posted}
}

// children are the elements in e; none if it is not there.
func (e *element) children() []*element {
	if e == nil {
		return nil
	}
	return e.in
}

// onBehind is the record behind which a list goes on, if the answer says that
// there is more.
func onBehind(bod *element) (next string, err error) {
	for _, status := range bod.at("DataArea", "Show").children() {
		if status = status.at("ChangeStatus"); status.said("Code") != "incomplete" {
			continue
		}
		for _, r := range status.in {
			if r.name == "Reason" && r.attr("name") == "after" {
				next = strings.TrimSpace(r.text)
			}
		}
		if next == "" {
			return "", errors.New("the list is incomplete and does not say where it goes on")
		}
	}
	return next, nil
}

// since is from when on a pass lists changes. What changed in the second that is
// asked for is not since then, and there may be others of that of the newest one.
func (s bodSide) since(p pass) string {
	at, err := time.Parse(time.RFC3339, p.Since)
	if err != nil {
		return "1970-01-01T00:00:00Z" // the first pass: whatever has changed
	}
	if s.defect != M35 && at.Unix() > 0 { // DEFECT M35: others may have changed in that second
		at = at.Add(-time.Second)
	}
	return at.Format(time.RFC3339)
}

// onward is where to go on after a page whose records have changed at these
// times.
func (s bodSide) onward(p pass, changes []string, next string, rows int) (cursor string, end bool) {
	switch q := p.saw(changes); {
	case s.defect == M36: // DEFECT M36: a row that leaves an earlier page pulls all others forward
		if rows = len(changes); next == "" {
			rows++ // that was the last page
		}
		q = p.counted(changes, rows)
		return q.String(), q.Skip == 0
	case s.defect == M35 && len(changes) > 0:
		return q.ended().String(), q.ended().Since == p.Since
	case next == "" || next == p.Next: // or it leads to where we are; the next pass comes by there
		return q.ended().String(), true
	case s.defect == M134: // DEFECT M134: a page is a list
		return q.ended().String(), true
	case s.defect == M150 && len(changes) < rows: // DEFECT M150: who gets less than asked for has got the rest
		return q.ended().String(), true
	default:
		q.Next = next
		return q.String(), false
	}
}

// bodHead is what rows of all lists have.
type bodHead struct {
	id, published string
	version       int // 0 for what was never changed
}

// seen is when the record changed, for comparing.
func (h bodHead) seen() string {
	at, err := time.Parse(time.RFC3339, h.published)
	if err != nil {
		return "" // never: it was read
	}
	return at.UTC().Truncate(time.Second).Format(time.RFC3339)
}

func headOf(e *element) (h bodHead, err error) {
	h = bodHead{id: e.written("ID"), published: e.said("PublishedDate")}
	if h.id == "" {
		return h, fmt.Errorf("list has a %s without ID", e.name)
	}
	if v := e.said("Version"); v != "" {
		if h.version, err = strconv.Atoi(v); err != nil || h.version < 0 {
			return h, fmt.Errorf("%s %s is of version %q, which is no number", e.name, clip(h.id), clip(v))
		}
	}
	if _, err := time.Parse(time.RFC3339, h.published); h.published != "" && err != nil || h.version > 0 && h.published == "" {
		return h, fmt.Errorf("%s %s was published at %q, which is no instant", e.name, clip(h.id), clip(h.published))
	}
	return h, nil
}

// written is the text of an element as it is written, with the blanks around it.
func (e *element) written(path ...string) string {
	if e = e.at(path...); e == nil {
		return ""
	}
	return e.text
}

// bodRows reads a page of a list.
func bodRows[T any](ctx context.Context, s bodSide, noun, at string, rows int, of func(bodHead, *element) (T, error)) (page []T, next string, end bool, v verdict) {
	p := passFrom(at)
	found, after, v := s.bodPage(ctx, noun, p, rows)
	if v.what != posted {
		return nil, at, true, v
	}
	var changes []string
	for _, e := range found {
		h, err := headOf(e)
		if err != nil {
			return nil, at, true, notRead(err.Error())
		}
		one, err := of(h, e)
		if err != nil {
			return nil, at, true, notRead(err.Error())
		}
		page, changes = append(page, one), append(changes, h.seen())
	}
	next, end = s.onward(p, changes, after, rows)
	return page, next, end, v
}

// materials reads material definitions as they were changed.
func (s bodSide) materials(ctx context.Context, at string, rows int) ([]listedMaterial, string, bool, verdict) {
	return bodRows(ctx, s, "MaterialDefinition", at, rows, bodMaterial)
}

// bodMaterial is a material definition as a row of a list.
func bodMaterial(h bodHead, e *element) (listedMaterial, error) {
	m := listedMaterial{ID: h.id, Version: h.version, Changed: h.published, Description: e.written("Description")}
	said := map[string]bool{}
	for _, p := range e.in {
		if p.name != "MaterialDefinitionProperty" {
			continue
		}
		id, value := p.said("ID"), p.written("Value", "ValueString")
		if said[id] {
			return m, fmt.Errorf("material %s says %s twice", clip(m.ID), clip(id))
		}
		said[id] = true
		var err error
		switch id {
		case "Revision":
			m.Revision = value
		case "Unit":
			m.Unit = value
		case "Decimals":
			m.Decimals, err = strconv.Atoi(value)
		case "Lots":
			m.Lots, err = strconv.ParseBool(value)
		case "Serials":
			m.Serials, err = strconv.ParseBool(value)
		case "Retired":
			m.Retired, err = strconv.ParseBool(value)
		case "AlternativeUnits":
			m.Units, err = alternatives(p)
		}
		if err != nil || m.Decimals < 0 {
			return m, fmt.Errorf("material %s has the property %s of %q", clip(m.ID), id, clip(value))
		}
	}
	if m.Unit == "" {
		return m, fmt.Errorf("material %s has no unit", clip(m.ID))
	}
	return m, nil
}

// alternatives are the units of a material besides its own.
func alternatives(p *element) (all []struct{ Unit, Factor string }, err error) {
	for _, v := range p.in {
		if v.name != "Value" {
			continue
		}
		u := struct{ Unit, Factor string }{v.written("UnitOfMeasure"), v.said("ValueString")}
		if _, ok := factor(u.Factor); !ok || u.Unit == "" {
			return nil, fmt.Errorf("unit %q of %q", u.Unit, u.Factor)
		}
		all = append(all, u)
	}
	return all, nil
}

// bills reads bills of material as they were changed.
func (s bodSide) bills(ctx context.Context, at string, rows int) ([]listedRow, string, bool, verdict) {
	return bodRows(ctx, s, "OperationsMaterialBill", at, rows, announcing("boms", kindBill, asBill))
}

// routings reads standard routings as they were changed.
func (s bodSide) routings(ctx context.Context, at string, rows int) ([]listedRow, string, bool, verdict) {
	return bodRows(ctx, s, "OperationsDefinition", at, rows, announcing("routings", kindRouting, asRouting))
}

// centers reads work centers as they were changed.
func (s bodSide) centers(ctx context.Context, at string, rows int) ([]listedRow, string, bool, verdict) {
	return bodRows(ctx, s, "Equipment", at, rows, announcing("work-centers", kindCenter, asCenter))
}

// calendars reads calendars as they were changed.
func (s bodSide) calendars(ctx context.Context, at string, rows int) ([]listedRow, string, bool, verdict) {
	return bodRows(ctx, s, "WorkCalendarDefinition", at, rows, announcing("calendars", kindCalendar, asCalendar))
}

// announcing makes of rows what an announcement would have said of them, which
// is the same noun: all that it says passes through as it was written. Fit puts
// right what Show says in another place.
func announcing(name, kind string, fit func(*element) error) func(bodHead, *element) (listedRow, error) {
	return func(h bodHead, e *element) (listedRow, error) {
		if h.version == 0 { // it is not told, so that nobody minds what it looks like
			return listedRow{ID: h.id}, nil
		}
		if err := fit(e); err != nil {
			return listedRow{}, fmt.Errorf("%s %s: %w", e.name, clip(h.id), err)
		}
		form, err := e.json("DataArea")
		if err != nil {
			return listedRow{}, fmt.Errorf("%s %s: %w", e.name, clip(h.id), err)
		}
		event := kind + "/" + h.id + "/" + strconv.Itoa(h.version)
		body, err := json.Marshal(object{"Sync" + e.name: object{
			"@releaseID":      bodRelease,
			"ApplicationArea": object{"Sender": object{"LogicalID": "lid://bridge", "TaskID": kind, "ReferenceID": event}, "CreationDateTime": h.published, "BODID": event},
			"DataArea":        object{"Sync": object{}, e.name: []any{form}},
		}})
		return listedRow{h.id, h.version, announcedFact{name, event, body}}, err
	}
}

// asBill: Show says in words for how many a bill is, which stands in it as well,
// and so it says which operation needs a component.
func asBill(e *element) error {
	e.without("Description")
	items := e.every("OperationsMaterialBillItem")
	if len(items) != 1 || items[0].said("Quantity", "QuantityString") == "" || items[0].said("Quantity", "UnitOfMeasure") == "" {
		return errors.New("it does not say for how many it is")
	}
	for i, c := range items[0].every("AssemblyBillOfMaterialItem") {
		operation, ok := strings.CutPrefix(c.written("Description"), "operation ")
		if !ok || c.written("MaterialSpecificationID") == "" || c.said("Quantity", "QuantityString") == "" || c.said("Quantity", "UnitOfMeasure") == "" {
			return fmt.Errorf("component %d has no operation, material or quantity", i+1)
		}
		c.without("Description", "ID")
		c.in = append([]*element{leaf("ID", operation+"/"+strconv.Itoa(i+1))}, c.in...)
	}
	return nil
}

// asRouting: the duration of an operation is that of a piece, which is a
// parameter where routings are announced.
func asRouting(e *element) error {
	e.without("Description")
	operations := e.every("OperationsSegment")
	if len(operations) == 0 {
		return errors.New("it has no operations")
	}
	for _, o := range operations {
		if o.written("ID") == "" || o.written("EquipmentSpecification", "EquipmentID") == "" {
			return errors.New("an operation has no ID or no work center")
		}
		cycle := o.said("Duration")
		if o.without("Duration"); cycle == "" {
			continue
		}
		if !spanned.MatchString(cycle) {
			return fmt.Errorf("operation %s lasts %q, which is no duration such as PT90S", clip(o.said("ID")), clip(cycle))
		}
		o.in = append(o.in, branch("ParameterSpecification", leaf("ID", "Cycle"), branch("Value", leaf("ValueString", cycle), leaf("DataType", "duration"))))
	}
	return nil
}

// spanned is a duration of hours, minutes and seconds.
var spanned = regexp.MustCompile(`^PT(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?$`)

// asCenter: a work center is shown as it is announced.
func asCenter(e *element) error {
	if level := e.said("EquipmentLevel"); level != "WorkCenter" {
		return fmt.Errorf("it is no work center, but %q", clip(level))
	}
	return nil
}

// asCalendar: how long a shift lasts is announced in hours and minutes.
func asCalendar(e *element) error {
	zone := slices.ContainsFunc(e.every("WorkCalendarDefinitionProperty"), func(p *element) bool { return p.said("ID") == "Zone" && p.said("Value", "ValueString") != "" })
	shifts := e.every("WorkCalendarDefinitionEntry")
	if len(shifts) == 0 || !zone {
		return errors.New("it has no entry or no zone")
	}
	for _, s := range shifts {
		rule, d := s.at("DurationRule"), time.Duration(0)
		if rule != nil && spanned.MatchString(strings.TrimSpace(rule.text)) {
			d, _ = time.ParseDuration(strings.ToLower(strings.TrimPrefix(strings.TrimSpace(rule.text), "PT"))) // 0 if it says nothing
		}
		if d <= 0 || d > 24*time.Hour || d%time.Minute != 0 || s.said("RecurrenceTime") == "" {
			return fmt.Errorf("shift %s does not say when it is, in minutes up to a day: %q", clip(s.said("ID")), clip(cmp.Or(s.said("DurationRule"), s.said("RecurrenceTime"))))
		}
		rule.text = lasting(d)
	}
	return nil
}

// every is the elements of a name right in e.
func (e *element) every(name string) (found []*element) {
	for _, c := range e.in {
		if c.name == name {
			found = append(found, c)
		}
	}
	return found
}

// without takes elements out of e.
func (e *element) without(names ...string) {
	e.in = slices.DeleteFunc(e.in, func(c *element) bool { return slices.Contains(names, c.name) })
}

func leaf(name, text string) *element { return &element{space: bodSpace, name: name, text: text} }

func branch(name string, in ...*element) *element {
	return &element{space: bodSpace, name: name, in: in}
}
