package faults

import (
	"errors"
	"time"
)

// window is a time of trouble that begins with a message and ends by itself.
// Which messages it hits depends on when they are sent.
type window struct {
	seen   int
	open   bool
	opened time.Duration
}

// hits reports whether a message sent at now falls into the window: it opens
// after skip messages and closes so long later, or never.
func (w *window) hits(now time.Duration, skip int, long Wall) bool {
	if !w.open {
		w.seen++
		if w.seen <= skip {
			return false
		}
		w.open, w.opened = true, now
	}
	return long <= 0 || now-w.opened < long.d()
}

func validWindow(skip int, long Wall) error {
	if skip < 0 {
		return errors.New("skip cannot be negative")
	}
	return notNegative("for", long)
}
