package harness

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators/plant"
)

// An anchor of a scenario is wall-clock time of the plant it is played in.
func TestZoneIsThatOfThePlant(t *testing.T) {
	for _, tt := range []struct{ profile, zone, want string }{
		{"", "", "Europe/Berlin"},
		{"nist-box", "", "America/New_York"},
		{"nist-box", "Asia/Tokyo", "Asia/Tokyo"},
	} {
		got, err := zoneOf(plant.Config{Profile: tt.profile, Zone: tt.zone})
		if err != nil || got.String() != tt.want {
			t.Errorf("%+v: got %v, %v", tt, got, err)
		}
	}
	if _, err := zoneOf(plant.Config{Profile: "mill"}); err == nil || !strings.Contains(err.Error(), "known are") {
		t.Errorf("an unknown profile: got %v", err)
	}
	if _, err := zoneOf(plant.Config{Zone: "Mars/Olympus"}); err == nil || !strings.Contains(err.Error(), "Mars/Olympus") {
		t.Errorf("an unknown zone: got %v", err)
	}
}
