package evidence

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// anything makes values of type T by reflection, so that a field added to a
// record and forgotten by its encoder is found.
func anything[T any]() *rapid.Generator[T] {
	odd := []string{"", "erp", "000471", `say "x"\`, "lot\t7\x7f", "漢字", "🏭", "<&'>", "\u2028", "\xff"}
	text := rapid.OneOf(rapid.SampledFrom(odd), rapid.StringMatching(`[0-9A-Za-z _./-]{1,14}`), rapid.String())
	config := rapid.MakeConfig{
		Kinds: map[reflect.Kind]*rapid.Generator[any]{reflect.String: text.AsAny()},
		Types: map[reflect.Type]*rapid.Generator[any]{
			reflect.TypeFor[time.Time]():   rapid.Custom(anyTime).AsAny(),
			reflect.TypeFor[plant.Event](): anyEvent(text).AsAny(),
			reflect.TypeFor[plant.Quantity](): rapid.SampledFrom([]plant.Quantity{
				{}, plant.Of(12, "EA"), {Amount: -1, Unit: "<KG>"}, {Unit: "EA"}, {Amount: plant.MustDecimal("0.125")},
			}).AsAny(),
			reflect.TypeFor[plant.Decimal]():       rapid.Custom(func(t *rapid.T) any { return plant.Decimal(rapid.Int64Range(-1e15, 1e15).Draw(t, "decimal")) }),
			reflect.TypeFor[[]simulators.Result](): rapid.Just[any]([]simulators.Result(nil)), // a batch's are made below
		},
	}
	row := rapid.MakeCustom[simulators.Result](config)
	config.Types[reflect.TypeFor[[]simulators.Result]()] = rapid.OneOf(rapid.Just([]simulators.Result(nil)), rapid.SliceOfN(row, 0, 3)).AsAny()
	return rapid.MakeCustom[T](config)
}

func anyTime(t *rapid.T) time.Time {
	if rapid.Bool().Draw(t, "no time") {
		return time.Time{}
	}
	at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), rapid.SampledFrom([]int64{0, 1_000_000, 999_999_999}).Draw(t, "fraction"))
	return at.In(time.FixedZone("", 60*rapid.IntRange(-14*60, 14*60).Draw(t, "offset")))
}

func anyEvent(text *rapid.Generator[string]) *rapid.Generator[plant.Event] {
	return rapid.Custom(func(t *rapid.T) plant.Event {
		order := plant.OrderID(text.Draw(t, "order"))
		f := rapid.SampledFrom([]plant.Fact{
			plant.Confirmed{Order: order, Operation: "0010", Counter: 3, Yield: plant.Of(1, "EA")},
			plant.Consumed{Order: order, Lot: "L<1>"},
			plant.OrderCancelled{Order: order, Version: 2},
		}).Draw(t, "fact")
		return plant.Event{ID: plant.EventID(text.Draw(t, "id")), At: anyTime(t), Fact: f}
	})
}

// TestLinesAreWhatMarshalJSONWrites holds the journal's own encoder to the
// byte, and to what can be read back.
func TestLinesAreWhatMarshalJSONWrites(t *testing.T) {
	t.Run("truth", lines[Truth])
	t.Run("offer", lines[Offer])
	t.Run("attempt", lines[Attempt])
	t.Run("effect", lines[Effect])
	t.Run("surface", lines[Surface])
	t.Run("fault", lines[Disturbance])
	t.Run("step", lines[Step])
	t.Run("probe", lines[Probe])
	t.Run("snapshot", lines[Snapshot])
	t.Run("sample", lines[Sample])
	t.Run("sighting", lines[Sighting])
	t.Run("end", lines[End])
}

func lines[B Body](t *testing.T) {
	bodies, times := anything[B](), rapid.Custom(anyTime)
	rapid.Check(t, func(t *rapid.T) {
		var file bytes.Buffer
		j := NewJournal(&file)
		now := times.Draw(t, "plant time")
		j.PlantClock(func() time.Time { return now })
		r := j.Append(bodies.Draw(t, "body"))
		if err := j.Flush(); err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if got := file.String(); got != string(want)+"\n" {
			t.Fatalf("got  %swant %s", got, want)
		}
		var back Record
		if err := json.Unmarshal(file.Bytes(), &back); err != nil {
			t.Fatalf("read back: %v", err)
		}
		again, err := json.Marshal(back)
		if err != nil || string(again) != string(want) && !strings.Contains(string(want), `\ufffd`) { // which stands for no text
			t.Fatalf("read back and written again (%v):\n%s\n%s", err, again, want)
		}
	})
}

func TestABodyThatCannotBeEncodedIsTold(t *testing.T) {
	late := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	good := event(confirmation(1, "1"))
	for name, body := range map[string]Body{
		"truth of no fact":      Truth{},
		"claim of no fact":      Attempt{Claims: []plant.Event{good, {ID: "x"}}},
		"posting in year 10000": Effect{Posting: simulators.Posting{Claim: good, At: late}},
	} {
		t.Run(name, func(t *testing.T) {
			var file bytes.Buffer
			j := NewJournal(&file)
			j.Append(body)
			j.Append(Step{Name: "play"})
			if j.Err() == nil {
				t.Error("the journal says nothing of it")
			}
			_ = j.Flush()
			var r Record
			if err := json.Unmarshal(file.Bytes(), &r); err != nil || r.Kind() != "step" || r.Seq != 2 {
				t.Errorf("what follows is spoilt: %q (%v)", &file, err)
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	e := event(plant.Confirmed{Order: "4711000001", Operation: "0010", Counter: 3, WorkCenter: "W", Yield: plant.Of(1, "EA")})
	done := simulators.Result{Outcome: simulators.Applied, Status: 201}
	for name, body := range map[string]Body{
		"effect":  Effect{Attempt: 1, Endpoint: "erp", Posting: simulators.Posting{Doc: "5000000001", Claim: e}},
		"attempt": Attempt{ID: 1, Endpoint: "erp", Verb: "post", Name: "confirmations", Key: string(e.ID), IdemKey: "k", Claims: []plant.Event{e}, Attempt: 1, Acted: done, Heard: done},
	} {
		b.Run(name, func(b *testing.B) {
			var file bytes.Buffer
			j := NewJournal(&file)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if j.Append(body); i%1000 == 0 {
					_ = j.Flush()
					file.Reset()
					j.records, j.written = records{}, 0 // its growth is not what is measured
				}
			}
		})
	}
}
