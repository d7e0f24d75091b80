package explain

import (
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A lead says that what one oracle finds may be why another finds something
// too, and what both must share for that. Findings of which no lead speaks are
// never folded: two troubles of one message stay two.
type lead struct {
	cause, effect []string // oracle numbers, or "O1/rule"
	by            tie
	why           string
}

// A tie is what cause and consequence must have in common.
type tie int

const (
	sameFact    tie = iota // they are about one fact
	sameKey                // one idempotency key was used for both
	sameAccount            // the cause's fact, or the posting it is about, goes into the sum the consequence is about
	sameRule               // the same rule decided both
	declared               // the judge itself says what its finding follows from
	sameReason             // both could not decide, for the same reason
	sameWant               // the facts of both were refused, and neither was acted on
	sameWait               // the facts of both were told to wait, and given up instead
	sameCount              // the consequence counts facts of the cause's kind
)

// of lists the oracles in a text.
func of(s string) []string { return strings.Fields(s) }

// leads name oracles by their numbers, E* being the scenario's expectations.
// They are asked in order, from the first link of a chain to its last; the
// first that applies decides. They run one way only: how a message was sent,
// what that did to the books and to exceptions, what sums and states show of it.
var leads = []lead{
	{of("O10/key-shared"), of("O1/not-posted O11 O12"), sameKey, "its idempotency key was another fact's"},
	{of("O10/key-shared"), of("E*"), sameAccount, "the order's facts shared a key"},
	{of("O15/failed-row-forgotten"), of("O1/not-posted O11 O12"), sameFact, "the failed row was forgotten"},
	{of("O11/refused-and-not-reported O12/refused-and-dropped"), of("O15/failed-row-forgotten"), sameWant, "what is refused alone is forgotten, too"},
	{of("O11/wrong-class O11/given-up-too-soon"), of("O9"), sameWait, "being told to wait is taken for a refusal"},
	{of("O15/good-row-repeated"), of("O1"), sameFact, "the good row was sent again"},
	{of("O14/lost-over-a-token"), of("O1/not-posted O11 O12"), sameFact, "it was given up over a token"},
	{of("O17/expiry-day"), of("O11/valid-and-reported"), sameFact, "the lot was taken to have expired"},
	{of("O12"), of("O1/not-posted O11/refused-and-not-reported O13"), sameFact, "the same fact got lost"},
	{of("O1"), of("O10/retry-without-key O10/new-key-on-retry O10/key-changed"), sameFact, "the repetition that posted it again"},
	{of("O1"), of("O10"), sameRule, "the same manner, where it did no harm"},
	{of("O1 O2 O3 O12"), of("O4/explained-elsewhere O4/lot-overdrawn O7 O20"), sameAccount, "the sum is off by what was lost, doubled or changed"},
	{of("O3/digits-lost O3/decimal-point-moved O3/unit-factor-skipped O3/unit-factor-wrong O3/quantity O3/zeros-or-blanks-trimmed O3/cut-off"), of("O4/sum-differs"), sameAccount, "the sum is off by what was changed"},
	{of("O6/stale-overwrite"), of("O20 E*"), sameAccount, "the older version is what is left"},
	{of("O1 O12"), of("E*"), sameCount, "the count is off by what was lost or doubled"},
	{nil, nil, declared, "its judge says so"},
	{nil, nil, sameReason, "undecided for the same reason"},
}

// link puts each finding under the one it is a consequence of. It returns, for
// each, the index of its cause, itself if it has none, and why.
func link(h *evidence.History, fs []evidence.Finding) (cause []int, why []string) {
	l := &linker{h: h, fs: fs, byFact: map[plant.EventID][]int{}, byKey: map[string][]int{}, byAccount: map[string][]int{}, byRule: map[string][]int{}}
	l.index()
	cause, why = make([]int, len(fs)), make([]string, len(fs))
	for i := range fs {
		cause[i] = i
		for _, d := range leads {
			if c := l.find(d, i); c >= 0 {
				cause[i], why[i] = c, d.why
				break
			}
		}
	}
	for i := range fs { // to the root of the chain
		seen := 0
		for cause[cause[i]] != cause[i] && seen < len(leads) {
			cause[i] = cause[cause[i]]
			seen++
		}
		if cause[cause[i]] != cause[i] {
			cause[i], why[i] = i, ""
		}
	}
	return cause, why
}

// linker finds causes by what they share. Each list is as long as the findings
// that judges list, which is bounded.
type linker struct {
	h         *evidence.History
	fs        []evidence.Finding
	byFact    map[plant.EventID][]int
	byKey     map[string][]int // endpoint and idempotency key, of findings on retries
	byAccount map[string][]int // order or lot of its fact and of its postings
	byRule    map[string][]int // rule and reason
}

func (l *linker) index() {
	for i, f := range l.fs {
		if f.Verdict < evidence.Inconclusive {
			continue
		}
		if f.Fact != "" {
			l.byFact[f.Fact] = append(l.byFact[f.Fact], i)
		}
		if f.ID == "O10" {
			for _, k := range l.keys(f) {
				l.byKey[k] = append(l.byKey[k], i)
			}
		}
		var entities []string
		for _, k := range l.accounts(f) {
			for _, e := range []string{"o" + string(k.Order), "l" + string(k.Lot)} {
				if len(e) > 1 && !slices.Contains(entities, e) {
					entities = append(entities, e)
					l.byAccount[e] = append(l.byAccount[e], i)
				}
			}
		}
		if f.Rule != "" {
			l.byRule[manner(f)] = append(l.byRule[manner(f)], i)
		}
		if r := reason(f); r != "" {
			l.byRule["?"+r] = append(l.byRule["?"+r], i)
		}
	}
}

// keys are the idempotency keys of the attempts for a finding's fact, each with
// the endpoint it was used at.
func (l *linker) keys(f evidence.Finding) (keys []string) {
	if fact := l.h.Fact(f.Fact); fact != nil {
		for _, t := range fact.Attempts {
			if t.IdemKey != "" {
				keys = note(keys, t.Endpoint+" "+t.IdemKey)
			}
		}
	}
	return keys
}

// accounts are the keys of a finding, and of what was posted for it: a posting
// under a wrong lot is in the sum of that lot.
func (l *linker) accounts(f evidence.Finding) []plant.Keys {
	keys := []plant.Keys{f.Keys}
	if g := l.h.Fact(f.Fact); g != nil {
		keys = append(keys, g.Event.Fact.Keys())
	}
	for _, seq := range f.Evidence {
		if r, ok := l.h.Record(seq); ok {
			if e, is := r.Body.(evidence.Effect); is && e.Posting.Claim.Fact != nil {
				keys = append(keys, e.Posting.Claim.Fact.Keys())
			}
		}
	}
	return keys
}

// find returns the cause of finding i by this lead; -1 if it has none.
func (l *linker) find(d lead, i int) int {
	f := l.fs[i]
	if f.Verdict < evidence.Inconclusive || d.effect != nil && !isAmong(f, d.effect) {
		return -1
	}
	switch d.by {
	case sameFact:
		return l.first(l.byFact[f.Fact], d, i, func(c evidence.Finding) bool { return f.Fact != "" && c.Fact == f.Fact })
	case sameKey:
		for _, k := range l.keys(f) {
			if c := l.first(l.byKey[k], d, i, func(evidence.Finding) bool { return true }); c >= 0 {
				return c
			}
		}
	case sameRule:
		return l.first(l.byRule[manner(f)], d, i, func(evidence.Finding) bool { return true })
	case sameAccount:
		return l.account(d, i)
	case declared:
		if f.Follows == "" {
			return -1
		}
		return l.first(l.byFact[f.Fact], lead{cause: []string{f.Follows}}, i, func(c evidence.Finding) bool { return c.Fact == f.Fact })
	case sameWant:
		if refusedAlone(l.h.Fact(f.Fact)) {
			return -1 // it needs no other to explain it
		}
		return l.any(d, i, func(c evidence.Finding) bool { return refusedAlone(l.h.Fact(c.Fact)) })
	case sameWait:
		if !gaveUpWaiting(l.h.Fact(f.Fact)) {
			return -1
		}
		return l.any(d, i, func(c evidence.Finding) bool { return gaveUpWaiting(l.h.Fact(c.Fact)) })
	case sameCount:
		if f.Keys != (plant.Keys{}) {
			return -1
		}
		return l.any(d, i, func(c evidence.Finding) bool {
			fact := l.h.Fact(c.Fact)
			return fact != nil && strings.Contains(f.Expected, "count.") && strings.Contains(f.Expected, strconv.Quote(string(fact.Event.Fact.Kind())))
		})
	case sameReason:
		if r := reason(f); r != "" {
			if c := l.byRule["?"+r][0]; c != i {
				return c
			}
		}
	}
	return -1
}

// any returns the first finding of all that the lead allows as the cause of i.
func (l *linker) any(d lead, i int, shares func(evidence.Finding) bool) int {
	for c := range l.fs {
		if l.first([]int{c}, d, i, shares) >= 0 {
			return c
		}
	}
	return -1
}

// manner is the rule of a finding, one word for what two judges call by two.
func manner(f evidence.Finding) string {
	if f.Rule == "new-key-on-retry" {
		return "key-changed"
	}
	return f.Rule
}

// refusedAlone reports whether a fact was refused for good in a message that
// carried nothing else.
func refusedAlone(f *evidence.FactView) bool {
	return f != nil && slices.ContainsFunc(f.Attempts, func(t *evidence.AttemptView) bool {
		return len(t.Claims) == 1 && t.Heard.Outcome == simulators.Refused
	})
}

// gaveUpWaiting reports whether the last the SUT heard of a fact was that it
// should wait, and it reported the fact instead.
func gaveUpWaiting(f *evidence.FactView) bool {
	if f == nil || f.Posted > 0 || len(f.Surfaces) == 0 || len(f.Attempts) == 0 {
		return false
	}
	r := f.Attempts[len(f.Attempts)-1].Heard
	return r.Outcome == simulators.Throttled || r.Outcome == simulators.Unavailable && r.RetryAfter > 0
}

// account looks for a cause that goes into the sum of finding i.
func (l *linker) account(d lead, i int) int {
	f := l.fs[i]
	in := func(c evidence.Finding) bool {
		return slices.ContainsFunc(l.accounts(c), func(k plant.Keys) bool { return covers(f.Keys, k) })
	}
	for _, e := range []string{"l" + string(f.Keys.Lot), "o" + string(f.Keys.Order)} {
		if c := l.first(l.byAccount[e], d, i, in); c >= 0 {
			return c
		}
	}
	if f.Rule != "explained-elsewhere" {
		return -1
	}
	// Judges list so many findings of a rule and count the rest: what explains
	// the sum is among those counted.
	counts := func(c evidence.Finding) bool { return c.Count > 1 }
	for c := range l.fs {
		if l.first([]int{c}, d, i, counts) >= 0 {
			return c
		}
	}
	return -1
}

// first returns the first of candidates that the lead allows as the cause of i.
func (l *linker) first(candidates []int, d lead, i int, shares func(evidence.Finding) bool) int {
	for _, c := range candidates {
		if f := l.fs[c]; c != i && f.Verdict == l.fs[i].Verdict && isAmong(f, d.cause) && shares(f) {
			return c
		}
	}
	return -1
}

// isAmong reports whether a finding is one of those a lead names.
func isAmong(f evidence.Finding, names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		oracle, rule, precise := strings.Cut(n, "/")
		if oracle == "E*" {
			return f.Oracle == "expectations"
		}
		return f.ID == oracle && (!precise || f.Rule == rule)
	})
}

// covers reports whether a fact with these keys is part of a sum over part.
// What an operation yields is another sum than what it uses.
func covers(part, whole plant.Keys) bool {
	if part.Operation != "" && (part.Material == "") != (whole.Material == "") {
		return false
	}
	return (part.Order == "" || part.Order == whole.Order) && (part.Operation == "" || part.Operation == whole.Operation) &&
		(part.Material == "" || whole.Material == "" || part.Material == whole.Material) && (part.Lot == "" || part.Lot == whole.Lot)
}

// reason is why a finding could not be decided, if that concerns the whole run.
func reason(f evidence.Finding) string {
	if f.Verdict == evidence.Inconclusive && (f.Rule == "not-settled" || f.Rule == "" && f.Fact == "" && f.Keys == (plant.Keys{})) {
		why := strings.TrimPrefix(f.Text, "cannot be decided: ")
		if _, after, ok := strings.Cut(why, "yaml:"); ok { // an expectation names its place first
			if _, text, ok := strings.Cut(after, ": "); ok {
				why = text
			}
		}
		return why
	}
	return ""
}
