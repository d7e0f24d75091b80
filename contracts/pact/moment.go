package pact

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Formats of dates and times are Java's, as in all Pact engines: yyyy-MM-dd
// and the like.

var formats sync.Map // string to *regexp.Regexp or error

// fitsFormat reports whether s is written as format says. Whether the day
// exists is checked where the format has year, month and day.
func fitsFormat(format, s string) (bool, error) {
	v, ok := formats.Load(format)
	if !ok {
		re, err := formatPattern(format)
		if err != nil {
			v = err
		} else {
			v = re
		}
		formats.Store(format, v)
	}
	if err, bad := v.(error); bad {
		return false, err
	}
	re := v.(*regexp.Regexp)
	m := re.FindStringSubmatch(s)
	if m == nil {
		return false, nil
	}
	return existing(re, m), nil
}

// letters are the patterns of the letters of a format, by the letter and how
// often it stands there; 0 stands for any number.
var letters = map[byte]map[int]string{
	'y': {2: `(?P<yy>\d{2})`, 4: `(?P<y>\d{4})`, 0: `-?\d+`},
	'u': {4: `(?P<y>\d{4})`, 0: `-?\d+`},
	'Y': {0: `\d{2,4}`},
	'M': {1: `(?P<M>1[0-2]|[1-9])`, 2: `(?P<M>0[1-9]|1[0-2])`, 3: `(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)`, 0: `(?:January|February|March|April|May|June|July|August|September|October|November|December)`},
	'd': {1: `(?P<d>[12]\d|3[01]|[1-9])`, 2: `(?P<d>0[1-9]|[12]\d|3[01])`},
	'D': {0: `\d{1,3}`},
	'H': {1: `(?:1\d|2[0-3]|\d)`, 2: `(?:[01]\d|2[0-3])`},
	'k': {1: `(?:1\d|2[0-4]|[1-9])`, 2: `(?:0[1-9]|1\d|2[0-4])`},
	'h': {1: `(?:1[0-2]|[1-9])`, 2: `(?:0[1-9]|1[0-2])`},
	'K': {1: `(?:1[01]|\d)`, 2: `(?:0\d|1[01])`},
	'm': {1: `[1-5]?\d`, 2: `[0-5]\d`},
	's': {1: `[1-5]?\d`, 2: `[0-5]\d`},
	'a': {0: `(?i:AM|PM)`},
	'E': {1: `(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)`, 2: `(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)`, 3: `(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)`, 0: `(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)`},
	'X': {1: `(?:Z|[+-]\d{2}(?:\d{2})?)`, 2: `(?:Z|[+-]\d{4})`, 0: `(?:Z|[+-]\d{2}:\d{2})`},
	'x': {1: `[+-]\d{2}(?:\d{2})?`, 2: `[+-]\d{4}`, 0: `[+-]\d{2}:\d{2}`},
	'Z': {5: `(?:Z|[+-]\d{2}:\d{2})`, 0: `[+-]\d{2}:?\d{2}`},
	'z': {0: `[A-Za-z][A-Za-z/_+-]*\d*`},
	'V': {0: `[A-Za-z][A-Za-z/_+-]*\d*`},
	'n': {0: `\d+`},
	'A': {0: `\d+`},
	'N': {0: `\d+`},
	'w': {0: `\d{1,2}`},
	'W': {0: `\d`},
	'G': {0: `(?:AD|BC)`},
}

func formatPattern(format string) (*regexp.Regexp, error) {
	var b strings.Builder
	b.WriteString(`\A`)
	for i := 0; i < len(format); {
		c := format[i]
		if c == '\'' {
			end := strings.IndexByte(format[i+1:], '\'')
			if end < 0 {
				return nil, fmt.Errorf("format %q: a quote is not closed", format)
			}
			literal := format[i+1 : i+1+end]
			if literal == "" {
				literal = "'"
			}
			b.WriteString(regexp.QuoteMeta(literal))
			i += end + 2
			continue
		}
		n := 1
		for i+n < len(format) && format[i+n] == c {
			n++
		}
		switch {
		case c == 'S':
			fmt.Fprintf(&b, `\d{%d}`, n)
		case letters[c] != nil:
			p, ok := letters[c][n]
			if !ok {
				p, ok = letters[c][0]
			}
			if !ok {
				return nil, fmt.Errorf("format %q: %s is not known here", format, format[i:i+n])
			}
			b.WriteString(p)
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			return nil, fmt.Errorf("format %q: letter %c is not known here", format, c)
		default:
			b.WriteString(regexp.QuoteMeta(format[i : i+n]))
		}
		i += n
	}
	re, err := regexp.Compile(b.String() + `\z`)
	if err != nil {
		return nil, fmt.Errorf("format %q: %w", format, err)
	}
	return re, nil
}

// existing reports whether there is such a day.
func existing(re *regexp.Regexp, m []string) bool {
	part := func(name string) string {
		for i, n := range re.SubexpNames() {
			if n == name && m[i] != "" {
				return m[i]
			}
		}
		return ""
	}
	month, day := part("M"), part("d")
	if month == "" || day == "" {
		return true
	}
	year := part("y")
	if year == "" {
		year = "2000" // a leap year: the benefit of the doubt
	}
	_, err := time.Parse("2006-1-2", year+"-"+month+"-"+day)
	return err == nil
}
