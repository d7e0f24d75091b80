package scenarios

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
)

func TestBoundsOfAScenario(t *testing.T) {
	rig := evidence.Judging{Staleness: 5000, Labor: 60_000, LocalTime: []string{"mes"}}
	for given, want := range map[string][2]int{
		"{}":                                    {5000, 60_000},
		"{judging: {staleness: {wall: 200ms}}}": {200, 60_000},
		"{judging: {laborTolerance: {plant: 2m}}}":                         {5000, 120_000},
		"{judging: {staleness: {wall: 1s}, laborTolerance: {plant: 30s}}}": {1000, 30_000},
	} {
		all, err := Parse("x.yaml", []byte(head+"given: "+given))
		if err != nil {
			t.Errorf("%s: %v", given, err)
			continue
		}
		got := all[0].Given.Judging.Over(rig)
		if got.Staleness != want[0] || got.Labor != want[1] || len(got.LocalTime) != 1 {
			t.Errorf("%s: got %+v, want %v", given, got, want)
		}
	}
	for given, says := range map[string]string{
		"{judging: {staleness: {plant: 1s}}}":     "x.yaml:4:31: ",
		"{judging: {laborTolerance: {wall: 1s}}}": "write {plant: …}",
		"{judging: {stale: {wall: 1s}}}":          `unknown key "stale"`,
	} {
		if _, err := Parse("x.yaml", []byte(head+"given: "+given)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q", given, err, says)
		}
	}
}
