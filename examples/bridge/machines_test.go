package bridge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// counted is a reading as a machine announces it.
func counted(machine string, n int, count int64, resets int) message {
	event := fmt.Sprintf("machine-count/%s/%d", machine, n)
	value := func(id string, n any) string {
		return fmt.Sprintf(`{"ID":%q,"Value":[{"ValueString":"%v"}]}`, id, n)
	}
	return message{"machines", "machine-counts", event, fmt.Sprintf(`{"SyncOperationsPerformance":{"@releaseID":"V0701","ApplicationArea":{"Sender":{"ReferenceID":%q},`+
		`"CreationDateTime":"2026-03-02T07:41:58+01:00"},"DataArea":{"Sync":{},"OperationsPerformance":[{"OperationsResponse":[{"SegmentResponse":[{"ID":%q,`+
		`"SegmentData":[%s,%s,%s,%s],"EquipmentActual":[{"EquipmentID":[%q]}]}]}]}]}}}`, event, event,
		value("Counter", n), value("Count", count), value("Modulo", 65536), value("Resets", resets), machine)}
}

// turns are the readings of a counter that rolls over and is set back.
var turns = []message{counted("M-1", 1, 65530, 0), counted("M-1", 2, 65534, 0), counted("M-1", 3, 10, 0), counted("M-1", 4, 7, 1), counted("M-1", 5, 20, 1)}

// pieces sends readings in this order and compares what is posted of them, in
// the order of posting.
func pieces(w *world, order []int, want string) []string {
	w.start()
	var ms []message
	for _, i := range order {
		if status := w.send(turns[i]); status != 202 {
			return []string{fmt.Sprintf("%s was answered %d", turns[i].event, status)}
		}
		ms = append(ms, turns[i])
	}
	w.settled(ms...)
	var got []string
	for _, e := range w.mes.all() {
		got = append(got, e.amount.RatString())
	}
	complaints := w.judge(turns[:slices.Max(order)+1]...) // in their own order, whatever they came in
	if s := strings.Join(got, " "); s != want {
		complaints = append(complaints, fmt.Sprintf("pieces %s, not %s", s, want))
	}
	return complaints
}

func TestReadingsImplyPieces(t *testing.T) {
	for name, order := range map[string][]int{"in order": {0, 1, 2, 3, 4}, "twice": {0, 0, 1, 1, 2, 3, 4, 2}, "overtaken": {4, 2, 0, 3, 1}} {
		t.Run(name, func(t *testing.T) {
			if got := pieces(newWorld(t, ""), order, "0 4 12 7 13"); len(got) > 0 {
				t.Error(strings.Join(got, "\n"))
			}
		})
	}
}

// TestReadingsWaitThroughAKill: what waits for its predecessor is durable.
func TestReadingsWaitThroughAKill(t *testing.T) {
	w := newWorld(t, "")
	w.spawn()
	for _, i := range []int{0, 2, 3} {
		if status := w.send(turns[i]); status != 202 {
			t.Fatalf("%s was answered %d", turns[i].event, status)
		}
	}
	w.settled(turns[0])
	w.kill()
	w.spawn().sendAll(turns[1])
	w.settled(turns[:4]...)
	var got []string
	for _, e := range w.mes.all() {
		got = append(got, e.amount.RatString())
	}
	if s := strings.Join(got, " "); s != "0 4 12 7" {
		t.Errorf("pieces %s, want 0 4 12 7", s)
	}
}

// unusable sends a reading whose value is no good between two that are, and
// says what is wrong with what became of them.
func unusable(w *world) (complaints []string) {
	w.start()
	bad := turns[1]
	bad.body = strings.Replace(strings.Replace(bad.body, `"ValueString":"65534"`, `"ValueString":"0"`, 1), `"SegmentData":[`, `"SegmentData":[{"ID":"Quality","Value":[{"ValueString":"bad"}]},`, 1)
	if status := w.send(bad); status == 202 {
		complaints = append(complaints, "taken although bad")
		w.settled(bad)
	}
	w.sendAll(turns[0], turns[2])
	w.settled(turns[0], turns[2])
	if len(w.mes.effectsOf(bad.event)) > 0 {
		complaints = append(complaints, "posted although bad")
	}
	return complaints
}

// TestAValueThatIsNoGoodIsNotUsed: it is refused, and the pieces are counted
// without it.
func TestAValueThatIsNoGoodIsNotUsed(t *testing.T) {
	w := newWorld(t, "")
	if got := unusable(w); len(got) > 0 {
		t.Error(got)
	}
	var got []string
	for _, e := range w.mes.all() {
		got = append(got, e.amount.RatString())
	}
	if s := strings.Join(got, " "); s != "0 16" {
		t.Errorf("pieces %s, want 0 16", s)
	}
}

func TestReadingsThatAreNone(t *testing.T) {
	w := newWorld(t, "")
	w.start()
	good := counted("M-1", 1, 5, 0)
	for name, change := range map[string]func(string) string{
		"no machine":        func(s string) string { return strings.Replace(s, `"EquipmentID":["M-1"]`, `"EquipmentID":[]`, 1) },
		"no number":         func(s string) string { return strings.Replace(s, `"Counter"`, `"Kounter"`, 1) },
		"no count":          func(s string) string { return strings.Replace(s, `"Count"`, `"Kount"`, 1) },
		"count is no count": func(s string) string { return strings.Replace(s, `"ValueString":"5"`, `"ValueString":"-5"`, 1) },
	} {
		m := good
		m.body = change(m.body)
		if m.body == good.body {
			t.Fatalf("%s: nothing was changed", name)
		}
		if status := w.send(m); status != 400 {
			t.Errorf("%s: answered %d, want 400", name, status)
		}
	}
}

// TestAReadingThatNeverComes: the others do not wait for it for ever, the
// pieces are counted across the gap, and if it comes after all it adds none.
func TestAReadingThatNeverComes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		order []int
		want  string
	}{"in between": {[]int{0, 2, 3}, "0 16 7"}, "the first": {[]int{1, 2}, "0 12"}, "two of them": {[]int{0, 4}, "0 20"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "")
			w.start()
			var ms []message
			for _, i := range c.order {
				ms = append(ms, turns[i])
			}
			w.sendAll(ms...)
			w.settled(ms...)
			var got []string
			posted := func() string {
				got = nil
				for _, e := range w.mes.all() {
					got = append(got, e.amount.RatString())
				}
				return strings.Join(got, " ")
			}
			if s := posted(); s != c.want {
				t.Errorf("pieces %s, want %s", s, c.want)
			}
			if name == "in between" {
				w.sendAll(turns[1])
				w.settled(turns[1])
				if s := posted(); s != c.want+" 0" {
					t.Errorf("with the one that was missing pieces %s, want %s 0", s, c.want)
				}
			}
		})
	}
}
