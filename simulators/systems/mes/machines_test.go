package mes_test

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/machine"
	"github.com/andon-rig/andon/simulators/systems/mes"
)

func shop() plant.Master {
	return plant.Master{WorkCenters: []plant.WorkCenter{{ID: "SAW", Machines: []plant.MachineID{"M-1"}}}}
}

func reading(n int, count int64, resets int) plant.MachineCounted {
	return plant.MachineCounted{Machine: "M-1", Counter: n, Count: count, Modulo: 100, Resets: resets}
}

func TestReadings(t *testing.T) {
	stated := func(n int, count, pieces int64) plant.Fact {
		f := reading(n, count, 0)
		f.Pieces = plant.Of(pieces, "EA")
		return f
	}
	unsaid := func(n int, count int64) plant.Fact {
		return plant.MachineCounted{Machine: "M-1", Counter: n, Count: count}
	}
	for _, tt := range []struct {
		name  string
		facts []plant.Fact
		want  string // pieces
		count int64
		read  int
	}{
		{"the first says where it stands", []plant.Fact{reading(1, 90, 0)}, "0", 90, 1},
		{"a later one what was made", []plant.Fact{reading(1, 90, 0), reading(2, 95, 0)}, "5", 95, 2},
		{"roll-over", []plant.Fact{reading(1, 90, 0), reading(2, 5, 0)}, "15", 5, 2},
		{"reset", []plant.Fact{reading(1, 90, 0), reading(2, 5, 1)}, "5", 5, 2},
		{"reset to more than before", []plant.Fact{reading(1, 3, 0), reading(2, 5, 1)}, "5", 5, 2},
		{"width unsaid", []plant.Fact{unsaid(1, 90), unsaid(2, 95), unsaid(3, 5)}, "10", 5, 3},
		{"one left out", []plant.Fact{reading(1, 90, 0), reading(3, 5, 0)}, "15", 5, 3},
		{"overtaken", []plant.Fact{reading(1, 90, 0), reading(3, 5, 0), reading(2, 95, 0)}, "15", 5, 3},
		{"repeated", []plant.Fact{reading(1, 90, 0), reading(2, 95, 0), reading(2, 95, 0)}, "5", 95, 2},
		{"the sender's word counts", []plant.Fact{stated(1, 90, 0), stated(2, 5, -85)}, "-85", 5, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := mes.New(shop())
			sum := plant.Decimal(0)
			for _, f := range tt.facts {
				row, posted := tell(m, f)
				if row.Refusal != nil {
					t.Fatal(row.Refusal)
				}
				for _, p := range posted {
					sum = sum.Add(p.Base.Amount)
				}
			}
			got := m.State("machine", "M-1").(mes.Machine)
			if got.Pieces.String() != tt.want || sum != got.Pieces || got.Count != tt.count || got.Readings != tt.read {
				t.Errorf("got %+v, postings of %s; want %s pieces, count %d at reading %d", got, sum, tt.want, tt.count, tt.read)
			}
		})
	}
}

func TestStates(t *testing.T) {
	m := mes.New(shop())
	for _, f := range []plant.MachineChanged{{Machine: "M-1", Counter: 1, State: "ACTIVE"}, {Machine: "M-1", Counter: 3, State: "READY"}, {Machine: "M-1", Counter: 2, State: "INTERRUPTED"}} {
		if row, posted := tell(m, f); row.Refusal != nil || len(posted) != 1 {
			t.Fatalf("%+v, %d postings", row, len(posted))
		}
	}
	if got := m.State("machine", "M-1").(mes.Machine); got.State != "READY" || got.Changes != 3 {
		t.Errorf("got %+v, want what was announced last", got)
	}
	if m.State("machine", "M-9") != nil {
		t.Error("the MES has books on a machine nobody has")
	}
}

func TestUnknownMachine(t *testing.T) {
	for _, f := range []plant.Fact{plant.MachineCounted{Machine: "M-9", Counter: 1}, plant.MachineChanged{Machine: "M-9", Counter: 1}} {
		if row, posted := tell(mes.New(shop()), f); row.Refusal == nil || row.Refusal.Code != "machine-unknown" || len(posted) > 0 {
			t.Errorf("%T: %+v and %d postings", f, row.Refusal, len(posted))
		}
	}
}

// TestAtomicReadings: a batch that is rolled back leaves the counters alone.
func TestAtomicReadings(t *testing.T) {
	m := mes.New(shop(), func(o *mes.Options) { o.Atomic = true })
	tell(m, reading(1, 90, 0))
	before := m.State("machine", "M-1")
	rows, posted := tellAll(m, reading(2, 5, 0), plant.MachineCounted{Machine: "M-9", Counter: 1})
	if rows[0].Refusal == nil || len(posted) > 0 || !reflect.DeepEqual(m.State("machine", "M-1"), before) {
		t.Errorf("%+v, %d postings, books %+v, want them as they were: %+v", rows, len(posted), m.State("machine", "M-1"), before)
	}
}

// TestMESCountsWhatMachinesMake puts machine and MES side by side.
func TestMESCountsWhatMachinesMake(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source := machine.New(shop(), func(o *machine.Options) {
			o.Bits, o.ResetEvery, o.Worn = rapid.IntRange(3, 16).Draw(t, "bits"), rapid.IntRange(0, 5).Draw(t, "reset every"), true
		})
		m := mes.New(shop())
		made := int64(0)
		for n, pieces := range rapid.SliceOfN(rapid.Int64Range(0, 200), 1, 20).Draw(t, "pieces") {
			made += pieces
			e := plant.Event{At: day(9), Fact: plant.Confirmed{Order: "1", Operation: "1", Counter: n + 1, WorkCenter: "SAW", Yield: plant.Of(pieces, "EA")}}
			for _, f := range source.Follow(e) {
				m.Handle(simulators.Ask{Claims: []plant.Event{f}, Now: day(9)}, func(simulators.Posting) {})
			}
		}
		if got := m.State("machine", "M-1").(mes.Machine); got.Pieces != plant.Whole(made) {
			t.Errorf("%s pieces in the MES, %d were made", got.Pieces, made)
		}
	})
}
