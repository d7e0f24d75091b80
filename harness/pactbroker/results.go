package pactbroker

import (
	"context"
	"fmt"
	"net/http"
)

// A Result is what a version of the provider did by one pact.
type Result struct {
	Version  string // of the provider
	Branch   string // of the provider; "" if it is not told
	Success  bool
	BuildURL string
	Tests    []Test
	Verifier string // version of what has verified
}

// A Test is the outcome of one interaction, by its place in the pact.
type Test struct {
	Interaction int
	Success     bool
	Mismatches  []Mismatch
}

// A Mismatch is one way in which a provider did otherwise.
type Mismatch struct {
	Attribute   string `json:"attribute"`
	Identifier  string `json:"identifier,omitempty"`
	Description string `json:"description"`
}

// PublishResult publishes what came of a pact that was fetched for
// verification. The version of the provider is put on its branch first.
func (c *Client) PublishResult(ctx context.Context, provider string, p Pact, r Result) error {
	if p.results == "" {
		return fmt.Errorf("%s does not say where its results go", p.URL)
	}
	if r.Branch != "" {
		if err := c.branch(ctx, provider, r); err != nil {
			return err
		}
	}
	body := result{Success: r.Success, Version: r.Version, BuildURL: r.BuildURL}
	body.By.Implementation, body.By.Version = "andon", r.Verifier
	for _, t := range r.Tests {
		one := testResult{Success: t.Success, Mismatches: t.Mismatches}
		if t.Interaction < len(p.ids) {
			one.ID = p.ids[t.Interaction]
		}
		body.Tests = append(body.Tests, one)
	}
	return c.call(ctx, http.MethodPost, p.results, body, nil)
}

type result struct {
	Success  bool         `json:"success"`
	Version  string       `json:"providerApplicationVersion"`
	BuildURL string       `json:"buildUrl,omitempty"`
	Tests    []testResult `json:"testResults,omitempty"`
	By       struct {
		Implementation string `json:"implementation"`
		Version        string `json:"version"`
	} `json:"verifiedBy"`
}

type testResult struct {
	ID         string     `json:"interactionId,omitempty"`
	Success    bool       `json:"success"`
	Mismatches []Mismatch `json:"mismatches,omitempty"`
}

// branch puts the version of the provider on its branch.
func (c *Client) branch(ctx context.Context, provider string, r Result) error {
	to, err := c.to(ctx, "pb:pacticipant", map[string]string{"pacticipant": provider})
	if err != nil {
		return err
	}
	var party resource
	if err := c.call(ctx, http.MethodGet, to, nil, &party); err != nil {
		return err
	}
	l, ok := party.Links.at("pb:branch-version")
	if !ok {
		return fmt.Errorf("the broker knows no branches: leave the branch out")
	}
	return c.call(ctx, http.MethodPut, fill(l.Href, map[string]string{"branch": r.Branch, "version": r.Version}), struct{}{}, nil)
}
