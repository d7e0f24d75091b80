package oracles

import (
	"slices"
	"strings"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

// quality is what became of one case on a lot.
type quality struct {
	hold      *evidence.FactView
	decisions []*evidence.FactView
}

// lotCases are the cases of a lot, in the order they were opened.
type lotCases struct {
	lot   plant.LotID
	order []plant.CaseID
	by    map[plant.CaseID]*quality
	first *evidence.FactView
}

// statuses compares the status of each lot with what its quality cases make of
// it: blocked while one is open or sends it to rework, scrapped for ever once
// one says so.
func (c *reconciliation) statuses() {
	lots := c.lotsWithCases()
	if len(lots) == 0 {
		return
	}
	begun := map[plant.LotID]plant.LotStatus{}
	for _, l := range c.r.h.Plan.Lots {
		begun[l.ID] = l.Status
	}
	booked := c.bookedCases()
	for _, n := range c.names {
		v := c.views[n]
		if v == nil {
			continue
		}
		shown := map[plant.LotID]plant.LotStatus{}
		for _, s := range v.Stock {
			shown[s.Lot] = s.Status
		}
		for _, l := range lots {
			if got := shown[l.lot]; got != "" {
				c.status(v, l, begun[l.lot], got, booked[n])
			}
		}
	}
}

func (c *reconciliation) lotsWithCases() (lots []*lotCases) {
	by := map[plant.LotID]*lotCases{}
	at := func(f *evidence.FactView, lot plant.LotID, id plant.CaseID) *quality {
		l := by[lot]
		if l == nil {
			l = &lotCases{lot: lot, by: map[plant.CaseID]*quality{}, first: f}
			by[lot] = l
			lots = append(lots, l)
		}
		if l.by[id] == nil {
			l.by[id] = &quality{}
			l.order = append(l.order, id)
		}
		return l.by[id]
	}
	for _, f := range c.r.h.Facts {
		if !judged(f) { // a rig that carries no holds leaves each system its own
			continue
		}
		switch b := f.Event.Fact.(type) {
		case plant.LotHeld:
			at(f, b.Lot, b.Case).hold = f
		case plant.LotDecided:
			q := at(f, b.Lot, b.Case)
			q.decisions = append(q.decisions, f)
		}
	}
	return lots
}

// reaches is how often a fact must and may be known to the system behind v.
func (c *reconciliation) reaches(v *view, f *evidence.FactView) (low, high int64) {
	switch {
	case f == nil:
	case f.Source == v.Endpoint:
		return 1, 1
	case f.Sink == v.Endpoint:
		return share(c.r.h, f)
	}
	return 0, 0
}

// undecided stands for a case that is open; none for one nobody has heard of.
const (
	undecided plant.Decision = ""
	none      plant.Decision = "none"
)

// outcomes lists how a case may stand in the books of v.
func (c *reconciliation) outcomes(v *view, q *quality) (all []plant.Decision) {
	must := false
	for _, d := range q.decisions {
		low, high := c.reaches(v, d)
		if high > 0 {
			all = append(all, d.Event.Fact.(plant.LotDecided).Decision)
		}
		must = must || low > 0
	}
	if must {
		return all
	}
	low, high := c.reaches(v, q.hold)
	if high > 0 || low > 0 {
		all = append(all, undecided)
	}
	if low == 0 {
		all = append(all, none)
	}
	return all
}

func blocks(d plant.Decision) bool { return d != none && d != plant.DecideScrap && !d.Lifts() }
func scraps(d plant.Decision) bool { return d == plant.DecideScrap }

// status judges one lot in the books of v.
func (c *reconciliation) status(v *view, l *lotCases, begun, got plant.LotStatus, booked map[plant.LotID]map[plant.CaseID]plant.Decision) {
	mustBlock, mayBlock := begun == plant.LotBlocked, begun == plant.LotBlocked
	mustScrap, mayScrap := begun == plant.LotScrapped, begun == plant.LotScrapped
	var lostOne *evidence.FactView
	for _, id := range l.order {
		q := l.by[id]
		all := c.outcomes(v, q)
		mustBlock = mustBlock || !slices.ContainsFunc(all, func(d plant.Decision) bool { return !blocks(d) })
		mayBlock = mayBlock || slices.ContainsFunc(all, blocks)
		mustScrap = mustScrap || !slices.ContainsFunc(all, func(d plant.Decision) bool { return !scraps(d) })
		mayScrap = mayScrap || slices.ContainsFunc(all, scraps)
		for _, f := range append([]*evidence.FactView{q.hold}, q.decisions...) {
			if f != nil && f.Sink == v.Endpoint && lost(f) {
				lostOne = f
			}
		}
	}
	c.r.judged++
	var may []string
	if !mustBlock && !mustScrap {
		may = append(may, string(plant.LotUnrestricted))
	}
	if mayBlock && !mustScrap {
		may = append(may, string(plant.LotBlocked))
	}
	if mayScrap {
		may = append(may, string(plant.LotScrapped))
	}
	if slices.Contains(may, string(got)) || len(may) == 0 {
		return
	}
	f := about(l.first)
	f.Expected = "lot " + string(l.lot) + " " + strings.Join(may, " or ") + " in " + v.Endpoint
	f.Got, f.Class, f.Rule, f.Confidence = c.shownStatus(v, l.lot, got), evidence.CauseTechnical, "books-differ", "high"
	f.Evidence = few([]uint64{l.first.Seq, v.Seq})
	switch {
	case lostOne != nil:
		f.Rule, f.Text = "differs-by-named-facts", "the "+naming(lostOne.Event.Fact)+" never reached them: told there"
		c.r.missing(f, true)
	case got != statusOf(begun, booked[l.lot]):
		c.r.missing(f, false)
	} // else it was posted so, and other oracles say what is wrong with it
}

// bookedCases derives the cases of each lot, by endpoint, from what the books
// took and what the system behind them does by itself.
func (c *reconciliation) bookedCases() map[string]map[plant.LotID]map[plant.CaseID]plant.Decision {
	all := map[string]map[plant.LotID]map[plant.CaseID]plant.Decision{}
	enter := func(endpoint string, f plant.Fact) {
		if c.views[endpoint] == nil || f == nil || (f.Kind() != plant.KindLotHeld && f.Kind() != plant.KindLotDecided) {
			return
		}
		lots := all[endpoint]
		if lots == nil {
			lots = map[plant.LotID]map[plant.CaseID]plant.Decision{}
			all[endpoint] = lots
		}
		k := f.Keys()
		if lots[k.Lot] == nil {
			lots[k.Lot] = map[plant.CaseID]plant.Decision{}
		}
		switch b := f.(type) {
		case plant.LotHeld:
			if _, known := lots[k.Lot][b.Case]; !known {
				lots[k.Lot][b.Case] = undecided
			}
		case plant.LotDecided:
			lots[k.Lot][b.Case] = b.Decision
		}
	}
	for _, f := range c.r.h.Facts {
		enter(f.Source, f.Event.Fact)
	}
	for _, e := range c.r.h.Effects {
		enter(e.Endpoint, e.Posting.Claim.Fact)
	}
	return all
}

// statusOf is the status that cases give a lot.
func statusOf(begun plant.LotStatus, cases map[plant.CaseID]plant.Decision) plant.LotStatus {
	status := begun
	if status == "" {
		status = plant.LotUnrestricted
	}
	for _, d := range cases {
		switch {
		case scraps(d):
			return plant.LotScrapped
		case blocks(d):
			status = plant.LotBlocked
		}
	}
	return status
}

// shownStatus says what each system shows, the one that is wrong first.
func (c *reconciliation) shownStatus(v *view, lot plant.LotID, got plant.LotStatus) string {
	parts := []string{v.Endpoint + " shows " + string(got)}
	for _, n := range c.names {
		if n == v.Endpoint || c.views[n] == nil {
			continue
		}
		for _, s := range c.views[n].Stock {
			if s.Lot == lot {
				parts = append(parts, n+" "+string(s.Status))
				break
			}
		}
	}
	return strings.Join(parts, ", ")
}
