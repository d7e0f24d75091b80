package evidence

import "slices"

// InForce is what was in force between the SUT and those it talks to: the
// versions of both sides, and the documents that say what each promises or
// relies on.
type InForce struct {
	Book        string           `json:"book"` // its folder, as the rig file names it
	Environment string           `json:"environment,omitempty"`
	Today       string           `json:"today"` // the day for which states of versions were told
	Closed      bool             `json:"closed,omitempty"`
	SUT         Party            `json:"sut"`
	Partners    map[string]Party `json:"partners"` // by endpoint
	// Halves are the documents in force. Records name them by their index.
	Halves []ContractHalf `json:"halves"`
	// Flows are the contracts that say how they are used.
	Flows []ContractFlow `json:"flows,omitempty"`
}

// A Party is one side of an interface. Versions are those in use; one, but of
// partners that run side by side in several.
type Party struct {
	Name     string   `json:"name"`
	Versions []string `json:"versions,omitempty"`
}

// A ContractHalf is one document of a contract at one version of a party.
type ContractHalf struct {
	Contract string `json:"contract"` // "erp-orders/orders-api"
	Party    string `json:"party"`
	Version  string `json:"version"`
	Consumer bool   `json:"consumer,omitempty"` // it says what a consumer relies on, not what the provider promises
	Format   string `json:"format"`
	Folder   string `json:"folder"`
	Digest   string `json:"digest"`
}

// ID names the half for people: "erp-orders 2.0".
func (h ContractHalf) ID() string { return h.Party + " " + h.Version }

// A ContractFlow says how an interface is used between the SUT and one
// endpoint.
type ContractFlow struct {
	Contract       string   `json:"contract"`
	Endpoint       string   `json:"endpoint"`
	FromSUT        bool     `json:"fromSUT"` // the SUT begins an exchange
	Covers         []string `json:"covers,omitempty"`
	IdempotencyKey string   `json:"idempotencyKey,omitempty"`
	OrderingKey    string   `json:"orderingKey,omitempty"`
	CadenceMillis  int      `json:"cadenceMillis,omitempty"` // how long it is silent at most
	CadencePlant   bool     `json:"cadencePlant,omitempty"`  // in plant time, otherwise on the wall
}

// Covers reports whether a document of a contract is about an exchange.
func (c *InForce) Covers(h *Held, contract string) bool {
	return h != nil && slices.ContainsFunc(h.By, func(i int) bool { return i < len(c.Halves) && c.Halves[i].Contract == contract })
}

// Held is what holding an exchange against the contracts in force has shown.
// With neither By nor Breaches, no contract covers it.
type Held struct {
	By       []int            `json:"by,omitempty"` // indices of the halves that cover it, see [InForce]
	Breaches []ContractBreach `json:"breaches,omitempty"`
	// Key is what makes repetitions recognisable, where the contract says that it
	// stands elsewhere than in the header Idempotency-Key.
	Key string `json:"key,omitempty"`
	// Sequence names what the exchange must be kept in sequence with: the
	// contract that says so, and the value of its ordering key.
	Sequence string `json:"sequence,omitempty"`
}

// IdemKey is the idempotency key of the exchange, whose header of that name
// says header.
func (h *Held) IdemKey(header string) string {
	switch {
	case h == nil:
		return header
	case h.Key != "":
		return h.Key
	}
	for _, b := range h.Breaches {
		if b.Rule == TellsNoKey {
			return ""
		}
	}
	return header
}

// A Sender is one side of an exchange.
type Sender string

// Sides of an exchange.
const (
	SUTSent Sender = "sut"
	RigSent Sender = "rig"
)

// A ContractBreach is one way in which an exchange is not what a contract says.
type ContractBreach struct {
	Rule     string   `json:"rule"` // see the constants
	Contract string   `json:"contract"`
	Half     string   `json:"half,omitempty"` // whose document it breaks: "erp-orders 2.0"
	By       Sender   `json:"by"`             // who sent what is wrong
	Reply    bool     `json:"reply,omitempty"`
	Path     string   `json:"path,omitempty"` // to the field: "$.lots[0].id"
	Want     string   `json:"want"`
	Got      string   `json:"got"`
	Place    string   `json:"place,omitempty"`   // file:line of the document
	Users    []string `json:"users,omitempty"`   // consumers that rely on the field
	Unclear  bool     `json:"unclear,omitempty"` // it cannot be told whether it is one; Got says why
}

// Rules that an exchange can break.
const (
	BreaksPromise  = "contract-promise"   // it is not what the provider's document says
	BreaksReliance = "contract-reliance"  // it is not what a consumer relies on
	TellsNoVersion = "version-not-told"   // it says its version nowhere
	TellsUnknown   = "version-unknown"    // the version that it says does not exist
	TellsRetired   = "version-retired"    // the version that it says is not answered any more
	TellsTwo       = "versions-disagree"  // two places say different versions
	TellsNoEnd     = "deprecation-notice" // Deprecation or Sunset is not what the book says
	NoDocument     = "version-undocumented"
	TellsNoKey     = "idempotency-key-missing" // it has no idempotency key where the contract wants one
	EnclosesOther  = "document-outside"        // a document in it is one that no contract of a closed book is about
)
