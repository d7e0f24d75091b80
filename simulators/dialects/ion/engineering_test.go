package ion

import (
	"bytes"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators/plant"
)

// TestEngineeringRefuses: a bill of material or a routing that lacks something is
// rejected later, with the place of what is wrong.
func TestEngineeringRefuses(t *testing.T) {
	d := Dialect{}
	for name, c := range map[string]struct{ of, was, is, says string }{
		"no version":     {"bom-changed", `variationID="2">PUMP`, `variationID="two">PUMP`, `/SyncBillOfMaterials/DataArea/BillOfMaterials[1]/BillOfMaterialsHeader/ItemID/ID/@variationID: "two" is not the number`},
		"no material":    {"bom-changed", ">PUMP-7</ID>", "></ID>", "BillOfMaterialsHeader/ItemID/ID"},
		"no quantity":    {"bom-changed", `>100</BaseQuantity>`, `>many</BaseQuantity>`, "BillOfMaterialsHeader/BaseQuantity"},
		"bad component":  {"bom-changed", `>41.25<`, `>41,25<`, "BillOfMaterialsComponent[1]/RequiredQuantity"},
		"no operation":   {"routing-changed", "RoutingOperation", "RoutingStep", "/SyncRouting/DataArea/Routing[1]: a routing without an operation"},
		"no center":      {"work-center-changed", ">WC-CNC-02</ID>", "></ID>", "/SyncWorkCenter/DataArea/WorkCenter[1]/WorkCenterHeader/DocumentID/ID: is missing"},
		"bad percentage": {"work-center-changed", ">85<", ">85 %<", `WorkCenterHeader/EfficiencyPercent: "85 %" is not a percentage`},
		"no machine":     {"work-center-changed", ">CNC-02-B<", "><", "WorkCenterMachine[2]/ID: is missing"},
		"no zone":        {"calendar-changed", "TimeZoneCode", "Zone", "/SyncShopCalendar/DataArea/ShopCalendar[1]/ShopCalendarHeader/TimeZoneCode: is missing"},
		"half a minute":  {"calendar-changed", "14:00:00", "14:00:30", `ShopCalendarShift[1]/EndTime: "14:00:30" is not a time of day`},
		"bad day":        {"calendar-changed", "Mon Tue", "Mo Tue", `ShopCalendarShift[1]/WorkDays: "Mo" is no day`},
		"bad cycle time": {"routing-changed", "PT90S", "90 s", "RoutingOperation[1]/RunDuration"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := d.Batch(goldens()[c.of]...)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(m.Body, []byte(c.was)) {
				t.Fatalf("there is no %s in\n%s", c.was, m.Body)
			}
			m.Body = bytes.ReplaceAll(m.Body, []byte(c.was), []byte(c.is))
			ask, err := d.Decode(m)
			if err != nil || ask.Late == nil {
				t.Fatalf("read as %+v, %v", ask, err)
			}
			if !strings.Contains(ask.Late.Text, c.says) {
				t.Errorf("says %q, want %q", ask.Late.Text, c.says)
			}
		})
	}
	if _, err := (Dialect{Settings: Settings{Product: "csi"}}).Encode(plant.Event{ID: "b", Fact: plant.BillChanged{}}); err != nil {
		t.Errorf("csi has no noun for it: %v", err)
	}
}
