package oracles_test

import (
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// onInstant changes when a posting says that its fact happened.
func onInstant(change func(time.Time) time.Time) func([]evidence.Record, int) []evidence.Record {
	return onEffect(nil, func(rs []evidence.Record, at int, e evidence.Effect) []evidence.Record {
		e.Posting.Claim.At = change(e.Posting.Claim.At)
		rs[at].Body = e
		return rs
	})
}

// onWork changes postings of hours worked.
func onWork(change func(*plant.Confirmed) bool) func([]evidence.Record, int) []evidence.Record {
	return onClaim(func(f plant.Fact) plant.Fact {
		c, ok := f.(plant.Confirmed)
		if !ok || c.Labor == 0 || !change(&c) {
			return nil
		}
		return c
	})
}

// digits are those of t on the plant's wall, under another offset.
func digits(t time.Time, zone *time.Location) time.Time {
	t = t.In(journaltest.Zone())
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
}

func by(d time.Duration) func(time.Time) time.Time {
	return func(t time.Time) time.Time { return t.Add(d) }
}

func instantMutations() []mutation {
	expect := []string{"time-semantics"}
	return []mutation{
		{"send plant-local time as UTC", expect, onInstant(func(t time.Time) time.Time { return digits(t, time.UTC) })},
		{"send UTC as plant-local time", expect, onInstant(by(-time.Hour))},
		{"put summer's offset to winter's clock time", expect, onInstant(func(t time.Time) time.Time { return digits(t, time.FixedZone("", 7200)) })},
		{"put the offset of another place to it", expect, onInstant(func(t time.Time) time.Time { return digits(t, time.FixedZone("", -5*3600)) })},
		{"move the time by an hour", expect, onInstant(by(time.Hour))},
		{"move the time by half a day", expect, onInstant(by(-12 * time.Hour))},
		{"move the time by a day", expect, onInstant(by(24 * time.Hour))},
		{"move the time by a year", expect, onInstant(by(-365 * 24 * time.Hour))},
		{"keep only the date", expect, onInstant(func(t time.Time) time.Time {
			return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, journaltest.Zone())
		})},
		{"book it in the next shift", expect, onInstant(by(23*time.Minute + 17*time.Second))},
		{"be inexact within the shift", []string{"field-fidelity"}, onInstant(by(97 * time.Second))},
		{"leave the date out until the next month", expect, onEffect(func(e evidence.Effect) bool {
			return e.Endpoint == "erp" && slices.Contains([]plant.Kind{plant.KindConfirmation, plant.KindReceipt, plant.KindConsumption}, e.Posting.Claim.Fact.Kind())
		}, func(rs []evidence.Record, at int, e evidence.Effect) []evidence.Record {
			e.Posting.Claim.At, e.Posting.At = time.Time{}, e.Posting.At.AddDate(0, 1, 0)
			rs[at].Body = e
			return rs
		})},
		{"let the work end before it begins", expect, onWork(func(c *plant.Confirmed) bool { c.End = c.End.Add(-time.Hour); return true })},
		{"move only the start of the work", expect, onWork(func(c *plant.Confirmed) bool { c.Start = c.Start.Add(-23 * time.Hour); return true })},
	}
}

func lotMutations() []mutation {
	expect := []string{"genealogy"}
	return []mutation{
		{"lose the only posting of a lot", expect, onEffect(func(e evidence.Effect) bool {
			f, ok := e.Posting.Claim.Fact.(plant.Consumed)
			return ok && f.Lot != "L-7"
		}, func(rs []evidence.Record, at int, _ evidence.Effect) []evidence.Record {
			return slices.Delete(rs, at, at+1)
		})},
		{"lose the receipt of a lot", expect, onEffect(func(e evidence.Effect) bool { return e.Posting.Claim.Fact.Kind() == plant.KindReceipt },
			func(rs []evidence.Record, at int, _ evidence.Effect) []evidence.Record {
				return slices.Delete(rs, at, at+1)
			})},
		{"lose the rework", expect, onEffect(func(e evidence.Effect) bool { return e.Posting.Claim.Fact.Kind() == plant.KindRework },
			func(rs []evidence.Record, at int, _ evidence.Effect) []evidence.Record {
				return slices.Delete(rs, at, at+1)
			})},
		{"leave all serials out", expect, onReceipt(func(b *plant.Received) { b.Serials = nil })},
		{"receive a piece twice", expect, onReceipt(func(b *plant.Received) {
			b.Serials = slices.Clone(b.Serials)
			if b.Serials[0] == "S-3" {
				b.Serials[0] = "S-1"
			} else {
				b.Serials[0] = "S-3"
			}
		})},
		{"make a lot of itself", expect,
			onReceipt(func(b *plant.Received) {
				if b.Lot = "L-7"; b.Order == journaltest.Next {
					b.Lot = "FG-1"
				}
			})},
	}
}

func onReceipt(change func(*plant.Received)) func([]evidence.Record, int) []evidence.Record {
	return onClaim(func(f plant.Fact) plant.Fact {
		b, ok := f.(plant.Received)
		if !ok {
			return nil
		}
		change(&b)
		return b
	})
}

// strict has nothing old in use for more than a millisecond.
func strict(rs []evidence.Record) []evidence.Record {
	b := rs[0].Body.(evidence.Begin)
	b.Plan.Judging.Staleness = 1
	rs[0].Body = b
	return rs
}

func isVersion(rs []evidence.Record, at int, id plant.EventID) bool {
	e, ok := rs[at].Body.(evidence.Effect)
	return ok && e.Posting.Claim.ID == id
}

func versionMutations() []mutation {
	return []mutation{
		{"release at the revision before", []string{"bounded-staleness"}, func(rs []evidence.Record, at int) []evidence.Record {
			if !isVersion(rs, at, "order-released/000004712/1") {
				return nil
			}
			e := rs[at].Body.(evidence.Effect)
			e.Posting.Claim.Fact = journaltest.ReleasedAs(journaltest.Next, "B")
			rs[at].Body = e
			return strict(rs)
		}},
		{"pass a change on when work has begun", []string{"bounded-staleness"}, func(rs []evidence.Record, at int) []evidence.Record {
			if !isVersion(rs, at, "order-changed/000004711/2") {
				return nil
			}
			effect, attempt := rs[at], rs[at+1]
			rs = slices.Delete(rs, at, at+2)
			to := slices.IndexFunc(rs, func(r evidence.Record) bool { _, struck := r.Body.(evidence.Disturbance); return struck })
			a := attempt.Body.(evidence.Attempt)
			a.Start, a.End = rs[to-1].At, rs[to-1].At
			effect.At, attempt.At, attempt.Body = a.End, a.End, a
			return strict(slices.Insert(rs, to, effect, attempt))
		}},
		{"lose a change of a material", []string{"master-data"},
			onEffect(func(e evidence.Effect) bool { return e.Posting.Claim.Fact.Kind() == plant.KindItemChanged },
				func(rs []evidence.Record, at int, _ evidence.Effect) []evidence.Record {
					return slices.Delete(rs, at, at+1)
				})},
		{"pass a change of a material over when asking", []string{"master-data"}, func(rs []evidence.Record, at int) []evidence.Record {
			if t, ok := rs[at].Body.(evidence.Truth); !ok || t.Event.ID != "item-changed/000BOX/2" {
				return nil
			}
			return slices.Delete(rs, at+1, at+4) // the offer, the effect and the attempt
		}},
		{"read a change of a material in a list and not pass it on", []string{"master-data"}, func(rs []evidence.Record, at int) []evidence.Record {
			t, ok := rs[at].Body.(evidence.Truth)
			if !ok || t.Event.ID != "item-changed/000PLATE/2" { // the last one: none that was fetched later demands it
				return nil
			}
			a := rs[at+3].Body.(evidence.Attempt)
			a.Endpoint, a.Verb, a.Name, a.Key, a.IdemKey, a.Digest, a.Claims = "erp", "get", "items", "get items", "", "", nil
			a.Acted, a.Told = simulators.Result{Outcome: simulators.Answered, Status: 200}, []plant.EventID{t.Event.ID}
			a.Heard = a.Acted
			rs[at+3].Body = a
			return slices.Delete(rs, at+1, at+3) // the offer and the effect
		}},
		{"not say that a material is retired", []string{"master-data"}, func(rs []evidence.Record, at int) []evidence.Record {
			t, ok := rs[at].Body.(evidence.Truth)
			if !ok || t.Event.Fact.Kind() != plant.KindItemChanged {
				return nil
			}
			f := t.Event.Fact.(plant.ItemChanged)
			f.Item.Retired = true
			t.Event.Fact = f
			rs[at].Body = t
			return rs
		}},
		{"retire a material that is in use", []string{"master-data"}, onClaim(func(f plant.Fact) plant.Fact {
			b, ok := f.(plant.ItemChanged)
			if !ok {
				return nil
			}
			b.Item.Retired = true
			return b
		})},
	}
}

func laborMutations() []mutation {
	expect := []string{"labor"}
	return []mutation{
		{"book minutes as hours", expect, onWork(func(c *plant.Confirmed) bool { c.Labor *= 60; return true })},
		{"book two minutes more", expect, onWork(func(c *plant.Confirmed) bool { c.Labor += 2 * time.Minute; return true })},
		{"leave the hours out", expect, onWork(func(c *plant.Confirmed) bool { c.Labor = 0; return true })},
		{"book the hours for another", []string{"field-fidelity"}, onWork(func(c *plant.Confirmed) bool { c.Operator = "P-9"; return true })},
		{"add up the work of two in the name of one", expect, func(rs []evidence.Record, at int) []evidence.Record {
			if !isVersion(rs, at, "confirmation/000004711/0020/2") {
				return nil
			}
			e := rs[at].Body.(evidence.Effect)
			other := slices.IndexFunc(rs, func(r evidence.Record) bool {
				e, ok := r.Body.(evidence.Effect)
				return ok && e.Posting.Claim.ID == "confirmation/000004711/0020/1"
			})
			one, both := rs[other].Body.(evidence.Effect).Posting.Claim.Fact.(plant.Confirmed), e.Posting.Claim.Fact.(plant.Confirmed)
			both.Yield.Amount, both.Labor, both.Operator, both.Counter = both.Yield.Amount.Add(one.Yield.Amount), both.Labor+one.Labor, one.Operator, 0
			both.Start, both.End = time.Time{}, time.Time{}
			e.Posting.Claim = plant.Event{At: e.Posting.Claim.At, Fact: both}
			e.Posting.Base = plant.Quantity{}
			rs[at].Body = e
			a := rs[at+1].Body.(evidence.Attempt)
			a.Claims = []plant.Event{e.Posting.Claim}
			rs[at+1].Body = a
			return slices.Delete(rs, other, other+2)
		}},
	}
}
