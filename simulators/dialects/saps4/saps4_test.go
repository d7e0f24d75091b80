package saps4

import (
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

// kept is what of an event the interface can say: instants to the millisecond,
// those that are split into date and time to the second, work to the
// microsecond.
func kept(e plant.Event) plant.Event {
	e.At = e.At.Truncate(time.Millisecond)
	if f, ok := e.Fact.(plant.Confirmed); ok {
		f.Start, f.End, f.Labor = f.Start.Truncate(time.Second), f.End.Truncate(time.Second), f.Labor.Truncate(time.Microsecond)
		e.Fact = f
	}
	return e
}

var named = dialecttest.Named(plant.KindOrderReleased, plant.KindOrderChanged, plant.KindOrderCancelled, plant.KindItemChanged)

func TestConformance(t *testing.T) {
	statuses := dialecttest.Statuses(map[string]int{"partly": 201, "all rows bad": 400, "one row bad": 400, "order unknown": 400, "data quality": 400,
		"business": 400, "key reused": 400, "already posted": 400, "locked": 400})
	for name, s := range map[string]Settings{"preset": {}, "German": {Language: German}} {
		t.Run(name, func(t *testing.T) {
			dialecttest.Run(t, Dialect{s}, dialecttest.Within(kept), named, statuses)
		})
	}
}
