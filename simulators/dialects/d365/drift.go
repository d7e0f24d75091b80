package d365

import (
	"regexp"

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

var announcementDrift = map[simulators.Drift][]rewording.Edit{
	simulators.DriftExtraField: {{Find: opening, Say: rewording.Put(`"FutureUse":{"Of":1}`)}},
	simulators.DriftNamespace:  {{Find: opening, Say: rewording.Put(`"@vnd.hop":7`)}},
	simulators.DriftRenamed:    {{Find: order, Say: rewording.Renamed("ProductionOrderNumber", "ProdId")}},
	simulators.DriftNull:       {{Find: order, Say: rewording.Always(`"ProductionOrderNumber":null`)}},
	simulators.DriftType:       {{Find: control, Say: rewording.Always(`"ControlNumber":"the next"`)}},
	simulators.DriftEnum:       {{Find: status, Say: rewording.Always("Provisional")}},
	simulators.DriftCharset:    {{Find: opening, Say: rewording.Put(`"Note":"gepr` + "\xfc" + `ft"`)}}, // as Latin-1 writes it
}

var replyDrift = map[simulators.Drift][]rewording.Edit{
	simulators.DriftExtraField:   {{Find: opening, Say: rewording.Put(`"@odata.future":{"Of":1}`)}},
	simulators.DriftNamespace:    {{Find: opening, Say: rewording.Put(`"@vnd.hop":7`)}},
	simulators.DriftRenamed:      {{Find: value, Say: rewording.Renamed("value", "values")}},
	simulators.DriftNull:         {{Find: quantity, Say: rewording.Always("null")}},
	simulators.DriftType:         {{Find: quantity, Say: func(was string) string { return `"` + was + `"` }}},
	simulators.DriftEnum:         {{Find: state, Say: rewording.Always("Provisional")}},
	simulators.DriftComma:        {{Find: quantity, Say: func(was string) string { return `"` + rewording.Comma(was) + `"` }}},
	simulators.DriftExponent:     {{Find: quantity, Say: rewording.Exponent}},
	simulators.DriftManyDecimals: {{Find: quantity, Say: rewording.ManyDecimals}},
}
