package pactcli

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/pact"
)

// An Outcome is what the verifier says of one interaction.
type Outcome struct {
	Interaction *pact.Interaction
	Took        time.Duration // to the verifier's millisecond
	// Breaches say how the provider did otherwise; none if it did as expected.
	Breaches []contracts.Breach
	// Err says why there is no verdict: the provider could not be reached, a
	// state could not be set up, or the verifier has left the interaction out.
	Err error
}

// OK reports whether the provider did what is expected.
func (o Outcome) OK() bool { return o.Err == nil && len(o.Breaches) == 0 }

// errLeftOut is of what the verifier was given and said nothing of.
var errLeftOut = errors.New("the verifier says nothing of it")

// said is what the verifier writes as JSON.
type said struct {
	InteractionResults []struct {
		Description string `json:"description"`
		Duration    string `json:"duration"`
		Result      string `json:"result"`
	} `json:"interactionResults"`
	Errors        []mistake `json:"errors"`
	PendingErrors []mistake `json:"pendingErrors"`
}

// mistake is one interaction that went wrong. Up to verifier 1.3.5 it is told
// apart from the results, in their order.
type mistake struct {
	Interaction string `json:"interaction"`
	Mismatch    struct {
		Type       string     `json:"type"` // mismatches or error
		Message    string     `json:"message"`
		Mismatches []mismatch `json:"mismatches"`
	} `json:"mismatch"`
}

type mismatch struct {
	Type      string `json:"type"` // BodyMismatch, HeaderMismatch, …
	Path      string `json:"path"`
	Key       string `json:"key"`
	Parameter string `json:"parameter"`
	Expected  any    `json:"expected"`
	Actual    any    `json:"actual"`
	Text      string `json:"mismatch"`
}

// outcomes joins what the verifier wrote with the interactions it was given.
func outcomes(text []byte, inside []*pact.Interaction) ([]Outcome, error) {
	var s said
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("read what the verifier wrote: %w", err)
	}
	if len(s.InteractionResults) == 0 && len(s.Errors) > 0 {
		return nil, fmt.Errorf("the verifier verified nothing: %s", plain(s.Errors[0].Interaction+": "+s.Errors[0].Mismatch.Message))
	}
	all := make([]Outcome, len(inside))
	open := map[string][]int{} // by description, in order
	for i, in := range inside {
		all[i] = Outcome{Interaction: in, Err: errLeftOut}
		open[in.Description] = append(open[in.Description], i)
	}
	for _, r := range s.InteractionResults {
		which := open[r.Description]
		if len(which) == 0 {
			return nil, fmt.Errorf("the verifier speaks of %q, which it was not given", r.Description)
		}
		open[r.Description] = which[1:]
		o := &all[which[0]]
		o.Err = nil
		o.Took, _ = time.ParseDuration(r.Duration)
		if r.Result == "OK" {
			continue
		}
		from := &s.Errors
		if o.Interaction.Pending {
			from = &s.PendingErrors
		}
		if len(*from) == 0 || !strings.Contains((*from)[0].Interaction, r.Description) {
			return nil, fmt.Errorf("the verifier says that %q went wrong, and not how", r.Description)
		}
		o.blame((*from)[0])
		*from = (*from)[1:]
	}
	return all, nil
}

func (o *Outcome) blame(m mistake) {
	if m.Mismatch.Type != "mismatches" {
		o.Err = fmt.Errorf("the verifier could not ask: %s", plain(m.Mismatch.Message))
		return
	}
	for _, one := range m.Mismatch.Mismatches {
		o.Breaches = append(o.Breaches, contracts.Breach{
			Reply: true, Path: one.place(), Want: one.want(), Got: clip(value(one.Actual)), Place: o.Interaction.Place,
		})
	}
	if len(o.Breaches) == 0 {
		o.Breaches = []contracts.Breach{{Reply: true, Path: "$", Want: "what the pact says", Got: "something else, of which the verifier says no more", Place: o.Interaction.Place}}
	}
}

func (m mismatch) place() string {
	switch {
	case m.Type == "StatusMismatch":
		return "status"
	case m.Type == "HeaderMismatch":
		return "header " + m.Key
	case m.Type == "MetadataMismatch":
		return "metadata " + m.Key
	case m.Path != "":
		return m.Path
	}
	return "body"
}

// want is the verifier's own sentence where it has one.
func (m mismatch) want() string {
	if m.Type == "StatusMismatch" || m.Text == "" {
		return clip(value(m.Expected))
	}
	return clip(value(m.Expected)) + ": " + plain(m.Text)
}

// value writes an expected or actual value, which is JSON in a text more often
// than not.
func value(v any) string {
	if s, ok := v.(string); ok {
		if s == "" {
			return "nothing"
		}
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

func clip(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:77]) + "..."
	}
	return s
}

var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

func plain(s string) string { return strings.TrimSpace(colour.ReplaceAllString(s, "")) }
