package faults

import (
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// interfaces are faults of how a system's interface behaves, which answer
// rather than break.
func interfaces() []Info {
	return []Info{
		{
			Name: "partial-batch", Layer: Application, Reproducible: true, Requirements: []string{"EXC-05", "FLT-22", "PAT-04", "CTL-04"},
			Doc:       "some rows of a batch fail, or its answer has to be read row by row",
			Observed:  "207 or 200 with a status for each row; 424 behind the first that fails; fewer results than rows; results in another order",
			Needs:     "a SUT that posts batches; an endpoint that does not post all rows or none",
			Tolerates: "rows that failed repeated or reported, rows that are posted not repeated; a row without a result found out under the same key",
			New:       func() chaos.Fault { return &PartialBatch{Variant: SomeFail, Says: SaysLocked, Attempts: 1} },
		}, {
			Name: "async-accept", Layer: Application, Reproducible: true, Requirements: []string{"FLT-17", "CTL-04", "EXC-01", "EXC-02"},
			Doc:       "a posting is accepted, and done, refused, forgotten or done twice later",
			Observed:  "202 with the Location of an operation that runs, and then succeeded, failed, never ends, or flaps",
			Tolerates: "what was accepted is followed to its end: posted once, or reported; what never ends is repeated under its key",
			New: func() chaos.Fault {
				return &AsyncAccept{Then: simulators.CompletesNot, After: Wall(200 * time.Millisecond), Attempts: 1}
			},
		}, {
			Name: "optimistic-lock", Layer: Application, Reproducible: true, Requirements: []string{"CTL-04", "EXC-01", "DN-06"},
			Doc:       "somebody else has the object, or has changed it meanwhile; nothing was done",
			Observed:  "423 with the user who has it open; 412 for an entity tag; 409 of class technical",
			Tolerates: "repeated after a pause, posted once; given up only when repeating did not help",
			New:       func() chaos.Fault { return &OptimisticLock{Says: LockDocument, Attempts: 1} },
		}, {
			Name: "pagination", Layer: Application, Reproducible: true, Requirements: []string{"DN-13", "PAT-04", "CTL-20"},
			Doc:       "something happens between two pages of a list",
			Observed:  "rows missing or repeated at the edge of a page, 410 for a cursor, a next page that is this one, many records with one time of change, a page shorter than was asked for",
			Needs:     "a SUT that reads lists page by page",
			Tolerates: "every record arrives, each version once",
			New:       func() chaos.Fault { return &Pagination{Trap: PageRemoved, Resolution: Plant(time.Hour), Attempts: 1} },
		}, {
			Name: "schema-drift", Layer: Application, Reproducible: true, Requirements: []string{"FLT-18", "CTL-10", "CTL-18", "EXC-08", "FLT-14"},
			Doc:       "a fact is announced in other words than were agreed, for good",
			Observed:  "an unknown member or namespace; a needed member renamed, null, of another type; a word on no list; a decimal comma",
			Tolerates: "additions are ignored; of anything else, posted as it happened, refused, or reported",
			New:       func() chaos.Fault { return &SchemaDrift{Change: AnyChange} },
		}, {
			Name: "reply-drift", Layer: Application, Reproducible: true, Requirements: []string{"FLT-18", "CTL-18", "EXC-08"},
			Doc:       "an answer is worded otherwise than was agreed",
			Observed:  "a status of success or refusal with members renamed, null, of another type or too many",
			Tolerates: "nothing lost or doubled: what cannot be read is found out or repeated under the same key",
			New:       func() chaos.Fault { return &ReplyDrift{Change: AnyChange, Attempts: 1} },
		}, {
			Name: "replay-old", Layer: Application, Requirements: []string{"FLT-02", "CTL-03", "EXC-06"},
			Doc:       "what was announced long ago is announced again, between what is new",
			Observed:  "an old message, byte for byte, after newer ones of the same entity",
			Tolerates: "no second posting and no older version in force",
			New:       func() chaos.Fault { return &ReplayOld{Age: Plant(time.Hour), Copies: 3} },
		}, {
			Name: "slow-dependency", Layer: Application, Requirements: []string{"FLT-06", "CTL-04", "CTL-30", "CTL-24"},
			Doc:       "an endpoint becomes slower and slower, beyond the SUT's patience, and well again",
			Observed:  "latency that rises to a timeout; what was given up arrives all the same",
			Tolerates: "no storm of repetitions, nothing lost or doubled, recovery in time",
			New: func() chaos.Fault {
				return &SlowDependency{To: Wall(3 * time.Second), Over: Wall(2 * time.Second), For: Wall(5 * time.Second)}
			},
		},
	}
}
