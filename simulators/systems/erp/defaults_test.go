package erp_test

import (
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Where fields are optional, what is left unsaid has a default with effect;
// elsewhere it is refused.
func TestDefaults(t *testing.T) {
	one := plant.MustDecimal("1")
	for _, tt := range []struct {
		name string
		fact plant.Fact
		base string // "" if there is no default
		code string // without defaults
	}{
		{"receipt without quantity is of the whole order", plant.Received{Order: "4711", Counter: 1}, "100 EA", "item-wrong"},
		{"receipt without unit", plant.Received{Order: "4711", Counter: 1, Quantity: plant.Quantity{Amount: one}}, "1 EA", "item-wrong"},
		{"consumption without unit", plant.Consumed{Order: "4711", Counter: 1, Material: "STEEL", Lot: "S-1", Quantity: plant.Quantity{Amount: one}}, "1 KG", "unit-unknown"},
		{"consumption without quantity", plant.Consumed{Order: "4711", Counter: 1, Material: "STEEL", Lot: "S-1"}, "", "quantity-zero"},
		{"confirmation without unit", plant.Confirmed{Order: "4711", Operation: "0010", Counter: 1, Yield: plant.Quantity{Amount: one}}, "1 EA", "unit-unknown"},
		{"scrap of what the order makes", plant.Scrapped{Order: "4711", Counter: 1, Quantity: plant.Quantity{Amount: one}}, "1 EA", "item-unknown"},
		{"unknown order", plant.Received{Order: "4799", Counter: 1}, "", "order-unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, defaults := range []bool{false, true} {
				var base string
				a := newERP().Handle(simulators.Ask{Claims: []plant.Event{{At: day(9), Fact: tt.fact}}, Now: day(13), Defaults: defaults},
					func(p simulators.Posting) { base = p.Base.String() })
				got := a.Rows[0].Refusal
				switch {
				case defaults && tt.base != "":
					if got != nil || base != tt.base {
						t.Errorf("posted %q, refused %v; want %s", base, got, tt.base)
					}
				case got == nil || got.Code != tt.code:
					t.Errorf("defaults %t: posted %q, refused %v; want %s", defaults, base, got, tt.code)
				}
			}
		})
	}
}

// Who says that an order is at its end closes it, once.
func TestEnds(t *testing.T) {
	e := newERP()
	for _, want := range []string{"", "order-closed"} {
		a := e.Handle(simulators.Ask{Ends: "4711"}, func(simulators.Posting) {})
		if got := a.Rows[0].Refusal; (got == nil) != (want == "") || got != nil && got.Code != want {
			t.Errorf("refused %v, want %q", got, want)
		}
	}
	if row, _ := tell(e, received(1, 1)); row.Refusal == nil || row.Refusal.Code != "order-closed" {
		t.Errorf("a receipt from an order at its end: %+v", row)
	}
	if a := e.Handle(simulators.Ask{Ends: "4799"}, nil); a.Rows[0].Refusal == nil || a.Rows[0].Refusal.Code != "order-unknown" {
		t.Errorf("an unknown order: %+v", a)
	}
	if err := e.Lock("4711", true); err != nil {
		t.Fatal(err)
	}
	if a := e.Handle(simulators.Ask{Ends: "4711"}, nil); a.Rows[0].Refusal == nil || a.Rows[0].Refusal.Outcome != simulators.Locked {
		t.Errorf("a locked order: %+v", a)
	}
}
