package bridge

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // so that a plant's zone does not depend on the host
)

// This file holds the defects in handling values. The sound bridge passes on
// what it was told, byte for byte, and has none of it.

// disfigure is what they do to a message.
func disfigure(body []byte, d Defect) ([]byte, error) {
	var edit func(actual map[string]any)
	switch d {
	case M32: // DEFECT M32: times go through local time without offset
		return throughLocalTime(body), nil
	case M39: // DEFECT M39: not every decimal is a float
		edit = quantities(asFloat)
	case M40: // DEFECT M40: "1.005" is read where the point separates thousands
		edit = quantities(func(s string) string { return strings.ReplaceAll(s, ".", "") })
	case M72: // DEFECT M72: "1,005", as people here write it
		edit = quantities(func(s string) string { return strings.ReplaceAll(s, ".", ",") })
	case M43: // DEFECT M43: numbers lose their leading zeros
		edit = codes(func(s string) string { return strings.TrimLeft(s, "0") })
	case M45: // DEFECT M45: codes end after 18 characters
		edit = codes(func(s string) string { return s[:min(len(s), 18)] })
	case M46: // DEFECT M46: UTF-8 is taken for Latin-1
		edit = codes(misread)
	case M47:
		return editActuals(body, scrapAsGood)
	case M81:
		return hoursFromClock(body), nil
	default:
		return body, nil
	}
	return editMaterials(body, edit)
}

// quantities edits the amounts of an actual.
func quantities(edit func(string) string) func(map[string]any) {
	return func(actual map[string]any) {
		list, _ := actual["Quantity"].([]any)
		for _, q := range list {
			if m, ok := q.(map[string]any); ok {
				if text, ok := m["QuantityString"].(string); ok {
					m["QuantityString"] = edit(text)
				}
			}
		}
	}
}

// codes edits the material and lot numbers of an actual.
func codes(edit func(string) string) func(map[string]any) {
	return func(actual map[string]any) {
		for _, name := range []string{"MaterialDefinitionID", "MaterialLotID"} {
			ids, _ := actual[name].([]any)
			for i := range ids {
				if s, ok := ids[i].(string); ok {
					ids[i] = edit(s)
				}
			}
		}
	}
}

// asFloat reads a quantity as a float and writes it with two decimals.
func asFloat(text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return text
	}
	return strconv.FormatFloat(math.Trunc(f*100)/100, 'f', -1, 64)
}

// misread takes each byte for a character.
func misread(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// scrapAsGood books pieces that were lost as pieces that are good.
func scrapAsGood(actuals []any) {
	var good, bad map[string]any
	for _, a := range actuals {
		switch m, _ := a.(map[string]any); m["ID"] {
		case "yield":
			good = m
		case "scrap":
			bad = m
		}
	}
	if good == nil || bad == nil {
		return
	}
	lost := new(big.Rat)
	quantities(func(s string) string { lost.SetString(s); return "0" })(bad) // DEFECT M47: what is said under "scrap" is not looked at
	quantities(func(s string) string {
		if sum, ok := new(big.Rat).SetString(s); ok {
			return strings.TrimSuffix(strings.TrimRight(sum.Add(sum, lost).FloatString(places), "0"), ".")
		}
		return s
	})(good)
}

var (
	instants = regexp.MustCompile(`"(?:PostingDate|ActualStartTime|ActualEndTime)"\s*:\s*"([^"]+)"`)
	// plantZone is the zone of the plant that defect M32 was set up for.
	plantZone, _ = time.LoadLocation("Europe/Berlin") // embedded: cannot fail
)

// throughLocalTime writes instants as the plant's clock shows them and reads
// them again, as a table without a column for the offset does. Once a year an
// hour of clock time happens twice.
func throughLocalTime(body []byte) []byte {
	return instants.ReplaceAllFunc(body, func(member []byte) []byte {
		place := instants.FindSubmatchIndex(member)
		at, err := time.Parse(time.RFC3339Nano, string(member[place[2]:place[3]]))
		if err != nil {
			return member
		}
		const clock = "2006-01-02T15:04:05.999999999"
		back, err := time.ParseInLocation(clock, at.In(plantZone).Format(clock), plantZone)
		if err != nil || back.Equal(at) {
			return member // nothing is lost: leave it as it was said
		}
		return append(member[:place[2]:place[2]], back.Format(time.RFC3339Nano)+`"`...)
	})
}

var (
	began  = regexp.MustCompile(`"ActualStartTime"\s*:\s*"([^"]+)"`)
	ended  = regexp.MustCompile(`"ActualEndTime"\s*:\s*"([^"]+)"`)
	worked = regexp.MustCompile(`("QuantityString"\s*:\s*")[0-9.]+("[^{}]*"UnitOfMeasure"\s*:\s*"SEC")`)
)

// hoursFromClock books the time between start and end. People mind several
// orders at once, round, and accept the midnight that the form suggests.
func hoursFromClock(body []byte) []byte {
	from, to := began.FindSubmatch(body), ended.FindSubmatch(body)
	if from == nil || to == nil {
		return body
	}
	start, err := time.Parse(time.RFC3339Nano, string(from[1]))
	if err != nil {
		return body
	}
	end, err := time.Parse(time.RFC3339Nano, string(to[1]))
	if err != nil || end.Before(start) {
		return body
	}
	seconds := strconv.Itoa(int(end.Sub(start) / time.Second))
	return worked.ReplaceAll(body, []byte("${1}"+seconds+"${2}")) // DEFECT M81: the clock is not the work
}

var (
	openSince = regexp.MustCompile(`which began on (\S+)`)
	postedOn  = regexp.MustCompile(`("PostingDate"\s*:\s*")[^"]+`)
)

// datedAnew moves a message into the period that a refusal says is open.
func datedAnew(body []byte, refusal string) []byte {
	since := openSince.FindStringSubmatch(refusal)
	if since == nil {
		return body
	}
	return postedOn.ReplaceAll(body, []byte("${1}"+since[1]))
}
