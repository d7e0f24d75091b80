package harness

import (
	"testing"

	"github.com/andon-rig/andon/evidence"
)

// Who asks what has become of a posting is waited for, whatever the dialect
// calls its questions; who polls for news is not.
func TestFollowUpIsToldByWhatIsAsked(t *testing.T) {
	for _, c := range []struct {
		asks string
		want bool
	}{{"postings", true}, {"operation", true}, {"queue", true}, {"feed", false}, {"items", false}, {"", false}} {
		if got := followsUp(evidence.Attempt{Verb: "get", Name: "bods", Asks: c.asks}); got != c.want {
			t.Errorf("who asks for %q follows up: %t, want %t", c.asks, got, c.want)
		}
	}
}
