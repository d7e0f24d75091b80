package load

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	httptransport "github.com/andon-rig/andon/simulators/transports/http"
)

// A desk is the ERP of a load in any dialect of the catalog that travels over
// HTTP: the endpoint that scenarios have, with its tokens, sessions, queues, locks
// and answers, over [ledgerBooks]. It costs the rig far more than [ERP], and keeps
// what an endpoint keeps; the judgement is the same.
type desk struct {
	run       *run
	speaks    harness.Interface
	transport *httptransport.Transport
	endpoint  *endpoint.Endpoint
	end       func()
}

// Foreign is a [Build] that posts to an ERP which may speak another dialect than
// that of the fast path.
type Foreign interface {
	Build
	// Speaks is how the ERP speaks; nil if it is served by the fast path.
	Speaks() *harness.Interface
	// ERPListen is where it must listen; "" if anywhere.
	ERPListen() string
	// Opens is told, before Start, how the ERP is opened. Start says where
	// announcements of the ERP go, "" if nowhere, and is told its address and
	// what opens it.
	Opens(open func(to string, secured *tls.Config) (url string, c simulators.Credentials, err error))
}

// foreign is the dialect of the build's ERP; nil if it is served by the fast path.
func (c *Config) foreign() *harness.Interface {
	if f, ok := c.Build.(Foreign); ok && c.Listen != "" {
		return f.Speaks()
	}
	return nil
}

// erp says how the ERP is played.
func (c *Config) erp() *ERPResult {
	switch i := c.foreign(); {
	case i != nil:
		return &ERPResult{Dialect: i.Dialect, TLS: i.TLS}
	case c.Wording.story == nil:
		return &ERPResult{Fast: true}
	}
	return &ERPResult{Dialect: Dialect, Fast: true}
}

// desk has the build find an ERP that speaks its dialect, if the fast path does
// not. Close ends it.
func (r *run) desk(c *Config) (closing func() error, err error) {
	speaks := c.foreign()
	if speaks == nil {
		return func() error { return nil }, nil
	}
	b := newLedgerBooks(r, *speaks)
	if err := b.fits(); err != nil {
		return nil, &harness.PlanError{Err: err}
	}
	d := &desk{run: r, speaks: *speaks, end: func() {}}
	f := c.Build.(Foreign)
	f.Opens(func(to string, secured *tls.Config) (string, simulators.Credentials, error) {
		return d.open(b, to, f.ERPListen(), secured)
	})
	return func() error { d.end(); b.flush(); return nil }, nil
}

// remembered is how many postings of a queue that are in the books an endpoint can
// still be asked about, so that it does not grow with what was posted.
const remembered = 500

// open serves the ERP, behind a relay if a fault needs one.
func (d *desk) open(b *ledgerBooks, to, listen string, secured *tls.Config) (base string, c simulators.Credentials, err error) {
	at := listen
	if d.run.faults.needsRoad("erp") {
		at = ""
	}
	d.transport, err = httptransport.New(httptransport.Config{Listen: at, To: to, TLS: secured, MaxBody: d.speaks.Policy.MaxBody, Keep: d.speaks.Headers, KeepAll: d.speaks.Attribute != nil})
	if err != nil {
		return "", c, err
	}
	base = d.transport.URL()
	if d.run.faults.needsRoad("erp") {
		scheme, behind, _ := strings.Cut(base, "://")
		addr, err := d.run.faults.road("erp", listen, behind)
		if err != nil {
			return "", c, errors.Join(err, d.transport.Close())
		}
		base = scheme + "://" + addr
	}
	name := d.speaks.Name
	c = simulators.Credentials{Client: "andon-" + name, Secret: rand.Text(), Account: "andon-" + name + "#service", Password: rand.Text()}
	policy := d.speaks.Policy
	policy.Dedupe = simulators.DedupeNone // the books remember keys, and forget them
	d.endpoint = endpoint.New(endpoint.Config{
		Name: name, System: b, Dialect: d.speaks.Speaks, Transport: d.transport, Line: d, Policy: policy, Push: to != "",
		Client: c.Client, Secret: c.Secret, Account: c.Account, Password: c.Password, Attribute: d.speaks.Attribute, Plant: time.Now, Remember: remembered,
	})
	ctx, cancel := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() { _ = d.endpoint.Run(ctx) }) // that it ended early shows in connections that are refused
	d.end = func() { cancel(); served.Wait() }
	return base, c, nil
}

// Carry implements [simulators.Line]: a straight road, but for the trouble that
// the ERP has.
func (d *desk) Carry(ctx context.Context, m simulators.Message, dir simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	if dir == simulators.ToSUT {
		return far(ctx, m)
	}
	in := &d.run.in
	posts := len(m.Events) > 0
	if !posts {
		in.Other.Add(1)
	}
	if t := d.run.trouble.Load(); t != nil && posts {
		t.struck.Add(1)
		if !t.hush {
			return d.troubled(m, t.status), nil
		}
		if _, err := far(ctx, m); err != nil {
			return simulators.Message{}, err
		}
		return simulators.Message{}, &simulators.LostError{Symptom: simulators.Reset}
	}
	reply, err := far(ctx, m)
	switch {
	case reply.Result.Outcome == simulators.Unauthorized:
		in.Unauth.Add(1)
	case m.Breach != "":
		in.Malformed.Add(1)
	}
	return reply, err
}

// troubled answers instead of the books.
func (d *desk) troubled(m simulators.Message, status int) simulators.Message {
	r := simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Unavailable, Code: "unavailable", Text: "a fault of this load", After: time.Second}
	switch status {
	case 429:
		r.Outcome, r.Code = simulators.Throttled, "throttled"
	case 500:
		r.After = 0
	}
	reply := d.endpoint.Refuse(m, r)
	reply.Result.Status = status
	return reply
}

// ledgerBooks are the books of a desk: which confirmations of the load were posted
// stands in its ledger, and all else that a build may ask follows from the plan.
// It refuses nothing but a key that comes with something else, and keeps no claims.
type ledgerBooks struct {
	run    *run
	speaks harness.Interface
	rows   []*deskRow // by number of the confirmation
	refs   *references
}

// deskRow writes what comes of every so-manieth confirmation.
type deskRow struct {
	mu sync.Mutex // guards p
	p  *posting
}

var _ simulators.System = (*ledgerBooks)(nil)

func newLedgerBooks(r *run, speaks harness.Interface) *ledgerBooks {
	b := &ledgerBooks{run: r, speaks: speaks, refs: &references{}}
	for n := range runtime.GOMAXPROCS(0) {
		b.rows = append(b.rows, &deskRow{p: (&ERP{run: r}).posting(n)})
	}
	return b
}

func (b *ledgerBooks) flush() {
	for _, r := range b.rows {
		r.mu.Lock()
		r.p.w.flush()
		r.mu.Unlock()
	}
}

// Notice implements [simulators.System]: nothing happens at the ERP.
func (b *ledgerBooks) Notice(plant.Event) []plant.Event { return nil }

// Handle implements [simulators.System].
func (b *ledgerBooks) Handle(a simulators.Ask, post func(simulators.Posting)) simulators.Answer {
	switch {
	case a.Query != nil:
		return b.answer(*a.Query)
	case len(a.Claims) == 0: // an order is at its end
		return simulators.Answer{}
	}
	now := int64(time.Since(b.run.start))
	said, key := make([]statement, len(a.Claims)), b.key(a)
	for i, c := range a.Claims {
		said[i] = b.read(c)
		if i < len(a.Aliases) && said[i].ours {
			b.refs.note(a.Aliases[i], said[i].seq, now)
		}
		if said[i].ours && b.speaks.Policy.Dedupe == simulators.DedupeKey && b.rows[0].p.clashes(key, i, said[i].seq) {
			b.run.in.Reused.Add(1)
			return simulators.Answer{Refusal: &simulators.Refusal{Class: simulators.DataQuality, Code: "key-reused", Text: "this key came with another confirmation before"}}
		}
	}
	rows := make([]simulators.Row, len(said))
	for i, s := range said {
		rows[i] = b.book(s, b.hash(key, i, s.seq), now)
		if !rows[i].Known {
			post(simulators.Posting{Doc: rows[i].Doc, Claim: a.Claims[i], At: a.Now})
		}
	}
	return simulators.Answer{Rows: rows}
}

// key is what makes repetitions of a message recognisable.
func (b *ledgerBooks) key(a simulators.Ask) said {
	k := said{text: []byte(a.IdempotencyKey)}
	k.named, k.ours = b.run.wording.keys.Seq(k.text)
	return k
}

// hash is that of the key under which a row is applied, as the policy has it.
func (b *ledgerBooks) hash(key said, row int, seq uint64) uint32 {
	switch b.speaks.Policy.Dedupe {
	case simulators.DedupeKey:
		return b.rows[0].p.hash(key, row, seq)
	case simulators.DedupeNatural:
		return ownKey
	}
	return noKey
}

// read says which confirmation a claim is, by its reference or by its business
// key, and whether it states the same.
func (b *ledgerBooks) read(c plant.Event) (s statement) {
	w := b.run.wording
	s.text = cmp.Or(tellFact(c.Fact), fmt.Sprintf("%s: %+v", c.Fact.Kind(), c.Fact))
	if s.seq, s.ours = w.keys.Seq([]byte(c.ID)); !s.ours {
		s.seq, s.ours = w.numbered(c.Fact)
	}
	s.digest = textDigest(s.text)
	if s.ours && b.same(c, w.fact(s.seq)) {
		s.digest = w.says(s.seq)
	}
	return s
}

// same reports whether a claim states a fact, as far as the dialect has words for
// it.
func (b *ledgerBooks) same(c plant.Event, want plant.Fact) bool {
	if b.run.wording.story.same(c.Fact, want) {
		return true
	}
	as, err := b.hears(plant.Event{ID: c.ID, At: c.At, Fact: want})
	return err == nil && len(as) == 1 && sameAs(c.Fact, as[0].Fact)
}

// hears is what the dialect understands of its own wording of a fact.
func (b *ledgerBooks) hears(e plant.Event) ([]plant.Event, error) {
	ms, err := b.speaks.Speaks.Encode(e)
	if err != nil {
		return nil, err
	}
	if len(ms) != 1 {
		return nil, fmt.Errorf("%s has no word for a %s that is one message", b.speaks.Dialect, e.Fact.Kind())
	}
	ms[0].Verb = cmp.Or(ms[0].Verb, "post")
	ask, err := b.speaks.Speaks.Decode(ms[0])
	return ask.Claims, err
}

// fits refuses dialects that have no word for a flow of the load, or in which
// nobody could tell one confirmation from the next.
func (b *ledgerBooks) fits() error {
	w := b.run.wording
	if w.story == nil {
		return errors.New("a body of yours is posted as it is; leave --body out")
	}
	done := map[int]bool{}
	for seq := range uint64(mostParts) {
		if done[w.flow(seq)] {
			if w.turns == nil || len(done) == len(w.turns.mix) {
				return nil
			}
			continue
		}
		done[w.flow(seq)] = true
		e := plant.Event{ID: plant.EventID(w.keyText(seq)), At: b.run.start, Fact: w.fact(seq)}
		if ms, err := b.speaks.Speaks.Encode(e); err != nil || len(ms) == 0 {
			return fmt.Errorf("the ERP speaks %s, which has no word for %s; leave them out of --mix", b.speaks.Dialect, Flows[w.flow(seq)])
		}
		claims, err := b.hears(e)
		if err != nil || len(claims) != 1 { // it does not take for ours what it says itself
			continue
		}
		if got := b.read(claims[0]); (!got.ours || got.seq != seq) && b.speaks.Attribute == nil {
			return fmt.Errorf("what the ERP is told of %s in %s says neither the reference of the MES nor a counter, so that postings name nothing; say in the rig file where the build puts the reference, such as attribution: {%s: \"header['X-Request-Id']\"}",
				Flows[w.flow(seq)], b.speaks.Dialect, b.speaks.Name)
		}
	}
	return nil
}

// book marks a statement in the ledger and words what became of it.
func (b *ledgerBooks) book(s statement, key uint32, now int64) simulators.Row {
	run := b.run
	row := b.rows[s.seq%uint64(len(b.rows))]
	row.mu.Lock()
	effect := row.p.book(s, key, now)
	row.mu.Unlock()
	run.in.Reworded.Add(1)
	if s.ours && s.digest != run.wording.says(s.seq) {
		run.alterations.Add(1)
	}
	run.examples.see(s, run.wording)
	r := simulators.Row{Doc: document(s.seq), Known: effect == Repeated}
	if r.Known && b.speaks.Policy.Dedupe == simulators.DedupeNatural {
		r.Refusal = &simulators.Refusal{Class: simulators.Business, Code: "already-posted", Text: run.wording.Tell(s.seq) + " was posted as document " + r.Doc}
	}
	return r
}

// document is the number under which a confirmation is posted.
func document(seq uint64) string { return fmt.Sprint(5_000_000_001 + min(seq, NoSeq)) }

// State implements [simulators.System].
func (b *ledgerBooks) State(object, id string) any {
	if object != "order" {
		return nil
	}
	all := b.run.wording.story.orderStates()
	if i := slices.IndexFunc(all, func(o simulators.OrderState) bool { return string(o.Order.ID) == id }); i >= 0 {
		return all[i]
	}
	return nil
}
