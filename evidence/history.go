package evidence

import (
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// History is a journal made ready for judging: records by kind and in order,
// facts joined with their offers, attempts, effects, surfaces and
// disturbances. It is built once by [NewHistory], in time linear in the
// journal, and must not be changed afterwards; judges may read it side by
// side.
type History struct {
	Plan    Plan
	Records []Record
	End     *End // nil if the journal was cut

	// Cut is true if the journal ends without an End record.
	Cut bool
	// Unreadable lists why the journal is not the whole evidence: a missing
	// opening, gaps in the sequence, lines that could not be read. A history
	// with such reasons can show that something was violated, never that
	// something held.
	Unreadable []string

	Facts        []*FactView        // in the order they became true
	Offers       []*OfferView       // in the order of the journal, as all that follow
	Attempts     []*AttemptView     // written when they ended, so ordered by End
	Effects      []*EffectView      // in the order in which the books changed
	Surfaces     []*SurfaceView     //
	Disturbances []*DisturbanceView //
	Steps        []*StepView        //
	Probes       []*ProbeView       //
	Holds        []*HoldView        // quality cases on lots
	Faults       []*FaultView       // by id, planned ones first
	Snapshots    []*SnapshotView    // of the books at the end; none in older journals
	Samples      []*SampleView      //
	Sightings    []*SightingView    // secrets where they must not be

	// Phantoms are effects of SUT messages that belong to no fact.
	Phantoms []*EffectView
	// Unclear are effects of SUT messages of which several facts may be the
	// reason, and nothing says which.
	Unclear []*EffectView
	// Strays are surfaces that belong to no fact.
	Strays []*SurfaceView

	began bool // there was a Begin record
	last  time.Duration
	names index
}

// Status says what may be demanded of the SUT for one fact.
type Status string

// Statuses of a fact.
const (
	Must    Status = "must"     // it was accepted and is valid: it must take effect or be surfaced
	May     Status = "may"      // the SUT may or may not know of it
	MustNot Status = "must-not" // it was refused at intake, or is invalid: it must not take effect
)

// A FactView is a fact of the plant with everything that became of it.
type FactView struct {
	Event  plant.Event
	Seq    uint64
	At     time.Duration
	Source string // endpoint that announces it; "" if nobody does
	Sink   string // endpoint whose books must show it; "" if it is not judged

	Offers       []*OfferView
	Lists        []*AttemptView // questions of the SUT for lists that told it; see [Attempt.Told]
	Attempts     []*AttemptView // at the sink; copies that faults made are among them
	Effects      []*EffectView  // at the sink
	Surfaces     []*SurfaceView
	Disturbances []*DisturbanceView // that struck one of its messages

	Status    Status
	WhyStatus string
	// Invalid is true if a fault altered what was announced, so that the fact
	// must be refused and surfaced instead of posted.
	Invalid bool
	wrong   plant.Fact // as it was announced then; nil if that is not known
	// Garbled is true if a fault worded what was announced otherwise than the
	// contract says: it must be posted as it is or be refused or reported.
	Garbled bool
	// Forgotten is true if the SUT was told of it, and an older state was put
	// back since: posted or not, it knows nothing of it.
	Forgotten bool
	// TakenBack is the reversal of the fact; nil if it stands.
	TakenBack *FactView
	// Superseded is true if a newer version was accepted.
	Superseded bool
	// Accepted is when the SUT first took responsibility, zero if never.
	Accepted   time.Duration
	AcceptedBy *OfferView // nil if never

	// Undated is true if it was only ever told by what a message lacked: nobody
	// has said when it happened.
	Undated bool

	// Posted is how often the fact as a whole is in the books of its sink: a
	// posting of a sum counts for each fact in it, and postings that add up to
	// the fact count once together.
	Posted int
	// Near are effects that almost match the fact.
	Near []NearMiss
	// Unclear says why it cannot be told whether the fact was posted; "" if it
	// can.
	Unclear string
}

// An OfferView is one try to hand a message to the SUT.
type OfferView struct {
	Seq uint64
	At  time.Duration
	Offer
}

// An AttemptView is one message of the SUT to a system.
type AttemptView struct {
	Seq uint64
	At  time.Duration
	Attempt
	// Facts has one entry for each claim, nil where no fact is meant.
	Facts   []*FactView
	Effects []*EffectView
}

// An EffectView is one change of a system's books.
type EffectView struct {
	Seq   uint64
	At    time.Duration
	Plant time.Time // plant time of the record
	Effect
	Cause *AttemptView // nil if the system did it by itself
	// Facts it was attributed to: none for a phantom, several if the SUT
	// posted a sum, one of them twice if the sum contains it twice.
	Facts []*FactView
	// Unclear says why it cannot be told what it shows; "" if it can. It is no
	// phantom then.
	Unclear string
	By      Attribution
	// Part is true if only several effects together make up the fact.
	Part bool
	// TakenBack is the posting that reverses it; nil if it stands.
	TakenBack *EffectView
	// Near is the closest fact of an effect that belongs to none.
	Near *NearMiss
}

// A SurfaceView is one exception the SUT reported.
type SurfaceView struct {
	Seq uint64
	At  time.Duration
	Surface
	Fact *FactView // nil if it belongs to no fact
	By   Attribution
}

// A DisturbanceView is one thing a fault did.
type DisturbanceView struct {
	Seq uint64
	At  time.Duration
	Disturbance
}

// A StepView is a phase of the run or an action of the scenario.
type StepView struct {
	Seq   uint64
	At    time.Duration
	Plant time.Time
	Step
}

// A ProbeView is a question of the rig itself to a system.
type ProbeView struct {
	Seq   uint64
	At    time.Duration
	Plant time.Time
	Probe
}

// Attribution says how an effect or surface was found to belong to a fact,
// best first.
type Attribution string

// Ways to attribute.
const (
	ByReference Attribution = "reference" // it carries the event's id
	ByKey       Attribution = "key"       // its business key is the fact's
	ByWatermark Attribution = "watermark" // only its quantity gives it away
	ByLikeness  Attribution = "likeness"  // it is one field away from exactly one fact that would else be missing
)

// A NearMiss is an effect that almost matches a fact.
type NearMiss struct {
	Effect *EffectView
	Fact   *FactView
	Field  string // in which they differ
	Want   string // what the fact says
	Got    string // what the effect says
}

// A FaultView is one fault of the run over time.
type FaultView struct {
	ID, Kind  string
	Planned   bool // it stands in the plan
	At        []string
	Intervals []Interval         // while it was armed, anywhere
	Strikes   []*DisturbanceView // in order
}

// An Interval is a stretch of the journal's clock. Open intervals end with the
// journal.
type Interval struct {
	From, To time.Duration
	Open     bool
}

// Has reports whether t lies in the interval.
func (i Interval) Has(t time.Duration) bool { return t >= i.From && (i.Open || t <= i.To) }

// A HoldView is one quality case on a lot.
type HoldView struct {
	Lot  plant.LotID
	Case plant.CaseID
	Fact *FactView // the hold
	// Accepted is when the SUT first took the hold over; Known is false if it
	// never did.
	Accepted time.Duration
	Known    bool
	// Decision is what lifted the hold; nil while it stands.
	Decision *FactView
	// Lifted is when the lifting decision became true.
	Lifted time.Duration
}

// Standing reports whether the SUT knew of the hold at t and nobody had lifted
// it.
func (h *HoldView) Standing(t time.Duration) bool {
	return h.Known && t > h.Accepted && (h.Decision == nil || t < h.Lifted)
}

// Fact returns the fact with this id, nil if there is none.
func (h *History) Fact(id plant.EventID) *FactView { return h.names.facts[id] }

// Attempt returns the attempt with this message id, nil if there is none.
func (h *History) Attempt(id uint64) *AttemptView { return h.names.attempts[id] }

// Record returns the record with this sequence number.
func (h *History) Record(seq uint64) (Record, bool) {
	if n := uint64(len(h.Records)); seq >= 1 && seq <= n && h.Records[seq-1].Seq == seq {
		return h.Records[seq-1], true
	}
	for _, r := range h.Records {
		if r.Seq == seq {
			return r, true
		}
	}
	return Record{}, false
}

// Last is the time of the last record.
func (h *History) Last() time.Duration { return h.last }

// Phase returns when the run entered a phase ("play", "heal", "settle") for
// the first time.
func (h *History) Phase(name string) (time.Duration, bool) {
	for _, s := range h.Steps {
		if s.Name == name {
			return s.At, true
		}
	}
	return 0, false
}

// Lifecycle lists what became of the SUT's process: when it was started, asked
// to stop, killed, or ended by itself.
func (h *History) Lifecycle() []*StepView { return h.names.lifecycle }

// LastHeal is when the last fault healed; false if none did.
func (h *History) LastHeal() (time.Duration, bool) {
	at, ok := time.Duration(0), false
	for _, d := range h.Disturbances {
		if d.Phase == Healed {
			at, ok = d.At, true
		}
	}
	return at, ok
}

// Began reports whether the journal has its opening, without which nothing can
// be judged.
func (h *History) Began() bool { return h.began }

// Settled reports whether the absence of something at the end of the journal
// means that it would never have come, and if not why.
func (h *History) Settled() (bool, string) {
	switch {
	case !h.began:
		return false, "the journal has no opening record: nothing is known of the plan"
	case len(h.Unreadable) > 0:
		return false, "the journal is incomplete: " + h.Unreadable[0]
	case h.Cut:
		return false, "the journal was cut: the run did not reach its end"
	case h.End.Reason != "":
		return false, "the run ended early: " + h.End.Reason
	case !h.End.Quiet:
		return false, "the SUT had not come to rest when the run ended"
	}
	return true, ""
}

// Whole reports whether the journal is the complete evidence of a run, and if
// not why: without that, nothing can be shown to hold.
func (h *History) Whole() (bool, string) {
	if ok, why := h.Settled(); !ok && (h.Cut || !h.began || len(h.Unreadable) > 0) {
		return false, why
	}
	return true, ""
}

// Survived reports whether the SUT's process lived on from one moment to
// another: it was neither killed nor started between them, so that it can have
// forgotten nothing. Between being told to stop and being up again it may have
// ended at any moment.
func (h *History) Survived(from, to time.Duration) bool {
	ending := false // told to stop or killed, and not yet known to be up again
	for _, s := range h.names.lifecycle {
		switch {
		case s.At > to:
			return !ending
		case s.At >= from:
			return false
		}
		ending = s.Name != "sut.start"
	}
	return !ending
}
