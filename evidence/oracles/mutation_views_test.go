package oracles_test

import (
	"slices"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// viewMutations break what the rig saw besides facts and postings: wording,
// books, samples, secrets and routes.
func viewMutations() []mutation {
	return []mutation{
		{"say it in a way the contract does not know", []string{"contract-conformance"}, onAttempt(func(rs []evidence.Record, at int) bool {
			return rs[at].Body.(evidence.Attempt).Heard.Outcome == simulators.Applied
		}, func(a *evidence.Attempt) { a.Breach = "malformed: no quantity" })},
		{"answer in a way the contract does not know", []string{"contract-conformance"}, func(rs []evidence.Record, at int) []evidence.Record {
			o, ok := rs[at].Body.(evidence.Offer)
			if !ok {
				return nil
			}
			o.Result.Status, o.Breach = 302, "status: 302 redirects"
			rs[at].Body = o
			return rs
		}},
		{"show another sum", []string{"convergence"}, onBooks("erp", func(s *evidence.Snapshot, i int) bool {
			sum := s.Orders[i].Confirmed["0010"]
			sum.Yield += plant.One / 1000
			s.Orders[i].Confirmed = map[plant.OperationID]simulators.OperationSum{"0010": sum}
			return true
		}, nil)},
		{"show another receipt", []string{"convergence"}, onBooks("erp", func(s *evidence.Snapshot, i int) bool {
			s.Orders[i].Received -= plant.One
			return true
		}, nil)},
		{"show another stock", []string{"convergence"}, onBooks("erp", nil, func(s *evidence.Snapshot, i int) bool {
			s.Stock[i].Quantity += 3 * plant.One
			return true
		})},
		{"show a lot blocked", []string{"convergence"}, onBooks("", nil, func(s *evidence.Snapshot, i int) bool {
			s.Stock[i].Status = plant.LotBlocked
			return s.Stock[i].Lot == "L-8"
		})},
		{"show an older version of the order", []string{"convergence"}, onBooks("", func(s *evidence.Snapshot, i int) bool {
			s.Orders[i].Version, s.Orders[i].Quantity = 1, plant.Of(100, "EA")
			return true
		}, nil)},
		{"show a priority nobody gave", []string{"convergence"}, onBooks("", func(s *evidence.Snapshot, i int) bool {
			s.Orders[i].Priority = 77
			return true
		}, nil)},
		{"show an availability two points higher", []string{"oee"}, onUnits(func(b *evidence.UnitBook) { b.Availability = more(b.Availability) })},
		{"show a quality two points better", []string{"oee"}, onUnits(func(b *evidence.UnitBook) { b.Quality = more(b.Quality) })},
		{"show the OEE of a unit without a planned time", []string{"oee"}, onUnits(func(b *evidence.UnitBook) { b.OEE = more(b.Quality) })},
		{"say a secret in the log", []string{"secrets"}, func(rs []evidence.Record, at int) []evidence.Record {
			if _, ok := rs[at].Body.(evidence.Sample); !ok || at%7 != 0 {
				return nil
			}
			return slices.Insert(rs, at, evidence.Record{At: rs[at].At, Body: evidence.Sighting{What: "erp.secret", Kind: evidence.SecretCredential, Owner: "erp", Place: evidence.InLog}})
		}},
		{"call what it may not", []string{"secrets"}, func(rs []evidence.Record, at int) []evidence.Record {
			a, ok := rs[at].Body.(evidence.Attempt)
			if !ok || a.Name != "oauth/token" {
				return nil
			}
			a.ID, a.Verb, a.Name = 77777, "get", "users"
			a.Acted.Outcome, a.Acted.Status = simulators.Refused, 403
			a.Heard = a.Acted
			return slices.Insert(rs, at+1, evidence.Record{At: rs[at].At, Body: a})
		}},
		{"leak files", []string{"hygiene"}, onSamples(func(s *evidence.Sample, i int) { s.Files += i }, "sut")},
		{"leak memory", []string{"hygiene"}, onSamples(func(s *evidence.Sample, i int) { s.Memory += int64(2*i) << 20 }, "sut")},
		{"leak threads", []string{"hygiene"}, onSamples(func(s *evidence.Sample, i int) { s.Threads += i }, "sut")},
		{"leak connections", []string{"hygiene"}, onSamples(func(s *evidence.Sample, i int) { s.Connections += i }, "erp")},
		{"go on by the old way", []string{"cutover"}, onAttempt(func(rs []evidence.Record, at int) bool {
			a := rs[at].Body.(evidence.Attempt)
			return a.Route == "api" && a.Acted.Outcome == simulators.Applied && len(a.Claims) > 0
		}, func(a *evidence.Attempt) { a.Route = "file" })},
		{"post by both ways", []string{"cutover"}, func(rs []evidence.Record, at int) []evidence.Record {
			a, ok := rs[at].Body.(evidence.Attempt)
			e, posted := rs[max(0, at-1)].Body.(evidence.Effect)
			if !ok || !posted || a.Route != "file" || e.Attempt != a.ID || len(a.Claims) != 1 {
				return nil
			}
			a.ID, a.Route, a.IdemKey = 88888, "api", "by the other way"
			e.Attempt, e.Posting.Doc = a.ID, e.Posting.Doc+"-again"
			end := slices.IndexFunc(rs, func(r evidence.Record) bool { return r.Kind() == "snapshot" })
			a.Start, a.End = rs[end].At, rs[end].At
			return slices.Insert(rs, end, evidence.Record{At: rs[end].At, Plant: rs[end].Plant, Body: e}, evidence.Record{At: rs[end].At, Plant: rs[end].Plant, Body: a})
		}},
	}
}

// onSamples changes all samples of one thing, each by its number; it applies
// once.
func onSamples(change func(*evidence.Sample, int), of string) func([]evidence.Record, int) []evidence.Record {
	return func(rs []evidence.Record, at int) []evidence.Record {
		if at != 0 {
			return nil
		}
		n := 0
		for i, r := range rs {
			if s, ok := r.Body.(evidence.Sample); ok && s.Of == of {
				change(&s, n)
				rs[i].Body = s
				n++
			}
		}
		return rs
	}
}

// onBooks changes one order or one lot in the books that a system shows at the
// end; "" is any system.
// onUnits changes what a system shows as the OEE of a unit.
func onUnits(change func(*evidence.UnitBook)) func([]evidence.Record, int) []evidence.Record {
	return func(rs []evidence.Record, at int) []evidence.Record {
		s, ok := rs[at].Body.(evidence.Snapshot)
		if !ok || len(s.Units) == 0 {
			return nil
		}
		s.Units = slices.Clone(s.Units)
		change(&s.Units[0])
		rs[at].Body = s
		return rs
	}
}

func more(d *plant.Decimal) *plant.Decimal {
	higher := d.Add(plant.One / 50)
	return &higher
}

func onBooks(endpoint string, order, lot func(*evidence.Snapshot, int) bool) func([]evidence.Record, int) []evidence.Record {
	return func(rs []evidence.Record, at int) []evidence.Record {
		s, ok := rs[at].Body.(evidence.Snapshot)
		if !ok || len(s.Orders) == 0 || (endpoint != "" && s.Endpoint != endpoint) {
			return nil
		}
		s.Orders, s.Stock = slices.Clone(s.Orders), slices.Clone(s.Stock)
		changed := false
		if order != nil {
			changed = order(&s, 0)
		}
		for i := range s.Stock {
			changed = changed || lot != nil && lot(&s, i)
		}
		if !changed {
			return nil
		}
		rs[at].Body = s
		return rs
	}
}
