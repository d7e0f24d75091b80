package pactbroker

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
)

// A Publication is the pacts of one version of a consumer.
type Publication struct {
	Consumer, Version string
	Branch            string
	Tags              []string
	BuildURL          string
	// Merge adds interactions to those that were published for the version
	// before, instead of replacing them.
	Merge bool
	Pacts []Contract
}

// A Contract is the text of a pact with one provider.
type Contract struct {
	Provider string
	Text     []byte
}

// A Notice is what a broker says for people.
type Notice struct {
	Type string `json:"type,omitempty"` // debug, success, prompt, warning, error
	When string `json:"when,omitempty"` // before_verification and the like
	Text string `json:"text"`
}

// publish is the body of a publication.
type publish struct {
	Name      string     `json:"pacticipantName"`
	Version   string     `json:"pacticipantVersionNumber"`
	Branch    string     `json:"branch,omitempty"`
	Tags      []string   `json:"tags,omitempty"`
	BuildURL  string     `json:"buildUrl,omitempty"`
	Contracts []contract `json:"contracts"`
}

type contract struct {
	Consumer      string `json:"consumerName"`
	Provider      string `json:"providerName"`
	Specification string `json:"specification"`
	ContentType   string `json:"contentType"`
	Content       string `json:"content"`
	OnConflict    string `json:"onConflict"`
}

// Publish publishes pacts and returns what the broker says.
func (c *Client) Publish(ctx context.Context, p Publication) ([]Notice, error) {
	to, err := c.to(ctx, "pb:publish-contracts", nil)
	if err != nil {
		return nil, err
	}
	body := publish{Name: p.Consumer, Version: p.Version, Branch: p.Branch, Tags: p.Tags, BuildURL: p.BuildURL}
	conflict := "overwrite"
	if p.Merge {
		conflict = "merge"
	}
	for _, one := range p.Pacts {
		body.Contracts = append(body.Contracts, contract{p.Consumer, one.Provider, "pact", "application/json", base64.StdEncoding.EncodeToString(one.Text), conflict})
	}
	var answer struct {
		Notices []Notice `json:"notices"`
	}
	err = c.call(ctx, http.MethodPost, to, body, &answer)
	return answer.Notices, err
}

// A Choice says which pacts a provider is verified by.
type Choice struct {
	Provider string
	// Selectors of versions of consumers, as the broker has them; none are
	// the latest of each consumer's main branch and all that are deployed or
	// released.
	Selectors []Selector
	// Branch of the provider; pacts are pending by branch.
	Branch string
	// Pending has the broker say which pacts may still fail.
	Pending bool
	// WIPSince, a day, adds pacts of other branches since then, which may fail.
	WIPSince string
}

// A Selector chooses versions of consumers.
type Selector struct {
	Consumer           string `json:"consumer,omitempty"`
	Branch             string `json:"branch,omitempty"`
	Tag                string `json:"tag,omitempty"`
	Latest             bool   `json:"latest,omitempty"`
	MainBranch         bool   `json:"mainBranch,omitempty"`
	MatchingBranch     bool   `json:"matchingBranch,omitempty"`
	Deployed           bool   `json:"deployed,omitempty"`
	Released           bool   `json:"released,omitempty"`
	DeployedOrReleased bool   `json:"deployedOrReleased,omitempty"`
	Environment        string `json:"environment,omitempty"`
}

// A Pact is one that a provider is to be verified by.
type Pact struct {
	Name    string // "Pact between mes-line1 (1.0.0) and erp-orders"
	URL     string
	Text    []byte
	Pending bool // it may fail: the provider has never kept it
	WIP     bool
	Notices []Notice
	Version string // of the consumer, "" if the broker does not say
	results string // where results go
	ids     []string
}

// ForVerification fetches the pacts of a choice. None is no error: the broker
// knows of no consumer, and nothing is shown.
func (c *Client) ForVerification(ctx context.Context, ch Choice) ([]Pact, error) {
	to, err := c.to(ctx, "pb:provider-pacts-for-verification", map[string]string{"provider": ch.Provider})
	if err != nil {
		return nil, err
	}
	selectors := ch.Selectors
	if len(selectors) == 0 {
		selectors = []Selector{{MainBranch: true}, {DeployedOrReleased: true}}
	}
	var answer struct {
		Embedded struct {
			Pacts []struct {
				Properties struct {
					Pending bool     `json:"pending"`
					WIP     bool     `json:"wip"`
					Notices []Notice `json:"notices"`
				} `json:"verificationProperties"`
				resource
			} `json:"pacts"`
		} `json:"_embedded"`
	}
	if err := c.call(ctx, http.MethodPost, to, verification{ch.Pending, ch.WIPSince, selectors, ch.Branch}, &answer); err != nil {
		return nil, err
	}
	var all []Pact
	for _, one := range answer.Embedded.Pacts {
		self, ok := one.Links.at("self")
		if !ok {
			return nil, fmt.Errorf("the broker names a pact and not where it is")
		}
		p := Pact{Name: self.Name, URL: self.Href, Pending: one.Properties.Pending, WIP: one.Properties.WIP, Notices: one.Properties.Notices}
		if err := c.fetch(ctx, &p); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

type verification struct {
	Pending   bool       `json:"includePendingStatus"`
	WIPSince  string     `json:"includeWipPactsSince,omitempty"`
	Selectors []Selector `json:"consumerVersionSelectors"`
	Branch    string     `json:"providerVersionBranch,omitempty"`
}

// fetch reads the text of a pact.
func (c *Client) fetch(ctx context.Context, p *Pact) (err error) {
	if p.Text, err = c.raw(ctx, http.MethodGet, p.URL, nil); err != nil {
		return err
	}
	var file struct {
		Interactions []struct {
			ID string `json:"_id"`
		} `json:"interactions"`
		resource
	}
	if err := json.Unmarshal(p.Text, &file); err != nil {
		return fmt.Errorf("%s: is no pact: %w", p.URL, err)
	}
	for _, in := range file.Interactions {
		p.ids = append(p.ids, in.ID)
	}
	if l, ok := file.Links.at("pb:publish-verification-results"); ok {
		p.results = l.Href
	}
	if l, ok := file.Links.at("pb:consumer-version"); ok {
		p.Version = l.Name
	}
	return nil
}
