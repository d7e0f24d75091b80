package staging

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

// TestExtract: the rows of a table are a load, and a row that is inserted behind
// them says how many they are. What is out of use is none of them.
func TestExtract(t *testing.T) {
	items := dialecttest.Day()["item-changed"]
	gone := dialecttest.Event(plant.ItemChanged{Version: 2, Item: plant.Item{ID: "PUMP-6", Description: "Pump, old", Unit: "EA", Retired: true}}, dialecttest.At(5, 0, 0))
	all := append(append([]plant.Event{}, items...), gone)
	ms, err := Dialect{}.Extract(dialecttest.At(6, 0, 0), all)
	if err != nil || len(ms) != 2 || ms[0].Name != "items" || ms[1].Name != "loads" || ms[0].Entity != ms[1].Entity {
		t.Fatalf("%+v, %v", ms, err)
	}
	golden(t, "items-load", ms[0].Body)
	golden(t, "loads", ms[1].Body)
	ask, err := Dialect{}.Decode(ms[0])
	if err != nil || !reflect.DeepEqual(ask.Claims, items) || !reflect.DeepEqual(ms[0].Events, items) {
		t.Errorf("read as %+v, %v", ask.Claims, err)
	}
	if !reflect.DeepEqual(ms[1].Events, []plant.Event{gone}) {
		t.Errorf("the closing row tells of %+v", ms[1].Events)
	}
	var rows []map[string]any
	var closing map[string]any
	if json.Unmarshal(ms[0].Body, &rows) != nil || json.Unmarshal(ms[1].Body, &closing) != nil {
		t.Fatal("not JSON")
	}
	for _, r := range rows {
		if r["load_id"] != closing["load_id"] {
			t.Errorf("row of load %v, closed is %v", r["load_id"], closing["load_id"])
		}
	}
	if closing["row_count"] != float64(len(rows)) || closing["table_name"] != "items" {
		t.Errorf("closed as %v", closing)
	}
	if _, err := (Dialect{}).Decode(ms[1]); err == nil {
		t.Error("a closing row is taken for a fact")
	}
	again, err := Dialect{}.Extract(dialecttest.At(7, 0, 0), all)
	if err != nil || string(again[1].Body) == string(ms[1].Body) || again[1].Key == ms[1].Key {
		t.Errorf("a load of another time is the same one: %s", again[1].Body)
	}
	only, err := Dialect{}.Extract(dialecttest.At(6, 0, 0), []plant.Event{gone})
	if err != nil || len(only) != 1 || only[0].Name != "loads" {
		t.Errorf("a load without rows: %+v, %v", only, err)
	}
}

// TestLoads: every table of master data can be loaded.
func TestLoads(t *testing.T) {
	written, site := dialecttest.Engineering(), dialecttest.Site()
	var all []plant.Event
	for _, one := range [][]plant.Event{site["calendar-changed"], site["work-center-changed"], written["bom-changed"], written["routing-changed"]} {
		all = append(all, one...)
	}
	ms, err := Dialect{}.Extract(dialecttest.At(6, 0, 0), all)
	if err != nil || len(ms) != 8 {
		t.Fatalf("%d messages, %v", len(ms), err)
	}
	for i, name := range []string{"calendars", "work_centers", "boms", "routings"} {
		rows, closing := ms[2*i], ms[2*i+1]
		if rows.Name != name || closing.Name != "loads" || len(closing.Events) > 0 {
			t.Errorf("%s is loaded as %s, %s", name, rows.Name, closing.Name)
		}
		golden(t, name+"-load", rows.Body)
		if ask, err := (Dialect{}).Decode(rows); err != nil || !reflect.DeepEqual(ask.Claims, rows.Events) {
			t.Errorf("%s is read as %+v, %v", name, ask.Claims, err)
		}
	}
}
