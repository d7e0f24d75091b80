package simulators

import (
	"fmt"
	"time"
)

// A Policy says what an interface promises and what it does not. It is a
// table, not a program: package endpoint obeys it for every dialect. The zero
// value of each field means what its first constant says.
type Policy struct {
	Auth       AuthPolicy     `yaml:"auth" json:"auth"`
	TokenTTL   time.Duration  `yaml:"-" json:"tokenTTL"`                  // wall time an access token lives; 0 means 15 s
	Accept     AcceptPolicy   `yaml:"accept" json:"accept"`               // when an accepted message takes effect
	Delay      time.Duration  `yaml:"-" json:"delay,omitempty"`           // wall time until a queued message takes effect
	Queue      QueuePolicy    `yaml:"-" json:"queue,omitzero"`            // how queued messages are worked off
	Dedupe     DedupePolicy   `yaml:"dedupe" json:"dedupe"`               // what a repeated message does
	Lookup     bool           `yaml:"lookup" json:"lookup"`               // postings can be asked for by reference
	Announce   AnnouncePolicy `yaml:"announce" json:"announce,omitempty"` // how much an announcement says
	Ordering   OrderingPolicy `yaml:"ordering" json:"ordering"`           // in which order announcements are delivered
	Lock       LockPolicy     `yaml:"lock" json:"lock"`                   // what parallel postings to one order do
	Batch      BatchPolicy    `yaml:"batch" json:"batch"`                 // what one bad row does to its batch
	Versions   VersionPolicy  `yaml:"versions" json:"versions"`           // what an older version does after a newer one
	Session    SessionPolicy  `yaml:"session" json:"session,omitempty"`   // what a change needs besides authentication
	Match      MatchPolicy    `yaml:"match" json:"match,omitempty"`       // what a change to an object that is there needs
	Failed     FailedPolicy   `yaml:"failed" json:"failed,omitempty"`     // what becomes of a posting that the books refuse
	Lag        time.Duration  `yaml:"-" json:"lag,omitempty"`             // wall time from an announcement until questions show what it is about
	Page       int            `yaml:"page" json:"page,omitempty"`         // rows of one page of a list, at most; 0 means 500
	Quota      Quota          `yaml:"quota" json:"quota,omitzero"`
	Redelivery Redelivery     `yaml:"-" json:"redelivery"`
	MaxBody    int64          `yaml:"-" json:"maxBody,omitempty"`  // bytes; 0 means 8 MiB
	Parallel   int            `yaml:"-" json:"parallel,omitempty"` // announcements under way at once; 0 means 16
	Share      SharePolicy    `yaml:"-" json:"share,omitempty"`    // where files or rows are exchanged; of the transport
	Names      bool           `yaml:"-" json:"names,omitempty"`    // announcements only name what has changed; of the dialect
}

// AuthPolicy says how the SUT proves who it is.
type AuthPolicy string

// Ways to authenticate.
const (
	AuthNone   AuthPolicy = "none"
	AuthOAuth2 AuthPolicy = "oauth2" // client credentials at the endpoint's own token URL
)

// SharePolicy says where files or rows are exchanged that nobody sends.
type SharePolicy string

// Places where files or rows are exchanged.
const (
	ShareNone   SharePolicy = ""       // messages are sent
	ShareFolder SharePolicy = "folder" // a folder that both sides see
	ShareSFTP   SharePolicy = "sftp"   // a folder behind a server, which can refuse
	ShareTables SharePolicy = "tables" // tables of an embedded database, which both sides open
	ShareServer SharePolicy = "server" // tables of a database behind a server
)

// AcceptPolicy says when an accepted message takes effect.
type AcceptPolicy string

// Ways to accept.
const (
	AcceptDone   AcceptPolicy = "done"   // the reply means posted
	AcceptQueued AcceptPolicy = "queued" // the reply means queued; posting follows and may still fail
)

// QueuePolicy says how messages that were only queued are worked off. The zero
// value tries each once, side by side.
type QueuePolicy struct {
	// PerEntity works off the messages of one entity one after the other, in the
	// order of their arrival; entities side by side.
	PerEntity bool `json:"perEntity,omitempty"`
	// Attempts is how often a message is tried before it has failed for good;
	// 0 means once. Each attempt comes a delay after the one before.
	Attempts int `json:"attempts,omitempty"`
	// Blocks keeps what follows a failed message of its entity in the queue until
	// somebody has put it back or taken it out; otherwise it is passed.
	Blocks bool `json:"blocks,omitempty"`
	// Stalled works off nothing: nobody has scheduled the job that would.
	Stalled bool `json:"stalled,omitempty"`
}

// DedupePolicy says what a repeated message does.
type DedupePolicy string

// Ways to treat a repeated message.
const (
	DedupeNone    DedupePolicy = "none"        // no protection: it posts a second time
	DedupeKey     DedupePolicy = "by-key"      // same idempotency key, same answer, no second posting
	DedupeNatural DedupePolicy = "natural-key" // the books refuse a second posting of one business key with a conflict
)

// AnnouncePolicy says how much an announcement says.
type AnnouncePolicy string

// Ways to announce.
const (
	AnnounceWhole AnnouncePolicy = "whole" // all of it
	AnnounceLight AnnouncePolicy = "light" // what it is about; the rest is read, and may be newer by then
)

// OrderingPolicy says in which order announcements are delivered.
type OrderingPolicy string

// Orders of delivery.
const (
	OrderPerEntity OrderingPolicy = "per-entity" // one entity's messages in sequence, each after the last was taken
	OrderNone      OrderingPolicy = "none"
)

// LockPolicy says what parallel postings to one order do.
type LockPolicy string

// Ways to lock.
const (
	LockNone  LockPolicy = "none"      // they wait for each other inside the system
	LockOrder LockPolicy = "per-order" // the second one is told that the order is locked
)

// BatchPolicy says what one bad row does to its batch.
type BatchPolicy string

// Ways to treat a batch.
const (
	BatchPerRow BatchPolicy = "per-row" // good rows are posted, bad ones reported row by row
	BatchAtomic BatchPolicy = "atomic"  // all or nothing
	BatchLead   BatchPolicy = "lead"    // the first row decides; others that are refused go to a worklist, and the answer is a success
)

// SessionPolicy says what a change needs besides authentication.
type SessionPolicy string

// Ways to guard changes.
const (
	SessionNone SessionPolicy = "none"
	SessionCSRF SessionPolicy = "csrf" // a token that was fetched before, and the cookie of its session
)

// MatchPolicy says what a change to an object that is there needs.
type MatchPolicy string

// Ways to change an object.
const (
	MatchNone MatchPolicy = "none" // the last one to write wins
	MatchETag MatchPolicy = "etag" // If-Match with the tag that the object has now
)

// FailedPolicy says what becomes of a posting that the books refuse. What is
// pooled is answered as accepted, and waits for a person.
type FailedPolicy string

// Ways to treat a posting that is refused.
const (
	FailedTold     FailedPolicy = "told"      // its sender is told, and nothing is kept
	FailedPoolData FailedPolicy = "pool-data" // what is refused for its data is pooled, the rest is told
	FailedPoolAll  FailedPolicy = "pool-all"  // all is pooled; only what cannot be done now is told
)

// Pools reports whether what is refused so is kept for a person.
func (f FailedPolicy) Pools(r *Refusal) bool {
	if r == nil || r.Outcome != "" && r.Outcome != Refused {
		return false
	}
	return f == FailedPoolAll || f == FailedPoolData && r.Class == DataQuality
}

// VersionPolicy says what an older version of an object does when it comes
// after a newer one.
type VersionPolicy string

// Ways to treat an older version.
const (
	VersionsChecked   VersionPolicy = "checked"   // it is refused as overtaken
	VersionsOverwrite VersionPolicy = "overwrite" // the last one written counts, whatever its number
)

// Quota limits how many requests an endpoint answers: Rate in each Window of
// wall time. The zero value means no limit. Before it refuses it may slow its
// callers down: the first request beyond SlowAfter waits for Slow before it is
// answered, the second for twice that, and so on.
type Quota struct {
	Rate       int           `json:"rate,omitempty"`
	SlowAfter  int           `json:"slowAfter,omitempty"` // in each window
	Slow       time.Duration `json:"slow,omitempty"`      // 0 means that nobody is slowed down
	Window     time.Duration `json:"window,omitempty"`
	RetryAfter RetryAfter    `json:"retryAfter,omitempty"`
	Others     int           `json:"others,omitempty"` // requests of each window that other applications make of Rate
	Priority   Priority      `json:"priority,omitempty"`
}

// Left is how many requests of each window are answered to who has q's
// priority.
func (q Quota) Left() int {
	switch q.Priority {
	case PriorityLow:
		return q.Rate - q.Others
	case PriorityMedium:
		return q.Rate - q.Others/2
	}
	return q.Rate
}

// Priority says who is refused first when a system is asked too much: the SUT,
// or the other applications that ask it.
type Priority string

// Priorities of the SUT among the applications of a system.
const (
	PriorityLow    Priority = "low"    // all others come first
	PriorityMedium Priority = "medium" // half of what the others ask comes first
	PriorityHigh   Priority = "high"   // the others wait
)

// RetryAfter says how a throttled sender is told when to come back.
type RetryAfter string

// Forms of a Retry-After header.
const (
	RetrySeconds RetryAfter = "seconds"
	RetryDate    RetryAfter = "date"
	RetryMissing RetryAfter = "missing"
	RetryZero    RetryAfter = "zero" // 0 seconds, which helps nobody; only faults tell it
)

// Scope says for whom a refusal to be patient counts.
type Scope string

// ScopeName limits it to messages of the same name. None means the whole
// endpoint.
const ScopeName Scope = "name"

// Redelivery says how often and how fast an announcement that was not taken
// is sent again. Gaps double from Gap to MaxGap; Max 0 means until the run
// ends. All wall time.
type Redelivery struct {
	Gap    time.Duration `json:"gap"`
	MaxGap time.Duration `json:"maxGap"`
	Max    int           `json:"max,omitempty"`
}

// Capability is what an interface offers a sender that does not know whether
// its posting was done.
type Capability string

// Capabilities, from the most to the least helpful.
const (
	K1IdempotencyKey Capability = "K1" // an idempotency key is honoured
	K2NaturalKey     Capability = "K2" // the business key is unique: a repetition is refused as known
	K3Lookup         Capability = "K3" // postings can be found by reference
	K4None           Capability = "K4" // none: exactly-once is impossible after a lost reply
)

// Capability returns what p offers.
func (p Policy) Capability() Capability {
	switch {
	case p.Dedupe == DedupeKey:
		return K1IdempotencyKey
	case p.Dedupe == DedupeNatural:
		return K2NaturalKey
	case p.Lookup:
		return K3Lookup
	}
	return K4None
}

// Validate refuses words that are not in the table.
func (p Policy) Validate() error {
	for _, c := range []struct {
		name, got string
		allowed   []string
	}{
		{"auth", string(p.Auth), []string{"", "none", "oauth2"}},
		{"accept", string(p.Accept), []string{"", "done", "queued"}},
		{"dedupe", string(p.Dedupe), []string{"", "none", "by-key", "natural-key"}},
		{"announce", string(p.Announce), []string{"", "whole", "light"}},
		{"ordering", string(p.Ordering), []string{"", "per-entity", "none"}},
		{"lock", string(p.Lock), []string{"", "none", "per-order"}},
		{"batch", string(p.Batch), []string{"", "per-row", "atomic", "lead"}},
		{"session", string(p.Session), []string{"", "none", "csrf"}},
		{"match", string(p.Match), []string{"", "none", "etag"}},
		{"failed", string(p.Failed), []string{"", "told", "pool-data", "pool-all"}},
		{"versions", string(p.Versions), []string{"", "checked", "overwrite"}},
		{"quota.priority", string(p.Quota.Priority), []string{"", "low", "medium", "high"}},
		{"quota.retryAfter", string(p.Quota.RetryAfter), []string{"", "seconds", "date", "missing"}},
	} {
		ok := false
		for _, a := range c.allowed {
			ok = ok || a == c.got
		}
		if !ok {
			return fmt.Errorf("policy %s: %q is not one of %q", c.name, c.got, c.allowed[1:])
		}
	}
	return nil
}
