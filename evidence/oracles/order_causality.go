package oracles

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var orderInfo = Info{
	Name: "order-causality", ID: "O6",
	Doc:          "facts of one order were posted in another order than they were announced in, or an older version overwrote a newer one",
	Requirements: []string{"CTL-23", "EXC-06", "DN-05"},
}

// OrderCausality judges the order of postings: an order before its changes,
// a start before its confirmations, confirmations of an operation as they were
// announced, and the newest version last; and by the ordering key of the contract
// of the interface, if that has one. Only postings whose attempts do not
// overlap are compared, and only where the source announced in order.
func OrderCausality() evidence.Judge {
	return oracle{orderInfo, orderCausality, "%d postings came in the order of what happened", "no two postings had to keep an order"}
}

// sequenceKey names facts that must be posted in the order they became true.
type sequenceKey struct {
	sink string
	what string
	keys plant.Keys
}

func orderCausality(r *report) {
	var order []sequenceKey
	rows := map[sequenceKey][]*evidence.FactView{}
	add := func(k sequenceKey, ok bool, f *evidence.FactView) {
		if !ok {
			return
		}
		if rows[k] == nil {
			order = append(order, k)
		}
		rows[k] = append(rows[k], f)
	}
	for _, f := range r.h.Facts {
		if !judged(f) || f.Invalid || len(f.Effects) == 0 {
			continue
		}
		k, ok := sequenced(f)
		add(k, ok, f)
		k, ok = byContract(f)
		add(k, ok, f)
	}
	named := map[*evidence.FactView]bool{}
	for _, k := range order {
		if k.what == "version" {
			staleOverwrite(r, rows[k])
		}
		if len(rows[k]) > 1 {
			r.judged += len(rows[k])
			inversions(r, k, rows[k], named)
		}
	}
}

func sequenced(f *evidence.FactView) (sequenceKey, bool) {
	if object, _, ok := f.Versioned(); ok {
		return sequenceKey{f.Sink, "version", object}, true
	}
	switch b := f.Event.Fact.(type) {
	case plant.OperationStarted:
		return sequenceKey{f.Sink, "operation", plant.Keys{Order: b.Order, Operation: b.Operation}}, true
	case plant.Confirmed:
		return sequenceKey{f.Sink, "operation", plant.Keys{Order: b.Order, Operation: b.Operation}}, true
	}
	return sequenceKey{}, false
}

// byContract is the sequence that the contract of the interface puts a posting
// in by its ordering key.
func byContract(f *evidence.FactView) (sequenceKey, bool) {
	c := f.Effects[0].Cause
	if c == nil || c.Held == nil || c.Held.Sequence == "" {
		return sequenceKey{}, false
	}
	return sequenceKey{sink: f.Sink, what: c.Held.Sequence}, true
}

// inversions looks for a later fact whose posting was over before that of an
// earlier one began. For each earlier fact, the later one that was over first
// decides. Who is out of order by one sequence is not told again by another.
func inversions(r *report, k sequenceKey, row []*evidence.FactView, named map[*evidence.FactView]bool) {
	var first *evidence.FactView // of those later in the row, posted first
	var over time.Duration
	for i := len(row) - 1; i >= 0; i-- {
		f := row[i]
		start, end, ok := posting(f)
		if !ok {
			continue
		}
		if first != nil && over < start && !named[f] && announcedInOrder(r.h, f, first) {
			named[f] = true
			v := about(f)
			if contract, key, ok := strings.Cut(k.what, " "); ok {
				v.Text = fmt.Sprintf("contract %s keeps in sequence what has the ordering key %q", contract, key)
			}
			v.Expected = fmt.Sprintf("the %s posted before the %s", naming(f.Event.Fact), naming(first.Event.Fact))
			v.Got = fmt.Sprintf("%s after %s, begun %s later", document(f.Effects[0]), document(first.Effects[0]), span(start-over))
			v.Class, v.Rule, v.Confidence = evidence.CauseTechnical, "posted-out-of-order", "high"
			v.Evidence = few(append([]uint64{f.Seq, first.Seq, first.Effects[0].Seq, first.Effects[0].Cause.Seq}, sequence(f)...))
			r.violated(v)
		}
		if first == nil || end < over {
			first, over = f, end
		}
	}
}

// posting is when the attempt that first posted f was under way. Sums and
// parts have no place in the order of single facts.
func posting(f *evidence.FactView) (start, end time.Duration, ok bool) {
	e := f.Effects[0]
	if e.Cause == nil || e.Cause.Copy || e.Part || len(e.Facts) != 1 {
		return 0, 0, false
	}
	return e.Cause.Start, e.Cause.End, true
}

// announcedInOrder reports whether the SUT had accepted a before b was first
// offered, by a source that declares that order. A fact that was refused and
// came through only after correction must not hold up others.
func announcedInOrder(h *evidence.History, a, b *evidence.FactView) bool {
	if t, _ := refusal(a); t != nil {
		return false
	}
	return a.AcceptedBy != nil && len(b.Offers) > 0 && a.Accepted < b.Offers[0].Start &&
		h.Plan.Endpoints[a.Source].Policy.Ordering != simulators.OrderNone
}

// staleOverwrite looks whether the last posting of an object is that of an
// older version than one posted before.
func staleOverwrite(r *report, row []*evidence.FactView) {
	type step struct {
		version int
		f       *evidence.FactView
		e       *evidence.EffectView
	}
	var steps []step
	for _, f := range row {
		_, version, _ := f.Versioned()
		for _, e := range f.Effects {
			steps = append(steps, step{version, f, e})
		}
	}
	if len(steps) < 2 {
		return
	}
	slices.SortFunc(steps, func(a, b step) int { return cmp.Compare(a.e.Seq, b.e.Seq) })
	newest := steps[0]
	for _, s := range steps {
		if s.version > newest.version {
			newest = s
		}
	}
	last := steps[len(steps)-1]
	if last.version >= newest.version {
		return
	}
	v := about(newest.f)
	v.Expected = fmt.Sprintf("%s left at version %d", newest.f.Event.Fact.Keys().Entity(), newest.version)
	v.Got = fmt.Sprintf("version %d posted over it: %s after %s", last.version, document(last.e), document(newest.e))
	v.Class, v.Rule, v.Confidence = evidence.CauseTechnical, "stale-overwrite", "high"
	v.Evidence = few([]uint64{newest.f.Seq, newest.e.Seq, last.f.Seq, last.e.Seq})
	r.violated(v)
}
