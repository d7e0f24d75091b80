package kpi

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// A Value is one exact figure. The set is closed: see the kinds below.
type Value interface {
	// Text is the figure as a plain decimal number of its unit, or as "n/of".
	Text() string
	// Unit is what Text counts; "" for things.
	Unit() string
	// Clock is whose time it is: "wall" or "plant"; "" if it is no time.
	Clock() string
	// String is the figure with its unit, for people.
	String() string
}

// Wall is a stretch of the SUT's time. It is no [Plant]: the compiler keeps
// the two from being added or compared.
type Wall time.Duration

// Plant is a stretch of the plant's time, which passes as fast as the run
// lets it.
type Plant time.Duration

// Count is a number of things.
type Count int

// Share is so many out of so many.
type Share struct{ N, Of int }

// Amount is a quantity of goods.
type Amount struct{ plant.Quantity }

// Exposure is how much was wrong times how long it was, in wall time: 5 EA
// that were wrong for 2 s are 10 EA·s.
type Exposure struct{ plant.Quantity }

// Ratio is the exact quotient of two like things; the zero Ratio is 0.
type Ratio struct{ r big.Rat }

// NewRatio returns n/of; of must not be zero.
func NewRatio(n, of int64) (r Ratio) {
	r.r.SetFrac64(n, of)
	return r
}

// Apart is how far two ratios are from each other.
func (v Ratio) Apart(w Ratio) (d Ratio) {
	d.r.Sub(&v.r, &w.r)
	d.r.Abs(&d.r)
	return d
}

// Exceeds reports whether v is the larger one.
func (v Ratio) Exceeds(w Ratio) bool { return v.r.Cmp(&w.r) > 0 }

// Text of a Wall is in milliseconds, that of a Plant in seconds.
func (v Wall) Text() string { return number(int64(v), int64(time.Millisecond)) }

func (v Plant) Text() string    { return number(int64(v), int64(time.Second)) }
func (v Count) Text() string    { return strconv.Itoa(int(v)) }
func (v Share) Text() string    { return fmt.Sprintf("%d/%d", v.N, v.Of) }
func (v Amount) Text() string   { return v.Amount.String() }
func (v Exposure) Text() string { return v.Amount.String() }
func (v Ratio) Text() string    { return v.r.FloatString(4) }

func (Wall) Unit() string       { return "ms" }
func (Plant) Unit() string      { return "s" }
func (Count) Unit() string      { return "" }
func (Share) Unit() string      { return "share" }
func (v Amount) Unit() string   { return string(v.Quantity.Unit) }
func (v Exposure) Unit() string { return string(v.Quantity.Unit) + "·s" }
func (Ratio) Unit() string      { return "ratio" }

func (Wall) Clock() string     { return "wall" }
func (Plant) Clock() string    { return "plant" }
func (Count) Clock() string    { return "" }
func (Share) Clock() string    { return "" }
func (Amount) Clock() string   { return "" }
func (Exposure) Clock() string { return "wall" }
func (Ratio) Clock() string    { return "" }

func (v Wall) String() string     { return span(time.Duration(v)) }
func (v Plant) String() string    { return span(time.Duration(v)) }
func (v Count) String() string    { return strconv.Itoa(int(v)) }
func (v Amount) String() string   { return v.Quantity.String() }
func (v Exposure) String() string { return v.Amount.String() + " " + v.Unit() }
func (v Ratio) String() string    { return v.r.FloatString(2) }

// String writes a share so that 999 of 1000 never reads as all of them.
func (v Share) String() string {
	if v.Of == 0 {
		return "0 of 0"
	}
	permille := int64(v.N) * 1000 / int64(v.Of) // rounded down
	percent := strconv.FormatInt(permille/10, 10)
	if v.N != v.Of && v.N != 0 {
		percent += "." + strconv.FormatInt(permille%10, 10)
	}
	return fmt.Sprintf("%s %% (%d of %d)", percent, v.N, v.Of)
}

// number writes n/unit as a decimal number with at most three digits after
// the point; what is finer is cut off.
func number(n, unit int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	whole, rest := n/unit, n%unit
	milli := rest * 1000 / unit
	if milli == 0 {
		return sign + strconv.FormatInt(whole, 10)
	}
	return sign + strconv.FormatInt(whole, 10) + "." + strings.TrimRight(fmt.Sprintf("%03d", milli), "0")
}

// span writes a duration as people read it, with three digits that matter:
// "0.412 ms", "35.2 ms", "1.25 s", "12 min 05 s", "7 h 30 min".
func span(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	switch {
	case d == 0:
		return "0 s"
	case d < time.Second:
		return sign + three(d, time.Millisecond) + " ms"
	case d < time.Minute:
		return sign + three(d, time.Second) + " s"
	case d < time.Hour:
		return fmt.Sprintf("%s%d min %02d s", sign, d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%s%d h %02d min", sign, d/time.Hour, d%time.Hour/time.Minute)
}

// three writes d/unit, which is below 1000, cut to three digits that matter
// but no finer than a thousandth.
func three(d, unit time.Duration) string {
	digits := 2
	switch whole := d / unit; {
	case whole >= 100:
		digits = 0
	case whole >= 10:
		digits = 1
	case whole == 0:
		digits = 3
	}
	s := fmt.Sprintf("%d.%03d", d/unit, d%unit*1000/unit)
	if digits == 0 {
		return s[:len(s)-4]
	}
	return s[:len(s)-3+digits]
}
