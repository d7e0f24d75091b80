package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
)

// machine says on what is measured, and how busy it is.
func machine() string {
	cpu := runtime.GOARCH
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`).FindSubmatch(b); m != nil {
			cpu = string(m[1])
		}
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease") // "" where it is not told
	load, _ := os.ReadFile("/proc/loadavg")
	average, _, _ := strings.Cut(string(load), " ")
	return fmt.Sprintf("%d processors, %s, Linux %s, %s; load average at the end %s", runtime.NumCPU(), cpu, strings.TrimSpace(string(kernel)), runtime.Version(), average)
}
