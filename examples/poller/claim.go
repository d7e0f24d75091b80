package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

const (
	lease       = time.Minute     // a fact under way is nobody else's for so long
	settling    = 3 * time.Second // a request without an answer may still arrive
	maxAttempts = 45              // then somebody has to look at it
	maxBatch    = 20              // consumptions of one operation that travel together
)

// posting is what is sent in one request: one fact, or several consumptions
// of one operation. The facts are as they were before they were claimed.
type posting struct {
	target, key string
	facts       []fact
	body        []byte
	askOnly     bool // a lot must not be used: find out, but do not post
}

// doubtful postings may have been posted before.
func (p posting) doubtful() bool { return p.facts[0].doubt > 0 }

// touches says whether p takes something from one of the lots.
func (p posting) touches(lots []string) bool {
	return !p.askOnly && slices.ContainsFunc(p.facts, func(f fact) bool {
		return f.name == "consumptions" && slices.Contains(lots, f.lot)
	})
}

// claim picks what is due for target and marks it as sent, at most limit
// postings. Of each lane only the oldest open fact is considered, so that an
// order's facts stay in sequence; parked and dead ones hold up nobody. Holds
// go first.
func (t tx) claim(target string, limit int) ([]posting, error) {
	var out []posting
	for len(out) < limit {
		heads, err := t.facts(`f WHERE state IN ('new', 'sent') AND target = ? AND due <= ? AND NOT EXISTS (
			SELECT 1 FROM fact e WHERE e.state IN ('new', 'sent') AND e.target = f.target AND e.lane = f.lane AND e.id < f.id)
			ORDER BY name <> 'holds', due, id LIMIT ?`, target, t.now, limit-len(out))
		if err != nil {
			return nil, fmt.Errorf("look for what is due: %w", err)
		}
		if len(heads) == 0 {
			break
		}
		for _, h := range heads {
			p, err := t.prepare(h)
			if err != nil {
				return nil, fmt.Errorf("prepare %s: %w", h.ref, err)
			}
			if p != nil {
				out = append(out, *p)
			}
		}
	}
	return out, nil
}

// prepare makes a posting of a fact and of those that travel with it. It is
// nil if the fact is settled, or parked, instead.
func (t tx) prepare(head fact) (*posting, error) {
	if done, err := t.overtaken(head); done || err != nil {
		return nil, err
	}
	facts, err := t.company(head)
	if err != nil {
		return nil, err
	}
	p := posting{target: head.target, key: head.key, facts: facts}
	if p.askOnly, err = t.restrained(facts); err != nil {
		return nil, err
	}
	switch settled := facts[0].doubt + int64(settling); {
	case p.askOnly && !p.doubtful():
		return nil, t.setAside(facts)
	case p.askOnly && t.now < settled:
		return nil, t.do(`UPDATE fact SET due = ? WHERE state = 'sent' AND target = ? AND key = ?`, settled, p.target, p.key)
	}
	if p.key == "" {
		p.key = keyOf(facts)
	}
	if p.body, err = merge(facts); err != nil {
		return nil, err
	}
	for _, f := range facts {
		posts, doubt := 1, t.now
		if p.askOnly {
			posts, doubt = 0, f.doubt
		}
		err := t.do(`UPDATE fact SET state = 'sent', key = ?, attempts = attempts + ?, doubt = ?, due = ? WHERE id = ?`,
			p.key, posts, doubt, t.now+int64(lease), f.id)
		if err != nil {
			return nil, err
		}
	}
	return &p, nil
}

// overtaken settles an order or item of which a later version was delivered.
func (t tx) overtaken(f fact) (bool, error) {
	if f.version == 0 || f.doubt > caution {
		return false, nil
	}
	later, err := t.number(`SELECT MAX(version) FROM fact WHERE state = 'done' AND version > 0 AND target = ? AND lane = ?`, f.target, f.lane)
	if err != nil || later <= int64(f.version) {
		return false, err
	}
	return true, t.do(`UPDATE fact SET state = 'done', reason = ? WHERE id = ?`, fmt.Sprintf("overtaken by version %d", later), f.id)
}

// company is who travels with head: those of its key if it has one, else the
// consumptions right behind it.
func (t tx) company(head fact) ([]fact, error) {
	if head.key != "" {
		return t.facts(`WHERE state IN ('new', 'sent') AND target = ? AND lane = ? AND key = ? ORDER BY id`, head.target, head.lane, head.key)
	}
	if head.name != "consumptions" || head.round > 0 || head.doubt > 0 {
		return []fact{head}, nil
	}
	behind, err := t.facts(`WHERE state IN ('new', 'sent') AND target = ? AND lane = ? AND id >= ? ORDER BY id LIMIT ?`,
		head.target, head.lane, head.id, maxBatch)
	if err != nil {
		return nil, err
	}
	n := 0
	for n < len(behind) {
		f := behind[n]
		if f.name != head.name || f.operation != head.operation || f.key != "" || f.round > 0 || f.doubt > 0 || f.due > t.now {
			break
		}
		state, _, err := t.lot(f.lot)
		if err != nil {
			return nil, err
		}
		if state != free { // it is set aside, and nobody with it
			break
		}
		n++
	}
	return behind[:max(n, 1)], nil
}

// restrained says whether one of the facts must not be posted now.
func (t tx) restrained(facts []fact) (bool, error) {
	for _, f := range facts {
		if f.name != "consumptions" {
			continue
		}
		if state, _, err := t.lot(f.lot); err != nil || state != free {
			return true, err
		}
	}
	return false, nil
}

// setAside deals with a posting that was surely not posted and of which a lot
// must not be used. If its quality case is open, all of it waits, since its
// key stands for all of it. If the lot is never to be used, a person must
// decide what the consumption means; the others go on without it.
func (t tx) setAside(facts []fact) error {
	gone := map[int64]string{}
	for _, f := range facts {
		state, decision, err := t.lot(f.lot)
		if err != nil {
			return err
		}
		if state == barred {
			gone[f.id] = decision
		}
	}
	for _, f := range facts {
		var err error
		switch {
		case gone[f.id] != "":
			err = t.bury(f, "business", fmt.Sprintf("lot %s was held and then decided as %q while its consumption waited", f.lot, gone[f.id]))
		case len(gone) > 0:
			err = t.do(`UPDATE fact SET state = CASE WHEN doubt > 0 THEN 'sent' ELSE 'new' END, key = '', round = round + 1, due = 0 WHERE id = ?`, f.id)
		default:
			err = t.do(`UPDATE fact SET state = 'parked', due = 0, reason = ? WHERE id = ?`, "a lot is on hold", f.id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bury puts a fact on the worklist.
func (t tx) bury(f fact, class, reason string) error {
	return t.do(`UPDATE fact SET state = 'dead', doubt = 0, due = 0, told = 0, class = ?, reason = ? WHERE id = ?`, class, reason, f.id)
}

// keyOf makes a key of the events that travel together, and of nothing else.
func keyOf(facts []fact) string {
	h := sha256.New()
	for _, f := range facts {
		fmt.Fprintf(h, "%s %d %q\n", f.target, f.round, f.ref)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
