package faults_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

func wall(d time.Duration) faults.Wall { return faults.Wall(d) }

var monday = time.Date(2026, 11, 16, 8, 0, 0, 0, time.UTC)

func event(f plant.Fact) plant.Event {
	return plant.Event{ID: plant.EventID(plant.Natural(f)), At: monday, Fact: f}
}

func delivery(dir simulators.Direction, f plant.Fact) chaos.Delivery {
	return chaos.Delivery{Direction: dir, Attempt: 1, Sent: time.Minute, Message: simulators.Message{
		Verb: "post", Key: plant.Natural(f), Events: []plant.Event{event(f)}, Header: map[string]string{"Authorization": "Bearer t"}}}
}

var (
	confirmed = plant.Confirmed{Order: "4711", Operation: "0010", Counter: 1}
	consumed  = plant.Consumed{Order: "4711", Operation: "0010", Counter: 1, Material: "STEEL", Lot: "L1"}
	decided   = plant.LotDecided{Lot: "L1", Case: "Q1", Decision: plant.DecideRelease}
)

// TestEachFault says of every fault what it makes of a delivery.
func TestEachFault(t *testing.T) {
	confirmation := delivery(simulators.FromSUT, confirmed)
	second, bare, done := confirmation, confirmation, confirmation
	second.Attempt = 2
	bare.Message.Header = nil
	done.LoseReply = &simulators.LostError{Symptom: simulators.Gateway}
	announced, asked := delivery(simulators.ToSUT, confirmed), confirmation
	asked.Message.Verb = "get"
	for _, tc := range []struct {
		name  string
		fault chaos.Fault
		in    chaos.Delivery
		want  func(out []chaos.Delivery) bool
	}{
		{"lose", &faults.Lose{Symptom: simulators.Hang, Silence: wall(time.Second)}, confirmation, func(o []chaos.Delivery) bool {
			return len(o) == 1 && *o[0].Drop == simulators.LostError{Symptom: simulators.Hang, After: time.Second}
		}},
		{"lose, what is decided", &faults.Lose{}, done, untouched(done)},
		{"network-loss, no symptom named", &faults.NetworkLoss{}, confirmation, func(o []chaos.Delivery) bool { return o[0].Drop.Symptom == simulators.Reset }},
		{"delay", &faults.Delay{For: wall(time.Second), Overtake: true}, confirmation, func(o []chaos.Delivery) bool {
			return len(o) == 1 && o[0].After == time.Second && o[0].Overtake
		}},
		{"duplicate now", &faults.Duplicate{Copies: 2}, confirmation, func(o []chaos.Delivery) bool { return len(o) == 3 && o[2].After == 0 }},
		{"duplicate later", &faults.Duplicate{Copies: 2, Later: wall(time.Second)}, confirmation, func(o []chaos.Delivery) bool {
			return len(o) == 3 && o[0].After == 0 && o[1].After == time.Second && o[2].After == 2*time.Second
		}},
		{"reorder within", &faults.Reorder{For: wall(time.Second)}, confirmation, func(o []chaos.Delivery) bool { return o[0].After == time.Second && o[0].Overtake }},
		{"reorder across", &faults.Reorder{Within: faults.Across, For: wall(time.Second)}, confirmation, func(o []chaos.Delivery) bool {
			return o[0].After == time.Second && !o[0].Overtake
		}},
		{"ambiguous-commit", &faults.AmbiguousCommit{}, confirmation, func(o []chaos.Delivery) bool { return o[0].LoseReply != nil && !o[0].Stopped() }},
		{"ambiguous-commit, what is decided", &faults.AmbiguousCommit{}, done, untouched(done)},
		{"refuse-before-apply", &faults.RefuseBeforeApply{}, confirmation, func(o []chaos.Delivery) bool { return o[0].LoseReply == nil && o[0].Drop != nil }},
		{"throttle in seconds", &faults.Throttle{After: wall(1500 * time.Millisecond), Attempts: 1}, confirmation, func(o []chaos.Delivery) bool {
			return o[0].Refuse.Outcome == simulators.Throttled && o[0].Refuse.After == 2*time.Second && o[0].Refuse.Class == simulators.Technical
		}},
		{"throttle by date", &faults.Throttle{After: wall(time.Second), RetryAfter: simulators.RetryDate}, confirmation, func(o []chaos.Delivery) bool {
			return o[0].Refuse.RetryForm == simulators.RetryDate && o[0].Refuse.After == time.Second
		}},
		{"throttle without a word", &faults.Throttle{After: wall(time.Second), RetryAfter: simulators.RetryMissing}, confirmation, func(o []chaos.Delivery) bool {
			return o[0].Refuse.RetryForm == simulators.RetryMissing && o[0].Refuse.After == 0
		}},
		{"throttle, second attempt", &faults.Throttle{Attempts: 1}, second, untouched(second)},
		{"outage", &faults.Outage{After: wall(time.Second)}, confirmation, func(o []chaos.Delivery) bool {
			return o[0].Refuse.Outcome == simulators.Unavailable && o[0].Refuse.After == time.Second
		}},
		{"outage with a page", &faults.Outage{Page: faults.PageMaintenance}, confirmation, func(o []chaos.Delivery) bool {
			return o[0].Refuse == nil && o[0].Instead.Result.Status == 200 && o[0].Instead.Result.Outcome == simulators.Unavailable &&
				strings.HasPrefix(o[0].Instead.Header["Content-Type"], "text/html") && len(o[0].Instead.Body) > 0
		}},
		{"stale-token", &faults.StaleToken{Attempts: 1}, confirmation, func(o []chaos.Delivery) bool {
			return o[0].Refuse.Outcome == simulators.Unauthorized && o[0].Refuse.Code == "invalid_token"
		}},
		{"stale-token, second attempt", &faults.StaleToken{Attempts: 1}, second, untouched(second)},
		{"stale-token, no token", &faults.StaleToken{Attempts: 1}, bare, untouched(bare)},
		{"lying-success", &faults.LyingSuccess{Attempts: 1}, confirmation, func(o []chaos.Delivery) bool {
			return o[0].Refuse.Soft && o[0].Refuse.Outcome == simulators.Locked && !o[0].Refuse.Outcome.Took() && o[0].Refuse.Class == simulators.Technical
		}},
		{"lying-success, out of service", &faults.LyingSuccess{Says: faults.SaysUnavailable}, second, func(o []chaos.Delivery) bool {
			return o[0].Refuse.Soft && o[0].Refuse.Outcome == simulators.Unavailable && o[0].Refuse.After == 0
		}},
		{"lying-success, refused for good", &faults.LyingSuccess{Says: faults.SaysRefused}, confirmation, func(o []chaos.Delivery) bool {
			return o[0].Refuse.Soft && o[0].Refuse.Outcome == simulators.Refused && o[0].Refuse.Class == simulators.Business
		}},
		{"lying-success, second attempt", &faults.LyingSuccess{Attempts: 1}, second, untouched(second)},
		{"lying-success, what is decided", &faults.LyingSuccess{}, done, untouched(done)},
		{"lying-success, what is announced", &faults.LyingSuccess{}, announced, untouched(announced)},
		{"lying-success, a question", &faults.LyingSuccess{}, asked, untouched(asked)},
		{"delayed-approval", &faults.DelayedApproval{For: wall(time.Second)}, delivery(simulators.ToSUT, decided), func(o []chaos.Delivery) bool {
			return o[0].After == time.Second && o[0].Overtake
		}},
		{"delayed-approval, something else", &faults.DelayedApproval{For: wall(time.Second)}, confirmation, untouched(confirmation)},
		{"sut-kill", &faults.SUTKill{}, confirmation, untouched(confirmation)},
		{"sut-restart", &faults.SUTRestart{}, confirmation, untouched(confirmation)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out := tc.fault.Apply(tc.in, rand.New(rand.NewPCG(1, 2)))
			if !tc.want(out) {
				t.Errorf("made %+v", out)
			}
			for _, d := range out {
				if touched := !untouched(tc.in)(out); touched != (d.What != "") {
					t.Errorf("touched %v, and says %q", touched, d.What)
				}
			}
		})
	}
}

func untouched(in chaos.Delivery) func([]chaos.Delivery) bool {
	return func(out []chaos.Delivery) bool {
		return len(out) == 1 && out[0].After == in.After && out[0].Drop == in.Drop && out[0].Refuse == in.Refuse && out[0].Instead == in.Instead &&
			out[0].LoseReply == in.LoseReply && !out[0].Reword && out[0].Message.Events[0].Fact == in.Message.Events[0].Fact
	}
}

// TestDrawnDelaysHaveTheirShape: half below the median, one of a hundred above
// the 99th percentile, none above twice that.
func TestDrawnDelaysHaveTheirShape(t *testing.T) {
	f := &faults.Delay{For: wall(time.Hour), Median: wall(100 * time.Millisecond), P99: wall(time.Second)}
	const n = 20_000
	below, above, most := 0, 0, time.Duration(0)
	for i := range n {
		after := f.Apply(delivery(simulators.ToSUT, confirmed), chaos.Chance(7, "F", "k", i))[0].After
		if after < 100*time.Millisecond {
			below++
		}
		if after > time.Second {
			above++
		}
		most = max(most, after)
	}
	if math.Abs(float64(below)/n-0.5) > 0.02 || math.Abs(float64(above)/n-0.01) > 0.003 || most > 2*time.Second {
		t.Errorf("%d below the median, %d above p99, longest %s of %d", below, above, most, n)
	}
}

func TestTokenBucket(t *testing.T) {
	f := &faults.Throttle{Rate: 2, Window: wall(time.Second), After: wall(time.Second)}
	var got []bool
	for _, at := range []time.Duration{0, 0, 0, 400, 500, 500, 1000, 1500, 9000, 9000, 9000} {
		d := delivery(simulators.FromSUT, confirmed)
		d.Sent = at * time.Millisecond
		d = f.Apply(d, nil)[0]
		got = append(got, d.Refuse == nil)
		if d.Refuse != nil && d.Refuse.After < time.Second {
			t.Errorf("at %s told to come back after %s", d.Sent, d.Refuse.After)
		}
	}
	if want := []bool{true, true, false, false, true, false, true, true, true, true, false}; !slices.Equal(got, want) {
		t.Errorf("passed %v, want %v", got, want)
	}
}

func TestWindowsBeginAndEndByThemselves(t *testing.T) {
	for name, f := range map[string]chaos.Fault{
		"network-loss": &faults.NetworkLoss{Skip: 1, For: wall(time.Second)},
		"outage":       &faults.Outage{Skip: 1, For: wall(time.Second)},
	} {
		var got []bool
		for _, at := range []time.Duration{0, 5000, 5999, 6000, 9000} {
			d := delivery(simulators.FromSUT, confirmed)
			d.Sent = at * time.Millisecond
			got = append(got, !f.Apply(d, nil)[0].Stopped())
		}
		if want := []bool{true, false, false, true, true}; !slices.Equal(got, want) {
			t.Errorf("%s: passed %v, want %v", name, got, want)
		}
	}
}

func TestInvalidLots(t *testing.T) {
	some := plant.Whole(1)
	master := plant.Master{Lots: []plant.Lot{
		{ID: "L1", Material: "STEEL", Status: plant.LotUnrestricted, Quantity: some},
		{ID: "L1-X", Material: "STEEL", Status: plant.LotUnrestricted, Expires: monday.Add(time.Hour), Quantity: some},
		{ID: "OLD", Material: "STEEL", Status: plant.LotUnrestricted, Expires: monday, Quantity: some},
		{ID: "HELD", Material: "STEEL", Status: plant.LotBlocked, Quantity: some},
		{ID: "OLD-AND-HELD", Material: "STEEL", Status: plant.LotBlocked, Expires: monday, Quantity: some},
		{ID: "PAINT-1", Material: "PAINT", Status: plant.LotUnrestricted, Quantity: some},
		{ID: "PAINT-OLD", Material: "PAINT", Status: plant.LotUnrestricted, Expires: monday, Quantity: some},
		{ID: "EMPTY", Material: "STEEL", Status: plant.LotUnrestricted},
		{ID: "EMPTY-YET", Material: "STEEL", Status: plant.LotUnrestricted},
	}, Open: []plant.Order{{ID: "4712", Lot: "EMPTY-YET"}}}
	apply := func(f *faults.InvalidLot, d chaos.Delivery, i int) chaos.Delivery {
		return f.Apply(d, chaos.Chance(7, "F", "k", i))[0]
	}
	lot := func(d chaos.Delivery) plant.LotID { return d.Message.Events[0].Fact.Keys().Lot }
	for variant, want := range map[faults.Variant]plant.LotID{faults.Unknown: "L1-XX", faults.Expired: "OLD", faults.Blocked: "HELD", faults.Exhausted: "EMPTY", faults.WrongMaterial: "PAINT-1"} {
		f := &faults.InvalidLot{Variant: variant}
		f.Inform(master)
		in := delivery(simulators.ToSUT, consumed)
		d := apply(f, in, 1)
		if lot(d) != want || !d.Reword || !d.Invalid || d.Message.Events[0].ID != in.Message.Events[0].ID || !strings.Contains(d.What, string(want)) {
			t.Errorf("%s: lot %s, %+v", variant, lot(d), d)
		}
		if lot(in) != "L1" {
			t.Errorf("%s: the plant's own event was changed", variant)
		}
	}
	seen := map[plant.LotID]int{}
	mixed := &faults.InvalidLot{Variant: faults.AnyVariant}
	mixed.Inform(master)
	for i := range 400 {
		seen[lot(apply(mixed, delivery(simulators.ToSUT, consumed), i))]++
	}
	for _, id := range []plant.LotID{"L1-XX", "OLD", "HELD", "EMPTY", "PAINT-1"} {
		if seen[id] < 50 {
			t.Errorf("any: %s came %d times of 400: %v", id, seen[id], seen)
		}
	}
	poor := &faults.InvalidLot{Variant: faults.Expired} // a plant without expired lots
	poor.Inform(plant.Master{Lots: master.Lots[:2]})
	noLot := consumed
	noLot.Lot = ""
	for name, d := range map[string]chaos.Delivery{
		"no such lot in the plant": apply(poor, delivery(simulators.ToSUT, consumed), 1),
		"what the SUT claims":      apply(mixed, delivery(simulators.FromSUT, consumed), 1),
		"not a consumption":        apply(mixed, delivery(simulators.ToSUT, confirmed), 1),
		"kept without lots":        apply(mixed, delivery(simulators.ToSUT, noLot), 1),
	} {
		if d.Reword || d.Invalid || d.What != "" {
			t.Errorf("%s: changed %+v", name, d)
		}
	}
}

// sight is all that the sender of a message can see of its fate.
type sight struct {
	symptom simulators.Symptom
	took    time.Duration
	heard   string
	body    string
}

// TestTwins holds ambiguous-commit and refuse-before-apply side by side: the
// sender sees the same, whatever the system does and however long it takes;
// the books differ.
func TestTwins(t *testing.T) {
	for _, symptom := range []simulators.Symptom{simulators.Reset, simulators.Hang, simulators.Gateway} {
		for _, work := range []time.Duration{0, 7 * time.Millisecond, 19 * time.Millisecond} {
			see := func(f chaos.Fault, refuses bool) (s sight, effects int) {
				synctest.Test(t, func(t *testing.T) {
					l := link(evidence.NewJournal(nil))
					l.Arm(&chaos.Rule{ID: "F", Kind: "twin", Fault: f})
					before := l.Journal.Now()
					heard, err := l.Carry(t.Context(), message(confirmed), simulators.FromSUT, func(context.Context, simulators.Message) (simulators.Message, error) {
						time.Sleep(work)
						if refuses {
							return simulators.Message{Body: []byte("no"), Result: simulators.Result{Outcome: simulators.Refused, Status: 422}}, nil
						}
						effects++
						return simulators.Message{Body: []byte("yes"), Result: simulators.Result{Outcome: simulators.Applied, Status: 201}}, nil
					})
					var lost *simulators.LostError
					if !errors.As(err, &lost) {
						t.Fatalf("the sender heard %+v, %v", heard, err)
					}
					s = sight{lost.Symptom, l.Journal.Now() - before, fmt.Sprintf("%+v", heard.Result), string(heard.Body)}
					if lost.After != 0 {
						t.Error("the transport would be silent a second time")
					}
				})
				return s, effects
			}
			const latency = 20 * time.Millisecond
			acted, effects := see(&faults.AmbiguousCommit{Symptom: symptom, Latency: wall(latency)}, false)
			actedNot, none := see(&faults.RefuseBeforeApply{Symptom: symptom, Latency: wall(latency)}, false)
			turnedDown, _ := see(&faults.AmbiguousCommit{Symptom: symptom, Latency: wall(latency)}, true)
			if effects != 1 || none != 0 {
				t.Errorf("%s: %d and %d effects, want 1 and 0", symptom, effects, none)
			}
			if acted != actedNot || acted != turnedDown || acted.symptom != symptom || acted.took != latency {
				t.Errorf("%s, %s of work: the sender can tell\n%+v\n%+v\n%+v", symptom, work, acted, actedNot, turnedDown)
			}
		}
	}
}

func link(j *evidence.Journal) *chaos.Link {
	return &chaos.Link{Name: "erp", Journal: j, Seed: 7, Ordinals: chaos.NewOrdinals(), IDs: &atomic.Uint64{}}
}

func message(f plant.Fact) simulators.Message { return delivery(simulators.FromSUT, f).Message }

func TestListIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, i := range faults.All() {
		f := i.New()
		if seen[i.Name] || i.Doc == "" || i.Observed == "" || i.Tolerates == "" || i.Layer == "" || len(i.Requirements) == 0 {
			t.Errorf("%q is named twice or lacks words: %+v", i.Name, i)
		}
		seen[i.Name] = true
		v, ok := f.(faults.Validator)
		if !ok {
			t.Fatalf("%s cannot check its settings", i.Name)
		}
		if err := v.Validate(); err != nil {
			t.Errorf("%s refuses its own defaults: %v", i.Name, err)
		}
		for _, s := range i.Settings {
			if s.Doc == "" || s.Type == "" {
				t.Errorf("%s: setting %s lacks words", i.Name, s.Name)
			}
		}
		if got := faults.Reproducible(i.Name, f); got != i.Reproducible {
			t.Errorf("%s: listed as reproducible %v, is %v", i.Name, i.Reproducible, got)
		}
		if i.New() == f {
			t.Errorf("%s: two links would share one instance", i.Name)
		}
	}
	for _, name := range []string{"lose", "delay", "duplicate", "reorder", "ambiguous-commit", "refuse-before-apply", "throttle", "outage",
		"stale-token", "lying-success", "network-loss", "invalid-lot", "delayed-approval", "sut-kill", "sut-restart",
		"sut-pause", "sut-detach", "sut-memory", "sut-disk-full", "sut-scale", "sut-upgrade", "sut-restore", "sut-clock",
		"packet-loss", "packet-duplicate", "packet-corrupt", "packet-reorder"} {
		if _, ok := faults.Find(name); !ok {
			t.Errorf("%s is not listed", name)
		}
	}
	if _, ok := faults.Find("gremlins"); ok {
		t.Error("found what there is not")
	}
	if faults.Reproducible("throttle", &faults.Throttle{Rate: 1, Window: wall(time.Second)}) {
		t.Error("a rate depends on timing")
	}
	if p, ok := faultNamed(t, "sut-kill").(chaos.Process); !ok || p.Process().Do != chaos.Kill || p.Process().Moment != chaos.AfterApply {
		t.Error("sut-kill is no process fault")
	}
}

func faultNamed(t *testing.T, name string) chaos.Fault {
	t.Helper()
	i, ok := faults.Find(name)
	if !ok {
		t.Fatalf("no fault %s", name)
	}
	return i.New()
}

func TestSettingsThatCannotBe(t *testing.T) {
	for name, f := range map[string]faults.Validator{
		"symptom":           &faults.Lose{Symptom: "explosion"},
		"silence":           &faults.NetworkLoss{Silence: -1},
		"nothing to hold":   &faults.Delay{},
		"p99 alone":         &faults.Delay{For: 1, P99: 1},
		"p99 below median":  &faults.Delay{Median: 2, P99: 1},
		"no copies":         &faults.Duplicate{},
		"thousands":         &faults.Duplicate{Copies: 1000},
		"scope":             &faults.Reorder{Within: "galaxy", For: 1},
		"not held":          &faults.Reorder{},
		"latency":           &faults.AmbiguousCommit{Latency: -1},
		"twin's latency":    &faults.RefuseBeforeApply{Latency: -1},
		"form":              &faults.Throttle{RetryAfter: "roman"},
		"rate alone":        &faults.Throttle{Rate: 1},
		"window alone":      &faults.Throttle{Window: 1},
		"rate too high":     &faults.Throttle{Rate: 1e7, Window: wall(time.Second)},
		"negative attempts": &faults.StaleToken{Attempts: -1},
		"says":              &faults.LyingSuccess{Says: "maybe"},
		"soft attempts":     &faults.LyingSuccess{Attempts: -1},
		"page":              &faults.Outage{Page: "yellow"},
		"negative skip":     &faults.Outage{Skip: -1},
		"variant":           &faults.InvalidLot{Variant: "smelly"},
		"no delay":          &faults.DelayedApproval{},
		"moment":            &faults.SUTKill{Moment: "whenever"},
		"down":              &faults.SUTRestart{Down: -1},
		"until no time":     &faults.SUTKill{Until: chaos.BeforeApply},
		"within alone":      &faults.SUTRestart{Within: 1},
		"until":             &faults.SUTKill{Until: "some day", Within: 1},
		"pause backwards":   &faults.SUTPause{For: -1},
		"detach moment":     &faults.SUTDetach{Moment: "whenever"},
		"less than nothing": &faults.SUTMemory{Spare: -1},
		"full backwards":    &faults.SUTDiskFull{For: -1},
		"scale backwards":   &faults.SUTScale{For: -1},
		"never back":        &faults.SUTUpgrade{For: 1},
		"both":              &faults.SUTUpgrade{Both: -1},
		"restore down":      &faults.SUTRestore{Down: -1},
		"no offset":         &faults.SUTClock{},
		"half a second":     &faults.SUTClock{Offset: wall(time.Second / 2)},
		"no packets":        &faults.Packets{},
		"too many packets":  &faults.Packets{Percent: 101},
	} {
		if f.Validate() == nil {
			t.Errorf("%s: %+v was accepted", name, f)
		}
	}
}

func TestSettingsAreReadStrictly(t *testing.T) {
	f := faultNamed(t, "throttle").(*faults.Throttle)
	if err := yamlfile.LoadBytes("s.yaml", []byte("{retryAfter: date, after: {wall: 3s}}"), f); err != nil {
		t.Fatal(err)
	}
	if f.RetryAfter != simulators.RetryDate || f.After != wall(3*time.Second) || f.Attempts != 1 {
		t.Errorf("read %+v; what is not given keeps its default", f)
	}
	for text, want := range map[string]string{
		"after: {plant: 3s}": "wall", "after: 3s": "wall", "retryAfter: roman": "seconds", "afterr: {wall: 3s}": "after", "credit: 3": "credit",
	} {
		if err := yamlfile.LoadBytes("s.yaml", []byte(text), faultNamed(t, "throttle")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want a remedy with %q", text, err, want)
		}
	}
}

func TestPilots(t *testing.T) {
	ids := map[string]bool{}
	for _, name := range faults.PilotNames() {
		rules, err := faults.Pilot(name)
		if err != nil || len(rules) == 0 {
			t.Fatalf("%s: %d rules, %v", name, len(rules), err)
		}
		for _, p := range rules {
			r := p.Rule
			if _, ok := faults.Find(r.Kind); !ok || ids[r.ID] || (p.System != "erp" && p.System != "mes") || r.P != 0 {
				t.Errorf("%s: rule %+v at %s", name, r, p.System)
			}
			ids[r.ID] = true
			if err := errors.Join(r.Validate(), r.Fault.(faults.Validator).Validate()); err != nil {
				t.Errorf("%s: %v", r.ID, err)
			}
		}
		again, _ := faults.Pilot(name)
		if again[0].Rule.Fault == rules[0].Rule.Fault {
			t.Errorf("%s: two runs would share one instance", name)
		}
	}
	if _, err := faults.Pilot("duplicate"); err == nil || !strings.Contains(err.Error(), `did you mean "duplicate-messages"`) {
		t.Errorf("a name cut short: %v", err)
	}
	if _, err := faults.Pilot(""); err == nil || strings.Contains(err.Error(), "did you mean") {
		t.Errorf("no name: %v", err)
	}
}
