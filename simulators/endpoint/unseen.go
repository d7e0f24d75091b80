package endpoint

import (
	"sync"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// unseen is what the books know and questions do not show yet: an announcement
// can be there before the database has what it is about.
type unseen struct {
	mu     sync.Mutex // guards before
	before map[shownAs][]past
}

// shownAs names an object of the books.
type shownAs struct{ object, id string }

// past is how a question is answered for a while.
type past struct {
	was   simulators.Answer
	until time.Time
}

// objectsOf are what a fact changes, by the questions that can be asked about
// it.
func objectsOf(f plant.Fact) []shownAs {
	k := f.Keys()
	switch f.Kind() {
	case plant.KindOrderReleased, plant.KindOrderChanged, plant.KindOrderCancelled:
		return []shownAs{{"order", string(k.Order)}}
	case plant.KindItemChanged:
		return []shownAs{{"item", string(k.Material)}, {"items", string(k.Material)}}
	case plant.KindBillChanged:
		return []shownAs{{"bom", string(k.Material)}, {"boms", string(k.Material)}, {"bom-lines", string(k.Material)}}
	case plant.KindRoutingChanged:
		return []shownAs{{"routing", string(k.Material)}, {"routings", string(k.Material)}, {"routing-steps", string(k.Material)}}
	case plant.KindCenterChanged:
		return []shownAs{{"work-center", string(k.WorkCenter)}, {"work-centers", string(k.WorkCenter)}}
	case plant.KindCalendarChanged:
		return []shownAs{{"calendar", k.Calendar}, {"calendars", k.Calendar}}
	case plant.KindLotDecided:
		return []shownAs{{"lot", string(k.Lot)}}
	}
	return nil
}

// noteBefore keeps how the books show what ev is about to change.
func (e *Endpoint) noteBefore(ev plant.Event) {
	lag := e.PolicyNow().Lag
	if lag <= 0 {
		return
	}
	for _, o := range objectsOf(ev.Fact) {
		q := simulators.Query{Object: o.object, Where: map[string]string{"id": o.id}}
		was := e.System.Handle(simulators.Ask{Query: &q}, func(simulators.Posting) {})
		e.unseen.mu.Lock()
		e.unseen.before[o] = append(e.unseen.before[o], past{was, time.Now().Add(lag)})
		e.unseen.mu.Unlock()
	}
}

// late answers a question about one object as of a while ago; false if what the
// books say is shown already.
func (u *unseen) late(q simulators.Query) (was simulators.Answer, late bool) {
	id := q.Where["id"]
	if id == "" {
		id = q.Where[q.Object]
	}
	object := shownAs{q.Object, id}
	u.mu.Lock()
	defer u.mu.Unlock()
	all, now := u.before[object], time.Now()
	for len(all) > 0 && !now.Before(all[0].until) {
		all = all[1:]
	}
	if len(all) == 0 {
		delete(u.before, object)
		return simulators.Answer{}, false
	}
	u.before[object] = all
	return all[0].was, true
}
