package chaos_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// cross has a confirmation cross a link and says who struck it.
func cross(t *testing.T, l *chaos.Link, e plant.Event) (by []string) {
	t.Helper()
	before := len(strikes(l.Journal))
	_, _ = l.Carry(t.Context(), about("confirmations", e), simulators.FromSUT, applied)
	for _, s := range strikes(l.Journal)[before:] {
		by = append(by, s.Fault)
	}
	return by
}

// linkWith returns a link on which rules are armed that may depend on each
// other.
func linkWith(rules ...*chaos.Rule) *chaos.Link {
	l := newLink("erp")
	l.Course = chaos.NewCourse("F1", "F2", "F3")
	for _, r := range rules {
		if r.Fault == nil {
			r.Fault = &faults.Lose{}
		}
		l.Arm(r)
	}
	return l
}

// TestAfterAnotherFault: F2 strikes nothing before F1 has struck, or before
// what it struck comes again.
func TestAfterAnotherFault(t *testing.T) {
	a, b := confirmation("1", 1), confirmation("1", 2)
	first := &chaos.Rule{ID: "F1", Strikes: []chaos.Strike{{Key: string(a.ID), Attempt: 1}}}
	for _, tc := range []struct {
		name string
		rule chaos.Rule
		want string // who strikes b, a, b, a, a
	}{
		{"struck", chaos.Rule{After: &chaos.After{Rule: "F1"}}, "- F1 F2 F2 F2"},
		{"struck twice", chaos.Rule{After: &chaos.After{Rule: "F1", Nth: 2}}, "- F1 - - -"},
		{"seen again", chaos.Rule{After: &chaos.After{Rule: "F1", Seen: chaos.SeenRetry}}, "- F1 - F2 F2"},
		{"seen again, once", chaos.Rule{After: &chaos.After{Rule: "F1", Seen: chaos.SeenRetry}, Times: 1}, "- F1 - F2 -"},
		{"only what it struck", chaos.Rule{StruckBy: "F1"}, "- F1 - F2 F2"},
		{"of a fault that never strikes", chaos.Rule{After: &chaos.After{Rule: "F3"}}, "- F1 - - -"},
		{"of nobody's", chaos.Rule{StruckBy: "F3"}, "- F1 - - -"},
		{"while armed", chaos.Rule{While: "F1"}, "F2 F1 F2 F2 F2"},
		{"while another is armed", chaos.Rule{While: "F3"}, "- F1 - - -"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			one, two := *first, tc.rule
			two.ID, two.Order = "F2", 2
			l := linkWith(&one, &two)
			l.Ordinals.Add(a.Fact)
			l.Ordinals.Add(b.Fact)
			var got []string
			for _, e := range []plant.Event{b, a, b, a, a} {
				got = append(got, strings.Join(append(cross(t, l, e), ""), ""))
			}
			for i := range got {
				if got[i] == "" {
					got[i] = "-"
				}
			}
			if s := strings.Join(got, " "); s != tc.want {
				t.Errorf("struck by %s, want %s", s, tc.want)
			}
		})
	}
}

// TestWithoutACourseNothingIsAfter: a rule that depends on others on a link
// that knows of none is silent rather than always in force.
func TestWithoutACourseNothingIsAfter(t *testing.T) {
	for _, r := range []*chaos.Rule{{After: &chaos.After{Rule: "F1"}}, {While: "F1"}, {StruckBy: "F1"}} {
		l := newLink("erp")
		r.ID, r.Fault = "F2", &faults.Lose{}
		l.Arm(r)
		if by := cross(t, l, confirmation("1", 1)); len(by) > 0 {
			t.Errorf("%+v struck", r)
		}
	}
}

// TestWhileEnds: a fault that was healed keeps no other in force.
func TestWhileEnds(t *testing.T) {
	l := linkWith(&chaos.Rule{ID: "F1", Fault: fault(func(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return []chaos.Delivery{d} })}, &chaos.Rule{ID: "F2", While: "F1"})
	if by := cross(t, l, confirmation("1", 1)); !slices.Equal(by, []string{"F2"}) {
		t.Errorf("struck by %v", by)
	}
	l.Heal("F1")
	if by := cross(t, l, confirmation("1", 2)); len(by) > 0 {
		t.Errorf("struck by %v after F1 was healed", by)
	}
}

// TestKillWhenTheSUTRetries is "F2: kill when the SUT retries F1's message".
func TestKillWhenTheSUTRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := linkWith(&chaos.Rule{ID: "F1", Nth: 2, Attempts: 1})
		l.Moments = chaos.NewMoments(l.Journal)
		l.Moments.Course = l.Course
		var killed []chaos.Passage
		l.Moments.Upon(&chaos.Rule{ID: "F2", After: &chaos.After{Rule: "F1", Seen: chaos.SeenRetry}}, chaos.ProcessFault{Do: chaos.Kill}, func(p chaos.Passage) { killed = append(killed, p) })
		for n := range 4 {
			e := confirmation("1", n+1)
			l.Ordinals.Add(e.Fact)
			cross(t, l, e)
		}
		if len(killed) != 0 {
			t.Fatalf("killed at %+v, before anything came again", killed)
		}
		cross(t, l, confirmation("1", 2))
		if len(killed) != 1 || killed[0].Attempt != 2 || killed[0].Message.Events[0].ID != confirmation("1", 2).ID {
			t.Errorf("killed at %+v, want the second try of the second", killed)
		}
	})
}

// TestInFlight: only so many are held at a time, and those after them pass.
func TestInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := linkWith(&chaos.Rule{ID: "F1", Fault: &faults.Delay{For: faults.Wall(time.Second)}, InFlight: 2})
		var mu sync.Mutex
		var held []time.Duration
		begin := time.Now()
		for n := range 5 {
			go func() {
				time.Sleep(time.Duration(n) * 300 * time.Millisecond)
				at := time.Since(begin)
				_, _ = l.Carry(t.Context(), about("c", confirmation("1", n+1)), simulators.FromSUT, applied)
				mu.Lock()
				defer mu.Unlock()
				held = append(held, time.Since(begin)-at)
			}()
		}
		time.Sleep(5 * time.Second)
		l.Wait()
		mu.Lock()
		defer mu.Unlock()
		slow := 0
		for _, h := range held {
			if h >= time.Second {
				slow++
			}
		}
		// at 0 and 0.3 s two are held; those at 0.6 and 0.9 s pass; at 1.2 s the first has landed.
		if len(held) != 5 || slow != 3 || len(strikes(l.Journal)) != 3 {
			t.Errorf("%d of %d were held, %d strikes, want 3 of 5", slow, len(held), len(strikes(l.Journal)))
		}
	})
}

// TestStretch: a fact belongs to the part of history in which it became true.
func TestStretch(t *testing.T) {
	lot := func(k plant.Keys) string { return string(k.Lot) }
	one, two, none := plant.Keys{Lot: "1"}, plant.Keys{Lot: "2"}, plant.Keys{Order: "1"}
	whole, each := &chaos.Stretch{}, &chaos.Stretch{Same: lot}
	for _, s := range []*chaos.Stretch{whole, each} {
		s.Begin(3, one)
		s.Begin(4, one) // lasts already
		s.End(6, one)
		s.End(7, one) // is over already
		s.Begin(8, two)
		s.Begin(9, none)
	}
	for _, tc := range []struct {
		nth         int
		keys        plant.Keys
		whole, each bool
	}{
		{0, one, false, false}, {2, one, false, false}, {3, one, true, true}, {5, one, true, true}, {6, one, false, false}, {7, two, false, false},
		{5, two, true, false}, {8, one, true, false}, {8, two, true, true}, {99, two, true, true}, {99, none, true, false},
	} {
		if w, e := whole.Has(tc.nth, tc.keys), each.Has(tc.nth, tc.keys); w != tc.whole || e != tc.each {
			t.Errorf("fact %d about %v: %v and of the same lot %v, want %v and %v", tc.nth, tc.keys, w, e, tc.whole, tc.each)
		}
	}
}

// TestWindowByFactRepeats: what is repeated after the window is still struck
// if its fact became true in it, and no fact of another time is.
func TestWindowByFactRepeats(t *testing.T) {
	window := &chaos.Stretch{}
	l := linkWith(&chaos.Rule{ID: "F1", Within: []*chaos.Stretch{window}})
	var events []plant.Event
	for n := range 9 {
		switch n {
		case 3:
			window.Begin(l.Ordinals.Count()+1, plant.Keys{})
		case 6:
			window.End(l.Ordinals.Count()+1, plant.Keys{})
		}
		events = append(events, confirmation("1", n+1))
		l.Ordinals.Add(events[n].Fact)
	}
	for n, e := range events { // all of it crosses when the window is long over
		if got, want := len(cross(t, l, e)) > 0, n >= 3 && n < 6; got != want {
			t.Errorf("confirmation %d struck %v, want %v", n+1, got, want)
		}
	}
	if by := cross(t, l, confirmation("unheard of", 1)); len(by) > 0 {
		t.Error("a claim about no fact of the plant was struck")
	}
}

// placed are faults of all places, two of the last.
func placed() []*chaos.Rule {
	return []*chaos.Rule{
		{ID: "says", Fault: swap("BAD"), Order: 1},
		{ID: "copies", Fault: &faults.Duplicate{Copies: 1, Later: faults.Wall(time.Second)}, Order: 2},
		{ID: "busy", Fault: &faults.Throttle{After: faults.Wall(time.Second), Attempts: 1}, P: 0.4, Order: 3},
		{ID: "lost", Fault: &faults.Lose{}, P: 0.4, Order: 4},
	}
}

// TestOrderOfFaults arms faults in every order: what becomes of the messages
// is the same each time, for it depends on where a fault acts and, of those
// that act in one place, on their places in the file. Exchanging those of one
// place in the file makes a difference.
func TestOrderOfFaults(t *testing.T) {
	want := ""
	for _, order := range permutations([]int{0, 1, 2, 3}) {
		rules := placed()
		var arm []*chaos.Rule
		for _, i := range order {
			arm = append(arm, rules[i])
		}
		got := story(t, arm)
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("armed in the order %v:\n%s\nwant\n%s", order, got, want)
		}
	}
	exchanged := placed()
	exchanged[0].Order, exchanged[1].Order = 2, 1 // of different places: no difference
	if got := story(t, exchanged); got != want {
		t.Errorf("faults of different places, exchanged in the file, made\n%s\nwant\n%s", got, want)
	}
	exchanged = placed()
	exchanged[2].Order, exchanged[3].Order = 4, 3 // of one place
	if story(t, exchanged) == want {
		t.Error("two faults that decide the same, exchanged in the file, made no difference: the test cannot fail")
	}
}

// story is what became of some messages under rules, armed in this order.
func story(t *testing.T, rules []*chaos.Rule) (s string) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // of s
		tell := func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			s += fmt.Sprintf(format, args...)
		}
		l := linkWith()
		l.Encode = func(plant.Event) ([]simulators.Message, error) {
			return []simulators.Message{{Body: []byte("new")}}, nil
		}
		for _, r := range rules {
			l.Arm(r)
		}
		for n := range 20 {
			_, err := l.Carry(t.Context(), about("consumptions", consumption("1", n+1, "L1")), simulators.ToSUT, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
				tell("%s arrives; ", m.Body)
				return applied(ctx, m)
			})
			tell("%d: %v; ", n+1, err)
			time.Sleep(3 * time.Second)
		}
		l.Wait()
		for _, d := range strikes(l.Journal) {
			tell("\n%s %s %d", d.Fault, d.Key, d.Attempt)
		}
	})
	return s
}

func permutations(of []int) (all [][]int) {
	if len(of) < 2 {
		return [][]int{of}
	}
	for i := range of {
		rest := append(slices.Clone(of[:i]), of[i+1:]...)
		for _, p := range permutations(rest) {
			all = append(all, append([]int{of[i]}, p...))
		}
	}
	return all
}

// TestRulesThatCannotBe refuses what no rule can say.
func TestRulesThatCannotBe(t *testing.T) {
	for want, r := range map[string]chaos.Rule{
		"cannot be negative":            {Times: -1},
		"inFlight cannot be negative":   {InFlight: -1},
		"is not one of strike, retry":   {After: &chaos.After{Rule: "F1", Seen: "smelt"}},
		`direction "up" is not one of`:  {Direction: "up"},
		"give nth or every, not both":   {Nth: 1, Every: 2},
		"chance 2 is not between 0 and": {P: 2},
	} {
		r.ID, r.Fault = "F", &faults.Lose{}
		if err := r.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", r, err, want)
		}
	}
}
