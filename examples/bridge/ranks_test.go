package bridge

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// Versions compare as the numbers that they stand for, in whatever sequence
// those come, and never change.
func TestRanksKeepTheOrderOfNumbers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var known []ranked
		for range 12 {
			number := 5637144576 + random.Int64N(1<<42)
			version, fresh := rank(known, number)
			if !fresh {
				continue
			}
			known = append(known, ranked{number, version})
			if again, fresh := rank(known, number); again != version || fresh {
				t.Fatalf("%d is %d and then %d", number, version, again)
			}
		}
		slices.SortFunc(known, func(a, b ranked) int { return cmp.Compare(a.Number, b.Number) })
		for i := range known[1:] {
			if a, b := known[i], known[i+1]; a.Version >= b.Version || a.Version < 2 || b.Version > 999_999_999 {
				t.Fatalf("%v before %v", a, b)
			}
		}
	}
}
