package saps4

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
	"github.com/andon-rig/andon/simulators/plant"
)

// keptByIDocs is what of an event an IDoc can say in a zone: dates and times to
// the second, when it was made to the microsecond, and the characters of XML.
func keptByIDocs(zone *time.Location) func(plant.Event) plant.Event {
	second := func(t *time.Time) {
		if !t.IsZero() {
			*t = t.Truncate(time.Second).In(zone)
		}
	}
	return func(e plant.Event) plant.Event {
		switch e.Fact.Kind() {
		case plant.KindOrderReleased, plant.KindOrderChanged, plant.KindOrderCancelled, plant.KindItemChanged, plant.KindCenterChanged:
		default:
			return kept(e)
		}
		clean := reflect.New(reflect.TypeOf(e.Fact)).Elem()
		clean.Set(reflect.ValueOf(e.Fact))
		inXML(clean)
		e.Fact = clean.Interface().(plant.Fact)
		switch f := e.Fact.(type) {
		case plant.OrderReleased:
			second(&f.Order.Start)
			second(&f.Order.Due)
			for i, op := range f.Order.Operations {
				f.Order.Operations[i].Setup, f.Order.Operations[i].Cycle = op.Setup.Truncate(time.Microsecond), op.Cycle.Truncate(time.Microsecond)
			}
			e.Fact = f
		case plant.OrderChanged:
			second(&f.Due)
			e.Fact = f
		case plant.ItemChanged: // the base unit is no other unit
			f.Item.Units = slices.DeleteFunc(slices.Clone(f.Item.Units), func(u plant.AltUnit) bool { return u.Unit == f.Item.Unit && u.Factor.Num == u.Factor.Den })
			e.Fact = f
		}
		e.ID, e.At = plant.EventID(plant.Natural(e.Fact)), e.At.Truncate(time.Microsecond).In(zone)
		return e
	}
}

// inXML takes from all texts in v what XML cannot say.
func inXML(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(strings.Map(func(r rune) rune {
			if xmltree.Sayable(r) && r != utf8.RuneError || strings.ContainsRune("\t\n\r", r) {
				return r
			}
			return '?'
		}, v.String()))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				inXML(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			inXML(v.Index(i))
		}
	}
}

// TestIDocConformance: what an IDoc says is read again, in whatever zone the
// system is.
func TestIDocConformance(t *testing.T) {
	statuses := dialecttest.Statuses(map[string]int{"partly": 201, "all rows bad": 400, "one row bad": 400, "order unknown": 400, "data quality": 400,
		"business": 400, "key reused": 400, "already posted": 400, "locked": 400})
	for name, s := range map[string]Settings{"UTC": {Announce: ByIDocs}, "in India": {Announce: ByIDocs, Zone: "Asia/Kolkata"}} {
		t.Run(name, func(t *testing.T) {
			dialecttest.Run(t, Dialect{s}, dialecttest.Within(keptByIDocs(s.zone())), statuses)
		})
	}
}

func encoded(t *testing.T, d Dialect, f plant.Fact) simulators.Message {
	t.Helper()
	ms, err := d.Encode(dialecttest.Event(f, dialecttest.At(5, 0, 0)))
	if err != nil || len(ms) != 1 || ms[0].Name != IDocs {
		t.Fatalf("%v, %v", ms, err)
	}
	return ms[0]
}

// What ends at midnight ends at 24 o'clock of the day before, in the system's
// zone; who takes that for the beginning of that day is a day too early.
func TestIDocEndsADayAt24(t *testing.T) {
	d := Dialect{Settings{Announce: ByIDocs, Zone: "Europe/Prague", Orders: Padded}}
	due := time.Date(2026, 3, 2, 23, 0, 0, 0, time.UTC) // 00:00 in Prague
	m := encoded(t, d, plant.OrderChanged{Order: "4711", Version: 2, Quantity: dialecttest.EA("250"), Due: due, Priority: 1})
	for _, want := range []string{"<AUFNR>000000004711</AUFNR>", "<GLTRS>20260302</GLTRS>", "<GLUZS>240000</GLUZS>", "<GSTRS>00000000</GSTRS>"} {
		if !strings.Contains(string(m.Body), want) {
			t.Errorf("there is no %s in\n%s", want, m.Body)
		}
	}
	ask, err := d.Decode(m)
	if err != nil {
		t.Fatal(err)
	}
	if f := ask.Claims[0].Fact.(plant.OrderChanged); f.Order != "4711" || !f.Due.Equal(due) {
		t.Errorf("%+v", f)
	}
}

// Numbers of fields of quantities and of floating ones are read as the same, and
// what is no number, date, factor or status is refused with its line.
func TestIDocFields(t *testing.T) {
	d := Dialect{Settings{Announce: ByIDocs}}
	order, item, center := string(encoded(t, d, plant.OrderReleased{Order: order()}).Body), string(encoded(t, d, plant.ItemChanged{Item: pump(), Version: 1}).Body), string(encoded(t, d, turned().Fact).Body)
	for _, x := range []struct{ in, of, with, why string }{
		{order, ">205.500<", ">2.055000000000000E+02<", ""},
		{order, ">205.500<", ">205,5<", "BDMNG is \"205,5\""},
		{order, ">205.500<", ">1E400<", "BDMNG is"},
		{order, ">205.500<", ">0xEp1<", "BDMNG is"},
		{order, "<VGE02>S</VGE02>", "<VGE02>HUR</VGE02>", ""},
		{order, "<VGE02>S</VGE02>", "<VGE02>KGM</VGE02>", "VGW02 is 90 KGM"},
		{order, "<GSTRS>20260302<", "<GSTRS>20260230<", "line 27: E1AFKOL: GSTRS"},
		{order, "<STAT>I0002</STAT>", "", "STAT is missing"},
		{order, "<RSPOS>0001<", "<RSPOS>one<", "RSPOS"},
		{order, "<AUFNR>4711000001</AUFNR>", "<AUFNR>1</AUFNR><AUFNR>2</AUFNR>", "2 times"},
		{order, "<AUFNR>4711000001</AUFNR>", "<AUFNR><A/></AUFNR>", "elements in it"},
		{order, "<MESTYP>LOIPRO</MESTYP>", "<MESTYP>MATMAS</MESTYP>", "MESTYP is \"MATMAS\" in a document of type LOIPRO05"},
		{order, "<SERIAL>2026", "<SERIAL>26", "SERIAL"},
		{order, "LOIPRO05", "LOIPRO02", "IDocs of type \"LOIPRO02\""},
		{order, "</IDOC>", "<EDI_DC40/></IDOC>", "2 segments EDI_DC40"},
		{order, "</LOIPRO05>", "", "no XML"},
		{item, "<UMREN>1<", "<UMREN>0<", "UMREN is \"0\""},
		{item, "<MEINH>BOX</MEINH>", "", "MEINH is missing"},
		{center, "<NGRAD>90<", "<NGRAD>fast<", "NGRAD"},
		{center, "<MACHINE>L-2</MACHINE>", "", "MACHINE is missing"},
	} {
		changed := strings.ReplaceAll(x.in, x.of, x.with)
		if changed == x.in {
			t.Fatalf("there is no %s", x.of)
		}
		_, err := d.Decode(simulators.Message{Name: IDocs, Body: []byte(changed)})
		if x.why == "" && err != nil || x.why != "" && (err == nil || !strings.Contains(err.Error(), x.why)) {
			t.Errorf("%s for %s: %v, want %q", x.with, x.of, err, x.why)
		}
	}
}

// Without a message function a document says by itself what it is about.
func TestIDocsWithoutAFunction(t *testing.T) {
	d := Dialect{Settings{Announce: ByIDocs}}
	for kind, f := range map[plant.Kind]plant.Fact{plant.KindOrderReleased: plant.OrderReleased{Order: order()}, plant.KindOrderCancelled: plant.OrderCancelled{Order: "1", Version: 2},
		plant.KindOrderChanged: plant.OrderChanged{Order: "1", Version: 2, Quantity: dialecttest.EA("3")}} {
		m := encoded(t, d, f)
		m.Body = regexp.MustCompile(`<MESFCT>.*</MESFCT>`).ReplaceAll(m.Body, nil)
		ask, err := d.Decode(m)
		if err != nil || ask.Claims[0].Fact.Kind() != kind {
			t.Errorf("%s: %+v, %v", kind, ask.Claims, err)
		}
	}
}

func TestIDocSettings(t *testing.T) {
	for want, s := range map[string]Settings{"": {Announce: ByIDocs, Zone: "Europe/Prague"}, "announce": {Announce: "mail"}, "zone": {Announce: ByIDocs, Zone: "Mars/Base"}, "for IDocs": {Zone: "Europe/Prague"}} {
		if err := s.Validate(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", s, err, want)
		}
	}
	if (Dialect{}).Policy().Names == (Dialect{Settings{Announce: ByIDocs}}).Policy().Names {
		t.Error("an IDoc names what has changed, as an event does")
	}
}
