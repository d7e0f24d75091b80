package neutral

import (
	"bytes"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/simulators"
)

var _ simulators.Drifter = Dialect{}

// Drift implements [simulators.Drifter]. It changes the first place where a
// message can drift so: of announcements a quantity if there is one, which is
// what receivers need most, otherwise what else they cannot do without; of
// replies what says how it went.
func (Dialect) Drift(m simulators.Message, d simulators.Drift) (simulators.Message, bool) {
	edits := replyDrift[d]
	if len(m.Events) > 0 && m.Result.Outcome == "" {
		if body, ok := spoilt(m.Body, d); ok {
			m.Body, m.Header = body, maps.Clone(m.Header)
			return m, true
		}
		edits = announcementDrift[d]
	}
	for _, e := range edits {
		place := e.find.FindSubmatchIndex(m.Body)
		if place == nil {
			continue
		}
		// Bodies are shared, headers too: a copy of both.
		out := m
		out.Body = bytes.Join([][]byte{m.Body[:place[2]], []byte(e.say(string(m.Body[place[2]:place[3]]))), m.Body[place[3]:]}, nil)
		out.Header = maps.Clone(m.Header)
		return out, true
	}
	return m, false
}

// spoilt is a body with something wrong in all of it; false if d is wrong in
// one place.
func spoilt(body []byte, d simulators.Drift) ([]byte, bool) {
	switch d {
	case simulators.DriftCutOff:
		return body[:len(body)*2/3], true
	case simulators.DriftEmpty:
		return nil, true
	case simulators.DriftNoOffset:
		bare := offset.ReplaceAll(body, []byte(`$1"`))
		return bare, len(bare) < len(body)
	}
	return nil, false
}

// An edit replaces what the only group of find has found.
type edit struct {
	find *regexp.Regexp
	say  func(was string) string
}

var (
	quantityString = regexp.MustCompile(`"QuantityString":("[0-9.]+")`)
	quantityName   = regexp.MustCompile(`("QuantityString"):`)
	created        = regexp.MustCompile(`"CreationDateTime":("[^"]+")`)
	createdName    = regexp.MustCompile(`("CreationDateTime"):`)
	materialUse    = regexp.MustCompile(`"MaterialUse":("[^"]+"|\{[^}]*\})`)
	releaseID      = regexp.MustCompile(`"@releaseID":("[^"]+")`)
	dataArea       = regexp.MustCompile(`"DataArea":(\{)`)
	application    = regexp.MustCompile(`"ApplicationArea":(\{)`)

	offset = regexp.MustCompile(`("\d{4}-\d\d-\d\dT[0-9:.]+)(?:Z|[+-]\d\d:\d\d)"`)

	replyStart   = regexp.MustCompile(`^(\{)`)
	replyName    = regexp.MustCompile(`("code"|"outcome"|"unit"|"cursor"):`)
	replyText    = regexp.MustCompile(`"(?:code|outcome|unit|cursor)":("[^"]*")`)
	replyNumber  = regexp.MustCompile(`"(?:status|version|decimals)":([0-9]+)`)
	replyWord    = regexp.MustCompile(`"(?:outcome|state|class)":("[^"]+")`)
	replyDecimal = regexp.MustCompile(`"(?:quantity|received|yield)":("[0-9.]+")`)
)

var announcementDrift = map[simulators.Drift][]edit{
	simulators.DriftExtraField:   {{dataArea, always(`{"FutureUse":{"Since":"2031","Of":[1,null,true]},`)}},
	simulators.DriftNamespace:    {{application, always(`{"@xmlns:vnd":"urn:example:vendor:2","vnd:Trace":{"@vnd:hop":"7","$":"x"},`)}},
	simulators.DriftRenamed:      {{quantityName, always(`"QuantityValue"`)}, {createdName, always(`"CreatedAt"`)}},
	simulators.DriftNull:         {{quantityString, always("null")}, {created, always("null")}},
	simulators.DriftType:         {{quantityString, unquoted}, {created, always("1767225600")}},
	simulators.DriftEnum:         {{materialUse, always(`"Reclaimed"`)}, {releaseID, always(`"V0800"`)}},
	simulators.DriftCharset:      {{dataArea, always("{\"Remark\":\"gepr\xfcft\",")}}, // as Latin-1 writes it
	simulators.DriftComma:        {{quantityString, inside(comma)}},
	simulators.DriftExponent:     {{quantityString, inside(exponent)}},
	simulators.DriftManyDecimals: {{quantityString, inside(manyDecimals)}},
	simulators.DriftNegative:     {{quantityString, inside(func(number string) string { return "-" + number })}},
}

var replyDrift = map[simulators.Drift][]edit{
	simulators.DriftExtraField:   {{replyStart, always(`{"futureUse":{"since":"2031","of":[1,null,true]},`)}},
	simulators.DriftNamespace:    {{replyStart, always(`{"@xmlns:vnd":"urn:example:vendor:2","vnd:trace":"7",`)}},
	simulators.DriftRenamed:      {{replyName, func(was string) string { return `"new_` + was[1:] }}},
	simulators.DriftNull:         {{replyText, always("null")}},
	simulators.DriftType:         {{replyNumber, func(was string) string { return `"` + was + `"` }}, {replyText, always("0")}},
	simulators.DriftEnum:         {{replyWord, always(`"provisional"`)}},
	simulators.DriftComma:        {{replyDecimal, inside(comma)}},
	simulators.DriftExponent:     {{replyDecimal, inside(exponent)}},
	simulators.DriftManyDecimals: {{replyDecimal, inside(manyDecimals)}},
}

func always(text string) func(string) string { return func(string) string { return text } }

func unquoted(text string) string { return strings.Trim(text, `"`) }

// inside edits a text within its quotes.
func inside(change func(string) string) func(string) string {
	return func(text string) string { return `"` + change(unquoted(text)) + `"` }
}

// decimals makes sure that a number has a point.
func decimals(number string) string {
	if strings.Contains(number, ".") {
		return number
	}
	return number + ".0"
}

func comma(number string) string { return strings.Replace(decimals(number), ".", ",", 1) }

func manyDecimals(number string) string { return decimals(number) + "00000000001" }

// exponent writes 12.5 as 125E-1, which is the same number.
func exponent(number string) string {
	whole, fraction, _ := strings.Cut(number, ".")
	if fraction == "" {
		return whole + "E0"
	}
	return strings.TrimLeft(whole, "0") + fraction + "E-" + strconv.Itoa(len(fraction))
}
