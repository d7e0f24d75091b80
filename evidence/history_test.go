package evidence

import (
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// book writes a journal for tests: each call is one record, a millisecond
// after the last.
type book struct {
	records []Record
	id      uint64
}

func (b *book) add(body Body) Record {
	seq := uint64(len(b.records) + 1)
	r := Record{Seq: seq, At: time.Duration(seq) * time.Millisecond, Body: body}
	b.records = append(b.records, r)
	return r
}

func (b *book) now() time.Duration { return time.Duration(len(b.records)) * time.Millisecond }

func confirmation(n int, yield string) plant.Confirmed {
	return plant.Confirmed{Order: "000471", Operation: "0010", Counter: n, Yield: plant.Quantity{Amount: plant.MustDecimal(yield), Unit: "EA"}}
}

func event(f plant.Fact) plant.Event {
	return plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f}
}

func (b *book) truth(f plant.Fact) plant.Event {
	e := event(f)
	b.add(Truth{Event: e, Source: "mes", Sink: "erp"})
	return e
}

func (b *book) offer(e plant.Event, o simulators.Outcome) {
	b.id++
	b.add(Offer{ID: b.id, Endpoint: "mes", Facts: []plant.EventID{e.ID}, Attempt: 1, Start: b.now(), End: b.now() + 1, Result: simulators.Result{Outcome: o}})
}

// post is an attempt that changes the books.
func (b *book) post(claim plant.Event) {
	b.id++
	id, start := b.id, b.now()
	b.add(Effect{Attempt: id, Endpoint: "erp", Posting: simulators.Posting{Doc: "5000000001", Claim: claim}})
	done := simulators.Result{Outcome: simulators.Applied}
	b.add(Attempt{ID: id, Endpoint: "erp", Verb: "post", Key: plant.Natural(claim.Fact), Claims: []plant.Event{claim}, Attempt: 1, Start: start, End: b.now(), Acted: done, Heard: done})
}

func newBook() *book {
	b := &book{}
	b.add(Begin{Plan: Plan{Endpoints: map[string]Endpoint{"erp": {System: "erp"}, "mes": {System: "mes"}}}})
	return b
}

func (b *book) history() *History {
	b.add(End{Quiet: true})
	return NewHistory(b.records)
}

func TestHistoryJoinsAFactWithWhatBecameOfIt(t *testing.T) {
	b := newBook()
	e := b.truth(confirmation(1, "5.013"))
	b.offer(e, simulators.Unknown)
	b.offer(e, simulators.Applied)
	b.post(e)
	b.add(Surface{Reference: string(e.ID), Class: simulators.Technical})
	h := b.history()
	f := h.Fact(e.ID)
	if f == nil || len(f.Offers) != 2 || len(f.Attempts) != 1 || len(f.Effects) != 1 || len(f.Surfaces) != 1 || f.Posted != 1 {
		t.Fatalf("fact is joined with %+v", f)
	}
	if f.Status != Must || f.Effects[0].By != ByReference || f.Effects[0].Cause != f.Attempts[0] {
		t.Errorf("status %s, effect by %s", f.Status, f.Effects[0].By)
	}
	if ok, why := h.Settled(); !ok {
		t.Errorf("not settled: %s", why)
	}
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		name   string
		offers []simulators.Outcome
		want   Status
	}{
		{"accepted", []simulators.Outcome{simulators.Applied}, Must},
		{"lost, then accepted", []simulators.Outcome{simulators.Undelivered, simulators.Accepted}, Must},
		{"unknown only", []simulators.Outcome{simulators.Unknown, simulators.Unknown}, May},
		{"refused", []simulators.Outcome{simulators.Refused}, MustNot},
		{"refused after an unknown try may be a repetition", []simulators.Outcome{simulators.Unknown, simulators.Refused}, May},
		{"never arrived", []simulators.Outcome{simulators.Undelivered}, May},
		{"never offered", nil, May},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			e := b.truth(confirmation(1, "5"))
			for _, o := range c.offers {
				b.offer(e, o)
			}
			if f := b.history().Fact(e.ID); f.Status != c.want {
				t.Errorf("got %s (%s), want %s", f.Status, f.WhyStatus, c.want)
			}
		})
	}
}

func TestInvalidFactsMustNotBePosted(t *testing.T) {
	b := newBook()
	e := b.truth(confirmation(1, "5"))
	b.add(Disturbance{Fault: "f1", Kind: "invalid-lot", Phase: Struck, Facts: []plant.EventID{e.ID}, Invalid: true})
	b.offer(e, simulators.Applied)
	if f := b.history().Fact(e.ID); f.Status != MustNot {
		t.Errorf("got %s (%s)", f.Status, f.WhyStatus)
	}
}

func TestNewerVersionSupersedesWhatWasNotEffectiveYet(t *testing.T) {
	change := func(v int) plant.OrderChanged {
		return plant.OrderChanged{Order: "000471", Version: v, Quantity: plant.Of(int64(10*v), "EA")}
	}
	b := newBook()
	early, late, last := b.truth(change(2)), b.truth(change(3)), b.truth(change(4))
	b.offer(early, simulators.Applied)
	b.post(early)
	b.offer(late, simulators.Applied)
	b.offer(last, simulators.Applied)
	h := b.history()
	for id, want := range map[plant.EventID]Status{early.ID: Must, late.ID: May, last.ID: Must} {
		if f := h.Fact(id); f.Status != want {
			t.Errorf("%s: got %s (%s), want %s", id, f.Status, f.WhyStatus, want)
		}
	}
}

func TestCutAndBrokenJournals(t *testing.T) {
	whole := newBook()
	whole.truth(confirmation(1, "5"))
	whole.add(End{Quiet: true})
	for _, c := range []struct {
		name    string
		records []Record
		settled bool
		whole   bool
	}{
		{"whole", whole.records, true, true},
		{"cut", whole.records[:2], false, false},
		{"without opening", whole.records[1:], false, false},
		{"with a gap", []Record{whole.records[0], whole.records[2]}, false, false},
		{"empty", nil, false, false},
	} {
		h := NewHistory(c.records)
		settled, why := h.Settled()
		if w, _ := h.Whole(); settled != c.settled || w != c.whole {
			t.Errorf("%s: settled %v, whole %v (%s)", c.name, settled, w, why)
		}
	}
	if h := NewHistory(whole.records, "line 7 is not JSON"); len(h.Unreadable) != 1 {
		t.Error("the reader's reason was lost")
	}
}

func TestWorstVerdict(t *testing.T) {
	idle := Finding{Verdict: Vacuous, Rule: RuleIdle}
	for _, c := range []struct {
		name string
		in   []Finding
		want Verdict
	}{
		{"none", nil, Vacuous},
		{"idle only", []Finding{idle}, Vacuous},
		{"idle beside one that holds", []Finding{idle, {Verdict: Holds}}, Holds},
		{"not exercised", []Finding{{Verdict: Vacuous}, {Verdict: Holds}}, Vacuous},
		{"worst wins", []Finding{{Verdict: Violated}, {Verdict: Inconclusive}}, Violated},
		{"waived only", []Finding{{Verdict: Holds, Rule: RuleWaived}}, Vacuous},
	} {
		if got := Worst(c.in); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
