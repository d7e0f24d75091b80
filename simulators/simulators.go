// Package simulators plays the systems around an integration: ERP, MES and
// machines, each speaking its own dialect over one shared plant.
//
// It knows nothing of faults, journals or runs: what happens to a message on
// its way is the business of the [Line] it is given.
package simulators

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// A Message is what crosses a link: one request, reply, publication or file,
// before any transport framing.
type Message struct {
	ID     uint64            // given by the line; joins offers and attempts to effects. Never on the wire
	Verb   string            // "post" states something, "get" asks, however it came
	Name   string            // what the dialect calls it: a resource, topic or file name ("confirmations", "orders/4711")
	Key    string            // the business identity it is about; chance is keyed by it. Never on the wire
	Entity string            // what it must be kept in sequence with; empty means nothing. Never on the wire
	Header map[string]string // transport metadata, names in canonical HTTP form
	Method string            // of HTTP, in capitals, if that brought it; UPDATE of rows that are there already; "" otherwise. Never on the wire
	Params map[string]string // of a query
	Base   string            // of a query by HTTP: where its sender found us, "http://host:port". Never on the wire
	Body   []byte
	Events []plant.Event // what it says in the plant's terms, if that is known. Never on the wire
	Asks   *Query        // the question it is, if that is known. Never on the wire
	Result Result        // of a reply. Never on the wire
	// Absent is how many of the last Events it tells by saying nothing of them, as
	// an extract does of what is out of use. Never on the wire.
	Absent int
	// Kept is true of an announcement that the far side keeps until the SUT
	// fetches it. Never on the wire.
	Kept bool
	// Mishap, if set by a fault, is what goes wrong with m where it is kept or
	// passed on. Never on the wire.
	Mishap *Mishap
	// Unread, if set, says why the transport could not take the body; Body is
	// empty then, and the receiver refuses. Never on the wire.
	Unread *Unread
	// Breach is what is wrong with a message of the SUT by the contract of the
	// endpoint, with its place; "" if nothing is, or nobody looked. Never on
	// the wire.
	Breach string
	// Route names the way by which a message of the SUT came, where the
	// endpoint tells several apart. Never on the wire.
	Route string
	// Release, if set, is called by a line that lets later messages of the
	// entity pass this one. Never on the wire.
	Release func()
	// Idem is what makes repetitions of a message of the SUT recognisable, where
	// the dialect has it elsewhere than in a header. Never on the wire.
	Idem string
	// Manner, if set, is how the endpoint is to treat this message of the SUT
	// otherwise than its policy says. Never on the wire.
	Manner *Manner
	// Tells are the newest changes of the records on a page of a list, of a reply
	// to who finds changes there, since nobody announces them. Never on the wire.
	Tells []plant.EventID
}

// TokenName is the message by which the SUT asks an endpoint for an access
// token, whatever its dialect.
const TokenName = "oauth/token"

// Unread says why a body was not taken, and how large it was.
type Unread struct {
	Refusal Refusal // Outcome Undelivered if its sender broke off and hears nothing
	Bytes   int64   // as announced, or as far as it was read
}

// TooLarge is a body of which a transport takes no more than limit bytes.
func TooLarge(size, limit int64) *Unread {
	return &Unread{Bytes: size, Refusal: Refusal{Class: DataQuality, Code: "too-large", Text: fmt.Sprintf("the body is larger than %d bytes", limit)}}
}

// BrokenOff is a body whose sender ended before it did.
func BrokenOff(read int64, err error) *Unread {
	return &Unread{Bytes: read, Refusal: Refusal{Class: Technical, Outcome: Undelivered, Code: "broken-off", Text: "the body was not sent to its end: " + err.Error()}}
}

// Result is what a reply means, whatever its wording.
type Result struct {
	Outcome    Outcome
	Class      Class         // of a refusal
	Code       string        // short machine-readable reason: "lot-expired"
	Text       string        // for people
	RetryAfter time.Duration // how long the sender was told to wait; 0 if not told
	RetryForm  RetryAfter    `json:",omitempty"` // how it was told; "" if that was not noted
	Scope      Scope         `json:",omitempty"` // which messages are to wait; "" means all to the endpoint
	Status     int           // HTTP status or its like; 0 if there was no reply
	Items      []Result      // of a batch, in the order of its rows
	// LetGo is true if nobody will ever say more of the message, as of one that
	// asks for no acknowledgement: it is not sent again. Only its sender needs to
	// know, so it is in no journal.
	LetGo bool `json:"-"`
}

// Outcome says what became of a message as far as its sender can know.
type Outcome string

// Outcomes of a message.
const (
	Applied      Outcome = "applied"      // done; the books have changed
	Repeated     Outcome = "repeated"     // recognised as a repetition; the first answer was given again
	Accepted     Outcome = "accepted"     // taken over; the effect comes later or is not ours to see
	Answered     Outcome = "answered"     // a question, answered
	Partly       Outcome = "partly"       // a batch of which some rows were applied
	Refused      Outcome = "refused"      // definitely not done, and no repetition will help
	Locked       Outcome = "locked"       // not done now: somebody else holds the object
	Throttled    Outcome = "throttled"    // not done now: too many requests
	Unauthorized Outcome = "unauthorized" // not done: who are you
	Unavailable  Outcome = "unavailable"  // not done now: out of service
	Unknown      Outcome = "unknown"      // no reply, or one that does not tell; it may have been done
	Undelivered  Outcome = "undelivered"  // the rig knows it never arrived, though its sender cannot
)

// Took reports whether the receiver has taken responsibility.
func (o Outcome) Took() bool {
	switch o {
	case Applied, Repeated, Accepted, Answered, Partly:
		return true
	}
	return false
}

// Class says what kind of remedy a refusal or exception needs.
type Class string

// Classes of exceptions.
const (
	Technical   Class = "technical"    // repeat it, then raise an alarm
	Business    Class = "business"     // a person must decide
	DataQuality Class = "data-quality" // somebody must mend the data first
)

// An Ask is a message as a simulator understands it: facts the SUT claims, or
// a question about the books.
type Ask struct {
	// Claims are the facts stated. Each ID is the reference the sender gave
	// ("" if none), each At the instant the sender says it happened.
	Claims []plant.Event
	Batch  bool   // the sender sent a list, even if of one row
	Query  *Query // a question, instead of claims
	// Aliases are second references under which postings can be found, one for
	// each claim; nil means none.
	Aliases []plant.EventID
	// Target is the object that a change is about, where the sender has to say
	// which state of it it means; nil of what makes something new.
	Target *Query
	// Ends names an order that the sender declares to be at its end, instead of
	// claims: nothing more will be posted to it.
	Ends plant.OrderID
	// Failed is what the sender says that it could not do with a message which it
	// was sent, beside what else the message asks; nil if it says nothing.
	Failed *Failure
	// Late is what is wrong with the message where its receiver finds that out
	// only when it is worked off; nil if nothing is.
	Late *Refusal
	// Entity is what a message is about of which there are no claims, because of
	// what is wrong with it; "" if that is not known either.
	Entity string
	// Defaults says that what claims leave unsaid has a default in the books of
	// the receiver, as in interfaces whose fields are optional.
	Defaults bool
	// IdempotencyKey is what the sender says makes repetitions recognisable.
	IdempotencyKey string
	// Content is what two messages of one key must have in common; nil is their
	// bodies, which some dialects word anew each time.
	Content []byte
	Now     time.Time // plant time of arrival, set by the endpoint
}

// A Failure tells the sender of a message what could not be done with it.
type Failure struct {
	Reference plant.EventID // of the fact, as its sender named it
	Class     Class         // whose turn it is; "" if it is not said
	Code      string
	Text      string
}

// A Query selects objects from a system's books.
type Query struct {
	Object string            // "order", "orders", "lot", "item", "items", "postings", "operation", "feed"; "interface" is answered by the dialect alone
	Where  map[string]string // by field; "after", "offset" and "limit" page through lists
	// Fits says which objects of a list are wanted, before it is cut into pages;
	// nil means all.
	Fits func(found any) bool `json:"-"`
	// Counts is true if only how many there are is told, and none of them.
	Counts bool `json:"-"`
}

// An Answer is what a simulator makes of an [Ask].
type Answer struct {
	Refusal *Refusal // of the whole; nil means see Rows
	Rows    []Row    // one for each claim
	Found   []any    // what a query turned up: plant.Order, plant.Lot, plant.Item, ItemState, Operation, Posting, OrderState or Message
	Cursor  string   // where to go on reading
	Total   int      // of a list: how many there are on all its pages
	More    bool     // of a list: some follow those of this page
	Later   bool     // accepted, and to be posted later
	// Operation, of what is posted later, is where its sender can ask how far
	// it is; "" if it cannot.
	Operation string
	Told      []int // rows the answer speaks of, in that order; nil means all in theirs
	Soft      bool  // told with a status of success though rows failed
}

// A Row is what became of one claim.
type Row struct {
	Refusal *Refusal // nil means posted
	Doc     string   // document number, given by the books
	Known   bool     // posted before; Doc is that of the first time
	// Pooled is true of a row that was refused and waits for a person, while its
	// sender is told of a success; Refusal says why.
	Pooled bool
}

// A Refusal says why a system would not.
type Refusal struct {
	Class   Class
	Outcome Outcome // Refused if empty
	Code    string  // "lot-expired"
	Text    string
	After   time.Duration // when to try again; 0 means not told
	// RetryForm is how After is told; empty means in seconds.
	RetryForm RetryAfter
	// Scope says which messages are to wait; empty means all to the endpoint.
	Scope Scope
	// Soft is true if it is told with a status of success: only the body says
	// no, as with interfaces that report the call and not what it was for.
	Soft bool
}

// Error lets a Refusal be returned where an error is expected.
func (r *Refusal) Error() string { return r.Code + ": " + r.Text }

// RetryAfterText is the value of a Retry-After header: seconds, [RetryDate]
// where the transport has to write a date, or "" for none. It rounds up: who
// comes back when told must not be too early.
func (r *Refusal) RetryAfterText() string {
	switch {
	case r.RetryForm == RetryZero:
		return "0"
	case r.After <= 0 || r.RetryForm == RetryMissing:
		return ""
	case r.RetryForm == RetryDate:
		return string(RetryDate)
	}
	return strconv.FormatInt(int64((r.After+time.Second-1)/time.Second), 10)
}

// A Posting is a change to a system's books.
type Posting struct {
	Doc   string      `json:"doc"`   // document number
	Claim plant.Event `json:"claim"` // what the sender stated; ID is the reference it gave
	// Base is the quantity as the books took it, in the item's base unit.
	Base plant.Quantity `json:"base,omitzero"`
	At   time.Time      `json:"at,omitzero"` // plant time of posting
	// Alias is a second reference that the sender gave.
	Alias plant.EventID `json:"alias,omitempty"`
	// Reversed is the number of the document that took this one back; "" while
	// it stands. It is known to who asks, not when the posting is made.
	Reversed string `json:"-"`
}

// OrderState is an order as a system's books show it.
type OrderState struct {
	Order     plant.Order                        `json:"order"`
	Version   int                                `json:"version"`
	State     string                             `json:"state"` // B2MML: released as Ready, Running, Completed, Closed, Cancelled
	Confirmed map[plant.OperationID]OperationSum `json:"confirmed,omitempty"`
	Received  plant.Decimal                      `json:"received"`
	Changed   time.Time                          `json:"changed,omitzero"` // plant time of the last change or posting; zero for what was there before the run
}

// OperationSum adds up the confirmations of an operation.
type OperationSum struct {
	Yield  plant.Decimal `json:"yield"`
	Scrap  plant.Decimal `json:"scrap"`
	Rework plant.Decimal `json:"rework"`
	Final  bool          `json:"final"`
}

// A System plays one system of the enterprise. It keeps that system's own
// books, which are all it knows of the world: it sees plant events it would
// notice by itself and what the SUT sends it, and nothing else.
//
// A System is safe for concurrent use; its books are serial per order and
// concurrent across orders.
type System interface {
	// Notice learns of an event on its own side and returns what this system
	// announces to the SUT because of it.
	Notice(e plant.Event) []plant.Event
	// Handle does what the SUT asks, or refuses. It calls post for each change
	// of the books while it still holds them, so that the order of calls is
	// the order of changes.
	Handle(a Ask, post func(Posting)) Answer
	// State returns the books on one object ("order", "lot", "item") or nil.
	State(object, id string) any
}

// A Resolver is a [System] whose documents have numbers that senders name.
type Resolver interface {
	System
	// Resolve says of claims that name a document what the books know of it; who
	// names one that is not there is left as he is. The list may be changed.
	Resolve(claims []plant.Event) []plant.Event
}

// A Source is a System at which things happen by themselves. Follow returns
// what happens there because e happened in the plant, such as the readings of
// a machine that made what is confirmed; it is true from then on, and the
// systems notice it like anything else.
type Source interface {
	System
	Follow(e plant.Event) []plant.Event
}

// A Direction says which way a message travels.
type Direction string

// Directions of travel on a line.
const (
	ToSUT   Direction = "to-sut"
	FromSUT Direction = "from-sut"
)

// A Line is an endpoint's only road to the SUT, in both directions.
type Line interface {
	// Carry takes m across and returns what its sender hears; far is the
	// other side. A [*LostError] means the sender hears nothing.
	//
	// If m is Kept, far puts it where the SUT can fetch it. Carry does not wait
	// for that if m is held up on its way, and returns what says nothing: the
	// SUT has not heard of m yet.
	Carry(ctx context.Context, m Message, dir Direction, far Receiver) (Message, error)
}

// An Addresser is a [Transport] that sends announcements to addresses of its
// own making, such as topics and subjects.
type Addresser interface {
	Transport
	// Address is where m goes when it is sent.
	Address(m Message) string
}

// A Receiver takes a message and answers it.
type Receiver func(ctx context.Context, m Message) (Message, error)

// A Transport moves messages between a simulator and the SUT.
type Transport interface {
	// Send delivers m to the SUT and returns its reply, whose Result is set.
	Send(ctx context.Context, m Message) (Message, error)
	// Serve hands every message from the SUT to receive until ctx is done.
	Serve(ctx context.Context, receive Receiver) error
	// URL is where the SUT finds this transport; valid before Serve is called.
	URL() string
}

// LostError tells a transport that a sender is to hear nothing, and how that
// nothing feels.
type LostError struct {
	Symptom Symptom
	After   time.Duration // how long the silence lasts first
}

// Error implements error.
func (e *LostError) Error() string { return "no reply: " + string(e.Symptom) }

// Symptom is what a sender meets instead of a reply.
type Symptom string

// Symptoms of a lost message or reply. Whether the message took effect cannot
// be told from any of them.
const (
	Reset   Symptom = "reset"    // the connection is reset
	Hang    Symptom = "hang"     // silence until the sender gives up
	Gateway Symptom = "gateway"  // a gateway answers 502 in its place
	NoSpace Symptom = "no-space" // of a file: there is no room for it where it should go
)

// A Mishap is trouble with a message that only a transport can make: with a
// file in the folder in which it is kept, or at the broker that passes it on.
// Such a transport does what it can of it; others ignore it.
type Mishap struct {
	Kind  MishapKind
	For   time.Duration // how long it lasts, wall time
	Times int           // how often it refuses
	Key   string        // joins a file to the one whose name it bears
}

// MishapKind names one kind of trouble.
type MishapKind string

// Kinds of trouble with a file.
const (
	FilePartial  MishapKind = "partial"  // its first half lies there under its name for a time, then the rest is written
	FileLate     MishapKind = "late"     // it has its number and lies there only after a time, when later numbers do
	FileNamed    MishapKind = "named"    // nothing happens to it; its name is remembered under Key
	FileAgain    MishapKind = "again"    // it lies there under the name remembered under Key, once that file is gone
	FileBeside   MishapKind = "beside"   // its name differs only in case from that of the file before it
	FileEmpty    MishapKind = "empty"    // an empty file lies beside it
	FileLocked   MishapKind = "locked"   // it cannot be opened or removed for a time
	FileUndelete MishapKind = "undelete" // it cannot be removed or renamed so many times
)

// A Keeper is a Transport that keeps announcements where the SUT fetches them
// by itself: in a folder.
type Keeper interface {
	Transport
	// Keep puts m where the SUT can fetch it and returns when that is done or,
	// if a mishap delays it, will be. Told learns what is known of m from then
	// on: Unknown whenever it was put before the SUT, Accepted or Refused once
	// the SUT has taken it away. It is not called after Serve has ended.
	Keep(ctx context.Context, m Message, told func(Result)) error
}
