package plant

import (
	"testing"
	"time"
)

// books is a MES that knows everything at once, as far as a test lets it.
type books struct {
	quantity map[OrderID]Decimal
	version  map[OrderID]int
	blocked  map[LotID]bool
	hidden   map[OrderID]bool
}

func newBooks(m Master) *books {
	b := &books{map[OrderID]Decimal{}, map[OrderID]int{}, map[LotID]bool{}, map[OrderID]bool{}}
	for _, o := range m.Open {
		b.quantity[o.ID], b.version[o.ID] = o.Quantity.Amount, 1
	}
	return b
}

func (b *books) Dispatched(id OrderID) (int, bool) {
	v, ok := b.version[id]
	return v, ok && !b.hidden[id]
}
func (b *books) Quantity(id OrderID) (Decimal, bool) { q, ok := b.quantity[id]; return q, ok }
func (b *books) Usable(id LotID) bool                { return !b.blocked[id] }

func (b *books) post(e Event) {
	switch f := e.Fact.(type) {
	case OrderReleased:
		b.quantity[f.Order.ID], b.version[f.Order.ID] = f.Order.Quantity.Amount, 1
	case OrderChanged:
		b.quantity[f.Order], b.version[f.Order] = f.Quantity.Amount, f.Version
	case OrderCancelled:
		delete(b.version, f.Order)
	case LotHeld:
		b.blocked[f.Lot] = true
	case LotDecided:
		b.blocked[f.Lot] = !f.Decision.Lifts()
	}
}

// play lets the floor run to its end; act may interfere after each step.
func play(t *testing.T, f Floor, b *books, act func([]Event)) []Event {
	t.Helper()
	var all []Event
	last := f.Now()
	for range 5_000_000 {
		at, ok := f.Next()
		if !ok {
			return all
		}
		if at.Before(last) {
			t.Fatalf("time went back from %s to %s", last, at)
		}
		last = at
		events := f.Advance(b)
		for _, e := range events {
			b.post(e)
		}
		all = append(all, events...)
		if act != nil {
			act(events)
		}
	}
	t.Fatal("the floor does not end")
	return nil
}

func mustNew(t *testing.T, c Config) Floor {
	t.Helper()
	f, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func run(t *testing.T, c Config) (Master, []Event) {
	t.Helper()
	f := mustNew(t, c)
	return f.Master(), play(t, f, newBooks(f.Master()), nil)
}

func kinds(events []Event) map[Kind]int {
	n := map[Kind]int{}
	for _, e := range events {
		n[e.Fact.Kind()]++
	}
	return n
}

func TestShopRunsAShift(t *testing.T) {
	for seed := range uint64(20) {
		f := mustNew(t, Config{Seed: seed, Orders: 12, Counts: true})
		events := play(t, f, newBooks(f.Master()), nil)
		if w := f.Waiting(); len(w) > 0 {
			t.Errorf("seed %d: orders wait: %v", seed, w)
		}
		n := kinds(events)
		if n[KindOrderReleased] != 12 || n[KindConfirmation] < 60 || n[KindConsumption] < 12 || n[KindReceipt] < 12 {
			t.Errorf("seed %d: unlikely run: %v", seed, n)
		}
		end := f.Now()
		start := events[0].At
		if end.Sub(start) > 9*time.Hour {
			t.Errorf("seed %d: an 8 h run took %s", seed, end.Sub(start))
		}
		seen := map[EventID]bool{}
		for _, e := range events {
			if string(e.ID) != Natural(e.Fact) || seen[e.ID] {
				t.Fatalf("seed %d: id %s is not the natural key or came twice", seed, e.ID)
			}
			seen[e.ID] = true
		}
	}
}

func TestRunsEndInTime(t *testing.T) {
	for _, profile := range Profiles() {
		for _, shift := range []time.Duration{20 * time.Minute, 2 * time.Hour, 24 * time.Hour} {
			for seed := range uint64(5) {
				f := mustNew(t, Config{Profile: profile, Seed: seed, Orders: 25, Shift: shift})
				start := f.Now()
				events := play(t, f, newBooks(f.Master()), nil)
				if took := f.Now().Sub(start); took > shift+shift/4 {
					t.Errorf("%s seed %d: a run of %s took %s", profile, seed, shift, took)
				}
				if n := kinds(events); n[KindOrderReleased] != 25 || n[KindReceipt] < 15 {
					t.Errorf("%s seed %d in %s: %v", profile, seed, shift, n)
				}
			}
		}
	}
}
