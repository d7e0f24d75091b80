//go:build !unix

package load

import "time"

// processTime is not known here.
func processTime() time.Duration { return 0 }

// peakMemory is not known here.
func peakMemory() int64 { return 0 }
