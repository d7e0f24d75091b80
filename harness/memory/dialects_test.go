package memory_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/memory"
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

// dialects are those besides neutral/v1 that a build in memory can be asked in:
// messages are pushed to it, and what it posts is answered.
var dialects = []string{"b2mml-xml/v7"}

// TestEveryFaultInEveryDialect plays every fault of systems, data and clocks
// at systems that speak otherwise. Dialects know nothing of faults: each must
// strike, and the sound build must not be blamed for it.
func TestEveryFaultInEveryDialect(t *testing.T) {
	for _, dialect := range dialects {
		for _, info := range faults.All() {
			f := info.New()
			_, brokered := f.(chaos.Brokered)
			_, process := f.(chaos.Process)
			if info.Layer == faults.Wire || process || brokered || strings.HasPrefix(info.Name, "file-") || notHere[info.Name] != "" {
				continue
			}
			t.Run(dialect+"/"+info.Name, func(t *testing.T) {
				struck, profile := 0, "machine-shop"
				if info.Name == "serial-repeated" {
					profile = "nist-box" // where pieces have serial numbers
				}
				for seed := range uint64(3) {
					records, findings := playIn(t, dialect, fmt.Sprintf(eventful, info.Name, profile), seed, func() memory.Build { return newForwarder(true) })
					struck += strikes(records)["trouble"]
					if v := harness.Verdict(findings, nil); v > evidence.Vacuous {
						said := map[string]bool{}
						for _, f := range findings {
							if rule := f.Oracle + " " + f.Rule; f.Verdict > evidence.Vacuous && !said[rule] {
								said[rule] = true
								t.Errorf("seed %d: %s %s: %s %s; want %s, got %s (%s)", seed, f.Oracle, f.Rule, f.Verdict, f.Fact, f.Expected, f.Got, f.Text)
							}
						}
					}
				}
				if struck == 0 {
					t.Error("it never struck")
				}
				t.Logf("%d strikes", struck)
			})
		}
	}
}
