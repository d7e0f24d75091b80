package oracles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/simulators/plant"
)

// tracer follows lots through the orders, by what happened and by what the
// books say, as people do in a recall: forward from a suspect raw lot to all
// finished lots, backward from a finished lot to all that is in it.
type tracer struct {
	truth, books graph
}

// graph joins lots through orders.
type graph struct {
	takes, makes map[making][]plant.LotID // lots an order used and made
	into, from   map[plant.LotID][]making // orders that used and made a lot
}

func newGraph() graph {
	return graph{map[making][]plant.LotID{}, map[making][]plant.LotID{}, map[plant.LotID][]making{}, map[plant.LotID][]making{}}
}

func (g graph) add(m making, l link) {
	switch l.role {
	case used:
		g.takes[m], g.into[l.lot] = append(g.takes[m], l.lot), append(g.into[l.lot], m)
	case made:
		g.makes[m], g.from[l.lot] = append(g.makes[m], l.lot), append(g.from[l.lot], m)
	}
}

// newTracer makes both graphs of t. What may be in the books or not is in the
// truth only if it is in the books, so that it is never missed.
func newTracer(t *tree) *tracer {
	tr := &tracer{newGraph(), newGraph()}
	for _, m := range t.order {
		f := t.by[m]
		for i, l := range f.links {
			if f.ties[i].must > 0 || (f.ties[i].may > 0 && f.ties[i].books > 0) {
				tr.truth.add(m, l)
			}
			if f.ties[i].books > 0 {
				tr.books.add(m, l)
			}
		}
	}
	return tr
}

// forward lists the lots that lot went into, through any number of orders, in
// the order they are found.
func (g graph) forward(lot plant.LotID) []plant.LotID { return walk(lot, g.into, g.makes) }

// backward lists the lots that are in lot.
func (g graph) backward(lot plant.LotID) []plant.LotID { return walk(lot, g.from, g.takes) }

func walk(lot plant.LotID, orders map[plant.LotID][]making, lots map[making][]plant.LotID) []plant.LotID {
	var found []plant.LotID
	seen, done := map[plant.LotID]bool{}, map[making]bool{}
	for queue := []plant.LotID{lot}; len(queue) > 0; queue = queue[1:] {
		for _, m := range orders[queue[0]] {
			if done[m] {
				continue
			}
			done[m] = true
			for _, l := range lots[m] {
				if !seen[l] {
					seen[l] = true
					found, queue = append(found, l), append(queue, l)
				}
			}
		}
	}
	return found
}

// tell says what a recall would miss or take wrongly because of the links of
// one order, and whether the books go round in a circle there.
func (t *tracer) tell(m making, fam *family, lacks, extra []int) (text string, round bool) {
	var says []string
	for _, i := range lacks {
		switch l := fam.links[i]; l.role {
		case used:
			if missed := without(t.truth.forward(l.lot), t.books.forward(l.lot)); len(missed) > 0 {
				says = append(says, fmt.Sprintf("a recall of lot %s would miss %s", l.lot, lots(missed)))
			}
		case made:
			if missed := without(t.truth.backward(l.lot), t.books.backward(l.lot)); len(missed) > 0 {
				says = append(says, fmt.Sprintf("lot %s cannot be traced back to %s", l.lot, lots(missed)))
			}
		case looped:
			says = append(says, "the books do not show that pieces went round again")
		}
	}
	for _, lot := range t.truth.makes[m] {
		if missed := without(t.truth.backward(lot), t.books.backward(lot)); len(missed) > 0 && len(t.books.makes[m]) > 0 {
			says = append(says, fmt.Sprintf("tracing back lot %s would miss %s", lot, lots(missed)))
		}
	}
	for _, i := range extra {
		l := fam.links[i]
		if l.role == used {
			says = append(says, fmt.Sprintf("a recall of lot %s would wrongly take %s", l.lot, lots(without(t.books.forward(l.lot), t.truth.forward(l.lot)))))
		}
		if l.role != looped && slices.Contains(t.books.forward(l.lot), l.lot) && !slices.Contains(t.truth.forward(l.lot), l.lot) {
			says, round = append(says, fmt.Sprintf("by the books lot %s is made of itself", l.lot)), true
		}
	}
	slices.Sort(says)
	if says = slices.Compact(says); len(says) > 4 {
		says = append(says[:4], fmt.Sprintf("and %d more", len(says)-4))
	}
	return strings.Join(says, "; "), round
}

// without lists what of a is not in b.
func without(a, b []plant.LotID) []plant.LotID {
	have := make(map[plant.LotID]bool, len(b))
	for _, l := range b {
		have[l] = true
	}
	var out []plant.LotID
	for _, l := range a {
		if !have[l] {
			out = append(out, l)
		}
	}
	return out
}

// lots names lots, the first five of many.
func lots(ls []plant.LotID) string {
	if len(ls) == 0 {
		return "no lot"
	}
	var names []string
	for i, l := range ls {
		if i == 5 {
			names = append(names, fmt.Sprintf("and %d more", len(ls)-i))
			break
		}
		names = append(names, string(l))
	}
	if len(ls) == 1 {
		return "lot " + names[0]
	}
	return "lots " + strings.Join(names, ", ")
}
