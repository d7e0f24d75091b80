package evidence

import (
	"encoding/json"
	"fmt"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Verdict is the outcome of a judgement. The worst one wins a run.
type Verdict int

// Verdicts, from best to worst.
const (
	Holds        Verdict = iota
	Vacuous              // nothing happened that could have broken it
	Inconclusive         // the evidence does not decide it
	Violated
)

var verdictNames = []string{"holds", "vacuous", "inconclusive", "violated"}

// String names v as reports do.
func (v Verdict) String() string {
	if v < 0 || int(v) >= len(verdictNames) {
		return fmt.Sprintf("verdict(%d)", int(v))
	}
	return verdictNames[v]
}

// MarshalText writes the name of v.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads a name of a verdict.
func (v *Verdict) UnmarshalText(b []byte) error {
	for i, n := range verdictNames {
		if n == string(b) {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("unknown verdict %q", b)
}

// CauseClass says who has to act on a finding.
type CauseClass string

// Classes of causes. The first three are those of exceptions.
const (
	CauseTechnical   CauseClass = CauseClass(simulators.Technical)
	CauseBusiness    CauseClass = CauseClass(simulators.Business)
	CauseDataQuality CauseClass = CauseClass(simulators.DataQuality)
	CauseContract    CauseClass = "contract"
	CauseRig         CauseClass = "rig" // our own fault, never blamed on the SUT
)

// Finding is one result of a judge. An oracle that looked and found nothing
// wrong returns a single finding with verdict Holds, or Vacuous if it had
// nothing to look at.
type Finding struct {
	Oracle       string          `json:"oracle"` // what it protects: "exactly-once"
	ID           string          `json:"id"`     // number in the catalogue: "O1"
	Verdict      Verdict         `json:"verdict"`
	Class        CauseClass      `json:"class,omitempty"`
	Keys         plant.Keys      `json:"keys,omitzero"`
	Fact         plant.EventID   `json:"fact,omitempty"`
	Expected     string          `json:"expected,omitempty"`
	Got          string          `json:"got,omitempty"`
	Text         string          `json:"text,omitempty"`     // why inconclusive or vacuous; what held
	Evidence     []uint64        `json:"evidence,omitempty"` // sequence numbers, at most 10
	Rule         string          `json:"rule,omitempty"`     // that decided the class
	Confidence   string          `json:"confidence,omitempty"`
	Requirements []string        `json:"requirements,omitempty"`
	Journey      string          `json:"journey,omitempty"` // sequence diagram as text
	Replay       string          `json:"replay,omitempty"`  // command
	Count        int             `json:"count,omitempty"`   // how many like it are folded under it
	Follows      string          `json:"follows,omitempty"` // number of the oracle whose finding on the same fact or entity this is a consequence of
	Extra        json.RawMessage `json:"extra,omitempty"`
}

// A Judge reads a finished journal and says what it found. It must not know
// which mode, scenario or SUT produced it, and it is a pure function.
type Judge interface {
	// Name is what the judge protects, in a word or two: "exactly-once".
	Name() string
	// Judge returns at least one finding.
	Judge(h *History) []Finding
}

// RuleIdle marks a finding of a judge that had nothing to judge, such as a
// throttling oracle in a run without throttling. It is said, and does not by
// itself spoil the verdict of the run: what a scenario must exercise is judged
// by the oracle of that name.
const RuleIdle = "nothing-to-judge"

// RuleWaived marks the finding of a judge that the scenario does without.
const RuleWaived = "waived"

// Worst is the verdict of a run: the worst of its findings. Judges that were
// waived or had nothing to judge do not count, but if no other did judge, or
// there are no findings at all, the run is vacuous.
func Worst(findings []Finding) Verdict {
	worst, judged := Holds, false
	for _, f := range findings {
		if f.Rule == RuleWaived || (f.Rule == RuleIdle && f.Verdict == Vacuous) {
			continue
		}
		worst, judged = max(worst, f.Verdict), true
	}
	if !judged {
		return Vacuous
	}
	return worst
}
