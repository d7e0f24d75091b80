package endpoint

import (
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// quota counts requests in fixed windows of wall time.
type quota struct {
	mu    sync.Mutex // guards what follows
	began time.Time
	used  int
}

// take uses one request of q, and says how long its answer is held back, or when
// the next may come. Questions about the interface itself are free.
func (u *quota) take(q simulators.Quota, name string) (slow time.Duration, r *simulators.Refusal) {
	if q.Rate <= 0 && q.Slow <= 0 || public(name) {
		return 0, nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	now := time.Now()
	if now.Sub(u.began) >= q.Window {
		u.began, u.used = now, 0
	}
	u.used++
	left := q.Left()
	if u.used <= left || q.Rate <= 0 {
		return q.Slow * time.Duration(max(0, u.used-q.SlowAfter)), nil
	}
	r = &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Throttled, Code: "quota-exceeded",
		Text: fmt.Sprintf("more than %d requests in %s", left, q.Window), RetryForm: q.RetryAfter}
	if left < q.Rate {
		r.Text += fmt.Sprintf(" at %s priority, while others make %d of %d", q.Priority, q.Others, q.Rate)
	}
	if q.RetryAfter != simulators.RetryMissing {
		r.After = u.began.Add(q.Window).Sub(now).Truncate(time.Second) + time.Second
	}
	return 0, r
}

// locks are held by postings that are under way.
type locks struct {
	mu   sync.Mutex // guards held
	held map[string]bool
}

// try takes the lock on entity; ok is false if somebody has it.
func (l *locks) try(entity string) (unlock func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[entity] {
		return func() {}, false
	}
	l.held[entity] = true
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.held, entity)
	}, true
}

// replies remembers what was answered to each idempotency key. It is sharded,
// so that keys do not wait for each other.
type replies struct {
	seed   maphash.Seed
	shards [64]replyShard
}

type replyShard struct {
	mu    sync.Mutex // guards known
	known map[string]*remembered
}

type remembered struct {
	mu     sync.Mutex // held while the first answer is found; guards what follows
	done   bool
	digest uint64 // of the body; never leaves this process
	rows   []simulators.Row
	rest   *simulators.Answer // what it says besides rows; nil if nothing, as nearly always
}

// keep remembers an answer in as little as it takes: there is one for each posting.
func (k *remembered) keep(a simulators.Answer) {
	k.rows = a.Rows
	if a.Refusal != nil || a.Found != nil || a.Cursor != "" || a.Total != 0 || a.More || a.Later || a.Operation != "" || a.Told != nil || a.Soft {
		rest := a
		k.rest = &rest
	}
}

// answer is what was kept.
func (k *remembered) answer() simulators.Answer {
	if k.rest != nil {
		return *k.rest
	}
	return simulators.Answer{Rows: k.rows}
}

func newReplies() *replies {
	r := &replies{seed: maphash.MakeSeed()}
	for i := range r.shards {
		r.shards[i].known = map[string]*remembered{}
	}
	return r
}

// once gives the first final answer to key and repeats it ever after, saying
// that it is known. The same key with another body is refused. Parallel calls
// wait for the first. An answer that is to be forgotten is not repeated.
func (r *replies) once(key string, body []byte, forget bool, post func() simulators.Answer) simulators.Answer {
	k := r.of(key)
	digest := maphash.Bytes(r.seed, body)
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.done {
		answer := post()
		if !forget && !transient(answer) {
			k.done, k.digest = true, digest
			k.keep(answer)
		}
		return answer
	}
	if k.digest != digest {
		return simulators.Answer{Refusal: &simulators.Refusal{Class: simulators.DataQuality, Code: "key-reused",
			Text: "this Idempotency-Key was used for another payload"}}
	}
	return again(k.answer())
}

func (r *replies) of(key string) *remembered {
	h := uint32(2166136261)
	for i := range len(key) {
		h = (h ^ uint32(key[i])) * 16777619
	}
	s := &r.shards[h%uint32(len(r.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.known[key]
	if k == nil {
		k = &remembered{}
		s.known[key] = k
	}
	return k
}

// again is an answer as its second hearer gets it: what was posted is known.
func again(a simulators.Answer) simulators.Answer {
	rows := make([]simulators.Row, len(a.Rows))
	for i, r := range a.Rows {
		r.Known = r.Known || r.Refusal == nil
		rows[i] = r
	}
	a.Rows = rows
	return a
}
