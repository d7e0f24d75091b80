package ion

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

// published is master data as a plant tells of it all, of which one material is out
// of use.
func published() []plant.Event {
	item := func(id plant.ItemID, retired bool) plant.Event {
		return dialecttest.Event(plant.ItemChanged{Version: 2, Item: plant.Item{ID: id, Description: "Pump", Unit: "EA", Retired: retired}}, dialecttest.At(5, 0, 0))
	}
	all := append(slices.Clone(dialecttest.Day()["item-changed"]), item("PUMP-6", true), item("PUMP-7", false), item("PUMP-8", false))
	return append(append(all, dialecttest.Engineering()["bom-changed"]...), dialecttest.Site()["calendar-changed"]...)
}

func loadOf(t testing.TB, s Settings) []simulators.Message {
	t.Helper()
	s.FirstLoad = LoadShow
	d, err := Dialect{}.Configure(func(into any) error { *into.(*Settings) = s; return nil })
	if err != nil {
		t.Fatal(err)
	}
	ms, err := d.(simulators.Extractor).Extract(dialecttest.At(6, 0, 0), published())
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

// TestFirstLoad: all records of a kind in documents of a few, which say which of how
// many they are; what is out of use is in none of them.
func TestFirstLoad(t *testing.T) {
	d := Dialect{Settings: Settings{FirstLoad: LoadShow, Partner: build}}
	var told []plant.Event
	var names []string
	for i, m := range loadOf(t, Settings{LoadNouns: 2, Partner: build}) {
		at, _ := d.resourceAt(m.Name)
		p, payload, err := unpack(at.layout, at.version, m)
		if err != nil {
			t.Fatal(err)
		}
		if names = append(names, p.DocumentName); i < 2 {
			golden(t, "show-items"+string(rune('1'+i))+".xml", payload)
		}
		_, id, err := opened(incoming{parameters: p, payload: payload, verb: show, noun: strings.TrimPrefix(p.DocumentName, "Show.")})
		if err != nil {
			t.Fatal(err)
		}
		want := []batch{{id.batch.id, 1, 0}, {id.batch.id, 2, 2}, {}, {}}[i]
		if id.batch != want || p.BatchID != want.id || int(p.BatchSequence) != want.sequence || int(p.BatchSize) != want.size || i < 2 && want.id == "" {
			t.Errorf("document %d is %+v by its BODID and %s, %d, %d by its parameters, want %+v", i+1, id.batch, p.BatchID, p.BatchSequence, p.BatchSize, want)
		}
		if p.ToLogicalID != build || p.FromLogicalID != "lid://plantsim.erp.alpha" {
			t.Errorf("it goes from %s to %s", p.FromLogicalID, p.ToLogicalID)
		}
		ask := Dialect{Settings: Settings{FirstLoad: LoadShow, LogicalID: build}}.read(incoming{parameters: p, payload: payload, verb: show, noun: id.noun})
		if present := m.Events[:len(m.Events)-m.Absent]; ask.Late != nil || !reflect.DeepEqual(ask.Claims, present) {
			t.Errorf("document %d is read as %+v, %+v", i+1, ask.Claims, ask.Late)
		}
		if told = append(told, m.Events...); m.Absent != []int{0, 1, 0, 0}[i] {
			t.Errorf("document %d lacks %d", i+1, m.Absent)
		}
	}
	if want := []string{"Show.ItemMaster", "Show.ItemMaster", "Show.BillOfMaterials", "Show.ShopCalendar"}; !slices.Equal(names, want) {
		t.Errorf("documents %q, want %q", names, want)
	}
	if len(told) != len(published()) {
		t.Errorf("%d records are told, want %d", len(told), len(published()))
	}
}

// TestNoFirstLoad: nothing is shown unless it was agreed upon, and a load keeps the
// product's documents.
func TestNoFirstLoad(t *testing.T) {
	d, err := Dialect{}.Configure(func(any) error { return nil })
	if _, loads := d.(simulators.Extractor); err != nil || loads {
		t.Errorf("it loads without being told to: %v", err)
	}
	m := loadOf(t, Settings{})[0]
	if _, err := (Dialect{}).Decode(m); err == nil || !strings.Contains(err.Error(), "Show.ItemMaster is not among the documents") {
		t.Errorf("a Show is taken where there is none: %v", err)
	}
	csi := loadOf(t, Settings{Product: "csi"})
	if len(csi) == 0 {
		t.Error("CSI has no first load")
	}
	for _, m := range csi {
		if strings.Contains(string(m.Body), "Show.ShopCalendar") {
			t.Error("CSI shows a calendar, of which it has no document")
		}
	}
	for want, s := range map[string]Settings{"first-load": {FirstLoad: "get"}, "load-nouns: is of": {LoadNouns: 3}, "load-nouns: a document": {FirstLoad: LoadShow, LoadNouns: -1}} {
		if err := (Dialect{Settings: s}).validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", s, err, want)
		}
	}
}
