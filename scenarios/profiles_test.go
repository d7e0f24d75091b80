package scenarios

import (
	"cmp"
	"testing"

	"github.com/andon-rig/andon/simulators/plant"
)

// A pack is for any rig, so what its scenarios do must be possible in every
// plant that a rig can ask for; a scenario that needs another plant says so.
func TestPacksCanBePlayedInEveryPlant(t *testing.T) {
	for _, pack := range Packs() {
		all, err := Pack(pack)
		if err != nil {
			t.Fatal(err)
		}
		for _, profile := range plant.Profiles() {
			for _, s := range all {
				t.Run(s.Metadata.ID+"/"+profile, func(t *testing.T) {
					s.Plant.Profile = cmp.Or(s.Plant.Profile, profile)
					playIdeal(t, s, nil)
				})
			}
		}
	}
}
