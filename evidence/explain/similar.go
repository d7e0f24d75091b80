package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Likeness is a known pattern of defect that a finding looks like.
type Likeness struct {
	ID      string `json:"id"`      // in the catalogue of defects: "M01"
	Name    string `json:"name"`    // what such a build does
	Because string `json:"because"` // what of the finding it shares
	Remedy  string `json:"remedy"`
	Score   int    `json:"score"` // comparable within one finding only
}

// String is the likeness in one line: "M01 retries a posting without a key".
func (l Likeness) String() string { return l.ID + " " + l.Name }

// A pattern is what a defect that was seen in real integrations looks like from
// outside. Only rules are proof; the rest says which of several is likelier.
type pattern struct {
	id, name string
	rules    string // of findings, any of which it shows; "O12/never-sent" for one oracle's
	oracles  string // that usually speak besides
	faults   string // kinds, one of which must have struck nearby; "" if it needs none
	kinds    string // of facts it strikes; "" for any
	fields   string // that differ; "" for any
	keys     string // of repeated attempts: "none", "new" or "same"; "" for any
	remedy   string
}

// symptoms is what a finding shows together with what is folded under it.
type symptoms struct {
	rules  []string // "O1/retry-without-key"
	faults []string // kinds that struck in the evidence, and what ended the SUT
	kinds  []string // of the facts
	fields []string // in which postings differ
	keys   []string // what repeated attempts did with their idempotency keys
}

// Weights of what a pattern and a finding share, and what they must reach.
const (
	weighRule, weighMore   = 6, 1
	weighFault, weighTrait = 2, 2
	weighOracle            = 1
	enough                 = 5
	mostAlike              = 3
)

// symptoms collects what is known of a finding that has been explained.
func (x *Explainer) symptoms(f evidence.Finding) (s symptoms) {
	if f.Verdict < evidence.Inconclusive {
		return s
	}
	s.rules = []string{f.ID + "/" + f.Rule}
	fact := x.h.Fact(f.Fact)
	if fact != nil {
		s.kinds = note(s.kinds, string(fact.Event.Fact.Kind()))
		for _, d := range fact.Disturbances {
			s.faults = note(s.faults, d.Kind)
		}
		s.keys = keysOf(fact.Attempts)
		for _, n := range fact.Near {
			s.fields = note(s.fields, n.Field)
		}
		for _, e := range fact.Effects {
			for _, d := range evidence.Compare(x.measure, fact.Event, e.Posting.Claim) {
				s.fields = note(s.fields, d.Field)
			}
		}
	}
	for _, seq := range f.Evidence {
		r, _ := x.h.Record(seq)
		switch b := r.Body.(type) {
		case evidence.Disturbance:
			s.faults = note(s.faults, b.Kind)
		case evidence.Offer:
			for _, d := range x.strikes[b.ID] {
				s.faults = note(s.faults, d.Kind)
			}
		case evidence.Attempt:
			for _, d := range x.strikes[b.ID] {
				s.faults = note(s.faults, d.Kind)
			}
			if code := b.Heard.Status; code == 429 || code == 503 || code == 401 || code == 207 {
				s.faults = note(s.faults, fmt.Sprint(code))
			}
			if b.Heard.Status/100 == 2 && !b.Heard.Outcome.Took() {
				s.faults = note(s.faults, "2xx") // a failure under a good status
			}
		case evidence.Step:
			switch b.Name {
			case "sut.kill", "sut.exit":
				s.faults = note(s.faults, "sut-kill")
			case "sut.stop":
				s.faults = note(s.faults, "sut-restart")
			}
		case evidence.Truth:
			s.kinds = note(s.kinds, string(b.Event.Fact.Kind()))
			if b.Event.Fact.Kind() == plant.KindLotHeld {
				s.faults = note(s.faults, "hold")
			}
		}
	}
	return s
}

// keysOf says what the SUT's own attempts for a fact did with their keys.
func keysOf(attempts []*evidence.AttemptView) (keys []string) {
	var last *evidence.AttemptView
	for _, t := range attempts {
		if t.Copy {
			continue
		}
		if last != nil {
			switch {
			case t.IdemKey == "":
				keys = note(keys, "none")
			case t.IdemKey == last.IdemKey:
				keys = note(keys, "same")
			default:
				keys = note(keys, "new")
			}
		}
		last = t
	}
	return keys
}

func note(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// add takes over what a consequence shows: its rule. Its faults and fields are
// those of the facts it has in common with its cause.
func (s *symptoms) add(o symptoms) {
	for _, r := range o.rules {
		s.rules = note(s.rules, r)
	}
}

// similar ranks the patterns a finding looks like; none if nothing fits.
func similar(s symptoms) (out []Likeness) {
	for _, p := range patterns {
		score, because := p.score(s)
		if score >= enough {
			out = append(out, Likeness{p.id, p.name, because, p.remedy, score})
		}
	}
	slices.SortStableFunc(out, func(a, b Likeness) int { return cmp.Compare(b.Score, a.Score) })
	for i, l := range out {
		if i == mostAlike || l.Score < out[0].Score-weighFault {
			return out[:i]
		}
	}
	return out
}

// score says how like the symptoms are to the pattern, and what they share.
func (p pattern) score(s symptoms) (score int, because string) {
	var shared []string
	for i, seen := range s.rules {
		oracle, rule, _ := strings.Cut(seen, "/")
		switch {
		case !slices.ContainsFunc(strings.Fields(p.rules), func(want string) bool { return want == rule || want == seen }):
			if slices.Contains(strings.Fields(p.oracles), oracle) {
				score += weighOracle
			}
			continue
		case i == 0: // of the finding itself
			score += weighRule
		case score < weighRule:
			score += weighRule - weighMore
		default:
			score += weighMore
		}
		shared = note(shared, "rule "+rule)
	}
	if len(shared) == 0 {
		return 0, ""
	}
	for _, trait := range []struct {
		want   string
		got    []string
		name   string
		weight int
	}{
		{p.keys, s.keys, "idempotency key: ", weighTrait}, {p.faults, s.faults, "under ", weighFault},
		{p.kinds, s.kinds, "of ", weighTrait}, {p.fields, s.fields, "in ", weighTrait},
	} {
		if trait.want == "" {
			continue
		}
		i := slices.IndexFunc(strings.Fields(trait.want), func(w string) bool { return slices.Contains(trait.got, w) })
		if i < 0 {
			score -= trait.weight
			continue
		}
		score += trait.weight
		shared = append(shared, trait.name+strings.Fields(trait.want)[i])
	}
	return score, strings.Join(shared, ", ")
}
