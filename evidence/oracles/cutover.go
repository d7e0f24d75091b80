package oracles

import (
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

var cutoverInfo = Info{
	Name: "cutover", ID: "O19",
	Doc:          "when one way into the books replaces another, a fact comes by both or by neither, or balances are not carried over",
	Requirements: []string{"ROL-05", "CTL-26", "FLT-27"},
}

// Cutover judges the change from an old way into the books to a new one, if
// the plan declares one: every fact comes by exactly one of them, a fact from
// after the moment of change not by the old one, facts in a declared freeze by
// the way its policy says; and stock afterwards is stock before and what moved
// in between. A fact from before may still arrive by the new way.
func Cutover() evidence.Judge {
	return oracle{cutoverInfo, cutover, "%d facts and balances went over from the old way to the new", "the plan declares no cutover"}
}

type changeover struct {
	*evidence.Cutover
	r          *report
	freeze, at time.Duration // freeze is at if there is none
	done       bool          // the moment came
}

func cutover(r *report) {
	if r.h.Plan.Cutover == nil {
		return
	}
	c := &changeover{Cutover: r.h.Plan.Cutover, r: r}
	if c.at, c.done = r.h.Phase(c.At); !c.done {
		r.add(evidence.Vacuous, evidence.Finding{Rule: "never-cut-over", Text: "the plan declares a cutover at step " + c.At + ", which never came"}, 1)
		return
	}
	c.freeze = c.at
	if at, ok := r.h.Phase(c.Freeze); ok && c.Freeze != "" {
		c.freeze = min(at, c.at)
	}
	for _, f := range r.h.Facts {
		if c.concerns(f) {
			r.judged++
			c.judge(f)
		}
	}
	c.balances()
}

// concerns reports whether the books of f are reached by one of the routes.
func (c *changeover) concerns(f *evidence.FactView) bool {
	if f.Sink == "" {
		return false
	}
	named := len(c.Old.Endpoints) == 0 && len(c.New.Endpoints) == 0
	return named || slices.Contains(c.Old.Endpoints, f.Sink) || slices.Contains(c.New.Endpoints, f.Sink)
}

// by counts how often f came by each way; other is by neither or unknown.
func (c *changeover) by(f *evidence.FactView) (old, next, other int) {
	for _, e := range f.Effects {
		switch c.routeOf(e) {
		case c.Old.Name:
			old++
		case c.New.Name:
			next++
		default:
			other++
		}
	}
	return old, next, other
}

// routeOf is the way by which the SUT made a posting: the one the journal
// names, or else the one that leads to its endpoint alone.
func (c *changeover) routeOf(e *evidence.EffectView) string {
	if e.Cause != nil && e.Cause.Route != "" {
		return e.Cause.Route
	}
	old, next := slices.Contains(c.Old.Endpoints, e.Endpoint), slices.Contains(c.New.Endpoints, e.Endpoint)
	switch {
	case old && !next:
		return c.Old.Name
	case next && !old:
		return c.New.Name
	}
	return ""
}

func (c *changeover) judge(f *evidence.FactView) {
	old, next, other := c.by(f)
	v := about(f)
	v.Class, v.Confidence = evidence.CauseTechnical, "high"
	v.Text = c.when(f)
	came := fmt.Sprintf("%s by %s, %s by %s", times(old, "time", "times"), c.Old.Name, times(next, "time", "times"), c.New.Name)
	switch {
	case old > 0 && next > 0:
		v.Expected, v.Got, v.Rule = "the "+naming(f.Event.Fact)+" by one way, once", came, "by-both-ways"
		v.Evidence = c.told(f)
		c.r.violated(v)
	case old+next+other == 0:
		if c.Frozen == evidence.FrozenByHand && c.frozen(f) {
			return // people key it in
		}
		if lost(f) && f.At < c.at { // later ones have nothing to do with the change
			v.Expected, v.Got, v.Rule = "the "+naming(f.Event.Fact)+" by one of the two ways", "by neither, and not reported", "by-neither-way"
			c.r.missing(v, true) // no-silent-drop names each
		}
	case c.wrongWay(f, old, next):
		v.Expected, v.Got, v.Rule = "the "+naming(f.Event.Fact)+" "+c.rightWay(f), came, "by-the-wrong-way"
		v.Evidence = c.told(f)
		c.r.violated(v)
	}
}

// frozen reports whether f became true in the declared freeze.
func (c *changeover) frozen(f *evidence.FactView) bool { return f.At >= c.freeze && f.At < c.at }

func (c *changeover) wrongWay(f *evidence.FactView, old, next int) bool {
	switch {
	case f.At >= c.at:
		return old > 0
	case !c.frozen(f):
		return false
	}
	switch c.Frozen {
	case evidence.FrozenOld:
		return next > 0
	case evidence.FrozenNew:
		return old > 0
	case evidence.FrozenByHand:
		return old+next > 0
	}
	return false
}

func (c *changeover) rightWay(f *evidence.FactView) string {
	switch {
	case f.At >= c.at || c.Frozen == evidence.FrozenNew:
		return "by " + c.New.Name
	case c.Frozen == evidence.FrozenOld:
		return "by " + c.Old.Name
	}
	return "by hand"
}

func (c *changeover) when(f *evidence.FactView) string {
	switch {
	case f.At >= c.at:
		return "it became true after the cutover"
	case c.frozen(f):
		return "it became true in the freeze before the cutover"
	}
	return "it became true before the cutover"
}

// told picks the records that show by which ways f came.
func (c *changeover) told(f *evidence.FactView) []uint64 {
	seqs := []uint64{f.Seq}
	for _, s := range c.r.h.Steps {
		if s.Name == c.At {
			seqs = append(seqs, s.Seq)
			break
		}
	}
	for _, e := range f.Effects[:min(4, len(f.Effects))] {
		seqs = append(seqs, e.Seq)
		if e.Cause != nil {
			seqs = append(seqs, e.Cause.Seq)
		}
	}
	return few(seqs)
}

// balances carries the stock of the old books over to the new ones: the last
// that was read before the change and what moved since must be what is read
// afterwards.
func (c *changeover) balances() {
	for _, pair := range c.pairs() {
		var before, after *evidence.SnapshotView
		for _, s := range c.r.h.Snapshots {
			switch {
			case s.Endpoint == pair[0] && s.At <= c.at:
				before = s
			case s.Endpoint == pair[1] && s.At > c.at && after == nil:
				after = s
			}
		}
		if before != nil && after != nil && before.Left == 0 && after.Left == 0 {
			c.carry(before, after, pair)
		}
	}
}

// pairs are the old and the new endpoint of the same books.
func (c *changeover) pairs() (pairs [][2]string) {
	if len(c.Old.Endpoints) > 0 || len(c.New.Endpoints) > 0 {
		for i := range min(len(c.Old.Endpoints), len(c.New.Endpoints)) {
			pairs = append(pairs, [2]string{c.Old.Endpoints[i], c.New.Endpoints[i]})
		}
		return pairs
	}
	for _, n := range c.r.endpointNames() {
		pairs = append(pairs, [2]string{n, n})
	}
	return pairs
}

func (c *changeover) carry(before, after *evidence.SnapshotView, pair [2]string) {
	want, slack := map[stockKey]plant.Decimal{}, map[stockKey]plant.Decimal{}
	var order []stockKey
	at := func(k stockKey) stockKey {
		if _, known := want[k]; !known {
			order = append(order, k)
		}
		return k
	}
	for _, s := range before.Stock {
		k := at(stockKey{s.Material, s.Lot})
		want[k] = want[k].Add(s.Quantity)
	}
	m := &reconciliation{r: c.r, m: evidence.NewMeasure(c.r.h), makes: map[plant.OrderID]plant.ItemID{}}
	m.products()
	var buf [4]change
	for _, e := range c.r.h.Effects {
		if e.Seq < before.Seq || e.Seq > after.Seq || (e.Endpoint != pair[0] && e.Endpoint != pair[1]) || e.Posting.Claim.Fact == nil {
			continue
		}
		for _, ch := range m.changes(buf[:0], e.Endpoint, e.Posting.Claim.Fact) {
			if ch.field != "stock" {
				continue
			}
			k := at(stockKey{ch.material, ch.lot})
			want[k] = want[k].Add(ch.amount)
			if ch.rounded {
				slack[k]++
			}
		}
	}
	got := map[stockKey]plant.Decimal{}
	for _, s := range after.Stock {
		got[stockKey{s.Material, s.Lot}] = s.Quantity
	}
	for _, k := range order {
		c.r.judged++
		if d := got[k].Sub(want[k]); d >= -slack[k] && d <= slack[k] {
			continue
		}
		c.r.violated(evidence.Finding{
			Keys:     plant.Keys{Material: k.material, Lot: k.lot},
			Expected: fmt.Sprintf("the stock from before the cutover and what moved since: %s", want[k]),
			Got:      fmt.Sprintf("%s in %s", got[k], pair[1]),
			Class:    evidence.CauseTechnical, Rule: "balance-not-carried-over", Confidence: "high", Evidence: []uint64{before.Seq, after.Seq},
		})
	}
}
