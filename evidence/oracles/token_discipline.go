package oracles

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

var tokenInfo = Info{
	Name: "token-discipline", ID: "O14",
	Doc:          "the SUT asks for tokens again and again for one expiry, goes on with a token it knows is refused, or gives facts up over it",
	Requirements: []string{"EXC-07", "SYS-22", "CTL-16"},
}

// TokenDiscipline judges how the SUT renews its tokens: about once for each
// expiry, parallel workers a few times at most.
func TokenDiscipline() evidence.Judge {
	return oracle{tokenInfo, tokenDiscipline, "%d tokens were obtained when they were needed", "no endpoint asked for a token"}
}

// tokenPath is where every endpoint issues tokens.
const tokenPath = "oauth/token"

// tolerated is how many tokens one expiry may cost, and how many calls may
// still be made with a refused one: workers side by side cannot know of each
// other.
const tolerated = 3

func tokenDiscipline(r *report) {
	calls := map[string][]*evidence.AttemptView{}
	var names []string
	for _, t := range r.h.Attempts {
		if r.h.Plan.Endpoints[t.Endpoint].Policy.Auth != simulators.AuthOAuth2 && t.Name != tokenPath {
			continue
		}
		if calls[t.Endpoint] == nil {
			names = append(names, t.Endpoint)
		}
		calls[t.Endpoint] = append(calls[t.Endpoint], t)
	}
	for _, n := range names {
		tokens(r, n, calls[n])
	}
	for _, f := range r.h.Facts {
		if sent := f.Attempts; lost(f) && len(sent) > 0 && heard(sent[len(sent)-1], f).Outcome == simulators.Unauthorized {
			v := about(f)
			v.Expected = fmt.Sprintf("the %s posted after the token was renewed", naming(f.Event.Fact))
			v.Got = "given up when the token was refused"
			v.Class, v.Rule, v.Confidence = evidence.CauseTechnical, "lost-over-a-token", "high"
			r.missing(v, true)
		}
	}
}

// episode is the life of a token: from one good reason to renew it to the
// next.
type episode struct {
	last    time.Duration // when the newest token was received
	granted []*evidence.AttemptView
	refused []*evidence.AttemptView // calls turned away that began after it was known
	known   time.Duration           // when the SUT first heard that the token is refused; 0 if it is not
	named   bool
}

func tokens(r *report, endpoint string, calls []*evidence.AttemptView) {
	ttl := r.h.Plan.Endpoints[endpoint].Policy.TokenTTL
	if ttl <= 0 {
		ttl = 5 * time.Second
	}
	unclear := unclearTimes(r.h, endpoint)
	slices.SortStableFunc(calls, func(a, b *evidence.AttemptView) int { return cmp.Compare(a.End, b.End) })
	e := &episode{}
	for _, t := range calls {
		switch {
		case t.Copy:
		case amid(unclear, t.Start):
			*e = episode{last: t.End}
			if t.Name == tokenPath {
				r.judged++
			}
		case t.Name == tokenPath:
			r.judged++
			if t.Heard.Outcome.Took() {
				e.grant(r, endpoint, t, ttl)
			}
		case t.Heard.Outcome == simulators.Unauthorized:
			e.refuse(r, endpoint, t)
		}
	}
}

// grant counts a token received. It was needed if the last one was refused to
// a call that used it, is past half its life, or died with the SUT.
func (e *episode) grant(r *report, endpoint string, t *evidence.AttemptView, ttl time.Duration) {
	if needed := e.known != 0 && e.known <= t.Start; needed || t.Start-e.last > ttl/2 || !r.h.Survived(e.last, t.Start) {
		e.granted, e.named = nil, false
	}
	e.granted = append(e.granted, t)
	e.last, e.known, e.refused = t.End, 0, nil
	if len(e.granted) <= tolerated || e.named {
		return
	}
	e.named = true
	r.violated(evidence.Finding{
		Expected: fmt.Sprintf("a token of %s renewed once when it expires, %d times at most by workers side by side", endpoint, tolerated),
		Got:      fmt.Sprintf("%d tokens within %s", len(e.granted), span(t.End-e.granted[0].Start)),
		Class:    evidence.CauseTechnical, Rule: "token-storm", Confidence: "high", Evidence: seqsOf(e.granted),
	})
}

// refuse notes a call that was turned away. Calls that began before the newest
// token was received say nothing about it.
func (e *episode) refuse(r *report, endpoint string, t *evidence.AttemptView) {
	if t.Start < e.last {
		return
	}
	if e.known == 0 {
		e.known = t.End
		return
	}
	if t.Start < e.known+crossed {
		return
	}
	e.refused = append(e.refused, t)
	if len(e.refused) != tolerated+1 {
		return
	}
	r.violated(evidence.Finding{
		Keys:     claimedKeys(t),
		Expected: fmt.Sprintf("no further calls to %s with a token it has refused", endpoint),
		Got:      fmt.Sprintf("%d or more calls with it within %s", len(e.refused), span(t.Start-e.known)),
		Class:    evidence.CauseTechnical, Rule: "refused-token-used-on", Confidence: "high", Evidence: seqsOf(e.refused),
	})
}
