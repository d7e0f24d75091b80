package rewording

import (
	"strconv"
	"strings"

	"github.com/andon-rig/andon/chaos"
)

// notation writes a number in another notation; "" if how is none.
func notation(number string, how chaos.Drift) string {
	switch how {
	case chaos.DriftComma:
		return comma(number)
	case chaos.DriftExponent:
		return exponent(number)
	case chaos.DriftManyDecimals:
		return decimals(number) + "00000000001"
	case chaos.DriftNegative:
		return "-" + number
	}
	return ""
}

// comma writes 12.5 as 12,5, and 12 as 12,0.
func comma(number string) string { return strings.Replace(decimals(number), ".", ",", 1) }

// exponent writes 12.5 as 125E-1, which is the same number.
func exponent(number string) string {
	whole, fraction, _ := strings.Cut(number, ".")
	if fraction == "" {
		return whole + "E0"
	}
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		digits = "0"
	}
	return digits + "E-" + strconv.Itoa(len(fraction))
}

// decimals makes sure that a number has a point.
func decimals(number string) string {
	if strings.Contains(number, ".") {
		return number
	}
	return number + ".0"
}
