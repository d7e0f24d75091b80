package oracles

import (
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

// edition is one version of a material definition, and when the SUT could know
// of it.
type edition struct {
	plant.Item
	version  int
	fact     *evidence.FactView // nil for what was known before the run
	accepted time.Duration
	happened time.Duration
}

// editions lists the versions of the items that were changed in the run, the
// oldest first. Versions of which it is not known that the SUT has them are
// left out: nobody can be asked to use them.
func editions(h *evidence.History) map[plant.ItemID][]edition {
	var all map[plant.ItemID][]edition
	for _, f := range h.Facts {
		b, ok := f.Event.Fact.(plant.ItemChanged)
		if !ok || f.AcceptedBy == nil || f.Invalid {
			continue
		}
		if all == nil {
			all = map[plant.ItemID][]edition{}
		}
		list := all[b.Item.ID]
		if list == nil {
			for _, i := range h.Plan.Items {
				if i.ID == b.Item.ID {
					list = append(list, edition{Item: i})
				}
			}
		}
		if n := len(list); n == 0 || list[n-1].version < b.Version {
			all[b.Item.ID] = append(list, edition{b.Item, b.Version, f, f.Accepted, f.At})
		}
	}
	return all
}

// due is the index of the newest edition that must be in use at a moment: it
// was accepted longer than bound before, by the stopwatch.
func due(list []edition, at, bound time.Duration, w *stopwatch) int {
	for i := len(list) - 1; i > 0; i-- {
		if list[i].accepted < at && w.between(list[i].accepted, at) > bound {
			return i
		}
	}
	return 0
}
