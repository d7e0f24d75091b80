package shrink

import (
	"context"
	"errors"
	"sync"
)

// Errors that end a search before its end. What was found until then stands.
var (
	errSpent = errors.New("the budget is spent")
)

// A tester runs candidates of a system that does not fail each time. It rests
// on one asymmetry: with sound oracles one failing run proves that a candidate
// fails, while a run that does not fail proves nothing. So it runs a candidate
// until it fails, and gives up after as many clean runs as the rate observed
// so far makes necessary.
type tester[C any] struct {
	// run tells whether one run of c fails.
	run   func(ctx context.Context, c C) (bool, error)
	alpha float64
	lanes int // runs side by side

	rate Rate // of candidates known to fail
}

// need is how many clean runs make a candidate one that does not fail. Half
// the observed rate is assumed, so that luck while observing does no harm;
// only what has failed every single time is given a single chance.
func (t *tester[C]) need() int {
	if t.rate.Hits == t.rate.Runs {
		return 1
	}
	return Need(t.rate.Share()/2, t.alpha)
}

// fails reports whether c fails, and learns from it if it does.
func (t *tester[C]) fails(ctx context.Context, c C) (bool, error) {
	n, ran, hits := t.need(), 0, 0
	for ran < n && hits == 0 {
		r, err := t.batch(ctx, c, min(max(t.lanes, 1), n-ran))
		ran, hits = ran+r.Runs, hits+r.Hits
		if err != nil && hits == 0 {
			return false, err
		}
	}
	if hits > 0 {
		t.rate = t.rate.plus(hits, ran)
	}
	return hits > 0, nil
}

// observe runs c until it has failed so many times, at most most times.
func (t *tester[C]) observe(ctx context.Context, c C, failures, most int) (r Rate, err error) {
	for r.Hits < failures && r.Runs < most && err == nil {
		var b Rate
		b, err = t.batch(ctx, c, min(max(t.lanes, 1), most-r.Runs, failures-r.Hits))
		r = r.plus(b.Hits, b.Runs)
	}
	return r, err
}

// batch runs c n times side by side.
func (t *tester[C]) batch(ctx context.Context, c C, n int) (r Rate, err error) {
	if n <= 1 {
		hit, err := t.run(ctx, c)
		return count(hit, err), err
	}
	var wg sync.WaitGroup
	rates, errs := make([]Rate, n), make([]error, n)
	for i := range n {
		wg.Go(func() {
			hit, err := t.run(ctx, c)
			rates[i], errs[i] = count(hit, err), err
		})
	}
	wg.Wait()
	for i := range n {
		r = r.plus(rates[i].Hits, rates[i].Runs)
		if err == nil {
			err = errs[i]
		}
	}
	return r, err
}

func count(hit bool, err error) Rate {
	switch {
	case err != nil:
		return Rate{}
	case hit:
		return Rate{1, 1}
	}
	return Rate{0, 1}
}
