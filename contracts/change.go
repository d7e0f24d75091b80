package contracts

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says what a change does to those who were written for the former
// version.
type Severity int

// Severities, from harmless to worst.
const (
	Safe      Severity = iota
	Dangerous          // nothing fails by the letter, but behaviour or meaning may change
	Breaking           // what was valid is not any more
)

var severityNames = []string{"safe", "dangerous", "breaking"}

// String names s as files and reports do.
func (s Severity) String() string {
	if s < 0 || int(s) >= len(severityNames) {
		return fmt.Sprintf("severity(%d)", int(s))
	}
	return severityNames[s]
}

// MarshalText writes the name of s.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name of a severity.
func (s *Severity) UnmarshalText(b []byte) error {
	i := slices.Index(severityNames, string(b))
	if i < 0 {
		return fmt.Errorf("unknown severity %q", b)
	}
	*s = Severity(i)
	return nil
}

// A Change is one difference between two versions of a document, or between
// what a consumer relies on and what a provider promises.
type Change struct {
	Type     string   `json:"type"` // stable, for machines: "FIELD_REMOVED"
	Path     string   `json:"path"` // to the field, as its format writes paths
	Severity Severity `json:"severity"`
	Message  string   `json:"message"` // one sentence
	Before   Place    `json:"before,omitzero"`
	After    Place    `json:"after,omitzero"`
}

// CannotTell is the type of a change of which nobody can say whether it
// breaks anybody. It is never green.
const CannotTell = "CANNOT_TELL"

// SortChanges orders changes worst first, then by path, type and message.
func SortChanges(all []Change) {
	slices.SortStableFunc(all, func(a, b Change) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Message, b.Message))
	})
}

// Worst is the severity of the worst change, Safe if there is none.
func Worst(all []Change) Severity {
	worst := Safe
	for _, c := range all {
		worst = max(worst, c.Severity)
	}
	return worst
}

// A Mode says which way documents of one format must stay compatible. In all
// of them a writer is taken to write declared fields only.
type Mode string

// Modes of compatibility.
const (
	Backward Mode = "backward" // readers of the new version accept what writers of the old one write
	Forward  Mode = "forward"  // readers of the old version accept what writers of the new one write
	Full     Mode = "full"     // both
)

// Modes are the names of all modes.
var Modes = []string{string(Backward), string(Forward), string(Full)}

// UnmarshalText reads the name of a mode.
func (m *Mode) UnmarshalText(b []byte) error {
	if !slices.Contains(Modes, string(b)) {
		return fmt.Errorf("there is no mode %q; it is one of backward, forward, full", b)
	}
	*m = Mode(b)
	return nil
}

// ReadsOld reports whether new readers must take what old writers write.
func (m Mode) ReadsOld() bool { return m != Forward }

// ReadsNew reports whether old readers must take what new writers write.
func (m Mode) ReadsNew() bool { return m != Backward }
