package d365

import (
	"regexp"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/rewording"
)

var _ simulators.Drifter = Dialect{}

// Drift implements [simulators.Drifter]. Announcements are light: what can drift
// in them is which order they are about and their number; of lists a quantity.
func (Dialect) Drift(m simulators.Message, d simulators.Drift) (simulators.Message, bool) {
	return words.Drift(m, d)
}

var words = rewording.Words{Announcements: announcementDrift, Replies: replyDrift, Offset: offset, End: `"`}

var (
	offset   = regexp.MustCompile(`("\d{4}-\d\d-\d\dT[0-9:.]+)(?:Z|[+-]\d\d:\d\d)"`)
	opening  = regexp.MustCompile(`(^\{)`)
	order    = regexp.MustCompile(`("ProductionOrderNumber":"[^"]*")`)
	control  = regexp.MustCompile(`("ControlNumber":\d+)`)
	status   = regexp.MustCompile(`"NewStatus":"([^"]*)"`)
	state    = regexp.MustCompile(`"(?:MessageState|ProductionOrderStatus)":"([^"]*)"`)
	value    = regexp.MustCompile(`("value":)`)
	quantity = regexp.MustCompile(`"(?:ScheduledQuantity|EstimatedBOMLineQuantity|PhysicalInventoryQuantity)":([0-9.]+)`)
)

func named(old, name string) func(string) string {
	return func(was string) string { return strings.Replace(was, old, name, 1) }
}

// put puts a member behind a brace.
func put(member string) func(string) string {
	return func(was string) string { return was + member + "," }
}

var announcementDrift = map[simulators.Drift][]rewording.Edit{
	simulators.DriftExtraField: {{Find: opening, Say: put(`"FutureUse":{"Of":1}`)}},
	simulators.DriftNamespace:  {{Find: opening, Say: put(`"@vnd.hop":7`)}},
	simulators.DriftRenamed:    {{Find: order, Say: named("ProductionOrderNumber", "ProdId")}},
	simulators.DriftNull:       {{Find: order, Say: rewording.Always(`"ProductionOrderNumber":null`)}},
	simulators.DriftType:       {{Find: control, Say: rewording.Always(`"ControlNumber":"the next"`)}},
	simulators.DriftEnum:       {{Find: status, Say: rewording.Always("Provisional")}},
	simulators.DriftCharset:    {{Find: opening, Say: put(`"Note":"gepr` + "\xfc" + `ft"`)}}, // as Latin-1 writes it
}

var replyDrift = map[simulators.Drift][]rewording.Edit{
	simulators.DriftExtraField:   {{Find: opening, Say: put(`"@odata.future":{"Of":1}`)}},
	simulators.DriftNamespace:    {{Find: opening, Say: put(`"@vnd.hop":7`)}},
	simulators.DriftRenamed:      {{Find: value, Say: named("value", "values")}},
	simulators.DriftNull:         {{Find: quantity, Say: rewording.Always("null")}},
	simulators.DriftType:         {{Find: quantity, Say: func(was string) string { return `"` + was + `"` }}},
	simulators.DriftEnum:         {{Find: state, Say: rewording.Always("Provisional")}},
	simulators.DriftComma:        {{Find: quantity, Say: func(was string) string { return `"` + rewording.Comma(was) + `"` }}},
	simulators.DriftExponent:     {{Find: quantity, Say: rewording.Exponent}},
	simulators.DriftManyDecimals: {{Find: quantity, Say: rewording.ManyDecimals}},
}
