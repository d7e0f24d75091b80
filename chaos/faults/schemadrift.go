package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// SchemaDrift has a system announce a fact in other words than were agreed.
//
// Layer A: a partner's release that nobody announced. Observed as a message
// with a member or a namespace that nobody has heard of, which must not
// disturb; or with a member renamed, null, of another type, with a word that
// is on no list, or with quantities in another notation. Such a fact must be
// posted as it happened, refused at intake, or reported to a person: what must
// not happen is that something else is posted, or nothing.
//
// A drifted announcement is drifted whenever it is repeated.
type SchemaDrift struct {
	Change Change `yaml:"change" jsonschema:"enum=any,enum=extra-field,enum=extra-namespace,enum=renamed-field,enum=null,enum=type-changed,enum=new-enum,enum=decimal-comma" doc:"how the wording differs; any draws one"`
}

// Change is a drift of a schema, or any.
type Change string

// AnyChange draws one.
const AnyChange Change = "any"

// changes of a schema. Odd notations of a quantity that no schema calls for
// are faults of data, and none of these.
var changes = []chaos.Drift{
	chaos.DriftExtraField, chaos.DriftNamespace, chaos.DriftRenamed, chaos.DriftNull, chaos.DriftType, chaos.DriftEnum, chaos.DriftComma,
}

func (c Change) draw(r *rand.Rand) chaos.Drift {
	if c == "" || c == AnyChange {
		return changes[r.IntN(len(changes))]
	}
	return chaos.Drift(c)
}

func (c Change) validate() error {
	allowed := []Change{AnyChange}
	for _, d := range changes {
		allowed = append(allowed, Change(d))
	}
	return oneOf("change", c, allowed...)
}

var (
	_ chaos.PerFact = &SchemaDrift{}
	_ chaos.Choosy  = &ReplyDrift{}
)

// PerFact implements [chaos.PerFact].
func (*SchemaDrift) PerFact() {}

// Apply implements [chaos.Fault].
func (f *SchemaDrift) Apply(d chaos.Delivery, r *rand.Rand) []chaos.Delivery {
	if d.Direction == simulators.ToSUT && len(d.Message.Events) == 1 {
		d.Drift = f.Change.draw(r)
		d.What = "worded otherwise than agreed: " + string(d.Drift)
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *SchemaDrift) Validate() error { return f.Change.validate() }

// Leaves implements [chaos.Choosy].
func (*SchemaDrift) Leaves(at chaos.Crossing) string {
	if at.Direction != simulators.ToSUT {
		return "only what systems announce; reply-drift is about their answers"
	}
	return ""
}

// ReplyDrift has a system answer in other words than were agreed.
//
// Layer A: one node of a partner's cluster that has the new release already.
// Observed as an answer, to a posting or a question, with a member too many,
// renamed, null or of another type, or with a word that is on no list. The
// posting was done or refused as always; who cannot read the answer must find
// out or repeat itself harmlessly.
type ReplyDrift struct {
	Change   Change `yaml:"change" jsonschema:"enum=any,enum=extra-field,enum=extra-namespace,enum=renamed-field,enum=null,enum=type-changed,enum=new-enum,enum=decimal-comma" doc:"how the wording differs; any draws one"`
	Attempts int    `yaml:"attempts" doc:"only the first so many attempts of each fact or question; 0 means all"`
}

// Apply implements [chaos.Fault].
func (f *ReplyDrift) Apply(d chaos.Delivery, r *rand.Rand) []chaos.Delivery {
	spoken := len(d.Message.Events) > 0 || d.Message.Asks != nil
	if d.Direction != simulators.FromSUT || !spoken || d.Decided() || late(d, f.Attempts) {
		return []chaos.Delivery{d}
	}
	d.Drift = f.Change.draw(r)
	d.What = "answered otherwise than agreed: " + string(d.Drift)
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *ReplyDrift) Validate() error {
	return errors.Join(f.Change.validate(), notNegativeCount("attempts", f.Attempts))
}

// Leaves implements [chaos.Choosy].
func (*ReplyDrift) Leaves(at chaos.Crossing) string { return answers(at) }
