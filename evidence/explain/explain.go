// Package explain turns a finding into something a person can act on: the few
// records that show it, the journey of the message as a diagram, why it
// happened, who has to act and how to see it again.
//
// It knows nothing of modes, scenarios or reports. Equal histories give equal
// explanations, byte for byte.
package explain

import (
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
	Steps      []Step   `json:"steps,omitempty"`      // one for each record of the evidence
	Clues      []string `json:"clues,omitempty"`      // what gives the cause away: "no Idempotency-Key"
	NearMisses []string `json:"nearMisses,omitempty"` // what it almost was
	Similar    string   `json:"similar,omitempty"`    // known pattern of defect with this look
	Journey    *Journey `json:"journey,omitempty"`    // nil if the finding is about no message
	Mermaid    string   `json:"mermaid,omitempty"`    // the journey for documents that draw
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
}

// New returns an Explainer for the run of h, whose bundle is in this folder.
func New(h *evidence.History, bundle string) *Explainer {
	x := &Explainer{h: h, bundle: bundle, strikes: map[uint64][]*evidence.DisturbanceView{}, effects: map[uint64]*evidence.EffectView{}}
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

// All explains each of fs and returns them in their order.
func (x *Explainer) All(fs []evidence.Finding) []evidence.Finding {
	out := make([]evidence.Finding, len(fs))
	for i, f := range fs {
		out[i] = x.Finding(f)
	}
	return out
}

// Finding explains f. What its judge has said already stays; findings that
// accuse nobody are returned as they are.
func (x *Explainer) Finding(f evidence.Finding) evidence.Finding {
	if f.Verdict < evidence.Inconclusive {
		return f
	}
	s := x.story(f)
	f.Evidence = s.seqs()
	cause := s.decide(&f)
	f.Requirements = x.requirements(f, s)
	if f.Replay == "" {
		f.Replay = x.replay()
	}
	d := Detail{Clues: s.clues(), NearMisses: append(cause, s.almost()...), Similar: similar(f)}
	for _, seq := range f.Evidence {
		d.Steps = append(d.Steps, Step{seq, s.why(seq)})
	}
	if len(f.Evidence) > 0 {
		j := s.journey(f)
		d.Journey, d.Mermaid = j, j.Mermaid()
		if f.Journey == "" {
			f.Journey = j.Text()
		}
	}
	f.Extra = attach(f.Extra, d)
	f.Expected, f.Got, f.Text = Clean(f.Expected, 1000), Clean(f.Got, 1000), Clean(f.Text, 1000)
	return f
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

// replay is the command that runs the same again.
func (x *Explainer) replay() string {
	if x.bundle == "" {
		return ""
	}
	path := x.bundle
	if strings.ContainsFunc(path, func(c rune) bool { return !strings.ContainsRune("/._-+=:@", c) && !isWord(c) }) {
		path = "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return fmt.Sprintf("andon replay %s", path)
}

func isWord(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
