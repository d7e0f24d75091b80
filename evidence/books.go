package evidence

import (
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Snapshot records what the books of one system showed when the run had come
// to rest: every order and lot that something had happened to. Journals of
// Andon before this record have none.
type Snapshot struct {
	Endpoint string      `json:"endpoint"`
	Orders   []OrderBook `json:"orders,omitempty"`
	Stock    []StockBook `json:"stock,omitempty"`
	Units    []UnitBook  `json:"units,omitempty"`
	// Left is how many orders and lots were left out to bound the record.
	Left int `json:"left,omitempty"`
}

// An OrderBook is an order as the books of a system show it. Sums are in the
// base unit of what it makes.
type OrderBook struct {
	Order     plant.OrderID                                 `json:"order"`
	Item      plant.ItemID                                  `json:"item,omitempty"`
	Quantity  plant.Quantity                                `json:"quantity,omitzero"`
	Due       time.Time                                     `json:"due,omitzero"`
	Priority  int                                           `json:"priority,omitempty"`
	Version   int                                           `json:"version,omitempty"`
	State     string                                        `json:"state,omitempty"`
	Confirmed map[plant.OperationID]simulators.OperationSum `json:"confirmed,omitempty"`
	Received  plant.Decimal                                 `json:"received"`
}

// A StockBook is the stock of a material in a lot, in base units. Lot is empty
// for stock that is not kept by lot.
type StockBook struct {
	Material plant.ItemID    `json:"material"`
	Lot      plant.LotID     `json:"lot,omitempty"`
	Status   plant.LotStatus `json:"status,omitempty"`
	Quantity plant.Decimal   `json:"quantity"`
}

// A UnitBook is what a system shows as the OEE of a work unit in a stretch of
// time, and its parts as far as it shows them. Figures are shares: 0.85 is 85 %.
type UnitBook struct {
	Unit          plant.WorkCenterID `json:"unit"`
	From          time.Time          `json:"from"`
	To            time.Time          `json:"to"`
	Availability  *plant.Decimal     `json:"availability,omitempty"`
	Effectiveness *plant.Decimal     `json:"effectiveness,omitempty"`
	Quality       *plant.Decimal     `json:"quality,omitempty"`
	OEE           *plant.Decimal     `json:"oee,omitempty"`
}

// A Sample records what the SUT, or what it holds open at an endpoint, takes
// up at one moment. Figures that the machine does not tell are zero; a run
// whose SUT cannot be looked into has no samples of "sut".
type Sample struct {
	Of          string `json:"of"`                    // "sut", or the endpoint connections lead to
	Memory      int64  `json:"memory,omitempty"`      // bytes resident, of all its processes
	Files       int    `json:"files,omitempty"`       // open descriptors
	Threads     int    `json:"threads,omitempty"`     // of the operating system
	Connections int    `json:"connections,omitempty"` // open to the endpoint
}

// A Sighting records that something the rig handed out in confidence was seen
// where it must not be. It says what and where, never the thing itself.
type Sighting struct {
	What     string      `json:"what"` // name of the secret: "erp.secret", "token of erp", "canary operator"
	Kind     SecretKind  `json:"kind"`
	Place    SecretPlace `json:"place"`
	Owner    string      `json:"owner,omitempty"`    // endpoint the secret belongs to
	Endpoint string      `json:"endpoint,omitempty"` // at which it was seen; "" for the SUT's log
	Message  uint64      `json:"message,omitempty"`  // ID of the attempt it was in
	Where    string      `json:"where,omitempty"`    // nearer: "header X-Debug", "parameter token", "line 17"
}

// SecretKind is what kind of thing was to be kept secret.
type SecretKind string

// Kinds of secrets.
const (
	SecretCredential SecretKind = "credential" // a client secret of an endpoint
	SecretToken      SecretKind = "token"      // an access token an endpoint issued
	SecretCanary     SecretKind = "canary"     // a value the plan declares confidential, such as a personnel number
)

// SecretPlace is where a secret was seen.
type SecretPlace string

// Places where no secret belongs.
const (
	InLog        SecretPlace = "log"        // what the SUT printed
	InException  SecretPlace = "exception"  // what it reported to people
	InMessage    SecretPlace = "message"    // a body or header for a system that must not see it
	InURL        SecretPlace = "url"        // a path or query, which every proxy on the way logs
	AsCredential SecretPlace = "credential" // presented to another system than the one it was issued by
)

func (Snapshot) kind() string { return "snapshot" }
func (Sample) kind() string   { return "sample" }
func (Sighting) kind() string { return "sighting" }

// A SnapshotView is what the books of one system showed at the end.
type SnapshotView struct {
	Seq uint64
	At  time.Duration
	Snapshot
}

// A SampleView is one look at what the SUT takes up.
type SampleView struct {
	Seq uint64
	At  time.Duration
	Sample
}

// A SightingView is one secret in the wrong place.
type SightingView struct {
	Seq uint64
	At  time.Duration
	Sighting
}
