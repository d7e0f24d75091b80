package bridge

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// cutOver throws the switch.
func (w *world) cutOver(do string) int {
	w.t.Helper()
	res, err := client.Post(w.url+"/cutover", "application/json", strings.NewReader(`{"do":"`+do+`"}`))
	if err != nil {
		w.t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// by lists who posted an event.
func (b *books) by(event string) (users []string) {
	for _, e := range b.effectsOf(event) {
		users = append(users, e.user)
	}
	return users
}

func (w *world) came(m message, user string) {
	w.t.Helper()
	w.settled(m)
	if got := strings.Join(w.erp.by(m.event), " "); got != user {
		w.t.Errorf("%s came by %q, want %q", m.event, got, user)
	}
}

func TestWhatIsTakenAfterACutoverGoesByTheNewWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.start().sendAll(confirmation("1", 1))
	w.came(confirmation("1", 1), "bridge")
	if got := w.cutOver("cutover"); got != http.StatusNoContent {
		t.Fatalf("cutover: status %d", got)
	}
	w.sendAll(confirmation("1", 1), confirmation("1", 2)) // the first one again
	w.came(confirmation("1", 2), "bridge-next")
	w.came(confirmation("1", 1), "bridge")
	if got := w.cutOver("nonsense"); got != http.StatusBadRequest {
		t.Errorf("nonsense: status %d", got)
	}
}

// TestWhatIsUnderWayStaysOnTheOldWay also if its reply was lost and the bridge
// is killed before it can repeat itself.
func TestWhatIsUnderWayStaysOnTheOldWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	first, behind, later := confirmation("1", 1), confirmation("1", 2), confirmation("1", 3)
	there := make(chan struct{})
	w.erp.before = func(a attempt, n int) fate {
		if a.events[0] == first.event && n == 1 {
			close(there)
			return fate{lose: true} // posted, and nobody knows
		}
		return fate{}
	}
	w.spawn().sendAll(first, behind)
	<-there
	w.cutOver("cutover")
	w.kill()
	w.spawn().sendAll(later)
	w.came(first, "bridge")
	w.came(behind, "bridge")
	w.came(later, "bridge-next")
	for _, a := range w.erp.attemptsAll() {
		if a.events[0] == first.event && a.user != "bridge" {
			t.Errorf("%s was repeated by %s", first.event, a.user)
		}
	}
}

func TestWhatIsTakenInAFreezeWaitsForTheNewWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	before, frozen := confirmation("1", 1), confirmation("1", 2)
	w.spawn().sendAll(before)
	w.came(before, "bridge")
	w.cutOver("freeze")
	w.sendAll(frozen, release("7"))
	w.settled(release("7")) // what goes to the MES does not wait
	w.pass(50 * time.Millisecond)
	w.kill()
	w.spawn() // and remembers that it waits
	w.pass(50 * time.Millisecond)
	if n := w.erp.attemptsOf(frozen.event); n > 0 {
		t.Errorf("%d attempts in the freeze", n)
	}
	w.cutOver("cutover")
	w.cutOver("cutover") // told twice is told
	w.came(frozen, "bridge-next")
	if cs := w.judge(before, frozen); len(cs) > 0 {
		t.Error(cs)
	}
}

func (b *books) attemptsAll() []attempt {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]attempt(nil), b.attempts...)
}
