package neutral

import (
	"regexp"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/rewording"
)

var _ simulators.Drifter = Dialect{}

// Drift implements [simulators.Drifter]. It changes the first place where a
// message can drift so: of announcements a quantity if there is one, which is
// what receivers need most, otherwise what else they cannot do without; of
// replies what says how it went.
func (Dialect) Drift(m simulators.Message, d simulators.Drift) (simulators.Message, bool) {
	return words.Drift(m, d)
}

var words = rewording.Words{Announcements: announcementDrift, Replies: replyDrift, Offset: offset, End: `"`}

var (
	quantityString = regexp.MustCompile(`"QuantityString":("[0-9.]+")`)
	materialString = regexp.MustCompile(`"Material(?:Actual|Requirement)":\[.*?"QuantityString":("[0-9.]+")`) // not the time that people took
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

var announcementDrift = map[simulators.Drift][]rewording.Edit{
	simulators.DriftExtraField:   {{Find: dataArea, Say: rewording.Always(`{"FutureUse":{"Since":"2031","Of":[1,null,true]},`)}},
	simulators.DriftNamespace:    {{Find: application, Say: rewording.Always(`{"@xmlns:vnd":"urn:example:vendor:2","vnd:Trace":{"@vnd:hop":"7","$":"x"},`)}},
	simulators.DriftRenamed:      {{Find: quantityName, Say: rewording.Always(`"QuantityValue"`)}, {Find: createdName, Say: rewording.Always(`"CreatedAt"`)}},
	simulators.DriftNull:         {{Find: quantityString, Say: rewording.Always("null")}, {Find: created, Say: rewording.Always("null")}},
	simulators.DriftType:         {{Find: quantityString, Say: rewording.Unquoted}, {Find: created, Say: rewording.Always("1767225600")}},
	simulators.DriftEnum:         {{Find: materialUse, Say: rewording.Always(`"Reclaimed"`)}, {Find: releaseID, Say: rewording.Always(`"V0800"`)}},
	simulators.DriftCharset:      {{Find: dataArea, Say: rewording.Always("{\"Remark\":\"gepr\xfcft\",")}}, // as Latin-1 writes it
	simulators.DriftComma:        {{Find: quantityString, Say: inside(rewording.Comma)}},
	simulators.DriftExponent:     {{Find: quantityString, Say: inside(rewording.Exponent)}},
	simulators.DriftManyDecimals: {{Find: quantityString, Say: inside(rewording.ManyDecimals)}},
	simulators.DriftNegative:     {{Find: materialString, Say: inside(negated)}, {Find: quantityString, Say: inside(negated)}},
}

var replyDrift = map[simulators.Drift][]rewording.Edit{
	simulators.DriftExtraField:   {{Find: replyStart, Say: rewording.Always(`{"futureUse":{"since":"2031","of":[1,null,true]},`)}},
	simulators.DriftNamespace:    {{Find: replyStart, Say: rewording.Always(`{"@xmlns:vnd":"urn:example:vendor:2","vnd:trace":"7",`)}},
	simulators.DriftRenamed:      {{Find: replyName, Say: func(was string) string { return `"new_` + was[1:] }}},
	simulators.DriftNull:         {{Find: replyText, Say: rewording.Always("null")}},
	simulators.DriftType:         {{Find: replyNumber, Say: func(was string) string { return `"` + was + `"` }}, {Find: replyText, Say: rewording.Always("0")}},
	simulators.DriftEnum:         {{Find: replyWord, Say: rewording.Always(`"provisional"`)}},
	simulators.DriftComma:        {{Find: replyDecimal, Say: inside(rewording.Comma)}},
	simulators.DriftExponent:     {{Find: replyDecimal, Say: inside(rewording.Exponent)}},
	simulators.DriftManyDecimals: {{Find: replyDecimal, Say: inside(rewording.ManyDecimals)}},
}

// inside edits a text within its quotes.
func inside(change func(string) string) func(string) string {
	return func(text string) string { return `"` + change(rewording.Unquoted(text)) + `"` }
}

func negated(number string) string { return "-" + number }
