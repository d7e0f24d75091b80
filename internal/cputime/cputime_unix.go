//go:build unix

package cputime

import (
	"syscall"
	"time"
)

// Used is the processor time that this process has taken so far, user and
// system; what else runs on the machine does not count. It is 0 where the
// system does not tell.
func Used() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
