// Package inline judges each exchange of a run by the contracts in force
// between the SUT and the partner it talks to: by the provider's document at
// the version that the exchange tells, and by what the consumer relies on.
//
// It is pure and knows no run: what is excused by a fault, and what all this
// says of the SUT, is decided by those who read the journal.
package inline

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/wire"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators"
)

// mostBreaches is how much is told of one exchange by one document.
const mostBreaches = 5

// A Setting says who talks to whom.
type Setting struct {
	Book        *contracts.Book
	Folder      string // of the book, for people
	Environment string
	Today       time.Time
	SUT         evidence.Party // with its only version
	Partners    map[string]evidence.Party
}

// Rules are what is in force in a run. They are safe for concurrent use.
type Rules struct {
	setting Setting
	force   evidence.InForce
	at      map[string][]*side // by endpoint

	mu    sync.Mutex // guards users
	users map[string][]string
}

// A side is one contract at one endpoint, and on which side of it the SUT is.
type side struct {
	contract  *contracts.Contract
	provider  bool     // the SUT provides it
	versions  []string // of the provider, where an exchange does not tell
	index     map[*contracts.Half]int
	consumers []*contracts.Half // what the consumer relies on, at the version that it runs in
	key       evidence.Place    // of what makes repetitions recognisable
	sequence  evidence.Place    // of what must be kept in sequence
}

// New finds what is in force. Parties and versions are in the book.
func New(s Setting) *Rules {
	r := &Rules{setting: s, at: map[string][]*side{}, users: map[string][]string{}, force: evidence.InForce{
		Book: s.Folder, Environment: s.Environment, Today: s.Today.Format(time.DateOnly), Closed: s.Book.File.Closed, SUT: s.SUT, Partners: s.Partners,
	}}
	known := map[*contracts.Half]int{}
	for _, endpoint := range sortedKeys(s.Partners) {
		partner := s.Partners[endpoint]
		r.at[endpoint] = []*side{} // held against nothing is not the same as not held
		for _, c := range s.Book.Contracts {
			switch c.Provider {
			case partner.Name:
				r.add(endpoint, c, false, partner, s.SUT, known)
			case s.SUT.Name:
				r.add(endpoint, c, true, s.SUT, partner, known)
			}
		}
	}
	return r
}

func (r *Rules) add(endpoint string, c *contracts.Contract, bySUT bool, provider, consumer evidence.Party, known map[*contracts.Half]int) {
	s := &side{contract: c, provider: bySUT, versions: provider.Versions, index: known}
	s.key, _ = evidence.ParsePlace(c.File.Flow.IdempotencyKey) // mistakes were told when the book was read
	s.sequence, _ = evidence.ParsePlace(c.File.Flow.OrderingKey)
	for i := range c.Versions {
		r.know(c, &c.Versions[i], false, known)
	}
	for i := range c.Consumers {
		h := &c.Consumers[i]
		if h.Party == consumer.Name && slices.Contains(consumer.Versions, h.Version) {
			r.know(c, h, true, known)
			s.consumers = append(s.consumers, h)
		}
	}
	r.at[endpoint] = append(r.at[endpoint], s)
	r.flow(endpoint, c, bySUT)
}

// know gives a half its number.
func (r *Rules) know(c *contracts.Contract, h *contracts.Half, consumer bool, known map[*contracts.Half]int) {
	if _, there := known[h]; there {
		return
	}
	known[h] = len(r.force.Halves)
	r.force.Halves = append(r.force.Halves, evidence.ContractHalf{
		Contract: c.ID(), Party: h.Party, Version: h.Version, Consumer: consumer, Format: h.Format.Name(), Folder: h.Folder, Digest: h.Digest,
	})
}

// flow notes how a contract is used, for judges of effects.
func (r *Rules) flow(endpoint string, c *contracts.Contract, bySUT bool) {
	f := c.File.Flow
	if f.Direction == "" || f.IdempotencyKey == "" && f.OrderingKey == "" && f.Cadence.IsZero() {
		return
	}
	r.force.Flows = append(r.force.Flows, evidence.ContractFlow{
		Contract: c.ID(), Endpoint: endpoint, FromSUT: (f.Direction == contracts.FromConsumer) != bySUT, Covers: f.Covers,
		IdempotencyKey: f.IdempotencyKey, OrderingKey: f.OrderingKey, CadenceMillis: int(f.Cadence.D / time.Millisecond), CadencePlant: f.Cadence.Domain == yamlfile.PlantTime,
	})
}

// InForce is what is in force, for the plan of the run.
func (r *Rules) InForce() *evidence.InForce { return &r.force }

// Judge holds an exchange against all that is in force at its endpoint. It
// returns nil if the book does not know the endpoint.
func (r *Rules) Judge(c wire.Crossing) *evidence.Held {
	sides, known := r.at[c.Endpoint]
	if !known {
		return nil
	}
	held := &evidence.Held{}
	for _, s := range sides {
		if x := c.As(s.provider); s.concerns(c.Name, x) {
			(&judgement{Rules: r, side: s, x: x, tells: x, fromSUT: c.FromSUT, held: held}).judge()
		}
	}
	if c.Inside != nil {
		r.inside(c, sides, held)
	}
	return held
}

// inside holds the document in an exchange against the contracts that are about it.
// In a closed book one that no contract is about is a breach; that nothing is about
// the exchange either is for others to say.
func (r *Rules) inside(c wire.Crossing, sides []*side, held *evidence.Held) {
	before := len(held.By) + len(held.Breaches)
	for _, s := range sides {
		if x := c.Enclosed(s.provider); s.concerns(c.Inside.Path, x) {
			(&judgement{Rules: r, side: s, x: x, tells: c.Telling(s.provider), fromSUT: c.FromSUT, held: held}).judge()
		}
	}
	if before == 0 || len(held.By)+len(held.Breaches) > before || !r.force.Closed {
		return
	}
	b := evidence.ContractBreach{Rule: evidence.EnclosesOther, By: evidence.RigSent, Path: c.Inside.Path, Want: "a document that a contract is about; the book is closed", Got: "one that none is about"}
	if c.FromSUT {
		b.By = evidence.SUTSent
	}
	if len(held.By) > 0 {
		b.Contract = r.force.Halves[held.By[0]].Contract
	} else {
		b.Contract = held.Breaches[0].Contract
	}
	held.Breaches = append(held.Breaches, b)
}

// concerns reports whether the contract may be about an exchange.
func (s *side) concerns(name string, x contracts.Exchange) bool {
	f := s.contract.File.Flow
	if f.Direction != "" && (f.Direction == contracts.FromConsumer) != x.FromConsumer {
		return false
	}
	return len(f.Covers) == 0 || f.Covered(name) || f.Covered(strings.TrimPrefix(x.Request.Path, "/"))
}

// A judgement is one exchange before one contract.
type judgement struct {
	*Rules
	side    *side
	x       contracts.Exchange // or a document in one
	tells   contracts.Exchange // where its version is looked for: x, with what is around a document
	fromSUT bool
	held    *evidence.Held
}

func (j *judgement) judge() {
	t := j.told()
	half := j.side.contract.Half(t.version)
	covered := half != nil && j.document(half, evidence.BreaksPromise)
	relied := false
	switch {
	case covered:
	case len(j.side.contract.File.Flow.Covers) > 0: // the contract says that it is about this, whatever its documents say
	case j.anyVersion():
	default:
		if relied = j.relied(); !relied {
			return // it is not about this exchange
		}
	}
	promised := len(j.side.contract.Versions) > 0 // or only consumers have written down what they rely on
	if half == nil && t.version != "" && t.known && promised {
		j.add(breach{rule: evidence.NoDocument, place: contracts.Place{File: j.side.contract.Folder}, unclear: true,
			want: "a document of " + j.side.contract.Provider + " " + t.version, got: "the book knows the version and nothing says what it promises"})
	}
	for _, b := range t.wrong {
		j.instead(b)
	}
	for _, b := range j.notice(t) {
		j.add(b)
	}
	if !relied {
		j.relied()
	}
	j.keys()
}

// relied holds the exchange against what consumers rely on, and reports
// whether any of that is about it.
func (j *judgement) relied() (covered bool) {
	for _, h := range j.side.consumers {
		covered = j.document(h, evidence.BreaksReliance) || covered
	}
	return covered
}

// keys notes by what repetitions of the exchange are recognised, and what it
// must be kept in sequence with.
func (j *judgement) keys() {
	flow := j.side.contract.File.Flow
	if flow.IdempotencyKey == "" && flow.OrderingKey == "" || j.x.Request.Method == "GET" || j.x.Request.Method == "HEAD" {
		return
	}
	m := simulators.Message{Name: strings.TrimPrefix(j.x.Request.Path, "/"), Header: map[string]string{}, Body: j.x.Request.Body}
	for name, values := range j.x.Request.Headers {
		m.Header[name] = values[0]
	}
	if flow.IdempotencyKey != "" {
		switch keys := j.side.key.In(m); {
		case len(keys) == 0:
			j.instead(breach{rule: evidence.TellsNoKey, path: headerPath(flow.IdempotencyKey), want: "an idempotency key", got: "nothing", place: flow.Place()})
		case strings.Join(keys, " ") != m.Header["Idempotency-Key"]:
			j.held.Key = strings.Join(keys, " ")
		}
	}
	if keys := j.side.sequence.In(m); len(keys) > 0 {
		j.held.Sequence = j.side.contract.ID() + " " + keys[0]
	}
}

// headerPath is a place as breaches write it: "header Idempotency-Key".
func headerPath(place string) string {
	if name, ok := strings.CutPrefix(place, "header["); ok {
		return "header " + strings.Trim(name, "'\"]")
	}
	return place
}

// anyVersion reports whether a document of the provider is about the exchange.
func (j *judgement) anyVersion() bool {
	return slices.ContainsFunc(j.side.contract.Versions, func(h contracts.Half) bool {
		c, ok := h.Document.(contracts.Checker)
		if !ok {
			return false
		}
		_, covered := c.Check(j.x)
		return covered
	})
}

// document holds the exchange against one document, and reports whether that
// is about it.
func (j *judgement) document(h *contracts.Half, rule string) bool {
	c, ok := h.Document.(contracts.Checker)
	if !ok {
		return false
	}
	found, covered := c.Check(j.x)
	if !covered || rule == evidence.BreaksReliance && j.otherState(found) {
		return false
	}
	found = slices.DeleteFunc(found, j.anybodys)
	j.held.By = append(j.held.By, j.side.index[h])
	for _, b := range found[:min(len(found), mostBreaches)] {
		j.add(breach{rule: rule, half: h, reply: b.Reply, path: b.Path, want: b.Want, got: b.Got, place: b.Place, unclear: b.Unclear})
	}
	return true
}

// otherState reports whether the answer says no where the consumer wrote down
// a yes: in which state the provider is cannot be seen on the wire, so that
// this is another case than the consumer's.
func (j *judgement) otherState(found []contracts.Breach) bool {
	return j.x.Reply != nil && j.x.Reply.Status >= 400 && slices.ContainsFunc(found, isStatus)
}

func isStatus(b contracts.Breach) bool { return b.Reply && b.Path == "status" }

// anybodys reports whether a breach is a status that whatever stands before a
// provider may give, and that documents therefore need not promise.
func (j *judgement) anybodys(b contracts.Breach) bool {
	if !isStatus(b) {
		return false
	}
	switch j.x.Reply.Status {
	case 401, 403, 407, 408, 413, 429, 500, 502, 503, 504:
		return true
	}
	return false
}

// A breach is what is wrong, before it is known whose it is.
type breach struct {
	rule            string
	half            *contracts.Half
	reply           bool
	path, want, got string
	place           contracts.Place
	unclear         bool
}

func (j *judgement) add(b breach) {
	e := evidence.ContractBreach{
		Rule: b.rule, Contract: j.side.contract.ID(), By: evidence.RigSent, Reply: b.reply, Path: b.path, Want: b.want, Got: b.got, Place: b.place.String(), Unclear: b.unclear,
	}
	if j.fromSUT != b.reply {
		e.By = evidence.SUTSent
	}
	if b.half != nil {
		e.Half = b.half.ID()
		e.Users = j.usersOf(b)
	}
	j.held.Breaches = append(j.held.Breaches, e)
}

// instead adds b, which says more than what the provider's document may have
// said of the same place.
func (j *judgement) instead(b breach) {
	j.held.Breaches = slices.DeleteFunc(j.held.Breaches, func(e evidence.ContractBreach) bool {
		return e.Rule == evidence.BreaksPromise && e.Contract == j.side.contract.ID() && e.Reply == b.reply && b.path != "" && strings.EqualFold(e.Path, b.path)
	})
	j.add(b)
}

// usersOf are the consumers that rely on what the provider sent wrong.
func (j *judgement) usersOf(b breach) []string {
	if j.x.FromConsumer != b.reply { // the consumer sent it
		return nil
	}
	provider := b.half
	if b.rule == evidence.BreaksReliance {
		return []string{b.half.ID()}
	}
	key := fmt.Sprintf("%p %s", provider, unnumbered(b.path))
	j.mu.Lock()
	defer j.mu.Unlock()
	users, known := j.users[key]
	if !known {
		users = j.side.contract.Touching(*provider, unnumbered(b.path))
		j.users[key] = users
	}
	return users
}
