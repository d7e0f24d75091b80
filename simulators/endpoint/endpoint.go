// Package endpoint joins a system, a dialect and a transport into one
// simulated interface, and keeps the dialect's policy so that no dialect has
// to: authentication, quotas, idempotency, locks, batches, acceptance and
// redelivery are obeyed here for all of them.
//
// It knows neither faults nor journals; both live on the line it is given.
package endpoint

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Config is what an endpoint is made of.
type Config struct {
	Name      string // as the rig file names it: "erp"
	System    simulators.System
	Dialect   simulators.Dialect
	Transport simulators.Transport
	Line      simulators.Line
	Policy    simulators.Policy // in force; usually the dialect's, changed by the rig file
	Push      bool              // announcements are sent; otherwise they wait in the feed
	Client    string            // OAuth2 client id
	Secret    string            // OAuth2 client secret
	// Account is the service account of the SUT with its password, for a gateway
	// that asks for one.
	Account, Password string
	// Route names the way by which Client comes, where there are others; Ways
	// are those others: interface users of their own into the same books.
	Route string
	Ways  []Way
	// Bus is the endpoint whose messaging service this one is behind as well: the
	// SUT signs in and sends there, whatever is for whom; nil if it has its own.
	Bus *Endpoint
	// Takes are the kinds of facts that go into the books of an endpoint on a Bus.
	Takes map[plant.Kind]bool
	// Sends limits which kinds of facts are announced; nil means all.
	Sends map[plant.Kind]bool

	// Plant is the plant time now.
	Plant func() time.Time
	// OnPosting is told of each change to the books, in their order and
	// before the reply leaves. Message is the ID of the message that caused
	// it, 0 if the system did it by itself.
	OnPosting func(message uint64, p simulators.Posting)
	// OnFeed is told of announcements read from the feed, as the line brought
	// them there; taken is true once the reader has come back for what follows
	// them.
	OnFeed func(ms []simulators.Message, taken bool)
	// OnKept is told what is known of an announcement that a [simulators.Keeper]
	// keeps for the SUT.
	OnKept func(m simulators.Message, r simulators.Result)
	// OnFailure is told, once, what the SUT says that it could not do with a message
	// from here.
	OnFailure func(simulators.Failure)
	// OnToken is told of each access token before the SUT gets it.
	OnToken func(token string)
	// Attribute, if set, finds the references a message carries by the rig
	// file's rule, one for each claim. They count more than the dialect's.
	Attribute func(simulators.Message) []plant.EventID
	Log       *slog.Logger // nil discards
	// Remember is how many queued postings that came to a good end can still be
	// asked about; 0 means all.
	Remember int
}

// A Way into the books is an interface user of its own: messages that bear one
// of its tokens came by it.
type Way struct{ Route, Client, Secret string }

// An Endpoint is one simulated interface of one system.
type Endpoint struct {
	Config
	tokens   *tokens
	tokenAt  string // where they are issued
	quota    *quota
	replies  *replies
	locks    *locks
	outbox   *outbox
	feed     *feed
	works    *operations
	queue    *queue
	sessions *sessions
	unseen   *unseen
	prober   *prober
	failures sync.Map       // messages that told of a failure, by their key
	matching sync.Mutex     // held from looking at an object until it is changed
	later    sync.WaitGroup // queued postings that have not taken effect yet
	queued   atomic.Int64
	ended    atomic.Bool // Run is over: nothing is worked off any more

	behind []*Endpoint // whose messages come here

	gathers  map[plant.EventID]bool // what is told as part of an extract now; only Notice and Extract touch it
	gathered []plant.Event

	policyMu sync.RWMutex // guards Policy, which a scenario may change
}

// New returns an endpoint that serves nothing yet.
func New(c Config) *Endpoint {
	if c.Plant == nil {
		c.Plant = func() time.Time { return time.Time{} }
	}
	if c.OnPosting == nil {
		c.OnPosting = func(uint64, simulators.Posting) {}
	}
	if c.OnFeed == nil {
		c.OnFeed = func([]simulators.Message, bool) {}
	}
	if c.OnKept == nil {
		c.OnKept = func(simulators.Message, simulators.Result) {}
	}
	if c.OnFailure == nil {
		c.OnFailure = func(simulators.Failure) {}
	}
	if c.OnToken == nil {
		c.OnToken = func(string) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	e := &Endpoint{Config: c, tokens: newTokens(append([]Way{{c.Route, c.Client, c.Secret}}, c.Ways...)), quota: &quota{}, replies: newReplies(),
		locks: &locks{held: map[string]bool{}}, works: &operations{known: map[string]*operation{}, keep: c.Remember},
		sessions: &sessions{live: map[string]session{}}, unseen: &unseen{before: map[shownAs][]past{}}}
	e.outbox, e.feed, e.queue, e.prober = newOutbox(e), newFeed(e), &queue{e: e, lanes: map[string][]*queued{}}, &prober{e: e}
	e.tokenAt = tokenPath
	if i, ok := c.Dialect.(simulators.TokenIssuer); ok {
		e.tokenAt = i.TokenPath()
	}
	if c.Bus != nil {
		e.join(c.Bus)
	}
	return e
}

// PolicyNow returns the policy in force.
func (e *Endpoint) PolicyNow() simulators.Policy {
	e.policyMu.RLock()
	defer e.policyMu.RUnlock()
	return e.Policy
}

// ChangePolicy puts another policy in force from the next message on.
func (e *Endpoint) ChangePolicy(change func(*simulators.Policy)) {
	e.policyMu.Lock()
	defer e.policyMu.Unlock()
	change(&e.Policy)
}

// Run serves the SUT and delivers announcements until ctx is done.
func (e *Endpoint) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { e.outbox.run(ctx) })
	err := e.Transport.Serve(ctx, e.Receive)
	wg.Wait()
	if e.PolicyNow().Queue.Stalled {
		e.ended.Store(true)
	}
	e.later.Wait()
	return err
}

// Notice tells the system what happened; what it announces goes to the SUT
// from here on by itself, again and again until it is taken.
func (e *Endpoint) Notice(ev plant.Event) error {
	e.noteBefore(ev)
	for _, a := range e.System.Notice(ev) {
		if e.gathers[a.ID] {
			e.gathered = append(e.gathered, a)
			continue
		}
		if e.Sends != nil && !e.Sends[a.Fact.Kind()] {
			continue
		}
		ms, err := e.Encode(a)
		if err != nil {
			return err
		}
		for _, m := range ms {
			if err := e.Announce(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// Announce sends m to the SUT, again and again until it is taken, or keeps it
// where the SUT fetches it.
func (e *Endpoint) Announce(m simulators.Message) error {
	if e.Push {
		e.outbox.put(m)
		return nil
	}
	return e.feed.put(m)
}

// Encode words an event as this endpoint announces it, complete with what the
// line needs to know.
func (e *Endpoint) Encode(ev plant.Event) ([]simulators.Message, error) {
	ms, err := e.Dialect.Encode(ev)
	for i := range ms {
		ms[i].Verb = cmp.Or(ms[i].Verb, "post")
		ms[i].Key = cmp.Or(ms[i].Key, plant.Natural(ev.Fact))
		ms[i].Entity = cmp.Or(ms[i].Entity, ev.Fact.Keys().Entity())
		if ms[i].Events == nil {
			ms[i].Events = []plant.Event{ev}
		}
	}
	return ms, err
}

// Waiting is the number of announcements that the SUT has not taken and of
// accepted postings that have not taken effect.
func (e *Endpoint) Waiting() int { return e.outbox.size() + e.feed.untaken() + int(e.queued.Load()) }

// tokenPath is what a request for a token is called, wherever it is made.
const tokenPath = simulators.TokenName

// Receive answers one message from the SUT. Whatever is wrong with it, it
// crosses the line, so that there is evidence of it.
func (e *Endpoint) Receive(ctx context.Context, m simulators.Message) (simulators.Message, error) {
	if to := e.addressee(m); to != e {
		return to.Receive(ctx, m)
	}
	if u := m.Unread; u != nil {
		m.Key = m.Verb + " " + m.Name
		return e.Line.Carry(ctx, m, simulators.FromSUT, func(_ context.Context, m simulators.Message) (simulators.Message, error) {
			return e.refuse(m, &u.Refusal), nil
		})
	}
	if m.Name == e.tokenAt {
		m.Name = tokenPath
		m.Key, m.Entity = "token/"+e.Name, ""
		return e.Line.Carry(ctx, m, simulators.FromSUT, e.issue)
	}
	m.Route = e.tokens.route(m.Header["Authorization"])
	ask, parts, err := e.read(m)
	if m.Breach = breach(m, err); m.Breach == "" && ask.Late != nil {
		m.Breach = breach(m, ask.Late)
	}
	m.Events, m.Asks = ask.Claims, ask.Query
	switch {
	case m.Asks != nil:
		m.Verb = "get" // also where questions are posted
	case len(m.Events) > 0:
		m.Verb = "post" // however it was sent
	}
	if e.PolicyNow().Dedupe == simulators.DedupeKey {
		m.Idem = ask.IdempotencyKey
	}
	m.Key, m.Entity = identity(m, ask)
	original := m.Body
	return e.Line.Carry(ctx, m, simulators.FromSUT, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
		ask, parts, err := ask, parts, err
		if !sameSlice(original, m.Body) { // a fault has altered it on the way
			ask, parts, err = e.read(m)
		}
		if parts != nil {
			return e.bundle(m, parts), nil
		}
		return e.fetched(m, e.answer(m, ask, err)), nil
	})
}

func (e *Endpoint) decode(m simulators.Message) (simulators.Ask, error) {
	ask, err := e.Dialect.Decode(m)
	if r, ok := e.System.(simulators.Resolver); ok && err == nil {
		ask.Claims = r.Resolve(ask.Claims)
	}
	if err != nil || e.Attribute == nil {
		return ask, err
	}
	// One reference for each row; a single one for a list says nothing of its
	// rows.
	if refs := e.Attribute(m); len(refs) == len(ask.Claims) {
		for i, ref := range refs {
			ask.Claims[i].ID = ref
		}
	}
	return ask, nil
}

// identity returns the key and entity of a message of the SUT.
func identity(m simulators.Message, ask simulators.Ask) (key, entity string) {
	switch {
	case len(ask.Claims) == 1:
		f := ask.Claims[0].Fact
		var room [96]byte
		if natural := plant.AppendNatural(room[:0], f); string(natural) != string(ask.Claims[0].ID) {
			key = string(natural)
		} else { // as of what the rig has announced
			key = string(ask.Claims[0].ID)
		}
		return key, f.Keys().Entity()
	case len(ask.Claims) > 1:
		keys := make([]string, len(ask.Claims))
		for i, c := range ask.Claims {
			keys[i] = plant.Natural(c.Fact)
		}
		return strings.Join(keys, " + "), ask.Claims[0].Fact.Keys().Entity()
	case ask.Ends != "":
		return "end/" + string(ask.Ends), string(ask.Ends)
	case ask.Query != nil && len(m.Body) > 0: // asked in the body, so that its name is that of any question
		key = m.Verb + " " + m.Name + " " + ask.Query.Object
		for _, field := range slices.Sorted(maps.Keys(ask.Query.Where)) {
			key += "&" + field + "=" + ask.Query.Where[field]
		}
		return key, ""
	}
	return m.Verb + " " + m.Name, ask.Entity
}

// answer is what becomes of a message that has reached the system.
func (e *Endpoint) answer(m simulators.Message, ask simulators.Ask, derr error) simulators.Message {
	p := e.PolicyNow()
	if r := e.admit(m, p); r != nil {
		return e.refuse(m, r)
	}
	held := &holding{e: e, p: p}
	defer held.release()
	return e.serve(part{m, ask, derr}, p, held)
}

// serve answers one message, or a part of one, that was admitted.
func (e *Endpoint) serve(one part, p simulators.Policy, held *holding) simulators.Message {
	m, ask := one.m, one.ask
	if one.err != nil {
		return e.refuse(m, asRefusal(one.err))
	}
	ask.Now = e.Plant()
	if ask.Failed != nil {
		if _, again := e.failures.LoadOrStore(ask.IdempotencyKey, true); !again || ask.IdempotencyKey == "" {
			e.OnFailure(*ask.Failed)
		}
	}
	if ask.Query != nil {
		a := e.page(m, ask)
		out := e.reply(m, a)
		out.Tells = e.tells(*ask.Query, a, out.Result)
		return out
	}
	if p.Dedupe != simulators.DedupeKey || ask.IdempotencyKey == "" {
		return e.reply(m, told(m, e.post(m, ask, p, held)))
	}
	content := m.Body
	if ask.Content != nil {
		content = ask.Content
	}
	return e.reply(m, told(m, e.replies.once(ask.IdempotencyKey, content, forgotten(m), func() simulators.Answer { return e.post(m, ask, p, held) })))
}

// admit turns away who may not enter now.
func (e *Endpoint) admit(m simulators.Message, p simulators.Policy) *simulators.Refusal {
	gate := p
	if e.Bus != nil {
		gate = e.Bus.PolicyNow()
	}
	if gate.Auth == simulators.AuthOAuth2 && !public(m.Name) {
		if r := e.tokens.check(m.Header["Authorization"]); r != nil {
			return r
		}
	}
	if e.guards(m, p) {
		if r := e.sessions.check(m); r != nil {
			return r
		}
	}
	slow, r := e.quota.take(gate.Quota, m.Name)
	time.Sleep(slow) // whether or not its sender waits
	return r
}

// public names what may be read without a token.
func public(name string) bool {
	return name == "openapi.json" || name == "asyncapi.json" || name == "health"
}

// post hands claims to the system.
func (e *Endpoint) post(m simulators.Message, ask simulators.Ask, p simulators.Policy, held *holding) simulators.Answer {
	if ask.Target != nil {
		e.matching.Lock()
		defer e.matching.Unlock()
		if r := e.match(m, ask, p); r != nil {
			return simulators.Answer{Refusal: r}
		}
	}
	queued := p.Accept == simulators.AcceptQueued
	if p.Lock == simulators.LockOrder && m.Entity != "" && !(queued && p.Queue.PerEntity) { // one after the other nobody meets anybody
		if !held.take(m.Entity) {
			return simulators.Answer{Refusal: &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Locked, Code: "order-locked",
				Text: m.Entity + " is being processed by another posting"}}
		}
	}
	if ask.Late != nil && !queued {
		return e.answered(m, simulators.Answer{Refusal: ask.Late})
	}
	if m.Manner != nil && m.Manner.Later != nil {
		return e.operate(m, ask, *m.Manner.Later, held.give(m.Entity))
	}
	if queued {
		return e.queue.put(m, ask, held.give(m.Entity), nil)
	}
	return e.answered(m, e.settle(m, ask, p))
}

// holdFor frees a lock after as long as a real posting would hold it.
func (e *Endpoint) holdFor(p simulators.Policy, unlock func()) {
	if p.Delay <= 0 {
		unlock()
		return
	}
	time.AfterFunc(p.Delay, unlock)
}

// query answers a question: about the feed and the documents here, about the
// books in the system.
func (e *Endpoint) query(ask simulators.Ask) simulators.Answer {
	switch ask.Query.Object {
	case "openapi", "asyncapi", "health", "interface": // the dialect answers for itself
		return simulators.Answer{}
	case "feed":
		a, served, taken := e.feed.read(ask.Query.Where)
		if len(taken) > 0 {
			e.OnFeed(taken, true)
		}
		if len(served) > 0 {
			e.OnFeed(served, false)
		}
		return a
	case "operation":
		return e.works.read(ask.Query.Where["id"])
	case "queue":
		return e.works.list(ask.Query.Where["entity"])
	}
	if a, late := e.unseen.late(*ask.Query); late {
		return a
	}
	return e.System.Handle(ask, func(simulators.Posting) {})
}

func (e *Endpoint) refuse(m simulators.Message, r *simulators.Refusal) simulators.Message {
	return e.reply(m, simulators.Answer{Refusal: r})
}

// Refuse words a refusal as this endpoint would, for faults that answer in its
// place. A token that is refused so is revoked: it stays refused.
func (e *Endpoint) Refuse(m simulators.Message, r simulators.Refusal) simulators.Message {
	if m.Name == tokenPath {
		return oauthError(cmp.Or(map[simulators.Outcome]int{simulators.Throttled: 429, simulators.Unavailable: 503}[r.Outcome], 400), r)
	}
	if r.Outcome == simulators.Unauthorized {
		e.tokens.revoke(m.Header["Authorization"])
	}
	return e.refuse(m, &r)
}

// reply has the dialect word an answer and notes what it means.
func (e *Endpoint) reply(m simulators.Message, a simulators.Answer) simulators.Message {
	out := e.Dialect.Reply(m, a)
	status := out.Result.Status
	out.Result = Meaning(a)
	untold(out.Result.Items, a.Told)
	out.Result.Status = status
	return out
}

// Meaning says what an answer means to its sender.
func Meaning(a simulators.Answer) simulators.Result {
	switch {
	case a.Refusal != nil:
		return refusalResult(a.Refusal)
	case a.Later:
		return simulators.Result{Outcome: simulators.Accepted}
	case len(a.Rows) == 0:
		return simulators.Result{Outcome: simulators.Answered}
	}
	if len(a.Rows) == 1 {
		return rowResult(a.Rows[0])
	}
	rows := make([]simulators.Result, len(a.Rows))
	good, known := 0, 0
	for i, r := range a.Rows {
		rows[i] = rowResult(r)
		if r.Refusal == nil || r.Pooled {
			good++
		}
		if rows[i].Outcome == simulators.Repeated {
			known++
		}
	}
	out := simulators.Result{Outcome: simulators.Partly, Items: rows}
	switch {
	case good == 0:
		out = rows[0]
		out.Items = rows
	case known == len(rows):
		out.Outcome = simulators.Repeated
	case good == len(rows):
		out.Outcome = simulators.Applied
	}
	return out
}

// rowResult says what became of one row.
func rowResult(r simulators.Row) simulators.Result {
	switch {
	case r.Pooled:
		return simulators.Result{Outcome: simulators.Accepted}
	case r.Refusal != nil:
		return refusalResult(r.Refusal)
	case r.Known:
		return simulators.Result{Outcome: simulators.Repeated}
	}
	return simulators.Result{Outcome: simulators.Applied}
}

func refusalResult(r *simulators.Refusal) simulators.Result {
	res := simulators.Result{Outcome: cmp.Or(r.Outcome, simulators.Refused), Class: r.Class, Code: r.Code, Text: r.Text, RetryAfter: r.After, Scope: r.Scope}
	if r.After > 0 {
		res.RetryForm = cmp.Or(r.RetryForm, simulators.RetrySeconds)
	}
	return res
}

// transient reports whether an answer may be another one the next time.
func transient(a simulators.Answer) bool {
	if a.Refusal != nil {
		return refusalResult(a.Refusal).Outcome != simulators.Refused
	}
	for _, r := range a.Rows {
		if r.Refusal == nil {
			return false
		}
	}
	return len(a.Rows) > 0
}

func asRefusal(err error) *simulators.Refusal {
	if r, ok := err.(*simulators.Refusal); ok {
		return r
	}
	return &simulators.Refusal{Class: simulators.DataQuality, Code: "malformed", Text: err.Error()}
}

// sameSlice reports whether a and b are the same bytes in memory.
func sameSlice(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
