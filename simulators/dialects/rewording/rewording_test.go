package rewording_test

import (
	"testing"

	"github.com/andon-rig/andon/simulators/dialects/rewording"
)

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		was, want string
		say       func(string) string
	}{
		{"12.5", "125E-1", rewording.Exponent}, {"200", "200E0", rewording.Exponent}, {"0.25", "25E-2", rewording.Exponent},
		{"12.5", "12,5", rewording.Comma}, {"12", "12,0", rewording.Comma},
		{"12.5", "12.500000000001", rewording.ManyDecimals}, {"12", "12.000000000001", rewording.ManyDecimals},
	} {
		if got := c.say(c.was); got != c.want {
			t.Errorf("%s became %s, want %s", c.was, got, c.want)
		}
	}
}
