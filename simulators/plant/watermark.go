package plant

import (
	"math/bits"
	"slices"
)

// maxMarked is how many amounts of one group are marked at most.
const maxMarked = 20

// UniqueSums reports whether no two different selections of amounts add up to
// the same, so that a sum tells which of them it is made of. Zeros say
// nothing and are passed over. Groups of more than 20 are not marked: false.
func UniqueSums(amounts []Decimal) bool {
	sums := []Decimal{0}
	for _, a := range amounts {
		if a == 0 {
			continue
		}
		if a < 0 || len(sums) >= 1<<maxMarked {
			return false
		}
		for _, s := range sums {
			sums = append(sums, s+a)
		}
	}
	slices.Sort(sums)
	for i := 1; i < len(sums); i++ {
		if sums[i] == sums[i-1] {
			return false
		}
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
