package bridge

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// had is defect M141: a material has one version, whichever of its documents
// was changed.
func (f *flawedInbox) had(it *item) bool {
	if it.Kind != kindItem && it.Kind != kindBill && it.Kind != kindRouting {
		return false
	}
	m := versionIn.FindSubmatch(it.body)
	if m == nil {
		return false
	}
	version, _ := strconv.Atoi(string(m[1]))
	f.mu.Lock()
	defer f.mu.Unlock()
	if version <= f.counted[it.Material] { // DEFECT M141: it may be another document that has come so far
		return true
	}
	f.counted[it.Material] = version
	return false
}

var versionIn = regexp.MustCompile(`"Version"\s*:\s*"([0-9]+)"`)

// perPiece is defect M142: a bill of material says what one piece needs.
func (f *flawedInbox) perPiece(items []*item) {
	for _, it := range items {
		if it.Kind != kindBill {
			continue
		}
		var m map[string]map[string]any
		if json.Unmarshal(it.body, &m) != nil {
			continue
		}
		area, _ := m["SyncOperationsMaterialBill"]["DataArea"].(map[string]any)
		quantity, ok := dig(area, "OperationsMaterialBill", "OperationsMaterialBillItem", "Quantity").(map[string]any)
		if !ok {
			continue
		}
		quantity["QuantityString"] = "1" // DEFECT M142: the lines are for as many as it said
		if b, err := json.Marshal(m); err == nil && !bytes.Equal(b, it.body) {
			it.body = b
		}
	}
}

// dig follows names through objects and the first elements of lists.
func dig(v any, way ...string) any {
	for _, name := range way {
		o, _ := v.(map[string]any)
		v = o[name]
		if list, ok := v.([]any); ok && len(list) > 0 {
			v = list[0]
		}
	}
	return v
}

// hasIt is defect M144: what is there need not be loaded.
func (f *flawedInbox) hasIt(it *item) bool {
	if !slices.Contains([]string{kindItem, kindBill, kindRouting, kindCenter, kindCalendar}, it.Kind) {
		return false
	}
	record := it.Kind + "/" + it.entity()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counted[record]++
	return f.counted[record] > 1 // DEFECT M144: it may have changed
}

// dayLate is defect M145: it takes the third day for the third, whatever day
// weeks begin on.
func dayLate(items []*item) {
	next := strings.NewReplacer("SU", "MO", "MO", "TU", "TU", "WE", "WE", "TH", "TH", "FR", "FR", "SA", "SA", "SU")
	for _, it := range items {
		if it.Kind == kindCalendar {
			it.body = byDay.ReplaceAllFunc(it.body, func(b []byte) []byte {
				return []byte("BYDAY=" + next.Replace(string(b[len("BYDAY="):]))) // DEFECT M145: they count from Sunday
			})
		}
	}
}

var byDay = regexp.MustCompile(`BYDAY=[A-Z,]+`)
