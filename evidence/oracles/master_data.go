package oracles

import (
	"fmt"
	"slices"
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
// complete: which there are, in which version, and which materials were retired.
// What changed after the last cycle that was carried through may be missing,
// unless a page of a list that the SUT heard has told of it.
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
	lists := newReader(r.h)
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
		if lists.required(f) && (c.newest == nil || versionHeld(c.newest) < versionHeld(f)) {
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
			c.compare(r, k, lists)
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

// lastCycle tells of each consumer and list which change is the last it has. In the
// order of changes, what was changed before that stands before it, so that the
// cycle which brought it had to bring all that. Of what was changed in the same
// second the cycle may have brought a part when the run ended.
func lastCycle(h *evidence.History) map[listed]*evidence.FactView {
	last := map[listed]*evidence.FactView{}
	for _, f := range h.Facts {
		l := listed{f.Sink, f.Event.Fact.Kind()}
		if records[l.kind] != "" && judged(f) && len(f.Effects) > 0 && (last[l] == nil || second(last[l]).Before(second(f))) {
			last[l] = f
		}
	}
	return last
}

// second is when a fact happened, as exactly as lists tell it.
func second(f *evidence.FactView) time.Time { return f.Event.At.Truncate(time.Second) }

// reader is what is known of lists that the SUT reads by itself.
type reader struct {
	h       *evidence.History
	fetched map[listed]*evidence.FactView
	by      time.Duration // when it must have heard what it could still pass on
}

func newReader(h *evidence.History) *reader {
	end := h.Last()
	for _, r := range slices.Backward(h.Records) {
		if _, is := r.Body.(evidence.End); is {
			end = r.At // what is sent while the SUT is stopped may follow
			break
		}
	}
	return &reader{h, lastCycle(h), end - passing}
}

// passing is what a SUT may take to pass on what it has read.
const passing = time.Second

// required reports whether the consumer must have f at the end: the SUT
// accepted it, has passed it on, or nobody announced it and it was there for the
// asking when the last cycle began, or a list told it.
func (l *reader) required(f *evidence.FactView) bool {
	if f.Invalid || len(f.Surfaces) > 0 {
		return false
	}
	if f.Status == evidence.Must || len(f.Effects) > 0 {
		return true
	}
	return f.Status == evidence.May && !f.Superseded && len(f.Offers) == 0 && (l.passed(f) || l.told(f) != nil)
}

// passed reports whether a change that was made after f has come by the list on
// which f had to be.
func (l *reader) passed(f *evidence.FactView) bool {
	last := l.fetched[listed{f.Sink, f.Event.Fact.Kind()}]
	return last != nil && f.At < last.At && second(f).Before(second(last))
}

// told is the question by whose answer the SUT heard of f, lived to note it and
// had time to pass it on; nil if there is none.
func (l *reader) told(f *evidence.FactView) *evidence.AttemptView {
	for _, t := range f.Lists {
		if t.End <= l.by && l.h.Survived(t.Start, t.End+noting) && !l.h.Forgot(t.End, l.h.Last()) {
			return t
		}
	}
	return nil
}

// unannounced says how the SUT could know of a change that nobody handed over
// and that was not passed on, and which record shows it.
func (l *reader) unannounced(f *evidence.FactView) (why string, shown []uint64) {
	if len(f.Offers) > 0 || len(f.Effects) > 0 {
		return "", nil
	}
	if t := l.told(f); t != nil {
		return fmt.Sprintf("nobody handed it over; %s told it in answer to %s, which the SUT heard", t.Endpoint, t.Name), []uint64{t.Seq}
	}
	return "nobody handed it over, and a change made later was fetched: a cycle has passed it over", nil
}

// compare judges one record.
func (c *copyOf) compare(r *report, k recordKey, lists *reader) {
	version := versionHeld(c.newest)
	v := about(c.newest)
	v.Class, v.Confidence = evidence.CauseTechnical, "high"
	v.Expected = fmt.Sprintf("%s %s in %s at version %d", records[k.kind], k.id, k.sink, version)
	why, shown := lists.unannounced(c.newest)
	v.Text, v.Evidence = why, few(append(v.Evidence, shown...))
	switch {
	case c.held == nil:
		v.Got, v.Rule = "no version of the run", "record-missing"
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
