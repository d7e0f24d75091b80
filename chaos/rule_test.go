package chaos

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

func confirmed(order string, n int) plant.Confirmed {
	return plant.Confirmed{Order: plant.OrderID(order), Operation: "0010", Counter: n}
}

func TestConditions(t *testing.T) {
	o := NewOrdinals()
	var events []plant.Event
	for i := range 4 {
		f := confirmed("ZSU/00033, 4", i+1)
		o.Add(f)
		events = append(events, plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f})
	}
	key := string(events[2].ID)
	third := simulators.Message{Verb: "post", Name: "confirmations", Entity: "ZSU/00033, 4", Events: events[2:3]}
	question := simulators.Message{Verb: "get", Name: "orders/4711"}
	token := simulators.Message{Verb: "post", Name: "oauth/token", Key: "token/erp"}
	batch := simulators.Message{Verb: "post", Name: "confirmations", Events: events[1:3]}
	foreign := simulators.Message{Verb: "post", Name: "confirmations", Events: []plant.Event{{Fact: confirmed("9", 3)}}}
	for _, tc := range []struct {
		name string
		rule Rule
		m    simulators.Message
		want bool
	}{
		{"no conditions", Rule{}, third, true},
		{"direction", Rule{Direction: simulators.ToSUT}, third, false},
		{"name", Rule{Name: "confirm*"}, third, true},
		{"another name", Rule{Name: "receipts"}, third, false},
		{"entity with slashes", Rule{Entity: "ZSU/*"}, third, true},
		{"another entity", Rule{Entity: "ZSU/1*"}, third, false},
		{"fact", Rule{Fact: plant.KindConfirmation}, third, true},
		{"another fact", Rule{Fact: plant.KindReceipt}, third, false},
		{"nth", Rule{Nth: 3}, third, true},
		{"another nth", Rule{Nth: 2}, third, false},
		{"every", Rule{Every: 3, Per: "run"}, third, true},
		{"another every", Rule{Every: 2}, third, false},
		{"a batch with the nth", Rule{Nth: 3}, batch, true},
		{"a batch without it", Rule{Nth: 4}, batch, false},
		{"nth of a fact the plant does not know", Rule{Nth: 3}, foreign, false},
		{"question", Rule{}, question, true},
		{"question about a fact", Rule{Fact: plant.KindConfirmation}, question, false},
		{"question, nth", Rule{Nth: 1}, question, false},
		{"question, writes only", Rule{Writes: true}, question, false},
		{"token", Rule{Name: "oauth/token"}, token, true},
		{"token, writes only", Rule{Writes: true}, token, false},
		{"writes", Rule{Writes: true}, third, true},
		{"attempts", Rule{Attempts: 2}, third, true},
		{"too many attempts", Rule{Attempts: 1}, third, false},
		{"strike", Rule{Strikes: []Strike{{"x", 1}, {key, 2}}}, third, true},
		{"strike of any try", Rule{Strikes: []Strike{{key, 0}}}, third, true},
		{"strike of another try", Rule{Strikes: []Strike{{key, 1}}}, third, false},
		{"strike of another fact", Rule{Strikes: []Strike{{key + "0", 2}}}, third, false},
		{"strike in a batch", Rule{Strikes: []Strike{{key, 2}}}, batch, true},
		{"strike of a pattern", Rule{Strikes: []Strike{{"confirmation/*/3", 2}}}, third, true},
		{"strike of a question", Rule{Strikes: []Strike{{"get orders/4711", 2}}}, question, true},
		{"fault that changes a fact, another try", Rule{Fault: changing{}, Strikes: []Strike{{key, 1}}}, third, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := Delivery{Message: tc.m, Direction: simulators.FromSUT, Attempt: 2}
			marks := []mark{{keyOf(&tc.m), 2}}
			for i, e := range tc.m.Events {
				marks = append(marks[:i], mark{string(o.ID(e)), 2})
			}
			if got := tc.rule.luck(&d, marks, &Link{Ordinals: o, Seed: 1}, "x", nil, new(dice)) != nil; got != tc.want {
				t.Errorf("struck %v, want %v", got, tc.want)
			}
		})
	}
}

type idle struct{}

func (idle) Apply(d Delivery, _ *rand.Rand) []Delivery { return []Delivery{d} }

type changing struct{ idle }

func (changing) PerFact() {}

func TestConditionsThatCannotBe(t *testing.T) {
	for name, r := range map[string]Rule{
		"no fault": {}, "direction": {Fault: idle{}, Direction: "up"}, "per": {Fault: idle{}, Per: "week"}, "chance": {Fault: idle{}, P: 1.5},
		"no chance": {Fault: idle{}, P: math.NaN()}, "negative": {Fault: idle{}, Max: -1}, "nth and every": {Fault: idle{}, Nth: 1, Every: 2},
		"strike of nothing": {Fault: idle{}, Strikes: []Strike{{"", 1}}},
	} {
		if r.Validate() == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if err := (&Rule{Fault: idle{}, Per: "run", P: 0.5, Every: 2}).Validate(); err != nil {
		t.Error(err)
	}
}

// TestChanceIsFair looks for luck that runs in families: keys that differ in
// one digit, neighbouring attempts, seeds and links.
func TestChanceIsFair(t *testing.T) {
	const n, p = 20_000, 0.1
	families := map[string]func(i int) float64{
		"keys":     func(i int) float64 { return Chance(7, "F", fmt.Sprintf("confirmation/%010d/0010/1", i), 1).Float64() },
		"attempts": func(i int) float64 { return Chance(7, "F", "confirmation/1/0010/1", i).Float64() },
		"seeds":    func(i int) float64 { return Chance(uint64(i), "F", "confirmation/1/0010/1", 1).Float64() },
		"rules":    func(i int) float64 { return Chance(7, fmt.Sprint("F", i), "confirmation/1/0010/1", 1).Float64() },
	}
	for name, draw := range families {
		hits, runs, last := 0, 0, false
		for i := range n {
			hit := draw(i) < p
			if hit {
				hits++
			}
			if hit && last {
				runs++
			}
			last = hit
		}
		if sd := math.Sqrt(n * p * (1 - p)); math.Abs(float64(hits)-n*p) > 5*sd {
			t.Errorf("%s: %d of %d hit, want about %.0f", name, hits, n, n*p)
		}
		if sd := math.Sqrt(n * p * p); math.Abs(float64(runs)-n*p*p) > 6*sd {
			t.Errorf("%s: %d hit side by side, want about %.0f", name, runs, n*p*p)
		}
	}
	if Chance(1, "ab", "c", 1).Uint64() == Chance(1, "a", "bc", 1).Uint64() {
		t.Error("part and key run into each other")
	}
}

func TestOrdinalsTellWhichFactAClaimIsAbout(t *testing.T) {
	o := NewOrdinals()
	used := plant.Consumed{Order: "4711", Operation: "0010", Counter: 2, Material: "M", Lot: "007"}
	first := confirmed("4711", 1)
	o.Add(first)
	o.Add(used)
	o.Add(used) // a fact becomes true once
	trimmed, foreign := used, used
	trimmed.Lot, foreign.Counter = "7", 9
	id := plant.EventID(plant.Natural(used))
	for _, tc := range []struct {
		name  string
		claim plant.Event
		want  plant.EventID
		nth   int
	}{
		{"by reference", plant.Event{ID: id, Fact: trimmed}, id, 1},
		{"by business key", plant.Event{Fact: used}, id, 1},
		{"by business key, with a reference of its own", plant.Event{ID: "uuid-1", Fact: used}, id, 1},
		{"with a mistaken lot", plant.Event{Fact: trimmed}, id, 1},
		{"no such fact", plant.Event{Fact: foreign}, plant.EventID(plant.Natural(foreign)), 0},
		{"no such fact, with a reference", plant.Event{ID: "uuid-2", Fact: foreign}, "uuid-2", 0},
		{"a reference only", plant.Event{ID: id}, id, 1},
	} {
		if got := o.ID(tc.claim); got != tc.want || o.number(tc.claim, "") != tc.nth {
			t.Errorf("%s: %q, number %d; want %q, %d", tc.name, got, o.number(tc.claim, ""), tc.want, tc.nth)
		}
	}
	if o.Of(used, "run") != 1 || o.Of(first, "") != 1 || o.Of(nil, "") != 0 || (*Ordinals)(nil).Of(used, "") != 0 {
		t.Error("numbers of facts")
	}
	if got := (*Ordinals)(nil).ID(plant.Event{Fact: used}); got != id {
		t.Errorf("without ordinals: %q", got)
	}
}

func TestWhatMessagesWithoutFactsAreCountedBy(t *testing.T) {
	ask := func(params map[string]string) string {
		return keyOf(&simulators.Message{Verb: "get", Name: "postings", Params: params})
	}
	if a, b := ask(map[string]string{"reference": "A", "limit": "1"}), ask(map[string]string{"limit": "1", "reference": "A"}); a != b {
		t.Errorf("one question, two keys: %q, %q", a, b)
	}
	if ask(map[string]string{"reference": "A"}) == ask(map[string]string{"reference": "B"}) || ask(nil) == "" {
		t.Error("two questions, one key")
	}
	posted := func(identity, object, id string) string {
		return keyOf(&simulators.Message{Verb: "get", Name: "bods", Key: identity, Asks: &simulators.Query{Object: object, Where: map[string]string{"id": id}}})
	}
	if a, b := posted("6f6c", "item", "A"), posted("2d9e", "item", "A"); a != b {
		t.Errorf("one question under two identities, two keys: %q, %q", a, b)
	}
	if a := posted("6f6c", "item", "A"); a == posted("6f6c", "item", "B") || a == posted("6f6c", "lot", "A") {
		t.Errorf("two questions, one key: %q", a)
	}
}
