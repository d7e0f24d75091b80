package faults_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// announced has the ERP announce one fact of the i-th of facts that have nothing
// to do with each other.
func announced(fact func(i int) plant.Fact) func(s *stand, i int) []seen {
	return func(s *stand, i int) []seen { return s.announce(0, event(fact(i))) }
}

func aConfirmation(i int) plant.Fact {
	f := confirmationOf(i)
	f.Scrap, f.Reason = plant.Of(1, "EA"), "bent"
	return f
}
func aConsumption(i int) plant.Fact { return consumptionOf(i) }
func aReceipt(i int) plant.Fact {
	o := fmt.Sprintf("47%02d", i)
	return plant.Received{Order: plant.OrderID(o), Counter: 1, Material: "PUMP", Lot: plant.LotID("P-" + o), Quantity: plant.Of(3, "EA"), Serials: []plant.SerialID{"1", "2", "3"}}
}

// asAnnounced posts what was announced, as a build does that passes on what it
// is told, and wants this answer.
func asAnnounced(name string, status int, code string, says func(f plant.Fact) bool) func(s *stand, got []seen) string {
	return func(s *stand, got []seen) string {
		d := s.strikes()[0]
		if !d.Invalid || d.Told != nil || d.Garbled {
			return fmt.Sprintf("the journal says %+v", d)
		}
		answer := s.postBody(name, got[0].body)
		if answer.status != status || !answer.has(code) || len(s.strikes()) != 1 {
			return fmt.Sprintf("posted as announced: %s, want %d %s", answer, status, code)
		}
		if says == nil {
			return ""
		}
		e, err := got[0].decoded(name)
		if err != nil || !says(e.Fact) {
			return fmt.Sprintf("it says %+v (%v)", e.Fact, err)
		}
		if d.Wrong == nil || fmt.Sprint(d.Wrong.Fact.Fields()) != fmt.Sprint(e.Fact.Fields()) {
			return fmt.Sprintf("the journal says %+v, which is not what went wrong", d)
		}
		return ""
	}
}

// told wants what was announced to be posted, and the journal to say that it
// is what happened.
func told(name string, says func(e plant.Event) bool) func(s *stand, got []seen) string {
	return func(s *stand, got []seen) string {
		d := s.strikes()[0]
		e, err := got[0].decoded(name)
		if err != nil || !says(e) {
			return fmt.Sprintf("it says %+v (%v)", e, err)
		}
		if d.Told == nil || d.Invalid || d.Garbled || !d.Told.At.Equal(e.At) || fmt.Sprint(d.Told.Fact.Fields()) != fmt.Sprint(e.Fact.Fields()) {
			return fmt.Sprintf("the journal says %+v", d)
		}
		return ""
	}
}

// garbled wants text in what was announced, the ERP to make this of it, and
// the journal to say that it was worded otherwise than agreed.
func garbled(name string, status int, looks func(body string) bool) func(s *stand, got []seen) string {
	return func(s *stand, got []seen) string {
		if d := s.strikes()[0]; !d.Garbled || d.Invalid || d.Told != nil {
			return fmt.Sprintf("the journal says %+v", d)
		}
		if answer := s.postBody(name, got[0].body); answer.status != status || !looks(got[0].body) {
			return fmt.Sprintf("posted as announced: %s, want %d", answer, status)
		}
		return ""
	}
}

// dirty are the faults of data.
func dirty() (all []conformance) {
	toSUT := chaos.Rule{Direction: simulators.ToSUT}
	add := func(fault, form string, f func() chaos.Fault, provoke func(s *stand, i int) []seen, see func(s *stand, got []seen) string) {
		all = append(all, conformance{fault, form, f, toSUT, provoke, see})
	}
	for _, c := range []struct {
		names faults.Reference
		fact  func(i int) plant.Fact
		in    string
		want  int
		code  string
	}{
		{faults.ReferenceOrder, aConfirmation, "confirmations", 404, "order-unknown"}, {faults.ReferenceOperation, aConfirmation, "confirmations", 422, "operation-unknown"},
		{faults.ReferenceMaterial, aConsumption, "consumptions", 422, "item-unknown"}, {faults.ReferenceMaterial, aReceipt, "receipts", 422, "item-wrong"},
	} {
		add("unknown-reference", string(c.names)+" of "+c.in, func() chaos.Fault { return &faults.UnknownReference{Names: c.names} }, announced(c.fact), asAnnounced(c.in, c.want, c.code, nil))
	}
	add("unknown-reference", "machine", func() chaos.Fault { return &faults.UnknownReference{Names: faults.ReferenceMachine} }, announced(func(i int) plant.Fact {
		return plant.MachineCounted{Machine: plant.MachineID(fmt.Sprint("M-", i)), Counter: 1, Count: 7}
	}), func(s *stand, got []seen) string {
		if e, err := got[0].decoded("machine-counts"); err != nil || e.Fact.Keys().Machine != "M-0-X" || !s.strikes()[0].Invalid {
			return fmt.Sprintf("it says %+v (%v)", e.Fact, err)
		}
		return ""
	})
	for _, status := range []faults.QualityStatus{faults.StatusBad, faults.StatusUncertain} {
		add("bad-quality", string(status), func() chaos.Fault { return &faults.BadQuality{Status: status} }, announced(func(i int) plant.Fact {
			return plant.MachineCounted{Machine: plant.MachineID(fmt.Sprint("M-", i)), Counter: 1, Count: 7}
		}), func(s *stand, got []seen) string {
			e, err := got[0].decoded("machine-counts")
			if f, _ := e.Fact.(plant.MachineCounted); err != nil || f.Quality != string(status) || f.Count != 0 || !s.strikes()[0].Invalid {
				return fmt.Sprintf("it says %+v (%v)", e.Fact, err)
			}
			return ""
		})
	}
	unit := func(v faults.UnitVariant) func() chaos.Fault {
		return func() chaos.Fault { return &faults.WrongUnit{Variant: v} }
	}
	add("wrong-unit", "unknown", unit(faults.UnknownUnit), announced(aConsumption), asAnnounced("consumptions", 422, "unit-unknown", func(f plant.Fact) bool { return f.(plant.Consumed).Quantity.Unit == "STK" }))
	add("wrong-unit", "inconvertible", unit(faults.InconvertibleUnit), announced(aConsumption), asAnnounced("consumptions", 422, "unit-not-convertible", func(f plant.Fact) bool { return f.(plant.Consumed).Quantity.Amount == plant.MustDecimal("1.25") }))
	odd := func(v faults.QuantityVariant) func() chaos.Fault {
		return func() chaos.Fault { return &faults.OddQuantity{Variant: v} }
	}
	add("odd-quantity", "zero", odd(faults.Zero), announced(aConsumption), asAnnounced("consumptions", 422, "quantity-zero", nil))
	add("odd-quantity", "negative", odd(faults.Negative), announced(aConsumption), func(s *stand, got []seen) string {
		answer := s.postBody("consumptions", got[0].body)
		if d := s.strikes()[0]; !d.Invalid || !d.Garbled || answer.status != 400 || !answer.has("-1.25 is negative") {
			return fmt.Sprintf("posted as announced: %s; the journal says %+v", answer, d)
		}
		return ""
	})
	add("odd-quantity", "absurd, used", odd(faults.Absurd), announced(aConsumption), asAnnounced("consumptions", 409, "stock-short", nil))
	add("odd-quantity", "absurd, made", odd(faults.Absurd), announced(aReceipt), asAnnounced("receipts", 409, "over-delivery", nil))
	add("odd-quantity", "many-decimals", odd(faults.ManyDecimals), announced(aConsumption), garbled("consumptions", 400, func(b string) bool { return strings.Contains(b, `"1.2500000000001"`) }))
	add("odd-quantity", "exponent", odd(faults.Exponent), announced(aConsumption), garbled("consumptions", 400, func(b string) bool { return strings.Contains(b, `"125E-2"`) }))
	for variant, text := range map[faults.TextVariant]string{
		faults.Umlauts: "Übermaß Ø 5 µm", faults.Composed: "Gro\u0308ße", faults.Emoji: "🔧", faults.Markup: `"<5 & >3"; 100%, a\b {x}`, faults.Blanks: "  see  drawing ", faults.Long: "as it is",
	} {
		add("odd-text", string(variant), func() chaos.Fault { return &faults.OddText{Variant: variant} }, announced(aConfirmation), both(
			told("confirmations", func(e plant.Event) bool { return strings.Contains(e.Fact.(plant.Confirmed).Reason, text) }),
			func(s *stand, got []seen) string {
				if answer := s.postBody("confirmations", got[0].body); answer.status != 201 || !strings.Contains(s.effects()[0].Posting.Claim.Fact.(plant.Confirmed).Reason, text) {
					return fmt.Sprintf("posted as announced: %s, in the books %+v", answer, s.effects())
				}
				return ""
			}))
	}
	for variant, looks := range map[string]func(body string) bool{
		"cut-off": func(b string) bool { return len(b) > 100 && !strings.HasSuffix(b, "}") },
		"empty":   func(b string) bool { return b == "" },
		"charset": func(b string) bool { return strings.Contains(b, "gepr\xfcft") },
	} {
		add("malformed", variant, func() chaos.Fault { return &faults.Malformed{Variant: faults.MalformedVariant(variant)} }, announced(aConfirmation), garbled("confirmations", 400, looks))
	}
	add("serial-repeated", "", func() chaos.Fault { return &faults.SerialRepeated{} }, announced(aReceipt), asAnnounced("receipts", 422, "serial-repeated", nil))
	return append(all, late()...)
}

// late are the faults of data that are about when something comes, and again.
func late() []conformance {
	contradiction := func() chaos.Fault { return &faults.Contradiction{Later: wall(30 * time.Millisecond)} }
	first := chaos.Rule{Direction: simulators.ToSUT, Attempts: 1}
	return []conformance{
		{"contradiction", "", contradiction, first, func(s *stand, i int) []seen { return s.announce(1, event(confirmationOf(i))) }, func(s *stand, got []seen) string {
			a, _ := got[0].decoded("confirmations")
			b, _ := got[1].decoded("confirmations")
			if a.ID != b.ID || a.Fact.(plant.Confirmed).Yield.String() != "12.5 EA" || b.Fact.(plant.Confirmed).Yield.String() != "13.5 EA" {
				return fmt.Sprintf("want another yield under the same number: %+v, then %+v", a, b)
			}
			return ""
		}},
		{"late-master-data", "materials", func() chaos.Fault {
			return &faults.LateMasterData{Of: faults.LateMaterials, For: wall(300 * time.Millisecond)}
		}, first,
			func(s *stand, i int) []seen {
				item := plant.ItemID(fmt.Sprint("NEW-", i))
				return s.announce(0, event(plant.ItemChanged{Item: plant.Item{ID: item, Unit: "EA"}, Version: 1}),
					event(plant.OrderReleased{Order: plant.Order{ID: plant.OrderID(fmt.Sprint("48", i)), Item: item, Quantity: plant.Of(1, "EA"), Operations: []plant.Operation{{ID: "0010", WorkCenter: "SAW"}}}}))
			}, func(s *stand, got []seen) string {
				if !strings.HasPrefix(got[0].event, "order-released/") || !strings.HasPrefix(got[1].event, "item-changed/") {
					return "want the order before its material"
				}
				return ""
			}},
		{"late-master-data", "orders", func() chaos.Fault {
			return &faults.LateMasterData{Of: faults.LateOrders, For: wall(300 * time.Millisecond)}
		}, first,
			func(s *stand, i int) []seen {
				o := plant.Order{ID: plant.OrderID(fmt.Sprint("48", i)), Item: "PUMP", Quantity: plant.Of(1, "EA"), Operations: []plant.Operation{{ID: "0010", WorkCenter: "SAW"}}}
				return s.announce(0, event(plant.OrderReleased{Order: o}), event(plant.OrderChanged{Order: o.ID, Version: 2, Quantity: plant.Of(2, "EA")}))
			}, func(s *stand, got []seen) string {
				if !strings.HasPrefix(got[0].event, "order-changed/") || !strings.HasPrefix(got[1].event, "order-released/") {
					return "want the change before the order"
				}
				return ""
			}},
		closedOrder(faults.StateClosed, 409, "business"), closedOrder(faults.StateDeleted, 404, "data-quality"), closedOrder(faults.StateNotReleased, 409, "business"),
	}
}

// closedOrder wants the same refusal for every attempt.
func closedOrder(state faults.OrderState, status int, class string) conformance {
	return conformance{"order-closed", string(state), func() chaos.Fault { return &faults.OrderClosed{State: state} }, chaos.Rule{Direction: simulators.FromSUT, Writes: true}, postsAgain, func(s *stand, got []seen) string {
		for _, g := range got {
			if g.status != status || !g.has(`"class":"`+class+`"`) {
				return fmt.Sprintf("want %d of class %s each time", status, class)
			}
		}
		if len(got) != 2 || s.postings(confirmationOf(0)) != 0 {
			return "want two refusals and no posting"
		}
		return ""
	}}
}

func (s *stand) effects() (all []evidence.Effect) {
	for _, r := range s.journal.Records() {
		if e, ok := r.Body.(evidence.Effect); ok {
			all = append(all, e)
		}
	}
	return all
}

// postBody posts a message as it was announced.
func (s *stand) postBody(name, body string) seen {
	s.t.Helper()
	return s.do(http.MethodPost, "/"+name, http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {fmt.Sprint(len(body))}, "Authorization": {"Bearer " + s.token}}, []byte(body))
}
