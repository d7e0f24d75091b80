package neutral

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/andon-rig/andon/simulators/plant"
)

// writer appends compact JSON. It is used instead of encoding/json because a
// message is worded for every announcement of a load run: one allocation, and
// members in the order in which a person reads them.
type writer struct{ b []byte }

// name starts a member, or an element if key is empty. Keys are constants of
// this package and need no escaping.
func (w *writer) name(key string) {
	if n := len(w.b); n > 0 && w.b[n-1] != '{' && w.b[n-1] != '[' {
		w.b = append(w.b, ',')
	}
	if key != "" {
		w.b = append(append(append(w.b, '"'), key...), '"', ':')
	}
}

func (w *writer) object(key string) { w.name(key); w.b = append(w.b, '{') }
func (w *writer) array(key string)  { w.name(key); w.b = append(w.b, '[') }
func (w *writer) endObject()        { w.b = append(w.b, '}') }
func (w *writer) endArray()         { w.b = append(w.b, ']') }

// row opens an array of which only one element is needed.
func (w *writer) row(key string) { w.array(key); w.object("") }
func (w *writer) endRow()        { w.endObject(); w.endArray() }

func (w *writer) text(key, v string) {
	w.name(key)
	w.b = appendString(w.b, v)
}

// said writes a member unless it is empty, which means "not said".
func (w *writer) said(key, v string) {
	if v != "" {
		w.text(key, v)
	}
}

// list writes a repeatable member of one element, unless it is empty.
func (w *writer) list(key, v string) {
	if v != "" {
		w.array(key)
		w.text("", v)
		w.endArray()
	}
}

func (w *writer) number(key string, n int) {
	w.name(key)
	w.b = strconv.AppendInt(w.b, int64(n), 10)
}

// instant keeps the offset, because plant-local time is part of the fact.
func (w *writer) instant(key string, t time.Time) {
	w.name(key)
	w.b = append(w.b, '"')
	w.b = t.AppendFormat(w.b, time.RFC3339Nano)
	w.b = append(w.b, '"')
}

func (w *writer) saidInstant(key string, t time.Time) {
	if !t.IsZero() {
		w.instant(key, t)
	}
}

// amount writes a B2MML quantity; the number is a string, so that no reader
// turns it into a float.
func (w *writer) amount(q plant.Quantity) {
	w.row("Quantity")
	w.text("QuantityString", q.Amount.String())
	w.text("DataType", "decimal")
	w.said("UnitOfMeasure", string(q.Unit))
	w.endRow()
}

// property writes one named value in the form that B2MML gives segment data,
// parameters and the properties of lots and definitions.
func (w *writer) property(id, value, dataType string) {
	if value == "" {
		return
	}
	w.object("")
	w.text("ID", id)
	w.row("Value")
	w.text("ValueString", value)
	w.said("DataType", dataType)
	w.endRow()
	w.endObject()
}

const hexDigits = "0123456789abcdef"

// appendString quotes s as RFC 8259 does, escaping no more than it must.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(append(b, s[start:]...), '"')
}

// duration writes d as ISO 8601 does, in hours, minutes and seconds.
func duration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	b := make([]byte, 0, 24)
	u := uint64(d)
	if d < 0 {
		b, u = append(b, '-'), -u
	}
	b = append(b, 'P', 'T')
	if h := u / uint64(time.Hour); h > 0 {
		b = append(strconv.AppendUint(b, h, 10), 'H')
	}
	if m := u % uint64(time.Hour) / uint64(time.Minute); m > 0 {
		b = append(strconv.AppendUint(b, m, 10), 'M')
	}
	if s := u % uint64(time.Minute); s > 0 {
		b = append(appendSeconds(b, s), 'S')
	}
	return string(b)
}

// appendSeconds writes nanoseconds as decimal seconds without trailing zeros.
func appendSeconds(b []byte, ns uint64) []byte {
	b = strconv.AppendUint(b, ns/uint64(time.Second), 10)
	f := ns % uint64(time.Second)
	if f == 0 {
		return b
	}
	digits := strconv.FormatUint(f+uint64(time.Second), 10)[1:]
	for digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return append(append(b, '.'), digits...)
}

func validText(b []byte) bool { return utf8.Valid(b) }
