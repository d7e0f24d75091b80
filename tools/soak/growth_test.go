package main

import (
	"context"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/scenarios"
)

// readings makes 24 hourly readings of a figure that is level in the middle, and
// noisy by noise.
func readings(at func(hour int) float64, noise float64) series {
	luck := rand.New(rand.NewPCG(1, 2))
	s := series{name: "goroutines", least: 10, share: 0.25}
	for hour := range 24 {
		s.values = append(s.values, at(hour)+noise*(luck.Float64()-0.5))
	}
	return s
}

// TestGrowth: what leaks grows, however slowly and noisily; what fills, surges
// or is taken once does not.
func TestGrowth(t *testing.T) {
	for _, c := range []struct {
		name  string
		at    func(hour int) float64
		noise float64
		grows bool
	}{
		{"level", func(int) float64 { return 60 }, 0, false},
		{"level and noisy", func(int) float64 { return 60 }, 40, false},
		{"a cache fills", func(h int) float64 { return 100 - 80/float64(h+1) }, 2, false},
		{"everything is given back", func(h int) float64 { return 200 - 5*float64(h) }, 5, false},
		{"one step up", func(h int) float64 { return 40 + 8*float64(h/18) }, 2, false},
		{"a surge of five hours in the second half", func(h int) float64 {
			if h >= 15 && h < 20 {
				return 200
			}
			return 40
		}, 4, false},
		{"two an hour stay behind", func(h int) float64 { return 40 + 2*float64(h) }, 4, true},
		{"a leak under surges", func(h int) float64 {
			v := 40 + 3*float64(h)
			if h%5 == 0 {
				v += 100
			}
			return v
		}, 4, true},
		{"a leak in bursts", func(h int) float64 { return 40 + 12*float64(h/4) }, 2, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := readings(c.at, c.noise).grows(); (got != "") != c.grows {
				t.Errorf("got %q, want growth: %t", got, c.grows)
			}
		})
	}
}

// TestWhatComesBackAtRestHasNotGrown: more and more connections are in use
// until the evening, and closed once nobody needs them; or they are not.
func TestWhatComesBackAtRestHasNotGrown(t *testing.T) {
	s := readings(func(h int) float64 { return 30 + 6*float64(h) }, 4)
	for rest, grows := range map[float64]bool{28: false, 39: false, 60: true, 200: true} {
		s.rest = &rest
		s.share = 0
		if got := s.grows(); (got != "") != grows {
			t.Errorf("%.0f at rest: got %q, want growth: %t", rest, got, grows)
		}
	}
	level := readings(func(int) float64 { return 60 }, 4)
	high := 90.0
	level.rest = &high
	if got := level.grows(); got != "" {
		t.Errorf("level all day: got %q", got)
	}
}

func TestTooFewReadingsAreNoProof(t *testing.T) {
	s := series{name: "files", values: []float64{1, 1, 1, 1, 1, 1, 1, 1}}
	if got := s.grows(); !strings.Contains(got, "too few") {
		t.Errorf("got %q", got)
	}
	s.values = append(s.values, 1)
	if got := s.grows(); got != "" {
		t.Errorf("got %q", got)
	}
}

// TestAPlantedLeakIsSeen holds what the rule sees of this very process against
// goroutines that are left behind, hour by hour, and against none.
func TestAPlantedLeakIsSeen(t *testing.T) {
	for _, leaks := range []int{0, 3} {
		over := make(chan struct{})
		k := &soak{out: io.Discard}
		var all []reading
		for range 24 {
			for range leaks {
				go func() { <-over }()
			}
			all = append(all, look(nil))
		}
		k.judge("a test", time.Second, all, nil, []figure{{"goroutines", "", 5, 0, false, func(r reading) float64 { return r.goroutines }}})
		close(over)
		if (len(k.bad) > 0) != (leaks > 0) || leaks > 0 && !strings.Contains(k.bad[0], "goroutines grows") {
			t.Errorf("%d left behind each hour: got %q", leaks, k.bad)
		}
	}
}

// TestFloorIsTheLeast: a figure that could not be read is none.
func TestFloorIsTheLeast(t *testing.T) {
	var f floor
	for _, r := range []reading{{goroutines: 9, files: 4}, {goroutines: 7, files: 6, sutFiles: 3}, {goroutines: 8, files: 5}} {
		f.add(r)
	}
	if got, want := f.take(), (reading{goroutines: 7, files: 4, sutFiles: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	f.add(reading{goroutines: 30})
	if got := f.take().goroutines; got != 30 {
		t.Errorf("after it was taken: %g, want 30", got)
	}
}

// TestPlant: the scenario is one that can be played, of any length.
func TestPlant(t *testing.T) {
	for _, hours := range []int{1, 24} {
		s, err := plant(hours)
		if err != nil {
			t.Fatal(err)
		}
		if s.Time.Shift.D != time.Duration(hours)*time.Hour || s.Time.Mode != scenarios.Paced || s.Given.Orders.Count < 4 {
			t.Errorf("%d hours: %+v, %d orders", hours, s.Time, s.Given.Orders.Count)
		}
	}
}

// TestWatchingCountsHours: an hour is looked at when a record says that it has
// passed, and not before.
func TestWatchingCountsHours(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	now := noon
	j := evidence.NewJournal(nil)
	j.PlantClock(func() time.Time { return now })
	got := make(chan int)
	stop := watch(context.Background(), j, nil, func(n int, r reading) {
		if r.goroutines == 0 || r.heap == 0 || r.records == 0 {
			t.Errorf("hour %d: %+v", n, r)
		}
		got <- n
	})
	defer stop()
	for n, minutes := range []int{0, 59, 61, 121} {
		now = noon.Add(time.Duration(minutes) * time.Minute)
		j.Append(evidence.Step{Name: "work"})
		if n < 2 {
			continue
		}
		if hour := <-got; hour != n-1 {
			t.Errorf("after %d minutes: hour %d, want %d", minutes, hour, n-1)
		}
	}
}
