//go:build !linux

package main

import (
	"fmt"
	"runtime"
)

// machine says on what is measured.
func machine() string {
	return fmt.Sprintf("%d processors, %s/%s, %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}
