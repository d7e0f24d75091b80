package scenarios

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

var six = time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)

// at is d of plant time into the run; wall time stands still.
func at(d time.Duration) Instant { return Instant{Plant: six.Add(d)} }

func inWords(actions []Action) string {
	var words []string
	for _, a := range actions {
		w := a.Do
		for _, what := range []string{a.Fault, string(a.Order), string(a.Lot), a.At} {
			if what != "" {
				w += " " + what
			}
		}
		words = append(words, w)
	}
	return strings.Join(words, ", ")
}

func released(id plant.OrderID) plant.Event {
	f := plant.OrderReleased{Order: plant.Order{ID: id, Quantity: plant.Of(10, "EA")}}
	return plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f}
}

func confirmed(order plant.OrderID, n int, yield int64) plant.Event {
	f := plant.Confirmed{Order: order, Operation: "0010", Counter: n, Yield: plant.Of(yield, "EA")}
	return plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f}
}

func held(lot plant.LotID) plant.Event {
	f := plant.LotHeld{Lot: lot, Material: "M", Case: "QC-1"}
	return plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f}
}

func expectDue(t *testing.T, got []Action, want string) {
	t.Helper()
	if inWords(got) != want {
		t.Errorf("due: %q, want %q", inWords(got), want)
	}
}

func TestTimelineByPlantTime(t *testing.T) {
	l := NewTimeline(parse(t, `when:
  - {at: {plant: 2h}, do: release-orders, args: {count: 2}}
  - {at: {plant: 1h}, do: heal}
  - {at: {plant: 1h}, do: sut.kill}
  - {at: run.start, do: sut.restart}
  - {at: run.end, do: ship}
`), at(0))
	expectDue(t, l.Due(at(0)), "sut.restart")
	expectDue(t, l.Due(at(0)), "")
	if next, ok := l.NextAt(); !ok || !next.Equal(six.Add(time.Hour)) {
		t.Errorf("next at %v, %v", next, ok)
	}
	expectDue(t, l.Due(at(59*time.Minute)), "")
	// A jump over several moments gives them in the order in which they were due.
	expectDue(t, l.Due(at(3*time.Hour)), "sut.kill, release-orders")
	if next, ok := l.NextAt(); ok {
		t.Errorf("something is left at %v", next)
	}
	if got := l.Left(); len(got) != 1 || !strings.Contains(got[0], "ship") {
		t.Errorf("left: %q", got)
	}
	expectDue(t, l.End(at(4*time.Hour)), "ship")
	expectDue(t, l.End(at(4*time.Hour)), "")
	expectDue(t, l.Due(at(9*time.Hour)), "")
}

func TestTimelineUponEvents(t *testing.T) {
	l := NewTimeline(parse(t, `when:
  - {upon: {event: confirmation, where: "event.yield > decimal(5)", nth: 2}, as: big, do: [{lock-order: {order: {ref: big.order}, at: erp}}]}
  - {after: {ref: big, delay: {plant: 20m}}, do: unlock-order, args: {order: {ref: big.order}, at: erp}}
  - {upon: {event: lot-held}, as: hold}
  - {after: {ref: hold, delay: {plant: 0s}}, do: decide, args: {lot: {ref: hold.lot}, case: {ref: hold.case}, decision: scrap}}
`), at(0))
	expectDue(t, l.See(confirmed("A", 1, 6), at(time.Minute)), "")
	expectDue(t, l.See(confirmed("B", 1, 5), at(2*time.Minute)), "")
	expectDue(t, l.See(confirmed("B", 2, 7), at(3*time.Minute)), "lock-order B erp")
	expectDue(t, l.See(confirmed("C", 1, 9), at(4*time.Minute)), "")
	if next, ok := l.NextAt(); !ok || !next.Equal(six.Add(23*time.Minute)) {
		t.Errorf("next at %v, %v", next, ok)
	}
	expectDue(t, l.Due(at(23*time.Minute)), "unlock-order B erp")
	// A step that only names a moment is due as a note; what follows it at once
	// is due with it.
	due := l.See(held("L-1"), at(30*time.Minute))
	expectDue(t, due, "note, decide L-1")
	if due[0].As != "hold" || due[0].Args()["case"] != "QC-1" || due[1].Case != "QC-1" || due[1].Decision != plant.DecideScrap {
		t.Errorf("due: %+v", due)
	}
	if p := due[1].Plant(); p.Do != "decide" || p.Lot != "L-1" || p.Case != "QC-1" || !due[1].IsPlants() {
		t.Errorf("for the plant: %+v", p)
	}
}

func TestTimelineByWallTime(t *testing.T) {
	l := NewTimeline(parse(t, `when:
  - {at: {wall: 3s}, do: sut.kill}
  - {upon: {event: lot-held}, as: hold}
  - {after: {ref: hold, delay: {wall: 500ms}}, do: sut.restart}
`), Instant{six, 10 * time.Second})
	if next, ok := l.NextWall(); !ok || next != 13*time.Second {
		t.Errorf("next wall %v, %v", next, ok)
	}
	if _, ok := l.NextAt(); ok {
		t.Error("nothing is due by plant time")
	}
	expectDue(t, l.Due(Instant{six.Add(5 * time.Hour), 12 * time.Second}), "")
	expectDue(t, l.Due(Instant{six.Add(5 * time.Hour), 13 * time.Second}), "sut.kill")
	expectDue(t, l.See(held("L"), Instant{six.Add(5 * time.Hour), 14 * time.Second}), "note")
	if next, ok := l.NextWall(); !ok || next != 14*time.Second+500*time.Millisecond {
		t.Errorf("next wall %v, %v", next, ok)
	}
	expectDue(t, l.Due(Instant{six.Add(5 * time.Hour), 15 * time.Second}), "sut.restart")
}

// An order that is not released yet cannot be acted on; the step waits for it.
func TestTimelineWaitsForWhatItActsOn(t *testing.T) {
	l := NewTimeline(parse(t, "when:\n  - {at: {plant: 1m}, do: cancel-order, args: {order: {nth: 2}}}\n"), at(0))
	expectDue(t, l.See(released("4711"), at(0)), "")
	expectDue(t, l.Due(at(2*time.Minute)), "")
	if _, ok := l.NextAt(); ok {
		t.Error("a step that waits for an order keeps the player awake")
	}
	if got := l.Left(); len(got) != 1 || !strings.Contains(got[0], "x.yaml:5") {
		t.Errorf("left: %q", got)
	}
	expectDue(t, l.See(released("000123"), at(3*time.Minute)), "cancel-order 000123")
	if got := l.Left(); got != nil {
		t.Errorf("left: %q", got)
	}
}

func TestTimelineOfFaults(t *testing.T) {
	l := NewTimeline(parse(t, `when:
  - {upon: {event: lot-held}, as: hold}
  - {at: {plant: 3h}, do: arm, args: {fault: by-step}}
  - {at: {plant: 5h}, do: heal, args: {fault: always}}
faults:
  - {id: always, fault: lose}
  - {id: window, fault: outage, during: {from: {plant: 1h}, to: {plant: 2h}}}
  - {id: from-hold, fault: delay, during: {from: hold, to: {ref: hold, delay: {plant: 30m}}}}
  - {id: by-step, fault: lose}
  - {id: until-end, fault: lose, during: {from: {plant: 4h}, to: run.end}}
  - {id: never, fault: lose, during: {from: {plant: 9h}}}
`), at(0))
	expectDue(t, l.Due(at(0)), "arm always")
	expectDue(t, l.Due(at(time.Hour)), "arm window")
	expectDue(t, l.Due(at(2*time.Hour)), "heal window")
	expectDue(t, l.See(held("L"), at(150*time.Minute)), "note, arm from-hold")
	expectDue(t, l.Due(at(3*time.Hour)), "heal from-hold, arm by-step")
	expectDue(t, l.Due(at(5*time.Hour)), "arm until-end, heal always")
	if got := strings.Join(l.Armed(), " "); got != "by-step until-end" {
		t.Errorf("armed: %s", got)
	}
	expectDue(t, l.End(at(6*time.Hour)), "heal by-step, heal until-end")
	if got := l.Armed(); len(got) > 0 {
		t.Errorf("armed at the end: %q", got)
	}
}

// What ends by itself, by fact, or because the tail of the run is calm.
func TestTimelineOfBounds(t *testing.T) {
	l := NewTimeline(parse(t, `when:
  - {at: {plant: 2h}, do: arm, args: {fault: again}}
  - {at: {plant: 6h}, do: arm, args: {fault: again}}
phases:
  - {name: warm-up, to: {plant: 1h}}
  - {name: trouble, to: {plant: 5h}}
  - {name: tail, calm: true}
faults:
  - {id: short, fault: lose, during: {from: {plant: 1h}}, for: {plant: 30m}}
  - {id: again, fault: outage, for: {plant: 40m}}
  - {id: facts, fault: lose, during: {from: {plant: 1h}, to: {plant: 3h}, by: fact}}
  - {id: seconds, fault: lose, for: {wall: 5s}}
`), at(0))
	expectDue(t, l.Due(at(0)), "arm seconds")
	expectDue(t, l.Due(at(time.Hour)), "phase, arm short, arm facts")
	expectDue(t, l.Due(at(2*time.Hour)), "heal short, arm again")
	later := at(2*time.Hour + 10*time.Minute)
	later.Wall = 6 * time.Second
	expectDue(t, l.Due(later), "heal seconds")
	expectDue(t, l.Due(at(3*time.Hour)), "heal again, close facts")
	expectDue(t, l.Due(at(5*time.Hour)), "phase, heal facts")
	expectDue(t, l.Due(at(6*time.Hour)), "") // nothing is armed in a calm
	expectDue(t, l.End(at(8*time.Hour)), "")
}

// Whatever happens when, a timeline heals each fault it has armed, and never
// one that it has not.
func TestTimelineAlwaysHeals(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		for stop := range 12 {
			l := NewTimeline(s, at(0))
			armed := map[string]int{}
			count := func(actions []Action) {
				for _, a := range actions {
					switch a.Do {
					case DoArm:
						armed[a.Fault]++
					case DoHeal:
						armed[a.Fault]--
					}
					if n := armed[a.Fault]; n < 0 || n > 1 {
						t.Fatalf("%s: fault %s is armed %d times", s.Metadata.ID, a.Fault, n)
					}
				}
			}
			for h := range stop {
				now := Instant{six.Add(time.Duration(h) * 40 * time.Minute), time.Duration(h) * time.Second}
				count(l.Due(now))
				count(l.See(confirmed("A", h, 5), now))
				count(l.See(held("L"), now))
			}
			count(l.End(at(8 * time.Hour)))
			for id, n := range armed {
				if n != 0 {
					t.Errorf("%s stopped after %d: fault %s is not healed", s.Metadata.ID, stop, id)
				}
			}
		}
	}
}

func ExampleTimeline() {
	all, err := Parse("example.yaml", []byte(`
apiVersion: andon/v1
kind: Scenario
metadata: {id: EX-1, title: A hold while the ERP is down}
when:
  - {upon: {event: lot-held}, as: hold}
  - {after: {ref: hold, delay: {plant: 20m}}, do: ship, args: {lot: {ref: hold.lot}}}
faults:
  - {id: erp-down, fault: outage, at: erp, during: {from: hold, to: {ref: hold, delay: {plant: 10m}}}}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	start := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	now := Instant{Plant: start}
	line := NewTimeline(all[0], now)
	do := func(actions []Action) {
		for _, a := range actions {
			fmt.Println(now.Plant.Format("15:04"), a.Do, a.As+a.Fault+string(a.Lot))
		}
	}

	do(line.Due(now)) // nothing yet
	now.Plant = start.Add(time.Hour)
	hold := plant.LotHeld{Lot: "L-7", Case: "QC-1", Reason: "cone angle"}
	do(line.See(plant.Event{ID: "lot-held/L-7/QC-1", Fact: hold}, now)) // the plant's event
	for next, ok := line.NextAt(); ok; next, ok = line.NextAt() {       // the scenario's own times
		now.Plant = next
		do(line.Due(now))
	}
	do(line.End(now))
	// Output:
	// 07:00 note hold
	// 07:00 arm erp-down
	// 07:10 heal erp-down
	// 07:20 ship L-7
}
