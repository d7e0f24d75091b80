//go:build !linux

package load

import "time"

// machineIdle is not known here.
func machineIdle() (idle, stolen time.Duration, ok bool) { return 0, 0, false }
