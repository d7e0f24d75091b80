package saps4

import (
	"regexp"

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

var announcementDrift = map[simulators.Drift][]rewording.Edit{
	simulators.DriftExtraField:   {{Find: opening, Say: rewording.Put(`"futureuse":"1"`)}},
	simulators.DriftNamespace:    {{Find: opening, Say: rewording.Put(`"vndhop":"7"`)}}, // as extensions of CloudEvents are
	simulators.DriftRenamed:      {{Find: names, Say: rewording.Renamed(`":`, `_2":`)}, {Find: regexp.MustCompile(`(` + amounts + `:)`), Say: rewording.Renamed(`":`, `_2":`)}},
	simulators.DriftNull:         {{Find: keyNamed, Say: rewording.Always("null")}, {Find: quantity, Say: rewording.Always("null")}},
	simulators.DriftType:         {{Find: version, Say: rewording.Unquoted}, {Find: quantity, Say: rewording.Unquoted}},
	simulators.DriftEnum:         {{Find: whatBefell, Say: rewording.Always("Provisional")}, {Find: movement, Say: rewording.Always("9Z9")}},
	simulators.DriftComma:        {{Find: amount, Say: rewording.Comma}},
	simulators.DriftExponent:     {{Find: amount, Say: rewording.Exponent}},
	simulators.DriftManyDecimals: {{Find: amount, Say: rewording.ManyDecimals}},
	simulators.DriftNegative:     {{Find: amount, Say: func(was string) string { return "-" + was }}},
	simulators.DriftCharset:      {{Find: opening, Say: rewording.Put(`"note":"gepr` + "\xfc" + `ft"`)}}, // as Latin-1 writes it
}

var replyDrift = map[simulators.Drift][]rewording.Edit{
	simulators.DriftExtraField:   {{Find: inside, Say: rewording.Put(`"FutureUse":"1"`)}},
	simulators.DriftNamespace:    {{Find: inside, Say: rewording.Put(`"__vnd":{"hop":"7"}`)}},
	simulators.DriftRenamed:      {{Find: rows, Say: rewording.Renamed("results", "entries")}, {Find: keyName, Say: rewording.Renamed(`":`, `_2":`)}},
	simulators.DriftNull:         {{Find: quantity, Say: rewording.Always("null")}, {Find: keyGiven, Say: rewording.Always("null")}},
	simulators.DriftType:         {{Find: quantity, Say: rewording.Unquoted}, {Find: keyGiven, Say: rewording.Unquoted}},
	simulators.DriftEnum:         {{Find: released, Say: rewording.Always("Y")}, {Find: movement, Say: rewording.Always("9Z9")}},
	simulators.DriftComma:        {{Find: amount, Say: rewording.Comma}},
	simulators.DriftExponent:     {{Find: amount, Say: rewording.Exponent}},
	simulators.DriftManyDecimals: {{Find: amount, Say: rewording.ManyDecimals}},
}
