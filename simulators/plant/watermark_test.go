package plant

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestUniqueSums(t *testing.T) {
	for _, tc := range []struct {
		amounts []Decimal
		want    bool
	}{
		{nil, true}, {[]Decimal{5}, true}, {[]Decimal{0, 5, 0}, true}, {[]Decimal{1, 2, 4, 8}, true}, {[]Decimal{3, 5, 6, 7}, true},
		{[]Decimal{2, 2}, false}, {[]Decimal{1, 2, 3}, false}, {[]Decimal{1, 5, 6, 10, 20}, false}, {[]Decimal{1, -1}, false},
	} {
		if got := UniqueSums(tc.amounts); got != tc.want {
			t.Errorf("%v: got %t", tc.amounts, got)
		}
	}
}

// TestUniqueSumsAreThoseOfAllSelections adds up every selection.
func TestUniqueSumsAreThoseOfAllSelections(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amounts := rapid.SliceOfN(rapid.Map(rapid.Int64Range(0, 60), func(n int64) Decimal { return Decimal(n) }), 0, 9).Draw(t, "amounts")
		given := slices.DeleteFunc(slices.Clone(amounts), func(a Decimal) bool { return a == 0 })
		seen, unique := map[Decimal]bool{}, true
		for selection := range 1 << len(given) {
			sum := Decimal(0)
			for i, a := range given {
				if selection&(1<<i) != 0 {
					sum += a
				}
			}
			unique = unique && !seen[sum]
			seen[sum] = true
		}
		if got := UniqueSums(amounts); got != unique {
			t.Fatalf("%v: got %t", amounts, got)
		}
	})
	if UniqueSums([]Decimal{math.MaxInt64, 1}) {
		t.Error("sums that no number holds are said to be unique")
	}
}

// TestSplitMarks: whatever the total, the parts add up, are as many as asked
// for or as many as possible, and every selection of them has its own sum.
func TestSplitMarks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64Range(0, 2_000_000).Draw(t, "total")
		n := rapid.IntRange(0, 12).Draw(t, "n")
		parts := split(newStream(rapid.Uint64().Draw(t, "seed"), "split", "test"), total, n)
		if len(parts) != min(n, markable(total)) {
			t.Fatalf("%d parts of %d, asked for %d, possible %d", len(parts), total, n, markable(total))
		}
		sum := int64(0)
		for _, p := range parts {
			sum += p
		}
		if len(parts) > 0 && (sum != total || !distinct(parts)) {
			t.Fatalf("%v of %d", parts, total)
		}
	})
	// Twenty kilogram amounts with three decimals are the documented limit.
	if parts := split(newStream(1, "kg", "test"), 5_000_000, 20); len(parts) != 20 || !distinct(parts) {
		t.Errorf("20 parts of 5000 kg are not marked: %v", parts)
	}
	for total, want := range map[int64]int{0: 0, 1: 1, 2: 1, 3: 2, 6: 2, 7: 3, 36: 5, 720: 9, 1 << 40: 20} {
		if got := markable(total); got != want {
			t.Errorf("markable(%d) is %d, want %d", total, got, want)
		}
	}
}

// TestEventsAreMarked holds whole runs against what the README promises.
func TestEventsAreMarked(t *testing.T) {
	type group struct {
		keys  Keys
		field string
	}
	for _, profile := range Profiles() {
		for seed := range uint64(5) {
			m, events := run(t, Config{Profile: profile, Seed: seed, Orders: 15})
			groups := map[group][]Decimal{}
			add := func(field string, amount Decimal, k Keys) {
				k.Counter = 0
				groups[group{k, field}] = append(groups[group{k, field}], amount)
			}
			for _, e := range events {
				switch f := e.Fact.(type) {
				case Confirmed:
					add("yield", f.Yield.Amount, f.Keys())
					add("scrap", f.Scrap.Amount, f.Keys())
				case Consumed:
					item, _ := m.Item(f.Material)
					factor, ok := item.Factor(f.Quantity.Unit)
					base, exact, err := factor.Apply(f.Quantity.Amount)
					if !ok || !exact || err != nil || base%grain(item.Decimals) != 0 {
						t.Errorf("%s: %s is not exact in %s", e.ID, f.Quantity, item.Unit)
					}
					add("consumed", base, f.Keys())
				case Received:
					add("received", f.Quantity.Amount, f.Keys())
				}
			}
			for g, amounts := range groups {
				if !UniqueSums(amounts) {
					t.Errorf("%s seed %d: %s of %s is not marked: %v", profile, seed, g.field, g.keys, amounts)
				}
			}
		}
	}
}
