package staging

import (
	"testing"

	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
)

func TestConformance(t *testing.T) {
	dialecttest.Run(t, Dialect{}, dialecttest.Says(func(s string) bool {
		for _, r := range s {
			if r == 0 {
				return false
			}
		}
		return true
	}), dialecttest.Statuses(map[string]int{"applied": 200}))
}
