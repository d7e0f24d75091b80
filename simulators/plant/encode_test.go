package plant

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// anything makes values of type T by reflection, so that a field added to a
// fact and forgotten by its encoder is found.
func anything[T any]() *rapid.Generator[T] {
	odd := []string{"", "0010", "000471", "Ä-1,5", `say "x"\`, "lot\t7\x7f", "漢字", "🏭", "<&'>", "\u2028\u2029", "\xff\xc3", "a%2Fb"}
	text := rapid.OneOf(rapid.SampledFrom(odd), rapid.StringMatching(`[0-9A-Za-z _./-]{1,14}`), rapid.String())
	const most = 999_999_999_999_999_999 // that can be read back
	amount := rapid.Map(rapid.OneOf(rapid.Int64Range(-5_000_000, 5_000_000), rapid.Int64Range(-most, most)), func(n int64) Decimal { return Decimal(n) })
	return rapid.MakeCustom[T](rapid.MakeConfig{
		Kinds: map[reflect.Kind]*rapid.Generator[any]{reflect.String: text.AsAny()},
		Types: map[reflect.Type]*rapid.Generator[any]{
			reflect.TypeFor[time.Time](): rapid.Custom(anyTime).AsAny(),
			reflect.TypeFor[Decimal]():   amount.AsAny(),
			reflect.TypeFor[WallTime]():  rapid.Map(rapid.IntRange(0, 24*60-1), func(n int) WallTime { return WallTime(n) }).AsAny(),
			// Half of the quantities that may be left out are.
			reflect.TypeFor[Quantity](): rapid.Custom(func(t *rapid.T) Quantity {
				if rapid.Bool().Draw(t, "no quantity") {
					return Quantity{}
				}
				return Quantity{amount.Draw(t, "amount"), Unit(text.Draw(t, "unit"))}
			}).AsAny(),
		},
	})
}

func anyTime(t *rapid.T) time.Time {
	if rapid.Bool().Draw(t, "no time") {
		return time.Time{}
	}
	at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), rapid.SampledFrom([]int64{0, 1_000_000, 999_999_999}).Draw(t, "fraction"))
	return at.In(time.FixedZone("", 60*rapid.IntRange(-14*60, 14*60).Draw(t, "offset")))
}

// plainly is the stored form of an event, written by encoding/json alone.
func plainly(t *rapid.T, e Event) string {
	b, err := json.Marshal(struct {
		ID   EventID   `json:"id"`
		At   time.Time `json:"at,omitzero"`
		Kind Kind      `json:"kind"`
		Fact any       `json:"fact"`
	}{e.ID, e.At, e.Fact.Kind(), e.Fact})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestEventsAreEncodedAsEncodingJSONWould holds the hand-written encoder to
// the byte, and to what can be read back.
func TestEventsAreEncodedAsEncodingJSONWould(t *testing.T) {
	t.Run("order released", encodes[OrderReleased])
	t.Run("order changed", encodes[OrderChanged])
	t.Run("order cancelled", encodes[OrderCancelled])
	t.Run("operation started", encodes[OperationStarted])
	t.Run("confirmed", encodes[Confirmed])
	t.Run("consumed", encodes[Consumed])
	t.Run("scrapped", encodes[Scrapped])
	t.Run("reworked", encodes[Reworked])
	t.Run("received", encodes[Received])
	t.Run("reversed", func(t *testing.T) {
		e := Event{ID: "reversal/1", Fact: Reversed{Original: Event{ID: "confirmation/1", Fact: Confirmed{Order: "A", Operation: "0010", Counter: 1, Yield: Of(1, "EA")}}, Document: "5"}}
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var back Event
		if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back, e) {
			t.Errorf("%+v became %s and then %+v, %v", e, b, back, err)
		}
		if b, err = json.Marshal(Event{Fact: Reversed{Document: "5"}}); err != nil || strings.Contains(string(b), "original") {
			t.Errorf("of an original that is not known: %s, %v", b, err)
		}
	})
	t.Run("lot held", encodes[LotHeld])
	t.Run("lot decided", encodes[LotDecided])
	t.Run("inspected", encodes[Inspected])
	t.Run("item changed", encodes[ItemChanged])
	t.Run("bill changed", encodes[BillChanged])
	t.Run("routing changed", encodes[RoutingChanged])
	t.Run("work center changed", encodes[CenterChanged])
	t.Run("calendar changed", encodes[CalendarChanged])
	t.Run("shipped", encodes[Shipped])
	t.Run("machine counted", encodes[MachineCounted])
	t.Run("machine changed", encodes[MachineChanged])
}

func encodes[F Fact](t *testing.T) {
	facts, texts, times := anything[F](), anything[string](), rapid.Custom(anyTime)
	rapid.Check(t, func(t *rapid.T) {
		e := Event{EventID(texts.Draw(t, "id")), times.Draw(t, "at"), facts.Draw(t, "fact")}
		want := plainly(t, e)
		for _, before := range []string{"", "[1,"} {
			got, err := e.AppendJSON([]byte(before))
			if err != nil || string(got) != before+want {
				t.Fatalf("got  %s (%v)\nwant %s%s", got, err, before, want)
			}
		}
		b, err := json.Marshal(e)
		if err != nil || string(b) != want {
			t.Fatalf("Marshal: got %s (%v)\nwant %s", b, err, want)
		}
		var back Event
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatalf("read back: %v", err)
		}
		if again := plainly(t, back); again != want && !strings.Contains(want, `\ufffd`) { // which stands for no text
			t.Fatalf("read back and written again:\n%s\n%s", again, want)
		}
	})
}

func TestWhatCannotBeEncodedIsAnError(t *testing.T) {
	late := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, e := range map[string]Event{
		"no fact":                    {ID: "x"},
		"a time without four digits": {ID: "x", At: late, Fact: Confirmed{}},
		"within the fact":            {ID: "x", Fact: Confirmed{Start: late}},
		"within an order":            {ID: "x", Fact: OrderChanged{Due: late}},
	} {
		if b, err := e.AppendJSON(nil); err == nil {
			t.Errorf("%s: got %s", name, b)
		}
		if b, err := json.Marshal(e); err == nil {
			t.Errorf("%s: Marshal got %s", name, b)
		}
	}
}

func TestDecimalsAreAppendedAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Decimal(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-3_000_000, 3_000_000), rapid.Just(int64(math.MinInt64))).Draw(t, "decimal"))
		if got := string(appendDecimal([]byte("x"), d)); got != "x"+d.String() {
			t.Fatalf("got %s, want x%s", got, d)
		}
	})
}

func BenchmarkEventJSON(b *testing.B) {
	f := Confirmed{Order: "4711000001", Operation: "0010", Counter: 3, WorkCenter: "W", Yield: Of(1, "EA"),
		Start: time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC), End: time.Date(2026, 3, 2, 6, 5, 0, 0, time.UTC)}
	e := Event{EventID(Natural(f)), f.End, f}
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.AppendJSON(buf); err != nil {
			b.Fatal(err)
		}
	}
}
