package trial

import (
	"cmp"
	"strings"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Signature tells findings apart by what went wrong, not by whom it met or
// how it is worded: two runs with one signature have, as far as anybody can
// see from outside, the same cause.
type Signature struct {
	Oracle string              `json:"oracle"`
	About  string              `json:"about,omitempty"` // kind of fact, or else of the entity
	Class  evidence.CauseClass `json:"class,omitempty"`
}

// SignatureOf is the signature of a finding.
func SignatureOf(f evidence.Finding) Signature {
	return Signature{Oracle: f.Oracle, About: about(f), Class: f.Class}
}

// about names what kind of thing a finding is about.
func about(f evidence.Finding) string {
	if kind, _, ok := strings.Cut(string(f.Fact), "/"); ok {
		return kind
	}
	return entity(f.Keys)
}

// entity names the kind of the narrowest entity of k.
func entity(k plant.Keys) string {
	switch {
	case k.Case != "":
		return "case"
	case k.Serial != "":
		return "serial"
	case k.Lot != "":
		return "lot"
	case k.Operation != "":
		return "operation"
	case k.Order != "":
		return "order"
	case k.Machine != "":
		return "machine"
	case k.WorkCenter != "":
		return "work center"
	case k.Calendar != "":
		return "calendar"
	case k.Material != "":
		return "material"
	}
	return ""
}

// Of reports whether f is a violation with this signature.
func (s Signature) Of(f evidence.Finding) bool {
	return f.Verdict == evidence.Violated && SignatureOf(f) == s
}

// String writes s in one line: "exactly-once of confirmation, technical".
func (s Signature) String() string {
	text := s.Oracle
	if s.About != "" {
		text += " of " + s.About
	}
	return text + ", " + cmp.Or(string(s.Class), "unclassified")
}

// Compare orders signatures, for lists that are the same each time.
func (s Signature) Compare(t Signature) int {
	return cmp.Or(cmp.Compare(s.Oracle, t.Oracle), cmp.Compare(s.About, t.About), cmp.Compare(s.Class, t.Class))
}
