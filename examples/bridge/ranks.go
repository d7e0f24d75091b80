package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
)

// ranks give the numbers of events versions that an MES takes: whole numbers of
// nine digits that compare as the numbers do, of which nothing is known but
// that they rise with time. Events of an order may come in any sequence.
type ranks struct {
	store *store
	mu    sync.Mutex // one after the other: a rank depends on those given before
}

// A ranked number is one of an order's, and the version that stands for it.
type ranked struct {
	Number  int64
	Version int
}

const (
	firstRank = 500_000_000
	rankStep  = 1_000_000 // room for those that come later and belong between
)

// of is the version that stands for a number among those of the same order. It
// is durable, and the same whenever it is asked for.
func (r *ranks) of(ctx context.Context, order string, number int64) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := "versions of " + order
	text, err := r.store.cursor(ctx, name)
	if err != nil {
		return 0, fmt.Errorf("read versions of order %s: %w", order, err)
	}
	var known []ranked
	if text != "" {
		if err := json.Unmarshal([]byte(text), &known); err != nil {
			return 0, fmt.Errorf("read versions of order %s: %w", order, err)
		}
	}
	version, fresh := rank(known, number)
	if !fresh {
		return version, nil
	}
	b, err := json.Marshal(append(known, ranked{number, version}))
	if err != nil {
		return 0, fmt.Errorf("note version of order %s: %w", order, err)
	}
	return version, r.store.commit(func(w *writer) error { return do(w.cursor, name, string(b)) })
}

// rank finds a version for a number between those of its neighbours; fresh is
// false if it has one.
func rank(known []ranked, number int64) (version int, fresh bool) {
	var below, above *ranked
	for i := range known {
		switch k := &known[i]; {
		case k.Number == number:
			return k.Version, false
		case k.Number < number && (below == nil || k.Number > below.Number):
			below = k
		case k.Number > number && (above == nil || k.Number < above.Number):
			above = k
		}
	}
	switch {
	case below == nil && above == nil:
		return firstRank, true
	case above == nil:
		return below.Version + rankStep, true
	case below == nil:
		return above.Version - rankStep, true
	}
	return below.Version + (above.Version-below.Version)/2, true
}
