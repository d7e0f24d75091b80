// Package rewording changes the wording of a message in one place, which is how
// dialects drift on purpose.
//
// It knows texts and numbers, and no dialect: where a message can be changed,
// and into what, is the dialect's.
package rewording

import (
	"bytes"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/simulators"
)

// An Edit replaces what the only group of Find has found.
type Edit struct {
	Find *regexp.Regexp
	Say  func(was string) string
}

// Words are the places in which a dialect's messages can drift.
type Words struct {
	Announcements, Replies map[simulators.Drift][]Edit
	// Offset finds instants with an offset, its only group being what is in front
	// of that; End is what stands behind an instant.
	Offset *regexp.Regexp
	End    string
}

// Drift returns m in other words, changed in the first place where it can drift
// so; false if there is none. What it returns shares nothing with m that could
// be changed.
func (w Words) Drift(m simulators.Message, d simulators.Drift) (simulators.Message, bool) {
	edits := w.Replies[d]
	if len(m.Events) > 0 && m.Result.Outcome == "" {
		if body, ok := w.spoilt(m.Body, d); ok {
			m.Body, m.Header = body, maps.Clone(m.Header)
			return m, true
		}
		edits = w.Announcements[d]
	}
	for _, e := range edits {
		place := e.Find.FindSubmatchIndex(m.Body)
		if place == nil {
			continue
		}
		out := m
		out.Body = bytes.Join([][]byte{m.Body[:place[2]], []byte(e.Say(string(m.Body[place[2]:place[3]]))), m.Body[place[3]:]}, nil)
		out.Header = maps.Clone(m.Header)
		return out, true
	}
	return m, false
}

// spoilt is a body with something wrong in all of it; false if d is wrong in one
// place.
func (w Words) spoilt(body []byte, d simulators.Drift) ([]byte, bool) {
	switch d {
	case simulators.DriftCutOff:
		return body[:len(body)*2/3], true
	case simulators.DriftEmpty:
		return nil, true
	case simulators.DriftNoOffset:
		bare := w.Offset.ReplaceAll(body, []byte("${1}"+w.End))
		return bare, len(bare) < len(body)
	}
	return nil, false
}

// Always says text, whatever was there.
func Always(text string) func(string) string { return func(string) string { return text } }

// Put puts a member of JSON behind the brace that was found.
func Put(member string) func(string) string {
	return func(was string) string { return was + member + "," }
}

// Renamed says name for the first old one.
func Renamed(old, name string) func(string) string {
	return func(was string) string { return strings.Replace(was, old, name, 1) }
}

// Unquoted is a text of JSON without its quotes: the number that it was.
func Unquoted(text string) string { return strings.Trim(text, `"`) }

// Comma writes a number with a comma: 12.5 as 12,5, and 12 as 12,0.
func Comma(number string) string { return strings.Replace(decimals(number), ".", ",", 1) }

// ManyDecimals writes a number with more decimals than anybody keeps.
func ManyDecimals(number string) string { return decimals(number) + "00000000001" }

// Exponent writes 12.5 as 125E-1, which is the same number.
func Exponent(number string) string {
	whole, fraction, _ := strings.Cut(number, ".")
	if fraction == "" {
		return whole + "E0"
	}
	return strings.TrimLeft(whole, "0") + fraction + "E-" + strconv.Itoa(len(fraction))
}

// decimals makes sure that a number has a point.
func decimals(number string) string {
	if strings.Contains(number, ".") {
		return number
	}
	return number + ".0"
}
