package chaos_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// fault makes a fault of a function.
type fault func(d chaos.Delivery, r *rand.Rand) []chaos.Delivery

func (f fault) Apply(d chaos.Delivery, r *rand.Rand) []chaos.Delivery { return f(d, r) }

// perFact is fault for changes of what a message says.
type perFact struct{ fault }

func (perFact) PerFact() {}

func newLink(name string) *chaos.Link {
	return &chaos.Link{Name: name, Journal: evidence.NewJournal(nil), Seed: 7, Ordinals: chaos.NewOrdinals(), IDs: &atomic.Uint64{}}
}

func confirmation(order string, n int) plant.Event {
	f := plant.Confirmed{Order: plant.OrderID(order), Operation: "0010", Counter: n, Yield: plant.Of(int64(n), "EA")}
	return plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f}
}

func consumption(order string, n int, lot string) plant.Event {
	f := plant.Consumed{Order: plant.OrderID(order), Operation: "0010", Counter: n, Material: "STEEL", Lot: plant.LotID(lot), Quantity: plant.Of(1, "KG")}
	return plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f}
}

func about(name string, events ...plant.Event) simulators.Message {
	m := simulators.Message{Verb: "post", Name: name, Events: events, Body: []byte("body"), Header: map[string]string{"Idempotency-Key": "k"}}
	for _, e := range events {
		m.Key += plant.Natural(e.Fact)
		m.Entity = e.Fact.Keys().Entity()
	}
	return m
}

func applied(_ context.Context, m simulators.Message) (simulators.Message, error) {
	return simulators.Message{Result: simulators.Result{Outcome: simulators.Applied, Status: 201}}, nil
}

func bodies[B evidence.Body](j *evidence.Journal) (out []B) {
	for _, r := range j.Records() {
		if b, ok := r.Body.(B); ok {
			out = append(out, b)
		}
	}
	return out
}

func strikes(j *evidence.Journal) (out []evidence.Disturbance) {
	for _, d := range bodies[evidence.Disturbance](j) {
		if d.Phase == evidence.Struck {
			out = append(out, d)
		}
	}
	return out
}

func TestCarryWritesDownBothDirections(t *testing.T) {
	l := newLink("erp")
	e := confirmation("4711", 1)
	l.Ordinals.Add(e.Fact)
	if _, err := l.Carry(t.Context(), about("confirmations", e), simulators.ToSUT, applied); err != nil {
		t.Fatal(err)
	}
	claim := plant.Event{Fact: e.Fact} // the SUT gave no reference
	for range 2 {
		if _, err := l.Carry(t.Context(), about("confirmations", claim), simulators.FromSUT, applied); err != nil {
			t.Fatal(err)
		}
	}
	offers, attempts := bodies[evidence.Offer](l.Journal), bodies[evidence.Attempt](l.Journal)
	if len(offers) != 1 || len(attempts) != 2 {
		t.Fatalf("%d offers and %d attempts, want 1 and 2", len(offers), len(attempts))
	}
	if o := offers[0]; o.Result.Outcome != simulators.Applied || o.Attempt != 1 || !slices.Equal(o.Facts, []plant.EventID{e.ID}) || o.Copy {
		t.Errorf("offer %+v", o)
	}
	if a := attempts[1]; a.Attempt != 2 || a.Acted.Outcome != simulators.Applied || a.Heard.Outcome != simulators.Applied || a.IdemKey != "k" || a.Bytes != 4 || a.ID != 3 {
		t.Errorf("attempt %+v", a)
	}
}

// TestFlushedBeforeTheSenderHears cuts the file open the moment Carry returns.
func TestFlushedBeforeTheSenderHears(t *testing.T) {
	var file bytes.Buffer
	l := newLink("erp")
	l.Journal = evidence.NewJournal(&file)
	var atObserve string
	l.Observe = func(simulators.Message, simulators.Direction, simulators.Result) { atObserve = file.String() }
	if _, err := l.Carry(t.Context(), about("confirmations", confirmation("1", 1)), simulators.FromSUT, applied); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(atObserve, `"kind":"attempt"`) {
		t.Errorf("file when the sender was about to hear: %q", atObserve)
	}
	l.Journal = evidence.NewJournal(broken{})
	if _, err := l.Carry(t.Context(), about("confirmations", confirmation("1", 1)), simulators.FromSUT, applied); err == nil {
		t.Error("the sender heard of an effect that the evidence lacks")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestFaultsCompose(t *testing.T) {
	drop := fault(func(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
		d.Drop, d.What = &simulators.LostError{Symptom: simulators.Reset}, "dropped"
		return []chaos.Delivery{d}
	})
	double := fault(func(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
		d.What = "doubled"
		return []chaos.Delivery{d, d}
	})
	nothing := fault(func(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return []chaos.Delivery{d} })
	none := fault(func(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return nil })
	calls := 0
	second := fault(func(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { // drops the copy only
		if calls++; calls == 2 {
			d.Drop, d.What = &simulators.LostError{Symptom: simulators.Hang}, "copy dropped"
		}
		return []chaos.Delivery{d}
	})
	for _, tc := range []struct {
		name    string
		rules   []fault
		arrives int
		lost    bool
		struck  []string
	}{
		{"nothing", []fault{nothing}, 1, false, nil},
		{"none is a drop", []fault{none}, 0, true, []string{""}},
		{"what is dropped is not doubled", []fault{drop, double}, 0, true, []string{"dropped"}},
		{"both copies are dropped", []fault{double, drop}, 0, true, []string{"doubled", "dropped"}},
		{"one of several fates", []fault{double, second}, 1, false, []string{"doubled", "copy dropped"}},
		{"doubled twice", []fault{double, nothing, double}, 4, false, []string{"doubled", "doubled"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			calls = 0
			l := newLink("erp")
			for i, f := range tc.rules {
				l.Arm(&chaos.Rule{ID: "F" + string(rune('1'+i)), Kind: "test", Fault: f})
			}
			var arrived atomic.Int32
			_, err := l.Carry(t.Context(), about("confirmations", confirmation("1", 1)), simulators.ToSUT, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
				arrived.Add(1)
				return applied(ctx, m)
			})
			l.Wait()
			var lost *simulators.LostError
			if errors.As(err, &lost) != tc.lost || int(arrived.Load()) != tc.arrives {
				t.Errorf("error %v, %d arrived; want lost %v, %d", err, arrived.Load(), tc.lost, tc.arrives)
			}
			var got []string
			for _, s := range strikes(l.Journal) {
				got = append(got, s.What)
			}
			if !slices.Equal(got, tc.struck) {
				t.Errorf("struck %q, want %q", got, tc.struck)
			}
		})
	}
}

func TestCopiesAreMarkedAndReleaseNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink("erp")
		l.Arm(&chaos.Rule{ID: "F", Kind: "duplicate", Fault: &faults.Duplicate{Copies: 2, Later: faults.Wall(time.Second)}})
		m := about("confirmations", confirmation("1", 1))
		m.Release = func() { t.Error("a copy has let others pass") }
		if _, err := l.Carry(t.Context(), m, simulators.FromSUT, applied); err != nil {
			t.Fatal(err)
		}
		if got := l.Busy(); got != 2 {
			t.Errorf("%d under way, want 2", got)
		}
		l.Wait()
		as := bodies[evidence.Attempt](l.Journal)
		if len(as) != 3 || as[0].Copy || !as[1].Copy || !as[2].Copy {
			t.Fatalf("attempts %+v", as)
		}
		if as[0].ID == as[1].ID || as[1].ID == as[2].ID || as[1].Attempt != 1 {
			t.Errorf("ids %d %d %d, attempt of a copy %d", as[0].ID, as[1].ID, as[2].ID, as[1].Attempt)
		}
		if as[1].Acted.Outcome != simulators.Applied || as[1].Heard.Outcome != simulators.Unknown {
			t.Errorf("copy acted %q heard %q; nobody hears of a copy", as[1].Acted.Outcome, as[1].Heard.Outcome)
		}
		if gap := as[1].End - as[0].End; gap < time.Second || gap > time.Second+time.Microsecond {
			t.Errorf("copy came %s later, want a second", gap)
		}
	})
}

func TestHeldMessageArrivesAlthoughTheSUTGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink("erp")
		l.Arm(&chaos.Rule{ID: "F", Kind: "delay", Fault: &faults.Delay{For: faults.Wall(10 * time.Second)}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var acted atomic.Bool
		_, err := l.Carry(ctx, about("confirmations", confirmation("1", 1)), simulators.FromSUT, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
			acted.Store(true)
			if ctx.Err() != nil {
				t.Error("the system was told that nobody waits; it cannot know")
			}
			return applied(ctx, m)
		})
		if !errors.Is(err, context.DeadlineExceeded) || l.Journal.Now() != time.Second || acted.Load() {
			t.Errorf("after %s: %v, acted %v", l.Journal.Now(), err, acted.Load())
		}
		l.Wait()
		as := bodies[evidence.Attempt](l.Journal)
		if !acted.Load() || len(as) != 1 || as[0].Acted.Outcome != simulators.Applied || as[0].Heard.Outcome != simulators.Unknown {
			t.Errorf("acted %v, attempts %+v", acted.Load(), as)
		}
		if as[0].Start != 0 || as[0].End < 10*time.Second {
			t.Errorf("from %s to %s", as[0].Start, as[0].End)
		}
	})
}

func TestCloseAbandonsWhatIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink("erp")
		l.Arm(&chaos.Rule{ID: "F", Kind: "duplicate", Fault: &faults.Duplicate{Copies: 1, Later: faults.Wall(time.Hour)}})
		if _, err := l.Carry(t.Context(), about("confirmations", confirmation("1", 1)), simulators.ToSUT, applied); err != nil {
			t.Fatal(err)
		}
		l.Close()
		os := bodies[evidence.Offer](l.Journal)
		if l.Journal.Now() != 0 || l.Busy() != 0 || len(os) != 2 || os[1].Result.Outcome != simulators.Undelivered {
			t.Errorf("after %s: %d busy, offers %+v", l.Journal.Now(), l.Busy(), os)
		}
	})
}

func TestOvertaking(t *testing.T) {
	for _, tc := range []struct {
		within faults.Scope
		want   bool
	}{{faults.WithinEntity, true}, {faults.Across, false}} {
		synctest.Test(t, func(t *testing.T) {
			l := newLink("mes")
			l.Arm(&chaos.Rule{ID: "F", Kind: "reorder", Fault: &faults.Reorder{Within: tc.within, For: faults.Wall(time.Second)}})
			released := time.Duration(-1)
			m := about("confirmations", confirmation("1", 1))
			m.Release = func() { released = l.Journal.Now() }
			if _, err := l.Carry(t.Context(), m, simulators.ToSUT, applied); err != nil {
				t.Fatal(err)
			}
			if (released == 0) != tc.want || l.Journal.Now() < time.Second {
				t.Errorf("%s: released at %s of %s", tc.within, released, l.Journal.Now())
			}
			if o := bodies[evidence.Offer](l.Journal)[0]; o.Start < time.Second {
				t.Errorf("offered from %s, although the SUT had no part in it before a second was over", o.Start)
			}
		})
	}
}

// TestOnlyTheOriginalLetsOthersPass: a copy that is held keeps nobody waiting,
// so it has nobody to let pass.
func TestOnlyTheOriginalLetsOthersPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink("mes")
		l.Arm(&chaos.Rule{ID: "F", Kind: "duplicate", Fault: &faults.Duplicate{Copies: 2}})
		l.Arm(&chaos.Rule{ID: "G", Kind: "reorder", Fault: &faults.Reorder{For: faults.Wall(time.Second)}})
		var released atomic.Int32
		m := about("confirmations", confirmation("1", 1))
		m.Release = func() { released.Add(1) }
		if _, err := l.Carry(t.Context(), m, simulators.ToSUT, applied); err != nil {
			t.Fatal(err)
		}
		l.Wait()
		if released.Load() != 1 {
			t.Errorf("released %d times", released.Load())
		}
	})
}

// TestNoTwoAreDueAtOnce: the order of two arrivals is never left to chance.
func TestNoTwoAreDueAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink("mes")
		hold := 2 * time.Second
		l.Arm(&chaos.Rule{ID: "F", Kind: "delay", Fault: fault(func(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
			d.After = hold
			hold -= time.Second / 2
			return []chaos.Delivery{d}
		})})
		l.Arm(&chaos.Rule{ID: "G", Kind: "ambiguous-commit", Fault: &faults.AmbiguousCommit{Latency: faults.Wall(time.Second)}})
		var mu sync.Mutex // guards arrived, heard
		var arrived, heard []time.Duration
		var wg sync.WaitGroup
		for n := range 4 { // sent half a second apart, each held half a second less
			wg.Go(func() {
				_, _ = l.Carry(t.Context(), about("confirmations", confirmation("1", n)), simulators.FromSUT, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
					mu.Lock()
					defer mu.Unlock()
					arrived = append(arrived, l.Journal.Now())
					return applied(ctx, m)
				})
				mu.Lock()
				defer mu.Unlock()
				heard = append(heard, l.Journal.Now())
			})
			time.Sleep(time.Second / 2)
		}
		wg.Wait()
		for _, at := range [][]time.Duration{arrived, heard} {
			if slices.Sort(at); len(slices.Compact(at)) != 4 {
				t.Errorf("due at %v", at)
			}
		}
	})
}

// TestWhatHasArrivedIsActedUpon although the SUT hangs up meanwhile.
func TestWhatHasArrivedIsActedUpon(t *testing.T) {
	l := newLink("erp")
	ctx, hangUp := context.WithCancel(t.Context())
	_, _ = l.Carry(ctx, about("confirmations", confirmation("1", 1)), simulators.FromSUT, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
		hangUp()
		if ctx.Err() != nil {
			t.Error("the system was told that the SUT hung up")
		}
		return applied(ctx, m)
	})
}

func TestRefusalsAreWordedByTheEndpoint(t *testing.T) {
	l := newLink("erp")
	l.Arm(&chaos.Rule{ID: "F", Kind: "throttle", Fault: &faults.Throttle{RetryAfter: simulators.RetryDate, After: faults.Wall(2 * time.Second), Attempts: 1}})
	var asked simulators.Refusal
	l.Refuse = func(m simulators.Message, r simulators.Refusal) simulators.Message {
		asked = r
		return simulators.Message{Body: []byte("worded"), Result: simulators.Result{Outcome: r.Outcome, Status: 429, RetryAfter: r.After}}
	}
	arrives := func(context.Context, simulators.Message) (simulators.Message, error) {
		t.Error("what is refused must not arrive")
		return simulators.Message{}, nil
	}
	heard, err := l.Carry(t.Context(), about("confirmations", confirmation("1", 1)), simulators.FromSUT, arrives)
	if err != nil || string(heard.Body) != "worded" || asked.RetryForm != simulators.RetryDate || asked.After != 2*time.Second {
		t.Errorf("heard %q, %v; asked to word %+v", heard.Body, err, asked)
	}
	a := bodies[evidence.Attempt](l.Journal)[0]
	if a.Acted.Outcome != simulators.Undelivered || a.Heard.Outcome != simulators.Throttled || a.Heard.Status != 429 || !slices.Equal(a.Faults, []string{"F"}) {
		t.Errorf("attempt %+v", a)
	}
	l.Refuse = nil // a link that knows no dialect still tells the outcome
	heard, err = l.Carry(t.Context(), about("confirmations", confirmation("1", 2)), simulators.FromSUT, arrives)
	if err != nil || heard.Result.Outcome != simulators.Throttled || heard.Result.Class != simulators.Technical {
		t.Errorf("heard %+v, %v", heard.Result, err)
	}
}

// TestALyingSuccessIsNoSuccess whatever its status: the sender was told no.
func TestALyingSuccessIsNoSuccess(t *testing.T) {
	for worded, refuse := range map[string]func(simulators.Message, simulators.Refusal) simulators.Message{
		"by the dialect": func(_ simulators.Message, r simulators.Refusal) simulators.Message {
			return simulators.Message{Body: []byte("no"), Result: simulators.Result{Outcome: r.Outcome, Status: 423}}
		},
		"by nobody": nil,
	} {
		l := newLink("erp")
		l.Refuse = refuse
		l.Arm(&chaos.Rule{ID: "F", Kind: "lying-success", Fault: &faults.LyingSuccess{Attempts: 1}})
		heard, err := l.Carry(t.Context(), about("confirmations", confirmation("1", 1)), simulators.FromSUT, func(context.Context, simulators.Message) (simulators.Message, error) {
			t.Error("nothing may be done")
			return simulators.Message{}, nil
		})
		a := bodies[evidence.Attempt](l.Journal)[0]
		if err != nil || heard.Result.Status != 200 || a.Heard.Status != 200 || a.Heard.Outcome != simulators.Locked || a.Acted.Outcome != simulators.Undelivered {
			t.Errorf("worded %s: heard %+v, %v; attempt %+v", worded, heard.Result, err, a)
		}
	}
}

// swap is a PerFact fault that claims another lot.
func swap(lot string) perFact {
	return perFact{func(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
		c := d.Message.Events[0].Fact.(plant.Consumed)
		c.Lot = plant.LotID(lot)
		d.Message.Events = []plant.Event{{ID: d.Message.Events[0].ID, Fact: c}}
		d.Reword, d.Invalid, d.What = true, true, "lot swapped"
		return []chaos.Delivery{d}
	}}
}

// Of what a dialect does not say in a message nobody hears, so that nothing has
// happened to the fact.
func TestAChangeThatIsNotSaidIsNone(t *testing.T) {
	for _, says := range []string{"body", "lot BAD"} {
		l := newLink("mes")
		l.Encode = func(plant.Event) ([]simulators.Message, error) {
			return []simulators.Message{{Body: []byte(says)}}, nil
		}
		l.Arm(&chaos.Rule{ID: "F", Kind: "odd-text", Fault: perFact{func(d chaos.Delivery, r *rand.Rand) []chaos.Delivery {
			out := swap("BAD").fault(d, r)
			out[0].Invalid, out[0].Perhaps = false, true
			return out
		}}})
		if _, err := l.Carry(t.Context(), about("consumptions", consumption("1", 1, "L1")), simulators.ToSUT, applied); err != nil {
			t.Fatal(err)
		}
		if got, want := len(strikes(l.Journal)), map[string]int{"lot BAD": 1}[says]; got != want {
			t.Errorf("worded %q: struck %d times, want %d", says, got, want)
		}
	}
}

func TestAChangedFactStaysChanged(t *testing.T) {
	l := newLink("mes")
	l.Encode = func(e plant.Event) ([]simulators.Message, error) {
		lot := string(e.Fact.Keys().Lot)
		return []simulators.Message{{Body: []byte(lot), Header: map[string]string{"Content-Type": "parted at " + lot}}}, nil
	}
	l.Arm(&chaos.Rule{ID: "F", Kind: "invalid-lot", Fault: swap("BAD"), Max: 1})
	later := 0
	l.Arm(&chaos.Rule{ID: "G", Kind: "test", Fault: fault(func(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { later++; return []chaos.Delivery{d} })})
	var got []string
	send := func(n int) {
		t.Helper()
		_, err := l.Carry(t.Context(), about("consumptions", consumption("1", n, "L1")), simulators.ToSUT, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
			got = append(got, string(m.Body)+", "+m.Header["Content-Type"])
			return applied(ctx, m)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	send(1)
	send(2) // Max is reached: another fact is left alone
	send(1) // the same fact says the same
	l.HealAll()
	send(1) // even when the fault is over
	if want := []string{"BAD, parted at BAD", "body, ", "BAD, parted at BAD", "BAD, parted at BAD"}; !slices.Equal(got, want) {
		t.Errorf("arrived %q, want %q", got, want)
	}
	ss := strikes(l.Journal)
	if len(ss) != 1 || !ss[0].Invalid || ss[0].Fault != "F" || !slices.Equal(ss[0].Facts, []plant.EventID{consumption("1", 1, "L1").ID}) {
		t.Errorf("strikes %+v; the second rule changed nothing", ss)
	}
	if later != 3 {
		t.Errorf("the second rule was asked %d times, want 3", later)
	}
	for i, o := range bodies[evidence.Offer](l.Journal) {
		if want := i != 1; slices.Contains(o.Faults, "F") != want || o.Facts[0] == "" {
			t.Errorf("offer %d: faults %v facts %v", i, o.Faults, o.Facts)
		}
	}
}

// TestAFactIsChangedOnce: one strike for each fact, however often it crosses;
// claims and batches are left alone.
func TestAFactIsChangedOnce(t *testing.T) {
	l := newLink("mes")
	l.Encode = func(e plant.Event) ([]simulators.Message, error) {
		return []simulators.Message{{Body: []byte("new")}}, nil
	}
	l.Arm(&chaos.Rule{ID: "F", Kind: "invalid-lot", Fault: swap("BAD")})
	one, two := consumption("1", 1, "L1"), consumption("1", 2, "L1")
	for _, tc := range []struct {
		m       simulators.Message
		dir     simulators.Direction
		strikes int
	}{
		{about("consumptions", one), simulators.ToSUT, 1},
		{about("consumptions", one), simulators.ToSUT, 1},
		{about("consumptions", two), simulators.FromSUT, 1},
		{about("consumptions", one, two), simulators.ToSUT, 1},
		{about("consumptions", two), simulators.ToSUT, 1}, // announced as it is, and then it stays so
		{about("consumptions", consumption("1", 3, "L1")), simulators.ToSUT, 2},
	} {
		if _, err := l.Carry(t.Context(), tc.m, tc.dir, applied); err != nil {
			t.Fatal(err)
		}
		if got := len(strikes(l.Journal)); got != tc.strikes {
			t.Errorf("%d strikes after %s %s, want %d", got, tc.dir, tc.m.Key, tc.strikes)
		}
	}
}

func TestAChangeWithoutWordsIsNoStrike(t *testing.T) {
	for name, encode := range map[string]func(plant.Event) ([]simulators.Message, error){
		"no dialect":   nil,
		"no word":      func(plant.Event) ([]simulators.Message, error) { return nil, nil },
		"dialect errs": func(plant.Event) ([]simulators.Message, error) { return nil, errors.New("no") },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLink("mes")
			l.Encode = encode
			l.Arm(&chaos.Rule{ID: "F", Kind: "invalid-lot", Fault: swap("BAD")})
			_, err := l.Carry(t.Context(), about("consumptions", consumption("1", 1, "L1")), simulators.ToSUT, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
				if m.Events[0].Fact.Keys().Lot != "L1" || string(m.Body) != "body" {
					t.Errorf("arrived %v %q", m.Events, m.Body)
				}
				return applied(ctx, m)
			})
			if err != nil || len(strikes(l.Journal)) != 0 || l.Err() == nil {
				t.Errorf("err %v, strikes %v, rig's mistake %v", err, strikes(l.Journal), l.Err())
			}
		})
	}
}

func TestBoundsAndHeal(t *testing.T) {
	l := newLink("erp")
	l.Arm(&chaos.Rule{ID: "F", Kind: "lose", Fault: &faults.Lose{}, Attempts: 2, Max: 3})
	send := func(n int) bool {
		_, err := l.Carry(t.Context(), about("confirmations", confirmation("1", n)), simulators.FromSUT, applied)
		return err == nil
	}
	got := []bool{send(1), send(1), send(1), send(2), send(2), send(3)}
	if want := []bool{false, false, true, false, true, true}; !slices.Equal(got, want) {
		t.Errorf("arrived %v, want %v", got, want)
	}
	l.Arm(&chaos.Rule{ID: "G", Kind: "lose", Fault: &faults.Lose{}})
	if send(9) || !slices.Equal(l.Armed(), []string{"F", "G"}) {
		t.Errorf("armed %v", l.Armed())
	}
	if !l.Heal("G") || l.Heal("G") || !send(9) {
		t.Error("healing G did not end it, once")
	}
	l.HealAll()
	if len(l.Armed()) != 0 || !send(10) {
		t.Errorf("armed after healing all: %v", l.Armed())
	}
	var phases []string
	for _, d := range bodies[evidence.Disturbance](l.Journal) {
		phases = append(phases, d.Fault+" "+string(d.Phase))
	}
	want := []string{"F armed", "F struck", "F struck", "F struck", "G armed", "G struck", "G healed", "F healed"}
	if !slices.Equal(phases, want) {
		t.Errorf("phases %q, want %q", phases, want)
	}
}

// TestTheContractIsHeldAgainstWhatTheSUTSent: a fault that garbles a message
// or a reply makes no breach of it, and one that replaces a reply hides none.
func TestTheContractIsHeldAgainstWhatTheSUTSent(t *testing.T) {
	l := newLink("erp")
	l.Arm(&chaos.Rule{ID: "f", Kind: "garble", Fault: fault(func(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
		d.Message.Body = []byte("garbage")
		d.LoseReply = &simulators.LostError{Symptom: simulators.Reset}
		return []chaos.Delivery{d}
	})})
	wrong := func(_ context.Context, m simulators.Message) (simulators.Message, error) {
		return simulators.Message{Breach: "status: 302", Result: simulators.Result{Outcome: simulators.Refused, Status: 302}}, nil
	}
	m := about("confirmations", confirmation("4711", 1))
	_, _ = l.Carry(t.Context(), m, simulators.ToSUT, wrong)
	_, _ = l.Carry(t.Context(), m, simulators.FromSUT, applied)
	m.Breach = "malformed: no quantity"
	_, _ = l.Carry(t.Context(), m, simulators.FromSUT, applied)
	if o := bodies[evidence.Offer](l.Journal); len(o) != 1 || o[0].Breach != "status: 302" {
		t.Errorf("offers %+v", o)
	}
	if a := bodies[evidence.Attempt](l.Journal); len(a) != 2 || a[0].Breach != "" || a[1].Breach != m.Breach {
		t.Errorf("attempts %+v", a)
	}
}
