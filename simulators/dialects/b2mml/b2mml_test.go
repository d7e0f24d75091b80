package b2mml

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
)

// xmlSays reports whether XML 1.0 has all the characters of a text.
func xmlSays(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !xmltree.Sayable(r) && r != '\t' && r != '\n' && r != '\r' })
}

// byTheBooks are the answers that are told with a status of success, because
// the books were asked: the ConfirmBOD says no.
var byTheBooks = map[string]int{
	"applied": 200, "partly": 200, "all rows bad": 200, "one row bad": 200, "order unknown": 200, "data quality": 200, "business": 200,
	"key reused": 200, "already posted": 200, "locked": 200,
}

func TestConformance(t *testing.T) {
	for envelope, malformed := range map[Envelope]int{Bare: 400, SOAP11: 500, SOAP12: 400} {
		t.Run(string(envelope), func(t *testing.T) {
			statuses := map[string]int{"malformed": malformed}
			if envelope != Bare {
				statuses["accepted"] = 200 // there 202 means that the answer has no envelope
			}
			for name, status := range byTheBooks {
				statuses[name] = status
			}
			dialecttest.Run(t, Dialect{Settings{Envelope: envelope}}, dialecttest.Says(xmlSays), dialecttest.Statuses(statuses))
		})
	}
}
