// Package explain turns a finding into something a person can act on: the few
// records that show it, the journey of the message as a diagram, why it
// happened, who has to act and how to see it again.
//
// It knows nothing of modes, scenarios or reports. Equal histories give equal
// explanations, byte for byte.
package explain

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/evidence"
)

// Most is how many records a finding may show.
const Most = 10

// A Detail is what an explanation adds to the fields of a finding. It is kept
// in the finding's Extra, under "explain".
type Detail struct {
	ID           string        `json:"id"`                     // the same in every run of the scenario: "F-1f0c33a2"
	Cause        *Cause        `json:"cause,omitempty"`        // what it is a consequence of; nil if it stands for itself
	Consequences []Consequence `json:"consequences,omitempty"` // findings that are folded under it
	Steps        []Step        `json:"steps,omitempty"`        // one for each record of the evidence
	Clues        []string      `json:"clues,omitempty"`        // what gives the cause away: "no Idempotency-Key"
	NearMisses   []string      `json:"nearMisses,omitempty"`   // what it almost was
	Similar      []Likeness    `json:"similar,omitempty"`      // known patterns of defects with this look, likest first
	Journey      *Journey      `json:"journey,omitempty"`      // nil if the finding is about no message
	Mermaid      string        `json:"mermaid,omitempty"`      // the journey for documents that draw
	ReplayKey    string        `json:"replayKey,omitempty"`    // command that runs only this fact again
	Shrink       string        `json:"shrink,omitempty"`       // command that finds the smallest run that shows it
}

// A Cause is the finding that another one follows from.
type Cause struct {
	ID  string `json:"id"`
	Why string `json:"why"` // what the two share
}

// A Consequence is a finding folded under its cause.
type Consequence struct {
	ID     string `json:"id"`
	Oracle string `json:"oracle"` // what it protects: "conservation"
	Number string `json:"number"` // in the catalogue: "O4"
	Rule   string `json:"rule,omitempty"`
	Count  int    `json:"count"` // how many findings it stands for
	Why    string `json:"why"`
}

// A Step says why a record is part of the evidence.
type Step struct {
	Seq uint64 `json:"seq"`
	Why string `json:"why"`
}

// An Explainer explains the findings of one run.
type Explainer struct {
	h       *evidence.History
	bundle  string
	strikes map[uint64][]*evidence.DisturbanceView // by the message they touched
	effects map[uint64]*evidence.EffectView        // by sequence number
	measure *evidence.Measure
}

// New returns an Explainer for the run of h, whose bundle is in this folder.
func New(h *evidence.History, bundle string) *Explainer {
	x := &Explainer{h: h, bundle: bundle, measure: evidence.NewMeasure(h), strikes: map[uint64][]*evidence.DisturbanceView{}, effects: map[uint64]*evidence.EffectView{}}
	for _, d := range h.Disturbances {
		if d.Phase == evidence.Struck && d.Message != 0 {
			x.strikes[d.Message] = append(x.strikes[d.Message], d)
		}
	}
	for _, e := range h.Effects {
		x.effects[e.Seq] = e
	}
	return x
}

// All explains each of fs, what its judges found in one run, and returns them
// in their order. What follows from another finding is put under it; nothing
// is left out, and no verdict changes.
func (x *Explainer) All(fs []evidence.Finding) []evidence.Finding {
	cause, why := link(x.h, fs)
	ids := x.ids(fs)
	details := make([]Detail, len(fs))
	out := make([]evidence.Finding, len(fs))
	seen := make([]symptoms, len(fs))
	for i, f := range fs {
		out[i], details[i] = x.explain(f)
		details[i].ID = ids[i]
		seen[i] = x.symptoms(out[i])
	}
	for i, f := range fs {
		if c := cause[i]; c != i {
			details[i].Cause = &Cause{ids[c], why[i]}
			details[c].Consequences = append(details[c].Consequences, Consequence{ids[i], f.Oracle, f.ID, f.Rule, max(f.Count, 1), why[i]})
			seen[c].add(seen[i])
		}
	}
	for i, f := range fs {
		if f.Verdict < evidence.Inconclusive {
			continue
		}
		if f.Verdict == evidence.Violated && cause[i] == i {
			details[i].Similar = similar(seen[i])
		}
		out[i].Extra = attach(out[i].Extra, details[i])
	}
	return out
}

// ids names findings so that another run of the scenario gives them the same
// names: by what is protected, where, and the rule.
func (x *Explainer) ids(fs []evidence.Finding) []string {
	ids, times := make([]string, len(fs)), map[string]int{}
	for i, f := range fs {
		sum := sha256.Sum256(fmt.Append(nil, x.h.Plan.Scenario, "\x00", f.Oracle, "\x00", f.ID, "\x00", f.Rule, "\x00", f.Fact, "\x00", f.Keys))
		ids[i] = fmt.Sprintf("F-%x", sum[:4])
		if times[ids[i]]++; times[ids[i]] > 1 {
			ids[i] += fmt.Sprintf("-%d", times[ids[i]])
		}
	}
	return ids
}

// Finding explains f by itself. What its judge has said already stays;
// findings that accuse nobody are returned as they are.
func (x *Explainer) Finding(f evidence.Finding) evidence.Finding {
	return x.All([]evidence.Finding{f})[0]
}

// explain explains f but for what it has to do with other findings.
func (x *Explainer) explain(f evidence.Finding) (evidence.Finding, Detail) {
	if f.Verdict < evidence.Inconclusive {
		return f, Detail{}
	}
	s := x.story(f)
	f.Evidence = s.seqs()
	cause := s.decide(&f)
	f.Requirements = x.requirements(f, s)
	if f.Replay == "" {
		f.Replay = x.command("replay")
	}
	d := Detail{Clues: s.clues(), NearMisses: append(cause, s.almost()...)}
	if f.Verdict == evidence.Violated {
		if f.Fact != "" {
			d.ReplayKey = x.command("replay", "--key", string(f.Fact))
		}
		d.Shrink = x.command("shrink", "--oracle", f.Oracle)
	}
	for _, seq := range f.Evidence {
		d.Steps = append(d.Steps, Step{seq, s.why(seq)})
	}
	if len(f.Evidence) > 0 {
		d.Journey = s.journey(f)
		d.Mermaid = d.Journey.Mermaid()
		if f.Journey == "" {
			f.Journey = d.Journey.Text()
		}
	}
	f.Expected, f.Got, f.Text = Clean(f.Expected, 1000), Clean(f.Got, 1000), Clean(f.Text, 1000)
	return f, d
}

// DetailOf returns what an explanation has added to f; the zero Detail if f
// was never explained.
func DetailOf(f evidence.Finding) Detail {
	var e struct {
		Explain Detail `json:"explain"`
	}
	if err := json.Unmarshal(f.Extra, &e); err != nil {
		return Detail{}
	}
	return e.Explain
}

// attach puts d beside what a judge has left in Extra.
func attach(extra json.RawMessage, d Detail) json.RawMessage {
	fields := map[string]any{}
	if len(extra) > 0 {
		var judge map[string]json.RawMessage
		if json.Unmarshal(extra, &judge) == nil {
			for k, v := range judge {
				fields[k] = v
			}
		} else {
			fields["judge"] = extra
		}
	}
	fields["explain"] = d
	b, err := json.Marshal(fields)
	if err != nil {
		return extra
	}
	return b
}

// requirements names whom the finding concerns: the judge's own, those of the
// faults that touched the evidence, and the scenario's.
func (x *Explainer) requirements(f evidence.Finding, s *story) []string {
	ids := slices.Clone(f.Requirements)
	add := func(more []string) {
		for _, id := range more {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	for _, p := range x.h.Plan.Faults {
		if slices.Contains(s.faults(), p.ID) {
			add(p.Requirements)
		}
	}
	add(x.h.Plan.Requirements)
	return ids
}

// command is what to type to have something done with the run; "" if the run
// was not kept.
func (x *Explainer) command(name string, args ...string) string {
	if x.bundle == "" {
		return ""
	}
	text := "andon " + name + " " + shell(x.bundle)
	for _, a := range args {
		text += " " + shell(a)
	}
	return text
}

// shell quotes an argument if it has to be.
func shell(s string) string {
	if s = Clean(s, 400); !strings.ContainsFunc(s, func(c rune) bool { return !strings.ContainsRune("/._-+=:@", c) && !isWord(c) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func isWord(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
