package d365

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// number is a Real: a JSON number, of at most six decimals.
type number plant.Decimal

// UnmarshalJSON implements [json.Unmarshaler].
func (r *number) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '-' && (b[0] < '0' || b[0] > '9') || len(b) > 40 {
		return fmt.Errorf("%s is not a number", clip(string(b)))
	}
	text := string(b)
	if strings.ContainsAny(text, "eE") {
		if _, exp, _ := strings.Cut(strings.ToLower(text), "e"); len(strings.TrimLeft(exp, "+-0")) > 2 {
			return fmt.Errorf("%s is out of range", clip(text))
		}
		f, ok := new(big.Rat).SetString(text)
		if !ok {
			return fmt.Errorf("%s is not a number", clip(text))
		}
		if text = f.FloatString(6); new(big.Rat).Sub(f, rat(text)).Sign() != 0 {
			return fmt.Errorf("%s has more than six decimals", clip(string(b)))
		}
	}
	d, err := plant.ParseDecimal(text)
	if err != nil {
		return err
	}
	*r = number(d)
	return nil
}

func rat(text string) *big.Rat {
	f, _ := new(big.Rat).SetString(text) // was written as a decimal
	return f
}

// MarshalJSON implements [json.Marshaler].
func (r number) MarshalJSON() ([]byte, error) { return []byte(plant.Decimal(r).String()), nil }

// amount is a quantity as a message says it.
func amount(d plant.Decimal) *number {
	r := number(d)
	return &r
}

// quantity is what r says in that unit, nothing if r is nil.
func (r *number) quantity(unit string) plant.Quantity {
	if r == nil || *r == 0 {
		return plant.Quantity{}
	}
	return plant.Quantity{Amount: plant.Decimal(*r), Unit: plant.Unit(unit)}
}

// Hours and durations. A Real of hours has six decimals, which is enough for
// whole seconds.

func hours(d time.Duration) *number {
	if d == 0 {
		return nil
	}
	ms := new(big.Int).Mul(big.NewInt(int64(d/time.Second)), big.NewInt(int64(plant.One)))
	ms.Add(ms, big.NewInt(1800)).Div(ms, big.NewInt(3600)) // to the nearest
	r := number(ms.Int64())
	return &r
}

func (r *number) duration() time.Duration {
	if r == nil {
		return 0
	}
	s := new(big.Int).Mul(big.NewInt(int64(*r)), big.NewInt(3600))
	s.Add(s, big.NewInt(int64(plant.One)/2)).Div(s, big.NewInt(int64(plant.One)))
	if !s.IsInt64() || s.Int64() > int64(1<<63-1)/int64(time.Second) {
		return 1<<63 - 1
	}
	return time.Duration(s.Int64()) * time.Second
}

// date is a Date: a day, or midnight of one.
type date string

const day = "2006-01-02"

// UnmarshalJSON implements [json.Unmarshaler].
func (d *date) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("%s is not a date such as \"2026-02-03\"", clip(string(b)))
	}
	text, rest, timed := strings.Cut(s, "T")
	if _, err := time.Parse(day, text); err != nil || timed && strings.Trim(rest, "0:.Z") != "" {
		return fmt.Errorf("%q is not a date such as 2026-02-03", clip(s))
	}
	*d = date(text)
	return nil
}

// dayOf is the day on which something happened, where it did.
func dayOf(t time.Time) date {
	if t.IsZero() {
		return ""
	}
	return date(t.Format(day))
}

// instant is a DateTime, always in UTC.
type instant struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler]. What says no offset is UTC.
func (i *instant) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("%s is not a time such as \"2026-02-03T06:00:00Z\"", clip(string(b)))
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(form, s); err == nil {
			i.Time = t.UTC()
			return nil
		}
	}
	return fmt.Errorf("%q is not a time such as 2026-02-03T06:00:00Z", clip(s))
}

// MarshalJSON implements [json.Marshaler].
func (i instant) MarshalJSON() ([]byte, error) {
	return []byte(`"` + i.UTC().Format("2006-01-02T15:04:05.9999999Z") + `"`), nil
}

func instantOf(t time.Time) *instant {
	if t.IsZero() {
		return nil
	}
	return &instant{t}
}

// word is a value of an enumeration, spelled as it is named. One that is
// extensible may have been given further names.
type word string

// one reports an error if w is said and not among names.
func (w word) one(names ...string) error {
	if w != "" && !slices.Contains(names, string(w)) {
		return fmt.Errorf("%q is not one of %s", clip(string(w)), strings.Join(names, ", "))
	}
	return nil
}

func yesNo(b bool) word {
	if b {
		return "Yes"
	}
	return "No"
}

// operationNumber is the number of an operation, "0010" being 10.
func operationNumber(id plant.OperationID) (*int, error) {
	n := 0
	for _, c := range id {
		if c < '0' || c > '9' || n > 1e8 {
			return nil, fmt.Errorf("operation %q is not a number", clip(string(id)))
		}
		n = n*10 + int(c-'0')
	}
	if id == "" || operationID(n) != id {
		return nil, fmt.Errorf("operation %q is not a number of four digits, which is all that OperationNumber says", clip(string(id)))
	}
	return &n, nil
}

func operationID(n int) plant.OperationID { return plant.OperationID(fmt.Sprintf("%04d", n)) }

// strict decodes one JSON value and nothing behind it.
func strict(b []byte, into any, unknown Unknown) error {
	if !json.Valid(b) {
		return json.Unmarshal(b, into) // whose error says where
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if unknown != Ignored {
		d.DisallowUnknownFields()
	}
	if err := d.Decode(into); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}
