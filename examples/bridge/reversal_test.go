package bridge

import (
	"strings"
	"testing"
	"time"
)

// mistyped reports twice, takes the first report back and reports it anew. The
// first answer to the reversal is lost, if so.
func mistyped(w *world, lose bool) (complaints []string) {
	wrong, other, right := confirmation("1", 1), confirmation("1", 2), confirmation("1", 3)
	back := reversal(wrong, "confirmation", "1", 1)
	w.config.Timeout = 200 * time.Millisecond
	w.erp.before = func(a attempt, n int) fate {
		if lose && a.events[0] == back.event && n == 1 {
			return fate{lose: true}
		}
		return fate{}
	}
	w.start()
	for _, m := range []message{wrong, other, back, right} {
		w.sendAll(m)
		w.settled(m)
	}
	for _, e := range w.erp.all() {
		if e.name == "reversals" && !strings.Contains(e.body, `"`+wrong.event+`"`) {
			complaints = append(complaints, "took back in "+e.body+" a report which is not its original")
		}
		if e.amount.Sign() < 0 {
			complaints = append(complaints, "negative "+e.event)
		}
	}
	return append(complaints, w.judge(wrong, other, back, right)...)
}

// TestReversalWaitsForItsOriginal: one that overtakes what it takes back is not
// posted before it, and holds nobody up.
func TestReversalWaitsForItsOriginal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.start()
	wrong, other := confirmation("1", 1), confirmation("1", 2)
	back := reversal(wrong, "confirmation", "1", 1)
	w.sendAll(back, other)
	w.settled(other)
	if n := w.erp.attemptsOf(back.event); n != 0 {
		t.Errorf("the reversal was posted %d times before its original", n)
	}
	w.sendAll(wrong)
	w.settled(wrong, back)
	place := func(m message) int {
		es := w.erp.effectsOf(m.event)
		if len(es) != 1 {
			t.Fatalf("%s has %d effects", m.event, len(es))
		}
		return es[0].place
	}
	if place(back) < place(wrong) {
		t.Error("the reversal was posted before its original")
	}
}

// TestReversalOfWhatNeverCame: what the ERP then refuses is with a person.
func TestReversalOfWhatNeverCame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	back := reversal(confirmation("1", 1), "confirmation", "1", 1)
	w.erp.refuse[back.event] = row{Status: 422, Code: "document-unknown", Class: dataQuality, Detail: "nothing was posted"}
	w.start().sendAll(back)
	w.must("a report", func() bool { return len(w.surfaced(back.event)) == 1 })
	if class, n := w.surfaced(back.event)[0].Class, w.erp.attemptsOf(back.event); class != dataQuality || n != 1 {
		t.Errorf("reported as %s after %d attempts", class, n)
	}
}
