package plant

import "container/heap"

// calendar is the plant's list of things to come. Entries are ordered by time,
// then priority (lower first), then by when they were entered, so that a run
// repeats exactly. It runs nothing by itself and needs no goroutine.
type calendar struct {
	entries entryHeap
	entered uint64
}

// entry is one thing to come; it is also the handle to call it off.
type entry struct {
	at       int64 // ns since 1970 of plant time
	priority int
	sequence uint64
	index    int // place in the heap, -1 when done or called off
	run      func(View) []Event
}

// add enters something to be run at time at.
func (c *calendar) add(at int64, priority int, run func(View) []Event) *entry {
	e := &entry{at: at, priority: priority, sequence: c.entered, run: run}
	c.entered++
	heap.Push(&c.entries, e)
	return e
}

// cancel calls e off; false if it has already run or was called off before.
func (c *calendar) cancel(e *entry) bool {
	if e == nil || e.index < 0 {
		return false
	}
	heap.Remove(&c.entries, e.index)
	return true
}

// next is the time of the first entry; false when there is none.
func (c *calendar) next() (int64, bool) {
	if len(c.entries) == 0 {
		return 0, false
	}
	return c.entries[0].at, true
}

// pop takes the first entry out; the calendar must not be empty.
func (c *calendar) pop() *entry { return heap.Pop(&c.entries).(*entry) }

type entryHeap []*entry

func (h entryHeap) Len() int { return len(h) }

func (h entryHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	switch {
	case a.at != b.at:
		return a.at < b.at
	case a.priority != b.priority:
		return a.priority < b.priority
	}
	return a.sequence < b.sequence
}

func (h entryHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *entryHeap) Push(x any) {
	e := x.(*entry)
	e.index = len(*h)
	*h = append(*h, e)
}

func (h *entryHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	e.index = -1
	return e
}
