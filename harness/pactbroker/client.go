// Package pactbroker is a client of a Pact Broker: it fetches pacts that a
// provider is to be verified by, publishes pacts, and publishes results.
//
// Nothing in Andon needs a broker. Contracts live in a folder; teams that have
// a broker may have it as a source and as a sink.
package pactbroker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Variables name the environment variables that hold credentials, as other
// clients of a broker know them.
const (
	TokenVariable    = "PACT_BROKER_TOKEN"
	UserVariable     = "PACT_BROKER_USERNAME"
	PasswordVariable = "PACT_BROKER_PASSWORD"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// A Client talks to one broker. It follows links and redirects within the
// broker's host only, so that credentials go nowhere else.
type Client struct {
	base  *url.URL
	http  *http.Client
	env   func(string) string
	index map[string]link // once it was asked for
}

// New returns a client of the broker at address.
func New(address string, env func(string) string) (*Client, error) {
	u, err := url.Parse(strings.TrimSuffix(address, "/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no address of a Pact Broker; write http://… or https://…", address)
	}
	if u.User != nil {
		return nil, fmt.Errorf("credentials do not belong into an address, where others see them; set %s, or %s and %s", TokenVariable, UserVariable, PasswordVariable)
	}
	c := &Client{base: u, env: env}
	c.http = &http.Client{Timeout: time.Minute, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if err := c.here(r.URL); err != nil {
			return err
		}
		if len(via) > 5 {
			return errors.New("it sends from one address to the next")
		}
		return nil
	}}
	return c, nil
}

// here refuses addresses of other hosts.
func (c *Client) here(u *url.URL) error {
	if u.Scheme != c.base.Scheme || u.Host != c.base.Host {
		return fmt.Errorf("it points to another host, %s://%s, where your credentials do not belong", u.Scheme, u.Host)
	}
	return nil
}

// A link is one of HAL. Templated ones have {names} in them.
type link struct {
	Href      string `json:"href"`
	Title     string `json:"title"`
	Name      string `json:"name"`
	Templated bool   `json:"templated"`
}

// links are those of a resource; curies and other lists are not ours.
type links map[string]json.RawMessage

func (l links) at(rel string) (link, bool) {
	var one link
	if l[rel] == nil || json.Unmarshal(l[rel], &one) != nil || one.Href == "" {
		return one, false
	}
	return one, true
}

// resource is what all answers of a broker have.
type resource struct {
	Links links `json:"_links"`
}

// to is the address of a relation of the index, with its names filled in.
func (c *Client) to(ctx context.Context, rel string, names map[string]string) (string, error) {
	if c.index == nil {
		var root resource
		if err := c.call(ctx, http.MethodGet, c.base.String()+"/", nil, &root); err != nil {
			return "", err
		}
		c.index = map[string]link{}
		for r := range root.Links {
			if l, ok := root.Links.at(r); ok {
				c.index[r] = l
			}
		}
	}
	l, ok := c.index[rel]
	if !ok {
		return "", fmt.Errorf("%s has no %s: it is no Pact Broker, or older than that", c.base, rel)
	}
	return fill(l.Href, names), nil
}

func fill(template string, names map[string]string) string {
	for name, value := range names {
		template = strings.ReplaceAll(template, "{"+name+"}", url.PathEscape(value))
	}
	return template
}

// call asks the broker, and reads its answer into out, if that is not nil.
func (c *Client) call(ctx context.Context, method, address string, body, out any) error {
	b, err := c.raw(ctx, method, address, body)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("the Pact Broker: %s %s: it answers no JSON: %w", method, address, err)
	}
	return nil
}

func (c *Client) raw(ctx context.Context, method, address string, body any) ([]byte, error) {
	fail := func(err error) ([]byte, error) {
		return nil, fmt.Errorf("the Pact Broker: %s %s: %w", method, address, err)
	}
	u, err := c.base.Parse(address)
	if err != nil {
		return fail(err)
	}
	if err := c.here(u); err != nil {
		return fail(err)
	}
	var sent io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return fail(err)
		}
		sent = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), sent)
	if err != nil {
		return fail(err)
	}
	req.Header.Set("Accept", "application/hal+json, application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	c.authorize(req)
	resp, err := c.http.Do(req)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err // the address is told already
		}
		return fail(err)
	}
	defer resp.Body.Close()
	return c.read(resp, fail)
}

func (c *Client) authorize(r *http.Request) {
	if token := c.env(TokenVariable); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	} else if user := c.env(UserVariable); user != "" {
		r.SetBasicAuth(user, c.env(PasswordVariable))
	}
}

// read takes the body of an answer, or says what is wrong with it.
func (c *Client) read(resp *http.Response, fail func(error) ([]byte, error)) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return fail(err)
	}
	if len(b) > maxAnswer {
		return fail(fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20))
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	isJSON := media == "application/json" || strings.HasSuffix(media, "+json")
	switch {
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return fail(fmt.Errorf("it answers %s; set %s, or %s and %s", resp.Status, TokenVariable, UserVariable, PasswordVariable))
	case resp.StatusCode/100 != 2:
		return fail(fmt.Errorf("it answers %s%s", resp.Status, reason(b, isJSON)))
	case !isJSON && len(b) > 0:
		return fail(fmt.Errorf("it answers %q, as no Pact Broker does; is the address right?", media))
	}
	return b, nil
}

// reason is what a broker says of its refusal: a text, a list, or lists by
// field.
func reason(b []byte, isJSON bool) string {
	var said struct {
		Error  json.RawMessage `json:"error"`
		Errors json.RawMessage `json:"errors"`
	}
	if !isJSON || json.Unmarshal(b, &said) != nil {
		return ""
	}
	for _, raw := range []json.RawMessage{said.Errors, said.Error} {
		if len(raw) > 0 {
			text := strings.TrimSpace(string(raw))
			if r := []rune(text); len(r) > 300 {
				text = string(r[:297]) + "..."
			}
			return ": " + text
		}
	}
	return ""
}
