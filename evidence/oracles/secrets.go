package oracles

import (
	"cmp"
	"fmt"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

var secretsInfo = Info{
	Name: "secrets", ID: "O23",
	Doc:          "something handed out in confidence turns up where it must not, a credential is used where it is not valid, or a stranger is trusted with it",
	Requirements: []string{"CTL-16", "CTL-27", "SYS-07", "CMP-01"},
}

// Secrets judges what the SUT does with what it was given in confidence:
// credentials, tokens, and canaries such as personnel numbers. The rig knows
// the values and has looked for them in logs, reports and messages before
// anything was redacted; the journal says where one was seen, never which.
func Secrets() evidence.Judge {
	return oracle{secretsInfo, secrets, "%d secrets stayed where they belong", "nothing was handed out in confidence, or nobody looked for it"}
}

// leak is one secret in one kind of place.
type leak struct {
	what     string
	place    evidence.SecretPlace
	endpoint string
}

func secrets(r *report) {
	if len(r.h.Plan.Looked) > 0 {
		r.judged += len(r.h.Plan.Secrets)
	}
	seen := map[leak]int{}
	var order []leak
	first := map[leak][]*evidence.SightingView{}
	for _, s := range r.h.Sightings {
		l := leak{s.What, s.Place, s.Endpoint}
		if s.Kind == evidence.SecretToken {
			l.what = "a token of " + s.Owner // each renewal is another value and the same mistake
		}
		if seen[l]++; seen[l] == 1 {
			order = append(order, l)
		}
		if len(first[l]) < 4 {
			first[l] = append(first[l], s)
		}
	}
	for _, l := range order {
		r.leaked(l, first[l], seen[l])
	}
	r.outOfScope()
	r.strangers()
}

// strangers finds messages to who had shown a certificate that must not be
// trusted: a build that does not look lets anybody read them, and the token
// that they bear.
func (r *report) strangers() {
	type fault struct{ id, at string }
	first, n := map[fault]*evidence.DisturbanceView{}, map[fault]int{}
	var order []fault
	for _, d := range r.h.Disturbances {
		if !d.Stranger {
			continue
		}
		k := fault{d.Fault, d.Disturbance.At}
		if n[k]++; n[k] == 1 {
			first[k], order = d, append(order, k)
		}
	}
	for _, k := range order {
		d := first[k]
		f := evidence.Finding{Class: evidence.CauseTechnical, Rule: "trusted-a-stranger", Confidence: "high", Count: n[k],
			Expected: fmt.Sprintf("nothing sent to %s while its certificate must not be trusted (%s)", k.at, d.Kind), Got: d.What, Evidence: []uint64{d.Seq}}
		if t := r.h.Attempt(d.Message); t != nil {
			f.Evidence = append(f.Evidence, t.Seq)
			for _, fact := range t.Facts {
				if fact != nil && f.Fact == "" {
					f.Fact, f.Keys = fact.Event.ID, fact.Event.Fact.Keys()
				}
			}
		}
		r.violated(f)
	}
}

// places say where a secret was seen, for people.
var places = map[evidence.SecretPlace]string{
	evidence.InLog:        "in the SUT's log",
	evidence.InException:  "in what it reported to people",
	evidence.InMessage:    "in a message to %s, which must not see it",
	evidence.InURL:        "in a URL of %s, which every proxy on the way keeps",
	evidence.AsCredential: "as a credential for %s, which did not issue it",
}

func (r *report) leaked(l leak, ss []*evidence.SightingView, n int) {
	s := ss[0]
	where := places[l.place]
	switch l.place {
	case evidence.InMessage, evidence.InURL, evidence.AsCredential:
		where = fmt.Sprintf(where, cmp.Or(l.endpoint, "a system"))
	}
	f := evidence.Finding{Class: evidence.CauseTechnical, Rule: "secret-in-" + string(l.place), Confidence: "high"}
	if l.place == evidence.AsCredential {
		f.Rule = "credential-of-another-system"
	}
	f.Expected = l.what + " nowhere but where it is asked for"
	f.Got = "seen " + cmp.Or(where, string(l.place))
	if s.Where != "" {
		f.Got += " (" + s.Where + ")"
	}
	var seqs []uint64
	for _, s := range ss {
		seqs = append(seqs, s.Seq)
		if t := r.h.Attempt(s.Message); t != nil && s.Message != 0 {
			seqs = append(seqs, t.Seq)
			for _, fact := range t.Facts {
				if fact != nil && f.Fact == "" {
					f.Fact, f.Keys = fact.Event.ID, fact.Event.Fact.Keys()
				}
			}
		}
	}
	f.Evidence = few(seqs)
	if n > 1 {
		f.Count = n
	}
	r.violated(f)
}

// forbidden is the status of a call that its credential does not cover, or,
// with the code sessionOver, of one whose session has ended.
const (
	forbidden   = 403
	sessionOver = "csrf-token"
)

// outOfScope finds calls to what the SUT's credential is not for: who has
// least privilege does not even try. A refusal that our own fault made up says
// nothing.
func (r *report) outOfScope() {
	type resource struct{ endpoint, verb, name string }
	told := map[resource]bool{}
	for _, t := range r.h.Attempts {
		k := resource{t.Endpoint, t.Verb, t.Name}
		if t.Copy || t.Acted.Status != forbidden || t.Acted.Code == sessionOver || told[k] {
			continue
		}
		told[k] = true
		var keys plant.Keys
		if len(t.Claims) > 0 {
			keys = claimedKeys(t)
		}
		r.violated(evidence.Finding{
			Keys:     keys,
			Expected: "no calls to what the credential for " + t.Endpoint + " is not for",
			Got:      fmt.Sprintf("%s %s, answered %d %s", t.Verb, t.Name, forbidden, t.Acted.Code),
			Class:    evidence.CauseTechnical, Rule: "outside-its-scope", Confidence: "high", Evidence: []uint64{t.Seq},
		})
	}
}
