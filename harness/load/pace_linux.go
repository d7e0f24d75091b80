package load

import (
	"time"

	"golang.org/x/sys/unix"
)

// finely has this thread, which is locked, sleep as finely as it can.
func finely() (done func(), by string) {
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // without it sleeps end 50 µs late
	return func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }, "clock_nanosleep on a locked thread"
}

// sleepUntil sleeps until so many ns after start.
func sleepUntil(start time.Time, until int64) {
	if left := until - int64(time.Since(start)); left > 0 {
		ts := unix.NsecToTimespec(left)
		_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &ts, nil) // ending early is harmless
	}
}
