package machine_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/machine"
)

func day(hour int) time.Time { return time.Date(2026, 3, 3, hour, 0, 0, 0, time.UTC) }

func master() plant.Master {
	return plant.Master{WorkCenters: []plant.WorkCenter{
		{ID: "SAW", Machines: []plant.MachineID{"M-1"}}, {ID: "MILL", Machines: []plant.MachineID{"M-2", "M-3"}}, {ID: "HAND", Manual: true}}}
}

func confirmation(wc plant.WorkCenterID, yield, scrap, rework int64) plant.Event {
	return plant.Event{At: day(11), Fact: plant.Confirmed{Order: "4711", Operation: "0010", WorkCenter: wc, Start: day(9), End: day(10),
		Yield: plant.Of(yield, "EA"), Scrap: plant.Of(scrap, "EA"), Rework: plant.Of(rework, "EA")}}
}

func TestFollow(t *testing.T) {
	m := machine.New(master())
	got := m.Follow(confirmation("SAW", 5, 2, 1))
	want := []plant.Event{
		{ID: "machine-count/M-1/1", At: day(9), Fact: plant.MachineCounted{Machine: "M-1", Counter: 1, Count: 0, Modulo: 1 << 16}},
		{ID: "machine-state/M-1/1", At: day(9), Fact: plant.MachineChanged{Machine: "M-1", Counter: 1, State: "ACTIVE"}},
		{ID: "machine-count/M-1/2", At: day(10), Fact: plant.MachineCounted{Machine: "M-1", Counter: 2, Count: 8, Modulo: 1 << 16}},
		{ID: "machine-state/M-1/2", At: day(10), Fact: plant.MachineChanged{Machine: "M-1", Counter: 2, State: "READY"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
	for _, e := range want {
		if got := m.Notice(e); len(got) != 1 || !reflect.DeepEqual(got[0], e) {
			t.Errorf("%s: announced %v, want it as it is", e.ID, got)
		}
	}
	for _, e := range []plant.Event{confirmation("SAW", 5, 2, 1), {Fact: plant.MachineCounted{Machine: "M-9"}}} {
		if got := m.Notice(e); got != nil {
			t.Errorf("%v: announced %v, want nothing", e.Fact, got)
		}
	}
	for _, e := range []plant.Event{
		confirmation("HAND", 5, 0, 0), confirmation("ELSEWHERE", 5, 0, 0), {Fact: plant.OperationStarted{Order: "4711", WorkCenter: "SAW"}},
	} {
		if got := m.Follow(e); got != nil {
			t.Errorf("%v: showed %v, want nothing", e.Fact, got)
		}
	}
	if got := machine.New(master(), func(o *machine.Options) { o.WorkCenter = "MILL" }).Follow(confirmation("SAW", 5, 0, 0)); got != nil {
		t.Errorf("the machine of another work center announced %v", got)
	}
}

func TestTimesThatWereNotSaid(t *testing.T) {
	got := machine.New(master()).Follow(plant.Event{At: day(11), Fact: plant.Confirmed{WorkCenter: "SAW", Yield: plant.Of(1, "EA")}})
	for _, e := range got {
		if !e.At.Equal(day(11)) {
			t.Errorf("%s at %s, want the instant of the confirmation", e.ID, e.At)
		}
	}
}

func counts(es []plant.Event) (cs []int64) {
	for _, e := range es {
		if f, ok := e.Fact.(plant.MachineCounted); ok {
			cs = append(cs, f.Count)
		}
	}
	return cs
}

func TestCounters(t *testing.T) {
	for _, tt := range []struct {
		name  string
		set   func(*machine.Options)
		steps []int64
		want  string
	}{
		{"rolls over at 16 bit", func(*machine.Options) {}, []int64{30000, 30000, 10000}, "[[0 30000] [60000] [4464]]"},
		{"narrower", func(o *machine.Options) { o.Bits = 8 }, []int64{100, 100, 100}, "[[0 100] [200] [44]]"},
		{"reads several times rather than go round unnoticed", func(o *machine.Options) { o.Bits = 8 }, []int64{300}, "[[0 128 0 44]]"},
		{"power cycle", func(o *machine.Options) { o.ResetEvery = 3 }, []int64{10, 10, 10, 10, 10}, "[[0 10] [10] [20] [30] [10]]"},
		{"reading without pieces", func(*machine.Options) {}, []int64{0, 7, 0}, "[[0 0] [7] [7]]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := machine.New(master(), tt.set)
			var got [][]int64
			for _, n := range tt.steps {
				got = append(got, counts(m.Follow(confirmation("SAW", n, 0, 0))))
			}
			if fmt.Sprint(got) != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
		})
	}
}

func TestPartsOfPiecesAreKept(t *testing.T) {
	m := machine.New(master())
	half := plant.Event{At: day(11), Fact: plant.Confirmed{WorkCenter: "SAW", Yield: plant.Quantity{Amount: plant.MustDecimal("0.5"), Unit: "EA"}}}
	m.Follow(half)
	m.Follow(half)
	if got := m.State("machine", "M-1").(machine.Counter); got.Total != 1 || got.Count != 1 || got.Readings != 3 || got.State != "READY" {
		t.Errorf("got %+v, want one piece", got)
	}
}

// TestDeltasAddUp reads the counters as a careful integration would.
func TestDeltasAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.IntRange(2, 20).Draw(t, "bits")
		m := machine.New(master(), func(o *machine.Options) {
			o.Bits, o.ResetEvery, o.Worn = bits, rapid.IntRange(0, 6).Draw(t, "reset every"), true
		})
		var sum, pieces int64
		var last *plant.MachineCounted
		for _, n := range rapid.SliceOfN(rapid.Int64Range(0, 5000), 1, 30).Draw(t, "steps") {
			pieces += n
			for _, e := range m.Follow(confirmation("SAW", n, 0, 0)) {
				f, ok := e.Fact.(plant.MachineCounted)
				if !ok {
					continue
				}
				if last != nil {
					sum += f.Since(*last)
				}
				last = &f
			}
		}
		if sum != pieces || m.State("machine", "M-1").(machine.Counter).Total != pieces {
			t.Errorf("deltas add up to %d, want %d", sum, pieces)
		}
	})
}

func TestOneOperationStaysOnOneMachine(t *testing.T) {
	m := machine.New(master())
	m.Follow(confirmation("MILL", 1, 0, 0))
	m.Follow(confirmation("MILL", 1, 0, 0))
	a, b := m.State("machine", "M-2").(machine.Counter).Total, m.State("machine", "M-3").(machine.Counter).Total
	if a+b != 2 || a*b != 0 {
		t.Errorf("got %d and %d pieces, want both on one machine", a, b)
	}
}

func TestHandleRefuses(t *testing.T) {
	m := machine.New(master())
	for _, a := range []simulators.Ask{{}, {Claims: []plant.Event{confirmation("SAW", 1, 0, 0)}}, {Query: &simulators.Query{Object: "orders"}}} {
		if got := m.Handle(a, func(simulators.Posting) { t.Error("posted") }); got.Refusal == nil {
			t.Errorf("%+v: got no refusal", a)
		}
	}
	if m.State("order", "4711") != nil || m.State("machine", "M-9") != nil {
		t.Error("a machine has books on what it does not know")
	}
}

// TestStops: a machine that works for days stands still now and then, between
// the begin and the end of its work and in sequence.
func TestStops(t *testing.T) {
	m := machine.New(master(), func(o *machine.Options) { o.Stops = true })
	stops := 0
	var last time.Time
	for n := range 50 {
		e := confirmation("SAW", 5, 0, 0)
		e.ID, e.At = plant.EventID(fmt.Sprint(n)), day(11).Add(time.Duration(n)*time.Hour)
		f := e.Fact.(plant.Confirmed)
		f.Start, f.End = e.At.Add(-2*time.Hour), e.At.Add(-time.Minute)
		e.Fact = f
		for _, s := range m.Follow(e) {
			if s.At.Before(last) || s.At.After(e.At) {
				t.Errorf("%s at %s, after %s and booked at %s", s.ID, s.At, last, e.At)
			}
			last = s.At
			if c, ok := s.Fact.(plant.MachineChanged); ok && c.State == "INTERRUPTED" {
				stops++
			}
		}
	}
	if stops < 10 || stops > 50 {
		t.Errorf("%d stops of five minutes or more in 50 hours, want some and at most one in each", stops)
	}
}
