package chaos

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/internal/glob"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A ConnFault strikes connections, not messages: it bars the door, holds,
// thins out or cuts what a socket carries. It decides nothing by itself; what
// it says is carried out by the relay in front of the endpoint. Its rule is
// armed there, and on the link as well if its conditions speak of messages.
type ConnFault interface {
	Fault
	Trouble() Trouble
}

// Side says who opened a connection.
type Side string

// Sides of a road.
const (
	BySUT Side = "by-sut" // the SUT's requests
	ByRig Side = "by-rig" // our announcements to the SUT's webhooks
)

// Trouble is what becomes of a connection: everything a [ConnFault] can say,
// as data. The zero value does nothing.
type Trouble struct {
	Opened []Side               // whose connections; empty means those the SUT opens
	Way    simulators.Direction // of the bytes; "" means both

	Door     Door          // what meets whoever connects
	Limit    int           // [DoorFull]: so many connections at once
	Up, Down time.Duration // [DoorFlap]: the road is good for Up, then gone for Down, and so on
	Abrupt   bool          // what ends, ends with a reset instead of an orderly close
	Fresh    bool          // only connections opened while it is in force
	Sweep    bool          // what was connected before is reset, so that everybody comes anew

	Stream Stream        // what becomes of the bytes
	After  int64         // [StreamReset], [StreamClose]: bytes let through first
	Upon   Reply         // [StreamReset]: not after so many bytes, but in place of this
	Spare  int           // of Upon: so many on each connection are let through first
	Hold   time.Duration // [StreamHold], [StreamFirst]: how long; 0 means until it is healed
	Rate   int64         // [StreamSlow]: bytes a second
	Chunk  int           // [StreamTrickle]: bytes at a time
	Gap    time.Duration // [StreamTrickle]: between them
	Idle   time.Duration // [StreamForget]: silence after which the road forgets the connection

	Cert  Cert   // what is wrong with TLS handshakes
	Names Naming // what the rig's name server says of the endpoint
}

// Door says what meets whoever connects.
type Door string

// Doors.
const (
	DoorOpen    Door = ""
	DoorRefuse  Door = "refuse"  // nobody listens: a reset answers the SYN, and what was connected is reset
	DoorHang    Door = "hang"    // the SYN stays unanswered
	DoorSlam    Door = "slam"    // accepted and closed at once
	DoorFull    Door = "full"    // closed to those beyond a limit
	DoorFlap    Door = "flap"    // a road that comes and goes
	DoorSilence Door = "silence" // a black hole: no SYN gets through and nothing on connections that there are
)

// Stream says what becomes of the bytes of a connection.
type Stream string

// Streams.
const (
	StreamFree    Stream = ""
	StreamReset   Stream = "reset"   // both ends meet a reset after so many bytes
	StreamClose   Stream = "close"   // the reader meets the end after so many bytes, the other way stays open
	StreamHold    Stream = "hold"    // nothing moves for a time
	StreamFirst   Stream = "first"   // the first byte of each turn comes late
	StreamSlow    Stream = "slow"    // at most so many bytes a second
	StreamTrickle Stream = "trickle" // a few bytes, a pause, a few more
	StreamForget  Stream = "forget"  // once idle for long, nothing gets through any more, and neither end is told
)

// A Reply is something that a server says on a connection of its own protocol.
type Reply string

// Replies.
const (
	ReplyAny    Reply = ""
	ReplyCommit Reply = "commit" // of PostgreSQL, to COMMIT: it is done
)

// Cert says what is wrong with a TLS handshake. Whoever terminates TLS asks for
// it at each.
type Cert string

// Certificates.
const (
	CertGood          Cert = ""
	CertExpired       Cert = "expired"
	CertWrongHost     Cert = "wrong-host"
	CertUnknownCA     Cert = "unknown-ca"
	CertClientRefused Cert = "client-refused" // ours is good; the caller's is not, or it has none
	CertClientExpired Cert = "client-expired" // the same, and why
	CertClientUnknown Cert = "client-unknown" // the same: of an authority that is trusted no longer
)

// OfClient reports whether it is the caller's certificate that is wrong.
func (c Cert) OfClient() bool {
	return c == CertClientRefused || c == CertClientExpired || c == CertClientUnknown
}

// Naming says what a name server answers who asks for an endpoint. The zero
// value is the truth.
type Naming struct {
	Answer  Answer
	Hold    time.Duration // [AnswerLate]: how long; 0 means until it is healed
	Address netip.Addr    // [AnswerStale]: where the endpoint is not any more
	TTL     time.Duration // [AnswerStale]: how long that may be remembered
}

// Answer is a kind of answer of a name server.
type Answer string

// Answers.
const (
	AnswerTrue    Answer = ""
	AnswerUnknown Answer = "nxdomain"
	AnswerFailure Answer = "servfail"
	AnswerNone    Answer = "none"
	AnswerStale   Answer = "stale"
	AnswerLate    Answer = "late"
)

// Whole reports whether t cannot be limited to some connections: nobody knows
// who knocks before he is let in.
func (t Trouble) Whole() bool {
	switch t.Door {
	case DoorRefuse, DoorHang, DoorFlap, DoorFull:
		return true
	}
	return false
}

// Replies reports whether t can strike the reply to one message: it does
// something to bytes on their way to the SUT.
func (t Trouble) Replies() bool {
	return t.Stream != StreamFree && t.Stream != StreamForget && t.Upon == ReplyAny && t.Door == DoorOpen && t.Way != simulators.FromSUT && !t.Fresh
}

// Cuts reports whether the bytes t strikes never arrive.
func (t Trouble) Cuts() bool { return t.Stream == StreamReset || t.Stream == StreamClose }

// Lasts reports whether what t does to one reply it does to those that follow
// on the same connection, too.
func (t Trouble) Lasts() bool {
	return t.Stream == StreamFirst || t.Stream == StreamSlow || t.Stream == StreamTrickle
}

// ByMessage reports whether the conditions of r speak of messages.
func (r *Rule) ByMessage() bool {
	byKey := len(r.Strikes) > 0 && !strings.HasPrefix(r.Strikes[0].Key, connPrefix) && !strings.HasPrefix(r.Strikes[0].Key, queryPrefix)
	return r.Name != "" || r.Fact != "" || r.Entity != "" || r.Attempts > 0 || r.Times > 0 || r.InFlight > 0 || r.After != nil || r.StruckBy != "" || len(r.Within) > 0 || r.Writes || byKey
}

// ConnKey is how rules and the journal name the n-th connection of a road.
func ConnKey(n uint64) string { return fmt.Sprint(connPrefix, n) }

// QueryKey is how they name the n-th time that somebody asked for an address.
func QueryKey(n uint64) string { return fmt.Sprint(queryPrefix, n) }

const connPrefix, queryPrefix = "connection ", "query "

// Due reports whether r strikes the n-th connection or query at place, called
// key: by chance that is keyed by seed, rule, place and key, so that the n-th
// has the same luck in every run, however many there are.
func (r *Rule) Due(seed uint64, place string, n uint64, key string) bool {
	switch {
	case r.Nth > 0 && n != uint64(r.Nth), r.Every > 0 && n%uint64(r.Every) != 0:
		return false
	case len(r.Strikes) > 0 && !slices.ContainsFunc(r.Strikes, func(s Strike) bool { return glob.Match(s.Key, key) }):
		return false
	}
	return r.P <= 0 || r.P >= 1 || Chance(seed, r.ID+"\x00"+place, key, 0).Float64() < r.P
}

// Everybody reports whether r strikes every connection or query.
func (r *Rule) Everybody() bool {
	return (r.P <= 0 || r.P >= 1) && r.Nth <= 0 && r.Every <= 0 && len(r.Strikes) == 0 && r.Max <= 0 && !r.ByMessage()
}

// ValidateConn says which conditions of r a fault of connections cannot meet.
func (r *Rule) ValidateConn(t Trouble) error {
	some := r.P > 0 && r.P < 1 || r.Nth > 0 || r.Every > 0 || len(r.Strikes) > 0
	switch {
	case t.Whole() && (some || r.ByMessage()):
		return errors.New("it meets everybody who connects: it cannot be limited by hits or p; say when with during")
	case r.ByMessage() && !t.Replies():
		return errors.New("only what happens to replies can be limited to messages: leave fact, message, order, attempts and writes out of hits, so that nth and every count connections")
	case r.ByMessage() && r.Direction == simulators.ToSUT:
		return errors.New("what strikes by message strikes the reply to what the SUT sent: direction is from-sut, or left out")
	}
	return nil
}

// Conns carries out what a link wants done to the connection that a message
// came by. The relay is one.
type Conns interface {
	// Touch has the fault of the rule called id strike what is sent to the SUT
	// on conn from now on. It reports whether there is such a connection.
	Touch(id, conn string) bool
}

// Riders remembers which message last began to cross on each connection, so
// that what becomes of the connection can be told of the message.
type Riders struct {
	mu      sync.Mutex // guards what follows
	by      map[string]Rider
	watched map[string]func(Rider)
}

// A Rider is a message on a connection.
type Rider struct {
	Message uint64
	Facts   []plant.EventID
	Key     string
	Attempt int
}

// Enter notes that r crosses on conn.
func (rs *Riders) Enter(conn string, r Rider) {
	rs.mu.Lock()
	if rs.by == nil {
		rs.by = map[string]Rider{}
	}
	rs.by[conn] = r
	tell := rs.watched[conn]
	rs.mu.Unlock()
	if tell != nil {
		tell(r)
	}
}

// Watch has tell hear of each message that begins to cross on conn, until the
// connection has ended.
func (rs *Riders) Watch(conn string, tell func(Rider)) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.watched == nil {
		rs.watched = map[string]func(Rider){}
	}
	rs.watched[conn] = tell
}

// On returns what last crossed on conn.
func (rs *Riders) On(conn string) (Rider, bool) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r, ok := rs.by[conn]
	return r, ok
}

// rider is f as [Riders] remember it.
func (f *fate) rider(o *Ordinals) Rider {
	return Rider{Message: f.Message.ID, Facts: f.facts(o), Key: keyOf(&f.Message), Attempt: f.Attempt}
}

// Forget drops a connection that has ended.
func (rs *Riders) Forget(conn string) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	delete(rs.by, conn)
	delete(rs.watched, conn)
}
