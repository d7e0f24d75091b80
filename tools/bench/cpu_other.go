//go:build !unix

package main

import "time"

var started = time.Now()

// cpu is the time since the start where processor time is not known.
func cpu() time.Duration { return time.Since(started) }
