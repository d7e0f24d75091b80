package layout

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// mark is the mark in decimal numbers.
func (l *Layout) mark() string {
	if l.Decimal == "comma" {
		return ","
	}
	return "."
}

// accepts says what a value should have been; "" if it is so.
func (c *Column) accepts(s, mark string) string {
	if want := c.form(s, mark); want != "" {
		return want
	}
	if _, behind, ok := strings.Cut(s, mark); ok && c.Digits >= 0 && c.Form == "decimal" && len(behind) > c.Digits {
		return fmt.Sprintf("at most %d digits behind the mark", c.Digits)
	}
	if c.Length > 0 && utf8.RuneCountInString(s) > c.Length {
		return fmt.Sprintf("at most %d characters", c.Length)
	}
	return ""
}

// whole says what the whole of a value should have been.
func (c *Column) whole(s string) string {
	if len(c.Values) > 0 && !slices.Contains(c.Values, s) {
		return "one of " + strings.Join(c.Values, ", ")
	}
	if c.pattern != nil && !c.pattern.MatchString(s) {
		return "a text that matches " + c.Pattern
	}
	return ""
}

// plain is accepts for values as a layout lists them.
func (c *Column) plain(s string) string { return c.form(s, ".") }

var (
	wholeText   = regexp.MustCompile(`^-?[0-9]{1,40}$`)
	decimalText = regexp.MustCompile(`^-?([0-9]{1,40}([.][0-9]{0,40})?|[.][0-9]{1,40})$`)
)

// form says of what form a value should have been.
func (c *Column) form(s, mark string) string {
	switch c.Form {
	case "whole":
		if !wholeText.MatchString(s) {
			return "a whole number"
		}
	case "decimal":
		word := "point"
		if mark == "," {
			word = "comma"
			if strings.Contains(s, ".") {
				return "a number with a decimal comma"
			}
			s = strings.Replace(s, ",", ".", 1)
		}
		if !decimalText.MatchString(s) {
			return "a number with a decimal " + word
		}
	case "day", "time", "instant":
		if t, err := time.Parse(c.layout, s); err != nil || c.Format != "" && t.Format(c.layout) != s {
			if c.Format != "" {
				return "a " + c.Form + " as " + c.Format
			}
			return map[string]string{"day": "a day as 2026-02-03", "time": "a time as 08:00:00", "instant": "an instant as 2026-02-03T08:00:00+01:00"}[c.Form]
		}
	}
	return ""
}
