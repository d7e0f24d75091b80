// Package counterpart plays the other side of a contract for whoever develops
// one of the two: a provider that answers as its consumers rely on, or a
// consumer that asks as it has written down.
//
// It keeps no books: what is answered is what the contract says, whatever was
// asked before.
package counterpart

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/graphql"
	"github.com/andon-rig/andon/contracts/openapi"
	"github.com/andon-rig/andon/contracts/pact"
)

// Headers of the provider's side.
const (
	// StateHeader of a request chooses among interactions that are asked for
	// alike: the one with this provider state.
	StateHeader = "X-Andon-State"
	// AnswerHeader of an answer names the interaction that it is from.
	AnswerHeader = "X-Andon-Interaction"
)

// refused is the status of what no contract covers. It is none that a
// provider would answer.
const refused = http.StatusNotImplemented

// maxBody bounds a request.
const maxBody = 8 << 20

// A Provider answers requests as contracts say. It implements [http.Handler].
type Provider struct {
	Documents []contracts.Document
	// GraphQL is the path that GraphQL is spoken at.
	GraphQL string
	// See is told of every request, one at a time is not promised; nil for nobody.
	See func(Served)
}

// Served is one request and what became of it.
type Served struct {
	Asked   string `json:"asked"`                 // "GET /orders/1"
	By      string `json:"interaction,omitempty"` // interaction or operation that answered; "" if none did
	Status  int    `json:"status"`
	Nearest string `json:"nearest,omitempty"` // why none did, in short
}

// refusal explains why nothing covers a request.
type refusal struct {
	Error   string       `json:"error"`
	Asked   string       `json:"asked"`
	Nearest []nearMisses `json:"nearest"`
}

type nearMisses struct {
	Interaction string             `json:"interaction"`
	At          string             `json:"at,omitempty"`
	Breaches    []contracts.Breach `json:"breaches"`
}

// ServeHTTP implements [http.Handler].
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the request is too large or broke off", http.StatusRequestEntityTooLarge)
		return
	}
	state := r.Header.Get(StateHeader)
	asked := contracts.Part{Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Headers: r.Header, Body: body}
	s := Served{Asked: r.Method + " " + r.URL.RequestURI()}
	reply, by, near := p.answer(asked, state)
	if by == "" {
		s.Status, s.Nearest = refused, inShort(near)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(refused)
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		_ = e.Encode(refusal{"no interaction covers this request", s.Asked, near})
		p.tell(s)
		return
	}
	for name, values := range reply.Headers {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	w.Header().Set(AnswerHeader, by)
	s.By, s.Status = by, max(reply.Status, 200)
	w.WriteHeader(s.Status)
	if s.Status != http.StatusNoContent && s.Status != http.StatusNotModified && r.Method != http.MethodHead {
		_, _ = w.Write(reply.Body)
	}
	p.tell(s)
}

func (p *Provider) tell(s Served) {
	if p.See != nil {
		p.See(s)
	}
}

// answer is what the first document says that covers the request.
func (p *Provider) answer(asked contracts.Part, state string) (reply contracts.Part, by string, near []nearMisses) {
	for _, d := range p.Documents {
		switch d := d.(type) {
		case *pact.Document:
			fits, misses := d.Asked(asked)
			if in, why := chosen(fits, state); in != nil {
				filled, _ := in.Fill(pact.Values{})
				return filled.Response.Exchange(), in.Name(), nil
			} else if why != "" {
				near = append(near, nearMisses{Interaction: fits[0].Name(), At: fits[0].Place.String(), Breaches: []contracts.Breach{{Path: "header " + StateHeader, Want: why, Got: state}}})
			}
			for _, m := range misses {
				for i := range m.Breaches {
					m.Breaches[i].Place = contracts.Place{} // told once, beside the name
				}
				near = append(near, nearMisses{m.Interaction.Name(), m.Interaction.Place.String(), m.Breaches})
			}
		case *openapi.Document:
			answer, found, covered := d.Answer(asked)
			if covered && len(found) == 0 {
				return answer, asked.Method + " " + asked.Path, nil
			}
			if covered {
				near = append(near, nearMisses{asked.Method + " " + asked.Path, found[0].Place.String(), found})
			}
		case *graphql.Schema:
			if asked.Path != p.GraphQL {
				continue
			}
			answer, found, covered := d.Answer(asked)
			if covered && len(found) == 0 {
				return answer, "graphql", nil
			}
			near = append(near, nearMisses{"graphql", "", found})
		}
	}
	return reply, "", near
}

// chosen is the interaction that is meant: by its state if one is named,
// otherwise the first.
func chosen(fits []*pact.Interaction, state string) (*pact.Interaction, string) {
	if len(fits) == 0 {
		return nil, ""
	}
	if state == "" {
		return fits[0], ""
	}
	var known []string
	for _, in := range fits {
		for _, s := range in.States {
			if s.Name == state {
				return in, ""
			}
			known = append(known, fmt.Sprintf("%q", s.Name))
		}
	}
	slices.Sort(known)
	if len(known) == 0 {
		return nil, "none, as no interaction that is asked for like this has a state"
	}
	return nil, "one of " + strings.Join(slices.Compact(known), ", ")
}

// inShort tells the nearest miss in a line.
func inShort(near []nearMisses) string {
	if len(near) == 0 {
		return "no contract knows anything like it"
	}
	n := near[0]
	if len(n.Breaches) == 0 {
		return "nearest is " + n.Interaction
	}
	b := n.Breaches[0]
	s := fmt.Sprintf("nearest is %q: %s: want %s, got %s", n.Interaction, b.Path, b.Want, b.Got)
	if len(n.Breaches) > 1 {
		s += fmt.Sprintf(" (and %d more)", len(n.Breaches)-1)
	}
	return s
}
