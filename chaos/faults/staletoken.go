package faults

import (
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// StaleToken has the endpoint and the SUT disagree about a token or a right.
//
// Layer A: tokens revoked early, clocks that disagree, a resource server with
// a cold cache, two workers with one refresh token, a role that lacks a company
// code. Observed as
//
//   - expired: 401 with WWW-Authenticate error="invalid_token", upon which a
//     client gets one new token and repeats the request. Requests that carry no
//     bearer token, those for tokens above all, are left alone;
//   - skewed: a new token that is said to live longer than it does, so that it
//     expires under who relies on that;
//   - refresh-used: a refresh token that was used before, 400 invalid_grant,
//     upon which a client begins anew with its credentials;
//   - forbidden: 403 however often it is asked: a right is missing, which is
//     for people to mend, not for a repetition. The rule says for which orders
//     or facts.
type StaleToken struct {
	Variant  TokenVariant `yaml:"variant" jsonschema:"enum=expired,enum=skewed,enum=refresh-used,enum=forbidden" doc:"what they disagree about"`
	Skew     Wall         `yaml:"skew" doc:"how much longer a token is said to live than it does, for skewed"`
	Attempts int          `yaml:"attempts" doc:"only the first so many attempts of each fact, except for forbidden; 0 means all"`
}

// TokenVariant is what endpoint and SUT disagree about.
type TokenVariant string

// Variants of stale tokens.
const (
	TokenExpired     TokenVariant = "expired"
	TokenSkewed      TokenVariant = "skewed"
	TokenRefreshUsed TokenVariant = "refresh-used"
	TokenForbidden   TokenVariant = "forbidden"
)

// tokenName is where every endpoint issues its tokens.
const tokenName = "oauth/token"

// Apply implements [chaos.Fault].
func (f *StaleToken) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	bearer := strings.HasPrefix(d.Message.Header["Authorization"], "Bearer ")
	asks := d.Direction == simulators.FromSUT && d.Message.Name == tokenName
	switch late := late(d, f.Attempts); {
	case d.Decided():
	case f.Variant == TokenForbidden && posting(d):
		d.Refuse = &simulators.Refusal{Class: simulators.Technical, Code: "forbidden", Text: "this client may not post here: the role lacks the company code"}
		d.What = "forbidden"
	case f.Variant == TokenSkewed && asks && !late && d.Message.Manner == nil:
		d.Message.Manner = &simulators.Manner{TokenSaid: f.Skew.d()}
		d.What = "the token is said to live " + f.Skew.d().Round(time.Millisecond).String() + " longer than it does"
	case f.Variant == TokenRefreshUsed && asks && !late && strings.Contains(string(d.Message.Body), "grant_type=refresh_token"):
		d.Refuse = &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Unauthorized, Code: "invalid_grant", Text: "the refresh token was used before"}
		d.What = "refresh token called used"
	case (f.Variant == "" || f.Variant == TokenExpired) && bearer && !late:
		d.Refuse = &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Unauthorized, Code: "invalid_token",
			Text: "the token is unknown or has expired"}
		d.What = "token called stale"
	}
	return []chaos.Delivery{d}
}

// Lasts implements [chaos.Lasting]: who lacks a right lacks it at every
// attempt. Of the other variants the attempts are counted.
func (f *StaleToken) Lasts() bool { return f.Variant == TokenForbidden }

// Validate says what is wrong with the settings.
func (f *StaleToken) Validate() error {
	if f.Variant == TokenSkewed && f.Skew <= 0 {
		return errors.New("skew: say how much longer a token is said to live than it does")
	}
	return errors.Join(oneOf("variant", f.Variant, TokenExpired, TokenSkewed, TokenRefreshUsed, TokenForbidden), notNegative("skew", f.Skew),
		notNegativeCount("attempts", f.Attempts))
}
