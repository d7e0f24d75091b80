package plant

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// timeless is what must not depend on when things happen.
func timeless(events []Event) []string {
	var list []string
	for _, e := range events {
		switch f := e.Fact.(type) {
		case OrderReleased:
			f.Order.Start, f.Order.Due = time.Time{}, time.Time{}
			e.Fact = f
		case Confirmed:
			f.Start, f.End, f.Labor = time.Time{}, time.Time{}, 0
			e.Fact = f
		}
		s := string(e.ID)
		for _, field := range e.Fact.Fields() {
			s += " " + field.Name + "=" + field.Value
		}
		list = append(list, s)
	}
	slices.Sort(list)
	return list
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSameSeedSameRun(t *testing.T) {
	for _, profile := range Profiles() {
		c := Config{Profile: profile, Seed: 4711, Orders: 12}
		m1, e1 := run(t, c)
		m2, e2 := run(t, c)
		if asJSON(t, m1) != asJSON(t, m2) || asJSON(t, e1) != asJSON(t, e2) {
			t.Errorf("%s: one seed gave two runs", profile)
		}
		c.Seed++
		if _, other := run(t, c); asJSON(t, other) == asJSON(t, e1) {
			t.Errorf("%s: two seeds gave one run", profile)
		}
	}
}

func TestRunNamesOnly(t *testing.T) {
	_, a := run(t, Config{Seed: 3, Run: "4711"})
	_, b := run(t, Config{Seed: 3, Run: "0815"})
	x, y := strings.Join(timeless(a), "\n"), strings.Join(timeless(b), "\n")
	if len(a) != len(b) || x == y || strings.ReplaceAll(strings.ReplaceAll(x, "4711", "#"), "0815", "#") == x {
		t.Errorf("runs have %d and %d events; their number ranges must differ and nothing else", len(a), len(b))
	}
}

// slow is a MES that learns of orders and decisions late.
type slow struct {
	*books
	looks map[string]int
	late  int
}

func (s *slow) Dispatched(id OrderID) (int, bool) {
	if s.looks[string(id)]++; s.looks[string(id)] <= s.late {
		return 0, false
	}
	return s.books.Dispatched(id)
}

func TestTimingChangesNoIdentity(t *testing.T) {
	for seed := range uint64(6) {
		c := Config{Seed: seed, Orders: 10, Counts: true}
		_, quick := run(t, c)
		f := mustNew(t, c)
		b := &slow{newBooks(f.Master()), map[string]int{}, 7}
		var late []Event
		for {
			if _, ok := f.Next(); !ok {
				break
			}
			for _, e := range f.Advance(b) {
				b.post(e)
				late = append(late, e)
			}
		}
		// Counters of machines add up over orders, so their order does show.
		counted := func(e Event) bool { return e.Fact.Kind() == KindMachineCount }
		quick, late = slices.DeleteFunc(quick, counted), slices.DeleteFunc(late, counted)
		if x, y := timeless(quick), timeless(late); !slices.Equal(x, y) {
			t.Errorf("seed %d: a slow MES changed what happened: %d and %d events", seed, len(x), len(y))
		}
	}
}

// TestOneMoreOrderShiftsNothing: fewer than 20 orders keep even their times.
func TestOneMoreOrderShiftsNothing(t *testing.T) {
	m1, few := run(t, Config{Seed: 9, Orders: 8})
	m2, more := run(t, Config{Seed: 9, Orders: 9})
	all := map[string]bool{}
	for _, e := range more {
		all[asJSON(t, e)] = true
	}
	for _, e := range few {
		if !all[asJSON(t, e)] {
			t.Fatalf("%s at %s is not in the run with one more order", e.ID, e.At)
		}
	}
	if len(more) <= len(few) {
		t.Error("the order more did nothing")
	}
	lots := map[LotID]string{}
	for _, l := range m2.Lots {
		lots[l.ID] = asJSON(t, l)
	}
	for _, l := range m1.Lots {
		if lots[l.ID] != asJSON(t, l) {
			t.Errorf("lot %s differs", l.ID)
		}
	}
}

// TestAFaultShiftsOnlyWhatItHits: blocking one order leaves the others as they
// were, to the second.
func TestAFaultShiftsOnlyWhatItHits(t *testing.T) {
	c := Config{Seed: 12, Orders: 8}
	_, calm := run(t, c)
	f := mustNew(t, c)
	b := newBooks(f.Master())
	var victim OrderID
	troubled := play(t, f, b, func(events []Event) {
		for _, e := range events {
			if r, ok := e.Fact.(OrderReleased); ok && victim == "" {
				victim = r.Order.ID
				b.hidden[victim] = true
			}
		}
	})
	others := func(events []Event) []string {
		var list []string
		for _, e := range events {
			if k := e.Fact.Keys(); k.Order != victim && e.Fact.Kind() != KindLotDecided {
				list = append(list, asJSON(t, e))
			}
		}
		slices.Sort(list)
		return list
	}
	if !slices.Equal(others(calm), others(troubled)) {
		t.Error("hiding one order changed others")
	}
	if why := f.Waiting()[victim]; !strings.Contains(why, "not dispatched") {
		t.Errorf("waiting: %v", f.Waiting())
	}
	if past := f.Now().Sub(calm[0].At); past > 10*time.Hour {
		t.Errorf("the floor waited %s for an order in an 8 h run", past)
	}
}

func TestWaitingSlowsDownAndGivesUp(t *testing.T) {
	f := mustNew(t, Config{Seed: 1, Orders: 1, Open: -1})
	b := newBooks(f.Master())
	var looks []time.Time
	for {
		at, ok := f.Next()
		if !ok {
			break
		}
		for range f.Advance(b) { // released, and never told to the MES
		}
		looks = append(looks, at)
	}
	if len(looks) < 10 || len(looks) > 60 {
		t.Errorf("%d looks in a shift", len(looks))
	}
	if first := looks[2].Sub(looks[1]); first != time.Minute {
		t.Errorf("the second look comes after %s", first)
	}
	for i := 2; i < len(looks); i++ {
		if gap := looks[i].Sub(looks[i-1]); gap > 15*time.Minute {
			t.Errorf("a gap of %s", gap)
		}
	}
	if len(f.Waiting()) != 1 {
		t.Errorf("waiting: %v", f.Waiting())
	}
	// What an action changes, the floor looks at again.
	if _, err := f.Do(Action{Do: "change-order", Priority: 1}); err != nil {
		t.Fatal(err)
	}
	if _, ok := f.Next(); !ok {
		t.Error("nobody looks again after an action")
	}
}

// TestTheBooksAddUp holds quantities of whole runs against each other.
func TestTheBooksAddUp(t *testing.T) {
	for _, profile := range Profiles() {
		for seed := range uint64(8) {
			m, events := run(t, Config{Profile: profile, Seed: seed, Orders: 14})
			c := newChecker(m)
			for _, e := range events {
				c.see(t, e)
			}
			c.close(t)
		}
	}
}

// checker keeps the simplest books there are.
type checker struct {
	master Master
	orders map[OrderID]Order
	stock  map[LotID]Decimal
	lots   map[LotID]Lot
	made   map[Keys]Decimal // yield and scrap by order and operation
	good   map[Keys]Decimal
	final  map[Keys]bool
	begun  map[Keys]bool
	used   map[Keys]Decimal // by order, operation, material
	got    map[OrderID]Decimal
	ids    map[EventID]bool
}

func newChecker(m Master) *checker {
	c := &checker{m, map[OrderID]Order{}, map[LotID]Decimal{}, map[LotID]Lot{}, map[Keys]Decimal{}, map[Keys]Decimal{}, map[Keys]bool{}, map[Keys]bool{}, map[Keys]Decimal{}, map[OrderID]Decimal{}, map[EventID]bool{}}
	for _, l := range m.Lots {
		c.stock[l.ID], c.lots[l.ID] = l.Quantity, l
	}
	for _, o := range m.Open {
		c.orders[o.ID] = o
	}
	for _, p := range m.Opening {
		k := Keys{Order: p.Order, Operation: p.Operation}
		c.begun[k], c.final[k] = true, p.Final
		c.made[k], c.good[k] = p.Yield.Amount+p.Scrap.Amount, p.Yield.Amount
		for _, u := range p.Consumed {
			c.used[Keys{Order: p.Order, Operation: p.Operation, Material: u.Material}] += c.base(u.Material, u.Quantity)
		}
	}
	return c
}

func (c *checker) base(material ItemID, q Quantity) Decimal {
	item, _ := c.master.Item(material)
	f, _ := item.Factor(q.Unit)
	d, _, _ := f.Apply(q.Amount)
	return d
}

func (c *checker) see(t *testing.T, e Event) {
	t.Helper()
	if c.ids[e.ID] {
		t.Errorf("%s happened twice", e.ID)
	}
	c.ids[e.ID] = true
	k := e.Fact.Keys()
	op := Keys{Order: k.Order, Operation: k.Operation}
	switch f := e.Fact.(type) {
	case OrderReleased:
		c.orders[f.Order.ID] = f.Order
	case OperationStarted:
		if c.begun[op] {
			t.Errorf("%s: begun twice", e.ID)
		}
		c.begun[op] = true
	case Confirmed:
		if !c.begun[op] || c.final[op] {
			t.Errorf("%s: confirmed before its start or after its end", e.ID)
		}
		c.made[op] += f.Yield.Amount + f.Scrap.Amount
		c.good[op] += f.Yield.Amount
		c.final[op] = f.Final
		if f.End.Before(f.Start) || f.End.After(e.At) || f.Start.Before(c.master.PeriodOpens) {
			t.Errorf("%s: from %s to %s, booked %s", e.ID, f.Start, f.End, e.At)
		}
		if (f.Scrap.Amount > 0) != (f.Reason != "") && f.Rework.Amount == 0 && f.Reason == "" {
			t.Errorf("%s: scrap without reason", e.ID)
		}
	case Consumed:
		c.draw(t, e, f.Lot, f.Material, c.base(f.Material, f.Quantity))
		c.used[Keys{Order: k.Order, Operation: k.Operation, Material: f.Material}] += c.base(f.Material, f.Quantity)
		if c.final[op] {
			t.Errorf("%s: consumed after the operation ended", e.ID)
		}
	case Scrapped:
		c.draw(t, e, f.Lot, f.Material, c.base(f.Material, f.Quantity))
	case Received:
		c.got[f.Order] += f.Quantity.Amount
		c.stock[f.Lot] += f.Quantity.Amount // others may use it
		c.lots[f.Lot] = Lot{ID: f.Lot, Material: f.Material, Status: LotUnrestricted}
	}
}

func (c *checker) draw(t *testing.T, e Event, lot LotID, material ItemID, amount Decimal) {
	t.Helper()
	l, ok := c.lots[lot]
	switch {
	case !ok, l.Material != material, l.Status != LotUnrestricted:
		t.Errorf("%s: lot %v cannot be used", e.ID, l)
	case !l.Expires.IsZero() && !e.At.Before(l.Expires):
		t.Errorf("%s: lot expired %s", e.ID, l.Expires)
	}
	if c.stock[lot] -= amount; c.stock[lot] < 0 {
		t.Errorf("%s: lot %s is below zero", e.ID, lot)
	}
}

func (c *checker) close(t *testing.T) {
	t.Helper()
	for id, o := range c.orders {
		if c.got[id] == 0 {
			continue // its lot was scrapped
		}
		in := o.Quantity.Amount
		for _, op := range o.Operations {
			k := Keys{Order: id, Operation: op.ID}
			if c.made[k] != in || !c.final[k] {
				t.Errorf("order %s operation %s: %s came in, %s are accounted for, final %t", id, op.ID, in, c.made[k], c.final[k])
			}
			in = c.good[k]
		}
		if c.got[id] != in {
			t.Errorf("order %s: %s good, %s received", id, in, c.got[id])
		}
		for _, b := range o.Components {
			if got := c.used[Keys{Order: id, Operation: b.Operation, Material: b.Material}]; got != b.Quantity.Amount {
				t.Errorf("order %s: %s of %s planned, %s used", id, b.Quantity, b.Material, got)
			}
		}
	}
}

func TestWarmStart(t *testing.T) {
	for _, profile := range Profiles() {
		m := mustNew(t, Config{Profile: profile, Seed: 2}).Master()
		if len(m.Open) == 0 || len(m.Opening) == 0 || len(m.People) == 0 || len(m.Reasons) == 0 || len(m.WorkCenters) == 0 {
			t.Errorf("%s: a cold plant: %d open orders, %d with progress", profile, len(m.Open), len(m.Opening))
		}
		start := mustNew(t, Config{Profile: profile, Seed: 2}).Now()
		for _, item := range m.Items {
			expired, blocked, usable := 0, 0, 0
			for _, l := range m.Lots {
				switch {
				case l.Material != item.ID:
				case l.Status == LotBlocked:
					blocked++
				case !l.Expires.IsZero() && !l.Expires.After(start):
					expired++
				default:
					usable++
				}
			}
			if made := strings.HasPrefix(string(item.ID), "NISTMTC") || item.Unit == "EA" && len(item.Units) == 1 && item.Units[0].Unit == "CT" && blocked == 0; !made && (expired != 1 || blocked != 1 || usable < 2) {
				t.Errorf("%s: %s has %d expired, %d blocked, %d usable lots", profile, item.ID, expired, blocked, usable)
			}
		}
		seen := map[LotID]bool{}
		for _, l := range m.Lots {
			if seen[l.ID] || l.Quantity < 0 {
				t.Errorf("%s: lot %v", profile, l)
			}
			seen[l.ID] = true
		}
		m.Items[0].ID = "changed"
		m.Open[0].Operations[0].ID = "changed"
		if again := mustNew(t, Config{Profile: profile, Seed: 2}).Master(); again.Items[0].ID == "changed" {
			t.Error("a caller can change the plant's master data")
		}
	}
}

func TestOddIdentifiers(t *testing.T) {
	shapes := func(c Config) (slashes, commas, mixed, zeros int) {
		m, events := run(t, c)
		ids := []string{}
		for _, e := range events {
			if r, ok := e.Fact.(OrderReleased); ok {
				ids = append(ids, string(r.Order.ID))
			}
		}
		for _, i := range m.Items {
			ids = append(ids, string(i.ID))
		}
		for _, id := range ids {
			count := func(n *int, yes bool) {
				if yes {
					*n++
				}
			}
			count(&slashes, strings.Contains(id, "/"))
			count(&commas, strings.Contains(id, ", "))
			count(&mixed, strings.Contains(id, "rEV"))
			count(&zeros, strings.HasPrefix(id, "0"))
		}
		return slashes, commas, mixed, zeros
	}
	if s, c, m, z := shapes(Config{Seed: 5, Orders: 40}); s == 0 || c == 0 || m == 0 || z == 0 {
		t.Errorf("machine-shop has %d slashes, %d commas, %d mixed cases, %d leading zeros", s, c, m, z)
	}
	if s, c, m, z := shapes(Config{Seed: 5, Orders: 40, OddIDs: -1}); c != 0 || m != 0 || z == 0 || s > 1 { // one material has a slash
		t.Errorf("without odd ids there are %d slashes, %d commas, %d mixed cases, %d leading zeros", s, c, m, z)
	}
}

func TestEventsSurviveJSON(t *testing.T) {
	_, events := run(t, Config{Seed: 8, Orders: 6, Counts: true})
	for _, e := range events {
		var back Event
		if err := json.Unmarshal([]byte(asJSON(t, e)), &back); err != nil {
			t.Fatal(err)
		}
		if !back.At.Equal(e.At) || back.ID != e.ID || !slices.Equal(back.Fact.Fields(), e.Fact.Fields()) {
			t.Errorf("%s came back different", e.ID)
		}
	}
}

func TestConfigMistakes(t *testing.T) {
	for name, tc := range map[string]struct {
		c    Config
		want string
	}{
		"profile":  {Config{Profile: "machine-shoop"}, "machine-shop"},
		"path":     {Config{Profile: "../profiles/machine-shop"}, "unknown profile"},
		"zone":     {Config{Zone: "Berlin"}, "IANA"},
		"run":      {Config{Run: "47/11"}, "letters"},
		"shift":    {Config{Shift: -1}, "shift"},
		"orders":   {Config{Orders: -1}, "orders"},
		"odd ids":  {Config{OddIDs: 2}, "share"},
		"quantity": {Config{Quantity: Value{Dist: "normal"}}, "lognormal"},
		"custom":   {Config{Custom: &Profile{Name: "empty"}}, "materials"},
	} {
		if _, err := New(tc.c); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v does not mention %q", name, err, tc.want)
		}
	}
	if _, err := ReadProfile(strings.NewReader(`{"name":"x","quantitty":{}}`)); err == nil || !strings.Contains(err.Error(), "quantitty") {
		t.Errorf("a misspelt key in a profile: %v", err)
	}
}
