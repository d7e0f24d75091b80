package faults

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// AsyncAccept answers a posting 202 before it is done, and says where to ask
// what has become of it.
//
// Layer A: long-running operations, postings that are queued behind the
// interface. Observed as 202 with the Location of an operation, which is
// running, then done; or which fails although the posting was accepted; or
// which runs for ever, because the queue has lost it: a repetition under the
// same key is taken anew; or which is done, runs again and is done again.
// Batches are left alone.
type AsyncAccept struct {
	Then     simulators.Completion `yaml:"then" jsonschema:"enum=done,enum=fails,enum=never,enum=twice" doc:"what comes of the operation"`
	After    Wall                  `yaml:"after" doc:"how long it runs, unless it is drawn"`
	Median   Wall                  `yaml:"median" doc:"draws it: half of the times are shorter"`
	P99      Wall                  `yaml:"p99" doc:"and one of a hundred is longer"`
	Attempts int                   `yaml:"attempts" doc:"only the first so many attempts of each fact; 0 means all"`
}

// Apply implements [chaos.Fault].
func (f *AsyncAccept) Apply(d chaos.Delivery, r *rand.Rand) []chaos.Delivery {
	if !posting(d) || len(d.Message.Events) != 1 || late(d, f.Attempts) || d.Message.Manner != nil {
		return []chaos.Delivery{d}
	}
	l := &simulators.Later{Then: f.Then, After: either(f.After, f.Median, f.P99, r).d()}
	d.What = "accepted, done after " + l.After.Round(time.Millisecond).String()
	switch f.Then {
	case simulators.CompletesNot:
		l.Refusal = &simulators.Refusal{Class: simulators.Business, Code: "posting-refused", Text: "the posting was stopped by a check after it was accepted"}
		d.What = "accepted, refused after " + l.After.Round(time.Millisecond).String()
	case simulators.CompletesNever:
		d.What = "accepted, and forgotten"
	case simulators.CompletesTwice:
		d.What = "accepted, done twice after " + l.After.Round(time.Millisecond).String()
	case "":
		l.Then = simulators.CompletesOnce
	}
	d.Message.Manner = &simulators.Manner{Later: l}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *AsyncAccept) Validate() error {
	return errors.Join(oneOf("then", f.Then, simulators.CompletesOnce, simulators.CompletesNot, simulators.CompletesNever, simulators.CompletesTwice),
		notNegative("after", f.After), shape(f.Median, f.P99), notNegativeCount("attempts", f.Attempts))
}

// Leaves implements [chaos.Choosy].
func (*AsyncAccept) Leaves(at chaos.Crossing) string {
	if at.Policy.Share == simulators.ShareFolder || at.Policy.Share == simulators.ShareSFTP {
		return "who posts files is answered in a file: nobody can ask for an operation"
	}
	return answers(at)
}
