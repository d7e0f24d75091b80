package memory_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/chaos/rewording"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/harness/memory"
	"github.com/andon-rig/andon/internal/race"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

var update = flag.Bool("update", false, "rewrite the matrix of faults in docs/surfaces.md")

// standing are faults that strike what is said, whatever says it: the rows of
// the matrix. The others act below every dialect, on connections, folders,
// tables, brokers and the build itself, and are played on real ones by
// TestFaultsBelowSurfaces in harness.
func standing() (rows []faults.Info) {
	for _, i := range faults.All() {
		f := i.New()
		_, conn := f.(chaos.ConnFault)
		_, process := f.(chaos.Process)
		_, brokered := f.(chaos.Brokered)
		p, particular := f.(chaos.Particular)
		share := particular && !p.Suits(simulators.Policy{}) && (p.Suits(simulators.Policy{Share: simulators.ShareSFTP}) || p.Suits(simulators.Policy{Share: simulators.ShareServer}))
		if !process && !conn && !brokered && !share {
			rows = append(rows, i)
		}
	}
	return rows
}

// excused says by what the fault and the dialect say of themselves why one
// cannot strike the other; "" if it should.
func excused(info faults.Info, d simulators.Dialect, policy simulators.Policy) string {
	f := info.New()
	if p, ok := f.(chaos.Particular); ok && !p.Suits(policy) {
		return "needs " + info.Needs
	}
	if _, reads := f.(*faults.Pagination); reads {
		if q, ok := d.(simulators.Inquirer); !ok || q.Questions()["items"] == "" {
			return "nothing can be asked, so that there are no lists"
		}
		return ""
	}
	kinds := said(d)
	if c, ok := f.(chaos.Choosy); ok {
		why := ""
		for _, k := range kinds {
			for _, way := range []simulators.Direction{simulators.ToSUT, simulators.FromSUT} {
				left := c.Leaves(chaos.Crossing{Direction: way, Kind: k.Fact.Kind(), Policy: policy})
				if left == "" {
					return unworded(f, d, kinds)
				}
				why = cmp.Or(why, left)
			}
		}
		return why + ", and for that there is no word"
	}
	return unworded(f, d, kinds)
}

// unworded says that no message of d can be worded as f would; "" if one can.
func unworded(f chaos.Fault, d simulators.Dialect, kinds []plant.Event) string {
	var ways []chaos.Drift
	switch f.(type) {
	case *faults.Malformed:
		ways = []chaos.Drift{chaos.DriftCutOff, chaos.DriftEmpty, chaos.DriftCharset}
	case *faults.LocalTime:
		ways = []chaos.Drift{chaos.DriftNoOffset}
	case *faults.SchemaDrift, *faults.ReplyDrift:
		ways = []chaos.Drift{chaos.DriftExtraField, chaos.DriftRenamed, chaos.DriftNull, chaos.DriftType}
	case *faults.SerialRepeated:
		ms, err := d.Encode(plant.Event{ID: "receipt/1", Fact: plant.Received{Order: "1", Material: "1", Quantity: plant.Of(2, "EA"), Serials: []plant.SerialID{"1", "2"}}})
		if err != nil || len(ms) == 0 {
			return fmt.Sprintf("no receipt names two serial numbers (%v)", err)
		}
		return ""
	default:
		return ""
	}
	if q, asked := d.(simulators.Inquirer); asked && q.Questions()["items"] != "" {
		if _, reply := f.(*faults.ReplyDrift); reply {
			return "" // lists have members
		}
	}
	worded := rewording.Of(d)
	for _, e := range kinds {
		ms, err := d.Encode(e)
		if err != nil || len(ms) == 0 {
			continue
		}
		if _, reply := f.(*faults.ReplyDrift); reply {
			ms[0] = d.Reply(ms[0], simulators.Answer{Rows: []simulators.Row{{Doc: "1"}}})
			ms[0].Result.Outcome = simulators.Applied
		}
		for _, way := range ways {
			if _, drifts := worded(ms[0], way); drifts {
				return ""
			}
		}
	}
	return fmt.Sprintf("nothing that is said can be worded so (%s)", ways[0])
}

// said is a specimen of each kind of fact that d has words for.
func said(d simulators.Dialect) (all []plant.Event) {
	for _, k := range dialecttest.Kinds() {
		for seed := range 20 {
			e := dialecttest.Events(k).Example(seed)
			switch f := e.Fact.(type) { // most routings number their operations
			case plant.Confirmed:
				f.Operation = "0010"
				e.Fact = f
			case plant.Consumed:
				f.Operation = "0010"
				e.Fact = f
			case plant.Scrapped:
				f.Operation = "0010"
				e.Fact = f
			case plant.Reworked:
				f.Operation = "0010"
				e.Fact = f
			}
			if ms, err := d.Encode(e); err == nil && len(ms) > 0 {
				all = append(all, e)
				break
			}
		}
	}
	return all
}

// stage is the scenario in which a fault is looked at.
func stage(fault string) string {
	profile, counts, when := "machine-shop", "", `
when:
  - upon: {event: receipt}
    as: goods
    do: [{place-hold: {lot: {ref: goods.lot}}}]
  - {after: {ref: goods, delay: {plant: 1h}}, do: decide, args: {lot: {ref: goods.lot}}}`
	switch fault {
	case "serial-repeated":
		profile, when = "nist-box", "" // where pieces have serial numbers, and wait for nobody
	case "bad-quality":
		counts = ", counts: true"
	}
	return fmt.Sprintf(`
apiVersion: andon/v1
kind: Scenario
metadata: {id: MEM-10, title: "One fault, or none"}
seed: 1
plant: {profile: %[2]s, open: 1%[3]s}
given: {orders: {count: 3}}%[4]s
floor: {confirmation: 5}
faults:
  - {id: trouble, fault: %[1]s}
`, fault, profile, counts, when)
}

// calmed is the same scenario on a good day.
func calmed(scenario string) string {
	text, _, _ := strings.Cut(scenario, "faults:")
	return text
}

// witnessed carries out one run in a dialect and returns what the build met,
// and how often the fault struck.
func witnessed(t *testing.T, part catalog.Part[func() simulators.Dialect], fault, scenario string, seed uint64) (saw []string, struck int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ss, err := scenarios.Parse("scenario", []byte(scenario))
		if err != nil {
			t.Fatal(err)
		}
		d := part.New()
		w := newWitness(d)
		setup, err := memory.SetupIn(part.Name, ss[0], seed, w)
		if err != nil {
			t.Fatal(err)
		}
		spec := setup.File.Endpoints["erp"]
		spec.Policy.Session = simulators.SessionNone // the witness holds no session
		switch fault {
		case "stale-token":
			spec.Policy.Auth = d.Policy().Auth
		case "partial-batch":
			w.batches, _ = d.(batcher)
		case "pagination", "reply-drift":
			w.asks = pages[part.Name]
		case "bad-quality":
			machine := setup.File.Endpoints["mes"]
			machine.System = "machine"
			setup.File.Endpoints["machines"] = machine
		}
		setup.File.Endpoints["erp"] = spec
		rig, err := harness.Build(setup)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := rig.Close(); err != nil {
				t.Error(err)
			}
		}()
		if spec.Policy.Auth == simulators.AuthOAuth2 {
			w.signs = signing(d, rig.Vars)
		}
		if _, err = harness.Run(t.Context(), rig.Plan); err != nil {
			t.Fatal(err)
		}
		saw, struck = w.saw, strikes(rig.Plan.Journal.Records())["trouble"]
	})
	return saw, struck
}

// calms are good days that were looked at.
var calms = map[string][]string{}

// calm is what the build meets on a good day; the same at most faults.
func calm(t *testing.T, part catalog.Part[func() simulators.Dialect], fault, scenario string, seed uint64) []string {
	t.Helper()
	key := fmt.Sprint(part.Name, seed, scenario)
	if slices.Contains(prepared, fault) {
		key += fault
	}
	if calms[key] == nil {
		calms[key], _ = witnessed(t, part, fault, scenario, seed)
	}
	return calms[key]
}

// prepared are the faults for which witnessed prepares rig or build.
var prepared = []string{"stale-token", "partial-batch", "pagination", "reply-drift", "bad-quality"}

// shows reports whether a fault has struck in a dialect and the build has met
// something else than it would have met without it.
func shows(t *testing.T, part catalog.Part[func() simulators.Dialect], fault string, seeds uint64) (visible bool, struck int) {
	t.Helper()
	for seed := range seeds {
		scenario := stage(fault)
		saw, n := witnessed(t, part, fault, scenario, seed)
		if struck += n; n == 0 {
			continue
		}
		if !slices.Equal(saw, calm(t, part, fault, calmed(scenario), seed)) {
			return true, struck
		}
	}
	return false, struck
}

// TestEveryFaultAtEverySurface is the matrix: every fault that strikes what is
// said, at an ERP of every dialect. Dialects know nothing of faults. One seed
// gives one journal, so whatever the build meets otherwise than without the
// fault is the fault's doing. What cannot be is excused by what the fault and
// the dialect say of themselves, and by nothing else.
func TestEveryFaultAtEverySurface(t *testing.T) {
	rows := standing()
	all := catalog.Standard().Dialects
	played := all[len(all)-race.Rounds(len(all), 1):]
	cells := map[string]map[string]string{}
	for _, info := range race.Some(rows, 12) {
		cells[info.Name] = map[string]string{}
		for _, part := range played {
			d := part.New()
			policy := d.Policy()
			if _, rows := d.(simulators.Tabular); rows {
				policy.Share = simulators.ShareTables
			}
			why := excused(info, d, policy)
			cells[info.Name][part.Name] = why
			t.Run(info.Name+"/"+part.Name, func(t *testing.T) {
				seeds := uint64(4)
				if why != "" {
					seeds = 1
				}
				visible, struck := shows(t, part, info.Name, seeds)
				switch {
				case why != "" && visible:
					t.Errorf("it is said to leave it alone (%s), and it has struck %d times", why, struck)
				case why == "" && struck == 0:
					t.Error("it never struck")
				case why == "" && !visible:
					t.Errorf("it struck %d times, and the build met nothing of it", struck)
				}
			})
		}
	}
	if len(played) == len(all) && !t.Failed() {
		documented(t, drawn(all, rows, cells))
	}
}

// TestCalmIsCalm: without a fault, two runs are met alike, so that a difference
// shows something.
func TestCalmIsCalm(t *testing.T) {
	all := catalog.Standard().Dialects
	for _, part := range all[:race.Rounds(len(all), 2)] {
		scenario := calmed(stage("lose"))
		one, _ := witnessed(t, part, "", scenario, 3)
		two, _ := witnessed(t, part, "", scenario, 3)
		if len(one) < 20 || !slices.Equal(one, two) {
			t.Errorf("%s: %d and %d things were met, and not the same", part.Name, len(one), len(two))
		}
	}
}

const beginFaults, endFaults = "<!-- faults at surfaces: begin (go test ./harness/memory -run EverySurface -update) -->\n", "<!-- faults at surfaces: end -->\n"

// documented keeps the matrix of docs/surfaces.md equal to want.
func documented(t *testing.T, want string) {
	t.Helper()
	path := filepath.Join("..", "..", "docs", "surfaces.md")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(b), beginFaults)
	old, tail, ok2 := strings.Cut(rest, endFaults)
	switch {
	case !ok || !ok2:
		t.Fatalf("%s lacks the lines %q and %q", path, beginFaults, endFaults)
	case old == want:
	case !*update:
		t.Errorf("%s is not what was found; run go test ./harness/memory -run EverySurface -update", path)
	default:
		if err := os.WriteFile(path, []byte(head+beginFaults+want+endFaults+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// drawn is the matrix as a page shows it.
func drawn(all []catalog.Part[func() simulators.Dialect], rows []faults.Info, cells map[string]map[string]string) string {
	var b strings.Builder
	b.WriteString("\n| fault |")
	for _, p := range all {
		fmt.Fprintf(&b, " `%s` |", p.Name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(all)) + "\n")
	var notes []string
	for _, i := range rows {
		fmt.Fprintf(&b, "| `%s` |", i.Name)
		for _, p := range all {
			why := cells[i.Name][p.Name]
			if why == "" {
				b.WriteString(" ✓ |")
				continue
			}
			n := slices.Index(notes, why)
			if n < 0 {
				n, notes = len(notes), append(notes, why)
			}
			fmt.Fprintf(&b, " – (%d) |", n+1)
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for n, why := range notes {
		fmt.Fprintf(&b, "%d. %s\n", n+1, why)
	}
	return b.String()
}
