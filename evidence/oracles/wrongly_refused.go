package oracles

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// validIssues knows which issues were valid beyond doubt, so that a build which
// reports one as a matter of data quality, without having tried to post it, has
// judged wrongly. It knows nothing of what may have changed or been held in the
// run, nor of lots that the run itself has made: there the build can have been
// right by what it knew. It is made when first needed.
type validIssues struct {
	h       *evidence.History
	made    sync.Once
	lots    map[plant.LotID]plant.Lot
	items   map[plant.ItemID]plant.Item
	unsure  map[plant.Keys]time.Duration // lots, materials and orders, each by itself, and since when
	touched bool                         // a fault has touched an answer to one of its questions
}

func newValidIssues(h *evidence.History) *validIssues { return &validIssues{h: h} }

func (m *validIssues) make() {
	m.lots, m.items, m.unsure = map[plant.LotID]plant.Lot{}, map[plant.ItemID]plant.Item{}, map[plant.Keys]time.Duration{}
	for _, l := range m.h.Plan.Lots {
		m.lots[l.ID] = l
	}
	for _, i := range m.h.Plan.Items {
		m.items[i.ID] = i
	}
	for _, f := range m.h.Facts {
		switch b := f.Event.Fact.(type) {
		case plant.LotHeld:
			m.doubt(plant.Keys{Lot: b.Lot}, f.At)
		case plant.ItemChanged:
			m.doubt(plant.Keys{Material: b.Item.ID}, f.At)
		case plant.OrderCancelled:
			m.doubt(plant.Keys{Order: b.Order}, f.At)
		}
	}
	for _, t := range m.h.Attempts {
		m.touched = m.touched || len(t.Claims) == 0 && len(t.Faults) > 0 && !strings.HasPrefix(t.Name, "oauth/")
	}
}

// doubt notes that from a moment on nothing is sure about k.
func (m *validIssues) doubt(k plant.Keys, from time.Duration) {
	if at, known := m.unsure[k]; !known || from < at {
		m.unsure[k] = from
	}
}

// doubtful reports whether anything about k was not sure any more at a moment.
func (m *validIssues) doubtful(k plant.Keys, at time.Duration) bool {
	from, known := m.unsure[k]
	return known && from <= at
}

// wronglyRefused reports whether the SUT reported the issue f as a matter of
// data quality though it was valid, and has never asked the books to take it.
// Expires is when its lot does; zero if never.
func (m *validIssues) wronglyRefused(f *evidence.FactView) (expires time.Time, wrongly bool) {
	used, ok := f.Event.Fact.(plant.Consumed)
	if !ok || f.Status != evidence.Must || f.Invalid || f.Garbled || f.Posted > 0 || len(f.Surfaces) == 0 || len(f.Attempts) > 0 {
		return time.Time{}, false
	}
	s := f.Surfaces[0]
	if s.Class != simulators.DataQuality || s.By != evidence.ByReference && s.By != evidence.ByKey || m.h.Plan.Endpoints[f.Sink].System != "erp" {
		return time.Time{}, false
	}
	m.made.Do(m.make)
	l, known := m.lots[used.Lot]
	item := m.items[used.Material]
	_, counted := item.Factor(used.Quantity.Unit)
	switch {
	case m.touched, !known, !counted, l.Material != used.Material, l.Status != plant.LotUnrestricted && l.Status != "":
	case !l.Expires.IsZero() && !f.Event.At.Before(l.Expires):
	case m.doubtful(plant.Keys{Lot: used.Lot}, s.At), m.doubtful(plant.Keys{Material: used.Material}, s.At), m.doubtful(plant.Keys{Order: used.Order}, s.At):
	case m.releaseUnknown(used.Order, s.At):
	default:
		return l.Expires, true
	}
	return time.Time{}, false
}

// standing reports whether the SUT reported the reversal f, for other reasons than
// technical ones, though what it takes back was posted, and has never asked the
// books to take it.
func (m *validIssues) standing(f *evidence.FactView) bool {
	r, ok := f.Event.Fact.(plant.Reversed)
	if !ok || f.Status != evidence.Must || f.Garbled || f.Posted > 0 || len(f.Attempts) > 0 || f.Surfaces[0].Class == simulators.Technical {
		return false
	}
	o := m.h.Fact(r.Original.ID)
	return o != nil && o.Posted > 0 && o.Effects[0].At < f.Surfaces[0].At
}

// unreached reports whether the SUT reported f without having asked the books,
// which it could not reach then: what it could not ask about it cannot know to
// be refused. Nothing that may have changed in the run is claimed to be known.
func (m *validIssues) unreached(f *evidence.FactView) bool {
	if f.Status != evidence.Must || f.Invalid || f.Garbled || f.Posted > 0 || len(f.Attempts) > 0 {
		return false
	}
	s := f.Surfaces[0]
	if s.Class == simulators.Technical || s.By != evidence.ByReference && s.By != evidence.ByKey {
		return false
	}
	m.made.Do(m.make)
	k := f.Event.Fact.Keys()
	for _, part := range []plant.Keys{{Lot: k.Lot}, {Material: k.Material}, {Order: k.Order}} {
		if part != (plant.Keys{}) && m.doubtful(part, s.At) {
			return false
		}
	}
	return !m.releaseUnknown(k.Order, s.At) && m.turnedAway(f.Sink, f.Accepted, s.At)
}

// turnedAway reports whether trouble on the road to an endpoint, of names,
// certificates or connections, struck the SUT in a time.
func (m *validIssues) turnedAway(endpoint string, from, to time.Duration) bool {
	return slices.ContainsFunc(m.h.Disturbances, func(d *evidence.DisturbanceView) bool {
		return d.Phase == evidence.Struck && d.Disturbance.At == endpoint && d.Message == 0 && len(d.Facts) == 0 && from <= d.At && d.At <= to
	})
}

// releaseUnknown reports whether the order was released in the run and the SUT had
// not taken that over for sure.
func (m *validIssues) releaseUnknown(order plant.OrderID, by time.Duration) bool {
	f := m.h.Fact(plant.EventID(plant.Natural(plant.OrderReleased{Order: plant.Order{ID: order}})))
	return f != nil && (f.AcceptedBy == nil || f.Accepted > by)
}

// edge is how long before its expiry a lot is at the day's edge: whoever
// compares days instead of instants may be wrong there.
const edge = 24 * time.Hour

// atEdge reports whether an issue of a lot was at the edge of its last day.
func atEdge(used, expires time.Time) bool { return !expires.IsZero() && expires.Sub(used) <= edge }

// goodUntil words that an issue was valid.
func (c *calendar) goodUntil(f *evidence.FactView, expires time.Time) string {
	if expires.IsZero() {
		return fmt.Sprintf("the %s posted: its lot is usable and does not expire", naming(f.Event.Fact))
	}
	return fmt.Sprintf("the %s of %s posted: its lot is good until %s", naming(f.Event.Fact), stamp(c.local(f.Event.At, f.Event.At)), stamp(c.local(expires, f.Event.At)))
}

// misreckoned says how the lot can have been taken to have expired when it was
// used.
func misreckoned(used, expires time.Time) string {
	if used.UTC().Format(time.DateOnly) >= expires.UTC().Format(time.DateOnly) {
		return fmt.Sprintf("it was used %s before it expires, which by the calendar of UTC is on the day on which it expires: days were compared instead of instants", expires.Sub(used).Round(time.Second))
	}
	return fmt.Sprintf("it was used %s before it expires, on its last day: that day was taken for one on which it has expired", expires.Sub(used).Round(time.Second))
}
