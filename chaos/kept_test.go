package chaos_test

import (
	"context"
	"encoding/json"
	"fmt"
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
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
)

// papers is a dialect of bare JSON events with a feed.
type papers struct{}

func (papers) Encode(e plant.Event) ([]simulators.Message, error) {
	b, err := json.Marshal(e)
	return []simulators.Message{{Name: string(e.Fact.Kind()), Body: b}}, err
}

func (papers) Decode(m simulators.Message) (simulators.Ask, error) {
	return simulators.Ask{Query: &simulators.Query{Object: m.Name, Where: m.Params}}, nil
}

// Reply lists what the page says, by fact and lot.
func (papers) Reply(_ simulators.Message, a simulators.Answer) simulators.Message {
	var said []string
	for _, f := range a.Found {
		var e plant.Event
		if err := json.Unmarshal(f.(simulators.Message).Body, &e); err != nil {
			return simulators.Message{Body: []byte(err.Error())}
		}
		said = append(said, fmt.Sprint(e.Fact.Keys().Order, "/", e.Fact.Keys().Counter, " ", e.Fact.Keys().Lot))
	}
	return simulators.Message{Body: []byte(strings.Join(said, ", ")), Header: map[string]string{"cursor": a.Cursor}}
}

func (papers) Policy() simulators.Policy { return simulators.Policy{} }

// announcer announces everything.
type announcer struct{}

func (announcer) Notice(e plant.Event) []plant.Event { return []plant.Event{e} }
func (announcer) State(string, string) any           { return nil }
func (announcer) Handle(simulators.Ask, func(simulators.Posting)) simulators.Answer {
	return simulators.Answer{}
}

// polled is an endpoint whose announcements are fetched, and the reader.
type polled struct {
	t      *testing.T
	link   *chaos.Link
	e      *endpoint.Endpoint
	cursor string
}

func newPolled(t *testing.T, rules ...*chaos.Rule) *polled {
	l := newLink("mes")
	e := endpoint.New(endpoint.Config{Name: "mes", System: announcer{}, Dialect: papers{}, Line: l, OnFeed: l.Fetched})
	l.Encode = e.Encode
	for _, r := range rules {
		l.Arm(r)
	}
	return &polled{t: t, link: l, e: e}
}

func (p *polled) announce(events ...plant.Event) {
	p.t.Helper()
	for _, e := range events {
		p.link.Ordinals.Add(e.Fact)
		if err := p.e.Notice(e); err != nil {
			p.t.Fatal(err)
		}
	}
	synctest.Wait()
}

// fetch reads what is new since the last page, and takes that.
func (p *polled) fetch() string {
	p.t.Helper()
	reply, err := p.e.Receive(context.Background(), simulators.Message{Verb: "get", Name: "feed", Params: map[string]string{"after": p.cursor}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.cursor = reply.Header["cursor"]
	return string(reply.Body)
}

func (p *polled) wants(want string) {
	p.t.Helper()
	if got := p.fetch(); got != want {
		p.t.Errorf("after %s the feed says %q, want %q", p.link.Journal.Now(), got, want)
	}
}

func lotted(order string, n int) plant.Event { return consumption(order, n, "L") }

func rule(f chaos.Fault, r chaos.Rule) *chaos.Rule {
	r.ID, r.Kind, r.Fault, r.Direction = "f", "f", f, simulators.ToSUT
	return &r
}

// TestFaultsOnAFeed: what can happen to an announcement on its way into a feed.
func TestFaultsOnAFeed(t *testing.T) {
	second := func(f chaos.Fault) *chaos.Rule { return rule(f, chaos.Rule{Nth: 2, Per: "run"}) }
	events := []plant.Event{lotted("1", 1), lotted("1", 2), lotted("1", 3), lotted("2", 1)}
	for _, c := range []struct {
		name    string
		rule    *chaos.Rule
		now     string // on the first page
		later   string // on the second, after two seconds
		strikes int
	}{
		{"nothing", second(fault(func(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return []chaos.Delivery{d} })),
			"1/1 L, 1/2 L, 1/3 L, 2/1 L", "", 0},
		{"twice, later", second(&faults.Duplicate{Copies: 1, Later: faults.Wall(time.Second)}), "1/1 L, 1/2 L, 1/3 L, 2/1 L", "1/2 L", 1},
		{"delayed: its own entity waits, others do not", second(&faults.Delay{For: faults.Wall(time.Second)}), "1/1 L, 2/1 L", "1/2 L, 1/3 L", 1},
		{"reordered within its entity", second(&faults.Reorder{Within: faults.WithinEntity, For: faults.Wall(time.Second)}), "1/1 L, 1/3 L, 2/1 L", "1/2 L", 1},
		{"reordered across", second(&faults.Reorder{Within: faults.Across, For: faults.Wall(time.Second)}), "1/1 L, 2/1 L", "1/2 L, 1/3 L", 1},
		{"another lot", second(swap("X")), "1/1 L, 1/2 X, 1/3 L, 2/1 L", "", 1},
		{"lost", second(&faults.Lose{Symptom: simulators.Reset}), "1/1 L, 1/2 L, 1/3 L, 2/1 L", "", 0},
		{"lost by a fault that returns nothing", second(fault(nothingArrives)), "1/1 L, 1/2 L, 1/3 L, 2/1 L", "", 0},
		{"acted, reply lost", second(&faults.AmbiguousCommit{Symptom: simulators.Reset}), "1/1 L, 1/2 L, 1/3 L, 2/1 L", "", 0},
		{"out of service", rule(&faults.Outage{}, chaos.Rule{}), "1/1 L, 1/2 L, 1/3 L, 2/1 L", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPolled(t, c.rule)
				defer p.link.Close()
				p.announce(events...)
				p.wants(c.now)
				time.Sleep(2 * time.Second)
				p.wants(c.later)
				p.fetch()
				if n := p.e.Waiting(); n != 0 {
					t.Errorf("%d announcements wait although all were taken", n)
				}
				if got := strikes(p.link.Journal); len(got) != c.strikes {
					t.Errorf("struck %d times, want %d: %+v", len(got), c.strikes, got)
				}
				accepted := map[plant.EventID]int{}
				for _, o := range bodies[evidence.Offer](p.link.Journal) {
					if o.Result.Outcome == simulators.Accepted && !o.Copy {
						accepted[o.Facts[0]]++
					}
				}
				for _, e := range events {
					if accepted[e.ID] != 1 {
						t.Errorf("%s was taken %d times, want once", e.ID, accepted[e.ID])
					}
				}
			})
		})
	}
}

// TestAnOfferOfAFeed: served and not known to have arrived, served again,
// taken; and of a copy, that it was one.
func TestAnOfferOfAFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPolled(t, rule(&faults.Duplicate{Copies: 1, Later: faults.Wall(time.Second)}, chaos.Rule{}))
		defer p.link.Close()
		p.announce(confirmation("1", 1))
		if n := len(bodies[evidence.Offer](p.link.Journal)); n != 0 {
			t.Errorf("%d offers before anybody asked", n)
		}
		p.fetch()
		p.cursor = "" // it forgot, for it was killed
		time.Sleep(2 * time.Second)
		p.fetch()
		p.fetch()
		var got []string
		for _, o := range bodies[evidence.Offer](p.link.Journal) {
			got = append(got, fmt.Sprintf("%d %s try %d copy %t %v", o.ID, o.Result.Outcome, o.Attempt, o.Copy, o.Faults))
		}
		want := []string{"1 unknown try 1 copy false [f]", "1 unknown try 2 copy false [f]", "2 unknown try 1 copy true [f]",
			"1 accepted try 2 copy false [f]", "2 accepted try 1 copy true [f]"}
		if !slices.Equal(got, want) {
			t.Errorf("offers\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// TestMomentsOfAFeed: an announcement has arrived when it was served, and was
// acted upon when the reader comes back.
func TestMomentsOfAFeed(t *testing.T) {
	for moment, want := range map[chaos.Moment][2]int{chaos.BeforeApply: {1, 1}, chaos.AfterApply: {0, 1}, chaos.AfterReply: {0, 1}} {
		t.Run(string(moment), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPolled(t)
				defer p.link.Close()
				p.link.Moments = chaos.NewMoments(p.link.Journal)
				var n atomic.Int32
				p.link.Moments.Upon(&chaos.Rule{ID: "kill", Direction: simulators.ToSUT}, chaos.ProcessFault{Do: chaos.Kill, Moment: moment}, func(chaos.Passage) { n.Add(1) })
				p.announce(confirmation("1", 1))
				if n.Load() != 0 {
					t.Error("it came before anybody asked")
				}
				p.fetch()
				time.Sleep(time.Second)
				served := int(n.Load())
				p.fetch()
				time.Sleep(time.Second)
				if taken := int(n.Load()); served != want[0] || taken != want[1] {
					t.Errorf("came %d times when served, %d when taken; want %v", served, taken, want)
				}
			})
		})
	}
}

// TestAFeedRepeats: one seed, one journal.
func TestAFeedRepeats(t *testing.T) {
	run := func() (sum string) {
		synctest.Test(t, func(t *testing.T) {
			p := newPolled(t,
				&chaos.Rule{ID: "twice", Kind: "duplicate", Fault: &faults.Duplicate{Copies: 2, Later: faults.Wall(time.Second)}, Direction: simulators.ToSUT, P: 0.3},
				&chaos.Rule{ID: "late", Kind: "delay", Fault: &faults.Delay{Median: faults.Wall(time.Second), P99: faults.Wall(4 * time.Second)}, Direction: simulators.ToSUT, P: 0.3},
				&chaos.Rule{ID: "passed", Kind: "reorder", Fault: &faults.Reorder{For: faults.Wall(2 * time.Second)}, Direction: simulators.ToSUT, P: 0.2})
			defer p.link.Close()
			for n := range 60 {
				p.announce(confirmation(fmt.Sprint(n%7), n/7+1))
				time.Sleep(100*time.Millisecond + time.Microsecond) // never when something held falls due
				p.fetch()
			}
			time.Sleep(30 * time.Second)
			p.fetch()
			p.fetch()
			if n := p.e.Waiting(); n != 0 {
				t.Errorf("%d announcements were lost", n)
			}
			b, err := json.Marshal(p.link.Journal.Records())
			if err != nil {
				t.Fatal(err)
			}
			sum = string(b)
		})
		return sum
	}
	first := run()
	if !strings.Contains(first, `"copy":true`) {
		t.Error("nothing was doubled")
	}
	for range 20 {
		if run() != first {
			t.Fatal("the same seed gave another journal")
		}
	}
}
