package oracles

import (
	"fmt"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var masterInfo = Info{
	Name: "master-data", ID: "O18",
	Doc:          "the records a system holds are not those of their source: one is missing, an older version, or still active although it was retired",
	Requirements: []string{"DN-13", "DN-09", "PAT-04", "CTL-20", "CTL-21"},
}

// MasterData judges whether the copy of the material definitions, bills of
// material, routings, work centers and calendars that a system holds at the end is
// complete: which there are, in which version, and which materials were retired. What changed after the last cycle that was carried through may
// be missing.
func MasterData() evidence.Judge {
	return keeper{oracle{masterInfo, masterData, "%d records are as their source has them", "no record was changed"}}
}

// keeper follows: a lost change leaves an old record, and is told there.
type keeper struct{ oracle }

// Follows implements [Following].
func (keeper) Follows() bool { return true }

// recordKey names a record as one system holds it.
type recordKey struct {
	sink string
	kind plant.Kind // of its changes
	id   string
}

// records are the kinds of master data, by those of their changes.
var records = map[plant.Kind]string{plant.KindItemChanged: "material", plant.KindBillChanged: "bill of material", plant.KindRoutingChanged: "routing",
	plant.KindCenterChanged: "work center", plant.KindCalendarChanged: "calendar"}

// copyOf is what source and consumer say of one record.
type copyOf struct {
	newest *evidence.FactView   // that the consumer must have
	held   *evidence.EffectView // written last
}

func masterData(r *report) {
	var order []recordKey
	copies := map[recordKey]*copyOf{}
	fetched := lastCycle(r.h)
	for _, f := range r.h.Facts {
		kind := f.Event.Fact.Kind()
		if records[kind] == "" || !judged(f) {
			continue
		}
		k := recordKey{f.Sink, kind, f.Event.Fact.Keys().Entity()}
		c := copies[k]
		if c == nil {
			c = &copyOf{}
			copies[k] = c
			order = append(order, k)
		}
		if required(f, fetched[listed{f.Sink, kind}]) && (c.newest == nil || versionHeld(c.newest) < versionHeld(f)) {
			c.newest = f
		}
		for _, e := range f.Effects {
			if c.held == nil || e.Seq > c.held.Seq {
				c.held = e
			}
		}
	}
	for _, k := range order {
		if c := copies[k]; c.newest != nil {
			r.judged++
			c.compare(r, k)
		}
	}
}

func versionHeld(f *evidence.FactView) int {
	_, v, _ := f.Versioned()
	return v
}

// listed is a list of records as one consumer reads it.
type listed struct {
	sink string
	kind plant.Kind
}

// lastCycle tells of each consumer and list when the last change it has was made at
// the source: a cycle that brought it was begun after that, and had to bring
// everything before it.
func lastCycle(h *evidence.History) map[listed]time.Duration {
	last := map[listed]time.Duration{}
	for _, f := range h.Facts {
		l := listed{f.Sink, f.Event.Fact.Kind()}
		if records[l.kind] != "" && judged(f) && len(f.Effects) > 0 {
			last[l] = max(last[l], f.At)
		}
	}
	return last
}

// required reports whether the consumer must have f at the end: the SUT
// accepted it, has passed it on, or it was there for the asking when the last
// cycle began.
func required(f *evidence.FactView, fetched time.Duration) bool {
	if f.Invalid || len(f.Surfaces) > 0 {
		return false
	}
	return f.Status == evidence.Must || len(f.Effects) > 0 || (f.Status == evidence.May && !f.Superseded && len(f.Offers) == 0 && f.At < fetched)
}

// compare judges one record.
func (c *copyOf) compare(r *report, k recordKey) {
	version := versionHeld(c.newest)
	v := about(c.newest)
	v.Class, v.Confidence = evidence.CauseTechnical, "high"
	v.Expected = fmt.Sprintf("%s %s in %s at version %d", records[k.kind], k.id, k.sink, version)
	switch {
	case c.held == nil:
		v.Got, v.Rule = "no version of the run", "record-missing"
		if len(c.newest.Offers) == 0 {
			v.Text = "nobody handed it over, and a change made later was fetched: a cycle has passed it over"
		}
		r.missing(v, false)
		return
	case versionHeld(c.held.Facts[0]) < version:
		v.Got, v.Rule = fmt.Sprintf("version %d: %s", versionHeld(c.held.Facts[0]), document(c.held)), "record-outdated"
		v.Evidence = few(append([]uint64{c.newest.Seq, c.held.Seq}, v.Evidence...))
		r.missing(v, false)
		return
	}
	claim, ok := c.held.Posting.Claim.Fact.(plant.ItemChanged)
	truth, item := c.held.Facts[0].Event.Fact.(plant.ItemChanged)
	is, want := claim.Item.Retired, truth.Item.Retired
	if !ok || !item || is == want {
		return
	}
	v.Class, v.Rule = evidence.CauseClass(simulators.DataQuality), "retirement-lost"
	v.Expected += ", " + active(want)
	v.Got = fmt.Sprintf("%s: %s", active(is), document(c.held))
	v.Evidence = few(append([]uint64{c.newest.Seq, c.held.Seq}, v.Evidence...))
	r.violated(v)
}

func active(retired bool) string {
	if retired {
		return "retired"
	}
	return "active"
}
