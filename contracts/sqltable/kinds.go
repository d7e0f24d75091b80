package sqltable

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// A family is what values a type has, whatever a database calls it.
type family string

const (
	text    family = "text"
	whole   family = "whole number"
	decimal family = "decimal number"
	float   family = "floating-point number"
	boolean family = "flag"
	day     family = "day"
	clock   family = "time"
	instant family = "instant"
	binary  family = "bytes"
	uuid    family = "UUID"
)

// A kind is the type of a column.
type kind struct {
	family  family
	written string // "VARCHAR(40)"
	size    int    // longest text or bytes, or digits of a number in all; 0 for any
	scale   int    // digits behind the point
}

// kinds are the names of types. A whole number has as many digits as its size
// says at most; -1 takes the size from the parentheses.
var kinds = map[string]kind{
	"char": {family: text, size: -1}, "character": {family: text, size: -1}, "nchar": {family: text, size: -1}, "varchar": {family: text, size: -1}, "nvarchar": {family: text, size: -1},
	"varchar2": {family: text, size: -1}, "nvarchar2": {family: text, size: -1}, "character varying": {family: text, size: -1}, "char varying": {family: text, size: -1},
	"text": {family: text}, "ntext": {family: text}, "clob": {family: text}, "nclob": {family: text}, "longtext": {family: text}, "mediumtext": {family: text}, "json": {family: text}, "jsonb": {family: text}, "xml": {family: text},
	"tinyint": {family: whole, size: 3}, "smallint": {family: whole, size: 5}, "int2": {family: whole, size: 5}, "int": {family: whole, size: 10}, "integer": {family: whole, size: 10}, "int4": {family: whole, size: 10},
	"serial": {family: whole, size: 10}, "bigint": {family: whole, size: 19}, "int8": {family: whole, size: 19}, "bigserial": {family: whole, size: 19},
	"decimal": {family: decimal, size: -1}, "dec": {family: decimal, size: -1}, "numeric": {family: decimal, size: -1}, "number": {family: decimal, size: -1}, "money": {family: decimal, size: 19, scale: 4}, "smallmoney": {family: decimal, size: 10, scale: 4},
	"float": {family: float}, "real": {family: float}, "double": {family: float}, "double precision": {family: float}, "float4": {family: float}, "float8": {family: float}, "binary_float": {family: float}, "binary_double": {family: float},
	"bit": {family: boolean}, "bool": {family: boolean}, "boolean": {family: boolean},
	"date": {family: day}, "time": {family: clock}, "time with time zone": {family: clock}, "time without time zone": {family: clock},
	"timestamp": {family: instant}, "timestamptz": {family: instant}, "timestamp with time zone": {family: instant}, "timestamp without time zone": {family: instant}, "timestamp with local time zone": {family: instant},
	"datetime": {family: instant}, "datetime2": {family: instant}, "smalldatetime": {family: instant}, "datetimeoffset": {family: instant},
	"binary": {family: binary, size: -1}, "varbinary": {family: binary, size: -1}, "raw": {family: binary, size: -1}, "blob": {family: binary}, "bytea": {family: binary}, "image": {family: binary},
	"uuid": {family: uuid}, "uniqueidentifier": {family: uuid},
}

// limits of whole numbers by their digits.
var limits = map[int][2]json.Number{
	3: {"0", "255"}, 5: {"-32768", "32767"}, 10: {"-2147483648", "2147483647"}, 19: {"-9223372036854775808", "9223372036854775807"},
}

var (
	numberText = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$`)
	uuidText   = regexp.MustCompile(`^\{?[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\}?$`)
)

// accepts says what a value should have been, "" if it is so. Values are those
// of JSON; numbers may be written as texts, as drivers do that keep all digits.
func (k kind) accepts(v any) string {
	s, isText := v.(string)
	n, isNumber := v.(json.Number)
	if isText && (k.family == whole || k.family == decimal || k.family == float) {
		n, isNumber = json.Number(strings.TrimSpace(s)), numberText.MatchString(strings.TrimSpace(s))
	}
	switch k.family {
	case text:
		return k.texts(s, isText)
	case whole:
		if !isNumber || !wholeText(n) {
			return "a whole number"
		}
		if l := limits[k.size]; less(n, l[0]) || less(l[1], n) {
			return fmt.Sprintf("a whole number from %s to %s", l[0], l[1])
		}
	case decimal:
		if !isNumber || strings.ContainsAny(n.String(), "eE") {
			return "a decimal number"
		}
		return k.digits(n.String())
	case float:
		if !isNumber {
			return "a number"
		}
	case boolean:
		if _, ok := v.(bool); !ok && n != "0" && n != "1" && s != "0" && s != "1" {
			return "true or false, 1 or 0"
		}
	case binary:
		b, err := base64.StdEncoding.DecodeString(s)
		if !isText || err != nil {
			return "bytes in Base64"
		}
		if k.size > 0 && len(b) > k.size {
			return fmt.Sprintf("at most %d bytes", k.size)
		}
	case uuid:
		if !isText || !uuidText.MatchString(s) {
			return "a UUID"
		}
	default:
		if !isText || !parses(s, times[k.family]) {
			return map[family]string{day: "a day as 2026-02-03", clock: "a time as 08:00:00", instant: "an instant as 2026-02-03 08:00:00 or 2026-02-03T08:00:00Z"}[k.family]
		}
	}
	return ""
}

func (k kind) texts(s string, is bool) string {
	switch {
	case !is:
		return "a text"
	case k.size > 0 && utf8.RuneCountInString(s) > k.size:
		return fmt.Sprintf("at most %d characters", k.size)
	}
	return ""
}

// digits counts those of a decimal number: what is beyond would be refused
// before the point, and rounded behind it.
func (k kind) digits(s string) string {
	before, behind, _ := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	before, behind = strings.TrimLeft(before, "0"), strings.TrimRight(behind, "0")
	switch {
	case k.size == 0:
	case len(behind) > k.scale:
		return fmt.Sprintf("at most %d digits behind the point, as %s rounds", k.scale, k.written)
	case len(before) > k.size-k.scale:
		return fmt.Sprintf("at most %d digits before the point", k.size-k.scale)
	}
	return ""
}

func wholeText(n json.Number) bool { return !strings.ContainsAny(n.String(), ".eE") }

// less compares whole numbers of any length.
func less(a, b json.Number) bool {
	x, y := a.String(), b.String()
	nx, ny := strings.HasPrefix(x, "-"), strings.HasPrefix(y, "-")
	if nx != ny {
		return nx && !(strings.Trim(x, "-0") == "" && strings.Trim(y, "-0") == "")
	}
	x, y = strings.TrimPrefix(x, "-"), strings.TrimPrefix(y, "-")
	smaller := len(x) < len(y) || len(x) == len(y) && x < y
	if nx {
		return x != y && !smaller
	}
	return smaller
}

var times = map[family][]string{
	day:     {"2006-01-02"},
	clock:   {"15:04:05.999999999", "15:04:05.999999999Z07:00"},
	instant: {"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00"},
}

func parses(s string, layouts []string) bool {
	for _, l := range layouts {
		if _, err := time.Parse(l, s); err == nil {
			return true
		}
	}
	return false
}

// takes reports whether every value of w is one of r.
func (r kind) takes(w kind) bool {
	fits := func() bool { return r.size == 0 || w.size > 0 && w.size <= r.size }
	switch {
	case w.family == whole && r.family == decimal:
		return r.size == 0 || r.size-r.scale >= w.size
	case w.family == whole && r.family == float:
		return true
	case w.family != r.family:
		return false
	case r.family == whole:
		return w.size <= r.size
	case r.family == decimal:
		return r.size == 0 || w.size > 0 && w.size-w.scale <= r.size-r.scale && w.scale <= r.scale
	case r.family == text, r.family == binary:
		return fits()
	}
	return true
}
