package plant

import (
	"strings"
	"testing"
	"time"
)

func do(t *testing.T, f Floor, b *books, a Action) []Event {
	t.Helper()
	events, err := f.Do(a)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if string(e.ID) != Natural(e.Fact) {
			t.Errorf("id %s is not the natural key", e.ID)
		}
		b.post(e)
	}
	return events
}

// until lets the floor go on until a fact of kind k, and returns all that
// happened.
func until(t *testing.T, f Floor, b *books, k Kind) []Event {
	t.Helper()
	var all []Event
	for kinds(all)[k] == 0 {
		if _, ok := f.Next(); !ok {
			t.Fatalf("no %s", k)
		}
		events := f.Advance(b)
		for _, e := range events {
			b.post(e)
		}
		all = append(all, events...)
	}
	return all
}

func manual(t *testing.T, c Config) (Floor, *books) {
	t.Helper()
	c.Manual, c.Open = true, -1
	f := mustNew(t, c)
	return f, newBooks(f.Master())
}

func TestReleaseOrders(t *testing.T) {
	f, b := manual(t, Config{Seed: 1, Orders: 5})
	if _, ok := f.Next(); ok {
		t.Error("a manual plant begins by itself")
	}
	at := f.Now().Add(90 * time.Minute)
	events := do(t, f, b, Action{Do: "release-orders", Count: 3, At: at})
	if len(events) != 3 || !events[0].At.Equal(at) {
		t.Errorf("got %d events at %s, want 3 at %s", len(events), events[0].At, at)
	}
	if n := kinds(play(t, f, b, nil)); n[KindReceipt] < 3 {
		t.Errorf("three orders gave %v", n)
	}
	_, err := f.Do(Action{Do: "release-orders", Count: 1000})
	if err == nil || !strings.Contains(err.Error(), "plant.orders") {
		t.Errorf("more orders than planned: %v", err)
	}
}

// sums adds up what the confirmations of the first operation say.
func sums(events []Event, order OrderID, operation OperationID) (total Decimal, finals int) {
	for _, e := range events {
		if f, ok := e.Fact.(Confirmed); ok && f.Order == order && f.Operation == operation {
			total += f.Yield.Amount + f.Scrap.Amount
			if f.Final {
				finals++
			}
		}
	}
	return total, finals
}

func TestChangeOrder(t *testing.T) {
	for _, tc := range []struct {
		name      string
		when      Kind // the change comes after the first of these
		quantity  int64
		takesPart bool // the MES accepts it
	}{
		{"more, before work", KindOrderReleased, 150, true},
		{"less, before work", KindOrderReleased, 30, true},
		{"less, under way", KindConfirmation, 40, true},
		{"more, under way", KindConfirmation, 160, true},
		{"less than made", KindConfirmation, 1, true},
		{"refused by the MES", KindConfirmation, 60, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for seed := range uint64(10) {
				f, b := manual(t, Config{Seed: seed, Orders: 1, Quantity: FixedValue(100)})
				events := do(t, f, b, Action{Do: "release-orders"})
				order := events[0].Fact.(OrderReleased).Order
				if tc.when != KindOrderReleased {
					events = append(events, until(t, f, b, tc.when)...)
				}
				made, _ := sums(events, order.ID, "0010")
				changed, err := f.Do(Action{Do: "change-order", Quantity: Whole(tc.quantity)})
				if err != nil {
					t.Fatal(err)
				}
				if c := changed[0].Fact.(OrderChanged); c.Version != 2 || c.Quantity != Of(tc.quantity, "EA") {
					t.Errorf("seed %d: %+v", seed, c)
				}
				want := Whole(100)
				if tc.takesPart {
					b.post(changed[0])
					want = max(Whole(tc.quantity), made)
				}
				final := false
				for _, e := range events {
					if c, ok := e.Fact.(Confirmed); ok && c.Final {
						final, want = true, made // too late for this operation
					}
				}
				rest := play(t, f, b, nil)
				got, finals := sums(append(events, rest...), order.ID, "0010")
				// Rows done and not yet booked when the change came stay made.
				if got < want || (got > want && tc.quantity >= 100) || finals != 1 {
					t.Errorf("seed %d: %s made, want %s; %d final rows; final before %t", seed, got, want, finals, final)
				}
			}
		})
	}
}

func TestCancelOrder(t *testing.T) {
	f, b := manual(t, Config{Seed: 4, Orders: 2, Quantity: FixedValue(50)})
	do(t, f, b, Action{Do: "release-orders", Count: 2})
	until(t, f, b, KindConfirmation)
	e := do(t, f, b, Action{Do: "cancel-order"})[0].Fact.(OrderCancelled)
	for _, after := range play(t, f, b, nil) {
		if after.Fact.Keys().Order == e.Order {
			t.Errorf("%s after the order was taken back", after.ID)
		}
	}
	if _, ok := f.Waiting()[e.Order]; ok {
		t.Error("a cancelled order waits")
	}
	if _, err := f.Do(Action{Do: "change-order", Order: e.Order, Quantity: One}); err == nil || !strings.Contains(err.Error(), "finished") {
		t.Errorf("change of a cancelled order: %v", err)
	}
}

func TestHoldStopsWhatItTouches(t *testing.T) {
	f, b := manual(t, Config{Seed: 4, Orders: 1, Quantity: FixedValue(60)})
	order := do(t, f, b, Action{Do: "release-orders"})[0].Fact.(OrderReleased).Order
	held := do(t, f, b, Action{Do: "place-hold", Reason: "cone angle"})[0].Fact.(LotHeld)
	if _, err := f.Do(Action{Do: "place-hold", Lot: held.Lot}); err == nil {
		t.Error("one lot was held twice")
	}
	for _, e := range play(t, f, b, nil) {
		if e.Fact.Keys().Lot == held.Lot || e.Fact.Keys().Order == order.ID {
			t.Errorf("%s while lot %s is on hold", e.ID, held.Lot)
		}
	}
	if why := f.Waiting()[order.ID]; !strings.Contains(why, string(held.Lot)) {
		t.Errorf("waiting: %v", f.Waiting())
	}
	do(t, f, b, Action{Do: "decide", Case: held.Case, Decision: DecideUseAsIs})
	after := play(t, f, b, nil)
	if n := kinds(after); n[KindReceipt] == 0 || len(f.Waiting()) != 0 {
		t.Errorf("after the decision: %v, waiting %v", n, f.Waiting())
	}
	if _, err := f.Do(Action{Do: "decide", Case: held.Case}); err == nil {
		t.Error("one case was decided twice")
	}
}

func TestAScrappedLotIsReplaced(t *testing.T) {
	f, b := manual(t, Config{Seed: 4, Orders: 1, Quantity: FixedValue(60)})
	order := do(t, f, b, Action{Do: "release-orders"})[0].Fact.(OrderReleased).Order
	held := do(t, f, b, Action{Do: "place-hold"})[0].Fact.(LotHeld)
	do(t, f, b, Action{Do: "decide", Decision: DecideScrap})
	c := newChecker(f.Master())
	c.orders[order.ID] = order
	for _, e := range play(t, f, b, nil) {
		c.see(t, e)
		if e.Fact.Keys().Lot == held.Lot {
			t.Errorf("%s uses the scrapped lot", e.ID)
		}
	}
	c.close(t)
	if c.got[order.ID] == 0 {
		t.Errorf("the order never ended; waiting %v", f.Waiting())
	}
}

func TestFailedInspectionHoldsUntilDecided(t *testing.T) {
	c := Config{Profile: "nist-box", Seed: 1, Orders: 3, Open: -1, DecisionDelay: 2 * time.Hour}
	_, events := run(t, c)
	held := map[LotID]time.Time{}
	for _, e := range events {
		switch f := e.Fact.(type) {
		case LotHeld:
			held[f.Lot] = e.At
		case LotDecided:
			if got := e.At.Sub(held[f.Lot]); got != 2*time.Hour {
				t.Errorf("decided after %s", got)
			}
		}
	}
	if len(held) == 0 {
		t.Fatal("nothing was held")
	}
	c.DecisionDelay = -1
	f := mustNew(t, c)
	if n := kinds(play(t, f, newBooks(f.Master()), nil)); n[KindLotDecided] != 0 || len(f.Waiting()) != len(held) {
		t.Errorf("without decisions: %v, waiting %v", n, f.Waiting())
	}
}

func TestShip(t *testing.T) {
	f, b := manual(t, Config{Seed: 2, Orders: 1, Quantity: FixedValue(40)})
	if _, err := f.Do(Action{Do: "ship"}); err == nil {
		t.Error("shipped from an empty store")
	}
	do(t, f, b, Action{Do: "release-orders"})
	play(t, f, b, nil)
	part := do(t, f, b, Action{Do: "ship", Quantity: One})[0].Fact.(Shipped)
	rest := do(t, f, b, Action{Do: "ship", Lot: part.Lot})[0].Fact.(Shipped)
	if part.Quantity != Of(1, "EA") || rest.Counter != 2 || rest.Quantity.Amount <= 0 {
		t.Errorf("shipped %+v and %+v", part, rest)
	}
	if _, err := f.Do(Action{Do: "ship", Lot: part.Lot, Quantity: One}); err == nil {
		t.Error("shipped more than there is")
	}
}

// TestTwins: two real confirmations that differ in nothing but their counter.
func TestTwins(t *testing.T) {
	for seed := range uint64(20) {
		f := mustNew(t, Config{Seed: seed, Orders: 6})
		b := newBooks(f.Master())
		do(t, f, b, Action{Do: "confirm-twins", Count: 2})
		c := newChecker(f.Master())
		type look struct {
			order     OrderID
			operation OperationID
			yield     Decimal
			start     int64
			end       int64
			operator  PersonID
		}
		first, pairs := map[look]Event{}, 0
		for _, e := range play(t, f, b, nil) {
			c.see(t, e)
			r, ok := e.Fact.(Confirmed)
			if !ok || r.Yield.Amount == 0 {
				continue
			}
			k := look{r.Order, r.Operation, r.Yield.Amount, r.Start.Unix(), r.End.Unix(), r.Operator}
			if twin, ok := first[k]; ok {
				pairs++
				if gap := e.At.Sub(twin.At); gap > time.Minute || gap < 0 {
					t.Errorf("seed %d: twins %s apart", seed, gap)
				}
			}
			first[k] = e
		}
		if pairs != 2 {
			t.Errorf("seed %d: %d pairs of twins, want 2", seed, pairs)
		}
		c.close(t)
	}
}

// TestMistype: what was reported wrongly is taken back and made anew, so that
// what stands is what was made.
func TestMistype(t *testing.T) {
	for seed := range uint64(10) {
		f, right := mustNew(t, Config{Seed: seed, Orders: 4}), mustNew(t, Config{Seed: seed, Orders: 4})
		b := newBooks(f.Master())
		for _, k := range Reversible() {
			do(t, f, b, Action{Do: "mistype", Kind: k, Count: 2})
		}
		stands := whatStands(play(t, right, newBooks(right.Master()), nil))
		events := play(t, f, b, nil)
		taken, byID := 0, map[EventID]Event{}
		for _, e := range events {
			if r, ok := e.Fact.(Reversed); ok {
				taken++
				if was := byID[r.Original.ID]; was.Fact == nil || Natural(was.Fact) != Natural(r.Original.Fact) || !e.At.After(was.At) {
					t.Errorf("seed %d: %s takes back %+v", seed, e.ID, was)
				}
			}
			if _, twice := byID[e.ID]; twice {
				t.Errorf("seed %d: two facts are called %s", seed, e.ID)
			}
			byID[e.ID] = e
		}
		if taken < 6 {
			t.Errorf("seed %d: %d reports were taken back", seed, taken)
		}
		for k, want := range stands {
			if got := whatStands(events)[k]; got != want {
				t.Errorf("seed %d: %s is %s, and without mistakes %s", seed, k, got, want)
			}
		}
	}
}

// whatStands adds up what stands, by order and operation.
func whatStands(events []Event) map[string]Decimal {
	all := map[string]Decimal{}
	var add func(f Fact, sign int64)
	add = func(f Fact, sign int64) {
		k := f.Keys()
		count := func(q Decimal) {
			at := string(f.Kind()) + " " + string(k.Order) + " " + string(k.Operation)
			all[at] = all[at].Add(q.Times(sign))
		}
		switch f := f.(type) {
		case Confirmed:
			count(f.Yield.Amount)
		case Consumed:
			count(f.Quantity.Amount)
		case Scrapped:
			count(f.Quantity.Amount)
		case Received:
			count(f.Quantity.Amount)
		case Reversed:
			add(f.Original.Fact, -sign)
		}
	}
	for _, e := range events {
		add(e.Fact, 1)
	}
	return all
}

func TestActionMistakes(t *testing.T) {
	f, _ := manual(t, Config{Seed: 2, Orders: 1})
	for _, tc := range []struct {
		a    Action
		want string
	}{
		{Action{Do: "explode"}, "known are"},
		{Action{Do: "change-order", Quantity: One}, "no order"},
		{Action{Do: "cancel-order", Order: "0815"}, "not released"},
		{Action{Do: "place-hold", Lot: "nowhere"}, "unknown lot"},
		{Action{Do: "place-hold"}, "no order"},
		{Action{Do: "decide", Decision: "maybe"}, "use-as-is"},
		{Action{Do: "decide"}, "no open case"},
		{Action{Do: "confirm-twins", Order: "0815"}, "not released"},
		{Action{Do: "mistype", Order: "0815"}, "not released"},
		{Action{Do: "mistype", Kind: KindRework}, "cannot be taken back"},
	} {
		if _, err := f.Do(tc.a); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v does not mention %q", tc.a, err, tc.want)
		}
	}
	if _, err := f.Do(Action{Do: "release-orders"}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Do(Action{Do: "change-order", Quantity: One / 2}); err == nil {
		t.Error("half a piece was ordered")
	}
}
