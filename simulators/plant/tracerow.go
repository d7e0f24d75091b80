package plant

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// row reads one record and keeps it unless something makes it unusable.
func (t *traceReader) row(line int, record []string) {
	for _, f := range record {
		if !utf8.ValidString(f) {
			t.note(line, RowLeftOut, "not UTF-8")
			return
		}
		if len(f) > maxTraceField {
			t.note(line, RowLeftOut, "a field of %d characters", len(f))
			return
		}
	}
	key := strings.Join(record, "\x00")
	if first, ok := t.seen[key]; ok {
		t.note(line, RowLeftOut, "exact duplicate of line %d", first)
		return
	}
	t.seen[key] = line
	field := func(column string) string {
		at, ok := t.place[column]
		if !ok || at >= len(record) {
			return ""
		}
		return strings.TrimSpace(record[at])
	}
	r := traceRow{
		line: line, order: field("order"), operation: field("operation"), center: field("workCenter"),
		operator: PersonID(field("operator")), item: ItemID(field("item")), reason: field("reason"), unit: Unit(field("unit")),
	}
	if r.unit == "" {
		r.unit = "EA"
	}
	good := t.keys(&r) && t.times(&r, field) && t.quantities(&r, field)
	if !good {
		return
	}
	t.resource(&r)
	t.suspect(&r, field)
	t.rows = append(t.rows, r)
}

func (t *traceReader) keys(r *traceRow) bool {
	ok := true
	for _, k := range []struct{ name, value string }{{"order", r.order}, {"operation", r.operation}} {
		if k.value == "" {
			t.note(r.line, RowLeftOut, "missing key: %s", k.name)
			ok = false
		}
	}
	return ok
}

func (t *traceReader) times(r *traceRow, field func(string) string) bool {
	ok := true
	for _, x := range []struct {
		name string
		to   *time.Time
	}{{"start", &r.start}, {"end", &r.end}} {
		s := field(x.name)
		if s == "" {
			t.note(r.line, RowLeftOut, "missing key: %s", x.name)
			ok = false
			continue
		}
		at, err := t.parseTime(s)
		if err != nil {
			t.note(r.line, RowLeftOut, "%s: %v", x.name, err)
			ok = false
		}
		*x.to = at
	}
	if ok && r.start.After(r.end) {
		t.note(r.line, RowLeftOut, "start after end")
		ok = false
	}
	return ok
}

func (t *traceReader) parseTime(s string) (time.Time, error) {
	layouts := isoLayouts
	if t.config.DateLayout != "" {
		layouts = []string{t.config.DateLayout}
	}
	for _, layout := range layouts {
		at, err := time.ParseInLocation(layout, s, t.trace.zone)
		if err == nil && at.Year() > 1900 && at.Year() < 2200 {
			return at.In(t.trace.zone), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time", clip(s))
}

func (t *traceReader) quantities(r *traceRow, field func(string) string) bool {
	ok := true
	for _, x := range []struct {
		name string
		to   *Decimal
	}{{"good", &r.good}, {"rejected", &r.rejected}, {"quantity", &r.quantity}} {
		d, err := t.parseQuantity(field(x.name))
		switch {
		case err != nil:
			t.note(r.line, RowLeftOut, "malformed quantity: %s: %v", x.name, err)
			ok = false
		case d < 0:
			t.note(r.line, RowLeftOut, "negative quantity: %s %s", x.name, d)
			ok = false
		}
		*x.to = d
	}
	if !ok {
		return false
	}
	known, found := t.units[r.order]
	if !found {
		t.units[r.order] = traceUnit{r.unit, r.line}
	} else if known.unit != r.unit {
		t.note(r.line, RowLeftOut, "unit %s, but order %s is in %s since line %d", clip(string(r.unit)), clip(r.order), clip(string(known.unit)), known.line)
		return false
	}
	return true
}

// parseQuantity reads a quantity; an empty one is zero.
func (t *traceReader) parseQuantity(s string) (Decimal, error) {
	if s == "" {
		return 0, nil
	}
	if t.config.Decimal == "," {
		if strings.Contains(s, ".") {
			return 0, fmt.Errorf("%q has a point where a comma is the decimal sign", clip(s))
		}
		s = strings.Replace(s, ",", ".", 1)
	}
	return ParseDecimal(s)
}

// resource reports work centers that nobody declared, and takes one that is
// spelled like a known one, but for blanks and case, for that one.
func (t *traceReader) resource(r *traceRow) {
	if r.center == "" {
		return
	}
	known, ok := t.spelling[fold(r.center)]
	switch {
	case ok && known != r.center:
		t.note(r.line, RowUsed, "unknown resource: %q is taken for %q", clip(r.center), clip(known))
		r.center = known
	case !ok && len(t.config.Resources) > 0:
		t.note(r.line, RowUsed, "unknown resource: %q is not listed", clip(r.center))
	case !ok:
		t.spelling[fold(r.center)] = r.center
	}
}

// suspect reports what looks typed by somebody in a hurry.
func (t *traceReader) suspect(r *traceRow, field func(string) string) {
	length := r.end.Sub(r.start)
	if hour, minute, second := r.start.Clock(); hour == 0 && minute == 0 && second == 0 {
		t.note(r.line, RowUsed, "midnight default: starts at 00:00:00")
	}
	if length == time.Hour {
		t.note(r.line, RowUsed, "60-minute default: lasts exactly an hour")
	}
	if s := field("span"); s != "" {
		span, err := t.parseQuantity(s)
		minutes := Decimal(length.Microseconds() / 60)
		if err != nil || span-minutes > One || minutes-span > One {
			t.note(r.line, RowUsed, "wrong sum: span %s, but end minus start is %s minutes", clip(s), minutes)
		}
	}
	if s := field("total"); s != "" {
		if total, err := t.parseQuantity(s); err != nil || total != r.good.Add(r.rejected) {
			t.note(r.line, RowUsed, "wrong sum: total %s, but good and rejected are %s", clip(s), r.good.Add(r.rejected))
		}
	}
}

// overlaps reports rows that begin before an earlier one of the same resource
// has ended.
func (t *traceReader) overlaps(what string, resource func(*traceRow) string) {
	by := map[string][]*traceRow{}
	for i := range t.rows {
		if name := resource(&t.rows[i]); name != "" {
			by[name] = append(by[name], &t.rows[i])
		}
	}
	for name, rows := range by {
		slices.SortStableFunc(rows, func(a, b *traceRow) int { return a.start.Compare(b.start) })
		last := rows[0]
		for _, r := range rows[1:] {
			if r.start.Before(last.end) {
				t.note(r.line, RowUsed, "overlaps line %d on %s %s", last.line, what, clip(name))
			}
			if r.end.After(last.end) {
				last = r
			}
		}
	}
}
