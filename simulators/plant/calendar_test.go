package plant

import (
	"slices"
	"testing"
)

func TestCalendarOrdersByTimePriorityAndEntry(t *testing.T) {
	var c calendar
	var got []string
	add := func(at int64, priority int, name string) *entry {
		return c.add(at, priority, func(View) []Event { got = append(got, name); return nil })
	}
	add(20, 1, "late")
	add(10, 1, "first entered")
	off := add(10, 1, "called off")
	add(10, 1, "second entered")
	add(10, 0, "urgent")
	if !c.cancel(off) || c.cancel(off) || c.cancel(nil) {
		t.Error("an entry can be called off exactly once")
	}
	for {
		at, ok := c.next()
		if !ok {
			break
		}
		e := c.pop()
		if e.at != at {
			t.Errorf("next says %d, pop gives %d", at, e.at)
		}
		e.run(nil)
		if c.cancel(e) {
			t.Error("an entry that has run can be called off")
		}
	}
	if want := []string{"urgent", "first entered", "second entered", "late"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func BenchmarkCalendar(b *testing.B) {
	var c calendar
	nothing := func(View) []Event { return nil }
	for i := range int64(1000) {
		c.add(i*7919%1000, 0, nothing)
	}
	b.ReportAllocs()
	for b.Loop() {
		e := c.pop()
		c.add(e.at+e.at%97+1, 0, nothing)
	}
}
