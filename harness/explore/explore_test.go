package explore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/trial"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

const day = 8 * time.Hour

// crossing is a run in which so many confirmations, consumptions and decisions
// crossed.
func crossing(confirmations, consumptions, decisions int) []evidence.Record {
	policy := simulators.Policy{Auth: simulators.AuthOAuth2, Dedupe: simulators.DedupeKey}
	records := []evidence.Record{{Body: evidence.Begin{Plan: evidence.Plan{Endpoints: map[string]evidence.Endpoint{"erp": {System: "erp", Policy: policy}, "mes": {System: "mes"}}}}}}
	id := uint64(0)
	cross := func(f plant.Fact, from, to string) {
		e := plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f}
		id += 2
		records = append(records,
			evidence.Record{Body: evidence.Truth{Event: e, Source: from, Sink: to}},
			evidence.Record{Body: evidence.Offer{ID: id, Endpoint: from, Facts: []plant.EventID{e.ID}, Attempt: 1, Result: simulators.Result{Outcome: simulators.Accepted}}},
			evidence.Record{Body: evidence.Effect{Attempt: id + 1, Endpoint: to, Posting: simulators.Posting{Claim: e}}},
			evidence.Record{Body: evidence.Attempt{ID: id + 1, Endpoint: to, Verb: "post", Claims: []plant.Event{e}, Attempt: 1}})
	}
	for i := range confirmations {
		cross(plant.Confirmed{Order: "1", Operation: "0010", Counter: i + 1}, "mes", "erp")
	}
	for i := range consumptions {
		cross(plant.Consumed{Order: "1", Operation: "0010", Counter: i + 1, Material: "M", Lot: "L"}, "mes", "erp")
	}
	for i := range decisions {
		cross(plant.LotDecided{Lot: "L", Case: plant.CaseID(fmt.Sprint("C", i))}, "erp", "mes")
	}
	records = append(records, evidence.Record{Body: evidence.End{Quiet: true}})
	for i := range records {
		records[i].Seq = uint64(i + 1)
	}
	return records
}

// The grid has every form of every fault at every kind of message, each
// occurrence once, or says why not; the same seed gives the same order.
func TestSinglesFillTheGrid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := []int{rapid.IntRange(1, 5).Draw(t, "confirmations"), rapid.IntRange(0, 5).Draw(t, "consumptions"), rapid.IntRange(0, 5).Draw(t, "decisions")}
		processes, seed := rapid.Bool().Draw(t, "processes"), rapid.Uint64().Draw(t, "seed")
		tr := survey(evidence.NewHistory(crossing(n[0], n[1], n[2])))
		list, not, err := singles(tr, faults.All(), processes, seed)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, v := range variants(faults.All()) {
			for _, target := range tr.targets {
				if ok, _ := tr.possible(v, target, processes); ok {
					want += min(len(tr.keys[target]), 3)
				} else {
					want++
				}
			}
		}
		seen := map[string]bool{}
		for _, s := range list {
			if seen[s.Name] {
				t.Fatalf("%s twice", s.Name)
			}
			seen[s.Name] = true
		}
		if len(list) > 0 {
			playable(t, list[rapid.IntRange(0, len(list)-1).Draw(t, "one")])
		}
		if len(list)+len(not) != want {
			t.Fatalf("%d schedules and %d that cannot be, want %d", len(list), len(not), want)
		}
		again, _, _ := singles(tr, faults.All(), processes, seed)
		if !slices.EqualFunc(list, again, func(a, b Schedule) bool { return a.Name == b.Name }) {
			t.Fatal("the same seed gave another order")
		}
	})
}

// playable demands that a schedule is a scenario that a file can hold.
func playable(t *rapid.T, s Schedule) {
	base := scenarios.Scenario{Metadata: scenarios.Metadata{ID: "B", Title: "b"}}
	sc, err := scenarios.New(s.scenario(base, 7))
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	text, err := scenarios.Text(sc)
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	if _, err := scenarios.Parse("x", text); err != nil {
		t.Fatalf("%s: %v\n%s", s.Name, err, text)
	}
}

// Whatever the time, every fault has been tried before any is tried much more
// often than another.
func TestSinglesTakeTurns(t *testing.T) {
	tr := survey(evidence.NewHistory(crossing(9, 5, 3)))
	list, _, err := singles(tr, faults.All(), true, 1)
	if err != nil {
		t.Fatal(err)
	}
	var can []Variant // something of what crosses
	for _, v := range variants(faults.All()) {
		if slices.ContainsFunc(tr.targets, func(t Target) bool { ok, _ := tr.possible(v, t, true); return ok }) {
			can = append(can, v)
		}
	}
	if len(can) < len(variants(faults.All()))/2 {
		t.Fatalf("only %d forms can do something", len(can))
	}
	forms := map[string]bool{}
	for _, s := range list[:len(can)] {
		forms[s.Cell.Variant.String()] = true
		if s.Cell.Occurrence != "middle" {
			t.Errorf("%s comes early", s.Name)
		}
	}
	if len(forms) != len(can) {
		t.Errorf("the first round tries %d forms of %d", len(forms), len(can))
	}
}

// What a fault needs decides where it is tried.
func TestPossible(t *testing.T) {
	tr := survey(evidence.NewHistory(crossing(3, 3, 3)))
	to := func(k plant.Kind) Target { return Target{"mes", simulators.ToSUT, k} }
	from := func(k plant.Kind) Target { return Target{"erp", simulators.FromSUT, k} }
	unsafe := Target{"mes", simulators.FromSUT, plant.KindLotDecided}
	for _, tc := range []struct {
		fault     string
		at        Target
		processes bool
		want      bool
	}{
		{"invalid-lot", to(plant.KindConsumption), true, true}, {"invalid-lot", from(plant.KindConsumption), true, false},
		{"invalid-lot", to(plant.KindConfirmation), true, false}, {"delayed-approval", to(plant.KindConfirmation), true, false},
		{"delayed-approval", Target{"erp", simulators.ToSUT, plant.KindLotDecided}, true, true},
		{"stale-token", from(plant.KindConfirmation), true, true}, {"stale-token", unsafe, true, false}, {"stale-token", to(plant.KindConfirmation), true, false},
		{"duplicate", from(plant.KindConfirmation), true, true}, {"duplicate", unsafe, true, false}, {"duplicate", to(plant.KindConfirmation), true, true},
		{"throttle", to(plant.KindConfirmation), true, false}, {"reorder", from(plant.KindConfirmation), true, false},
		{"sut-kill", to(plant.KindConfirmation), true, true}, {"sut-kill", to(plant.KindConfirmation), false, false},
		{"ambiguous-commit", to(plant.KindConfirmation), false, true},
	} {
		i, ok := faults.Find(tc.fault)
		if !ok {
			t.Fatalf("there is no fault %s", tc.fault)
		}
		if got, why := tr.possible(Variant{Fault: tc.fault, info: i}, tc.at, tc.processes); got != tc.want || !got && why == "" {
			t.Errorf("%s at %s: %v %q, want %v", tc.fault, tc.at, got, why, tc.want)
		}
	}
}

// What a fault needs of the facts themselves decides as well.
func TestPossibleByWhatIsSaid(t *testing.T) {
	for serials, want := range map[int]bool{0: false, 1: false, 2: true} {
		r := plant.Received{Order: "1", Counter: 1, Material: "M", Lot: "L"}
		for n := range serials {
			r.Serials = append(r.Serials, plant.SerialID(fmt.Sprint(n)))
		}
		e := plant.Event{ID: "r", Fact: r}
		tr := survey(evidence.NewHistory([]evidence.Record{
			{Seq: 1, Body: evidence.Begin{Plan: evidence.Plan{Endpoints: map[string]evidence.Endpoint{"erp": {System: "erp"}, "mes": {System: "mes"}}}}},
			{Seq: 2, Body: evidence.Truth{Event: e, Source: "mes", Sink: "erp"}},
			{Seq: 3, Body: evidence.Offer{ID: 1, Endpoint: "mes", Facts: []plant.EventID{"r"}, Attempt: 1, Result: simulators.Result{Outcome: simulators.Accepted}}},
			{Seq: 4, Body: evidence.End{Quiet: true}},
		}))
		i, _ := faults.Find("serial-repeated")
		if got, why := tr.possible(Variant{Fault: i.Name, info: i}, Target{"mes", simulators.ToSUT, plant.KindReceipt}, true); got != want || !got && why == "" {
			t.Errorf("%d serial numbers: %v %q, want %v", serials, got, why, want)
		}
	}
}

// A pair strikes one fact at two supports.
func TestPairsTouchTwoSupports(t *testing.T) {
	tr := survey(evidence.NewHistory(crossing(5, 3, 1)))
	list, err := pairs(tr, faults.All(), true, 1)
	if err != nil || len(list) < 100 {
		t.Fatalf("%d pairs, %v", len(list), err)
	}
	known := false
	for _, s := range list {
		a, b := s.Faults[0], s.Faults[1]
		if len(s.Faults) != 2 || a.Hits.Strikes[0].Key != b.Hits.Strikes[0].Key {
			t.Errorf("%s strikes %v and %v", s.Name, a.Hits, b.Hits)
		}
		if a.Fault.S == b.Fault.S && a.At.S == b.At.S && a.Direction == b.Direction && a.Hits.Strikes[0].Attempt == b.Hits.Strikes[0].Attempt {
			t.Errorf("%s is one fault twice", s.Name)
		}
		known = known || a.Fault.S == "duplicate" && b.Fault.S == "sut-kill"
	}
	if !known {
		t.Error("no pair of duplicate and kill, which is what a memory of duplicates does not survive")
	}
}

// A swarm leaves faults out, has periods of calm and ends in one; whatever is
// in the catalog and can strike is drawn some time.
func TestSwarm(t *testing.T) {
	tr := survey(evidence.NewHistory(crossing(9, 5, 3)))
	sets, drawnOnce, calm := map[string]bool{}, map[string]bool{}, false
	rapid.Check(t, func(t *rapid.T) {
		seed, n := rapid.Uint64().Draw(t, "seed"), rapid.IntRange(0, 1000).Draw(t, "number")
		s, err := swarm(tr, faults.All(), true, day, seed, n, map[string]int{})
		if err != nil {
			t.Fatal(err)
		}
		again, _ := swarm(tr, faults.All(), true, day, seed, n, map[string]int{})
		if s.Name != again.Name || s.Seed != again.Seed {
			t.Fatal("the same seed gave another swarm")
		}
		if len(s.Faults) < 1 || len(s.Faults) > 16 {
			t.Fatalf("%d faults", len(s.Faults))
		}
		for i, f := range s.Faults {
			leads := i == 0 && f.P != nil && *f.P == 1 && f.Max > 0
			if from, to := f.During.From.Delay.D, f.During.To.Delay.D; from < 0 || to <= from || to > day*7/8 || to-from > day/2 && !leads {
				t.Fatalf("%s from %s to %s", f.ID, from, to)
			}
			drawnOnce[f.Fault.S] = true
		}
		calm = calm || strings.Contains(s.Name, "calm")
		sets[s.Name] = true
		playable(t, s)
	})
	if len(sets) < 50 || !calm {
		t.Errorf("only %d different swarms in 100, calm in between: %v", len(sets), calm)
	}
	for n := range 3000 { // many faults have few places, and a hundred swarms miss one now and then
		s, err := swarm(tr, faults.All(), true, day, 7, n, map[string]int{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range s.Faults {
			drawnOnce[f.Fault.S] = true
		}
	}
	can := map[string]bool{}
	for _, v := range append(variants(faults.All()), doors(faults.All())...) {
		can[v.Fault] = can[v.Fault] || slices.ContainsFunc(tr.targets, func(at Target) bool { ok, _ := tr.possible(v, at, true); return ok })
	}
	for _, f := range faults.All() {
		if can[f.Name] != drawnOnce[f.Name] {
			t.Errorf("%s can be drawn: %v, was drawn: %v", f.Name, can[f.Name], drawnOnce[f.Name])
		}
	}
}

// Each fault that can strike is drawn before any leads twice, however few its
// places.
func TestSwarmTakesTurns(t *testing.T) {
	tr := survey(evidence.NewHistory(crossing(9, 5, 3)))
	can := map[string]bool{}
	for _, v := range append(variants(faults.All()), doors(faults.All())...) {
		if slices.ContainsFunc(tr.targets, func(at Target) bool { ok, _ := tr.possible(v, at, true); return ok }) {
			can[v.Fault] = true
		}
	}
	drawn := map[string]int{"lose": 1_000}
	for n := range len(can) {
		if _, err := swarm(tr, faults.All(), true, day, 3, n, drawn); err != nil {
			t.Fatal(err)
		}
	}
	for name := range can {
		if drawn[name] == 0 {
			t.Errorf("%s was not drawn in %d schedules", name, len(can))
		}
	}
	if drawn["lose"] > 1_050 {
		t.Errorf("lose was drawn in %d schedules more, although it had been drawn in so many before", drawn["lose"]-1_000)
	}
}

// A long run has more periods, not longer ones.
func TestPeriodsOfALongRun(t *testing.T) {
	for seed := range uint64(50) {
		list := periods(3*day, rand.New(rand.NewPCG(seed, 1)))
		if len(list) < 6 || len(list) > 12 {
			t.Fatalf("%d periods in a day", len(list))
		}
		for i, p := range list {
			if p.to <= p.from || i > 0 && p.from != list[i-1].to || p.to > 21*60 {
				t.Fatalf("%+v", list)
			}
		}
	}
}

// What strikes whoever connects is drawn as well, for those that the SUT opens
// and for ours, and is limited by nothing but its period.
func TestSwarmBarsDoors(t *testing.T) {
	tr := survey(evidence.NewHistory(crossing(9, 5, 3)))
	found := map[string]bool{}
	for n := range 2000 {
		s, err := swarm(tr, faults.All(), true, day, 1, n, map[string]int{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range s.Faults {
			i, _ := faults.Find(f.Fault.S)
			if !door(i) {
				continue
			}
			opened := f.With.Get("opened")
			found[strings.TrimSpace(f.Fault.S+" "+opened.Text())] = true
			if f.P != nil || f.Max > 0 || f.Direction != "" || !reflect.DeepEqual(f.Hits, scenarios.Hits{}) {
				t.Errorf("%s is limited to some messages: %+v", f.Fault.S, f)
			}
			if to := f.During.To.Delay.D; to <= 0 || to > day {
				t.Errorf("%s never ends", f.Fault.S)
			}
		}
	}
	for _, v := range doors(faults.All()) {
		if !found[v.String()] {
			t.Errorf("%s was never drawn", v)
		}
	}
}

// brittle fails, under one signature for each fault it does not survive.
type brittle struct {
	fails map[string]bool // by fault, and "" for plain traffic
	idle  string          // a fault that never strikes

	mu   sync.Mutex // guards what follows
	seen []string
}

func (b *brittle) Run(_ context.Context, s scenarios.Scenario) trial.Outcome {
	records := crossing(4, 3, 2)
	out := trial.Outcome{}
	blame := func(name string) {
		if b.fails[name] {
			out.Findings = append(out.Findings, evidence.Finding{Oracle: "exactly-once " + name, Verdict: evidence.Violated, Fact: "confirmation/1/0010/2"},
				evidence.Finding{Oracle: "conservation", Verdict: evidence.Violated, Follows: "O1"})
		}
	}
	blame("")
	for _, f := range s.Faults {
		if f.Fault.S != b.idle {
			records = append(records, evidence.Record{Body: evidence.Disturbance{Fault: f.ID, Phase: evidence.Struck}})
		}
		blame(f.Fault.S)
	}
	b.mu.Lock()
	b.seen = append(b.seen, s.Metadata.Title)
	b.mu.Unlock()
	out.Records = records
	return out
}

// What the rig cannot carry out is neither tried nor drawn, and why is said;
// only swarms are made if nothing else is asked for.
func TestOnlyWhatTheRigCanHost(t *testing.T) {
	b := &brittle{}
	x := &Exploration{Runner: b, Bases: []scenarios.Scenario{base("A")}, Faults: faults.All(), Processes: true, Seed: 9, Runs: 60, Only: []Stage{Swarm},
		Try: func(s scenarios.Scenario) error {
			if s.Faults[0].Fault.S == "lose" {
				return errors.New("x.yaml:1:1: fault host: there is nothing to lose\nmore")
			}
			return nil
		}}
	seen := map[string]int{}
	x.See = func(p Progress) {
		for _, f := range p.Scenario.Faults {
			seen[f.Fault.S] += max(1, p.Struck[f.ID])
		}
	}
	r, err := x.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r.Runs[Singles]+r.Runs[Pairs] > 0 || r.Runs[Swarm] != 59 || len(r.Grid) > 0 {
		t.Errorf("runs %v, want swarms only", r.Runs)
	}
	if seen["lose"] > 0 || seen["delay"] == 0 || !slices.Equal(r.Unable, []string{"lose: there is nothing to lose"}) {
		t.Errorf("drawn %v, unable %v", seen, r.Unable)
	}
}

func base(id string) scenarios.Scenario {
	return scenarios.Scenario{Metadata: scenarios.Metadata{ID: id, Title: id}, Seed: 3, Faults: []scenarios.Fault{{ID: "of-the-base"}}}
}

// Each way to fail is found once, with the first schedule that shows it, and
// the grid says what was covered.
func TestExploration(t *testing.T) {
	b := &brittle{fails: map[string]bool{"": true, "lose": true, "sut-kill": true}, idle: "reorder"}
	x := &Exploration{Runner: b, Lanes: 2, Bases: []scenarios.Scenario{base("A"), base("B")}, Faults: faults.All(), Processes: true, Seed: 9, Runs: 3000}
	r, err := x.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ways []string
	for _, f := range r.Found {
		ways = append(ways, f.Signature.Oracle)
		if f.Times < 2 || f.Scenario.Metadata.ID == "" {
			t.Errorf("%+v", f)
		}
	}
	slices.Sort(ways)
	if want := []string{"exactly-once ", "exactly-once lose", "exactly-once sut-kill"}; !slices.Equal(ways, want) {
		t.Errorf("found %q, want %q", ways, want)
	}
	for _, f := range r.Grid {
		state, fails := Struck, f.Cell.Variant.Fault == "lose" || f.Cell.Variant.Fault == "sut-kill"
		if f.Cell.Variant.Fault == "reorder" {
			state = Missed
		}
		if f.State != state || (len(f.Found) > 0) != fails {
			t.Errorf("%s: %s, found %v", f.Cell, f.State, f.Found)
		}
	}
	if r.Runs[Plain] != 2 || r.Runs[Singles] != len(r.Grid) || r.Runs[Pairs] == 0 || r.Runs[Swarm] == 0 || r.Left[Singles]+r.Left[Pairs] != 0 || len(r.Impossible) == 0 {
		t.Errorf("runs %v, left %v, %d fields", r.Runs, r.Left, len(r.Grid))
	}
	if strings.Contains(strings.Join(b.seen, "\n"), "of-the-base") {
		t.Error("a base kept its own faults")
	}
}

// The same seed explores the same; what there was no run for is said.
func TestExplorationIsRepeatable(t *testing.T) {
	var first []string
	for range 2 {
		b := &brittle{}
		x := &Exploration{Runner: b, Lanes: 1, Bases: []scenarios.Scenario{base("A")}, Faults: faults.All(), Seed: 9, Runs: 40}
		r, err := x.Do(t.Context())
		if err != nil || len(b.seen) != 40 || r.Left[Singles] != len(r.Grid)-39 || r.Left[Pairs] == 0 {
			t.Fatalf("%d runs, left %v of %d, %v", len(b.seen), r.Left, len(r.Grid), err)
		}
		if first != nil && !slices.Equal(first, b.seen) {
			t.Error("the second exploration tried other things")
		}
		first = b.seen
	}
}

// A rig that does not work is no finding.
func TestExplorationNeedsARig(t *testing.T) {
	x := &Exploration{Runner: broken{}, Bases: []scenarios.Scenario{base("A")}, Faults: faults.All(), Runs: 5}
	if _, err := x.Do(t.Context()); err == nil || !strings.Contains(err.Error(), "run A without trouble: no port") {
		t.Errorf("got %v", err)
	}
	if _, err := (&Exploration{Runner: &brittle{}}).Do(t.Context()); err == nil {
		t.Error("nothing to explore is no error")
	}
}

type broken struct{}

func (broken) Run(context.Context, scenarios.Scenario) trial.Outcome {
	return trial.Outcome{Err: fmt.Errorf("no port")}
}
