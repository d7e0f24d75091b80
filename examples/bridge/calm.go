package bridge

import (
	"net/http"
	"sync"
	"time"
)

// A calm keeps a side that asks and posts on its own from a system that has
// asked for patience. It serves many goroutines.
type calm struct {
	mu    sync.Mutex
	until time.Time
}

// left is for how much longer the system is left alone; 0 if it need not be.
func (c *calm) left() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(0, time.Until(c.until))
}

// heard draws from a verdict whether patience is asked for.
func (c *calm) heard(v verdict) {
	if !v.pause {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if until := time.Now().Add(v.after + pauseMargin); until.After(c.until) {
		c.until = until
	}
}

// keeping is what is said of something that was not tried because of it.
func keeping(left time.Duration) verdict {
	return verdict{what: again, class: technical, code: "paused", reason: "the ERP has asked for patience", pause: true, after: left}
}

// fatal reports whether a status that asks for patience is taken for a refusal.
func fatal(status int, d Defect) bool {
	return d == M11 && status == http.StatusTooManyRequests // DEFECT M11: "too many requests" is not the message's fault
}

// blamed is what such a status makes of a verdict.
func blamed(v verdict) verdict {
	return verdict{what: refused, class: business, code: v.code, reason: v.reason}
}

// patienceAsked reports whether the status of a row or file asks for patience.
func patienceAsked(status int, d Defect) bool {
	switch {
	case d == M12, d == M15: // DEFECT M12, M15: that is not read
		return false
	case d == M13: // DEFECT M13: 503 may ask for it, too
		return status == http.StatusTooManyRequests
	}
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}
