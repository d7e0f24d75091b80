package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// PartialBatch has some rows of a batch fail, or answers a batch in a way that
// has to be read row by row.
//
// Layer A: bulk interfaces with a status for each item. Observed as 207, or as
// 200 with the same body: rows that failed beside rows that are posted; a row
// that failed and behind it rows that nobody has looked at (424); fewer results
// than rows although all are posted; results in another order than the rows.
// Each result names its row by reference. A batch of one row is left alone.
type PartialBatch struct {
	Variant  BatchVariant `yaml:"variant" jsonschema:"enum=some-fail,enum=first-stops,enum=fewer-results,enum=reordered" doc:"what is special: rows fail, the first that fails stops the others, results are missing, or results come in reverse"`
	Says     Says         `yaml:"says" jsonschema:"enum=locked,enum=unavailable,enum=refused" doc:"what rows that fail are told: locked and unavailable want a repetition, refused a person"`
	Soft     bool         `yaml:"soft" doc:"answer 200 where rows failed, instead of 207"`
	Attempts int          `yaml:"attempts" doc:"only the first so many attempts of each fact; 0 means all"`
}

// BatchVariant is what is special about the answer to a batch.
type BatchVariant string

// Variants of partial batches.
const (
	SomeFail     BatchVariant = "some-fail"
	FirstStops   BatchVariant = "first-stops"
	FewerResults BatchVariant = "fewer-results"
	Reordered    BatchVariant = "reordered"
)

var _ = []chaos.Fault{&PartialBatch{}, &AsyncAccept{}, &OptimisticLock{}, &Pagination{}}

// Apply implements [chaos.Fault].
func (f *PartialBatch) Apply(d chaos.Delivery, r *rand.Rand) []chaos.Delivery {
	n := len(d.Message.Events)
	if !posting(d) || n < 2 || late(d, f.Attempts) || d.Message.Manner != nil {
		return []chaos.Delivery{d}
	}
	m := &simulators.Manner{Soft: f.Soft}
	refusal := f.Says.refusal()
	refusal.Soft = false
	switch at := r.IntN(n); f.Variant {
	case FirstStops:
		m.Rows = make([]*simulators.Refusal, n)
		m.Rows[at] = refusal
		for i := at + 1; i < n; i++ {
			m.Rows[i] = &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Unavailable, Code: "not-processed",
				Text: "not processed: row " + strconv.Itoa(at+1) + " has failed"}
		}
		d.What = fmt.Sprintf("row %d of %d fails (%s), those behind it are not processed", at+1, n, refusal.Code)
	case FewerResults:
		for i := range n {
			if i != at {
				m.Told = append(m.Told, i)
			}
		}
		d.What = fmt.Sprintf("the answer does not speak of row %d of %d", at+1, n)
	case Reordered:
		m.Rows = everySecond(n, at, refusal)
		for i := range n {
			m.Told = append(m.Told, n-1-i)
		}
		d.What = fmt.Sprintf("every second of %d rows fails (%s), results in reverse", n, refusal.Code)
	default:
		m.Rows = everySecond(n, at, refusal)
		d.What = fmt.Sprintf("every second of %d rows fails (%s)", n, refusal.Code)
	}
	d.Message.Manner = m
	return []chaos.Delivery{d}
}

// everySecond refuses every second of n rows, from one of the first two on, so
// that some fail and some do not.
func everySecond(n, at int, r *simulators.Refusal) []*simulators.Refusal {
	rows := make([]*simulators.Refusal, n)
	for i := at % 2; i < n; i += 2 {
		rows[i] = r
	}
	return rows
}

// posting reports whether d is something the SUT posts and nobody has decided
// about.
func posting(d chaos.Delivery) bool {
	return d.Direction == simulators.FromSUT && d.Message.Verb != "get" && len(d.Message.Events) > 0 && !d.Decided()
}

// late reports whether d is beyond the attempts that a fault touches.
func late(d chaos.Delivery, attempts int) bool { return attempts > 0 && d.Attempt > attempts }

// Validate says what is wrong with the settings.
func (f *PartialBatch) Validate() error {
	return errors.Join(oneOf("variant", f.Variant, SomeFail, FirstStops, FewerResults, Reordered), f.Says.validate(), notNegativeCount("attempts", f.Attempts))
}

// oneOf refuses a word that is not allowed; none is always allowed.
func oneOf[T ~string](name string, got T, allowed ...T) error {
	if got == "" || slices.Contains(allowed, got) {
		return nil
	}
	list := ""
	for i, a := range allowed {
		if i > 0 {
			list += ", "
		}
		list += string(a)
	}
	return fmt.Errorf("%s: %q is not one of %s", name, got, list)
}

// Suits implements [chaos.Particular]: who posts all rows or none has no
// partial success.
func (*PartialBatch) Suits(p simulators.Policy) bool { return p.Batch != simulators.BatchAtomic }

// Leaves implements [chaos.Choosy].
func (*PartialBatch) Leaves(at chaos.Crossing) string { return answers(at) }
