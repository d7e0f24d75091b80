package shrink

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

func TestNeed(t *testing.T) {
	for _, tc := range []struct {
		pmin, alpha float64
		want        int
	}{
		{1, 0.01, 1}, {0.995, 0.01, 1}, {0.5, 0.01, 7}, {0.35, 0.01, 11}, {0.15, 0.01, 29}, {0.05, 0.01, 90}, {0, 0.01, math.MaxInt32}, {0.5, 0.5, 1},
	} {
		if got := Need(tc.pmin, tc.alpha); got != tc.want {
			t.Errorf("Need(%v, %v) = %d, want %d", tc.pmin, tc.alpha, got, tc.want)
		}
	}
}

func TestWilson(t *testing.T) {
	for _, tc := range []struct {
		rate      Rate
		low, high float64
	}{
		{Rate{0, 0}, 0, 1}, {Rate{20, 20}, 0.839, 1}, {Rate{0, 20}, 0, 0.161}, {Rate{10, 20}, 0.299, 0.701}, {Rate{1, 1}, 0.207, 1},
	} {
		low, high := tc.rate.Wilson()
		if math.Abs(low-tc.low) > 0.001 || math.Abs(high-tc.high) > 0.001 {
			t.Errorf("%v: %.3f to %.3f, want %.3f to %.3f", tc.rate, low, high, tc.low, tc.high)
		}
	}
}

// A candidate that never fails is given exactly the chances its rate makes
// necessary; one that fails, no more than until it does.
func TestTesterStopsWhenItMay(t *testing.T) {
	for _, tc := range []struct {
		name  string
		rate  Rate
		lanes int
		p     float64
		runs  int
	}{
		{"failed each time, now clean", Rate{4, 4}, 1, 0, 1},
		{"failed each time, fails", Rate{4, 4}, 1, 1, 1},
		{"failed half the time, now clean", Rate{4, 8}, 1, 0, 17},
		{"the same on two lanes", Rate{4, 8}, 2, 0, 17},
		{"failed half the time, fails", Rate{4, 8}, 1, 1, 1},
		{"fails, on two lanes", Rate{4, 8}, 2, 1, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			runs := make(chan struct{}, 100)
			tr := &tester[int]{alpha: 0.01, lanes: tc.lanes, rate: tc.rate, run: func(context.Context, int) (bool, error) {
				runs <- struct{}{}
				return rand.Float64() < tc.p, nil
			}}
			bad, err := tr.fails(context.Background(), 0)
			if err != nil || bad != (tc.p == 1) || len(runs) != tc.runs {
				t.Errorf("fails %v, %v after %d runs, want %d", bad, err, len(runs), tc.runs)
			}
		})
	}
}

// A run that could not be made decides nothing, unless another one failed.
func TestTesterTellsTrouble(t *testing.T) {
	broken := errors.New("no port left")
	tr := &tester[int]{alpha: 0.01, run: func(context.Context, int) (bool, error) { return false, broken }}
	if bad, err := tr.fails(context.Background(), 0); bad || !errors.Is(err, broken) {
		t.Errorf("fails %v, %v", bad, err)
	}
	if r, err := tr.observe(context.Background(), 0, 4, 80); r.Runs != 0 || !errors.Is(err, broken) {
		t.Errorf("observed %v, %v", r, err)
	}
}
