package memory_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/memory"
	"github.com/andon-rig/andon/internal/race"
	"github.com/andon-rig/andon/simulators"
)

// eventful is a plant in which every kind of fact happens that the forwarder
// passes on, under one fault.
const eventful = `
apiVersion: andon/v1
kind: Scenario
metadata: {id: MEM-09, title: "%[1]s"}
seed: 1
plant: {profile: %[2]s, open: 1}
given: {orders: {count: 3}}
when:
  - upon: {event: receipt}
    as: goods
    do: [{place-hold: {lot: {ref: goods.lot}}}]
  - {after: {ref: goods, delay: {plant: 1h}}, do: decide, args: {lot: {ref: goods.lot}}}
faults:
  - {id: trouble, fault: %[1]s, p: 0.3}
floor: {confirmation: 5}
`

// notHere says of faults that are not played in memory why.
var notHere = map[string]string{
	"stale-token":   "nobody authenticates in memory",
	"async-accept":  "builds in memory only post, and cannot ask what became of it",
	"pagination":    "builds in memory only post, and read no lists",
	"partial-batch": "the forwarder posts no batches",
	"bad-quality":   "nothing reads machines in memory",
	"row-late":      "nobody keeps rows in memory",
	"rows-apart":    "nobody keeps rows in memory",
	"table-locked":  "nobody keeps rows in memory",
	"deadlock":      "nobody keeps rows in memory",
}

// TestSoundBuildHoldsUnderEveryFault plays every fault of systems, data and
// clocks that can be hosted in memory: whatever it does, a build that passes on
// what it is told, repeats with care and reports what is refused is not blamed.
func TestSoundBuildHoldsUnderEveryFault(t *testing.T) {
	for _, info := range faults.All() {
		f := info.New()
		_, brokered := f.(chaos.Brokered)
		_, process := f.(chaos.Process)
		if info.Layer == faults.Wire || process || brokered || strings.HasPrefix(info.Name, "file-") || notHere[info.Name] != "" {
			continue
		}
		t.Run(info.Name, func(t *testing.T) {
			soundUnder(t, info.Name, race.Rounds(6, 1), 6, func(scenario string, seed uint64) ([]evidence.Record, []evidence.Finding) {
				return play(t, scenario, seed, true)
			})
		})
	}
}

// soundUnder has a sound build played under a fault at so many seeds, and at
// more, up to most, until it has struck: it must, and nobody may be blamed.
func soundUnder(t *testing.T, fault string, seeds, most int, play func(scenario string, seed uint64) ([]evidence.Record, []evidence.Finding)) {
	t.Helper()
	struck, profile := 0, "machine-shop"
	if fault == "serial-repeated" {
		profile = "nist-box" // where pieces have serial numbers
	}
	for seed := range uint64(most) {
		if seed >= uint64(seeds) && struck > 0 {
			break
		}
		records, findings := play(fmt.Sprintf(eventful, fault, profile), seed)
		struck += strikes(records)["trouble"]
		if harness.Verdict(findings, nil) <= evidence.Vacuous {
			continue
		}
		said := map[string]bool{}
		for _, f := range findings {
			if rule := f.Oracle + " " + f.Rule; f.Verdict > evidence.Vacuous && !said[rule] {
				said[rule] = true
				t.Errorf("seed %d: %s %s: %s %s; want %s, got %s (%s)", seed, f.Oracle, f.Rule, f.Verdict, f.Fact, f.Expected, f.Got, f.Text)
			}
		}
	}
	if struck == 0 {
		t.Error("it never struck")
	}
	t.Logf("%d strikes", struck)
}

// editor is a forwarder that improves what it passes on.
type editor struct {
	*forwarder
	edit func(body []byte) []byte
}

func (e editor) Receive(endpoint string, m simulators.Message) int {
	m.Body = e.edit(m.Body)
	return e.forwarder.Receive(endpoint, m)
}

// TestBuildsAreBlamedUnderFaults shows that the runs above can fail: the same
// faults, and builds that drop what is refused, post what contradicts, or
// improve what they do not believe.
func TestBuildsAreBlamedUnderFaults(t *testing.T) {
	careless := func() memory.Build { return newForwarder(false) }
	editing := func(edit func([]byte) []byte) func() memory.Build {
		return func() memory.Build { return editor{newForwarder(true), edit} }
	}
	plain := editing(func(b []byte) []byte {
		return bytes.Map(func(r rune) rune {
			if r > 255 {
				return -1
			}
			return r
		}, b)
	})
	for fault, c := range map[string]struct {
		build func() memory.Build
		by    string
	}{
		"invalid-lot": {careless, "dead-letter"}, "unknown-reference": {careless, "dead-letter"}, "wrong-unit": {careless, "dead-letter"},
		"odd-quantity": {careless, "dead-letter"}, "malformed": {careless, "no-silent-drop"}, "local-time": {careless, "no-silent-drop"},
		"order-closed": {careless, "no-silent-drop"}, "contradiction": {careless, "exactly-once"}, "odd-text": {plain, "field-fidelity"},
		"clock-reset": {editing(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`"1970-01-02T`), []byte(`"2099-01-02T`)) }), "time-semantics"},
	} {
		t.Run(fault, func(t *testing.T) {
			for seed := range uint64(10) {
				if _, findings := playBuild(t, fmt.Sprintf(eventful, fault, "machine-shop"), seed, c.build); slices.Contains(blames(findings), c.by) {
					return
				}
			}
			t.Errorf("%s blamed nobody at ten seeds", c.by)
		})
	}
}
