package chaos

// Drift is a way in which the wording of a partner changes without notice. How
// a message is worded so is package rewording's business, and no dialect's.
type Drift string

// Ways to drift. The first two add and take nothing away: who reads tolerantly
// need not notice. The others damage something that was agreed.
const (
	DriftExtraField   Drift = "extra-field"     // a member that nobody has heard of
	DriftNamespace    Drift = "extra-namespace" // members and annotations of a vendor's own namespace
	DriftRenamed      Drift = "renamed-field"   // a member that is needed has another name
	DriftNull         Drift = "null"            // a member that is needed is there and says nothing
	DriftType         Drift = "type-changed"    // text became a number, or a number text
	DriftEnum         Drift = "new-enum"        // a word that is on no list
	DriftComma        Drift = "decimal-comma"   // quantities with another decimal separator
	DriftExponent     Drift = "exponent"        // quantities in scientific notation
	DriftManyDecimals Drift = "many-decimals"   // quantities with more decimals than were agreed
	DriftNegative     Drift = "negative"        // quantities below zero
	DriftNoOffset     Drift = "no-offset"       // instants that do not say their offset
	DriftCutOff       Drift = "cut-off"         // a body that ends in the middle
	DriftEmpty        Drift = "empty"           // a body of nothing
	DriftCharset      Drift = "charset"         // a text that is not in the encoding it says
)

// Additive reports whether d only adds something.
func (d Drift) Additive() bool { return d == DriftExtraField || d == DriftNamespace }
