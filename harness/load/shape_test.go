package load

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestShapes(t *testing.T) {
	for _, c := range []struct {
		text  string
		rate  float64
		lasts time.Duration
		n     uint64
		due   map[uint64]time.Duration
	}{
		{"constant", 1000, 5 * time.Second, 5000, map[uint64]time.Duration{0: 0, 1: time.Millisecond, 4999: 4999 * time.Millisecond}},
		{"constant", 0.5, 10 * time.Second, 5, map[uint64]time.Duration{1: 2 * time.Second}},
		{"ramp:300", 100, 10 * time.Second, 2000, map[uint64]time.Duration{0: 0, 750: 5 * time.Second}},
		{"ramp:100", 300, 10 * time.Second, 2000, map[uint64]time.Duration{1250: 5 * time.Second}},
		{"step:100/1s", 100, 3 * time.Second, 600, map[uint64]time.Duration{100: time.Second, 300: 2 * time.Second, 301: 2*time.Second + time.Second/300}},
		{"sine:500/2s", 1000, 4 * time.Second, 4000, map[uint64]time.Duration{2000: 2 * time.Second}},
		{"burst:1000/1s/3s", 100, 6 * time.Second, 2400, map[uint64]time.Duration{200: 2 * time.Second, 700: 2500 * time.Millisecond, 1200: 3 * time.Second}},
	} {
		s, err := ParseShape(c.text, c.rate, c.lasts)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if s.Number() != c.n || s.Length() != c.lasts {
			t.Errorf("%s: %d in %s, want %d in %s", c.text, s.Number(), s.Length(), c.n, c.lasts)
		}
		for n, want := range c.due {
			if got := s.Due(n); (got - want).Abs() > time.Microsecond {
				t.Errorf("%s: number %d is due at %s, want %s", c.text, n, got, want)
			}
		}
		for n, last := uint64(0), time.Duration(-1); n < s.Number(); n++ {
			d := s.Due(n)
			if d <= last || d > c.lasts {
				t.Fatalf("%s: number %d is due at %s, after one at %s", c.text, n, d, last)
			}
			last = d
		}
	}
	s, _ := ParseShape("sine:500/4s", 1000, 4*time.Second)
	if high := s.Due(1690); math.Abs(high.Seconds()-1.25) > 0.002 { // 1000·t + 500·(2/π)·(1−cos(π·t/2))
		t.Errorf("number 1690 of a sine is due at %s", high)
	}
}

func TestShapesThatAreNone(t *testing.T) {
	for _, c := range []struct {
		text  string
		rate  float64
		lasts time.Duration
		says  string
	}{
		{"constant", 0, time.Second, "above 0"},
		{"constant", math.NaN(), time.Second, "above 0"},
		{"constant", 1, 0, "duration"},
		{"constant", 0.1, time.Second, "0 confirmations"},
		{"wave", 1, time.Second, "none of constant"},
		{"ramp:x", 1, time.Second, `"x" is not a rate`},
		{"ramp:-1", 1, time.Second, `"-1" is not a rate`},
		{"step:10", 1, time.Second, "none of"},
		{"step:10/0s", 1, time.Second, "not a duration"},
		{"sine:2/1s", 1, time.Second, "falls to nothing"},
		{"burst:10/2s/1s", 1, time.Second, "never ends"},
	} {
		if _, err := ParseShape(c.text, c.rate, c.lasts); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s at %v for %s: %v; want it to say %q", c.text, c.rate, c.lasts, err, c.says)
		}
	}
}
