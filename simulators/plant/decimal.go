package plant

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// Decimal is an exact amount in millionths: Decimal(1_500_000) is 1.5.
// Sums and comparisons are those of integers, so nothing is ever rounded by
// accident. The range is about ±9.2 × 10¹² with six decimals.
type Decimal int64

// decimals is how many digits after the point a Decimal keeps.
const decimals = 6

// One is the Decimal 1.
const One Decimal = 1_000_000

// Whole returns n as a Decimal.
func Whole(n int64) Decimal { return Decimal(n) * One }

// ParseDecimal reads an optionally signed plain decimal such as "12", "-0.5"
// or "12.500". It refuses exponents, thousands separators, decimal commas,
// blanks, more than 12 digits before the point and more than 6 significant
// digits after it: an interface that rounds silently is a defect, not a help.
func ParseDecimal(s string) (Decimal, error) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	if whole == "" || (point && fraction == "") || !allDigits(whole) || !allDigits(fraction) {
		return 0, fmt.Errorf("%q is not a plain decimal number", clip(s))
	}
	whole = strings.TrimLeft(whole, "0")
	fraction = strings.TrimRight(fraction, "0")
	if len(whole) > 12 {
		return 0, fmt.Errorf("%q has more than 12 digits before the point", clip(s))
	}
	if len(fraction) > decimals {
		return 0, fmt.Errorf("%q has more than %d digits after the point", clip(s), decimals)
	}
	fraction += strings.Repeat("0", decimals-len(fraction))
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a plain decimal number", clip(s))
	}
	if negative {
		n = -n
	}
	return Decimal(n), nil
}

// MustDecimal is ParseDecimal for constants in code; it panics on a mistake.
func MustDecimal(s string) Decimal {
	d, err := ParseDecimal(s)
	if err != nil {
		panic(err)
	}
	return d
}

// String writes d without trailing zeros: "12.5", "-3", "0".
func (d Decimal) String() string {
	sign, u := "", uint64(d)
	if d < 0 {
		sign, u = "-", -u
	}
	whole, fraction := u/uint64(One), u%uint64(One)
	if fraction == 0 {
		return sign + strconv.FormatUint(whole, 10)
	}
	f := strconv.FormatUint(fraction+uint64(One), 10)[1:]
	return sign + strconv.FormatUint(whole, 10) + "." + strings.TrimRight(f, "0")
}

// Add returns d + e, held at the ends of the range instead of wrapping.
func (d Decimal) Add(e Decimal) Decimal {
	s := d + e
	switch {
	case d > 0 && e > 0 && s < 0:
		return math.MaxInt64
	case d < 0 && e < 0 && s >= 0:
		return math.MinInt64
	}
	return s
}

// Sub returns d - e, held at the ends of the range.
func (d Decimal) Sub(e Decimal) Decimal {
	if e == math.MinInt64 {
		return d.Add(math.MaxInt64)
	}
	return d.Add(-e)
}

// Times returns d × n, held at the ends of the range.
func (d Decimal) Times(n int64) Decimal {
	const half = 1 << 31 // what is shorter than this cannot overflow, and needs no arithmetic of any length
	if d > -half && d < half && n > -half && n < half {
		return d * Decimal(n)
	}
	switch n { // amounts are longer, and mostly counted once or not at all
	case 0:
		return 0
	case 1:
		return d
	}
	p := new(big.Int).Mul(big.NewInt(int64(d)), big.NewInt(n))
	switch {
	case p.IsInt64():
		return Decimal(p.Int64())
	case p.Sign() > 0:
		return math.MaxInt64
	}
	return math.MinInt64
}

// MarshalText writes d as [Decimal.String] does, so that JSON carries it as a
// string and no reader turns it into a float.
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what [ParseDecimal] accepts.
func (d *Decimal) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDecimal(string(b))
	return err
}

// Factor is an exact conversion: 1 of the alternative unit is Num/Den of the
// base unit. A carton of 12 pieces is {12, 1}; a piece sold by the third of
// a kilogram is {1, 3}.
type Factor struct {
	Num int64 `json:"num"`
	Den int64 `json:"den"`
}

// Apply converts d by f. Exact is false if the result had to be rounded (half
// away from zero) to the millionth; it fails if f is not positive or the
// result is out of range.
func (f Factor) Apply(d Decimal) (result Decimal, exact bool, err error) {
	if f.Num <= 0 || f.Den <= 0 {
		return 0, false, fmt.Errorf("conversion factor %d/%d is not positive", f.Num, f.Den)
	}
	negative, u := d < 0, uint64(d)
	if negative {
		u = -u
	}
	hi, lo := bits.Mul64(u, uint64(f.Num))
	if hi >= uint64(f.Den) {
		return 0, false, fmt.Errorf("%s × %d/%d is out of range", d, f.Num, f.Den)
	}
	q, r := bits.Div64(hi, lo, uint64(f.Den))
	if r >= uint64(f.Den)-r {
		q++
	}
	if q > math.MaxInt64 {
		return 0, false, fmt.Errorf("%s × %d/%d is out of range", d, f.Num, f.Den)
	}
	if negative {
		return -Decimal(q), r == 0, nil
	}
	return Decimal(q), r == 0, nil
}

// Inverse returns the factor that undoes f.
func (f Factor) Inverse() Factor { return Factor{f.Den, f.Num} }

// Then returns the factor that does f and then g in one step. A chain of units
// must be joined before it is applied: 0.311 × 0.0275 has seven decimals, and
// rounding it in between makes 8,553 of 8,552.5 when a million of it is asked
// for. It fails if the joined factor is out of range.
func (f Factor) Then(g Factor) (Factor, error) {
	if f.Num <= 0 || f.Den <= 0 || g.Num <= 0 || g.Den <= 0 {
		return Factor{}, fmt.Errorf("conversion factors %d/%d and %d/%d are not both positive", f.Num, f.Den, g.Num, g.Den)
	}
	joined := new(big.Rat).Mul(big.NewRat(f.Num, f.Den), big.NewRat(g.Num, g.Den))
	if !joined.Num().IsInt64() || !joined.Denom().IsInt64() {
		return Factor{}, fmt.Errorf("conversion factor %s is out of range", joined)
	}
	return Factor{joined.Num().Int64(), joined.Denom().Int64()}, nil
}

// Quantity is an exact amount in a unit of measure.
type Quantity struct {
	Amount Decimal `json:"amount"`
	Unit   Unit    `json:"unit"`
}

// String writes q as a person would: "12.5 KG".
func (q Quantity) String() string { return q.Amount.String() + " " + string(q.Unit) }

// Of returns n of unit.
func Of(n int64, unit Unit) Quantity { return Quantity{Whole(n), unit} }

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// clip keeps hostile input out of error messages.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
