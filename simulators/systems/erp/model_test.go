package erp_test

import (
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
)

// model is the ERP told as naively as possible: fractions of big integers, one
// map for each question, no locks, no shards, and its own opinion of what may
// be posted.
type model struct {
	options erp.Options
	sums    map[string]*big.Rat // "order operation yield"
	stock   map[plant.LotID]*big.Rat
	open    map[plant.LotID]map[plant.CaseID]bool
	edges   map[string]*big.Rat // "from to order"
	posted  map[string]bool
}

func newModel(o erp.Options) *model {
	m := &model{o, map[string]*big.Rat{}, map[plant.LotID]*big.Rat{}, map[plant.LotID]map[plant.CaseID]bool{}, map[string]*big.Rat{}, map[string]bool{}}
	for _, l := range master().Lots {
		m.stock[l.ID] = rat(l.Quantity)
	}
	return m
}

func rat(d plant.Decimal) *big.Rat { return big.NewRat(int64(d), int64(plant.One)) }

// inBase converts by hand what the units of the test plant mean.
func inBase(q plant.Quantity) *big.Rat {
	f := map[plant.Unit]*big.Rat{"G": big.NewRat(1, 1000), "BOX": big.NewRat(12, 1)}[q.Unit]
	if f == nil {
		return rat(q.Amount)
	}
	return f.Mul(f, rat(q.Amount))
}

func add(to map[string]*big.Rat, key string, q *big.Rat) {
	if to[key] == nil {
		to[key] = new(big.Rat)
	}
	to[key].Add(to[key], q)
}

// post returns why f is refused, or "" after posting it.
func (m *model) post(f plant.Fact) string {
	if id := f.Keys().Order; id != "" && id != "A" && id != "B" && id != "C" {
		return "order-unknown"
	}
	if m.options.NaturalKey && m.posted[plant.Natural(f)] {
		return "already-posted"
	}
	code := m.effect(f)
	if code == "" {
		m.posted[plant.Natural(f)] = true
	}
	return code
}

func (m *model) effect(f plant.Fact) string {
	switch f := f.(type) {
	case plant.Confirmed:
		add(m.sums, fmt.Sprint(f.Order, " ", f.Operation, " yield"), inBase(f.Yield))
		add(m.sums, fmt.Sprint(f.Order, " ", f.Operation, " scrap"), inBase(f.Scrap))
	case plant.Consumed:
		switch have := m.stock[f.Lot]; {
		case have == nil:
			return "lot-unknown"
		case len(m.open[f.Lot]) > 0:
			return "lot-blocked"
		case !m.options.Negative && have.Cmp(inBase(f.Quantity)) < 0:
			return "stock-short"
		}
		m.stock[f.Lot].Sub(m.stock[f.Lot], inBase(f.Quantity))
		add(m.edges, fmt.Sprint(f.Lot, " P-", f.Order, " ", f.Order), inBase(f.Quantity))
	case plant.Received:
		total := new(big.Rat).Set(inBase(f.Quantity))
		if before := m.sums[fmt.Sprint(f.Order, " received")]; before != nil {
			total.Add(total, before)
		}
		if total.Cmp(big.NewRat(110, 1)) > 0 {
			return "over-delivery"
		}
		add(m.sums, fmt.Sprint(f.Order, " received"), inBase(f.Quantity))
		if m.stock[f.Lot] == nil {
			m.stock[f.Lot] = new(big.Rat)
		}
		m.stock[f.Lot].Add(m.stock[f.Lot], inBase(f.Quantity))
	case plant.LotHeld:
		if m.stock[f.Lot] == nil {
			return "lot-unknown"
		}
		if m.open[f.Lot] == nil {
			m.open[f.Lot] = map[plant.CaseID]bool{}
		}
		m.open[f.Lot][f.Case] = true
	}
	return ""
}

// anyFact draws a claim that is often right, often twice the same, and
// sometimes wrong.
func anyFact(t *rapid.T) plant.Fact {
	amount := func(units ...plant.Unit) plant.Quantity {
		return plant.Quantity{Amount: plant.Decimal(rapid.Int64Range(1, 40).Draw(t, "amount")) * plant.One / 8, Unit: rapid.SampledFrom(units).Draw(t, "unit")}
	}
	order := rapid.SampledFrom([]plant.OrderID{"A", "B", "C", "X"}).Draw(t, "order")
	op := rapid.SampledFrom([]plant.OperationID{"0010", "0020"}).Draw(t, "operation")
	lot := rapid.SampledFrom([]plant.LotID{"S-1", "S-2", "S-9"}).Draw(t, "lot")
	counter := rapid.IntRange(1, 30).Draw(t, "counter")
	switch rapid.SampledFrom([]string{"confirm", "consume", "receive", "hold", "start"}).Draw(t, "kind") {
	case "confirm":
		return plant.Confirmed{Order: order, Operation: op, Counter: counter, Yield: amount("EA", "BOX"), Scrap: amount("EA")}
	case "consume":
		return plant.Consumed{Order: order, Operation: op, Counter: counter, Material: "STEEL", Lot: lot, Quantity: amount("KG", "KG", "G")}
	case "receive":
		return plant.Received{Order: order, Counter: counter, Material: "PUMP", Lot: plant.LotID("P-" + order), Quantity: amount("EA", "BOX")}
	case "hold":
		if rapid.IntRange(0, 9).Draw(t, "rarely") == 0 {
			return plant.LotHeld{Lot: lot, Case: plant.CaseID(fmt.Sprint("Q-", counter))}
		}
	}
	return plant.OperationStarted{Order: order, Operation: op}
}

func threeOrders(o erp.Options) *erp.ERP {
	e := erp.New(master(), func(to *erp.Options) { *to = o })
	for _, id := range []plant.OrderID{"A", "B", "C"} {
		e.Notice(event(plant.OrderReleased{Order: order(id)}, day(6)))
	}
	return e
}

func anyOptions(t *rapid.T) erp.Options {
	return erp.Options{NaturalKey: rapid.Bool().Draw(t, "natural key"), Negative: rapid.Bool().Draw(t, "negative"), Tolerance: 10, ConfirmTolerance: -1}
}

func TestBooksEqualANaiveModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := anyOptions(t)
		e, m := threeOrders(o), newModel(o)
		for _, id := range []plant.OrderID{"A", "B", "C"} {
			m.stock[plant.LotID("P-"+id)] = new(big.Rat)
		}
		var posted []simulators.Posting
		for _, f := range rapid.SliceOfN(rapid.Custom(anyFact), 1, 120).Draw(t, "facts") {
			row, ps := tell(e, f)
			got := ""
			if row.Refusal != nil {
				got = row.Refusal.Code
			}
			if want := m.post(f); got != want {
				t.Fatalf("%+v: got refusal %q, want %q", f, got, want)
			}
			posted = append(posted, ps...)
		}
		compare(t, e, m)
		compareOrderOfPostings(t, e, posted)
	})
}

func compare(t *rapid.T, e *erp.ERP, m *model) {
	same := func(what string, got plant.Decimal, want *big.Rat) {
		if want == nil {
			want = new(big.Rat)
		}
		if rat(got).Cmp(want) != 0 {
			t.Errorf("%s: got %s, want %s", what, got, want.FloatString(9))
		}
	}
	for _, id := range []string{"A", "B", "C"} {
		s := e.State("order", id).(simulators.OrderState)
		same(id+" received", s.Received, m.sums[id+" received"])
		for _, op := range []plant.OperationID{"0010", "0020"} {
			same(fmt.Sprint(id, op, " yield"), s.Confirmed[op].Yield, m.sums[fmt.Sprint(id, " ", op, " yield")])
			same(fmt.Sprint(id, op, " scrap"), s.Confirmed[op].Scrap, m.sums[fmt.Sprint(id, " ", op, " scrap")])
		}
	}
	for _, l := range []plant.LotID{"S-1", "S-2", "P-A", "P-B", "P-C"} {
		same("stock of "+string(l), e.State("lot", string(l)).(plant.Lot).Quantity, m.stock[l])
	}
	edges := e.State("genealogy", "").([]erp.Edge)
	if len(edges) != len(m.edges) {
		t.Errorf("got %d edges, want %d", len(edges), len(m.edges))
	}
	for _, g := range edges {
		same("edge", g.Quantity, m.edges[fmt.Sprint(g.From, " ", g.To, " ", g.Order)])
	}
}

// compareOrderOfPostings demands that the books list the postings of each
// order as they were told to post, number by number.
func compareOrderOfPostings(t *rapid.T, e *erp.ERP, posted []simulators.Posting) {
	docs := map[plant.OrderID][]string{}
	for _, p := range posted {
		k := p.Claim.Fact.Keys()
		docs[k.Order] = append(docs[k.Order], p.Doc)
	}
	for _, id := range []plant.OrderID{"A", "B", "C"} {
		if got := listed(e, id); fmt.Sprint(got) != fmt.Sprint(docs[id]) {
			t.Errorf("order %s: the books list %v, posted were %v", id, got, docs[id])
		}
	}
}

func listed(e *erp.ERP, id plant.OrderID) []string {
	var docs []string
	for where := (map[string]string{"order": string(id)}); ; {
		a := e.Handle(simulators.Ask{Query: &simulators.Query{Object: "postings", Where: where}}, nil)
		for _, p := range a.Found {
			docs = append(docs, p.(simulators.Posting).Doc)
		}
		if a.Cursor == "" {
			return docs
		}
		where["after"] = a.Cursor
	}
}

func TestAtomicBatchesLeaveNoTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := anyOptions(t)
		o.Atomic = true
		e, m := threeOrders(o), newModel(o)
		for _, id := range []plant.OrderID{"A", "B", "C"} {
			m.stock[plant.LotID("P-"+id)] = new(big.Rat)
		}
		for range rapid.IntRange(1, 10).Draw(t, "batches") {
			facts := rapid.SliceOfN(rapid.Custom(anyFact), 2, 6).Draw(t, "facts")
			before := dump(e)
			rows, posted := tellAll(e, facts...)
			if rows[0].Refusal == nil {
				if len(posted) != len(facts) {
					t.Fatalf("posted %d of %d rows", len(posted), len(facts))
				}
				for _, f := range facts {
					if code := m.post(f); code != "" {
						t.Fatalf("posted %+v, want refusal %s", f, code)
					}
				}
				continue
			}
			for i, r := range rows {
				if r.Refusal == nil {
					t.Fatalf("row %d was posted beside a refused one", i+1)
				}
			}
			if after := dump(e); len(posted) != 0 || after != before {
				t.Fatalf("a rolled back batch posted %d rows and changed the books from\n%s\nto\n%s", len(posted), before, after)
			}
		}
		compare(t, e, m)
	})
}
