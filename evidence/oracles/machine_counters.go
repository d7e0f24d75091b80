package oracles

import (
	"cmp"
	"slices"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

// pieces is the bucket of what machines count.
const pieces = "pieces counted"

// counters adds up, machine by machine, what its readings say was made: from
// one to the next what the counter turned, across rollover and resets. A SUT
// may leave out readings and work from one it knows to a later one, so the
// pieces of all that lie before the newest one it may know of can be there;
// those between two that it was bound to post must.
func (l *ledger) counters() {
	var order []account
	series := map[account][]*evidence.FactView{}
	for _, f := range l.r.h.Facts {
		if r, ok := f.Event.Fact.(plant.MachineCounted); ok && judged(f) {
			a := account{sink: f.Sink, bucket: pieces, machine: r.Machine, unit: "EA"}
			if series[a] == nil {
				order = append(order, a)
			}
			series[a] = append(series[a], f)
		}
	}
	for _, a := range order {
		fs := series[a]
		slices.SortStableFunc(fs, func(f, g *evidence.FactView) int {
			return cmp.Compare(f.Event.Fact.Keys().Counter, g.Event.Fact.Keys().Counter)
		})
		if b := l.at(a); telling(fs) {
			l.turned(b, fs)
		} else {
			b.open = true
		}
	}
}

// telling reports whether it can be said how far the counter turned: it has not
// gone back without saying how far it counts.
func telling(fs []*evidence.FactView) bool {
	for i, f := range fs[1:] {
		r, before := f.Event.Fact.(plant.MachineCounted), fs[i].Event.Fact.(plant.MachineCounted)
		if r.Since(before) < 0 {
			return false
		}
	}
	return true
}

// turned sets the bounds of b by the readings of one machine.
func (l *ledger) turned(b *balance, fs []*evidence.FactView) {
	newest := -1
	for i, f := range fs {
		if f.Status != evidence.MustNot {
			newest = i
		}
	}
	bound := false            // the SUT must post the reading before
	again := plant.Decimal(0) // what the counter turned over readings that the SUT has forgotten
	for i, f := range fs {
		a := allowed(l.r.h, f)
		must := f.Status == evidence.Must && a.min == 1 && len(f.Surfaces) == 0
		since := plant.Decimal(0)
		if i > 0 {
			since = plant.Whole(f.Event.Fact.(plant.MachineCounted).Since(fs[i-1].Event.Fact.(plant.MachineCounted)))
		}
		l.since[f] = since
		b.facts++
		if b.first == nil {
			b.first = f
		}
		if i <= newest {
			b.high = b.high.Add(since)
		}
		// Who has forgotten the reading before does not know how far the counter
		// was: it counts from an earlier one once more, or from this one.
		recalled := i == 0 || !fs[i-1].Forgotten
		if must && bound && recalled {
			b.low = b.low.Add(since)
		}
		switch {
		case f.Forgotten:
			again = again.Add(since)
		case !recalled:
			b.high, again = b.high.Add(again), 0
		}
		if n := int64(postings(l.r.h, f)); n > int64(a.max) {
			b.twice = b.twice.Add(since.Times(n - int64(a.max)))
		} else if n >= 1 && int64(f.Posted) > n { // copies of ours
			b.high = b.high.Add(since.Times(int64(f.Posted) - n))
		}
		if lost(f) {
			b.lost = b.lost.Add(since)
		}
		bound = must
	}
	for _, f := range fs[max(0, len(fs)-6):] {
		b.note(f)
	}
}

// count books what e adds to the pieces of a machine. Books that take readings
// and say nothing of pieces cannot be added up.
func (l *ledger) count(e *evidence.EffectView, r plant.MachineCounted) {
	b := l.at(account{sink: e.Endpoint, bucket: pieces, machine: r.Machine, unit: "EA"})
	made := e.Posting.Base
	if made.Unit == "" {
		made = r.Pieces
	}
	if made.Unit == "" {
		b.open = true
		return
	}
	b.books = b.books.Add(made.Amount)
	if len(e.Facts) == 0 {
		b.twice = b.twice.Add(made.Amount)
	}
	if len(e.Facts) == 1 && made.Amount != l.since[e.Facts[0]] { // the reading that was misread
		b.evidence = append([]uint64{e.Facts[0].Seq, e.Seq}, b.evidence[:min(len(b.evidence), 4)]...)
	}
}
