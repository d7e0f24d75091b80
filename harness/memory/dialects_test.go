package memory_test

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/memory"
	"github.com/andon-rig/andon/internal/race"
)

// confirmed is what a ConfirmBOD says is wrong, bare or in an envelope.
func confirmed(body []byte) (p problem) {
	d := xml.NewDecoder(strings.NewReader(string(body)))
	into := map[string]*string{"ReasonCode": &p.Class, "Code": &p.Title, "Description": &p.Detail}
	for {
		t, err := d.Token()
		if err != nil {
			break
		}
		if e, ok := t.(xml.StartElement); ok && into[e.Name.Local] != nil {
			_ = d.DecodeElement(into[e.Name.Local], &e)
		}
	}
	return p
}

// responded is what the response in a row says is wrong.
func responded(body []byte) problem {
	var rows []struct {
		Code    string `json:"error_code"`
		Class   string `json:"error_class"`
		Message string `json:"response_message"`
	}
	if json.Unmarshal(body, &rows) != nil || len(rows) == 0 {
		return problem{}
	}
	return problem{rows[0].Class, rows[0].Code, rows[0].Message}
}

// dialects are those besides neutral/v1 that a build in memory can be asked in:
// messages are pushed to it, and what it posts is answered.
var dialects = []string{"b2mml-xml/v7", "staging/v1"}

// TestEveryFaultInEveryDialect plays every fault of systems, data and clocks
// at systems that speak otherwise. Dialects know nothing of faults: each must
// strike, and the sound build must not be blamed for it.
func TestEveryFaultInEveryDialect(t *testing.T) {
	for _, dialect := range race.Some(dialects, 1) {
		for _, info := range race.Some(faults.All(), 12) {
			f := info.New()
			_, brokered := f.(chaos.Brokered)
			_, process := f.(chaos.Process)
			if info.Layer == faults.Wire || process || brokered || strings.HasPrefix(info.Name, "file-") || notHere[info.Name] != "" {
				continue
			}
			if dialect == "staging/v1" && info.Name == "malformed" {
				continue // half a row is none
			}
			t.Run(dialect+"/"+info.Name, func(t *testing.T) {
				soundUnder(t, info.Name, race.Rounds(3, 1), 3, func(scenario string, seed uint64) ([]evidence.Record, []evidence.Finding) {
					return playIn(t, dialect, scenario, seed, func() memory.Build { return newForwarder(true) })
				})
			})
		}
	}
}
