package chaos_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
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
	"github.com/andon-rig/andon/internal/race"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

func nothingArrives(chaos.Delivery, *rand.Rand) []chaos.Delivery { return nil }

// logical are faults whose strikes must depend on seed, fact and attempt only.
func logical() map[string]*chaos.Rule {
	return map[string]*chaos.Rule{
		"lose by chance":      {Fault: &faults.Lose{}, P: 0.3},
		"first attempts":      {Fault: &faults.RefuseBeforeApply{}, P: 0.5, Attempts: 2},
		"lost replies":        {Fault: &faults.AmbiguousCommit{}, P: 0.2, Attempts: 1, Writes: true},
		"every third":         {Fault: &faults.Throttle{Attempts: 1, After: faults.Wall(time.Second)}, Every: 3, Per: "run"},
		"fifth of an order":   {Fault: &faults.StaleToken{Attempts: 1}, Nth: 5},
		"one order":           {Fault: &faults.Lose{}, Entity: "order-2", P: 0.5},
		"duplicates":          {Fault: &faults.Duplicate{Copies: 1}, P: 0.3, Attempts: 1},
		"consumptions by lot": {Fault: swap("BAD"), Fact: plant.KindConsumption, P: 0.3},
	}
}

// TestSameSeedHitsTheSame sends the same facts with 1, 4 and 16 senders in any
// order, each fact until it arrives or five times, some of them in batches
// made up anew each time, and compares which (fact, attempt) pairs were hit.
func TestSameSeedHitsTheSame(t *testing.T) {
	for name := range logical() {
		t.Run(name, func(t *testing.T) {
			want := ""
			for run := range 20 {
				rule := logical()[name]
				got := hits(t, rule, 99, []int{1, 4, 16}[run%3], rand.New(rand.NewPCG(uint64(run), 1)))
				if run == 0 {
					want = got
					if want == "" {
						t.Fatal("nothing was hit, so nothing is shown")
					}
				}
				if got != want {
					t.Fatalf("run %d differs:\n%s\nwant\n%s", run, got, want)
				}
			}
			if rule := logical()[name]; rule.P > 0 && hits(t, rule, 100, 4, rand.New(rand.NewPCG(1, 1))) == want {
				t.Error("another seed hits the same")
			}
		})
	}
}

// hits lists the pairs that rule hits, sorted.
func hits(t *testing.T, rule *chaos.Rule, seed uint64, senders int, order *rand.Rand) string {
	t.Helper()
	l := newLink("mes")
	l.Seed = seed
	l.Encode = func(e plant.Event) ([]simulators.Message, error) {
		return []simulators.Message{{Body: []byte("new")}}, nil
	}
	rule.ID, rule.Kind = "F", "test"
	var events []plant.Event
	for o := range 5 {
		for n := range 10 {
			order := fmt.Sprint("order-", o)
			events = append(events, confirmation(order, n+1), consumption(order, n+1, "L1"))
		}
	}
	for _, e := range events {
		l.Ordinals.Add(e.Fact)
	}
	l.Arm(rule)
	order.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	work := make(chan plant.Event)
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for e := range work {
				m := about("facts", e)
				m.Header["Authorization"] = "Bearer t"
				for range 5 {
					if reply, err := l.Carry(t.Context(), m, simulators.ToSUT, applied); err == nil && reply.Result.Outcome.Took() {
						break
					}
				}
			}
		})
	}
	for _, e := range events {
		work <- e
	}
	close(work)
	wg.Wait()
	l.Wait()
	var pairs []string
	for _, s := range strikes(l.Journal) {
		pairs = append(pairs, fmt.Sprintf("%s attempt %d", s.Facts[0], s.Attempt))
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "\n")
}

// TestLuckIsNotShared: a fact that is unlucky under one rule, on one link or in
// one direction is not unlucky under all.
func TestLuckIsNotShared(t *testing.T) {
	lost := func(link, rule string, dir simulators.Direction) (s string) {
		l := newLink(link)
		l.Arm(&chaos.Rule{ID: rule, Fault: &faults.Lose{}, P: 0.5})
		for n := range 64 {
			_, err := l.Carry(t.Context(), about("confirmations", confirmation("1", n)), dir, applied)
			s += fmt.Sprint(err != nil)[:1]
		}
		return s
	}
	seen := map[string]bool{}
	for _, s := range []string{
		lost("erp", "F", simulators.FromSUT), lost("mes", "F", simulators.FromSUT), lost("erp", "F", simulators.ToSUT), lost("erp", "G", simulators.FromSUT),
	} {
		if seen[s] {
			t.Errorf("the same luck twice: %s", s)
		}
		seen[s] = true
	}
	if !seen[lost("erp", "F", simulators.FromSUT)] {
		t.Error("the same arguments, other luck")
	}
}

// TestABatchDoesNotShiftLuck draws the chance of each fact of a batch as if it
// travelled alone.
func TestABatchDoesNotShiftLuck(t *testing.T) {
	alone := func(n int) bool {
		l := newLink("erp")
		l.Arm(&chaos.Rule{ID: "F", Fault: &faults.Lose{}, P: 0.2})
		_, err := l.Carry(t.Context(), about("confirmations", confirmation("1", n)), simulators.FromSUT, applied)
		return err != nil
	}
	struck := 0
	for n := 1; n < 200; n += 3 {
		l := newLink("erp")
		l.Arm(&chaos.Rule{ID: "F", Fault: &faults.Lose{}, P: 0.2})
		m := about("confirmations", confirmation("1", n), confirmation("1", n+1), confirmation("1", n+2))
		_, err := l.Carry(t.Context(), m, simulators.FromSUT, applied)
		want := alone(n) || alone(n+1) || alone(n+2)
		if (err != nil) != want {
			t.Errorf("batch of %d to %d lost %v, want %v", n, n+2, err != nil, want)
		}
		if err != nil {
			struck++
			if got := strikes(l.Journal)[0].Facts; len(got) != 3 {
				t.Errorf("footprint %v, want all three", got)
			}
		}
	}
	if struck == 0 || struck > 60 {
		t.Errorf("%d of 67 batches struck; the test shows nothing", struck)
	}
}

// TestABatchIsNotHeldUpForEver: an attempt bound counts for the fact that has
// waited longest.
func TestABatchIsNotHeldUpForEver(t *testing.T) {
	l := newLink("erp")
	l.Arm(&chaos.Rule{ID: "F", Fault: &faults.Lose{}, Attempts: 1})
	if _, err := l.Carry(t.Context(), about("confirmations", confirmation("1", 1)), simulators.FromSUT, applied); err == nil {
		t.Fatal("the first attempt was to be lost")
	}
	if _, err := l.Carry(t.Context(), about("confirmations", confirmation("1", 1), confirmation("1", 2)), simulators.FromSUT, applied); err != nil {
		t.Errorf("a batch with a fact that was lost before was lost again: %v", err)
	}
}

// TestQuestionsAreNoAttempts: looking a posting up between two attempts must
// not change their number.
func TestQuestionsAreNoAttempts(t *testing.T) {
	l := newLink("erp")
	m := about("confirmations", confirmation("1", 1))
	ask := simulators.Message{Verb: "get", Name: "postings", Key: m.Key}
	for _, m := range []simulators.Message{m, ask, ask, m} {
		if _, err := l.Carry(t.Context(), m, simulators.FromSUT, applied); err != nil {
			t.Fatal(err)
		}
	}
	var got []int
	for _, a := range bodies[evidence.Attempt](l.Journal) {
		got = append(got, a.Attempt)
	}
	if !slices.Equal(got, []int{1, 1, 2, 2}) {
		t.Errorf("attempts %v, want 1 1 2 2", got)
	}
}

// toy is the smallest integration that still can be wrong: it forwards what
// the MES announces to the ERP, repeats what was not answered, and forgets
// nothing. Links, journal and clocks are the real ones.
type toy struct {
	mes, erp *chaos.Link
	books    func(ctx context.Context, m simulators.Message) (simulators.Message, error)
	work     sync.WaitGroup
}

// take accepts an announcement and posts it on its own.
func (s *toy) take(ctx context.Context, m simulators.Message) (simulators.Message, error) {
	ctx = context.WithoutCancel(ctx)
	own := time.Duration(m.ID) // no two of its workers wake at the same instant
	s.work.Go(func() {
		time.Sleep(5*time.Millisecond + own)
		for attempt := range 8 {
			reply, err := s.erp.Carry(ctx, simulators.Message{Verb: "post", Name: m.Name, Key: m.Key, Entity: m.Entity, Events: m.Events, Body: m.Body,
				Header: map[string]string{"Idempotency-Key": m.Key, "Authorization": "Bearer t"}}, simulators.FromSUT, s.books)
			if err == nil && reply.Result.Outcome.Took() {
				return
			}
			time.Sleep(max(reply.Result.RetryAfter, time.Duration(attempt+1)*(97*time.Millisecond+11*own)))
		}
	})
	return simulators.Message{Result: simulators.Result{Outcome: simulators.Accepted, Status: 202}}, nil
}

// play runs the toy rig once and returns a hash over its whole journal.
func play(t *testing.T, seed uint64) (sum string, records int, kinds map[string]int) {
	t.Helper()
	ordinals, ids := chaos.NewOrdinals(), &atomic.Uint64{}
	j := evidence.NewJournal(nil)
	link := func(name string) *chaos.Link {
		return &chaos.Link{Name: name, Journal: j, Seed: seed, Ordinals: ordinals, IDs: ids,
			Encode: func(e plant.Event) ([]simulators.Message, error) {
				return []simulators.Message{{Body: []byte("new")}}, nil
			}}
	}
	s := &toy{mes: link("mes"), erp: link("erp")}
	var mu sync.Mutex // guards doc
	doc := 0
	s.books = func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
		mu.Lock()
		defer mu.Unlock()
		doc++
		j.Append(evidence.Effect{Attempt: m.ID, Endpoint: "erp", Posting: simulators.Posting{Doc: fmt.Sprint(doc), Claim: m.Events[0]}})
		return applied(ctx, m)
	}
	arm := func(l *chaos.Link, rs ...chaos.Rule) {
		for _, r := range rs {
			l.Arm(&r)
		}
	}
	arm(s.mes,
		chaos.Rule{ID: "dup", Kind: "duplicate", Fault: &faults.Duplicate{Copies: 2, Later: faults.Wall(3 * time.Second)}, P: 0.3, Attempts: 1},
		chaos.Rule{ID: "lot", Kind: "invalid-lot", Fault: swap("BAD"), Fact: plant.KindConsumption, P: 0.2},
		chaos.Rule{ID: "slow", Kind: "delay", Fault: &faults.Delay{Median: faults.Wall(50 * time.Millisecond), P99: faults.Wall(time.Second)}, P: 0.5})
	arm(s.erp,
		chaos.Rule{ID: "lost", Kind: "ambiguous-commit", Fault: &faults.AmbiguousCommit{Latency: faults.Wall(20 * time.Millisecond)}, P: 0.2, Attempts: 1},
		chaos.Rule{ID: "many", Kind: "throttle", Fault: &faults.Throttle{Rate: 6, Window: faults.Wall(time.Second)}},
		chaos.Rule{ID: "away", Kind: "outage", Fault: &faults.Outage{Skip: 15, For: faults.Wall(time.Second)}})
	for i := range 20 {
		e := confirmation(fmt.Sprint("o", i%4), i/4+1)
		if i%3 == 0 {
			e = consumption(fmt.Sprint("o", i%4), i/4+1, "L1")
		}
		ordinals.Add(e.Fact)
		j.Append(evidence.Truth{Event: e, Source: "mes", Sink: "erp"})
		for {
			var lost *simulators.LostError
			if _, err := s.mes.Carry(t.Context(), about("facts", e), simulators.ToSUT, s.take); !errors.As(err, &lost) {
				break
			}
			time.Sleep(13 * time.Millisecond)
		}
		time.Sleep(113*time.Millisecond + 7)
	}
	s.mes.Wait()
	s.work.Wait()
	s.erp.Wait()
	h, kinds := sha256.New(), map[string]int{}
	for _, r := range j.Records() {
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(b)
		kinds[r.Kind()]++
	}
	return fmt.Sprintf("%x", h.Sum(nil)), len(j.Records()), kinds
}

// TestRepeats is the promise of an in-memory rig: one seed, one journal.
func TestRepeats(t *testing.T) {
	runs := race.Rounds(500, 50)
	if testing.Short() {
		runs = 50
	}
	seen := map[string]int{}
	for range runs {
		synctest.Test(t, func(t *testing.T) {
			sum, n, kinds := play(t, 4711)
			if len(seen) == 0 {
				t.Logf("%d records: %v", n, kinds)
				if kinds["fault"] < 20 || kinds["effect"] <= 20 {
					t.Errorf("hardly anything happened: %v", kinds)
				}
			}
			seen[sum]++
		})
	}
	if len(seen) != 1 {
		t.Errorf("%d journals in %d runs of one seed, want 1: %v", len(seen), runs, seen)
	}
	synctest.Test(t, func(t *testing.T) {
		if sum, _, _ := play(t, 4712); seen[sum] > 0 {
			t.Error("another seed gives the same journal")
		}
	})
}
