package neutral

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// one reads an array of exactly one string.
func (r *reader) one() (s string) {
	r.only(func() { s = r.text() })
	return s
}

// first reads the first string of an array; the others are tolerated.
func (r *reader) first() (s string) {
	r.array(func(i int) {
		if i > 0 {
			r.skip()
			return
		}
		s = r.text()
	})
	return s
}

// instant reads an RFC 3339 instant and keeps its offset, but not the name of
// the zone that the rig's own machine may happen to share.
func (r *reader) instant() (t time.Time) {
	s := r.text()
	if r.err != nil {
		return t
	}
	// time.Parse also takes a comma and an hour of one digit.
	if err := t.UnmarshalText([]byte(s)); err != nil || s[13] != ':' || strings.IndexByte(s, ',') >= 0 {
		r.fail("%q is not an instant with an offset (RFC 3339)", clip(s))
		return time.Time{}
	}
	_, offset := t.Zone()
	if offset == 0 {
		return t.UTC()
	}
	return t.In(time.FixedZone("", offset))
}

// maxCount bounds counters, versions and priorities.
const maxCount = 999_999_999

// count reads a whole number, written as a string or a number.
func (r *reader) count() int {
	if r.err != nil {
		return 0
	}
	if c := r.peek(); c >= '0' && c <= '9' || c == '-' {
		return r.asCount(string(r.number()))
	}
	return r.asCount(r.text())
}

func (r *reader) asCount(s string) int {
	n, err := strconv.Atoi(s)
	if r.err == nil && (err != nil || n > maxCount || s[0] < '0') { // a sign is below the digits
		r.fail("%q is not a whole number from 0 to %d", clip(s), maxCount)
		return 0
	}
	return n
}

func (r *reader) asBool(s string) bool {
	if s != "true" && s != "false" {
		r.fail("%q is neither true nor false", clip(s))
	}
	return s == "true"
}

// quantity reads an array of one B2MML quantity.
func (r *reader) quantity() (q plant.Quantity) {
	number, unit := r.measure()
	if r.err != nil {
		return q
	}
	d, err := plant.ParseDecimal(number)
	switch {
	case err != nil:
		r.failAt("[0].QuantityString", "%v", err)
	case d < 0 || number[0] == '-':
		r.failAt("[0].QuantityString", "%s is negative", number)
	}
	return plant.Quantity{Amount: d, Unit: plant.Unit(unit)}
}

// measure reads the two parts of a quantity, both of which are needed.
func (r *reader) measure() (number, unit string) {
	r.only(func() {
		r.object(func(name []byte) {
			switch string(name) {
			case "QuantityString":
				number = r.text()
			case "UnitOfMeasure":
				unit = r.text()
			default:
				r.skip()
			}
		})
		r.need("QuantityString", number != "")
		r.need("UnitOfMeasure", unit != "")
	})
	return number, unit
}

// need fails if a member that is needed was not read.
func (r *reader) need(below string, read bool) {
	if !read {
		r.failAt(below, "is missing")
	}
}

// use reads MaterialUse: a word, or Other with a word of one's own.
func (r *reader) use() (use string) {
	if r.err != nil || r.peek() != '{' {
		return r.text()
	}
	other := ""
	r.object(func(name []byte) {
		switch string(name) {
		case "$":
			use = r.text()
		case "@OtherValue":
			other = r.text()
		default:
			r.skip()
		}
	})
	r.need("$", use != "")
	if use == "Other" && other != "" {
		return other
	}
	return use
}

// A property is a named statement; values are in the reader's own scratch.
type property struct {
	id     string
	values []value
}

type value struct{ text, unit string }

// properties reads statements of the form {"ID", "Value": […]} and hands over
// each, with the reader still standing at it.
func (r *reader) properties(each func(p property)) {
	var seen [8]string
	ids := seen[:0]
	var scratch [2]value
	r.array(func(int) {
		p := property{values: scratch[:0]}
		r.object(func(name []byte) {
			switch string(name) {
			case "ID":
				p.id = r.text()
			case "Value":
				r.array(func(int) { p.values = append(p.values, r.value()) })
			default:
				r.skip()
			}
		})
		r.need("ID", p.id != "")
		for _, id := range ids {
			if id == p.id {
				r.fail("%q is given twice", clip(id))
			}
		}
		if len(ids) >= maxMembers {
			r.fail("more than %d statements", maxMembers)
		}
		ids = append(ids, p.id)
		if r.err == nil {
			each(p)
		}
	})
}

// value reads one value. Whether it is fit for use is known once the property
// is: that of an extension may be anything.
func (r *reader) value() (v value) {
	r.object(func(name []byte) {
		switch {
		case string(name) == "ValueString" && r.peek() == '"':
			v.text = r.keep(r.raw())
		case string(name) == "UnitOfMeasure" && r.peek() == '"':
			v.unit = r.keep(r.raw())
		default:
			r.skip()
		}
	})
	return v
}

// said returns the only value of p.
func (r *reader) said(p property) string {
	if len(p.values) != 1 || p.values[0].text == "" {
		r.failAt("Value", "%s must have exactly one ValueString, which is a string and not empty", clip(p.id))
		return ""
	}
	return p.values[0].text
}

// asDuration reads an ISO 8601 duration of hours, minutes and seconds.
func (r *reader) asDuration(s string) time.Duration {
	rest, ok := strings.CutPrefix(s, "PT")
	ok = ok && rest != ""
	total, ranks := time.Duration(0), "HMS"
	for ok && rest != "" {
		i := strings.IndexAny(rest, ranks)
		if i < 0 {
			ok = false
			break
		}
		unit := map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second}[rest[i]]
		d, good := multiple(rest[:i], unit)
		ok = good && total+d >= total
		total += d
		_, ranks, _ = strings.Cut(ranks, rest[i:i+1])
		rest = rest[i+1:]
	}
	if !ok {
		r.fail("%q is not a duration in hours, minutes and seconds (PT1H30M)", clip(s))
		return 0
	}
	return total
}

// multiple returns number × unit exactly; false if it is not a plain decimal,
// is too large or is finer than a nanosecond.
func multiple(number string, unit time.Duration) (time.Duration, bool) {
	whole, fraction, point := strings.Cut(number, ".")
	w, err := strconv.ParseUint(whole, 10, 63)
	if err != nil || point && fraction == "" || w > uint64(math.MaxInt64)/uint64(unit) {
		return 0, false
	}
	if fraction = strings.TrimRight(fraction, "0"); len(fraction) > 9 {
		return 0, false
	}
	total := time.Duration(w) * unit
	if fraction == "" {
		return total, true
	}
	f, err := strconv.ParseUint(fraction, 10, 63)
	if err != nil {
		return 0, false
	}
	scale := uint64(1)
	for range fraction {
		scale *= 10
	}
	part := f * (uint64(unit) / uint64(time.Second)) // ≤ 10⁹ × 3600
	ns := part * (uint64(time.Second) / scale)       // exact: scale divides 10⁹
	total += time.Duration(ns)
	return total, total >= 0
}

// labor reads the time a person worked.
func (r *reader) labor() time.Duration {
	number, unit := r.measure()
	if r.err != nil {
		return 0
	}
	scale, ok := map[string]time.Duration{"SEC": time.Second, "MIN": time.Minute, "HUR": time.Hour}[unit]
	if !ok {
		r.failAt("[0].UnitOfMeasure", "%q is none of SEC, MIN, HUR", clip(unit))
		return 0
	}
	d, ok := multiple(number, scale)
	if !ok {
		r.failAt("[0].QuantityString", "%q is not a plain decimal number of at most 9 decimals, 0 or more", clip(number))
	}
	return d
}
