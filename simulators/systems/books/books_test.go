package books

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// TestREADMEListsEveryRefusal keeps the table that users are sent to equal to
// the one that is in force.
func TestREADMEListsEveryRefusal(t *testing.T) {
	b, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]simulators.Class{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| ([a-z-]+) \\|").FindAllStringSubmatch(string(b), -1) {
		listed[row[1]] = simulators.Class(row[2])
	}
	for code, class := range classOf {
		if listed[code] != class {
			t.Errorf("README says %q of code %s, in force is %q", listed[code], code, class)
		}
	}
	for code := range listed {
		if classOf[code] == "" {
			t.Errorf("README lists code %s, which there is not", code)
		}
	}
}

// TestEveryRefusalIsTested finds each code in the tables of a system's tests.
func TestEveryRefusalIsTested(t *testing.T) {
	var tests strings.Builder
	for _, f := range []string{"../erp/erp_test.go", "../mes/mes_test.go"} {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(b)
	}
	for _, code := range slices.Sorted(maps.Keys(classOf)) {
		if !strings.Contains(tests.String(), `"`+code+`"`) {
			t.Errorf("no test of erp or mes demands code %s", code)
		}
	}
}

func confirmation(order plant.OrderID, counter int) plant.Event {
	f := plant.Confirmed{Order: order, Operation: "0010", Counter: counter}
	return plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f}
}

func newLedger() *Ledger {
	return NewLedger(map[plant.Kind]int64{plant.KindConfirmation: 100, plant.KindScrap: 200})
}

func TestLedgerNumbersEachKind(t *testing.T) {
	l := newLedger()
	var got []string
	for _, e := range []plant.Event{confirmation("A", 1), {Fact: plant.Scrapped{Order: "A"}}, confirmation("B", 1), confirmation("A", 1)} {
		got = append(got, l.Enter(e, "", plant.Of(1, "EA"), time.Time{}).Doc)
	}
	if want := []string{"100", "200", "101", "102"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if l.Takes(plant.KindReceipt) || !l.Takes(plant.KindScrap) {
		t.Error("the ledger takes other kinds than it has ranges for")
	}
}

func TestLedgerKnows(t *testing.T) {
	for _, early := range []bool{true, false} {
		l := newLedger()
		if early { // the index is built when first asked for, be that before or after
			l.Known(confirmation("A", 1).Fact)
		}
		for n := range 3 {
			l.Enter(confirmation("A", n), "", plant.Quantity{}, time.Time{})
			l.Enter(confirmation("A", n), "", plant.Quantity{}, time.Time{})
		}
		for n := range 3 {
			if doc, ok := l.Known(confirmation("A", n).Fact); !ok || doc != fmt.Sprint(100+2*n) {
				t.Errorf("asked early %v: counter %d: got %q, %v, want the first of two, %d", early, n, doc, ok, 100+2*n)
			}
		}
		for _, f := range []plant.Fact{confirmation("A", 3).Fact, confirmation("B", 1).Fact, plant.Scrapped{Order: "A", Operation: "0010", Counter: 1}} {
			if doc, ok := l.Known(f); ok {
				t.Errorf("asked early %v: %v is known as %s", early, f, doc)
			}
		}
	}
}

// TestLedgerSurvivesCollisions gives another key the place of a hash.
func TestLedgerSurvivesCollisions(t *testing.T) {
	l := newLedger()
	f := confirmation("A", 1).Fact
	if _, ok := l.Known(f); ok {
		t.Fatal("an empty ledger knows something")
	}
	keys := naturalKeys(f)
	s := &l.entities[place("A")]
	s.first[hashKeys(f.Kind(), &keys)] = &posting{Posting: simulators.Posting{Doc: "other", Claim: confirmation("A", 2)}}
	if doc, ok := l.Known(f); ok {
		t.Errorf("a key of equal hash was taken for the same: %s", doc)
	}
	p := l.Enter(confirmation("A", 1), "", plant.Quantity{}, time.Time{})
	if doc, ok := l.Known(f); !ok || doc != p.Doc {
		t.Errorf("got %q, %v, want %s", doc, ok, p.Doc)
	}
}

// TestSame holds the ledger's idea of one natural key equal to the plant's.
func TestSame(t *testing.T) {
	facts := []plant.Fact{
		plant.Confirmed{Order: "A", Operation: "1"}, plant.Confirmed{Order: "A", Operation: "1", Counter: 1}, plant.Confirmed{Order: "A", Operation: "2", Counter: 1},
		plant.Scrapped{Order: "A", Operation: "1", Counter: 1}, plant.Scrapped{Order: "A", Operation: "1", Counter: 1, Material: "M"}, plant.Scrapped{Order: "A", Operation: "1", Counter: 1, Lot: "L"},
		plant.ItemChanged{Item: plant.Item{ID: "M"}, Version: 1}, plant.ItemChanged{Item: plant.Item{ID: "N"}, Version: 1}, plant.ItemChanged{Item: plant.Item{ID: "N", Unit: "EA"}, Version: 1},
		plant.LotHeld{Lot: "L", Case: "Q"}, plant.LotHeld{Lot: "L", Case: "Q", Material: "M"}, plant.LotHeld{Lot: "L", Case: "R"}, plant.LotDecided{Lot: "L", Case: "Q"},
	}
	for _, a := range facts {
		for _, b := range facts {
			if got, want := Same(a, b), plant.Natural(a) == plant.Natural(b); got != want {
				t.Errorf("%+v and %+v: got %v, want %v", a, b, got, want)
			}
		}
	}
}

func TestOfReference(t *testing.T) {
	l := newLedger()
	for n := range 3 {
		e := confirmation("A", n)
		e.ID = "same"
		l.Enter(e, "", plant.Quantity{}, time.Time{})
	}
	l.Enter(plant.Event{Fact: confirmation("A", 9).Fact}, "", plant.Quantity{}, time.Time{})
	var got []string
	for _, p := range l.OfReference("same") {
		got = append(got, p.Doc)
	}
	if want := []string{"100", "101", "102"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := l.OfReference(""); got != nil {
		t.Errorf("postings without a reference were found by it: %v", got)
	}
}

func TestBase(t *testing.T) {
	items := NewItems(plant.Master{Items: []plant.Item{
		{ID: "BAG", Unit: "KG", Units: []plant.AltUnit{{Unit: "BAG", Factor: plant.Factor{Num: 25, Den: 1}}, {Unit: "ML", Factor: plant.Factor{Num: 11, Den: 8000000}}, {Unit: "NIL", Factor: plant.Factor{}}}},
		{ID: "PUMP", Unit: "EA"}}})
	for _, tt := range []struct {
		item plant.ItemID
		q    string
		unit plant.Unit
		want string
	}{
		{"BAG", "19", "BAG", "475 KG"},
		{"BAG", "0.2", "KG", "0.2 KG"},
		{"BAG", "0.000001", "BAG", "0.000025 KG"},
		{"BAG", "1", "ML", "0.000001 KG"}, // 0.000001375, rounded to the millionth
		{"BAG", "0", "", "0 KG"},
		{"BAG", "1", "", "unit-unknown"},
		{"BAG", "0", "kg", "unit-unknown"},
		{"BAG", "1", "EA", "unit-not-convertible"},
		{"BAG", "1", "NIL", "quantity-out-of-range"},
		{"BAG", "999999999999", "BAG", "quantity-out-of-range"},
		{"BAG", "-1", "KG", "quantity-negative"},
		{"?", "1", "KG", "item-unknown"},
	} {
		base, refusal := items.Base(tt.item, plant.Quantity{Amount: plant.MustDecimal(tt.q), Unit: tt.unit})
		got := base.String()
		if refusal != nil {
			got = refusal.Code
		}
		if got != tt.want {
			t.Errorf("%s %s of %s: got %s, want %s", tt.q, tt.unit, tt.item, got, tt.want)
		}
	}
}

func TestItemsChange(t *testing.T) {
	items := NewItems(plant.Master{Items: []plant.Item{{ID: "A", Unit: "EA"}}})
	restore := items.Save("A")
	if !items.Change(plant.ItemChanged{Item: plant.Item{ID: "A", Unit: "KG"}, Version: 2}, time.Time{}) || items.Version("A") != 2 {
		t.Error("a newer version was not taken")
	}
	if items.Change(plant.ItemChanged{Item: plant.Item{ID: "A", Unit: "L"}, Version: 1}, time.Time{}) {
		t.Error("an older version was taken")
	}
	if _, refusal := items.Base("A", plant.Of(1, "EA")); refusal == nil || refusal.Code != UnitUnknown {
		t.Errorf("a unit that nothing has any more: got %v", refusal)
	}
	restore()
	if i, _ := items.Item("A"); i.Unit != "EA" || items.Version("A") != 0 {
		t.Errorf("got %+v at version %d after putting it back", i, items.Version("A"))
	}
}

func TestLotNamesTheCaseThatBlocksIt(t *testing.T) {
	l := NewLot(plant.Lot{ID: "L", Material: "M"})
	for _, c := range []plant.CaseID{"Q-3", "Q-1", "Q-2"} {
		l.Hold(c)
	}
	l.Decide("Q-1", plant.DecideRelease)
	if r := l.Usable(time.Time{}); r == nil || !strings.Contains(r.Text, "Q-2") {
		t.Errorf("got %v, want the first open case named", r)
	}
	c := l.Clone()
	c.Decide("Q-2", plant.DecideScrap)
	if l.Status != plant.LotBlocked || c.Status != plant.LotScrapped {
		t.Errorf("lot %s, its clone %s: they share cases", l.Status, c.Status)
	}
}

func TestLocksAreTakenInAscendingOrder(t *testing.T) {
	var l Locks
	all := Of("a") | Of("b") | Of("c") | Of("d")
	l.Lock(all)
	for i := range l.mu {
		if free := l.mu[i].TryLock(); free != (all&(1<<i) == 0) {
			t.Errorf("shard %d: free %v", i, free)
		} else if free {
			l.mu[i].Unlock()
		}
	}
	l.Unlock(all)
	for i := range l.mu {
		if !l.mu[i].TryLock() {
			t.Errorf("shard %d was not given back", i)
		}
	}
	if Of("") != 0 {
		t.Error("nothing has a shard")
	}
}

func TestPage(t *testing.T) {
	all := make([]string, 1200)
	for i := range all {
		all[i] = fmt.Sprintf("%04d", i)
	}
	var got []string
	where := map[string]string{}
	for pages := 1; ; pages++ {
		a := Page(simulators.Query{Where: where}, all, func(s string) string { return s })
		for _, s := range a.Found {
			got = append(got, s.(string))
		}
		if a.Cursor == "" {
			if pages != 3 {
				t.Errorf("got %d pages, want 3", pages)
			}
			break
		}
		where["after"] = a.Cursor
	}
	if !slices.Equal(got, all) {
		t.Errorf("pages show %d of %d, or in another order", len(got), len(all))
	}
	for _, where := range []map[string]string{{"limit": "x"}, {"limit": "-1"}, {"after": "never"}} {
		if a := Page(simulators.Query{Where: where}, all, func(s string) string { return s }); a.Refusal == nil {
			t.Errorf("%v: got no refusal", where)
		}
	}
}

// A posting is found by either of its references, and once by each.
func TestSecondReference(t *testing.T) {
	l := NewLedger(map[plant.Kind]int64{plant.KindConfirmation: 1})
	c := confirmation("A", 1)
	c.ID = "ours"
	l.Enter(c, "theirs", plant.Quantity{}, time.Time{})
	for ref, want := range map[plant.EventID]int{"ours": 1, "theirs": 1, "": 0, "nobody's": 0} {
		if got := l.OfReference(ref); len(got) != want || want == 1 && got[0].Alias != "theirs" {
			t.Errorf("%q finds %v, want %d postings", ref, got, want)
		}
	}
}

// The whole list comes in the order of numbers, to whoever says that it is wanted.
func TestAllPostings(t *testing.T) {
	l := newLedger()
	for _, o := range []plant.OrderID{"B", "A", "C"} {
		l.Enter(confirmation(o, 1), "", plant.Quantity{}, time.Time{})
	}
	l.Enter(plant.Event{Fact: plant.Scrapped{Order: "A", Counter: 1}}, "", plant.Quantity{}, time.Time{})
	a := l.Query(simulators.Query{Where: map[string]string{simulators.WhereAll: "true", "limit": "3"}})
	got := ""
	for _, f := range a.Found {
		p := f.(simulators.Posting)
		got += p.Doc + string(p.Claim.Fact.Keys().Order) + " "
	}
	if got != "100B 101A 102C " || a.Total != 4 || !a.More || a.Cursor != "102" {
		t.Errorf("found %q of %d, cursor %q", got, a.Total, a.Cursor)
	}
	if a := l.Query(simulators.Query{Where: map[string]string{}}); a.Refusal == nil || a.Refusal.Code != QueryUnknown {
		t.Errorf("without a word: %+v", a)
	}
}
