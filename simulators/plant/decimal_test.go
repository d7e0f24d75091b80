package plant

import (
	"encoding/json"
	"math"
	"math/big"
	"testing"
)

func TestParseDecimal(t *testing.T) {
	for s, want := range map[string]Decimal{
		"0": 0, "12": 12 * One, "-0.5": -One / 2, "12.500": 12*One + One/2, "0.000001": 1, "007": 7 * One,
		"999999999999.999999": 999999999999999999, "1.5000000": One + One/2, "-0": 0,
	} {
		if got, err := ParseDecimal(s); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "-", ".", "1.", ".5", "1e3", "1,5", "1 000", " 1", "+1", "--1", "0x1", "NaN", "1.0000001", "1000000000000", "１"} {
		if got, err := ParseDecimal(s); err == nil {
			t.Errorf("%q: got %s, want an error", s, got)
		}
	}
}

// TestUnitVectors are conversions that real systems got wrong by rounding in
// between (realism-and-ux 1.8).
func TestUnitVectors(t *testing.T) {
	for _, tc := range []struct {
		name   string
		amount string
		path   []Factor
		want   string
		exact  bool
	}{
		{"0.311 × 0.0275 × 1,000,000 is not 8,000", "0.311", []Factor{{275, 10_000}, {1_000_000, 1}}, "8552.5", true},
		{"0.2 L stays 0.2", "0.2", []Factor{{1000, 1}, {1, 1000}}, "0.2", true},
		{"0.96 dozen", "0.96", []Factor{{12, 1}}, "11.52", true},
		{"19 bags are not 19 kg", "19", []Factor{{25, 1}}, "475", true},
		{"bag, kg, g", "1.5", []Factor{{25, 1}, {1000, 1}}, "37500", true},
		{"a third", "1", []Factor{{1, 3}}, "0.333333", false},
		{"half away from zero", "0.000001", []Factor{{1, 2}}, "0.000001", false},
		{"half away from zero, negative", "-0.000001", []Factor{{1, 2}}, "-0.000001", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := Factor{1, 1}
			for _, f := range tc.path {
				var err error
				if path, err = path.Then(f); err != nil {
					t.Fatal(err)
				}
			}
			d, exact, err := path.Apply(MustDecimal(tc.amount))
			if err != nil {
				t.Fatal(err)
			}
			if d.String() != tc.want || exact != tc.exact {
				t.Errorf("got %s exact %t, want %s exact %t", d, exact, tc.want, tc.exact)
			}
		})
	}
	if _, err := (Factor{math.MaxInt64, 1}).Then(Factor{3, 1}); err == nil {
		t.Error("a joined factor out of range is no error")
	}
	for _, f := range []Factor{{0, 1}, {1, 0}, {-1, 1}, {math.MaxInt64, 1}} {
		if _, _, err := f.Apply(Whole(1_000_000)); err == nil {
			t.Errorf("%d/%d: no error", f.Num, f.Den)
		}
	}
}

func TestDecimalHoldsAtTheEndsOfItsRange(t *testing.T) {
	if Decimal(math.MaxInt64).Add(1) != math.MaxInt64 || Decimal(math.MinInt64).Sub(1) != math.MinInt64 || Decimal(math.MaxInt64).Times(-2) != math.MinInt64 {
		t.Error("sums wrap around")
	}
	if Decimal(math.MinInt64).String() != "-9223372036854.775808" {
		t.Errorf("got %s", Decimal(math.MinInt64))
	}
	b, err := json.Marshal(Of(3, "EA"))
	if err != nil || string(b) != `{"amount":"3","unit":"EA"}` {
		t.Errorf("got %s, %v", b, err)
	}
	var q Quantity
	if json.Unmarshal([]byte(`{"amount":"1e3","unit":"EA"}`), &q) == nil {
		t.Error("an exponent was taken")
	}
}

func FuzzParseDecimal(f *testing.F) {
	for _, s := range []string{"0", "-12.5", "000.100", "1e9", "99999999999999", "0.0000001", "1.", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDecimal(s)
		if err != nil {
			return
		}
		exact, ok := new(big.Rat).SetString(s)
		if !ok || exact.Cmp(big.NewRat(int64(d), int64(One))) != 0 {
			t.Fatalf("%q became %s", s, d)
		}
		if again, err := ParseDecimal(d.String()); err != nil || again != d {
			t.Fatalf("%q is written %s and read %s, %v", s, d, again, err)
		}
	})
}

func FuzzFactor(f *testing.F) {
	f.Add(int64(311_000), int64(275), int64(10_000))
	f.Add(int64(-1), int64(1), int64(2))
	f.Fuzz(func(t *testing.T, amount, num, den int64) {
		got, exact, err := Factor{num, den}.Apply(Decimal(amount))
		if num <= 0 || den <= 0 {
			if err == nil {
				t.Fatal("a factor that is not positive was applied")
			}
			return
		}
		want := new(big.Rat).Mul(big.NewRat(amount, 1), big.NewRat(num, den))
		if err != nil {
			return
		}
		off := new(big.Rat).Sub(want, big.NewRat(int64(got), 1))
		if exact != (off.Sign() == 0) || off.Abs(off).Cmp(big.NewRat(1, 2)) > 0 {
			t.Fatalf("%d × %d/%d: got %d exact %t, want %s", amount, num, den, got, exact, want.FloatString(3))
		}
	})
}
