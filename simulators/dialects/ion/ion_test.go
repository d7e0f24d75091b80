package ion

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
)

// xmlSays reports whether XML 1.0 has all the characters of a text.
func xmlSays(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !xmltree.Sayable(r) && r != '\t' && r != '\n' && r != '\r' })
}

// takenOver is what is answered whatever the books will say.
func takenOver(status int) map[string]int {
	all := map[string]int{}
	for _, name := range []string{"applied", "repeated", "accepted", "partly", "all rows bad", "one row bad"} {
		all[name] = status
	}
	for _, name := range []string{"order unknown", "data quality", "business", "key reused", "already posted"} {
		all[name] = 400 // nobody says these at once, for the books are asked later
	}
	return all
}

func variants() map[string]Dialect {
	return map[string]Dialect{
		"v3": {Version: V3}, "v3 mime": {Version: V3, Settings: Settings{Layout: MIME}}, "v3 csi": {Version: V3, Settings: Settings{Product: "csi"}},
		"v3 m3": {Version: V3, Settings: Settings{Product: "m3"}},
		"v2":    {Version: V2}, "v2 json": {Version: V2, Settings: Settings{Layout: JSON}},
	}
}

func TestConformance(t *testing.T) {
	for name, d := range variants() {
		t.Run(name, func(t *testing.T) {
			status := 202
			if d.Version == V2 {
				status = 201
			}
			dialecttest.Run(t, d, dialecttest.Says(xmlSays), dialecttest.Statuses(takenOver(status)))
		})
	}
}

// ION promises delivery at least once, and no order: an outbox that is told so
// lets messages about one order overtake each other.
func TestDeliveryIsUnordered(t *testing.T) {
	for _, version := range []Version{V3, V2} {
		if got := (Dialect{Version: version}).Policy().Ordering; got != simulators.OrderNone {
			t.Errorf("%s: ordering %q, want %q", version, got, simulators.OrderNone)
		}
	}
}
