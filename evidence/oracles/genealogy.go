package oracles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var genealogyInfo = Info{
	Name: "genealogy", ID: "O7",
	Doc:          "the books connect finished lots to other raw lots than the plant did, or to none: a recall would miss lots or take the wrong ones",
	Requirements: []string{"UP-19", "CMP-03", "CMP-04", "IND-07", "IND-01", "UP-08"},
}

// Genealogy judges which lot became which: per order the books must connect
// the lots it used, by operation, to the lots and serials it made, no fewer
// and no others. It names the lots that a trace through the books would miss
// in either direction. How much of a lot went into an order is judged by
// [Conservation].
func Genealogy() evidence.Judge {
	return genealogist{oracle{genealogyInfo, genealogy, "the books connect lots as the plant did in all %d places", "no lot was used or made"}}
}

// genealogist follows: a lost message leaves a hole here, and is told there.
type genealogist struct{ oracle }

// Follows implements [Following].
func (genealogist) Follows() bool { return true }

// making is an order as one sink's books keep it: there lots meet.
type making struct {
	sink  string
	order plant.OrderID
}

// link is one lot at one place of an order: used at an operation, or made by
// it. A rework loop has no lot.
type link struct {
	role      role
	operation plant.OperationID
	lot       plant.LotID
}

type role int

const (
	used role = iota
	made
	looped // sent back to an earlier operation
)

func (l link) String() string {
	switch l.role {
	case made:
		return fmt.Sprintf("lot %s made", l.lot)
	case looped:
		return fmt.Sprintf("rework of operation %s", l.operation)
	}
	return fmt.Sprintf("lot %s used at operation %s", l.lot, l.operation)
}

// tie is what truth and books say of a link.
type tie struct {
	must, may, books int
	fact             *evidence.FactView   // first that says so
	effect           *evidence.EffectView // first that shows it
}

// family is all about one order.
type family struct {
	links []link
	ties  []tie
	by    map[link]int // once a list is too long to look through
}

func (f *family) at(l link) *tie {
	if f.by == nil {
		if i := slices.Index(f.links, l); i >= 0 {
			return &f.ties[i]
		}
	} else if i, ok := f.by[l]; ok {
		return &f.ties[i]
	}
	f.links, f.ties = append(f.links, l), append(f.ties, tie{})
	if n := len(f.links); n >= 16 {
		if f.by == nil {
			f.by = map[link]int{}
			for i, l := range f.links {
				f.by[l] = i
			}
		}
		f.by[l] = n - 1
	}
	return &f.ties[len(f.ties)-1]
}

// tree is the genealogy of the run.
type tree struct {
	order []making
	by    map[making]*family
}

func genealogy(r *report) {
	t := &tree{by: map[making]*family{}}
	for _, f := range r.h.Facts {
		if judged(f) {
			t.expect(r.h, f)
		}
	}
	for _, e := range r.h.Effects {
		if e.Effect.Attempt != 0 {
			t.book(e)
		}
	}
	var traces *tracer
	for _, m := range t.order {
		fam := t.by[m]
		r.judged += len(fam.links)
		if lacks, extra := fam.compare(); len(lacks)+len(extra) > 0 {
			if traces == nil {
				traces = newTracer(t)
			}
			disconnected(r, traces, m, fam, lacks, extra)
		}
	}
	serials(r)
}

func (t *tree) family(sink string, order plant.OrderID) *family {
	m := making{sink, order}
	f := t.by[m]
	if f == nil {
		f = &family{}
		t.by[m] = f
		t.order = append(t.order, m)
	}
	return f
}

// connects says which link a fact or claim makes, false if it makes none.
func connects(f plant.Fact) (plant.OrderID, link, bool) {
	switch b := f.(type) {
	case plant.Consumed:
		return b.Order, link{used, b.Operation, b.Lot}, b.Lot != ""
	case plant.Received:
		return b.Order, link{made, "", b.Lot}, b.Lot != ""
	case plant.Reworked:
		return b.Order, link{looped, b.Operation, ""}, true
	}
	return "", link{}, false
}

// expect enters what a fact must or may connect. What was reported instead of
// posted waits for a person, and connects when that person has mended it.
func (t *tree) expect(h *evidence.History, f *evidence.FactView) {
	if f.TakenBack != nil && f.TakenBack.Posted > 0 && f.Posted > 0 {
		return // both are in the books, and neither connects anything
	}
	order, l, ok := connects(f.Event.Fact)
	if !ok {
		return
	}
	i := t.family(f.Sink, order).at(l)
	if i.fact == nil {
		i.fact = f
	}
	if f.Status == evidence.Must && len(f.Surfaces) == 0 && allowed(h, f).min == 1 {
		i.must++
	} else {
		i.may++
	}
}

// book enters what a posting connects.
func (t *tree) book(e *evidence.EffectView) {
	if e.TakenBack != nil {
		return
	}
	order, l, ok := connects(e.Posting.Claim.Fact)
	if !ok || (len(e.Facts) > 0 && !judged(e.Facts[0])) {
		return
	}
	i := t.family(e.Endpoint, order).at(l)
	if i.books++; i.effect == nil {
		i.effect = e
	}
}

// compare lists the links that the books lack, and those they alone have.
func (f *family) compare() (lacks, extra []int) {
	for i, t := range f.ties {
		switch {
		case t.must > 0 && t.books == 0:
			lacks = append(lacks, i)
		case t.must+t.may == 0 && t.books > 0:
			extra = append(extra, i)
		}
	}
	return lacks, extra
}

// disconnected tells of one order all that its genealogy lacks and has too
// much.
func disconnected(r *report, t *tracer, m making, fam *family, lacks, extra []int) {
	v := evidence.Finding{Keys: plant.Keys{Order: m.order}, Class: evidence.CauseClass(simulators.DataQuality), Confidence: "high", Rule: "edge-missing"}
	var want, got []string
	for _, i := range lacks {
		f := fam.ties[i].fact
		want = append(want, fam.links[i].String())
		v.Evidence = append(v.Evidence, f.Seq)
		if v.Fact == "" {
			v.Fact, v.Keys = f.Event.ID, f.Event.Fact.Keys()
		}
	}
	for _, i := range extra {
		got = append(got, fam.links[i].String())
		v.Evidence = append(v.Evidence, fam.ties[i].effect.Seq)
	}
	if len(lacks) == 0 {
		v.Rule = "edge-extra"
	}
	v.Evidence = few(v.Evidence)
	v.Expected = fmt.Sprintf("order %s in %s with %s", m.order, m.sink, listing(want, "no other lots than the plant connected"))
	v.Got = "the books have " + listing(got, "none of these")
	if r.listed[v.Rule+"/"+evidence.Violated.String()] < mostListed { // a trace costs time, and of more only the number is told
		var round bool
		if v.Text, round = t.tell(m, fam, lacks, extra); round {
			v.Rule = "cycle"
		}
	}
	if len(extra) == 0 {
		r.missing(v, false)
		return
	}
	r.violated(v)
}

// listing names at most five.
func listing(s []string, none string) string {
	if len(s) == 0 {
		return none
	}
	if len(s) > 5 {
		s = append(slices.Clone(s[:5]), fmt.Sprintf("and %d more", len(s)-5))
	}
	return strings.Join(s, ", ")
}

// piece names one piece: materials number theirs each by itself.
type piece struct {
	material plant.ItemID
	serial   plant.SerialID
}

// serials judges which pieces are said to be in which lot. Serials that a
// posting has in part, or wrongly, are told by field-fidelity; one that leaves
// all out looks there like an interface without serials.
func serials(r *report) {
	carried := carriesSerials(r.h)
	home := map[piece]*evidence.EffectView{}
	for _, e := range r.h.Effects {
		b, ok := e.Posting.Claim.Fact.(plant.Received)
		if !ok || len(e.Facts) != 1 || e.Effect.Attempt == 0 || e.Part {
			continue
		}
		f := e.Facts[0]
		truth, _ := f.Event.Fact.(plant.Received)
		if len(truth.Serials) > 0 {
			r.judged++
		}
		if len(truth.Serials) > 0 && len(b.Serials) == 0 && carried[e.Endpoint] {
			v := about(f)
			v.Expected = fmt.Sprintf("the %s with its %s", naming(f.Event.Fact), times(len(truth.Serials), "serial", "serials"))
			v.Got = fmt.Sprintf("document %s without any", e.Posting.Doc)
			v.Class, v.Rule, v.Confidence = evidence.CauseClass(simulators.DataQuality), "serials-lost", "high"
			v.Text = fmt.Sprintf("nobody can tell from the books that piece %s is of lot %s", truth.Serials[0], truth.Lot)
			r.violated(v)
			continue
		}
		for _, s := range b.Serials {
			p := piece{b.Material, s}
			other := home[p]
			if other == nil {
				home[p] = e
				continue
			}
			if was := other.Posting.Claim.Fact.(plant.Received); other.Facts[0] != f && (was.Lot != b.Lot || was.Order != b.Order) {
				serialTwice(r, s, other, e)
				break
			}
		}
	}
}

func serialTwice(r *report, s plant.SerialID, a, b *evidence.EffectView) {
	f := b.Facts[0]
	v := about(f)
	v.Keys.Serial = s
	v.Expected = fmt.Sprintf("piece %s received once", s)
	v.Got = documents([]*evidence.EffectView{a, b})
	v.Class, v.Rule, v.Confidence = evidence.CauseClass(simulators.DataQuality), "serial-twice", "high"
	v.Text = "one piece cannot come from two orders or lie in two lots"
	v.Evidence = few(append([]uint64{a.Seq, b.Seq}, v.Evidence...))
	r.violated(v)
}

// carriesSerials tells at which endpoints receipts can say serials: where one
// does, and where the source words its receipts in the same dialect.
func carriesSerials(h *evidence.History) map[string]bool {
	carried := map[string]bool{}
	for _, e := range h.Effects {
		if b, ok := e.Posting.Claim.Fact.(plant.Received); ok && len(b.Serials) > 0 {
			carried[e.Endpoint] = true
		}
	}
	for _, w := range h.Plan.Flows {
		from, to := h.Plan.Endpoints[w.From], h.Plan.Endpoints[w.To]
		if w.Kind == plant.KindReceipt && to.Dialect != "" && from.Dialect == to.Dialect {
			carried[w.To] = true
		}
	}
	return carried
}
