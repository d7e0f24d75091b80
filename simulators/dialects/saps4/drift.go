package saps4

import (
	"regexp"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/rewording"
)

var _ simulators.Drifter = Dialect{}

// Drift implements [simulators.Drifter]. Events only name what has changed, so
// that little in them can drift; what the floor reports and what is read have
// quantities, which are texts here.
func (Dialect) Drift(m simulators.Message, d simulators.Drift) (simulators.Message, bool) {
	return words.Drift(m, d)
}

var words = rewording.Words{Announcements: announcementDrift, Replies: replyDrift, Offset: offset, End: `"`}

var (
	offset     = regexp.MustCompile(`("\d{4}-\d\d-\d\dT[0-9:.]+)(?:Z|[+-]\d\d:\d\d)"`)
	opening    = regexp.MustCompile(`^(\{)`)
	inside     = regexp.MustCompile(`^\{"(?:d|error)":(\{)`)
	names      = regexp.MustCompile(`("(?:ManufacturingOrder|Product|Batch)":)`)
	keyNamed   = regexp.MustCompile(`"(?:ManufacturingOrder|Product|Batch)":("[^"]*")`)
	version    = regexp.MustCompile(`"specversion":("1\.0")`)
	whatBefell = regexp.MustCompile(`"type":"sap\.s4\.beh\.[^"]*\.(Released|Changed|Deleted|UsageDecisionMade)\.v1"`)
	rows       = regexp.MustCompile(`("results":)`)
	keyName    = regexp.MustCompile(`("(?:ConfirmationGroup|MaterialDocument)":)`)
	keyGiven   = regexp.MustCompile(`"(?:ConfirmationGroup|MaterialDocument)":("[^"]*")`)
	released   = regexp.MustCompile(`"(?:OrderIsReleased|OrderIsClosed)":"(X)"`)
	movement   = regexp.MustCompile(`"GoodsMovementType":"(\d+)"`)
	amount     = regexp.MustCompile(amounts + `:"([0-9.]+)"`)
	quantity   = regexp.MustCompile(amounts + `:("[0-9.]+")`)
)

// amounts are the properties that say how much.
const amounts = `"(?:TotalQuantity|RequiredQuantity|ConfirmationYieldQuantity|ConfirmationScrapQuantity|QuantityInEntryUnit|MatlWrhsStkQtyInMatlBaseUnit)"`

// put puts a member behind a brace.
func put(member string) func(string) string {
	return func(was string) string { return was + member + "," }
}

func renamed(old, name string) func(string) string {
	return func(was string) string { return strings.Replace(was, old, name, 1) }
}

// unquoted is a text without its quotes: the number that it was.
func unquoted(was string) string { return strings.Trim(was, `"`) }

var announcementDrift = map[simulators.Drift][]rewording.Edit{
	simulators.DriftExtraField:   {{Find: opening, Say: put(`"futureuse":"1"`)}},
	simulators.DriftNamespace:    {{Find: opening, Say: put(`"vndhop":"7"`)}}, // as extensions of CloudEvents are
	simulators.DriftRenamed:      {{Find: names, Say: renamed(`":`, `_2":`)}, {Find: regexp.MustCompile(`(` + amounts + `:)`), Say: renamed(`":`, `_2":`)}},
	simulators.DriftNull:         {{Find: keyNamed, Say: rewording.Always("null")}, {Find: quantity, Say: rewording.Always("null")}},
	simulators.DriftType:         {{Find: version, Say: unquoted}, {Find: quantity, Say: unquoted}},
	simulators.DriftEnum:         {{Find: whatBefell, Say: rewording.Always("Provisional")}, {Find: movement, Say: rewording.Always("9Z9")}},
	simulators.DriftComma:        {{Find: amount, Say: rewording.Comma}},
	simulators.DriftExponent:     {{Find: amount, Say: rewording.Exponent}},
	simulators.DriftManyDecimals: {{Find: amount, Say: rewording.ManyDecimals}},
	simulators.DriftNegative:     {{Find: amount, Say: func(was string) string { return "-" + was }}},
	simulators.DriftCharset:      {{Find: opening, Say: put(`"note":"gepr` + "\xfc" + `ft"`)}}, // as Latin-1 writes it
}

var replyDrift = map[simulators.Drift][]rewording.Edit{
	simulators.DriftExtraField:   {{Find: inside, Say: put(`"FutureUse":"1"`)}},
	simulators.DriftNamespace:    {{Find: inside, Say: put(`"__vnd":{"hop":"7"}`)}},
	simulators.DriftRenamed:      {{Find: rows, Say: renamed("results", "entries")}, {Find: keyName, Say: renamed(`":`, `_2":`)}},
	simulators.DriftNull:         {{Find: quantity, Say: rewording.Always("null")}, {Find: keyGiven, Say: rewording.Always("null")}},
	simulators.DriftType:         {{Find: quantity, Say: unquoted}, {Find: keyGiven, Say: unquoted}},
	simulators.DriftEnum:         {{Find: released, Say: rewording.Always("Y")}, {Find: movement, Say: rewording.Always("9Z9")}},
	simulators.DriftComma:        {{Find: amount, Say: rewording.Comma}},
	simulators.DriftExponent:     {{Find: amount, Say: rewording.Exponent}},
	simulators.DriftManyDecimals: {{Find: amount, Say: rewording.ManyDecimals}},
}
