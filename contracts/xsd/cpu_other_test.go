//go:build !unix

package xsd

import "time"

var loaded = time.Now()

// cpu is the time since the start, where processor time is not told.
func cpu() time.Duration { return time.Since(loaded) }
