package shrink

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// simulated is a SUT with a hidden cause: a run that meets the whole cause
// fails with probability p, any other never does, because oracles are sound.
type simulated struct {
	luck  *rand.Rand
	cause []int
	p     float64
	runs  int
}

func (s *simulated) run(_ context.Context, c []int) (bool, error) {
	s.runs++
	for _, x := range s.cause {
		if !slices.Contains(c, x) {
			return false, nil
		}
	}
	return s.luck.Float64() < s.p, nil
}

// linked is what a history links with the finding, nearest first: the cause,
// in nine of ten cases whole, and three bystanders.
func (s *simulated) linked(n int) (units []int) {
	for i, x := range s.cause {
		if i > 0 || s.luck.Float64() >= 0.1 {
			units = append(units, x)
		}
	}
	for range 3 {
		if x := s.luck.IntN(n); !slices.Contains(units, x) {
			units = append(units, x)
		}
	}
	return units
}

// search is what [Reduction] does about faults, on a simulated SUT.
func (s *simulated) search(n int) ([]int, error) {
	ctx := context.Background()
	t := &tester[[]int]{run: s.run, alpha: 0.01}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	var err error
	if t.rate, err = t.observe(ctx, all, 4, 80); err != nil || t.rate.Hits == 0 {
		return all, err
	}
	start := all
	if linked := s.linked(n); len(linked) < n {
		if bad, err := t.fails(ctx, linked); err != nil {
			return all, err
		} else if bad {
			start = linked
		}
	}
	return minimize(start, func(c []int) (bool, error) { return t.fails(ctx, c) })
}

// TestExactness holds the search against the table of the reference
// simulation: 40 faults, a cause of k of them, failing with probability p.
func TestExactness(t *testing.T) {
	const n, trials = 40, 400
	for _, tc := range []struct {
		k    int
		p    float64
		runs float64 // mean of the reference, of the lineage jump with adaptive ddmin
	}{
		{1, 1, 7}, {1, 0.3, 33}, {1, 0.1, 102}, {2, 1, 15}, {2, 0.7, 85}, {2, 0.3, 278}, {2, 0.1, 859}, {3, 1, 26}, {3, 0.3, 647},
	} {
		t.Run(fmt.Sprintf("%d causes, p %.1f", tc.k, tc.p), func(t *testing.T) {
			exact, wrong, runs := 0, 0, 0
			for i := range trials {
				s := &simulated{luck: rand.New(rand.NewPCG(uint64(i), uint64(tc.k))), p: tc.p}
				for len(s.cause) < tc.k {
					if x := s.luck.IntN(n); !slices.Contains(s.cause, x) {
						s.cause = append(s.cause, x)
					}
				}
				got, err := s.search(n)
				if err != nil {
					t.Fatal(err)
				}
				switch met := s.met(got); {
				case !met:
					wrong++
				case len(got) == tc.k:
					exact++
				}
				runs += s.runs
			}
			mean := float64(runs) / trials
			t.Logf("exact %.2f %%, %.0f runs; reference %.0f", 100*float64(exact)/trials, mean, tc.runs)
			if exact < trials*97/100 {
				t.Errorf("exact in %d of %d trials", exact, trials)
			}
			if wrong > 0 {
				t.Errorf("%d trials blame faults that are not the cause", wrong)
			}
			if mean > 1.5*tc.runs || mean < tc.runs/3 {
				t.Errorf("%.0f runs on average; the reference needs %.0f", mean, tc.runs)
			}
		})
	}
}

func (s *simulated) met(c []int) bool {
	return !slices.ContainsFunc(s.cause, func(x int) bool { return !slices.Contains(c, x) })
}

// Whatever the cause, of a SUT that fails each time exactly the cause is
// found, and every candidate is part of what there was.
func TestMinimizeFindsTheCause(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "units")
		items := make([]int, n)
		for i := range items {
			items[i] = i
		}
		cause := rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 1, min(n, 5), rapid.ID[int]).Draw(t, "cause")
		s := &simulated{luck: rand.New(rand.NewPCG(1, 2)), cause: cause, p: 1}
		got, err := minimize(items, func(c []int) (bool, error) {
			if !slices.IsSorted(c) || len(c) >= n && n > 1 {
				t.Fatalf("candidate %v of %d units", c, n)
			}
			return s.run(context.Background(), c)
		})
		slices.Sort(cause)
		if err != nil || !slices.Equal(got, cause) {
			t.Fatalf("got %v, %v; the cause is %v", got, err, cause)
		}
	})
}

// A search that is cut short returns something that was seen to fail.
func TestMinimizeIsAnytime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 60).Draw(t, "units")
		budget := rapid.IntRange(0, 40).Draw(t, "budget")
		items := make([]int, n)
		for i := range items {
			items[i] = i
		}
		cause := rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 1, min(n, 5), rapid.ID[int]).Draw(t, "cause")
		s := &simulated{luck: rand.New(rand.NewPCG(1, 2)), cause: cause, p: 1}
		got, err := minimize(items, func(c []int) (bool, error) {
			if s.runs == budget {
				return false, errSpent
			}
			return s.run(context.Background(), c)
		})
		if err != nil && err != errSpent {
			t.Fatal(err)
		}
		if !s.met(got) {
			t.Fatalf("got %v without the cause %v", got, cause)
		}
	})
}
