// Package record writes pacts from exchanges that were seen: what a consumer
// asked, and what it was answered, with rules as loose as what was seen.
//
// It knows exchanges and the form of pacts, and nothing of runs and journals.
//
// What is written holds for everything that it was written from. It says less
// than a person would who knows what the consumer reads: everything that was
// in all replies is asked for, by its type and, where it looks like one, by its
// format. Take out of it what the consumer does not need.
package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/pact"
)

// State is the provider state of what is recorded. Its parameters are what the
// request names.
const State = "what the request names is there"

// A Seen is one exchange and what it is called: "confirmations".
type Seen struct {
	Name     string
	Exchange contracts.Exchange
}

// Options say between whom the pact is, and where it comes from.
type Options struct {
	Consumer, Provider string
	From               string // for people: "run 20261120-140000/CNF-02-4711"
	// Redact takes secrets out of a body; nil if there are none.
	Redact func([]byte) []byte
}

// A Recording is a pact with what became of the exchanges.
type Recording struct {
	Text         []byte
	Interactions []string // their descriptions
	Used         int      // exchanges that it was written from
	Left         []Left   // those that it was not, by reason
}

// Left is a reason to leave exchanges out, and how many there were.
type Left struct {
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

// ErrNothing says that no exchange can be recorded.
var ErrNothing = errors.New("no exchange can be recorded")

// Write writes a pact, version 4, of the exchanges. Requests of the consumer
// become interactions over HTTP, announcements of the provider messages.
func Write(all []Seen, o Options) (Recording, error) {
	var r Recording
	groups, left := group(all, o.Redact)
	r.Left = left
	file := pactFile{Consumer: party{o.Consumer}, Provider: party{o.Provider}}
	file.Metadata.Specification.Version = "4.0"
	file.Metadata.Andon.From = o.From
	for _, g := range groups {
		in := g.interaction()
		file.Interactions = append(file.Interactions, in)
		r.Interactions = append(r.Interactions, g.description)
		r.Used += len(g.seen)
	}
	if len(groups) == 0 {
		return r, fmt.Errorf("%w: %s", ErrNothing, reasons(left))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(file); err != nil {
		return r, fmt.Errorf("write the pact: %w", err)
	}
	r.Text = b.Bytes()
	return r, r.check(groups, o)
}

// check reads what was written and holds against it what it was written from.
func (r Recording) check(groups []*grouped, o Options) error {
	read, err := pact.Format{}.Read([]contracts.File{{Name: o.Consumer + "-" + o.Provider + ".json", Data: r.Text}})
	if err != nil {
		return fmt.Errorf("read what was recorded: %w", err)
	}
	d := read.(*pact.Document)
	for _, g := range groups {
		for _, x := range g.seen {
			if found, covered := d.Check(x); !covered || len(found) > 0 {
				return fmt.Errorf("what was recorded of %s does not hold for all of it: %v", g.description, found)
			}
		}
	}
	return nil
}

func reasons(left []Left) string {
	if len(left) == 0 {
		return "there is none"
	}
	var all []string
	for _, l := range left {
		all = append(all, fmt.Sprintf("%d %s", l.Count, l.Reason))
	}
	return strings.Join(all, ", ")
}

// The form of a pact, with its keys in a stable order.
type (
	pactFile struct {
		Consumer     party         `json:"consumer"`
		Provider     party         `json:"provider"`
		Interactions []interaction `json:"interactions"`
		Metadata     struct {
			Specification struct {
				Version string `json:"version"`
			} `json:"pactSpecification"`
			Andon struct {
				From string `json:"recordedFrom"`
			} `json:"andon"`
		} `json:"metadata"`
	}
	party struct {
		Name string `json:"name"`
	}
	interaction struct {
		Type        string         `json:"type"`
		Description string         `json:"description"`
		States      []state        `json:"providerStates,omitempty"`
		Request     *part          `json:"request,omitempty"`
		Response    *part          `json:"response,omitempty"`
		Contents    *body          `json:"contents,omitempty"`
		Metadata    map[string]any `json:"metadata,omitempty"`
		Rules       map[string]any `json:"matchingRules,omitempty"`
		Comments    *comments      `json:"comments,omitempty"`
		Pending     bool           `json:"pending"`
	}
	state struct {
		Name   string         `json:"name"`
		Params map[string]any `json:"params,omitempty"`
	}
	part struct {
		Method  string              `json:"method,omitempty"`
		Path    string              `json:"path,omitempty"`
		Query   map[string][]string `json:"query,omitempty"`
		Status  int                 `json:"status,omitempty"`
		Headers map[string][]string `json:"headers,omitempty"`
		Body    *body               `json:"body,omitempty"`
		Rules   map[string]any      `json:"matchingRules,omitempty"`
	}
	body struct {
		Content     any    `json:"content"`
		ContentType string `json:"contentType"`
		Encoded     any    `json:"encoded"`
	}
	comments struct {
		Text []string `json:"text"`
	}
)

// matchers writes a rule.
func matchers(or bool, list ...map[string]any) map[string]any {
	combine := "AND"
	if or {
		combine = "OR"
	}
	return map[string]any{"combine": combine, "matchers": list}
}

func matcher(kind string) map[string]any { return map[string]any{"match": kind} }

func regex(pattern string) map[string]any {
	return map[string]any{"match": "regex", "regex": pattern}
}

// sorted are the keys of a map.
func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
