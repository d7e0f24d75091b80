package saps4

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// An entity is what a body says, by property: string, bool, int, plant.Decimal,
// time.Time, time.Duration, or []entity behind a navigation. What is null or
// missing is not there.
type entity map[string]any

var guidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// value reads what JSON says of a property of an Edm type.
func value(edm string, v any) (any, error) {
	text, isText := v.(string)
	switch edm {
	case "Boolean":
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, fmt.Errorf("is true or false")
	case "Int32":
		n, ok := v.(json.Number)
		if i, err := strconv.ParseInt(string(n), 10, 32); ok && err == nil {
			return int(i), nil
		}
		return nil, fmt.Errorf("is a whole number")
	}
	if !isText {
		return nil, fmt.Errorf("is a string in JSON, as every Edm.%s", edm)
	}
	switch edm {
	case "Decimal":
		d, err := plant.ParseDecimal(text)
		if err != nil {
			return nil, fmt.Errorf("%q is no decimal such as \"12.500\"", clip(text))
		}
		return d, nil
	case "DateTime", "DateTimeOffset":
		return date(text)
	case "Time":
		return timeOfDay(text)
	case "Guid":
		if !guidPattern.MatchString(text) {
			return nil, fmt.Errorf("%q is no GUID", clip(text))
		}
		return strings.ToLower(text), nil
	}
	return text, nil
}

// date reads /Date(milliseconds)/, with the offset in minutes behind them if it
// is told. Without one it is in UTC, which is the zone of the system.
func date(text string) (time.Time, error) {
	rest, begins := strings.CutPrefix(text, "/Date(")
	rest, minus := strings.CutPrefix(rest, "-")
	ms, rest, told := number(rest, 15)
	if minus {
		ms = -ms
	}
	minutes := int64(0)
	if rest != "" && (rest[0] == '+' || rest[0] == '-') {
		west, ok := rest[0] == '-', false
		if minutes, rest, ok = number(rest[1:], 4); west {
			minutes = -minutes
		}
		told = told && ok
	}
	if !begins || !told || rest != ")/" {
		return time.Time{}, fmt.Errorf("%q is no date such as \"/Date(1770076800000)/\"", clip(text))
	}
	at := time.UnixMilli(ms).UTC()
	if y := at.Year(); y < 1 || y > 9999 {
		return time.Time{}, fmt.Errorf("%q is in no year of four digits", clip(text))
	}
	if minutes != 0 {
		if minutes < -14*60 || minutes > 14*60 {
			return time.Time{}, fmt.Errorf("%q has no offset of a zone, in minutes", clip(text))
		}
		at = at.In(time.FixedZone("", int(minutes)*60))
	}
	return at, nil
}

// number takes at most so many digits off the front of text.
func number(text string, most int) (n int64, rest string, ok bool) {
	i := 0
	for ; i < len(text) && i < most && text[i] >= '0' && text[i] <= '9'; i++ {
		n = n*10 + int64(text[i]-'0')
	}
	return n, text[i:], i > 0
}

var timeParts = [...]struct {
	letter string
	unit   time.Duration
}{{"H", time.Hour}, {"M", time.Minute}, {"S", time.Second}}

// timeOfDay reads PT20H32M29S.
func timeOfDay(text string) (time.Duration, error) {
	rest, ok := strings.CutPrefix(text, "PT")
	ok = ok && rest != ""
	var d time.Duration
	for _, part := range timeParts {
		if n, after, told := number(rest, 2); told && strings.HasPrefix(after, part.letter) {
			d, rest = d+time.Duration(n)*part.unit, after[1:]
		}
	}
	if !ok || rest != "" {
		return 0, fmt.Errorf("%q is no time of day such as \"PT20H32M29S\"", clip(text))
	}
	if d > 24*time.Hour { // 24:00:00 is the end of a day
		return 0, fmt.Errorf("%q is later than the day is long", clip(text))
	}
	return d, nil
}

// appendValue writes a value as JSON says it.
func appendValue(b []byte, edm string, v any) []byte {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case plant.Decimal:
		return append(append(append(b, '"'), decimalText(v)...), '"')
	case time.Duration:
		s := int64(v / time.Second)
		return fmt.Appendf(b, `"PT%02dH%02dM%02dS"`, s/3600, s/60%60, s%60)
	case time.Time:
		b = append(b, `"/Date(`...)
		b = strconv.AppendInt(b, v.UnixMilli(), 10)
		if edm == "DateTimeOffset" {
			_, offset := v.Zone()
			b = fmt.Appendf(b, "%+05d", offset/60)
		}
		return append(b, `)/"`...)
	case string:
		return appendText(b, v)
	}
	return append(b, "null"...)
}

// decimalText writes at least three decimals, as quantities are shown, in JSON and
// in IDocs.
func decimalText(d plant.Decimal) string {
	s := d.String()
	whole, fraction, _ := strings.Cut(s, ".")
	for len(fraction) < 3 {
		fraction += "0"
	}
	return whole + "." + fraction
}

// appendText writes a JSON string.
func appendText(b []byte, s string) []byte {
	if bare(s) {
		return append(append(append(b, '"'), s...), '"')
	}
	text, err := json.Marshal(s) // a string cannot fail
	if err != nil {
		return append(b, `""`...)
	}
	return append(b, text...)
}

// bare reports whether s stands in JSON as it is, as most of what is said does.
func bare(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// stamp writes an instant in the fourteen digits of a LastChangeDateTime.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "00000000000000"
	}
	return t.UTC().Format("20060102150405")
}

// clip keeps what strangers say short.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}
