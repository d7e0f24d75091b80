package b2mml

import (
	"regexp"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/rewording"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
)

var _ simulators.Drifter = Dialect{}

// Drift implements [simulators.Drifter]. It changes the first place where a
// message can drift so: of announcements a quantity if there is one, which is
// what receivers need most, otherwise what else they cannot do without; of
// replies what says how it went.
func (Dialect) Drift(m simulators.Message, d simulators.Drift) (simulators.Message, bool) {
	return words.Drift(m, d)
}

var words = rewording.Words{Announcements: announcementDrift, Replies: replyDrift, Offset: offset, End: `<`}

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

var announcementDrift = map[simulators.Drift][]rewording.Edit{
	simulators.DriftExtraField:   {{Find: userArea, Say: rewording.Always(futureUse)}},
	simulators.DriftNamespace:    {{Find: release, Say: after(` xmlns:vnd="urn:example:vendor:2" vnd:hop="7"`)}},
	simulators.DriftRenamed:      {{Find: quantity, Say: named("QuantityString", "QuantityValue")}, {Find: created, Say: named("CreationDateTime", "CreatedAt")}},
	simulators.DriftNull:         {{Find: quantity, Say: null("QuantityString")}, {Find: created, Say: null("CreationDateTime")}},
	simulators.DriftType:         {{Find: created, Say: rewording.Always("<CreationDateTime>1767225600</CreationDateTime>")}},
	simulators.DriftEnum:         {{Find: use, Say: rewording.Always("<MaterialUse>Reclaimed</MaterialUse>")}, {Find: release, Say: rewording.Always(` releaseID="V0800"`)}},
	simulators.DriftCharset:      {{Find: dataArea, Say: after("<!-- gepr\xfcft -->")}}, // as Latin-1 writes it
	simulators.DriftComma:        {{Find: number, Say: rewording.Comma}},
	simulators.DriftExponent:     {{Find: number, Say: rewording.Exponent}},
	simulators.DriftManyDecimals: {{Find: number, Say: rewording.ManyDecimals}},
	simulators.DriftNegative:     {{Find: number, Say: func(was string) string { return "-" + was }}},
}

var replyDrift = map[simulators.Drift][]rewording.Edit{
	simulators.DriftExtraField:   {{Find: userArea, Say: rewording.Always(futureUse)}},
	simulators.DriftNamespace:    {{Find: space, Say: after(` xmlns:vnd="urn:example:vendor:2" vnd:hop="7"`)}},
	simulators.DriftRenamed:      {{Find: code, Say: named("Code", "StatusCode")}, {Find: quantity, Say: named("QuantityString", "QuantityValue")}},
	simulators.DriftNull:         {{Find: code, Say: null("Code")}, {Find: quantity, Say: null("QuantityString")}},
	simulators.DriftType:         {{Find: created, Say: rewording.Always("<CreationDateTime>1767225600</CreationDateTime>")}},
	simulators.DriftEnum:         {{Find: actionCode, Say: rewording.Always("Provisional")}},
	simulators.DriftComma:        {{Find: number, Say: rewording.Comma}},
	simulators.DriftExponent:     {{Find: number, Say: rewording.Exponent}},
	simulators.DriftManyDecimals: {{Find: number, Say: rewording.ManyDecimals}},
}

func after(text string) func(string) string { return func(was string) string { return was + text } }

// named gives an element another name.
func named(old, name string) func(string) string {
	return func(was string) string { return strings.ReplaceAll(was, old+">", name+">") }
}

func null(name string) func(string) string {
	return rewording.Always("<" + name + ` xmlns:xsi="` + xmltree.XSI + `" xsi:nil="true"/>`)
}
