package bridge

import (
	"bytes"
	"regexp"
)

// This file holds the defects in wording: an interface that changes without
// notice. A lenient partner takes all of it, and misses something later. The
// sound bridge has none of it.

// versionHeader is where the bridge tells by which version of an interface it
// calls, if it was told to.
const versionHeader = "X-Api-Version"

// transactionID is the identity of a message, as one written without blanks
// has it.
var transactionID = regexp.MustCompile(`"BODID":"(?:[^"\\]|\\.)*"`)

// drifted words a message otherwise than was agreed.
func drifted(body []byte, d Defect) []byte {
	switch d {
	case M88: // DEFECT M88: the new release calls it something else
		return bytes.ReplaceAll(body, []byte(`"PostingDate":`), []byte(`"PostedDate":`))
	case M89: // DEFECT M89: a state that the partner has never heard of
		return bytes.ReplaceAll(body, []byte(`"SegmentState":"Running"`), []byte(`"SegmentState":"InProcess"`))
	case M90: // DEFECT M90: null is what an empty column becomes
		return transactionID.ReplaceAll(body, []byte(`"BODID":null`))
	}
	return body
}
