package ion

import (
	"regexp"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/rewording"
)

var _ simulators.Drifter = Dialect{}

// Drift implements [simulators.Drifter]: of announcements a quantity if there is
// one, otherwise what else receivers cannot do without; of replies what little
// they say.
func (Dialect) Drift(m simulators.Message, d simulators.Drift) (simulators.Message, bool) {
	return words.Drift(m, d)
}

var words = rewording.Words{Announcements: announcementDrift, Replies: replyDrift, Offset: offset, End: `<`}

var (
	offset   = regexp.MustCompile(`(>\d{4}-\d\d-\d\dT[0-9:.]+)(?:Z|[+-]\d\d:\d\d)<`)
	quantity = regexp.MustCompile(`(<[A-Za-z]*Quantity unitCode="[^"]*">[^<]*</[A-Za-z]*Quantity>)`)
	numeral  = regexp.MustCompile(`Quantity unitCode="[^"]*">([0-9.]+)<`)
	created  = regexp.MustCompile(`(<CreationDateTime>[^<]*</CreationDateTime>)`)
	release  = regexp.MustCompile(`( releaseID="9.2")`)
	userArea = regexp.MustCompile(`()</ApplicationArea>`) // where one goes
	dataArea = regexp.MustCompile(`(<DataArea>)`)
	action   = regexp.MustCompile(`actionCode="([^"]*)"`)
	status   = regexp.MustCompile(`("status":"[^"]*")`)
)

const futureUse = `<UserArea><FutureUse xmlns="urn:example:vendor:2" since="2031"><Of>1</Of></FutureUse></UserArea>`

var announcementDrift = map[simulators.Drift][]rewording.Edit{
	simulators.DriftExtraField:   {{Find: userArea, Say: rewording.Always(futureUse)}},
	simulators.DriftNamespace:    {{Find: release, Say: after(` xmlns:vnd="urn:example:vendor:2" vnd:hop="7"`)}},
	simulators.DriftRenamed:      {{Find: quantity, Say: renamed("Quantity", "Amount")}, {Find: created, Say: renamed("CreationDateTime", "CreatedAt")}},
	simulators.DriftNull:         {{Find: quantity, Say: hollow}, {Find: created, Say: rewording.Always("<CreationDateTime/>")}},
	simulators.DriftType:         {{Find: created, Say: rewording.Always("<CreationDateTime>1767225600</CreationDateTime>")}},
	simulators.DriftEnum:         {{Find: action, Say: rewording.Always("Merge")}},
	simulators.DriftCharset:      {{Find: dataArea, Say: after("<!-- gepr\xfcft -->")}}, // as Latin-1 writes it
	simulators.DriftComma:        {{Find: numeral, Say: rewording.Comma}},
	simulators.DriftExponent:     {{Find: numeral, Say: rewording.Exponent}},
	simulators.DriftManyDecimals: {{Find: numeral, Say: rewording.ManyDecimals}},
	simulators.DriftNegative:     {{Find: numeral, Say: func(was string) string { return "-" + was }}},
}

var replyDrift = map[simulators.Drift][]rewording.Edit{
	simulators.DriftExtraField: {{Find: status, Say: after(`,"futureUse":{"of":1}`)}},
	simulators.DriftNamespace:  {{Find: status, Say: after(`,"@vnd:hop":7`)}},
	simulators.DriftRenamed:    {{Find: status, Say: func(was string) string { return strings.Replace(was, "status", "state", 1) }}},
	simulators.DriftNull:       {{Find: status, Say: rewording.Always(`"status":null`)}},
	simulators.DriftType:       {{Find: status, Say: rewording.Always(`"status":1`)}},
	simulators.DriftEnum:       {{Find: status, Say: rewording.Always(`"status":"PROVISIONAL"`)}},
}

func after(text string) func(string) string { return func(was string) string { return was + text } }

func renamed(old, name string) func(string) string {
	return func(was string) string { return strings.ReplaceAll(was, old, name) }
}

// hollow is an element that says nothing.
func hollow(was string) string {
	begin, _, _ := strings.Cut(was, " ")
	return begin + "/>"
}
