package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// fate is what an answer, or none, means for one fact.
type fate struct {
	state  string        // new, sent, parked, done or dead
	after  time.Duration // when to go on, for new and sent
	fresh  bool          // it was answered for good: going on needs another key
	unsent bool          // nothing was posted this time
	code   string        // of a refusal
	class  string
	reason string
}

// deliver posts p and says what became of its facts. If it may have been
// posted before, the books are asked first: that also settles what was posted
// under a key the system has forgotten.
func (s *system) deliver(ctx context.Context, p posting) []fate {
	if p.doubtful() {
		found := 0
		for _, f := range p.facts {
			yes, err := s.posted(ctx, f.ref)
			if err != nil {
				return p.all(fate{state: "sent", after: pauseAfter(err, f.attempts), unsent: true})
			}
			if yes {
				found++
			}
		}
		if found == len(p.facts) {
			return p.all(fate{state: "done"})
		}
		switch {
		case found > 0: // it arrived: the same key brings the answer, and posts nothing
		case p.askOnly:
			return p.all(fate{state: "parked", unsent: true})
		case p.facts[0].reason == queued && time.Since(time.Unix(0, p.facts[0].doubt)) < settling:
			return p.all(fate{state: "sent", after: backoff(p.facts[0].attempts+1, time.Second), unsent: true, reason: queued})
		}
	}
	r, err := s.call(ctx, http.MethodPost, "/"+p.facts[0].name, p.key, p.body)
	if wait := (errWait{}); errors.As(err, &wait) {
		state := "new"
		if p.doubtful() {
			state = "sent"
		}
		return p.all(fate{state: state, after: wait.Duration, unsent: true})
	}
	if err != nil {
		return p.all(fate{state: "sent", after: backoff(p.facts[0].attempts+1, 5*time.Second), reason: err.Error()})
	}
	if running, id := operation(r); running {
		if r, err = s.follow(ctx, id); err != nil { // it runs still, or nobody says: the books will tell
			return p.all(fate{state: "sent", after: backoff(p.facts[0].attempts+1, time.Second), reason: queued})
		}
	}
	return p.read(s, r)
}

func (p posting) all(f fate) []fate {
	out := make([]fate, len(p.facts))
	for i := range out {
		out[i] = f
	}
	return out
}

func pauseAfter(err error, attempts int) time.Duration {
	if wait := (errWait{}); errors.As(err, &wait) {
		return wait.Duration
	}
	return backoff(attempts+1, 5*time.Second)
}

// queued is the reason of facts whose posting the system has promised.
const queued = "accepted, not yet posted"

// outcomes are the successes we know. After any other we ask the books.
var outcomes = []string{"applied", "repeated", "accepted", "partly"}

// result is the answer to a posting, and to one row of it.
type result struct {
	Outcome   string   `json:"outcome"`
	Reference string   `json:"reference"`
	Status    int      `json:"status"`
	Code      string   `json:"code"`
	Class     string   `json:"class"`
	Detail    string   `json:"detail"`
	Operation string   `json:"operation"`
	Items     []result `json:"items"`
}

// read turns an answer into fates. What is not an answer in the words of the
// interface, such as a page of a proxy, says nothing about the posting.
func (p posting) read(s *system, r reply) []fate {
	var res result
	if !r.json || json.Unmarshal(r.body, &res) != nil {
		res = result{Outcome: "unreadable", Detail: fmt.Sprintf("answered %d without JSON", r.status)}
		if r.status < 300 || r.status >= 500 {
			r.status = http.StatusBadGateway
		}
	}
	switch lying := r.status < 300 && res.Status >= 400; {
	case lying: // the body knows better what became of the posting
	case r.status < 300 && !slices.Contains(outcomes, res.Outcome): // a success of which we do not know what it says
		res.Status, res.Detail = http.StatusBadGateway, fmt.Sprintf("answered %d with the outcome %q", r.status, res.Outcome)
	default:
		res.Status = r.status
	}
	if len(res.Items) == 0 || len(p.facts) == 1 {
		all := res.fate(p.facts[0], s)
		if all.state == "dead" && len(p.facts) > 1 { // nobody says for which row: each goes by itself
			all = fate{state: "new", fresh: true, reason: all.reason}
		}
		return p.all(all)
	}
	byRef := map[string]result{}
	for _, it := range res.Items {
		byRef[it.Reference] = it
	}
	out := make([]fate, len(p.facts))
	for i, f := range p.facts {
		it, ok := byRef[f.ref]
		if !ok {
			out[i] = fate{state: "sent", after: backoff(f.attempts+1, 5*time.Second), reason: "the answer does not name this row"}
			continue
		}
		out[i] = it.fate(f, s)
		out[i].fresh = true // the key stands for the batch, which has its answer
	}
	return out
}

// fate is what a status means, see the table of replies.
func (r result) fate(f fact, s *system) fate {
	again := backoff(f.attempts+1, 5*time.Second)
	out := fate{code: r.Code, class: r.Class, reason: first(r.Code+": "+r.Detail, http.StatusText(r.Status))}
	switch {
	case r.Status == http.StatusAccepted: // posting follows and may still fail: the books will tell
		out.state, out.after, out.reason = "sent", backoff(f.attempts+1, time.Second), queued
	case r.Status < 300:
		out.state = "done"
	case r.Status == http.StatusLocked, r.Status == http.StatusPreconditionFailed, r.Status == http.StatusFailedDependency,
		r.Status == http.StatusConflict && r.Class == "technical": // somebody else was quicker
		out.state, out.after = "new", backoff(f.attempts+1, time.Second)
	case r.Status == http.StatusUnauthorized, r.Status == http.StatusTooManyRequests, r.Status == http.StatusServiceUnavailable:
		out.state, out.after = "new", max(s.gate.wait(), again)
	case r.Status >= 500, r.Status == http.StatusRequestTimeout:
		out.state, out.after = "sent", again
	default:
		out.state = "dead"
	}
	switch out.class {
	case "technical", "business", "data-quality":
	default: // a word we do not know
		out.class = classOf(r.Status)
	}
	return out
}

func classOf(status int) string {
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return "data-quality"
	case http.StatusConflict:
		return "business"
	}
	return "technical"
}

// settle writes down what became of a posting.
func (t tx) settle(p posting, fates []fate) error {
	for i, f := range p.facts {
		if err := t.settleFact(f, p.key, fates[i]); err != nil {
			return fmt.Errorf("settle %s: %w", f.ref, err)
		}
	}
	if p.askOnly && fates[0].state == "parked" {
		return t.setAside(p.facts)
	}
	return nil
}

func (t tx) settleFact(f fact, key string, x fate) error {
	attempts, doubt, round := f.attempts+1, t.now, f.round
	if x.unsent {
		attempts, doubt = f.attempts, f.doubt
	}
	if x.state == "done" || x.state == "new" && !x.unsent {
		doubt = 0
	}
	if x.state == "dead" {
		var err error
		if x, err = t.secondThoughts(f, x); err != nil {
			return err
		}
		doubt = 0
	}
	if x.fresh && x.state != "done" {
		key, round = "", round+1
	}
	switch {
	case x.state == "dead":
		return t.bury(f, x.class, x.reason)
	case attempts >= maxAttempts && x.state != "done":
		return t.bury(f, "technical", fmt.Sprintf("given up after %d attempts: %s", attempts, x.reason))
	}
	due := t.now + int64(x.after)
	if x.state == "parked" && x.after == 0 {
		due = 0 // until there is news
	}
	err := t.do(`UPDATE fact SET state = ?, key = ?, round = ?, attempts = ?, doubt = ?, due = ?, reason = ? WHERE id = ?`,
		x.state, key, round, attempts, doubt, due, x.reason, f.id)
	if err == nil && x.state == "done" && f.name == "orders" {
		err = t.wake(`name = 'orders' AND target = ? AND lane = ?`, f.target, f.lane)
	}
	return err
}

// secondThoughts looks whether a refusal is the last word. It is not if
// something is on its way that changes it: the decision about a held lot, or
// the release of an order of which we heard a change first.
func (t tx) secondThoughts(f fact, x fate) (fate, error) {
	patient := fate{state: "parked", fresh: true, reason: x.reason, after: 10 * time.Second}
	switch {
	case x.code == "lot-blocked" && f.name == "consumptions":
		cases, err := t.number(`SELECT COUNT(*) FROM hold WHERE lot = ?`, f.lot)
		if err != nil || cases == 0 {
			return x, err
		}
		state, _, err := t.lot(f.lot)
		if state == held {
			patient.after = 0 // for as long as it takes
			return patient, err
		}
		if state == free && f.round == 0 { // lifted while the answer was on its way
			return fate{state: "new", fresh: true, reason: x.reason}, err
		}
		return x, err
	case x.code == "order-unknown" && f.name == "orders" && f.version > 1 && f.round == 0:
		return patient, nil
	}
	return x, nil
}
