package oracles_test

import (
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// watermarks are quantities of which no two subsets have one sum.
var watermarks = []string{"5.013", "7.041", "3.207", "2.119", "4.403"}

// bare is a claim as a SUT sends it that drops reference and counter.
func bare(e plant.Event, amount string) plant.Event {
	c := e.Fact.(plant.Confirmed)
	c.Counter, c.Yield = 0, journaltest.Qty(amount, "EA")
	return plant.Event{At: e.At, Fact: c}
}

// TestLostAndDoubledAreNamedWithoutIdentifiers: whatever a SUT does to the
// identifiers, the finding names the very confirmation.
func TestLostAndDoubledAreNamedWithoutIdentifiers(t *testing.T) {
	type post func(r *journaltest.Run, es []plant.Event)
	stripped := func(skip, twice int) post {
		return func(r *journaltest.Run, es []plant.Event) {
			for i, e := range es {
				if i == skip {
					continue
				}
				r.Send(journaltest.Sending{Key: string(e.ID)}, bare(e, watermarks[i]))
				if i == twice {
					r.Send(journaltest.Sending{Key: "again"}, bare(e, watermarks[i]))
				}
			}
		}
	}
	for _, c := range []struct {
		name   string
		post   post
		oracle string
		want   evidence.Verdict
		fact   plant.EventID
	}{
		{"ids stripped, all there", stripped(-1, -1), "", evidence.Holds, ""},
		{"ids stripped, one lost", stripped(2, -1), "no-silent-drop", evidence.Violated, "confirmation/000004711/0010/3"},
		{"ids stripped, one doubled", stripped(-1, 1), "exactly-once", evidence.Violated, "confirmation/000004711/0010/2"},
		{"the SUT counts by itself, one lost", func(r *journaltest.Run, es []plant.Event) {
			n := 0
			for i, e := range es {
				if i == 1 {
					continue
				}
				n++
				e.ID = ""
				r.Send(journaltest.Sending{Key: "k" + watermarks[i]}, claim(e, func(c *plant.Confirmed) { c.Counter = n }))
			}
		}, "no-silent-drop", evidence.Violated, "confirmation/000004711/0010/2"},
		{"aggregated into one", func(r *journaltest.Run, es []plant.Event) {
			r.Post(bare(es[4], "21.783"))
		}, "", evidence.Holds, ""},
		{"aggregated without one", func(r *journaltest.Run, es []plant.Event) {
			r.Post(bare(es[4], "14.742"))
		}, "no-silent-drop", evidence.Violated, "confirmation/000004711/0010/2"},
		{"aggregated under the last reference", func(r *journaltest.Run, es []plant.Event) {
			r.Post(claim(es[4], func(c *plant.Confirmed) { c.Yield = journaltest.Qty("21.783", "EA") }))
		}, "", evidence.Holds, ""},
		{"aggregated by twos and threes, the sum of two doubled", func(r *journaltest.Run, es []plant.Event) {
			r.Post(bare(es[1], "12.054"))
			r.Send(journaltest.Sending{Key: "rest"}, bare(es[4], "9.729"))
			r.Send(journaltest.Sending{Key: "again"}, bare(es[1], "12.054"))
		}, "exactly-once", evidence.Violated, "confirmation/000004711/0010/1"},
		{"split in two, without ids", func(r *journaltest.Run, es []plant.Event) {
			stripped(0, -1)(r, es)
			r.Send(journaltest.Sending{Key: "p1"}, bare(es[0], "5"))
			r.Send(journaltest.Sending{Key: "p2"}, bare(es[0], "0.013"))
		}, "", evidence.Holds, ""},
		{"split in two under one reference", func(r *journaltest.Run, es []plant.Event) {
			for _, e := range es[1:] {
				r.Post(e)
			}
			for _, q := range []string{"5", "0.013"} {
				r.Send(journaltest.Sending{Key: "part " + q}, claim(es[0], func(c *plant.Confirmed) { c.Yield = journaltest.Qty(q, "EA") }))
			}
		}, "", evidence.Holds, ""},
		{"split in two, and all of it twice", func(r *journaltest.Run, es []plant.Event) {
			for _, e := range es[1:] {
				r.Post(e)
			}
			for _, k := range []string{"a", "b"} {
				for _, q := range []string{"5", "0.013"} {
					r.Send(journaltest.Sending{Key: k + q}, claim(es[0], func(c *plant.Confirmed) { c.Yield = journaltest.Qty(q, "EA") }))
				}
			}
		}, "exactly-once", evidence.Violated, "confirmation/000004711/0010/1"},
		{"zeros trimmed from key and reference", func(r *journaltest.Run, es []plant.Event) {
			for i, e := range es {
				if i == 3 {
					e.ID = "confirmation/4711/0010/4"
					e = claim(e, func(c *plant.Confirmed) { c.Order = "4711" })
				}
				r.Post(e)
			}
		}, "field-fidelity", evidence.Violated, "confirmation/000004711/0010/4"},
		{"ids stripped and one quantity rounded", func(r *journaltest.Run, es []plant.Event) {
			for i, e := range es {
				q := watermarks[i]
				if i == 2 {
					q = "3.21"
				}
				r.Send(journaltest.Sending{Key: "k" + q}, bare(e, q))
			}
		}, "field-fidelity", evidence.Violated, "confirmation/000004711/0010/3"},
		{"a copy with trimmed zeros of what is posted already", func(r *journaltest.Run, es []plant.Event) {
			for _, e := range es {
				r.Post(e)
			}
			e := claim(es[0], func(c *plant.Confirmed) { c.Order = "4711" })
			e.ID = ""
			r.Send(journaltest.Sending{Key: "other"}, e)
		}, "no-phantom", evidence.Violated, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := journaltest.New()
			var es []plant.Event
			for i, q := range watermarks {
				es = append(es, r.Happen(journaltest.Confirmed(i+1, q)))
			}
			c.post(r, es)
			h := r.History()
			found := oracles.JudgeAll(h, oracles.Standard())
			if c.oracle == "" {
				for _, o := range []string{"exactly-once", "no-phantom", "field-fidelity", "conservation", "no-silent-drop"} {
					for _, f := range judge(t, o, h) {
						if f.Verdict != evidence.Holds {
							t.Errorf("%s: %s %s: %s / %s", f.Oracle, f.Verdict, f.Rule, f.Expected, f.Got)
						}
					}
				}
				return
			}
			for _, f := range found {
				if f.Oracle == c.oracle && f.Verdict == c.want && f.Fact == c.fact {
					return
				}
			}
			t.Errorf("no finding of %s names %q:", c.oracle, c.fact)
			for _, f := range found {
				t.Logf("%s %s %s %s: %s / %s", f.Oracle, f.Verdict, f.Rule, f.Fact, f.Expected, f.Got)
			}
		})
	}
}

// TestAttemptsFollowTheirEffects: a message that names no fact is known by
// another of the same payload whose posting gave it away.
func TestAttemptsFollowTheirEffects(t *testing.T) {
	r := journaltest.New()
	e := r.Happen(journaltest.Confirmed(1, "5.013"))
	r.Send(journaltest.Sending{Key: "k", Acted: undelivered, Heard: outage}, bare(e, "5.013"))
	r.Send(journaltest.Sending{Key: "k"}, bare(e, "5.013"))
	f := r.History().Facts[0]
	if len(f.Attempts) != 2 || f.Attempts[0].Facts[0] != f || f.Attempts[0].Seq > f.Attempts[1].Seq {
		t.Errorf("%d attempts", len(f.Attempts))
	}
}

// TestSumsThatAreNotUniqueAreNotGuessed: two subsets with one sum prove
// nothing about either.
func TestSumsThatAreNotUniqueAreNotGuessed(t *testing.T) {
	r := journaltest.New()
	for i, q := range []string{"1", "2", "3", "4"} {
		r.Happen(journaltest.Confirmed(i+1, q))
	}
	e := plant.Event{Fact: plant.Confirmed{Order: journaltest.Order, Operation: "0010", Yield: journaltest.Qty("5", "EA")}}
	r.Send(journaltest.Sending{Key: "k"}, e) // 1+4 or 2+3
	h := r.History()
	if len(h.Phantoms) != 0 || len(h.Unclear) != 1 {
		t.Errorf("attributed to %v by %s", h.Effects[0].Facts, h.Effects[0].By)
	}
	// Which two were posted is open; that two are missing is not.
	verdicts := map[string]evidence.Verdict{}
	for _, f := range oracles.JudgeAll(h, oracles.Standard()) {
		verdicts[f.Oracle] = max(verdicts[f.Oracle], f.Verdict)
	}
	for oracle, want := range map[string]evidence.Verdict{
		"no-phantom": evidence.Inconclusive, "no-silent-drop": evidence.Inconclusive, "conservation": evidence.Violated, "exactly-once": evidence.Holds,
	} {
		if verdicts[oracle] != want {
			t.Errorf("%s: got %s, want %s", oracle, verdicts[oracle], want)
		}
	}
}

// TestLongSumsAreNeighbours: beyond twenty facts only a run of neighbours is
// looked for, and found if it is the only one.
func TestLongSumsAreNeighbours(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to int // summed up by the SUT
		want     int // facts the posting is attributed to
	}{{"a run in the middle", 7, 19, 13}, {"from the first", 0, 4, 5}, {"to the last", 25, 29, 5}, {"not a run", -1, 0, 0}} {
		r := journaltest.New()
		sum := plant.Decimal(0)
		for i := range 30 {
			q := plant.Decimal(1_000_000 + i*i*7_003)
			r.Happen(plant.Confirmed{Order: journaltest.Order, Operation: "0010", Counter: i + 1, Yield: plant.Quantity{Amount: q, Unit: "EA"}})
			if (c.from >= 0 && i >= c.from && i <= c.to) || (c.from < 0 && (i == 3 || i == 17 || i == 25)) {
				sum = sum.Add(q)
			}
		}
		r.Send(journaltest.Sending{Key: "k"}, plant.Event{Fact: plant.Confirmed{Order: journaltest.Order, Operation: "0010", Yield: plant.Quantity{Amount: sum, Unit: "EA"}}})
		e := r.History().Effects[0]
		if len(e.Facts) != c.want || (c.want > 0 && e.Facts[0].Event.Fact.(plant.Confirmed).Counter != c.from+1) {
			t.Errorf("%s: attributed to %d facts, want %d", c.name, len(e.Facts), c.want)
		}
	}
}

// TestSplitsInOtherUnits: parts are added up in base units, and only those
// that fit.
func TestSplitsInOtherUnits(t *testing.T) {
	r := journaltest.New()
	e := r.Happen(journaltest.Consumed(1, "2.5", "KG"))
	for i, q := range []plant.Quantity{journaltest.Qty("1500", "G"), journaltest.Qty("1", "KG")} {
		c := plant.Consumed{Order: journaltest.Order, Operation: "0010", Material: "000PLATE", Lot: "L-7", Quantity: q}
		r.Send(journaltest.Sending{Key: string(rune('a' + i))}, plant.Event{At: e.At, Fact: c})
	}
	other := plant.Consumed{Order: journaltest.Order, Operation: "0010", Material: "000PLATE", Lot: "L-8", Quantity: journaltest.Qty("9", "KG")}
	r.Send(journaltest.Sending{Key: "other"}, plant.Event{Fact: other})
	h := r.History()
	if f := h.Facts[0]; f.Posted != 1 || len(f.Effects) != 2 || !f.Effects[0].Part {
		t.Errorf("posted %d times by %d effects", f.Posted, len(f.Effects))
	}
	if len(h.Phantoms) != 1 {
		t.Errorf("%d phantoms", len(h.Phantoms))
	}
}

func TestSurfacesFindTheirFacts(t *testing.T) {
	keys := journaltest.Confirmed(2, "7.041").Keys()
	for _, c := range []struct {
		name string
		s    evidence.Surface
		want plant.EventID
		by   evidence.Attribution
	}{
		{"by reference", evidence.Surface{Reference: "confirmation/000004711/0010/1"}, "confirmation/000004711/0010/1", evidence.ByReference},
		{"by business key", evidence.Surface{Kind: plant.KindConfirmation, Keys: keys}, "confirmation/000004711/0010/2", evidence.ByKey},
		{"by some keys: the one that is missing", evidence.Surface{Kind: plant.KindConfirmation, Keys: plant.Keys{Order: journaltest.Order}}, "confirmation/000004711/0010/2", evidence.ByKey},
		{"an altered reference, but keys", evidence.Surface{Kind: plant.KindConfirmation, Reference: "msg-17", Keys: keys}, "confirmation/000004711/0010/2", evidence.ByKey},
		{"nothing known", evidence.Surface{Kind: plant.KindConfirmation, Keys: plant.Keys{Order: "X"}}, "", ""},
	} {
		r := journaltest.New()
		r.Do(journaltest.Confirmed(1, "5.013"))
		r.Send(journaltest.Sending{Acted: simulators.Result{Outcome: simulators.Refused}}, r.Happen(journaltest.Confirmed(2, "7.041")))
		r.Add(c.s)
		h := r.History()
		got := plant.EventID("")
		if f := h.Surfaces[0].Fact; f != nil {
			got = f.Event.ID
		}
		if got != c.want || h.Surfaces[0].By != c.by || (got == "") != (len(h.Strays) == 1) {
			t.Errorf("%s: got %q by %q", c.name, got, h.Surfaces[0].By)
		}
	}
}
