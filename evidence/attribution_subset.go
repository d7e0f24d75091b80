package evidence

import "github.com/andon-rig/andon/simulators/plant"

// Limits of the subset searches.
const (
	mostSummands = 20
	mostSearches = 20_000
)

// search finds the one set of amounts that adds up to target; nil if there is
// none or more than one. Sure is false if there is more than one, or may be:
// beyond mostSummands only neighbours are added up, and the searches of a
// journal are bounded.
func (s *sums) search(amounts []plant.Decimal, target plant.Decimal) (set []int, sure bool) {
	if len(amounts) == 0 {
		return nil, true
	}
	if s.budget--; s.budget < 0 {
		return nil, false
	}
	if len(amounts) > mostSummands {
		set = neighbours(amounts, target)
		return set, false
	}
	return meet(amounts, target)
}

// meet is the search for a subset by meeting in the middle: 2 × 2ⁿᐟ² sums.
func meet(amounts []plant.Decimal, target plant.Decimal) (set []int, sure bool) {
	half := len(amounts) / 2
	type found struct{ mask, times int }
	left := make(map[plant.Decimal]found, 1<<half)
	for mask, sum := range subsetSums(amounts[:half]) {
		f := left[sum]
		left[sum] = found{mask, f.times + 1}
	}
	var out found
	for mask, sum := range subsetSums(amounts[half:]) {
		if f, ok := left[target-sum]; ok {
			out = found{f.mask | mask<<half, out.times + f.times}
		}
		if out.times > 1 {
			return nil, false
		}
	}
	for i := range amounts {
		if out.times == 1 && out.mask>>i&1 == 1 {
			set = append(set, i)
		}
	}
	return set, true
}

// subsetSums returns the sum of each subset, by its bit mask.
func subsetSums(amounts []plant.Decimal) []plant.Decimal {
	sums := make([]plant.Decimal, 1, 1<<len(amounts))
	for _, a := range amounts {
		for _, s := range sums {
			sums = append(sums, s.Add(a))
		}
	}
	return sums
}

// neighbours finds the one run of consecutive amounts that adds up to target.
func neighbours(amounts []plant.Decimal, target plant.Decimal) []int {
	from, to, times := 0, 0, 0
	sum, start := plant.Decimal(0), 0
	for end, a := range amounts {
		sum = sum.Add(a)
		for sum > target && start <= end {
			sum = sum.Sub(amounts[start])
			start++
		}
		if sum == target && start <= end {
			from, to = start, end
			times++
		}
	}
	if times != 1 {
		return nil
	}
	var set []int
	for i := from; i <= to; i++ {
		set = append(set, i)
	}
	return set
}
