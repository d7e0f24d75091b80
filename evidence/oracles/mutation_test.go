package oracles_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A mutation breaks one record of a good journal, and names the oracles that
// are meant to notice, of which one must. Who may speak with them stands in
// alsoSpeak; nobody else may. It returns nil where it does not apply.
type mutation struct {
	name   string
	expect []string
	apply  func(records []evidence.Record, at int) []evidence.Record
}

// TestMutationsFlipTheVerdict breaks a sound shift in every place each
// mutation applies to. A mutant that stays green is an oracle that sleeps; one
// that others speak of, too, is a finding too many.
func TestMutationsFlipTheVerdict(t *testing.T) {
	good := journaltest.Shift().Records()
	meant, flipped := map[string]int{}, map[string]int{}
	mutants, flips := 0, 0
	for _, m := range slices.Concat(mutations(), instantMutations(), lotMutations(), versionMutations(), laborMutations(), expiryMutations()) {
		applied, spoke := 0, map[string]int{}
		for at := range good {
			mutant := m.apply(slices.Clone(good), at)
			if mutant == nil {
				continue
			}
			applied++
			who := violated(oracles.JudgeAll(evidence.NewHistory(renumber(mutant)), oracles.Standard()))
			if i := slices.IndexFunc(m.expect, func(o string) bool { return slices.Contains(who, o) }); i >= 0 {
				flips++
				meant[m.expect[i]]++
				flipped[m.expect[i]]++
			} else {
				meant[m.expect[0]]++
				t.Errorf("%s, record %d (%s): none of %v noticed, but %v", m.name, at+1, describe(good[at]), m.expect, who)
			}
			for _, o := range who {
				spoke[o]++
				if !slices.Contains(m.expect, o) && alsoSpeak[m.name][o] == "" {
					t.Errorf("%s, record %d (%s): %s spoke as well, which nobody declared", m.name, at+1, describe(good[at]), o)
				}
			}
		}
		mutants += applied
		if applied == 0 {
			t.Errorf("%s applies to no record", m.name)
		}
		for o := range alsoSpeak[m.name] {
			if spoke[o] == 0 {
				t.Errorf("%s: %s is said to speak as well and never does", m.name, o)
			}
		}
	}
	for _, i := range oracles.All() {
		t.Logf("%-4s %-22s %4d mutants meant for it, %4d flipped its verdict", i.ID, i.Name, meant[i.Name], flipped[i.Name])
		if i.Name != "exercise" && flipped[i.Name] == 0 {
			t.Errorf("no mutation flips %s", i.Name)
		}
	}
	t.Logf("%d mutants, %d noticed by an oracle that was meant to", mutants, flips)
}

// violated names the oracles that found something wrong.
func violated(found []evidence.Finding) (who []string) {
	for _, f := range found {
		if f.Verdict == evidence.Violated && !slices.Contains(who, f.Oracle) {
			who = append(who, f.Oracle)
		}
	}
	return who
}

// renumber closes the gap or makes the room a mutation left.
func renumber(records []evidence.Record) []evidence.Record {
	for i := range records {
		records[i].Seq = uint64(i + 1)
	}
	return records
}

func describe(r evidence.Record) string { return fmt.Sprintf("%s %+v", r.Kind(), r.Body) }

func mutations() []mutation { return append(messageMutations(), viewMutations()...) }

func messageMutations() []mutation {
	return []mutation{
		{"drop the effect", []string{"no-silent-drop"}, onEffect(nil, func(rs []evidence.Record, at int, _ evidence.Effect) []evidence.Record {
			return slices.Delete(rs, at, at+1)
		})},
		{"double the effect", []string{"exactly-once"}, onEffect(nil, func(rs []evidence.Record, at int, e evidence.Effect) []evidence.Record {
			e.Posting.Doc += "-again"
			return slices.Insert(rs, at+1, evidence.Record{At: rs[at].At, Plant: rs[at].Plant, Body: e})
		})},
		{"swap the effects of two confirmations", []string{"order-causality"}, swapConfirmations},
		{"add a thousandth to the quantity", []string{"field-fidelity"}, onClaim(func(f plant.Fact) plant.Fact {
			return scale(f, func(d plant.Decimal) plant.Decimal { return d + plant.One/1000 })
		})},
		{"add a thousandth to the quantity (sums)", []string{"conservation"}, onClaim(func(f plant.Fact) plant.Fact {
			if _, order := f.(plant.OrderReleased); order {
				return nil
			}
			if _, order := f.(plant.OrderChanged); order {
				return nil
			}
			return scale(f, func(d plant.Decimal) plant.Decimal { return d + plant.One/1000 })
		})},
		{"multiply the quantity by twelve", []string{"field-fidelity"}, onClaim(func(f plant.Fact) plant.Fact {
			return scale(f, func(d plant.Decimal) plant.Decimal { return d.Times(12) })
		})},
		{"trim the zeros of the order", []string{"field-fidelity"}, onClaim(reorder("4711"))},
		{"post to another order", []string{"field-fidelity"}, onClaim(reorder("000004999"))},
		{"change the unit", []string{"field-fidelity"}, onClaim(changeUnit)},
		{"change the lot", []string{"field-fidelity", "no-phantom"}, onClaim(changeLot("L-X"))},
		{"leave the lot out", []string{"field-fidelity", "no-phantom"}, onClaim(changeLot(""))},
		{"change another code", []string{"field-fidelity"}, onClaim(changeCode)},
		{"give it the reference and key of nothing", []string{"no-phantom"}, onEffect(nil, func(rs []evidence.Record, at int, e evidence.Effect) []evidence.Record {
			e.Posting.Claim = plant.Event{ID: "confirmation/X/Y/1", At: e.Posting.Claim.At, Fact: plant.Confirmed{Order: "X", Operation: "Y", Counter: 1, Yield: plant.Of(3, "EA")}}
			rs[at].Body = e
			return rs
		})},
		{"post it before it happened", []string{"no-phantom"}, onEffect(nil, func(rs []evidence.Record, at int, e evidence.Effect) []evidence.Record {
			r := rs[at]
			return slices.Insert(slices.Delete(rs, at, at+1), 1, r)
		})},
		{"lose the exception", []string{"dead-letter", "no-silent-drop"}, onSurface(func(rs []evidence.Record, at int, _ evidence.Surface) []evidence.Record {
			return slices.Delete(rs, at, at+1)
		})},
		{"change the class of the exception", []string{"dead-letter"}, onSurface(func(rs []evidence.Record, at int, s evidence.Surface) []evidence.Record {
			s.Class = simulators.Technical
			rs[at].Body = s
			return rs
		})},
		{"report it twice", []string{"dead-letter"}, onSurface(func(rs []evidence.Record, at int, _ evidence.Surface) []evidence.Record {
			return slices.Insert(rs, at+1, rs[at])
		})},
		{"report nothing that happened", []string{"dead-letter"}, onSurface(func(rs []evidence.Record, at int, s evidence.Surface) []evidence.Record {
			s.Reference, s.Keys = "consumption/0/0/0", plant.Keys{Order: "0"}
			rs[at].Body = s
			return rs
		})},
		{"repeat under another key", []string{"retry-discipline"}, onAttempt(isRepetition, func(a *evidence.Attempt) { a.IdemKey += "-2" })},
		{"repeat without a key", []string{"retry-discipline"}, onAttempt(isRepetition, func(a *evidence.Attempt) { a.IdemKey = "" })},
		{"repeat with another payload", []string{"retry-discipline"}, onAttempt(func(rs []evidence.Record, at int) bool { return isSecondOfUntouched(rs, at) }, func(a *evidence.Attempt) { a.Digest = "ffff" })},
		{"use one key for all", []string{"retry-discipline"}, func(rs []evidence.Record, at int) []evidence.Record {
			if at != 0 {
				return nil
			}
			for i, r := range rs {
				if a, ok := r.Body.(evidence.Attempt); ok && len(a.Claims) == 1 {
					a.IdemKey = "the-order"
					rs[i].Body = a
				}
			}
			return rs
		}},
		{"come back too early", []string{"throttle-compliance"}, func(rs []evidence.Record, at int) []evidence.Record {
			if a, ok := rs[at].Body.(evidence.Attempt); ok && a.Heard.RetryAfter > 0 {
				a.Heard.RetryAfter = 30 * time.Second
				rs[at].Body = a
				return rs
			}
			return nil
		}},
		{"forget the failed row", []string{"batch-items", "no-silent-drop"}, func(rs []evidence.Record, at int) []evidence.Record {
			a, ok := rs[at].Body.(evidence.Attempt)
			if !ok || a.IdemKey != "row-8" {
				return nil
			}
			return slices.Delete(rs, at-1, at+1) // with its effect
		}},
		{"send the good row again", []string{"batch-items"}, func(rs []evidence.Record, at int) []evidence.Record {
			a, ok := rs[at].Body.(evidence.Attempt)
			if !ok || a.Heard.Outcome != simulators.Partly {
				return nil
			}
			end := len(rs) - 1
			a.ID, a.IdemKey, a.Claims, a.Heard = 9999, "again", a.Claims[:1], simulators.Result{Outcome: simulators.Applied}
			a.Start, a.End = rs[end].At, rs[end].At
			return slices.Insert(rs, end, evidence.Record{At: rs[end].At, Body: a})
		}},
		{"obtain tokens in a storm", []string{"token-discipline"}, func(rs []evidence.Record, at int) []evidence.Record {
			a, ok := rs[at].Body.(evidence.Attempt)
			if !ok || a.Name != "oauth/token" {
				return nil
			}
			for n := range 10 {
				again := a
				again.ID = uint64(90000 + n)
				rs = slices.Insert(rs, at+1, evidence.Record{At: rs[at].At, Body: again})
			}
			return rs
		}},
		{"ship the lot while it is held", []string{"no-posting-after-hold"}, func(rs []evidence.Record, at int) []evidence.Record {
			e, ok := rs[at].Body.(evidence.Effect)
			if !ok || e.Posting.Claim.Fact.Kind() != plant.KindLotHeld {
				return nil
			}
			a := rs[at+1].Body.(evidence.Attempt)
			rs = slices.Delete(rs, at, at+2) // the hold never reaches the ERP
			ship := evidence.Effect{Endpoint: "erp", Posting: simulators.Posting{Doc: "49", Claim: plant.Event{Fact: journaltest.Shipped("L-8")}}}
			return slices.Insert(rs, at, evidence.Record{At: a.End, Body: ship})
		}},
		{"recover too late", []string{"recovery"}, func(rs []evidence.Record, at int) []evidence.Record {
			e, ok := rs[at].Body.(evidence.Effect)
			if !ok || e.Attempt == 0 {
				return nil
			}
			late := rs[at]
			late.At += time.Hour
			end := len(rs) - 1
			rs[end].At = late.At
			return slices.Insert(slices.Delete(rs, at, at+1), end-1, late)
		}},
	}
}

// onEffect applies to every effect that the SUT caused and that allow, if
// given, allows.
func onEffect(allow func(evidence.Effect) bool, change func([]evidence.Record, int, evidence.Effect) []evidence.Record) func([]evidence.Record, int) []evidence.Record {
	return func(rs []evidence.Record, at int) []evidence.Record {
		e, ok := rs[at].Body.(evidence.Effect)
		if !ok || e.Attempt == 0 || (allow != nil && !allow(e)) {
			return nil
		}
		return change(rs, at, e)
	}
}

// onClaim changes what an effect says; nil from change means that it has
// nothing of the kind.
func onClaim(change func(plant.Fact) plant.Fact) func([]evidence.Record, int) []evidence.Record {
	return onEffect(nil, func(rs []evidence.Record, at int, e evidence.Effect) []evidence.Record {
		f := change(e.Posting.Claim.Fact)
		if f == nil {
			return nil
		}
		e.Posting.Claim.Fact = f
		rs[at].Body = e
		return rs
	})
}

func onSurface(change func([]evidence.Record, int, evidence.Surface) []evidence.Record) func([]evidence.Record, int) []evidence.Record {
	return func(rs []evidence.Record, at int) []evidence.Record {
		s, ok := rs[at].Body.(evidence.Surface)
		if !ok {
			return nil
		}
		return change(rs, at, s)
	}
}

func onAttempt(allow func([]evidence.Record, int) bool, change func(*evidence.Attempt)) func([]evidence.Record, int) []evidence.Record {
	return func(rs []evidence.Record, at int) []evidence.Record {
		a, ok := rs[at].Body.(evidence.Attempt)
		if !ok || !allow(rs, at) {
			return nil
		}
		change(&a)
		rs[at].Body = a
		return rs
	}
}

// isRepetition: the SUT repeats a posting that was not answered.
func isRepetition(rs []evidence.Record, at int) bool {
	a := rs[at].Body.(evidence.Attempt)
	return a.Acted.Outcome == simulators.Repeated
}

// isSecondOfUntouched: a repetition of which no fault has touched either side
// would be alike; here the first is made so.
func isSecondOfUntouched(rs []evidence.Record, at int) bool {
	if !isRepetition(rs, at) {
		return false
	}
	for i, r := range rs {
		if a, ok := r.Body.(evidence.Attempt); ok && a.Heard.Outcome == simulators.Unknown {
			a.Faults = nil
			rs[i].Body = a
		}
	}
	return true
}

// swapConfirmations exchanges the postings of two neighbouring confirmations,
// with the attempts that made them.
func swapConfirmations(rs []evidence.Record, at int) []evidence.Record {
	e, ok := rs[at].Body.(evidence.Effect)
	if !ok || e.Posting.Claim.Fact.Kind() != plant.KindConfirmation {
		return nil
	}
	for next := at + 1; next < len(rs); next++ {
		o, ok := rs[next].Body.(evidence.Effect)
		if !ok || o.Posting.Claim.Fact.Kind() != plant.KindConfirmation || o.Posting.Claim.Fact.Keys().Operation != e.Posting.Claim.Fact.Keys().Operation {
			continue
		}
		if o.Attempt == e.Attempt+1 || next-at < 4 {
			return nil // rows of one batch
		}
		// The first is sent after the second: its posting moves to the end.
		a := rs[at+1]
		body, ok := a.Body.(evidence.Attempt)
		if !ok {
			return nil
		}
		if len(body.Claims) > 1 || body.Heard.Outcome != simulators.Applied {
			return nil
		}
		first := rs[at]
		end := len(rs) - 1
		body.Start, body.End = rs[end].At, rs[end].At+time.Millisecond
		a.Body = body
		rs = slices.Insert(rs, end, first, a)
		return slices.Delete(rs, at, at+2)
	}
	return nil
}

// scale changes the main quantity of a fact; nil if it has none to change.
func scale(f plant.Fact, by func(plant.Decimal) plant.Decimal) plant.Fact {
	q, ok := evidence.Amount(f)
	if !ok || by(q.Amount) == q.Amount {
		return nil
	}
	q.Amount = by(q.Amount)
	return withQuantity(f, q)
}

func changeUnit(f plant.Fact) plant.Fact {
	q, ok := evidence.Amount(f)
	if !ok || q.Amount == 0 {
		return nil
	}
	q.Unit = map[plant.Unit]plant.Unit{"EA": "CAR", "KG": "G", "G": "KG"}[q.Unit]
	return withQuantity(f, q)
}

func withQuantity(f plant.Fact, q plant.Quantity) plant.Fact {
	switch b := f.(type) {
	case plant.Confirmed:
		b.Yield = q
		return b
	case plant.Consumed:
		b.Quantity = q
		return b
	case plant.Scrapped:
		b.Quantity = q
		return b
	case plant.Received:
		b.Quantity = q
		return b
	case plant.OrderReleased:
		b.Order.Quantity = q
		return b
	case plant.OrderChanged:
		b.Quantity = q
		return b
	}
	return nil
}

func reorder(id plant.OrderID) func(plant.Fact) plant.Fact {
	return func(f plant.Fact) plant.Fact {
		switch b := f.(type) {
		case plant.Confirmed:
			b.Order = id
			return b
		case plant.Consumed:
			b.Order = id
			return b
		case plant.OrderChanged:
			b.Order = id
			return b
		case plant.OperationStarted:
			b.Order = id
			return b
		case plant.Received:
			b.Order = id
			return b
		}
		return nil
	}
}

func changeLot(lot plant.LotID) func(plant.Fact) plant.Fact {
	return func(f plant.Fact) plant.Fact {
		switch b := f.(type) {
		case plant.Consumed:
			b.Lot = lot
			return b
		case plant.Scrapped:
			b.Lot = lot
			return b
		case plant.Received:
			b.Lot = lot
			return b
		}
		return nil
	}
}

func changeCode(f plant.Fact) plant.Fact {
	switch b := f.(type) {
	case plant.Confirmed:
		b.WorkCenter = "WC-9"
		return b
	case plant.Scrapped:
		b.Reason = "OTHER"
		return b
	case plant.Received:
		b.Serials = b.Serials[:1]
		return b
	case plant.LotDecided:
		b.Decision = plant.DecideScrap
		return b
	case plant.LotHeld:
		b.Reason = "none"
		return b
	case plant.OrderReleased:
		b.Order.Revision = "A"
		return b
	}
	return nil
}
