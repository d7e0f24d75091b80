// Package evidence keeps the journal of a run: one append-only sequence of
// records from which everything said about the run afterwards is derived.
//
// It knows what was said and done, not how it was transported, broken or
// scheduled.
package evidence

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Record is one entry of the journal.
type Record struct {
	Seq   uint64        // position, from 1; total order of the run
	At    time.Duration // since the run began, on one monotonic clock
	Plant time.Time     // plant time; zero outside the play
	Body  Body
}

// A Body is what a record says. The set is closed; see the kinds below.
type Body interface{ kind() string }

// Begin opens every journal: what was planned.
type Begin struct {
	Wall time.Time `json:"wall"` // the only absolute wall time of a journal
	Plan Plan      `json:"plan"`
}

// Truth records a fact of the plant, before anybody is told.
type Truth struct {
	Event  plant.Event `json:"event"`
	Source string      `json:"source,omitempty"` // endpoint that announces it; "" if nobody does
	Sink   string      `json:"sink,omitempty"`   // endpoint whose books must show it
}

// Offer records one try to hand a message to the SUT, as both sides saw it.
type Offer struct {
	ID       uint64          `json:"id"` // of the message; joins disturbances
	Endpoint string          `json:"endpoint"`
	Name     string          `json:"name"`
	Key      string          `json:"key"`
	Facts    []plant.EventID `json:"facts,omitempty"`
	// Absent are those of the facts that it tells by saying nothing of them, so
	// that nobody is told when they happened.
	Absent  []plant.EventID   `json:"absent,omitempty"`
	Attempt int               `json:"attempt"`        // which try, from 1
	Copy    bool              `json:"copy,omitempty"` // made by a fault, not by the sender
	Start   time.Duration     `json:"start"`
	End     time.Duration     `json:"end"`
	Result  simulators.Result `json:"result"`
	Payload string            `json:"payload,omitempty"` // reference into the bundle
	Faults  []string          `json:"faults,omitempty"`  // ids of the faults that touched it
	// Breach is what is wrong with the SUT's reply by the endpoint's contract,
	// with its place; "" if nothing is, or nobody looked.
	Breach string `json:"breach,omitempty"`
	// Wire is the exchange for contracts; nil of copies that a fault made, of
	// all but the first time that one announcement was fetched, and if nobody
	// keeps payloads.
	Wire *Wire `json:"wire,omitempty"`
	// Held is what contracts say of the exchange; nil if it was held against
	// none, as with an endpoint that the book does not know.
	Held *Held `json:"held,omitempty"`
}

// Attempt records one message of the SUT to a system: what it claimed, what
// the system did and what the SUT heard of it.
type Attempt struct {
	ID       uint64            `json:"id"` // joins effects and disturbances
	Endpoint string            `json:"endpoint"`
	Verb     string            `json:"verb"`
	Name     string            `json:"name"`
	Key      string            `json:"key"`
	IdemKey  string            `json:"idemKey,omitempty"`
	Claims   []plant.Event     `json:"claims,omitempty"`
	Attempt  int               `json:"attempt"`        // how often this key came, from 1
	Copy     bool              `json:"copy,omitempty"` // made by a fault, not by the SUT
	Start    time.Duration     `json:"start"`
	End      time.Duration     `json:"end"`
	Acted    simulators.Result `json:"acted"` // what the system did; outcome undelivered if it never saw the message
	Heard    simulators.Result `json:"heard"` // what the SUT was told; outcome unknown if nothing
	Payload  string            `json:"payload,omitempty"`
	Digest   string            `json:"digest,omitempty"` // of the body; equal digests are equal payloads
	Bytes    int               `json:"bytes,omitempty"`
	Faults   []string          `json:"faults,omitempty"`
	// Garbled is true if what the SUT was told was worded otherwise than agreed:
	// who cannot read it knows no more than its status.
	Garbled bool `json:"garbled,omitempty"`
	// Asks is what a question is about, as in a [simulators.Query]; "" of others.
	// It is told to those who watch the journal and is not kept.
	Asks string `json:"-"`
	// Told are the changes of master data that a page of a list told of, by their
	// facts: the newest of each record on it, of the kinds that nobody announces.
	// Nothing is told by a reply of which the SUT heard nothing, or that a fault
	// worded otherwise.
	Told []plant.EventID `json:"told,omitempty"`
	// Rounded is that of which the times of change on such a page are whole
	// multiples, rounded down, in nanoseconds; 0 if they are as they were.
	Rounded time.Duration `json:"rounded,omitempty"`
	// Breach is what is wrong with the message, as the SUT sent it, by the
	// endpoint's contract, with its place; "" if nothing is, or nobody looked.
	Breach string `json:"breach,omitempty"`
	// Route names the way it came by, if the plan tells several apart.
	Route string `json:"route,omitempty"`
	// Wire is the exchange for contracts; nil of copies that a fault made, of
	// what was not read to its end, of requests for tokens, and if nobody keeps
	// payloads.
	Wire *Wire `json:"wire,omitempty"`
	// Held is what contracts say of the exchange; nil if it was held against
	// none, as with an endpoint that the book does not know.
	Held *Held `json:"held,omitempty"`
}

// Effect records that a system's books have changed.
type Effect struct {
	Attempt  uint64             `json:"attempt,omitempty"` // ID of the attempt that caused it; 0 if the system did it by itself
	Endpoint string             `json:"endpoint"`
	Posting  simulators.Posting `json:"posting"`
}

// Surface records that the SUT reported something it could not post.
type Surface struct {
	Class     simulators.Class `json:"class"`
	Keys      plant.Keys       `json:"keys"`
	Kind      plant.Kind       `json:"kind,omitempty"`
	Reference string           `json:"reference,omitempty"` // of the fact, if the SUT kept it
	Reason    string           `json:"reason,omitempty"`
	Closed    bool             `json:"closed,omitempty"` // the SUT says it is settled
}

// Disturbance records one thing a fault did, or that it was armed or healed.
// Its record kind is "fault".
type Disturbance struct {
	Fault   string          `json:"fault"` // id in the plan
	Kind    string          `json:"kind"`  // name in the catalog
	Phase   Phase           `json:"phase"`
	At      string          `json:"at,omitempty"`      // endpoint, or "sut"
	Message uint64          `json:"message,omitempty"` // ID of the offer or attempt it touched
	Facts   []plant.EventID `json:"facts,omitempty"`
	Key     string          `json:"key,omitempty"`
	Attempt int             `json:"attempt,omitempty"`
	What    string          `json:"what,omitempty"`    // for people: "acted, reply lost (reset)"
	Invalid bool            `json:"invalid,omitempty"` // made the fact one that must not be posted
	// Garbled is true if the announcement was worded otherwise than the
	// contract says: who cannot read it may refuse or report it.
	Garbled bool `json:"garbled,omitempty"`
	// Lasting is true if what follows on the same connection meets the same.
	Lasting bool `json:"lasting,omitempty"`
	// Told is the fact as its source states it, where that is not as it was
	// and the SUT cannot know better: a clock that is wrong.
	Told *plant.Event `json:"told,omitempty"`
	// Wrong is the fact as it was announced, where what it says was made such
	// that it must not be posted.
	Wrong *plant.Event `json:"wrong,omitempty"`
	// Stranger is true if the SUT sent Message to who had shown it a certificate
	// that must not be trusted.
	Stranger bool `json:"stranger,omitempty"`
	Unheard  bool `json:"unheard,omitempty"` // the reply that had left did not reach the sender of Message, or nobody knows
}

// Phase of a fault.
type Phase string

// Phases of a fault.
const (
	Armed  Phase = "armed"
	Struck Phase = "struck"
	Healed Phase = "healed"
	// Swept connections are reset so that their callers come anew, to meet what
	// the fault does to newcomers. It is no strike: nobody may come.
	Swept Phase = "swept"
)

// Step records a phase of the run, an action of the scenario or what became
// of the SUT's process.
type Step struct {
	Name string            `json:"name"` // "sut.start", "play", "heal", "settle", "do place-hold", ...
	Text string            `json:"text,omitempty"`
	Ref  string            `json:"ref,omitempty"`  // name later steps and expectations know it by
	Args map[string]string `json:"args,omitempty"` // what it acted on
}

// Of a step that put an earlier state of the SUT back: its name, and the
// argument that says when that state was taken, on the journal's clock.
const (
	StepRestore = "sut.restore"
	ArgBackup   = "backup"
)

// The step that tells of a posting period that was closed in the run, and its
// argument: the instant at which the open period begins, RFC 3339.
const (
	PeriodClosed = "period closed"
	PeriodOpens  = "opens"
)

// Probe records a question of the rig itself to a system.
type Probe struct {
	Endpoint string            `json:"endpoint"`
	Name     string            `json:"name"` // "ship", "stock", ...
	Keys     plant.Keys        `json:"keys,omitzero"`
	Result   simulators.Result `json:"result"`
	Ref      string            `json:"ref,omitempty"`
	// Lots is the answer to a recall: what the lot in Keys went into, by the
	// books. Missed went into it as well and is not there, Extra did not.
	Lots   []plant.LotID `json:"lots,omitempty"`
	Missed []plant.LotID `json:"missed,omitempty"`
	Extra  []plant.LotID `json:"extra,omitempty"`
}

// End closes a journal that was not cut.
type End struct {
	Quiet  bool   `json:"quiet"`            // the SUT had come to rest before judgement
	Reason string `json:"reason,omitempty"` // why the run ended early, if it did
}

func (Begin) kind() string       { return "begin" }
func (Truth) kind() string       { return "truth" }
func (Offer) kind() string       { return "offer" }
func (Attempt) kind() string     { return "attempt" }
func (Effect) kind() string      { return "effect" }
func (Surface) kind() string     { return "surface" }
func (Disturbance) kind() string { return "fault" }
func (Step) kind() string        { return "step" }
func (Probe) kind() string       { return "probe" }
func (Finding) kind() string     { return "finding" }
func (End) kind() string         { return "end" }

// Kind names the kind of r as the journal's file spells it.
func (r Record) Kind() string { return r.Body.kind() }

type jsonRecord struct {
	Seq   uint64          `json:"seq"`
	At    time.Duration   `json:"at"` // nanoseconds
	Plant time.Time       `json:"plant,omitzero"`
	Kind  string          `json:"kind"`
	Body  json.RawMessage `json:"body"`
}

// MarshalJSON writes the record with its kind beside its body.
func (r Record) MarshalJSON() ([]byte, error) {
	b, err := json.Marshal(r.Body)
	if err != nil {
		return nil, fmt.Errorf("encode %s record: %w", r.Body.kind(), err)
	}
	return json.Marshal(jsonRecord{r.Seq, r.At, r.Plant, r.Body.kind(), b})
}

// UnmarshalJSON reads what MarshalJSON writes; an unknown kind is an error.
func (r *Record) UnmarshalJSON(b []byte) error {
	var w jsonRecord
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	body, err := DecodeBody(w.Kind, w.Body)
	if err != nil {
		return err
	}
	*r = Record{w.Seq, w.At, w.Plant, body}
	return nil
}

// DecodeBody reads the body of a record of this kind, for readers that have
// taken the record apart already; an unknown kind is an error.
func DecodeBody(kind string, b []byte) (Body, error) {
	switch kind {
	case "begin":
		return into[Begin](b)
	case "truth":
		return into[Truth](b)
	case "offer":
		return into[Offer](b)
	case "attempt":
		return into[Attempt](b)
	case "effect":
		return into[Effect](b)
	case "surface":
		return into[Surface](b)
	case "fault":
		return into[Disturbance](b)
	case "step":
		return into[Step](b)
	case "probe":
		return into[Probe](b)
	case "snapshot":
		return into[Snapshot](b)
	case "sample":
		return into[Sample](b)
	case "sighting":
		return into[Sighting](b)
	case "finding":
		return into[Finding](b)
	case "end":
		return into[End](b)
	}
	return nil, fmt.Errorf("unknown kind of record %q", kind)
}

func into[B Body](b []byte) (Body, error) {
	var v B
	if err := json.Unmarshal(b, &v); err != nil {
		return nil, fmt.Errorf("decode %s record: %w", v.kind(), err)
	}
	return v, nil
}
