package bridge

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// Consumptions of one operation that wait together are posted as one batch.
// The composition of a batch is decided once and durable before it is sent:
// its key stands for exactly these rows, whatever happens afterwards.

// together says how many items at the head of a queue are sent as one.
func (o *outbox) together(queue []*item) int {
	head, n := queue[0], 1
	if head.batch > 0 { // composed before: the same rows again
		for n < len(queue) && queue[n].batch == head.batch {
			n++
		}
		return n
	}
	if !head.loose() {
		return 1
	}
	for n < len(queue) && n < o.most && queue[n].loose() && queue[n].Operation == head.Operation && o.newWay(queue[n]) == o.newWay(head) && queue[n].Order == head.Order && !o.holds.held(queue[n]) {
		n++
	}
	return n
}

// loose reports whether the item may still become part of a batch. One that
// was read back at start may have been sent before the crash, by itself.
func (it *item) loose() bool {
	return it.name == "consumptions" && it.batch == 0 && !it.sent && !it.recovered
}

// ungrouped reports whether the item was read back at start and nothing is
// known of a batch, although it may have been in one.
func (it *item) ungrouped() bool {
	return it.name == "consumptions" && it.batch == 0 && it.recovered && !it.sent
}

// key is the idempotency key of a unit: that of its only item, or a digest of
// all. It depends on nothing but the events stated.
func (u unit) key() string {
	if len(u) == 1 {
		return u[0].idem
	}
	keys := make([]string, len(u))
	for i, it := range u {
		keys[i] = it.idem
	}
	return digest(strings.Join(keys, " "))
}

// header returns what is sent with every attempt to post u.
func (u unit) header(d Defect) http.Header {
	h := http.Header{"Content-Type": {"application/json"}}
	switch {
	case d == M01: // DEFECT M01: no key at all
	case d == M02: // DEFECT M02: a new key for every attempt
		h.Set("Idempotency-Key", rand.Text())
	case u[0].resent: // DEFECT M23: the whole batch again, as if it were new
		h.Set("Idempotency-Key", digest(u.key()+" resent"))
	case d == M65: // DEFECT M65: every instance has keys of its own
		h.Set("Idempotency-Key", digest(u.key()+" "+instance))
	default:
		h.Set("Idempotency-Key", u.key())
	}
	return h
}

// instance names this process, for defect M65.
var instance = rand.Text()

// body returns what is sent.
func (u unit) body() ([]byte, error) {
	if len(u) == 1 {
		return u[0].body, nil
	}
	bodies := make([][]byte, len(u))
	for i, it := range u {
		bodies[i] = it.body
	}
	return join(bodies)
}

// events names the facts of a unit, for logs.
func (u unit) events() string {
	names := make([]string, len(u))
	for i, it := range u {
		names[i] = it.Event
	}
	return strings.Join(names, " + ")
}

// digest makes a short stable name of s.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// inDoubt is the code of a row of which an answer does not speak, and
// askedAgain how often a batch is sent before that is believed.
const (
	inDoubt    = "in-doubt"
	askedAgain = 5
)

// byRow returns the verdict on each item of u. Rows are found by reference, or
// by place if the references are not ours.
func byRow(u unit, rows []row) []verdict {
	byReference := map[string]row{}
	for _, r := range rows {
		byReference[r.Reference] = r
	}
	vs := make([]verdict, len(u))
	for i, it := range u {
		r, ok := byReference[it.Event]
		if !ok && len(rows) == len(u) {
			r, ok = rows[i], true
		}
		switch {
		case !ok:
			// It may or may not have been posted, and to ask again under
			// another key could post it twice. If the same key brings no
			// better answer, a person must look.
			vs[i] = verdict{what: refused, class: technical, code: inDoubt, reason: "the reply to the batch says nothing about this row"}
		case r.Code == "batch-rolled-back": // a good row in bad company
			vs[i] = verdict{what: again, class: technical, code: r.Code, reason: r.Detail}
		case r.Status/100 == 2:
			vs[i] = verdict{what: posted}
		default:
			vs[i] = judgeStatus(r.Status, r.Code, r.Class, r.Detail)
		}
	}
	return vs
}

// asks is a question whether a system has posted a fact. It says posted if it
// knows.
type asks func(context.Context, *item) (bool, verdict)

// sorted finds out which rows of a batch are posted that was accepted and failed
// later: of its rows such a failure says nothing, and one that was good must not
// be posted again.
func sorted(ctx context.Context, u unit, v verdict, has asks) verdict {
	if v.what != refused || len(u) == 1 {
		return v
	}
	if how := whichPosted(ctx, u, has); how.doubt || how.what == posted || how.what == rowwise {
		return how
	}
	return v // there is none, or there is nothing to ask
}

// whichPosted asks for the postings of each fact of u; again, without a doubt, if
// there is none.
func whichPosted(ctx context.Context, u unit, has asks) verdict {
	rows, found := make([]row, len(u)), 0
	for i, it := range u {
		rows[i] = row{Reference: it.Event, Status: http.StatusServiceUnavailable, Code: "not-posted", Class: technical}
		has, v := has(ctx, it)
		if v.what != posted {
			return v
		}
		if has {
			found++
			rows[i].Status = http.StatusOK
		}
	}
	switch found {
	case len(u):
		return verdict{what: posted}
	case 0:
		return verdict{what: again}
	}
	return verdict{what: rowwise, rows: rows}
}
