package pact

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Formats of dates and times are Java's, as in all Pact engines: yyyy-MM-dd
// and the like. They are read as the official engine reads them: numbers may
// lack their leading zeros, names have no case, a fraction may be shorter, and
// a number takes as many digits as it may before what follows is looked at.

// A piece is one part of a format. It takes its part off the text, and says
// whether it could.
type piece struct {
	take func(s string, d *day) (rest string, ok bool)
	// unsure is true of names of zones, of which nobody here has the list.
	unsure bool
}

// day is what a text says of one; 0 where it says nothing.
type day struct{ year, month, day int }

// exists reports whether there is such a day. Without a year, February has 28.
func (d day) exists() bool {
	if d.day == 0 || d.month == 0 {
		return true
	}
	year := d.year
	if year == 0 {
		year = 2001
	}
	return time.Date(year, time.Month(d.month), d.day, 0, 0, 0, 0, time.UTC).Day() == d.day
}

var formats sync.Map // string to []piece or error

// fitsFormat reports whether s is written as format says, and names a day that
// exists.
func fitsFormat(format, s string) (bool, error) {
	v, ok := formats.Load(format)
	if !ok {
		pieces, err := parseFormat(format)
		if v = pieces; err != nil {
			v = err
		}
		formats.Store(format, v)
	}
	if err, bad := v.(error); bad {
		return false, err
	}
	var d day
	rest, unsure := s, false
	for _, e := range v.([]piece) {
		if rest, ok = e.take(rest, &d); !ok {
			return false, nil
		}
		unsure = unsure || e.unsure
	}
	if rest != "" || !d.exists() {
		return false, nil
	}
	if unsure {
		return false, fmt.Errorf("whether there is such a zone in %q is not known here", clip(s))
	}
	return true, nil
}

func parseFormat(format string) (all []piece, err error) {
	for i := 0; i < len(format); {
		c := format[i]
		if c == '\'' {
			text, n, err := quoted(format[i:])
			if err != nil {
				return nil, fmt.Errorf("format %q: %w", format, err)
			}
			all, i = append(all, literal(text)), i+n
			continue
		}
		n := 1
		for i+n < len(format) && format[i+n] == c {
			n++
		}
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			e, ok := lettered(c, n)
			if !ok {
				return nil, fmt.Errorf("format %q: %s is not known here", format, format[i:i+n])
			}
			all = append(all, e)
		} else {
			all = append(all, literal(format[i:i+n]))
		}
		i += n
	}
	return all, nil
}

// quoted reads a text in quotes at the beginning of s, in which two quotes
// stand for one; two quotes alone stand for one as well.
func quoted(s string) (text string, n int, err error) {
	if strings.HasPrefix(s, "''") {
		return "'", 2, nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] != '\'':
			b.WriteByte(s[i])
		case i+1 < len(s) && s[i+1] == '\'':
			b.WriteByte('\'')
			i++
		default:
			return b.String(), i + 1, nil
		}
	}
	return "", 0, fmt.Errorf("a quote is not closed")
}

func literal(text string) piece {
	return piece{take: func(s string, _ *day) (string, bool) { return strings.CutPrefix(s, text) }}
}

// figure takes a number of at most so many digits within bounds.
func figure(digits, low, high int, set func(d *day, n int)) piece {
	return piece{take: func(s string, d *day) (string, bool) {
		i := 0
		for i < len(s) && i < digits && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		n, err := strconv.Atoi(s[:i])
		if err != nil || n < low || n > high {
			return s, false
		}
		if set != nil {
			set(d, n)
		}
		return s[i:], true
	}}
}

// word takes one of several words, whatever their case. set is told which.
func word(words []string, set func(d *day, i int)) piece {
	return piece{take: func(s string, d *day) (string, bool) {
		for i, w := range words {
			if len(s) >= len(w) && strings.EqualFold(s[:len(w)], w) {
				if set != nil {
					set(d, i)
				}
				return s[len(w):], true
			}
		}
		return s, false
	}}
}

func months(long bool) (all []string) {
	for m := time.January; m <= time.December; m++ {
		all = append(all, short(m.String(), long))
	}
	return all
}

func weekdays(long bool) (all []string) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		all = append(all, short(d.String(), long))
	}
	return all
}

func short(name string, long bool) string {
	if long {
		return name
	}
	return name[:3]
}

// bounds of the letters that stand for numbers, once or twice.
var bounds = map[byte][2]int{
	'H': {0, 23}, 'h': {1, 12}, 'K': {0, 11}, 'k': {1, 24}, 'm': {0, 59}, 's': {0, 60}, // of which 60 is a leap second
	'w': {1, 56}, 'W': {1, 5}, 'F': {1, 5}, 'Q': {1, 4}, 'q': {1, 4},
}

// lettered is the piece of a letter that stands n times, and whether there
// is one.
func lettered(c byte, n int) (piece, bool) {
	if b, ok := bounds[c]; ok && n <= 2 {
		return figure(2, b[0], b[1], nil), true
	}
	switch {
	case c == 'y' || c == 'u' || c == 'Y':
		return figure(n, 0, 1<<30, func(d *day, n int) { d.year = n }), n <= 5
	case (c == 'M' || c == 'L') && n <= 2:
		return figure(2, 1, 12, func(d *day, n int) { d.month = n }), true
	case c == 'M' && n <= 4:
		return word(months(n == 4), func(d *day, i int) { d.month = i + 1 }), true
	case c == 'd' && n <= 2:
		return figure(2, 1, 31, func(d *day, n int) { d.day = n }), true
	case c == 'e' || c == 'c':
		return figure(1, 1, 7, nil), n == 1
	case c == 'D':
		return figure(3, 1, 366, nil), n == 3
	case c == 'E' && n <= 4:
		return word(weekdays(n == 4), nil), true
	case c == 'S':
		return figure(n, 0, 1<<60, nil), n <= 9
	case c == 'n' || c == 'A' || c == 'N':
		return figure(18, 0, 1<<60, nil), true
	case c == 'a' && n == 1:
		return word([]string{"AM", "PM"}, nil), true
	case c == 'G' && n == 1:
		return word([]string{"AD", "BC"}, nil), true
	case c == 'X' || c == 'x':
		return offset(n, c == 'X')
	case c == 'Z':
		return offsetZ(n)
	case (c == 'z' || c == 'V') && n <= 2:
		return zone(), true
	}
	return piece{}, false
}

// offset is that of a zone: hours and minutes (X), without a colon (XX) or with
// one (XXX), and perhaps with seconds (XXXX, XXXXX). zulu says that Z will do.
func offset(n int, zulu bool) (piece, bool) {
	colon := ""
	if n == 3 || n == 5 {
		colon = ":"
	}
	minute := figure(2, 0, 59, nil)
	return piece{take: func(s string, d *day) (string, bool) {
		if rest, ok := strings.CutPrefix(s, "Z"); ok && zulu {
			return rest, true
		}
		if s == "" || s[0] != '+' && s[0] != '-' {
			return s, false
		}
		s, ok := figure(2, 0, 23, nil).take(s[1:], d)
		if !ok {
			return s, false
		}
		more := func() bool {
			rest, there := strings.CutPrefix(s, colon)
			rest, ok := minute.take(rest, d)
			if there && ok {
				s = rest
			}
			return there && ok
		}
		if !more() && n != 1 {
			return s, false
		}
		if n > 3 {
			more() // seconds
		}
		return s, true
	}}, n <= 5
}

// offsetZ is Z to ZZZ: +0100, ZZZZ: GMT+01:00, ZZZZZ: +01:00.
func offsetZ(n int) (piece, bool) {
	switch n {
	case 1, 2, 3:
		return offset(2, false)
	case 4:
		at, _ := offset(3, false)
		return piece{take: func(s string, d *day) (string, bool) {
			rest, ok := strings.CutPrefix(s, "GMT")
			if !ok {
				return s, false
			}
			return at.take(rest, d)
		}}, true
	}
	return offset(3, false)
}

// zone takes what looks like the name of one.
func zone() piece {
	return piece{unsure: true, take: func(s string, _ *day) (string, bool) {
		rest := strings.TrimLeft(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz/_")
		return rest, len(rest) < len(s)
	}}
}
