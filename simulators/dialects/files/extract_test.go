package files

import (
	"reflect"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

// published is master data as a plant tells of it all: the newest change of each
// record, of which one material is out of use.
func published() []plant.Event {
	items := dialecttest.Day()["item-changed"]
	gone := dialecttest.Event(plant.ItemChanged{Version: 2, Item: plant.Item{ID: "PUMP-6", Description: "Pump, old", Unit: "EA", Retired: true}}, at(5, 0, 0))
	all := append(dialecttest.Site()["calendar-changed"], items...)
	all = append(append(all, gone), dialecttest.Engineering()["bom-changed"]...)
	return append(append(all, dialecttest.Engineering()["routing-changed"]...), dialecttest.Site()["work-center-changed"]...)
}

// TestExtract: each list is a file by itself, with all of its records that are in
// use, and a trailer that tells when it was cut.
func TestExtract(t *testing.T) {
	all := published()
	for _, form := range []struct {
		suffix string
		s      Settings
	}{{".csv", Settings{}}, {".1252.csv", Settings{Encoding: Windows1252, Decimal: Comma}}, {".fixed.txt", Settings{Layout: Fixed}}} {
		d := Dialect{form.s}
		ms, err := d.Extract(at(6, 0, 0), all)
		if err != nil {
			t.Fatal(err)
		}
		names, told := []string{}, 0
		for _, m := range ms {
			names, told = append(names, m.Name), told+len(m.Events)
			golden(t, m.Name+form.suffix, m.Body)
			ask, err := d.Decode(m)
			if err != nil {
				t.Fatalf("%s: %v", m.Name, err)
			}
			present := m.Events[:len(ask.Claims)]
			if !reflect.DeepEqual(ask.Claims, present) {
				t.Errorf("%s is read as %+v", m.Name, ask.Claims)
			}
			for _, e := range m.Events[len(ask.Claims):] {
				if f, is := e.Fact.(plant.ItemChanged); !is || !f.Item.Retired || strings.Contains(string(m.Body), string(f.Item.ID)) {
					t.Errorf("%s lacks %s", m.Name, e.ID)
				}
			}
			lines := strings.SplitAfter(string(m.Body), "\r\n")
			cut := m
			cut.Body = []byte(strings.Join(lines[:len(lines)-2], ""))
			if _, err := d.Decode(cut); err == nil || !strings.Contains(err.Error(), "was not written to its end") {
				t.Errorf("%s without its trailer: %v", m.Name, err)
			}
		}
		if want := []string{"all-calendars", "all-items", "all-boms", "all-routings", "all-work-centers"}; !reflect.DeepEqual(names, want) || told != len(all) {
			t.Errorf("files %q tell of %d records, want %q and %d", names, told, want, len(all))
		}
	}
}

// TestAnExtractIsNoFileOfChanges: what it is called is what it says.
func TestAnExtractIsNoFileOfChanges(t *testing.T) {
	ms, err := Dialect{}.Extract(at(6, 0, 0), dialecttest.Day()["item-changed"])
	if err != nil || len(ms) != 1 {
		t.Fatalf("%d files, %v", len(ms), err)
	}
	m := simulators.Message{Verb: "post", Name: Items, Body: ms[0].Body}
	if _, err := (Dialect{}).Decode(m); err == nil || !strings.Contains(err.Error(), `the header says "all-items", and the file's name items`) {
		t.Errorf("taken for changes: %v", err)
	}
}
