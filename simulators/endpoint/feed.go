package endpoint

import (
	"strconv"
	"sync"

	"github.com/andon-rig/andon/simulators"
)

// feed keeps announcements for a SUT that polls. A reader has taken what lies
// before the cursor it comes back with.
type feed struct {
	mu    sync.Mutex // guards what follows
	log   []simulators.Message
	taken int
}

func (f *feed) put(m simulators.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, m)
}

func (f *feed) untaken() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.log) - f.taken
}

// read answers "after" and "limit" with a page, what it serves, and what the
// reader has taken by asking so.
func (f *feed) read(where map[string]string) (a simulators.Answer, served, taken []simulators.Message) {
	after, err := strconv.Atoi(orZero(where["after"]))
	limit, lerr := strconv.Atoi(orZero(where["limit"]))
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil || lerr != nil || after < 0 || limit < 0 || after > len(f.log) {
		return simulators.Answer{Refusal: &simulators.Refusal{Class: simulators.DataQuality, Code: "cursor-unknown",
			Text: "after must be a cursor of this feed and limit a number"}}, nil, nil
	}
	if limit == 0 || limit > 500 {
		limit = 100
	}
	if after > f.taken {
		taken = f.log[f.taken:after:after]
		f.taken = after
	}
	end := min(after+limit, len(f.log))
	served = f.log[after:end:end]
	a.Cursor = strconv.Itoa(end)
	a.Found = make([]any, len(served))
	for i, m := range served {
		a.Found[i] = m
	}
	return a, served, taken
}

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}
