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
	}
}

// onBooks changes one order or one lot in the books that a system shows at the
// end; "" is any system.
func onBooks(endpoint string, order, lot func(*evidence.Snapshot, int) bool) func([]evidence.Record, int) []evidence.Record {
	return func(rs []evidence.Record, at int) []evidence.Record {
		s, ok := rs[at].Body.(evidence.Snapshot)
		if !ok || (endpoint != "" && s.Endpoint != endpoint) {
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
