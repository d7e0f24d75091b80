package inline

import (
	"cmp"
	"slices"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/wire"
	"github.com/andon-rig/andon/simulators"
)

// A Survey is what exchanges exercised of the contracts in force, and what
// they said that no contract declares. It is for one goroutine.
type Survey struct {
	rules   *Rules
	counts  map[*contracts.Half]*count
	outside map[string]*Seen
	looked  int
}

type count struct {
	exchanges int
	used      map[string]bool
	drift     map[string]*Seen
}

// Seen is something that no contract declares.
type Seen struct {
	Contract string `json:"contract,omitempty"` // "" of an exchange that no contract covers
	Half     string `json:"half,omitempty"`
	contracts.Drift
	Count int    `json:"count"` // exchanges that said it
	First string `json:"first"` // the first of them
}

// Outside is the kind of what no contract covers at all.
const Outside = "exchange"

// Kinds are the kinds of parts that documents have.
var Kinds = []string{"interaction", "operation", "field", "value"}

// Exercised is what was exercised of one document in force.
type Exercised struct {
	Contract  string `json:"contract"`
	Half      string `json:"half"`
	Consumer  bool   `json:"consumer,omitempty"`
	Folder    string `json:"folder"`
	Exchanges int    `json:"exchanges"`
	Measured  bool   `json:"measured"` // false if the format cannot say what its parts are
	Parts     []Part `json:"parts"`
}

// A Part is something that a document declares.
type Part struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	Used bool   `json:"used"`
}

// NewSurvey begins a survey of what is in force.
func (r *Rules) NewSurvey() *Survey {
	return &Survey{rules: r, counts: map[*contracts.Half]*count{}, outside: map[string]*Seen{}}
}

// Add counts an exchange, which people find at where.
func (s *Survey) Add(c wire.Crossing, where string) {
	sides, known := s.rules.at[c.Endpoint]
	if !known || c.Name == simulators.TokenName {
		return
	}
	s.looked++
	covered, inside := false, false
	for _, one := range sides {
		x := c.As(one.provider)
		covered = s.add(c, one, c.Name, x, x, where) || covered
		if c.Inside != nil {
			inside = s.add(c, one, c.Inside.Path, c.Enclosed(one.provider), c.Telling(one.provider), where) || inside
		}
	}
	switch {
	case !covered && !inside:
		note(s.outside, Seen{Drift: contracts.Drift{Kind: Outside, Path: c.Endpoint + " " + c.Name, Seen: strings.TrimSpace(c.Exchange.Request.Method + " " + c.Exchange.Request.Path)}, First: where})
	case c.Inside != nil && !inside:
		note(s.outside, Seen{Drift: contracts.Drift{Kind: Outside, Path: c.Endpoint + " " + c.Inside.Path, Seen: "a document in " + c.Name}, First: where})
	}
}

// add counts an exchange, or a document in one, for one contract, and reports
// whether the provider's document is about it.
func (s *Survey) add(c wire.Crossing, one *side, name string, x, tells contracts.Exchange, where string) (covered bool) {
	if !one.concerns(name, x) {
		return false
	}
	j := judgement{Rules: s.rules, side: one, x: x, tells: tells, fromSUT: c.FromSUT}
	if half := one.contract.Half(j.told().version); half != nil {
		covered = s.measure(one, half, x, where)
	}
	for _, h := range one.consumers {
		s.measure(one, h, x, where)
	}
	return covered
}

// measure counts an exchange for one document, and reports whether that is
// about it.
func (s *Survey) measure(one *side, h *contracts.Half, x contracts.Exchange, where string) bool {
	checker, ok := h.Document.(contracts.Checker)
	if !ok {
		return false
	}
	if _, covered := checker.Check(x); !covered {
		return false
	}
	c := s.counts[h]
	if c == nil {
		c = &count{used: map[string]bool{}, drift: map[string]*Seen{}}
		s.counts[h] = c
	}
	c.exchanges++
	if m, ok := h.Document.(contracts.Measurer); ok {
		for _, part := range m.Used(x) {
			c.used[part] = true
		}
	}
	if w, ok := h.Document.(contracts.Watcher); ok {
		for _, d := range w.Undeclared(x) {
			note(c.drift, Seen{Contract: one.contract.ID(), Half: h.ID(), Drift: d, First: where})
		}
	}
	return true
}

func note(into map[string]*Seen, s Seen) {
	key := s.Kind + " " + s.Path
	if into[key] == nil {
		into[key] = &s
	}
	into[key].Count++
}

// Looked is how many exchanges were looked at.
func (s *Survey) Looked() int { return s.looked }

// Coverage is what was exercised of each document in force: the provider's at
// the versions that are in use, and what the consumers in use rely on.
func (s *Survey) Coverage() (all []Exercised) {
	told := map[*contracts.Half]bool{}
	for _, endpoint := range sortedKeys(s.rules.at) {
		for _, one := range s.rules.at[endpoint] {
			for _, version := range one.versions {
				if h := one.contract.Half(version); h != nil && !told[h] {
					told[h] = true
					all = append(all, s.exercised(one, h, false))
				}
			}
			for _, h := range one.consumers {
				if !told[h] {
					told[h] = true
					all = append(all, s.exercised(one, h, true))
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Exercised) int { return cmp.Compare(a.Contract, b.Contract) })
	return all
}

func (s *Survey) exercised(one *side, h *contracts.Half, consumer bool) Exercised {
	e := Exercised{Contract: one.contract.ID(), Half: h.ID(), Consumer: consumer, Folder: h.Folder, Parts: []Part{}}
	c := s.counts[h]
	if c != nil {
		e.Exchanges = c.exchanges
	}
	m, ok := h.Document.(contracts.Measurer)
	if !ok {
		return e
	}
	e.Measured = true
	for _, name := range m.Parts() {
		e.Parts = append(e.Parts, Part{Kind: kindOf(h.Format.Name(), name), Name: name, Used: c != nil && c.used[name]})
	}
	return e
}

// kindOf is what a part is, from how formats write their parts.
func kindOf(format, part string) string {
	switch format {
	case "pact":
		return "interaction"
	case "graphql":
		return coordinateKind(part)
	case "openapi":
		before, body, inBody := strings.Cut(part, " > $")
		switch {
		case inBody && strings.Contains(body, "="):
			return "value"
		case !inBody && len(strings.Fields(before)) == 2:
			return "operation"
		case !inBody && len(strings.Fields(before)) == 3 && !strings.Contains(before, " ?"):
			return "value" // an answer with one of its statuses
		}
		return "field"
	}
	switch {
	case strings.Contains(part, "="):
		return "value"
	case strings.ContainsAny(part, "./"):
		return "field"
	}
	return "operation"
}

// coordinateKind is what a coordinate of a GraphQL schema names.
func coordinateKind(part string) string {
	owner, name, _ := strings.Cut(part, ".")
	switch {
	case strings.Contains(name, "("):
		return "field"
	case owner == "Query" || owner == "Mutation" || owner == "Subscription":
		return "operation"
	case name == strings.ToUpper(name):
		return "value"
	}
	return "field"
}

// Undeclared is what was said that no document in force declares, most often
// first.
func (s *Survey) Undeclared() (all []Seen) {
	for _, c := range s.counts {
		for _, d := range c.drift {
			all = append(all, *d)
		}
	}
	for _, d := range s.outside {
		all = append(all, *d)
	}
	slices.SortFunc(all, func(a, b Seen) int {
		return cmp.Or(cmp.Compare(a.Contract, b.Contract), cmp.Compare(a.Half, b.Half), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Path, b.Path))
	})
	return all
}
