package xsd

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A moment is an instant, a day or another piece of the calendar.
type moment struct {
	seconds *big.Rat // since the year 0, as if it were in UTC
	zoned   bool
}

// compare orders two moments; known is false if one of them has no zone and
// they are too close to tell.
func (m *moment) compare(o *moment) (order int, known bool) {
	if m.zoned == o.zoned {
		return m.seconds.Cmp(o.seconds), true
	}
	far := big.NewRat(14*3600, 1) // zones reach that far
	gap := new(big.Rat).Sub(m.seconds, o.seconds)
	if new(big.Rat).Abs(gap).Cmp(far) <= 0 {
		return 0, false
	}
	return gap.Sign(), true
}

const (
	yearText  = `(-?(?:[1-9][0-9]{3,8}|0[0-9]{3}))`
	monthText = `(0[1-9]|1[0-2])`
	dayText   = `(0[1-9]|[12][0-9]|3[01])`
	clockText = `(?:([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9](?:\.[0-9]{1,100})?)|(24):(00):(00(?:\.0{1,100})?))`
	zoneText  = `(Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?`
)

// momentTexts name their groups year, month, day, and three of the clock.
var momentTexts = map[string]*regexp.Regexp{
	"dateTime":   regexp.MustCompile(`^` + yearText + `-` + monthText + `-` + dayText + `T` + clockText + zoneText + `$`),
	"date":       regexp.MustCompile(`^` + yearText + `-` + monthText + `-` + dayText + zoneText + `$`),
	"time":       regexp.MustCompile(`^` + clockText + zoneText + `$`),
	"gYearMonth": regexp.MustCompile(`^` + yearText + `-` + monthText + zoneText + `$`),
	"gYear":      regexp.MustCompile(`^` + yearText + zoneText + `$`),
	"gMonthDay":  regexp.MustCompile(`^--` + monthText + `-` + dayText + zoneText + `$`),
	"gDay":       regexp.MustCompile(`^---` + dayText + zoneText + `$`),
	"gMonth":     regexp.MustCompile(`^--` + monthText + zoneText + `$`),
}

// momentParts say what the groups of an expression are.
var momentParts = map[string]string{
	"dateTime": "ymdc", "date": "ymd", "time": "c", "gYearMonth": "ym", "gYear": "y", "gMonthDay": "md", "gDay": "d", "gMonth": "m",
}

func parseMoment(kind string) func(string, *scope) (value, bool) {
	re, parts := momentTexts[kind], momentParts[kind]
	return func(s string, _ *scope) (value, bool) {
		g := re.FindStringSubmatch(s)
		if g == nil {
			return value{}, false
		}
		year, month, day, clock := 1972, 1, 1, new(big.Rat) // a leap year, so that there is a 29th of February
		at := 1
		for _, p := range parts {
			switch p {
			case 'y':
				year, _ = strconv.Atoi(g[at])
			case 'm':
				month, _ = strconv.Atoi(g[at])
			case 'd':
				day, _ = strconv.Atoi(g[at])
			case 'c':
				clock = clockOf(g[at : at+6])
				at += 5
			}
			at++
		}
		if year == 0 || day > daysIn(year, month) {
			return value{}, false
		}
		m := &moment{seconds: clock.Add(clock, big.NewRat(dayNumber(year, month, day)*86400, 1)), zoned: g[at] != ""}
		m.seconds.Sub(m.seconds, big.NewRat(offset(g[at]), 1))
		return value{canon: fmt.Sprintf("%s %v", m.seconds.RatString(), m.zoned), moment: m, length: -1}, true
	}
}

func clockOf(g []string) *big.Rat {
	if g[3] != "" {
		return big.NewRat(86400, 1)
	}
	h, _ := strconv.ParseInt(g[0], 10, 64)
	m, _ := strconv.ParseInt(g[1], 10, 64)
	s, _ := new(big.Rat).SetString(g[2])
	return s.Add(s, big.NewRat(h*3600+m*60, 1))
}

func daysIn(year, month int) int {
	if year < 0 {
		year++ // there was no year 0
	}
	return time.Date(year, time.Month(month+1), 0, 0, 0, 0, 0, time.UTC).Day()
}

// dayNumber counts days, in a calendar that is Gregorian for all times.
func dayNumber(year, month, day int) int64 {
	if year < 0 {
		year++
	}
	if month <= 2 {
		year--
		month += 12
	}
	y, m := int64(year), int64(month)
	floor := func(n, d int64) int64 {
		if n < 0 {
			return (n - d + 1) / d
		}
		return n / d
	}
	return 365*y + floor(y, 4) - floor(y, 100) + floor(y, 400) + (153*(m-3)+2)/5 + int64(day)
}

// offset is a zone in seconds.
func offset(zone string) int64 {
	if len(zone) != 6 {
		return 0
	}
	h, _ := strconv.ParseInt(zone[1:3], 10, 64)
	m, _ := strconv.ParseInt(zone[4:], 10, 64)
	if zone[0] == '-' {
		return -(h*3600 + m*60)
	}
	return h*3600 + m*60
}

var durationText = regexp.MustCompile(`^(-?)P(?:([0-9]{1,18})Y)?(?:([0-9]{1,18})M)?(?:([0-9]{1,18})D)?(?:T(?:([0-9]{1,18})H)?(?:([0-9]{1,18})M)?(?:([0-9]{1,18}(?:\.[0-9]{1,18})?)S)?)?$`)

// parseDuration reads a duration as months and seconds, which cannot be
// turned into each other.
func parseDuration(s string, _ *scope) (value, bool) {
	g := durationText.FindStringSubmatch(s)
	if g == nil || strings.HasSuffix(s, "T") || strings.HasSuffix(s, "P") {
		return value{}, false
	}
	part := func(i, times int64) *big.Rat {
		if g[i] == "" {
			return new(big.Rat)
		}
		n, _ := new(big.Rat).SetString(g[i])
		return n.Mul(n, big.NewRat(times, 1))
	}
	months := part(2, 12)
	months.Add(months, part(3, 1))
	seconds := part(4, 86400)
	for _, p := range []*big.Rat{part(5, 3600), part(6, 60), part(7, 1)} {
		seconds.Add(seconds, p)
	}
	if g[1] == "-" {
		months.Neg(months)
		seconds.Neg(seconds)
	}
	return value{canon: months.RatString() + " " + seconds.RatString(), length: -1}, true
}
