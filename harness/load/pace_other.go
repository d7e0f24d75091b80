//go:build !linux

package load

import "time"

func finely() (done func(), by string) { return func() {}, byTimers }

// sleepUntil sleeps until so many ns after start.
func sleepUntil(start time.Time, until int64) {
	time.Sleep(time.Duration(until - int64(time.Since(start))))
}
