package staging

import (
	"regexp"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/rewording"
)

var _ simulators.Drifter = Dialect{}

// Drift implements [simulators.Drifter]. A schema changes: a column is added,
// renamed, or no longer filled. What the type of a column does not let through
// (a decimal comma, an exponent, a number that has become text) cannot happen
// here, and neither can half a row.
func (Dialect) Drift(m simulators.Message, d simulators.Drift) (simulators.Message, bool) {
	switch d {
	case simulators.DriftCutOff, simulators.DriftEmpty:
		return m, false
	}
	return words.Drift(m, d)
}

var (
	words = rewording.Words{
		Announcements: map[simulators.Drift][]rewording.Edit{
			simulators.DriftExtraField:   {{Find: start, Say: rewording.Always(`{"future_use":"2031",`)}},
			simulators.DriftNamespace:    {{Find: start, Say: rewording.Always(`{"vnd_hop":"7",`)}},
			simulators.DriftRenamed:      {{Find: quantityName, Say: rewording.Always("qty")}, {Find: materialName, Say: rewording.Always("material_no")}, {Find: lotName, Say: rewording.Always("lot_no")}, {Find: orderName, Say: rewording.Always("order_number")}},
			simulators.DriftNull:         {{Find: quantity, Say: rewording.Always("null")}, {Find: material, Say: rewording.Always("null")}, {Find: lot, Say: rewording.Always("null")}, {Find: order, Say: rewording.Always("null")}},
			simulators.DriftEnum:         {{Find: action, Say: rewording.Always("reclaim")}, {Find: decision, Say: rewording.Always("reclaim")}},
			simulators.DriftManyDecimals: {{Find: number, Say: rewording.ManyDecimals}},
			simulators.DriftNegative:     {{Find: number, Say: func(was string) string { return "-" + was }}},
		},
		Replies: map[simulators.Drift][]rewording.Edit{
			simulators.DriftExtraField: {{Find: start, Say: rewording.Always(`{"future_use":"2031",`)}},
			simulators.DriftNull:       {{Find: code, Say: rewording.Always("null")}},
			simulators.DriftEnum:       {{Find: code, Say: rewording.Always("299")}},
		},
		Offset: offset, End: `"`,
	}

	start        = regexp.MustCompile(`^\[?(\{)`)
	quantityName = regexp.MustCompile(`"(quantity)":`)
	materialName = regexp.MustCompile(`"(material)":`)
	lotName      = regexp.MustCompile(`"(lot)":`)
	orderName    = regexp.MustCompile(`"(order_no)":`)
	quantity     = regexp.MustCompile(`"quantity":("[^"]*")`)
	material     = regexp.MustCompile(`"material":("[^"]*")`)
	lot          = regexp.MustCompile(`"lot":("[^"]*")`)
	order        = regexp.MustCompile(`"order_no":("[^"]*")`)
	action       = regexp.MustCompile(`"action":"([^"]*)"`)
	decision     = regexp.MustCompile(`"decision":"([^"]*)"`)
	number       = regexp.MustCompile(`"quantity":"([0-9.]+)"`)
	code         = regexp.MustCompile(`"response_code":([0-9]+)`)
	offset       = regexp.MustCompile(`("\d{4}-\d\d-\d\dT[0-9:.]+)(?:Z|[+-]\d\d:\d\d)"`)
)
