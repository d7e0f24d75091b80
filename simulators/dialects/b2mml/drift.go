package b2mml

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
		out := m // bodies and headers are shared: a copy of both
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
		bare := offset.ReplaceAll(body, []byte(`$1<`))
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
	offset     = regexp.MustCompile(`(>\d{4}-\d\d-\d\dT[0-9:.]+)(?:Z|[+-]\d\d:\d\d)<`)
	number     = regexp.MustCompile(`<QuantityString>([0-9.]+)<`)
	quantity   = regexp.MustCompile(`(<QuantityString>[^<]*</QuantityString>)`)
	created    = regexp.MustCompile(`(<CreationDateTime>[^<]*</CreationDateTime>)`)
	use        = regexp.MustCompile(`(<MaterialUse[^/]*</MaterialUse>)`)
	release    = regexp.MustCompile(`( releaseID="V0701")`)
	space      = regexp.MustCompile(`( xmlns="[^"]*")`)
	userArea   = regexp.MustCompile(`()</ApplicationArea>`) // where one goes
	dataArea   = regexp.MustCompile(`(<DataArea>)`)
	code       = regexp.MustCompile(`(<Code>[^<]*</Code>)`)
	actionCode = regexp.MustCompile(`actionCode="([^"]*)"`)
)

const futureUse = `<UserArea><FutureUse xmlns="urn:example:vendor:2" since="2031"><Of>1</Of></FutureUse></UserArea>`

var announcementDrift = map[simulators.Drift][]edit{
	simulators.DriftExtraField:   {{userArea, instead(futureUse)}},
	simulators.DriftNamespace:    {{release, after(` xmlns:vnd="urn:example:vendor:2" vnd:hop="7"`)}},
	simulators.DriftRenamed:      {{quantity, named("QuantityString", "QuantityValue")}, {created, named("CreationDateTime", "CreatedAt")}},
	simulators.DriftNull:         {{quantity, null("QuantityString")}, {created, null("CreationDateTime")}},
	simulators.DriftType:         {{created, instead("<CreationDateTime>1767225600</CreationDateTime>")}},
	simulators.DriftEnum:         {{use, instead("<MaterialUse>Reclaimed</MaterialUse>")}, {release, instead(` releaseID="V0800"`)}},
	simulators.DriftCharset:      {{dataArea, after("<!-- gepr\xfcft -->")}}, // as Latin-1 writes it
	simulators.DriftComma:        {{number, comma}},
	simulators.DriftExponent:     {{number, exponent}},
	simulators.DriftManyDecimals: {{number, manyDecimals}},
	simulators.DriftNegative:     {{number, func(was string) string { return "-" + was }}},
}

var replyDrift = map[simulators.Drift][]edit{
	simulators.DriftExtraField:   {{userArea, instead(futureUse)}},
	simulators.DriftNamespace:    {{space, after(` xmlns:vnd="urn:example:vendor:2" vnd:hop="7"`)}},
	simulators.DriftRenamed:      {{code, named("Code", "StatusCode")}, {quantity, named("QuantityString", "QuantityValue")}},
	simulators.DriftNull:         {{code, null("Code")}, {quantity, null("QuantityString")}},
	simulators.DriftType:         {{created, instead("<CreationDateTime>1767225600</CreationDateTime>")}},
	simulators.DriftEnum:         {{actionCode, instead("Provisional")}},
	simulators.DriftComma:        {{number, comma}},
	simulators.DriftExponent:     {{number, exponent}},
	simulators.DriftManyDecimals: {{number, manyDecimals}},
}

func instead(text string) func(string) string { return func(string) string { return text } }

func after(text string) func(string) string { return func(was string) string { return was + text } }

// named gives an element another name.
func named(old, name string) func(string) string {
	return func(was string) string { return strings.ReplaceAll(was, old+">", name+">") }
}

func null(name string) func(string) string {
	return instead("<" + name + ` xmlns:xsi="` + xsi + `" xsi:nil="true"/>`)
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
