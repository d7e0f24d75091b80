package nameserver

import (
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
)

// armed is a rule in force at an endpoint.
type armed struct {
	*chaos.Rule
	naming  chaos.Naming
	at      string
	ended   chan struct{} // closed when it is healed
	asked   int           // how often somebody asked meanwhile
	strikes int
}

// Arm puts rule in force for the names of an endpoint. Its fault is a
// [chaos.ConnFault] that says something of names.
func (s *Server) Arm(rule *chaos.Rule, endpoint string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(s.rules, &armed{Rule: rule, naming: rule.Fault.(chaos.ConnFault).Trouble().Names, at: endpoint, ended: make(chan struct{})})
	s.config.Journal.Append(evidence.Disturbance{Fault: rule.ID, Kind: rule.Kind, Phase: evidence.Armed, At: endpoint})
}

// Heal takes the rules with this id out of force; it reports whether there
// were any. Who waits for an answer gets it.
func (s *Server) Heal(id string) (was bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = slices.DeleteFunc(s.rules, func(r *armed) bool {
		if r.ID != id {
			return false
		}
		was = true
		close(r.ended)
		d := evidence.Disturbance{Fault: id, Kind: r.Kind, Phase: evidence.Healed, At: r.at}
		if r.asked == 0 {
			d.What = fmt.Sprintf("nobody asked the rig's name server for %s while it was in force: a build that never asks ${andon.dns} cannot meet it", strings.Join(s.names(r.at), ", "))
		}
		s.config.Journal.Append(d)
		return true
	})
	return was
}

// HealAll takes every rule out of force.
func (s *Server) HealAll() {
	for _, id := range s.Armed() {
		s.Heal(id)
	}
}

// Armed lists the ids of the rules in force.
func (s *Server) Armed() (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rules {
		if !slices.Contains(ids, r.ID) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// strikes is the first rule that strikes a question, and writes down that it
// does; nil if none does. Only questions for IPv4 addresses are counted: askers
// ask for both kinds at once, and in any order. What strikes everybody strikes
// the others too.
func (s *Server) strikes(name string, h Host, kind uint16) *armed {
	s.mu.Lock()
	defer s.mu.Unlock()
	counted := kind == dns.TypeA
	if counted {
		s.asked[name]++
	}
	n := s.asked[name]
	for _, r := range s.rules {
		if r.at == h.Endpoint {
			r.asked++
		}
	}
	for _, r := range s.rules {
		switch {
		case r.at != h.Endpoint:
		case !counted:
			if r.Everybody() {
				return r
			}
		case (r.Max <= 0 || r.strikes < r.Max) && r.Due(s.config.Seed, h.Endpoint+"\x00names", n, chaos.QueryKey(n)):
			r.strikes++
			s.config.Journal.Append(evidence.Disturbance{Fault: r.ID, Kind: r.Kind, Phase: evidence.Struck, At: h.Endpoint, Key: chaos.QueryKey(n),
				What: strings.TrimSuffix(name, ".") + " " + r.says()})
			return r
		}
	}
	return nil
}

// says is for people.
func (r *armed) says() string {
	switch n := r.naming; n.Answer {
	case chaos.AnswerUnknown:
		return "is said not to exist (NXDOMAIN)"
	case chaos.AnswerFailure:
		return "cannot be told (SERVFAIL)"
	case chaos.AnswerNone:
		return "is asked for in vain: no answer"
	case chaos.AnswerStale:
		return fmt.Sprintf("is said to be at %s, where nobody is", n.Address)
	case chaos.AnswerLate:
		if n.Hold <= 0 {
			return "is told when it is healed"
		}
		return fmt.Sprintf("is told after %s", n.Hold)
	}
	return ""
}
