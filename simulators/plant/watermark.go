package plant

import (
	"math"
	"math/bits"
	"slices"
)

// maxMarked is how many amounts of one group are marked at most.
const maxMarked = 20

// UniqueSums reports whether no two different selections of amounts add up to
// the same, so that a sum tells which of them it is made of. Zeros say
// nothing and are passed over. Groups of more than 20 are not marked: false.
func UniqueSums(amounts []Decimal) bool {
	var room [2][128]Decimal
	sums, next := append(room[0][:0], 0), room[1][:0] // in ascending order
	for _, a := range amounts {
		if a == 0 {
			continue
		}
		if a < 0 || len(sums) >= 1<<maxMarked || a > math.MaxInt64-sums[len(sums)-1] {
			return false
		}
		next = slices.Grow(next[:0], 2*len(sums))
		with, n := 0, len(sums) // sums[with]+a is the least that is not in next
		for _, s := range sums {
			for ; sums[with]+a < s; with++ { // with stays behind s, as a is above 0
				next = append(next, sums[with]+a)
			}
			if sums[with]+a == s {
				return false // and what is equal now stays equal
			}
			next = append(next, s)
		}
		for ; with < n; with++ {
			next = append(next, sums[with]+a)
		}
		sums, next = next, sums
	}
	return true
}

// markable is into how many parts total steps can be divided so that all
// their subset sums differ: k parts have 2^k sums, all between 0 and total.
func markable(total int64) int {
	if total <= 0 {
		return 0
	}
	return min(bits.Len64(uint64(total)+1)-1, maxMarked)
}

// split divides total steps into n positive parts of realistic sizes whose
// subset sums all differ. It returns fewer parts if n are not possible.
//
// Parts are drawn at random and kept if they are marked; where total is so
// small that this hardly ever happens, they grow by powers of two instead.
func split(s *stream, total int64, n int) []int64 {
	n = min(n, markable(total))
	if n <= 0 {
		return nil
	}
	tries := 48
	if n > 10 && 1<<(2*n-1) > 64*total {
		tries = 0 // with so many sums in so small a range, two are always equal
	}
	for range tries {
		parts := divide(s, total, n)
		if distinct(parts) {
			return parts
		}
	}
	parts := make([]int64, n)
	rest := total
	for i := range n - 1 {
		parts[i] = 1 << i
		rest -= parts[i]
	}
	parts[n-1] = rest
	for i := n - 1; i > 0; i-- {
		j := s.below(i + 1)
		parts[i], parts[j] = parts[j], parts[i]
	}
	return parts
}

// divide cuts total into n positive parts in proportion to random weights.
func divide(s *stream, total int64, n int) []int64 {
	weights, sum := make([]float64, n), 0.0
	for i := range weights {
		weights[i] = 0.15 + s.exponential(1)
		sum += weights[i]
	}
	parts := make([]int64, n)
	rest := total
	for i := range n - 1 {
		most := rest - int64(n-1-i) // leave one for each that follows
		parts[i] = min(max(int64(float64(total)*weights[i]/sum), 1), most)
		rest -= parts[i]
	}
	parts[n-1] = rest
	return parts
}

func distinct(parts []int64) bool {
	amounts := make([]Decimal, len(parts))
	for i, p := range parts {
		if p <= 0 {
			return false
		}
		amounts[i] = Decimal(p)
	}
	return UniqueSums(amounts)
}
