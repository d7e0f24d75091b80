package shrink

import "slices"

// minimize returns a small part of items that still fails, by delta debugging
// (Zeller and Hildebrandt 2002) and a last pass over single items. All of
// items is known to fail. If fails returns an error, what was reached until
// then is returned with it.
func minimize[T any](items []T, fails func([]T) (bool, error)) ([]T, error) {
	best, err := ddmin(items, fails)
	if err != nil {
		return best, err
	}
	return oneMinimal(best, fails)
}

// ddmin tries parts and complements, in halves first.
func ddmin[T any](items []T, fails func([]T) (bool, error)) ([]T, error) {
	for n := 2; len(items) >= 2; {
		n = min(n, len(items))
		parts := split(items, n)
		smaller, rest, err := reduce(items, parts, n, fails)
		switch {
		case err != nil:
			return items, err
		case smaller == nil && n == len(items):
			return items, nil
		case smaller == nil:
			n *= 2
		case rest:
			items, n = smaller, max(n-1, 2)
		default:
			items, n = smaller, 2
		}
	}
	return items, nil
}

// reduce returns the first part, or else the first complement of one, that
// fails; nil if none does.
func reduce[T any](items []T, parts [][]T, n int, fails func([]T) (bool, error)) (smaller []T, rest bool, err error) {
	for _, p := range parts {
		if bad, err := fails(p); bad || err != nil {
			return found(p, bad), false, err
		}
	}
	if n == 2 {
		return nil, false, nil // the complements were the parts
	}
	at := 0
	for _, p := range parts {
		q := slices.Concat(items[:at], items[at+len(p):])
		at += len(p)
		if bad, err := fails(q); bad || err != nil {
			return found(q, bad), true, err
		}
	}
	return nil, false, nil
}

func found[T any](p []T, bad bool) []T {
	if !bad {
		return nil
	}
	return slices.Clone(p)
}

// split cuts items into n parts of almost equal size.
func split[T any](items []T, n int) (parts [][]T) {
	for i, start := 0, 0; i < n; i++ {
		end := start + (len(items)-start)/(n-i)
		parts = append(parts, items[start:end:end])
		start = end
	}
	return parts
}

// oneMinimal drops single items until none can be dropped any more.
func oneMinimal[T any](items []T, fails func([]T) (bool, error)) ([]T, error) {
	for again := true; again && len(items) > 1; {
		again = false
		for i := range items {
			q := slices.Concat(items[:i], items[i+1:])
			bad, err := fails(q)
			if err != nil {
				return items, err
			}
			if bad {
				items, again = q, true
				break
			}
		}
	}
	return items, nil
}
