package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestALostReplyIsAskedForNotRepeated(t *testing.T) {
	w := newWorld(t)
	w.erp.script = func(p posted) answer { return answer{post: true, cut: p.nth == 1} }
	w.mes.announce(confirmation("1", "0010", 1), confirmation("1", "0010", 2))
	w.run(t)
	w.erp.await(t, "both posted", func() bool {
		return w.erp.times("confirmation/1/0010/1", "confirmation/1/0010/2") == "1 1" && len(w.erp.posts) == 2
	})
	w.erp.mu.Lock()
	defer w.erp.mu.Unlock()
	if w.erp.asked["confirmation/1/0010/1"] == 0 || w.erp.asked["confirmation/1/0010/2"] != 0 {
		t.Errorf("asked %v, want the first only", w.erp.asked)
	}
}

func TestALostRequestGoesAgainUnderItsKeyAndInSequence(t *testing.T) {
	for name, trouble := range map[string]answer{
		"cut":         {cut: true},
		"locked":      refuse(423, "order-locked", "technical"),
		"gateway":     {status: 502, header: http.Header{"Content-Type": {"text/html"}}},
		"lying":       {status: 200, header: http.Header{"Content-Type": {"application/json"}}, body: problemText(423, "order-locked", "technical")},
		"strange":     {status: 200, header: http.Header{"Content-Type": {"application/json"}}, body: `{"outcome":"of tomorrow"}`},
		"maintenance": {status: 200, header: http.Header{"Content-Type": {"text/html"}}, body: "<h1>back soon</h1>"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.erp.script = func(p posted) answer {
				if p.nth <= 2 {
					return trouble
				}
				return answer{}
			}
			w.mes.announce(confirmation("1", "0010", 1), confirmation("1", "0010", 2))
			w.run(t)
			w.erp.await(t, "both posted", func() bool { return w.erp.times("confirmation/1/0010/1", "confirmation/1/0010/2") == "1 1" })
			w.erp.mu.Lock()
			defer w.erp.mu.Unlock()
			ps := w.erp.posts
			if len(ps) != 4 || ps[0].key != ps[1].key || ps[1].key != ps[2].key || ps[2].key == ps[3].key {
				t.Errorf("posts %+v, want three of the first under one key, then the second", ps)
			}
			if ps[0].key == "" || ps[3].refs[0] != "confirmation/1/0010/2" {
				t.Errorf("posts %+v out of sequence", ps)
			}
		})
	}
}

func TestRetryAfterKeepsEverybodyAway(t *testing.T) {
	for name, header := range map[string]func() string{
		"seconds": func() string { return "1" },
		"date":    func() string { return time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.erp.script = func(p posted) answer {
				if p.nth == 1 {
					a := refuse(429, "quota-exceeded", "technical")
					a.header = http.Header{"Retry-After": {header()}}
					return a
				}
				return answer{}
			}
			w.mes.announce(confirmation("1", "0010", 1))
			w.run(t)
			w.erp.await(t, "asked", func() bool { return len(w.erp.posts) == 1 })
			w.mes.announce(confirmation("2", "0010", 1))
			w.erp.await(t, "posted", func() bool { return w.erp.times("confirmation/1/0010/1", "confirmation/2/0010/1") == "1 1" })
			w.erp.mu.Lock()
			defer w.erp.mu.Unlock()
			if gap := w.erp.posts[1].at.Sub(w.erp.posts[0].at); gap < time.Second || gap > 8*time.Second {
				t.Errorf("came back after %s", gap)
			}
		})
	}
}

func TestARevokedTokenIsRenewedOnce(t *testing.T) {
	w := newWorld(t)
	w.run(t)
	w.erp.await(t, "known", func() bool { return w.erp.tokens == 1 })
	w.erp.change(func() { w.erp.valid = "none" })
	for i := range 20 {
		w.mes.announce(confirmation(fmt.Sprint(i), "0010", 1))
	}
	w.erp.await(t, "all posted", func() bool { return len(w.erp.books) == 20 })
	w.erp.mu.Lock()
	defer w.erp.mu.Unlock()
	if w.erp.tokens != 2 {
		t.Errorf("%d tokens, want 2", w.erp.tokens)
	}
}

func TestHeardTwiceCountsOnce(t *testing.T) {
	w := newWorld(t)
	one := confirmation("1", "0010", 1)
	w.mes.announce(one, one, confirmation("1", "0010", 2))
	w.run(t)
	w.mes.announce(one)
	w.mes.await(t, "taken", func() bool { return w.mes.taken == 4 })
	w.erp.await(t, "posted", func() bool { return w.erp.times("confirmation/1/0010/1", "confirmation/1/0010/2") == "1 1" })
}

func TestRowsOfABatchAreReadOneByOne(t *testing.T) {
	w := newWorld(t)
	w.erp.script = func(p posted) answer {
		if len(p.refs) < 3 {
			return answer{}
		}
		w.erp.change(func() { w.erp.books[p.refs[0]]++ })
		return answer{status: 207, header: http.Header{"Content-Type": {"application/json"}}, body: fmt.Sprintf(
			`{"outcome":"partly","items":[{"reference":%q,"status":422,"code":"lot-expired","class":"data-quality","detail":"old"},
			{"reference":%q,"status":423,"code":"order-locked","class":"technical"},{"reference":%q,"status":201,"document":"7"}]}`, p.refs[1], p.refs[2], p.refs[0])}
	}
	w.mes.announce(consumption("1", "A", 1), consumption("1", "B", 2), consumption("1", "C", 3))
	w.run(t)
	w.erp.await(t, "posted", func() bool {
		return w.erp.times("consumption/1/A/1", "consumption/1/B/2", "consumption/1/C/3") == "1 0 1"
	})
	w.worklist.await(t, "told", func() bool { return len(w.worklist.posts) == 1 && w.worklist.posts[0].name == "data-quality" })
	w.erp.mu.Lock()
	defer w.erp.mu.Unlock()
	if ps := w.erp.posts; len(ps) != 2 || !slices.Equal(ps[1].refs, []string{"consumption/1/C/3"}) || ps[0].key == ps[1].key {
		t.Errorf("posts %+v, want the batch and then its locked row under a key of its own", ps)
	}
}

// A batch is refused as a whole, for one row that nobody can read, and the
// answer does not say which: each row goes by itself then.
func TestABatchRefusedAsAWholeGoesRowByRow(t *testing.T) {
	w := newWorld(t)
	w.erp.script = func(p posted) answer {
		if slices.Contains(p.refs, "consumption/1/B/2") {
			return refuse(400, "malformed", "data-quality")
		}
		return answer{}
	}
	w.mes.announce(consumption("1", "A", 1), consumption("1", "B", 2), consumption("1", "C", 3))
	w.run(t)
	w.erp.await(t, "the good rows posted", func() bool {
		return w.erp.times("consumption/1/A/1", "consumption/1/B/2", "consumption/1/C/3") == "1 0 1"
	})
	w.worklist.await(t, "the bad row told", func() bool { return len(w.worklist.posts) == 1 })
	w.worklist.mu.Lock()
	defer w.worklist.mu.Unlock()
	if told := w.worklist.posts[0]; told.name != "data-quality" || !slices.Equal(told.refs, []string{"consumption/1/B/2"}) {
		t.Errorf("told %+v", told)
	}
}

func TestARefusalIsReportedUntilHeard(t *testing.T) {
	for _, c := range []struct {
		answer answer
		class  string
	}{
		{refuse(409, "over-delivery", "business"), "business"},
		{refuse(422, "unit-unknown", "data-quality"), "data-quality"},
		{refuse(403, "forbidden", "technical"), "technical"},
		{refuse(422, "new-code", "a-class-of-tomorrow"), "data-quality"},
		{answer{status: 418, body: "{}"}, "technical"},
		{answer{status: 200, body: problemText(409, "posting-refused", "business")}, "business"},
	} {
		t.Run(c.class, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.erp.script = func(p posted) answer {
				if p.refs[0] == "confirmation/1/0010/1" {
					return c.answer
				}
				return answer{}
			}
			w.worklist.script = func(p posted) answer { return answer{cut: p.nth == 1} }
			w.mes.announce(confirmation("1", "0010", 1), confirmation("1", "0010", 2))
			w.run(t)
			w.worklist.await(t, "told", func() bool { return len(w.worklist.posts) == 2 })
			w.erp.await(t, "going on", func() bool { return w.erp.times("confirmation/1/0010/1", "confirmation/1/0010/2") == "0 1" })
			w.worklist.mu.Lock()
			defer w.worklist.mu.Unlock()
			if got := w.worklist.posts[1]; got.name != c.class || got.key != "confirmation" || got.refs[0] != "confirmation/1/0010/1" {
				t.Errorf("reported %+v, want class %s", got, c.class)
			}
		})
	}
}

func TestConsumptionWaitsForTheDecision(t *testing.T) {
	for word, want := range map[string]string{"release": "1 1", "use-as-is": "1 1", "scrap": "0 1", "rework": "0 1"} {
		t.Run(word, func(t *testing.T) {
			w := newWorld(t)
			w.mes.announce(hold("L", "Q1"), consumption("1", "L", 1), consumption("1", "FREE", 2), confirmation("1", "0010", 1))
			w.run(t)
			// The confirmation behind it shows that the parked one holds up nobody.
			w.erp.await(t, "confirmed", func() bool {
				return w.erp.times("confirmation/1/0010/1", "lot-held/L/Q1", "consumption/1/L/1") == "1 1 0"
			})
			w.erp.announce(decision("L", "Q1", word))
			w.mes.await(t, "told of the decision", func() bool { return w.mes.times("lot-decided/L/Q1") == "1" })
			if want == "0 1" {
				w.worklist.await(t, "told", func() bool { return len(w.worklist.posts) == 1 && w.worklist.posts[0].name == "business" })
			}
			w.erp.await(t, want, func() bool { return w.erp.times("consumption/1/L/1", "consumption/1/FREE/2") == want })
		})
	}
}

func TestADecisionThatCameBeforeItsHold(t *testing.T) {
	w := newWorld(t)
	w.erp.announce(decision("L", "Q1", "release"))
	w.run(t)
	w.mes.await(t, "told", func() bool { return w.mes.times("lot-decided/L/Q1") == "1" })
	w.mes.announce(hold("L", "Q1"), consumption("1", "L", 1))
	w.erp.await(t, "posted", func() bool { return w.erp.times("consumption/1/L/1") == "1" })
}

func TestAHoldIsTakenWhenItIsInForce(t *testing.T) {
	w := newWorld(t)
	gate := make(chan struct{})
	w.erp.script = func(p posted) answer {
		if p.name == "consumptions" {
			return answer{until: gate}
		}
		return answer{}
	}
	w.mes.announce(consumption("1", "L", 1))
	w.run(t)
	w.erp.await(t, "posting", func() bool { return len(w.erp.posts) == 1 })
	w.mes.announce(hold("L", "Q1"))
	polls := 0
	w.erp.await(t, "told of the hold", func() bool { polls = w.erp.polls; return w.erp.times("lot-held/L/Q1") == "1" })
	w.erp.await(t, "polled thrice more", func() bool { return w.erp.polls >= polls+3 }) // as the other would have been
	w.mes.mu.Lock()
	taken := w.mes.taken
	w.mes.mu.Unlock()
	if taken != 1 {
		t.Errorf("taken %d while a consumption was under way, want 1", taken)
	}
	close(gate)
	w.mes.await(t, "taken", func() bool { return w.mes.taken == 2 })
}

func TestALotBlockedWhileTheRequestWasOnItsWay(t *testing.T) {
	w := newWorld(t)
	var refused, hadHold = make(chan struct{}), make(chan struct{})
	w.erp.script = func(p posted) answer {
		switch {
		case p.name == "holds":
			close(hadHold)
		case p.nth == 1:
			close(refused)
			a := refuse(422, "lot-blocked", "data-quality")
			a.until = hadHold
			return a
		}
		return answer{}
	}
	w.mes.announce(consumption("1", "L", 1))
	w.run(t)
	<-refused
	w.mes.announce(hold("L", "Q1"))
	w.mes.await(t, "taken", func() bool { return w.mes.taken == 2 })
	w.erp.announce(decision("L", "Q1", "release"))
	w.erp.await(t, "posted", func() bool { return w.erp.times("consumption/1/L/1") == "1" })
	w.erp.mu.Lock()
	defer w.erp.mu.Unlock()
	if last := w.erp.posts[len(w.erp.posts)-1]; last.key == w.erp.posts[0].key {
		t.Error("the key of a refused posting was used again: it would bring the refusal again")
	}
}

func TestADoubtfulConsumptionOfAHeldLotIsOnlyAskedFor(t *testing.T) {
	for arrived, want := range map[bool]string{true: "1", false: "0"} {
		t.Run(fmt.Sprint(arrived), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var blocked atomic.Bool
			w.erp.script = func(p posted) answer {
				if p.name == "holds" {
					blocked.Store(true)
				}
				cut := p.name == "consumptions" && !blocked.Load()
				return answer{post: arrived && cut, cut: cut}
			}
			w.mes.announce(consumption("1", "L", 1))
			w.run(t)
			w.erp.await(t, "sent", func() bool { return len(w.erp.posts) == 1 })
			w.mes.announce(hold("L", "Q1"))
			w.erp.announce(decision("L", "Q1", "scrap"))
			w.erp.await(t, "asked for", func() bool { return w.erp.asked["consumption/1/L/1"] > 0 })
			if !arrived {
				w.worklist.await(t, "told", func() bool { return len(w.worklist.posts) == 1 && w.worklist.posts[0].name == "business" })
			}
			w.erp.mu.Lock()
			defer w.erp.mu.Unlock()
			if got := w.erp.times("consumption/1/L/1"); got != want {
				t.Errorf("posted %s times, want %s", got, want)
			}
		})
	}
}

func TestOrdersByVersion(t *testing.T) {
	w := newWorld(t)
	var known atomic.Bool
	w.mes.script = func(p posted) answer {
		if p.refs[0] == "order/1/1" {
			known.Store(true)
		}
		if !known.Load() {
			return refuse(404, "order-unknown", "data-quality")
		}
		return answer{}
	}
	// A change overtook the release, and an old change comes last.
	w.erp.announce(order("1", 3), order("1", 1), order("1", 2))
	w.run(t)
	w.mes.await(t, "at version 3", func() bool { return w.mes.times("order/1/1", "order/1/3") == "1 1" })
	w.erp.announce(order("1", 2), order("2", 1))
	w.mes.await(t, "told of the other order", func() bool { return w.mes.times("order/2/1") == "1" })
	w.mes.mu.Lock()
	defer w.mes.mu.Unlock()
	last := slices.IndexFunc(w.mes.posts, func(p posted) bool { return p.refs[0] == "order/1/2" })
	if first3 := slices.IndexFunc(w.mes.posts, func(p posted) bool { return p.refs[0] == "order/1/3" && p.nth > 1 }); last > first3 && first3 > 0 {
		t.Errorf("version 2 was posted after version 3: %+v", w.mes.posts)
	}
}

func TestAnUnreadableMessageStopsNobody(t *testing.T) {
	w := newWorld(t)
	bad := confirmation("1", "0010", 1)
	bad.Body = []byte(`{"SyncOperationsPerformance":{"ApplicationArea":{},"DataArea":{}}}`)
	w.mes.announce(bad, entry{ID: "m", Name: "telemetry", Event: "t/1", Body: []byte(`{}`)}, confirmation("1", "0010", 2))
	w.run(t)
	w.worklist.await(t, "told of both", func() bool { return len(w.worklist.posts) == 2 && w.worklist.posts[0].name == "data-quality" })
	w.erp.await(t, "posted", func() bool { return w.erp.times("confirmation/1/0010/2") == "1" })
}

func TestWhatWasOnlyAcceptedIsWaitedFor(t *testing.T) {
	w := newWorld(t)
	w.erp.script = func(p posted) answer {
		time.AfterFunc(300*time.Millisecond, func() { w.erp.change(func() { w.erp.books[p.refs[0]]++ }) })
		return answer{status: 202, header: http.Header{"Content-Type": {"application/json"}}, body: `{"outcome":"accepted"}`}
	}
	w.mes.announce(confirmation("1", "0010", 1))
	w.run(t)
	w.erp.await(t, "found", func() bool {
		return w.erp.asked["confirmation/1/0010/1"] > 1 && w.erp.times("confirmation/1/0010/1") == "1"
	})
	w.erp.mu.Lock()
	defer w.erp.mu.Unlock()
	if len(w.erp.posts) != 1 {
		t.Errorf("posted %d times", len(w.erp.posts))
	}
}

// A disk is full for a while, in the middle of work: nothing is acknowledged or
// sent that was not written down, and nothing is lost or posted twice.
func TestAFullDiskIsWaitedFor(t *testing.T) {
	w := newWorld(t)
	w.run(t)
	w.mes.announce(confirmation("1", "0010", 1))
	w.erp.await(t, "the first posted", func() bool { return len(w.erp.books) == 1 })
	w.mes.await(t, "the first taken", func() bool { return w.mes.taken == 1 })
	full := []string{"INSERT", "UPDATE"}
	for _, do := range full {
		sql := fmt.Sprintf(`CREATE TRIGGER full_%s BEFORE %s ON fact BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`, do, do)
		if _, err := w.db.Exec(sql); err != nil {
			t.Fatal(err)
		}
	}
	w.mes.announce(confirmation("1", "0010", 2), confirmation("2", "0010", 1))
	for range 3 {
		select {
		case line := <-w.failed:
			if !strings.Contains(line, "disk is full") {
				t.Fatal(line)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("it does not try again")
		}
	}
	w.mes.change(func() {
		if w.mes.taken != 1 {
			t.Error("acknowledged what could not be written down")
		}
	})
	for _, do := range full {
		if _, err := w.db.Exec("DROP TRIGGER full_" + do); err != nil {
			t.Fatal(err)
		}
	}
	refs := []string{"confirmation/1/0010/1", "confirmation/1/0010/2", "confirmation/2/0010/1"}
	w.erp.await(t, "all posted", func() bool { return w.erp.times(refs...) == "1 1 1" })
}
