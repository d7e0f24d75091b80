package bridge

import (
	"sync"
	"time"
)

// transit keeps when what an ERP does not recognise may last have been sent: a
// request that nobody has answered can still be on its way, and who does not
// find its effect must not send it again before it has had the time to arrive.
type transit struct {
	began time.Time // before that an earlier run has sent what it has sent

	mu   sync.Mutex // guards what follows
	sent map[string]time.Time
}

func newTransit() *transit { return &transit{began: time.Now(), sent: map[string]time.Time{}} }

// note keeps when an event may last have been sent.
func (t *transit) note(event string, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent[event] = at
}

// forget says that it is known what became of an event.
func (t *transit) forget(event string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.sent, event)
}

// arrived reports whether what was sent of an event has come to its end by now,
// an answer being waited for as long as limit. Of what an earlier run has sent
// nobody knows when that was, but that it was before this one.
func (t *transit) arrived(event string, limit time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, known := t.sent[event]
	if !known {
		at = t.began
	}
	return time.Since(at) > limit+inTransit
}

// inTransit is how much longer than we wait for an answer a request can take to
// take effect.
const inTransit = time.Second
