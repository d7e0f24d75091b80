package neutral

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// engineering is what the README shows of master data, by the list it is in.
func engineering() map[string]any {
	return map[string]any{
		"boms": simulators.BillState{Version: 2, Changed: at(4, 0, 0), Bill: plant.Bill{Item: "PUMP-7", Revision: "D", For: ea("1"), Components: []plant.Component{
			{Material: "CASTING-3", Operation: "0010", Quantity: ea("1")}, {Material: "COOLANT", Operation: "0010", Quantity: plant.Quantity{Amount: plant.MustDecimal("0.0625"), Unit: "LTR"}}}}},
		"routings": simulators.RoutingState{Version: 2, Changed: at(4, 0, 0), Routing: plant.Routing{Item: "PUMP-7", Revision: "D", Operations: []plant.Operation{
			{ID: "0010", Description: "Machine housing", WorkCenter: "WC-CNC-02", Setup: 25 * time.Minute, Cycle: 61500 * time.Millisecond},
			{ID: "0020", Description: "Assemble", WorkCenter: "WC-ASM-01", Cycle: 2 * time.Minute, Inspect: true}}}},
		"work-centers": simulators.CenterState{Version: 2, Changed: at(4, 0, 0), WorkCenter: plant.WorkCenter{ID: "WC-CNC-02", Description: "Machining center", Machines: []plant.MachineID{"CNC-02A", "CNC-02B"}, Efficiency: 85}},
		"calendars": simulators.CalendarState{Version: 1, Changed: at(4, 0, 0), Calendar: plant.Calendar{ID: "BRNO", Zone: "Europe/Prague", Shifts: []plant.Shift{
			{Name: "early", Start: 6 * 60, End: 14 * 60, Days: []time.Weekday{1, 2, 3, 4, 5}}, {Name: "night", Start: 22 * 60, End: 6 * 60, Days: []time.Weekday{0, 1, 2, 3, 4}}}}},
	}
}

func TestGoldenMasterData(t *testing.T) {
	for list, object := range engineering() {
		reply := Dialect{}.Reply(simulators.Message{Verb: "get", Name: list}, simulators.Answer{Found: []any{object}})
		var got bytes.Buffer
		if err := json.Indent(&got, reply.Body, "", "  "); err != nil {
			t.Fatal(err)
		}
		got.WriteByte('\n')
		file := filepath.Join("testdata", "found", list+".json")
		if *update {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: %v\n%s", file, err, got.Bytes())
		}
	}
}

func TestMasterDataIsAskedFor(t *testing.T) {
	for list, object := range map[string]string{"boms": "bom", "routings": "routing", "work-centers": "work-center", "calendars": "calendar"} {
		ask, err := Dialect{}.Decode(simulators.Message{Verb: "get", Name: list, Params: map[string]string{"by": "changed", "since": "2026-03-02T04:00:00Z", "limit": "5", "other": "x"}})
		if err != nil || ask.Query.Object != list || len(ask.Query.Where) != 3 {
			t.Errorf("%s: %+v, %v", list, ask.Query, err)
		}
		ask, err = Dialect{}.Decode(simulators.Message{Verb: "get", Name: list + "/A%2F1"})
		if err != nil || ask.Query.Object != object || ask.Query.Where["id"] != "A/1" {
			t.Errorf("%s: %+v, %v", object, ask.Query, err)
		}
		if reply := (Dialect{}).Reply(simulators.Message{Verb: "get", Name: list + "/1"}, simulators.Answer{}); reply.Result.Status != 404 || !strings.Contains(string(reply.Body), object+"-unknown") {
			t.Errorf("%s: %d %s", list, reply.Result.Status, reply.Body)
		}
	}
}
