package bridge

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// TestWhoFollowsAnOperationHearsTheOthers: the system asks another delivery for
// patience while this one sleeps between two questions, and means both.
func TestWhoFollowsAnOperationHearsTheOthers(t *testing.T) {
	const wait = 600 * time.Millisecond
	var c courier
	told := make(chan time.Time, 1)
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			fmt.Fprint(w, `{"state":"running"}`)
			time.AfterFunc(firstGap/2, func() {
				c.outbox.pause(wait)
				told <- time.Now()
			})
			return
		}
		select {
		case at := <-told:
			if gap := time.Since(at); gap < wait {
				t.Errorf("it asked again %s after others were told to wait %s", gap, wait)
			}
		default:
			t.Error("it asked again before the others were told; the test has shown nothing")
		}
		fmt.Fprint(w, `{"state":"succeeded"}`)
	}))
	defer server.Close()
	config := Config{Parallel: 1, Batch: 1, Timeout: time.Second}
	c.outbox = newOutbox(config, nil)
	s := newSystem("erp", Endpoint{URL: server.URL}, config)
	if v := c.await(t.Context(), neutralSide{s}, "operations/1"); v.what != posted || asked.Load() != 2 {
		t.Errorf("after %d questions: %+v", asked.Load(), v)
	}
}
