package simulators

import (
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// A Dialect translates between the plant's terms and one system's messages.
// Implementations are pure and safe for concurrent use: no network, no clock,
// no state between calls.
type Dialect interface {
	// Encode returns the messages that announce e; none if this dialect has
	// no word for it. Key, Entity and Events are set.
	Encode(e plant.Event) ([]Message, error)
	// Decode returns what m asks of the system that receives it. An error is
	// a refusal of class data-quality whose text the sender is told.
	Decode(m Message) (Ask, error)
	// Reply words the answer to m the way this system would.
	Reply(m Message, a Answer) Message
	// Policy is how this interface behaves besides its wording.
	Policy() Policy
}

// A ReplyChecker is a [Dialect] that knows what replies to its announcements
// look like. Where a dialect is none, replies are not held against a contract.
type ReplyChecker interface {
	// CheckReply says what is wrong with the reply to m by the contract, with
	// its place; "" if nothing is. What a contract does not mention is no
	// breach.
	CheckReply(m, reply Message) string
}

// A ReplyReader is a [Dialect] in which replies say more than their status:
// a success of HTTP with a refusal in its body.
type ReplyReader interface {
	// ReadReply says what the reply to m means. Its Result is what the
	// transport makes of it.
	ReadReply(m, reply Message) Result
}

// A Bundler is a [Dialect] of which one message can hold several, each with an
// answer of its own.
type Bundler interface {
	// Unbundle returns the messages that m holds, in their order; none if m is
	// not of that kind. An error is a refusal of the whole.
	Unbundle(m Message) ([]Message, error)
	// Bundle words the answer to m of the replies to what it held. Where a reply
	// has no status, nothing is said of that message.
	Bundle(m Message, replies []Message) Message
}

// An Encloser is a [Dialect] of which a message carries a document that is a
// contract of its own: the message is the envelope, and the document the letter.
type Encloser interface {
	Dialect
	// Enclosed is the document in m, a request in either direction, with its name,
	// header and body; false if m carries none or cannot be taken apart. It does not
	// depend on settings, so that who knows only the name of a dialect can take apart
	// what is stored.
	Enclosed(m Message) (Message, bool)
}

// A Tagger is a [Dialect] that tells one state of an object from another, so
// that a sender can say which one it means to change.
type Tagger interface {
	// Tag names the state of an object of the books as [System.State] shows it;
	// "" if objects of its kind have none.
	Tag(found any) string
}

// A Sessionless is a [Dialect] with doors at which no session is asked for,
// though the policy asks for one at others.
type Sessionless interface {
	// NeedsNoSession reports whether m came in by such a door.
	NeedsNoSession(m Message) bool
}

// A Responder is a [Dialect] whose replies say only that a message was taken
// over. What became of it is told later, by messages of the system's own.
type Responder interface {
	// Respond words what the books made of m, a message of the SUT that was
	// answered as accepted; nothing if the system tells nobody. Key is set.
	Respond(m Message, a Answer) ([]Message, error)
}

// AnswerTo begins the key of a message that answers another, whose key follows.
const AnswerTo = "answer to "

// An Extractor is a [Dialect] of an interface that tells all records of a kind at
// once. Such an extract also tells by what is not in it, and says where it ends:
// a part of one is none.
type Extractor interface {
	// Extract words the newest changes of all records of master data, an extract
	// for each kind, as they are at an instant of the plant. Events are set in
	// each message, those that it tells by what it lacks behind the others.
	Extract(at time.Time, all []plant.Event) ([]Message, error)
}

// A Finisher is a [Dialect] whose answers stay where their senders can read
// them: what was only accepted is answered there once more when it is known what
// became of it.
type Finisher interface {
	// Finish words what the books made of m, a message of the SUT that was
	// answered as accepted. Key is set.
	Finish(m Message, a Answer) (Message, error)
}

// A TokenIssuer is a [Dialect] before which a gateway stands that issues access
// tokens in a way of its own.
type TokenIssuer interface {
	// TokenPath is where it does, below the endpoint's URL.
	TokenPath() string
	// Grant is the one that is offered beside refresh_token.
	Grant() Grant
}

// A Granter is a [TokenIssuer] whose administrator hands credentials over as a
// file.
type Granter interface {
	TokenIssuer
	// Credentials is the file of an interface at base, and how its name ends.
	Credentials(base string, c Credentials) (ending string, body []byte)
}

// Credentials are what the SUT comes with: as a client, and as the service
// account that it acts for.
type Credentials struct{ Client, Secret, Account, Password string }

// Grant is what a token is given for (RFC 6749 §1.3).
type Grant string

// Grants.
const (
	GrantClient   Grant = "client_credentials"
	GrantPassword Grant = "password" // of a service account; the client proves who it is as well
)

// A Switch is a [Dialect] of a messaging service behind which several systems can
// be, each with a connection point of its own.
type Switch interface {
	Dialect
	// Point names the connection point of this system.
	Point() string
	// Addressee is whom a message of the SUT is for: a connection point, or, if it
	// names none, whoever takes facts of these kinds.
	Addressee(m Message) (point string, kinds []plant.Kind)
}

// A Prober is a [Dialect] of systems that ask the SUT's own service whether it
// is there, and what it speaks, before they send it anything, and again after a
// message that was not heard.
type Prober interface {
	Dialect
	// Probe is the next question after these were answered so, with its name and
	// header; false if there are no more. An error says why nothing is sent.
	Probe(asked []Probed) (Message, bool, error)
}

// ProbeOf begins the key of such a question, whose name follows.
const ProbeOf = "probe "

// Probed is a question to the SUT's own service with its answer, whose Result
// is set.
type Probed struct{ Question, Reply Message }

// A Vague dialect has no field for something that books usually know, such as
// the operation that is started where only whole orders are.
type Vague interface {
	Dialect
	// Untold are the members of books that nobody can tell them through this
	// dialect, as expectations of scenarios name them: "started".
	Untold() []string
}

// A Namer is a [Dialect] in which the name of a message does not say what it
// is about, because all go to one address.
type Namer interface {
	Dialect
	// Word is what m is called inside: the name of a document or of a type of
	// message; "" if it has none.
	Word(m Message) string
}

// An Inquirer is a [Dialect] through which the books can be asked.
type Inquirer interface {
	Dialect
	// Questions are the objects of the books that can be asked for, as a [Query]
	// names them, and what that is called in the dialect. [ChangedItems] is the
	// list of those items that have changed.
	Questions() map[string]string
}

// ChangedItems is the list of items that have changed since an instant.
const ChangedItems = "items since"

// A Configurable dialect has settings of its own.
type Configurable interface {
	Dialect
	// Configure returns the dialect with what decode reads from a file.
	Configure(decode func(settings any) error) (Dialect, error)
}
